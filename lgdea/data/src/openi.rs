//! Open-I: the Indiana University chest X-ray collection, one XML file a report.
//!
//! The collection names no patients; each report counts as a patient of its own. Its XML does not tell frontal from
//! lateral images either: the first image of a report is taken for the frontal one, as it is in most reports.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use flate2::read::GzDecoder;
use lgdea_spec::{Openi, Seed};
use quick_xml::Reader;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesStart, Event};
use rayon::prelude::*;

use crate::corpus::{Progress, Source};
use crate::error::expand;
use crate::split::{self, Split};
use crate::{DataError, NO_FINDING, Picture, Report, Section, SkipReason, Skipped, Study};

/// A report of the collection has about 10 kB; what is far larger is something else.
const LARGEST_XML: u64 = 4 << 20;

/// Sections that say something about the images.
const READINGS: [&str; 2] = ["findings", "impression"];

pub(crate) fn read(openi: &Openi, seed: Seed, progress: Progress<'_>) -> Result<Source, DataError> {
    split::check_fractions(&openi.fractions)?;
    let reports = expand("data.openi.reports", &openi.reports)?;
    let (images, files) = match openi.images.as_str() {
        "" => (PathBuf::new(), HashMap::new()),
        folder => {
            let folder = expand("data.openi.images", folder)?;
            let files = image_files(&folder)?;
            (folder, files)
        }
    };
    let mut skipped = Skipped::default();
    let documents = if reports.is_dir() { folder_documents(&reports)? } else { archive_documents(&reports)? };
    progress(0, documents.len());
    let mut parsed: Vec<(String, Option<Document>)> = documents
        .into_par_iter()
        .map(|(name, bytes)| {
            let document = bytes.and_then(|bytes| parse(&bytes));
            (name, document)
        })
        .collect();
    progress(parsed.len(), parsed.len());
    // The order of an archive or a folder is arbitrary.
    parsed.sort_by(|(a, _), (b, _)| a.cmp(b));

    let mut studies = Vec::with_capacity(parsed.len());
    let mut seen = HashSet::new();
    for (name, document) in parsed {
        let Some(document) = document else {
            skipped.add(SkipReason::BrokenXml, name);
            continue;
        };
        if !seen.insert(document.id.clone()) {
            skipped.add(SkipReason::DuplicateReport, name);
            continue;
        }
        let split = Split::draw(&document.id, &openi.fractions, seed);
        studies.extend(study(document, split, &files, &mut skipped).or_nothing(&mut skipped));
    }
    Ok(Source { name: format!("Open-I at {}", reports.display()), studies, skipped, root: images })
}

fn study(document: Document, split: Split, files: &HashMap<String, PathBuf>, skipped: &mut Skipped) -> Study {
    let Document { id, sections, major, images } = document;
    let report = Report::from_sections(sections)
        .filter(|report| report.sections.iter().any(|section| READINGS.contains(&section.name.as_str())));
    if report.is_none() {
        skipped.add(SkipReason::EmptyReport, &id);
    }
    let mut images = images.iter().filter_map(|name| files.get(name));
    let image = images.next().cloned().map(Picture::File);
    for _ in images {
        skipped.add(SkipReason::AdditionalImage, &id);
    }
    Study {
        patient: id.clone(),
        id,
        split,
        image,
        report,
        labels: (major == ["normal"]).then(|| BTreeSet::from([NO_FINDING.to_owned()])),
        boxes: Vec::new(),
    }
}

/// A document's name and its content; none where it is too large to be a report.
type Content = (String, Option<Vec<u8>>);

fn folder_documents(folder: &Path) -> Result<Vec<Content>, DataError> {
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |source| DataError::Io { path, source }
    };
    let mut documents = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed(folder))? {
        let path = entry.map_err(failed(folder))?.path();
        if path.is_file() && is_xml(&path) {
            let file = File::open(&path).map_err(failed(&path))?;
            let content = read_limited(file).map_err(failed(&path))?;
            documents.push((file_name(&path), content));
        }
    }
    Ok(documents)
}

/// Reads an archive without unpacking it to disk.
fn archive_documents(path: &Path) -> Result<Vec<Content>, DataError> {
    let failed = |source| DataError::Io { path: path.to_owned(), source };
    let mut archive = tar::Archive::new(GzDecoder::new(File::open(path).map_err(failed)?));
    let mut documents = Vec::new();
    for entry in archive.entries().map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let name = entry.path().map_err(failed)?.into_owned();
        if entry.header().entry_type().is_file() && is_xml(&name) {
            let content = read_limited(entry).map_err(failed)?;
            documents.push((file_name(&name), content));
        }
    }
    Ok(documents)
}

fn read_limited(reader: impl Read) -> io::Result<Option<Vec<u8>>> {
    let mut bytes = Vec::new();
    reader.take(LARGEST_XML + 1).read_to_end(&mut bytes)?;
    Ok((bytes.len() as u64 <= LARGEST_XML).then_some(bytes))
}

/// Whether a file is a report; macOS adds hidden `._` files to archives.
fn is_xml(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("xml")) && !file_name(path).starts_with('.')
}

fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned()
}

/// Image files of a folder by name without extension; of several, the first in order of their names.
fn image_files(folder: &Path) -> Result<HashMap<String, PathBuf>, DataError> {
    let failed = |source| DataError::Io { path: folder.to_owned(), source };
    let entries: io::Result<Vec<_>> = fs::read_dir(folder).map_err(failed)?.collect();
    let mut paths: Vec<PathBuf> = entries.map_err(failed)?.iter().map(fs::DirEntry::path).collect();
    paths.sort();
    let mut files = HashMap::new();
    for path in paths {
        if let Some(stem) = path.file_stem() {
            let stem = stem.to_string_lossy().into_owned();
            files.entry(stem).or_insert(path);
        }
    }
    Ok(files)
}

/// What is used of an XML file.
#[derive(Debug, Default, PartialEq)]
struct Document {
    id: String,
    sections: Vec<Section>,
    /// Human annotations, "normal" or `Finding/site/qualifier`.
    major: Vec<String>,
    /// Names of the images, without extension.
    images: Vec<String>,
}

/// Reads a report; `None` where it is not well-formed XML with an identifier.
fn parse(bytes: &[u8]) -> Option<Document> {
    let mut reader = Reader::from_str(std::str::from_utf8(bytes).ok()?);
    let mut document = Document::default();
    let mut depth = 0_usize;
    let mut text = String::new();
    let mut label = None;
    loop {
        match reader.read_event().ok()? {
            Event::Start(element) => {
                depth += 1;
                if matches!(element.name().as_ref(), "AbstractText" | "major") {
                    text.clear();
                }
                open(&element, &mut document, &mut label)?;
            }
            Event::Empty(element) => open(&element, &mut document, &mut label)?,
            Event::Text(part) => text.push_str(&part),
            Event::CData(part) => text.push_str(&part),
            Event::GeneralRef(reference) => match reference.resolve_char_ref().ok()? {
                Some(character) => text.push(character),
                None => text.push_str(resolve_predefined_entity(&reference)?),
            },
            Event::End(element) => {
                depth = depth.checked_sub(1)?;
                let content = text.split_whitespace().collect::<Vec<_>>().join(" ");
                match element.name().as_ref() {
                    "AbstractText" => document
                        .sections
                        .push(Section { name: label.take().unwrap_or_else(|| "report".to_owned()), text: content }),
                    "major" => document.major.push(content),
                    _ => {}
                }
            }
            Event::Eof => break,
            _ => {}
        }
    }
    (depth == 0 && !document.id.is_empty()).then_some(document)
}

/// Notes what the attributes of an opening element say.
fn open(element: &BytesStart<'_>, document: &mut Document, label: &mut Option<String>) -> Option<()> {
    let attribute = |name: &str| -> Option<Option<String>> {
        let attribute = element.try_get_attribute(name).ok()?;
        Some(attribute.map(|attribute| attribute.value.to_string()))
    };
    match element.name().as_ref() {
        "uId" => document.id = attribute("id")?.unwrap_or_default(),
        "parentImage" => document.images.extend(attribute("id")?),
        "AbstractText" => *label = attribute("Label")?.map(|label| label.trim().to_lowercase()),
        _ => {}
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;
    use lgdea_spec::Fractions;

    use super::*;
    use crate::test_data;

    const XML: &str = r#"<?xml version="1.0" encoding="utf-8"?>
        <eCitation>
          <uId id="CXR7"/>
          <Abstract>
            <AbstractText Label="COMPARISON"/>
            <AbstractText Label="FINDINGS">Heart size  normal &amp; lungs
              clear.</AbstractText>
            <AbstractText Label="IMPRESSION"><![CDATA[No <acute> disease.]]></AbstractText>
          </Abstract>
          <MeSH><major>normal</major><automatic>heart</automatic></MeSH>
          <parentImage id="CXR7_IM-1-1001"><figureId>F1</figureId></parentImage>
          <parentImage id="CXR7_IM-1-2001"/>
        </eCitation>"#;

    fn settings(reports: &Path, images: &str) -> Openi {
        Openi {
            reports: reports.display().to_string(),
            images: images.to_owned(),
            fractions: Fractions { validation: 0.1, test: 0.2 },
        }
    }

    #[test]
    fn sections_annotations_and_images_are_read() {
        let document = parse(XML.as_bytes()).unwrap();
        let report = Report::from_sections(document.sections).unwrap();
        assert_eq!(report.text(), "FINDINGS: Heart size normal & lungs clear.\nIMPRESSION: No <acute> disease.");
        assert_eq!(document.major, ["normal"]);
        assert_eq!(document.images, ["CXR7_IM-1-1001", "CXR7_IM-1-2001"]);
    }

    #[test]
    fn broken_documents_are_none() {
        let cut = &XML[..XML.len() / 2];
        for text in ["", "plain text", cut, "<a></b>", "<eCitation/>", "<a><uId id=\"x\"/>&unknown;</a>"] {
            assert_eq!(parse(text.as_bytes()), None, "{text}");
        }
        assert_eq!(parse(&[0xff, 0xfe, 0x00]), None);
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
        assert_eq!(study.image, Some(Picture::File(images.path().join("CXR7_IM-1-1001.png"))));
        assert_eq!(study.labels, Some(BTreeSet::from([NO_FINDING.to_owned()])));
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
}
