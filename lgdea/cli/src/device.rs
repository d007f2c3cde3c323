//! Where tensors live: the only place that opens a backend.

use burn::tensor::Device;
use lgdea_fault::{AtFault, Fault};

/// GPUs by `PyTorch`'s library.
const LIBTORCH_GPU: &str = "libtorch-cuda";
/// GPUs by `CubeCL`'s kernels.
const CUDA_GPU: &str = "cuda";

/// Why a device cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DeviceError {
    /// There is no such device.
    #[error("unknown device `{name}`: this build has {}", available().join(", "))]
    Unknown {
        /// The name given.
        name: String,
    },
    /// The device exists, but not in this build.
    #[cfg(not(all(feature = "libtorch", feature = "cuda")))]
    #[error(
        "this build has no `{name}`: build it with `cargo build --release --features {feature}` (see docs/guides/devices.md)"
    )]
    NotBuilt {
        /// The name given.
        name: String,
        /// The cargo feature that it needs.
        feature: &'static str,
    },
    /// There are fewer GPUs.
    #[cfg(any(feature = "libtorch", feature = "cuda"))]
    #[error(
        "there is no `{kind}:{index}`: {found} CUDA GPUs are found, numbered from 0; without any, see whether `nvidia-smi` \
         lists one{further}, or take `flex`"
    )]
    NoGpu {
        /// How the device is reached.
        kind: &'static str,
        /// The number asked for.
        index: usize,
        /// GPUs found.
        found: usize,
        /// What else to look at.
        further: &'static str,
    },
    /// The thread pool could not be made.
    #[error("failed to start {threads} threads: {source}; lower device.threads")]
    Threads {
        /// Threads asked for.
        threads: usize,
        /// The pool's error.
        source: rayon::ThreadPoolBuildError,
    },
}

impl AtFault for DeviceError {
    fn fault(&self) -> Fault {
        Fault::Input
    }
}

/// Opens the device of that name, with `threads` CPU threads (0 for all cores).
pub(crate) fn open(name: &str, threads: usize) -> Result<Device, DeviceError> {
    if threads > 0 {
        rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build_global()
            .map_err(|source| DeviceError::Threads { threads, source })?;
    }
    find(name)
}

/// Whether there is a device of that name, which is not used yet.
pub(crate) fn check(name: &str) -> Result<(), DeviceError> {
    find(name).map(drop)
}

/// Refuses a name that no device has. One that this build or this machine lacks is said: the run may be for another one.
pub(crate) fn known_somewhere(name: &str) -> Result<Option<String>, DeviceError> {
    match check(name) {
        Ok(()) => Ok(None),
        Err(error @ DeviceError::Unknown { .. }) => Err(error),
        Err(error) => Ok(Some(format!("here nothing can run on `{name}`: {error}"))),
    }
}

/// Whether this build can open such a device where there is one.
pub(crate) fn is_built(name: &str) -> bool {
    let kind = name.split_once(':').map_or(name, |(kind, _)| kind);
    let lacks_libtorch = cfg!(not(feature = "libtorch")) && matches!(kind, "libtorch" | LIBTORCH_GPU);
    let lacks_cuda = cfg!(not(feature = "cuda")) && kind == CUDA_GPU;
    !lacks_libtorch && !lacks_cuda
}

fn find(name: &str) -> Result<Device, DeviceError> {
    let (kind, index) = match name.split_once(':') {
        Some((kind, index)) => (kind, index.parse::<usize>().ok()),
        None => (name, Some(0)),
    };
    match (kind, index) {
        ("flex", Some(0)) => Ok(Device::flex()),
        #[cfg(feature = "libtorch")]
        #[expect(deprecated, reason = "burn-tch is why burn is pinned: see docs/decisions/0001-burn-is-pinned.md")]
        ("libtorch", Some(0)) => Ok(Device::libtorch()),
        #[cfg(feature = "libtorch")]
        (LIBTORCH_GPU, Some(index)) => gpu(LIBTORCH_GPU, index, " and whether this libtorch was built for CUDA"),
        #[cfg(feature = "cuda")]
        (CUDA_GPU, Some(index)) => gpu(CUDA_GPU, index, ""),
        #[cfg(not(feature = "libtorch"))]
        ("libtorch" | LIBTORCH_GPU, Some(_)) => {
            Err(DeviceError::NotBuilt { name: name.to_owned(), feature: "libtorch" })
        }
        #[cfg(not(feature = "cuda"))]
        (CUDA_GPU, Some(_)) => Err(DeviceError::NotBuilt { name: name.to_owned(), feature: "cuda" }),
        _ => Err(DeviceError::Unknown { name: name.to_owned() }),
    }
}

/// A GPU of that number; another would only panic in the middle of a run.
#[cfg(any(feature = "libtorch", feature = "cuda"))]
fn gpu(kind: &'static str, index: usize, further: &'static str) -> Result<Device, DeviceError> {
    let gpus = enumerate(kind);
    let found = gpus.len();
    gpus.into_iter().nth(index).ok_or(DeviceError::NoGpu { kind, index, found, further })
}

/// The GPUs of a kind of device that this build can open.
fn enumerate(kind: &str) -> Vec<Device> {
    match kind {
        #[cfg(feature = "libtorch")]
        LIBTORCH_GPU => Device::enumerate(burn::tensor::DeviceType::LibTorch).into_iter().collect(),
        #[cfg(feature = "cuda")]
        CUDA_GPU => Device::enumerate(burn::tensor::DeviceType::Cuda).into_iter().collect(),
        _ => Vec::new(),
    }
}

/// What kind of GPU a device's name means; `None` where it is none.
pub(crate) fn gpu_kind(name: &str) -> Option<&'static str> {
    let kind = name.split_once(':').map_or(name, |(kind, _)| kind);
    [LIBTORCH_GPU, CUDA_GPU].into_iter().find(|&known| known == kind)
}

/// Number of GPUs of a kind that this build can open.
pub(crate) fn gpus(kind: &str) -> usize {
    enumerate(kind).len()
}

/// Every device that there could be on this machine, and what it is.
pub(crate) fn known() -> Vec<(String, &'static str)> {
    let cpus = [("flex".to_owned(), "pure Rust, CPU"), ("libtorch".to_owned(), "PyTorch's library, CPU")];
    let kinds = [(LIBTORCH_GPU, "PyTorch's library, GPU"), (CUDA_GPU, "CubeCL's kernels, GPU")];
    // One is named even where there is none, with what it needs.
    let named = |(kind, what)| (0..gpus(kind).max(1)).map(move |index| (format!("{kind}:{index}"), what));
    cpus.into_iter().chain(kinds.into_iter().flat_map(named)).collect()
}

/// Names that this build can open.
fn available() -> Vec<&'static str> {
    let mut names = vec!["flex"];
    if cfg!(feature = "libtorch") {
        names.extend(["libtorch", "libtorch-cuda:0"]);
    }
    if cfg!(feature = "cuda") {
        names.push("cuda:0");
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrong_names_are_refused_with_the_right_ones() {
        for name in ["", "gpu", "flex:1", "flex:x", "cuda:x"] {
            let message = open(name, 0).unwrap_err().to_string();
            assert!(message.contains("flex"), "{message}");
            assert!(check(name).is_err() && known_somewhere(name).is_err(), "{name}");
        }
    }

    /// A plan may be for another machine, and a sweep on this one may not.
    #[test]
    fn a_device_that_is_not_here_is_said_where_nothing_runs() {
        assert_eq!(known_somewhere("flex").unwrap(), None);
        check("flex").unwrap();
        for name in ["cuda:99", "libtorch-cuda:99"] {
            let said = known_somewhere(name).unwrap().unwrap();
            assert!(said.contains(&format!("`{name}`")), "{said}");
            assert!(check(name).is_err(), "{name}");
        }
    }
}
