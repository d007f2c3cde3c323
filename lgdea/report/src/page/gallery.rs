//! Galleries that runs made, of heat maps and of retrieval, one of each arm.

use std::io::Cursor;
use std::path::{Component, Path};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use image::codecs::jpeg::JpegEncoder;
use image::imageops::FilterType;
use image::{ImageReader, Limits};
use serde::Serialize;

use crate::Comparison;

use super::logged::Logs;
use super::summary::describe;

/// Galleries of a page.
const MOST: usize = 12;
/// Greatest width of a picture in pixels, and quality of its JPEG: a gallery has some 200 kB, a tenth of its file.
const WIDTH: u32 = 1400;
const QUALITY: u8 = 82;
/// Bytes of memory that a picture may take.
const MEMORY: u64 = 256 << 20;
/// Splits whose galleries may be shown.
const SPLITS: [&str; 2] = ["test", "validation"];

/// The galleries.
#[derive(Serialize)]
pub(super) struct Galleries {
    pictures: Vec<Picture>,
    /// Arms that are not shown.
    more: usize,
    problems: Vec<String>,
}

#[derive(Serialize)]
struct Picture {
    group: String,
    setting: String,
    seed: u64,
    run: String,
    split: &'static str,
    /// The JPEG as a data URI.
    source: String,
    width: u32,
    height: u32,
}

impl Galleries {
    /// Galleries of a task: of every arm the run of the first setting and seed, so that nobody chose it and all show the same
    /// studies.
    pub(super) fn new(task: &str, comparison: &Comparison, logs: &Logs<'_>) -> Galleries {
        let mut galleries = Galleries { pictures: Vec::new(), more: 0, problems: Vec::new() };
        // Whoever looks at validation scores is still choosing, and should not see the test split.
        let tuning = comparison.metrics.iter().all(|metric| metric.name.starts_with("validation/"));
        let splits = if tuning { &SPLITS[1..] } else { &SPLITS[..] };
        let files: Vec<(String, &str)> =
            splits.iter().map(|&split| (format!("artifacts/{task}_{split}.png"), split)).collect();
        let mut seen: Vec<&str> = Vec::new();
        for row in &comparison.rows {
            let first = row.seeds.iter().zip(&row.run_keys).find_map(|(seed, key)| {
                let (logged, folder) = (logs.of(key)?, logs.folder(key)?);
                let file = files.iter().find(|(file, _)| logged.artifacts.iter().any(|known| known == file))?;
                Some((*seed, logged, folder, file))
            });
            let Some((seed, logged, folder, &(ref file, split))) = first else { continue };
            if seen.contains(&row.group.as_str()) {
                continue;
            }
            seen.push(&row.group);
            if galleries.pictures.len() == MOST {
                galleries.more += 1;
                continue;
            }
            match picture(folder, file) {
                Ok((source, width, height)) => galleries.pictures.push(Picture {
                    group: row.group.clone(),
                    setting: describe(comparison, row),
                    seed,
                    run: logged.name.clone(),
                    split,
                    source,
                    width,
                    height,
                }),
                Err(error) => galleries.problems.push(format!("no gallery of {}: {error}", logged.name)),
            }
        }
        galleries
    }

    pub(super) fn is_shown(&self) -> bool {
        !self.pictures.is_empty() || !self.problems.is_empty()
    }
}

/// A file of a run's folder as a JPEG of a page's width.
fn picture(folder: &Path, file: &str) -> Result<(String, u32, u32), String> {
    let file = Path::new(file);
    if !file.components().all(|part| matches!(part, Component::Normal(_))) {
        return Err(format!("{} lies outside of the run's folder", file.display()));
    }
    let mut reader = ImageReader::open(folder.join(file)).map_err(|error| error.to_string())?;
    let mut limits = Limits::default();
    limits.max_alloc = Some(MEMORY);
    reader.limits(limits);
    let picture = reader.decode().map_err(|error| error.to_string())?;
    let picture = if picture.width() > WIDTH { picture.resize(WIDTH, u32::MAX, FilterType::Triangle) } else { picture };
    let mut bytes = Cursor::new(Vec::new());
    let encoder = JpegEncoder::new_with_quality(&mut bytes, QUALITY);
    picture.to_rgb8().write_with_encoder(encoder).map_err(|error| error.to_string())?;
    let source = format!("data:image/jpeg;base64,{}", BASE64_STANDARD.encode(bytes.into_inner()));
    Ok((source, picture.width(), picture.height()))
}
