//! What is left when processes of a sweep die or are stopped.

use std::path::Path;
use std::process::Child;
use std::time::Duration;

use lgdea_harness::{Run, Said, Workspace, ended, processes, signal, wait_until};

/// A sequence of numbers that looks random, from a seed that a failure tells.
struct Dice(u64);

impl Dice {
    fn new() -> Dice {
        let seed = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_nanos() as u64;
        println!("seed {seed}");
        Dice(seed)
    }

    /// A number below `limit` (Knuth's linear congruential generator).
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }
}

/// Process ids of the trials of a results folder.
fn trials_of(results: &Path) -> Vec<u32> {
    let results = results.canonicalize().unwrap_or_default();
    let is_trial = |process: u32, words: &[String]| {
        let folder = std::fs::read_link(format!("/proc/{process}/cwd")).unwrap_or_default();
        words.iter().any(|word| word == "--trial") && results.parent() == Some(&folder)
    };
    let trials = processes().into_iter().filter(|(process, words)| is_trial(*process, words));
    trials.map(|(process, _)| process).collect()
}

/// Kills processes of a sweep of `trials` at `kills` random moments, lets it end, and says what there is then.
#[cfg(target_os = "linux")]
fn kill_at_random(trials: usize, kills: usize) {
    let place = Workspace::of_sweeps();
    let sweep = place.sweep(&format!("seeds.count = {trials}\n"));
    let killed = kill(&place, &sweep, trials, kills);
    place.finish(&sweep, "a", &["--workers", "2"]);

    let listed = place.trials("a");
    let runs: Vec<Run> = listed.iter().map(|trial| place.run_of("a", trial)).collect();
    let attempts: usize = runs.iter().map(Run::attempts).sum();
    let doubled = runs.iter().filter(|run| run.endings().iter().filter(|end| *end == "finished").count() != 1).count();
    let torn = runs.iter().filter(|run| run.path("journal.torn").exists()).count();
    let folders = place.runs("a").len();
    println!(
        "{killed}: {} of {trials} finished in {attempts} attempts, {doubled} not once, {folders} folders, {torn} torn lines healed",
        finished(&place),
    );
    assert_eq!((finished(&place), doubled, folders), (trials, 0, trials));
    // What was cut off and went on is what would have come without.
    let most = (0..trials).max_by_key(|run| runs[*run].attempts()).unwrap();
    let seed = format!("seed={}", listed[most]["seed"]);
    place.lgdea(&["run", "tiny.toml", "--results", "alone", "--set", &seed]).assert().success();
    assert_eq!(runs[most].metrics(), place.run_of_key("alone", listed[most]["run_key"].as_str().unwrap()).metrics());
    assert_eq!(std::fs::read_dir(place.path("a/leases")).unwrap().count(), 0, "no lease stays");
}

/// Begins a sweep, again where it has ended, and kills it or one of its trials at random moments; says how many.
#[cfg(target_os = "linux")]
fn kill(place: &Workspace, sweep: &Path, trials: usize, kills: usize) -> String {
    let start = || place.start_unheard(sweep, "a");
    let mut dice = Dice::new();
    let mut parent = start();
    let (mut of_parents, mut of_trials) = (0, 0);
    while of_parents + of_trials < kills {
        std::thread::sleep(Duration::from_millis(dice.below(700)));
        if parent.try_wait().unwrap().is_some() {
            // Trials that were killed too often count as failed; the next call tries them again.
            parent = start();
        }
        let running = trials_of(&place.path("a"));
        if running.is_empty() {
            if finished(place) == trials {
                println!("all trials ended before the last kill");
                break;
            }
            continue;
        }
        if (of_parents + of_trials) % 3 == 2 {
            parent.kill().unwrap();
            parent.wait().unwrap();
            of_parents += 1;
            parent = start();
        } else {
            signal(running[dice.below(running.len() as u64) as usize], "-KILL");
            of_trials += 1;
        }
    }
    parent.wait().unwrap();
    format!("{of_parents} sweeps and {of_trials} trials killed")
}

fn finished(place: &Workspace) -> usize {
    if !place.path("a/sweeps/sweep/trials.jsonl").exists() {
        return 0;
    }
    place.trials("a").iter().filter(|trial| place.run_of("a", trial).is_finished()).count()
}

#[cfg(target_os = "linux")]
#[test]
fn nothing_is_lost_or_doubled_by_kills() {
    kill_at_random(12, 8);
}

#[cfg(target_os = "linux")]
#[test]
#[ignore = "takes several minutes; see CONTRIBUTING.md"]
fn nothing_is_lost_or_doubled_by_fifty_kills() {
    kill_at_random(60, 50);
}

/// A sweep whose only trial takes longer than anybody waits.
const ENDLESS: &str = "grid.train.steps = [1000000]\n";

/// Waits until this attempt at the trial has written a checkpoint.
fn wait_for_checkpoint(place: &Workspace, process: &mut Child, attempt: usize) {
    wait_until("the trial has a checkpoint", Duration::from_millis(5), || {
        assert!(process.try_wait().unwrap().is_none(), "the sweep ended");
        let Some(run) = place.runs("a").into_iter().next() else { return false };
        let journal = run.journal();
        let last = journal.rsplit("\"event\":\"started\"").next().unwrap_or_default();
        journal.matches("\"event\":\"started\"").count() == attempt && last.contains("\"event\":\"checkpoint\"")
    });
}

#[cfg(unix)]
#[test]
fn the_first_signal_saves_what_there_is_and_the_second_ends_all() {
    let place = Workspace::of_sweeps();
    let sweep = place.sweep(ENDLESS);
    let mut process = place.start(&sweep, "a", &["--workers", "1"]);
    wait_for_checkpoint(&place, &mut process, 1);
    signal(process.id(), "-INT");
    let counts = ended(process).code(1).json();
    assert_eq!(counts["left"], 1);
    let trial = &place.trials("a")[0];
    assert_eq!(place.run_of("a", trial).endings(), ["killed"]);

    let mut process = place.start(&sweep, "a", &["--workers", "1"]);
    wait_for_checkpoint(&place, &mut process, 2);
    signal(process.id(), "-TERM");
    signal(process.id(), "-TERM");
    let said = ended(process).code(1).told();
    assert!(said.contains("resumed  "), "{said}");
    assert!(place.run_of("a", trial).went_on(), "it went on from its checkpoint");
    assert!(trials_of(&place.path("a")).is_empty(), "no trial survives its sweep");
}

/// A trial whose sweep is killed notices, writes a checkpoint and ends.
#[cfg(target_os = "linux")]
#[test]
fn a_trial_does_not_survive_its_sweep() {
    let place = Workspace::of_sweeps();
    let sweep = place.sweep(ENDLESS);
    let mut process = place.start(&sweep, "a", &["--workers", "1"]);
    wait_for_checkpoint(&place, &mut process, 1);
    process.kill().unwrap();
    process.wait().unwrap();
    wait_until("the trial has ended", Duration::from_millis(5), || trials_of(&place.path("a")).is_empty());
    assert_eq!(place.run_of("a", &place.trials("a")[0]).endings(), ["killed"]);
}
