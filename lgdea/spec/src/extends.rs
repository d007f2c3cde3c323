//! The files and presets that an experiment builds on.

use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use toml::Spanned;
use toml::de::DeValue;

use crate::environment::expand_env;
use crate::error::{Problem, ProblemKind};
use crate::layer;
use crate::presets::PRESETS;
use crate::schema::has_extension;
use crate::source::{Source, SourceKind, direct};
use crate::suggest;
use crate::tree::Node;

/// Deepest chain of files that extend each other.
const DEEPEST: usize = 32;

/// Largest experiment file, in bytes: what is larger is some other file.
const LARGEST: u64 = 1 << 24;

/// Keys that belong to a file alone, and are not inherited from it.
const NOT_INHERITED: [&str; 2] = ["name", "description"];

/// Reads the file at `path` and all that it extends; gives their layers, lowest first.
pub(crate) fn layers(path: &Path, problems: &mut Vec<Problem>) -> Vec<Node> {
    Loader::of_file(path, problems).layers
}

/// The files that an experiment file is made of: itself and all that it extends, without symbolic links.
///
/// What cannot be read is left out: who resolves the experiment is told.
pub fn experiment_files(path: &Path) -> Vec<PathBuf> {
    let file = |id| match id {
        Id::File(path) => Some(path),
        Id::Preset(_) => None,
    };
    Loader::of_file(path, &mut Vec::new()).applied.into_iter().filter_map(file).collect()
}

/// Reads what a key of another file names: paths relative to `folder`, and presets.
pub(crate) fn layers_of(
    entries: Spanned<DeValue<'_>>,
    source: &Source,
    folder: &Path,
    problems: &mut Vec<Problem>,
) -> Vec<Node> {
    let id = Id::File(PathBuf::from(&source.name));
    let chain = vec![(id, source.name.clone())];
    let mut loader = Loader { layers: Vec::new(), applied: Vec::new(), chain, problems };
    loader.extend(entries, source, folder);
    loader.layers
}

/// Reads the text of a file.
pub(crate) fn file(path: &Path) -> Result<(Arc<Source>, PathBuf), ProblemKind> {
    Text::of_file(path).map(|text| (text.source, text.folder))
}

struct Loader<'a> {
    layers: Vec<Node>,
    /// What is in `layers`.
    applied: Vec<Id>,
    /// From the first file to the one being read, with the names that they were given.
    chain: Vec<(Id, String)>,
    problems: &'a mut Vec<Problem>,
}

/// What tells one text from another, however it is named.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Id {
    Preset(&'static str),
    /// Without symbolic links.
    File(PathBuf),
}

/// A text to be read as a layer.
struct Text {
    id: Id,
    source: Arc<Source>,
    /// Where its relative paths start from.
    folder: PathBuf,
}

impl<'a> Loader<'a> {
    /// Reads a file and all that it extends.
    fn of_file(path: &Path, problems: &'a mut Vec<Problem>) -> Loader<'a> {
        let mut loader = Loader { layers: Vec::new(), applied: Vec::new(), chain: Vec::new(), problems };
        match Text::of_file(path) {
            Ok(text) => loader.load(text),
            Err(kind) => loader.problems.push(Problem::nowhere(kind)),
        }
        loader
    }
}

impl Loader<'_> {
    fn load(&mut self, text: Text) {
        let Text { id, source, folder } = text;
        let mut table = match layer::parse(&source) {
            Ok(table) => table,
            Err(problem) => return self.problems.push(*problem),
        };
        self.chain.push((id.clone(), source.name.clone()));
        if let Some(entries) = table.remove("extends") {
            self.extend(entries, &source, &folder);
        }
        self.chain.pop();

        let mut node = layer::read(table, &source, &folder, self.problems);
        if !self.chain.is_empty() {
            for key in NOT_INHERITED {
                node.remove(key);
            }
        }
        self.layers.push(node);
        self.applied.push(id);
    }

    fn extend(&mut self, entries: Spanned<DeValue<'_>>, source: &Source, folder: &Path) {
        let before = self.applied.len();
        for entry in self.entries(entries, source) {
            let bytes = entry.span();
            if let Err(kind) = self.entry(entry.get_ref(), folder, before) {
                self.problems.push(Problem::at(kind, source, bytes));
            }
        }
    }

    /// Loads one entry of an `extends` that found `before` texts applied.
    fn entry(&mut self, entry: &str, folder: &Path, before: usize) -> Result<(), ProblemKind> {
        let text =
            if has_extension(entry, "toml") { Text::of_file(&below(folder, entry)?)? } else { Text::of_preset(entry)? };
        if let Some(first) = self.chain.iter().position(|(id, _)| *id == text.id) {
            let chain = self.chain[first..].iter().map(|(_, name)| name.clone());
            return Err(ProblemKind::Cycle { chain: chain.chain([text.source.name.clone()]).collect() });
        }
        match self.applied.iter().position(|id| *id == text.id) {
            Some(position) if position >= before => Err(ProblemKind::Repeated { entry: entry.to_owned() }),
            // Shared by two branches: applied once, below both.
            Some(_) => Ok(()),
            None if self.chain.len() >= DEEPEST => Err(ProblemKind::TooDeep { limit: DEEPEST }),
            None => {
                self.load(text);
                Ok(())
            }
        }
    }

    /// The strings of `extends`; notes what is none.
    fn entries(&mut self, value: Spanned<DeValue<'_>>, source: &Source) -> Vec<Spanned<String>> {
        let bytes = value.span();
        let values = match value.into_inner() {
            DeValue::Array(values) => values.into_iter().collect(),
            other => vec![Spanned::new(bytes, other)],
        };
        let mut entries = Vec::new();
        for value in values {
            let bytes = value.span();
            match value.into_inner() {
                DeValue::String(entry) => entries.push(Spanned::new(bytes, entry.into_owned())),
                other => self.problems.push(not_an_entry(&other, source, bytes)),
            }
        }
        entries
    }
}

/// The file that an entry names, with what paths of an experiment may hold.
fn below(folder: &Path, entry: &str) -> Result<PathBuf, ProblemKind> {
    let path = expand_env(entry);
    path.map(|path| folder.join(path))
        .map_err(|error| ProblemKind::Unreadable { path: entry.into(), reason: error.to_string() })
}

fn not_an_entry(value: &DeValue<'_>, source: &Source, bytes: Range<usize>) -> Problem {
    let kind = ProblemKind::WrongType {
        key: "extends".to_owned(),
        expected: "a string or a list of strings",
        found: layer::found_type(value),
    };
    Problem::at(kind, source, bytes)
}

impl Text {
    fn of_preset(name: &str) -> Result<Text, ProblemKind> {
        let (name, text) = PRESETS.iter().find(|(known, _)| *known == name).ok_or_else(|| {
            let known = || PRESETS.iter().map(|(known, _)| *known);
            ProblemKind::UnknownPreset {
                name: name.to_owned(),
                known: known().map(str::to_owned).collect(),
                meant: suggest::nearest(name, known()).map(str::to_owned),
            }
        })?;
        Ok(Text { id: Id::Preset(name), source: Source::new(SourceKind::Preset, *name, text), folder: PathBuf::new() })
    }

    fn of_file(path: &Path) -> Result<Text, ProblemKind> {
        let path = &*direct(path);
        let unreadable = |reason: String| ProblemKind::Unreadable { path: path.to_owned(), reason };
        let system = |error: std::io::Error| unreadable(error.to_string());
        let metadata = fs::metadata(path).map_err(system)?;
        // Reading a pipe or a device might never end.
        if !metadata.is_file() {
            return Err(unreadable("it is not a file".to_owned()));
        }
        if metadata.len() > LARGEST {
            return Err(unreadable(format!("it has more than {LARGEST} bytes")));
        }
        let bytes = fs::read(path).map_err(system)?;
        let text = std::str::from_utf8(&bytes)
            .map_err(|error| ProblemKind::NotUtf8 { path: path.to_owned(), offset: error.valid_up_to() })?;
        Ok(Text {
            id: Id::File(path.canonicalize().map_err(system)?),
            source: Source::new(SourceKind::File, path.display().to_string(), text),
            folder: path.parent().unwrap_or(Path::new("")).to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{refusal, resolve};

    fn steps_and_batch(files: &[(&str, &str)]) -> (usize, usize) {
        let train = resolve(files, &[]).unwrap().experiment.train;
        (train.steps, train.batch)
    }

    #[test]
    fn later_entries_win_and_the_file_wins_over_all() {
        let base = ("base.toml", "[train]\nsteps = 1\nbatch = 1\n");
        let other = ("other.toml", "train.steps = 2\n");
        let files = [("top.toml", "extends = ['base.toml', 'other.toml']\n"), base, other];
        assert_eq!(steps_and_batch(&files), (2, 1));
        let files = [("top.toml", "extends = ['other.toml', 'base.toml']\n"), base, other];
        assert_eq!(steps_and_batch(&files), (1, 1));
        let files = [("top.toml", "extends = 'base.toml'\ntrain.batch = 3\n"), base];
        assert_eq!(steps_and_batch(&files), (1, 3));
    }

    #[test]
    fn a_file_shared_by_two_branches_is_applied_once_below_both() {
        let files = [
            ("top.toml", "extends = ['left.toml', 'right.toml']\n"),
            ("left.toml", "extends = 'base.toml'\ntrain.steps = 2\n"),
            ("right.toml", "extends = 'base.toml'\ntrain.batch = 2\n"),
            ("base.toml", "[train]\nsteps = 1\nbatch = 1\n"),
        ];
        assert_eq!(steps_and_batch(&files), (2, 2));
    }

    #[test]
    fn entries_start_from_the_folder_of_their_file() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join("a/b")).unwrap();
        fs::write(folder.path().join("a/b/top.toml"), "extends = '../mid.toml'\n").unwrap();
        fs::write(folder.path().join("a/mid.toml"), "extends = 'b/low.toml'\n").unwrap();
        fs::write(folder.path().join("a/b/low.toml"), "seed = 9\n").unwrap();
        let mut problems = Vec::new();
        let layers = layers(&folder.path().join("a/b/top.toml"), &mut problems);
        assert!(problems.is_empty(), "{problems:?}");
        assert_eq!(layers.len(), 3);
        assert!(layers[0].get("seed").is_some());
    }

    #[test]
    fn name_and_description_are_not_inherited() {
        let files = [
            ("top.toml", "extends = 'base.toml'\n"),
            ("base.toml", "name = 'base'\ndescription = 'a base'\ntags.kind = 'base'\n"),
        ];
        let experiment = resolve(&files, &[]).unwrap().experiment;
        assert_eq!(experiment.name, "top");
        assert_eq!(experiment.description, "");
        assert_eq!(experiment.tags["kind"], "base");
    }

    #[test]
    fn a_preset_is_known_by_its_name() {
        let experiment = resolve(&[("top.toml", "extends = 'clip'\n")], &[]).unwrap().experiment;
        assert_eq!(experiment.loss.evidence_alignment.weight, 0.0);
        assert_eq!(experiment.loss.global.weight, 1.0);
        assert_eq!(experiment.train.unpaired_images, 0);
        assert_eq!(experiment.train.batch, 64);
    }

    #[test]
    fn circles_are_refused_with_the_chain() {
        insta::assert_snapshot!(refusal(
            &[
                ("a.toml", "extends = 'b.toml'\n"),
                ("b.toml", "seed = 1\nextends = ['clip', 'c.toml']\n"),
                ("c.toml", "extends = 'b.toml'\n"),
            ],
            &[],
        ));
    }

    #[test]
    fn a_chain_without_end_is_refused() {
        let name = |i: usize| format!("{i}.toml");
        let texts: Vec<String> = (1..50).map(|i| format!("extends = '{}'\n", name(i))).collect();
        let names: Vec<String> = (0..50).map(name).collect();
        let files: Vec<(&str, &str)> = names.iter().map(String::as_str).zip(texts.iter().map(String::as_str)).collect();
        let refusal = refusal(&files, &[]);
        assert!(refusal.contains("nested more than 32 deep"), "{refusal}");
    }

    #[test]
    fn entries_that_cannot_be_read_are_pointed_at() {
        insta::assert_snapshot!(refusal(
            &[
                ("a.toml", "extends = [\n  'none.toml',\n  'clib',\n  7,\n  'b.toml',\n  'c.toml',\n  'b.toml',\n]\n"),
                ("b.toml", "seed = 1\n"),
                ("c.toml", "seed = \n"),
            ],
            &[],
        ));
    }

    #[test]
    fn what_is_no_text_file_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let binary = folder.path().join("binary.toml");
        fs::write(&binary, b"seed = 1 # \xff\n").unwrap();
        let large = folder.path().join("large.toml");
        fs::File::create(&large).unwrap().set_len(LARGEST + 1).unwrap();
        let mut problems = Vec::new();
        for path in [folder.path(), &folder.path().join("none.toml"), &large, &binary] {
            assert_eq!(layers(path, &mut problems).len(), 0);
        }
        let kinds: Vec<String> = problems.iter().map(|problem| problem.kind.to_string()).collect();
        assert!(kinds[0].ends_with("it is not a file"), "{kinds:?}");
        assert!(kinds[1].contains("none.toml"), "{kinds:?}");
        assert!(kinds[2].ends_with("more than 16777216 bytes"), "{kinds:?}");
        assert!(kinds[3].ends_with("byte 11 starts no character"), "{kinds:?}");
    }

    #[test]
    fn an_experiment_is_made_of_its_file_and_all_that_it_extends() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name).canonicalize().unwrap();
        for (name, text) in [
            ("e.toml", "extends = [\"one.toml\", \"two.toml\"]\n"),
            ("one.toml", "extends = \"base.toml\"\n"),
            ("two.toml", "extends = [\"base.toml\", \"gone.toml\"]\n"),
            ("base.toml", "seed = 1\n"),
            ("broken.toml", "seed = \n"),
        ] {
            fs::write(folder.path().join(name), text).unwrap();
        }
        let mut files = experiment_files(&at("e.toml"));
        files.sort();
        assert_eq!(files, ["base.toml", "e.toml", "one.toml", "two.toml"].map(at));
        assert_eq!(experiment_files(&at("base.toml")), [at("base.toml")]);
        assert_eq!(experiment_files(Path::new("nowhere.toml")), Vec::<PathBuf>::new());
        assert_eq!(experiment_files(&at("broken.toml")), Vec::<PathBuf>::new());
    }
}
