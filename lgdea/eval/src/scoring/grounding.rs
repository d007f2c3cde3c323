//! Heat maps of phrases, by a protocol of grounding.

use std::collections::BTreeMap;

use lgdea_data::normalise_label;
use lgdea_metric::task::grounding::{CNR, CNR_SIGNED, DICE, MIOU, POINTING};
use lgdea_metric::task::grounding_outputs as outputs;
use lgdea_metric::{Declaration, Parameters};
use lgdea_predictions::{HeatMaps, Regions};
use ndarray::{Array2, ArrayView2, Axis};
use rayon::prelude::*;

use super::aligned::told;
use super::{Scored, units};
use crate::EvalError;
use crate::metric::average::mean_of_defined;
use crate::metric::bootstrap::{self, Statistic};
use crate::metric::grounding::{Target, cnr, groundability, mean_overlap, pointing_within, region_of};
use crate::metric::heat_map::{bilinear, nearest, normalise, smooth};
use crate::metric::overlap::Overlap;
use crate::protocol::{
    Boxes, Frame, GroundingMetric, GroundingProtocol, Maxima, MeanOver, NamedFrame, Normalise, Upsampling,
};

/// Scores a model's heat maps of phrases.
///
/// Phrases without a box count for groundability alone. Resamples draw patients with all of their phrases. An error where the
/// files do not belong together, or the protocol asks for classes or sizes of images that are not there.
pub fn grounding(rules: &GroundingProtocol, maps: &HeatMaps, regions: &Regions) -> Result<Scored, EvalError> {
    let (unit_of, unit_count, silent) = units(rules.interval, &regions.phrases);
    let rows = maps.rows(regions)?;
    let classes = classes(rules, regions)?;
    if rules.frame == Frame::Named(NamedFrame::Image) && regions.sizes.is_none() {
        return Err(refused(
            regions,
            "the protocol compares at the image's size; add `image_width` and `image_height`",
        ));
    }
    let mut warnings: Vec<String> = silent.into_iter().collect();
    warnings.extend(told(&[&rows], "maps that are of no phrase of the reference"));
    warnings.extend(regions.phrases.notes.iter().cloned());
    let map = |phrase: usize| maps.values.index_axis(Axis(0), rows.rows[phrase]);
    let absent = regions.boxes.iter().filter(|boxes| boxes.is_empty()).count();
    if absent == regions.boxes.len() {
        return Err(refused(regions, "no phrase has a box; add those of the phrases that are there"));
    }
    let mut task = Task { rules, statistics: Vec::new(), warnings };
    task.groundability(&unit_of, absent, regions, map)?;
    let cases: Vec<(usize, &[Target])> = regions
        .boxes
        .iter()
        .enumerate()
        .flat_map(|(phrase, boxes)| match rules.boxes {
            Boxes::Union => boxes.chunks(boxes.len().max(1)).map(|boxes| (phrase, boxes)).collect::<Vec<_>>(),
            Boxes::Each => boxes.chunks(1).map(|one| (phrase, one)).collect(),
        })
        .collect();
    let measured: Vec<Measured> = cases
        .par_iter()
        .map(|&(phrase, boxes)| {
            let class = classes.as_ref().map(|classes| classes[phrase].clone());
            let size = regions.sizes.as_ref().map(|sizes| sizes[phrase]);
            let values = measure(rules, map(phrase), boxes, size);
            let values = values.ok_or_else(|| refused(regions, "a box has no area in the image; mend it"))?;
            Ok(Measured { unit: unit_of[phrase], class, values })
        })
        .collect::<Result<_, EvalError>>()?;
    task.means(&measured);
    let Task { statistics, warnings, .. } = task;
    let cases = regions.phrases.ids.len();
    Ok(Scored { units: unit_count, cases, warnings, statistics, ..Scored::default() })
}

fn refused(regions: &Regions, problem: &str) -> EvalError {
    EvalError::Outputs { what: regions.phrases.path.display().to_string(), problem: problem.to_owned() }
}

/// The class of each phrase as names of scores have it.
fn classes(rules: &GroundingProtocol, regions: &Regions) -> Result<Option<Vec<String>>, EvalError> {
    let Some(classes) = &regions.classes else {
        return match rules.mean_over {
            MeanOver::Phrases => Ok(None),
            MeanOver::Classes => {
                Err(refused(regions, "the protocol takes the mean over classes; add a column `class`"))
            }
        };
    };
    let names: Vec<String> = classes.iter().map(|class| normalise_label(class)).collect();
    if names.iter().any(String::is_empty) {
        return Err(refused(regions, "the name of a class has neither a letter nor a digit; write another one"));
    }
    Ok(Some(names))
}

/// What is measured of a phrase, in the order of the protocol's metrics.
struct Measured {
    unit: usize,
    class: Option<String>,
    values: Vec<Option<f64>>,
}

/// None if a box has no area in the frame.
fn measure(
    rules: &GroundingProtocol,
    map: ArrayView2<'_, f32>,
    boxes: &[Target],
    size: Option<[usize; 2]>,
) -> Option<Vec<Option<f64>>> {
    let frame = match rules.frame {
        Frame::Square(side) => [side, side],
        Frame::Named(NamedFrame::Image) => size.map(|[width, height]| [height, width])?,
    };
    let region = region_of(boxes, frame)?;
    let smoothed = smooth(map, rules.smoothing);
    let map = match rules.upsampling {
        Upsampling::Bilinear => bilinear(smoothed.view(), frame),
        Upsampling::Nearest => nearest(smoothed.view(), frame),
    };
    let normalised = normalised(rules.normalise, &map);
    let of = |metric: &GroundingMetric| match metric {
        GroundingMetric::Pointing => {
            let right = pointing_within(map.view(), &region, rules.pointing_tolerance);
            Some(if rules.maxima == Maxima::Any && right > 0.0 { 1.0 } else { right })
        }
        GroundingMetric::Cnr => cnr(map.view(), &region).map(f64::abs),
        GroundingMetric::CnrSigned => cnr(map.view(), &region),
        GroundingMetric::Miou => mean_overlap(normalised.view(), &region, &rules.thresholds, Overlap::iou),
        GroundingMetric::Dice => mean_overlap(normalised.view(), &region, &rules.thresholds, Overlap::dice),
        GroundingMetric::Groundability => None,
    };
    Some(rules.metrics.iter().map(of).collect())
}

fn normalised(how: Normalise, map: &Array2<f32>) -> Array2<f32> {
    match how {
        Normalise::None => map.clone(),
        Normalise::MinMax => normalise(map.view()),
        Normalise::Symmetric => normalise(map.view()).mapv(|value| 2.0 * value - 1.0),
        Normalise::ClampAtZero => map.mapv(|value| value.max(0.0)),
    }
}

/// The scores of all and of a class.
fn declarations(metric: GroundingMetric) -> Option<(&'static Declaration, &'static Declaration)> {
    match metric {
        GroundingMetric::Pointing => Some((&POINTING, &outputs::CLASS_POINTING)),
        GroundingMetric::Cnr => Some((&CNR, &outputs::CLASS_CNR)),
        GroundingMetric::CnrSigned => Some((&CNR_SIGNED, &outputs::CLASS_CNR_SIGNED)),
        GroundingMetric::Miou => Some((&MIOU, &outputs::CLASS_MIOU)),
        GroundingMetric::Dice => Some((&DICE, &outputs::CLASS_DICE)),
        GroundingMetric::Groundability => None,
    }
}

struct Task<'a> {
    rules: &'a GroundingProtocol,
    statistics: Vec<(String, Statistic<'static>)>,
    warnings: Vec<String>,
}

impl Task<'_> {
    fn groundability<'m>(
        &mut self,
        unit_of: &[usize],
        absent: usize,
        regions: &Regions,
        map: impl Fn(usize) -> ArrayView2<'m, f32>,
    ) -> Result<(), EvalError> {
        if !self.rules.metrics.contains(&GroundingMetric::Groundability) {
            if absent > 0 {
                self.warnings.push(format!("phrases that are not there are left out: {absent}"));
            }
            return Ok(());
        }
        if absent == 0 {
            let problem = "there is no groundability: every phrase of the reference is there";
            self.warnings.push(problem.to_owned());
            return Ok(());
        }
        let phrases = regions.boxes.iter().enumerate();
        let cases = groundability(phrases.map(|(phrase, boxes)| (unit_of[phrase], map(phrase), !boxes.is_empty())))
            .ok_or_else(|| refused(regions, "a map of its phrases has no maximum; mend the maps"))?;
        let statistic = move |counts: &[u32]| cases.auroc(counts);
        self.statistics.push((outputs::GROUNDABILITY.name(Parameters::NONE), Box::new(statistic)));
        Ok(())
    }

    /// The means over phrases or classes, and those of each class.
    fn means(&mut self, measured: &[Measured]) {
        for (column, &metric) in self.rules.metrics.iter().enumerate() {
            let Some((of_all, of_class)) = declarations(metric) else { continue };
            let mut all: Vec<(usize, f64)> = Vec::new();
            let mut by_class: BTreeMap<&str, Vec<(usize, f64)>> = BTreeMap::new();
            for one in measured {
                let Some(value) = one.values[column] else { continue };
                all.push((one.unit, value));
                if let Some(class) = &one.class {
                    by_class.entry(class).or_default().push((one.unit, value));
                }
            }
            let undefined = measured.len() - all.len();
            if undefined > 0 {
                let name = of_all.name(Parameters::NONE);
                self.warnings.push(format!("{name} is not defined for {undefined} regions, which are left out of it"));
            }
            for (class, values) in &by_class {
                let values = values.clone();
                let statistic = move |counts: &[u32]| bootstrap::mean(&values, counts);
                self.statistics.push((of_class.name(Parameters::class(class)), Box::new(statistic)));
            }
            let by_class: Vec<Vec<(usize, f64)>> = by_class.into_values().collect();
            let statistic: Statistic<'static> = match self.rules.mean_over {
                MeanOver::Phrases => Box::new(move |counts| bootstrap::mean(&all, counts)),
                MeanOver::Classes => Box::new(move |counts| {
                    mean_of_defined(by_class.iter().map(|values| bootstrap::mean(values, counts)))
                }),
            };
            self.statistics.push((of_all.name(Parameters::NONE), statistic));
        }
    }
}
