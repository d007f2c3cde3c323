//! The page of scores: the tables, by which rules, and of which files. Texts of reports are never shown.

use minijinja::value::Serde;
use serde::Serialize;
use serde_json::Value;

use super::tables::{self, Grid};
use super::{Models, Source};
use crate::EvalError;
use crate::html;
use crate::protocol::Protocol;

const TEMPLATE: &str = include_str!("../../../../templates/scores.html");

/// What the page shows.
#[derive(Clone, Copy)]
pub struct Contents<'a> {
    /// What models were scored by.
    pub protocol: &'a Protocol,
    /// The models with their scores.
    pub models: &'a Models,
    /// The line below the tables: by what, and of how much.
    pub caption: &'a str,
    /// The files that were read.
    pub sources: &'a [Source],
}

/// What the template is filled in with.
#[derive(Serialize)]
struct Filled<'a> {
    names: Vec<&'a str>,
    protocol: &'a str,
    description: &'a str,
    digest: &'a str,
    caption: &'a str,
    chapters: Vec<Chapter>,
    warnings: Vec<String>,
    switches: Vec<(String, String)>,
    sources: &'a [Source],
    version: &'static str,
}

/// Tables that belong together.
#[derive(Serialize)]
struct Chapter {
    title: &'static str,
    grids: Vec<Grid>,
}

/// The page, complete by itself.
///
/// # Errors
/// The template cannot be filled in.
pub fn page(contents: &Contents<'_>) -> Result<String, EvalError> {
    let Contents { protocol, models, caption, sources } = *contents;
    let names: Vec<&str> = models.models.iter().map(|model| model.name.as_str()).collect();
    let base = names.first().copied().unwrap_or_default();
    let chapters = [
        ("Scores", tables::scores(&models.models)),
        ("Differences", models.compared.iter().map(|compared| tables::differences(base, compared)).collect()),
        ("Subgroups", tables::subgroups(&models.models)),
    ];
    let mut switches = Vec::new();
    flatten("", &serde_json::to_value(&protocol.rules).unwrap_or_default(), &mut switches);
    let filled = Filled {
        names,
        protocol: &protocol.name,
        description: protocol.rules.description(),
        digest: &protocol.digest,
        caption,
        chapters: chapters
            .into_iter()
            .filter(|(_, grids)| !grids.is_empty())
            .map(|(title, grids)| Chapter { title, grids })
            .collect(),
        warnings: models.warnings.clone(),
        switches,
        sources,
        version: env!("CARGO_PKG_VERSION"),
    };
    let mut environment = html::environment();
    environment.add_template("page", TEMPLATE)?;
    Ok(environment.get_template("page")?.render(Serde(&filled))?)
}

/// Switches with their values, those of a table with its name before theirs, as in `interval.method`.
fn flatten(name: &str, value: &Value, into: &mut Vec<(String, String)>) {
    match value {
        Value::Object(fields) => {
            for (field, value) in fields {
                let name = if name.is_empty() { field.clone() } else { format!("{name}.{field}") };
                flatten(&name, value, into);
            }
        }
        value => into.push((name.to_owned(), value.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::Score;
    use crate::metric::paired::Difference;
    use crate::scoring::{Compared, Model};

    fn model(name: &str, value: f64) -> Model {
        let score = Score { value, interval: Some([value - 0.01, value + 0.01]) };
        let scores = ["zero_shot/auroc_macro", "zero_shot/auroc/edema"].map(|name| (name.to_owned(), score));
        Model {
            name: name.to_owned(),
            scores: scores.into(),
            thresholds: BTreeMap::new(),
            fits: BTreeMap::new(),
            by_subgroup: Vec::new(),
            warnings: vec!["`<i>` is left out".to_owned()],
        }
    }

    fn shown(models: &Models) -> String {
        let protocol = Protocol::named_or_path("zero-shot/lgdea-v1").unwrap();
        let sources = [Source { role: "predictions", path: "<x>.csv".to_owned(), blake3: "d1".to_owned() }];
        page(&Contents { protocol: &protocol, models, caption: "by <rules>", sources: &sources }).unwrap()
    }

    #[test]
    fn the_page_has_tables_rules_and_files_and_escapes_everything() {
        let difference =
            Difference { value: 0.1, interval: Some([0.05, 0.15]), p_value: Some(0.002), delong_p_value: None };
        let differences = BTreeMap::from([("zero_shot/auroc_macro".to_owned(), difference)]);
        let compared = vec![Compared { name: "b<b>".to_owned(), differences }];
        let models = vec![model("a&a", 0.7), model("b<b>", 0.8)];
        let html =
            shown(&Models { cases: 4, units: 4, models, compared, warnings: vec!["`<i>` is left out".to_owned()] });
        for part in [
            "a&amp;a",
            "b&lt;b&gt; less a&amp;a",
            "0.700 (0.690 – 0.710)",
            "+0.100",
            "0.002",
            "edema",
            "interval.method",
            "zero-shot&#x2f;lgdea-v1",
            "&lt;x&gt;.csv",
            "d1",
            "by &lt;rules&gt;",
            "<code>&lt;i&gt;</code> is left out",
            env!("CARGO_PKG_VERSION"),
        ] {
            assert!(html.contains(part), "{part} is missing in:\n{html}");
        }
        for outside in ["http://", "https://", "<script", "@import", "url(", "b<b>", "<i>"] {
            assert!(!html.contains(outside), "{outside}");
        }
    }

    #[test]
    fn one_model_is_compared_with_nothing() {
        let html = shown(&Models {
            cases: 4,
            units: 4,
            models: vec![model("a", 0.7)],
            compared: Vec::new(),
            warnings: Vec::new(),
        });
        assert!(html.contains("Scores") && !html.contains("Differences") && !html.contains("Subgroups"), "{html}");
    }
}
