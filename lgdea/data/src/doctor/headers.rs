//! What image files say of themselves that goes against how they are read.

use super::{Diagnosis, Example, Severity};
use crate::decode::ImageHeader;
use crate::{Projection, Study};

pub(super) fn diagnose(studies: &[Study], headers: &[Option<ImageHeader>]) -> Vec<Diagnosis> {
    let told = || headers.iter().enumerate().filter_map(|(at, header)| Some((at, header.as_ref()?)));
    let those = |is: &dyn Fn(&Study, &ImageHeader) -> bool| -> Vec<Example> {
        told().filter(|(at, header)| is(&studies[*at], header)).map(|(at, _)| Example::of(studies, at)).collect()
    };
    let with_view = told().filter(|(_, header)| view(header).is_some()).count();
    let with_directions = told().filter(|(_, header)| Directions::of(header).is_some()).count();
    let direction = |is: fn(Directions) -> bool| {
        those(&|study, header| study.projection != Some(Projection::Lateral) && Directions::of(header).is_some_and(is))
    };
    [
        Diagnosis::of(
            Severity::Doubtful,
            "image whose DICOM header names another view than the data do",
            those(&names_another_view),
            with_view,
            "look at them; correct the table's view, or leave them out",
        ),
        Diagnosis::of(
            Severity::Doubtful,
            "image that does not stand upright by its DICOM header (Patient Orientation): it is read as it is stored",
            those(&|_, header| Directions::of(header).is_some_and(|directions| directions.down != 'F')),
            with_directions,
            "look at them; turn them, or leave them out",
        ),
        Diagnosis::of(
            Severity::Doubtful,
            "image that shows the patient's left on the left by its DICOM header (Patient Orientation): the heart is on the other side",
            direction(|directions| directions.right == 'R' && directions.down == 'F'),
            with_directions,
            "look at them; mirror them with their boxes, or leave them out",
        ),
        Diagnosis::of(
            Severity::Doubtful,
            "image that its file turns or mirrors when it is shown (EXIF), and that has boxes: it is read as it is shown",
            those(&|study, header| header.is_turned && !study.boxes.is_empty()),
            told().filter(|(at, _)| !studies[*at].boxes.is_empty()).count(),
            "look whether the boxes are places of the image as it is shown, and not as it is stored",
        ),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// The projection that a DICOM header names.
fn view(header: &ImageHeader) -> Option<Projection> {
    Projection::parse(header.dicom.as_ref()?.view_position.as_deref()?)
}

/// Where nothing is known of a study's view it is taken for a frontal one.
fn names_another_view(study: &Study, header: &ImageHeader) -> bool {
    match (view(header), study.projection) {
        (Some(named), Some(known)) => named != known,
        (named, None) => named == Some(Projection::Lateral),
        (None, Some(_)) => false,
    }
}

/// Where an image's rows and columns go, in the patient: `L` or `R`, `A` or `P`, `F` or `H`; the first letter of each.
#[derive(Clone, Copy)]
struct Directions {
    /// To the right, along a row.
    right: char,
    /// Downwards, along a column.
    down: char,
}

impl Directions {
    /// `None` where the header does not say it, or not in the standard's letters.
    fn of(header: &ImageHeader) -> Option<Directions> {
        let text = header.dicom.as_ref()?.patient_orientation.as_deref()?;
        let (right, down) = text.split_once('\\')?;
        let first = |text: &str| text.trim().chars().next().filter(|letter| "LRAPFH".contains(*letter));
        Some(Directions { right: first(right)?, down: first(down)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{DicomHeader, FindingBox, Split};

    fn dicom(view: &str, orientation: &str) -> ImageHeader {
        let text = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        let header =
            DicomHeader { view_position: text(view), patient_orientation: text(orientation), ..DicomHeader::default() };
        ImageHeader { width: 8, height: 8, is_turned: false, dicom: Some(header) }
    }

    fn found(projection: Option<Projection>, header: Option<ImageHeader>) -> Vec<(String, usize, usize)> {
        let studies = [Study { projection, ..Study::new("s0", "p0", Split::Train) }];
        diagnose(&studies, &[header]).into_iter().map(|told| (told.what, told.count, told.of)).collect()
    }

    #[test]
    fn a_header_that_names_another_view_is_told() {
        for (known, named, is_told) in [
            (Some(Projection::Pa), "PA", false),
            (Some(Projection::Pa), "AP", true),
            (Some(Projection::Ap), "PA", true),
            (Some(Projection::Ap), "LL", true),
            (Some(Projection::Lateral), "PA", true),
            (Some(Projection::Lateral), "RL", false),
            (Some(Projection::Pa), "", false),
            (Some(Projection::Pa), "OBLIQUE", false),
            (None, "PA", false),
            (None, "LATERAL", true),
            (None, "", false),
        ] {
            let told = found(known, Some(dicom(named, "")));
            assert_eq!(told.len(), usize::from(is_told), "{known:?} {named}: {told:?}");
            assert!(told.iter().all(|(what, ..)| what.contains("another view")));
        }
    }

    #[test]
    fn directions_that_are_not_upright_are_told() {
        for (projection, orientation, said) in [
            (None, r"L\F", None),
            (Some(Projection::Pa), r"L\F", None),
            (None, r"L\FP", None),
            (None, r"R\F", Some("left on the left")),
            (Some(Projection::Ap), r"RA\F", Some("left on the left")),
            (Some(Projection::Lateral), r"A\F", None),
            (Some(Projection::Lateral), r"R\F", None),
            (None, r"L\H", Some("upright")),
            (None, r"R\H", Some("upright")),
            (None, r"F\L", Some("upright")),
            (None, r"H\R", Some("upright")),
            (Some(Projection::Lateral), r"F\A", Some("upright")),
            (None, "", None),
            (None, "L", None),
            (None, r"X\F", None),
            (None, r"\F", None),
        ] {
            let told = found(projection, Some(dicom("", orientation)));
            assert_eq!(told.len(), usize::from(said.is_some()), "{orientation}: {told:?}");
            assert!(told.iter().all(|(what, ..)| said.is_some_and(|said| what.contains(said))), "{told:?}");
        }
    }

    #[test]
    fn boxes_on_images_that_their_files_turn_are_told() {
        let found_box = FindingBox {
            finding: "mass".into(),
            phrase: "mass".into(),
            x: 0.1,
            y: 0.1,
            width: 0.2,
            height: 0.2,
            mask: None,
        };
        for (is_turned, boxes, count) in [(true, 1, 1), (true, 0, 0), (false, 1, 0), (false, 0, 0)] {
            let studies = [Study { boxes: vec![found_box.clone(); boxes], ..Study::new("s0", "p0", Split::Test) }];
            let header = ImageHeader { width: 8, height: 4, is_turned, dicom: None };
            assert_eq!(diagnose(&studies, &[Some(header)]).len(), count, "{is_turned} {boxes}");
        }
        assert!(diagnose(&[Study::new("s0", "p0", Split::Train)], &[None]).is_empty());
    }
}
