//! How long it takes to list 100,000 trials: `cargo run --release -p lgdea-spec --example expansion_rate`.
#![allow(clippy::print_stdout, clippy::unwrap_used)]

use std::time::Instant;

use lgdea_spec::sweep::Sweep;

fn main() {
    let values = |numbers: std::ops::Range<usize>| numbers.map(|n| n.to_string()).collect::<Vec<_>>().join(", ");
    let five = values(1..6);
    let ten = values(1..11);
    let axes = format!("train.warmup = [{ten}]\ngraph.iterations = [{ten}]\nevidence-space.prototypes = [{ten}]\n");
    let condition = "[[exclude]]\nwhen = 'train.warmup == 3 && graph.iterations > 8'\n";
    let sweeps = [
        ("in four tables", format!("{axes}graph.neighbours = [{ten}]\neval.bootstrap = [{ten}]\n{condition}")),
        (
            "in one table",
            format!(
                "train.warmup = [{ten}]\ntrain.steps = [{ten}]\ntrain.batch = [{ten}]\ntrain.log-every = [{ten}]\n\
                 train.unpaired-images = [{ten}]\n"
            ),
        ),
        ("with 20 seeds", format!("{axes}graph.neighbours = [{five}]\n{condition}[seeds]\ncount = 20\n")),
    ];
    let path = std::env::temp_dir().join(format!("lgdea-expansion-rate-{}.toml", std::process::id()));
    for (name, axes) in sweeps {
        std::fs::write(&path, format!("experiment = []\n[grid]\n{axes}")).unwrap();
        let began = Instant::now();
        let expansion = Sweep::from_file(&path).unwrap().expand().unwrap();
        let count = expansion.trials.len();
        println!("{count} trials, axes {name}: {:.2} s", began.elapsed().as_secs_f64());
    }
    std::fs::remove_file(&path).unwrap();
}
