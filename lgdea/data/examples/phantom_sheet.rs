//! Writes a contact sheet of the phantom with its boxes, and prints the statistics of its documentation.
//!
//! `cargo run --release -p lgdea-data --example phantom_sheet [SHEET.png [SIZE]]`

use std::env;
use std::error::Error;
use std::io::{self, Write};
use std::time::Instant;

use image::{Rgb, RgbImage};
use lgdea_data::phantom::CLASSES;
use lgdea_data::{Corpus, ImageStore, Making, Split, Study, load};
use lgdea_spec::{Data, Phantom, Seed};

const COLUMNS: u32 = 6;
const ROWS: u32 = 4;
/// Side of a picture on the sheet, in pixels.
const TILE: u32 = 256;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args().skip(1);
    let sheet = arguments.next().unwrap_or_else(|| "phantom.png".to_owned());
    let size = arguments.next().map_or(Ok(64), |size| size.parse())?;
    let phantom = Phantom { studies: 3_000, validation: 300, test: 600, seed: Seed(1) };
    let data = Data { phantom: Some(phantom), ..Data::default() };
    let start = Instant::now();
    let mut corpus = load(&data, Seed(0), &|_, _| ())?;
    let generated = start.elapsed();
    let start = Instant::now();
    let (store, _) =
        ImageStore::in_memory(&mut corpus, Making { size, threads: 0, progress: &|_, _| (), waiting: &|_| () })?;
    let rendered = start.elapsed();
    let mut output = io::stdout().lock();
    write_statistics(&corpus, &mut output)?;
    let (count, generated, rendered) = (store.len(), generated.as_secs_f64(), rendered.as_secs_f64());
    writeln!(output, "{count} studies generated in {generated:.2} s, rendered at {size} pixels in {rendered:.2} s\n")?;
    for study in &corpus.studies[..3] {
        let text = study.report.as_ref().map_or(String::new(), lgdea_data::Report::text);
        writeln!(output, "{}\n{text}\n", study.id)?;
    }
    draw(&corpus, &store).save(&sheet)?;
    Ok(())
}

/// Prevalence of each class among training studies, and the length of reports, as Markdown.
fn write_statistics(corpus: &Corpus, output: &mut impl Write) -> io::Result<()> {
    let training: Vec<&Study> = corpus.studies.iter().filter(|study| study.split == Split::Train).collect();
    let share = |count: usize| count as f64 / training.len() as f64;
    let labels = |study: &&Study| study.labels.as_ref().map_or(0, |labels| labels.present.len());
    let words = |study: &&Study| study.report.as_ref().map_or(0, |report| report.text().split_whitespace().count());
    writeln!(output, "| class | share |\n|---|---|")?;
    let normal = share(training.iter().filter(|study| labels(study) == 0).count());
    writeln!(output, "| (normal) | {normal:.3} |")?;
    for class in CLASSES {
        let has = |study: &&&Study| study.labels.as_ref().is_some_and(|labels| labels.present.contains(class));
        let prevalence = share(training.iter().filter(has).count());
        writeln!(output, "| `{class}` | {prevalence:.3} |")?;
    }
    let findings = share(training.iter().map(labels).sum());
    let mean = share(training.iter().map(words).sum());
    let most = training.iter().map(words).max().unwrap_or(0);
    writeln!(output, "\n{findings:.2} findings a study; {mean:.1} words a report, at most {most}\n")
}

/// The first studies' images, with their boxes in yellow.
fn draw(corpus: &Corpus, store: &ImageStore) -> RgbImage {
    let mut sheet = RgbImage::new(COLUMNS * TILE, ROWS * TILE);
    for position in 0..COLUMNS * ROWS {
        let (left, upper) = (position % COLUMNS * TILE, position / COLUMNS * TILE);
        let Some(pixels) = store.pixels(position as usize) else { continue };
        let side = store.size();
        for (x, y) in (0..TILE).flat_map(|y| (0..TILE).map(move |x| (x, y))) {
            let source = |position: u32| position as usize * side / TILE as usize;
            let grey = pixels[source(y) * side + source(x)];
            sheet.put_pixel(left + x, upper + y, Rgb([grey; 3]));
        }
        for found in &corpus.studies[position as usize].boxes {
            let edge = |share: f32| ((share * TILE as f32) as u32).min(TILE - 1);
            let (x, y) = (edge(found.x), edge(found.y));
            let (right, lower) = (edge(found.x + found.width), edge(found.y + found.height));
            let horizontal = (x..=right).flat_map(|column| [(column, y), (column, lower)]);
            let vertical = (y..=lower).flat_map(|row| [(x, row), (right, row)]);
            for (column, row) in horizontal.chain(vertical) {
                sheet.put_pixel(left + column, upper + row, Rgb([255, 220, 0]));
            }
        }
    }
    sheet
}
