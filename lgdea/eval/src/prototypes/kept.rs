//! What is kept of a run's prototypes in its folder: numbers and evidence phrases as JSON, image regions as one sheet.
//!
//! A report is made of it and sent around, so it names no study. Its phrases are an ontology's words for what reports say, and no
//! report's own.

use std::collections::BTreeMap;
use std::io::{Error, ErrorKind};
use std::path::Path;

use image::{Rgb, RgbImage, imageops};
use serde::{Deserialize, Serialize};

use super::page::find;
use super::{Heading, Prototype, Prototypes, Radiograph, Summary};
use crate::EvalError;
use crate::gallery::{crop, radiograph};

/// Side of a region on the sheet, in pixels.
const SIDE: u32 = 96;
/// Between regions, part of their side.
const GAP: u32 = 3;
/// How many times its patch a region shows.
const MARGIN: f32 = 4.0;
/// Regions kept of a prototype, the best ones.
const REGIONS: usize = 4;
const BACKGROUND: Rgb<u8> = Rgb([24, 24, 27]);

/// The prototypes of a run, as its folder keeps them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Kept {
    /// Which model, and which images.
    pub heading: Heading,
    /// All prototypes together.
    pub summary: Summary,
    /// The most used first; dead ones last. Their regions are on the sheet.
    pub prototypes: Vec<Prototype>,
    /// Of each prototype in this order, the evidence of the regions in its row of the sheet, from the left.
    pub regions: Vec<Vec<f32>>,
}

impl Kept {
    /// The numbers and phrases, in the folder of a run's artifacts.
    pub const NUMBERS: &'static str = "prototypes.json";
    /// The sheet beside them: a row for each prototype. There is none where the method teaches images no evidence.
    pub const SHEET: &'static str = "prototypes.png";

    /// Writes both files into the folder of a run's artifacts; `radiographs` are those of [`Prototypes::studies`].
    pub fn write(
        prototypes: &Prototypes,
        heading: &Heading,
        radiographs: &BTreeMap<usize, Radiograph>,
        artifacts: &Path,
    ) -> Result<(), EvalError> {
        let best =
            |prototype: &Prototype| prototype.regions.iter().take(REGIONS).map(|region| region.evidence).collect();
        let kept = Kept {
            heading: heading.clone(),
            summary: prototypes.summary.clone(),
            prototypes: prototypes.prototypes.clone(),
            regions: prototypes.prototypes.iter().map(best).collect(),
        };
        if kept.regions.iter().any(|regions| !regions.is_empty()) {
            let path = artifacts.join(Kept::SHEET);
            let sheet = sheet(&prototypes.prototypes, radiographs)?;
            sheet.save(&path).map_err(|source| EvalError::WritePicture { path, source })?;
        }
        // Last, as it is what says that the sheet is there.
        let path = artifacts.join(Kept::NUMBERS);
        let json = serde_json::to_vec_pretty(&kept).map_err(Error::from);
        json.and_then(|json| std::fs::write(&path, json)).map_err(failed("write", &path))
    }

    /// Reads the numbers from the folder of a run's artifacts; `None` where nothing was kept.
    pub fn read(artifacts: &Path) -> Result<Option<Kept>, EvalError> {
        let path = artifacts.join(Kept::NUMBERS);
        let text = match std::fs::read(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            text => text.map_err(failed("read", &path))?,
        };
        let kept: Kept = serde_json::from_slice(&text).map_err(Error::from).map_err(failed("read", &path))?;
        if kept.regions.len() != kept.prototypes.len() {
            let error = Error::new(ErrorKind::InvalidData, "it has other prototypes than regions");
            return Err(failed("read", &path)(error));
        }
        Ok(Some(kept))
    }

    /// The regions of a prototype, by its place in [`Kept::prototypes`], side by side; `None` where there are none, or the sheet has
    /// no such row.
    pub fn strip(&self, sheet: &RgbImage, place: usize) -> Option<RgbImage> {
        let count = self.regions.get(place)?.len() as u32;
        let (top, width) = ((place as u32).checked_mul(SIDE)?, count.checked_mul(SIDE)?);
        let fits = count > 0 && width <= sheet.width() && top.checked_add(SIDE)? <= sheet.height();
        fits.then(|| imageops::crop_imm(sheet, 0, top, width - GAP, SIDE - GAP).to_image())
    }
}

fn failed(action: &'static str, path: &Path) -> impl FnOnce(Error) -> EvalError {
    move |source| EvalError::Kept { action, path: path.to_path_buf(), source }
}

/// The regions of all prototypes, a row for each.
fn sheet(prototypes: &[Prototype], radiographs: &BTreeMap<usize, Radiograph>) -> Result<RgbImage, EvalError> {
    let mut sheet = RgbImage::from_pixel(REGIONS as u32 * SIDE, prototypes.len() as u32 * SIDE, BACKGROUND);
    for (row, prototype) in prototypes.iter().enumerate() {
        for (column, region) in prototype.regions.iter().take(REGIONS).enumerate() {
            let found = find(region.study, radiographs)?;
            let whole = radiograph(&found.pixels, found.size, found.size as u32)?;
            let part = crop(&whole, region.place, MARGIN, SIDE - GAP);
            imageops::replace(&mut sheet, &part, i64::from(column as u32 * SIDE), i64::from(row as u32 * SIDE));
        }
    }
    Ok(sheet)
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;
    use crate::prototypes::{Observed, ObservedImages, Phrase, Region};

    fn heading() -> Heading {
        Heading { run: "low_pair-0123".to_owned(), step: 300, steps: 300, split: "validation".to_owned() }
    }

    /// Two prototypes, of which the first has five regions.
    fn prototypes(images: bool) -> Prototypes {
        let region = |study| Region { study, place: [0.5, 0.0, 0.5, 0.5], evidence: 0.875 };
        let observed = ObservedImages {
            evidence: array![[1.0, 0.0]],
            regions: vec![(0..5).map(region).collect(), Vec::new()],
            lesions: vec![Vec::new(), Vec::new()],
        };
        let findings = [("pleural_effusion".to_owned(), 3)].into();
        Prototypes::new(Observed {
            phrases: vec![Phrase { text: "left pleural effusion".to_owned(), findings }],
            phrase_evidence: array![[1.0, 0.0]],
            reports: vec![vec![0]; 3],
            images: images.then_some(observed),
        })
    }

    fn radiographs() -> BTreeMap<usize, Radiograph> {
        let radiograph = |study: usize| Radiograph {
            pixels: vec![40 * (study as u8 + 1); 64],
            size: 8,
            study: format!("patient-{study}"),
            labels: "edema".to_owned(),
        };
        (0..5).map(|study| (study, radiograph(study))).collect()
    }

    #[test]
    fn what_is_kept_is_read_again_with_its_pictures_and_names_no_study() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(Kept::read(folder.path()).unwrap(), None);
        Kept::write(&prototypes(true), &heading(), &radiographs(), folder.path()).unwrap();
        let kept = Kept::read(folder.path()).unwrap().unwrap();
        assert_eq!((kept.heading.clone(), kept.prototypes.len()), (heading(), 2));
        assert_eq!(kept.prototypes[0].nearest[0].text, "left pleural effusion");
        assert_eq!(kept.regions, [vec![0.875; 4], Vec::new()]);
        let sheet = image::open(folder.path().join(Kept::SHEET)).unwrap().to_rgb8();
        let strip = kept.strip(&sheet, 0).unwrap();
        assert_eq!(strip.dimensions(), (4 * SIDE - GAP, SIDE - GAP));
        // The frame of the patch hides the corner; left of it is the radiograph.
        assert_eq!([0, 1, 3].map(|tile| strip.get_pixel(tile * SIDE + 20, 90).0[0]), [40, 80, 160]);
        assert_eq!(kept.strip(&sheet, 1), None);
        assert_eq!(kept.strip(&RgbImage::new(4 * SIDE, SIDE - 1), 0), None);
        let json = std::fs::read_to_string(folder.path().join(Kept::NUMBERS)).unwrap();
        assert!(!json.contains("patient"), "{json}");
    }

    #[test]
    fn a_method_without_image_evidence_keeps_no_sheet() {
        let folder = tempfile::tempdir().unwrap();
        Kept::write(&prototypes(false), &heading(), &BTreeMap::new(), folder.path()).unwrap();
        assert!(!folder.path().join(Kept::SHEET).exists());
        assert_eq!(Kept::read(folder.path()).unwrap().unwrap().regions, [Vec::<f32>::new(), Vec::new()]);
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(Kept::NUMBERS);
        std::fs::write(&path, "{\"heading\": 1}").unwrap();
        assert!(Kept::read(folder.path()).unwrap_err().to_string().contains("cannot read"));
        Kept::write(&prototypes(true), &heading(), &radiographs(), folder.path()).unwrap();
        let mut kept = Kept::read(folder.path()).unwrap().unwrap();
        kept.regions.pop();
        std::fs::write(&path, serde_json::to_vec(&kept).unwrap()).unwrap();
        assert!(Kept::read(folder.path()).unwrap_err().to_string().contains("other prototypes than regions"));
        let gone = folder.path().join("none");
        let error = Kept::write(&prototypes(false), &heading(), &BTreeMap::new(), &gone).unwrap_err();
        assert!(error.to_string().contains("cannot write"), "{error}");
        let error = Kept::write(&prototypes(true), &heading(), &BTreeMap::new(), folder.path()).unwrap_err();
        assert!(error.to_string().contains("study 0"), "{error}");
    }
}
