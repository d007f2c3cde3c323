//! Scores of phrase grounding, of the chosen heat map and of each single one.

use crate::{Declaration, Parameters, Task};

/// Share of phrases whose greatest value lies in the region.
pub static POINTING: Declaration = Declaration {
    label: Some("pointing game"),
    row: Some("pointing game"),
    headlines: &[Parameters::NONE],
    ..Declaration::new(Task::Grounding, "grounding/{map}pointing")
};
/// Mean absolute contrast-to-noise ratio.
pub static CNR: Declaration = Declaration {
    label: Some("CNR"),
    row: Some("CNR, absolute"),
    headlines: &[Parameters::NONE],
    ..Declaration::new(Task::Grounding, "grounding/{map}cnr")
};
/// Mean contrast-to-noise ratio with its sign.
pub static CNR_SIGNED: Declaration =
    Declaration { row: Some("CNR, signed"), ..Declaration::new(Task::Grounding, "grounding/{map}cnr_signed") };
/// Mean intersection over union, over thresholds.
pub static MIOU: Declaration = Declaration {
    label: Some("mean IoU"),
    row: Some("mean IoU"),
    ..Declaration::new(Task::Grounding, "grounding/{map}miou")
};

/// Mean Dice coefficient, over thresholds.
pub static DICE: Declaration = Declaration {
    label: Some("mean Dice"),
    row: Some("mean Dice"),
    ..Declaration::new(Task::Grounding, "grounding/{map}dice")
};

/// All scores of the task.
pub(super) static ALL: &[&Declaration] = &[&POINTING, &CNR, &CNR_SIGNED, &MIOU, &DICE];
