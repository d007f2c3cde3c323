//! Who is told how a run goes.

use std::path::Path;

use lgdea_train::Observer;

/// Called with the items that are done, and their number, from any thread; dropped when the work has ended.
pub type Counter = Box<dyn Fn(usize, usize) + Sync>;

/// Who is told how a run goes.
pub trait Audience: Sync {
    /// A line of information.
    fn say(&self, text: &str);

    /// A run begins, in this folder.
    fn begins(&self, _folder: &Path) {}

    /// Work of many items begins.
    fn counter(&self, what: &'static str) -> Counter;

    /// Training begins. The observer is dropped when it has ended.
    fn training(&self) -> Box<dyn Observer>;
}
