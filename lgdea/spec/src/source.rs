//! Where a value of an experiment stands: in which text, and at which bytes of it.

use std::fmt;
use std::ops::Range;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

/// A text that gives values: a file, a preset, a flag or the embedded defaults.
#[derive(Debug)]
pub(crate) struct Source {
    pub(crate) kind: SourceKind,
    /// Path, preset or flag, as the user wrote it.
    pub(crate) name: String,
    pub(crate) text: Arc<str>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SourceKind {
    Defaults,
    FileName,
    Preset,
    File,
    Flag,
}

/// A path without its detours: `sweeps/../a.toml` is `a.toml`, unless `sweeps` is a symbolic link to a folder elsewhere.
pub(crate) fn direct(path: &Path) -> PathBuf {
    let mut direct = PathBuf::new();
    for part in path.components() {
        match (part, direct.components().next_back()) {
            (Component::ParentDir, Some(Component::Normal(_))) => drop(direct.pop()),
            _ => direct.push(part),
        }
    }
    // The file itself need not be there.
    let folder = |path: &Path| match path.parent()? {
        parent if parent.as_os_str().is_empty() => Path::new(".").canonicalize().ok(),
        parent => parent.canonicalize().ok(),
    };
    let is_same =
        direct.file_name() == path.file_name() && folder(&direct).is_some_and(|one| Some(one) == folder(path));
    if is_same { direct } else { path.to_owned() }
}

impl Source {
    pub(crate) fn new(kind: SourceKind, name: impl Into<String>, text: &str) -> Arc<Source> {
        Arc::new(Source { kind, name: name.into(), text: Arc::from(text) })
    }

    /// Line of a byte, counted from 1.
    pub(crate) fn line(&self, byte: usize) -> usize {
        let before = self.text.get(..byte).unwrap_or(&self.text);
        1 + before.matches('\n').count()
    }
}

/// Where a key and its value stand.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    pub(crate) source: Arc<Source>,
    /// Bytes of the key; the whole text for the root.
    pub(crate) key: Range<usize>,
    /// Bytes of the value.
    pub(crate) value: Range<usize>,
}

impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Source { kind, name, .. } = &*self.source;
        match kind {
            SourceKind::Defaults => write!(formatter, "the defaults"),
            SourceKind::FileName => write!(formatter, "the file's name"),
            SourceKind::Flag => write!(formatter, "--set {name}"),
            SourceKind::Preset => write!(formatter, "preset {name}:{}", self.line()),
            SourceKind::File => write!(formatter, "{name}:{}", self.line()),
        }
    }
}

impl Place {
    /// Whether someone wrote it: nobody can change a default.
    pub(crate) fn is_written(&self) -> bool {
        self.source.kind != SourceKind::Defaults
    }

    fn line(&self) -> usize {
        self.source.line(self.key.start)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn detours_are_left_out_unless_they_lead_elsewhere() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        std::fs::create_dir_all(at("a/b")).unwrap();
        std::fs::create_dir_all(at("elsewhere/deep")).unwrap();
        std::fs::write(at("x.toml"), "").unwrap();
        let table = [
            ("a/../x.toml", "x.toml"),
            ("a/b/../../x.toml", "x.toml"),
            ("a/b/../y.toml", "a/y.toml"),
            ("a/./b/x.toml", "a/b/x.toml"),
            ("a/b/../../a/b/x.toml", "a/b/x.toml"),
            ("x.toml", "x.toml"),
            ("none/../x.toml", "none/../x.toml"),
            ("a/b/..", "a/b/.."),
        ];
        for (path, expected) in table {
            assert_eq!(direct(&at(path)), at(expected), "{path}");
        }
        for path in ["../x.toml", "../../x.toml", "x.toml", "./x.toml", "", "/x.toml"] {
            assert_eq!(direct(Path::new(path)), Path::new(path));
        }
        assert_eq!(direct(Path::new("src/../Cargo.toml")), Path::new("Cargo.toml"));
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink(at("elsewhere/deep"), at("link")).unwrap();
            assert_eq!(direct(&at("link/../x.toml")), at("link/../x.toml"));
        }
    }
}
