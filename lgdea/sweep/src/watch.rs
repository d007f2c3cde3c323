//! Following a run while it goes on, by its journal.

use lgdea_metric::curve::LOSS;
use lgdea_track::{Event, Reader, RunDir};

use crate::Curve;

/// What a run's journal has said so far of its training.
#[derive(Debug)]
pub(crate) struct Watch {
    run: RunDir,
    /// Byte up to which the journal is read.
    offset: u64,
    /// The metric that decides which trials are stopped early, if any are.
    metric: Option<String>,
    /// What the run has logged of that metric.
    pub(crate) curve: Curve,
    /// Points of the curve that were judged.
    judged: usize,
    /// The last step that was logged.
    pub(crate) step: u64,
    /// The training loss there.
    pub(crate) loss: Option<f64>,
}

impl Watch {
    /// Follows a run. `number` is that of its trial, `metric` the one that decides about it.
    pub(crate) fn new(run: RunDir, number: u64, metric: Option<String>) -> Watch {
        let curve = Curve { number, points: Vec::new() };
        Watch { run, offset: 0, metric, curve, judged: 0, step: 0, loss: None }
    }

    /// Reads on; whether the curve has grown.
    ///
    /// A journal that is not there yet, or cannot be read, says nothing: that is for whoever runs it to tell.
    pub(crate) fn read_on(&mut self) -> bool {
        let Ok(mut reader) = Reader::open(&self.run.journal(), self.offset) else { return false };
        let mut grown = false;
        while let Some(Ok((_, record))) = reader.next() {
            if let Event::Metrics { step, values } = record.event {
                grown |= self.add(step, &values);
            }
        }
        self.offset = reader.offset();
        grown
    }

    /// The curve up to each point that was not asked for before.
    pub(crate) fn unjudged(&mut self) -> impl Iterator<Item = Curve> {
        let Curve { number, points } = &self.curve;
        let first = std::mem::replace(&mut self.judged, points.len());
        (first..points.len()).map(|last| Curve { number: *number, points: points[..=last].to_vec() })
    }

    fn add(&mut self, step: u64, values: &std::collections::BTreeMap<String, f64>) -> bool {
        if let Some(loss) = values.get(LOSS.name) {
            (self.step, self.loss) = (step, Some(*loss));
        }
        let Some(value) = self.metric.as_ref().and_then(|metric| values.get(metric)) else { return false };
        // After a resumption the steps behind the checkpoint are logged again.
        self.curve.points.retain(|(earlier, _)| *earlier < step);
        self.judged = self.judged.min(self.curve.points.len());
        self.curve.points.push((step, *value));
        true
    }
}

#[cfg(test)]
mod tests {
    use lgdea_track::Journal;

    use super::*;

    #[test]
    fn a_curve_grows_with_the_journal_and_forgets_what_is_done_again() {
        let folder = tempfile::tempdir().unwrap();
        let run = RunDir::at(folder.path().join("run"));
        let mut watch = Watch::new(run.clone(), 3, Some("validation/a".to_owned()));
        assert!(!watch.read_on());
        let journal = Journal::open(&run).unwrap();
        journal.metrics(10, &[("train/loss", 2.0)]).unwrap();
        assert!(!watch.read_on());
        assert_eq!((watch.step, watch.loss), (10, Some(2.0)));
        for (step, value) in [(10, 0.5), (20, 0.6), (30, 0.7), (20, 0.65)] {
            journal.metrics(step, &[("validation/a", value)]).unwrap();
        }
        assert!(watch.read_on());
        assert!(!watch.read_on(), "nothing new");
        let whole = Curve { number: 3, points: vec![(10, 0.5), (20, 0.65)] };
        assert_eq!(watch.curve, whole);
        let first = Curve { number: 3, points: vec![(10, 0.5)] };
        assert_eq!(watch.unjudged().collect::<Vec<_>>(), [first, whole]);
        assert_eq!(watch.unjudged().count(), 0);
    }
}
