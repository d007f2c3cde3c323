//! Why a run, or a look into one, ended early.

use std::io;
use std::path::{Path, PathBuf};

use lgdea_cache::CacheError;
use lgdea_data::DataError;
use lgdea_eval::EvalError;
use lgdea_evidence::EvidenceError;
use lgdea_fault::{AtFault, Fault};
use lgdea_inputs::InputsError;
use lgdea_inspect::InspectError;
use lgdea_model::TokenizerError;
use lgdea_prepared::PreparedError;
use lgdea_spec::{SpecError, counted};
use lgdea_track::mlflow;
use lgdea_train::TrainError;
use miette::Diagnostic;
use thiserror::Error;

/// Why a run, or a look into one, ended early.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum RunError {
    /// A run's experiment cannot be read.
    #[error(transparent)]
    Spec(#[from] SpecError),
    /// What the experiment reads cannot be read.
    #[error(transparent)]
    Inputs(#[from] InputsError),
    /// The images cannot be read, or nothing can be paired.
    #[error(transparent)]
    Data(#[from] DataError),
    /// The evidence of the reports could not be read.
    #[error(transparent)]
    Evidence(EvidenceError),
    /// Work that runs share could not be found or kept.
    #[error(transparent)]
    Cache(#[from] CacheError),
    /// Training ended early.
    #[error(transparent)]
    Train(#[from] TrainError),
    /// What was read cannot be given to a model.
    #[error(transparent)]
    Prepared(#[from] PreparedError),
    /// The trained model could not be evaluated.
    #[error(transparent)]
    Inspect(#[from] InspectError),
    /// Prompts cannot be read, or a gallery could not be drawn.
    #[error(transparent)]
    Eval(#[from] EvalError),
    /// The word pieces could not be written.
    #[error(transparent)]
    Tokenizer(#[from] TokenizerError),
    /// The template of model cards is broken.
    #[error("the model card cannot be written: {0}")]
    Card(#[from] minijinja::Error),
    /// The run's journal could not be read or written.
    #[error(transparent)]
    Journal(#[from] lgdea_track::Error),
    /// The tracker cannot be spoken to.
    #[error(transparent)]
    Tracker(#[from] mlflow::Error),
    /// A value has no form as JSON.
    #[error(transparent)]
    Json(#[from] serde_json::Error),
    /// The thread that waits for the sweep's word did not start.
    #[error(transparent)]
    Thread(io::Error),
    /// A file or folder of the run could not be written.
    #[error("failed to {action} {}: {source}", path.display())]
    File {
        /// What was tried.
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The server of a language model left reports unread.
    #[error(
        "the server answered nothing for {unanswered} of {} ({first}: {reason}); the others are kept, and the same command asks \
         for these again",
        counted(*reports, "report")
    )]
    Unanswered {
        /// How many reports have no answer.
        unanswered: usize,
        /// Of how many.
        reports: usize,
        /// The first of them.
        first: String,
        /// What became of it.
        reason: String,
    },
    /// No report has a valid answer of the language model.
    #[error(
        "none of {} has a valid answer of the language model ({reason}, first {first}): there is no evidence to train on; try \
         another model, answer-format, max-tokens or prompt: the same command asks for these again",
        counted(*reports, "report")
    )]
    Unread {
        /// How many reports were to be read.
        reports: usize,
        /// The most frequent reason.
        reason: String,
        /// The first report that it is of.
        first: String,
    },
    /// A trial is not what its sweep planned.
    #[error(
        "the trial was planned as {planned} and is {found} now: its data or evidence changed since; call the sweep again"
    )]
    Replanned {
        /// The key that the sweep gave.
        planned: String,
        /// The key of what is there.
        found: String,
    },
    /// None of the splits to evaluate has an image.
    #[error(
        "no study of the {splits} split has an image, so nothing could be scored after training; give the data such studies, \
         or other `eval.splits`"
    )]
    NothingToScore {
        /// The splits that were asked for.
        splits: String,
    },
    /// An evaluation set has no image.
    #[error("no image of the evaluation set `{name}` can be read, so nothing of it could be scored after training")]
    SetWithoutImages {
        /// Its name.
        name: String,
    },
    /// A run that is to be scored has not finished.
    #[error("the run in {} has not finished; the command that began it goes on with it", path.display())]
    NotFinished {
        /// The run's folder.
        path: PathBuf,
    },
    /// An evaluation set that is called as one of the run's.
    #[error(
        "the run has scores of an evaluation set `{name}`, which is another one: other settings, or other studies; give this one \
         another name"
    )]
    OtherSet {
        /// Its name.
        name: String,
    },
    /// The experiment's own prompts have no class that the studies can score.
    #[error("{problem}; correct the prompts, or switch the task off beside them: `enabled = false`")]
    NothingToClassify {
        /// What the classes lack, and which labels there are.
        problem: String,
    },
    /// There is no run of that name.
    #[error("there is no run `{}` in {}{known}", wanted.display(), runs.display())]
    NoSuchRun {
        /// What was asked for.
        wanted: PathBuf,
        /// Where runs are.
        runs: PathBuf,
        /// Those that there are.
        known: String,
    },
    /// A key that several folders have.
    #[error("`{}` is the key of several runs in {}: {names}; give the whole name of one", wanted.display(), runs.display())]
    SeveralRuns {
        /// What was asked for.
        wanted: PathBuf,
        /// Where runs are.
        runs: PathBuf,
        /// Their names.
        names: String,
    },
    /// A folder that is no run's.
    #[error("{} is not the folder of a run: it has no journal with anything in it", path.display())]
    NotARun {
        /// The folder.
        path: PathBuf,
    },
    /// The journal of a run that was asked for cannot be read.
    #[error(transparent)]
    OldJournal(lgdea_track::Error),
    /// A run has no model.
    #[error("{} has no checkpoint to look into: {why}", path.display())]
    NoCheckpoint {
        /// The run's folder.
        path: PathBuf,
        /// Why.
        why: String,
    },
    /// What a run read is not what it was.
    #[error("{what} of {} changed since it was trained (digest {now}, then {then}); {advice}", path.display())]
    Changed {
        /// What changed.
        what: &'static str,
        /// The run's folder.
        path: PathBuf,
        /// The first digits of its digest.
        now: String,
        /// Those of its digest when the run was made.
        then: String,
        /// What to do.
        advice: &'static str,
    },
    /// A run's journal does not say what it read.
    #[error("the journal of {} does not say what {what} was; run the experiment again", path.display())]
    NotRecorded {
        /// The run's folder.
        path: PathBuf,
        /// What it does not say.
        what: &'static str,
    },
    /// A file of a run that was asked for cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    OldFile {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// Word pieces are not those that a run's model was trained with.
    #[error(
        "the word pieces learned from the run's reports are not those of {}; take the version of lgdea that it was trained \
         with", path.display()
    )]
    OtherPieces {
        /// The file of the run's word pieces.
        path: PathBuf,
    },
}

impl RunError {
    /// A [`RunError::File`], for `map_err`.
    pub(crate) fn file(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::File { action, path: path.to_owned(), source }
    }
}

/// A run that is looked into is the input of who looks; what a run does itself is not.
impl AtFault for RunError {
    fn fault(&self) -> Fault {
        match self {
            Self::Replanned { .. }
            | Self::SetWithoutImages { .. }
            | Self::NotFinished { .. }
            | Self::OtherSet { .. }
            | Self::NothingToScore { .. }
            | Self::NothingToClassify { .. }
            | Self::NoSuchRun { .. }
            | Self::SeveralRuns { .. }
            | Self::NotARun { .. }
            | Self::OldJournal(_)
            | Self::NoCheckpoint { .. }
            | Self::Changed { .. }
            | Self::NotRecorded { .. }
            | Self::OldFile { .. }
            | Self::OtherPieces { .. } => Fault::Input,
            // Who reads the evidence was found to be usable before: reading is a part of the run.
            Self::Evidence(_)
            | Self::Unanswered { .. }
            | Self::Unread { .. }
            | Self::Thread(_)
            | Self::File { .. }
            | Self::Card(_) => Fault::Run,
            Self::Spec(error) => error.fault(),
            Self::Inputs(error) => error.fault(),
            Self::Data(error) => error.fault(),
            Self::Cache(error) => error.fault(),
            Self::Train(error) => error.fault(),
            Self::Prepared(error) => error.fault(),
            Self::Inspect(error) => error.fault(),
            Self::Eval(error) => error.fault(),
            Self::Tokenizer(error) => error.fault(),
            Self::Journal(error) => error.fault(),
            Self::Tracker(error) => error.fault(),
            Self::Json(error) => error.fault(),
        }
    }

    fn diagnostic(&self) -> Option<&dyn Diagnostic> {
        match self {
            Self::Spec(error) => error.diagnostic(),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_for_is_the_input_and_what_a_run_does_is_not() {
        let text = || "text".to_owned();
        let full = || io::Error::other("the disk is full");
        let busy = || lgdea_track::Error::Busy { path: text().into() };
        let server = EvidenceError::Server { server: text(), problem: text() };
        let remote = || EvidenceError::Remote { host: text() };
        let table = [
            (RunError::Inputs(InputsError::Evidence(remote())), Fault::Input),
            (RunError::Data(DataError::ImageSize { size: 0 }), Fault::Input),
            (RunError::Train(TrainError::NoPairs), Fault::Input),
            (RunError::Tracker(mlflow::Error::Setting(text())), Fault::Input),
            (RunError::OldJournal(busy()), Fault::Input),
            (RunError::OldFile { path: text().into(), source: full() }, Fault::Input),
            (RunError::NothingToScore { splits: text() }, Fault::Input),
            (RunError::Evidence(server), Fault::Run),
            (RunError::Evidence(remote()), Fault::Run),
            (RunError::Train(TrainError::LoaderStopped), Fault::Run),
            (RunError::Journal(busy()), Fault::Run),
            (RunError::File { action: "write", path: text().into(), source: full() }, Fault::Run),
        ];
        for (error, fault) in table {
            assert_eq!(error.fault(), fault, "{error}");
        }
    }
}
