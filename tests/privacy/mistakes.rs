//! Tables that are not what they were taken for: what is said of them holds no report.

use crate::corpus::{CANARY, corpus, quoted};

/// Files of reports that cannot be read, and what is wrong with them.
#[test]
fn no_error_about_a_file_of_reports_quotes_it() {
    let mut quotes = Vec::new();
    let report = format!("{CANARY} with a small left effusion, no pneumothorax.");
    for (name, content) in [
        ("headerless.csv", format!("\"{report}\"\n\"Clear lungs.\"\n")),
        ("headerless2.csv", format!("1,\"{report}\"\n2,\"Clear lungs.\"\n")),
        ("quote.csv", format!("report_id,report\n1,\"{report}\n2,\"Clear\" lungs\n")),
        ("fields.csv", format!("report_id,report\n1,{report}\n2,Clear lungs.\n")),
        ("short.csv", format!("report_id,report\n\"{report}\"\n")),
        ("twice.csv", format!("report_id,report\n1,\"{report}\"\n1,\"other {report}\"\n")),
        ("twice_id.csv", format!("report_id,report\n\"{report}\",x\n\"{report}\",y\n")),
        ("tabs.tsv", format!("{report}\t1\n{report}\t2\n")),
        ("broken.jsonl", format!("{{\"report_id\":\"1\",\"report\":\"{report}\n")),
        ("string.jsonl", format!("\"{report}\"\n")),
        ("key.jsonl", format!("{{\"{report}\":\"1\"}}\n")),
        ("type.jsonl", format!("{{\"report_id\":1.5,\"report\":[\"{report}\"]}}\n")),
        ("plain.jsonl", report.clone()),
        ("plain.csv", report.clone()),
        ("open.xml", format!("<eCitation><AbstractText>{report}")),
        ("utf16.csv", report.encode_utf16().flat_map(u16::to_le_bytes).map(char::from).collect::<String>()),
    ] {
        let place = corpus();
        place.write(name, content);
        for arguments in [
            &["evidence", "extract", "--input", name, "--out", "-"][..],
            &["evidence", "score", "--evidence", name, "--gold", name],
            &["evidence", "score", "--evidence", "data/studies.csv", "--gold", name],
            &["evidence", "diff", name, name],
            &["compare", name],
            &["check", name],
            &["run", name],
            &["sweep", name],
        ] {
            quotes.extend(quoted(&format!("{arguments:?}"), place.said(arguments).as_bytes()));
        }
    }
    assert_eq!(quotes, [""; 0]);
}

/// The column of reports given as another one, by mistake.
#[test]
fn no_error_about_a_table_of_studies_quotes_it() {
    let mut quotes = Vec::new();
    for mistake in [
        "study=\"report\"",
        "patient=\"report\"",
        "image=\"report\"",
        "labels=[\"report\"]",
        "split=\"report\"",
        "view=\"report\"",
    ] {
        let place = corpus();
        let mistaken = format!("data.manifest.columns.{mistake}");
        for command in ["check", "run"] {
            quotes.extend(quoted(&mistaken, place.said(&[command, "own.toml", "--set", &mistaken]).as_bytes()));
        }
        place.assert_nothing_kept();
    }
    assert_eq!(quotes, [""; 0]);
}

/// A table of studies in disorder: an open quotation mark, columns that were swapped, a lost header, text in a short column.
#[test]
fn no_error_about_a_broken_table_of_studies_quotes_it() {
    let mut quotes = Vec::new();
    let table = corpus().read("data/studies.csv");
    let text = format!("{CANARY} has edema and more than that");
    for broken in [
        table.replacen(",Qvastrel", ",\"Qvastrel", 1),
        table.replace("study,patient,image,report,labels", "study,report,image,patient,labels"),
        table.replace("study,patient,image,report,labels", "study,patient,report,image,labels"),
        table.replace("report,labels,split", "labels,report,split"),
        table.replace("report,labels,split", "split,labels,report"),
        table.replace(",train\n", &format!(",{text}\n")),
        table.replace(",train\n", &format!(",train,{text}\n")),
        table.lines().skip(1).collect::<Vec<_>>().join("\n"),
        table.replace(',', ";").replace("There is no", "There, is no"),
        table.replace('\n', "\r"),
    ] {
        let place = corpus();
        place.write("data/studies.csv", broken);
        for command in ["check", "run"] {
            quotes.extend(quoted(command, place.said(&[command, "own.toml"]).as_bytes()));
        }
    }
    assert_eq!(quotes, [""; 0]);
}

/// Boxes, prompts and an ontology that are files of reports.
#[test]
fn no_error_about_other_files_quotes_them() {
    let mut quotes = Vec::new();
    for key in ["data.manifest.boxes", "eval.zero-shot.prompts", "evidence.rules.ontology", "evidence.file.path"] {
        for file in ["data/studies.csv", "reports.jsonl"] {
            let place = corpus();
            let mistaken = format!("{key}=\"{}\"", place.at(file));
            for command in ["check", "run"] {
                quotes.extend(quoted(&mistaken, place.said(&[command, "own.toml", "--set", &mistaken]).as_bytes()));
            }
        }
    }
    assert_eq!(quotes, [""; 0]);
}
