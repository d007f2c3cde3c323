//! What a run takes of its machine: processor, memory and GPU.

use std::collections::BTreeMap;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

use lgdea_metric::Group;
use sysinfo::{CpuRefreshKind, MemoryRefreshKind, Pid, ProcessRefreshKind, ProcessesToUpdate, RefreshKind, System};

use crate::gpu::GpuMeter;
use crate::{Event, Journal, Result};

/// Time between samples, as MLflow's own client has it.
const EVERY: Duration = Duration::from_secs(10);
const MEGABYTE: f64 = 1e6;

/// What a run takes of its machine: a sample every ten seconds, by the names that MLflow shows as system metrics.
///
/// `process_memory_megabytes` is the run's own, as `process_cpu_percentage` is, where 100 is one core; the others are the
/// machine's. A run on an NVIDIA GPU has that card's `gpu_<number>_…`, too, and with its last sample what the attempt took:
/// `gpu_hours`, and `gpu_energy_kwh` where the card tells.
pub struct SystemMeter {
    system: System,
    process: Pid,
    gpu: Option<GpuMeter>,
    samples: u64,
}

impl SystemMeter {
    /// Begins to measure a run whose tensors live on `device` (see [`crate::Lineage::device`]); `None` where the system
    /// tells nothing.
    pub fn new(device: &str) -> Option<SystemMeter> {
        let what = RefreshKind::nothing()
            .with_cpu(CpuRefreshKind::nothing().with_usage())
            .with_memory(MemoryRefreshKind::nothing().with_ram());
        let mut system = System::new_with_specifics(what).ok()?;
        let process = Pid::from_u32(std::process::id());
        // Usage is what happens between two looks.
        look(&mut system, process);
        Some(SystemMeter { system, process, gpu: GpuMeter::new(device), samples: 0 })
    }

    /// Writes samples into a journal until the other end of `stop` is dropped, and one more then.
    ///
    /// # Errors
    /// The journal's.
    pub fn follow(&mut self, journal: &Journal, stop: &Receiver<()>) -> Result<()> {
        loop {
            let goes_on = stop.recv_timeout(EVERY) == Err(RecvTimeoutError::Timeout);
            self.sample(journal, !goes_on)?;
            if !goes_on {
                return Ok(());
            }
        }
    }

    fn sample(&mut self, journal: &Journal, is_last: bool) -> Result<()> {
        look(&mut self.system, self.process);
        let system = &self.system;
        let mut values = vec![
            ("cpu_utilization_percentage", f64::from(system.global_cpu_usage())),
            ("system_memory_usage_megabytes", system.used_memory() as f64 / MEGABYTE),
            (
                "system_memory_usage_percentage",
                100.0 * system.used_memory() as f64 / system.total_memory().max(1) as f64,
            ),
        ];
        if let Some(process) = system.process(self.process) {
            values.push(("process_cpu_percentage", f64::from(process.cpu_usage())));
            values.push(("process_memory_megabytes", process.memory() as f64 / MEGABYTE));
        }
        let values = values.into_iter().map(|(name, value)| (name.to_owned(), value));
        let mut values: Vec<(String, f64)> = values.collect();
        if let Some(gpu) = &mut self.gpu {
            values.extend(gpu.sample());
        }
        let mut values: BTreeMap<String, f64> =
            values.into_iter().map(|(name, value)| (Group::System.name(&name), value)).collect();
        if let Some(gpu) = self.gpu.as_ref().filter(|_| is_last) {
            values.extend(gpu.totals());
        }
        journal.write(Event::Metrics { step: self.samples, values })?;
        self.samples += 1;
        Ok(())
    }
}

fn look(system: &mut System, process: Pid) {
    system.refresh_cpu_usage();
    system.refresh_memory_specifics(MemoryRefreshKind::nothing().with_ram());
    let what = ProcessRefreshKind::nothing().with_cpu().with_memory();
    system.refresh_processes_specifics(ProcessesToUpdate::Some(&[process]), false, what);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Reader, RunDir};

    #[test]
    fn a_run_that_ends_at_once_has_one_sample() {
        let folder = tempfile::tempdir().unwrap();
        let run = RunDir::at(folder.path());
        run.create().unwrap();
        let journal = Journal::create(&run).unwrap();
        let (stop, stopped) = std::sync::mpsc::channel();
        drop(stop);
        SystemMeter::new("flex").unwrap().follow(&journal, &stopped).unwrap();
        let records: Vec<_> = Reader::open(&run.journal(), 0).unwrap().map(|record| record.unwrap().1.event).collect();
        let [Event::Metrics { step: 0, values }] = records.as_slice() else { panic!("{records:?}") };
        assert!(values["system/process_memory_megabytes"] > 1.0, "{values:?}");
        assert!((0.0..=100.0).contains(&values["system/system_memory_usage_percentage"]), "{values:?}");
        assert!(values.contains_key("system/cpu_utilization_percentage"));
        assert!(!values.keys().any(|name| name.contains("gpu")), "{values:?}");
    }
}
