//! SIIM-ACR's challenge: rows of one image are one mask, and tables that make no sense are refused.

use std::fmt::Write;
use std::fs;

use lgdea_spec::{Data, Fractions};

use super::*;
use crate::headers::tests::radiograph;
use crate::{Picture, Projection, Study, load};

fn read(masks: &str) -> Result<Contents, String> {
    read_from(masks, &["dicom-images-train"], &[])
}

fn read_from(masks: &str, images: &[&str], files: &[&str]) -> Result<Contents, String> {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("dicom-images-train")).unwrap();
    for file in files {
        let path = folder.path().join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, "x").unwrap();
    }
    fs::write(folder.path().join("train-rle.csv"), masks).unwrap();
    let settings = SiimAcr {
        root: folder.path().display().to_string(),
        masks: "train-rle.csv".to_owned(),
        images: images.iter().map(|&name| name.to_owned()).collect(),
        fractions: Fractions { validation: 0.15, test: 0.15 },
    };
    settings.read(Seed(0), &|_, _| ()).map_err(|error| error.to_string())
}

fn is_present(study: &Study) -> bool {
    study.labels.as_ref().unwrap().present.contains(PNEUMOTHORAX)
}

/// The box of an image's mask, in pixels.
fn edges(study: &Study) -> [i32; 4] {
    let found = &study.boxes[0];
    [found.x, found.y, found.width, found.height].map(|share| (share * 1024.0).round() as i32)
}

#[test]
fn runs_go_down_the_columns_and_start_where_the_last_one_ended() {
    // Ten pixels of column 2 from row 5, then, 1019 pixels on, ten of column 3 from row 10.
    let read = read("ImageId, EncodedPixels\n1.2.3,2053 10 1019 10\n1.2.4, -1\n").unwrap();
    let [with, without] = &read.studies[..] else { panic!("{:?}", read.studies) };
    assert!(is_present(with) && !is_present(without) && without.boxes.is_empty());
    assert_eq!(edges(with), [2, 5, 2, 15]);
    let mask = with.boxes[0].mask.as_ref().unwrap();
    let covers = |x: f64, y: f64| mask.covers((x + 0.5) / 1024.0, (y + 0.5) / 1024.0);
    assert!(covers(2.0, 5.0) && covers(2.0, 14.0) && covers(3.0, 10.0) && covers(3.0, 19.0));
    assert!(!covers(2.0, 15.0) && !covers(3.0, 9.0) && !covers(5.0, 2.0));
}

#[test]
fn rows_of_an_image_are_parts_of_one_mask() {
    let read = read("ImageId,EncodedPixels\na,0 1\nb,-1\na,1048575 1\na,0 1\n").unwrap();
    assert_eq!(read.studies.len(), 2);
    assert_eq!((read.studies[0].boxes.len(), edges(&read.studies[0])), (1, [0, 0, 1024, 1024]));
}

#[test]
fn an_image_that_is_called_free_and_has_a_mask_keeps_the_mask_and_is_counted() {
    for masks in ["a,0 9\na, -1\n", "a,-1\na,0 9\n"] {
        let read = read(&format!("ImageId, EncodedPixels\n{masks}")).unwrap();
        assert!(is_present(&read.studies[0]));
        assert_eq!(read.skipped.count(SkipReason::ContradictoryLabels), 1);
    }
}

#[test]
fn a_table_that_makes_no_sense_is_an_error_with_its_line() {
    for (masks, part) in [
        ("ImageId, EncodedPixels\na, -1\nb,1 2 3\n", "line 3: EncodedPixels has 3 numbers"),
        ("ImageId, EncodedPixels\na,x y\n", "line 2: EncodedPixels has `x`"),
        ("ImageId, EncodedPixels\na,1048575 2\n", "line 2: EncodedPixels leaves"),
        ("ImageId, EncodedPixels\na,\n", "line 2: EncodedPixels has 0 numbers"),
        ("ImageId, EncodedPixels\na,-2\n", "line 2: EncodedPixels has `-2`"),
        ("ImageId, EncodedPixels\n,1 2\n", "line 2: no `ImageId`"),
        ("Image, EncodedPixels\na,1 2\n", "no column `ImageId`"),
        ("ImageId,Pixels\na,1 2\n", "no column `EncodedPixels`"),
        ("ImageId, EncodedPixels\na\n", "line 2: 1 cells"),
        ("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n", "Git LFS pointer"),
    ] {
        let error = read(masks).err().unwrap_or_else(|| panic!("{masks}"));
        assert!(error.contains(part) && error.contains("; "), "{error}");
    }
}

#[test]
fn images_are_found_in_nested_folders_and_in_several() {
    let files = ["dicom-images-train/1.2/3.4/1.2.3.dcm", "dicom-images-test/5/6/1.2.4.dcm"];
    let masks = "ImageId,EncodedPixels\n1.2.3,-1\n1.2.4,-1\n";
    let read = read_from(masks, &["dicom-images-train", "dicom-images-test"], &files).unwrap();
    for (study, file) in read.studies.iter().zip(files) {
        assert_eq!(study.image, Some(Picture::file_at(read.root.join(file))));
    }
    let error = read_from(masks, &["dicom-images-train", "png"], &files).unwrap_err();
    assert!(error.contains("folder png"), "{error}");
}

#[test]
fn headers_tell_people_and_patients_are_not_divided() {
    let folder = tempfile::tempdir().unwrap();
    let images = folder.path().join("dicom-images-train");
    fs::create_dir(&images).unwrap();
    let mut masks = "ImageId,EncodedPixels\n".to_owned();
    for number in 0..40 {
        let patient = format!("p{}", number / 2);
        fs::write(images.join(format!("1.2.{number}.dcm")), radiograph([&patient, "F", "058Y", "PA"])).unwrap();
        writeln!(masks, "1.2.{number},-1").unwrap();
    }
    fs::write(folder.path().join("train-rle.csv"), masks).unwrap();
    let settings = SiimAcr {
        root: folder.path().display().to_string(),
        masks: "train-rle.csv".to_owned(),
        images: vec!["dicom-images-train".to_owned()],
        fractions: Fractions { validation: 0.3, test: 0.3 },
    };
    let digest = || load(&Data { siim_acr: Some(settings.clone()), ..Data::default() }, Seed(0), &|_, _| ()).unwrap();
    let corpus = digest();
    assert!(
        corpus.studies.iter().all(|study| study.person.age == Some(58.0) && study.projection == Some(Projection::Pa))
    );
    let pairs = corpus.studies.chunks(2);
    assert!(pairs.clone().all(|two| two[0].patient == two[1].patient && two[0].split == two[1].split));
    assert!(pairs.map(|two| two[0].split).collect::<std::collections::HashSet<_>>().len() == 3);
    // A header of the same length that tells something else.
    fs::write(images.join("1.2.7.dcm"), radiograph(["p3", "M", "058Y", "PA"])).unwrap();
    assert_ne!(digest().digest, corpus.digest);
}
