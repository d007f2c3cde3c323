//! What a file or line is that is no record: said to whoever took it for one.
//!
//! It and `records` import each other in a circle: the reader of records asks what else a line is, and only the reader can say
//! what is wrong with a line that is meant to be one.

use lgdea_track::Record;
use serde_json::Value;

use crate::records;

/// How files begin that are no text, or no text of a run, and what they are.
const BEGINNINGS: [(&[u8], &str); 8] = [
    (
        b"version https://git-lfs.github.com/spec/",
        "is a pointer of Git LFS, and not yet the file itself: `git lfs pull` fetches it",
    ),
    (&[0x1f, 0x8b], "is compressed by gzip: unpack it first"),
    (b"PK\x03\x04", "is a zip archive: unpack it first"),
    (&[0x28, 0xb5, 0x2f, 0xfd], "is compressed by zstd: unpack it first"),
    (&[0xff, 0xfe], "is text in UTF-16: save it as UTF-8"),
    (&[0xfe, 0xff], "is text in UTF-16: save it as UTF-8"),
    (b"<!DOCTYPE", "is a web page: a report cannot be read again"),
    (b"<html", "is a web page: a report cannot be read again"),
];
/// What is read of a file.
const WANTED: &str = "what is compared is a records file (`.jsonl`, from `lgdea compare … --records FILE`), a sweep (its name, folder or \
                      `.toml` file) or the folder of a run";

/// Why a file that begins with this line, the first that is not blank, cannot be compared.
pub(super) fn not_results(first: &[u8]) -> String {
    if let Some((_, what)) = BEGINNINGS.iter().find(|(beginning, _)| first.starts_with(beginning)) {
        return (*what).to_owned();
    }
    if first.trim_ascii().is_empty() {
        return format!("is empty; {WANTED}");
    }
    let Ok(text) = std::str::from_utf8(first) else { return format!("is no text in UTF-8; {WANTED}") };
    match what_is(text) {
        Some(What::List) => "is a sweep's list of trials under another name: name the sweep, or its `trials.jsonl`".to_owned(),
        Some(What::Journal) => "is a run's journal under another name: name the folder of the run".to_owned(),
        Some(What::Run) => {
            "holds runs, and lacks the first line of a records file, which names their sweeps: write it anew with `lgdea compare \
             … --records FILE`"
                .to_owned()
        }
        Some(What::Head(problem)) => {
            format!("is a records file that this lgdea cannot read ({problem}): another version wrote it, or somebody edited it")
        }
        None if text.trim_start_matches('\u{feff}').trim_start().starts_with(['{', '[']) => {
            format!("is JSON of another kind; {WANTED}")
        }
        None if [',', ';', '\t'].iter().any(|separator| text.matches(*separator).count() > 1) => format!(
            "looks like a table (CSV), of which nothing is read: `--format csv` is for other programs; {WANTED}"
        ),
        None => format!("is text of another kind; {WANTED}"),
    }
}

/// What a line is that lgdea wrote.
#[derive(Debug, PartialEq)]
pub(crate) enum What {
    /// The first line of a records file; with what is wrong with it, if anything is.
    Head(String),
    /// A run of a records file.
    Run,
    /// The first line of a list of trials, or one of its trials.
    List,
    /// A line of a journal.
    Journal,
}

/// What a line is; none of what lgdea does not write.
pub(crate) fn what_is(line: &str) -> Option<What> {
    let line = line.trim_start_matches('\u{feff}').trim();
    let Ok(Value::Object(object)) = serde_json::from_str::<Value>(line) else { return None };
    let has = |keys: &[&str]| keys.iter().all(|key| object.contains_key(*key));
    if has(&["sweeps", "provenance"]) {
        Some(What::Head(records::problem(line).unwrap_or_default()))
    } else if has(&["run_key", "metrics", "seconds"]) {
        Some(What::Run)
    } else if has(&["sweep"]) || has(&["run_key", "dir"]) {
        Some(What::List)
    } else {
        serde_json::from_str::<Record>(line).is_ok().then_some(What::Journal)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_no_result_is_called_what_it_is() {
        let record =
            serde_json::to_string(&Record { time: 1, event: lgdea_track::Event::Artifact { path: "a".to_owned() } })
                .unwrap();
        let cases: [(&[u8], &str); 22] = [
            (b"", "is empty"),
            (b"  \r\n", "is empty"),
            (b"version https://git-lfs.github.com/spec/v1\n", "git lfs pull"),
            (&[0x1f, 0x8b, 8, 0], "gzip"),
            (b"PK\x03\x04..", "zip archive"),
            (&[0x28, 0xb5, 0x2f, 0xfd, 1], "zstd"),
            (&[0xff, 0xfe, b'a', 0], "UTF-16"),
            (b"<!DOCTYPE html>", "report cannot be read again"),
            (&[0, 0xff, 0xc3, 0x28], "is no text in UTF-8"),
            (b"pairing.ratio,arm,metric,seeds,mean", "looks like a table (CSV)"),
            (b"a;b;c\n", "looks like a table (CSV)"),
            (b"a\tb\tc\n", "looks like a table (CSV)"),
            (b"[", "is JSON of another kind"),
            (b"{", "is JSON of another kind"),
            (br#"{"command":"lgdea compare table"}"#, "is JSON of another kind"),
            (b"Hello, world", "is text of another kind"),
            (br#"{"sweep":{"name":"a"}}"#, "list of trials under another name"),
            (br#"{"run_key":"a","arm":"b","seed":0,"deltas":{},"cached":true,"dir":"x"}"#, "list of trials"),
            (br#"{"run_key":"a","arm":"b","seed":0,"deltas":{},"seconds":1.0,"metrics":{}}"#, "lacks the first line"),
            (br#"{"sweeps":[],"provenance":{},"later":1}"#, "another version wrote it"),
            (br#"{"sweeps":3,"provenance":{}}"#, "cannot read (invalid type"),
            (record.as_bytes(), "a run's journal under another name"),
        ];
        for (first, said) in cases {
            let reason = not_results(first);
            assert!(reason.contains(said), "{}: {reason}", String::from_utf8_lossy(first));
        }
    }
}
