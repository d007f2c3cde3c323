//! Which answer format a server takes: the strongest that it neither refuses nor always fails at.

use std::cell::Cell;

use lgdea_spec::AnswerFormat;
use tokio::time::Instant;

/// So many requests that end with 500, and none that is answered: a weaker format is tried.
const FAILURES: u32 = 3;

/// What all requests together know of a server's formats.
#[derive(Debug)]
pub(super) struct Formats {
    asked: AnswerFormat,
    current: Cell<AnswerFormat>,
    /// Whether the server has answered in the current format.
    works: Cell<bool>,
    /// Requests that ended with 500 before one was answered.
    failures: Cell<u32>,
    /// How far below the current format the next trial is.
    trial: Cell<usize>,
    /// A weaker format that the server answered in while it failed at the current one, and when.
    instead: Cell<Option<(AnswerFormat, Instant)>>,
}

impl Formats {
    pub(super) fn new(asked: AnswerFormat) -> Self {
        Self {
            asked,
            current: Cell::new(asked),
            works: Cell::new(false),
            failures: Cell::new(0),
            trial: Cell::new(1),
            instead: Cell::new(None),
        }
    }

    /// The format of the next request.
    pub(super) fn next(&self) -> AnswerFormat {
        // A server that answered in a weaker format may have recovered just then: the stronger one has another chance.
        let settled = self.works.get() || self.instead.get().is_some();
        if settled || self.failures.get() < FAILURES { self.current.get() } else { self.tried() }
    }

    /// The format that is tried instead of the current one, or that one again.
    fn tried(&self) -> AnswerFormat {
        let ladder: Vec<AnswerFormat> = self.current.get().ladder().collect();
        ladder[self.trial.get() % ladder.len()]
    }

    /// The server answered. `refused`: it had refused this conversation in stronger formats.
    pub(super) fn answered(&self, format: AnswerFormat, refused: bool) {
        if format == self.current.get() {
            self.works.set(true);
        } else if !self.works.get() && refused {
            // Had it ever taken the stronger one, it would be this conversation that it refused.
            self.settle(format);
        } else if !self.works.get() && self.instead.get().is_none() {
            self.instead.set(Some((format, Instant::now())));
        }
    }

    /// The server ended a request with 500 that was sent at `sent`.
    pub(super) fn failed(&self, format: AnswerFormat, sent: Instant) {
        if self.works.get() {
            return;
        }
        // Those under way when the trials began say nothing of the format that is tried.
        if self.failures.get() >= FAILURES && format == self.tried() {
            self.trial.set(self.trial.get() + 1);
        }
        self.failures.set(self.failures.get() + 1);
        if let Some((weaker, answered)) = self.instead.get()
            && format == self.current.get()
            && sent > answered
        {
            self.settle(weaker);
        }
    }

    fn settle(&self, format: AnswerFormat) {
        self.current.set(format);
        self.works.set(true);
    }

    /// Whether every format was tried, and none answered.
    pub(super) fn all_failed(&self) -> bool {
        !self.works.get() && self.failures.get() as usize >= FAILURES as usize + self.asked.ladder().count()
    }

    /// The format that the server takes, where it is weaker than the one asked for.
    pub(super) fn weaker_taken(&self) -> Option<AnswerFormat> {
        let instead = self.instead.get().map(|(format, _)| format).filter(|_| !self.works.get());
        Some(instead.unwrap_or(self.current.get())).filter(|format| *format != self.asked)
    }
}

#[cfg(test)]
mod tests {
    use lgdea_spec::AnswerFormat::{JsonObject, JsonSchema, Text};

    use super::*;

    fn fail(formats: &Formats, times: usize) -> Vec<AnswerFormat> {
        let fail = |_| {
            let format = formats.next();
            formats.failed(format, Instant::now());
            format
        };
        (0..times).map(fail).collect()
    }

    #[test]
    fn a_server_that_only_fails_is_asked_in_every_format_in_turn() {
        let formats = Formats::new(JsonSchema);
        let tried = [JsonSchema, JsonSchema, JsonSchema, JsonObject, Text, JsonSchema, JsonObject];
        assert_eq!(fail(&formats, 7), tried);
        assert!(formats.all_failed());
        let formats = Formats::new(JsonSchema);
        (0..9).for_each(|_| formats.failed(JsonSchema, Instant::now()));
        assert_eq!(formats.next(), JsonObject, "however many were under way in the first");
        assert_eq!(formats.weaker_taken(), None);
        let text = Formats::new(Text);
        assert_eq!(fail(&text, 5), [Text; 5]);
    }

    #[test]
    fn a_weaker_format_is_settled_on_when_the_stronger_fails_again() {
        let formats = Formats::new(JsonSchema);
        let before = Instant::now();
        fail(&formats, 3);
        formats.answered(JsonObject, false);
        assert_eq!(formats.next(), JsonSchema, "it has another chance");
        formats.failed(JsonSchema, before);
        assert_eq!(formats.next(), JsonSchema, "that one was sent before the server answered");
        formats.failed(JsonSchema, Instant::now());
        assert_eq!((formats.next(), formats.weaker_taken()), (JsonObject, Some(JsonObject)));
        fail(&formats, 20);
        assert_eq!(formats.next(), JsonObject);
    }

    #[test]
    fn a_server_that_recovers_keeps_the_stronger_format() {
        let formats = Formats::new(JsonSchema);
        fail(&formats, 3);
        formats.answered(JsonObject, false);
        formats.answered(JsonSchema, false);
        fail(&formats, 20);
        assert_eq!((formats.next(), formats.weaker_taken()), (JsonSchema, None));
    }

    #[test]
    fn a_refused_format_is_left_at_once_unless_it_was_taken_before() {
        let formats = Formats::new(JsonSchema);
        formats.answered(Text, true);
        assert_eq!((formats.next(), formats.weaker_taken()), (Text, Some(Text)));
        let formats = Formats::new(JsonSchema);
        formats.answered(JsonSchema, false);
        formats.answered(Text, true);
        assert_eq!((formats.next(), formats.weaker_taken()), (JsonSchema, None));
    }
}
