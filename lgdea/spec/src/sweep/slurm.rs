//! `[execute.slurm]`: what Slurm is asked for.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::Deserialize;

/// What Slurm is asked for. A text is a single line, which goes to `sbatch` or the shell as it stands.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct Slurm {
    /// Partition, instead of the cluster's default one.
    #[schemars(regex(pattern = r"^[^\x00-\x1f\x7f]+$"))]
    pub partition: Option<String>,
    /// Account that is charged, instead of the user's default one.
    #[schemars(regex(pattern = r"^[^\x00-\x1f\x7f]+$"))]
    pub account: Option<String>,
    /// Time limit of an array element: `90` (minutes), `12:00:00`, `2-00:00:00`.
    #[schemars(regex(pattern = r"^[0-9][0-9:-]*$"))]
    pub time: Option<String>,
    /// Generic resources of an element: `gpu:1`.
    #[schemars(regex(pattern = r"^[^\x00-\x1f\x7f]+$"))]
    pub gres: Option<String>,
    /// CPU cores of an element.
    #[schemars(range(min = 1))]
    pub cpus: Option<u32>,
    /// Memory of an element: `16G`.
    #[schemars(regex(pattern = r"^[0-9]+[KMGT]?$"))]
    pub memory: Option<String>,
    /// Further options of `sbatch`: `["--qos=long", "--exclude=node7"]`.
    #[schemars(inner(regex(pattern = r"^-[^\x00-\x1f\x7f]+$")))]
    pub options: Vec<String>,
    /// Modules that are loaded first.
    #[schemars(inner(regex(pattern = r"^[^\x00-\x1f\x7f]+$")))]
    pub modules: Vec<String>,
    /// Command that runs another one in a container, whose words it is followed by: `apptainer exec --nv lgdea.sif`.
    #[schemars(regex(pattern = r"^[^\x00-\x1f\x7f]+$"))]
    pub container: Option<String>,
    /// lgdea as nodes or their container have it; by default this very program at its path, where it must stay as it is until
    /// the array has ended.
    #[schemars(regex(pattern = r"^[^\x00-\x1f\x7f]+$"))]
    pub program: Option<String>,
    /// Trials that an element runs one after the other, those that fail not counted; more where the array would have more than
    /// 1000 elements.
    #[schemars(range(min = 1))]
    pub trials_per_element: usize,
    /// Seconds before the time limit at which an element writes its checkpoint and is queued again.
    #[schemars(range(min = 1, max = 65535))]
    pub warning_seconds: u32,
    /// How often an element that its time limit cuts off is queued again.
    pub requeues: u32,
    /// Your own script of the array instead of the shipped `templates/slurm/array.sh.j2`, relative to this file.
    pub template: Option<PathBuf>,
}

impl Default for Slurm {
    fn default() -> Self {
        Slurm {
            partition: None,
            account: None,
            time: None,
            gres: None,
            cpus: None,
            memory: None,
            options: Vec::new(),
            modules: Vec::new(),
            container: None,
            program: None,
            trials_per_element: 1,
            warning_seconds: 120,
            requeues: 20,
            template: None,
        }
    }
}
