//! CheXlocalize: masks of findings on images of the validation and the test split.

use std::collections::{BTreeMap, HashMap};

use lgdea_spec::{Chexpert, ChexpertSplit};
use rayon::prelude::*;

use crate::examination::Examination;
use crate::folder::Folder;
use crate::mask::CocoMask;
use crate::table::{shown, shown_id};
use crate::{DataError, FindingBox, Mask, SkipReason, Skipped, json, normalise_label};

/// What errors call the set.
const SET: &str = "CheXlocalize";

const FILES: [(ChexpertSplit, &str); 2] =
    [(ChexpertSplit::Valid, "gt_segmentations_val.json"), (ChexpertSplit::Test, "gt_segmentations_test.json")];

/// Masks by finding, by image (`patient64541_study1_view1_frontal`).
type Masks = BTreeMap<String, BTreeMap<String, CocoMask>>;

/// Adds the masks to their images. Each image has an entry for each finding, which is empty where the finding is absent.
pub(super) fn add(
    settings: &Chexpert,
    examinations: &mut [Examination],
    skipped: &mut Skipped,
) -> Result<(), DataError> {
    if settings.masks.is_empty() {
        return Ok(());
    }
    let folder = Folder::open("data.chexpert.masks", &settings.masks)?;
    let mut films = HashMap::new();
    for (place, examination) in examinations.iter().enumerate() {
        for (number, film) in examination.films.iter().enumerate() {
            films.insert(format!("{}_{}", examination.id.replace('/', "_"), film.id), (place, number));
        }
    }
    for (_, name) in FILES.iter().filter(|(split, _)| settings.splits.contains(split)) {
        let path = folder.file(SET, &[name])?;
        for (image, findings) in json::read::<Masks>(SET, &path)? {
            let Some(&(place, number)) = films.get(&image) else {
                skipped.add(SkipReason::BoxWithoutImage, shown_id(&image));
                continue;
            };
            let outline = |(finding, mask): (&String, &CocoMask)| -> Result<Option<FindingBox>, DataError> {
                let mask = Mask::of_coco(mask).map_err(|wrong| {
                    let (finding, image) = (shown(finding), shown_id(&image));
                    let reason =
                        format!("the mask of {finding} on `{image}` is broken ({wrong}); fetch the file again");
                    DataError::Csv { path: path.clone(), line: 1, reason }
                })?;
                Ok(mask.and_then(|mask| FindingBox::of_mask(&label(finding), "", mask)))
            };
            let outlines: Vec<Option<FindingBox>> = findings.par_iter().map(outline).collect::<Result<_, _>>()?;
            examinations[place].films[number].boxes.extend(outlines.into_iter().flatten());
        }
    }
    Ok(())
}

/// The finding as CheXpert's tables call it, one of which has another name here.
fn label(finding: &str) -> String {
    match normalise_label(finding) {
        name if name == "airspace_opacity" => "lung_opacity".to_owned(),
        name => name,
    }
}
