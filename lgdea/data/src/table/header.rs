//! Names of columns, and what a message may show of a first line that may be none.

use std::collections::BTreeSet;

use super::text::{is_one_piece, is_sentence};

/// Most characters and words of a column's name.
const LENGTH: usize = 40;
const WORDS: usize = 4;
/// Columns with names of nothing but [`OF_COLUMNS`] from which every cell of a first line is a name.
const SURE: usize = 2;

/// Words that columns are called by. They say what a column holds, never what a report says.
const OF_COLUMNS: &[&str] = &[
    "accession",
    "age",
    "annotation",
    "bbox",
    "birth",
    "birthday",
    "box",
    "caption",
    "captions",
    "case",
    "category",
    "class",
    "classes",
    "code",
    "column",
    "comment",
    "comments",
    "comparison",
    "country",
    "data",
    "dataset",
    "date",
    "description",
    "diagnoses",
    "diagnosis",
    "diagnostic",
    "dicom",
    "document",
    "dx",
    "exam",
    "examination",
    "file",
    "filename",
    "filenames",
    "filepath",
    "files",
    "finding",
    "findings",
    "fold",
    "folder",
    "follow",
    "full",
    "gender",
    "height",
    "history",
    "hospital",
    "id",
    "identifier",
    "ids",
    "image",
    "images",
    "img",
    "impression",
    "index",
    "indication",
    "instance",
    "institution",
    "jpeg",
    "jpg",
    "key",
    "label",
    "labels",
    "language",
    "laterality",
    "link",
    "list",
    "max",
    "medical",
    "min",
    "modality",
    "mrn",
    "name",
    "names",
    "note",
    "notes",
    "nr",
    "num",
    "number",
    "of",
    "or",
    "order",
    "orientation",
    "partition",
    "path",
    "pathology",
    "paths",
    "patient",
    "patients",
    "person",
    "phrase",
    "picture",
    "pid",
    "pixel",
    "png",
    "position",
    "projection",
    "radiograph",
    "radiology",
    "raw",
    "record",
    "reference",
    "report",
    "reports",
    "row",
    "scan",
    "score",
    "section",
    "sections",
    "sentence",
    "series",
    "set",
    "sex",
    "site",
    "size",
    "source",
    "spacing",
    "split",
    "status",
    "studies",
    "study",
    "subject",
    "subjects",
    "subset",
    "target",
    "technique",
    "text",
    "texts",
    "time",
    "title",
    "type",
    "uid",
    "url",
    "version",
    "view",
    "views",
    "visit",
    "width",
    "xmax",
    "xmin",
    "year",
    "ymax",
    "ymin",
    // German, French and Spanish.
    "alter",
    "archivo",
    "aufnahme",
    "aufnahmedatum",
    "aufnahmerichtung",
    "befund",
    "befunde",
    "befunds",
    "befundtext",
    "bericht",
    "beurteilung",
    "bild",
    "bilddatei",
    "bilder",
    "cliché",
    "compte",
    "conclusion",
    "conclusión",
    "datei",
    "dateiname",
    "datum",
    "de",
    "del",
    "der",
    "diagnose",
    "diagnosen",
    "diagnostico",
    "diagnóstico",
    "dossier",
    "du",
    "edad",
    "estudio",
    "etiqueta",
    "etiquetas",
    "examen",
    "fecha",
    "fichier",
    "geschlecht",
    "hallazgos",
    "identifiant",
    "imagen",
    "imágenes",
    "incidence",
    "informe",
    "kennung",
    "klasse",
    "la",
    "le",
    "libellé",
    "n",
    "nom",
    "nombre",
    "numero",
    "nummer",
    "numéro",
    "número",
    "paciente",
    "patiente",
    "pfad",
    "projektion",
    "proyección",
    "rendu",
    "ruta",
    "résultat",
    "résultats",
    "sexe",
    "sexo",
    "studie",
    "studien",
    "texte",
    "texto",
    "untersuchung",
    "von",
    "vue",
    "âge",
    "étude",
];

/// Names of columns or keys as a message shows them; of a first line that looks like no header, that it does.
pub fn shown_names<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let names: Vec<&str> = names.into_iter().collect();
    match column_names(&names) {
        Some(shown) => listed(&shown, names.len() - shown.len()),
        None => NO_HEADER.to_owned(),
    }
}

const NO_HEADER: &str = "not shown, because the first line looks like no header: it must name the columns";

/// The names of columns of several files, in alphabetical order, as a message shows them.
pub(super) fn shown_headers<'a>(headers: impl IntoIterator<Item = &'a [String]>) -> String {
    let (mut shown, mut hidden) = (BTreeSet::new(), 0);
    for header in headers {
        // Each by itself: a first line that is none must not borrow another file's names.
        let Some(names) = column_names(header) else { return NO_HEADER.to_owned() };
        hidden += header.len() - names.len();
        shown.extend(names);
    }
    listed(&Vec::from_iter(shown), hidden)
}

fn listed(names: &[&str], hidden: usize) -> String {
    let mut list: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    if hidden > 0 {
        list.push(format!("and {hidden} that cannot be shown: a text stands where a name should"));
    }
    list.join(", ")
}

/// The cells of a first line that are names of columns; `None` where it looks like no header: a text is among them, and no
/// cell is called as columns usually are.
pub(super) fn column_names<Cell: AsRef<str>>(first_line: &[Cell]) -> Option<Vec<&str>> {
    let cells = || first_line.iter().map(AsRef::as_ref);
    let usual = cells().filter(|cell| is_usual(cell)).count();
    let names: Vec<&str> = cells().filter(|cell| is_name(cell, usual >= SURE)).collect();
    (usual > 0 || names.len() == first_line.len()).then_some(names)
}

/// Whether a cell is made of words that columns are called by.
fn is_usual(cell: &str) -> bool {
    let parts: Vec<String> = parts(cell);
    !parts.is_empty()
        && is_short(cell)
        && !cell.contains(|c: char| c.is_ascii_digit())
        && parts.iter().all(|part| OF_COLUMNS.contains(&part.as_str()))
}

/// Whether a cell of a first line can be a column's name: one word, or words that columns are called by; or a few words of
/// any kind, where it `is_header` for sure.
fn is_name(cell: &str, is_header: bool) -> bool {
    let is_few = || is_header && cell.split_whitespace().count() <= WORDS && !is_sentence(cell);
    // A column may have no name: pandas writes its index so.
    cell.is_empty() || (is_short(cell) && (is_one_piece(cell) || is_usual(cell) || is_few()))
}

fn is_short(cell: &str) -> bool {
    cell.chars().count() <= LENGTH
        && !cell.ends_with(['.', '!', '?', ',', ';', ':'])
        && !cell.contains(char::is_control)
        && cell.contains(char::is_alphabetic)
}

/// The words of a name in lower case, without numbers, also of "`PatientID`" and "dicomPath".
fn parts(name: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut previous = ' ';
    for c in name.chars() {
        let begins = c.is_uppercase() && previous.is_lowercase();
        match parts.last_mut() {
            Some(last) if c.is_alphabetic() && !begins => last.extend(c.to_lowercase()),
            _ => parts.push(if c.is_alphabetic() { c.to_lowercase().collect() } else { String::new() }),
        }
        previous = c;
    }
    parts.retain(|part| !part.is_empty());
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_shown_however_they_are_written() {
        for header in [
            &["Image Index", "Finding Labels", "Follow-up #", "OriginalImage[Width", "age", "report_id", "", "AP/PA"][..],
            &["Report text", "Patient id", "dicom path"],
            &["report text", "patient id", "dicom path"],
            &["REPORT TEXT", "PATIENT ID", "Image file name"],
            &["Study id", "Patient number", "File path", "Full report text", "Kellgren grade", "lung opacity"],
            &["PatientID", "StudyInstanceUID", "Lung Opacity", "No Finding"],
            &["Path", "Sex", "Age", "Frontal/Lateral", "AP/PA", "No Finding", "Enlarged Cardiomediastinum"],
            &["kennung", "bild", "befund"],
            &["N° patient", "Fichier", "Compte rendu", "Diagnostic"],
            &["Número de paciente", "Imagen", "Texto del informe"],
            &["Study date", "Date of birth", "Age or sex", "image"],
            &["编号", "study_id", "image path"],
            &["subject_id", "dicomPath", "View position"],
            &["Report"],
        ] {
            assert_eq!(column_names(header).unwrap(), header);
        }
    }

    #[test]
    fn first_lines_that_are_none_are_not_shown() {
        for first_line in [
            &["Patient J.D. has a small left effusion, no pneumothorax."][..],
            &["Clear lungs."],
            &["r1", "No pneumothorax"],
            &["r1", "no pneumothorax"],
            &["r1", "NO PNEUMOTHORAX"],
            &["r1", "Clear Lungs"],
            &["s0", "p0", "img/0.png", "Normal."],
            &["17", "normal"],
            &["r1", "line\nbreak"],
            &["r1", "FINDINGS:"],
            &["r1", "Heart, lungs and mediastinum"],
            &["s0", "p0", "img/0.png", "PA", "train", "Normal chest"],
            &["r1", "Quokka basal opacity stable"],
            &["CANARY SEEN, AND MORE", "x"],
            &["r1", "心影增大"],
        ] {
            let said = shown_names(first_line.iter().copied());
            assert!(said.contains("looks like no header"), "{said}");
        }
    }

    #[test]
    fn a_text_in_a_header_is_not_shown() {
        for text in [
            "Quokka is stable",
            "Quokka opacity.",
            "quokka basal opacity stable lines small left hilar",
            "Quokka\nopacity",
            "findings: Quokka opacity with old fracture",
        ] {
            let said = shown_names(["study", "patient", text]);
            assert!(said.starts_with("`study`, `patient`, and 1 that") && !said.contains("uokka"), "{said}");
        }
        let said = shown_names(["report", "Quokka opacity"]);
        assert!(!said.contains("uokka"), "{said}");
    }
}
