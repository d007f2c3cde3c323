//! What the doctor of data says about the classes of prompts, and the page of all that it says.

mod labels;
mod page;

pub use labels::labels;
pub use page::{Contents, page};
