//! Writes answers to the cache as they come.

use std::collections::HashMap;
use std::sync::mpsc::Receiver;

use super::ask::Answer;
use crate::error::EvidenceError;
use crate::extraction::Progress;
use crate::llm::LanguageModel;
use crate::llm::cache::{Cache, New};
use crate::llm::outcome::Outcome;
use crate::llm::tally::Tally;
use crate::llm::texts::Texts;

/// Keeps answers as they come, and what they come to.
pub(super) struct Keeper<'a> {
    pub(super) model: &'a LanguageModel,
    pub(super) texts: &'a Texts<'a>,
    pub(super) cache: Cache,
    /// For each text.
    pub(super) outcomes: Vec<Option<Outcome>>,
    pub(super) tally: Tally,
    /// Texts that the server failed, and why.
    pub(super) unanswered: HashMap<usize, String>,
}

impl Keeper<'_> {
    /// The texts without outcome.
    pub(super) fn missing(&self) -> Vec<usize> {
        (0..self.outcomes.len()).filter(|&text| self.outcomes[text].is_none()).collect()
    }

    /// Keeps answers until no more come: those that came meanwhile together.
    pub(super) fn keep_all(
        mut self,
        answers: Receiver<(usize, Answer)>,
        progress: Progress<'_>,
    ) -> Result<Self, EvidenceError> {
        while let Ok(first) = answers.recv() {
            self.keep([first].into_iter().chain(answers.try_iter()))?;
            progress(self.tally.cached + self.tally.asked, self.tally.reports);
        }
        Ok(self)
    }

    fn keep(&mut self, answers: impl Iterator<Item = (usize, Answer)>) -> Result<(), EvidenceError> {
        let (mut texts, mut outcomes) = (Vec::new(), Vec::new());
        for (text, Answer { outcome, repaired, from_reasoning, taken, usage }) in answers {
            self.tally.prompt_tokens += usage.prompt_tokens;
            self.tally.completion_tokens += usage.completion_tokens;
            match outcome {
                Ok(outcome) => {
                    texts.push((text, repaired, from_reasoning));
                    outcomes.push(New { text: self.texts.distinct[text], outcome, taken, usage });
                }
                Err(reason) => {
                    self.unanswered.insert(text, reason);
                }
            }
        }
        let holds = |text: &str, known: &Outcome| known.holds(&self.model.ontology, text);
        self.cache.keep(&self.model.request, &mut outcomes, holds)?;
        for ((text, repaired, from_reasoning), new) in texts.into_iter().zip(outcomes) {
            let copies = self.texts.copies[text];
            self.tally.asked += copies;
            self.tally.repaired += if repaired { copies } else { 0 };
            self.tally.from_reasoning += if from_reasoning { copies } else { 0 };
            self.outcomes[text] = Some(new.outcome);
        }
        Ok(())
    }
}
