//! What a machine may lack: services, programs and data, and the one way to say that a test is skipped without them.

use std::path::PathBuf;

use crate::root;

/// What a test may need besides the binary.
#[derive(Debug, Clone, Copy)]
pub enum Service {
    /// An MLflow server; its address.
    Mlflow,
    /// A Slurm cluster; its configuration file.
    Slurm,
    /// A Ray cluster; the folder of a `ray` that knows it.
    Ray,
    /// A browser with the scripts that drive it; the folder of these.
    Browser,
    /// The published `MiniLM`; its folder.
    MiniLm,
    /// A language model's server; its address.
    Llm,
}

impl Service {
    /// What `tests/services` printed when it started or installed it; `None`, and said so, where nobody asked it to.
    pub fn find(self) -> Option<String> {
        let (variable, command) = match self {
            Self::Mlflow => ("LGDEA_TEST_MLFLOW", "mlflow.sh start"),
            Self::Slurm => ("LGDEA_TEST_SLURM", "slurm.sh start"),
            Self::Ray => ("LGDEA_TEST_RAY", "ray.sh start"),
            Self::Browser => ("LGDEA_TEST_BROWSER", "browser.sh install"),
            Self::MiniLm => ("LGDEA_TEST_MINILM", "minilm.sh install"),
            Self::Llm => ("LGDEA_TEST_LLM", "llm.sh start"),
        };
        let found = std::env::var(variable).ok();
        if found.is_none() {
            skipped(&format!("{variable} is not set; tests/services/{command} prints it"));
        }
        found
    }
}

/// Something in the folder of real data, which `LGDEA_DATA` names, or else `../shared/data` beside the project; `None`,
/// and said so, where it is missing.
pub fn data(name: &str) -> Option<PathBuf> {
    let folder = std::env::var_os("LGDEA_DATA").map_or_else(|| root().join("../shared/data"), PathBuf::from);
    let path = folder.join(name);
    if path.exists() {
        return Some(path.canonicalize().unwrap());
    }
    skipped(&format!("{} not found", path.display()));
    None
}

#[allow(clippy::print_stdout, reason = "tests say what they skip")]
fn skipped(why: &str) {
    println!("skipped: {why}");
}
