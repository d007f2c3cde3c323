//! Values as people write them where TOML is stricter: `.001`, `1.`, `True`, `[a, b]`.

use toml::Value;
use toml::de::DeValue;

use crate::constraint::type_name;
use crate::error::ProblemKind;
use crate::schema::Schema;

/// What ends a value within a line.
const ENDS: [char; 7] = [',', ']', '}', '#', '\n', '\r', '\t'];

/// The value of a flag, in TOML, for a key that takes what its schema says; `None` where it has to be read as it stands.
///
/// # Errors
/// The key takes a number or a boolean, and this is neither that nor anything else that TOML knows.
pub(crate) fn in_toml(schema: Schema, key: &str, text: &str) -> Result<Option<String>, ProblemKind> {
    let is_toml = DeValue::parse(text).is_ok();
    let schema = schema.form(text.starts_with('['));
    let read = match schema.kind() {
        "integer" if !is_integer(text) => whole(text),
        "number" if !is_toml => number(text),
        "boolean" if !is_toml => boolean(text).map(str::to_owned),
        "array" if !is_toml => list(schema, text),
        _ => None,
    };
    match schema.kind() {
        kind @ ("integer" | "number" | "boolean") if read.is_none() && !is_toml && !text.starts_with(['"', '\'']) => {
            let point = number(&text.replacen(',', ".", 1)).filter(|_| kind != "boolean");
            let remedy = match (kind, point) {
                ("boolean", _) => "write `true` or `false`".to_owned(),
                (_, Some(number)) => format!("write it with a point: `{number}`"),
                _ => "write digits, such as `--set train.steps=100` or `--set train.learning-rate=0.001`".to_owned(),
            };
            let value = crate::constraint::shortened(text);
            Err(ProblemKind::NotRead { key: key.to_owned(), value, expected: type_name(kind), remedy })
        }
        _ => Ok(read),
    }
}

/// How to write what stands around a byte at which a text stopped to be TOML, as far as that can be told.
pub(crate) fn remedy(text: &str, byte: usize) -> Option<String> {
    let before = text.get(..byte)?;
    let start = before.rfind(['=', '[', ',', '\n']).map_or(0, |position| position + 1);
    let rest = text.get(start..)?.trim_start_matches([' ', '\t']);
    let word = rest.split(ENDS).next()?.trim();
    if let Some(number) = number(word) {
        return Some(format!("write the number as `{number}`"));
    }
    if let Some(boolean) = boolean(word) {
        return Some(format!("write `{boolean}`"));
    }
    if word.starts_with('"') && word.contains('\\') {
        return Some("a backslash begins an escape: write `/`, or put the text into single quotes: `'…'`".to_owned());
    }
    let is_word =
        word.starts_with(|c: char| c.is_alphabetic() || "~/$.".contains(c)) && !word.contains(['"', '\'', '=']);
    // A word before its `=` is a key, and one in brackets alone a table.
    let line = text.get(..start)?.rsplit('\n').next()?;
    let is_value = line.contains('=') && line.trim_end().ends_with(['=', '[', ',']);
    (is_word && is_value).then(|| "put text into quotes: `\"…\"`".to_owned())
}

fn is_integer(text: &str) -> bool {
    matches!(DeValue::parse(text).map(toml::Spanned::into_inner), Ok(DeValue::Integer(_)))
}

/// A number that TOML would not read as one, as it would.
fn number(text: &str) -> Option<String> {
    let is_number =
        text.contains(|c: char| c.is_ascii_digit()) && text.chars().all(|c| c.is_ascii_digit() || "+-._eE".contains(c));
    let value: f64 = text.replace('_', "").parse().ok().filter(|_| is_number)?;
    value.is_finite().then(|| format!("{value:?}"))
}

/// A whole number, however it is written: `1e3`, `600.0`, `007`.
fn whole(text: &str) -> Option<String> {
    /// From here on not every whole number is a float.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    let value: f64 = number(text)?.parse().ok()?;
    (value.fract() == 0.0 && value.abs() < EXACT).then(|| format!("{value:.0}"))
}

fn boolean(text: &str) -> Option<&'static str> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "yes" | "on" => Some("true"),
        "false" | "no" | "off" => Some("false"),
        _ => None,
    }
}

/// A list whose elements are not written as TOML has them.
fn list(schema: Schema, text: &str) -> Option<String> {
    let inside = text.strip_prefix('[')?.strip_suffix(']')?.trim();
    let items = schema.items()?;
    // What nests or quotes was meant as TOML.
    if inside.contains(['[', ']', '{', '}', '"', '\'']) {
        return None;
    }
    let inside = inside.strip_suffix(',').unwrap_or(inside);
    let element = |element: &str| match in_toml(items, "", element) {
        Ok(Some(read)) => Some(read),
        Ok(None) if items.kind() == "string" => Some(Value::String(element.to_owned()).to_string()),
        Ok(None) => Some(element.to_owned()),
        Err(_) => None,
    };
    let elements = inside.split(',').map(|one| element(one.trim()));
    Some(format!("[{}]", elements.collect::<Option<Vec<_>>>()?.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::refusal;

    fn read(key: &str, text: &str) -> Result<Option<String>, String> {
        in_toml(Schema::root().at(key).unwrap(), key, text).map_err(|error| error.to_string())
    }

    #[test]
    fn numbers_booleans_and_lists_are_read_as_people_write_them() {
        let table = [
            ("train.learning-rate", ".001", Some("0.001")),
            ("train.learning-rate", "1.", Some("1.0")),
            ("train.learning-rate", "-.5", Some("-0.5")),
            ("train.learning-rate", "+.5e-3", Some("0.0005")),
            ("train.learning-rate", "1.e-3", Some("0.001")),
            ("train.learning-rate", "007.50", Some("7.5")),
            ("train.learning-rate", "1e-3", None),
            ("train.learning-rate", "+1", None),
            ("train.steps", "1_000", None),
            ("train.steps", "1e3", Some("1000")),
            ("train.steps", "600.0", Some("600")),
            ("train.steps", "007", Some("7")),
            ("train.steps", "1.5", None),
            ("graph.oracle", "True", Some("true")),
            ("graph.oracle", "FALSE", Some("false")),
            ("graph.oracle", "yes", Some("true")),
            ("graph.oracle", "off", Some("false")),
            ("graph.oracle", "true", None),
            ("eval.splits", "[validation]", Some("[\"validation\"]")),
            ("eval.splits", "[validation, test,]", Some("[\"validation\", \"test\"]")),
            ("eval.grounding.thresholds", "[.1, 1.]", Some("[0.1, 1.0]")),
            ("eval.retrieval.at", "[1, 5]", None),
            ("description", ".5", None),
            ("description", "True", None),
        ];
        for (key, text, expected) in table {
            assert_eq!(read(key, text), Ok(expected.map(str::to_owned)), "{key}={text}");
        }
    }

    #[test]
    fn what_is_no_number_is_told_as_it_was_typed() {
        for (flag, help) in [
            ("train.learning-rate=small", "write digits"),
            ("train.learning-rate=0,001", "`0.001`"),
            ("train.steps=1k", "write digits"),
            ("graph.oracle=maybe", "write `true` or `false`"),
            ("pairing.ratio=5%", "write digits"),
        ] {
            let said = refusal(&[("a.toml", "")], &[flag]);
            let (key, value) = flag.split_once('=').unwrap();
            assert!(said.contains(&format!("`{key}` is `{value}`, but must be")), "{said}");
            assert!(said.contains(help) && !said.contains("without quotes"), "{said}");
        }
    }

    #[test]
    fn a_file_says_how_to_write_what_is_not_toml() {
        for (text, help) in [
            ("[train]\nlearning-rate = .001\n", "`0.001`"),
            ("[train]\nlearning-rate = 1.\n", "`1.0`"),
            ("[train]\nsteps = 007\n", "`7.0`"),
            ("eval.grounding.thresholds = [0.1, .2]\n", "`0.2`"),
            ("graph.oracle = True\n", "write `true`"),
            ("graph.oracle = no\n", "write `false`"),
            ("name = run\n", "quotes"),
            ("eval.splits = [test]\n", "quotes"),
            ("data.openi.reports = ~/cxr\n", "quotes"),
            ("data.openi.reports = $DATA\n", "quotes"),
            ("data.openi.reports = \"C:\\data\"\n", "single quotes"),
        ] {
            let said = refusal(&[("a.toml", text)], &[]);
            assert!(said.contains("not TOML") && said.contains("help") && said.contains(help), "{text}\n{said}");
        }
    }
}
