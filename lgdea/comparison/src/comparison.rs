//! The comparison of runs: a value, of which tables in all formats are views.

use std::collections::BTreeMap;

use lgdea_metric::readable;
use lgdea_spec::sweep::Role;
use serde::Serialize;

use crate::difference::{Difference, Judgement, judge};
use crate::efficiency::{Efficiency, efficiencies};
use crate::metric::{self, Metric, Split};
use crate::rows::{ARM, Row, Rows, Setting};
use crate::statistic::{mean, standard_deviation};
use crate::{Collection, ComparisonError, Provenance, notes};

/// What is to be compared, and how.
#[derive(Debug, Clone, PartialEq)]
pub struct Request {
    /// Names or patterns of metrics; the headline scores where there are none.
    pub metrics: Vec<String>,
    /// The split of metrics that do not name theirs.
    pub split: Split,
    /// What is compared: [`ARM`], or an axis.
    pub by: String,
    /// What the others are compared with: an arm, or a value of the axis.
    pub base: Option<String>,
    /// What the others' data efficiency is set against; the base where it is none.
    pub equals: Option<String>,
    /// How differences are judged.
    pub judgement: Judgement,
    /// The command that asked, for captions.
    pub command: String,
}

impl Request {
    /// What is asked where nobody says more: the headline scores of the test split by arm, judged as by default.
    pub fn usual(command: String) -> Request {
        Request {
            metrics: Vec::new(),
            split: Split::Test,
            by: ARM.to_owned(),
            base: None,
            equals: None,
            judgement: Judgement::default(),
            command,
        }
    }
}

/// A comparison.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Comparison {
    /// The command that made it.
    pub command: String,
    /// Names of the sweeps that the runs are of, and their questions.
    pub sweeps: Vec<(String, String)>,
    /// What is compared.
    pub by: String,
    /// What the others are compared with.
    pub base: String,
    /// Keys that vary besides.
    pub keys: Vec<String>,
    /// The metrics.
    pub metrics: Vec<Metric>,
    /// How differences are judged.
    pub judgement: Judgement,
    /// The rows: settings in their order, within each the groups in theirs.
    pub rows: Vec<ComparedRow>,
    /// What the others' data efficiency is set against.
    pub equals: String,
    /// Data efficiency: of each two, of the better one.
    pub efficiency: Vec<Efficiency>,
    /// What the runs were made with.
    pub provenance: Provenance,
    /// Finished runs, and trials without one.
    pub runs: [usize; 2],
    /// What a reader should know.
    pub notes: Vec<String>,
    /// Those of the notes that say what makes the numbers hard to compare: no table should be without them.
    #[serde(skip)]
    pub(crate) doubts: Vec<String>,
}

/// A row of a comparison.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct ComparedRow {
    /// The arm, or the value of the axis.
    pub group: String,
    /// The part that it plays: declared by a sweep file, or a ceiling by its settings.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<Role>,
    /// Whether labels of unpaired images taught its runs: other supervision than pairs.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub labels: bool,
    /// Values of [`Comparison::keys`].
    pub setting: Setting,
    /// Its seeds.
    pub seeds: Vec<u64>,
    /// Keys of its runs, in the order of the seeds.
    pub run_keys: Vec<String>,
    /// A cell for each metric.
    pub cells: Vec<Cell>,
}

/// A metric of a row.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Cell {
    /// The values, by seed.
    pub values: BTreeMap<u64, f64>,
    /// Their mean; none without values.
    pub mean: Option<f64>,
    /// Their standard deviation (n − 1); none of fewer than two.
    pub standard_deviation: Option<f64>,
    /// Whether no mean of its setting is better by the decimals that are shown; several may be the best.
    pub best: bool,
    /// Difference to the base's row of the setting; none of the base itself, and where it has no such row.
    pub difference: Option<Difference>,
}

impl Comparison {
    /// Compares runs.
    ///
    /// # Errors
    /// A metric, arm or axis is not known; there are no runs; two runs have one place.
    pub fn new(collection: &Collection, request: &Request) -> Result<Comparison, ComparisonError> {
        let rows = Rows::new(collection, &request.by)?;
        let metrics = metric::chosen(&request.metrics, request.split, &collection.runs)?;
        let base = base(collection, &rows, request.base.as_deref())?;
        let equals = request.equals.as_ref().map_or(Ok(base.as_str()), |equals| rows.group(equals))?.to_owned();
        let mut compared: Vec<ComparedRow> =
            rows.rows.iter().map(|row| compare(&rows, row, &metrics, &base, request)).collect();
        for (position, metric) in metrics.iter().enumerate() {
            let cells = compared.iter_mut().map(|row| &mut row.cells[position]);
            let mut family: Vec<&mut Difference> = cells.filter_map(|cell| cell.difference.as_mut()).collect();
            judge(&mut family, &request.judgement);
            mark_best(&mut compared, position, metric);
        }
        let doubts = notes::doubts(collection, &rows, &metrics, &base);
        Ok(Comparison {
            notes: doubts.iter().cloned().chain(notes::further(collection, &rows, &base)).collect(),
            doubts,
            command: request.command.clone(),
            sweeps: collection.sweeps.iter().map(|sweep| (sweep.name.clone(), sweep.description.clone())).collect(),
            efficiency: efficiencies(&rows, &metrics, &equals),
            by: request.by.clone(),
            base,
            keys: rows.keys.clone(),
            metrics,
            judgement: request.judgement,
            rows: compared,
            equals,
            provenance: collection.provenance.clone(),
            runs: [collection.runs.len(), collection.missing.len()],
        })
    }

    /// Whether all metrics are of the validation split: whoever looks at it is still choosing, and should not see the test split.
    pub(crate) fn is_of_validation(&self) -> bool {
        self.metrics.iter().all(|metric| Split::of(&metric.name) == Some(Split::Validation))
    }

    /// Whether any difference has seeds enough for an interval and a verdict.
    pub(crate) fn is_judged(&self) -> bool {
        self.differences().any(|(_, _, difference)| !difference.has_too_few_seeds())
    }

    /// The differences of all rows with their metric.
    pub fn differences(&self) -> impl Iterator<Item = (&ComparedRow, &Metric, &Difference)> {
        let cells = self.rows.iter().flat_map(|row| row.cells.iter().zip(&self.metrics).map(move |cell| (row, cell)));
        cells.filter_map(|(row, (cell, metric))| Some((row, metric, cell.difference.as_ref()?)))
    }
}

impl ComparedRow {
    /// Whether it is a ceiling, which is never called the best.
    pub fn is_ceiling(&self) -> bool {
        self.role == Some(Role::Ceiling)
    }

    /// The mean of a metric, by its position, where the row may be the best one by it: none of a ceiling.
    pub(crate) fn contending(&self, metric: usize) -> Option<f64> {
        self.cells[metric].mean.filter(|_| !self.is_ceiling())
    }

    /// Its group as tables name it.
    pub(crate) fn label(&self) -> String {
        let group = readable(&self.group);
        match (self.is_ceiling(), self.labels) {
            (true, _) => format!("{group} (ceiling)"),
            (false, true) => format!("{group} (labels)"),
            (false, false) => group,
        }
    }
}

/// The group that the others are compared with.
fn base(collection: &Collection, rows: &Rows<'_>, asked: Option<&str>) -> Result<String, ComparisonError> {
    let declared = collection.sweeps.first().map(|sweep| sweep.base.as_str()).filter(|_| rows.by == ARM);
    match (asked, declared) {
        (Some(asked), _) => rows.group(asked).map(str::to_owned),
        // A base whose runs have not finished cannot be the base.
        (None, Some(declared)) if rows.group(declared).is_ok() => Ok(declared.to_owned()),
        _ => Ok(rows.groups[0].clone()),
    }
}

fn compare(rows: &Rows<'_>, row: &Row<'_>, metrics: &[Metric], base: &str, request: &Request) -> ComparedRow {
    let against = if row.group == base { None } else { rows.counterpart(row, base) };
    let cell = |metric: &Metric| {
        let values = row.values(&metric.name);
        let numbers: Vec<f64> = values.values().copied().collect();
        Cell {
            mean: (!numbers.is_empty()).then(|| mean(&numbers)),
            standard_deviation: standard_deviation(&numbers),
            best: false,
            difference: against.map(|base| Difference::of(metric, row, base, &request.judgement)),
            values,
        }
    };
    ComparedRow {
        group: row.group.clone(),
        role: rows.role(row),
        labels: row.runs.values().any(|run| run.labels),
        setting: row.setting.clone(),
        seeds: row.runs.keys().copied().collect(),
        run_keys: row.runs.values().map(|run| run.place.run_key.clone()).collect(),
        cells: metrics.iter().map(cell).collect(),
    }
}

/// Marks the best mean of each setting that has more than one, and all that look the same in a table; ceilings apart.
fn mark_best(rows: &mut [ComparedRow], metric: usize, of: &Metric) {
    for setting in rows.chunk_by_mut(|a, b| a.setting == b.setting) {
        if setting.iter().filter(|row| !row.is_ceiling()).count() < 2 {
            continue;
        }
        let means = setting.iter().filter_map(|row| row.contending(metric));
        let best = means.max_by(|a, b| of.gain(*a).total_cmp(&of.gain(*b))).map(|mean| of.show(mean));
        for row in setting {
            row.cells[metric].best = best.is_some() && row.contending(metric).map(|mean| of.show(mean)) == best;
        }
    }
}
