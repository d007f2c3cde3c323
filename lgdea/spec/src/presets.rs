//! The shipped presets, by name.

/// A preset's name and text.
macro_rules! preset {
    ($name:literal) => {
        ($name, include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../templates/presets/", $name, ".toml")))
    };
}

/// Presets that `extends` knows by name, from the project's `templates/presets`.
pub(crate) const PRESETS: [(&str, &str); 15] = [
    preset!("clip"),
    preset!("clip-evidence"),
    preset!("clip-txt"),
    preset!("gloria"),
    preset!("gloria-txt"),
    preset!("lgdea-paper"),
    preset!("medclip"),
    preset!("mgca"),
    preset!("oracle"),
    preset!("pseudo-pair"),
    preset!("radzero"),
    preset!("s-clip"),
    preset!("semiclip"),
    preset!("sotalign"),
    preset!("supervised"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_preset_of_the_folder_is_shipped() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../templates/presets");
        let files = std::fs::read_dir(folder).unwrap();
        let mut files: Vec<String> =
            files.map(|entry| entry.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned()).collect();
        files.sort();
        let mut shipped = PRESETS.map(|(name, _)| name.to_owned());
        shipped.sort();
        assert_eq!(files, shipped);
    }
}
