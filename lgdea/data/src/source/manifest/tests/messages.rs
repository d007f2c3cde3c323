//! No message repeats a report, wherever it stands, and no report becomes an identifier.

use super::*;

/// A phrase that no message may repeat.
const CANARY: &str = "Patient Canary has a small left effusion, and no pneumothorax today.";

#[test]
fn no_message_repeats_a_report() {
    let quoted = format!("\"{CANARY}\"");
    let rows = |header: &str, row: &str| format!("{header}{}\n", row.replace('@', &quoted));
    for text in [
        rows("", "@\n@"),
        rows("", "a,@\nb,@"),
        rows("", "a,p,x.png,@,Edema,train,PA"),
        rows("study,report\n", "a,@\n@,b"),
        rows("study,patient,image,report,note to the reader of this file\n", "a,p,,@,"),
        rows(HEADER, "a,p,,text,,@,"),
        rows(HEADER, "a,@,,text,,,\na,q,,text,,,"),
        rows(HEADER, "a,@,,text,,train,\nb,@,,text,,test,"),
        rows(HEADER, "@,p,,,,,"),
        rows(HEADER, "@,p,,text,,,\n@,p,,other,,,"),
        rows(HEADER, "a,p,x.png,,,,@"),
        rows(HEADER, "a,p,,text,@,,"),
        rows(HEADER, "a,p,x.png,@ and \"more\",,,"),
        rows(HEADER, "a,p,x.png,\"open @,,,\nb,p,,@,,,"),
        rows(HEADER, &format!("a,p,x.png,{CANARY},,,")),
        format!("\"study,{CANARY}\n{CANARY}"),
        rows(&format!("study;patient;image;report\na;p;;{CANARY} \u{e9}\n"), ""),
    ] {
        let said = match read_text(&text) {
            Err(error) => error.to_string(),
            Ok(contents) => match split::check_patients(&contents.studies) {
                Err(error) => error.to_string(),
                Ok(()) => contents.skipped.to_string(),
            },
        };
        assert!(!said.contains("Canary") && !said.contains("pneumothorax"), "{text}\n{said}");
    }
    let boxes = rows("study,finding,x,y,w,h\n", "a,Mass,@,1,1,1");
    let texts = [("s.csv", HEADER.as_bytes()), ("b.csv", boxes.as_bytes())];
    let said = read_texts(&texts, "b.csv").err().unwrap().to_string();
    assert!(said.contains("a text of 68 characters") && !said.contains("Canary"), "{said}");
}

/// Reports of two to eight words, each another, all of which begin with a word that stands nowhere else.
fn short_reports() -> Vec<String> {
    let words = ["opacity", "left", "base", "stable", "hilar", "effusion", "small", "lines", "apex", "rib"];
    let report = |first: usize| {
        let rest: Vec<&str> = (0..=(first % 7)).map(|next| words[(first + next) % words.len()]).collect();
        format!("{} {}", ["Quokka", "quokka", "QUOKKA"][first % 3], rest.join(" "))
    };
    (0..30).map(report).collect()
}

#[test]
fn short_reports_in_a_wrong_column_are_not_repeated() {
    let columns = ["study", "patient", "image", "report", "labels", "split", "view"];
    let reports = short_reports();
    for (wrong, role) in columns.iter().enumerate().filter(|(_, role)| **role != "report") {
        let mut text = HEADER.to_owned();
        for (number, report) in reports.iter().enumerate() {
            let number = number.to_string();
            let mut row = [&format!("s{number}"), &format!("p{number}"), "x.png", "text", "edema", "train", "PA"]
                .map(str::to_owned);
            row[wrong] = report.clone();
            writeln!(text, "{}", row.join(",")).unwrap();
        }
        let said = match read_text(&text) {
            Err(error) => error.to_string(),
            Ok(mut contents) => {
                let images: Vec<String> = contents
                    .studies
                    .drain(..)
                    .filter_map(|study| study.without_image(SkipReason::MissingImage, &mut contents.skipped))
                    .map(|study| study.id)
                    .collect();
                assert!(role == &"labels" || role == &"view" || role == &"image", "{role}: {images:?}");
                contents.skipped.to_string()
            }
        };
        assert!(!said.to_lowercase().contains("quokka"), "{role}: {said}");
    }
    let header = reports[..6].join(",");
    let said = error(&format!("{header}\n"));
    assert!(said.contains("looks like no header") && !said.to_lowercase().contains("quokka"), "{said}");
}

#[test]
fn a_column_of_texts_is_neither_study_nor_patient_nor_label() {
    let texts = [
        "Small left effusion",
        "The heart is enlarged.",
        "No acute disease",
        "Lungs are clear, heart normal",
        "Stable small opacity at the left base",
    ];
    for (role, position) in [("study", 0), ("patient", 1)] {
        for text in texts {
            let mut row = ["a", "p", "", "text", "", "", ""].map(|cell| format!("\"{cell}\""));
            row[position] = format!("\"{text}\"");
            let said = error(&format!("{HEADER}{}\n", row.join(",")));
            assert!(said.contains(&format!("s.csv, line 2: column `{role}` ({role}) holds texts")), "{said}");
            assert!(!said.contains(text), "{said}");
        }
    }
    for labels in ["The heart is enlarged.", "Lungs are clear, heart is normal.", "There is edema. There is no mass."] {
        let said = error(&format!("{HEADER}a,p,,text,\"{labels}\",,\n"));
        assert!(said.contains("column `labels` (labels) holds texts") && !said.contains("heart"), "{said}");
    }
    for row in [
        "Patient 17,Doe John,,text,,,",
        "1.2.840,DOE JOHN,,text,No Lung Opacity / Not Normal,,",
        "a b.png,p 1,,text,\"Edema, Mass, Nodule, Fibrosis, Effusion, Hernia, Pneumonia, Atelectasis, Other\",,",
        "s1,p1,,text,\"['Pleural Effusion', 'Lung Opacity', 'Enlarged Cardiomediastinum', 'Support Devices', 'Edema']\",,",
        "12,13,,text,COVID-19,,",
    ] {
        assert_eq!(read_text(&format!("{HEADER}{row}\n")).unwrap().studies.len(), 1, "{row}");
    }
    let few = format!("{HEADER}s1,p,,text,,,\ns2,q,,text,,,\nSmall left effusion,r,,text,,,\n");
    assert_eq!(read_text(&few).unwrap().studies.len(), 3, "one odd value among identifiers is no column of texts");
}
