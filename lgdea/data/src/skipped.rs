//! What could not be used, counted by reason.

use std::collections::BTreeMap;
use std::fmt;
use std::io;

use serde::{Deserialize, Serialize};

/// How many examples are kept of each reason.
const EXAMPLES: usize = 5;

/// Why something was left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SkipReason {
    /// A row of a CSV file without a study identifier.
    RowWithoutStudy,
    /// A column that looks like the split, which no setting names.
    UnreadSplit,
    /// A column that looks like the view, which no setting names.
    UnreadView,
    /// A study without a patient, where others have one; it was taken as a patient of its own.
    StudyWithoutPatient,
    /// A lateral view.
    LateralView,
    /// An image that its view calls a slice or one of another examination: no radiograph.
    OtherImage,
    /// A view that is neither frontal nor lateral; such an image is read where its study has no better one.
    UnknownView,
    /// A further frontal image of a study that has one already.
    AdditionalImage,
    /// The image file does not exist.
    MissingImage,
    /// The image file may not be read.
    ForbiddenImage,
    /// The disk or the network failed while the image file was read.
    FailedImage,
    /// The image file is empty.
    EmptyImage,
    /// The image file is a Git LFS pointer: its content was never fetched.
    LfsPointer,
    /// The image file is broken, cut off, or of a format that is not supported.
    UnreadableImage,
    /// The image has more pixels than any radiograph.
    HugeImage,
    /// The DICOM file is no such file, or broken.
    BrokenDicom,
    /// The DICOM file has less than its header says: it is cut off, or the header is wrong.
    CutOffDicom,
    /// The DICOM file has no image: it is a report, the directory of a folder or another object.
    NoPixelData,
    /// The DICOM file has several frames.
    SeveralFrames,
    /// The DICOM file is compressed in a way that is not read.
    UnreadTransferSyntax,
    /// The DICOM file's pixels are of a kind that is not read.
    UnreadPixels,
    /// The report is empty, or has neither findings nor impression.
    EmptyReport,
    /// A study whose report is not where the reports are.
    MissingReport,
    /// A report of a study that the data set's tables do not list.
    ReportWithoutStudy,
    /// A further report of a study that has a different one already.
    ContradictoryReport,
    /// A study called normal that also has findings; the findings were kept.
    ContradictoryLabels,
    /// A label that looks like several; it was taken as one.
    JoinedLabels,
    /// A value for a label that is none of 1, 0, -1, yes and no; the study does not count for that label.
    UnknownLabel,
    /// A word in a column that seems to be named for one finding; it was taken as a label of its own.
    WordForLabel,
    /// A report file that is not what it should be.
    BrokenXml,
    /// A report whose identifier was seen before.
    DuplicateReport,
    /// A row of a file of boxes without a box: nothing is there.
    RowWithoutBox,
    /// A box of a study that the files of studies do not have.
    BoxWithoutStudy,
    /// A box whose study has no image here.
    BoxWithoutImage,
    /// A box on an image that is not the one that its study is read with.
    BoxOnOtherImage,
    /// A box that reaches beyond its image; it was cut at the edges.
    CutBox,
    /// A box without any area inside its image.
    EmptyBox,
    /// A sentence that tells of a finding without saying where it is.
    SentenceWithoutBox,
    /// A training study of a patient whose other studies are the test.
    PatientOfTest,
    /// A box of a finding that not enough readers of its image saw.
    OutvotedBox,
    /// A study that is read for the test, and is of another split by its data set, because its patient has a box there.
    MovedToTest,
    /// A study with neither image nor report.
    NothingLeft,
}

impl SkipReason {
    /// The reason in words, for a log.
    pub fn describe(self) -> &'static str {
        match self {
            SkipReason::RowWithoutStudy => "row without a study identifier",
            SkipReason::UnreadSplit => {
                "column that looks like a split and is not read: add to `[data.manifest.columns]`"
            }
            SkipReason::UnreadView => "column that looks like a view and is not read: add to `[data.manifest.columns]`",
            SkipReason::StudyWithoutPatient => "study without a patient (taken as a patient of its own)",
            SkipReason::LateralView => "lateral view",
            SkipReason::OtherImage => "image that is no radiograph by its view",
            SkipReason::UnknownView => {
                "view that is neither frontal nor lateral (read where its study has no better image)"
            }
            SkipReason::AdditionalImage => "further frontal image of the same study",
            SkipReason::MissingImage => "image file not found",
            SkipReason::ForbiddenImage => "image file that cannot be read: permission denied",
            SkipReason::FailedImage => "image file that cannot be read: the disk or the network failed",
            SkipReason::EmptyImage => "empty image file",
            SkipReason::LfsPointer => "Git LFS pointer instead of an image (run `git lfs pull`)",
            SkipReason::UnreadableImage => "broken, cut off or unsupported image",
            SkipReason::HugeImage => "image of more than 67 million pixels",
            SkipReason::BrokenDicom => "broken DICOM file",
            SkipReason::CutOffDicom => {
                "DICOM file that has less than its header says (cut off, or the header is wrong)"
            }
            SkipReason::NoPixelData => "DICOM file without an image (a report, a directory or another object)",
            SkipReason::SeveralFrames => "DICOM file of several frames, which is no single radiograph",
            SkipReason::UnreadTransferSyntax => {
                "DICOM file in a transfer syntax that is not read (read are uncompressed, deflated, RLE, JPEG baseline, \
                 extended and lossless, JPEG-LS and JPEG 2000; `dcmdjpeg` or `gdcmconv --raw` decompress others)"
            }
            SkipReason::UnreadPixels => {
                "DICOM file with pixels of a kind that is not read (read are grey, palette, RGB and YBR of 8 or 16 bits; not \
                 JPEG of 12 bits with loss, nor colours in JPEG-LS)"
            }
            SkipReason::EmptyReport => "empty report",
            SkipReason::MissingReport => "study whose report was not found",
            SkipReason::ReportWithoutStudy => "report of a study that the tables do not list",
            SkipReason::ContradictoryReport => "second, different report of the same study",
            SkipReason::ContradictoryLabels => "called normal beside findings (findings kept)",
            SkipReason::JoinedLabels => {
                "label that looks like several, taken as one (`data.manifest.label-separators` says what separates labels)"
            }
            SkipReason::UnknownLabel => {
                "value for a label that is none of 1, 0, -1, yes and no (not counted for that label)"
            }
            SkipReason::WordForLabel => {
                "word in a column that seems to be named for one finding, taken as a label of its own (1, 0, -1, true, false, \
                 yes and no would say whether that finding is there)"
            }
            SkipReason::BrokenXml => "broken report file",
            SkipReason::DuplicateReport => "report with an identifier seen before",
            SkipReason::RowWithoutBox => "row without a box",
            SkipReason::BoxWithoutStudy => "box of a study that is in no file of studies",
            SkipReason::BoxWithoutImage => "box of a study without image",
            SkipReason::BoxOnOtherImage => "box on a further image of its study",
            SkipReason::CutBox => {
                "box that reaches beyond its image, cut at the edges (corners are named as `x-max` and `y-max` in \
                 `[data.manifest.box-columns]`)"
            }
            SkipReason::EmptyBox => "box without area inside its image",
            SkipReason::SentenceWithoutBox => "sentence of a finding without a box (kept in the report)",
            SkipReason::PatientOfTest => "training study of a patient whose other studies are the test",
            SkipReason::OutvotedBox => "box of a finding that most readers of its image did not see",
            SkipReason::MovedToTest => "study of a patient with boxes, moved to the test split",
            SkipReason::NothingLeft => "study with neither image nor report",
        }
    }

    /// Why an image file could not be read, as against what is in it.
    pub(crate) fn of_reading(error: &io::Error) -> SkipReason {
        match error.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => SkipReason::MissingImage,
            io::ErrorKind::PermissionDenied => SkipReason::ForbiddenImage,
            _ => SkipReason::FailedImage,
        }
    }

    /// Whether it says that a file could not be read, which another time may not hold.
    pub fn may_pass(self) -> bool {
        matches!(self, SkipReason::MissingImage | SkipReason::ForbiddenImage | SkipReason::FailedImage)
    }
}

/// Everything left out for one reason.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SkippedItems {
    /// How many.
    pub count: usize,
    /// The first few: identifiers, file names, line numbers or short values, never text of a report.
    pub examples: Vec<String>,
}

/// What was left out, by reason.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Skipped(pub BTreeMap<SkipReason, SkippedItems>);

impl Skipped {
    /// Counts one more item of which a value is an example; a value is named once.
    pub(crate) fn add_value(&mut self, reason: SkipReason, value: String) {
        if self.0.get(&reason).is_some_and(|items| items.examples.contains(&value)) {
            self.0.entry(reason).or_default().count += 1;
        } else {
            self.add(reason, value);
        }
    }

    /// Counts one more item.
    pub fn add(&mut self, reason: SkipReason, example: impl Into<String>) {
        let items = self.0.entry(reason).or_default();
        items.count += 1;
        if items.examples.len() < EXAMPLES {
            items.examples.push(example.into());
        }
    }

    /// Adds everything that `other` counted.
    pub fn merge(&mut self, other: &Skipped) {
        for (reason, more) in &other.0 {
            let items = self.0.entry(*reason).or_default();
            items.count += more.count;
            let room = EXAMPLES - items.examples.len();
            items.examples.extend(more.examples.iter().take(room).cloned());
        }
    }

    /// Image files that are not there or cannot be read.
    pub fn missing_images(&self) -> SkippedItems {
        let mut missing = SkippedItems::default();
        for (_, items) in self.0.iter().filter(|(reason, _)| reason.may_pass()) {
            missing.count += items.count;
            missing.examples.extend(items.examples.iter().cloned());
        }
        missing
    }

    /// One line a reason: "3 × lateral view (a, b, c)".
    pub fn lines(&self) -> impl Iterator<Item = (SkipReason, String)> {
        self.0.iter().map(|(reason, items)| {
            let more = if items.count > items.examples.len() { ", …" } else { "" };
            (*reason, format!("{} × {} ({}{more})", items.count, reason.describe(), items.examples.join(", ")))
        })
    }

    /// How many items were left out for a reason.
    pub fn count(&self, reason: SkipReason) -> usize {
        self.0.get(&reason).map_or(0, |items| items.count)
    }

    /// How many items were left out in all.
    pub fn total(&self) -> usize {
        self.0.values().map(|items| items.count).sum()
    }

    /// The counts in a line, without examples: "3 × lateral view, 1 × empty report".
    pub fn counts(&self) -> String {
        let counts = self.0.iter().map(|(reason, items)| format!("{} × {}", items.count, reason.describe()));
        counts.collect::<Vec<_>>().join(", ")
    }

    /// Whether nothing was left out.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for Skipped {
    /// The lines of all reasons.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines: Vec<String> = self.lines().map(|(_, line)| line).collect();
        formatter.write_str(&lines.join("\n"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_go_on_where_examples_end() {
        let mut skipped = Skipped::default();
        for i in 0..4 {
            skipped.add(SkipReason::LateralView, format!("a{i}"));
        }
        let mut other = skipped.clone();
        other.add(SkipReason::BrokenXml, "x.xml");
        skipped.merge(&other);
        assert_eq!(skipped.count(SkipReason::LateralView), 8);
        assert_eq!(skipped.total(), 9);
        assert_eq!(skipped.to_string(), "8 × lateral view (a0, a1, a2, a3, a0, …)\n1 × broken report file (x.xml)");
        assert_eq!(skipped.counts(), "8 × lateral view, 1 × broken report file");
        assert_eq!(Skipped::default().counts(), "");
        let json = serde_json::to_value(&skipped).unwrap();
        assert_eq!(json["broken-xml"]["count"], 1);
    }
}
