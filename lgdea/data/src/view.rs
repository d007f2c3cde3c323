//! Views of radiographs. A study is read with its frontal image.

/// What a file says of an image's view.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum View {
    /// "PA", "AP Supine", "frontal", … A study's first choice.
    Frontal,
    /// Nothing.
    Untold,
    /// A word that says neither, such as "oblique" or a code of the data set's own.
    Unknown,
    /// "L", "LL", "Lateral", "LEFT LATERAL", …
    Lateral,
    /// "CT", "Axial", "Coronal", …: no radiograph.
    OtherImage,
}

const FRONTAL: &[&str] = &[
    "PA",
    "AP",
    "FRONTAL",
    "FRONT",
    "POSTEROANTERIOR",
    "ANTEROPOSTERIOR",
    "POSTERO",
    "ANTERO",
    "POSTEROANT",
    "DV",
    "VD",
];
const LATERAL: &[&str] = &["L", "LL", "RL", "LAT", "LATERAL", "LLAT", "RLAT", "SIDE", "PROFILE"];
/// Words of other examinations.
const OTHER_EXAMINATION: &[&str] = &[
    "CT",
    "CTA",
    "CTPA",
    "HRCT",
    "CBCT",
    "LDCT",
    "MR",
    "MRI",
    "PET",
    "US",
    "ULTRASOUND",
    "SONOGRAPHY",
    "TOMOGRAPHY",
    "SCINTIGRAPHY",
    "ECHO",
    "ANGIOGRAPHY",
    "MAMMOGRAPHY",
];
/// Planes of slices. "AP AXIAL" and "PA AXIAL" are radiographs all the same.
const PLANE: &[&str] = &[
    "AXIAL",
    "CORONAL",
    "SAGITTAL",
    "TRANSVERSE",
    "TRANSVERSAL",
    "TRANSAXIAL",
    "AX",
    "COR",
    "SAG",
    "SLICE",
    "MPR",
    "MIP",
];

impl View {
    /// The view that a cell names.
    pub(crate) fn parse(cell: &str) -> View {
        let upper = cell.to_uppercase();
        let words: Vec<&str> = upper.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
        let says = |known: &[&str]| words.iter().any(|word| known.contains(word));
        match (says(FRONTAL), says(LATERAL)) {
            _ if words.is_empty() => View::Untold,
            _ if says(OTHER_EXAMINATION) => View::OtherImage,
            // "PA and lateral" is a study, and no view.
            (true, true) => View::Unknown,
            (true, false) => View::Frontal,
            (false, true) => View::Lateral,
            _ if says(PLANE) => View::OtherImage,
            _ => View::Unknown,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn views_are_told_apart() {
        for (view, cells) in [
            (View::Lateral, &["L", "LL", "lateral", "LEFT LATERAL", "Lat.", "XTABLE LATERAL", "RLAT"][..]),
            (
                View::Frontal,
                &[
                    "PA",
                    "AP",
                    "ap",
                    "AP Supine",
                    "AP LLD",
                    "left PA",
                    "Frontal",
                    "AP_horizontal",
                    "postero-anterior",
                    "Antero-Posterior",
                    "POSTERO_ANTERIOR",
                    "posteroanterior",
                    "AP AXIAL",
                    "AP semi erect",
                    "AP/PA",
                    "chest PA view",
                ],
            ),
            (
                View::OtherImage,
                &[
                    "CT",
                    "Axial",
                    "Coronal",
                    "sagittal",
                    "CT axial",
                    "Axial CT",
                    "HRCT",
                    "MRI",
                    "Computed Tomography",
                    "CT_coronal",
                    "ct-scan",
                    "US",
                    "Transverse",
                    "CT AP",
                ],
            ),
            (View::Unknown, &["oblique", "LAO", "SWIMMERS", "Other", "0", "EXCLUDE", "PA and lateral", "COSTAL"]),
            (View::Untold, &["", " ", "-", "--"]),
        ] {
            for cell in cells {
                assert_eq!(View::parse(cell), view, "{cell}");
            }
        }
    }
}
