//! What the headers of DICOM files tell of people and views, for sets whose tables do not.

use std::collections::HashMap;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use rayon::prelude::*;

use crate::decode::{DicomHeader, dicom_header};
use crate::examination::Examination;
use crate::source::Progress;
use crate::table::shown_path;
use crate::{Person, SkipReason, Skipped};

/// Adds to examinations of one image each what the headers of their DICOM files tell and no table does: sex, age, view, and the
/// patient, where the examination counts as a patient of its own. Only the head of each file is read, in parallel; `progress`
/// reaches their number. A header that cannot be read is counted.
pub(crate) fn add(examinations: &mut [Examination], skipped: &mut Skipped, progress: Progress<'_>) {
    let (done, total) = (AtomicUsize::new(0), examinations.len());
    let read = |examination: &Examination| {
        let header = file_of(examination).map(dicom_header);
        progress(done.fetch_add(1, Ordering::Relaxed) + 1, total);
        header
    };
    let headers: Vec<Option<Result<DicomHeader, SkipReason>>> = examinations.par_iter().map(read).collect();
    let placeholder = placeholder(headers.iter().flatten().filter_map(|header| header.as_ref().ok()));
    for (examination, header) in examinations.iter_mut().zip(&headers) {
        match header {
            Some(Ok(header)) => take(examination, header, placeholder),
            // That a file is not there, or may not be read, is told when its image is looked for.
            Some(Err(reason)) if !reason.may_pass() => {
                skipped.add(SkipReason::UnreadHeader, file_of(examination).map_or_else(String::new, shown_path));
            }
            _ => {}
        }
    }
}

/// The examination's image, where it is a DICOM file by its name.
fn file_of(examination: &Examination) -> Option<&Path> {
    let path = examination.films.first()?.picture.file()?;
    let is_dicom = |known: &str| path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case(known));
    ["dcm", "dicom"].into_iter().any(is_dicom).then_some(path)
}

/// The patient that more than half of the files name: what a program that removes names writes into all of them.
fn placeholder<'a>(headers: impl Iterator<Item = &'a DicomHeader>) -> Option<&'a str> {
    let (mut counts, mut all): (HashMap<&str, usize>, usize) = (HashMap::new(), 0);
    for header in headers {
        all += 1;
        if let Some(patient) = &header.patient_id {
            *counts.entry(patient).or_default() += 1;
        }
    }
    counts.into_iter().find(|(_, count)| 2 * count > all).map(|(patient, _)| patient)
}

fn take(examination: &mut Examination, header: &DicomHeader, placeholder: Option<&str>) {
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    // Of a child below one year DICOM tells the months, weeks or days: no years at all are put where the age is not known.
    let age = header.patient_age.as_deref().filter(|age| *age != "000Y").unwrap_or_default();
    examination.person = examination.person.or(Person::parse(&text(&header.patient_sex), age));
    if let Some(patient) = header.patient_id.as_deref().filter(|&patient| Some(patient) != placeholder)
        && examination.patient == examination.id
    {
        patient.clone_into(&mut examination.patient);
    }
    for film in examination.films.iter_mut().filter(|film| film.view.is_empty()) {
        film.view = text(&header.view_position);
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::fs;

    use dicom_dictionary_std::tags;

    use super::*;
    use crate::decode::written::{As, Written};
    use crate::examination::Film;
    use crate::view::View;
    use crate::{Picture, Sex};

    /// A DICOM file of a few pixels: patient, sex, age, view; what is empty is left out.
    pub(crate) fn radiograph([patient, sex, age, view]: [&str; 4]) -> Vec<u8> {
        let named = [
            (tags::PATIENT_ID, patient),
            (tags::PATIENT_SEX, sex),
            (tags::PATIENT_AGE, age),
            (tags::VIEW_POSITION, view),
        ];
        let film = Written::grey(2, 8, &[0, 50, 100, 200]);
        let told = named.into_iter().filter(|(_, text)| !text.is_empty());
        told.fold(film, |film, (tag, text)| film.text(tag, text)).file(As::Explicit)
    }

    /// Examinations `0`, `1`, … of files with these contents, after their headers were read.
    fn read(files: &[(&str, Vec<u8>)]) -> (Vec<Examination>, Skipped) {
        let folder = tempfile::tempdir().unwrap();
        let examination = |(number, (ending, content)): (usize, &(&str, Vec<u8>))| {
            let path = folder.path().join(format!("{number}.{ending}"));
            if !content.is_empty() {
                fs::write(&path, content).unwrap();
            }
            let id = number.to_string();
            let films = vec![Film::new(&id, Picture::file_at(path), "")];
            Examination { patient: id.clone(), id, films, ..Examination::default() }
        };
        let mut examinations: Vec<Examination> = files.iter().enumerate().map(examination).collect();
        let (mut skipped, seen) = (Skipped::default(), AtomicUsize::new(0));
        add(&mut examinations, &mut skipped, &|done, total| {
            seen.fetch_max(done, Ordering::Relaxed);
            assert_eq!(total, files.len());
        });
        assert_eq!(seen.into_inner(), files.len());
        (examinations, skipped)
    }

    fn dicom(told: [&str; 4]) -> (&'static str, Vec<u8>) {
        ("dcm", radiograph(told))
    }

    fn told(examination: &Examination) -> (&str, Option<Sex>, Option<f32>, &str) {
        let Person { sex, age } = examination.person;
        (&examination.patient, sex, age, &examination.films[0].view)
    }

    #[test]
    fn headers_tell_sex_age_view_and_patient() {
        for (header, expected) in [
            (["p", "F", "058Y", "PA"], ("p", Some(Sex::Female), Some(58.0), "PA")),
            (["p", "M", "58", "AP"], ("p", Some(Sex::Male), Some(58.0), "AP")),
            (["", "M", "018M", "LL"], ("0", Some(Sex::Male), Some(1.5), "LL")),
            (["p", "O", "155Y", ""], ("p", None, None, "")),
            (["p", "F", "000Y", ""], ("p", Some(Sex::Female), None, "")),
            (["p", "", "", "PA"], ("p", None, None, "PA")),
            (["", "", "", ""], ("0", None, None, "")),
        ] {
            let (read, skipped) = read(&[dicom(header), dicom(["a", "", "", ""]), dicom(["b", "", "", ""])]);
            assert_eq!(told(&read[0]), expected, "{header:?}");
            assert!(skipped.is_empty(), "{skipped}");
        }
        let (named, _) = read(&[("DICOM", radiograph(["", "F", "058Y", "PA"]))]);
        assert_eq!(named[0].person.age, Some(58.0));
    }

    #[test]
    fn broken_headers_are_counted_and_other_files_are_not_looked_at() {
        let whole = radiograph(["p", "F", "058Y", "PA"]);
        let cut = whole[..150].to_vec();
        let lfs = b"version https://git-lfs.github.com/spec/v1\n".to_vec();
        let files =
            [("dcm", cut), ("dcm", b"no DICOM".to_vec()), ("dicom", lfs), ("png", whole.clone()), ("dcm", Vec::new())];
        let (read, skipped) = read(&files);
        assert!(read.iter().all(|one| one.person == Person::default() && one.patient == one.id));
        assert_eq!((skipped.count(SkipReason::UnreadHeader), skipped.total()), (3, 3), "{skipped}");
    }

    #[test]
    fn pixels_that_are_cut_off_leave_the_header() {
        let whole = radiograph(["p", "F", "058Y", "PA"]);
        let (cut, skipped) = read(&[("dcm", whole[..whole.len() - 6].to_vec())]);
        assert_eq!((cut[0].person.age, skipped.count(SkipReason::UnreadHeader)), (Some(58.0), 0));
    }

    #[test]
    fn what_tables_tell_stands() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.dcm");
        fs::write(&path, radiograph(["p", "F", "058Y", "AP"])).unwrap();
        let films = vec![Film::new("a", Picture::file_at(path), "PA")];
        let person = Person { sex: Some(Sex::Male), age: None };
        let (id, patient) = ("a".to_owned(), "of the table".to_owned());
        let mut one = [Examination { id, patient, films, person, ..Examination::default() }];
        add(&mut one, &mut Skipped::default(), &|_, _| ());
        assert_eq!(told(&one[0]), ("of the table", Some(Sex::Male), Some(58.0), "PA"));
        assert_eq!(View::parse(&one[0].films[0].view), View::Frontal);
    }

    #[test]
    fn a_patient_that_nearly_all_files_name_is_none() {
        let patients = |named: &[&str]| -> Vec<String> {
            let files: Vec<(&str, Vec<u8>)> = named.iter().map(|&patient| dicom([patient, "", "", ""])).collect();
            read(&files).0.into_iter().map(|one| one.patient).collect()
        };
        assert_eq!(patients(&["p", "p", "q", "r"]), ["p", "p", "q", "r"]);
        assert_eq!(patients(&["anonymous", "anonymous", "q", "anonymous"]), ["0", "1", "q", "3"]);
        assert_eq!(patients(&["0", "0", "0"]), ["0", "1", "2"]);
        assert_eq!(patients(&["", "p", "p", ""]), ["0", "p", "p", "3"]);
    }

    #[test]
    #[ignore = "a measurement: 30,000 made-up files"]
    fn thirty_thousand_headers() {
        let folder = tempfile::tempdir().unwrap();
        let mut content = radiograph(["p", "F", "058Y", "PA"]);
        content.resize(140 << 10, 0);
        let examination = |number: usize| {
            let path = folder.path().join(format!("{number}.dcm"));
            fs::write(&path, &content).unwrap();
            let films = vec![Film::new("a", Picture::file_at(path), "")];
            Examination { id: number.to_string(), patient: number.to_string(), films, ..Examination::default() }
        };
        let mut all: Vec<Examination> = (0..30_000).map(examination).collect();
        let began = std::time::Instant::now();
        add(&mut all, &mut Skipped::default(), &|_, _| ());
        eprintln!("30,000 headers: {:.2} s", began.elapsed().as_secs_f64());
        assert!(all.iter().all(|one| one.person.age == Some(58.0)));
    }
}
