//! What tables call models: as the user says, or as their files are called.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// The names of models whose predictions lie at `paths`; `given` is what the user says.
pub(super) fn of_models(paths: &[PathBuf], given: &[String]) -> Result<Vec<String>, String> {
    if given.is_empty() {
        return of_files(paths);
    }
    if given.len() != paths.len() {
        let (given, needed) = (given.len(), paths.len());
        return Err(format!("--name is given {given} times for {needed} models; give one for each, in their order"));
    }
    let names: Vec<String> = given.iter().map(|name| name.trim().to_owned()).collect();
    if names.iter().any(String::is_empty) {
        return Err("--name has an empty name; write one".to_owned());
    }
    match twice(&names) {
        Some(name) => Err(format!("--name has `{name}` twice; call each model differently")),
        None => Ok(names),
    }
}

/// The names of the files without their ends, with as many folders before them as tell them apart; the paths where nothing else
/// does.
fn of_files(paths: &[PathBuf]) -> Result<Vec<String>, String> {
    let longest = paths.iter().map(|path| path.iter().count()).max().unwrap_or_default();
    let name = |(at, path): (usize, &PathBuf)| {
        let is_own = |name: &String, parts| {
            paths.iter().enumerate().all(|(other, path)| other == at || last(path, parts) != *name)
        };
        let own = (1..=longest).map(|parts| (last(path, parts), parts)).find(|(name, parts)| is_own(name, *parts));
        own.map_or_else(|| path.display().to_string(), |(name, _)| name)
    };
    let names: Vec<String> = paths.iter().enumerate().map(name).collect();
    match twice(&names) {
        Some(name) => Err(format!("{name} is given twice; give each model once, or name them by --name")),
        None => Ok(names),
    }
}

/// The last parts of a path, without the end of the file's name.
fn last(path: &Path, parts: usize) -> String {
    let bare = path.with_extension("");
    let all: Vec<_> = bare.iter().map(|part| part.to_string_lossy()).collect();
    all[all.len().saturating_sub(parts)..].join("/")
}

fn twice(names: &[String]) -> Option<&String> {
    let mut seen = BTreeSet::new();
    names.iter().find(|name| !seen.insert(*name))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn names(paths: &[&str], given: &[&str]) -> Result<Vec<String>, String> {
        let paths: Vec<PathBuf> = paths.iter().map(PathBuf::from).collect();
        let given: Vec<String> = given.iter().map(|&name| name.to_owned()).collect();
        of_models(&paths, &given)
    }

    #[test]
    fn models_are_called_as_their_files_with_the_folders_that_tell_them_apart() {
        for (paths, expected) in [
            (&["out/a.npz", "b.v1.npz"][..], &["a", "b.v1"][..]),
            (&["x/s.npz", "y/s.npz", "z.npz"], &["x/s", "y/s", "z"]),
            (&["x/1/s.npz", "y/1/s.npz", "y/2/s.npz"], &["x/1/s", "y/1/s", "2/s"]),
            (&["s.npz", "x/s.npz"], &["s", "x/s"]),
            (&["s.npz", "s.csv"], &["s.npz", "s.csv"]),
        ] {
            assert_eq!(names(paths, &[]).unwrap(), expected, "{paths:?}");
        }
        assert!(names(&["a.npz", "a.npz"], &[]).unwrap_err().contains("a.npz is given twice"));
    }

    #[test]
    fn names_of_the_user_are_one_a_model_and_differ() {
        assert_eq!(names(&["a", "a"], &["x", " y "]).unwrap(), ["x", "y"]);
        for (given, part) in [(&["x"][..], "1 times for 2 models"), (&["x", "x"], "twice"), (&["x", " "], "empty")] {
            assert!(names(&["a", "b"], given).unwrap_err().contains(part), "{part}");
        }
    }
}
