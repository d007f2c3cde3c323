//! Open-I: folders and archives are read, and broken ones refused.

use std::fs::{self, File};
use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use lgdea_spec::{Fractions, Views};

use super::document::XML;
use super::*;
use crate::{Picture, Split, Study, test_data};

fn settings(reports: &Path, images: &str) -> Openi {
    Openi {
        reports: reports.display().to_string(),
        images: images.to_owned(),
        projections: String::new(),
        views: Views::FirstFrontal,
        fractions: Fractions { validation: 0.1, test: 0.2 },
    }
}

#[test]
fn a_folder_is_read_with_its_images_and_what_is_broken_is_counted() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a.xml"), XML).unwrap();
    fs::write(folder.path().join("b.xml"), &XML[..300]).unwrap();
    fs::write(folder.path().join("c.xml"), XML).unwrap();
    fs::write(
        folder.path().join("d.xml"),
        XML.replace("CXR7", "CXR8").replace("FINDINGS", "INDICATION").replace("IMPRESSION", "COMPARISON"),
    )
    .unwrap();
    fs::write(folder.path().join("notes.txt"), "not a report").unwrap();
    let images = tempfile::tempdir().unwrap();
    for name in ["CXR7_IM-1-1001.png", "CXR7_IM-1-2001.png"] {
        fs::write(images.path().join(name), "x").unwrap();
    }
    let settings = settings(folder.path(), &images.path().display().to_string());
    let source = read(&settings, Seed(1), &|_, _| ()).unwrap();
    assert_eq!(source.studies.len(), 1);
    let study = &source.studies[0];
    assert_eq!(study.image, Some(Picture::file_at(images.path().join("CXR7_IM-1-1001.png"))));
    assert_eq!(study.labels, Some(StudyLabels::from_iter([NO_FINDING])));
    let skipped = source.skipped;
    assert_eq!(skipped.0[&SkipReason::BrokenXml].examples, ["b.xml"]);
    assert_eq!(skipped.0[&SkipReason::DuplicateReport].examples, ["c.xml"]);
    for reason in [SkipReason::EmptyReport, SkipReason::AdditionalImage, SkipReason::NothingLeft] {
        assert_eq!(skipped.count(reason), 1, "{reason:?}");
    }
}

/// Reads the report of CXR7 with images and a table of projections.
fn read_views(files: &[&str], projections: &str, views: Views) -> Result<Contents, String> {
    let folder = tempfile::tempdir().unwrap();
    let reports = folder.path().join("reports");
    fs::create_dir(&reports).unwrap();
    fs::write(reports.join("a.xml"), XML).unwrap();
    for file in files {
        let path = folder.path().join("images").join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, "x").unwrap();
    }
    let table = folder.path().join("indiana_projections.csv");
    fs::write(&table, projections).unwrap();
    let projections = if projections.is_empty() { String::new() } else { table.display().to_string() };
    let settings = settings(&reports, &folder.path().join("images").display().to_string());
    read(&Openi { projections, views, ..settings }, Seed(1), &|_, _| ()).map_err(|error| error.to_string())
}

const BOTH: [&str; 2] = ["7_IM-1-1001.dcm.png", "7_IM-1-2001.dcm.png"];
const LATERAL_FIRST: &str = "uid,filename,projection\n7,7_IM-1-1001.dcm.png,Lateral\n7,7_IM-1-2001.dcm.png,Frontal\n";

/// The images of studies below the folder of images.
fn files(read: &Contents) -> Vec<String> {
    let file = |study: &Study| {
        let path = study.image.as_ref()?.file()?.strip_prefix(&read.root).unwrap();
        Some(path.display().to_string())
    };
    read.studies.iter().filter_map(file).collect()
}

#[test]
fn the_table_of_projections_tells_the_frontal_image() {
    let first = read_views(&BOTH, LATERAL_FIRST, Views::FirstFrontal).unwrap();
    assert_eq!(files(&first), [BOTH[1]]);
    assert_eq!(first.skipped.count(SkipReason::LateralView), 1);
    let both = read_views(&BOTH, LATERAL_FIRST, Views::WithLaterals).unwrap();
    assert_eq!(files(&both), [BOTH[1], BOTH[0]]);
    let ids: Vec<&str> = both.studies.iter().map(|study| study.id.as_str()).collect();
    assert_eq!(ids, ["CXR7", "CXR7/CXR7_IM-1-1001"]);
    assert!(both.studies.iter().all(|study| study.examination == "CXR7" && study.report.is_some()));
    let untold = read_views(&BOTH, "", Views::FirstFrontal).unwrap();
    assert_eq!(files(&untold), [BOTH[0]]);
}

#[test]
fn a_report_whose_images_are_lateral_is_read_without() {
    let read = read_views(&BOTH, &LATERAL_FIRST.replace("Frontal", "Lateral"), Views::FirstFrontal).unwrap();
    assert_eq!((read.studies.len(), files(&read).len()), (1, 0));
    assert_eq!(read.skipped.count(SkipReason::LateralView), 2);
}

#[test]
fn an_image_that_the_table_leaves_out_is_read_where_there_is_no_better_one() {
    let table = "uid,filename,projection\n7,7_IM-1-2001.dcm.png,Frontal\n";
    let read = read_views(&BOTH, table, Views::WithLaterals).unwrap();
    assert_eq!((files(&read), read.skipped.count(SkipReason::UnknownView)), (vec![BOTH[1].to_owned()], 1));
    let read = read_views(&BOTH[..1], table, Views::FirstFrontal).unwrap();
    assert_eq!(files(&read), [BOTH[0]]);
}

#[test]
fn images_are_found_by_each_of_their_names_and_in_folders_below() {
    for file in [
        "CXR7_IM-1-1001.png",
        "CXR7_IM-1-1001.dcm",
        "7_IM-1-1001.dcm",
        "7_IM-1-1001.dcm.png",
        "7_IM-1-1001.png",
        "7/7_IM-1-1001.dcm",
        "images_normalized/7_IM-1-1001.dcm.png",
    ] {
        let read = read_views(&[file], "", Views::FirstFrontal).unwrap();
        assert_eq!((files(&read), read.skipped.count(SkipReason::MissingImage)), (vec![file.to_owned()], 1), "{file}");
    }
    let names = ["7_IM-1-1001.png", "CXR7_IM-1-1001.jpg", "a/CXR7_IM-1-1001.png", "CXR7_IM-1-1001.png"];
    let read = read_views(&names, "", Views::FirstFrontal).unwrap();
    assert_eq!(files(&read), ["CXR7_IM-1-1001.jpg"], "as the XML calls it, and nearest");
}

#[test]
fn a_table_of_projections_that_makes_no_sense_is_an_error_with_its_line() {
    for (table, part) in [
        (LATERAL_FIRST.replace("Lateral", "Axial"), "line 2: projection = `Axial`"),
        (LATERAL_FIRST.replace("Lateral", ""), "line 2: projection = ``"),
        (format!("{LATERAL_FIRST}7,7_IM-1-1001.dcm.png,Frontal\n"), "line 4: image `7_IM-1-1001.dcm.png` has two"),
        (LATERAL_FIRST.replace("filename", "file"), "no column `filename`"),
        (LATERAL_FIRST.replace("projection", "view"), "no column `projection`"),
    ] {
        let error = read_views(&BOTH, &table, Views::FirstFrontal).unwrap_err();
        assert!(error.contains(part) && error.contains("; "), "{error}");
    }
}

#[test]
fn archives_are_read_and_broken_ones_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("reports.tgz");
    let mut archive = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    for (name, text) in
        [("x/7.xml", XML.to_owned()), ("x/._7.xml", "hidden".to_owned()), ("x/8.xml", XML.replace("CXR7", "CXR8"))]
    {
        let mut header = tar::Header::new_gnu();
        header.set_size(text.len() as u64);
        header.set_mode(0o644);
        archive.append_data(&mut header, name, text.as_bytes()).unwrap();
    }
    let bytes = archive.into_inner().unwrap().finish().unwrap();
    File::create(&path).unwrap().write_all(&bytes).unwrap();
    let source = read(&settings(&path, ""), Seed(1), &|_, _| ()).unwrap();
    let ids: Vec<&str> = source.studies.iter().map(|study| study.id.as_str()).collect();
    assert_eq!(ids, ["CXR7", "CXR8"]);
    for broken in [&bytes[..bytes.len() / 2], b"no archive"] {
        fs::write(&path, broken).unwrap();
        assert!(matches!(read(&settings(&path, ""), Seed(1), &|_, _| ()), Err(DataError::Io { .. })));
    }
    let absent = settings(&folder.path().join("absent"), "");
    assert!(matches!(read(&absent, Seed(1), &|_, _| ()), Err(DataError::Io { .. })));
}

#[test]
fn the_real_collection_is_read() {
    let Some(root) = test_data::root() else { return };
    let source = read(&settings(&root.join("openi/openi_reports.tgz"), ""), Seed(0), &|_, _| ()).unwrap();
    let skipped = &source.skipped;
    assert_eq!(source.studies.len() + skipped.count(SkipReason::NothingLeft), 2_993, "{skipped}");
    assert_eq!(skipped.total(), 2 * skipped.count(SkipReason::EmptyReport), "{skipped}");
    assert!(source.studies.len() > 2_900, "{skipped}");
    let normal = source.studies.iter().filter(|study| study.labels.is_some()).count();
    assert!((800..1_400).contains(&normal), "{normal}");
    let test = source.studies.iter().filter(|study| study.split == Split::Test).count();
    assert!((500..700).contains(&test), "{test}");
}
