//! How full the server is kept, against a load generator that does nothing else.

use std::time::{Duration, Instant};

use futures::{StreamExt, stream};
use lgdea_harness::language_model::{Behaviour, Server};
use lgdea_spec::Openai;

use crate::{Scratch, reports, settings};

const CONCURRENCY: usize = 32;
const COUNT: usize = 6000;

/// `cargo test --release -p lgdea-evidence --test llm -- --ignored --nocapture load`
#[test]
#[ignore = "takes half a minute, and its figure needs a quiet machine and optimised code"]
fn extraction_asks_as_fast_as_a_plain_load_generator() {
    let server = Server::start(Behaviour { delay: Duration::from_millis(20), ..Behaviour::default() });
    let reports = reports(COUNT);
    let settings = Openai { concurrency: CONCURRENCY, ..settings(&server.base_url()) };
    Scratch::new().extract(&settings, &reports[..COUNT / 10]).unwrap();
    let bodies = server.bodies();

    let (mut ours, mut plain) = (Vec::new(), Vec::new());
    for _ in 0..3 {
        let start = Instant::now();
        Scratch::new().extract(&settings, &reports).unwrap();
        ours.push(COUNT as f64 / start.elapsed().as_secs_f64());
        let start = Instant::now();
        generate(&format!("{}/chat/completions", server.base_url()), &bodies);
        plain.push(COUNT as f64 / start.elapsed().as_secs_f64());
    }
    let best = |rates: &[f64]| rates.iter().copied().fold(0.0, f64::max);
    let (ours, plain) = (best(&ours), best(&plain));
    eprintln!("extraction {ours:.0}/s, load generator {plain:.0}/s: {:.1} %", 100.0 * ours / plain);
    assert!(ours >= 0.95 * plain);
}

/// Sends ready-made requests and reads the answers to their end.
fn generate(url: &str, bodies: &[serde_json::Value]) {
    let bodies: Vec<String> = bodies.iter().map(ToString::to_string).collect();
    let http = lgdea_http::client().no_proxy().build().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let send = |index: usize| {
            let request =
                http.post(url).header("content-type", "application/json").body(bodies[index % bodies.len()].clone());
            async move { request.send().await.unwrap().bytes().await.unwrap() }
        };
        stream::iter(0..COUNT).map(send).buffer_unordered(CONCURRENCY).for_each(|_| async {}).await;
    });
}
