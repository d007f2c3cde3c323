//! Notes of what a piece of work asked the disk.

use std::cell::RefCell;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, Mutex, PoisonError};

use blake3::{Hash, Hasher};
use rayon::prelude::*;
use rayon::{ThreadPoolBuildError, ThreadPoolBuilder};
use serde::{Deserialize, Serialize};

use super::question::{Answer, Question};

thread_local! {
    /// Where the work of this thread notes what it asks.
    static NOTES: RefCell<Option<Arc<Mutex<Notes>>>> = const { RefCell::new(None) };
}

#[derive(Default)]
struct Notes {
    answers: HashMap<Question, Hash>,
    /// Whether some answer may change without a sign of it.
    given_up: bool,
}

/// What was asked, and what tells all answers together apart.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Asked {
    questions: Vec<Question>,
    answers: String,
}

impl Asked {
    /// Whether the disk gives the same answers now.
    pub(crate) fn is_still_true(&self) -> bool {
        let answers: Vec<Hash> = self.questions.par_iter().map(Question::ask).collect();
        together(&answers) == self.answers
    }

    /// Whether a file or a folder was looked for.
    pub(crate) fn names_files(&self) -> bool {
        self.questions.iter().any(|question| !matches!(question, Question::Path(_)))
    }
}

/// Does work, and says what it asked; `None` where it cannot be told later whether the answers are the same.
///
/// The work gets threads of its own: what they ask belongs to it.
///
/// # Errors
/// The threads cannot be started.
pub(crate) fn noted<T: Send>(work: impl FnOnce() -> T + Send) -> Result<(T, Option<Asked>), ThreadPoolBuildError> {
    let notes = Arc::new(Mutex::new(Notes::default()));
    let of_threads = Arc::clone(&notes);
    let begin = move |_| NOTES.set(Some(Arc::clone(&of_threads)));
    let pool = ThreadPoolBuilder::new().start_handler(begin).build()?;
    let done = pool.install(work);
    let notes = std::mem::take(&mut *notes.lock().unwrap_or_else(PoisonError::into_inner));
    Ok((done, notes.asked()))
}

/// Asks, and notes the answer; `ask` is told whether anybody takes notes.
pub(super) fn note<T>(ask: impl FnOnce(bool) -> (Option<(Option<Question>, Answer)>, T)) -> T {
    NOTES.with_borrow(|notes| {
        let (noted, found) = ask(notes.is_some());
        if let (Some(notes), Some((question, answer))) = (notes, noted) {
            notes.lock().unwrap_or_else(PoisonError::into_inner).add(question, &answer);
        }
        found
    })
}

/// Notes that nothing can be kept.
pub(super) fn give_up() {
    NOTES.with_borrow(|notes| {
        if let Some(notes) = notes {
            notes.lock().unwrap_or_else(PoisonError::into_inner).given_up = true;
        }
    });
}

impl Notes {
    fn add(&mut self, question: Option<Question>, answer: &Answer) {
        self.given_up |= !answer.is_lasting;
        match question.map(|question| self.answers.entry(question)) {
            // It changed meanwhile.
            Some(Entry::Occupied(before)) => self.given_up |= *before.get() != answer.hash,
            Some(Entry::Vacant(place)) => {
                place.insert(answer.hash);
            }
            None => self.given_up = true,
        }
    }

    fn asked(self) -> Option<Asked> {
        if self.given_up {
            return None;
        }
        // Files of one folder are asked for together.
        let mut all: Vec<(Question, Hash)> = self.answers.into_iter().collect();
        all.par_sort_unstable_by(|a, b| a.0.cmp(&b.0));
        let (questions, answers): (Vec<Question>, Vec<Hash>) = all.into_iter().unzip();
        Some(Asked { questions, answers: together(&answers) })
    }
}

/// One hash of many.
fn together(answers: &[Hash]) -> String {
    let mut hasher = Hasher::new();
    for answer in answers {
        hasher.update(answer.as_bytes());
    }
    hasher.finalize().to_hex().to_string()
}
