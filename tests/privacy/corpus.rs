//! A corpus in which every report opens with the same two words, which stand nowhere else.

use std::fmt::Write;
use std::ops::Deref;
use std::path::Path;

use lgdea_harness::{Workspace, tiny};

/// What every report begins with. Nobody else says it.
pub(crate) const CANARY: &str = "qvastrel umbrokk";

/// A folder with `data/studies.csv`, its images, `own.toml`, `sweep.toml` and `reports.jsonl`.
#[derive(Debug)]
pub(crate) struct Corpus(Workspace);

impl Deref for Corpus {
    type Target = Workspace;

    fn deref(&self) -> &Workspace {
        &self.0
    }
}

impl Corpus {
    /// The corpus that lies in a folder already.
    pub(crate) fn at(place: Workspace) -> Self {
        Self(place)
    }

    /// All that a command says on both its outputs, whatever its end, with all that it may log.
    pub(crate) fn said(&self, arguments: &[&str]) -> String {
        let output = self.lgdea(arguments).env("LGDEA_LOG", "trace").output().unwrap();
        let said = [output.stdout, output.stderr].concat();
        let said = String::from_utf8_lossy(&said).into_owned();
        assert!(!said.contains("panicked"), "{arguments:?}: {said}");
        said
    }

    /// Neither the name nor the content of anything that commands wrote holds the canary.
    pub(crate) fn assert_nothing_kept(&self) {
        for folder in ["results", "exported"] {
            self.assert_unquoted_below(&self.path(folder));
        }
        for file in ["evidence.jsonl", "heat.png"] {
            if let Ok(content) = std::fs::read(self.path(file)) {
                assert_unquoted(file, &content);
            }
        }
    }

    fn assert_unquoted_below(&self, folder: &Path) {
        let Ok(entries) = std::fs::read_dir(folder) else { return };
        for path in entries.map(|entry| entry.unwrap().path()) {
            let name = path.strip_prefix(self.folder()).unwrap().display().to_string();
            assert_unquoted("a name", name.as_bytes());
            if path.is_dir() {
                self.assert_unquoted_below(&path);
            } else {
                assert_unquoted(&name, &std::fs::read(&path).unwrap());
            }
        }
    }
}

/// Runs a command that must end with a code; what it says must not hold the canary.
pub(crate) fn run(place: &Corpus, code: i32, arguments: &[&str]) {
    let output = place.lgdea(arguments).env("LGDEA_LOG", "trace").output().unwrap();
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {told}");
    assert_unquoted(&format!("{arguments:?} on standard output"), &output.stdout);
    assert_unquoted(&format!("{arguments:?} on standard error"), &output.stderr);
}

/// Fails if the canary stands in these bytes.
pub(crate) fn assert_unquoted(place: &str, bytes: &[u8]) {
    assert_eq!(quoted(place, bytes), None);
}

/// Where the canary stands in these bytes, in capitals or not, whatever stands between its two words.
pub(crate) fn quoted(place: &str, bytes: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(bytes).to_lowercase();
    let letters: String = text.chars().filter(char::is_ascii_alphanumeric).collect();
    let at = letters.find(&CANARY.replace(' ', ""))?;
    Some(format!("{place} quotes a report: {}", &letters[at.saturating_sub(200)..(at + 80).min(letters.len())]))
}

/// 48 studies with the labels that their reports say, of which each fourth is for testing.
pub(crate) fn corpus() -> Corpus {
    let place = Workspace::new();
    let findings = ["edema", "pneumothorax", "cardiomegaly", "pleural effusion"];
    let mut rows = String::from("study,patient,image,report,labels,split\n");
    let mut reports = String::new();
    for number in 0..48 {
        let split = ["train", "train", "validation", "test"][number % 4];
        let (finding, other) = (findings[number / 4 % 4], findings[(number / 4 + 1) % 4]);
        place.picture(&format!("data/{number}.png"), number as u32);
        let report = format!("Qvastrel umbrokk {finding}. There is no qvastrel umbrokk {other}. Study {number}.");
        writeln!(rows, "s{number},p{number},{number}.png,{report},{finding},{split}").unwrap();
        writeln!(reports, "{{\"report_id\":\"s{number}\",\"report\":\"{report}\"}}").unwrap();
    }
    place.write("data/studies.csv", rows);
    place.write("reports.jsonl", reports);
    let own = "[data.manifest]\nroot = \"data\"\nstudies = [\"studies.csv\"]\n[eval]\nbootstrap = 10\n\
               grounding.enabled = false\nzero-shot.prompts = \"chexpert\"\n";
    place.write("own.toml", format!("{own}{}", tiny::without_data(tiny::TINY)));
    place.write("sweep.toml", "experiment = \"own.toml\"\n[grid]\ntrain.learning-rate = [1e-3, 2e-3]\n");
    Corpus(place)
}
