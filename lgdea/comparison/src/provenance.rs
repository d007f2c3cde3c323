//! Where numbers come from: versions, machines and time of the runs behind a table.

use std::collections::BTreeSet;
use std::time::{Duration, UNIX_EPOCH};

use lgdea_track::{Event, Lineage, Record};
use serde::{Deserialize, Serialize};

/// Digits of a commit that are shown.
const COMMIT_DIGITS: usize = 10;

/// What a set of runs was made with and on. Names no person and no host.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Provenance {
    /// Versions of lgdea.
    pub lgdea: BTreeSet<String>,
    /// Commits of the repositories that the experiments lie in; `+` where the work tree differed.
    pub commits: BTreeSet<String>,
    /// Processors and their number.
    pub machines: BTreeSet<String>,
    /// Where tensors lived.
    pub devices: BTreeSet<String>,
    /// When the first run began, in milliseconds since 1970-01-01 UTC; none without runs.
    pub from: Option<u64>,
    /// When the last one ended.
    pub until: Option<u64>,
}

impl Provenance {
    /// Of an attempt at a run.
    pub(crate) fn of(lineage: &Lineage) -> Provenance {
        let one = |text: &str| BTreeSet::from_iter((!text.is_empty()).then(|| text.to_owned()));
        let git = lineage.git.as_ref();
        let commit = git.map(|git| format!("{}{}", git.commit, if git.dirty { "+" } else { "" }));
        Provenance {
            lgdea: one(&lineage.lgdea),
            commits: commit.into_iter().collect(),
            machines: one(&match lineage.cpu.as_str() {
                "" => String::new(),
                cpu => format!("{cpu}, {} cores", lineage.cores),
            }),
            devices: one(&lineage.device),
            from: None,
            until: None,
        }
    }

    /// Adds what a line of a journal, of which those before are in it, tells.
    pub(crate) fn add(&mut self, record: &Record) {
        self.from = self.from.or(Some(record.time));
        self.until = Some(record.time);
        if let Event::Started { lineage, .. } = &record.event {
            self.merge(&Provenance::of(lineage));
        }
    }

    /// Adds what other runs were made with.
    pub fn merge(&mut self, other: &Provenance) {
        self.lgdea.extend(other.lgdea.iter().cloned());
        self.commits.extend(other.commits.iter().cloned());
        self.machines.extend(other.machines.iter().cloned());
        self.devices.extend(other.devices.iter().cloned());
        self.from = [self.from, other.from].into_iter().flatten().min();
        self.until = self.until.max(other.until);
    }

    /// In words: `lgdea 0.1.0 at 4385bfb0a1, x86_64 …, 2 cores, flex, 25 Nov 2026`.
    pub fn describe(&self) -> String {
        let joined = |values: &BTreeSet<String>| values.iter().map(String::as_str).collect::<Vec<_>>().join(" and ");
        let short = |commit: &String| {
            let digits: String = commit.chars().take(COMMIT_DIGITS).collect();
            if commit.ends_with('+') { format!("{digits} with changes") } else { digits }
        };
        let mut code = format!("lgdea {}", joined(&self.lgdea));
        if !self.commits.is_empty() {
            code = format!("{code} at {}", joined(&self.commits.iter().map(short).collect()));
        }
        let days: BTreeSet<String> = self.from.into_iter().chain(self.until).map(day).collect();
        let days = match (self.from.map(day), self.until.map(day)) {
            (Some(from), Some(until)) if from != until => format!("{from} to {until}"),
            _ => joined(&days),
        };
        let parts = [code, joined(&self.machines), joined(&self.devices), days];
        parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("; ")
    }
}

/// The day of a time: `25 Nov 2026`.
fn day(milliseconds: u64) -> String {
    let date = httpdate::fmt_http_date(UNIX_EPOCH + Duration::from_millis(milliseconds));
    // `Wed, 25 Nov 2026 20:55:54 GMT`
    date.get(5..16).map_or_else(|| date.clone(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_of_two_days_and_machines_are_all_named() {
        let lineage =
            |cpu: &str| Lineage { lgdea: "0.1.0".to_owned(), cpu: cpu.to_owned(), cores: 2, ..Lineage::default() };
        let mut all = Provenance { from: Some(1_700_000_000_000), ..Provenance::of(&lineage("x")) };
        all.merge(&Provenance { until: Some(1_700_100_000_000), ..Provenance::of(&lineage("y")) });
        assert_eq!(all.describe(), "lgdea 0.1.0; x, 2 cores and y, 2 cores; 14 Nov 2023 to 16 Nov 2023");
    }
}
