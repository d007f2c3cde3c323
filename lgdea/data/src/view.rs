//! Views of radiographs. A study is read with its frontal image.

use std::fmt;

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

/// How a radiograph was taken, for scores by view.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Projection {
    /// From back to front: upright, in a radiology department.
    Pa,
    /// From front to back: as a rule in bed.
    Ap,
    /// From the side.
    Lateral,
}

impl Projection {
    /// The projection that a cell names; `None` where it names none or a mere "frontal".
    pub(crate) fn parse(cell: &str) -> Option<Projection> {
        let words = words(cell);
        let says = |known: &[&str]| has_one_of(&words, known);
        match View::of(&words) {
            View::Lateral => Some(Projection::Lateral),
            View::Frontal if says(&["PA", "POSTEROANTERIOR", "POSTERO", "POSTEROANT"]) && !says(&["AP"]) => {
                Some(Projection::Pa)
            }
            View::Frontal if says(&["AP", "ANTEROPOSTERIOR", "ANTERO"]) && !says(&["PA"]) => Some(Projection::Ap),
            _ => None,
        }
    }
}

impl fmt::Display for Projection {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Projection::Pa => "PA",
            Projection::Ap => "AP",
            Projection::Lateral => "lateral",
        })
    }
}

/// The words of a cell, in upper case.
fn words(cell: &str) -> Vec<String> {
    let upper = cell.to_uppercase();
    let mut words: Vec<String> = Vec::new();
    let mut is_letter = false;
    for word in upper.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()) {
        // "p.a." is written with one letter a word.
        match words.last_mut() {
            Some(last) if is_letter && word.len() == 1 && upper.contains('.') => last.push_str(word),
            _ => {
                is_letter = word.len() == 1;
                words.push(word.to_owned());
            }
        }
    }
    words
}

fn has_one_of(words: &[String], known: &[&str]) -> bool {
    words.iter().any(|word| known.contains(&word.as_str()))
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
    // French and Spanish; German writes "p.a."
    "FACE",
    "FRONTALE",
    "FRENTE",
];
const LATERAL: &[&str] = &[
    "L", "LL", "RL", "LAT", "LATERAL", "LLAT", "RLAT", "SIDE", "PROFILE",
    // German, French and Spanish.
    "SEITLICH", "SEITE", "PROFIL", "LATERALE", "PERFIL",
];
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
        View::of(&words(cell))
    }

    fn of(words: &[String]) -> View {
        let says = |known: &[&str]| has_one_of(words, known);
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
    fn projections_are_told_apart() {
        for (projection, cells) in [
            (
                Some(Projection::Pa),
                &["PA", "p.a.", "P. A.", "Thorax p.a.", "pa erect", "postero-anterior", "POSTEROANTERIOR"][..],
            ),
            (
                Some(Projection::Ap),
                &["AP", "a.p. liegend", "AP SUPINE", "AP_horizontal", "Antero-Posterior", "ANTEROPOSTERIOR"],
            ),
            (Some(Projection::Lateral), &["L", "LATERAL", "LL", "seitlich", "de profil"]),
            (None, &["", "frontal", "AP/PA", "oblique", "CT"]),
        ] {
            for cell in cells {
                assert_eq!(Projection::parse(cell), projection, "{cell}");
            }
        }
    }

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
