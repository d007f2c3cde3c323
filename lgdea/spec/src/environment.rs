//! What paths of an experiment may begin with or hold: `~`, `$NAME`, `${NAME}` and `${NAME:-default}`.

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
    /// The home of somebody else.
    #[error(
        "`{text}` names the home of another user, which is not looked up; write the folder in full, or `./{text}` for one that \
         is called so"
    )]
    OtherHome {
        /// The path as written.
        text: String,
    },
}

impl AtFault for EnvironmentError {
    fn fault(&self) -> Fault {
        Fault::Input
    }
}

/// Whether a path starts with what only the reader on its own machine knows, and so from no folder of ours.
pub(crate) fn starts_elsewhere(text: &str) -> bool {
    text.starts_with('$') || text == "~" || text.starts_with('~') && text.contains('/')
}

/// A text in which no character means anything but itself to [`expand_env`], unless it stands at the beginning.
pub(crate) fn escaped(text: &str) -> String {
    text.replace('$', "$$")
}

/// The path that `text` means: `~` and `~/…` begin at the home folder, `$NAME`, `${NAME}` and `${NAME:-default}` are
/// environment variables, `$$` is a `$`.
///
/// As in a shell, the default also stands in for an empty variable; without a default, an empty variable is an
/// error, because `${NAME}/images` would otherwise start at the root of the file system.
///
/// # Errors
/// A variable is not set and has no default, `${…}` is malformed, or the path begins at the home of another user.
pub fn expand_env(text: &str) -> Result<PathBuf, EnvironmentError> {
    expand(text, |name| std::env::var_os(name))
}

fn expand(text: &str, variable: impl Fn(&str) -> Option<OsString>) -> Result<PathBuf, EnvironmentError> {
    let value = |name: &str, default: Option<&str>| {
        let value = variable(name).filter(|value| !value.is_empty());
        let unset = || EnvironmentError::Unset { name: name.into(), text: text.into() };
        value.or(default.map(OsString::from)).ok_or_else(unset)
    };
    let mut path = OsString::new();
    let mut rest = text;
    if let Some(below) = text.strip_prefix('~').filter(|_| starts_elsewhere(text)) {
        if !below.is_empty() && !below.starts_with('/') {
            return Err(EnvironmentError::OtherHome { text: text.into() });
        }
        path.push(value("HOME", None)?);
        rest = below;
    }
    while let Some((before, after)) = rest.split_once('$') {
        path.push(before);
        let named = after.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(after.len());
        rest = if let Some(after) = after.strip_prefix('{') {
            let unclosed = || EnvironmentError::Unclosed { text: text.into() };
            let (inside, after) = after.split_once('}').ok_or_else(unclosed)?;
            let (name, default) = match inside.split_once(":-") {
                Some((name, default)) => (name, Some(default)),
                None => (inside, None),
            };
            if !is_name(name) {
                return Err(EnvironmentError::BadName { name: name.into(), text: text.into() });
            }
            path.push(value(name, default)?);
            after
        } else if is_name(&after[..named]) {
            path.push(value(&after[..named], None)?);
            &after[named..]
        } else {
            path.push("$");
            after.strip_prefix('$').unwrap_or(after)
        };
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
            "HOME" => Some("/home/me".into()),
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
    }

    #[test]
    fn a_path_is_read_as_a_shell_reads_it() {
        let same = [
            ("~", "/home/me"),
            ("~/cxr", "/home/me/cxr"),
            ("~/", "/home/me/"),
            ("$DATA", "/data"),
            ("$DATA/cxr", "/data/cxr"),
            ("$DATA.old/a", "/data.old/a"),
            ("/a/$DATA-1", "/a//data-1"),
            ("~/$DATA/${DATA}", "/home/me//data//data"),
            ("/a/~/b", "/a/~/b"),
            ("/a~b", "/a~b"),
            ("~backup.csv", "~backup.csv"),
            ("/costs/5$", "/costs/5$"),
            ("/costs/$5", "/costs/$5"),
            ("/a$$DATA", "/a$DATA"),
        ];
        for (written, meant) in same {
            assert_eq!(expanded(written), Ok(meant.into()), "{written}");
        }
        assert!(matches!(expanded("$NONE/cxr"), Err(EnvironmentError::Unset { name, .. }) if name == "NONE"));
        let error = expanded("~you/cxr").unwrap_err().to_string();
        assert!(error.contains("another user") && error.contains("`./~you/cxr`"), "{error}");
        let homeless = expand("~/cxr", |_| None).unwrap_err();
        assert!(matches!(homeless, EnvironmentError::Unset { name, .. } if name == "HOME"));
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
        fn what_is_escaped_means_itself(text in "/[a-zA-Z_${}:\\-/ ~]{0,40}") {
            prop_assert_eq!(expanded(&escaped(&text)), Ok(PathBuf::from(&text)));
        }

        #[test]
        fn text_without_references_is_left_alone(text in "[^$~]{0,40}") {
            prop_assert_eq!(expanded(&text), Ok(PathBuf::from(&text)));
        }
    }
}
