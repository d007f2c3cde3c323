//! Writes the phantom's radiographs as JPEG files, to measure with what reads a folder of images.
//!
//! `cargo run --release -p lgdea-data --example phantom_jpegs -- FOLDER [COUNT [SIDE]]`
//!
//! Grey, baseline, quality 95 as in MIMIC-CXR-JPG.
#![allow(clippy::print_stdout)]

use std::env;
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

use image::codecs::jpeg::JpegEncoder;
use image::{ExtendedColorType, ImageEncoder};
use lgdea_data::{SkipReason, Study, load};
use lgdea_spec::{Data, Phantom, Seed};
use rayon::prelude::*;

const QUALITY: u8 = 95;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args().skip(1);
    let folder = PathBuf::from(arguments.next().ok_or("which folder?")?);
    let count = arguments.next().map_or(Ok(256), |count| count.parse())?;
    let side = arguments.next().map_or(Ok(1024), |side| side.parse())?;
    if folder.exists() {
        return Err(format!("{} is there already", folder.display()).into());
    }
    // Under another name first, so that an interrupted run leaves no half set behind.
    let unfinished = folder.with_extension("unfinished");
    fs::create_dir_all(&unfinished)?;
    let phantom = Phantom { studies: count, validation: 0, test: 0, seed: Seed(1) };
    let data = Data { phantom: Some(phantom), ..Data::default() };
    let studies = load(&data, Seed(0), &|_, _| ())?.studies;
    let sizes: Vec<usize> = studies
        .par_iter()
        .map(|study| write(study, side, &unfinished.join(format!("{}.jpg", study.id))))
        .collect::<Result<_, _>>()
        .map_err(|error| error.to_string())?;
    fs::rename(&unfinished, &folder)?;
    let bits = 8.0 * sizes.iter().sum::<usize>() as f64 / (count * side * side) as f64;
    println!("{count} images of {side} × {side} pixels, {bits:.2} bits a pixel");
    Ok(())
}

/// Writes the image of a study; returns the file's size in bytes.
fn write(study: &Study, side: usize, path: &Path) -> Result<usize, Box<dyn Error + Send + Sync>> {
    let picture = study.image.as_ref().ok_or("a study of the phantom has an image")?;
    let mut square = vec![0; side * side];
    picture.draw(side, &mut square).map_err(SkipReason::describe)?;
    let mut bytes = Vec::new();
    let encoder = JpegEncoder::new_with_quality(&mut bytes, QUALITY);
    encoder.write_image(&square, side as u32, side as u32, ExtendedColorType::L8)?;
    fs::write(path, &bytes)?;
    Ok(bytes.len())
}
