//! What a run takes of its GPU, as NVIDIA's driver tells (NVML, which comes with the driver and is looked for at run time).

mod energy;
mod visible;

use std::time::Instant;

use lgdea_metric::curve::{GPU_ENERGY, GPU_HOURS};
use nvml_wrapper::Nvml;

use energy::{Energy, Moment};

const MEGABYTE: f64 = 1e6;
const SECONDS_OF_AN_HOUR: f64 = 3600.0;

/// The GPU that a run is on, from the beginning of an attempt.
///
/// Use, memory and power are those of the card, whoever else is on it, and so is its energy.
pub(crate) struct GpuMeter {
    nvml: Nvml,
    /// The card's number among all of the machine, as NVML and MLflow count.
    index: u32,
    began: Instant,
    energy: Energy,
}

/// What the driver tells of a card at a moment, as far as the card knows it.
#[derive(Debug, Default)]
struct Reading {
    /// Share of time in which the card computed, in percent.
    utilization: Option<u32>,
    /// Bytes in use, and all.
    memory: Option<[u64; 2]>,
    /// Milliwatts, and the limit that is in force.
    power: Option<u32>,
    power_limit: Option<u32>,
    /// Millijoules since the driver was loaded.
    energy: Option<u64>,
}

impl GpuMeter {
    /// Begins to measure the card that `device` names among those that this process may use. None where it names no GPU
    /// (then nothing is looked for), or the driver does not tell.
    pub(crate) fn new(device: &str) -> Option<GpuMeter> {
        let ordinal = visible::ordinal(device)?;
        let nvml = Nvml::init().inspect_err(|error| tracing::debug!("no GPU metrics: {error}")).ok()?;
        // A card that has fallen off the bus keeps its place.
        let uuid = |index| nvml.device_by_index(index).and_then(|card| card.uuid()).unwrap_or_default();
        let uuids: Vec<String> = (0..nvml.device_count().ok()?).map(uuid).collect();
        let setting = std::env::var("CUDA_VISIBLE_DEVICES").ok();
        let index = *visible::visible(setting.as_deref(), &uuids).get(ordinal)?;
        let mut meter = GpuMeter { nvml, index: index as u32, began: Instant::now(), energy: Energy::default() };
        meter.look();
        Some(meter)
    }

    /// Values now, by the names of MLflow's system metrics.
    pub(crate) fn sample(&mut self) -> Vec<(String, f64)> {
        let index = self.index;
        let named = |(name, value): (&str, f64)| (format!("gpu_{index}_{name}"), value);
        self.look().values().into_iter().map(named).collect()
    }

    /// What the attempt took up to the last sample: hours of one GPU, and the energy where it could be measured.
    pub(crate) fn totals(&self) -> impl Iterator<Item = (String, f64)> {
        let hours = self.began.elapsed().as_secs_f64() / SECONDS_OF_AN_HOUR;
        let energy = self.energy.kilowatt_hours().map(|energy| (GPU_ENERGY.name, energy));
        let totals = [(GPU_HOURS.name, hours)].into_iter().chain(energy);
        totals.map(|(name, value)| (name.to_owned(), value))
    }

    fn look(&mut self) -> Reading {
        let reading = self.nvml.device_by_index(self.index).map_or_else(
            |_| Reading::default(),
            |card| Reading {
                utilization: card.utilization_rates().ok().map(|rates| rates.gpu),
                memory: card.memory_info().ok().map(|memory| [memory.used, memory.total]),
                power: card.power_usage().ok(),
                power_limit: card.enforced_power_limit().ok(),
                energy: card.total_energy_consumption().ok(),
            },
        );
        self.energy.add(Moment {
            seconds: self.began.elapsed().as_secs_f64(),
            counter: reading.energy,
            watts: reading.power.map(watts),
        });
        reading
    }
}

impl Reading {
    fn values(&self) -> Vec<(&'static str, f64)> {
        let mut values = Vec::new();
        if let Some(utilization) = self.utilization {
            values.push(("utilization_percentage", f64::from(utilization)));
        }
        if let Some([used, total]) = self.memory {
            values.push(("memory_usage_megabytes", used as f64 / MEGABYTE));
            values.push(("memory_usage_percentage", 100.0 * used as f64 / total.max(1) as f64));
        }
        if let Some(power) = self.power {
            values.push(("power_usage_watts", watts(power)));
        }
        if let Some((power, limit)) = self.power.zip(self.power_limit) {
            values.push(("power_usage_percentage", 100.0 * f64::from(power) / f64::from(limit.max(1))));
        }
        values
    }
}

fn watts(milliwatts: u32) -> f64 {
    f64::from(milliwatts) / 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_in_mlflows_names_and_units() {
        let reading = Reading {
            utilization: Some(87),
            memory: Some([20_000_000_000, 80_000_000_000]),
            power: Some(350_000),
            power_limit: Some(700_000),
            energy: Some(1),
        };
        let expected = [
            ("utilization_percentage", 87.0),
            ("memory_usage_megabytes", 20_000.0),
            ("memory_usage_percentage", 25.0),
            ("power_usage_watts", 350.0),
            ("power_usage_percentage", 50.0),
        ];
        assert_eq!(reading.values(), expected);
        let little = Reading { power: Some(1500), ..Reading::default() };
        assert_eq!(little.values(), [("power_usage_watts", 1.5)]);
    }

    #[test]
    fn a_run_on_the_cpu_has_no_gpu() {
        assert!(GpuMeter::new("flex").is_none() && GpuMeter::new("libtorch").is_none());
    }
}
