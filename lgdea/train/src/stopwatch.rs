//! Where a step's time goes, for whoever asks.

use std::time::Instant;

use burn::tensor::Device;

/// Times the parts of a step. A device works behind the back of the thread that feeds it, so that each part is waited for;
/// training itself therefore has none that runs.
pub(crate) struct Stopwatch<'d> {
    running: Option<Running<'d>>,
}

struct Running<'d> {
    device: &'d Device,
    since: Instant,
    /// Seconds of each part, in the order of their end.
    parts: Vec<(&'static str, f64)>,
}

impl<'d> Stopwatch<'d> {
    /// One that does not run.
    pub(crate) fn off() -> Self {
        Self { running: None }
    }

    /// One that runs from now on.
    pub(crate) fn started(device: &'d Device) -> Self {
        Self { running: Some(Running { device, since: Instant::now(), parts: Vec::new() }) }
    }

    /// Ends a part.
    pub(crate) fn end(&mut self, part: &'static str) {
        if let Some(running) = &mut self.running {
            // A device that fails fails again where its results are read, which tells why.
            let _ = running.device.sync();
            running.parts.push((part, running.since.elapsed().as_secs_f64()));
            running.since = Instant::now();
        }
    }

    /// Seconds of each part.
    pub(crate) fn parts(self) -> Vec<(&'static str, f64)> {
        self.running.map(|running| running.parts).unwrap_or_default()
    }
}
