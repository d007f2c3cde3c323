//! `--set KEY=VALUE`.

use std::path::Path;

use toml::Value;
use toml::de::DeTable;

use crate::error::{Problem, ProblemKind};
use crate::layer;
use crate::schema::Schema;
use crate::source::{Source, SourceKind};
use crate::tree::{ChoiceRule, Node};
use crate::written;

/// The layer of all flags together; a later flag wins over an earlier one.
pub(crate) fn layer(flags: &[String], problems: &mut Vec<Problem>) -> Option<Node> {
    let mut layer: Option<Node> = None;
    for flag in flags {
        let read = as_toml(flag).and_then(|text| {
            let source = Source::new(SourceKind::Flag, flag, &text);
            let table = layer::parse(&source)?;
            Ok(layer::read(table, &source, Path::new(""), problems))
        });
        match read {
            Ok(upper) => {
                layer = Some(match layer {
                    Some(lower) => lower.merge(upper, Schema::root(), None, ChoiceRule::Join),
                    None => upper,
                });
            }
            Err(problem) => problems.push(*problem),
        }
    }
    layer
}

/// The flag as a line of TOML. A value that is not TOML becomes a string, so that words need no quotes within those
/// of the shell.
fn as_toml(flag: &str) -> Result<String, Box<Problem>> {
    let refused = |reason: &str| -> Box<Problem> {
        let source = Source::new(SourceKind::Flag, flag, flag);
        let reason = reason.to_owned();
        Problem::at(ProblemKind::Override { reason }, &source, 0..flag.len()).into()
    };
    if flag.contains(['\n', '\r']) {
        return Err(refused("this holds a line break"));
    }
    let Some((key, value)) = flag.split_once('=') else {
        return Err(refused("this holds no `=`"));
    };
    let value = value.trim();
    if value.is_empty() {
        return Err(refused("this holds no value; the empty string is `\"\"`"));
    }
    match key.trim() {
        "extends" => return Err(refused("`extends` belongs into a file")),
        key if key.starts_with(['[', '#']) => {
            return Err(refused("tables are named with dots, such as `train.steps`"));
        }
        _ => {}
    }
    let schema = key.split('.').try_fold(Schema::root(), |schema, name| schema.child(name.trim()));
    let read = schema.map_or(Ok(None), |schema| written::in_toml(schema, key.trim(), value));
    match read {
        Ok(Some(value)) => return Ok(format!("{key}={value}")),
        Ok(None) if DeTable::parse(flag).is_ok() => return Ok(flag.to_owned()),
        Ok(None) => {}
        Err(kind) => {
            let source = Source::new(SourceKind::Flag, flag, flag);
            return Err(Problem::at(kind, &source, key.len() + 1..flag.len()).into());
        }
    }
    if value.starts_with(['"', '\'', '[', '{']) {
        return Err(refused("the value is not TOML; does it lack a quote or a bracket?"));
    }
    let text = format!("{key}={}", Value::String(value.to_owned()));
    match DeTable::parse(&text) {
        Ok(_) => Ok(text),
        Err(_) => Err(refused("the key is not one of TOML, such as `train.steps`")),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::Unpaired;
    use crate::testing::{refusal, resolved_with};

    #[test]
    fn values_are_typed_as_in_toml_and_words_need_no_quotes() {
        let flags = [
            "pairing.unpaired=none",
            "pairing.ratio = 1",
            "train.learning-rate=1e-4",
            "eval.retrieval.at=[1, 5]",
            "eval.grounding.enabled=false",
            "description=what for: a=b, 5 %",
            "tags.\"my tag\"='7'",
            "data.phantom={studies=10, test=5}",
        ];
        let experiment = resolved_with("", &flags).experiment;
        assert_eq!(experiment.pairing.unpaired, Unpaired::None);
        assert_eq!(experiment.pairing.ratio, 1.0);
        assert_eq!(experiment.train.learning_rate, 1e-4);
        assert_eq!(experiment.eval.retrieval.at, [1, 5]);
        assert!(!experiment.eval.grounding.enabled);
        assert_eq!(experiment.description, "what for: a=b, 5 %");
        assert_eq!(experiment.tags["my tag"], "7");
        let phantom = experiment.data.phantom.unwrap();
        assert_eq!((phantom.studies, phantom.validation, phantom.test), (10, 300, 5));
    }

    #[test]
    fn a_flag_wins_over_the_file_and_over_earlier_flags() {
        let experiment = resolved_with("seed = 1\n", &["seed=2", "seed=3"]).experiment;
        assert_eq!(experiment.seed.0, 3);
    }

    #[test]
    fn what_is_no_key_and_value_is_refused() {
        let flags = [
            "train.steps",
            "train.steps=",
            "=3",
            "[train]=3",
            "# a=b",
            "a b=3",
            "extends=clip",
            "seed=1\nname='x'",
            "eval.retrieval.at=[1,",
            "name=\"x",
        ];
        let problems: Vec<String> = flags
            .iter()
            .map(|flag| {
                let mut problems = Vec::new();
                assert!(layer(&[(*flag).to_owned()], &mut problems).is_none(), "{flag}");
                format!("{flag:?}: {}", problems[0].kind)
            })
            .collect();
        insta::assert_snapshot!(problems.join("\n"));
    }

    #[test]
    fn problems_point_into_the_flag() {
        insta::assert_snapshot!(refusal(
            &[("a.toml", "")],
            &["train.stepps=3", "train.batch=many", "pairing.ratio=1.5", "pairing.unpaired=shufled", "seed"],
        ));
    }

    proptest! {
        #[test]
        fn any_flag_is_read_or_refused(flag in "\\PC{0,40}|[a-z.\"'=\\[\\]{}# \n0-9-]{0,30}") {
            let mut problems = Vec::new();
            let layer = layer(&[flag], &mut problems);
            prop_assert!(layer.is_some() || !problems.is_empty());
            for problem in &problems {
                prop_assert!(!crate::testing::render(problem).is_empty());
            }
        }

        #[test]
        fn any_word_becomes_a_description(word in "[a-zA-Z_/$~][^\"'\\[{\\pC]{0,30}") {
            let flag = format!("description={word}");
            let is_toml = toml::de::DeValue::parse(&word).is_ok() || flag.contains('#');
            prop_assume!(!is_toml && !word.trim().is_empty());
            prop_assert_eq!(resolved_with("", &[&flag]).experiment.description, word.trim());
        }
    }
}
