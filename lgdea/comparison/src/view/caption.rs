//! What a reader must know to read a table: how it was made, of what, and what its marks mean.

use std::collections::BTreeMap;

use lgdea_spec::{agreeing, counted};

use crate::difference::{Difference, Verdict, too_few_seeds};
use crate::statistic::{bootstrap, permutation};
use crate::{ComparedRow, Comparison, Interval};

use super::grid::percent;

/// Seeds below which a bootstrap interval is told to be too narrow.
const NARROW: usize = 10;

/// What a ceiling is.
pub(crate) const CEILING: &str = "A ceiling learns from what the task hides (reports of unpaired images, labels): it is never the \
     best, it shows how far a method could come.";

/// The caption, a sentence or two an item; code stands between backticks. `best` says how the best of a setting stands out.
pub fn caption(comparison: &Comparison, best: &str) -> Vec<String> {
    let mut sentences = sweeps(comparison);
    sentences.extend(reading(comparison, best));
    if !comparison.efficiency.is_empty() {
        sentences.push(
            "Data efficiency: of two, the better one at a share of pairs, and how many times as many pairs of image and report bring \
             the other's mean there, linear in their logarithm between the shares that were run; beyond these nothing is said but more than \
             (>) and less than (<). Over seeds: the least and the greatest."
                .to_owned(),
        );
    }
    let [runs, missing] = comparison.runs;
    let missing = if missing > 0 {
        format!(" ({} {} no finished run)", counted(missing, "trial"), agreeing(missing, "has", "have"))
    } else {
        String::new()
    };
    sentences.push(format!("{}{missing} of {}.", counted(runs, "run"), comparison.provenance.describe()));
    sentences.push(format!("Made by `{}`.", comparison.command));
    sentences
}

/// The sweeps and their questions.
pub(super) fn sweeps(comparison: &Comparison) -> Vec<String> {
    let told = |(name, description): &(String, String)| match description.as_str() {
        "" => format!("Sweep `{name}`."),
        description => format!("Sweep `{name}`: {}", ended(description)),
    };
    comparison.sweeps.iter().map(told).collect()
}

/// What the numbers and marks of means and differences say.
pub(super) fn reading(comparison: &Comparison, best: &str) -> Vec<String> {
    let mut sentences = vec![format!("Mean ± standard deviation over {}.", seeds(comparison))];
    if comparison.differences().next().is_some() {
        sentences.extend(differences(comparison));
    }
    if comparison.rows.iter().flat_map(|row| &row.cells).any(|cell| cell.best) {
        sentences.push(format!(
            "{best}: the best mean of a setting, or all that are the best by the decimals shown, which is no test."
        ));
    }
    if comparison.rows.iter().any(ComparedRow::is_ceiling) {
        sentences.push(CEILING.to_owned());
    }
    if comparison.rows.iter().any(|row| row.labels && !row.is_ceiling()) {
        sentences.push(
            "(labels): labels of unpaired images teach it, too, which is other supervision than pairs.".to_owned(),
        );
    }
    sentences
}

/// How differences were judged.
fn differences(comparison: &Comparison) -> Vec<String> {
    let all = || comparison.differences().map(|(_, _, difference)| difference);
    let judged: Vec<&Difference> = all().filter(|difference| !difference.has_too_few_seeds()).collect();
    let base = &comparison.base;
    let mut sentences = if judged.is_empty() {
        vec![format!("Differences to `{base}` are paired by seed.")]
    } else {
        intervals(comparison, &judged)
    };
    sentences.extend(too_few_seeds(all()));
    if !judged.is_empty() {
        sentences.extend(tests(comparison, &judged));
    }
    sentences
}

/// What the intervals are, and how far they can be trusted.
fn intervals(comparison: &Comparison, judged: &[&Difference]) -> Vec<String> {
    let judgement = comparison.judgement;
    let bootstrapped = judgement.interval != Interval::T;
    let resamples =
        if bootstrapped { format!(" ({} resamples)", thousands(bootstrap::RESAMPLES)) } else { String::new() };
    let mut sentences = vec![format!(
        "Differences to `{}` are paired by seed, with {} % {} intervals{resamples}.",
        comparison.base,
        percent(1.0 - judgement.alpha),
        judgement.interval.name(),
    )];
    let fewest = judged.iter().map(|difference| difference.seeds.len()).min().unwrap_or_default();
    if bootstrapped && fewest < NARROW {
        sentences.push(format!(
            "Of so few seeds ({fewest} at the least) a bootstrap interval is too narrow: nominal 95 % cover about 84 % of five \
             normal differences and 90 % of ten."
        ));
    }
    sentences
}

/// How significance was decided, and why it could not be.
fn tests(comparison: &Comparison, judged: &[&Difference]) -> Vec<String> {
    let judgement = comparison.judgement;
    let families = judged.iter().map(|difference| difference.family);
    let (least, most) = (families.clone().min().unwrap_or_default(), families.max().unwrap_or_default());
    let family = if least == most { most.to_string() } else { format!("{least} to {most}") };
    let mut sentences = Vec::new();
    if most > 0 {
        sentences.push(format!(
            "Significance: two-sided {}; p corrected by Holm's method over the {family} {} of a metric shown here; * \
             corrected p < {}.",
            judgement.test.name(),
            agreeing(most, "comparison", "comparisons"),
            judgement.alpha,
        ));
    }
    let if_normal = judged.iter().filter(|difference| difference.verdict == Verdict::IfNormal);
    if let Some(seeds) = if_normal.map(|difference| difference.seeds.len()).max() {
        sentences.push(format!(
            "† only if the differences are normal, which so few cannot show: {seeds} seeds cannot reach p < {} two-sided \
             without that assumption (a permutation test reaches {} at the least; {} seeds could).",
            judgement.alpha,
            permutation::least(seeds),
            permutation::fewest_pairs(judgement.alpha),
        ));
    }
    let mut reasons: BTreeMap<&str, usize> = BTreeMap::new();
    for difference in judged {
        if let Verdict::Unsupported(reason) = &difference.verdict {
            *reasons.entry(reason).or_default() += 1;
        }
    }
    if !reasons.is_empty() {
        let reasons: Vec<String> =
            reasons.into_iter().map(|(reason, count)| format!("{reason} ({count} of {})", judged.len())).collect();
        sentences.push(format!("Cannot tell: {}.", reasons.join("; ")));
    }
    sentences
}

/// The seeds of the rows: `5 seeds (0–4)`, `3 to 5 seeds`.
fn seeds(comparison: &Comparison) -> String {
    let counts = comparison.rows.iter().map(|row| row.seeds.len());
    let (least, most) = (counts.clone().min().unwrap_or_default(), counts.max().unwrap_or_default());
    let all = comparison.rows.iter().all(|row| row.seeds == comparison.rows[0].seeds);
    let word = if most == 1 { "seed" } else { "seeds" };
    if all {
        format!("{most} {word} ({})", ranges(&comparison.rows[0].seeds))
    } else if least == most {
        format!("{most} {word}, which are not the same in all rows")
    } else {
        format!("{least} to {most} {word}")
    }
}

/// Ascending numbers with ranges for runs of them: `0–4, 7`.
fn ranges(numbers: &[u64]) -> String {
    let runs = numbers.chunk_by(|a, b| a + 1 == *b);
    let shown = runs.map(|run| match run {
        [first, .., last] => format!("{first}–{last}"),
        one => one.iter().map(u64::to_string).collect(),
    });
    shown.collect::<Vec<_>>().join(", ")
}

/// A number with commas between thousands.
fn thousands(number: usize) -> String {
    if number < 1000 { number.to_string() } else { format!("{},{:03}", thousands(number / 1000), number % 1000) }
}

/// A text that ends as a sentence does.
fn ended(text: &str) -> String {
    let text = text.trim();
    if text.ends_with(['.', '?', '!']) { text.to_owned() } else { format!("{text}.") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seeds_are_ranges() {
        assert_eq!(ranges(&[0, 1, 2, 5, 7, 8]), "0–2, 5, 7–8");
    }

    #[test]
    fn thousands_have_commas() {
        assert_eq!([999, 10_000, 1_000_001].map(thousands), ["999", "10,000", "1,000,001"]);
    }
}
