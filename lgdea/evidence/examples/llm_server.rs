//! An OpenAI-compatible server whose model is the rules, to try extraction without a language model.
//!
//! `cargo run -p lgdea-evidence --example llm_server -- [--port P] [--delay-ms D] [--faults SEED]`
//!
//! The model is called `rules`. Prints the server's address as its first line; ends with its standard input, and then says
//! how many requests it had.
#![allow(clippy::print_stdout)]

use std::error::Error;
use std::time::Duration;

use lgdea_harness::language_model::{Behaviour, Faults, Server};

fn main() -> Result<(), Box<dyn Error>> {
    let (mut port, mut behaviour) = (0, Behaviour::default());
    let mut arguments = std::env::args().skip(1);
    while let Some(flag) = arguments.next() {
        let value = arguments.next().ok_or_else(|| format!("{flag} needs a value"))?;
        match flag.as_str() {
            "--port" => port = value.parse()?,
            "--delay-ms" => behaviour.delay = Duration::from_millis(value.parse()?),
            "--faults" => behaviour.faults = Faults::Drawn(value.parse()?),
            _ => return Err(format!("unknown flag {flag}; there are --port, --delay-ms and --faults").into()),
        }
    }
    let server = Server::at(port, behaviour)?;
    println!("{}", server.base_url());
    std::io::copy(&mut std::io::stdin(), &mut std::io::sink())?;
    println!("{} requests about {} reports", server.total(), server.requests().len());
    Ok(())
}
