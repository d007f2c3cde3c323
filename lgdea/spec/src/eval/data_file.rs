//! A file that names studies alone: a table of them, the `[data]` of an experiment, or an evaluation set.

use std::collections::BTreeMap;
use std::path::Path;

use super::set::{STUDIES, TABLE};
use crate::error::Problem;
use crate::source::{Place, Source, SourceKind};
use crate::tree::{Content, Node};
use crate::{extends, layer};

/// The evaluation set that studies without one are.
const NAME: &str = "given-data";
const DATA: &str = "data";
/// The ends of the names of tables.
const TABLES: [&str; 5] = [".csv", ".csv.gz", ".csv.zip", ".tsv", ".parquet"];

/// The layers of a file, lowest first, as those of a file of evaluation sets. Where one has `[data]`, the studies are all of
/// these, and what else the file says is of another experiment.
pub(crate) fn layers(file: &Path, problems: &mut Vec<Problem>) -> Vec<Node> {
    let name = file.file_name().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
    let is_table = TABLES.iter().any(|ending| name.ends_with(ending));
    let layers = if is_table { table(file, problems).into_iter().collect() } else { extends::layers(file, problems) };
    if layers.iter().all(|layer| layer.get(DATA).is_none()) {
        return layers;
    }
    layers.iter().filter_map(|layer| Some(set_of(layer.get(DATA)?.clone()))).collect()
}

/// Whether a TOML file, or one that it extends, has `[data]`. What is wrong with it, its reader says.
pub(crate) fn has_data(file: &Path) -> bool {
    extends::layers(file, &mut Vec::new()).iter().any(|layer| layer.get(DATA).is_some())
}

/// The layer that a table of studies is, as `[data.manifest]` reads it unless it is told otherwise.
fn table(file: &Path, problems: &mut Vec<Problem>) -> Option<Node> {
    let name = toml::Value::from(&*file.file_name()?.to_string_lossy());
    let text = format!("[data.manifest]\nroot = \".\"\nstudies = [{name}]");
    let source = Source::new(SourceKind::FileName, file.display().to_string(), &text);
    let parsed = layer::parse(&source).map_err(|problem| problems.push(*problem)).ok()?;
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    Some(layer::read(parsed, &source, folder, problems))
}

/// A layer with an evaluation set of all studies of `data`.
fn set_of(data: Node) -> Node {
    let place = data.place.clone();
    let studies = Node::of_value("all".into(), &place);
    let set = inside(&place, [(DATA, data), (STUDIES, studies)]);
    let named = inside(&place, [(NAME, set)]);
    TABLE.rsplit('.').fold(named, |node, key| inside(&place, [(key, node)]))
}

/// A table that was made from what stands at a place.
fn inside<const N: usize>(place: &Place, nodes: [(&str, Node); N]) -> Node {
    let nodes: BTreeMap<String, Node> = nodes.into_iter().map(|(key, node)| (key.to_owned(), node)).collect();
    Node::new(place.clone(), Content::Table(nodes))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use crate::testing::{render, resolved_with};
    use crate::{EvaluationSet, ScoredStudies};

    /// The set that a file of this name and text is, with its name; or what is said against it.
    fn set(file: &str, text: &str) -> Result<(String, EvaluationSet), String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(file);
        fs::write(&path, text).unwrap();
        let (resolved, name) = resolved_with("seed = 3\n", &[]).with_data(&path).map_err(|error| render(&error))?;
        assert_eq!(resolved.experiment.seed.0, 3, "the rest is as the run has it");
        let set = resolved.experiment.eval.sets[&name].clone();
        Ok((name, set))
    }

    #[test]
    fn a_table_is_a_manifest_beside_its_images() {
        let (_, set) = set("own.studies.CSV", "study,image\n").unwrap();
        let manifest = set.data.unwrap().manifest.unwrap();
        assert_eq!((manifest.studies, set.studies), (vec!["own.studies.CSV".to_owned()], ScoredStudies::All));
        assert!(std::path::Path::new(&manifest.root).is_absolute(), "{}", manifest.root);
        assert_eq!(manifest.columns.study, "study");
    }

    #[test]
    fn the_data_of_an_experiment_are_all_of_its_studies_and_the_rest_of_it_is_not_asked() {
        let text =
            "seed = 9\ntrain.steps = 7\n[data.manifest]\nroot = 'x'\nstudies = ['a.csv']\ncolumns.image = 'file'\n";
        let (_, set) = set("e.toml", text).unwrap();
        let manifest = set.data.unwrap().manifest.unwrap();
        assert_eq!((manifest.columns.image.as_str(), manifest.columns.study.as_str()), ("file", "study"));
        assert_eq!(set.studies, ScoredStudies::All);
    }

    #[test]
    fn an_evaluation_set_is_taken_as_it_is_and_several_are_refused() {
        let one = "[eval.set.a]\nstudies = 'validation'\n";
        let (name, set_a) = set("s.toml", one).unwrap();
        assert_eq!((name.as_str(), set_a.studies, set_a.data), ("a", ScoredStudies::Validation, None));
        let both = set("s.toml", &format!("{one}[eval.set.b]\n")).unwrap_err();
        assert!(both.contains("2 evaluation sets: a, b") && both.contains("give a file with one of them"), "{both}");
    }

    #[test]
    fn what_names_no_studies_is_refused() {
        assert!(set("s.toml", "").unwrap_err().contains("no evaluation set is named"));
        assert!(set("s.toml", "seed = 1\n[eval.set.a]\n").unwrap_err().contains("and nothing else"));
        assert!(set("s.toml", "[data]\n").unwrap_err().contains("names no source"));
        let unknown = set("s.toml", "[data.manifst]\nroot = 'x'\n").unwrap_err();
        assert!(unknown.contains("manifest"), "{unknown}");
    }
}
