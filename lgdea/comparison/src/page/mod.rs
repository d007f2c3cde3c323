//! The report: one HTML file with all that it shows, for any browser without a network, for paper, and for a talk.
//!
//! Tables are the views' own grids, plots are specifications for Plotly, whose script comes with its crate. What only a run's
//! folder tells (learning curves, settings, pictures) is read from there; runs of a records file have none of it. Texts of
//! reports are never shown, evidence phrases in an ontology's words are: the page is made to be sent around.

mod card;
mod cards;
mod efficiency;
mod figure;
mod forest;
mod gallery;
mod learning;
mod logged;
mod picture;
mod prototypes;
mod runs;
mod search;
mod summary;
mod table;

use std::collections::{BTreeSet, HashSet};

use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, HtmlEscape, UndefinedBehavior, Value};
use serde::Serialize;

use crate::claim::{self, CheckedClaim};
use crate::difference::{counted, too_few_seeds};
use crate::view::decided::{DIFFERENCE, claims_caption, claims_grid};
use crate::view::grid::Grid;
use crate::view::{self, caption, grid};
use crate::{Collection, ComparedRow, Comparison, ComparisonError};

use cards::Cards;
use figure::Figure;
use gallery::Galleries;
use logged::Logs;
use prototypes::Browser;
use search::Search;
use summary::MetricSummary;
use table::Table;

const TEMPLATE: &str = include_str!("../../../../templates/report.html");

/// The report of a comparison, as HTML; `pictures` says whether galleries and image regions are part of it.
///
/// # Errors
/// The template cannot be filled in.
pub fn page(collection: &Collection, comparison: &Comparison, pictures: bool) -> Result<String, ComparisonError> {
    let logs = Logs::read(collection);
    let claims = Claims::check(collection, comparison);
    let searches = search::searches(collection, comparison);
    let prototypes = Browser::new(comparison, &logs, pictures);
    let mut notes = comparison.notes.clone();
    notes.extend(logs.notes.iter().cloned());
    let filled = Filled {
        title: title(comparison),
        facts: facts(collection, comparison),
        comparison,
        summary: summary::summary(comparison),
        notes,
        caption: caption(comparison, "Bold"),
        too_few_seeds: too_few_seeds(comparison.differences().map(|(_, _, difference)| difference)),
        claims,
        confounds: Confounds::of(collection),
        means: grid::means(comparison).iter().map(|(set, grid)| means(*set, grid)).collect(),
        differences: differences(comparison),
        figures: [efficiency::curves(comparison), forest::forest(comparison), forest::ablation(comparison)]
            .into_iter()
            .flatten()
            .collect(),
        efficiency: grid::efficiency(comparison).map(|grid| {
            Table::new(
                "efficiency",
                "With how many times fewer pairs of image and report one is as good as another",
                &grid,
                true,
            )
        }),
        searches,
        learning: learning::learning(comparison, &logs),
        galleries: pictures.then(|| Galleries::new("grounding", comparison, &logs)).filter(Galleries::is_shown),
        retrieval: pictures.then(|| Galleries::new("retrieval", comparison, &logs)).filter(Galleries::is_shown),
        lacks_prototypes: !prototypes.is_shown() && collection.runs.iter().any(|run| run.folder.is_some()),
        prototypes: Some(prototypes).filter(Browser::is_shown),
        prototype_pages: logs.prototype_pages(),
        cards: Cards::new(collection, comparison, &logs),
        without_folder: collection.runs.iter().filter(|run| run.folder.is_none()).count(),
        plotly: plotly_script(),
    };
    render(&filled).map_err(|error| ComparisonError::Page(error.to_string()))
}

/// What the template is filled in with.
#[derive(Serialize)]
struct Filled<'a> {
    title: String,
    facts: Vec<Fact>,
    comparison: &'a Comparison,
    summary: Vec<MetricSummary>,
    notes: Vec<String>,
    caption: Vec<String>,
    /// That seeds are too few for a verdict, once for all of the page.
    too_few_seeds: Option<String>,
    claims: Option<Claims>,
    confounds: Confounds,
    /// Of the held-out splits, and of each evaluation set.
    means: Vec<Table>,
    differences: Option<Table>,
    /// What the page begins with: curves over the share of pairs, differences with their intervals, ablations.
    figures: Vec<Figure>,
    efficiency: Option<Table>,
    searches: Vec<Search>,
    learning: Option<Figure>,
    galleries: Option<Galleries>,
    retrieval: Option<Galleries>,
    prototypes: Option<Browser>,
    /// Whether runs might keep their prototypes, and none does.
    lacks_prototypes: bool,
    prototype_pages: Vec<String>,
    cards: Cards,
    without_folder: usize,
    plotly: String,
}

/// A number that the page begins with.
#[derive(Serialize)]
struct Fact {
    name: &'static str,
    value: String,
    more: String,
}

/// Checked claims, or why they cannot be checked.
#[derive(Serialize)]
struct Claims {
    table: Option<Table>,
    /// That seeds are too few to decide some.
    told: Option<String>,
    problem: Option<String>,
}

impl Claims {
    /// `None` of sweeps that claim nothing.
    fn check(collection: &Collection, comparison: &Comparison) -> Option<Claims> {
        collection.sweeps.iter().find(|sweep| !sweep.claims.is_empty())?;
        Some(match claim::check(collection, &comparison.judgement) {
            Ok(checked) => {
                let table = Some(Claims::table(comparison, &checked));
                Claims { table, told: claims_caption(&checked), problem: None }
            }
            Err(error) => Claims { table: None, told: None, problem: Some(error.to_string()) },
        })
    }

    fn table(comparison: &Comparison, checked: &[CheckedClaim]) -> Table {
        let mut grid = claims_grid(checked);
        // The numbers of a claim are of the arm that is to be better.
        for (cells, claim) in grid.rows.iter_mut().zip(checked) {
            let is_of = |row: &ComparedRow| {
                row.group == claim.claim.better && summary::describe(comparison, row) == claim.setting
            };
            let row = comparison.rows.iter().position(is_of);
            let metric = comparison.metrics.iter().position(|metric| *metric == claim.metric);
            cells[DIFFERENCE].of = row.zip(metric).map(|(row, metric)| [row, metric]);
        }
        Table::new("claims", "What the sweep is to show, and what it shows", &grid, true).into_cards()
    }
}

/// What arms differ in besides what they are named for.
#[derive(Serialize)]
struct Confounds {
    told: Vec<String>,
    /// Sweeps whose lists do not say.
    unknown: Vec<String>,
}

impl Confounds {
    fn of(collection: &Collection) -> Confounds {
        let mut confounds = Confounds { told: Vec::new(), unknown: Vec::new() };
        for sweep in &collection.sweeps {
            match &sweep.confounds {
                Some(told) => confounds.told.extend(told.iter().cloned()),
                // One arm has nothing to be confounded with.
                None if sweep.arms.len() > 1 => confounds.unknown.push(sweep.name.clone()),
                None => {}
            }
        }
        let mut seen = HashSet::new();
        confounds.told.retain(|one| seen.insert(one.clone()));
        confounds
    }
}

fn title(comparison: &Comparison) -> String {
    let names: Vec<&str> = comparison.sweeps.iter().map(|(name, _)| name.as_str()).collect();
    if names.is_empty() {
        format!("Comparison of {}", lgdea_spec::counted(comparison.runs[0], "run"))
    } else {
        names.join(" and ")
    }
}

fn facts(collection: &Collection, comparison: &Comparison) -> Vec<Fact> {
    let [runs, missing] = comparison.runs;
    let seeds: BTreeSet<u64> = collection.runs.iter().map(|run| run.place.seed).collect();
    let hours = collection.runs.iter().map(|run| run.seconds).sum::<f64>() / 3600.0;
    let of = if missing > 0 { format!("of {} trials", runs + missing) } else { "all that there are".to_owned() };
    let fact = |name, value: String, more: String| Fact { name, value, more };
    vec![
        fact("Finished runs", runs.to_string(), of),
        fact("Arms", collection.arms().len().to_string(), format!("compared with {}", comparison.base)),
        fact("Seeds", seeds.len().to_string(), "by which runs are paired".to_owned()),
        fact("Settings", settings(comparison).to_string(), comparison.keys.join(", ")),
        fact("Time", card::hours(hours), "wall clock of all runs together".to_owned()),
    ]
}

fn settings(comparison: &Comparison) -> usize {
    comparison.rows.chunk_by(|a, b| a.setting == b.setting).count()
}

/// Plotly's script element, the first of those that its crate brings; the other one typesets formulae, of which there are none.
fn plotly_script() -> String {
    let scripts = plotly::Plot::offline_js_sources();
    let end = scripts.find("</script>").map_or(scripts.len(), |start| start + "</script>".len());
    scripts[..end].to_owned()
}

fn render(filled: &Filled<'_>) -> Result<String, minijinja::Error> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::SemiStrict);
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    environment.add_filter("prose", |text: &str| Value::from_safe_string(prose(text)));
    environment.add_template("report", TEMPLATE)?;
    environment.get_template("report")?.render(Serde(filled))
}

/// The means over seeds of the held-out splits, or of an evaluation set.
fn means(set: Option<&str>, grid: &Grid) -> Table {
    let caption = "Mean ± standard deviation over seeds";
    match set {
        None => Table::new("means", caption, grid, false),
        Some(set) => Table::new(&format!("means-{set}"), &format!("{caption}, evaluation set {set}"), grid, false),
    }
}

/// The differences to the base, those first that are significant, with how many are.
fn differences(comparison: &Comparison) -> Option<Table> {
    let grid = grid::differences_by_verdict(comparison)?;
    let counts = counted(comparison.differences().map(|(_, _, difference)| difference));
    let counts = counts.map(|counts| format!(": {counts}")).unwrap_or_default();
    let caption = format!("Differences to {}, paired by seed{counts}", comparison.base);
    Some(Table::new("differences", &caption, &grid, true))
}

/// A sentence as HTML; what stands between backticks is code.
fn prose(sentence: &str) -> String {
    let text = |part: &str| HtmlEscape(part).to_string();
    view::prose(sentence, text, |part| format!("<code>{}</code>", text(part)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_in_prose_is_marked_and_markup_is_text() {
        assert_eq!(prose("by `a<b>` & c"), "by <code>a&lt;b&gt;</code> &amp; c");
    }

    #[test]
    fn one_script_is_taken_and_it_is_plotly() {
        let script = plotly_script();
        assert_eq!((script.matches("<script").count(), script.matches("</script>").count()), (1, 1));
        assert!(script.contains("plotly.js v") && script.len() < 5_000_000, "{} bytes", script.len());
    }
}
