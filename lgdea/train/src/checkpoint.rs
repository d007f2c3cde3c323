//! Checkpoints: everything that a resumed run needs to go on bit for bit.
//!
//! Batches need no state of their own: they follow from the seed and the step.

use std::fs;
use std::path::{Path, PathBuf};

use burn::module::{Module, ModuleVisitor, Param};
use burn::store::RecordError;
use burn::tensor::{Device, Tensor, TensorData};
use lgdea_model::Lgdea;
use lgdea_objective::RunningMeans;
use lgdea_prepared::Prepared;
use lgdea_spec::Experiment;
use ndarray::Array2;
use serde::{Deserialize, Serialize};

use crate::TrainError;
use crate::best::Best;
use crate::optimizer::{adamw, freeze};
use crate::state::State;

const MODEL: &str = "model.bpk";
const AVERAGE: &str = "average.bpk";
const TEACHER: &str = "teacher.bpk";
const BEST: &str = "best.bpk";
const OPTIMIZER: &str = "optimizer.bpk";
const REST: &str = "state.json";

/// What is not a parameter.
#[derive(Serialize, Deserialize)]
struct Rest {
    /// Steps of the text warm-up.
    #[serde(default)]
    warmed_up: usize,
    /// Running means of prior and targets, each `[K]`.
    means: Option<[Vec<f32>; 2]>,
    graph: Option<Array2Data>,
    matches: Option<Vec<Option<usize>>>,
    /// Score of the best model so far, and the steps that it had seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    best: Option<(f64, usize)>,
}

#[derive(Serialize, Deserialize)]
struct Array2Data {
    rows: usize,
    columns: usize,
    values: Vec<f32>,
}

/// Writes the state after `done` joint steps and returns its folder. Older checkpoints are removed once it is whole.
///
/// # Errors
/// The model's weights are no finite numbers: the checkpoint before is the last that anything can go on from.
pub(crate) fn save(folder: &Path, done: usize, state: &State) -> Result<PathBuf, TrainError> {
    let model = state.model.valid();
    if !is_finite(&model) {
        return Err(TrainError::Diverged { done });
    }
    let finished = folder.join(format!("step-{done:06}"));
    let partial = begin(folder)?;
    let record = |path: PathBuf, result: Result<(), RecordError>| {
        result.map_err(|error| TrainError::Checkpoint { action: "write", path, message: error.to_string() })
    };
    record(partial.join(MODEL), model.save_file(partial.join(MODEL)))?;
    record(partial.join(AVERAGE), state.average.clone().save_file(partial.join(AVERAGE)))?;
    if let Some(teacher) = &state.teacher {
        record(partial.join(TEACHER), teacher.clone().save_file(partial.join(TEACHER)))?;
    }
    if let Some(best) = &state.best {
        record(partial.join(BEST), best.model.clone().save_file(partial.join(BEST)))?;
    }
    record(partial.join(OPTIMIZER), state.optimizer.save(partial.join(OPTIMIZER)))?;
    let rest = Rest {
        warmed_up: state.warmed_up,
        means: state
            .means
            .as_ref()
            .map(|means| [&means.prior, &means.target].map(|mean| mean.to_data().iter().collect())),
        graph: state.graph.as_ref().map(|graph| Array2Data {
            rows: graph.nrows(),
            columns: graph.ncols(),
            values: graph.iter().copied().collect(),
        }),
        matches: state.matches.clone(),
        best: state.best.as_ref().map(|best| (best.score, best.done)),
    };
    let path = partial.join(REST);
    let json = serde_json::to_vec(&rest).map_err(|error| unreadable("write", &path, &error))?;
    fs::write(&path, json).map_err(file("write", &path))?;
    remove(&finished)?;
    fs::rename(&partial, &finished).map_err(file("rename", &partial))?;
    for (older, path) in list(folder)? {
        if older != done {
            remove(&path)?;
        }
    }
    Ok(finished)
}

/// An empty folder for a checkpoint while it is written; what a kill left of another makes room for it.
fn begin(folder: &Path) -> Result<PathBuf, TrainError> {
    let partial = folder.join(".partial");
    remove(&partial)?;
    fs::create_dir_all(&partial).map_err(file("create", &partial))?;
    Ok(partial)
}

/// Whether all weights are finite numbers, which their sum tells. `model` has some.
fn is_finite<M: Module>(model: &M) -> bool {
    let mut sums = Sums(Vec::new());
    model.visit(&mut sums);
    Tensor::cat(sums.0, 0).sum().into_scalar::<f32>().is_finite()
}

/// The sum of each of a module's parameters, `[1]`.
struct Sums(Vec<Tensor<1>>);

impl ModuleVisitor for Sums {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        self.0.push(param.val().sum());
    }
}

/// Gives a run the checkpoint of another one, whose files both have from now on. Returns its folder.
pub(crate) fn adopt(checkpoint: &Path, folder: &Path) -> Result<PathBuf, TrainError> {
    let name = checkpoint.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let (partial, adopted) = (begin(folder)?, folder.join(&name));
    for name in [MODEL, AVERAGE, OPTIMIZER, REST] {
        let (from, to) = (checkpoint.join(name), partial.join(name));
        // Another file system, or one without links.
        fs::hard_link(&from, &to).or_else(|_| fs::copy(&from, &to).map(drop)).map_err(file("copy", &from))?;
    }
    fs::rename(&partial, &adopted).map_err(file("rename", &partial))?;
    Ok(adopted)
}

/// Hash of the averaged model of a checkpoint, in hexadecimal.
pub(crate) fn digest(checkpoint: &Path) -> Result<String, TrainError> {
    let path = checkpoint.join(AVERAGE);
    let mut hasher = blake3::Hasher::new();
    fs::File::open(&path).and_then(|file| hasher.update_reader(file).map(drop)).map_err(file("read", &path))?;
    Ok(hasher.finalize().to_hex().to_string())
}

/// The newest whole checkpoint of a run: joint steps done, and its folder.
pub(crate) fn newest(folder: &Path) -> Result<Option<(usize, PathBuf)>, TrainError> {
    Ok(list(folder)?.into_iter().max())
}

/// The state of a checkpoint.
pub(crate) fn load(
    path: &Path,
    experiment: &Experiment,
    prepared: &Prepared,
    device: &Device,
) -> Result<State, TrainError> {
    let (fresh, settings) = (State::random(experiment, prepared, device)?, &experiment.train);
    let record = |name: &str, error: &RecordError| unreadable("read", &path.join(name), error);
    let model = fresh.model.try_load_file(path.join(MODEL)).map_err(|error| record(MODEL, &error))?;
    let average = fresh.average.try_load_file(path.join(AVERAGE)).map_err(|error| record(AVERAGE, &error))?;
    let other = |name: &str| {
        // A clone of the average would share the running statistics of its batch norms, and change with it.
        let fresh = State::random(experiment, prepared, device)?.average;
        fresh.try_load_file(path.join(name)).map_err(|error| record(name, &error))
    };
    let teacher = path.join(TEACHER).exists().then(|| other(TEACHER)).transpose()?;
    // Loading gives parameters the ids they were saved with; the optimizer finds its state by them.
    let optimizer = adamw(&model, settings)?.load(path.join(OPTIMIZER)).map_err(|error| record(OPTIMIZER, &error))?;
    let rest = path.join(REST);
    let json = fs::read(&rest).map_err(file("read", &rest))?;
    let Rest { warmed_up, means, graph, matches, best } =
        serde_json::from_slice(&json).map_err(|error| unreadable("read", &rest, &error))?;
    let graph = match graph {
        Some(data) => Some(
            Array2::from_shape_vec((data.rows, data.columns), data.values)
                .map_err(|error| unreadable("read", &rest, &error))?,
        ),
        None => None,
    };
    let best = match best {
        Some((score, done)) => Some(Best { model: other(BEST)?, score, done }),
        None => None,
    };
    let means = means.map(|[prior, target]| RunningMeans { prior: row(&prior, device), target: row(&target, device) });
    let model = freeze(model, experiment)?;
    Ok(State { model, average, teacher, best, optimizer, warmed_up, means, graph, matches })
}

/// Replaces a fresh model by the averaged one of a checkpoint.
pub(crate) fn load_average(path: &Path, fresh: Lgdea) -> Result<Lgdea, TrainError> {
    let path = path.join(AVERAGE);
    fresh.try_load_file(&path).map_err(|error| unreadable("read", &path, &error))
}

/// A host vector as a row.
fn row(values: &[f32], device: &Device) -> Tensor<2> {
    Tensor::from_data(TensorData::new(values.to_vec(), [1, values.len()]), device)
}

fn list(folder: &Path) -> Result<Vec<(usize, PathBuf)>, TrainError> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(file("read", folder)(error)),
    };
    let step = |path: PathBuf| {
        let step = path.file_name()?.to_str()?.strip_prefix("step-")?.parse().ok()?;
        Some((step, path))
    };
    Ok(entries.filter_map(|entry| step(entry.ok()?.path())).collect())
}

fn remove(path: &Path) -> Result<(), TrainError> {
    if path.exists() { fs::remove_dir_all(path).map_err(file("remove", path)) } else { Ok(()) }
}

fn file(action: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> TrainError {
    let path = path.to_owned();
    move |source| TrainError::File { action, path, source }
}

fn unreadable(action: &'static str, path: &Path, error: &dyn std::error::Error) -> TrainError {
    TrainError::Checkpoint { action, path: path.to_owned(), message: error.to_string() }
}

#[cfg(test)]
mod tests {
    use burn::nn::LinearConfig;

    use super::*;

    #[test]
    fn one_weight_that_is_no_number_is_found() {
        let mut layer = LinearConfig::new(3, 2).init(&Device::flex());
        assert!(is_finite(&layer));
        for broken in [f32::NAN, f32::INFINITY] {
            layer.bias = Some(Param::from_data([0.0, broken], &Device::flex()));
            assert!(!is_finite(&layer), "{broken}");
        }
    }
}
