//! `lgdea prototypes`: what the prototypes of a run stand for, as a page, as numbers, and kept in the run's folder for reports.

use std::collections::BTreeMap;
use std::path::Path;

use lgdea_data::{Picture, Split, Study};
use lgdea_eval::prototypes::{Heading, Kept, Prototypes, Radiograph, page};
use lgdea_run::Opened;
use serde_json::json;

use super::{opened, writable};
use crate::args::inspect::PrototypesArgs;
use crate::failure::{Failure, refused};
use crate::output::{decimal, print, print_json, write_file};
use crate::progress::{Progress, say};

/// Least side of the radiographs that the page's pictures are cut from.
const SIDE: usize = 256;

pub(crate) fn prototypes(args: &PrototypesArgs) -> Result<(), Failure> {
    if let Some(out) = &args.out {
        writable(out, "html")?;
    }
    let opened = opened::open(&args.run, &Progress::new())?;
    let split = Split::from(args.split);
    let prototypes = opened.trained().prototypes(&opened.evidence, split)?;
    if args.out.is_some() || args.keep {
        let shown = Shown::new(&opened, &prototypes, split)?;
        if let Some(out) = &args.out {
            shown.write_page(out)?;
        }
        if args.keep {
            shown.keep(&opened)?;
        }
    }
    if args.json {
        return print_json(&json!({
            "run": opened.name(),
            "step": opened.step,
            "split": split,
            "summary": prototypes.summary,
            "prototypes": prototypes.prototypes,
        }));
    }
    let page = args.out.as_ref().map_or_else(String::new, |out| format!("{}\n", out.display()));
    print(&format!("{}{page}", describe(&prototypes)))
}

/// Prototypes with what is shown of them.
struct Shown<'a> {
    prototypes: &'a Prototypes,
    heading: Heading,
    radiographs: BTreeMap<usize, Radiograph>,
}

impl<'a> Shown<'a> {
    fn new(opened: &Opened, prototypes: &'a Prototypes, split: Split) -> Result<Self, Failure> {
        let side = opened.prepared.images.size().max(SIDE);
        let mut radiographs = BTreeMap::new();
        for study in prototypes.studies() {
            radiographs.extend(radiograph(&opened.prepared.studies[study], side)?.map(|found| (study, found)));
        }
        let heading = Heading {
            run: opened.name(),
            step: opened.step,
            steps: opened.experiment.train.all_steps(),
            split: split.to_string(),
        };
        Ok(Self { prototypes, heading, radiographs })
    }

    fn write_page(&self, out: &Path) -> Result<(), Failure> {
        let html = page(self.prototypes, &self.heading, &self.radiographs)?;
        write_file(out, &html)
    }

    /// Writes what a report shows into the run's folder, of which nothing else changes.
    fn keep(&self, opened: &Opened) -> Result<(), Failure> {
        let artifacts = opened.run.artifacts();
        Kept::write(self.prototypes, &self.heading, &self.radiographs, &artifacts)?;
        say(format!("kept as {}", artifacts.join(Kept::NUMBERS).display()));
        Ok(())
    }
}

fn radiograph(study: &Study, side: usize) -> Result<Option<Radiograph>, Failure> {
    let draw = |picture: &Picture| {
        let mut pixels = vec![0; side * side];
        let drawn = picture.draw(side, &mut pixels);
        drawn.map_err(|reason| refused(format!("the image of study `{}`: {}", study.id, reason.describe())))?;
        let labels = study.labels_in_words().unwrap_or_default();
        Ok(Radiograph { pixels, size: side, study: study.id.clone(), labels })
    };
    study.image.as_ref().map(draw).transpose()
}

fn describe(prototypes: &Prototypes) -> String {
    let summary = &prototypes.summary;
    let number = |value| decimal(value, 2);
    let rows = [
        ("usage entropy of reports", number(Some(summary.usage_entropy))),
        ("entropy of a phrase", number(Some(summary.phrase_entropy))),
        ("usage entropy of images", number(summary.image_usage_entropy)),
        ("entropy of an image", number(summary.image_entropy)),
        ("dead prototypes", format!("{} of {}", summary.dead, prototypes.prototypes.len())),
        ("purity by finding", number(summary.purity)),
        ("mutual information with findings", number(summary.mutual_information)),
    ];
    rows.map(|(name, value)| format!("{name:<34}{value}\n")).concat()
}
