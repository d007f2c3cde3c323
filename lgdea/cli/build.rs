//! Tells the binary where libtorch's libraries are, so that it finds them wherever it is started.

use std::env;
use std::path::PathBuf;
use std::process::Command;

fn main() {
    println!("cargo:rerun-if-env-changed=LIBTORCH");
    println!("cargo:rerun-if-env-changed=LIBTORCH_USE_PYTORCH");
    println!("cargo:rerun-if-env-changed=VIRTUAL_ENV");
    // Windows looks for libraries beside the binary and in PATH alone.
    if env::var_os("CARGO_FEATURE_LIBTORCH").is_some()
        && env::var_os("CARGO_CFG_UNIX").is_some()
        && let Some(libraries) = libraries()
    {
        println!("cargo:rustc-link-arg=-Wl,-rpath,{}", libraries.display());
    }
}

/// The folder of libtorch's libraries: of PyTorch's package, or of `LIBTORCH`, as torch-sys looks for them.
fn libraries() -> Option<PathBuf> {
    if env::var_os("LIBTORCH_USE_PYTORCH").is_some() {
        let python = if env::var_os("VIRTUAL_ENV").is_some() { "python" } else { "python3" };
        let script = "import torch; print(torch.__path__[0])";
        let output = Command::new(python).args(["-c", script]).output().ok()?;
        let path = String::from_utf8(output.stdout).ok()?;
        return Some(PathBuf::from(path.trim()).join("lib")).filter(|folder| folder.is_dir());
    }
    env::var_os("LIBTORCH").map(|folder| PathBuf::from(folder).join("lib"))
}
