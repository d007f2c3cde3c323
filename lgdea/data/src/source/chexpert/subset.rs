//! The subset 5x200: frontal images that have one of five findings alone, 200 of each.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use lgdea_spec::{Chexpert, Seed};

use super::SET;
use super::patients::{Location, stem};
use super::rows::Rows;
use crate::error::expand;
use crate::examination::Examination;
use crate::split::Split;
use crate::table::{Table, shown_id};
use crate::view::View;
use crate::{DataError, SkipReason, Skipped};

/// The findings.
const FINDINGS: [&str; 5] = ["Atelectasis", "Cardiomegaly", "Consolidation", "Edema", "Pleural Effusion"];
/// How many images there are of each.
const EACH: usize = 200;

/// Images that are chosen, by their studies.
pub(super) type Chosen = HashMap<String, Vec<String>>;

/// The images of the subset: those of the list, or else drawn.
pub(super) fn choose(settings: &Chexpert, rows: &Rows, seed: Seed) -> Result<Chosen, DataError> {
    if settings.subset_list.is_empty() {
        draw(rows, seed)
    } else {
        listed(&expand("data.chexpert.subset-list", &settings.subset_list)?, rows)
    }
}

fn listed(path: &Path, rows: &Rows) -> Result<Chosen, DataError> {
    let table = Table::read(path)?;
    let [column] = table.columns(&format!("the subset 5x200 of {SET}"), ["Path"])?;
    let mut chosen = Chosen::new();
    for row in &table.rows {
        let cell = row.cell(Some(column));
        let unknown = || {
            let what = format!("`{}` is not in {}; name the list of these data", shown_id(cell), rows.path.display());
            row.error(path, what)
        };
        let location = Location::parse(cell).ok_or_else(unknown)?;
        let id = location.id();
        let place = rows.examinations.place(&id).ok_or_else(unknown)?;
        let wanted = location.image.map(stem);
        let films = rows.examinations.items()[place].films.iter();
        let images: Vec<String> = match wanted {
            Some(image) => films.filter(|film| film.id == image).map(|film| film.id.clone()).collect(),
            None => films.filter(|film| View::parse(&film.view) == View::Frontal).map(|film| film.id.clone()).collect(),
        };
        if images.is_empty() {
            return Err(unknown());
        }
        chosen.entry(id).or_default().extend(images);
    }
    Ok(chosen)
}

/// Draws images by the seed, at most one a study. Which they are depends on nothing but the seed and the images.
fn draw(rows: &Rows, seed: Seed) -> Result<Chosen, DataError> {
    let stream = seed.stream("5x200");
    let mut chosen = Chosen::new();
    for finding in FINDINGS {
        let of_finding = rows.alone.iter().filter(|(_, _, alone)| *alone == finding);
        let mut drawn: Vec<(Seed, &String, &String)> =
            of_finding.map(|(study, film, _)| (stream.stream(&format!("{study}/{film}")), study, film)).collect();
        drawn.sort_by_key(|&(lot, study, film)| (lot.0, study, film));
        let mut studies = HashSet::new();
        drawn.retain(|&(_, study, _)| studies.insert(study));
        if drawn.len() < EACH {
            let count = drawn.len();
            let reason = format!(
                "{count} studies have a frontal image with {finding} alone, where 5x200 needs {EACH}; name a `subset-list`"
            );
            return Err(DataError::Csv { path: rows.path.clone(), line: 1, reason });
        }
        for (_, study, film) in drawn.into_iter().take(EACH) {
            chosen.entry(study.clone()).or_default().push(film.clone());
        }
    }
    Ok(chosen)
}

/// Makes the test of the chosen images; other studies of their patients are left out, which training must not see.
pub(super) fn make_test(chosen: &Chosen, examinations: &mut Vec<Examination>, skipped: &mut Skipped) {
    let is_chosen = |examination: &&Examination| chosen.contains_key(&examination.id);
    let patients: HashSet<String> = examinations.iter().filter(is_chosen).map(|one| one.patient.clone()).collect();
    examinations.retain_mut(|examination| {
        if let Some(images) = chosen.get(&examination.id) {
            examination.split = Some(Split::Test);
            examination.films.retain(|film| images.contains(&film.id));
        } else if patients.contains(&examination.patient) {
            skipped.add(SkipReason::PatientOfTest, shown_id(&examination.id));
            return false;
        }
        true
    });
}
