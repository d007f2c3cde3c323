//! Reads reports from files of several formats.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::path::Path;

use lgdea_data::table::shown_id;
use lgdea_data::{Report, SkipReason, Skipped};

use crate::documents::{Format, documents};
use crate::error::EvidenceError;
use crate::extraction::ReportText;
use crate::openi::OpeniReport;
use crate::table::{Row, Rows};

/// Reports to read, and what could not be used.
#[derive(Debug)]
pub struct Reports {
    /// In the order of their identifiers, each of which occurs once.
    pub reports: Vec<ReportText>,
    /// Empty and repeated reports, rows without identifier, broken XML.
    pub skipped: Skipped,
    /// Files that were read in folders within the folder; none elsewhere.
    pub within: usize,
}

/// Where rows have a report.
#[derive(Debug, Clone, Copy)]
pub struct ReportColumns<'a> {
    /// Column, or key of an object, of the report's identifier.
    pub id: &'a str,
    /// That of its text.
    pub report: &'a str,
}

impl Default for ReportColumns<'_> {
    fn default() -> Self {
        Self { id: "report_id", report: "report" }
    }
}

/// As [`read_reports_of`], with the columns `report_id` and `report`.
///
/// # Errors
/// As there.
pub fn read_reports(path: &Path) -> Result<Reports, EvidenceError> {
    read_reports_of(path, ReportColumns::default())
}

/// Reads reports: the `.xml` (Open-I) and `.txt` files of a folder, a `.tgz` or a `.zip` archive, a single such file, or two
/// columns of a table (`.csv`, `.tsv`) or of JSON lines (`.jsonl`), which may be packed as `.gz` or `.zip`.
///
/// Folders within a folder are searched, too. The identifier of a text file is its name without ending, that of an XML
/// file its `uId`. The text is taken as it is, for spans refer to it; of Open-I, findings and impression.
///
/// # Errors
/// The file cannot be read, is not UTF-8, lacks a column, gives two texts to one report, or holds no report at all.
pub fn read_reports_of(path: &Path, columns: ReportColumns<'_>) -> Result<Reports, EvidenceError> {
    let mut collected = Collected::default();
    match Rows::of(path)? {
        Some(rows) => collected.rows(rows.read(
            path,
            [columns.id, columns.report],
            "`--id-column` and `--report-column` name others",
        )?)?,
        None => collected.documents(path)?,
    }
    let Collected { reports, skipped, within } = collected;
    if reports.is_empty() {
        let left_out = if skipped.is_empty() { String::new() } else { format!("; left out: {skipped}") };
        let problem = format!("it holds no report that can be read{left_out}");
        return Err(EvidenceError::Input { place: path.display().to_string(), problem });
    }
    let reports = reports.into_iter().map(|(id, text)| ReportText { id, text }).collect();
    Ok(Reports { reports, skipped, within })
}

#[derive(Default)]
struct Collected {
    reports: BTreeMap<String, String>,
    skipped: Skipped,
    within: usize,
}

impl Collected {
    fn documents(&mut self, path: &Path) -> Result<(), EvidenceError> {
        let is_folder = path.is_dir();
        for document in documents(path)? {
            self.within += usize::from(is_folder && Path::new(&document.path).parent() != Some(path));
            match document.format {
                Format::Text => self.add(document.stem, document.text, &document.path)?,
                Format::Openi => match OpeniReport::parse(&document.path, &document.text) {
                    Ok(report) => self.add(report.id, report.text, &document.path)?,
                    Err(_) => self.skipped.add(SkipReason::BrokenXml, document.path),
                },
            }
        }
        Ok(())
    }

    fn rows(&mut self, rows: Vec<Row>) -> Result<(), EvidenceError> {
        for Row { place, id, content } in rows {
            if id.is_empty() {
                self.skipped.add(SkipReason::RowWithoutStudy, place);
            } else {
                self.add(id, content, &place)?;
            }
        }
        Ok(())
    }

    fn add(&mut self, id: String, text: String, place: &str) -> Result<(), EvidenceError> {
        if !Report::is_in(&text) {
            self.skipped.add(SkipReason::EmptyReport, shown_id(&id));
            return Ok(());
        }
        match self.reports.entry(id) {
            Entry::Vacant(entry) => {
                entry.insert(text);
            }
            Entry::Occupied(entry) if *entry.get() == text => {
                self.skipped.add(SkipReason::DuplicateReport, shown_id(entry.key()));
            }
            Entry::Occupied(entry) => {
                let problem = format!(
                    "report {:?} occurs before with another text; give each report an identifier of its own",
                    shown_id(entry.key())
                );
                return Err(EvidenceError::Input { place: place.to_owned(), problem });
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::PathBuf;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;
    use crate::openi::tests::XML;

    fn file(name: &str, content: impl AsRef<[u8]>) -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        fs::write(&path, content).unwrap();
        (folder, path)
    }

    fn ids(reports: &Reports) -> Vec<&str> {
        reports.reports.iter().map(|report| report.id.as_str()).collect()
    }

    fn refusal(name: &str, content: impl AsRef<[u8]>) -> String {
        let (folder, path) = file(name, content);
        let error = read_reports(&path).unwrap_err().to_string();
        error.replace(&format!("{}/", folder.path().display()), "")
    }

    #[test]
    fn a_folder_of_text_and_xml_in_the_order_of_identifiers() {
        let (folder, _) = file("b.txt", "No effusion.\r\n");
        for (name, text) in [
            ("a.xml", XML),
            ("broken.xml", &XML[..300]),
            ("copy.xml", XML),
            ("empty.txt", " \n. "),
            ("._b.txt", "hidden"),
            ("notes.md", "no report"),
        ] {
            fs::write(folder.path().join(name), text).unwrap();
        }
        let reports = read_reports(folder.path()).unwrap();
        assert_eq!(ids(&reports), ["CXR9", "b"]);
        assert_eq!(reports.reports[0].text, "FINDINGS: Nodule < 1 cm.\nIMPRESSION: Nodule.");
        assert_eq!(reports.reports[1].text, "No effusion.\r\n");
        let skipped = &reports.skipped;
        assert_eq!(skipped.0[&SkipReason::EmptyReport].examples, ["empty"]);
        assert_eq!(skipped.0[&SkipReason::DuplicateReport].examples, ["CXR9"]);
        assert!(skipped.0[&SkipReason::BrokenXml].examples[0].ends_with("broken.xml"));
        assert_eq!((skipped.total(), reports.within), (3, 0));
        assert_eq!(ids(&read_reports(&folder.path().join("b.txt")).unwrap()), ["b"]);
    }

    #[test]
    fn folders_within_a_folder_are_read_and_counted() {
        let (folder, _) = file("a.txt", "Edema.");
        let at = |name: &str| folder.path().join(name);
        for (name, text) in [
            ("p10/b.txt", "Mass."),
            ("p10/s1/c.TXT", "Nodule."),
            ("p11/d.xml", XML),
            (".git/x.txt", "x"),
            ("p11/._e.txt", "x"),
        ] {
            fs::create_dir_all(at(name).parent().unwrap()).unwrap();
            fs::write(at(name), text).unwrap();
        }
        std::os::unix::fs::symlink(folder.path(), at("p10/up")).unwrap();
        std::os::unix::fs::symlink(at("p11"), at("again")).unwrap();
        let reports = read_reports(folder.path()).unwrap();
        assert_eq!((ids(&reports), reports.within), (vec!["CXR9", "a", "b", "c"], 3));
        let alone = read_reports(&at("p10/s1")).unwrap();
        assert_eq!((ids(&alone), alone.within), (vec!["c"], 0));
        fs::write(at("p11/b.txt"), "Another.").unwrap();
        let said = read_reports(folder.path()).unwrap_err().to_string();
        assert!(said.contains("b.txt: report \"b\" occurs before with another text"), "{said}");
    }

    #[test]
    fn an_archive_is_read_and_a_cut_one_refused() {
        let mut archive = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
        for name in ["x/9.xml", "x/._9.xml", "x/readme"] {
            let mut header = tar::Header::new_gnu();
            header.set_size(XML.len() as u64);
            archive.append_data(&mut header, name, XML.as_bytes()).unwrap();
        }
        let bytes = archive.into_inner().unwrap().finish().unwrap();
        let (_folder, path) = file("reports.TAR.GZ", &bytes);
        assert_eq!(ids(&read_reports(&path).unwrap()), ["CXR9"]);
        for broken in [&bytes[..bytes.len() / 2], b"no archive"] {
            assert!(refusal("reports.tgz", broken).starts_with("cannot read "), "{broken:?}");
        }
    }

    #[test]
    fn tables_may_hold_more_columns() {
        let csv =
            "\u{feff}age,report_id, report \n7, r2 ,\"No effusion,\n \"\"clear\"\"\"\n8,r1,Nodule\n9,,Lost\n9,r3,\n";
        let (_folder, path) = file("reports.csv", csv);
        let reports = read_reports(&path).unwrap();
        assert_eq!(ids(&reports), ["r1", "r2"]);
        assert_eq!(reports.reports[1].text, "No effusion,\n \"clear\"");
        assert!(reports.skipped.0[&SkipReason::RowWithoutStudy].examples[0].ends_with("reports.csv, line 5"));
        assert_eq!(reports.skipped.count(SkipReason::EmptyReport), 1);

        let jsonl = "{\"report_id\":\"b\",\"report\":\"Nodule\",\"age\":7}\n\n{\"report\":\"Mass\",\"report_id\":12}\n{\"report_id\":\"c\",\"report\":null}";
        let (_folder, path) = file("reports.jsonl", jsonl);
        assert_eq!(ids(&read_reports(&path).unwrap()), ["12", "b"]);
    }

    #[test]
    fn what_is_wrong_is_told_with_its_place() {
        for (name, content, parts) in [
            ("a.csv", "id,report\n1,x\n", ["a.csv; ", "no column `report_id`", "`id`, `report`"]),
            ("a.csv", "", ["a.csv, line 1", "no header", "name the columns"]),
            ("a.csv", "report_id,report,report\n", ["a.csv, line 1", "two columns", "`report`"]),
            ("a.csv", "report_id,report\n1,x,y\n", ["a.csv, line 2", "3 cells", "quotes"]),
            ("a.csv", "report_id,report\n1,x\n1,y\n", ["a.csv, line 3", "\"1\"", "another text"]),
            (
                "a.csv",
                "report_id,report\nr1,\"x\nr2,y\n",
                ["a.csv, line 2: a quotation mark opens", "no other closes", "double it"],
            ),
            ("a.jsonl", "{\"report_id\":1,\"report\":\"x\"}\n{", ["a.jsonl, line 2", "JSON object", "column 1"]),
            (
                "a.jsonl",
                "{\"report_id\":1,\"text\":\"x\"}",
                ["a.jsonl, line 1", "no key `report`", "`report_id`, `text`"],
            ),
            ("a.jsonl", "{\"report_id\":1,\"report\":7}", ["a.jsonl, line 1", "`report`", "not a string"]),
            ("a.xml", "<x>", ["a.xml", "no report that can be read", "broken"]),
            ("a.txt", " ", ["a.txt", "no report that can be read", "empty"]),
            ("a.docx", "x", ["a.docx", "none of .xml", ".jsonl"]),
        ] {
            let said = refusal(name, content);
            assert!(parts.iter().all(|part| said.contains(part)), "{said}");
        }
    }

    fn packed(text: &str) -> Vec<u8> {
        let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
        std::io::Write::write_all(&mut packed, text.as_bytes()).unwrap();
        packed.finish().unwrap()
    }

    fn zipped(files: &[(&str, &str)]) -> Vec<u8> {
        let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
        for (name, text) in files {
            archive.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
            std::io::Write::write_all(&mut archive, text.as_bytes()).unwrap();
        }
        archive.finish().unwrap().into_inner()
    }

    #[test]
    fn tables_are_read_as_the_manifest_reads_them() {
        let csv = "report_id,report\nr1,Nodule\nr2,nan\n";
        let jsonl = "{\"report_id\":\"r1\",\"report\":\"Nodule\"}\n{\"report_id\":\"r2\",\"report\":\"nan\"}\n";
        let utf_16: Vec<u8> = "\u{feff}".encode_utf16().chain(csv.encode_utf16()).flat_map(u16::to_le_bytes).collect();
        for (name, content) in [
            ("a.csv", csv.replace(',', ";").into_bytes()),
            ("a.csv", csv.replace(',', "\t").into_bytes()),
            ("a.tsv", csv.replace(',', "\t").into_bytes()),
            ("a.CSV", format!("\u{feff}{csv}").into_bytes()),
            ("a.csv", csv.replace('\n', "\r\n").into_bytes()),
            ("a.csv", utf_16),
            ("a.csv.gz", packed(csv)),
            ("a.tsv.gz", packed(&csv.replace(',', "\t"))),
            ("a.zip", zipped(&[("reports.csv", csv)])),
            ("a.zip", zipped(&[("reports.jsonl", jsonl), ("__MACOSX/._reports.jsonl", "x")])),
            ("a.zip", zipped(&[("x/r1.txt", "Nodule"), ("x/r2.txt", "nan"), ("x/readme.md", "x")])),
            ("a.jsonl", jsonl.into()),
            ("a.jsonl", format!("\u{feff}{jsonl}").into_bytes()),
            ("a.ndjson", jsonl.into()),
            ("a.jsonl.gz", packed(jsonl)),
            ("a.jsonl", jsonl.replace("\"nan\"", "null").into_bytes()),
        ] {
            let (_folder, path) = file(name, &content);
            let reports = read_reports(&path).unwrap();
            assert_eq!(ids(&reports), ["r1"], "{name}");
            assert_eq!(reports.reports[0].text, "Nodule", "{name}");
            assert_eq!(reports.skipped.0[&SkipReason::EmptyReport].examples, ["r2"], "{name}");
        }
    }

    #[test]
    fn columns_may_have_other_names() {
        let columns = ReportColumns { id: "study_id", report: "Text" };
        for (name, content) in
            [("a.csv", "study_id,Text\nr1,Nodule\n"), ("a.jsonl", "{\"study_id\":\"r1\",\"Text\":\"Nodule\"}")]
        {
            let (_folder, path) = file(name, content);
            assert_eq!(ids(&read_reports_of(&path, columns).unwrap()), ["r1"]);
            assert!(read_reports(&path).unwrap_err().to_string().contains("--id-column"), "{name}");
        }
    }

    #[test]
    fn no_message_repeats_a_report() {
        const CANARY: &str = "Patient Canary has a small left effusion, and no pneumothorax today.";
        for (name, content) in [
            ("a.csv", format!("\"{CANARY}\"\n\"{CANARY}\"\n")),
            ("a.csv", format!("r1,\"{CANARY}\"\nr2,\"{CANARY}\"\n")),
            ("a.csv", format!("r1;{CANARY}\n")),
            ("a.csv", "r1,Canary\nr2,Clear\n".into()),
            ("a.csv", "Canary\nClear\n".into()),
            ("a.csv", "a,Canary\nb,Canary\n".into()),
            ("a.csv", "1;Canary\n2;Canary\n".into()),
            ("a.csv", "r1\tCANARY Normal\n".replace("CANARY", "Canary")),
            ("a.csv", "r1,Canary,No-pneumothorax\n".into()),
            ("a.csv", "12345,Canary_pneumothorax\n".into()),
            ("a.csv", format!("report_id,report\nr1,\"{CANARY}\nr2,{CANARY}\n")),
            ("a.csv", format!("report_id,report\nr1,\"{CANARY}\nr2,\"{CANARY}\"\n")),
            ("a.csv", format!("report_id,report\nr1,{CANARY}\n")),
            ("a.csv", format!("report_id,report\n\"{CANARY}\",a\n\"{CANARY}\",b\n")),
            ("a.csv", format!("report_id,report\n\"{CANARY}\",\n")),
            ("a.csv", format!("report_id,\"report\n{CANARY},{CANARY}\n")),
            ("a.jsonl", format!("{{\"report_id\":1,\"report\":\"{CANARY}\n")),
            ("a.jsonl", format!("{{\"report_id\":1,\"report\":[\"{CANARY}\"]}}\n")),
            ("a.jsonl", format!("{{\"report_id\":1,\"{CANARY}\":1}}\n")),
            ("a.jsonl", format!("{{\"report_id\":[\"{CANARY}\"],\"report\":\"x\"}}\n")),
            ("a.jsonl", format!("\"{CANARY}\"\n")),
            ("a.jsonl", format!("{CANARY}\n")),
            (
                "a.jsonl",
                format!(
                    "{{\"report_id\":\"{CANARY}\",\"report\":\"a\"}}\n{{\"report_id\":\"{CANARY}\",\"report\":\"b\"}}"
                ),
            ),
            ("a.xml", format!("<eCitation><uId>{CANARY}</uId></eCitation>")),
            ("a.docx", CANARY.to_owned()),
        ] {
            let said = refusal(name, &content);
            assert!(!said.contains("Canary") && !said.contains("pneumothorax"), "{content}\n{said}");
        }
    }

    #[test]
    fn text_that_is_not_utf8_is_refused_with_its_place() {
        assert_eq!(refusal("a.txt", b"ab\xff"), "a.txt: byte 2 is not UTF-8; save the file as UTF-8");
        let said = refusal("a.csv", b"report_id,report\n1,x\n2,\xff\n");
        let remedy = "save the file as UTF-8, or, where it is Windows-1252, run `iconv -f cp1252 -t utf-8 FILE > NEW`";
        assert_eq!(said, format!("a.csv, line 3: the text is not UTF-8; {remedy}"));
        let said = refusal("a.jsonl", b"{}\n\"\xff\"");
        assert!(said.starts_with("a.jsonl, line 1: there is no key `report_id`"), "{said}");
        assert!(refusal("a.jsonl", b"\xff").starts_with("a.jsonl, line 1: the text is not UTF-8"));
        assert!(refusal("a.txt", vec![b'x'; 5 << 20]).contains("4 MiB"));
    }
}
