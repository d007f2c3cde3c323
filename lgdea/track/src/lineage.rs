//! What an attempt runs with and on: version, commit, device, machine.

use std::fs::File;
use std::path::Path;
use std::process::Command;

use serde::{Deserialize, Serialize};
use sysinfo::{CpuRefreshKind, MemoryRefreshKind, RefreshKind, System};

/// What an attempt runs with and on: facts that explain a result, and none that name a person or a host.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Lineage {
    /// Version of lgdea.
    pub lgdea: String,
    /// BLAKE3 hash of the running program; empty where it could not be read.
    pub binary: String,
    /// The repository that the experiment lies in, if any.
    pub git: Option<Git>,
    /// Where tensors live.
    pub device: String,
    /// Operating system and its version.
    pub os: String,
    /// Version of the kernel.
    pub kernel: String,
    /// Processor architecture and model.
    pub cpu: String,
    /// Logical processors that this process may use.
    pub cores: usize,
    /// Main memory in bytes, or what the container may use of it.
    pub memory: u64,
}

/// State of a git work tree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Git {
    /// Hash of the commit.
    pub commit: String,
    /// Name of the branch; empty on none.
    pub branch: String,
    /// Whether tracked files differ from the commit.
    pub dirty: bool,
}

impl Lineage {
    /// Gathers the facts. `folder` is where the experiment lies. What cannot be learned is left empty: this never fails.
    pub fn collect(device: &str, folder: &Path) -> Lineage {
        let what = RefreshKind::nothing()
            .with_cpu(CpuRefreshKind::nothing())
            .with_memory(MemoryRefreshKind::nothing().with_ram());
        let system = System::new_with_specifics(what).ok();
        let model = system.as_ref().and_then(|system| system.cpus().first()).map_or("", |cpu| cpu.brand().trim());
        Lineage {
            lgdea: env!("CARGO_PKG_VERSION").to_owned(),
            binary: binary_hash().unwrap_or_default(),
            git: Git::of(folder),
            device: device.to_owned(),
            os: System::long_os_version().unwrap_or_default(),
            kernel: System::kernel_version().unwrap_or_default(),
            cpu: format!("{} {model}", System::cpu_arch()).trim().to_owned(),
            cores: std::thread::available_parallelism().map_or(0, usize::from),
            memory: system.as_ref().map_or(0, memory),
        }
    }
}

impl Git {
    /// State of the work tree that holds `folder`; `None` outside of one, before a first commit, or without git.
    pub fn of(folder: &Path) -> Option<Git> {
        let git = |arguments: &[&str]| {
            let output = Command::new("git")
                .arg("-C")
                .arg(folder)
                .args(arguments)
                // Looking must not write: a refreshed index would take a lock that others wait for.
                .env("GIT_OPTIONAL_LOCKS", "0")
                .output()
                .ok()?;
            let text = String::from_utf8(output.stdout).ok()?;
            output.status.success().then(|| text.trim().to_owned())
        };
        Some(Git {
            commit: git(&["rev-parse", "HEAD"])?,
            branch: git(&["branch", "--show-current"])?,
            dirty: !git(&["status", "--porcelain", "--untracked-files=no"])?.is_empty(),
        })
    }
}

fn binary_hash() -> Option<String> {
    let program = File::open(std::env::current_exe().ok()?).ok()?;
    let mut hasher = blake3::Hasher::new();
    hasher.update_reader(program).ok()?;
    Some(hasher.finalize().to_hex().to_string())
}

fn memory(system: &System) -> u64 {
    let limit = system.cgroup_limits().map_or(u64::MAX, |limits| limits.total_memory);
    match system.total_memory().min(limit) {
        0 => system.total_memory(),
        memory => memory,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_facts_are_there() {
        let lineage = Lineage::collect("flex", Path::new("."));
        assert_eq!(lineage.device, "flex");
        assert_eq!(lineage.binary.len(), 64);
        assert!(lineage.cores > 0 && lineage.memory > 1 << 20, "{lineage:?}");
        assert!(!lineage.os.is_empty() && !lineage.cpu.is_empty(), "{lineage:?}");
    }

    #[test]
    fn no_person_and_no_host_is_named() {
        let text = serde_json::to_string(&Lineage::collect("flex", Path::new("."))).unwrap();
        let home = std::env::home_dir().unwrap_or_default();
        let private = [Some(home.display().to_string()), System::host_name().ok().map(|name| format!("\"{name}\""))];
        for name in private.into_iter().flatten().filter(|name| name.len() > 1) {
            assert!(!text.contains(&name), "{name} in {text}");
        }
    }

    #[test]
    fn a_work_tree_is_recognised_clean_and_dirty() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(Git::of(folder.path()), None);
        let git = |arguments: &[&str]| {
            let identity = ["-c", "user.name=test", "-c", "user.email=test@example.org", "-c", "commit.gpgsign=false"];
            let done = Command::new("git").arg("-C").arg(folder.path()).args(identity).args(arguments).output();
            assert!(done.unwrap().status.success(), "git {arguments:?}");
        };
        git(&["init", "--quiet", "--initial-branch=trunk"]);
        assert_eq!(Git::of(folder.path()), None);
        std::fs::write(folder.path().join("a"), "1").unwrap();
        git(&["add", "a"]);
        git(&["commit", "--quiet", "--message=a"]);
        let clean = Git::of(folder.path()).unwrap();
        assert_eq!((clean.commit.len(), clean.branch.as_str(), clean.dirty), (40, "trunk", false));
        std::fs::write(folder.path().join("a"), "2").unwrap();
        assert!(Git::of(folder.path()).unwrap().dirty);
    }
}
