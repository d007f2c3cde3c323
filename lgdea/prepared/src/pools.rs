//! Which studies train as what.

use std::collections::HashMap;

use lgdea_data::{PairingManifest, Study};

use crate::PreparedError;
use crate::evidence_table::ReadEvidence;

/// Training studies by use, as positions.
pub struct Pools {
    /// `P`.
    pub paired: Vec<usize>,
    /// `U_I`.
    pub images: Vec<usize>,
    /// `U_R`.
    pub reports: Vec<usize>,
}

impl Pools {
    /// Pairs and reports whose evidence was not read are left out.
    pub(crate) fn new(studies: &[Study], pairing: &PairingManifest, read: &ReadEvidence<'_>) -> Self {
        let position: HashMap<&str, usize> =
            studies.iter().enumerate().map(|(position, study)| (study.id.as_str(), position)).collect();
        let find = |id: &String| position.get(id.as_str()).copied();
        let find_read = |id: &String| find(id).filter(|&study| read.has(&studies[study]));
        Self {
            paired: pairing.paired.iter().filter_map(find_read).collect(),
            images: pairing.images.iter().filter_map(find).collect(),
            reports: pairing.reports.iter().filter_map(find_read).collect(),
        }
    }

    /// For the oracle: keeps unpaired images whose hidden report was read.
    ///
    /// # Errors
    /// An unpaired image has no report.
    pub(crate) fn reveal(&mut self, studies: &[Study], read: &ReadEvidence<'_>) -> Result<(), PreparedError> {
        // As elsewhere, studies whose report's reading failed are left out.
        let has_report = |study: usize| studies[study].report.is_some();
        self.images.retain(|&study| !has_report(study) || read.has(&studies[study]));
        match self.images.iter().filter(|&&study| !has_report(study)).count() {
            0 => Ok(()),
            without => Err(PreparedError::NothingHidden { without, images: self.images.len() }),
        }
    }

    /// Studies whose image is a node of the relation graph: paired, then image-only.
    pub fn images_of_graph(&self) -> impl Iterator<Item = usize> + '_ {
        self.paired.iter().chain(&self.images).copied()
    }

    /// Studies whose report may be read in training: paired, then report-only.
    pub fn reports(&self) -> impl Iterator<Item = usize> + '_ {
        self.paired.iter().chain(&self.reports).copied()
    }
}
