//! Scores of phrase grounding that protocols measure, besides those that runs log without one.

use crate::{Declaration, Task};

/// Share of the phrases of a class whose greatest value lies in the region.
pub static CLASS_POINTING: Declaration = Declaration::new(Task::GroundingOutputs, "grounding/pointing/{class}");
/// Mean absolute contrast-to-noise ratio, of a class.
pub static CLASS_CNR: Declaration = Declaration::new(Task::GroundingOutputs, "grounding/cnr/{class}");
/// Mean contrast-to-noise ratio with its sign, of a class.
pub static CLASS_CNR_SIGNED: Declaration = Declaration::new(Task::GroundingOutputs, "grounding/cnr_signed/{class}");
/// Mean intersection over union, over thresholds, of a class.
pub static CLASS_MIOU: Declaration = Declaration::new(Task::GroundingOutputs, "grounding/miou/{class}");
/// Mean Dice coefficient, over thresholds, of a class.
pub static CLASS_DICE: Declaration = Declaration::new(Task::GroundingOutputs, "grounding/dice/{class}");
/// AUROC of the map's maximum, for whether the image shows what the phrase says.
pub static GROUNDABILITY: Declaration = Declaration {
    label: Some("groundability"),
    row: Some("groundability, AUROC"),
    ..Declaration::new(Task::GroundingOutputs, "grounding/groundability")
};

/// All scores of the task.
pub(super) static ALL: &[&Declaration] =
    &[&CLASS_POINTING, &CLASS_CNR, &CLASS_CNR_SIGNED, &CLASS_MIOU, &CLASS_DICE, &GROUNDABILITY];
