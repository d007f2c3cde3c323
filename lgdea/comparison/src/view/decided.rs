//! Checked claims and needed seeds, for the terminal.

use crate::claim::{CheckedClaim, Outcome};
use crate::difference::{Difference, FEWEST_SEEDS, too_few_seeds};
use crate::seeds::{Answers, Question};

use super::grid::{Grid, GridCell, signed};
use super::p_value;
use super::terminal::lay_out;

/// A row a claim and setting, and what is to be known of all of them.
pub fn claims(checked: &[CheckedClaim]) -> String {
    let told = claims_caption(checked).map(|sentence| format!("\n{}", sentence.replace('`', "")));
    format!("{}{}", lay_out(&claims_grid(checked)), told.unwrap_or_default())
}

/// That claims have too few seeds, once for all of them; code stands between backticks.
pub(crate) fn claims_caption(checked: &[CheckedClaim]) -> Option<String> {
    too_few_seeds(checked.iter().filter_map(|claim| claim.difference.as_ref()))
}

/// The column of [`claims_grid`] that tells the difference.
pub(crate) const DIFFERENCE: usize = 3;

/// The checked claims before they are laid out; a claim's name stands in its first row alone.
pub(crate) fn claims_grid(checked: &[CheckedClaim]) -> Grid {
    let header = ["claim", "setting", "seeds", "difference", "p corrected", "outcome"].map(str::to_owned).to_vec();
    let mut grid = Grid { header, numbers: 2, rows: vec![], breaks: vec![] };
    let mut last = None;
    for claim in checked {
        let stated = &claim.claim;
        let least = if stated.min_delta > 0.0 { format!(" by {}", stated.min_delta) } else { String::new() };
        let late = match stated.after {
            0 => String::new(),
            1 => " (stated after 1 run had finished)".to_owned(),
            some => format!(" (stated after {some} runs had finished)"),
        };
        let name = format!("{} > {}{least}: {}{late}", stated.better, stated.than, claim.metric.label);
        let outcome = match &claim.outcome {
            Outcome::Holds { if_normal: false } => "holds".to_owned(),
            Outcome::Holds { if_normal: true } => "holds if differences are normal".to_owned(),
            Outcome::Fails { because } => format!("fails: {because}"),
            Outcome::Undecided { .. } if claim.difference.as_ref().is_some_and(Difference::has_too_few_seeds) => {
                "undecided".to_owned()
            }
            Outcome::Undecided { because, seeds_needed } => {
                let needed = seeds_needed.map(|seeds| format!("; about {seeds} seeds would tell"));
                format!("undecided: {because}{}", needed.unwrap_or_default())
            }
        };
        let difference = claim.difference.as_ref();
        let mean = difference.and_then(|difference| difference.mean).map(|mean| signed(&claim.metric, mean));
        let seeds = difference.map_or(0, |difference| difference.seeds.len());
        let shown = if last == Some(stated) { String::new() } else { name };
        let p = p_value(difference.and_then(|difference| difference.p_corrected));
        let cells = [shown, claim.setting.clone(), seeds.to_string(), mean.unwrap_or_default(), p, outcome];
        grid.rows.push(cells.into_iter().map(GridCell::from).collect());
        last = Some(stated);
    }
    grid
}

/// A row a setting, and what the numbers assume.
pub fn seeds(question: &Question, answers: &Answers) -> String {
    let header = ["setting", "pilot seeds", "observed", "deviation", "to be found", "seeds", "cautious", "permutation"];
    let mut grid = Grid { header: header.map(str::to_owned).to_vec(), numbers: 1, rows: vec![], breaks: vec![] };
    let count = |seeds: Option<usize>| seeds.map_or("> 100000".to_owned(), |seeds| seeds.to_string());
    for answer in &answers.settings {
        let metric = &question.metric;
        let deviation = answer.pilot.standard_deviation.map(|deviation| metric.show(deviation)).unwrap_or_default();
        let cells = [
            answer.setting.clone(),
            answer.pilot.seeds.len().to_string(),
            answer.pilot.mean.map(|mean| signed(metric, mean)).unwrap_or_default(),
            deviation,
            signed(metric, answer.delta),
            count(answer.seeds),
            count(answer.cautious),
            format!("≥ {}", answer.permutation),
        ];
        grid.rows.push(cells.into_iter().map(GridCell::from).collect());
    }
    let observed = if question.delta.is_some() {
        ""
    } else {
        "\nThe difference to be found is the observed one, which is itself an estimate and often too great: name the least \
         that matters with --delta."
    };
    let left_out = if answers.left_out > 0 { format!("\n{}", left_out(answers)) } else { String::new() };
    format!(
        "{}: {} − {}\n{}\n\nSeeds of each arm, the same for both, with which a two-sided paired t-test finds the difference \
         with a power of {} at alpha = {} over {}.\nseeds: if the pilot's standard deviation of differences is the true one. \
         cautious: if it is the upper 80 % limit that a pilot of this size leaves.\npermutation: fewest seeds with which a \
         permutation test can reach such a p at all.{observed}{left_out}",
        question.metric.label,
        question.arm,
        question.than,
        lay_out(&grid),
        question.power,
        question.alpha,
        if question.comparisons == 1 {
            "1 comparison".to_owned()
        } else {
            format!("{} comparisons", question.comparisons)
        },
    )
}

/// That there are settings of which a pilot says nothing.
pub fn left_out(answers: &Answers) -> String {
    format!(
        "left out: {} of {} settings, of which both arms have fewer than {FEWEST_SEEDS} seeds, or always the same difference",
        answers.left_out,
        answers.left_out + answers.settings.len()
    )
}
