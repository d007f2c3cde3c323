//! What a command said.

use assert_cmd::assert::Assert;
use serde_json::Value;

/// What a command said, read after its exit code was checked.
pub trait Said {
    /// Its standard output.
    fn printed(&self) -> String;

    /// What it told on standard error.
    fn told(&self) -> String;

    /// As [`Said::told`], in one line: messages are wrapped and indented for the terminal.
    fn told_in_a_line(&self) -> String {
        let told = self.told();
        let words = told.split(|c: char| c.is_whitespace() || "│×".contains(c)).filter(|word| !word.is_empty());
        words.collect::<Vec<_>>().join(" ")
    }

    /// Its standard output, which is one JSON value.
    fn json(&self) -> Value {
        serde_json::from_str(&self.printed()).unwrap()
    }

    /// The last line of its standard output, in which a run with `--json` says what came of it.
    fn outcome(&self) -> Value {
        serde_json::from_str(self.printed().lines().last().unwrap()).unwrap()
    }
}

impl Said for Assert {
    fn printed(&self) -> String {
        String::from_utf8(self.get_output().stdout.clone()).unwrap()
    }

    fn told(&self) -> String {
        let told = String::from_utf8(self.get_output().stderr.clone()).unwrap();
        assert!(!told.contains("panicked"), "{told}");
        told
    }
}
