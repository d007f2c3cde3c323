//! Where a value of an experiment stands: in which text, and at which bytes of it.

use std::fmt;
use std::ops::Range;
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
    fn line(&self) -> usize {
        self.source.line(self.key.start)
    }
}
