//! All studies of an experiment.

use std::collections::{BTreeSet, HashSet};
use std::path::Path;
use std::sync::Arc;

use lgdea_spec::{Data, Seed};
use rayon::prelude::*;

use crate::disk;
use crate::join::Joined;
use crate::source::{self, Contents};
use crate::table::shown_id;
use crate::{DataError, Person, Picture, SkipReason, Skipped, Study, split};

/// All studies of an experiment, and what its sources held besides.
#[derive(Debug, Clone)]
pub struct Corpus {
    /// The studies, source by source, in the order of [`lgdea_spec::for_each_source`]; one that several sources tell of stands where
    /// the first of them has it.
    pub studies: Vec<Study>,
    /// What was left out.
    pub skipped: Skipped,
    /// blake3 hash, in hexadecimal, of every study's identifier, patient, split, labels, boxes and report text, and of
    /// its image's path (below the source's root) and size in bytes, or the phantom's version and seed. The bytes of
    /// image files are not hashed: that would read the whole data set.
    pub digest: String,
    /// blake3 hash, in hexadecimal, of what studies may be divided by: view, source, sex and age of each. `digest` has of these what
    /// it had before they divided any.
    pub divisions: String,
}

impl Corpus {
    /// Takes the studies at these positions out, and counts them. Others move together, so that positions change.
    pub fn take_out(&mut self, reason: SkipReason, out: &HashSet<usize>) {
        let mut position = 0;
        self.studies.retain(|study| {
            let goes = out.contains(&position);
            if goes {
                self.skipped.add(reason, shown_id(&study.id));
            }
            position += 1;
            !goes
        });
    }
}

/// Reads every source of an experiment, and joins those that tell of the same images.
///
/// `seed` is the experiment's; it decides the split of studies without a split of their own. `progress` is called with
/// the number of items done and their total, stage by stage.
pub fn load(data: &Data, seed: Seed, progress: &(dyn Fn(usize, usize) + Sync)) -> Result<Corpus, DataError> {
    let (studies, skipped) = (Vec::new(), Skipped::default());
    let mut corpus = Corpus { studies, skipped, digest: String::new(), divisions: String::new() };
    let mut hasher = blake3::Hasher::new();
    let mut sources = Vec::new();
    for (name, source) in source::of(data) {
        let mut contents = source.read(seed, progress)?;
        let sizes = drop_missing_images(&mut contents);
        if contents.studies.is_empty() {
            return Err(DataError::Empty { what: contents.name, skipped: contents.skipped.to_string() });
        }
        // Before they are joined, which adds nothing that is not hashed.
        for (study, size) in contents.studies.iter().zip(sizes) {
            hash_study(&mut hasher, study, &contents.root, size, source.digests_views());
        }
        if contents.studies.iter().all(|study| study.source.is_none()) {
            let name: Arc<str> = Arc::from(name);
            contents.studies.iter_mut().for_each(|study| study.source = Some(Arc::clone(&name)));
        }
        corpus.skipped.merge(&contents.skipped);
        sources.push((source.images_of(), contents.studies));
    }
    if doubt_labels_of_others(sources.iter_mut().map(|(_, studies)| studies)) {
        hasher.update(b"labels that other sources have are not known");
    }
    let mut joined = Joined::default();
    for (images_of, studies) in sources {
        joined.add(images_of, studies, &mut corpus.skipped);
    }
    corpus.studies = joined.into_studies();
    if corpus.studies.is_empty() {
        return Err(DataError::Empty { what: "the experiment's data".to_owned(), skipped: String::new() });
    }
    check_identifiers(&corpus.studies)?;
    split::check_patients(&corpus.studies)?;
    corpus.digest = hasher.finalize().to_hex().to_string();
    corpus.divisions = divisions(&corpus.studies);
    Ok(corpus)
}

/// A finding that a source never names may be on its images, or not: nobody looked for it there. So it counts neither way, where
/// other sources have it. Whether that is so of any study.
fn doubt_labels_of_others<'a>(sources: impl Iterator<Item = &'a mut Vec<Study>>) -> bool {
    let mut sources: Vec<&mut Vec<Study>> = sources.collect();
    let names = |studies: &Vec<Study>| -> BTreeSet<String> {
        let labels = studies.iter().filter_map(|study| study.labels.as_ref());
        labels.flat_map(|labels| labels.present.iter().chain(&labels.uncertain)).cloned().collect()
    };
    let known: Vec<BTreeSet<String>> = sources.iter().map(|studies| names(studies)).collect();
    let all: BTreeSet<&String> = known.iter().flatten().collect();
    let mut any = false;
    for (studies, known) in sources.iter_mut().zip(&known) {
        let others: Vec<&String> = all.iter().copied().filter(|name| !known.contains(*name)).collect();
        for labels in studies.iter_mut().filter_map(|study| study.labels.as_mut()).filter(|_| !others.is_empty()) {
            labels.uncertain.extend(others.iter().map(|&name| name.clone()));
            any = true;
        }
    }
    any
}

/// Takes away images whose file is not there or cannot be reached; the size in bytes of each image file that is, study by
/// study.
fn drop_missing_images(contents: &mut Contents) -> Vec<Option<u64>> {
    let studies = std::mem::take(&mut contents.studies).into_par_iter();
    let measured: Vec<(Study, Option<Result<u64, SkipReason>>)> = studies
        .map(|study| {
            let size = study.image.as_ref().and_then(Picture::file).map(size);
            (study, size)
        })
        .collect();
    let mut sizes = Vec::with_capacity(measured.len());
    for (study, size) in measured {
        let study = match size {
            Some(Err(reason)) => study.without_image(reason, &mut contents.skipped),
            _ => study.or_nothing(&mut contents.skipped),
        };
        if let Some(study) = study {
            contents.studies.push(study);
            sizes.push(size.and_then(Result::ok));
        }
    }
    sizes
}

fn size(path: &Path) -> Result<u64, SkipReason> {
    match disk::what(path) {
        Ok(file) if file.is_file() => Ok(file.len()),
        Ok(_) => Err(SkipReason::MissingImage),
        Err(error) => Err(SkipReason::of_reading(&error)),
    }
}

/// What [`Corpus::divisions`] promises.
fn divisions(studies: &[Study]) -> String {
    let mut hasher = blake3::Hasher::new_derive_key("lgdea what divides studies, version 1");
    for Study { id, person, projection, source, .. } in studies {
        for part in [id.as_str(), &format!("{person:?} {projection:?}"), source.as_deref().unwrap_or_default()] {
            hasher.update(&(part.len() as u64).to_le_bytes()).update(part.as_bytes());
        }
    }
    hasher.finalize().to_hex().to_string()
}

fn check_identifiers(studies: &[Study]) -> Result<(), DataError> {
    let mut seen = HashSet::new();
    match studies.iter().find(|study| !seen.insert(&study.id)) {
        Some(study) => Err(DataError::DuplicateStudy { id: study.id.clone() }),
        None => Ok(()),
    }
}

/// Adds everything to the digest that [`Corpus::digest`] promises. Each field is preceded by its length, so that no two
/// different studies hash alike.
fn hash_study(hasher: &mut blake3::Hasher, study: &Study, root: &Path, size: Option<u64>, digests_views: bool) {
    let mut field = |bytes: &[u8]| {
        hasher.update(&(bytes.len() as u64).to_le_bytes());
        hasher.update(bytes);
    };
    field(study.id.as_bytes());
    field(study.patient.as_bytes());
    field(study.split.to_string().as_bytes());
    match &study.image {
        None => field(b"none"),
        Some(picture) => picture.digest(root, size.unwrap_or(0), &mut field),
    }
    field(study.report.as_ref().map_or(String::new(), crate::Report::text).as_bytes());
    let (present, uncertain) = study.labels.as_ref().map(|labels| (&labels.present, &labels.uncertain)).unzip();
    for label in present.into_iter().flatten() {
        field(label.as_bytes());
    }
    // A known empty set of labels is not the same as no labels.
    field(if study.labels.is_some() { b"labelled" } else { b"unlabelled" });
    for label in uncertain.into_iter().flatten() {
        field(b"uncertain");
        field(label.as_bytes());
    }
    for found in &study.boxes {
        field(found.finding.as_bytes());
        field(found.phrase.as_bytes());
        for share in [found.x, found.y, found.width, found.height] {
            field(&share.to_le_bytes());
        }
        if let Some(mask) = &found.mask {
            mask.digest(&mut field);
        }
    }
    // What few sources tell stands behind, so that it changes no digest of the others.
    if study.examination != study.id {
        field(study.examination.as_bytes());
    }
    let projection = study.projection.filter(|_| digests_views);
    if study.person != Person::default() || projection.is_some() {
        field(format!("{:?} {projection:?}", study.person).as_bytes());
    }
    if let Some(source) = &study.source {
        field(b"source");
        field(source.as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use lgdea_spec::Phantom;

    use super::*;
    use crate::{Mask, Projection};

    fn phantom(seed: u64) -> Data {
        let phantom = Phantom { studies: 12, validation: 4, test: 4, seed: Seed(seed) };
        Data { phantom: Some(phantom), ..Data::default() }
    }

    #[test]
    fn the_digest_follows_the_content() {
        let digest = |data: &Data| load(data, Seed(0), &|_, _| ()).unwrap().digest;
        assert_eq!(digest(&phantom(1)), digest(&phantom(1)));
        assert_ne!(digest(&phantom(1)), digest(&phantom(2)));
    }

    #[test]
    fn every_field_enters_the_digest() {
        let corpus = load(&phantom(1), Seed(0), &|_, _| ()).unwrap();
        let study = corpus.studies.iter().find(|study| !study.boxes.is_empty()).unwrap();
        let digest = |study: &Study| {
            let mut hasher = blake3::Hasher::new();
            hash_study(&mut hasher, study, Path::new(""), None, true);
            hasher.finalize()
        };
        let study = &Study { source: None, ..study.clone() };
        let changes: [fn(&mut Study); 13] = [
            |study| study.id.push('x'),
            |study| study.patient.push('x'),
            |study| study.split = crate::Split::Test,
            |study| study.image = None,
            |study| study.report = None,
            |study| study.labels = None,
            |study| study.labels.iter_mut().for_each(|labels| labels.uncertain.extend(["mass".to_owned()])),
            |study| study.boxes[0].x += 0.01,
            |study| study.boxes[0].mask = Some(Mask::of_pixels([1, 1], &[true]).into()),
            |study| study.examination.push('x'),
            |study| study.person.age = Some(60.0),
            |study| study.projection = Some(Projection::Ap),
            |study| study.source = Some("a hospital".into()),
        ];
        for (position, change) in changes.iter().enumerate() {
            let mut changed = study.clone();
            change(&mut changed);
            assert_ne!(digest(&changed), digest(study), "change {position}");
        }
    }

    #[test]
    fn every_study_has_a_source_and_what_divides_studies_has_a_digest_of_its_own() {
        let corpus = load(&phantom(1), Seed(0), &|_, _| ()).unwrap();
        assert!(corpus.studies.iter().all(|study| study.source.as_deref() == Some("phantom")));
        let changes: [fn(&mut Study); 4] = [
            |study| study.person.sex = Some(crate::Sex::Female),
            |study| study.person.age = Some(60.0),
            |study| study.projection = Some(Projection::Ap),
            |study| study.source = Some("a hospital".into()),
        ];
        for (position, change) in changes.iter().enumerate() {
            let mut changed = corpus.studies.clone();
            change(&mut changed[3]);
            assert_ne!(divisions(&changed), corpus.divisions, "change {position}");
        }
    }

    #[test]
    fn a_finding_that_only_another_source_knows_counts_neither_way() {
        let study = |id: &str, labels: &str| Study {
            labels: (labels != "-").then(|| labels.split_whitespace().collect()),
            ..Study::new(id, id, crate::Split::Test)
        };
        let mut one = vec![study("a", "edema"), study("b", ""), study("c", "-")];
        let mut other = vec![study("d", "edema mass"), study("e", "")];
        assert!(doubt_labels_of_others([&mut one, &mut other].into_iter()));
        let uncertain = |study: &Study| {
            study.labels.as_ref().map(|labels| labels.uncertain.iter().cloned().collect::<Vec<_>>().join(" "))
        };
        assert_eq!(one.iter().map(uncertain).collect::<Vec<_>>(), [Some("mass".into()), Some("mass".into()), None]);
        assert!(other.iter().all(|study| uncertain(study).is_some_and(|labels| labels.is_empty())));
        assert!(!doubt_labels_of_others([&mut one].into_iter()));
    }

    #[test]
    fn no_data_is_an_error() {
        let mut data = phantom(1);
        data.phantom = None;
        assert!(matches!(load(&data, Seed(0), &|_, _| ()), Err(DataError::Empty { .. })));
        let mut data = phantom(1);
        data.phantom = Some(Phantom { studies: 0, validation: 0, test: 0, seed: Seed(1) });
        assert!(matches!(load(&data, Seed(0), &|_, _| ()), Err(DataError::Empty { .. })));
    }
}
