//! BERT (Devlin et al. 2019) and its kin: `BioClinicalBERT`, `PubMedBERT`, `CXR-BERT`, `MiniLM`; `RoBERTa` (Liu et al. 2019), whose
//! positions begin after that of padding, such as `RadBERT`; and `MPNet` (Song et al. 2020), which adds to scores what the distance of two tokens
//! says.
//!
//! <https://github.com/huggingface/transformers/blob/main/src/transformers/models/bert/modeling_bert.py>, whose names the
//! fields have, but for `self`, which is a word of Rust's.

use burn::module::Module;
use burn::nn::{Embedding, EmbeddingConfig, Initializer, Linear, LinearConfig};
use burn::tensor::{Bool, Device, Int, Tensor, TensorData};
use lgdea_kernel::gelu;
use lgdea_spec::BertPooling;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Pieces, Pooling, PyTorch, TextArchitecture};
use crate::PAD;
use crate::attention::self_attention;
use crate::layer_norm::LayerNorm;
use crate::precision::linear;
use crate::weights::{Named, Naming};

/// What a `config.json` says of a BERT.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BertShape {
    /// Which of the kin it is.
    #[serde(default = "name_of_bert")]
    pub model_type: String,
    /// Token id of padding.
    #[serde(default)]
    pub pad_token_id: usize,
    /// Word pieces.
    pub vocab_size: usize,
    /// Width of a token.
    pub hidden_size: usize,
    /// Layers.
    pub num_hidden_layers: usize,
    /// Attention heads.
    pub num_attention_heads: usize,
    /// Width within the perceptron of a layer.
    pub intermediate_size: usize,
    /// Longest text, in tokens.
    pub max_position_embeddings: usize,
    /// Kinds of segments.
    #[serde(default = "two")]
    pub type_vocab_size: usize,
    /// ε of the norms.
    #[serde(default = "small")]
    pub layer_norm_eps: f64,
    /// The activation; nothing but `gelu` is known here.
    #[serde(default = "name_of_gelu")]
    pub hidden_act: String,
    /// How positions are told; nothing but `absolute` is known here.
    #[serde(default = "absolute")]
    pub position_embedding_type: String,
    /// Kinds of distances between two tokens, of an `MPNet`.
    #[serde(default = "thirty_two")]
    pub relative_attention_num_buckets: usize,
    /// How a text's embedding is made of its tokens: an experiment's choice, which no `config.json` knows.
    #[serde(default = "cls", skip_serializing)]
    pub pooling: BertPooling,
}

fn name_of_bert() -> String {
    "bert".to_owned()
}

fn two() -> usize {
    2
}

fn thirty_two() -> usize {
    32
}

fn small() -> f64 {
    1e-12
}

fn name_of_gelu() -> String {
    "gelu".to_owned()
}

fn absolute() -> String {
    "absolute".to_owned()
}

fn cls() -> BertPooling {
    BertPooling::Cls
}

/// What a BERT is one of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kin {
    Bert,
    Roberta,
    Mpnet,
}

impl BertShape {
    fn kin(&self) -> Kin {
        match self.model_type.as_str() {
            "roberta" | "xlm-roberta" | "camembert" => Kin::Roberta,
            "mpnet" => Kin::Mpnet,
            _ => Kin::Bert,
        }
    }

    /// Positions before that of a text's first token.
    fn first_position(&self) -> usize {
        if self.kin() == Kin::Bert { 0 } else { self.pad_token_id + 1 }
    }

    /// Whether such a BERT can be made here.
    fn check(&self) -> Result<(), String> {
        for (found, known) in [(&self.hidden_act, "gelu"), (&self.position_embedding_type, "absolute")] {
            if found != known {
                return Err(format!("a BERT with `{found}` is not known here, `{known}` is"));
            }
        }
        let BertShape { hidden_size, num_attention_heads, .. } = self;
        if !hidden_size.is_multiple_of((*num_attention_heads).max(1)) {
            return Err(format!("{num_attention_heads} heads do not divide a width of {hidden_size}"));
        }
        Ok(())
    }
}

/// BERT without its pooler.
#[derive(Module, Debug)]
#[expect(clippy::struct_field_names, reason = "what is in files begins so")]
pub struct Bert {
    bert: Layers,
    #[module(skip)]
    pooling: BertPooling,
    #[module(skip)]
    kin: Kin,
}

impl TextArchitecture for Bert {
    type Settings = lgdea_spec::Bert;
    type Shape = BertShape;

    /// As in the files of the Hugging Face libraries.
    const NAMING: Option<Naming> = Some(Naming { from_file, to_file, grey: None, positions: None });

    fn naming(&self) -> Option<Naming> {
        let to_file = if self.kin == Kin::Mpnet { to_file_of_mpnet } else { to_file };
        Some(Naming { from_file, to_file, grey: None, positions: None })
    }

    fn shape(settings: &Self::Settings, pieces: Pieces, config: Option<&str>) -> Result<Self::Shape, String> {
        let config = config.ok_or("there is no config.json, which says what the BERT is")?;
        let shape: BertShape = serde_json::from_str(config).map_err(|error| error.to_string())?;
        shape.check()?;
        let (longest, asked) =
            (shape.max_position_embeddings.saturating_sub(shape.first_position()), settings.max_tokens);
        if asked > longest {
            return Err(format!("it reads {longest} tokens at most: lower encoder.text.bert.max-tokens ({asked})"));
        }
        let Pieces { count, padding } = pieces;
        if count > shape.vocab_size {
            return Err(format!("its encoder has {} word pieces, its tokenizer {count}", shape.vocab_size));
        }
        if padding != shape.pad_token_id {
            let expected = shape.pad_token_id;
            return Err(format!("its encoder takes token {expected} for padding, its tokenizer token {padding}"));
        }
        Ok(BertShape { pooling: settings.pooling, ..shape })
    }

    fn new(shape: &Self::Shape, device: &Device) -> Self {
        Self { bert: Layers::new(shape, device), pooling: shape.pooling, kin: shape.kin() }
    }

    fn width(shape: &Self::Shape) -> usize {
        shape.hidden_size
    }

    /// # Panics
    /// If the texts are longer than the positions that the network has.
    fn forward(&self, tokens: Tensor<2, Int>, padding: &Tensor<2, Bool>) -> Tensor<3> {
        let states = self.bert.forward(tokens, padding);
        if self.pooling == BertPooling::LastFour { states.last_four } else { states.last }
    }

    fn pooling(&self) -> Pooling {
        match self.pooling {
            BertPooling::Cls => Pooling::Cls,
            BertPooling::Mean => Pooling::Mean,
            BertPooling::LastFour => Pooling::LastFour,
        }
    }

    fn pytorch(shape: &Self::Shape) -> Option<PyTorch> {
        let model = match shape.kin() {
            Kin::Bert => "BertModel",
            Kin::Roberta => "RobertaModel",
            Kin::Mpnet => "MPNetModel",
        };
        let mut config = json!({ "architectures": [model] });
        if let (Value::Object(config), Value::Object(shape)) = (&mut config, json!(shape)) {
            config.extend(shape);
        }
        Some(PyTorch::Library(config))
    }
}

/// Transformer over word pieces.
#[derive(Module, Debug)]
struct Layers {
    embeddings: Embeddings,
    encoder: Encoder,
}

/// States of each token.
struct States {
    /// After the last layer, `[texts, tokens, width]`.
    last: Tensor<3>,
    /// Sum after each of the last four layers, or of all where there are fewer; `[texts, tokens, width]`.
    last_four: Tensor<3>,
}

impl Layers {
    fn new(shape: &BertShape, device: &Device) -> Self {
        let width = shape.hidden_size;
        let table = |rows: usize| {
            EmbeddingConfig::new(rows, width)
                .with_initializer(Initializer::Normal { mean: 0.0, std: 0.02 })
                .init(device)
        };
        Self {
            embeddings: Embeddings {
                word_embeddings: table(shape.vocab_size),
                position_embeddings: table(shape.max_position_embeddings),
                token_type_embeddings: (shape.kin() != Kin::Mpnet).then(|| table(shape.type_vocab_size)),
                layer_norm: norm(shape, device),
                padding: shape.pad_token_id,
                first_position: shape.first_position(),
            },
            encoder: Encoder {
                layer: (0..shape.num_hidden_layers).map(|_| Layer::new(shape, device)).collect(),
                relative_attention_bias: (shape.kin() == Kin::Mpnet).then(|| {
                    EmbeddingConfig::new(shape.relative_attention_num_buckets, shape.num_attention_heads)
                        .with_initializer(Initializer::Normal { mean: 0.0, std: 0.02 })
                        .init(device)
                }),
            },
        }
    }

    /// States of token ids `[texts, tokens]`; none attends to `padding`.
    fn forward(&self, tokens: Tensor<2, Int>, padding: &Tensor<2, Bool>) -> States {
        let bias = self.encoder.bias(tokens.dims()[1]);
        let mut x = self.embeddings.forward(tokens);
        let mut last_four: Option<Tensor<3>> = None;
        let layers = &self.encoder.layer;
        for (position, layer) in layers.iter().enumerate() {
            x = layer.forward(x, padding, bias.as_ref());
            if position + 4 >= layers.len() {
                last_four = Some(last_four.map_or_else(|| x.clone(), |sum| sum + x.clone()));
            }
        }
        States { last_four: last_four.unwrap_or_else(|| x.clone()), last: x }
    }
}

#[derive(Module, Debug)]
#[expect(clippy::struct_field_names, reason = "these are the names in files")]
struct Embeddings {
    word_embeddings: Embedding,
    position_embeddings: Embedding,
    token_type_embeddings: Option<Embedding>,
    layer_norm: LayerNorm,
    /// Row of the padding among the word pieces, which is token [`PAD`] here.
    #[module(skip)]
    padding: usize,
    #[module(skip)]
    first_position: usize,
}

impl Embeddings {
    fn forward(&self, tokens: Tensor<2, Int>) -> Tensor<3> {
        let [_, length] = tokens.dims();
        let positions = self.position_embeddings.weight.val();
        let [longest, width] = positions.dims();
        let first = self.first_position;
        assert!(first + length <= longest, "a text of {length} tokens is longer than the {longest} positions");
        let position = positions.narrow(0, first, length).unsqueeze::<3>();
        let mut x = self.word_embeddings.forward(self.rows(tokens)) + position;
        // All of a text is its first segment.
        if let Some(segments) = &self.token_type_embeddings {
            x = x + segments.weight.val().narrow(0, 0, 1).reshape([1, 1, width]);
        }
        self.layer_norm.forward(x)
    }

    /// Rows of the word pieces of tokens: [`crate::Tokenizer`] has padding and token 0 change places.
    fn rows(&self, tokens: Tensor<2, Int>) -> Tensor<2, Int> {
        if self.padding == PAD as usize {
            return tokens;
        }
        let (is_padding, is_other) =
            (tokens.clone().equal_scalar(PAD), tokens.clone().equal_scalar(self.padding as i32));
        tokens.mask_fill(is_padding, self.padding as i32).mask_fill(is_other, PAD)
    }
}

#[derive(Module, Debug)]
struct Encoder {
    layer: Vec<Layer>,
    /// Of each kind of distance, what is added to a head's scores, `[kinds, heads]`; of an `MPNet`.
    relative_attention_bias: Option<Embedding>,
}

impl Encoder {
    /// What the distances of `length` tokens add to scores, `[1, heads, length, length]`.
    fn bias(&self, length: usize) -> Option<Tensor<4>> {
        let table = self.relative_attention_bias.as_ref()?;
        let kinds = table.weight.dims()[0];
        let of_query = |query: usize| (0..length).map(move |key| kind_of_distance(query, key, kinds) as i32);
        let kinds: Vec<i32> = (0..length).flat_map(of_query).collect();
        let kinds = Tensor::<2, Int>::from_data(TensorData::new(kinds, [length, length]), &table.weight.device());
        Some(table.forward(kinds).permute([2, 0, 1]).unsqueeze::<4>())
    }
}

/// The kind of the distance of a key from a query, of `kinds`: half of them are of keys that come later, and of each half the first
/// half is of single distances, the others of ranges that grow with the logarithm, up to 128 (Raffel et al. 2020, as `MPNet` has it).
fn kind_of_distance(query: usize, key: usize, kinds: usize) -> usize {
    const FARTHEST: f32 = 128.0;
    let half = kinds / 2;
    let (later, distance) = (if key > query { half } else { 0 }, query.abs_diff(key));
    let single = half / 2;
    if distance < single {
        return later + distance;
    }
    let share = (distance as f32 / single as f32).ln() / (FARTHEST / single as f32).ln();
    later + (single + (share * (half - single) as f32) as usize).min(half - 1)
}

/// A post-norm layer.
#[derive(Module, Debug)]
struct Layer {
    attention: Attention,
    intermediate: Intermediate,
    output: Output,
}

#[derive(Module, Debug)]
struct Attention {
    self_attention: SelfAttention,
    output: Output,
}

#[derive(Module, Debug)]
struct SelfAttention {
    query: Linear,
    key: Linear,
    value: Linear,
    heads: usize,
}

#[derive(Module, Debug)]
struct Intermediate {
    dense: Linear,
}

#[derive(Module, Debug)]
struct Output {
    dense: Linear,
    layer_norm: LayerNorm,
}

impl Layer {
    fn new(shape: &BertShape, device: &Device) -> Self {
        let (width, between) = (shape.hidden_size, shape.intermediate_size);
        let linear = |input: usize, output: usize| {
            LinearConfig::new(input, output).with_initializer(Initializer::Normal { mean: 0.0, std: 0.02 }).init(device)
        };
        let output = |input: usize| Output { dense: linear(input, width), layer_norm: norm(shape, device) };
        let [query, key, value] = [(); 3].map(|()| linear(width, width));
        let self_attention = SelfAttention { query, key, value, heads: shape.num_attention_heads };
        Self {
            attention: Attention { self_attention, output: output(width) },
            intermediate: Intermediate { dense: linear(width, between) },
            output: output(between),
        }
    }

    fn forward(&self, x: Tensor<3>, padding: &Tensor<2, Bool>, bias: Option<&Tensor<4>>) -> Tensor<3> {
        let SelfAttention { query, key, value, heads } = &self.attention.self_attention;
        let attended = self_attention([query, key, value], *heads, x.clone(), (padding, bias));
        let x = self.attention.output.forward(attended, x);
        let between = gelu(linear(&self.intermediate.dense, x.clone()));
        self.output.forward(between, x)
    }
}

impl Output {
    fn forward(&self, x: Tensor<3>, residual: Tensor<3>) -> Tensor<3> {
        self.layer_norm.forward(linear(&self.dense, x) + residual)
    }
}

fn norm(shape: &BertShape, device: &Device) -> LayerNorm {
    LayerNorm::new(shape.hidden_size, shape.layer_norm_eps, device)
}

fn from_file(name: &str) -> Named {
    let name = ["bert.", "roberta.", "mpnet."].iter().find_map(|prefix| name.strip_prefix(prefix)).unwrap_or(name);
    // The pooler and the heads of pretraining; the numbers of the positions, which some files hold.
    let is_part = name.starts_with("embeddings.") || name.starts_with("encoder.");
    if !is_part || name.ends_with(".position_ids") {
        return Named::LeftOut;
    }
    let named = OF_MPNET.iter().fold(name.to_owned(), |name, (ours, theirs)| name.replace(theirs, ours));
    let name = named.replace(".LayerNorm.", ".layer_norm.").replace(".attention.self.", ".attention.self_attention.");
    Named::Parameter(format!("bert.{name}"))
}

/// What parts are called here and in files of an `MPNet`.
const OF_MPNET: [(&str, &str); 5] = [
    (".attention.self_attention.query.", ".attention.attn.q."),
    (".attention.self_attention.key.", ".attention.attn.k."),
    (".attention.self_attention.value.", ".attention.attn.v."),
    (".attention.output.dense.", ".attention.attn.o."),
    (".attention.output.layer_norm.", ".attention.LayerNorm."),
];

fn to_file_of_mpnet(name: &str) -> String {
    let name = name.strip_prefix("bert.").unwrap_or(name);
    OF_MPNET
        .iter()
        .fold(name.to_owned(), |name, (ours, theirs)| name.replace(ours, theirs))
        .replace(".layer_norm.", ".LayerNorm.")
}

fn to_file(name: &str) -> String {
    let name = name.strip_prefix("bert.").unwrap_or(name);
    name.replace(".layer_norm.", ".LayerNorm.").replace(".attention.self_attention.", ".attention.self.")
}
