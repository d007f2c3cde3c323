//! The card of a run: what is needed to make it again, and what it cost.

use lgdea_metric::readable;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::run::shown;
use crate::{Collection, Comparison, Run};

use super::logged::Logged;

/// Digits of a digest that are shown; all are in the run's journal.
const DIGEST: usize = 16;

/// A name, and what there is of it.
pub(super) type Fact = (&'static str, Vec<String>);

/// The card of a run.
#[derive(Serialize)]
pub(super) struct Card {
    /// Position of the run in the collection.
    pub(super) position: usize,
    run: String,
    arm: String,
    pub(super) seed: u64,
    /// What the card says in a line.
    line: String,
    pub(super) facts: Vec<Fact>,
}

impl Card {
    pub(super) fn new(
        collection: &Collection,
        comparison: &Comparison,
        position: usize,
        run: &Run,
        logged: Option<&Logged>,
    ) -> Card {
        let place = &run.place;
        let arm = collection.sweeps.iter().flat_map(|sweep| &sweep.arms).find(|arm| arm.name == place.arm);
        let mut facts = vec![
            ("Changes of the arm", settings(arm.map(|arm| &arm.changes))),
            ("Values of axes and search", settings(Some(&place.deltas))),
        ];
        if let Some(logged) = logged {
            facts.extend(told(run, logged));
        }
        facts.retain(|(_, values)| !values.is_empty());
        // What is so of all runs tells none from another.
        let varying = place.deltas.iter().filter(|(key, _)| comparison.keys.contains(key) || **key == comparison.by);
        let varying = varying.map(|(key, value)| format!("{key} = {}", readable(&shown(value))));
        let line = varying.chain([hours(run.seconds / 3600.0)]).collect::<Vec<_>>().join(", ");
        let (run, arm, seed) = (place.run_key.clone(), place.arm.clone(), place.seed);
        Card { position, run, arm, seed, line, facts }
    }
}

/// What only the journal tells.
fn told(run: &Run, logged: &Logged) -> Vec<Fact> {
    let dataset = |[name, context, digest]: &[String; 3]| {
        format!("{name} ({context}): {}", digest.chars().take(DIGEST).collect::<String>())
    };
    let protocol = logged.params.iter().filter(|(key, _)| key.starts_with("eval."));
    let attempts =
        if logged.attempts > 1 { vec![format!("{}, the later ones resumed", logged.attempts)] } else { vec![] };
    vec![
        ("Folder", vec![format!("runs/{}", logged.name)]),
        ("Data", logged.datasets.iter().map(dataset).collect()),
        ("Protocol", protocol.map(|(key, value)| format!("{key} = {value}")).collect()),
        ("Code, machine, device, day", vec![logged.provenance.describe()]),
        ("Attempts", attempts),
        ("Cost", vec![Cost::of(run.seconds, logged).describe()]),
    ]
}

fn settings(values: Option<&Map<String, Value>>) -> Vec<String> {
    values.into_iter().flatten().map(|(key, value)| format!("{key} = {}", shown(value))).collect()
}

/// Hours as a reader takes them in: `12.3 h`, `4.5 min`.
pub(super) fn hours(hours: f64) -> String {
    if hours >= 1.0 {
        format!("{hours:.1} h")
    } else if hours * 60.0 >= 1.0 {
        format!("{:.1} min", hours * 60.0)
    } else {
        format!("{:.0} s", hours * 3600.0)
    }
}

/// What runs took of processors.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Cost {
    /// Wall-clock time of one GPU, in hours.
    gpu: f64,
    /// Energy of that GPU, in kilowatt-hours; none where it is not known.
    energy: Option<f64>,
    /// Wall-clock time by the threads that a run might use, in hours.
    cpu: f64,
}

impl Cost {
    pub(super) fn of(seconds: f64, logged: &Logged) -> Cost {
        let hours = seconds / 3600.0;
        if logged.lineage.device.contains("cuda") || logged.gpu_hours > 0.0 {
            // An attempt that was killed measured nothing, but its time may be known.
            return Cost { gpu: hours.max(logged.gpu_hours), energy: logged.gpu_energy, cpu: 0.0 };
        }
        // 0 threads are all cores.
        let threads = logged.params.get("device.threads").and_then(|threads| threads.parse().ok());
        let threads = threads.filter(|threads| *threads > 0).unwrap_or(logged.lineage.cores.max(1));
        Cost { cpu: hours * threads as f64, ..Cost::default() }
    }

    pub(super) fn add(&mut self, other: &Cost) {
        self.gpu += other.gpu;
        self.energy = [self.energy, other.energy].into_iter().flatten().reduce(|a, b| a + b);
        self.cpu += other.cpu;
    }

    pub(super) fn describe(&self) -> String {
        let energy = self.energy.map(|energy| format!(" ({energy:.3} kWh)")).unwrap_or_default();
        let gpu = (self.gpu > 0.0).then(|| format!("{:.2} GPU-hours{energy}", self.gpu));
        let cpu = (self.cpu > 0.0).then(|| match self.cpu {
            cpu if cpu < 0.01 => "under 0.01 CPU-hours".to_owned(),
            cpu => format!("at most {cpu:.2} CPU-hours"),
        });
        gpu.into_iter().chain(cpu).collect::<Vec<_>>().join(" and ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cost_is_of_the_threads_that_a_run_may_use() {
        let logged = |device: &str, threads: &str| {
            let mut logged = Logged::default();
            logged.lineage.device = device.to_owned();
            logged.lineage.cores = 4;
            logged.params.insert("device.threads".to_owned(), threads.to_owned());
            logged
        };
        let of_cpu = |cpu| Cost { cpu, ..Cost::default() };
        assert_eq!(Cost::of(3600.0, &logged("flex", "2")), of_cpu(2.0));
        assert_eq!(Cost::of(3600.0, &logged("libtorch", "0")), of_cpu(4.0));
        assert_eq!(Cost::of(3600.0, &logged("libtorch-cuda:0", "0")).describe(), "1.00 GPU-hours");
        assert_eq!(Cost::of(3600.0, &logged("flex", "many")).describe(), "at most 4.00 CPU-hours");
        assert_eq!(Cost::of(3.0, &logged("flex", "1")).describe(), "under 0.01 CPU-hours");
        assert_eq!(Cost::default().describe(), "");
    }

    #[test]
    fn what_attempts_measured_on_a_gpu_is_added_up() {
        let mut logged = Logged::default();
        logged.lineage.device = "libtorch-cuda:0".to_owned();
        (logged.gpu_hours, logged.gpu_energy) = (1.5, Some(0.25));
        let mut cost = Cost::of(3600.0, &logged);
        assert_eq!(cost.describe(), "1.50 GPU-hours (0.250 kWh)");
        // Two attempts of which one was killed: 2 h are known, 1.5 h were measured.
        cost.add(&Cost::of(7200.0, &logged));
        cost.add(&Cost { cpu: 1.0, ..Cost::default() });
        assert_eq!(cost.describe(), "3.50 GPU-hours (0.500 kWh) and at most 1.00 CPU-hours");
    }

    #[test]
    fn time_is_read_at_a_glance() {
        assert_eq!([12.34, 0.5, 0.001].map(hours), ["12.3 h", "30.0 min", "4 s"]);
    }
}
