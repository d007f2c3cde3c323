//! What the doctor of data says about the classes of prompts, and the page of all that it says.

mod labels;
mod page;
mod shortcuts;

pub use labels::labels;
pub use page::{Contents, page};
pub use shortcuts::{labels_that_go_with, read_from_images};

use lgdea_data::{Diagnosis, Example, Severity};

/// That there are some of `of` things, of which so many are `listed`; `None` where there are none.
fn doubtful(all: Vec<String>, listed: usize, of: usize, what: &str, remedy: &'static str) -> Option<Diagnosis> {
    let count = all.len();
    let examples = all.into_iter().take(listed).map(Example::text).collect();
    let severity = Severity::Doubtful;
    (count > 0).then(|| Diagnosis { severity, what: what.to_owned(), count, of, examples, remedy })
}
