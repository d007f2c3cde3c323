//! Where tensors live: the only place that names a backend.

use burn::tensor::Device;

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
    #[cfg(not(all(feature = "flex", feature = "libtorch")))]
    #[error(
        "this build has no `{name}`: build it with `cargo build --release --features {feature}` (see README, \"Devices\")"
    )]
    NotBuilt {
        /// The name given.
        name: String,
        /// The cargo feature that it needs.
        feature: &'static str,
    },
    /// libtorch sees fewer GPUs.
    #[cfg(feature = "libtorch")]
    #[error(
        "libtorch finds {found} CUDA GPUs, so there is no `libtorch-cuda:{index}`: they are numbered from 0; without \
         any, see whether `nvidia-smi` lists one and whether this libtorch was built for CUDA, or take `libtorch`"
    )]
    NoGpu {
        /// The number asked for.
        index: usize,
        /// GPUs found.
        found: usize,
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

/// Opens the device of that name, with `threads` CPU threads (0 for all cores).
pub(crate) fn open(name: &str, threads: usize) -> Result<Device, DeviceError> {
    if threads > 0 {
        rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build_global()
            .map_err(|source| DeviceError::Threads { threads, source })?;
    }
    let (kind, index) = match name.split_once(':') {
        Some((kind, index)) => (kind, index.parse::<usize>().ok()),
        None => (name, Some(0)),
    };
    match (kind, index) {
        #[cfg(feature = "flex")]
        ("flex", Some(0)) => Ok(Device::flex()),
        #[cfg(feature = "libtorch")]
        #[expect(deprecated, reason = "burn-tch is why burn is pinned: see ARCHITECTURE.md, decision 1")]
        ("libtorch", Some(0)) => Ok(Device::libtorch()),
        #[cfg(feature = "libtorch")]
        ("libtorch-cuda", Some(index)) => libtorch_gpu(index),
        #[cfg(not(feature = "flex"))]
        ("flex", Some(0)) => Err(DeviceError::NotBuilt { name: name.to_owned(), feature: "flex" }),
        #[cfg(not(feature = "libtorch"))]
        ("libtorch" | "libtorch-cuda", Some(_)) => {
            Err(DeviceError::NotBuilt { name: name.to_owned(), feature: "libtorch" })
        }
        _ => Err(DeviceError::Unknown { name: name.to_owned() }),
    }
}

/// A GPU that libtorch sees; it would only panic in the middle of a run for another.
#[cfg(feature = "libtorch")]
fn libtorch_gpu(index: usize) -> Result<Device, DeviceError> {
    let gpus: Vec<Device> = Device::enumerate(burn::tensor::DeviceType::LibTorch).into_iter().collect();
    let found = gpus.len();
    gpus.into_iter().nth(index).ok_or(DeviceError::NoGpu { index, found })
}

/// Whether a device is a GPU, of which one of several is taken by its number.
pub(crate) fn is_gpu(name: &str) -> bool {
    name.starts_with("libtorch-cuda")
}

/// Number of GPUs that this build can open.
pub(crate) fn gpus() -> usize {
    #[cfg(feature = "libtorch")]
    return Device::enumerate(burn::tensor::DeviceType::LibTorch).into_iter().count();
    #[cfg(not(feature = "libtorch"))]
    0
}

/// Every device that there could be on this machine, and what it is.
pub(crate) fn known() -> Vec<(String, &'static str)> {
    let mut known = vec![
        ("flex".to_owned(), "pure Rust, CPU"),
        ("libtorch".to_owned(), "PyTorch's library, CPU"),
        ("libtorch-cuda:0".to_owned(), "PyTorch's library, first GPU"),
    ];
    known.extend((1..gpus()).map(|index| (format!("libtorch-cuda:{index}"), "PyTorch's library, a further GPU")));
    known
}

/// Names that this build can open.
fn available() -> Vec<&'static str> {
    let mut names = Vec::new();
    if cfg!(feature = "flex") {
        names.push("flex");
    }
    if cfg!(feature = "libtorch") {
        names.extend(["libtorch", "libtorch-cuda:0"]);
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrong_names_are_refused_with_the_right_ones() {
        for name in ["", "gpu", "flex:1", "flex:x", "cuda"] {
            let message = open(name, 0).unwrap_err().to_string();
            assert!(message.contains("flex"), "{message}");
        }
    }
}
