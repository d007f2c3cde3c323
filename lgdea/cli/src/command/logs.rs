//! `lgdea logs`: what a run's journal says, in lines, also while the run goes on.

use std::fmt::Write as _;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use lgdea_metric::curve::{IMAGES_PER_SECOND, LOSS, WARMUP_LOSS};
use lgdea_metric::{Bound, Name};
use lgdea_track::{Event, Reader, Record, RunDir, Status};

use crate::args::runs::LogsArgs;
use crate::command::named::named;
use crate::failure::Failure;
use crate::output::print;
use crate::progress::say;

/// How often the journal is read on.
const PAUSE: Duration = Duration::from_millis(300);
/// Lines that are shown of what a failed trial said.
const LAST_WORDS: usize = 20;

pub(crate) fn logs(args: &LogsArgs) -> Result<(), Failure> {
    let run = named(&args.run, &args.results)?;
    let mut log = Log { run: &run, offset: 0, ended: None, all: args.all };
    let lines = log.read_on()?;
    let skipped = args.lines.map_or(0, |shown| lines.len().saturating_sub(shown));
    print(&lines[skipped..].concat())?;
    while args.follow && log.goes_on()? {
        std::thread::sleep(PAUSE);
        print(&log.read_on()?.concat())?;
    }
    match log.ended {
        None if run.is_written() => {}
        None => {
            say(
                "no process writes this journal: the run was cut off, and `lgdea run` or `lgdea sweep` goes on with it",
            );
        }
        Some(Status::Failed) => {
            print(&last_words(run.path()))?;
            // Who follows a run wants to know how it ended.
            if args.follow {
                return Err(Failure::Quiet(ExitCode::from(1)));
            }
        }
        Some(_) => {}
    }
    Ok(())
}

/// A journal that is read on.
struct Log<'a> {
    run: &'a RunDir,
    /// Byte up to which it is read.
    offset: u64,
    /// How the last attempt ended.
    ended: Option<Status>,
    all: bool,
}

impl Log<'_> {
    /// What is new, in lines.
    fn read_on(&mut self) -> Result<Vec<String>, Failure> {
        let mut reader = Reader::open(&self.run.journal(), self.offset)?;
        let mut lines = Vec::new();
        for record in reader.by_ref() {
            let (_, Record { time, event }) = record?;
            match &event {
                Event::Started { .. } => self.ended = None,
                Event::Ended { status, .. } => self.ended = Some(*status),
                _ => {}
            }
            let (time, told) = (clock(time), told(&event, self.all));
            lines.extend(told.into_iter().map(|(what, text)| format!("{time}  {what:<11}{text}\n")));
        }
        self.offset = reader.offset();
        Ok(lines)
    }

    /// Whether there may be more to read.
    fn goes_on(&self) -> Result<bool, Failure> {
        let more = Reader::open(&self.run.journal(), self.offset)?.remaining()? > 0;
        Ok(self.ended.is_none() && (more || self.run.is_written()))
    }
}

/// An event in lines, each with what it is about; none of what only programs read.
fn told(event: &Event, all: bool) -> Vec<(&'static str, String)> {
    match event {
        Event::Started { attempt, lineage, .. } => {
            vec![("started", format!("attempt {attempt} on {}, lgdea {}", lineage.device, lineage.lgdea))]
        }
        Event::Metrics { step, values } if all => {
            values.iter().map(|(name, value)| ("step", format!("{step}: {name} {value}"))).collect()
        }
        Event::Metrics { step, values } => {
            let value = |name: &str| values.get(name).copied();
            let mut lines = Vec::new();
            for (loss, stage) in [(LOSS.name, "step"), (WARMUP_LOSS.name, "warm-up")] {
                if let Some(loss) = value(loss) {
                    let rate = value(IMAGES_PER_SECOND.name).map(|rate| format!(", {rate:.0} images/s"));
                    lines.push((stage, format!("{step}: loss {loss:.3}{}", rate.unwrap_or_default())));
                }
            }
            lines.extend(values.keys().filter(|name| Name::parse(name).is_headline()).map(|name| score(name, value)));
            lines
        }
        Event::Dataset { name, context, .. } => vec![("data", format!("{name} ({context})"))],
        Event::Warning { message } => vec![("note", message.clone())],
        Event::Checkpoint { step, .. } => vec![("checkpoint", format!("after step {step}"))],
        Event::Ended { status, error, seconds } => {
            let why = error.as_ref().map(|error| format!(": {error}")).unwrap_or_default();
            let how = match status {
                Status::Finished => "finished",
                Status::Failed => "failed",
                Status::Killed => "stopped",
                Status::Pruned => "pruned",
            };
            vec![(how, format!("after {seconds:.0} s{why}"))]
        }
        Event::Params { .. } | Event::Tags { .. } | Event::Artifact { .. } | Event::Note { .. } => Vec::new(),
    }
}

/// A score with its interval.
fn score(name: &str, value: impl Fn(&str) -> Option<f64>) -> (&'static str, String) {
    let digits = Name::parse(name).decimals();
    let mut text = format!("{name} {:.digits$}", value(name).unwrap_or(f64::NAN));
    if let Some([low, high]) = Bound::interval(name, value) {
        let _ = write!(text, " ({low:.digits$} – {high:.digits$})");
    }
    ("score", text)
}

/// A time in milliseconds since 1970, on the clock of this machine.
fn clock(time: u64) -> String {
    let stamp = i64::try_from(time).ok().and_then(|time| jiff::Timestamp::from_millisecond(time).ok());
    let local = stamp.map(|stamp| stamp.to_zoned_datetime(jiff::tz::TimeZone::system()));
    local.map(|local| local.strftime("%Y-%m-%d %H:%M:%S").to_string()).unwrap_or_default()
}

/// The end of what a trial said, where a sweep kept it.
fn last_words(folder: &Path) -> String {
    let path = folder.join("trial.log");
    let Ok(said) = std::fs::read(&path) else { return String::new() };
    let said = String::from_utf8_lossy(&said);
    let lines: Vec<&str> = said.lines().collect();
    let last = &lines[lines.len().saturating_sub(LAST_WORDS)..];
    format!("\nThe end of {}:\n{}\n", path.display(), last.join("\n"))
}
