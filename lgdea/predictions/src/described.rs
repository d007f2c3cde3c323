//! What tables say of studies beside labels and texts.

use lgdea_data::Study;

/// A column of a reference beside its own: the name, and a cell for each case.
pub type Described = (&'static str, Vec<String>);

/// Splits of studies, and what is known of the persons and of how the images were taken, which scores are given by subgroups of. A
/// cell is empty where that is not known.
pub fn described(studies: &[&Study]) -> [Described; 5] {
    let column = |name, cell: fn(&Study) -> Option<String>| {
        (name, studies.iter().map(|study| cell(study).unwrap_or_default()).collect::<Vec<String>>())
    };
    [
        column("split", |study| Some(study.split.to_string())),
        column("sex", |study| study.person.sex.map(|sex| sex.to_string())),
        column("age", |study| study.person.age.map(|age| age.to_string())),
        column("view", |study| study.projection.map(|projection| projection.to_string())),
        column("source", |study| study.source.as_deref().map(str::to_owned)),
    ]
}
