//! `lgdea profile`: where the time of a training step goes.

use std::fmt::Write;

use lgdea_comparison::statistic::percentile;
use lgdea_run::Preparation;
use lgdea_spec::counted;
use lgdea_train::{Profile, profile as measure};
use serde_json::{Value, json};

use crate::args::ProfileArgs;
use crate::command::requirements;
use crate::device;
use crate::failure::{Failure, refused};
use crate::output::{print, print_json};
use crate::progress::{Progress, say};

pub(crate) fn profile(args: &ProfileArgs) -> Result<(), Failure> {
    if let Some(folder) = args.peer.as_ref().filter(|folder| folder.exists()) {
        return Err(refused(format!("{} is there already; name another folder", folder.display())));
    }
    let (progress, training) = (Progress::new(), &args.training);
    let resolved = training.resolve()?;
    requirements::require(&resolved)?;
    let experiment = resolved.experiment.without_scored_sets();
    let device_name = &experiment.device.name;
    let device = device::open(device_name, experiment.device.threads)?;
    let prepared =
        Preparation { experiment: &experiment, results: &training.results, audience: &progress }.all(&device)?;
    say(format!("training for {} on {device_name}", counted(usize::from(args.steps), "step")));
    let found = measure(&experiment, &prepared, &device, usize::from(args.steps), args.peer.as_deref())?;
    if args.json { print_json(&as_json(&found)) } else { print(&as_text(&found)) }
}

fn as_json(found: &Profile) -> Value {
    let parts: serde_json::Map<String, Value> =
        found.parts.iter().map(|(part, seconds)| ((*part).to_owned(), json!(seconds))).collect();
    json!({
        "first-step": found.first,
        "images": found.images,
        "reports": found.reports,
        "seconds": found.steps,
        "parts": parts,
        "graph-seconds": found.graph.map(|(seconds, _)| seconds),
        "graph-every": found.graph.map(|(_, every)| every),
        "losses": found.losses,
    })
}

fn as_text(found: &Profile) -> String {
    let total: f64 = found.parts.iter().flat_map(|(_, seconds)| seconds).sum();
    let mut text = format!("{:<24}{:>10}{:>8}\n", "part of a step", "ms", "share");
    for (part, seconds) in &found.parts {
        let share = seconds.iter().sum::<f64>() / total;
        let [_, median, _] = spread(seconds);
        let _ = writeln!(text, "{part:<24}{:>10.2}{:>7.1}%", median * 1e3, share * 100.0);
    }
    let [least, step, most] = spread(&found.steps);
    let _ = writeln!(
        text,
        "\na step takes {:.1} ms ({:.1} to {:.1} in {}), {:.0} images a second: {} and {}",
        step * 1e3,
        least * 1e3,
        most * 1e3,
        counted(found.steps.len(), "step"),
        found.images as f64 / step,
        counted(found.images, "image"),
        counted(found.reports, "report"),
    );
    if let Some((seconds, every)) = found.graph {
        let share = seconds / every as f64;
        let _ =
            writeln!(text, "a relation graph takes {seconds:.2} s every {every} steps, {:.2} ms of each", share * 1e3);
    }
    text
}

/// The least, the median and the greatest.
fn spread(values: &[f64]) -> [f64; 3] {
    let mut ascending = values.to_vec();
    ascending.sort_by(f64::total_cmp);
    [0.0, 0.5, 1.0].map(|share| percentile(&ascending, share))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_of_all_parts_and_medians_stand_beside_them() {
        let found = Profile {
            first: 3,
            images: 96,
            reports: 64,
            steps: vec![0.1, 0.2, 0.12],
            parts: vec![("image tower", vec![0.025, 0.05, 0.03]), ("backward", vec![0.075, 0.15, 0.09])],
            graph: Some((0.5, 100)),
            losses: vec![1.0; 6],
        };
        insta::assert_snapshot!(as_text(&found));
    }
}
