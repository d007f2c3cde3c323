//! Where published weights are on this machine, and what is in them.
//!
//! Nothing is downloaded: a repository is looked for where the Hugging Face libraries keep what they have fetched.

use std::env;
use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, BufReader, Read, Seek};
use std::path::{Path, PathBuf};

use lgdea_spec::repository;
use serde::de::IgnoredAny;

use crate::DataError;
use crate::decode::LFS_POINTER;
use crate::error::expand;

/// The file or folder that `weights` of an experiment means: a path, or a repository `owner/name` in the cache of the
/// Hugging Face libraries (`HF_HUB_CACHE`, `HF_HOME/hub` or `~/.cache/huggingface/hub`).
///
/// # Errors
/// It is not there, or an environment variable of the path is not set.
pub fn locate(weights: &str) -> Result<PathBuf, DataError> {
    let path = expand("encoder", weights)?;
    if path.exists() {
        return Ok(path);
    }
    match repository(weights) {
        Some((owner, name)) => {
            let hub = hub();
            snapshot(&hub, owner, name).ok_or_else(|| DataError::NoWeights {
                what: weights.to_owned(),
                searched: format!("there is no snapshot of it in {}", hub.display()),
            })
        }
        None => Err(DataError::Io { path, source: io::ErrorKind::NotFound.into() }),
    }
}

/// The weights file that a path of [`locate`]'s means: the file itself, or that of a folder as the Hugging Face libraries
/// save it.
///
/// # Errors
/// The folder has none.
pub fn weights_file(path: &Path) -> Result<PathBuf, DataError> {
    if !path.is_dir() {
        return Ok(path.to_owned());
    }
    let names = ["model.safetensors", "pytorch_model.bin"];
    let found = names.iter().map(|name| path.join(name)).find(|file| file.is_file());
    found.ok_or_else(|| {
        let in_parts = names.iter().any(|name| path.join(format!("{name}.index.json")).is_file());
        DataError::NoWeightsFile { folder: path.to_owned(), in_parts }
    })
}

/// Hash (blake3, in hexadecimal) of the files of published weights, as far as encoders read them; empty for none.
///
/// # Errors
/// They are not there or cannot be read.
pub fn digest(pretrained: &[String]) -> Result<String, DataError> {
    if pretrained.is_empty() {
        return Ok(String::new());
    }
    let mut all = blake3::Hasher::new();
    for weights in pretrained {
        for path in files(weights)? {
            let unreadable = DataError::io(&path);
            let file = File::open(&path).map_err(unreadable)?;
            let mut hasher = blake3::Hasher::new();
            hasher.update_reader(file).map_err(unreadable)?;
            // The name of a file does not count: the same weights may lie elsewhere.
            all.update(hasher.finalize().as_bytes());
        }
    }
    Ok(all.finalize().to_hex().to_string())
}

/// The files of published weights, as far as encoders read them, none of them a pointer or another broken file.
///
/// # Errors
/// They are not there, were not fetched, or are not what their names say.
pub fn files(weights: &str) -> Result<Vec<PathBuf>, DataError> {
    let path = locate(weights)?;
    // A folder may have word pieces alone.
    let files: Vec<PathBuf> = beside(&path).chain(weights_file(&path).ok()).collect();
    files.iter().try_for_each(|file| sound(file))?;
    Ok(files)
}

/// Refuses a file whose first bytes are those of something else.
fn sound(path: &Path) -> Result<(), DataError> {
    let unreadable = DataError::io(path);
    let broken = |reason| Err(DataError::BrokenWeights { path: path.to_owned(), reason });
    let mut file = File::open(path).map_err(unreadable)?;
    let length = file.metadata().map_err(unreadable)?.len();
    let mut start = Vec::new();
    (&mut file).take(64).read_to_end(&mut start).map_err(unreadable)?;
    let text = String::from_utf8_lossy(&start).trim_start().to_lowercase();
    if start.starts_with(LFS_POINTER) {
        return Err(DataError::LfsPointer { path: path.to_owned() });
    }
    if start.is_empty() {
        return broken("is empty; fetch it again");
    }
    if text.starts_with("<!doctype") || text.starts_with("<html") {
        return broken(
            "is a web page; fetch the file itself (of Hugging Face, `resolve` instead of `blob` in its address)",
        );
    }
    match (path.extension().and_then(OsStr::to_str), start.first_chunk::<8>()) {
        // The length of the header, then the header.
        (Some("safetensors"), Some(header)) if u64::from_le_bytes(*header) <= length.saturating_sub(8) => Ok(()),
        (Some("safetensors"), _) => broken("is no safetensors file, or is cut off; fetch it again"),
        (Some("json"), _) if !is_json(&file).map_err(unreadable)? => {
            broken("is not JSON, or is cut off; fetch it again")
        }
        _ => Ok(()),
    }
}

/// Whether a file is JSON from its beginning on.
fn is_json(mut file: &File) -> io::Result<bool> {
    file.rewind()?;
    Ok(serde_json::from_reader::<_, IgnoredAny>(BufReader::new(file)).is_ok())
}

/// What an encoder may read of a folder besides weights.
fn beside(folder: &Path) -> impl Iterator<Item = PathBuf> {
    let names = ["config.json", "tokenizer.json", "tokenizer_config.json", "vocab.txt"];
    names.map(|name| folder.join(name)).into_iter().filter(|path| path.is_file())
}

/// The repositories `owner/name` of models that the Hugging Face libraries have fetched, by name, and the folder that they lie in.
pub fn repositories() -> (PathBuf, Vec<String>) {
    let hub = hub();
    let name = |entry: fs::DirEntry| Some(entry.file_name().to_str()?.strip_prefix("models--")?.replacen("--", "/", 1));
    let entries = fs::read_dir(&hub).into_iter().flatten().flatten();
    let mut names: Vec<String> = entries.filter_map(name).collect();
    names.sort();
    (hub, names)
}

/// Where the Hugging Face libraries keep repositories.
fn hub() -> PathBuf {
    let variable = |name: &str| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    variable("HF_HUB_CACHE").unwrap_or_else(|| {
        let home = variable("HF_HOME").unwrap_or_else(|| {
            let cache = variable("XDG_CACHE_HOME");
            let cache = cache.or_else(|| env::home_dir().map(|home| home.join(".cache"))).unwrap_or_default();
            cache.join("huggingface")
        });
        home.join("hub")
    })
}

/// The snapshot of a repository that `main` means, or the only one that there is.
fn snapshot(hub: &Path, owner: &str, name: &str) -> Option<PathBuf> {
    let repository = hub.join(format!("models--{owner}--{name}"));
    let snapshots = repository.join("snapshots");
    if let Ok(revision) = fs::read_to_string(repository.join("refs").join("main")) {
        let main = snapshots.join(revision.trim());
        if main.is_dir() {
            return Some(main);
        }
    }
    let mut found = fs::read_dir(snapshots).ok()?.filter_map(|entry| Some(entry.ok()?.path()));
    let first = found.next()?;
    found.next().is_none().then_some(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repository_is_its_main_snapshot() {
        let hub = tempfile::tempdir().unwrap();
        let repository = hub.path().join("models--owner--name");
        for revision in ["a1", "b2"] {
            fs::create_dir_all(repository.join("snapshots").join(revision)).unwrap();
        }
        assert_eq!(snapshot(hub.path(), "owner", "name"), None, "two, and nothing says which");
        fs::create_dir_all(repository.join("refs")).unwrap();
        fs::write(repository.join("refs/main"), "b2\n").unwrap();
        assert_eq!(snapshot(hub.path(), "owner", "name"), Some(repository.join("snapshots/b2")));
        assert_eq!(snapshot(hub.path(), "owner", "other"), None);
    }

    #[test]
    fn what_is_not_there_is_told_with_where_it_was_looked_for() {
        let message = locate("nobody/nothing-of-that-name").unwrap_err().to_string();
        assert!(message.contains("models--") || message.contains("huggingface"), "{message}");
        assert!(message.contains("hf download nobody/nothing-of-that-name"), "{message}");
        assert!(matches!(locate("./nothing.safetensors"), Err(DataError::Io { .. })));
    }

    #[test]
    fn what_was_not_fetched_is_told_as_that() {
        let folder = tempfile::tempdir().unwrap();
        let pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 9\n";
        for name in ["w.safetensors", "w.pt", "w.pth", "w.bin", "w.ckpt"] {
            let path = folder.path().join(name);
            fs::write(&path, pointer).unwrap();
            let said = digest(&[path.display().to_string()]).unwrap_err().to_string();
            assert!(said.contains(name) && said.contains("Git LFS") && said.contains("`git lfs pull`"), "{said}");
        }
        for name in ["model.safetensors", "pytorch_model.bin", "tokenizer.json", "vocab.txt", "config.json"] {
            let folder = tempfile::tempdir().unwrap();
            fs::write(folder.path().join(name), pointer).unwrap();
            let said = digest(&[folder.path().display().to_string()]).unwrap_err().to_string();
            assert!(said.contains(name) && said.contains("Git LFS"), "{said}");
        }
    }

    #[test]
    fn what_is_no_weights_file_is_told_before_it_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let said = |name: &str, content: &[u8]| {
            let path = folder.path().join(name);
            fs::write(&path, content).unwrap();
            files(&path.display().to_string()).map_err(|error| error.to_string())
        };
        for (name, content, part) in [
            ("a.safetensors", &b"\n<!DOCTYPE html><html>"[..], "web page"),
            ("a.pth", b"<html><body>", "web page"),
            ("a.bin", b"", "is empty"),
            ("a.safetensors", b"", "is empty"),
            ("a.safetensors", b"\x10\0\0\0\0\0\0\0{}", "cut off"),
            ("a.safetensors", b"abc", "no safetensors file"),
        ] {
            let said = said(name, content).unwrap_err();
            assert!(said.contains(part) && said.contains(name), "{said}");
        }
        assert!(said("a.safetensors", b"\x02\0\0\0\0\0\0\0{}").is_ok());
        let model = folder.path().join("model");
        fs::create_dir(&model).unwrap();
        fs::write(model.join("tokenizer.json"), "{\"version\": ").unwrap();
        assert!(files(model.to_str().unwrap()).unwrap_err().to_string().contains("not JSON"));
    }

    #[test]
    fn the_content_counts_and_its_place_does_not() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, content: &str| {
            let path = folder.path().join(name);
            fs::write(&path, content).unwrap();
            vec![path.display().to_string()]
        };
        let one = digest(&write("a.pt", "weights")).unwrap();
        assert_eq!(one, digest(&write("b.pt", "weights")).unwrap());
        assert_ne!(one, digest(&write("c.pt", "others")).unwrap());
        assert_eq!(digest(&[]).unwrap(), "");
    }
}
