//! Who holds a lease: a process of a machine.

use std::fmt;
use std::io;

use serde::{Deserialize, Serialize};
use sysinfo::{Pid, Process, ProcessRefreshKind, ProcessStatus, ProcessesToUpdate, System};

/// Most seconds by which the start of one process may seem to move: the system counts it from its own start, which it takes from
/// a clock that is corrected now and then.
const CLOCK: u64 = 2;

/// A process.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Holder {
    /// The machine, and what of it sees the same process ids.
    host: String,
    process: u32,
    /// When it started, in seconds since 1970-01-01 UTC: process ids are used again.
    started: u64,
}

/// The first part of a lease, which no other lease has.
#[derive(Serialize, Deserialize)]
struct Token {
    #[serde(flatten)]
    holder: Holder,
    /// Number of the lease among those of the process.
    number: u64,
}

impl Holder {
    /// This process.
    pub(crate) fn this() -> io::Result<Holder> {
        Holder::of(std::process::id())
    }

    /// A process of this machine.
    pub(crate) fn of(process: u32) -> io::Result<Holder> {
        let started = started(process)?.ok_or_else(|| io::Error::other("the system does not list this process"))?;
        Ok(Holder { host: host(), process, started })
    }

    /// What a lease of this process begins with.
    pub(crate) fn token(&self, number: u64) -> io::Result<String> {
        Ok(serde_json::to_string(&Token { holder: self.clone(), number })?)
    }

    /// Who wrote a lease; `None` for one that is torn.
    pub(crate) fn read(lease: &str) -> Option<Holder> {
        let token = serde_json::Deserializer::from_str(lease).into_iter::<Token>().next()?.ok()?;
        Some(token.holder)
    }

    /// Whether it is known to have ended; `this` is the process that asks.
    pub(crate) fn is_gone(&self, this: &Holder) -> bool {
        let is_other = |started: Option<u64>| started.is_none_or(|started| started.abs_diff(self.started) > CLOCK);
        self.host == this.host && started(self.process).is_ok_and(is_other)
    }

    /// A part of names of files that no other process takes.
    pub(crate) fn file_name(&self) -> String {
        let host = &blake3::hash(self.host.as_bytes()).to_hex()[..8];
        format!("{host}-{}-{}", self.process, self.started)
    }
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.host.split('/').next().unwrap_or_default();
        write!(f, "process {} on {name}", self.process)
    }
}

/// When a process started; `None` where there is none, or where it has ended and its parent has not asked for it yet.
fn started(process: u32) -> io::Result<Option<u64>> {
    let pid = Pid::from_u32(process);
    let mut system = System::new().map_err(io::Error::other)?;
    system.refresh_processes_specifics(ProcessesToUpdate::Some(&[pid]), false, ProcessRefreshKind::nothing());
    let alive = |process: &&Process| !matches!(process.status(), ProcessStatus::Zombie | ProcessStatus::Dead);
    Ok(system.process(pid).filter(alive).map(Process::start_time))
}

/// Name of the machine. Containers may share a name, and machines are started again: on Linux, what tells these apart is added.
fn host() -> String {
    let name = System::host_name().unwrap_or_default();
    let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
    let processes = std::fs::read_link("/proc/self/ns/pid").unwrap_or_default();
    format!("{name}/{}/{}", boot.trim(), processes.display())
}
