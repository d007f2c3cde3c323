//! How long the relation graph takes and how much memory, at any size.
//!
//! `cargo run --release -p lgdea-graph --example graph_scale -- --nodes 200000 --neighbours 16 --iterations 5`
#![allow(clippy::print_stdout)]

use std::time::{Duration, Instant};

use clap::Parser;
use lgdea_graph::{affinity_at_scale, approximate_neighbours, propagate};
use lgdea_spec::{Graph, ImageView};
use ndarray::{Array2, ArrayViewMut1, Axis};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::StandardNormal;
use rayon::prelude::*;

#[derive(Debug, Parser)]
struct Args {
    /// Images, and as many reports.
    #[arg(long, default_value_t = 20_000)]
    nodes: usize,
    /// Share of the images and reports that are pairs.
    #[arg(long, default_value_t = 0.05)]
    paired: f64,
    /// Neighbours of a node.
    #[arg(long, default_value_t = 16)]
    neighbours: usize,
    /// Iterations of the propagation.
    #[arg(long, default_value_t = 5)]
    iterations: usize,
    /// Nodes up to which neighbours are exact.
    #[arg(long, default_value_t = 200_000)]
    exact_up_to: usize,
    /// Nodes whose approximate neighbours are compared with the exact ones.
    #[arg(long, default_value_t = 2000)]
    sample: usize,
    /// Width of the image embeddings.
    #[arg(long, default_value_t = 64)]
    width: usize,
    /// Prototypes, the width of the reports' evidence.
    #[arg(long, default_value_t = 16)]
    prototypes: usize,
    /// Seed of the synthetic embeddings.
    #[arg(long, default_value_t = 0)]
    seed: u64,
}

fn main() {
    let args = Args::parse();
    let mut rng = ChaCha8Rng::seed_from_u64(args.seed);
    let settings =
        Graph { neighbours: args.neighbours, iterations: args.iterations, exact_up_to: args.exact_up_to, ..settings() };
    let images = image_embeddings(&args, &mut rng);
    let evidence = report_evidence(&args, &mut rng);
    let total = Stopwatch::start();

    let w_i = timed("image affinity", || affinity_at_scale(images.view(), &settings));
    let roots = evidence.mapv(f32::sqrt);
    let w_r = timed("report affinity", || affinity_at_scale(roots.view(), &settings));
    let pairs = (args.paired * args.nodes as f64) as usize;
    let targets = timed("propagation", || propagate(&w_i, &w_r, evidence.view(), pairs, &settings));

    let reached = targets.mass.iter().filter(|&&mass| mass > f32::EPSILON).count();
    println!("{:<24} {}", "total", total.elapsed());
    println!("{:<24} {} and {}", "edges", w_i.entries(), w_r.entries());
    println!("{:<24} {reached} of {}", "images reached", args.nodes);
    println!("{:<24} {}", "peak memory", peak_memory());
    if args.nodes > args.exact_up_to.max(1) {
        println!("{:<24} {:.4}", "recall, images", recall(&images, &args));
        println!("{:<24} {:.4}", "recall, reports", recall(&roots, &args));
    }
}

/// Share of the approximate neighbours of a sample of nodes that are at least as similar as the last exact one.
fn recall(embeddings: &Array2<f32>, args: &Args) -> f64 {
    let neighbours = args.neighbours.min(args.nodes - 1).max(1);
    let found = approximate_neighbours(embeddings.view(), neighbours);
    let count = args.sample.clamp(1, args.nodes);
    let sample: Vec<usize> = (0..count).map(|place| place * args.nodes / count).collect();
    let hits = |node: usize| {
        let mut similarities = embeddings.dot(&embeddings.row(node)).to_vec();
        similarities.swap_remove(node);
        let (_, last, _) = similarities.select_nth_unstable_by(neighbours - 1, |a, b| b.total_cmp(a));
        // The sums of a product with a vector are rounded differently.
        let least = *last - 1e-6;
        found.row(node).filter(|&(_, similarity)| similarity >= least).count()
    };
    let all: usize = sample.into_par_iter().map(hits).sum();
    all as f64 / (count * neighbours) as f64
}

/// The settings that no argument gives.
fn settings() -> Graph {
    Graph {
        share: 0.5,
        neighbours: 16,
        image_view: ImageView::Model,
        exact_up_to: 200_000,
        affinity_temperature: 0.1,
        alpha: 0.8,
        iterations: 5,
        start: 0,
        refresh: 1,
        alignment_clip: [0.2, 5.0],
        alignment_momentum: 0.9,
        sharpening: 1.5,
        oracle: false,
        labels: false,
    }
}

/// A mixture, as embeddings are: clusters of unequal size, each spread along a few directions of its own and a little
/// along all others. `[nodes, width]`, unit rows.
fn image_embeddings(args: &Args, rng: &mut ChaCha8Rng) -> Array2<f32> {
    const CLUSTERS: usize = 200;
    const DIRECTIONS: usize = 8;
    let mut normal = |rows| Array2::from_shape_simple_fn((rows, args.width), || rng.sample::<f32, _>(StandardNormal));
    let (centres, directions) = (normal(CLUSTERS), normal(CLUSTERS * DIRECTIONS));
    let mut embeddings = Array2::zeros((args.nodes, args.width));
    for mut row in embeddings.axis_iter_mut(Axis(0)) {
        let cluster = (CLUSTERS as f64 * rng.random::<f64>().powi(2)) as usize;
        row.assign(&centres.row(cluster));
        for direction in 0..DIRECTIONS {
            let step: f32 = rng.sample(StandardNormal);
            row.scaled_add(0.3 * step, &directions.row(cluster * DIRECTIONS + direction));
        }
        row.mapv_inplace(|x| x + 0.15 * rng.sample::<f32, _>(StandardNormal));
        scale(&mut row, 2);
    }
    embeddings
}

/// Evidence as reports have it: three in ten are normal and alike, the others mean over one to five of 300 phrases, so
/// that many are equal. `[nodes, prototypes]`, rows sum to 1.
fn report_evidence(args: &Args, rng: &mut ChaCha8Rng) -> Array2<f32> {
    const PHRASES: usize = 300;
    let mut phrases =
        Array2::from_shape_simple_fn((PHRASES, args.prototypes), || (3.0 * rng.sample::<f32, _>(StandardNormal)).exp());
    phrases.axis_iter_mut(Axis(0)).for_each(|mut row| scale(&mut row, 1));
    let mut evidence = Array2::zeros((args.nodes, args.prototypes));
    for mut row in evidence.axis_iter_mut(Axis(0)) {
        if rng.random::<f64>() < 0.3 {
            row.assign(&phrases.row(0));
            continue;
        }
        for _ in 0..rng.random_range(1..=5) {
            row += &phrases.row((PHRASES as f64 * rng.random::<f64>().powi(2)) as usize);
        }
        scale(&mut row, 1);
    }
    evidence
}

/// Divides a row by its norm of that order.
fn scale(row: &mut ArrayViewMut1<'_, f32>, order: i32) {
    let norm = row.iter().map(|x| x.abs().powi(order)).sum::<f32>().powf(1.0 / order as f32);
    row.mapv_inplace(|x| x / norm);
}

fn timed<T>(what: &str, make: impl FnOnce() -> T) -> T {
    let watch = Stopwatch::start();
    let made = make();
    println!("{what:<24} {}", watch.elapsed());
    made
}

/// Time on the wall and on all cores.
struct Stopwatch {
    started: Instant,
    busy: Option<Duration>,
}

impl Stopwatch {
    fn start() -> Self {
        Self { started: Instant::now(), busy: processor_time() }
    }

    fn elapsed(&self) -> String {
        let busy = processor_time().zip(self.busy).map(|(now, before)| now.saturating_sub(before));
        let busy = busy.map_or_else(|| "unknown".to_owned(), |busy| format!("{:.1} s", busy.as_secs_f64()));
        format!("{:.1} s, {busy} of processor time", self.started.elapsed().as_secs_f64())
    }
}

/// Processor time of this process, where the system tells.
fn processor_time() -> Option<Duration> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    // User and system ticks, the 14th and 15th field; the name, which may have blanks, ends with the last bracket.
    let ticks = stat.rsplit_once(')')?.1.split_whitespace().skip(11).take(2);
    let ticks: u64 = ticks.map(str::parse::<u64>).sum::<Result<_, _>>().ok()?;
    Some(Duration::from_millis(ticks * 10))
}

/// The most memory that this process ever had, where the system tells.
fn peak_memory() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    peak.map_or_else(|| "unknown".to_owned(), |peak| peak.trim().to_owned())
}
