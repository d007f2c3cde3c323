//! Evidence as JSON lines.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::Path;

use lgdea_data::table::shown_id;

use crate::error::EvidenceError;
use crate::evidence::ReportEvidence;
use crate::table::lines;

/// Bytes that are written at once.
const BLOCK: usize = 1 << 18;

/// Reads evidence, one JSON line a report; blank lines are left out.
///
/// # Errors
/// The file cannot be read, a line is no evidence, a report has two, or there is none. No message quotes the file, which may
/// hold clinical text.
pub fn read_evidence(path: &Path) -> Result<Vec<ReportEvidence>, EvidenceError> {
    let (mut reports, mut seen) = (Vec::new(), BTreeSet::new());
    for line in lines(path)? {
        let (place, text) = line?;
        let report = parse(&text).map_err(|problem| EvidenceError::Input { place: place.clone(), problem })?;
        if !seen.insert(report.report_id.clone()) {
            let problem = format!("report {:?} occurs before; keep one of the two lines", shown_id(&report.report_id));
            return Err(EvidenceError::Input { place, problem });
        }
        reports.push(report);
    }
    if reports.is_empty() {
        let problem = "it holds no evidence; write it by `lgdea evidence extract`".to_owned();
        return Err(EvidenceError::Input { place: path.display().to_string(), problem });
    }
    Ok(reports)
}

fn parse(line: &str) -> Result<ReportEvidence, String> {
    let mut deserializer = serde_json::Deserializer::from_str(line);
    let report = serde_path_to_error::deserialize(&mut deserializer)
        .map_err(|error| problem(&error.path().to_string(), error.inner()))?;
    deserializer.end().map_err(|cause| problem(".", &cause))?;
    Ok(report)
}

/// What is wrong, without the words of the line.
fn problem(key: &str, cause: &serde_json::Error) -> String {
    let column = cause.column();
    if cause.is_data() {
        // What is no line of evidence may have a report for a key.
        let of = if key == "." || key.contains(char::is_whitespace) { String::new() } else { format!(" in `{key}`") };
        format!(
            "a key is missing, unknown or of a wrong type{of}, before column {column}; write evidence by `lgdea evidence extract`"
        )
    } else {
        format!("this is not JSON from column {column} on; was the file cut off?")
    }
}

/// Writes evidence, one JSON line a report.
pub fn write_evidence(mut out: impl Write, reports: &[ReportEvidence]) -> std::io::Result<()> {
    // Gathered in memory: a call of `out` for each piece of JSON takes longer than to make it.
    let mut lines = Vec::with_capacity(2 * BLOCK);
    for report in reports {
        serde_json::to_writer(&mut lines, report)?;
        lines.push(b'\n');
        if lines.len() >= BLOCK {
            out.write_all(&lines)?;
            lines.clear();
        }
    }
    out.write_all(&lines)?;
    out.flush()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Ontology, Rules};

    fn line(id: &str) -> String {
        let rules = Rules::new(&Ontology::named_or_path("chest").unwrap());
        let mut out = Vec::new();
        write_evidence(&mut out, &[rules.extract(id, "Small effusion.")]).unwrap();
        String::from_utf8(out).unwrap()
    }

    fn read(text: &[u8]) -> Result<Vec<ReportEvidence>, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.jsonl");
        std::fs::write(&path, text).unwrap();
        read_evidence(&path).map_err(|error| error.to_string().replace(&format!("{}/", folder.path().display()), ""))
    }

    #[test]
    fn what_is_written_is_read() {
        let text = format!("{}\r\n\n{}", line("a").trim(), line("b"));
        let reports = read(text.as_bytes()).unwrap();
        assert_eq!(reports.iter().map(|report| report.report_id.as_str()).collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(reports[0].evidence[0].finding, "pleural_effusion");
    }

    #[test]
    fn what_is_wrong_is_told_with_its_line_and_without_its_words() {
        let good = line("a");
        for (bad, part) in [
            (good.clone(), "a.jsonl, line 2: report \"a\" occurs before"),
            (good[..60].to_owned(), "a.jsonl, line 2: this is not JSON from column 60 on"),
            (format!("{} {{}}", line("b").trim()), "a.jsonl, line 2: this is not JSON"),
            (good.replace("present", "secret"), "in `evidence[0].polarity`"),
            ("{\"report_id\":\"x\",\"report\":\"secret\"}".to_owned(), "line 2: a key is missing, unknown"),
            ("\"secret\"".to_owned(), "line 2: a key is missing"),
        ] {
            let said = read(format!("{good}{bad}").as_bytes()).unwrap_err();
            assert!(said.contains(part) && !said.contains("secret"), "{said}");
        }
        assert!(read(b" \n").unwrap_err().contains("no evidence"));
        assert!(read(b"\xff\n").unwrap_err().contains("line 1: the text is not UTF-8"));
    }
}
