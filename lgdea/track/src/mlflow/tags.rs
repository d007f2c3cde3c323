//! All tags that lgdea writes to MLflow or reads there, and the parameters that it names itself.
//!
//! A run's own settings are parameters by their dotted keys, and tags of the experiment file (`[tags]`) go by the names that they
//! have there; all other names are these.

use crate::Lineage;

// What tells runs apart.

/// Key of the run's identity.
pub const RUN_KEY: &str = "lgdea.run_key";
/// Time of the journal's first event, in milliseconds since 1970, which tells runs of equal identity apart.
pub const STARTED: &str = "lgdea.started";
/// Of the run that stands for a sweep: the sweep's name.
pub const STANDS_FOR_SWEEP: &str = "lgdea.sweep";

// What tells a trial's place in its sweep; the sweep writes these into the trial's experiment file.

/// Name of the sweep.
pub const SWEEP: &str = "sweep";
/// Name of the trial's arm.
pub const ARM: &str = "arm";
/// The values that axes and the search give the trial, as a JSON object.
pub const DELTAS: &str = "deltas";

// How the run went.

/// Number of the last attempt.
pub const ATTEMPT: &str = "lgdea.attempt";
/// Wall-clock seconds of the last attempt that ended.
pub const SECONDS: &str = "lgdea.seconds";
/// Why the last attempt did not finish; empty where it did.
pub const ERROR: &str = "lgdea.error";
/// Of a run and its model: the step of the last checkpoint.
pub const CHECKPOINT_STEP: &str = "lgdea.checkpoint_step";
/// Of a model: where its checkpoint lies, below the results folder.
pub const CHECKPOINT: &str = "lgdea.checkpoint";
/// What of the data was left out or is doubtful: counts by reason, in a line.
pub const LEFT_OUT: &str = "lgdea.left_out";
/// Name of the run that the weights were taken from.
pub const TRAINED_AS: &str = "lgdea.trained_as";

// What the last attempt ran with and on (`Lineage`).

/// Version of lgdea.
pub const VERSION: &str = "lgdea.version";
/// Hash of the program.
pub const BINARY: &str = "lgdea.binary";
/// The device.
pub const DEVICE: &str = "lgdea.device";
/// The operating system.
pub const OS: &str = "lgdea.os";
/// Its kernel.
pub const KERNEL: &str = "lgdea.kernel";
/// The processor.
pub const CPU: &str = "lgdea.cpu";
/// Number of its cores.
pub const CORES: &str = "lgdea.cores";
/// Memory of the machine, in GiB.
pub const MEMORY: &str = "lgdea.memory_gib";

// What MLflow itself reads.

/// What a trial is of, short: its arm and the values of [`DELTAS`]. Views group by it. Made on the way to MLflow.
pub const SETTING: &str = "setting";
/// What a run is called.
pub const RUN_NAME: &str = "mlflow.runName";
/// Readable summary of a run or model, in Markdown.
pub const NOTE: &str = "mlflow.note.content";
/// Run below which MLflow shows another.
pub const PARENT: &str = "mlflow.parentRunId";
/// Program that a run comes from.
pub const SOURCE_NAME: &str = "mlflow.source.name";
/// Kind of place where it ran.
pub const SOURCE_TYPE: &str = "mlflow.source.type";
/// Commit of the working folder.
pub const GIT_COMMIT: &str = "mlflow.source.git.commit";
/// Branch of the working folder.
pub const GIT_BRANCH: &str = "mlflow.source.git.branch";
/// Whether the working folder has changes that no commit has.
pub const GIT_DIRTY: &str = "mlflow.source.git.dirty";
/// Of a data set: what a run uses it for.
pub const DATA_CONTEXT: &str = "mlflow.data.context";
/// Of an experiment: which kind of pages MLflow shows for it.
pub const EXPERIMENT_KIND: &str = "mlflow.experimentKind";
/// Of an experiment: the metric that MLflow sorts and draws first.
pub const PRIMARY_METRIC: &str = "mlflow.experiment.primaryMetric.name";
/// Of an experiment: whether more of that metric is better.
pub const PRIMARY_METRIC_IS_BETTER_HIGHER: &str = "mlflow.experiment.primaryMetric.greaterIsBetter";

/// Of an experiment: a view of its runs that addresses name by `key`.
pub fn shared_view(key: &str) -> String {
    format!("mlflow.sharedViewState.{key}")
}

/// Parameter of a model: which encoder its `image` or `text` tower has.
pub fn encoder(tower: &str) -> String {
    format!("encoder.{tower}")
}

/// The tags of an attempt that begins.
pub(super) fn of_attempt(attempt: u32, lineage: &Lineage) -> Vec<(&'static str, String)> {
    let mut tags = vec![
        (ATTEMPT, attempt.to_string()),
        (SOURCE_NAME, "lgdea".to_owned()),
        (SOURCE_TYPE, "LOCAL".to_owned()),
        (VERSION, lineage.lgdea.clone()),
        (BINARY, lineage.binary.clone()),
        (DEVICE, lineage.device.clone()),
        (OS, lineage.os.clone()),
        (KERNEL, lineage.kernel.clone()),
        (CPU, lineage.cpu.clone()),
        (CORES, lineage.cores.to_string()),
        (MEMORY, format!("{:.1}", lineage.memory as f64 / f64::from(1 << 30))),
    ];
    if let Some(git) = &lineage.git {
        tags.push((GIT_COMMIT, git.commit.clone()));
        tags.push((GIT_BRANCH, git.branch.clone()));
        tags.push((GIT_DIRTY, git.dirty.to_string()));
    }
    tags
}
