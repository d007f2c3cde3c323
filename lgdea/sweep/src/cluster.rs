//! Job files for clusters that lgdea does not start jobs on itself: they are printed, not run.

use std::path::Path;

use lgdea_spec::counted;
use serde::Serialize;

use crate::TemplateError;
use crate::template::{fill, shell_words};

/// A kind of cluster.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cluster {
    /// Kubernetes, with Kueue.
    Kubernetes,
    /// Ray.
    Ray,
    /// `SkyPilot`.
    Sky,
}

/// A sweep as a cluster is to run it.
#[derive(Debug)]
pub struct ClusterJob<'a> {
    /// Name of the sweep.
    pub sweep: &'a str,
    /// The sweep file, as the nodes have it.
    pub file: &'a Path,
    /// Folder that results are written to, as the nodes have it; a relative one says nothing to them, and `/results` stands for it.
    pub results: &'a Path,
    /// What each worker is told, too.
    pub arguments: &'a [String],
    /// Machines that share the work, each with one trial at a time.
    pub workers: usize,
    /// Whether each needs a GPU.
    pub gpu: bool,
    /// Version of lgdea.
    pub version: &'a str,
}

/// What the templates know.
#[derive(Serialize)]
struct Filled<'a> {
    sweep: &'a str,
    name: String,
    workers: usize,
    /// The same as a noun in words: `1 worker`.
    counted_workers: String,
    gpu: bool,
    version: &'a str,
    /// In JSON, which is YAML and Python, too.
    results: String,
    /// A list in JSON.
    command: String,
    /// The same as a shell reads it.
    words: String,
}

impl Cluster {
    fn template(self) -> (&'static str, &'static str) {
        match self {
            Cluster::Kubernetes => {
                ("kubernetes.yaml.j2", include_str!("../../../templates/cluster/kubernetes.yaml.j2"))
            }
            Cluster::Ray => ("ray.py.j2", include_str!("../../../templates/cluster/ray.py.j2")),
            Cluster::Sky => ("sky.yaml.j2", include_str!("../../../templates/cluster/sky.yaml.j2")),
        }
    }

    /// The job file, in which the names of what only the user knows are to be filled in.
    pub fn job(self, job: &ClusterJob<'_>) -> Result<String, TemplateError> {
        let file = job.file.display().to_string();
        let results = if job.results.is_absolute() { job.results } else { Path::new("/results") };
        let results = results.display().to_string();
        let command = ["lgdea", "sweep", &file, "--launcher", "local", "--results", &results, "--workers", "1"];
        let command: Vec<String> =
            command.into_iter().map(str::to_owned).chain(job.arguments.iter().cloned()).collect();
        let (name, source) = self.template();
        let filled = Filled {
            sweep: job.sweep,
            name: label(job.sweep),
            workers: job.workers,
            counted_workers: counted(job.workers, "worker"),
            gpu: job.gpu,
            version: job.version,
            results: serde_json::json!(results).to_string(),
            words: shell_words(&command),
            command: serde_json::json!(command).to_string(),
        };
        fill(name, source, &filled)
    }
}

/// A name as Kubernetes takes it: lower-case letters, digits and `-`.
fn label(name: &str) -> String {
    let letter = |letter: char| if letter.is_ascii_alphanumeric() { letter.to_ascii_lowercase() } else { '-' };
    format!("lgdea-{}", name.chars().map(letter).collect::<String>().trim_matches('-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Cluster; 3] = [Cluster::Kubernetes, Cluster::Ray, Cluster::Sky];

    fn job<'a>(results: &'a str, arguments: &'a [String], gpu: bool) -> ClusterJob<'a> {
        let (file, results) = (Path::new("a b.toml"), Path::new(results));
        ClusterJob { sweep: "My_table", file, results, arguments, workers: 3, gpu, version: "1" }
    }

    #[test]
    fn a_job_names_the_sweep_its_workers_and_their_gpu() {
        for (cluster, parts, gpu) in [
            (Cluster::Kubernetes, ["completions: 3", "\"a b.toml\"", "lgdea-my-table"], "nvidia.com/gpu: 1"),
            (Cluster::Ray, ["WORKERS = 3", "\"a b.toml\"", "My_table"], "GPUS = 1"),
            (Cluster::Sky, ["num_nodes: 3", "lgdea sweep 'a b.toml'", "lgdea-my-table"], "accelerators: H100:1"),
        ] {
            let text = cluster.job(&job("results", &[], true)).unwrap();
            for part in parts.iter().chain([&gpu]) {
                assert!(text.contains(part), "{part} is not in\n{text}");
            }
            assert!(!cluster.job(&job("results", &[], false)).unwrap().contains(gpu));
        }
    }

    #[test]
    fn one_worker_is_no_workers() {
        let one = ClusterJob { workers: 1, ..job("results", &[], false) };
        let text = Cluster::Ray.job(&one).unwrap();
        assert!(text.contains(": 1 worker, each") && text.contains("WORKERS = 1\n"), "{text}");
    }

    #[test]
    fn workers_are_told_where_results_go_and_what_the_user_asked_for() {
        let arguments = ["--device", "libtorch-cuda:0"].map(str::to_owned);
        for cluster in ALL {
            let text = cluster.job(&job("/mnt/mine", &arguments, true)).unwrap();
            assert!(text.contains("\"/mnt/mine\"") && text.contains("libtorch-cuda:0"), "{text}");
            let text = cluster.job(&job("results", &arguments, true)).unwrap();
            assert!(text.contains("\"/results\"") && !text.contains("/mnt"), "{text}");
        }
    }
}
