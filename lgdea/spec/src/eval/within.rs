//! `eval.within`: what studies are divided by, to be scored among their like.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::{GroupBy, nearest};

/// The columns that are values each.
const COLUMNS: [(&str, Within); 3] = [("view", Within::View), ("source", Within::Source), ("sex", Within::Sex)];
/// The one that has bands.
const AGE: &str = "age";

/// A property of studies that may tell a class, or a report, without the finding. It is written as `lgdea score --by` has it.
#[derive(Debug, Clone, PartialEq)]
pub enum Within {
    /// `view`: PA, AP or lateral.
    View,
    /// `source`: the data set, or what the column of that name in a table of one's own says.
    Source,
    /// `sex` of the patient.
    Sex,
    /// `age:40,60,80`: bands of the patient's age in years.
    Age(GroupBy),
}

impl Within {
    /// The column, as messages call it.
    pub fn column(&self) -> &'static str {
        let of_values = COLUMNS.iter().find(|(_, column)| column == self).map(|(name, _)| *name);
        of_values.unwrap_or(AGE)
    }
}

impl FromStr for Within {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let by: GroupBy = text.parse()?;
        let column = by.column.as_str();
        match COLUMNS.into_iter().find(|(name, _)| *name == column) {
            Some((_, of_values)) if by.cuts.is_empty() => Ok(of_values),
            Some(_) => Err(format!("`{column}` has no bands; write `{column}`")),
            None if column == AGE && by.cuts.is_empty() => {
                Err("of `age` the bands are wanted; write their ends, as in `age:40,60,80`".to_owned())
            }
            None if column == AGE => Ok(Within::Age(by)),
            None => {
                let known = COLUMNS.iter().map(|(name, _)| *name).chain([AGE]);
                let meant =
                    nearest(column, known).map(|meant| format!(" (did you mean `{meant}`?)")).unwrap_or_default();
                Err(format!(
                    "studies are not divided by `{column}`{meant}; write `view`, `source`, `sex` or bands such as `age:40,60,80`"
                ))
            }
        }
    }
}

impl fmt::Display for Within {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Within::Age(bands) => bands.fmt(formatter),
            of_values => formatter.write_str(of_values.column()),
        }
    }
}

impl Serialize for Within {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Within {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

impl JsonSchema for Within {
    fn schema_name() -> Cow<'static, str> {
        "Within".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "minLength": 1, "examples": ["view", "source", "sex", "age:40,60,80"] })
    }
}

/// The column that is named twice.
pub(super) fn twice(columns: &[Within]) -> Option<&'static str> {
    let named = |index: usize| columns[index].column();
    (0..columns.len())
        .map(named)
        .enumerate()
        .find(|&(index, name)| (0..index).any(|other| named(other) == name))
        .map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{refusal, resolved_with};

    #[test]
    fn columns_are_written_as_they_are_read() {
        for text in ["view", "source", "sex", "age:40,60.5,80"] {
            assert_eq!(text.parse::<Within>().unwrap().to_string(), text);
        }
        assert_eq!(" age : 40, 60".parse::<Within>().unwrap().to_string(), "age:40,60");
    }

    #[test]
    fn what_divides_no_studies_is_refused_where_it_stands() {
        let said = |list: &str| refusal(&[("e.toml", &format!("[eval]\nwithin = {list}\n"))], &[]);
        for (list, part) in [
            ("['views']", "did you mean `view`?"),
            ("['view', 'Sex']", "did you mean `sex`?"),
            ("['age']", "age:40,60,80"),
            ("['age:60,40']", "no rising numbers"),
            ("['age:NaN']", "no rising numbers"),
            ("['view:1']", "`view` has no bands"),
            ("['patient']", "a meaning of its own"),
            ("['']", "eval.within"),
            ("['age:40', 'view', 'age:60']", "`age` is named twice"),
            ("'view'", "a list"),
        ] {
            let said = said(list);
            assert!(said.contains(part) && said.contains("e.toml:2"), "{list}: {said}");
        }
        let of_set = refusal(&[("e.toml", "[eval.set.a]\nwithin = ['sex', 'sex']\n")], &[]);
        assert!(of_set.contains("`sex` is named twice") && of_set.contains("e.toml:2"), "{of_set}");
    }

    #[test]
    fn it_changes_the_run_where_it_is_used_and_never_the_training() {
        let identity = |flags: &[&str]| resolved_with("", flags).experiment.identity();
        let training = |flags: &[&str]| resolved_with("", flags).experiment.training_identity();
        assert_eq!(identity(&["eval.within=[]"]), identity(&[]));
        assert_ne!(identity(&["eval.within=['view']"]), identity(&[]));
        assert_eq!(training(&["eval.within=['view']"]), training(&[]));
        assert!(!resolved_with("", &[]).to_toml().contains("within"));
    }

    #[test]
    fn a_set_is_divided_as_the_rest_unless_it_says_otherwise_and_resolves_to_itself() {
        let text = "[eval]\nwithin = ['view', 'age:40,60']\n[eval.set.as-the-rest]\n[eval.set.other]\nwithin = ['source']\n\
                    [eval.set.none]\nwithin = []\n";
        let resolved = resolved_with(text, &[]);
        let within = |name: &str, eval: &crate::Eval| {
            let columns = eval.of_set(&eval.sets[name]).within;
            columns.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
        };
        let again = resolved_with(&resolved.to_toml(), &[]);
        for eval in [&resolved.experiment.eval, &again.experiment.eval] {
            assert_eq!(within("as-the-rest", eval), "view age:40,60");
            assert_eq!(within("other", eval), "source");
            assert_eq!(within("none", eval), "");
        }
        assert_eq!(again.experiment.identity(), resolved.experiment.identity());
    }
}
