//! Boxes as they are written: in pixels by their sides or corners, in shares, or not at all.

use super::*;

#[test]
fn boxes_become_shares_of_their_image() {
    let studies = format!("{HEADER}a,p,header.png,,,,\nb,q,,text,,,\n");
    let boxes = "study,finding,x,y,w,h,image_width,image_height,phrase\n\
                 a,Pleural_Effusion,50,25,100,50,400,100,\n\
                 a,Mass,150,-10,100,60,,,left hilar mass\n\
                 a,Mass,300,10,10,10,,,\n\
                 b,Mass,1,1,1,1,,,\n\
                 unknown,Mass,1,1,1,1,9,9,\n";
    let texts = [("s.csv", studies.as_bytes()), ("b.csv", boxes.as_bytes())];
    let source = read_texts(&texts, "b.csv").unwrap();
    let expected = [
        ("pleural_effusion", "pleural effusion", [0.125, 0.25, 0.25, 0.5]),
        ("mass", "left hilar mass", [0.75, 0.0, 0.25, 0.5]),
    ];
    let found = source.studies[0].boxes.iter();
    let found: Vec<_> = found.map(|b| (b.finding.as_str(), b.phrase.as_str(), [b.x, b.y, b.width, b.height])).collect();
    assert_eq!(found, expected);
    for (reason, count) in [
        (SkipReason::BoxWithoutImage, 1),
        (SkipReason::BoxWithoutStudy, 1),
        (SkipReason::EmptyBox, 1),
        (SkipReason::CutBox, 1),
    ] {
        assert_eq!(source.skipped.count(reason), count, "{reason:?}");
    }
    let on = boxes.replace("phrase", "image").replace("left hilar mass", "other.png");
    let texts = [("s.csv", studies.as_bytes()), ("b.csv", on.as_bytes())];
    let source = read_texts(&texts, "b.csv").unwrap();
    assert_eq!((source.studies[0].boxes.len(), source.skipped.count(SkipReason::BoxOnOtherImage)), (1, 1));
    let wrong = boxes.replace("50,25,100", "50,wide,100");
    let failed = read_texts(&[("s.csv", studies.as_bytes()), ("b.csv", wrong.as_bytes())], "b.csv").err().unwrap();
    assert!(failed.to_string().contains("b.csv, line 2: y = `wide` must be a number of pixels"), "{failed}");
}

#[test]
fn a_row_without_a_box_says_that_nothing_is_there() {
    let studies = format!("{HEADER}a,p,header.png,text,,,\n");
    let read = |boxes: &str| {
        read_texts(
            &[("s.csv", studies.as_bytes()), ("b.csv", format!("study,finding,x,y,w,h\n{boxes}").as_bytes())],
            "b.csv",
        )
    };
    for row in [
        "a,No Finding,,,,",
        "a,,,,,",
        "a,No finding,nan,nan,nan,nan",
        "a,Edema,NaN,NaN,NaN,NaN",
        "a,NA,NA,NA,NA,NA",
        "a,No Finding,None,None,None,None",
        "a,x,<NA>,<NA>,<NA>,<NA>",
        "a,No Finding, , , , ",
        "b,No Finding,,,,",
        "a,No Finding,null,null,null,null",
        "a,x,N/A,N/A,N/A,N/A",
    ] {
        let source = read(&format!("a,Mass,1,1,10,10\n{row}\n")).unwrap();
        assert_eq!(source.studies[0].boxes.len(), 1, "{row}");
        assert_eq!((source.skipped.count(SkipReason::RowWithoutBox), source.skipped.total()), (1, 1), "{row}");
    }
    for (row, part) in [
        ("a,Mass,1,,10,10", "the box has no y"),
        ("a,Mass,,,10,10", "the box has no x"),
        ("a,Mass,nan,nan,10,10", "the box has no x"),
        ("a,Mass,1,1,nan,10", "the box has no w"),
        ("a,Mass,1,1,10,NA", "the box has no h"),
        ("a,Mass,1,1,10,None", "the box has no h"),
        ("a,Mass,,,,10", "the box has no x"),
        ("x,Mass,1,1,<NA>,10", "the box has no w"),
        ("a,Mass,1,1,inf,10", "w = `inf` must be a number"),
        ("a,Mass,1,1,-,10", "w = `-` must be a number"),
        ("a,Mass,1,quokka opacity,10,10", "y = `a text of 14 characters` must be a number"),
        ("a,,1,1,10,10", "the box has no finding"),
        ("a,nan,1,1,10,10", "the box has no finding"),
    ] {
        let said = read(&format!("{row}\n")).err().unwrap().to_string();
        assert!(said.contains("b.csv, line 2") && said.contains(part), "{row}: {said}");
    }
}

#[test]
fn columns_of_boxes_may_have_names_of_their_own() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    image::GrayImage::new(200, 100).save(folder.path().join("header.png")).unwrap();
    write("s.csv", &format!("{HEADER}s1,p1,header.png,Clear.,,,\n"));
    write("b.csv", "study_id,dicom_id,label,caption,left,top,bw,bh\ns1,header.png,Edema,some edema,20,10,40,30\n");
    let mut manifest = manifest(folder.path(), &["s.csv"], "b.csv");
    manifest.box_columns = BoxColumns {
        study: "study_id".into(),
        image: "dicom_id".into(),
        finding: "label".into(),
        phrase: "caption".into(),
        x: "left".into(),
        y: "top".into(),
        width: "bw".into(),
        height: "bh".into(),
        x_max: String::new(),
        y_max: String::new(),
        image_width: String::new(),
        image_height: String::new(),
    };
    let found = read(&manifest, Seed(1), &|_, _| ()).unwrap().studies.remove(0).boxes.remove(0);
    assert_eq!((found.finding.as_str(), found.phrase.as_str()), ("edema", "some edema"));
    let place = [found.x, found.y, found.width, found.height];
    assert!(place.iter().zip([0.1, 0.1, 0.2, 0.3]).all(|(one, other)| (one - other).abs() < 1e-6), "{place:?}");
    manifest.box_columns.x = "x".to_owned();
    let error = read(&manifest, Seed(1), &|_, _| ()).unwrap_err().to_string();
    assert!(error.contains("no column `x`") && error.contains("b.csv"), "{error}");
}

/// The boxes of study `a`, whose image is of 200 × 100 pixels, in hundredths of their image.
fn read_boxes(boxes: &str, change: fn(&mut BoxColumns)) -> Result<(Vec<[i32; 4]>, Skipped), DataError> {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("s.csv"), format!("{HEADER}a,p,header.png,text,,,\n")).unwrap();
    fs::write(folder.path().join("b.csv"), boxes).unwrap();
    image::GrayImage::new(200, 100).save(folder.path().join("header.png")).unwrap();
    let mut manifest = manifest(folder.path(), &["s.csv"], "b.csv");
    change(&mut manifest.box_columns);
    let source = read(&manifest, Seed(1), &|_, _| ())?;
    let hundredths = |b: &crate::FindingBox| [b.x, b.y, b.width, b.height].map(|share| (share * 100.0).round() as i32);
    Ok((source.studies[0].boxes.iter().map(hundredths).collect(), source.skipped))
}

fn corners(columns: &mut BoxColumns) {
    (columns.x, columns.y) = ("x_min".into(), "y_min".into());
    (columns.x_max, columns.y_max) = ("x_max".into(), "y_max".into());
}

#[test]
fn corners_are_read_where_columns_name_them() {
    let rows =
        "study,finding,x_min,y_min,x_max,y_max\na,Mass,20,10,60,40\na,Edema,0,0,200,100\na,None,,,,\na,x,9,9,5,5\n";
    let (found, skipped) = read_boxes(rows, corners).unwrap();
    assert_eq!(found, [[10, 10, 20, 30], [0, 0, 100, 100]]);
    assert_eq!((skipped.count(SkipReason::RowWithoutBox), skipped.count(SkipReason::EmptyBox)), (1, 1));
    let half = read_boxes(&rows.replace("20,10,60,40", "20,10,,40"), corners).unwrap_err().to_string();
    assert!(half.contains("line 2: the box has no x_max"), "{half}");
    let absent = read_boxes("study,finding,x_min,y_min,w,h\n", corners).unwrap_err().to_string();
    assert!(absent.contains("no column `x_max`") && absent.contains("right, lower edge"), "{absent}");
}

#[test]
fn corners_in_columns_of_sides_leave_the_image_and_that_is_counted() {
    let read = |row: &str| read_boxes(&format!("study,finding,x,y,w,h\n{row}\n"), |_| ()).unwrap().1;
    for row in ["a,Mass,150,50,180,90", "a,Mass,100,60,120,95", "a,Mass,-20,0,50,50", "a,Mass,0,0,300,50"] {
        let skipped = read(row);
        assert_eq!(skipped.count(SkipReason::CutBox), 1, "{row}");
        assert!(skipped.to_string().contains("`x-max`"), "{skipped}");
    }
    for row in ["a,Mass,150,50,50,50", "a,Mass,0,0,202,101", "a,Mass,-2,-1,50,50", "a,Mass,0,0,200,100"] {
        assert!(read(row).is_empty(), "{row}");
    }
}

#[test]
fn shares_are_refused_unless_the_image_is_said_to_be_of_size_one() {
    for row in [
        "a,Mass,0.1,0.2,0.3,0.4",
        "a,Mass,0,0,0.5,1",
        "a,Mass,0.5,0.5,1,1",
        "a,Mass,0,0,1,0.25",
        "a,Mass,0.001,0.002,0.003,0.004",
        "a,Mass,.5,.5,.25,.25",
        "a,Mass,5e-1,5e-1,1e-1,1e-1",
        "unknown,Mass,0.1,0.2,0.3,0.4",
        "a,Mass,1,1,10,10\na,Mass,0.1,0.2,0.3,0.4",
        "a,Mass,,,,\na,Mass,0.1,0.2,0.3,0.4",
    ] {
        let said = read_boxes(&format!("study,finding,x,y,w,h\n{row}\n"), |_| ()).unwrap_err().to_string();
        let line = row.lines().count() + 1;
        assert!(said.contains(&format!("b.csv, line {line}: the box is in shares")) && said.contains("YOLO"), "{said}");
    }
    let said = read_boxes("study,finding,x_min,y_min,x_max,y_max\na,Mass,0.1,0.1,0.3,0.4\n", corners).unwrap_err();
    assert!(said.to_string().contains("is in shares"), "{said}");
    let sized = "study,finding,x,y,w,h,image_width,image_height\na,Mass,0.1,0.2,0.3,0.4,1,1\na,Mass,20,20,60,40,,\n";
    assert_eq!(read_boxes(sized, |_| ()).unwrap().0, [[10, 20, 30, 40], [10, 20, 30, 40]]);
    for pixels in ["a,Mass,1,1,1,1", "a,Mass,0.5,0.5,20.5,3", "a,Mass,0,0,1,1"] {
        assert_eq!(read_boxes(&format!("study,finding,x,y,w,h\n{pixels}\n"), |_| ()).unwrap().0.len(), 1, "{pixels}");
    }
}
