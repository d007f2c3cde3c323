//! Phrase grounding: each heat map of a phrase against the phrase's boxes.

use std::collections::BTreeMap;

use lgdea_data::{Frame, Mask};
pub use lgdea_metric::HeatMap as MapName;
use lgdea_metric::task::grounding::{CNR, CNR_SIGNED, DICE, MIOU, POINTING};
use lgdea_metric::{Declaration, Parameters};
use lgdea_spec::{Grounding, HeatMap};
use ndarray::{Array2, ArrayView2};
use rayon::prelude::*;

use super::renumbered;
use crate::metric::bootstrap::{self, Statistic};
use crate::metric::grounding::{Target, cnr, dice, miou, outlined, pointing, region};
use crate::metric::heat_map::{fuse, upsample};
use crate::{Bootstrap, EvalError, Evaluation, check};

/// A phrase, a box that it names, and the maps that a model drew for it.
#[derive(Debug, Clone)]
pub struct Item<'a> {
    /// The study.
    pub study: usize,
    /// Number of its patient: resamples draw patients with all of their items.
    pub patient: usize,
    /// The finding in `snake_case`.
    pub finding: &'a str,
    /// The phrase; items of one study with equal phrases (but for case) are boxes of one region.
    pub phrase: &'a str,
    /// The box `[x, y, width, height]` in shares of the frame.
    pub target: Target,
    /// The outline in the box, where the source has one, and where its image lies in the square.
    pub outline: Option<(&'a Mask, Frame)>,
    /// The maps that the method has, each `[patches, patches]`, greater where the phrase applies more.
    pub maps: Vec<(MapName, Array2<f32>)>,
}

impl Item<'_> {
    /// What items have in common that are boxes of one region.
    pub(crate) fn region_key(&self) -> (usize, String) {
        (self.study, self.phrase.trim().to_lowercase())
    }

    /// The pixels of the outline, or else of the box. An outline between pixel centres has those of its box.
    fn region(&self, size: usize) -> Option<Array2<bool>> {
        let within = self.outline.map(|(mask, frame)| {
            outlined(size, |x, y| {
                let share = |place: f64, start: f32, side: f32| (place - f64::from(start)) / f64::from(side);
                mask.covers(share(x, frame.x, frame.width), share(y, frame.y, frame.height))
            })
        });
        within.flatten().or_else(|| region(&[self.target], size))
    }
}

/// The single map that the experiment chose; None where it chose their fusion.
fn single(choice: HeatMap) -> Option<MapName> {
    match choice {
        HeatMap::Similarity => Some(MapName::Similarity),
        HeatMap::Evidence => Some(MapName::Evidence),
        HeatMap::LesionAttention => Some(MapName::LesionAttention),
        HeatMap::WordAttention => Some(MapName::WordAttention),
        HeatMap::Fused => None,
    }
}

/// The map that the experiment chose: one of `maps`, or for `fused` the sum of all of them, standardised. None if the
/// method does not have it.
pub fn chosen_map(choice: HeatMap, maps: &[(MapName, Array2<f32>)]) -> Option<Array2<f32>> {
    match single(choice) {
        Some(single) => maps.iter().find(|(name, _)| *name == single).map(|(_, map)| map.clone()),
        None => fuse(maps.iter().map(|(_, map)| map.view())),
    }
}

/// Scores `grounding/{pointing,cnr,cnr_signed,miou}` of the chosen map and `grounding/<map>/…` of every single map.
///
/// Each is a mean over phrases (not over categories of phrases), at `image_size × image_size` pixels. Boxes outside of
/// the frame are left out and counted in a warning; so is the chosen map, if the method does not have it.
pub fn evaluate(
    settings: &Grounding,
    items: &[Item<'_>],
    image_size: usize,
    bootstrap: Bootstrap,
) -> Result<Evaluation, EvalError> {
    check::shape("the image", &[image_size], &[image_size.max(1)])?;
    check_maps(items)?;
    let mut warnings = Vec::new();
    let phrases = join_boxes(items, image_size, &mut warnings);
    let measured: Vec<Vec<(String, f64)>> =
        phrases.par_iter().map(|phrase| measure(settings, phrase, image_size)).collect();

    let (unit_of, units) = renumbered(phrases.iter().map(|phrase| phrase.item.patient));
    let mut by_name: BTreeMap<String, Vec<(usize, f64)>> = BTreeMap::new();
    for (unit, values) in unit_of.into_iter().zip(measured) {
        for (name, value) in values {
            by_name.entry(name).or_default().push((unit, value));
        }
    }
    if !phrases.is_empty() && !by_name.contains_key(&POINTING.name(Parameters::NONE)) {
        let chosen = single(settings.heat_map).map_or_else(|| "to fuse".to_owned(), |name| name.to_string());
        warnings.push(format!("grounding: the method has no heat map {chosen}, as eval.grounding.heat-map asks for"));
    }
    let statistic = |(name, values): (String, Vec<(usize, f64)>)| -> (String, Statistic<'static>) {
        (name, Box::new(move |counts| bootstrap::mean(&values, counts)))
    };
    let scores = bootstrap.scores(units, by_name.into_iter().map(statistic).collect());
    Ok(Evaluation { scores, warnings, ..Evaluation::default() })
}

/// Refuses maps that are empty, of different shapes or not finite.
fn check_maps(items: &[Item<'_>]) -> Result<(), EvalError> {
    for item in items {
        for (name, map) in &item.maps {
            let what = format!("the heat map {name} of study {}", item.study);
            let expected: Vec<usize> = item.maps[0].1.shape().iter().map(|&side| side.max(1)).collect();
            check::shape(&what, map.shape(), &expected)?;
            check::finite(&what, map.view())?;
        }
    }
    Ok(())
}

/// A phrase of a study with the region of all of its boxes.
struct Phrase<'a> {
    item: &'a Item<'a>,
    region: Array2<bool>,
}

fn join_boxes<'a>(items: &'a [Item<'a>], image_size: usize, warnings: &mut Vec<String>) -> Vec<Phrase<'a>> {
    let mut phrases: BTreeMap<(usize, String), Phrase<'a>> = BTreeMap::new();
    let mut outside = 0;
    for item in items {
        let Some(region) = item.region(image_size) else {
            outside += 1;
            continue;
        };
        phrases
            .entry(item.region_key())
            .and_modify(|phrase| {
                phrase.region.zip_mut_with(&region, |joined, &within| *joined |= within);
            })
            .or_insert(Phrase { item, region });
    }
    if outside > 0 {
        warnings
            .push(format!("grounding: {outside} of {} boxes have no area in the frame and are left out", items.len()));
    }
    phrases.into_values().collect()
}

/// Every metric of every map of a phrase.
fn measure(settings: &Grounding, phrase: &Phrase<'_>, image_size: usize) -> Vec<(String, f64)> {
    let chosen = chosen_map(settings.heat_map, &phrase.item.maps).map(|map| (None, map));
    let single = phrase.item.maps.iter().map(|(name, map)| (Some(*name), map.clone()));
    let maps = single.chain(chosen);
    maps.flat_map(|(name, map)| {
        let values = score(settings, upsample(map.view(), image_size).view(), &phrase.region);
        values.into_iter().filter_map(move |(metric, value)| Some((metric.name(Parameters::map(name)), value?)))
    })
    .collect()
}

/// What is averaged over phrases: each score and its value of one.
fn score(
    settings: &Grounding,
    map: ArrayView2<'_, f32>,
    region: &Array2<bool>,
) -> Vec<(&'static Declaration, Option<f64>)> {
    let cnr = cnr(map, region);
    vec![
        (&POINTING, Some(pointing(map, region))),
        (&CNR, cnr.map(f64::abs)),
        (&CNR_SIGNED, cnr),
        (&MIOU, miou(map, region, &settings.thresholds)),
        (&DICE, dice(map, region, &settings.thresholds)),
    ]
}

#[cfg(test)]
mod tests {
    use lgdea_spec::Seed;
    use ndarray::array;

    use super::*;

    const PLAIN: Bootstrap = Bootstrap { resamples: 0, seed: Seed(1) };

    fn settings(heat_map: HeatMap) -> Grounding {
        Grounding { enabled: true, protocol: String::new(), heat_map, thresholds: vec![0.5] }
    }

    /// A 4 × 4 map that is 1 at one patch and 0 elsewhere.
    fn peak(row: usize, column: usize) -> Array2<f32> {
        let mut map = Array2::zeros((4, 4));
        map[[row, column]] = 1.0;
        map
    }

    fn item(study: usize, phrase: &str, target: Target, maps: Vec<(MapName, Array2<f32>)>) -> Item<'_> {
        Item { study, patient: study, finding: "nodule", phrase, target, outline: None, maps }
    }

    const UPPER_LEFT: Target = [0.0, 0.0, 0.5, 0.5];
    const LOWER_RIGHT: Target = [0.5, 0.5, 0.5, 0.5];

    fn value(evaluation: &Evaluation, name: &str) -> f64 {
        evaluation.scores[&format!("grounding/{name}")].value
    }

    #[test]
    fn each_map_alone_and_the_chosen_one() {
        let maps = vec![(MapName::Similarity, peak(1, 1)), (MapName::Evidence, peak(2, 2))];
        let items = [item(0, "nodule", UPPER_LEFT, maps)];
        let evaluation = evaluate(&settings(HeatMap::Evidence), &items, 64, PLAIN).unwrap();
        assert!((value(&evaluation, "similarity/pointing") - 1.0).abs() < 1e-12);
        assert!(value(&evaluation, "evidence/pointing").abs() < 1e-12);
        assert!(value(&evaluation, "pointing").abs() < 1e-12);
        assert!(value(&evaluation, "similarity/cnr_signed") > 0.5);
        assert!(value(&evaluation, "evidence/cnr_signed") < 0.0 && value(&evaluation, "evidence/cnr") > 0.0);
        let of = |map: &str| evaluation.scores.keys().filter(|name| name.contains(map)).count();
        let each = of("grounding/similarity/");
        assert!(each > 0 && of("grounding/evidence/") == each && evaluation.scores.len() == 3 * each);
        assert!(evaluation.warnings.is_empty());
    }

    #[test]
    fn fusion_adds_the_standardised_maps() {
        // Two faint maps agree on (1, 1); a loud one that disagrees must not outvote them.
        let maps = vec![
            (MapName::Similarity, peak(1, 1) * 0.01),
            (MapName::Evidence, peak(1, 1) * 0.02),
            (MapName::LesionAttention, peak(2, 2) * 1000.0),
        ];
        let evaluation =
            evaluate(&settings(HeatMap::Fused), &[item(0, "nodule", UPPER_LEFT, maps)], 64, PLAIN).unwrap();
        assert!((value(&evaluation, "pointing") - 1.0).abs() < 1e-12);
        assert!(value(&evaluation, "lesion_attention/pointing").abs() < 1e-12);
    }

    #[test]
    fn boxes_of_one_phrase_form_one_region() {
        let maps = || vec![(MapName::Similarity, peak(2, 2))];
        let items = [
            item(0, "Edema", UPPER_LEFT, maps()),
            item(0, "edema ", LOWER_RIGHT, maps()),
            item(1, "edema", UPPER_LEFT, maps()),
        ];
        let evaluation = evaluate(&settings(HeatMap::Similarity), &items, 64, PLAIN).unwrap();
        // Study 0 hits in one of its two boxes, study 1 misses: 1/2, where separate boxes would give 1/3.
        assert!((value(&evaluation, "pointing") - 0.5).abs() < 1e-12);
    }

    #[test]
    fn an_outline_goes_before_its_box() {
        // The left half of a box over the whole image; the maximum lies in the right half.
        let mask = lgdea_data::Mask::of_pixels([2, 1], &[true, false]);
        let maps = || vec![(MapName::Similarity, peak(1, 3))];
        let whole = item(0, "nodule", [0.0, 0.0, 1.0, 1.0], maps());
        let outlined = Item { outline: Some((&mask, Frame::FULL)), ..whole.clone() };
        let pointing = |item| value(&evaluate(&settings(HeatMap::Similarity), &[item], 64, PLAIN).unwrap(), "pointing");
        assert!((pointing(whole) - 1.0).abs() < 1e-12);
        assert!(pointing(outlined).abs() < 1e-12);
    }

    #[test]
    fn what_is_missing_is_named() {
        let maps = vec![(MapName::Similarity, peak(1, 1))];
        let items = [item(0, "a", UPPER_LEFT, maps.clone()), item(1, "b", [2.0, 0.0, 0.1, 0.1], maps)];
        let evaluation = evaluate(&settings(HeatMap::LesionAttention), &items, 64, PLAIN).unwrap();
        assert_eq!(
            evaluation.warnings,
            [
                "grounding: 1 of 2 boxes have no area in the frame and are left out",
                "grounding: the method has no heat map lesion_attention, as eval.grounding.heat-map asks for",
            ]
        );
        assert!(!evaluation.scores.contains_key("grounding/pointing"));
        assert!(evaluation.scores.contains_key("grounding/similarity/pointing"));
        assert_eq!(evaluate(&settings(HeatMap::Fused), &[], 64, PLAIN).unwrap(), Evaluation::default());
    }

    #[test]
    fn maps_that_cannot_be_scored_are_errors() {
        let run = |maps| evaluate(&settings(HeatMap::Fused), &[item(7, "a", UPPER_LEFT, maps)], 64, PLAIN).unwrap_err();
        let error = run(vec![(MapName::Evidence, array![[0.0, f32::NEG_INFINITY]])]);
        assert!(matches!(error, EvalError::NotFinite { row: 0, .. }), "{error}");
        let error = run(vec![(MapName::Similarity, peak(0, 0)), (MapName::Evidence, array![[0.0]])]);
        assert_eq!(error.to_string(), "the heat map evidence of study 7 has shape [1, 1], but [4, 4] is needed");
        assert!(matches!(run(vec![(MapName::Evidence, Array2::zeros((0, 0)))]), EvalError::Shape { .. }));
    }
}
