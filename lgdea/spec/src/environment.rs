//! Environment variables in paths: `${NAME}` and `${NAME:-default}`.

use std::ffi::OsString;
use std::path::PathBuf;

use lgdea_fault::{AtFault, Fault};
use thiserror::Error;

/// Why a path with environment variables cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum EnvironmentError {
    /// The variable has no value.
    #[error(
        "`{text}` needs the environment variable `{name}`, which is not set; set it (`export {name}=…`), or give a default: \
         `${{{name}:-…}}`"
    )]
    Unset {
        /// The variable.
        name: String,
        /// The path as written.
        text: String,
    },
    /// A `${` without its `}`.
    #[error("`{text}` has a `${{` without its `}}`; write `${{NAME}}` or `${{NAME:-default}}`")]
    Unclosed {
        /// The path as written.
        text: String,
    },
    /// Something between `${` and `}` that names no variable.
    #[error(
        "`{name}` in `{text}` is not the name of an environment variable: those hold letters, digits and `_`, and start with \
         no digit"
    )]
    BadName {
        /// What stands there.
        name: String,
        /// The path as written.
        text: String,
    },
}

impl AtFault for EnvironmentError {
    fn fault(&self) -> Fault {
        Fault::Input
    }
}

/// The path that `text` means, with `${NAME}` and `${NAME:-default}` replaced by environment variables.
///
/// As in a shell, the default also stands in for an empty variable; without a default, an empty variable is an
/// error, because `${NAME}/images` would otherwise start at the root of the file system.
///
/// # Errors
/// A variable is not set and has no default, or `${…}` is malformed.
pub fn expand_env(text: &str) -> Result<PathBuf, EnvironmentError> {
    expand(text, |name| std::env::var_os(name))
}

fn expand(text: &str, variable: impl Fn(&str) -> Option<OsString>) -> Result<PathBuf, EnvironmentError> {
    let mut path = OsString::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        let (inside, after) = after.split_once('}').ok_or_else(|| EnvironmentError::Unclosed { text: text.into() })?;
        let (name, default) = match inside.split_once(":-") {
            Some((name, default)) => (name, Some(default)),
            None => (inside, None),
        };
        if !is_name(name) {
            return Err(EnvironmentError::BadName { name: name.into(), text: text.into() });
        }
        let value = variable(name).filter(|value| !value.is_empty());
        path.push(before);
        path.push(
            value
                .or(default.map(OsString::from))
                .ok_or_else(|| EnvironmentError::Unset { name: name.into(), text: text.into() })?,
        );
        rest = after;
    }
    path.push(rest);
    Ok(path.into())
}

fn is_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn variable(name: &str) -> Option<OsString> {
        match name {
            "DATA" => Some("/data".into()),
            "EMPTY" => Some("".into()),
            _ => None,
        }
    }

    fn expanded(text: &str) -> Result<PathBuf, EnvironmentError> {
        expand(text, variable)
    }

    #[test]
    fn replaces_variables_and_takes_defaults() {
        assert_eq!(expanded("${DATA}/cxr"), Ok("/data/cxr".into()));
        assert_eq!(expanded("a/${NONE:-b}/${DATA}"), Ok("a/b//data".into()));
        assert_eq!(expanded("${EMPTY:-x}"), Ok("x".into()));
        assert_eq!(expanded("${NONE:-}y"), Ok("y".into()));
        assert_eq!(expanded("$DATA/plain"), Ok("$DATA/plain".into()));
    }

    #[test]
    fn an_unset_or_empty_variable_is_named_and_the_remedy_given() {
        for name in ["NONE", "EMPTY"] {
            let error = expanded(&format!("${{{name}}}/cxr")).unwrap_err().to_string();
            for part in [format!("`{name}`"), format!("export {name}="), format!("${{{name}:-…}}")] {
                assert!(error.contains(&part), "{error}");
            }
        }
    }

    #[test]
    fn malformed_references_are_refused() {
        assert!(matches!(expanded("${DATA/cxr"), Err(EnvironmentError::Unclosed { .. })));
        for text in ["${}", "${1A}", "${A B}", "${=}"] {
            assert!(matches!(expanded(text), Err(EnvironmentError::BadName { .. })), "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_expanded_or_refused(text in "[a-zA-Z_${}:\\-/ ]{0,40}|\\PC{0,20}") {
            let _ = expanded(&text);
        }

        #[test]
        fn text_without_references_is_left_alone(text in "[^$]{0,40}") {
            prop_assert_eq!(expanded(&text), Ok(PathBuf::from(&text)));
        }
    }
}
