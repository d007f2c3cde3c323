//! Published weights: files of PyTorch and of the Hugging Face libraries, read into an encoder and written from one.
//!
//! Nothing is skipped in silence. What a network lacks and what does not fit is an error that names it; what a file holds
//! beyond the network is told, too.

mod positions;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt::Display;
use std::path::{Path, PathBuf};

use burn::store::{
    BurnToPyTorchAdapter, FloatCastAdapter, ModuleAdapter, ModuleSnapshot, ModuleStore, PyTorchToBurnAdapter,
    PytorchStore, SafetensorsStore, bridge,
};
use burn::tensor::{DType, TensorData};
use lgdea_fault::{AtFault, Fault};
use lgdea_spec::WEIGHTS_EXTENSIONS;
use safetensors::tensor::TensorView;

/// Dictionaries that training scripts keep the parameters in.
const DICTIONARIES: [&str; 3] = ["state_dict", "model_state_dict", "model"];
/// Names that an error lists.
const MOST_NAMES: usize = 12;

/// How the files of an architecture name its parameters.
#[derive(Debug, Clone, Copy)]
pub struct Naming {
    /// From a file's name to the module's.
    pub from_file: fn(&str) -> Named,
    /// From the module's name to the file's.
    pub to_file: fn(&str) -> String,
    /// The convolution that reads the image: files have it for three colours.
    pub grey: Option<&'static str>,
    /// Positions `[1, 1 + patches, width]`, which follow the size of the images.
    pub positions: Option<&'static str>,
}

impl Naming {
    /// Of a network that nobody publishes: files have the module's names.
    const OURS: Naming = Naming {
        from_file: |name| Named::Parameter(name.to_owned()),
        to_file: str::to_owned,
        grey: None,
        positions: None,
    };
}

/// What a name in a file stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Named {
    /// A parameter of the module.
    Parameter(String),
    /// A parameter `rest` of the module's `block`th block, from 0, where the file counts blocks through and the module has them in
    /// stages: `blocks.<stage>.<block of it>`.
    InOrder {
        /// Which block.
        block: usize,
        /// The name within it.
        rest: String,
    },
    /// One of several parts that the module has in one parameter, one after the other along the first dimension of the file's.
    Part {
        /// The parameter.
        parameter: String,
        /// Which part, from 0.
        part: usize,
        /// How many there are.
        of: usize,
    },
    /// A part that an encoder does without, such as a classifier.
    LeftOut,
}

/// Where in a file an encoder is.
#[derive(Debug, Clone, Copy)]
pub struct WeightsFile<'a> {
    /// The file.
    pub path: &'a Path,
    /// What the encoder's names begin with.
    pub prefix: &'a str,
}

/// What a file gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loaded {
    /// Parameters that were read.
    pub parameters: usize,
    /// How many of them were matched by the order of their blocks.
    pub in_order: usize,
    /// Names that an encoder of this kind does without, such as those of a classifier.
    pub left_out: Vec<String>,
    /// Other names below the prefix that the encoder has no place for.
    pub unused: Vec<String>,
}

/// Why weights could not be read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WeightsError {
    /// The file is not what its name says, or cannot be read.
    #[error("cannot read {}: {message}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the library says.
        message: String,
    },
    /// A file of another kind.
    #[error("{} is no weights file: its name must end with .{}", path.display(), WEIGHTS_EXTENSIONS.join(", ."))]
    Kind {
        /// The file.
        path: PathBuf,
    },
    /// The weights are those of another network.
    #[error("{} does not fit the encoder:{problems}", path.display())]
    Misfit {
        /// The file.
        path: PathBuf,
        /// The names that are missing or have another shape, the first of many.
        problems: String,
    },
    /// Weights could not be written.
    #[error("cannot write {}: {message}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What the library says.
        message: String,
    },
}

impl AtFault for WeightsError {
    fn fault(&self) -> Fault {
        match self {
            WeightsError::File { .. } | WeightsError::Kind { .. } | WeightsError::Misfit { .. } => Fault::Input,
            WeightsError::Write { .. } => Fault::Run,
        }
    }
}

/// Tensors of a file by name.
type Tensors = BTreeMap<String, TensorData>;

/// Reads a file's weights into a module, as 32-bit floats. A convolution over three colours is summed, so that it sees a grey
/// image as it saw three equal colours; positions of a vision transformer are interpolated to the size of its images. Without
/// a `naming` the file has the module's names.
///
/// # Errors
/// The file cannot be read, or lacks a parameter, or has one of another shape. Names that are left over are no error.
pub fn load<M: ModuleSnapshot>(
    module: &mut M,
    naming: Option<Naming>,
    place: WeightsFile<'_>,
) -> Result<Loaded, WeightsError> {
    let naming = naming.unwrap_or(Naming::OURS);
    let Found { tensors, mut origin, in_order, left_out, elsewhere } = found(naming, &shapes(module), place)?;
    let tensors = tensors.into_iter().map(|(name, data)| bridge::from_data(data, name, None)).collect();
    let adapter = PyTorchToBurnAdapter.chain(FloatCastAdapter::to(DType::F32));
    let mut result = module.apply(tensors, None, Some(Box::new(adapter)), true);
    result.missing.retain(|(name, _)| !crate::lora::is_adapter(name));
    if !result.errors.is_empty() || !result.missing.is_empty() {
        let mut problems: Vec<String> = result.errors.iter().map(|error| error.to_string().to_lowercase()).collect();
        let missing = result.missing.into_iter().map(|(name, _)| (naming.to_file)(&as_torch(name)));
        problems.extend(missing.map(|name| format!("it lacks `{}{name}`", place.prefix)));
        if let Some(name) = result.unused.first().and_then(|name| origin.get(name)) {
            let count = result.unused.len();
            problems.insert(0, format!("{count} of its names are none of the encoder's, such as `{name}`"));
        }
        return Err(misfit(place, problems, &elsewhere));
    }
    let unused = result.unused.iter().filter_map(|name| origin.remove(name)).collect();
    Ok(Loaded { parameters: result.applied.len(), in_order, left_out, unused })
}

/// What a file has for a module.
struct Found {
    /// By the module's names.
    tensors: Tensors,
    /// The file's names of them, of several parts the first.
    origin: BTreeMap<String, String>,
    in_order: usize,
    left_out: Vec<String>,
    /// Names that are not below the prefix.
    elsewhere: Vec<String>,
}

fn found(
    naming: Naming,
    expected: &BTreeMap<String, Vec<usize>>,
    place: WeightsFile<'_>,
) -> Result<Found, WeightsError> {
    let mut found = Found {
        tensors: Tensors::new(),
        origin: BTreeMap::new(),
        in_order: 0,
        left_out: Vec::new(),
        elsewhere: Vec::new(),
    };
    let (blocks, mut parts) = (blocks(expected), BTreeMap::<String, BTreeMap<usize, TensorData>>::new());
    for (name, data) in read(place.path)? {
        let Some(inside) = name.strip_prefix(place.prefix) else {
            found.elsewhere.push(name);
            continue;
        };
        let parameter = match named(naming, inside) {
            Named::LeftOut => {
                found.left_out.push(name);
                continue;
            }
            Named::Part { parameter, part, of } => {
                found.origin.entry(parameter.clone()).or_insert(name);
                let parts = parts.entry(parameter.clone()).or_default();
                parts.insert(part, data);
                if parts.len() == of {
                    found.tensors.insert(parameter, joined(parts.values()));
                }
                continue;
            }
            Named::Parameter(parameter) => parameter,
            Named::InOrder { block, rest } => match blocks.get(block) {
                Some(place) => {
                    found.in_order += 1;
                    format!("{place}.{rest}")
                }
                None => inside.to_owned(),
            },
        };
        found.tensors.insert(parameter.clone(), fit(data, &parameter, naming, expected));
        found.origin.insert(parameter, name);
    }
    Ok(found)
}

/// Tensors one after the other along their first dimension.
fn joined<'a>(parts: impl Iterator<Item = &'a TensorData>) -> TensorData {
    let (mut values, mut shape) = (Vec::new(), Vec::new());
    for part in parts {
        let rows = shape.first().copied().unwrap_or(0);
        shape = part.shape().to_vec();
        if let Some(first) = shape.first_mut() {
            *first += rows;
        }
        values.extend(part.iter::<f32>());
    }
    let fits = shape.iter().product::<usize>() == values.len();
    let shape = if fits { shape } else { vec![values.len()] };
    TensorData::new(values, shape)
}

/// The blocks of a module that has them in stages, `blocks.<stage>.<block of it>`, in their order.
fn blocks(expected: &BTreeMap<String, Vec<usize>>) -> Vec<String> {
    let place = |name: &String| {
        let (stage, rest) = name.strip_prefix("blocks.")?.split_once('.')?;
        let (block, _) = rest.split_once('.')?;
        Some((stage.parse::<usize>().ok()?, block.parse::<usize>().ok()?))
    };
    let places: BTreeSet<(usize, usize)> = expected.keys().filter_map(place).collect();
    places.into_iter().map(|(stage, block)| format!("blocks.{stage}.{block}")).collect()
}

/// What a name in a file stands for. Torch's batch norms count the batches that they have seen, which none here reads.
fn named(naming: Naming, name: &str) -> Named {
    if name.ends_with(".num_batches_tracked") { Named::LeftOut } else { (naming.from_file)(name) }
}

/// Writes a module's weights as a safetensors file with the names and in the layouts of PyTorch's.
///
/// # Errors
/// What the file system says.
pub fn save<M: ModuleSnapshot>(module: &M, naming: Option<Naming>, path: &Path) -> Result<(), WeightsError> {
    let naming = naming.unwrap_or(Naming::OURS);
    save_some(module, &|name| Some((naming.to_file)(name)), path)
}

/// As [`save`]; `name` gives the name of each parameter in the file, or leaves it out.
pub(crate) fn save_some<M: ModuleSnapshot>(
    module: &M,
    name: &dyn Fn(&str) -> Option<String>,
    path: &Path,
) -> Result<(), WeightsError> {
    let tensors = module.collect(None, Some(Box::new(BurnToPyTorchAdapter)), true);
    let named = tensors.into_iter().filter_map(|tensor| Some((name(&tensor.name)?, tensor)));
    let data = named.map(|(name, tensor)| {
        let data = bridge::into_data(tensor);
        data.map(|data| (name, data)).map_err(|error| unwritable(path, &error))
    });
    write(data.collect::<Result<_, _>>()?, path)
}

/// Writes tensors, of 32-bit floats or whole numbers, as a safetensors file.
pub(crate) fn write(tensors: Vec<(String, TensorData)>, path: &Path) -> Result<(), WeightsError> {
    let views = tensors.iter().map(|(name, data)| {
        let kind = if data.dtype().is_float() { safetensors::Dtype::F32 } else { safetensors::Dtype::I32 };
        let view = TensorView::new(kind, data.shape().to_vec(), data.bytes());
        view.map(|view| (name.as_str(), view)).map_err(|error| unwritable(path, &error))
    });
    let views = views.collect::<Result<Vec<_>, _>>()?;
    // What transformers asks of a file that it loads.
    let format = HashMap::from([("format".to_owned(), "pt".to_owned())]);
    safetensors::serialize_to_file(views, Some(format), path).map_err(|error| unwritable(path, &error))
}

fn unwritable(path: &Path, error: &dyn Display) -> WeightsError {
    WeightsError::Write { path: path.to_owned(), message: error.to_string() }
}

/// All tensors of a file.
fn read(path: &Path) -> Result<Tensors, WeightsError> {
    let error = |message: String| WeightsError::File { path: path.to_owned(), message };
    let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
    match extension {
        "safetensors" => data_of(&mut SafetensorsStore::from_file(path)).map_err(error),
        torch if WEIGHTS_EXTENSIONS.contains(&torch) => {
            let of = |key: &str| data_of(&mut PytorchStore::from_file(path).with_top_level_key(key)).ok();
            let dictionary = DICTIONARIES.into_iter().filter_map(of).find(|tensors| !tensors.is_empty());
            match dictionary {
                Some(tensors) => Ok(tensors),
                None => data_of(&mut PytorchStore::from_file(path)).map_err(error),
            }
        }
        _ => Err(WeightsError::Kind { path: path.to_owned() }),
    }
}

fn data_of(store: &mut impl ModuleStore<Error: Display>) -> Result<Tensors, String> {
    let tensors = store.get_all_tensors().map_err(|error| error.to_string())?;
    let data = tensors.iter().map(|(name, tensor)| {
        let data = bridge::to_data(tensor).map_err(|error| format!("`{name}`: {error}"))?;
        Ok((name.clone(), data))
    });
    data.collect()
}

/// The name that PyTorch has for what burn calls the scale and the shift of a norm.
fn as_torch(name: String) -> String {
    match name.rsplit_once('.') {
        Some((module, "gamma")) => format!("{module}.weight"),
        Some((module, "beta")) => format!("{module}.bias"),
        _ => name,
    }
}

/// A tensor of a file in the shape that the module's parameter has, where it is known how.
fn fit(data: TensorData, parameter: &str, naming: Naming, expected: &BTreeMap<String, Vec<usize>>) -> TensorData {
    let (Some(expected), found) = (expected.get(parameter), data.shape().to_vec()) else { return data };
    match (expected.as_slice(), found.as_slice()) {
        (&[out, 1, height, width], &[out_found, colours, _, _])
            if naming.grey == Some(parameter) && colours > 1 && out == out_found && found[2..] == expected[2..] =>
        {
            let values: Vec<f32> = data.iter::<f32>().collect();
            let pixels = height * width;
            let summed = values.chunks(colours * pixels).flat_map(|filter| {
                (0..pixels).map(move |pixel| filter.iter().skip(pixel).step_by(pixels).sum::<f32>())
            });
            TensorData::new(summed.collect::<Vec<f32>>(), expected.clone())
        }
        (&[1, tokens, width], &[1, tokens_found, width_found])
            if naming.positions == Some(parameter) && tokens != tokens_found && width == width_found =>
        {
            positions::resize(&data, tokens).unwrap_or(data)
        }
        // Of torchvision's `[channels, 1, 1]`.
        (&[length], &[length_found, 1, 1]) if length == length_found => {
            TensorData::new(data.iter::<f32>().collect::<Vec<f32>>(), [length])
        }
        _ => data,
    }
}

/// Shapes of a module's parameters by name.
fn shapes<M: ModuleSnapshot>(module: &M) -> BTreeMap<String, Vec<usize>> {
    let tensors = module.collect(None, None, true);
    tensors.into_iter().map(|tensor| (tensor.name.clone(), tensor.shape.to_vec())).collect()
}

fn misfit(place: WeightsFile<'_>, mut problems: Vec<String>, elsewhere: &[String]) -> WeightsError {
    let more = problems.len().saturating_sub(MOST_NAMES);
    problems.truncate(MOST_NAMES);
    if more > 0 {
        problems.push(format!("… and {more} more"));
    }
    if let Some(first) = elsewhere.first() {
        problems.push(format!("{} names do not begin with `{}`, such as `{first}`", elsewhere.len(), place.prefix));
    }
    WeightsError::Misfit { path: place.path.to_owned(), problems: format!("\n  {}", problems.join("\n  ")) }
}
