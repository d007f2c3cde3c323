//! `lgdea ui`: the tracker's user interface on the results, with one command.

use std::io::Read;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use lgdea_comparison::Request;
use lgdea_fault::chain;
use lgdea_track::mlflow;

use crate::args::compare::Inputs;
use crate::args::{SyncArgs, UiArgs};
use crate::command::collected::typed;
use crate::command::doctor::on_path;
use crate::command::{report, sync};
use crate::failure::{Failure, failed};
use crate::group;
use crate::output::print;
use crate::progress::say;

/// What `uvx` installs where there is no MLflow.
const PACKAGE: &str = "mlflow==3.17.2";
/// How long a server may take to begin; the first `uvx` downloads it.
const PATIENCE: Duration = Duration::from_mins(5);
/// How often it is asked whether it has begun.
const PAUSE: Duration = Duration::from_millis(250);
/// The last of a server's words that are shown where it does not begin, in bytes.
const LAST_WORDS: usize = 2000;

pub(crate) fn ui(args: &UiArgs) -> Result<(), Failure> {
    let Some(program) = program() else { return without_mlflow(args) };
    let folder = args.results.join("mlflow");
    std::fs::create_dir_all(&folder)?;
    let port = args.port.map_or_else(free_port, Ok)?;
    let uri = format!("http://127.0.0.1:{port}");
    let mut server = Server::start(&program, &folder, port)?;
    server.wait_until_it_answers(port)?;
    let send = SyncArgs { runs: Vec::new(), results: args.results.clone(), uri: Some(uri.clone()) };
    if let Err(failure) = sync::sync(&send) {
        // What is there can be looked at all the same.
        failure.print();
    }
    let page = mlflow::comparison_page(&args.results, &uri);
    say(format!("{page}\nCtrl-C ends it; the server's own words go to {}", server.log.display()));
    if !args.no_open {
        open(&page);
    }
    server.until_interrupted()
}

/// How MLflow is called here: its own program, or through `uvx`.
fn program() -> Option<Vec<String>> {
    let own = on_path("mlflow").map(|path| vec![path.display().to_string()]);
    own.or_else(|| {
        let uvx = on_path("uvx")?.display().to_string();
        Some([&uvx, "--from", PACKAGE, "mlflow"].map(|word: &str| word.to_owned()).to_vec())
    })
}

/// Without MLflow the report shows what there is.
fn without_mlflow(args: &UiArgs) -> Result<(), Failure> {
    say(format!(
        "MLflow is not installed: neither `mlflow` nor `uvx` is on the PATH; `pip install {PACKAGE}` gets it. This is the report \
         of `lgdea report`:"
    ));
    let inputs = Inputs { paths: vec![args.results.clone()], results: args.results.clone() };
    let out = std::path::absolute(args.results.join("report.html"))?;
    report::write(&inputs, &Request::usual(typed()), &out, true)?;
    let page = format!("file://{}", out.display());
    print(&format!("{page}\n"))?;
    if !args.no_open {
        open(&page);
    }
    Ok(())
}

fn free_port() -> std::io::Result<u16> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}

/// A server that ends with this process.
struct Server {
    child: Child,
    log: PathBuf,
}

impl Server {
    fn start(program: &[String], folder: &Path, port: u16) -> Result<Server, Failure> {
        let folder = std::path::absolute(folder)?;
        let log = folder.join("server.log");
        let file = || std::fs::File::create(&log);
        let output = file()?;
        let errors = output.try_clone()?;
        let mut command = Command::new(&program[0]);
        group::apart(&mut command);
        let child = command
            .args(&program[1..])
            .args(["server", "--host", "127.0.0.1", "--workers", "1", "--port", &port.to_string()])
            .arg("--backend-store-uri")
            .arg(format!("sqlite:///{}", folder.join("mlflow.db").display()))
            .arg("--artifacts-destination")
            .arg(folder.join("artifacts"))
            .arg("--serve-artifacts")
            .env("MLFLOW_DISABLE_TELEMETRY", "true")
            // Its workers are for what we do not use.
            .env("MLFLOW_SERVER_ENABLE_JOB_EXECUTION", "false")
            .stdin(Stdio::null())
            .stdout(output)
            .stderr(errors)
            .spawn()
            .map_err(|error| failed(format!("`{}` cannot be started: {}", program.join(" "), chain(&error))))?;
        Ok(Server { child, log })
    }

    fn wait_until_it_answers(&mut self, port: u16) -> Result<(), Failure> {
        let began = Instant::now();
        say("starting MLflow");
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            let ended = self.child.try_wait()?;
            if ended.is_some() || began.elapsed() > PATIENCE {
                let said = last_words(&self.log);
                return Err(failed(format!("MLflow does not begin; its last words:\n{said}")));
            }
            std::thread::sleep(PAUSE);
        }
        Ok(())
    }

    /// Waits for Ctrl-C, or for the server's own end.
    fn until_interrupted(&mut self) -> Result<(), Failure> {
        let (asked, stop) = mpsc::channel();
        let handler = move || {
            // Only the first is waited for.
            let _ = asked.send(());
        };
        ctrlc::set_handler(handler).map_err(std::io::Error::other)?;
        loop {
            if stop.recv_timeout(PAUSE).is_ok() {
                return Ok(());
            }
            if self.child.try_wait()?.is_some() {
                say(format!("MLflow has ended; its last words:\n{}", last_words(&self.log)));
                return Err(Failure::Quiet(ExitCode::from(1)));
            }
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        group::end(&mut self.child, "-TERM");
    }
}

fn last_words(log: &Path) -> String {
    let mut text = Vec::new();
    let _ = std::fs::File::open(log).and_then(|mut file| file.read_to_end(&mut text));
    String::from_utf8_lossy(&text[text.len().saturating_sub(LAST_WORDS)..]).into_owned()
}

/// Opens a page in the user's browser, if there is one.
fn open(page: &str) {
    let opener = if cfg!(target_os = "macos") {
        "open"
    } else if cfg!(windows) {
        "explorer"
    } else {
        "xdg-open"
    };
    // The address is printed, too.
    let _ = Command::new(opener).arg(page).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
}
