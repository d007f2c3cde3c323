//! Job files for clusters that lgdea does not start jobs on itself: they are printed, not run.

use std::path::Path;

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
    gpu: bool,
    version: &'a str,
    /// As a list in JSON, which is YAML, too.
    command: String,
    words: String,
}

impl Cluster {
    fn template(self) -> (&'static str, &'static str) {
        match self {
            Cluster::Kubernetes => {
                ("kubernetes.yaml.j2", include_str!("../../../templates/cluster/kubernetes.yaml.j2"))
            }
            Cluster::Ray => ("ray.sh.j2", include_str!("../../../templates/cluster/ray.sh.j2")),
            Cluster::Sky => ("sky.yaml.j2", include_str!("../../../templates/cluster/sky.yaml.j2")),
        }
    }

    /// The job file, in which the names of what only the user knows are to be filled in.
    pub fn job(self, job: &ClusterJob<'_>) -> Result<String, TemplateError> {
        let file = job.file.display().to_string();
        let command = ["lgdea", "sweep", &file, "--launcher", "local", "--results", "/results", "--workers", "1"];
        let command = command.map(str::to_owned);
        let (name, source) = self.template();
        let filled = Filled {
            sweep: job.sweep,
            name: label(job.sweep),
            workers: job.workers,
            gpu: job.gpu,
            version: job.version,
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

    #[test]
    fn a_job_names_the_sweep_its_workers_and_their_gpu() {
        let job = |gpu| ClusterJob { sweep: "My_table", file: Path::new("a b.toml"), workers: 3, gpu, version: "1" };
        for (cluster, count, gpu) in [
            (Cluster::Kubernetes, "completions: 3", "nvidia.com/gpu: 1"),
            (Cluster::Ray, "seq 3", "--entrypoint-num-gpus 1"),
            (Cluster::Sky, "num_nodes: 3", "accelerators: H100:1"),
        ] {
            let text = cluster.job(&job(true)).unwrap();
            let command = if cluster == Cluster::Kubernetes { "\"a b.toml\"" } else { "lgdea sweep 'a b.toml'" };
            for part in [count, gpu, command, "lgdea-my-table"] {
                assert!(text.contains(part), "{part} is not in\n{text}");
            }
            assert!(!cluster.job(&job(false)).unwrap().contains(gpu));
        }
    }
}
