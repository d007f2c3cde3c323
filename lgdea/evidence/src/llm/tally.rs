//! What an extraction by a language model came to, in numbers and warnings.

use std::fmt;

use lgdea_spec::{AnswerFormat, agreeing, counted};
use serde::Serialize;

use super::check::Dropped;
use super::residue::Residue;

/// What an extraction came to: how many reports, who answered, what did not hold, what it cost.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Tally {
    /// All reports.
    pub reports: usize,
    /// Those whose answer was in the cache.
    pub cached: usize,
    /// Those that the server answered now.
    pub asked: usize,
    /// Of the asked, those whose first answer was invalid and whose second was valid.
    pub repaired: usize,
    /// Those without a valid answer: they have no evidence, and are asked again next time.
    pub failed: usize,
    /// Why, each reason once, the most frequent first.
    pub failures: Vec<Failures>,
    /// Those that the server failed: they have no evidence, and are asked again next time.
    pub unanswered: Vec<Unanswered>,
    /// What was dropped from the answers, now or when they were put into the cache.
    pub dropped: Dropped,
    /// Tokens sent now.
    pub prompt_tokens: u64,
    /// Tokens received now.
    pub completion_tokens: u64,
    /// What these tokens cost, in the currency of the prices.
    pub cost: f64,
    /// Likely identifiers in the reports that were sent.
    pub residue: Residue,
    /// The answer format that the server took, where it is weaker than the one asked for.
    pub answer_format_taken: Option<AnswerFormat>,
    /// Of the asked, those whose answer the server had put where a model's reasoning belongs.
    pub from_reasoning: usize,
}

/// Reports that failed for one reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Failures {
    /// Why, as in "no valid answer: malformed JSON"; no text of a report or a model.
    pub reason: String,
    /// How many.
    pub reports: usize,
    /// The first of them. Names of reports do not leave the machine with a summary.
    #[serde(skip)]
    pub first: String,
}

/// A report that the server failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Unanswered {
    /// Which report.
    pub report_id: String,
    /// Why, as in "400 (`context_length_exceeded`)".
    pub reason: String,
}

impl Tally {
    /// Reports with a valid answer.
    pub fn answered(&self) -> usize {
        self.reports - self.failed - self.unanswered.len()
    }

    /// What the user should know, a sentence each.
    pub fn warnings(&self) -> Vec<String> {
        let failed = (self.failed > 0).then(|| {
            format!(
                "{} of {} {} no valid answer of the model ({}): nothing is known of them, not even that they are normal, \
                 training leaves them out, and the same command asks for them again",
                self.failed,
                counted(self.reports, "report"),
                agreeing(self.failed, "has", "have"),
                reasons(&self.failures),
            )
        });
        let format = self.answer_format_taken.map(|format| {
            let name = format.name();
            format!("the server took answer-format \"{name}\" only, which is weaker than the one asked for")
        });
        let reasoning = (self.from_reasoning > 0).then(|| {
            format!(
                "{} stood where the server puts a model's reasoning, with nothing beside them, and were read there: \
                 its reasoning parser is set wrongly for this model",
                counted(self.from_reasoning, "answer")
            )
        });
        let residue = (!self.residue.is_empty()).then(|| {
            format!("reports that were sent may hold identifiers ({}): check their de-identification", self.residue)
        });
        [failed, format, reasoning, residue].into_iter().flatten().collect()
    }
}

/// Reasons with how many reports have them, the most frequent first. Each is given with the report that it is of.
pub(super) fn by_reason<'a>(reports: impl IntoIterator<Item = (&'a str, &'a str)>) -> Vec<Failures> {
    let mut all: Vec<Failures> = Vec::new();
    for (reason, report) in reports {
        match all.iter_mut().find(|known| known.reason == reason) {
            Some(known) => known.reports += 1,
            None => all.push(Failures { reason: reason.to_owned(), reports: 1, first: report.to_owned() }),
        }
    }
    all.sort_by_key(|failures| std::cmp::Reverse(failures.reports));
    all
}

fn reasons(failures: &[Failures]) -> String {
    let reason = |Failures { reason, reports, first }: &Failures| {
        let reason = reason.strip_prefix("no valid answer: ").unwrap_or(reason);
        format!("{reports} {reason}, as {first}")
    };
    failures.iter().map(reason).collect::<Vec<_>>().join("; ")
}

/// A few lines for the user; numbers that are zero are left out.
impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let some = |count: u64, what: &str| (count > 0).then(|| format!("{count} {what}"));
        let line = |parts: Vec<Option<String>>| parts.into_iter().flatten().collect::<Vec<_>>().join(", ");
        let counts = line(vec![
            Some(counted(self.reports, "report")),
            some(self.cached as u64, "from the cache"),
            some(self.asked as u64, "asked now"),
            some(self.repaired as u64, "repaired"),
            some(self.failed as u64, "without a valid answer"),
            some(self.unanswered.len() as u64, "not answered by the server"),
        ]);
        write!(f, "{counts}")?;
        let dropped = line(vec![
            some(self.dropped.quote_not_in_report, "quotes not in the report"),
            some(self.dropped.quote_in_ignored_section, "quotes of sections that hold no evidence"),
            some(self.dropped.finding_outside_ontology, "findings outside the ontology"),
            some(self.dropped.location_outside_ontology, "locations outside the ontology"),
        ]);
        if !dropped.is_empty() {
            write!(f, "\ndropped: {dropped}")?;
        }
        if self.prompt_tokens + self.completion_tokens > 0 {
            write!(f, "\ntokens: {} sent, {} received", self.prompt_tokens, self.completion_tokens)?;
            if self.cost > 0.0 {
                write!(f, ", cost {:.4}", self.cost)?;
            }
        }
        if !self.unanswered.is_empty() {
            let unanswered = self.unanswered.iter().map(|one| (one.reason.as_str(), one.report_id.as_str()));
            write!(f, "\nnot answered: {}", reasons(&by_reason(unanswered)))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_what_there_is_to_say() {
        assert_eq!(Tally { reports: 3, ..Tally::default() }.to_string(), "3 reports");
        let tally = Tally {
            reports: 9,
            cached: 4,
            asked: 4,
            repaired: 1,
            failed: 2,
            failures: by_reason([("no valid answer: empty", "r1"), ("no valid answer: empty", "r2")]),
            unanswered: vec![Unanswered { report_id: "r7".into(), reason: "400".into() }],
            dropped: Dropped { quote_not_in_report: 3, location_outside_ontology: 1, ..Dropped::default() },
            prompt_tokens: 1000,
            completion_tokens: 10,
            cost: 0.25,
            residue: Residue::default(),
            answer_format_taken: Some(AnswerFormat::JsonObject),
            from_reasoning: 3,
        };
        let lines = "9 reports, 4 from the cache, 4 asked now, 1 repaired, 2 without a valid answer, 1 not answered by the server\n\
            dropped: 3 quotes not in the report, 1 locations outside the ontology\n\
            tokens: 1000 sent, 10 received, cost 0.2500\n\
            not answered: 1 400, as r7";
        assert_eq!(tally.to_string(), lines);
        assert_eq!(tally.answered(), 6);
        let warnings = tally.warnings();
        assert!(warnings[0].starts_with("2 of 9 reports have no valid answer of the model (2 empty, as r1): "));
        assert!(warnings[1].contains("\"json-object\" only") && warnings[2].starts_with("3 answers stood where"));
    }
}
