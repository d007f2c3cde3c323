//! How a sweep is shown while it runs: a live table on a terminal, lines elsewhere.

use std::time::{Duration, Instant};

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use lgdea_spec::counted;
use lgdea_sweep::{Audience, Begin, Counts, Ending, News, Running};

use crate::progress::say;
use crate::terminal::is_drawn_on;

/// Least time between two lines on how things stand, where there is no terminal; between two drawings, where there is one.
const QUIET: Duration = Duration::from_mins(1);
const REDRAWN: Duration = Duration::from_millis(200);

/// Shows a sweep.
pub(super) struct Board {
    table: Option<Table>,
    told: Instant,
    last: Option<Counts>,
    /// Whether the tracker, if there is one, has all of what was run.
    pub(super) all_sent: bool,
}

/// A line for each slot and one for the whole.
struct Table {
    lines: MultiProgress,
    slots: Vec<ProgressBar>,
    whole: ProgressBar,
}

impl Board {
    pub(super) fn new(slots: usize) -> Board {
        let table = is_drawn_on().then(|| Table::new(slots));
        Board { table, told: Instant::now(), last: None, all_sent: true }
    }

    fn say(&self, text: &str) {
        match &self.table {
            // A terminal that has gone away ends the showing, not the sweep.
            Some(table) => drop(table.lines.println(text)),
            None => say(text),
        }
    }
}

impl Table {
    fn new(slots: usize) -> Table {
        let lines = MultiProgress::new();
        let bar = |template: &str| {
            let bar = lines.add(ProgressBar::no_length());
            // The templates are ours; a broken one leaves the default.
            ProgressStyle::with_template(template).map_or(bar.clone(), |style| bar.with_style(style))
        };
        let slots = (0..slots).map(|_| bar("{bar:16} {pos:>6}/{len} {msg}")).collect();
        let whole = bar("{bar:16} {pos:>6}/{len} runs finished{msg}, {elapsed}");
        Table { lines, slots, whole }
    }

    fn draw(&self, running: &[Running<'_>], counts: &Counts) {
        for (slot, bar) in self.slots.iter().enumerate() {
            if let Some(running) = running.iter().find(|running| running.slot == slot) {
                bar.set_length(running.steps);
                bar.set_position(running.step);
                bar.set_message(describe(running));
            } else {
                bar.set_position(0);
                bar.set_message("free");
            }
        }
        self.whole.set_length(counts.runs as u64);
        self.whole.set_position(counts.finished as u64);
        self.whole.set_message(others(counts));
    }
}

impl Audience for Board {
    fn news(&mut self, news: &News<'_>) {
        let text = match news {
            News::Started { trial, begin: Begin::First } => format!("started   {trial}"),
            News::Started { trial, begin: Begin::Resumed } => format!("resumed   {trial}"),
            News::Started { trial, begin: Begin::Again } => format!("again     {trial}"),
            News::Retry { trial, message, wait } => {
                format!("crashed   {trial}: {}\n          it is tried again in {} s", indent(message), wait.as_secs())
            }
            News::Ended { trial, ending } => match ending {
                Ending::Finished => format!("finished  {trial}"),
                Ending::Cached => return,
                Ending::Pruned => format!("pruned    {trial}"),
                Ending::Failed(message) => format!("failed    {trial}: {}", indent(message)),
                Ending::Left => format!("stopped   {trial}"),
            },
            News::Stopping => "stopping: trials write their checkpoints; once more ends them now".to_owned(),
            News::Killing => "ending all trials now".to_owned(),
            News::Closed(reason) => format!("no further trial is started: {reason}"),
            News::Warning(text) => (*text).to_owned(),
            News::Unsent(text) => {
                self.all_sent = false;
                (*text).to_owned()
            }
        };
        self.say(&text);
    }

    fn standing(&mut self, running: &[Running<'_>], counts: &Counts) {
        let changed = self.last.replace(*counts) != Some(*counts);
        match &self.table {
            Some(table) if changed || self.told.elapsed() >= REDRAWN => table.draw(running, counts),
            None if self.told.elapsed() >= QUIET => {
                say(format!("{} of {} finished{}", counts.finished, counted(counts.runs, "run"), others(counts)));
                for running in running {
                    say(format!("  step {} of {}: {}", running.step, running.steps, describe(running)));
                }
            }
            _ => return,
        }
        self.told = Instant::now();
    }
}

impl Drop for Board {
    fn drop(&mut self) {
        if let Some(table) = &self.table {
            // A terminal that has gone away has nothing to clear.
            let _ = table.lines.clear();
        }
    }
}

/// A trial with its last metric and how long the rest will take.
fn describe(running: &Running<'_>) -> String {
    let metric = running.metric.map_or_else(String::new, |(name, value)| format!(", {name} {value:.3}"));
    let done = running.step.saturating_sub(running.first_step);
    let left = running.steps.saturating_sub(running.step);
    let eta = if done == 0 || left == 0 {
        String::new()
    } else {
        format!(", {} s left", running.since.elapsed().mul_f64(left as f64 / done as f64).as_secs())
    };
    format!("{}{metric}{eta}", running.trial)
}

fn others(counts: &Counts) -> String {
    let parts = [
        ("running", counts.running),
        ("elsewhere", counts.elsewhere),
        ("pruned", counts.pruned),
        ("failed", counts.failed),
    ];
    let told = parts.iter().filter(|(_, count)| *count > 0).map(|(name, count)| format!(", {count} {name}"));
    told.collect::<Vec<_>>().concat()
}

/// Later lines under the first.
fn indent(message: &str) -> String {
    message.replace('\n', "\n          ")
}
