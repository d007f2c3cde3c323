//! Limited pairing: which training studies are pairs, and what becomes of the others.

use std::collections::{BTreeMap, HashMap, HashSet};

use lgdea_spec::{Pairing, Seed, Unpaired};
use serde::{Deserialize, Serialize};
use serde_json::error::Category;

use crate::error::expand;
use crate::table::shown_id;
use crate::{Corpus, DataError, Split, Study, json};

/// Which training studies are used as pairs, as images without report, and as reports without image.
///
/// Identifiers only, so that it can be shared where the data cannot. The lists are sorted: their order tells nothing
/// about which image belongs to which report.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PairingManifest {
    /// ρ, the share of complete studies asked for.
    pub ratio: f64,
    /// What became of the others.
    pub unpaired: Unpaired,
    /// Training studies with both image and report: what `ratio` is a share of.
    pub complete: usize,
    /// `P`: studies whose image and report are a pair.
    pub paired: Vec<String>,
    /// `U_I`: studies whose image is used without its report.
    pub images: Vec<String>,
    /// `U_R`: studies whose report is used without its image.
    pub reports: Vec<String>,
    /// blake3 hash, in hexadecimal, of the three lists.
    pub digest: String,
}

impl PairingManifest {
    /// Reads a manifest that was written before; `file` is what `pairing.manifest` names.
    ///
    /// # Errors
    /// The file cannot be read, is no manifest, or its lists are not those that its digest is of.
    pub fn read(file: &str) -> Result<PairingManifest, DataError> {
        let path = expand("pairing.manifest", file)?;
        let manifest: PairingManifest = json::parse(&path, |error| format!("no file of pairs: {}", what(error)))?;
        let found = digest([&manifest.paired, &manifest.images, &manifest.reports]);
        if found != manifest.digest {
            let reason = "the lists were changed after they were drawn; where that is meant, set";
            let reason = format!("{reason} `\"digest\": \"{found}\"`");
            return Err(DataError::Csv { path, line: 1, reason });
        }
        Ok(manifest)
    }

    /// Whether the manifest fits an experiment and its data; otherwise what does not, and what to do.
    fn problem(&self, corpus: &Corpus, pairing: &Pairing) -> Option<String> {
        let (ratio, unpaired) = (pairing.ratio, pairing.unpaired);
        if (ratio - self.ratio).abs() > f64::EPSILON || unpaired != self.unpaired {
            return Some(format!(
                "the pairs were drawn with another ratio, or other studies left unpaired, than `[pairing]` says; set `ratio = {}` and \
                 `unpaired = \"{}\"`, or draw them anew with `lgdea data pair --force`",
                self.ratio,
                serde_json::to_value(self.unpaired).ok()?.as_str()?
            ));
        }
        let training = corpus.studies.iter().filter(|study| study.split == Split::Train);
        let known: HashMap<&str, &Study> = training.map(|study| (study.id.as_str(), study)).collect();
        let lists: [(_, IsUsable, _); 3] = [
            (&self.paired, |study| study.image.is_some() && study.report.is_some(), "pairs"),
            (&self.images, |study| study.image.is_some(), "images"),
            (&self.reports, |study| study.report.is_some(), "reports"),
        ];
        lists.into_iter().find_map(|(list, is_usable, what)| {
            let lacks = |id: &&String| !known.get(id.as_str()).is_some_and(|study| is_usable(study));
            let mut lacking = list.iter().filter(lacks);
            let first = lacking.next()?;
            Some(format!(
                "{} of its {} {what} are not there among the training studies, the first is `{}`; draw them anew with `lgdea data \
                 pair --force`, or name the data that they were drawn from",
                1 + lacking.count(),
                list.len(),
                shown_id(first)
            ))
        })
    }
}

/// Whether a study can be used for what a list says.
type IsUsable = fn(&Study) -> bool;

/// What is wrong with a JSON text, without any of it.
fn what(error: &serde_json::Error) -> &'static str {
    match error.classify() {
        Category::Eof => "it ends too early",
        Category::Data => "a key is missing, unknown, or of another kind",
        _ => "it is not JSON",
    }
}

/// The pairs of an experiment: those of its `pairing.manifest`, or else drawn from the training split.
///
/// # Errors
/// There is nothing to pair, or the manifest does not fit.
pub fn pair(corpus: &Corpus, pairing: &Pairing, seed: Seed) -> Result<PairingManifest, DataError> {
    let Some(file) = pairing.manifest_file() else { return draw(corpus, pairing, seed) };
    let manifest = PairingManifest::read(file)?;
    match manifest.problem(corpus, pairing) {
        None => Ok(manifest),
        Some(reason) => Err(DataError::Csv { path: expand("pairing.manifest", file)?, line: 1, reason }),
    }
}

/// Takes the labels from training studies whose patients are not among the share of labelled ones that training may know.
///
/// Patients who have labels are ranked by a hash of the seed and their identifier, so that a larger share keeps every patient of a
/// smaller one; at least one is kept.
pub fn hide_labels(studies: &mut [Study], share: f64, seed: Seed) {
    if share >= 1.0 {
        return;
    }
    let is_training = |study: &&mut Study| study.split == Split::Train && study.labels.is_some();
    let mut patients: Vec<(u64, String)> = studies
        .iter_mut()
        .filter(is_training)
        .map(|study| (seed.stream(&study.patient).0, study.patient.clone()))
        .collect();
    patients.sort();
    patients.dedup();
    let kept = ((share * patients.len() as f64).round() as usize).max(1);
    let hidden: HashSet<&str> = patients.iter().skip(kept).map(|(_, patient)| patient.as_str()).collect();
    for study in studies.iter_mut().filter(is_training).filter(|study| hidden.contains(study.patient.as_str())) {
        study.labels = None;
    }
}

/// Draws the pairs of the training split, patient by patient.
///
/// Patients are ranked by a hash of the seed and their identifier, and the first of them are paired until their complete
/// studies come as near as they can to `ratio` of all (at least one patient). A larger ratio therefore keeps every pair of
/// a smaller one, and the draw depends on neither the order of studies nor on other data being added.
/// With [`Unpaired::Disjoint`] the other patients are dealt out from the end of the ranking, each to the pool that has
/// fewer studies, so that a smaller ratio keeps every patient's pool, too. Studies that have only an image or only a
/// report by nature are in their pool unless `unpaired` is [`Unpaired::None`]; no hidden pairing is at stake with them.
fn draw(corpus: &Corpus, pairing: &Pairing, seed: Seed) -> Result<PairingManifest, DataError> {
    let Pairing { ratio, unpaired, .. } = *pairing;
    if !(ratio > 0.0 && ratio <= 1.0) {
        return Err(DataError::PairingRatio { ratio });
    }
    let training = || corpus.studies.iter().filter(|study| study.split == Split::Train);
    let mut complete: BTreeMap<&str, Vec<&Study>> = BTreeMap::new();
    for study in training().filter(|study| study.image.is_some() && study.report.is_some()) {
        complete.entry(&study.patient).or_default().push(study);
    }
    if complete.is_empty() {
        return Err(DataError::NoPair {
            images: training().filter(|study| study.image.is_some()).count(),
            reports: training().filter(|study| study.report.is_some()).count(),
            skipped: corpus.skipped.to_string(),
        });
    }
    let mut patients: Vec<(u64, &str, Vec<&Study>)> =
        complete.into_iter().map(|(patient, studies)| (seed.stream(patient).0, patient, studies)).collect();
    patients.sort_by_key(|&(rank, patient, _)| (rank, patient));
    let counts: Vec<usize> = patients.iter().map(|(_, _, studies)| studies.len()).collect();
    let (paired, others) = patients.split_at(paired_patients(&counts, ratio));

    let (mut images, mut reports) = deal(others, unpaired);
    if unpaired != Unpaired::None {
        images.extend(training().filter(|study| study.image.is_some() && study.report.is_none()));
        reports.extend(training().filter(|study| study.image.is_none() && study.report.is_some()));
    }
    // A report that several images share is one report.
    let mut told = HashSet::new();
    reports.retain(|study| told.insert(&study.examination));
    let paired = identifiers(paired.iter().flat_map(|(_, _, studies)| studies).copied());
    let (images, reports) = (identifiers(images), identifiers(reports));
    Ok(PairingManifest {
        ratio,
        unpaired,
        complete: counts.iter().sum(),
        digest: digest([&paired, &images, &reports]),
        paired,
        images,
        reports,
    })
}

/// The images and the reports of ranked patients that are no pairs.
fn deal<'a>(others: &[(u64, &str, Vec<&'a Study>)], unpaired: Unpaired) -> (Vec<&'a Study>, Vec<&'a Study>) {
    let (mut images, mut reports) = (Vec::new(), Vec::new());
    for (_, _, studies) in others.iter().rev() {
        match unpaired {
            Unpaired::None => {}
            Unpaired::Shuffled => {
                images.extend(studies);
                reports.extend(studies);
            }
            Unpaired::Disjoint if images.len() <= reports.len() => images.extend(studies),
            Unpaired::Disjoint => reports.extend(studies),
        }
    }
    (images, reports)
}

/// How many of the ranked patients are paired so that their studies are nearest to `ratio` of all; at least one.
fn paired_patients(counts: &[usize], ratio: f64) -> usize {
    let target = ratio * counts.iter().sum::<usize>() as f64;
    let mut best = (1, f64::INFINITY);
    let mut reached = 0;
    for (position, count) in counts.iter().enumerate() {
        reached += count;
        let distance = (reached as f64 - target).abs();
        if distance < best.1 {
            best = (position + 1, distance);
        }
    }
    best.0
}

fn identifiers<'a>(studies: impl IntoIterator<Item = &'a Study>) -> Vec<String> {
    let mut identifiers: Vec<String> = studies.into_iter().map(|study| study.id.clone()).collect();
    identifiers.sort();
    identifiers
}

fn digest(lists: [&Vec<String>; 3]) -> String {
    let mut hasher = blake3::Hasher::new();
    for list in lists {
        hasher.update(&(list.len() as u64).to_le_bytes());
        for identifier in list {
            hasher.update(&(identifier.len() as u64).to_le_bytes());
            hasher.update(identifier.as_bytes());
        }
    }
    hasher.finalize().to_hex().to_string()
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeSet, HashMap, HashSet};

    use proptest::prelude::*;

    use super::*;
    use crate::{Picture, Report, Skipped, StudyLabels};

    /// A corpus of studies given by patient, whether there is an image, and whether there is a report.
    fn corpus(studies: &[(u32, bool, bool)]) -> Corpus {
        let study = |(number, &(patient, image, report)): (usize, &(u32, bool, bool))| Study {
            image: image.then(|| Picture::file_at("x.png".into())),
            report: report.then(|| Report::parse("clear lungs").unwrap()),
            ..Study::new(
                format!("s{number}"),
                format!("p{patient}"),
                if patient % 7 == 6 { Split::Test } else { Split::Train },
            )
        };
        Corpus {
            studies: studies.iter().enumerate().map(study).collect(),
            skipped: Skipped::default(),
            digest: String::new(),
            divisions: String::new(),
        }
    }

    fn drawn(corpus: &Corpus, ratio: f64, unpaired: Unpaired) -> PairingManifest {
        pair(corpus, &Pairing::drawn(ratio, unpaired), Seed(5)).unwrap()
    }

    fn is_subset(small: &[String], large: &[String]) -> bool {
        let large: BTreeSet<_> = large.iter().collect();
        small.iter().all(|id| large.contains(id))
    }

    prop_compose! {
        /// At least one complete training study, then anything.
        fn any_corpus()(mut studies in prop::collection::vec((0..40_u32, any::<bool>(), any::<bool>()), 0..80)) -> Vec<(u32, bool, bool)> {
            studies.push((0, true, true));
            studies
        }
    }

    proptest! {
        #[test]
        fn smaller_ratios_are_nested(studies in any_corpus(), a in 0.001..1.0_f64, b in 0.001..1.0_f64) {
            let corpus = corpus(&studies);
            let (small, large) = (drawn(&corpus, a.min(b), Unpaired::Disjoint), drawn(&corpus, a.max(b), Unpaired::Disjoint));
            prop_assert!(is_subset(&small.paired, &large.paired));
            prop_assert!(is_subset(&large.images, &small.images));
            prop_assert!(is_subset(&large.reports, &small.reports));
            prop_assert!(!small.paired.is_empty());
        }

        #[test]
        fn pools_are_disjoint_by_patient(studies in any_corpus(), ratio in 0.001..1.0_f64) {
            let corpus = corpus(&studies);
            let manifest = drawn(&corpus, ratio, Unpaired::Disjoint);
            let study: HashMap<&str, &Study> = corpus.studies.iter().map(|study| (study.id.as_str(), study)).collect();
            let mut pool_of_patient = HashMap::new();
            let mut seen = BTreeSet::new();
            for (pool, ids) in [&manifest.paired, &manifest.images, &manifest.reports].into_iter().enumerate() {
                for id in ids {
                    let study = study[id.as_str()];
                    prop_assert!(seen.insert(id), "{} is in two pools", id);
                    prop_assert_eq!(study.split, Split::Train);
                    if study.image.is_some() && study.report.is_some() {
                        prop_assert_eq!(*pool_of_patient.entry(&study.patient).or_insert(pool), pool);
                    }
                }
            }
            let usable = |study: &&Study| study.split == Split::Train && (study.image.is_some() || study.report.is_some());
            prop_assert_eq!(seen.len(), corpus.studies.iter().filter(usable).count());
        }

        #[test]
        fn the_order_of_studies_does_not_matter(studies in any_corpus(), ratio in 0.001..1.0_f64) {
            let corpus = corpus(&studies);
            let mut reversed = corpus.clone();
            reversed.studies.reverse();
            for unpaired in [Unpaired::Disjoint, Unpaired::Shuffled, Unpaired::None] {
                prop_assert_eq!(drawn(&corpus, ratio, unpaired), drawn(&reversed, ratio, unpaired));
            }
        }

        #[test]
        fn as_near_to_the_ratio_as_patients_allow(counts in prop::collection::vec(1..5_usize, 1..30), ratio in 0.01..1.0_f64) {
            let taken: usize = counts[..paired_patients(&counts, ratio)].iter().sum();
            let target = ratio * counts.iter().sum::<usize>() as f64;
            prop_assert!((taken as f64 - target).abs() <= 2.0 || taken == counts[0]);
        }
    }

    fn complete(studies: u32) -> Vec<(u32, bool, bool)> {
        (0..studies).map(|i| (i * 3 % 251, true, true)).filter(|(patient, ..)| patient % 7 != 6).collect()
    }

    #[test]
    fn pools_are_balanced_and_ratios_met() {
        let manifest = drawn(&corpus(&complete(200)), 0.1, Unpaired::Disjoint);
        assert_eq!(manifest.paired.len(), (manifest.complete + 5) / 10);
        assert!(manifest.images.len().abs_diff(manifest.reports.len()) <= 1);
        assert_eq!(manifest.complete, manifest.paired.len() + manifest.images.len() + manifest.reports.len());
        assert!(drawn(&corpus(&complete(200)), 1.0, Unpaired::Disjoint).images.is_empty());
    }

    #[test]
    fn labels_of_a_share_of_the_patients_are_kept_and_shares_are_nested() {
        let labelled = |at: usize| {
            let split = if at < 40 { Split::Train } else { Split::Test };
            let patient = format!("p{}", at / 2);
            Study { labels: Some(StudyLabels::default()), ..Study::new(format!("s{at}"), patient, split) }
        };
        let kept = |share: f64| {
            let mut studies: Vec<Study> = (0..50).map(labelled).collect();
            hide_labels(&mut studies, share, Seed(3));
            studies
                .into_iter()
                .filter(|study| study.labels.is_some())
                .map(|study| study.id)
                .collect::<HashSet<String>>()
        };
        let [one, some, all] = [0.001, 0.3, 1.0].map(kept);
        assert_eq!(
            [one.len(), some.len(), all.len()],
            [2 + 10, 12 + 10, 50],
            "whole patients; test studies keep theirs"
        );
        assert!(one.is_subset(&some) && some.is_subset(&all));
    }

    #[test]
    fn shuffled_gives_both_and_none_gives_neither() {
        let mut studies = complete(50);
        studies.extend([(3, true, false), (4, false, true)]);
        let shuffled = drawn(&corpus(&studies), 0.2, Unpaired::Shuffled);
        assert_eq!(shuffled.images.len() + shuffled.paired.len(), shuffled.complete + 1);
        assert_eq!(shuffled.reports.len() + shuffled.paired.len(), shuffled.complete + 1);
        let none = drawn(&corpus(&studies), 0.2, Unpaired::None);
        assert_eq!(none.paired, shuffled.paired);
        assert!(none.images.is_empty() && none.reports.is_empty());
        assert_ne!(none.digest, shuffled.digest);
    }

    #[test]
    fn ratios_outside_their_range_and_nothing_to_pair_are_errors() {
        let unpaired = Unpaired::Disjoint;
        for ratio in [0.0, -1.0, 1.5, f64::NAN] {
            let pairing = Pairing::drawn(ratio, unpaired);
            let error = pair(&corpus(&complete(9)), &pairing, Seed(0)).unwrap_err();
            assert!(matches!(error, DataError::PairingRatio { .. }));
        }
        let corpus = corpus(&[(1, true, false), (2, false, true), (6, true, true)]);
        let pairing = Pairing::drawn(0.5, unpaired);
        let error = pair(&corpus, &pairing, Seed(0)).unwrap_err();
        assert!(error.to_string().contains("(1 have an image, 1 a report)"), "{error}");
    }

    #[test]
    fn manifests_are_written_and_read() {
        let manifest = drawn(&corpus(&complete(30)), 0.3, Unpaired::Shuffled);
        let json = serde_json::to_string(&manifest).unwrap();
        assert_eq!(serde_json::from_str::<PairingManifest>(&json).unwrap(), manifest);
    }

    /// What reading `manifest` for a corpus of `complete(30)` gives, once it is written and `change`d as JSON.
    fn given(change: impl Fn(&mut serde_json::Value), pairing: Pairing) -> Result<PairingManifest, DataError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pairs.json");
        let corpus = corpus(&complete(30));
        let mut json = serde_json::to_value(drawn(&corpus, 0.3, Unpaired::Disjoint)).unwrap();
        change(&mut json);
        std::fs::write(&path, json.to_string()).unwrap();
        pair(&corpus, &Pairing { manifest: path.display().to_string(), ..pairing }, Seed(9))
    }

    const SAME: Pairing = Pairing::drawn(0.3, Unpaired::Disjoint);

    #[test]
    fn a_manifest_that_is_given_is_used_whatever_the_seed() {
        let expected = drawn(&corpus(&complete(30)), 0.3, Unpaired::Disjoint);
        assert_eq!(given(|_| (), SAME).unwrap(), expected);
    }

    #[test]
    fn a_manifest_that_does_not_fit_is_refused_with_what_to_do() {
        let said = |change: fn(&mut serde_json::Value), pairing| given(change, pairing).unwrap_err().to_string();
        let rehashed = |json: &mut serde_json::Value| {
            let mut manifest: PairingManifest = serde_json::from_value(json.clone()).unwrap();
            manifest.paired.push("elsewhere".to_owned());
            manifest.digest = digest([&manifest.paired, &manifest.images, &manifest.reports]);
            *json = serde_json::to_value(manifest).unwrap();
        };
        for (told, part) in [
            (said(|_| (), Pairing { ratio: 0.2, ..SAME }), "set `ratio = 0.3`"),
            (said(|_| (), Pairing { unpaired: Unpaired::None, ..SAME }), "`unpaired = \"disjoint\"`"),
            (said(|json| json["paired"] = serde_json::json!(["s1"]), SAME), "changed after they were drawn"),
            (said(rehashed, SAME), "the first is `elsewhere`"),
            (said(|json| *json = serde_json::json!({}), SAME), "no file of pairs"),
            (said(|json| *json = serde_json::json!("text of a report"), SAME), "no file of pairs"),
        ] {
            assert!(told.contains(part) && !told.contains("text of"), "{told}");
        }
    }
}
