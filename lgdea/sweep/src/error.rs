use lgdea_data::DataError;
use lgdea_evidence::EvidenceError;
use lgdea_spec::SpecError;
use thiserror::Error;

/// Why a sweep cannot be planned.
#[derive(Debug, Error)]
pub enum PlanError {
    /// The sweep has trials that are no valid experiments.
    #[error(transparent)]
    Spec(#[from] SpecError),
    /// The data of a trial cannot be read.
    #[error(transparent)]
    Data(#[from] DataError),
    /// The evidence of a trial cannot be read as the experiment says.
    #[error(transparent)]
    Evidence(#[from] EvidenceError),
    /// The folder of earlier runs cannot be read.
    #[error("failed to read {}: {source}", path.display())]
    Results {
        /// The folder.
        path: std::path::PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
}
