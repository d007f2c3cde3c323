//! How commands end badly: exit code 2 where the input is wrong, 1 where the run failed.

use std::fmt;
use std::iter;
use std::process::ExitCode;

use lgdea_fault::{AtFault, Fault, chain};
use miette::{Diagnostic, MietteDiagnostic, MietteHandlerOpts, ReportHandler};
use textwrap::core::Word;
use textwrap::{WordSeparator, WordSplitter};

use crate::progress::say;
use crate::terminal::is_coloured;

/// Why a command did not do what it was asked to.
#[derive(Debug)]
pub(crate) enum Failure {
    /// An error, which says whose fault it is.
    Error(Box<dyn AtFault>),
    /// Everything is told already.
    Quiet(ExitCode),
}

impl<E: AtFault + 'static> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::Error(Box::new(error))
    }
}

impl Failure {
    /// The error in one line.
    pub(crate) fn message(&self) -> String {
        match self {
            Self::Error(error) => chain(&**error),
            Self::Quiet(_) => String::new(),
        }
    }

    pub(crate) fn exit_code(&self) -> ExitCode {
        match self {
            Self::Error(error) => match error.fault() {
                Fault::Input => ExitCode::from(2),
                Fault::Run => ExitCode::from(1),
            },
            Self::Quiet(code) => *code,
        }
    }

    pub(crate) fn print(&self) {
        if let Self::Error(error) = self {
            let line = MietteDiagnostic::new(self.message());
            say(format!("{:?}", Shown(error.diagnostic().unwrap_or(&line))));
        }
    }
}

/// A diagnostic as a terminal shows it.
struct Shown<'a>(&'a dyn Diagnostic);

impl fmt::Debug for Shown<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Links are escapes as colours are.
        let wanted = is_coloured();
        let options = MietteHandlerOpts::new().color(wanted).terminal_links(wanted);
        let whole = options.word_separator(WordSeparator::Custom(words)).word_splitter(WordSplitter::NoHyphenation);
        whole.break_words(false).build().debug(self.0, formatter)
    }
}

/// The words of a line, between which it may be broken. A line of TOML is one, for it is there to be copied.
fn words(line: &str) -> Box<dyn Iterator<Item = Word<'_>> + '_> {
    let is_toml = || line.contains(" = ") && line.parse::<toml::Table>().is_ok();
    if line.starts_with('#') || is_toml() {
        Box::new(iter::once(Word::from(line)))
    } else {
        WordSeparator::new().find_words(line)
    }
}

/// What a command says in its own words.
#[derive(Debug, thiserror::Error)]
#[error("{words}")]
struct Words {
    fault: Fault,
    words: MietteDiagnostic,
}

impl AtFault for Words {
    fn fault(&self) -> Fault {
        self.fault
    }

    fn diagnostic(&self) -> Option<&dyn Diagnostic> {
        Some(&self.words)
    }
}

/// Wrong input, in words.
pub(crate) fn refused(problem: String) -> Failure {
    Words { fault: Fault::Input, words: MietteDiagnostic::new(problem) }.into()
}

/// Wrong input, in words, and what to do.
pub(crate) fn refused_with_help(problem: String, help: &str) -> Failure {
    Words { fault: Fault::Input, words: MietteDiagnostic::new(problem).with_help(help) }.into()
}

/// That no space is left, with what to do about it, where an error of a run is that.
pub(crate) fn or_full(error: impl AtFault + 'static) -> Failure {
    let message = chain(&error);
    if lgdea_fault::full_disk(&message).is_none() {
        return error.into();
    }
    let help = "free some space and give the same command again: it goes on from the last checkpoint, and what was \
                written is kept";
    Words { fault: error.fault(), words: MietteDiagnostic::new(message).with_help(help) }.into()
}

/// A failed run, in words.
pub(crate) fn failed(problem: String) -> Failure {
    Words { fault: Fault::Run, words: MietteDiagnostic::new(problem) }.into()
}

#[cfg(test)]
mod tests {
    use lgdea_sweep::{ExecuteError, PlanError};

    use super::*;

    fn shown(failure: &Failure) -> String {
        let Failure::Error(error) = failure else { return String::new() };
        let text = error.diagnostic().map_or_else(String::new, |diagnostic| format!("{:?}", Shown(diagnostic)));
        // Without the terminal's line breaks.
        text.replace('│', "").split_whitespace().collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn a_problem_of_a_file_keeps_its_place_however_deep_it_lies() {
        let overrides = ["train.stps=3".to_owned()];
        let problem = lgdea_spec::Resolved::from_overrides(&overrides).unwrap_err();
        let failure = Failure::from(ExecuteError::Plan(PlanError::Spec(problem)));
        assert_eq!(failure.exit_code(), ExitCode::from(2));
        assert!(shown(&failure).contains("train.stps=3"), "{}", shown(&failure));
    }

    #[test]
    fn lines_of_toml_are_not_broken() {
        let lines = [
            format!("labels = [{}]", ["\"Pleural-Effusion\""; 12].join(", ")),
            format!("# {}", "a comment ".repeat(12)),
            format!("study = \"a\"  # {}", "such as this ".repeat(12)),
        ];
        let help = format!("in `[data.manifest.columns]` {}write\n{}", "and so on ".repeat(12), lines.join("\n"));
        let Failure::Error(error) = refused_with_help("no".to_owned(), &help) else {
            unreachable!("words are an error")
        };
        let text = format!("{:?}", Shown(error.diagnostic().unwrap()));
        for line in lines {
            assert!(text.lines().any(|shown| shown.trim() == line.trim()), "{line} in\n{text}");
        }
        assert!(!text.lines().any(|shown| shown.contains("in `[data") && shown.contains("write")), "{text}");
    }

    #[test]
    fn words_have_the_exit_code_that_their_command_means() {
        assert_eq!(refused("no".to_owned()).exit_code(), ExitCode::from(2));
        assert_eq!(failed("no".to_owned()).exit_code(), ExitCode::from(1));
        let full = std::io::Error::other("cannot write a: No space left on device (os error 28)");
        let full = or_full(full);
        assert_eq!(full.exit_code(), ExitCode::from(1));
        assert!(shown(&full).contains("from the last checkpoint") && shown(&full).contains("(os error 28)"));
        assert!(!or_full(std::io::Error::other("(os error 2)")).message().contains("checkpoint"));
        assert!(shown(&refused_with_help("no".to_owned(), "say yes")).contains("help: say yes"));
    }
}
