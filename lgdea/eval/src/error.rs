//! Why an evaluation cannot be made.

use std::path::PathBuf;

use lgdea_fault::{AtFault, Fault};
use miette::Diagnostic;
use thiserror::Error;

/// Why an evaluation could not be made.
#[derive(Debug, Error)]
pub enum EvalError {
    /// Two inputs of a task do not belong together.
    #[error("{what} has shape {found:?}, but {expected:?} is needed")]
    Shape {
        /// The input that does not fit.
        what: String,
        /// The shape that the other inputs ask for.
        expected: Vec<usize>,
        /// The shape given.
        found: Vec<usize>,
    },
    /// A model output is NaN or infinite: no metric of it means anything.
    #[error(
        "{what} has {value} in row {row}: the model's outputs must be finite; if the loss diverged, lower train.learning-rate"
    )]
    NotFinite {
        /// The model output.
        what: String,
        /// Row of the first such value, from 0.
        row: usize,
        /// The value.
        value: f32,
    },
    /// A threshold or a probe cannot be determined from the cases given.
    #[error("cannot determine {what}: {problem}")]
    Undetermined {
        /// What was to be determined, and of which label.
        what: String,
        /// What is wrong and what to do.
        problem: String,
    },
    /// A prompt set is neither shipped nor a TOML file.
    #[error(
        "there is no prompt set `{name}`{suggestion}; shipped are {known}; for your own, give the path of a .toml file"
    )]
    UnknownPrompts {
        /// The name asked for.
        name: String,
        /// The names shipped.
        known: String,
        /// ` (did you mean …?)`, or empty.
        suggestion: String,
    },
    /// The path of a file of prompts or of a protocol names an environment variable that cannot be used.
    #[error("cannot tell where the file of prompts or of a protocol lies: {0}")]
    PromptPath(#[from] lgdea_spec::EnvironmentError),
    /// A prompt file cannot be read.
    #[error("cannot read the prompt file {}: {source}", path.display())]
    ReadPrompts {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A prompt file is not the TOML that is expected.
    #[error("cannot understand the prompt file {origin}:\n{source}")]
    ParsePrompts {
        /// The file, or the name of a shipped set.
        origin: String,
        /// Line, column and reason.
        source: Box<toml::de::Error>,
    },
    /// A prompt file is well-formed but cannot be used.
    #[error("the prompt file {origin} cannot be used: {problem}")]
    InvalidPrompts {
        /// The file, or the name of a shipped set.
        origin: String,
        /// The class concerned, what is wrong and what to do.
        problem: String,
    },
    /// A protocol is neither shipped nor a TOML file.
    #[error(
        "there is no protocol `{name}`{suggestion}; shipped are {known}; for your own, give the path of a .toml file"
    )]
    UnknownProtocol {
        /// The name asked for.
        name: String,
        /// The names shipped.
        known: String,
        /// ` (did you mean …?)`, or empty.
        suggestion: String,
    },
    /// A protocol's file cannot be read.
    #[error("cannot read the protocol {}: {source}", path.display())]
    ReadProtocol {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A protocol's file is not the TOML that is expected.
    #[error("cannot understand the protocol {origin}:\n{problem}")]
    ParseProtocol {
        /// The file, or the name of a shipped one.
        origin: String,
        /// Line, column and reason.
        problem: String,
    },
    /// A protocol's switches do not go together.
    #[error("the protocol {origin} cannot be used: {problem}")]
    InvalidProtocol {
        /// The file, or the name of a shipped one.
        origin: String,
        /// The switch, what is wrong and what to do.
        problem: String,
    },
    /// Outputs that were given and their reference cannot be scored by the protocol.
    #[error("cannot score {what}: {problem}")]
    Outputs {
        /// The outputs.
        what: String,
        /// What is wrong and what to do.
        problem: String,
    },
    /// A file of outputs, or their reference, cannot be used.
    #[error(transparent)]
    Predictions(#[from] lgdea_predictions::PredictionError),
    /// A picture cannot be written.
    #[error("cannot write the picture {}: {source}", path.display())]
    WritePicture {
        /// The file.
        path: PathBuf,
        /// What the encoder or the system said.
        source: image::ImageError,
    },
    /// A file of a run's prototypes cannot be read or written.
    #[error("cannot {action} {}: {source}", path.display())]
    Kept {
        /// What was tried.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// What the system said, or what is wrong with the file.
        source: std::io::Error,
    },
    /// A picture cannot be made.
    #[error("cannot encode a picture: {0}")]
    EncodePicture(#[source] image::ImageError),
    /// The page of prototypes shows a study whose radiograph was not given.
    #[error("the radiograph of study {study} is missing; give those of all studies that the page shows")]
    NoRadiograph {
        /// Its position.
        study: usize,
    },
    /// The page of prototypes cannot be filled in.
    #[error("cannot fill in the page of prototypes: {0}; this is a defect of lgdea")]
    Page(#[from] minijinja::Error),
    /// The caption font does not parse.
    #[error("cannot read the embedded caption font: {0}")]
    Font(#[from] ab_glyph::InvalidFont),
}

/// Prompts and labels are the input; outputs of a model, and pictures of them, are not.
impl AtFault for EvalError {
    fn diagnostic(&self) -> Option<&dyn Diagnostic> {
        match self {
            EvalError::Predictions(error) => error.diagnostic(),
            _ => None,
        }
    }

    fn fault(&self) -> Fault {
        match self {
            EvalError::Predictions(error) => error.fault(),
            EvalError::Undetermined { .. }
            | EvalError::UnknownPrompts { .. }
            | EvalError::PromptPath(_)
            | EvalError::ReadPrompts { .. }
            | EvalError::ParsePrompts { .. }
            | EvalError::InvalidPrompts { .. }
            | EvalError::UnknownProtocol { .. }
            | EvalError::ReadProtocol { .. }
            | EvalError::ParseProtocol { .. }
            | EvalError::InvalidProtocol { .. }
            | EvalError::Outputs { .. } => Fault::Input,
            EvalError::Shape { .. }
            | EvalError::NotFinite { .. }
            | EvalError::WritePicture { .. }
            | EvalError::Kept { .. }
            | EvalError::EncodePicture(_)
            | EvalError::NoRadiograph { .. }
            | EvalError::Page(_)
            | EvalError::Font(_) => Fault::Run,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prompts_are_the_input_and_outputs_of_models_are_not() {
        let text = || "text".to_owned();
        let missing = || std::io::Error::from(std::io::ErrorKind::NotFound);
        let table = [
            (EvalError::Undetermined { what: text(), problem: text() }, Fault::Input),
            (EvalError::UnknownPrompts { name: text(), known: text(), suggestion: text() }, Fault::Input),
            (EvalError::ReadPrompts { path: text().into(), source: missing() }, Fault::Input),
            (EvalError::InvalidPrompts { origin: text(), problem: text() }, Fault::Input),
            (EvalError::NotFinite { what: text(), row: 0, value: f32::NAN }, Fault::Run),
            (EvalError::Kept { action: "write", path: text().into(), source: missing() }, Fault::Run),
            (EvalError::NoRadiograph { study: 0 }, Fault::Run),
        ];
        for (error, fault) in table {
            assert_eq!(error.fault(), fault, "{error}");
        }
    }
}
