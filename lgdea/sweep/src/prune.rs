//! Which trials are not worth going on.

use lgdea_spec::sweep::{Prune, PruneRule};

/// What a trial has logged of the metric that decides.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Curve {
    /// Number of the trial, which decides its bracket.
    pub number: u64,
    /// Step and value, step by step.
    pub points: Vec<(u64, f64)>,
}

impl Curve {
    fn step(&self) -> u64 {
        self.points.last().map_or(0, |(step, _)| *step)
    }

    /// The first value at a step or after it.
    fn at(&self, step: u64) -> Option<f64> {
        self.points.iter().find(|(at, _)| *at >= step).map(|(_, value)| *value)
    }

    /// The values up to a step.
    fn until(&self, step: u64) -> impl Iterator<Item = f64> {
        self.points.iter().take_while(move |(at, _)| *at <= step).map(|(_, value)| *value)
    }
}

/// Whether a trial should stop after its last point, given what the others have logged by then.
pub fn should_stop(prune: &Prune, trial: &Curve, others: &[Curve]) -> bool {
    let brackets = u64::from(prune.brackets.max(1));
    match prune.rule {
        PruneRule::Asha => falls_behind(prune, prune.min_step, trial, others.iter()),
        PruneRule::Hyperband => {
            let bracket = trial.number % brackets;
            let first = prune.min_step.saturating_mul(prune.reduction.saturating_pow(bracket as u32));
            falls_behind(prune, first, trial, others.iter().filter(|other| other.number % brackets == bracket))
        }
        PruneRule::Median => is_below_median(prune, trial, others),
    }
}

/// Asynchronous successive halving: at the last rung that the trial has reached, it is not among the best share of those
/// that have reached it, too.
fn falls_behind<'c>(prune: &Prune, first: u64, trial: &Curve, others: impl Iterator<Item = &'c Curve>) -> bool {
    if trial.step() < first || first == 0 {
        return false;
    }
    let mut rung = first;
    while let Some(next) = rung.checked_mul(prune.reduction.max(2))
        && next <= trial.step()
    {
        rung = next;
    }
    let Some(own) = trial.at(rung) else { return false };
    let at_rung: Vec<f64> = others.filter_map(|other| other.at(rung)).collect();
    let better = at_rung.iter().filter(|other| prune.goal.better().prefers(**other, own)).count() as u64;
    let share = (at_rung.len() as u64 + 1) / prune.reduction.max(2);
    better >= share.max(1)
}

/// The trial's best is worse than the median of the others' running means at the same step.
fn is_below_median(prune: &Prune, trial: &Curve, others: &[Curve]) -> bool {
    let step = trial.step();
    if step < prune.min_step {
        return false;
    }
    let mean = |curve: &Curve| {
        let values: Vec<f64> = curve.until(step).filter(|value| value.is_finite()).collect();
        (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
    };
    let mut means: Vec<f64> = others.iter().filter(|other| other.step() >= step).filter_map(mean).collect();
    if means.len() < prune.startup_trials.max(1) {
        return false;
    }
    means.sort_by(f64::total_cmp);
    let median = means[means.len() / 2];
    trial.until(step).all(|value| prune.goal.better().prefers(median, value))
}

#[cfg(test)]
mod tests {
    use lgdea_spec::sweep::{Goal, Sweep};
    use rand::SeedableRng;
    use rand::seq::SliceRandom;
    use rand_chacha::ChaCha8Rng;

    use super::*;

    fn prune(rule: PruneRule) -> Prune {
        Prune {
            rule,
            metric: "train/loss".to_owned(),
            goal: Goal::Minimise,
            min_step: 10,
            reduction: 3,
            brackets: 2,
            startup_trials: 3,
        }
    }

    fn curve(number: u64, points: &[(u64, f64)]) -> Curve {
        Curve { number, points: points.to_vec() }
    }

    #[test]
    fn asha_keeps_the_best_third_of_a_rung() {
        let asha = prune(PruneRule::Asha);
        let others: Vec<Curve> = (0..5).map(|n| curve(n, &[(10, n as f64)])).collect();
        assert!(!should_stop(&asha, &curve(9, &[(9, 99.0)]), &others), "before the first rung");
        assert!(!should_stop(&asha, &curve(9, &[(10, 99.0)]), &[]), "alone");
        assert!(!should_stop(&asha, &curve(9, &[(10, 0.5)]), &others), "second of six");
        assert!(should_stop(&asha, &curve(9, &[(10, 1.5)]), &others), "third of six");
        assert!(!should_stop(&asha, &curve(9, &[(10, 9.0), (30, 9.0)]), &others), "first at the next rung");
        assert!(should_stop(&asha, &curve(9, &[(10, f64::NAN)]), &others), "diverged");
    }

    #[test]
    fn hyperband_compares_within_a_bracket_from_its_own_first_rung() {
        let hyperband = prune(PruneRule::Hyperband);
        let others: Vec<Curve> = (0..8).map(|n| curve(n, &[(10, 0.0), (30, 0.0)])).collect();
        assert!(should_stop(&hyperband, &curve(10, &[(10, 1.0)]), &others));
        assert!(!should_stop(&hyperband, &curve(11, &[(10, 1.0)]), &others), "its first rung is at 30");
        assert!(should_stop(&hyperband, &curve(11, &[(10, 1.0), (30, 1.0)]), &others));
    }

    #[test]
    fn median_needs_others_that_have_come_as_far() {
        let median = prune(PruneRule::Median);
        let others: Vec<Curve> = (0..3).map(|n| curve(n, &[(5, 4.0), (10, 2.0)])).collect();
        assert!(!should_stop(&median, &curve(9, &[(10, 3.0)]), &others), "as good as the mean so far");
        assert!(should_stop(&median, &curve(9, &[(10, 3.5)]), &others));
        assert!(!should_stop(&median, &curve(9, &[(10, 3.5)]), &others[..2]), "too few");
        assert!(!should_stop(&median, &curve(9, &[(11, 3.5)]), &others), "none has come as far");
        assert!(!should_stop(&median, &curve(9, &[(5, 1.0), (10, 9.0)]), &others), "its best counts");
    }

    /// The prune table of a sweep that names no goal.
    fn by_median_rank(rule: &str) -> Prune {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("s.toml");
        let metric = "validation/retrieval/i2t_median_rank";
        let prune = format!("rule = '{rule}'\nmetric = '{metric}'\nmin-step = 10\nstartup-trials = 3\n");
        std::fs::write(&path, format!("experiment = []\n[grid]\neval.every = [10]\n[prune]\n{prune}")).unwrap();
        Sweep::from_file(&path).unwrap().prune.unwrap()
    }

    #[test]
    fn every_rule_lets_the_lower_median_rank_go_on() {
        // All of one bracket.
        let ranks = |number: u64, rank: f64| curve(3 * number, &[(10, rank)]);
        let others: Vec<Curve> = (0..5).map(|number| ranks(number, 20.0 + number as f64)).collect();
        for rule in ["asha", "hyperband", "median"] {
            let prune = by_median_rank(rule);
            assert!(!should_stop(&prune, &ranks(9, 3.0), &others), "{rule}: the best");
            assert!(should_stop(&prune, &ranks(9, 90.0), &others), "{rule}: the worst");
        }
    }

    /// On recorded curves, over many orders in which the settings may come: the best of 64 is nearly always found at two fifths of
    /// the cost. Halving keeps it more often than keeping a third at the same first rung, which costs less.
    #[test]
    fn asha_finds_the_best_recorded_setting_at_a_part_of_the_cost() {
        let recorded = recorded();
        assert!(recorded.len() == 64 && recorded.iter().all(|curve| curve.points.len() == 27));
        let last = |trial: usize| recorded[trial].points[26].1;
        let best = (0..64).max_by(|a, b| last(*a).total_cmp(&last(*b))).unwrap();
        let over_orders = |reduction: u64| {
            let asha = Prune { goal: Goal::Maximise, min_step: 20, reduction, ..prune(PruneRule::Asha) };
            let mut random = ChaCha8Rng::seed_from_u64(0);
            let (mut found, mut cost, mut regret) = (0, 0.0, 0.0);
            for _ in 0..100 {
                let mut order: Vec<usize> = (0..64).collect();
                order.shuffle(&mut random);
                let (finished, share) = simulate(&asha, &recorded, &order, 4);
                cost += share / 100.0;
                found += usize::from(finished.contains(&best));
                regret += (last(best) - finished.iter().map(|&trial| last(trial)).fold(0.0, f64::max)) / 100.0;
            }
            (found, cost, regret)
        };
        let (found, cost, regret) = over_orders(2);
        assert!(found >= 80 && cost <= 0.4 && regret < 0.003, "{found} {cost} {regret}");
        let (in_thirds, cheaper, _) = over_orders(3);
        assert!(in_thirds < found && cheaper < cost);
    }

    /// The scores on the way of 64 settings, as `tests/fixtures/curves/record.py` wrote them down.
    fn recorded() -> Vec<Curve> {
        #[derive(serde::Deserialize)]
        struct File {
            trials: Vec<Trial>,
        }
        #[derive(serde::Deserialize)]
        struct Trial {
            steps: Vec<u64>,
            values: Vec<f64>,
        }
        let file: File = serde_json::from_str(include_str!("../../../tests/fixtures/curves/curves.json")).unwrap();
        let curve = |(number, trial): (usize, Trial)| Curve {
            number: number as u64,
            points: trial.steps.into_iter().zip(trial.values).collect(),
        };
        file.trials.into_iter().enumerate().map(curve).collect()
    }

    /// Runs trials in this order, so many at a time and all at one pace, and stops those that fall behind; returns the trials that
    /// came to their end and the share of all points that were reached.
    fn simulate(prune: &Prune, recorded: &[Curve], order: &[usize], workers: usize) -> (Vec<usize>, f64) {
        let mut seen: Vec<Curve> = (0..recorded.len()).map(|number| curve(number as u64, &[])).collect();
        let (mut waiting, mut running, mut finished) = (order.iter().copied(), Vec::new(), Vec::new());
        loop {
            running.extend(waiting.by_ref().take(workers - running.len()));
            if running.is_empty() {
                let points = |curves: &[Curve]| curves.iter().map(|curve| curve.points.len()).sum::<usize>() as f64;
                return (finished, points(&seen) / points(recorded));
            }
            for trial in std::mem::take(&mut running) {
                let reached = seen[trial].points.len();
                seen[trial].points.push(recorded[trial].points[reached]);
                let others: Vec<Curve> = seen.iter().filter(|other| other.number != trial as u64).cloned().collect();
                if reached + 1 == recorded[trial].points.len() {
                    finished.push(trial);
                } else if !should_stop(prune, &seen[trial], &others) {
                    running.push(trial);
                }
            }
        }
    }
}
