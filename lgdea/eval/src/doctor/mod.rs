//! What the doctor of data says about the classes of prompts, and the page of all that it says.

mod labels;
mod page;
mod shortcuts;

pub use labels::labels;
pub use page::{Contents, page};
pub use shortcuts::{labels_that_go_with, read_from_images};
