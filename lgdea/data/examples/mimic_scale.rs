//! How long MIMIC-CXR-JPG takes to be read, and how much memory: a made-up one of the real one's size.
//!
//! `cargo run --release -p lgdea-data --example mimic_scale -- FOLDER [VIEWS]`
//!
//! Writes into FOLDER, where it is new, the tables of 377,110 images of 227,835 studies, reports of the usual length, and
//! the image files, which are links to a few. Prints a line of JSON: the seconds of the first reading and the most memory that it
//! needed, in MiB (Linux only); then the seconds until a further process, which finds the data as they were, knows their digest, as
//! plans and finished runs need it, and the size of what is kept for it, in MiB.
#![allow(clippy::print_stdout)]

use std::env;
use std::error::Error;
use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use lgdea_cache::Cache;
use lgdea_data::{Known, summary};
use lgdea_spec::{Resolved, Seed};

/// As the binary has it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const IMAGES: usize = 377_110;
const STUDIES: usize = 227_835;
const PATIENTS: usize = 65_379;
/// As many links to a file as any file system allows.
const LINKS: usize = 30_000;
const IMAGE: &[u8] = include_bytes!(
    "../src/source/mimic_cxr/example/files/p10/p10000001/s50000001/0a1b0001-00000000-00000000-00000000-00000001.jpg"
);
const LABELS: &str = "Atelectasis,Cardiomegaly,Consolidation,Edema,Enlarged Cardiomediastinum,Fracture,Lung Lesion,\
                      Lung Opacity,No Finding,Pleural Effusion,Pleural Other,Pneumonia,Pneumothorax,Support Devices";
const WORDS: [&str; 24] = [
    "the",
    "lungs",
    "are",
    "clear",
    "without",
    "focal",
    "consolidation",
    "pleural",
    "effusion",
    "or",
    "pneumothorax",
    "cardiomediastinal",
    "silhouette",
    "is",
    "within",
    "normal",
    "limits",
    "mild",
    "bibasilar",
    "atelectasis",
    "no",
    "acute",
    "osseous",
    "abnormality",
];

fn main() -> Result<(), Box<dyn Error>> {
    let folder = PathBuf::from(env::args().nth(1).ok_or("which folder?")?);
    if !folder.exists() {
        write(&folder)?;
        // What changed just now is not kept.
        thread::sleep(Duration::from_secs(4));
    }
    let settings = [
        format!("data.mimic-cxr.root={}", folder.display()),
        format!("data.mimic-cxr.views={}", env::args().nth(2).unwrap_or_else(|| "first-frontal".to_owned())),
    ];
    let data = Resolved::from_overrides(&settings)?.experiment.data;
    let results = tempfile::tempdir()?;
    let cache = Cache::of_results(results.path());
    let started = Instant::now();
    let (corpus, known) = Known::read(&data, Seed(0), &cache, &|_, _| ())?;
    let (first, most) = (started.elapsed().as_secs_f64(), most_memory()?);
    let (studies, skipped) = (summary(&corpus).studies, corpus.skipped.to_string());
    drop(corpus);
    let started = Instant::now();
    if Known::kept(&data, Seed(0), &cache) != Some(known) {
        return Err("what is known of the data was not kept".into());
    }
    let again = started.elapsed().as_secs_f64();
    let kept = kept_bytes(results.path())? >> 20;
    println!(
        r#"{{"studies": {studies}, "first": {first:.2}, "mebibytes": {most}, "again": {again:.2}, "kept": {kept}}}"#
    );
    println!("{skipped}");
    Ok(())
}

/// Bytes of what is kept of data in a results folder.
fn kept_bytes(results: &Path) -> Result<u64, Box<dyn Error>> {
    let mut bytes = 0;
    for file in fs::read_dir(results.join("cache/data"))? {
        bytes += file?.metadata()?.len();
    }
    Ok(bytes)
}

/// The most memory that this process has had, in MiB.
fn most_memory() -> Result<u64, Box<dyn Error>> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).ok_or("no VmHWM in /proc/self/status")?;
    Ok(line.trim_end_matches("kB").trim().parse::<u64>()? / 1024)
}

struct Tables {
    metadata: BufWriter<File>,
    split: BufWriter<File>,
    labels: BufWriter<File>,
    reports: BufWriter<File>,
}

fn write(folder: &Path) -> Result<(), Box<dyn Error>> {
    fs::create_dir_all(folder)?;
    let file = |name: &str| Ok::<_, std::io::Error>(BufWriter::new(File::create(folder.join(name))?));
    let mut tables = Tables {
        metadata: file("mimic-cxr-2.0.0-metadata.csv")?,
        split: file("mimic-cxr-2.0.0-split.csv")?,
        labels: file("mimic-cxr-2.0.0-chexpert.csv")?,
        reports: file("mimic_cxr_sectioned.csv")?,
    };
    writeln!(
        tables.metadata,
        "dicom_id,subject_id,study_id,PerformedProcedureStepDescription,ViewPosition,Rows,Columns,StudyDate,StudyTime,\
         ProcedureCodeSequence_CodeMeaning,ViewCodeSequence_CodeMeaning,PatientOrientationCodeSequence_CodeMeaning"
    )?;
    writeln!(tables.split, "dicom_id,study_id,subject_id,split")?;
    writeln!(tables.labels, "subject_id,study_id,{LABELS}")?;
    writeln!(tables.reports, "study,impression,findings,last_paragraph,comparison")?;
    let mut images = 0;
    for study in 0..STUDIES {
        // Images and studies are spread evenly.
        let end = IMAGES * (study + 1) / STUDIES;
        tables.write_study(folder, study, images..end)?;
        images = end;
    }
    Ok(())
}

impl Tables {
    fn write_study(
        &mut self,
        folder: &Path,
        study: usize,
        images: std::ops::Range<usize>,
    ) -> Result<(), Box<dyn Error>> {
        let patient = 10_000_000 + 150 * (study * PATIENTS / STUDIES);
        let (number, split) = (50_000_000 + study, ["train", "train", "train", "validate", "test"][patient / 150 % 5]);
        let place = folder.join(format!("files/p{}/p{patient}/s{number}", patient / 1_000_000));
        fs::create_dir_all(&place)?;
        for (position, image) in images.enumerate() {
            let dicom = format!("{image:08x}-{study:08x}-{patient:08x}-0a1b2c3d-4e5f6a7b");
            let (view, code) =
                [("PA", "postero-anterior"), ("LATERAL", "lateral"), ("AP", "antero-posterior")][position % 3];
            writeln!(
                self.metadata,
                "{dicom},{patient},{number},CHEST (PA AND LAT),{view},3056,2544,21800506,213014.531,CHEST (PA AND LAT),{code},Erect"
            )?;
            writeln!(self.split, "{dicom},{number},{patient},{split}")?;
            let original = folder.join(format!("image{}.jpg", image / LINKS));
            if !original.exists() {
                fs::write(&original, IMAGE)?;
            }
            fs::hard_link(original, place.join(format!("{dicom}.jpg")))?;
        }
        let labels: Vec<&str> =
            (0..14).map(|finding| ["", "", "", "1.0", "0.0", "-1.0"][(study + 5 * finding) % 6]).collect();
        writeln!(self.labels, "{patient},{number},{}", labels.join(","))?;
        let (findings, impression) = (words(study, 60), words(study + 7, 20));
        writeln!(self.reports, "s{number},\"{impression}\",\"{findings}\",,")?;
        Ok(())
    }
}

/// Sentences of so many words in all, in lines as the reports have them.
fn words(seed: usize, count: usize) -> String {
    let word = |at: usize| {
        let end = if at % 10 == 9 { ".\n" } else { "" };
        format!("{}{end}", WORDS[(seed + at * (seed % 11 + 1)) % WORDS.len()])
    };
    (0..count).map(word).collect::<Vec<_>>().join(" ")
}
