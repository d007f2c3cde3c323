//! What being recorded costs a training: journal, system meter, and a mirror to a server that is slow, fails or is prompt.
//!
//! `cargo run --release -p lgdea-track --example mirror_cost -- [threads] [rounds]`
//!
//! The training is a fixed amount of arithmetic, about 100 ms a step on each of its threads (by default one for every
//! core, so that whatever else runs takes from it), and 12 metrics every tenth step. A round goes through all ways of being
//! recorded in an order of its own and sets each against the round's training without any of it: by the clock, which is
//! what counts but carries whatever else the machine does, and by the processor time of the whole process, servers
//! included, that is not the arithmetic's. By so much a training is slowed that keeps all cores busy. Processor times are
//! Linux's; those of threads are counted in ticks, the error of which the training without recording has, too.
#![allow(clippy::print_stdout, clippy::unwrap_used)]

use std::hint::black_box;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use lgdea_track::mlflow::{Mirror, Settings};
use lgdea_track::{Event, Journal, Lineage, RunDir, SystemMeter};
use sysinfo::{Pid, ProcessRefreshKind, ProcessesToUpdate, System};

/// Long enough for a sample of the meter on the way and the last one.
const STEPS: u64 = 150;
const STEP: Duration = Duration::from_millis(100);
const LOG_EVERY: u64 = 10;
const METRICS: usize = 12;
/// How long a slow server takes for an answer.
const SLOW: Duration = Duration::from_secs(5);

/// Ways of being recorded, the first of which is none.
const WAYS: [(&str, Way); 5] = [
    ("not recorded", Way::Not),
    ("journal and system meter", Way::Journal),
    ("… with a mirror, 5 s an answer", Way::Mirror(Server::Slow)),
    ("… with a mirror, every call fails", Way::Mirror(Server::Failing)),
    ("… with a mirror, prompt answers", Way::Mirror(Server::Prompt)),
];

#[derive(Clone, Copy)]
enum Way {
    Not,
    Journal,
    Mirror(Server),
}

#[derive(Clone, Copy)]
enum Server {
    Slow,
    Failing,
    Prompt,
}

/// Seconds that a training took.
#[derive(Clone, Copy, Default)]
struct Took {
    clock: f64,
    /// Of processors, for the arithmetic.
    arithmetic: f64,
    /// Of processors, for all else.
    other: f64,
}

fn main() {
    let argument = |place: usize| std::env::args().nth(place).and_then(|text| text.parse().ok());
    let threads = argument(1).unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from));
    let rounds = argument(2).unwrap_or(5).max(1);
    let work = calibrated();
    println!("{threads} threads, {STEPS} steps of {work} iterations, {rounds} rounds");
    let mut all: Vec<[Took; WAYS.len()]> = Vec::new();
    for round in 0..rounds {
        let mut took = [Took::default(); WAYS.len()];
        for place in 0..WAYS.len() {
            // Each way comes at each place of a round as often, so that a machine that grows busier favours none.
            let way = (place + round) % WAYS.len();
            took[way] = train(WAYS[way].1, threads, work);
        }
        println!("round {}: {:.1} s without recording", round + 1, took[0].clock);
        all.push(took);
    }
    println!("\nmore than without recording, median (least to greatest of the rounds):");
    for (way, (name, _)) in WAYS.iter().enumerate().skip(1) {
        let clock = spread(all.iter().map(|took| took[way].clock / took[0].clock - 1.0));
        let own = spread(all.iter().map(|took| took[way].share() - took[0].share()));
        println!("{name:36} clock {clock}, processors {own}");
    }
}

impl Took {
    /// Processor time beside the arithmetic, as a share of the arithmetic's.
    fn share(&self) -> f64 {
        self.other / self.arithmetic
    }
}

fn spread(shares: impl Iterator<Item = f64>) -> String {
    let mut percents: Vec<f64> = shares.map(|share| 100.0 * share).collect();
    percents.sort_by(f64::total_cmp);
    let (least, median) = (percents[0], percents[percents.len() / 2]);
    format!("{median:+.2} % ({least:+.2} to {:+.2})", percents[percents.len() - 1])
}

/// Trains once.
fn train(way: Way, threads: usize, work: u64) -> Took {
    let folder = tempfile::tempdir().unwrap();
    let run = RunDir::new(folder.path(), "cost", "0123456789ab");
    run.create().unwrap();
    let journal = Journal::create(&run).unwrap();
    let (run_key, name) = ("0123456789ab".to_owned(), "cost".to_owned());
    journal.write(Event::Started { run_key, name, attempt: 1, lineage: Box::new(Lineage::default()) }).unwrap();
    let mirror = match way {
        Way::Mirror(server) => {
            let settings = Settings::from_env(&serve(server), "cost").unwrap().unwrap();
            Some(Mirror::start(&run, settings))
        }
        Way::Not | Way::Journal => None,
    };
    let names: Vec<String> = (0..METRICS).map(|metric| format!("train/metric_{metric}")).collect();
    let (stop, stopped) = mpsc::channel::<()>();
    let (began, before, mut arithmetic) = (Instant::now(), processor_seconds(), 0.0);
    std::thread::scope(|scope| {
        let is_recorded = !matches!(way, Way::Not);
        if is_recorded {
            let journal = &journal;
            scope.spawn(move || SystemMeter::new("flex").unwrap().follow(journal, &stopped).unwrap());
        }
        for step in 0..STEPS {
            arithmetic += std::thread::scope(|scope| {
                let others: Vec<_> = (1..threads).map(|_| scope.spawn(|| measured(work))).collect();
                measured(work) + others.into_iter().map(|thread| thread.join().unwrap()).sum::<f64>()
            });
            if is_recorded && step % LOG_EVERY == 0 {
                let values: Vec<(&str, f64)> = names.iter().map(|name| (name.as_str(), step as f64 / 7.0)).collect();
                journal.metrics(step, &values).unwrap();
            }
        }
        drop(stop);
    });
    let clock = began.elapsed().as_secs_f64();
    let took = Took { clock, arithmetic, other: processor_seconds() - before - arithmetic };
    if let Some(mirror) = mirror {
        // Its thread ends here, not in the next training.
        mirror.finish(Instant::now() + SLOW + Duration::from_secs(1));
    }
    took
}

/// Iterations of the arithmetic that take a step's time: the most of several tries, as other programs only slow it down.
fn calibrated() -> u64 {
    const TRY: u64 = 5_000_000;
    let tries = (0..100).map(|_| {
        let began = Instant::now();
        compute(TRY);
        (TRY as f64 * STEP.as_secs_f64() / began.elapsed().as_secs_f64()) as u64
    });
    tries.max().unwrap()
}

/// Computes; returns the seconds that a processor was at it.
fn measured(iterations: u64) -> f64 {
    // The first number is what this thread has had of processors, in nanoseconds.
    let now = || {
        let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
        text.split(' ').next().and_then(|nanoseconds| nanoseconds.parse::<f64>().ok()).unwrap_or(f64::NAN) / 1e9
    };
    let before = now();
    compute(iterations);
    now() - before
}

fn compute(iterations: u64) {
    let mut state = [0.1_f64, 0.2, 0.3, 0.4];
    for _ in 0..iterations {
        for value in &mut state {
            *value = *value * 0.999 + 0.001;
        }
        state = black_box(state);
    }
}

/// What this process has had of processors.
fn processor_seconds() -> f64 {
    let (mut system, process) = (System::new().unwrap(), Pid::from_u32(std::process::id()));
    let what = ProcessRefreshKind::nothing().with_cpu();
    system.refresh_processes_specifics(ProcessesToUpdate::Some(&[process]), false, what);
    system.process(process).unwrap().accumulated_cpu_time() as f64 / 1000.0
}

/// A server that knows one experiment and one run and takes everything; returns its address.
fn serve(server: Server) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            std::thread::spawn(move || answer(stream, server));
        }
    });
    format!("http://{address}")
}

/// Answers the requests of a connection until it closes.
fn answer(stream: TcpStream, server: Server) -> Option<()> {
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    let mut stream = stream;
    loop {
        let mut request = String::new();
        reader.read_line(&mut request).ok().filter(|read| *read > 0)?;
        let mut length = 0;
        loop {
            let mut header = String::new();
            reader.read_line(&mut header).ok().filter(|read| *read > 0)?;
            if header.trim().is_empty() {
                break;
            }
            if let Some(value) = header.to_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse().ok()?;
            }
        }
        std::io::copy(&mut reader.by_ref().take(length), &mut std::io::sink()).ok()?;
        let run = r#"{"run": {"info": {"run_id": "r", "experiment_id": "1"}}}"#;
        let (status, body) = match server {
            Server::Failing => ("500 Internal Server Error", "broken"),
            _ if request.contains("get-by-name") => ("200 OK", r#"{"experiment": {"experiment_id": "1"}}"#),
            _ if request.contains("runs/create") || request.contains("runs/get") => ("200 OK", run),
            _ => ("200 OK", "{}"),
        };
        if matches!(server, Server::Slow) {
            std::thread::sleep(SLOW);
        }
        write!(stream, "HTTP/1.1 {status}\r\nContent-Length: {}\r\n\r\n{body}", body.len()).ok()?;
    }
}
