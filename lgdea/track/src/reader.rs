//! Reads a journal, also while it is being written.

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use crate::{Error, Record, Result};

/// Bytes that are read at once: most journals are read in a few steps.
const BLOCK: usize = 1 << 16;
/// Bytes of a journal's end that are read where its last line alone is asked for.
const END: u64 = 1 << 12;

/// Reads a journal from a byte on, and can be asked again when the journal has grown.
///
/// As an iterator it yields each whole line's first byte and record, and `None` at the end of what is there; a last
/// line without its line break is left for later, because it may still be being written.
#[derive(Debug)]
pub struct Reader {
    path: PathBuf,
    file: BufReader<File>,
    offset: u64,
    /// The line that is read, kept for the room that it has.
    line: Vec<u8>,
}

impl Reader {
    /// Reads on from byte `offset`, which must be 0 or an earlier reader's [`Reader::offset`].
    pub fn open(path: &Path, offset: u64) -> Result<Reader> {
        let mut file = File::open(path).map_err(Error::io("open", path))?;
        file.seek(SeekFrom::Start(offset)).map_err(Error::io("read", path))?;
        Ok(Reader { path: path.to_path_buf(), file: BufReader::with_capacity(BLOCK, file), offset, line: Vec::new() })
    }

    /// The byte after the last record that was returned.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// Bytes of the journal after [`Reader::offset`], right now.
    pub fn remaining(&self) -> Result<u64> {
        let file = self.file.get_ref().metadata().map_err(Error::io("read", &self.path))?;
        Ok(file.len().saturating_sub(self.offset))
    }

    /// Reads a whole line; `false` where there is none yet.
    fn read_line(&mut self) -> std::io::Result<bool> {
        self.line.clear();
        self.file.read_until(b'\n', &mut self.line)?;
        let whole = self.line.last() == Some(&b'\n');
        if !whole {
            // Back to the line's beginning, for the next time.
            self.file.seek(SeekFrom::Start(self.offset))?;
        }
        Ok(whole)
    }

    /// The error for the line at [`Reader::offset`], where reading stays.
    fn spoiled(&mut self, error: &serde_json::Error) -> Error {
        let mut number = || -> std::io::Result<u64> {
            self.file.seek(SeekFrom::Start(0))?;
            let breaks = self.file.by_ref().take(self.offset).bytes();
            let mut line = 1;
            for byte in breaks {
                line += u64::from(byte? == b'\n');
            }
            Ok(line)
        };
        match number() {
            Ok(line) => Error::Line { path: self.path.clone(), line, offset: self.offset, reason: error.to_string() },
            Err(error) => Error::io("read", &self.path)(error),
        }
    }
}

impl Iterator for Reader {
    type Item = Result<(u64, Record)>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            match self.read_line() {
                Ok(true) => {}
                Ok(false) => return None,
                Err(error) => return Some(Err(Error::io("read", &self.path)(error))),
            }
            let start = self.offset;
            let blank = self.line.trim_ascii().is_empty();
            match serde_json::from_slice(&self.line) {
                Err(error) if !blank => return Some(Err(self.spoiled(&error))),
                Err(_) => self.offset += self.line.len() as u64,
                Ok(record) => {
                    self.offset += self.line.len() as u64;
                    return Some(Ok((start, record)));
                }
            }
        }
    }
}

/// The last line of a journal; `None` where it is not whole, cannot be read, or is a long one.
pub(crate) fn last(path: &Path) -> Option<Record> {
    let mut file = File::open(path).ok()?;
    let begin = file.metadata().ok()?.len().saturating_sub(END);
    file.seek(SeekFrom::Start(begin)).ok()?;
    let mut end = Vec::new();
    file.read_to_end(&mut end).ok()?;
    let before = end.strip_suffix(b"\n")?;
    let line = match before.iter().rposition(|&byte| byte == b'\n') {
        Some(at) => &before[at + 1..],
        None if begin == 0 => before,
        None => return None,
    };
    serde_json::from_slice(line).ok()
}

/// All whole lines of a journal: each one's first byte, and its record.
pub fn read(path: &Path) -> Result<Vec<(u64, Record)>> {
    Reader::open(path, 0)?.collect()
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;
    use crate::Event;

    const NOTE: &str = r#"{"time":1,"event":"note","text":"a"}"#;

    #[test]
    fn a_growing_journal_is_read_as_it_grows() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        let mut reader = Reader::open(file.path(), 0).unwrap();
        assert!(reader.next().is_none());
        file.write_all(&NOTE.as_bytes()[..10]).unwrap();
        assert!(reader.next().is_none());
        file.write_all(&NOTE.as_bytes()[10..]).unwrap();
        assert!(reader.next().is_none());
        file.write_all(b"\n").unwrap();
        let (start, record) = reader.next().unwrap().unwrap();
        assert_eq!((start, record.event), (0, Event::Note { text: "a".to_owned() }));
        assert!(reader.next().is_none());
        write!(file, "\n{NOTE}\n").unwrap();
        assert_eq!(reader.next().unwrap().unwrap().0, NOTE.len() as u64 + 2);
        assert_eq!(reader.remaining().unwrap(), 0);

        let mut second = Reader::open(file.path(), NOTE.len() as u64 + 1).unwrap();
        assert_eq!(second.next().unwrap().unwrap().0, NOTE.len() as u64 + 2);
    }

    #[test]
    fn a_spoiled_line_is_named_and_stops_the_reading_there() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        write!(file, "{NOTE}\n{{\"time\":1,\"event\":\"nonsense\"}}\n{NOTE}\n").unwrap();
        let mut reader = Reader::open(file.path(), 0).unwrap();
        assert!(reader.next().unwrap().is_ok());
        let error = reader.next().unwrap().unwrap_err().to_string();
        assert!(error.contains("line 2") && error.contains("nonsense"), "{error}");
        assert!(reader.next().unwrap().is_err());
    }

    #[test]
    fn the_last_line_is_read_alone() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        let found = |file: &tempfile::NamedTempFile| last(file.path()).map(|record| record.event);
        assert_eq!(found(&file), None);
        writeln!(file, "{NOTE}").unwrap();
        let note = |text: &str| Some(Event::Note { text: text.to_owned() });
        assert_eq!(found(&file), note("a"));
        let long = NOTE.replace("\"a\"", &format!("\"{}\"", "b".repeat(END as usize)));
        writeln!(file, "{long}").unwrap();
        assert_eq!(found(&file), None, "a long line is left");
        writeln!(file, "{}", NOTE.replace("\"a\"", "\"c\"")).unwrap();
        assert_eq!(found(&file), note("c"));
        write!(file, "{NOTE}").unwrap();
        assert_eq!(found(&file), None, "a line that is being written");
    }

    #[test]
    fn bytes_that_are_no_text_do_not_panic() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(b"\0\0\xff\xfe\n").unwrap();
        assert!(matches!(read(file.path()), Err(Error::Line { line: 1, .. })));
    }
}
