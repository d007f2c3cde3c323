//! The phantom: counts and splits, images and their boxes, reports.

use std::collections::{BTreeMap, BTreeSet};

use super::*;
use crate::Report;

fn settings(studies: usize, seed: u64) -> Phantom {
    Phantom { studies, validation: 40, test: 60, seed: Seed(seed) }
}

fn studies(count: usize, seed: u64) -> Vec<Study> {
    generate(&settings(count, seed), &|_, _| ()).studies
}

fn rendered(study: &Study, size: usize) -> Vec<u8> {
    let mut pixels = vec![0; size * size];
    match &study.image {
        Some(Picture::Phantom(scene)) => scene.render(size, &mut pixels),
        other => panic!("{other:?} is no phantom"),
    }
    pixels
}

#[test]
fn counts_splits_and_identifiers_hold() {
    let studies = studies(200, 1);
    let count = |split| studies.iter().filter(|study| study.split == split).count();
    assert_eq!(Split::ALL.map(count), [200, 40, 60]);
    let ids: BTreeSet<&str> = studies.iter().map(|study| study.id.as_str()).collect();
    assert_eq!(ids.len(), studies.len());
    let mut splits: BTreeMap<&str, BTreeSet<Split>> = BTreeMap::new();
    for study in &studies {
        splits.entry(&study.patient).or_default().insert(study.split);
    }
    assert!(splits.values().all(|splits| splits.len() == 1));
}

#[test]
fn more_studies_keep_the_first_ones_and_seeds_differ() {
    let (few, many) = (studies(30, 1), studies(60, 1));
    assert_eq!(few[..30], many[..30]);
    assert_eq!(few[30..], many[60..], "validation and test do not depend on the training studies");
    assert_ne!(few[0].report, studies(30, 2)[0].report);
}

#[test]
fn images_repeat_and_differ_by_study() {
    let studies = studies(20, 1);
    assert_eq!(rendered(&studies[3], 48), rendered(&studies[3], 48));
    assert_ne!(rendered(&studies[3], 48), rendered(&studies[4], 48));
}

/// Mean over blocks, to compare an image with a smaller one.
fn shrunk(pixels: &[u8], size: usize, factor: usize) -> Vec<f32> {
    let small = size / factor;
    let block = |row: usize, column: usize| {
        let pixel = |i: usize| f32::from(pixels[(row * factor + i / factor) * size + column * factor + i % factor]);
        (0..factor * factor).map(pixel).sum::<f32>() / (factor * factor) as f32
    };
    (0..small * small).map(|i| block(i / small, i % small)).collect()
}

#[test]
fn sizes_show_the_same_scene() {
    for study in &studies(10, 1)[..10] {
        let small = shrunk(&rendered(study, 64), 64, 4);
        let large = shrunk(&rendered(study, 256), 256, 16);
        let difference = small.iter().zip(&large).map(|(a, b)| (a - b).abs()).sum::<f32>() / small.len() as f32;
        assert!(difference < 3.0, "{}: {difference}", study.id);
    }
}

#[test]
fn images_use_the_range_without_clipping() {
    for study in &studies(50, 1)[..50] {
        let pixels = rendered(study, 64);
        let white = pixels.iter().map(|&pixel| usize::from(pixel == 255)).sum::<usize>();
        assert!(white < pixels.len() / 50, "{}: {white} white pixels", study.id);
        let mean = pixels.iter().map(|&pixel| f32::from(pixel)).sum::<f32>() / pixels.len() as f32;
        assert!((40.0..180.0).contains(&mean), "{}: mean {mean}", study.id);
    }
}

#[test]
fn every_finding_has_a_box_on_its_side_of_the_image() {
    for study in studies(600, 1) {
        let boxed: BTreeSet<String> = study.boxes.iter().map(|found| found.finding.clone()).collect();
        assert_eq!(Some(&boxed), study.labels.as_ref().map(|labels| &labels.present), "{}", study.id);
        for found in &study.boxes {
            let centre = found.x + found.width / 2.0;
            assert!(found.x >= 0.0 && found.x + found.width <= 1.0 && found.width > 0.03, "{found:?}");
            assert!(found.y >= 0.0 && found.y + found.height <= 1.0 && found.height > 0.02, "{found:?}");
            assert!(CLASSES.contains(&found.finding.as_str()));
            let side = found.finding.split('_').next().filter(|word| matches!(*word, "left" | "right"));
            let Some(side) = side else { continue };
            assert!(found.phrase.starts_with(side), "{found:?}");
            assert_eq!(centre > 0.5, side == "left", "{found:?}");
        }
    }
}

#[test]
fn findings_change_the_image_inside_their_boxes() {
    let size = 64;
    let mut compared = 0;
    for study in &studies(200, 1) {
        let Some(Picture::Phantom(scene)) = &study.image else { panic!("{} is no phantom", study.id) };
        let ([found], [_]) = (study.boxes.as_slice(), scene.findings()) else { continue };
        let difference = difference_without_findings(scene, size);
        let share = |index: usize| (index as f32 + 0.5) / size as f32;
        let (mut inside, mut outside) = (Vec::new(), Vec::new());
        for (i, change) in difference.into_iter().enumerate() {
            let (x, y) = (share(i % size) - found.x, share(i / size) - found.y);
            let within = (0.0..found.width).contains(&x) && (0.0..found.height).contains(&y);
            if within { &mut inside } else { &mut outside }.push(change);
        }
        let mean = |changes: &[f32]| changes.iter().sum::<f32>() / changes.len() as f32;
        assert!(
            mean(&inside) > 4.0 * mean(&outside),
            "{}: {} against {}",
            found.finding,
            mean(&inside),
            mean(&outside)
        );
        assert!(mean(&inside) > 4.0, "{}: {}", found.finding, mean(&inside));
        compared += 1;
    }
    assert!(compared > 30, "{compared}");
}

fn difference_without_findings(scene: &Scene, size: usize) -> Vec<f32> {
    let mut pixels = [vec![0; size * size], vec![0; size * size]];
    scene.render(size, &mut pixels[0]);
    scene.without_findings().render(size, &mut pixels[1]);
    let [with, without] = pixels;
    with.iter().zip(without).map(|(&a, b)| (f32::from(a) - f32::from(b)).abs()).collect()
}

#[test]
fn statistics_are_as_documented() {
    let studies = studies(3_000, 1);
    let training: Vec<&Study> = studies.iter().filter(|study| study.split == Split::Train).collect();
    let share = |count: usize| count as f64 / training.len() as f64;
    let labels = |study: &&Study| study.labels.as_ref().map_or(0, |labels| labels.present.len());
    let normal = share(training.iter().filter(|study| labels(study) == 0).count());
    assert!((0.25..0.36).contains(&normal), "{normal}");
    let mean = share(training.iter().map(labels).sum());
    assert!((1.1..1.8).contains(&mean), "{mean}");
    for class in CLASSES {
        let has = |study: &&&Study| study.labels.as_ref().is_some_and(|labels| labels.present.contains(class));
        let prevalence = share(training.iter().filter(has).count());
        assert!((0.03..0.28).contains(&prevalence), "{class}: {prevalence}");
    }
    let words: usize =
        training.iter().map(|study| study.report.as_ref().unwrap().text().split_whitespace().count()).sum();
    assert!((40.0..65.0).contains(&share(words)), "{}", share(words));
    let failing = |study: &&&Study| {
        let labels = &study.labels.as_ref().unwrap().present;
        labels.contains("pulmonary_edema") && labels.contains("cardiomegaly")
    };
    assert!(share(training.iter().filter(failing).count()) > 0.05, "findings of heart failure come together");
}

#[test]
fn reports_are_made_of_sentences() {
    for study in studies(300, 1) {
        let report = study.report.unwrap();
        let names: Vec<&str> = report.sections.iter().map(|section| section.name.as_str()).collect();
        assert!(names.contains(&"findings") && names.contains(&"technique"), "{names:?}");
        let text = report.text();
        assert_eq!(Report::parse(&text), Some(report), "{text}");
        assert!(!text.contains("  ") && !text.contains(['{', '}']) && !text.contains(" ."), "{text}");
        for line in text.lines() {
            let (header, sentences) = line.split_once(": ").unwrap();
            assert_eq!(header, header.to_uppercase());
            assert!(sentences.ends_with('.'), "{line}");
            assert!(sentences.split(". ").all(|sentence| sentence.starts_with(char::is_uppercase)), "{line}");
        }
    }
}

#[test]
fn reports_of_normal_studies_state_no_finding() {
    let normal: Vec<Study> = studies(300, 1).into_iter().filter(|study| study.boxes.is_empty()).collect();
    assert!(normal.len() > 60);
    for study in normal {
        let text = study.report.unwrap().text().to_lowercase();
        for sentence in text.split(['.', '\n']) {
            let names = ["effusion", "pneumothorax", "nodule", "edema", "cardiomegaly"];
            let named = names.iter().any(|name| sentence.contains(name));
            assert!(!named || sentence.contains("no "), "{sentence}");
        }
    }
}
