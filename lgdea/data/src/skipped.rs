//! What could not be used, counted by reason.

use std::collections::BTreeMap;
use std::fmt;
use std::io;

use serde::{Deserialize, Serialize};

/// How many examples are kept of each reason.
const EXAMPLES: usize = 5;

macro_rules! reasons {
    ($($(#[$documentation:meta])* $name:ident = $words:literal,)*) => {
        /// Why something was left out.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(rename_all = "kebab-case")]
        pub enum SkipReason {
            $($(#[$documentation])* $name,)*
        }

        impl SkipReason {
            /// The reason in words, for a log.
            pub fn describe(self) -> &'static str {
                match self {
                    $(SkipReason::$name => $words,)*
                }
            }
        }
    };
}

reasons! {
    /// A row of a CSV file without a study identifier.
    RowWithoutStudy = "row without a study identifier",
    /// A column that looks like the split, which no setting names.
    UnreadSplit = "column that looks like a split and is not read: add to `[data.manifest.columns]`",
    /// A column that looks like the view, which no setting names.
    UnreadView = "column that looks like a view and is not read: add to `[data.manifest.columns]`",
    /// A study without a patient, where others have one; it was taken as a patient of its own.
    StudyWithoutPatient = "study without a patient (taken as a patient of its own)",
    /// A lateral view.
    LateralView = "lateral view",
    /// An image that its view calls a slice or one of another examination: no radiograph.
    OtherImage = "image that is no radiograph by its view",
    /// A view that is neither frontal nor lateral; such an image is read where its study has no better one.
    UnknownView = "view that is neither frontal nor lateral (read where its study has no better image)",
    /// A further frontal image of a study that has one already.
    AdditionalImage = "further frontal image of the same study",
    /// A word for the sex that is none of the usual ones.
    UnknownSex = "word for the sex that is none of female, male, woman, man, F, M and W (not known then)",
    /// A value for the age that is none.
    UnknownAge = "value for the age that is no number of years up to 120 (not known then)",
    /// A DICOM file whose header could not be read, which alone tells of its patient.
    UnreadHeader = "DICOM file whose header cannot be read: sex, age and view are not known",
    /// The image file does not exist.
    MissingImage = "image file not found",
    /// The image file may not be read.
    ForbiddenImage = "image file that cannot be read: permission denied",
    /// The disk or the network failed while the image file was read.
    FailedImage = "image file that cannot be read: the disk or the network failed",
    /// The image file is empty.
    EmptyImage = "empty image file",
    /// The image file is a Git LFS pointer: its content was never fetched.
    LfsPointer = "Git LFS pointer instead of an image (run `git lfs pull`)",
    /// The image file is broken, cut off, or of a format that is not supported.
    UnreadableImage = "broken, cut off or unsupported image",
    /// The image has more pixels than any radiograph.
    HugeImage = "image of more than 67 million pixels",
    /// The DICOM file is no such file, or broken.
    BrokenDicom = "broken DICOM file",
    /// The DICOM file has less than its header says: it is cut off, or the header is wrong.
    CutOffDicom = "DICOM file that has less than its header says (cut off, or the header is wrong)",
    /// The DICOM file has no image: it is a report, the directory of a folder or another object.
    NoPixelData = "DICOM file without an image (a report, a directory or another object)",
    /// The DICOM file has several frames.
    SeveralFrames = "DICOM file of several frames, which is no single radiograph",
    /// The DICOM file is compressed in a way that is not read.
    UnreadTransferSyntax = "DICOM file in a transfer syntax that is not read (read are uncompressed, deflated, RLE, JPEG baseline, \
                 extended and lossless, JPEG-LS and JPEG 2000; `dcmdjpeg` or `gdcmconv --raw` decompress others)",
    /// The DICOM file's pixels are of a kind that is not read.
    UnreadPixels = "DICOM file with pixels of a kind that is not read (read are grey, palette, RGB and YBR of 8 or 16 bits; not \
                 JPEG of 12 bits with loss, nor colours in JPEG-LS)",
    /// The report is empty, or has neither findings nor impression.
    EmptyReport = "empty report",
    /// A study whose report is not where the reports are.
    MissingReport = "study whose report was not found",
    /// A report of a study that the data set's tables do not list.
    ReportWithoutStudy = "report of a study that the tables do not list",
    /// A further report of a study that has a different one already.
    ContradictoryReport = "second, different report of the same study",
    /// A study called normal that also has findings; the findings were kept.
    ContradictoryLabels = "called normal beside findings (findings kept)",
    /// A label that looks like several; it was taken as one.
    JoinedLabels = "label that looks like several, taken as one (`data.manifest.label-separators` says what separates labels)",
    /// A value for a label that is none of 1, 0, -1, yes and no; the study does not count for that label.
    UnknownLabel = "value for a label that is none of 1, 0, -1, yes and no (not counted for that label)",
    /// A word in a column that seems to be named for one finding; it was taken as a label of its own.
    WordForLabel = "word in a column that seems to be named for one finding, taken as a label of its own (1, 0, -1, true, false, \
                 yes and no would say whether that finding is there)",
    /// A report file that is not what it should be.
    BrokenXml = "broken report file",
    /// A report whose identifier was seen before.
    DuplicateReport = "report with an identifier seen before",
    /// A row of a file of boxes without a box: nothing is there.
    RowWithoutBox = "row without a box",
    /// A box of a study that the files of studies do not have.
    BoxWithoutStudy = "box of a study that is in no file of studies",
    /// A box whose study has no image here.
    BoxWithoutImage = "box of a study without image",
    /// A box on an image that is not the one that its study is read with.
    BoxOnOtherImage = "box on a further image of its study",
    /// A box that reaches beyond its image; it was cut at the edges.
    CutBox = "box that reaches beyond its image, cut at the edges (corners are named as `x-max` and `y-max` in \
                 `[data.manifest.box-columns]`)",
    /// A box without any area inside its image.
    EmptyBox = "box without area inside its image",
    /// A sentence that tells of a finding without saying where it is.
    SentenceWithoutBox = "sentence of a finding without a box (kept in the report)",
    /// A training study of a patient whose other studies are the test.
    PatientOfTest = "training study of a patient whose other studies are the test",
    /// A training study of a patient of an evaluation set that is to be left out.
    PatientOfEvaluationSet = "training study of a patient of an evaluation set",
    /// A training study whose image is nearly that of a study that is scored.
    ImageOfScored = "training study whose image is nearly that of a study that is scored",
    /// A training study whose report has the words of a study that is scored.
    ReportOfScored = "training study whose report has the words of one that is scored",
    /// A study of an evaluation set whose patient training has seen.
    PatientOfTraining = "study of an evaluation set whose patient is trained on (`pairing.leave-out.sets` keeps the patient out of \
                 training instead)",
    /// A box of a finding that not enough readers of its image saw.
    OutvotedBox = "box of a finding that most readers of its image did not see",
    /// A study that is read for the test, and is of another split by its data set, because its patient has a box there, or because
    /// another source of the same images holds its patient out.
    MovedToTest = "study of a patient whose boxes are the test, moved to the test split",
    /// A study with neither image nor report.
    NothingLeft = "study with neither image nor report",
}

impl SkipReason {
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

    /// Whether it says that an image that was to be read is lost: its file cannot be read, or what is in it.
    pub(crate) fn is_lost_image(self) -> bool {
        self.may_pass()
            || matches!(
                self,
                SkipReason::EmptyImage
                    | SkipReason::LfsPointer
                    | SkipReason::UnreadableImage
                    | SkipReason::HugeImage
                    | SkipReason::BrokenDicom
                    | SkipReason::CutOffDicom
                    | SkipReason::NoPixelData
                    | SkipReason::SeveralFrames
                    | SkipReason::UnreadTransferSyntax
                    | SkipReason::UnreadPixels
            )
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
