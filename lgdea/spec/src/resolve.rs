//! From an experiment file and `--set` to a checked [`Experiment`].

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::error::{Problem, ProblemKind, SpecError};
use crate::eval::{data_file, set};
use crate::explain::{self, Explanation};
use crate::schema::{Schema, join};
use crate::source::{Place, Source, SourceKind};
use crate::tree::{ChoiceRule, Node};
use crate::{Experiment, completeness, defaults, extends, layer, overrides};

/// An experiment with nothing left open, and where each of its values comes from.
#[derive(Debug, Clone)]
pub struct Resolved {
    /// The experiment.
    pub experiment: Experiment,
    tree: Node,
}

impl Resolved {
    /// Resolves an experiment file: the defaults, what it `extends`, the file, and the overrides (`train.steps=10`)
    /// are laid over each other in this order.
    ///
    /// # Errors
    /// Every problem of the files and the overrides. Problems of single keys hide those that only the whole shows.
    pub fn from_file(path: &Path, overrides: &[String]) -> Result<Resolved, SpecError> {
        Self::of(path, |problems| extends::layers(path, problems), overrides)
    }

    /// Resolves the defaults under some overrides: an empty experiment, called "defaults".
    ///
    /// # Errors
    /// As [`Resolved::from_file`].
    pub fn from_overrides(overrides: &[String]) -> Result<Resolved, SpecError> {
        Self::of(Path::new("defaults"), |_| Vec::new(), overrides)
    }

    /// Checks a merged tree and makes it an experiment.
    pub(crate) fn from_tree(tree: Node) -> Result<Resolved, SpecError> {
        let mut problems = Vec::new();
        completeness::missing_keys(&tree, Schema::root(), &mut problems);
        SpecError::unless_empty(problems)?;

        let experiment = deserialize(&tree)?;
        SpecError::unless_empty(experiment.broken_rules(&tree))?;
        Ok(Resolved { experiment, tree })
    }

    fn of(
        path: &Path,
        files: impl FnOnce(&mut Vec<Problem>) -> Vec<Node>,
        overrides: &[String],
    ) -> Result<Resolved, SpecError> {
        let mut problems = Vec::new();
        let files = files(&mut problems);
        let tree = merged(path, files, overrides, &mut problems);
        SpecError::unless_empty(problems)?;
        Self::from_tree(tree)
    }

    /// The experiment with the evaluation sets of files, too, which hold tables `[eval.set.<name>]` and nothing else; and the names
    /// of these sets. A set of a file replaces one of the experiment that is called the same.
    ///
    /// # Errors
    /// As [`Resolved::from_file`]; the files name no set.
    pub fn with_sets(&self, files: &[PathBuf]) -> Result<(Resolved, Vec<String>), SpecError> {
        let mut problems = Vec::new();
        let layers = files.iter().flat_map(|file| extends::layers(file, &mut problems)).collect();
        self.with_layers(layers, problems)
    }

    /// The experiment with the studies of a file as one more evaluation set, and the set's name. The file is a table of studies
    /// (`.csv`, with the columns that `[data.manifest]` has unless told otherwise), or a TOML file with `[data]`, as an experiment
    /// has it, or else with one evaluation set.
    ///
    /// # Errors
    /// As [`Resolved::with_sets`]; the file has several sets.
    pub fn with_data(&self, file: &Path) -> Result<(Resolved, String), SpecError> {
        let mut problems = Vec::new();
        let layers = data_file::layers(file, &mut problems);
        let (resolved, mut names) = self.with_layers(layers, problems)?;
        match names.pop() {
            Some(name) if names.is_empty() => Ok((resolved, name)),
            last => {
                names.extend(last);
                let kind = ProblemKind::Inconsistent {
                    reason: format!("{} has {} evaluation sets: {}", file.display(), names.len(), names.join(", ")),
                    remedy: "give a file with one of them".to_owned(),
                };
                Err(Problem::nowhere(kind).into())
            }
        }
    }

    /// The experiment with the evaluation sets of layers, and their names.
    fn with_layers(&self, layers: Vec<Node>, mut problems: Vec<Problem>) -> Result<(Resolved, Vec<String>), SpecError> {
        let (root, defaults) = (Schema::root(), defaults::layer());
        let (mut tree, mut names) = (self.tree.clone(), Vec::new());
        for layer in &layers {
            completeness::second_choices(layer, root, "", &mut problems);
            problems.extend(set::besides(layer));
            let sets = layer.find(set::TABLE.split('.')).and_then(Node::table);
            names.extend(sets.into_iter().flat_map(BTreeMap::keys).cloned());
        }
        names.sort_unstable();
        names.dedup();
        for name in &names {
            set::remove(&mut tree, name);
        }
        for layer in layers {
            tree = tree.merge(layer, root, None, ChoiceRule::Replace);
        }
        SpecError::unless_empty(problems)?;
        if names.is_empty() {
            let kind = ProblemKind::Inconsistent {
                reason: "no evaluation set is named".to_owned(),
                remedy: "give a file with tables `[eval.set.<name>]`".to_owned(),
            };
            return Err(Problem::nowhere(kind).into());
        }
        Ok((Self::from_tree(set::complete(tree, defaults))?, names))
    }

    /// The experiment as a file that resolves to it, wherever it lies.
    ///
    /// # Panics
    /// The experiment was changed to something that TOML cannot hold, such as a seed above [`i64::MAX`].
    pub fn to_toml(&self) -> String {
        toml::to_string_pretty(&self.experiment).expect("what was read from TOML can be written as TOML")
    }

    /// What is allowed, but hardly meant: of the experiment ([`Experiment::remarks`]), and of what nothing gives.
    pub fn remarks(&self) -> Vec<String> {
        let mut remarks = self.experiment.remarks();
        let sources = self.tree.get("data").and_then(Node::table);
        if !sources.is_some_and(|sources| sources.values().any(|node| node.place.is_written())) {
            remarks.insert(
                0,
                "no [data] table: the phantom is used (`[data.manifest]` or `[data.openi]` names data of your own)"
                    .to_owned(),
            );
        }
        remarks
    }

    /// Whether a file or a flag gives a key, so that a problem of it has a place of its own.
    pub fn is_written(&self, key: &str) -> bool {
        self.tree.find(key.split('.')).is_some_and(|node| node.place.is_written())
    }

    pub(crate) fn tree(&self) -> &Node {
        &self.tree
    }

    /// A problem of what a key names, which only its reader can find; it points at who gave the value, or the nearest table.
    pub fn problem(&self, key: &str, reason: String, remedy: &str) -> Problem {
        let kind = ProblemKind::Inconsistent { reason, remedy: remedy.to_owned() };
        let mut written = None;
        let mut node = Some(&self.tree);
        for name in key.split('.') {
            node = node.and_then(|node| node.get(name));
            let place = node.map(|node| &node.place);
            written = place.filter(|place| place.is_written()).or(written);
        }
        match written {
            Some(place) => Problem::at_value(kind, place),
            None => Problem::nowhere(kind),
        }
    }

    /// What a key or a table means, its value, and what gave it.
    ///
    /// # Errors
    /// No experiment has such a key.
    pub fn explain(&self, key: &str) -> Result<Explanation, SpecError> {
        explain::explain(&self.tree, key)
    }
}

/// Lays all layers over each other.
fn merged(path: &Path, files: Vec<Node>, overrides: &[String], problems: &mut Vec<Problem>) -> Node {
    let root = Schema::root();
    let defaults = defaults::layer();
    let flags = overrides::layer(overrides, problems);
    for layer in files.iter().chain(&flags) {
        completeness::second_choices(layer, root, "", problems);
    }

    let mut tree = defaults.clone().without_choices(root);
    for file in files {
        tree = tree.merge(file, root, Some(defaults), ChoiceRule::Replace);
    }
    if let Some(flags) = flags {
        tree = tree.merge(flags, root, Some(defaults), ChoiceRule::Adjust);
    }
    if tree.get("name").is_none()
        && let Some(name) = named_after(path, problems)
    {
        tree = tree.merge(name, root, None, ChoiceRule::Join);
    }
    completed(tree, defaults)
}

/// A merged tree with what no layer says, and what follows from other keys: choices that are not made, evaluation sets.
pub(crate) fn completed(tree: Node, defaults: &Node) -> Node {
    set::complete(tree.with_default_choices(Schema::root(), defaults), defaults)
}

/// The layer that names an experiment after its file.
fn named_after(path: &Path, problems: &mut Vec<Problem>) -> Option<Node> {
    let stem = path.file_stem()?.to_string_lossy();
    let text = format!("name = {}", toml::Value::from(&*stem));
    let source = Source::new(SourceKind::FileName, "file name", &text);
    let table = layer::parse(&source).map_err(|problem| problems.push(*problem)).ok()?;
    Some(layer::read(table, &source, Path::new(""), problems))
}

fn deserialize(tree: &Node) -> Result<Experiment, SpecError> {
    serde_path_to_error::deserialize(tree.to_value()).map_err(|error| unusable(tree, None, error))
}

/// What the types say against a tree, or against a table of it.
pub(crate) fn unusable(
    tree: &Node,
    table: Option<&str>,
    error: serde_path_to_error::Error<toml::de::Error>,
) -> SpecError {
    let path = error.path().to_string();
    let key = match table {
        Some(table) if path == "." => table.to_owned(),
        Some(table) => join(table, &path),
        None => path,
    };
    let reason = error.into_inner().message().to_owned();
    Problem::at_value(ProblemKind::Unusable { key: key.clone(), reason }, deepest(tree, &key)).into()
}

/// Place of the longest part of a path that the tree holds.
fn deepest<'a>(tree: &'a Node, path: &str) -> &'a Place {
    let mut node = tree;
    for key in path.split('.') {
        // The tree holds a list as one value.
        let key = key.split_once('[').map_or(key, |(list, _)| list);
        match node.get(key) {
            Some(child) => node = child,
            None => break,
        }
    }
    &node.place
}

#[cfg(test)]
mod tests {
    use std::fs;

    use proptest::prelude::*;

    use super::*;
    use crate::testing::{refusal, render, resolve, resolved_with};

    fn experiments() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../experiments")
    }

    fn shipped(name: &str) -> Experiment {
        match Resolved::from_file(&experiments().join(name), &[]) {
            Ok(resolved) => resolved.experiment,
            Err(error) => panic!("{}", render(&error)),
        }
    }

    #[test]
    fn an_empty_file_is_the_method_on_the_phantom_and_bears_the_files_name() {
        let experiment = resolve(&[("my-first.run.toml", "")], &[]).unwrap().experiment;
        assert_eq!(experiment.name, "my-first.run");
        assert_eq!(experiment.pairing.ratio, 0.05);
        assert!(experiment.data.phantom.is_some());
    }

    #[test]
    fn the_phantom_that_nobody_named_is_told() {
        let told = |files: &[(&str, &str)], flags: &[&str]| {
            let remarks = resolve(files, flags).unwrap().remarks();
            remarks.iter().any(|remark| remark.starts_with("no [data] table: the phantom is used"))
        };
        let own = "[data.manifest]\nroot = 'd'\nstudies = ['s.csv']\n";
        let extended = "extends = 'b.toml'\n";
        let table: [(&[_], &[_], _); 12] = [
            (&[("a.toml", "")], &[], true),
            (&[("a.toml", "# nothing\n")], &[], true),
            (&[("a.toml", "name = 'a'\ntrain.steps = 300\n")], &[], true),
            (&[("a.toml", "extends = 'clip'\n")], &[], true),
            (&[("a.toml", "[data]\n")], &[], true),
            (&[("a.toml", "data = {}\n")], &[], true),
            (&[("a.toml", extended), ("b.toml", "seed = 3\n")], &["train.batch=8"], true),
            (&[("a.toml", "data.phantom.studies = 90\n")], &[], false),
            (&[("a.toml", "[data.phantom]\n")], &[], false),
            (&[("a.toml", own)], &[], false),
            (&[("a.toml", extended), ("b.toml", own)], &[], false),
            (&[("a.toml", "")], &["data.phantom.studies=90"], false),
        ];
        for (files, flags, expected) in table {
            assert_eq!(told(files, flags), expected, "{files:?} {flags:?}");
        }
    }

    #[test]
    fn overrides_alone_are_an_empty_file_under_them() {
        let flags = ["train.steps=7".to_owned()];
        let alone = Resolved::from_overrides(&flags).unwrap().experiment;
        assert_eq!(alone, resolve(&[("defaults.toml", "")], &["train.steps=7"]).unwrap().experiment);
        assert!(Resolved::from_overrides(&["train.stepz=7".to_owned()]).is_err());
    }

    #[test]
    fn a_file_name_that_is_no_name_is_refused_unless_the_file_gives_one() {
        insta::assert_snapshot!(refusal(&[("my run.toml", "")], &[]));
        insta::assert_snapshot!(refusal(&[("sweep.toml", "experiment = []\n[grid]\nseed = [1]\n")], &[]));
        let named = resolve(&[("my run.toml", "name = 'run'\n")], &[]).unwrap();
        assert_eq!(named.experiment.name, "run");
    }

    #[test]
    fn every_shipped_experiment_resolves_and_bears_its_files_name() {
        let mut count = 0;
        for entry in fs::read_dir(experiments()).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|ending| ending == "toml") {
                let name = path.file_name().unwrap().to_str().unwrap().to_owned();
                assert_eq!(format!("{}.toml", shipped(&name).name), name);
                count += 1;
            }
        }
        assert!(count >= 5, "{count} experiments");
    }

    #[test]
    fn the_main_experiment_is_the_defaults_with_a_name() {
        let main = shipped("low_pair.toml");
        let default = resolved_with("", &[]).experiment;
        assert_eq!(main.identity(), default.identity());
    }

    #[test]
    fn the_baseline_differs_from_the_main_experiment_in_the_method_alone() {
        let (main, clip) = (shipped("low_pair.toml"), shipped("clip_low_pair.toml"));
        assert_eq!((&main.data, &main.pairing, main.seed), (&clip.data, &clip.pairing, clip.seed));
        assert_eq!((&main.encoder, main.train.batch), (&clip.encoder, clip.train.batch));
        assert_ne!(main.loss, clip.loss);
        assert_eq!(shipped("clip_full_pair.toml").pairing.ratio, 1.0);
    }

    #[test]
    fn a_written_experiment_resolves_to_itself_anywhere() {
        for name in ["low_pair.toml", "clip_full_pair.toml", "smoke.toml", "real_mini.toml"] {
            let resolved = Resolved::from_file(&experiments().join(name), &["tags.'a b'=\"c\\nd\"".into()]).unwrap();
            let again = resolve(&[("elsewhere.toml", &resolved.to_toml())], &[]).unwrap();
            assert_eq!(again.experiment, resolved.experiment);
            assert_eq!(again.to_toml(), resolved.to_toml());
        }
    }

    #[test]
    fn a_file_that_is_not_there_is_named() {
        let error = Resolved::from_file(Path::new("no/such.toml"), &[]).unwrap_err();
        insta::assert_snapshot!(render(&error));
    }

    #[test]
    fn a_tree_that_does_not_fit_the_types_is_refused_at_its_place() {
        let mut problems = Vec::new();
        let path = experiments().join("smoke.toml");
        let files = extends::layers(&path, &mut problems);
        let mut tree = merged(&path, files, &[], &mut problems);
        tree.remove("seed");
        let error = deserialize(&tree).unwrap_err();
        assert!(error.problems()[0].to_string().contains("missing field `seed`"), "{error:?}");
    }

    #[test]
    fn a_problem_that_a_reader_finds_points_at_who_gave_the_value() {
        let text = "[eval]\nzero-shot.prompts = 'mine.toml'\n[data.openi]\nreports = '/r'\n";
        let resolved = resolved_with(text, &["encoder.dim=8"]);
        let said = |key: &str| render(&resolved.problem(key, "no such file".to_owned(), "make it"));
        assert!(said("eval.zero-shot.prompts").contains("test.toml:2:21"), "{}", said("eval.zero-shot.prompts"));
        assert!(said("data.openi.images").contains("test.toml"), "{}", said("data.openi.images"));
        assert!(said("encoder.dim").contains("--set"), "{}", said("encoder.dim"));
        for key in ["device.name", "tags", "no.such.key"] {
            let said = said(key);
            assert!(said.contains("no such file") && said.contains("make it") && !said.contains("╭"), "{said}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn any_settings_survive_being_written(
            seed in 0..=i64::MAX,
            ratio in 1e-12..=1.0f64,
            rate in prop::num::f64::POSITIVE.prop_filter("finite", |rate| *rate > 0.0),
            description in "\\PC{0,30}[\n\t\"'\\\\]{0,3}",
            labels in prop::collection::vec("\\PC{0,10}", 0..4),
            disjoint in any::<bool>(),
        ) {
            let text = toml::to_string(&toml::toml! { [data.openi] reports = "/r" }).unwrap();
            let mut table: toml::Table = text.parse().unwrap();
            table.insert("seed".into(), seed.into());
            table.insert("description".into(), description.clone().into());
            let mut file = toml::Table::new();
            file.insert("ratio".into(), ratio.into());
            file.insert("unpaired".into(), if disjoint { "disjoint" } else { "none" }.into());
            table.insert("pairing".into(), file.into());
            let flags = [
                format!("train.learning-rate={rate:e}"),
                format!("data.manifest={{root='/a', studies=['s'], columns.labels={}}}", toml::Value::from(labels.clone())),
            ];
            let flags: Vec<&str> = flags.iter().map(String::as_str).collect();
            let resolved = resolved_with(&table.to_string(), &flags);
            prop_assert_eq!(resolved.experiment.train.learning_rate, rate);
            prop_assert_eq!(&resolved.experiment.description, &description);
            let again = resolved_with(&resolved.to_toml(), &[]);
            prop_assert_eq!(&again.experiment, &resolved.experiment);
            prop_assert_eq!(again.experiment.identity(), resolved.experiment.identity());
        }
    }
}
