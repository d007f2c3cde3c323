//! `lgdea ground`: where a run's model sees what a phrase says.

use std::path::{Path, PathBuf};

use lgdea_data::{Frame, Picture, Study, normalise_label};
use lgdea_eval::gallery::{Figure, Grounded, peak};
use lgdea_eval::metric::heat_map::{range, upsample};
use lgdea_eval::task::grounding::chosen_map;
use lgdea_inspect::HeatMaps;
use lgdea_run::Opened;
use lgdea_spec::HeatMap;
use ndarray::{Array2, ArrayView2};
use serde::Serialize;
use serde_json::json;

use super::{not_read, opened, writable};
use crate::args::inspect::GroundArgs;
use crate::failure::{Failure, refused};
use crate::output::{print, print_json, unwritable};
use crate::progress::Progress;

/// Side at which the radiograph is shown, where the model's is smaller.
const SHOWN: usize = 512;

pub(crate) fn ground(args: &GroundArgs) -> Result<(), Failure> {
    writable(&args.out, "png")?;
    not_read(&args.out, &[Path::new(&args.image)])?;
    if args.phrases.iter().any(|phrase| !phrase.chars().any(char::is_alphanumeric)) {
        return Err(refused(
            "`--phrase` has no words: say what to look for, as in \"left pleural effusion\"".to_owned(),
        ));
    }
    let opened = opened::open(&args.run, &Progress::new())?;
    let image = Image::find(&opened, &args.image)?;
    let choice = args.map.map_or(opened.experiment.eval.grounding.heat_map, HeatMap::from);
    let phrases: Vec<&str> = args.phrases.iter().map(String::as_str).collect();
    let maps = opened.trained().heat_maps(&image.seen, &phrases)?;
    let size = opened.prepared.images.size();
    let grounded = phrases
        .iter()
        .zip(maps)
        .map(|(phrase, maps)| {
            let map = chosen_map(choice, &maps).ok_or_else(|| no_map(&opened, choice, &maps))?;
            let boxes = image.boxes(&opened, phrase);
            Ok(Grounded { phrase, map: upsample(map.view(), size), boxes })
        })
        .collect::<Result<Vec<_>, Failure>>()?;
    let found: Vec<Found> = grounded.iter().map(|one| Found::new(one, &image)).collect();
    let title = format!("{}; heat: {} map", image.title, name_of(choice));
    let figure = Figure { pixels: &image.shown, size: image.side, title: &title, phrases: grounded };
    figure.write(&args.out).map_err(|error| unwritable(&args.out, &error))?;
    if args.json {
        let [width, height] = image.dimensions;
        return print_json(&json!({
            "run": opened.name(),
            "step": opened.step,
            "image": image.title,
            "width": width,
            "height": height,
            "map": choice,
            "phrases": found,
            "out": args.out,
        }));
    }
    print(&format!("{}\n{}\n", table(&found), args.out.display()))
}

/// The map's name in experiments.
fn name_of(choice: HeatMap) -> String {
    serde_json::to_value(choice).ok().and_then(|name| name.as_str().map(str::to_owned)).unwrap_or_default()
}

/// Why a method has no map of a kind, with those that it has.
fn no_map(opened: &Opened, choice: HeatMap, maps: &HeatMaps) -> Failure {
    let why = match choice {
        HeatMap::WordAttention => "its method learns no fit of words and regions (`loss.local`)",
        _ => "its method teaches images no evidence",
    };
    let has: Vec<String> = maps.iter().map(|(map, _)| format!("`--map {}`", map.name().replace('_', "-"))).collect();
    refused(format!("{} has no heat map `{}`: {why}; take {}", opened.name(), name_of(choice), has.join(" or ")))
}

/// Why a study has no image: that of its data was left out, or there is none.
fn without_image(opened: &Opened, study: &Study) -> String {
    let id = &study.id;
    match opened.skipped.counts() {
        counts if counts.is_empty() => format!("study `{id}` has no image, only a report"),
        counts => format!(
            "study `{id}` has no image that can be looked at, only a report: there is none, or it was left out of the run's data \
             ({counts})"
        ),
    }
}

/// The image to look at.
struct Image {
    /// As the model sees it, at the size of the run's data.
    seen: Vec<u8>,
    /// As it is shown, of `side` pixels a side.
    shown: Vec<u8>,
    side: usize,
    /// Where the original lies in its square.
    frame: Frame,
    /// Width and height of the original, in pixels.
    dimensions: [u32; 2],
    title: String,
    /// Position of its study, if it is one's.
    study: Option<usize>,
}

impl Image {
    /// An image file, or else the image of a study.
    fn find(opened: &Opened, name: &str) -> Result<Self, Failure> {
        let path = Path::new(name);
        if path.is_file() {
            let title = path.file_name().map_or_else(|| name.to_owned(), |name| name.to_string_lossy().into_owned());
            return Self::read(opened, &Picture::file_at(PathBuf::from(path)), title, None);
        }
        let studies = &opened.prepared.studies;
        let Some(study) = studies.iter().position(|study| study.id == name) else {
            let with_image = studies.iter().find(|study| study.image.is_some());
            let example = with_image.map_or_else(String::new, |study| format!(", such as `{}`", study.id));
            let left_out = match opened.skipped.counts() {
                counts if counts.is_empty() => String::new(),
                counts => format!("; a study that is in the data was left out of them ({counts})"),
            };
            return Err(refused(format!(
                "`{name}` is neither an image file nor one of the run's {} studies{example}{left_out}",
                studies.len()
            )));
        };
        match &studies[study].image {
            Some(picture) => Self::read(opened, picture, name.to_owned(), Some(study)),
            None => Err(refused(without_image(opened, &studies[study]))),
        }
    }

    fn read(opened: &Opened, picture: &Picture, title: String, study: Option<usize>) -> Result<Self, Failure> {
        let size = opened.prepared.images.size();
        let side = size.max(SHOWN);
        let draw = |side: usize| {
            let mut square = vec![0; side * side];
            let frame = picture.draw(side, &mut square);
            frame.map(|frame| (square, frame)).map_err(|reason| refused(format!("{title}: {}", reason.describe())))
        };
        let ((seen, frame), (shown, _)) = (draw(size)?, draw(side)?);
        // The phantom has no pixels of its own: those that the model sees stand for them.
        let dimensions = picture.dimensions().map_or([size as u32; 2], |(width, height)| [width, height]);
        Ok(Self { seen, shown, side, frame, dimensions, title, study })
    }

    /// Boxes of the study whose phrase or finding the phrase names, in shares of the square.
    fn boxes(&self, opened: &Opened, phrase: &str) -> Vec<[f32; 4]> {
        let wanted = normalise_label(phrase);
        let boxes = self.study.into_iter().flat_map(|study| &opened.prepared.studies[study].boxes);
        let named = boxes.filter(|found| normalise_label(&found.phrase) == wanted || found.finding == wanted);
        named.map(|found| self.frame.place(found)).collect()
    }

    /// A place in shares of the square, in pixels of the original image; `None` in the padding around it.
    fn pixel(&self, [x, y]: [f32; 2]) -> Option<[u32; 2]> {
        let [width, height] = self.dimensions;
        let pixel = |share: f32, start: f32, length: f32, pixels: u32| {
            let inside = (share - start) / length;
            (0.0..1.0).contains(&inside).then_some((inside * pixels as f32) as u32)
        };
        Some([pixel(x, self.frame.x, self.frame.width, width)?, pixel(y, self.frame.y, self.frame.height, height)?])
    }
}

/// What a phrase's map says.
#[derive(Serialize)]
struct Found {
    phrase: String,
    /// Column and row of the map's greatest value in the original image; none where it lies in the padding.
    peak: Option<[u32; 2]>,
    map: Statistics,
    /// Boxes that the phrase names, in the study's image.
    boxes: usize,
    /// Outcome of the pointing game, where there are boxes.
    pointing: Option<&'static str>,
}

impl Found {
    fn new(grounded: &Grounded<'_>, image: &Image) -> Self {
        Self {
            phrase: grounded.phrase.to_owned(),
            peak: image.pixel(peak(&grounded.map)),
            map: Statistics::of(&grounded.map),
            boxes: grounded.boxes.len(),
            pointing: grounded.verdict(),
        }
    }
}

/// A map's values, upsampled to the image that the model sees.
#[derive(Serialize)]
struct Statistics {
    least: f32,
    mean: f64,
    greatest: f32,
    standard_deviation: f64,
}

impl Statistics {
    fn of(map: &Array2<f32>) -> Self {
        let (least, greatest) = range(map.view());
        let mean_of = |value: &dyn Fn(f64) -> f64, map: ArrayView2<'_, f32>| {
            map.iter().map(|&one| value(f64::from(one))).sum::<f64>() / map.len() as f64
        };
        let mean = mean_of(&|value| value, map.view());
        let variance = mean_of(&|value| (value - mean).powi(2), map.view());
        Self { least, mean, greatest, standard_deviation: variance.sqrt() }
    }
}

fn table(found: &[Found]) -> String {
    let header = ["phrase", "peak (x, y)", "least", "mean", "greatest", "deviation", "boxes", "pointing"];
    let mut table = lgdea_eval::table::with_header(&header, 1..7);
    for Found { phrase, peak, map, boxes, pointing } in found {
        table.add_row([
            phrase.clone(),
            peak.map_or_else(|| "in the padding".to_owned(), |[x, y]| format!("{x}, {y}")),
            digits(map.least.into()),
            digits(map.mean),
            digits(map.greatest.into()),
            digits(map.standard_deviation),
            boxes.to_string(),
            pointing.unwrap_or("").to_owned(),
        ]);
    }
    table.to_string()
}

/// Three digits, and no sign of zero.
fn digits(value: f64) -> String {
    format!("{:.3}", (value * 1000.0).round() / 1000.0 + 0.0)
}
