//! Quoted keys of the experiment in a sweep file: `"train.steps"` is the path that it is without quotes.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::error::{Problem, ProblemKind};
use crate::schema::{Schema, join};
use crate::source::Source;

type Key<'t> = Spanned<Cow<'t, str>>;
type Value<'t> = Spanned<DeValue<'t>>;

/// A table of the experiment's keys in which every quoted path has become tables, as it is without quotes. A key that is
/// written both ways is a problem.
pub(super) fn as_paths<'t>(table: DeTable<'t>, source: &Arc<Source>, problems: &mut Vec<Problem>) -> DeTable<'t> {
    Paths { source, problems }.table(Schema::root(), "", table)
}

struct Paths<'a> {
    source: &'a Arc<Source>,
    problems: &'a mut Vec<Problem>,
}

impl Paths<'_> {
    fn table<'t>(&mut self, schema: Schema, path: &str, table: DeTable<'t>) -> DeTable<'t> {
        let mut found = DeTable::new();
        let (quoted, plain): (Vec<_>, Vec<_>) = table.into_iter().partition(|(key, _)| is_path(schema, key.get_ref()));
        for (key, value) in plain {
            let value = self.below(schema, path, key.get_ref(), value);
            found.insert(key, value);
        }
        for (key, value) in quoted {
            let span = key.span();
            self.add(schema, path, key.get_ref(), span, value, &mut found);
        }
        found
    }

    /// A value, whose own keys may be quoted.
    fn below<'t>(&mut self, schema: Schema, path: &str, key: &str, value: Value<'t>) -> Value<'t> {
        let span = value.span();
        match (schema.child(key), value.into_inner()) {
            (Some(child), DeValue::Table(table)) if child.is_table() => {
                Spanned::new(span, DeValue::Table(self.table(child, &join(path, key), table)))
            }
            (_, other) => Spanned::new(span, other),
        }
    }

    /// Adds what a quoted path, or what is left of it, names to the table at `path`.
    fn add<'t>(
        &mut self,
        schema: Schema,
        path: &str,
        rest: &str,
        span: Range<usize>,
        value: Value<'t>,
        table: &mut DeTable<'t>,
    ) {
        let (name, rest) = rest.split_once('.').map_or((rest, None), |(name, rest)| (name, Some(rest)));
        let path_of_name = join(path, name);
        let child = schema.child(name).filter(|child| child.is_table());
        if let Some((there, at)) =
            table.get_key_value(name).map(|(key, value)| (key.span(), value.get_ref().is_table()))
        {
            let new_is_table = rest.is_some() || value.get_ref().is_table();
            let (Some(child), true, true) = (child, at, new_is_table) else {
                return self.twice(&path_of_name, there, span);
            };
            let Some(DeValue::Table(inner)) = table.get_mut(name).map(Spanned::get_mut) else { return };
            match (rest, value) {
                (Some(rest), value) => self.add(child, &path_of_name, rest, span, value, inner),
                (None, value) => {
                    let DeValue::Table(more) = self.below(schema, path, name, value).into_inner() else { return };
                    for (key, value) in more {
                        self.add(child, &path_of_name, &key.get_ref().clone(), key.span(), value, inner);
                    }
                }
            }
            return;
        }
        let key: Key<'t> = Spanned::new(span.clone(), Cow::Owned(name.to_owned()));
        let value = match (rest, child) {
            (None, _) => self.below(schema, path, name, value),
            (Some(rest), child) => {
                let bytes = value.span();
                let mut inner = DeTable::new();
                match child {
                    Some(child) => self.add(child, &path_of_name, rest, span, value, &mut inner),
                    // The checks say that there is no such key.
                    None => drop(inner.insert(Spanned::new(span, Cow::Owned(rest.to_owned())), value)),
                }
                Spanned::new(bytes, DeValue::Table(inner))
            }
        };
        table.insert(key, value);
    }

    fn twice(&mut self, path: &str, there: Range<usize>, here: Range<usize>) {
        let (first, second) = if there.start < here.start { (there, here) } else { (here, there) };
        let kind = ProblemKind::Inconsistent {
            reason: format!("`{path}` is given twice, here and in line {}", self.source.line(first.start)),
            remedy: "in quotes or not, it is the same key: give it once".to_owned(),
        };
        self.problems.push(Problem::at(kind, self.source, second));
    }
}

/// Whether a key is a path in quotes, and not a name with a dot in it, as labels may have.
fn is_path(schema: Schema, key: &str) -> bool {
    let first = key.split_once('.').map(|(first, _)| first);
    schema.child(key).is_none() && first.is_some_and(|first| schema.child(first).is_some())
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use crate::sweep::Sweep;

    const SEARCH: &str = "[search]\nobjective = 'validation/zero_shot/auroc_macro'\n[budget]\ntrials = 3\n";

    fn read(text: &str) -> Result<Sweep, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("s.toml");
        std::fs::write(&path, format!("experiment = []\n{text}")).unwrap();
        Sweep::from_file(&path).map_err(|error| crate::testing::render(&error))
    }

    /// The keys of every trial, and its identity.
    fn trials(text: &str) -> Vec<(Vec<String>, String)> {
        let sweep = read(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        let trials = sweep.expand().unwrap().trials;
        trials
            .iter()
            .map(|trial| (sweep.deltas(trial).into_iter().map(|(key, _)| key).collect(), trial.identity()))
            .collect()
    }

    #[test]
    fn a_quoted_path_is_the_path_without_quotes() {
        let pairs = [
            ("[grid]\n'train.learning-rate' = [1e-3, 1e-4]\n", "[grid]\ntrain.learning-rate = [1e-3, 1e-4]\n"),
            ("[grid]\n\"graph.share\" = [0.0, 0.5]\n", "grid.graph.share = [0.0, 0.5]\n"),
            ("[grid]\n\"train.augment.shift\" = [0.0, 0.2]\n", "[grid.train]\naugment.shift = [0.0, 0.2]\n"),
            ("[grid.train]\n'augment.shift' = [0.0, 0.2]\n", "[grid]\ntrain.augment.shift = [0.0, 0.2]\n"),
            (
                "[grid]\ntrain.steps = [5, 6]\n'train.batch' = [8]\n",
                "[grid]\ntrain = { steps = [5, 6], batch = [8] }\n",
            ),
            ("[grid]\n'train.batch' = [8]\ntrain.steps = [5, 6]\n", "[grid.train]\nbatch = [8]\nsteps = [5, 6]\n"),
            ("grid = { 'train.steps' = [5, 6] }\n", "grid.train.steps = [5, 6]\n"),
            (
                "[grid]\n'graph.share' = { values = [0.1, 0.2], when = \"arm == 'base'\" }\n",
                "[grid]\ngraph.share = { values = [0.1, 0.2], when = \"arm == 'base'\" }\n",
            ),
            (
                "[[zip]]\n'train.steps' = [5, 6]\n'train.warmup' = [1, 2]\n",
                "[[zip]]\ntrain.steps = [5, 6]\ntrain.warmup = [1, 2]\n",
            ),
            ("[[case]]\nname = 'a'\nset.'train.steps' = 5\n", "[[case]]\nname = 'a'\nset.train.steps = 5\n"),
            (
                "[[case]]\nname = 'a'\n[case.set]\n'train.steps' = 5\ntrain.batch = 8\n",
                "[[case]]\nname = 'a'\nset = { train = { steps = 5, batch = 8 } }\n",
            ),
            (
                "[[case]]\nname = 'a'\n[case.set]\n'evidence.rules' = { ontology = 'chest' }\n",
                "[[case]]\nname = 'a'\n[case.set]\nevidence.rules.ontology = 'chest'\n",
            ),
            (
                "[component.g]\nwithout = { 'graph.share' = 0.0 }\n[ablate]\n",
                "[component.g]\nwithout.graph.share = 0.0\n[ablate]\n",
            ),
            (
                "[grid]\n'train' = { steps = [5, 6] }\n'train.augment' = { shift = [0.0] }\n",
                "[grid.train]\nsteps = [5, 6]\naugment.shift = [0]\n",
            ),
        ];
        for (quoted, plain) in pairs {
            assert_eq!(trials(quoted), trials(plain), "{quoted}");
        }
    }

    #[test]
    fn a_search_space_takes_quoted_paths() {
        let space = |space: &str| {
            let sweep = read(&format!("{SEARCH}[search.space]\n{space}")).unwrap_or_else(|error| panic!("{error}"));
            let parameters = sweep.search.unwrap().space;
            parameters.into_iter().map(|one| (one.key, one.domain)).collect::<Vec<_>>()
        };
        let pairs = [
            (
                "'train.learning-rate' = { low = 1e-4, high = 1e-2, log = true }",
                "train.learning-rate = { low = 1e-4, high = 1e-2, log = true }",
            ),
            ("'evidence-space.prototypes' = [8, 16]", "evidence-space.prototypes = [8, 16]"),
            ("'graph.share' = { values = [0.1, 0.2] }", "graph.share = [0.1, 0.2]"),
            ("'graph.share' = [0.1]\n'graph.alpha' = [0.5]", "graph = { share = [0.1], alpha = [0.5] }"),
        ];
        for (quoted, plain) in pairs {
            assert_eq!(space(quoted), space(plain), "{quoted}");
        }
    }

    #[test]
    fn a_key_in_both_ways_is_refused_with_both_lines() {
        let wrong = [
            "[grid]\n'train.steps' = [5]\ntrain.steps = [6]\n",
            "[grid]\ntrain.steps = [6]\n'train.steps' = [5]\n",
            "[grid]\n'train.steps' = [5]\ntrain = { steps = [6] }\n",
            "[[zip]]\n'train.steps' = [5]\ntrain.steps = [6]\n",
            "[[case]]\nname = 'a'\n[case.set]\n'train.steps' = 5\ntrain.steps = 6\n",
            "[[case]]\nname = 'a'\n[case.set]\n'train.augment.shift' = 5\n'train' = { 'augment.shift' = 6 }\n",
            "[component.g]\nwithout = { 'graph.share' = 0.0, graph.share = 0.1 }\n[ablate]\n",
            "[search]\nobjective = 'validation/a'\n[search.space]\n'train.steps' = [5]\ntrain.steps = [6]\n[budget]\ntrials = 2\n",
            "[grid]\n'evidence' = [{ rules = {} }]\n'evidence.rules.ontology' = ['chest']\n",
        ];
        for text in wrong {
            let error = read(text).unwrap_err();
            assert!(error.contains("is given twice, here and in line"), "{text}: {error}");
        }
        let error = read("[grid]\n'train.steps' = [5]\ntrain.steps = [6]\n").unwrap_err();
        assert!(error.contains("in line 3") && error.contains("s.toml:4:"), "{error}");
    }

    #[test]
    fn a_misspelt_path_is_told_as_it_is_without_quotes() {
        for key in ["train.stepz", "\"train.stepz\"", "'train.stepz'"] {
            let error = read(&format!("[grid]\n{key} = [1]\n")).unwrap_err();
            assert!(error.contains("`train.stepz`") && error.contains("`train.steps`"), "{key}: {error}");
        }
        for key in ["'trian.steps'", "'.train'", "'train.'", "'train..steps'", "'train.steps.more'"] {
            let error = read(&format!("[grid]\n{key} = [1]\n")).unwrap_err();
            assert!(error.contains("s.toml:3:"), "{key}: {error}");
        }
        assert!(read("[grid]\n'seed' = [1]\n").unwrap_err().contains("cannot be varied"));
        assert!(Sweep::from_file(Path::new("nowhere/s.toml")).is_err());
    }
}
