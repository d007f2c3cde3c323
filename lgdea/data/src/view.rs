//! Views of radiographs. A study is read with its frontal image.

/// Whether a view is lateral: "L", "LL", "Lateral", "LEFT LATERAL", … "AP Supine" and the like are frontal.
pub(crate) fn is_lateral(view: &str) -> bool {
    view.to_uppercase()
        .split(|c: char| !c.is_alphanumeric())
        .any(|word| matches!(word, "L" | "LL" | "RL" | "LAT" | "LATERAL" | "LLAT" | "RLAT"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn views_tell_lateral_from_frontal() {
        for view in ["L", "LL", "lateral", "LEFT LATERAL", "Lat."] {
            assert!(is_lateral(view), "{view}");
        }
        for view in ["", "PA", "AP", "AP Supine", "AP LLD", "left PA"] {
            assert!(!is_lateral(view), "{view}");
        }
    }
}
