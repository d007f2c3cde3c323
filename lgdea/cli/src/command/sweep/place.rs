//! Where trials run: how many at a time, on which GPUs, with how many CPU threads.

use lgdea_sweep::Slot;

use crate::device;

/// Where trials run.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Workers {
    /// One for each trial that runs at a time.
    pub(super) slots: Vec<Slot>,
    /// CPU threads of each trial.
    pub(super) threads: usize,
    /// Where tensors of a trial live.
    pub(super) device: String,
}

impl Workers {
    /// The place for `workers` trials at a time (as many as fit where none are given) on a device of this machine.
    pub(super) fn new(device: &str, workers: Option<usize>) -> Result<Workers, String> {
        let allotted =
            ["RAYON_NUM_THREADS", "SLURM_CPUS_ON_NODE"].into_iter().find_map(|name| std::env::var(name).ok());
        let cores = cores(std::thread::available_parallelism().map_or(1, usize::from), allotted.as_deref());
        let gpus = if let Some(kind) = device::gpu_kind(device) {
            let visible = std::env::var("CUDA_VISIBLE_DEVICES").ok();
            let gpus = gpus(visible.as_deref(), device::gpus(kind));
            if gpus.is_empty() {
                let why = format!("no GPU for `{device}`: this build finds none, or CUDA_VISIBLE_DEVICES hides all");
                return Err(why);
            }
            gpus
        } else {
            Vec::new()
        };
        Ok(Workers::of(device, &gpus, cores, workers))
    }

    fn of(device: &str, gpus: &[String], cores: usize, workers: Option<usize>) -> Workers {
        let fitting = if gpus.is_empty() { cores / 2 } else { gpus.len() };
        let workers = workers.unwrap_or(fitting).max(1);
        let slot = |worker: usize| Slot { gpu: (!gpus.is_empty()).then(|| gpus[worker % gpus.len()].clone()) };
        // A trial sees one GPU, which is its first.
        let device = device::gpu_kind(device).map_or_else(|| device.to_owned(), |kind| format!("{kind}:0"));
        Workers { slots: (0..workers).map(slot).collect(), threads: (cores / workers).max(1), device }
    }
}

/// The CPU cores that trials may have: those of the machine, or as many of them as the user or Slurm says. Neither Ray nor every
/// Slurm binds a job to its cores.
fn cores(found: usize, allotted: Option<&str>) -> usize {
    allotted.and_then(|count| count.parse().ok()).map_or(found, |count: usize| count.clamp(1, found))
}

/// The GPUs that trials may have: those that the environment names, else all that are found.
fn gpus(visible: Option<&str>, found: usize) -> Vec<String> {
    match visible {
        Some(list) => {
            list.split(',').map(|gpu| gpu.trim().to_owned()).filter(|gpu| !gpu.is_empty()).take(found).collect()
        }
        None => (0..found).map(|gpu| gpu.to_string()).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(gpus: &[&str], cores: usize, workers: Option<usize>) -> (Vec<Option<String>>, usize) {
        let gpus: Vec<String> = gpus.iter().map(|&gpu| gpu.to_owned()).collect();
        let place = Workers::of("libtorch-cuda:1", &gpus, cores, workers);
        assert_eq!(place.device, "libtorch-cuda:0");
        (place.slots.into_iter().map(|slot| slot.gpu).collect(), place.threads)
    }

    #[test]
    fn cores_are_shared_and_gpus_handed_out_in_turn() {
        assert_eq!(of(&[], 8, None), (vec![None; 4], 2));
        assert_eq!(of(&[], 1, None), (vec![None], 1));
        assert_eq!(of(&[], 2, Some(5)), (vec![None; 5], 1));
        let gpus = |names: &[&str]| names.iter().map(|&name| Some(name.to_owned())).collect::<Vec<_>>();
        assert_eq!(of(&["2", "5"], 16, None), (gpus(&["2", "5"]), 8));
        assert_eq!(of(&["2", "5"], 16, Some(3)), (gpus(&["2", "5", "2"]), 5));
    }

    #[test]
    fn a_job_has_no_more_cores_than_it_was_given() {
        assert_eq!(
            [None, Some("2"), Some("9"), Some("0"), Some("?")].map(|allotted| cores(8, allotted)),
            [8, 2, 8, 1, 8]
        );
    }

    #[test]
    fn the_environment_says_which_gpus_there_are() {
        assert_eq!(gpus(None, 2), ["0", "1"]);
        assert_eq!(gpus(Some("3, GPU-ab"), 2), ["3", "GPU-ab"]);
        assert_eq!(gpus(Some(""), 0), [""; 0]);
        assert_eq!(gpus(Some("3,4"), 1), ["3"], "libtorch finds the first alone");
    }

    #[test]
    fn a_cuda_device_without_gpu_is_refused() {
        for kind in ["libtorch-cuda", "cuda"].into_iter().filter(|&kind| device::gpus(kind) == 0) {
            assert!(Workers::new(&format!("{kind}:0"), None).unwrap_err().contains("no GPU"));
        }
        assert!(Workers::new("flex", None).is_ok());
    }
}
