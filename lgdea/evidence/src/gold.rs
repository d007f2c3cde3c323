//! What humans found in reports.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use lgdea_data::table::{is_missing, shown, shown_id};
use lgdea_data::{NO_FINDING, label_names, normalise_label};
use lgdea_spec::{agreeing, counted};

use crate::documents::{Format, documents};
use crate::error::EvidenceError;
use crate::evidence::{Laterality, ReportEvidence};
use crate::findings::{Class, Findings, add, present, present_rolled_up};
use crate::ontology::Ontology;
use crate::openi::{OpeniGold, OpeniReport};
use crate::table::{Row, Rows};

/// What humans found in a set of reports.
#[derive(Debug)]
pub struct Gold {
    /// What to score.
    pub classes: Vec<Class>,
    /// The findings of every annotated report, by its identifier.
    pub reports: BTreeMap<String, Findings>,
    /// What could not be used, one sentence each.
    pub warnings: Vec<String>,
    granularity: Granularity,
}

/// How finely humans named what they found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Granularity {
    /// As the ontology does.
    Ontology,
    /// More coarsely: a finding counts as its nearest ancestor among the classes.
    Classes,
}

/// Whether the shipped rules were tuned on the report of Open-I with this identifier: those whose blake3 hash begins with
/// an even byte. Measure on the others.
pub fn is_for_tuning(report_id: &str) -> bool {
    blake3::hash(report_id.as_bytes()).as_bytes()[0].is_multiple_of(2)
}

impl Gold {
    /// Reads gold from a table (`.csv`, `.tsv`, `.jsonl`) with the columns `report_id` and `labels`, or Open-I's annotations (`MeSH/major`) from
    /// its XML: a folder, a `.tgz` archive or one file.
    ///
    /// Labels are separated by `|` or `;`, or a list in brackets, however they are written ("Pleural Effusion", `pleural_effusion`); each is a finding of
    /// the ontology by its name, label or synonym, perhaps after `left`, `right` or `bilateral`. None, or `no_finding`,
    /// means that the report is normal. All labels that occur are scored; one that the ontology does not know is left out
    /// with a warning.
    pub fn read(path: &Path, ontology: &Ontology) -> Result<Self, EvidenceError> {
        let gold = match Rows::of(path)? {
            Some(rows) => labels(rows.read(path, ["report_id", "labels"], "rename a column")?, ontology)?,
            None => openi(path)?,
        };
        if gold.classes.is_empty() || gold.reports.is_empty() {
            let place = path.display().to_string();
            let known = "gold is XML of Open-I, or a .csv file with `report_id,labels`".to_owned();
            let reasons = gold.warnings.into_iter().chain([known]).collect::<Vec<_>>().join("; ");
            let problem = format!("there is nothing to score against: {reasons}");
            return Err(EvidenceError::Input { place, problem });
        }
        Ok(gold)
    }

    /// What evidence affirms, as finely as gold names it.
    pub fn findings_of(&self, evidence: &ReportEvidence, ontology: &Ontology) -> Findings {
        match self.granularity {
            Granularity::Ontology => present(evidence),
            Granularity::Classes => {
                let wanted = self.classes.iter().map(|class| class.finding.clone()).collect();
                present_rolled_up(evidence, ontology, &wanted)
            }
        }
    }
}

fn openi(path: &Path) -> Result<Gold, EvidenceError> {
    let mapping = OpeniGold::shipped()?;
    let mut reports = BTreeMap::new();
    let (mut unannotated, mut broken) = (0, Vec::new());
    for document in documents(path)?.into_iter().filter(|document| document.format == Format::Openi) {
        match OpeniReport::parse(&document.path, &document.text) {
            Ok(report) => match mapping.findings(&report) {
                Some(findings) => {
                    reports.insert(report.id, findings);
                }
                None => unannotated += 1,
            },
            Err(_) => broken.push(document.path),
        }
    }
    let mut warnings = Vec::new();
    if unannotated > 0 {
        warnings.push(format!(
            "{} that nobody annotated {} left out",
            counted(unannotated, "report"),
            agreeing(unannotated, "is", "are")
        ));
    }
    if !broken.is_empty() {
        warnings.push(format!(
            "{} {} left out: {}",
            counted(broken.len(), "broken report file"),
            agreeing(broken.len(), "is", "are"),
            broken.join(", ")
        ));
    }
    let classes = mapping.scored().iter().map(|finding| Class::of_finding(finding)).collect();
    Ok(Gold { classes, reports, warnings, granularity: Granularity::Ontology })
}

fn labels(rows: Vec<Row>, ontology: &Ontology) -> Result<Gold, EvidenceError> {
    let mut reports: BTreeMap<String, Findings> = BTreeMap::new();
    let (mut classes, mut unknown) = (BTreeSet::new(), BTreeSet::new());
    for Row { place, id, content } in rows {
        let mut findings = Findings::new();
        let names = label_names(&content, "|;").into_iter().map(|name| normalise_label(&name));
        for name in names.filter(|name| !name.is_empty() && name != NO_FINDING && !is_missing(name)) {
            match class(&name, ontology) {
                Some(class) => {
                    add(&mut findings, &class.finding, class.laterality);
                    classes.insert(class);
                }
                None => {
                    unknown.insert(name);
                }
            }
        }
        if id.is_empty() {
            return Err(EvidenceError::Input { place, problem: "`report_id` is empty; fill it in".into() });
        }
        if reports.contains_key(&id) {
            let problem = format!("report {:?} occurs before; put all its labels into one row", shown_id(&id));
            return Err(EvidenceError::Input { place, problem });
        }
        reports.insert(id, findings);
    }
    let mut warnings = Vec::new();
    if !unknown.is_empty() {
        let names: Vec<String> = unknown.iter().map(|name| shown(&name.replace('_', " "))).collect();
        warnings.push(format!("labels that the ontology does not know are left out: {}", names.join(", ")));
    }
    if classes.is_empty() {
        warnings.push("no label names a finding of the ontology".to_owned());
    }
    Ok(Gold { classes: classes.into_iter().collect(), reports, warnings, granularity: Granularity::Classes })
}

/// The class that a label names.
fn class(name: &str, ontology: &Ontology) -> Option<Class> {
    let sided = |prefix: &str, laterality| {
        let finding = ontology.finding_called(name.strip_prefix(prefix)?)?.to_owned();
        Some(Class { name: name.to_owned(), finding, laterality })
    };
    sided("", Laterality::None)
        .or_else(|| sided("left_", Laterality::Left))
        .or_else(|| sided("right_", Laterality::Right))
        .or_else(|| sided("bilateral_", Laterality::Bilateral))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Rules;
    use crate::openi::tests::XML;

    fn read(name: &str, text: &str) -> Result<Gold, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        let gold = Gold::read(&path, &Ontology::named_or_path("chest").unwrap());
        gold.map_err(|error| error.to_string().replace(&format!("{}/", folder.path().display()), ""))
    }

    #[test]
    fn labels_name_findings_and_sides() {
        let csv = "report_id,labels\na,left_pleural_effusion|Lung Nodule|right pleural effusion\nb,No Finding\nc,\nd,effusion|martian\n";
        let gold = read("gold.csv", csv).unwrap();
        let classes: Vec<(&str, &str, Laterality)> =
            gold.classes.iter().map(|it| (it.name.as_str(), it.finding.as_str(), it.laterality)).collect();
        let expected = [
            ("effusion", "pleural_effusion", Laterality::None),
            ("left_pleural_effusion", "pleural_effusion", Laterality::Left),
            ("lung_nodule", "nodule", Laterality::None),
            ("right_pleural_effusion", "pleural_effusion", Laterality::Right),
        ];
        assert_eq!(classes, expected);
        let of_a = [("nodule", Laterality::None), ("pleural_effusion", Laterality::Bilateral)];
        assert_eq!(gold.reports["a"], of_a.map(|(finding, side)| (finding.to_owned(), side)).into());
        assert!(gold.reports["b"].is_empty() && gold.reports["c"].is_empty());
        assert_eq!(gold.warnings, ["labels that the ontology does not know are left out: martian"]);
    }

    #[test]
    fn missing_labels_are_no_findings_however_they_are_written() {
        let cells = [
            "None", "nan", "NaN", "None.", "NA", "<NA>", "['None']", "['nan']", "nan|None", "NaN;nan", "null",
            "[None]", "-", "\"None\"",
        ];
        for cell in cells {
            let gold = read("gold.csv", &format!("report_id,labels\na,effusion\nb,{cell}\n")).unwrap();
            assert!(gold.reports["b"].is_empty() && gold.warnings.is_empty(), "{cell}: {:?}", gold.warnings);
            let json = serde_json::json!({ "report_id": "b", "labels": cell }).to_string();
            let gold = read("gold.jsonl", &format!("{{\"report_id\":\"a\",\"labels\":\"edema\"}}\n{json}")).unwrap();
            assert!(gold.reports["b"].is_empty() && gold.warnings.is_empty(), "{cell}: {:?}", gold.warnings);
        }
        let gold = read("gold.csv", "report_id,labels\na,effusion|nan\n").unwrap();
        assert_eq!(gold.classes.len(), 1);
    }

    #[test]
    fn coarse_gold_rolls_evidence_up() {
        let ontology = Ontology::named_or_path("chest").unwrap();
        let evidence = Rules::new(&ontology).extract("a", "Pneumonia. Scoliosis.");
        let gold = read("gold.csv", "report_id,labels\na,consolidation\n").unwrap();
        assert_eq!(gold.findings_of(&evidence, &ontology).into_keys().collect::<Vec<_>>(), ["consolidation"]);
        let gold = read("gold.xml", XML).unwrap();
        assert_eq!((gold.classes.len(), gold.reports.len()), (18, 1));
        assert_eq!(gold.findings_of(&evidence, &ontology).into_keys().collect::<Vec<_>>(), ["pneumonia", "scoliosis"]);
    }

    #[test]
    fn gold_that_cannot_be_used_is_refused() {
        for (name, text, part) in [
            ("gold.csv", "report_id,label\na,edema\n", "no column `labels`"),
            ("gold.csv", "report_id,labels\na,edema\na,mass\n", "gold.csv, line 3: report \"a\" occurs before"),
            ("gold.csv", "report_id,labels\n,edema\n", "gold.csv, line 2: `report_id` is empty"),
            ("gold.csv", "report_id,labels\na,martian\n", "martian; no label names a finding"),
            ("gold.xml", "<x/>", "1 broken report file is left out"),
            ("gold.txt", "x", "nothing to score against"),
        ] {
            let said = read(name, text).unwrap_err();
            assert!(said.contains(part), "{said}");
        }
    }
}
