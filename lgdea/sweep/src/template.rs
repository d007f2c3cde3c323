//! Scripts and job files from templates.

use lgdea_fault::{AtFault, Fault};
use minijinja::{AutoEscape, Environment, ErrorKind, UndefinedBehavior};
use serde::Serialize;
use thiserror::Error;

/// Most instructions that a template may take; the shipped ones take some hundred.
const FUEL: u64 = 1_000_000;

/// A template that cannot be filled in.
#[derive(Debug, Error)]
#[error("{name}{}: {}{}", line(.source), .source.kind(), detail(.source))]
pub struct TemplateError {
    name: String,
    source: minijinja::Error,
}

/// Templates are the user's own, or shipped and tested.
impl AtFault for TemplateError {
    fn fault(&self) -> Fault {
        Fault::Input
    }
}

fn line(error: &minijinja::Error) -> String {
    error.line().map_or_else(String::new, |line| format!(", line {line}"))
}

fn detail(error: &minijinja::Error) -> String {
    let known =
        if error.kind() == ErrorKind::UndefinedError { "; the shipped templates show what there is" } else { "" };
    error.detail().map_or_else(String::new, |detail| format!(": {detail}")) + known
}

/// Fills a template in; `name` is what errors call it.
pub(crate) fn fill(name: &str, source: &str, values: &impl Serialize) -> Result<String, TemplateError> {
    let failed = |source| TemplateError { name: name.to_owned(), source };
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_auto_escape_callback(|_| AutoEscape::None);
    environment.set_fuel(Some(FUEL));
    environment.add_filter("shell", |word: &str| shell_word(word));
    environment.add_template(name, source).map_err(failed)?;
    let template = environment.get_template(name).map_err(failed)?;
    let text = template.render(minijinja::value::Serde(values)).map_err(failed)?;
    Ok(format!("{}\n", text.trim_end()))
}

/// A word as shells and `#SBATCH` lines read it.
pub(crate) fn shell_word(word: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_-./:=,@%+".contains(&byte);
    if !word.is_empty() && word.bytes().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

/// Words as a shell reads them.
pub(crate) fn shell_words(words: &[String]) -> String {
    words.iter().map(|word| shell_word(word)).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn words_reach_the_program_as_they_are() {
        let words = ["plain-1.2/a", "", "a b", "it's", "$HOME `x` \"y\" \\", "ä\n2"].map(str::to_owned);
        let script = format!("printf '%s\\0' {}", shell_words(&words));
        let output = std::process::Command::new("sh").args(["-c", &script]).output().unwrap();
        assert_eq!(String::from_utf8(output.stdout).unwrap(), words.join("\0") + "\0");
        assert!(shell_words(&words).starts_with("plain-1.2/a '' "), "what need not be quoted is not");
    }

    #[test]
    fn a_broken_template_says_where() {
        let fill = |source| fill("mine.j2", source, &BTreeMap::from([("name", "a b")]));
        assert_eq!(fill("{{ name | shell }}\n").unwrap(), "'a b'\n");
        let error = fill("\n{{ nam }}").unwrap_err().to_string();
        assert!(error.starts_with("mine.j2, line 2: undefined value"), "{error}");
        let error = fill("{% if %}").unwrap_err().to_string();
        assert!(error.starts_with("mine.j2, line 1: syntax error"), "{error}");
        assert!(fill("{% for a in range(9999) %}{% for b in range(9999) %}{% endfor %}{% endfor %}").is_err());
    }
}
