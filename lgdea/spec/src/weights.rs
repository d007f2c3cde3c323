//! How published weights are named: by a path, or by a repository.

use std::path::Path;

/// Endings of the files that published weights are in.
pub const WEIGHTS_EXTENSIONS: [&str; 5] = ["safetensors", "pt", "pth", "bin", "ckpt"];

/// Whether published weights are named by a path: a file, or a folder that is written with its `./` or in full.
pub(crate) fn is_path(weights: &str) -> bool {
    let path = Path::new(weights);
    let is_file =
        path.extension().is_some_and(|ending| WEIGHTS_EXTENSIONS.iter().any(|it| ending.eq_ignore_ascii_case(it)));
    is_file || weights.starts_with(['.', '/', '$', '~']) || path.is_absolute()
}

/// The owner and the name of the repository `owner/name` that published weights are named by; `None` of a path.
pub fn repository(weights: &str) -> Option<(&str, &str)> {
    let plain = |part: &str| !part.is_empty() && !part.starts_with(['.', '~', '$']) && !part.contains(['/', '\\']);
    weights.split_once('/').filter(|(owner, name)| plain(owner) && plain(name) && !is_path(weights))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repositories_are_told_from_paths() {
        for (weights, of) in [
            ("timm/resnet50.tv_in1k", Some(("timm", "resnet50.tv_in1k"))),
            ("weights/model.safetensors", None),
            ("weights/MODEL.PTH", None),
            ("./weights/model", None),
            ("~/weights", None),
            ("$WEIGHTS/model", None),
            ("/weights/model", None),
            ("a/b/c", None),
            ("model", None),
            ("a/", None),
            ("", None),
        ] {
            assert_eq!(repository(weights), of, "{weights}");
        }
    }
}
