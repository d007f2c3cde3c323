//! Where reports are, and what is kept of them.

use std::io::Cursor;

use super::*;

const FILE: &str = "files/p10/p10000001/s50000001.txt";
const TEXT: &str = "                                 FINAL REPORT
 EXAMINATION:  CHEST (PA AND LAT)
 
 INDICATION:  Cough.
 
 FINDINGS: 
 
 Lungs clear.
 
 IMPRESSION: 
 
 Normal.
";
const KEPT: &str = "FINDINGS: Lungs clear.\nIMPRESSION: Normal.";

fn archive(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, text) in files {
        archive.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
        archive.write_all(text).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

/// The example without its table of reports.
fn without_table() -> Made {
    let made = made();
    fs::remove_file(made.path(SECTIONED)).unwrap();
    made
}

#[test]
fn reports_are_found_wherever_they_may_be() {
    let zipped = archive(&[(FILE, TEXT.as_bytes()), ("files/index.html", b"x")]);
    for (file, content, named) in [
        (FILE, TEXT.as_bytes(), ""),
        ("mimic-cxr-reports.zip", &zipped, ""),
        ("reports/files/p10/p10000001/s50000001.txt", TEXT.as_bytes(), "reports"),
        ("reports/mimic-cxr-reports.zip", &zipped, "reports"),
        ("reports/mine.zip", &zipped, "reports/mine.zip"),
        ("mine.csv", b"study,findings,impression\ns50000001,Lungs clear.,Normal.\n", "mine.csv"),
        ("reports/mimic_cxr_sectioned.csv", b"study,findings,impression\n50000001,Lungs clear.,Normal.\n", "reports"),
    ] {
        let mut made = without_table();
        made.write(file, content);
        made.settings.reports = if named.is_empty() { String::new() } else { made.at(named) };
        assert_eq!(made.reports(), [KEPT, "", ""], "{file}");
        assert_eq!(made.read().skipped.count(SkipReason::MissingReport), 2, "{file}");
    }
}

#[test]
fn no_report_at_all_is_an_error_that_says_what_to_set() {
    let said = without_table().refusal();
    for part in [SECTIONED, "mimic-cxr-reports.zip", "s50414267.txt", "data.mimic-cxr.reports"] {
        assert!(said.contains(part), "{said}");
    }
    let mut made = made();
    made.write("other.csv", "study,findings,impression\ns59999999,Lungs clear.,Normal.\n");
    made.write("other.zip", archive(&[("files/p10/p10000001/s59999999.txt", TEXT.as_bytes())]));
    for name in ["other.csv", "other.zip"] {
        made.settings.reports = made.at(name);
        let said = made.refusal();
        assert!(said.contains(name) && said.contains("no report of any study"), "{said}");
    }
}

#[test]
fn sections_are_those_that_are_named() {
    use MimicSection::{Comparison, Findings, Impression, Indication, LastParagraph};
    let mut made = made();
    made.replace(SECTIONED, "s50000003,Small left pleural effusion.,,,___", "s50000003,,,A last word.,Yesterday.");
    for (sections, expected) in [
        (vec![Impression, Findings], ["IMPRESSION: No acute cardiopulmonary process.\nFINDINGS: ", "FINDINGS: ", ""]),
        (vec![Impression], ["IMPRESSION: No acute cardiopulmonary process.", "", ""]),
        (vec![Comparison, LastParagraph], ["COMPARISON: None.", "", "A last word.\nCOMPARISON: Yesterday."]),
        (vec![Findings, LastParagraph], ["FINDINGS: The lungs", "FINDINGS: The heart", "A last word."]),
    ] {
        made.settings.sections = sections;
        for (report, start) in made.reports().iter().zip(expected) {
            assert!(report.starts_with(start) && report.is_empty() == start.is_empty(), "{report} {start}");
        }
    }
    made.settings.sections = vec![Findings];
    assert_eq!(made.read().skipped.count(SkipReason::EmptyReport), 1);
    made.settings.sections = vec![Findings, Indication];
    let said = made.refusal();
    assert!(said.contains("no column `indication`") && said.contains("the archive"), "{said}");
}

#[test]
fn whole_reports_are_not_in_the_table() {
    let mut made = made();
    made.settings.sections.clear();
    assert!(made.refusal().contains("mimic-cxr-reports.zip"));
    made.settings.reports = made.at(SECTIONED);
    let said = made.refusal();
    assert!(said.contains("`sections` is empty") && said.contains(SECTIONED), "{said}");
    made.settings.reports = String::new();
    made.write(FILE, TEXT);
    let report = &made.reports()[0];
    for part in ["FINAL REPORT", "EXAMINATION: CHEST", "INDICATION: Cough.", "IMPRESSION: Normal."] {
        assert!(report.contains(part), "{report}");
    }
}

#[test]
fn what_is_wrong_with_a_report_is_counted() {
    let made = made();
    made.append(SECTIONED, "s50000001,Something else.,,,\ns50000002,,,,\ns59999999,Normal.,,,\n");
    made.replace(SECTIONED, "s50000003,Small left pleural effusion.,,,___", "s50000003,nan,,,None");
    let contents = made.read();
    for (reason, count) in [
        (SkipReason::ContradictoryReport, 1),
        (SkipReason::EmptyReport, 1),
        (SkipReason::ReportWithoutStudy, 1),
        (SkipReason::MissingReport, 0),
    ] {
        assert_eq!(contents.skipped.count(reason), count, "{reason:?}: {}", contents.skipped);
    }
    assert!(contents.studies[0].report.as_ref().unwrap().text().contains("No acute"), "the first stays");
    let made = without_table();
    made.write(FILE, TEXT);
    made.write("files/p10/p10000002/s50000002.txt", b"FINDINGS: \xff\xfe\x00");
    fs::create_dir(made.path("files/p10/p10000003/s50000003.txt")).unwrap();
    assert_eq!(made.read().skipped.count(SkipReason::BrokenXml), 2);
    made.write("files/p10/p10000002/s50000002.txt", " ");
    made.write("mimic-cxr-reports.zip", "no archive");
    let said = made.refusal();
    assert!(said.contains("mimic-cxr-reports.zip"), "{said}");
}

#[test]
fn the_order_of_rows_and_of_an_archive_does_not_matter() {
    let made = made();
    let expected = made.reports();
    let text = fs::read_to_string(made.path(SECTIONED)).unwrap();
    let (header, rows) = text.split_once('\n').unwrap();
    let (last, others) = rows.split_at(rows.rfind("s50000003").unwrap());
    made.write(SECTIONED, format!("{header}\n{others}{last}"));
    assert_eq!(made.reports(), expected);
}
