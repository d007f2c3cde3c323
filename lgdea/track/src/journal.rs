//! The journal: an append-only file, one event a line.

use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use crate::{Error, Event, Record, Result, RunDir};

/// The journal of a run: an append-only file, one event per line.
///
/// Every event is one write, so a process that dies leaves whole lines, save perhaps the last. Threads may share it.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    end: Mutex<End>,
    _lock: File,
}

#[derive(Debug)]
struct End {
    file: File,
    /// Length of the file up to the last whole line.
    length: u64,
}

impl Journal {
    /// Begins the journal of a new run; one that is already there is refused.
    pub fn create(run: &RunDir) -> Result<Journal> {
        let path = run.journal();
        if path.metadata().is_ok_and(|file| file.len() > 0) {
            return Err(Error::Exists { path });
        }
        Journal::open(run)
    }

    /// Continues the journal of a run, or begins it.
    ///
    /// A last line that was cut short (by a kill in the middle of a write, or a full disk) is moved to
    /// `journal.torn`, and a warning in the journal says so.
    pub fn open(run: &RunDir) -> Result<Journal> {
        run.create()?;
        let lock = run.lock("journal")?;
        let path = run.journal();
        let mut file =
            OpenOptions::new().read(true).append(true).create(true).open(&path).map_err(Error::io("open", &path))?;
        let torn = heal(&mut file, &path)?;
        let length = file.metadata().map_err(Error::io("read", &path))?.len();
        let journal = Journal { path, end: Mutex::new(End { file, length }), _lock: lock };
        if torn > 0 {
            journal.write(Event::Warning {
                message: format!("the journal's last line was cut short; its {torn} bytes were moved to journal.torn"),
            })?;
        }
        Ok(journal)
    }

    /// Appends an event. The end of an attempt and checkpoints are on the disk when this returns.
    pub fn write(&self, event: Event) -> Result<()> {
        let durable = matches!(event, Event::Ended { .. } | Event::Checkpoint { .. });
        let mut line = serde_json::to_vec(&Record::now(event)).map_err(|error| Error::Io {
            action: "write",
            path: self.path.clone(),
            source: error.into(),
        })?;
        line.push(b'\n');

        let mut end = self.end.lock().unwrap_or_else(PoisonError::into_inner);
        if let Err(error) = end.file.write_all(&line) {
            // A full disk may have taken half of the line; the next event must not be glued to it.
            end.file.set_len(end.length).map_err(Error::io("shorten", &self.path))?;
            return Err(Error::io("write", &self.path)(error));
        }
        end.length += line.len() as u64;
        if durable {
            end.file.sync_data().map_err(Error::io("write", &self.path))?;
        }
        Ok(())
    }

    /// Appends measured values of a step.
    pub fn metrics(&self, step: u64, values: &[(&str, f64)]) -> Result<()> {
        self.write(Event::Metrics {
            step,
            values: values.iter().map(|(name, value)| ((*name).to_owned(), *value)).collect(),
        })
    }

    /// Waits until everything written so far is on the disk.
    pub fn flush(&self) -> Result<()> {
        let end = self.end.lock().unwrap_or_else(PoisonError::into_inner);
        end.file.sync_data().map_err(Error::io("write", &self.path))
    }
}

/// Ends the file with a whole line; returns the number of bytes that had to be moved to `journal.torn`.
fn heal(file: &mut File, path: &Path) -> Result<usize> {
    let read = || Error::io("read", path);
    let length = file.metadata().map_err(read())?.len();
    let start = end_of_last_line(file, length).map_err(read())?;
    let mut tail = Vec::new();
    file.seek(SeekFrom::Start(start)).map_err(read())?;
    file.read_to_end(&mut tail).map_err(read())?;
    if tail.is_empty() {
        return Ok(0);
    }
    if serde_json::from_slice::<Record>(&tail).is_ok() {
        // Only the line break is missing.
        file.write_all(b"\n").map_err(Error::io("write", path))?;
        return Ok(0);
    }
    let torn = path.with_extension("torn");
    tail.push(b'\n');
    OpenOptions::new()
        .append(true)
        .create(true)
        .open(&torn)
        .and_then(|mut copy| copy.write_all(&tail))
        .map_err(Error::io("write", &torn))?;
    file.set_len(start).map_err(Error::io("shorten", path))?;
    Ok(tail.len() - 1)
}

/// Byte after the last line break among the first `length` bytes, found from the end: journals grow long.
fn end_of_last_line(file: &mut File, length: u64) -> std::io::Result<u64> {
    const BLOCK: u64 = 64 * 1024;
    let mut end = length;
    while end > 0 {
        let start = end.saturating_sub(BLOCK);
        let mut block = vec![0; (end - start) as usize];
        file.seek(SeekFrom::Start(start))?;
        file.read_exact(&mut block)?;
        if let Some(position) = block.iter().rposition(|&byte| byte == b'\n') {
            return Ok(start + position as u64 + 1);
        }
        end = start;
    }
    Ok(0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use tempfile::TempDir;

    use super::*;
    use crate::{Status, read};

    fn run() -> (TempDir, RunDir) {
        let folder = tempfile::tempdir().unwrap();
        let run = RunDir::at(folder.path().join("run"));
        (folder, run)
    }

    fn note(text: &str) -> Event {
        Event::Note { text: text.to_owned() }
    }

    fn events(run: &RunDir) -> Vec<Event> {
        read(&run.journal()).unwrap().into_iter().map(|(_, record)| record.event).collect()
    }

    #[test]
    fn events_come_back_in_order_over_two_attempts() {
        let (_folder, run) = run();
        let journal = Journal::create(&run).unwrap();
        journal.write(note("first")).unwrap();
        journal.metrics(1, &[("loss", f64::NAN), ("scale", 10.0)]).unwrap();
        drop(journal);
        assert!(matches!(Journal::create(&run), Err(Error::Exists { .. })));
        let journal = Journal::open(&run).unwrap();
        let end = Event::Ended { status: Status::Killed, error: None, seconds: 1.5 };
        journal.write(end.clone()).unwrap();

        let events = events(&run);
        assert_eq!(events.len(), 3);
        assert_eq!(events[0], note("first"));
        assert!(
            matches!(&events[1], Event::Metrics { step: 1, values } if values["loss"].is_nan() && values["scale"] > 9.9)
        );
        assert_eq!(events[2], end);
    }

    #[test]
    fn a_journal_has_one_writer() {
        let (_folder, run) = run();
        let journal = Journal::open(&run).unwrap();
        let error = Journal::open(&run).unwrap_err();
        assert!(matches!(error, Error::Busy { .. }), "{error}");
        drop(journal);
        Journal::open(&run).unwrap();
    }

    #[test]
    fn threads_do_not_mix_their_lines() {
        let (_folder, run) = run();
        let journal = Journal::open(&run).unwrap();
        std::thread::scope(|scope| {
            for thread in 0..4 {
                let journal = &journal;
                scope.spawn(move || {
                    for step in 0..500 {
                        journal.metrics(step, &[("thread", f64::from(thread))]).unwrap();
                    }
                });
            }
        });
        assert_eq!(events(&run).len(), 2000);
    }

    #[test]
    fn a_line_that_lacks_only_its_break_is_kept() {
        let (_folder, run) = run();
        Journal::open(&run).unwrap().write(note("whole")).unwrap();
        let text = std::fs::read_to_string(run.journal()).unwrap();
        std::fs::write(run.journal(), text.trim_end()).unwrap();
        Journal::open(&run).unwrap().write(note("next")).unwrap();
        assert_eq!(events(&run), [note("whole"), note("next")]);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        /// However many bytes of the last line reached the disk, all other lines stay, and later ones are readable.
        #[test]
        fn a_torn_tail_harms_nothing_else(cut in 1_usize..200, length in 0_usize..200_000) {
            let (_folder, run) = run();
            let journal = Journal::open(&run).unwrap();
            journal.write(note("kept")).unwrap();
            let kept = std::fs::metadata(run.journal()).unwrap().len() as usize;
            journal.write(note(&"x".repeat(length))).unwrap();
            drop(journal);
            let mut bytes = std::fs::read(run.journal()).unwrap();
            let last = bytes.len() - kept;
            bytes.truncate(kept + last - 1 - cut.min(last - 2));
            std::fs::write(run.journal(), &bytes).unwrap();

            let before = events(&run);
            prop_assert_eq!(before, vec![note("kept")]);
            Journal::open(&run).unwrap().write(note("after")).unwrap();
            let after = events(&run);
            prop_assert_eq!(&after[0], &note("kept"));
            let warned = matches!(&after[1], Event::Warning { message } if message.contains("journal.torn"));
            prop_assert!(warned);
            prop_assert_eq!(&after[2], &note("after"));
            let torn = std::fs::read(run.journal().with_extension("torn")).unwrap();
            prop_assert_eq!(&torn[..torn.len() - 1], &bytes[kept..]);
        }
    }
}
