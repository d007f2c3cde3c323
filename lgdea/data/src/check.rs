//! What is wrong with the data that an experiment names: all of it, as far as files and their columns tell.

use std::path::Path;

use lgdea_spec::{BoxColumns, Columns, Data, Manifest, Openi};

use crate::DataError;
use crate::error::expand;
use crate::labels::normalise_label;
use crate::table::{self, Table, is_name, is_somewhere};

/// Names that data sets have for a column, the usual one first; compared without case, spaces, `_` and `-`.
const STUDY: &[&str] = &[
    "study",
    "studyid",
    "studyinstanceuid",
    "studyuid",
    "accession",
    "accessionnumber",
    "examid",
    "exam",
    "reportid",
    "uid",
    "imageindex",
    "imageid",
    "dicomid",
    "id",
    "path",
    "filename",
];
const PATIENT: &[&str] = &["patient", "patientid", "subject", "subjectid", "pid", "mrn", "patientnumber"];
const IMAGE: &[&str] = &[
    "image",
    "path",
    "imagepath",
    "filepath",
    "filename",
    "file",
    "img",
    "imgpath",
    "imagefile",
    "imagefilename",
    "imageindex",
    "dicomid",
    "imageid",
    "jpgpath",
    "pngpath",
    "dicompath",
];
const FINDING: &[&str] =
    &["finding", "label", "labelname", "findinglabel", "class", "classname", "category", "diagnosis"];
const REPORT: &[&str] = &["report", "text", "reporttext", "fulltext", "rawtext", "reports", "caption", "note"];

/// Something of the data that cannot be used as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The key of the experiment that names it.
    pub key: &'static str,
    /// What is wrong.
    pub reason: String,
    /// What to write instead; empty where the reason says it.
    pub remedy: String,
}

/// What the data's files cannot be used for, all at once, and what of them is probably meant to be read, but is not.
pub fn check(data: &Data) -> (Vec<Refusal>, Vec<String>) {
    // What is wrong with the other sources is found when they are read.
    let mut checked = Checked::default();
    if let Some(manifest) = &data.manifest {
        checked.manifest(manifest);
    }
    if let Some(openi) = &data.openi {
        checked.openi(openi);
    }
    (checked.refusals, checked.notes)
}

#[derive(Default)]
struct Checked {
    refusals: Vec<Refusal>,
    notes: Vec<String>,
}

impl Checked {
    fn refuse(&mut self, key: &'static str, reason: String) {
        self.refusals.push(Refusal { key, reason, remedy: String::new() });
    }

    /// What an attempt gave; what it failed for is noted.
    fn tried<T>(&mut self, key: &'static str, found: Result<T, DataError>) -> Option<T> {
        match found {
            Ok(found) => Some(found),
            Err(DataError::Path { source, .. }) => {
                self.refuse(key, source.to_string());
                None
            }
            Err(error) => {
                self.refuse(key, error.to_string());
                None
            }
        }
    }

    fn manifest(&mut self, manifest: &Manifest) {
        const ROOT: &str = "data.manifest.root";
        let root = expand(ROOT, &manifest.root).and_then(|root| readable_folder(&root).map(|()| root));
        let Some(root) = self.tried(ROOT, root) else { return };
        let tables: Vec<Option<Table>> = manifest
            .studies
            .iter()
            .map(|file| self.tried("data.manifest.studies", Table::read(&root.join(file))))
            .collect();
        if let Some(tables) = tables.into_iter().collect::<Option<Vec<Table>>>() {
            self.columns(&tables, &manifest.columns);
            self.labels(&tables, &manifest.columns);
        }
        if !manifest.boxes.is_empty()
            && let Some(table) = self.tried("data.manifest.boxes", Table::read(&root.join(&manifest.boxes)))
        {
            self.boxes(&table, manifest);
        }
    }

    /// Refuses a file of boxes without the columns that it needs, with a mapping that fits it.
    fn boxes(&mut self, table: &Table, manifest: &Manifest) {
        let BoxColumns { finding, x, y, width, height, .. } = &manifest.box_columns;
        let [study, _] = manifest.box_keys();
        let needed: [(&str, &str, &[&str]); 6] = [
            ("study", study, STUDY),
            ("finding", finding.as_str(), FINDING),
            ("x", x.as_str(), &["x", "left", "xmin", "x0", "bboxx"]),
            ("y", y.as_str(), &["y", "top", "ymin", "y0", "bboxy"]),
            ("width", width.as_str(), &["w", "width", "bw", "boxwidth"]),
            ("height", height.as_str(), &["h", "height", "bh", "boxheight"]),
        ];
        let alone = std::slice::from_ref(table);
        let lacking = needed.into_iter().filter(|(_, name, _)| !is_somewhere(alone, name));
        self.lacking(alone, "data.manifest.box-columns", &lacking.collect::<Vec<_>>());
    }

    /// Refuses tables without the columns that they need, with a mapping that fits them.
    fn columns(&mut self, tables: &[Table], columns: &Columns) {
        let Columns { study, patient, image, report, sections, .. } = columns;
        let everywhere = |name: &str| tables.iter().all(|table| is_somewhere(std::slice::from_ref(table), name));
        let somewhere = |name: &str| name.is_empty() || is_somewhere(tables, name);
        let mut lacking: Vec<(&str, &str, &[&str])> = Vec::new();
        if !everywhere(study) {
            lacking.push(("study", study.as_str(), STUDY));
        }
        let optional = [("patient", patient, PATIENT), ("image", image, IMAGE), ("report", report, REPORT)];
        let needed = optional.into_iter().filter(|(role, ..)| *role != "report" || sections.is_empty());
        lacking.extend(
            needed.filter(|(_, name, _)| !somewhere(name)).map(|(role, name, names)| (role, name.as_str(), names)),
        );
        for section in sections.iter().filter(|section| !somewhere(section)) {
            lacking.push(("a section of the report", section.as_str(), &[]));
        }
        self.lacking(tables, "data.manifest.columns", &lacking);
    }

    /// Refuses tables that lack columns (by role, name and usual names), which a table of the experiment names.
    fn lacking(&mut self, tables: &[Table], key: &'static str, lacking: &[(&str, &str, &[&str])]) {
        if lacking.is_empty() {
            return;
        }
        let lacks: Vec<String> = lacking.iter().map(|(role, name, _)| format!("`{name}` ({role})")).collect();
        let (files, present) = table::described(tables);
        let reason = format!("{files} without the columns {}; the columns there are {present}", lacks.join(", "));
        self.refusals.push(Refusal { key, reason, remedy: mapping(tables, key, lacking) });
    }

    /// Notes columns that look like labels, where none is read.
    fn labels(&mut self, tables: &[Table], columns: &Columns) {
        let is_read = |name: &String| columns.labels.contains(name);
        if table::names(tables).any(is_read) {
            return;
        }
        let taken = [&columns.study, &columns.patient, &columns.image, &columns.report, &columns.split, &columns.view];
        let is_free =
            |name: &str| !taken.iter().any(|taken| *taken == name) && !columns.sections.iter().any(|s| s == name);
        let mut found: Vec<&str> = Vec::new();
        for table in tables {
            for (position, name) in table.header.iter().enumerate() {
                let is_new = is_free(name) && is_name(name) && !found.contains(&name.as_str());
                if is_new && (is_called_labels(name) || is_indicator(table, position)) {
                    found.push(name);
                }
            }
        }
        if !found.is_empty() {
            let list: Vec<String> = found.iter().map(|name| format!("{name:?}")).collect();
            self.notes.push(format!(
                "no column of labels is read; if these are some, write `labels = [{}]` in `[data.manifest.columns]`",
                list.join(", ")
            ));
        }
    }

    fn openi(&mut self, openi: &Openi) {
        let reports = expand("data.openi.reports", &openi.reports).and_then(|path| {
            if path.is_dir() {
                readable_folder(&path)
            } else {
                std::fs::File::open(&path).map(drop).map_err(DataError::io(&path))
            }
        });
        self.tried("data.openi.reports", reports);
        if !openi.images.is_empty() {
            let images = expand("data.openi.images", &openi.images).and_then(|path| readable_folder(&path));
            self.tried("data.openi.images", images);
        }
        if !openi.projections.is_empty() {
            let table = expand("data.openi.projections", &openi.projections).and_then(|path| Table::read(&path));
            self.tried("data.openi.projections", table);
        }
    }
}

fn readable_folder(path: &Path) -> Result<(), DataError> {
    std::fs::read_dir(path).map(drop).map_err(DataError::io(path))
}

/// The lines of a table of columns (`key`) that would read tables which lack some columns.
fn mapping(tables: &[Table], key_of_table: &str, lacking: &[(&str, &str, &[&str])]) -> String {
    let present: Vec<&String> = table::names(tables).filter(|name| is_name(name)).collect();
    let mut lines = Vec::new();
    for (role, _, names) in lacking {
        let suited = names.iter().find_map(|name| present.iter().copied().find(|column| key(column) == **name));
        lines.push(match (*role, suited) {
            (role, Some(column)) => format!("{role} = {column:?}"),
            ("study", None) => "study = \"…\"  # the column that says which study a row is of".to_owned(),
            ("patient", None) => "patient = \"\"  # each study is a patient of its own".to_owned(),
            ("report", None) if has_sections(&present) => {
                "report = \"\"\nsections = [\"findings\", \"impression\"]  # as the file writes them".to_owned()
            }
            ("image" | "report", None) => format!("{role} = \"\"  # there is none"),
            ("finding" | "x" | "y" | "width" | "height", None) => format!("{role} = \"…\""),
            _ => continue,
        });
    }
    if lines.is_empty() {
        return "correct `data.manifest.columns.sections`".to_owned();
    }
    format!("in `[{key_of_table}]` write\n{}", lines.join("\n"))
}

fn has_sections(present: &[&String]) -> bool {
    ["findings", "impression"].iter().all(|section| present.iter().any(|column| key(column) == *section))
}

/// A column's name as the lists above have it.
fn key(name: &str) -> String {
    normalise_label(name).replace('_', "")
}

fn is_called_labels(name: &str) -> bool {
    ["label", "labels", "findinglabels", "findinglabel", "findings", "finding", "diagnosis", "diagnoses", "class"]
        .contains(&key(name).as_str())
}

/// Whether a column says with numbers, or with yes and no, what is present.
fn is_indicator(table: &Table, position: usize) -> bool {
    let says = |cell: &str| ["1", "1.0", "0", "0.0", "-1", "-1.0", "true", "false"].contains(&&*cell.to_lowercase());
    let is_present = |cell: &str| ["1", "1.0", "true"].contains(&&*cell.to_lowercase());
    let cells = || table.rows.iter().map(|row| row.cell(Some(position))).filter(|cell| !cell.is_empty());
    cells().all(says) && cells().any(is_present)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    /// Refusals and notes of a manifest of one file of studies, of columns as they are by default.
    fn checked(studies: &str, change: impl FnOnce(&mut Manifest)) -> (Vec<Refusal>, Vec<String>) {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("s.csv"), studies).unwrap();
        let overrides = [
            format!("data.manifest.root={:?}", folder.path().display().to_string()),
            "data.manifest.studies=['s.csv']".to_owned(),
        ];
        let mut data = lgdea_spec::Resolved::from_overrides(&overrides).unwrap().experiment.data;
        change(data.manifest.as_mut().unwrap());
        check(&data)
    }

    fn remedy(header: &str) -> String {
        let (refusals, _) = checked(&format!("{header}\n"), |_| ());
        assert_eq!(refusals.len(), 1, "{refusals:?}");
        refusals[0].remedy.clone()
    }

    #[test]
    fn a_file_with_the_columns_is_fine() {
        assert_eq!(checked("study,patient,image,report,labels\n", |_| ()), (vec![], vec![]));
    }

    #[test]
    fn the_mapping_is_proposed_from_the_names_that_data_sets_have() {
        for (header, lines) in [
            ("study,patient,path,text", ["image = \"path\"", "report = \"text\""]),
            ("study,patient,Path,report_text", ["image = \"Path\"", "report = \"report_text\""]),
            ("study,patient,filename,caption", ["image = \"filename\"", "report = \"caption\""]),
            ("study_id,subject_id,dicom_id,report", ["study = \"study_id\"", "patient = \"subject_id\""]),
            ("StudyInstanceUID,PatientID,image,report", ["study = \"StudyInstanceUID\"", "patient = \"PatientID\""]),
            ("Image Index,Patient ID,report", ["study = \"Image Index\"", "image = \"Image Index\""]),
            ("study,patient,Image_Path,Text", ["image = \"Image_Path\"", "report = \"Text\""]),
            ("id,path,text", ["study = \"id\"", "patient = \"\"  # each study is a patient of its own"]),
            ("study,patient,path", ["image = \"path\"", "report = \"\"  # there is none"]),
            ("study,patient,path,findings,impression", ["report = \"\"", "sections = [\"findings\", \"impression\"]"]),
            ("subject,text", ["study = \"…\"", "image = \"\"  # there is none"]),
        ] {
            let remedy = remedy(header);
            assert!(lines.iter().all(|line| remedy.contains(line)), "{header}\n{remedy}");
        }
    }

    #[test]
    fn everything_is_told_at_once() {
        let (refusals, _) = checked("id,path\n", |manifest| {
            manifest.boxes = "nowhere.csv".to_owned();
        });
        let keys: Vec<&str> = refusals.iter().map(|refusal| refusal.key).collect();
        assert_eq!(keys, ["data.manifest.columns", "data.manifest.boxes"]);
        let lacking = &refusals[0].reason;
        assert!(
            ["`study`", "`patient`", "`image`", "`report`", "`id`, `path`"].iter().all(|part| lacking.contains(part))
        );
        let (refusals, _) = checked("", |manifest| manifest.studies.push("nowhere.csv".to_owned()));
        assert_eq!(refusals.len(), 2, "{refusals:?}");
        let (refusals, _) = checked("", |manifest| manifest.root = "${LGDEA_NO_SUCH_VARIABLE}/x".to_owned());
        assert!(refusals[0].reason.contains("LGDEA_NO_SUCH_VARIABLE"), "{refusals:?}");
        let (refusals, _) = checked("", |manifest| manifest.root.push_str("/nowhere"));
        assert_eq!((refusals.len(), refusals[0].key), (1, "data.manifest.root"));
    }

    #[test]
    fn columns_of_boxes_are_proposed_too() {
        let remedy = |header: &str| {
            let folder = tempfile::tempdir().unwrap();
            fs::write(folder.path().join("b.csv"), format!("{header}\n")).unwrap();
            let (refusals, _) = checked("study,patient,image,report,labels\n", |manifest| {
                manifest.boxes = folder.path().join("b.csv").display().to_string();
            });
            refusals.into_iter().map(|refusal| (refusal.key, refusal.remedy)).next()
        };
        assert_eq!(remedy("study,finding,x,y,w,h"), None);
        for (header, lines) in [
            ("study_id,label,x,y,w,h", ["study = \"study_id\"", "finding = \"label\""]),
            ("study,category,left,top,w,h", ["finding = \"category\"", "x = \"left\""]),
            ("Image Index,Finding Label,x,y,width,height", ["width = \"width\"", "finding = \"Finding Label\""]),
            ("study,x_min,y_min,x_max,y_max", ["finding = \"…\"", "width = \"…\""]),
        ] {
            let (key, remedy) = remedy(header).unwrap();
            assert_eq!(key, "data.manifest.box-columns");
            assert!(lines.iter().all(|line| remedy.contains(line)), "{header}\n{remedy}");
        }
    }

    #[test]
    fn labels_that_are_not_read_are_noted() {
        let note = |text: &str| checked(text, |_| ()).1.join("\n");
        let studies = "study,patient,image,report,Pneumonia,No Finding,age\ns,p,i,r,1,0.0,40\nt,q,j,r,,1.0,50\n";
        assert!(note(studies).contains("`labels = [\"Pneumonia\", \"No Finding\"]`"), "{}", note(studies));
        assert!(note("study,patient,image,report,Finding Labels\ns,p,i,r,Edema\n").contains("\"Finding Labels\""));
        assert_eq!(note("study,patient,image,report,age\ns,p,i,r,40\n"), "");
        assert_eq!(note("study,patient,image,report,labels,x\ns,p,i,r,edema,1\n"), "");
    }

    #[test]
    fn a_first_line_that_is_no_header_is_never_shown() {
        for line in [
            "s1,p1,a.png,The patient J.D. has a small effusion.",
            "r1,no pneumothorax",
            "r1,NO PNEUMOTHORAX",
            "s1,p1,\"Heart size is normal, lungs are clear\"",
            "s0,Normal.",
        ] {
            let (refusals, notes) = checked(&format!("{line}\n"), |_| ());
            let told = format!("{refusals:?}{notes:?}");
            let text = line.rsplit(',').next().unwrap().trim_matches('"');
            assert!(told.contains("looks like no header") && !told.contains(text), "{told}");
        }
    }

    #[test]
    fn folders_and_archives_of_openi_are_looked_for() {
        let data = |text: &str| {
            let overrides: Vec<String> = text.split(' ').map(|part| format!("data.openi.{part}")).collect();
            check(&lgdea_spec::Resolved::from_overrides(&overrides).unwrap().experiment.data).0
        };
        let keys = |text| data(text).iter().map(|refusal| refusal.key).collect::<Vec<_>>();
        assert_eq!(keys("reports=/nowhere/r.tgz images=/nowhere/i"), ["data.openi.reports", "data.openi.images"]);
        assert_eq!(keys("reports=$LGDEA_NO_SUCH_VARIABLE"), ["data.openi.reports"]);
        assert_eq!(keys(&format!("reports={}", std::env::temp_dir().display())), [""; 0]);
    }
}
