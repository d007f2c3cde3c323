//! Open-I: folders and archives are read, and broken ones refused.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use lgdea_spec::Fractions;

use super::document::XML;
use super::*;
use crate::test_data;

fn settings(reports: &Path, images: &str) -> Openi {
    Openi {
        reports: reports.display().to_string(),
        images: images.to_owned(),
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
