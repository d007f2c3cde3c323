//! `lgdea init`: a folder to begin with.

use std::path::Path;

use lgdea_data::proposed_columns;
use lgdea_spec::Resolved;

use crate::args::setup::{InitArgs, TemplateArg};
use crate::failure::{Failure, refused, refused_with_help};
use crate::output::{print, unwritable};

/// The files of a template: `{root}` and `{studies}` in them are the user's data with the `{columns}` of the table, `{name}` is the
/// study's.
macro_rules! files {
    ($template:literal) => {
        [
            ("experiment.toml", include_str!(concat!("../../../../templates/init/", $template, "/experiment.toml"))),
            ("sweep.toml", include_str!(concat!("../../../../templates/init/", $template, "/sweep.toml"))),
            ("prompts.toml", include_str!(concat!("../../../../templates/init/", $template, "/prompts.toml"))),
            (".gitignore", include_str!("../../../../templates/init/gitignore")),
        ]
    };
}

/// The columns of a table, as the template writes them where nothing is known of the table.
const COLUMNS: &str = include_str!("../../../../templates/init/csv/columns.toml");

/// What stands above columns that were guessed.
const GUESSED: &str = "\
# Your names of columns, guessed from their names and from what they hold: look at each of them. `lgdea check experiment.toml` and
# `lgdea data doctor experiment.toml` tell more. docs/guides/own-data.md says what else there is, such as sex and age.
[data.manifest.columns]
";

pub(crate) fn init(args: &InitArgs) -> Result<(), Failure> {
    let data = args.data.as_deref();
    let (files, [root, studies]) = match args.template {
        TemplateArg::Phantom if data.is_some() => {
            return Err(refused(
                "the phantom needs no data: give `--template csv` or `mimic` with `--data`".to_owned(),
            ));
        }
        TemplateArg::Phantom => (files!("phantom"), ["", ""].map(str::to_owned)),
        TemplateArg::Csv => (files!("csv"), table(data)?),
        TemplateArg::Mimic => (files!("mimic"), [folder(data)?, String::new()]),
    };
    let (columns, about_columns) = match data {
        Some(data) if args.template == TemplateArg::Csv => columns(&root, &studies, data)?,
        _ => (COLUMNS.to_owned(), String::new()),
    };
    let folder = &args.folder;
    let there: Vec<&str> = files.iter().map(|(name, _)| *name).filter(|name| folder.join(name).exists()).collect();
    if !there.is_empty() {
        return Err(refused_with_help(
            format!("{} has {} already, and nothing is overwritten", folder.display(), there.join(", ")),
            "name another folder: `lgdea init my-study`",
        ));
    }
    if folder.exists() && !folder.is_dir() {
        return Err(refused(format!("{} is a file: name a folder, which may be a new one", folder.display())));
    }
    std::fs::create_dir_all(folder).map_err(|error| unwritable(folder, &error))?;
    let called = called(folder)?;
    for (name, text) in files {
        let text = text.replace("{root}", &root).replace("{studies}", &studies).replace("{name}", &called);
        let text = text.replace("{columns}\n", &columns);
        std::fs::write(folder.join(name), text).map_err(|error| unwritable(&folder.join(name), &error))?;
    }
    let [experiment, sweep] = ["experiment.toml", "sweep.toml"].map(|file| typed(&folder.join(file)));
    print(&format!(
        "{} has experiment.toml, sweep.toml, prompts.toml and .gitignore. {about_columns}Go on with:\n\n  lgdea check {experiment}\n  \
         lgdea run {experiment}\n  lgdea sweep {sweep}\n",
        folder.display(),
    ))
}

/// A path as a shell takes it.
fn typed(path: &Path) -> String {
    let text = path.to_string_lossy();
    let is_plain = text.chars().all(|c| c.is_alphanumeric() || "/._-+=:@%,\\".contains(c));
    if is_plain { text.into_owned() } else { format!("'{}'", text.replace('\'', r"'\''")) }
}

/// What the study is called: as its folder, with what no name of a run has as `-`.
fn called(folder: &Path) -> Result<String, Failure> {
    let folder = std::path::absolute(folder)?;
    let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let name = name.replace(|c: char| !c.is_ascii_alphanumeric() && !"._-".contains(c), "-");
    let name: String = name.trim_start_matches(|c: char| !c.is_ascii_alphanumeric()).chars().take(40).collect();
    Ok(if name.is_empty() { "study".to_owned() } else { name })
}

/// The folder and the name of the user's table, as TOML writes them.
fn table(data: Option<&Path>) -> Result<[String; 2], Failure> {
    let Some(data) = data else { return Ok(["data", "studies.csv"].map(toml_text)) };
    if !data.is_file() {
        return Err(refused(format!("`--data` is the table of your studies, and {} is no file", data.display())));
    }
    let path = std::path::absolute(data)?;
    let parts = path.parent().zip(path.file_name());
    let (folder, name) = parts.ok_or_else(|| refused(format!("{} has no folder", data.display())))?;
    Ok([folder.to_string_lossy(), name.to_string_lossy()].map(|text| toml_text(&text)))
}

/// The columns of the user's table as they are guessed, or else in the template's words, and what is said of them. `root` and
/// `studies` are as [`table`] gives them.
fn columns(root: &str, studies: &str, data: &Path) -> Result<(String, String), Failure> {
    let overrides = [format!("data.manifest.root={root}"), format!("data.manifest.studies=[{studies}]")];
    let guessed = match Resolved::from_overrides(&overrides)?.experiment.data.manifest {
        Some(manifest) => proposed_columns(&manifest)?,
        None => Vec::new(),
    };
    let name = data.file_name().unwrap_or_default().display();
    Ok(if guessed.is_empty() {
        let not = format!("# What the columns of {name} are could not be guessed.\n{COLUMNS}");
        (not, format!("What the columns of {name} are could not be guessed: name them there first. "))
    } else {
        let columns = format!("{GUESSED}{}\n", guessed.join("\n"));
        let first = "look at them there first, and name classes of yours in prompts.toml, which has two as an example";
        (columns, format!("The columns of {name} are guessed: {first}. "))
    })
}

/// The user's folder, as TOML writes it.
fn folder(data: Option<&Path>) -> Result<String, Failure> {
    let Some(data) = data else { return Ok(toml_text("${MIMIC_CXR_JPG}")) };
    if !data.is_dir() {
        return Err(refused(format!("`--data` is MIMIC-CXR-JPG's folder, and {} is none", data.display())));
    }
    Ok(toml_text(&std::path::absolute(data)?.to_string_lossy()))
}

fn toml_text(text: &str) -> String {
    toml::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use lgdea_spec::sweep::Sweep;

    use super::*;

    /// What is written is read, and nothing that was there is lost.
    #[test]
    fn each_template_is_an_experiment_with_a_sweep() {
        for template in [TemplateArg::Phantom, TemplateArg::Csv, TemplateArg::Mimic] {
            let place = tempfile::tempdir().unwrap();
            let folder = place.path().join("my study");
            init(&InitArgs { folder: folder.clone(), template, data: None }).unwrap();
            let resolved = Resolved::from_file(&folder.join("experiment.toml"), &[]).unwrap();
            assert_eq!(resolved.remarks(), Vec::<String>::new(), "{template:?}");
            let sweep = Sweep::from_file(&folder.join("sweep.toml")).unwrap();
            assert_eq!((resolved.experiment.name.as_str(), sweep.name.as_str()), ("my-study", "my-study"));
            assert_eq!(sweep.arms().collect::<Vec<_>>(), ["lgdea", "clip"]);
            assert!(typed(&folder).starts_with('\'') && typed(Path::new("a/b.toml")) == "a/b.toml");
            let again = init(&InitArgs { folder, template, data: None }).unwrap_err();
            assert!(again.message().contains("prompts.toml, .gitignore already"), "{}", again.message());
        }
    }

    #[test]
    fn data_stand_where_they_are_given() {
        let place = tempfile::tempdir().unwrap();
        let csv = place.path().join("it's \"mine\".csv");
        std::fs::write(&csv, "weight\n").unwrap();
        let folder = place.path().join("new");
        init(&InitArgs { folder: folder.clone(), template: TemplateArg::Csv, data: Some(csv) }).unwrap();
        let resolved = Resolved::from_file(&folder.join("experiment.toml"), &[]).unwrap();
        let manifest = resolved.experiment.data.manifest.unwrap();
        assert_eq!(manifest.studies, ["it's \"mine\".csv"]);
        let text = std::fs::read_to_string(folder.join("experiment.toml")).unwrap();
        assert!(text.contains("could not be guessed.\n# Your names of columns, where they differ."), "{text}");
        let args = InitArgs { folder, template: TemplateArg::Mimic, data: Some(place.path().join("nowhere")) };
        assert!(init(&args).unwrap_err().message().contains("nowhere is none"));
    }

    #[test]
    fn the_columns_of_a_table_are_guessed() {
        let place = tempfile::tempdir().unwrap();
        let csv = place.path().join("studien.csv");
        std::fs::write(&csv, "Bild;Befund;Erguss\na.png;Kein Erguss.;0\nb.png;Erguss links.;1\n").unwrap();
        let folder = place.path().join("new");
        let args = InitArgs { folder: folder.clone(), template: TemplateArg::Csv, data: Some(csv.clone()) };
        init(&args).unwrap();
        let columns = |folder: &Path| {
            let resolved = Resolved::from_file(&folder.join("experiment.toml"), &[]).unwrap();
            resolved.experiment.data.manifest.unwrap().columns
        };
        let found = columns(&folder);
        assert_eq!((found.study.as_str(), found.image.as_str(), found.report.as_str()), ("Bild", "Bild", "Befund"));
        assert_eq!((found.patient.as_str(), found.labels.as_slice()), ("", ["Erguss".to_owned()].as_slice()));
        std::fs::write(&csv, "a\n1,2\n").unwrap();
        let folder = place.path().join("other");
        let broken = init(&InitArgs { folder: folder.clone(), ..args }).unwrap_err();
        assert!(broken.message().contains("studien.csv, line 2") && !folder.exists(), "{}", broken.message());
    }
}
