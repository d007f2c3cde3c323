//! The Ray of the tests, and its jobs.
#![allow(clippy::print_stdout, reason = "a failure tells what the job said")]

use std::path::{Path, PathBuf};
use std::process::Command;

use lgdea_harness::{Service, root, signal, std_command};
use serde_json::json;

use crate::study::Study;

pub(crate) struct Cluster {
    /// The folder of a `ray` that knows it.
    programs: PathBuf,
    /// The folder of one that is a test's own.
    own: Option<PathBuf>,
}

/// A job. Where the test fails, what it said is told, and it is stopped.
pub(crate) struct Job<'a> {
    cluster: &'a Cluster,
    name: Option<String>,
}

/// Calls `tests/services/ray.sh`.
fn script(command: &str, folder: &Path) -> String {
    let script = root().join("tests/services/ray.sh");
    let output = Command::new(script).args([command, "--dir"]).arg(folder).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

impl Cluster {
    /// None, said so, where there is no Ray.
    pub(crate) fn find() -> Option<Cluster> {
        Service::Ray.find().map(|programs| Cluster { programs: programs.into(), own: None })
    }

    /// One of a test's own, in this folder, until it is dropped.
    pub(crate) fn start(folder: &Path) -> Cluster {
        Cluster { programs: script("start", folder).into(), own: Some(folder.to_owned()) }
    }

    pub(crate) fn kill_head(&self) {
        let process = std::fs::read_to_string(self.own.as_ref().unwrap().join("head.pid")).unwrap();
        signal(process.trim().parse().unwrap(), "-KILL");
    }

    /// After an end of the head.
    pub(crate) fn start_again(&self) {
        let programs = script("start", self.own.as_ref().unwrap());
        assert_eq!(Path::new(&programs), self.programs);
    }

    /// Calls `ray job`; whether it succeeded, and what it said.
    fn call(&self, arguments: &[&str]) -> (bool, String) {
        let output = Command::new(self.programs.join("ray")).arg("job").args(arguments).output().unwrap();
        let said = [output.stdout, output.stderr].map(|said| String::from_utf8_lossy(&said).into_owned()).concat();
        (output.status.success(), said)
    }

    fn job(&self, arguments: &[&str]) {
        let (succeeded, said) = self.call(arguments);
        assert!(succeeded, "ray job {arguments:?}\n{said}");
    }

    /// The command of the printed script, with what is to be written before its `--`. The nodes get the binary into their PATH.
    fn begin(&self, study: &Study, options: &[&str]) {
        let program = std_command().get_program().to_owned();
        let path = format!("{}:${{PATH}}", Path::new(&program).parent().unwrap().display());
        let environment = json!({ "env_vars": { "PATH": path } }).to_string();
        let files = study.files().to_string_lossy();
        let mut arguments = vec!["submit", "--working-dir", &files, "--runtime-env-json", &environment];
        arguments.extend(options.iter().chain(&["--", "python", "on_ray.py"]));
        self.job(&arguments);
    }

    pub(crate) fn submit(&self, study: &Study, name: &str) -> Job<'_> {
        // A cluster takes a name once.
        let folder = study.files().file_name().unwrap().to_string_lossy();
        let name = format!("{}-{name}", folder.trim_start_matches('.'));
        self.begin(study, &["--no-wait", "--submission-id", &name]);
        Job { cluster: self, name: Some(name) }
    }

    /// Submits a job and waits until it has succeeded.
    pub(crate) fn finish(&self, study: &Study) {
        self.begin(study, &[]);
    }
}

impl Job<'_> {
    pub(crate) fn stop(&self) {
        self.cluster.job(&["stop", self.name.as_ref().unwrap()]);
    }

    /// Nothing will be told of it.
    pub(crate) fn forget(mut self) {
        self.name = None;
    }
}

impl Drop for Job<'_> {
    fn drop(&mut self) {
        if let Some(name) = self.name.take().filter(|_| std::thread::panicking()) {
            println!("{}", self.cluster.call(&["logs", &name]).1);
            self.cluster.call(&["stop", &name]);
        }
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if let Some(folder) = &self.own {
            script("stop", folder);
        }
    }
}
