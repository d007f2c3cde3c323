//! `[notify]`: who is told that a run or a sweep has ended.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Who is told that a run, or a sweep of this experiment, has ended.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Notify {
    /// Command of the shell that is run then, for at most a minute; empty for none. It is told by variables of its environment what
    /// has ended and how: `LGDEA_NAME`, `LGDEA_STATUS` (`finished`, `failed`, `stopped`), `LGDEA_FOLDER`, `LGDEA_SECONDS` and
    /// `LGDEA_MESSAGE`. Trials of a sweep do not run it, their sweep does. It is kept neither in a run's folder nor in the tracker.
    pub command: String,
}
