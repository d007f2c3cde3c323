//! Tells the binary where libtorch's libraries are, so that it finds them wherever it is started, and that of CUDA with them.

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
        // No symbol of it is named anywhere: it registers its GPUs when it is loaded. Without these words the linker leaves it out.
        if libraries.join("libtorch_cuda.so").is_file() {
            println!("cargo:rustc-link-search=native={}", libraries.display());
            for argument in ["-Wl,--no-as-needed", "-ltorch_cuda", "-Wl,--as-needed"] {
                println!("cargo:rustc-link-arg={argument}");
            }
        }
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
