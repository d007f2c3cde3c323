//! BERT (Devlin et al. 2019) and its kin: `BioClinicalBERT`, `PubMedBERT`, `CXR-BERT`, `MiniLM`.
//!
//! <https://github.com/huggingface/transformers/blob/main/src/transformers/models/bert/modeling_bert.py>, whose names the
//! fields have, but for `self`, which is a word of Rust's.

use burn::module::Module;
use burn::nn::{Embedding, EmbeddingConfig, Initializer, Linear, LinearConfig};
use burn::tensor::activation::gelu;
use burn::tensor::{Bool, Device, Int, Tensor};
use lgdea_spec::BertPooling;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Pooling, PyTorch, TextArchitecture};
use crate::PAD;
use crate::attention::self_attention;
use crate::layer_norm::LayerNorm;
use crate::precision::linear;
use crate::weights::{Named, Naming};

/// What a `config.json` says of a BERT.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BertShape {
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
    /// How a text's embedding is made of its tokens: an experiment's choice, which no `config.json` knows.
    #[serde(default = "cls", skip_serializing)]
    pub pooling: BertPooling,
}

fn two() -> usize {
    2
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

impl BertShape {
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
pub struct Bert {
    bert: Layers,
    #[module(skip)]
    pooling: BertPooling,
}

impl TextArchitecture for Bert {
    type Settings = lgdea_spec::Bert;
    type Shape = BertShape;

    /// As in the files of the Hugging Face libraries.
    const NAMING: Option<Naming> = Some(Naming { from_file, to_file, grey: None, positions: None });

    fn shape(settings: &Self::Settings, vocabulary: usize, config: Option<&str>) -> Result<Self::Shape, String> {
        let config = config.ok_or("there is no config.json, which says what the BERT is")?;
        let shape: BertShape = serde_json::from_str(config).map_err(|error| error.to_string())?;
        shape.check()?;
        let (longest, asked) = (shape.max_position_embeddings, settings.max_tokens);
        if asked > longest {
            return Err(format!("it reads {longest} tokens at most: lower encoder.text.bert.max-tokens ({asked})"));
        }
        let rows = shape.vocab_size;
        if vocabulary > rows {
            return Err(format!("its encoder has {rows} word pieces, its tokenizer {vocabulary}"));
        }
        Ok(BertShape { pooling: settings.pooling, ..shape })
    }

    fn new(shape: &Self::Shape, device: &Device) -> Self {
        Self { bert: Layers::new(shape, device), pooling: shape.pooling }
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
        let mut config = json!({ "model_type": "bert", "architectures": ["BertModel"], "pad_token_id": PAD });
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
                token_type_embeddings: table(shape.type_vocab_size),
                layer_norm: norm(shape, device),
            },
            encoder: Encoder { layer: (0..shape.num_hidden_layers).map(|_| Layer::new(shape, device)).collect() },
        }
    }

    /// States of token ids `[texts, tokens]`; none attends to `padding`.
    fn forward(&self, tokens: Tensor<2, Int>, padding: &Tensor<2, Bool>) -> States {
        let mut x = self.embeddings.forward(tokens);
        let mut last_four: Option<Tensor<3>> = None;
        let layers = &self.encoder.layer;
        for (position, layer) in layers.iter().enumerate() {
            x = layer.forward(x, padding);
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
    token_type_embeddings: Embedding,
    layer_norm: LayerNorm,
}

impl Embeddings {
    fn forward(&self, tokens: Tensor<2, Int>) -> Tensor<3> {
        let [_, length] = tokens.dims();
        let positions = self.position_embeddings.weight.val();
        let [longest, width] = positions.dims();
        assert!(length <= longest, "a text of {length} tokens is longer than the {longest} positions");
        let position = positions.narrow(0, 0, length).unsqueeze::<3>();
        // All of a text is its first segment.
        let segment = self.token_type_embeddings.weight.val().narrow(0, 0, 1).reshape([1, 1, width]);
        self.layer_norm.forward(self.word_embeddings.forward(tokens) + position + segment)
    }
}

#[derive(Module, Debug)]
struct Encoder {
    layer: Vec<Layer>,
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

    fn forward(&self, x: Tensor<3>, padding: &Tensor<2, Bool>) -> Tensor<3> {
        let SelfAttention { query, key, value, heads } = &self.attention.self_attention;
        let attended = self_attention([query, key, value], *heads, x.clone(), padding);
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
    let name = name.strip_prefix("bert.").unwrap_or(name);
    // The pooler and the heads of pretraining; the numbers of the positions, which some files hold.
    let is_part = name.starts_with("embeddings.") || name.starts_with("encoder.");
    if !is_part || name.ends_with(".position_ids") {
        return Named::LeftOut;
    }
    let name = name.replace(".LayerNorm.", ".layer_norm.").replace(".attention.self.", ".attention.self_attention.");
    Named::Parameter(format!("bert.{name}"))
}

fn to_file(name: &str) -> String {
    let name = name.strip_prefix("bert.").unwrap_or(name);
    name.replace(".layer_norm.", ".LayerNorm.").replace(".attention.self_attention.", ".attention.self.")
}
