//! What is refused, proposed and noted of files, before anything is read into studies.

use std::fs;

use super::*;

/// Refusals and notes of a manifest of one file of studies, of columns as they are by default.
fn checked(studies: &str, change: impl FnOnce(&mut Manifest)) -> (Vec<Refusal>, Vec<String>) {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("s.csv"), studies).unwrap();
    let overrides = [
        format!("data.manifest.root={:?}", folder.path().display().to_string()),
        "data.manifest.studies=['s.csv']".to_owned(),
    ];
    let mut data = lgdea_spec::Resolved::from_overrides(&overrides).unwrap().experiment.data;
    change(data.manifest.as_mut().unwrap());
    check(&data)
}

fn remedy(header: &str) -> String {
    let (refusals, _) = checked(&format!("{header}\n"), |_| ());
    assert_eq!(refusals.len(), 1, "{refusals:?}");
    refusals[0].remedy.clone()
}

#[test]
fn a_file_with_the_columns_is_fine() {
    assert_eq!(checked("study,patient,image,report,labels\n", |_| ()), (vec![], vec![]));
}

#[test]
fn the_mapping_is_proposed_from_the_names_that_data_sets_have() {
    for (header, lines) in [
        ("study,patient,path,text", ["image = \"path\"", "report = \"text\""]),
        ("study,patient,Path,report_text", ["image = \"Path\"", "report = \"report_text\""]),
        ("study,patient,filename,caption", ["image = \"filename\"", "report = \"caption\""]),
        ("study_id,subject_id,dicom_id,report", ["study = \"study_id\"", "patient = \"subject_id\""]),
        ("StudyInstanceUID,PatientID,image,report", ["study = \"StudyInstanceUID\"", "patient = \"PatientID\""]),
        ("Image Index,Patient ID,report", ["study = \"Image Index\"", "image = \"Image Index\""]),
        ("study,patient,Image_Path,Text", ["image = \"Image_Path\"", "report = \"Text\""]),
        ("id,path,text", ["study = \"id\"", "# Each study is a patient of its own."]),
        ("study,patient,path,Findings,IMPRESSION", ["report = \"\"", "sections = [\"Findings\", \"IMPRESSION\"]"]),
        ("study,patient,path", ["image = \"path\"", "report = \"\"  # there is none"]),
        ("study,patient,path,findings,impression", ["report = \"\"", "sections = [\"findings\", \"impression\"]"]),
        ("subject,text", ["study = \"…\"", "image = \"\"  # there is none"]),
    ] {
        let remedy = remedy(header);
        assert!(lines.iter().all(|line| remedy.contains(line)), "{header}\n{remedy}");
    }
}

#[test]
fn everything_is_told_at_once() {
    let (refusals, _) = checked("id,path\n", |manifest| {
        manifest.boxes = "nowhere.csv".to_owned();
    });
    let keys: Vec<&str> = refusals.iter().map(|refusal| refusal.key).collect();
    assert_eq!(keys, ["data.manifest.columns", "data.manifest.boxes"]);
    let lacking = &refusals[0].reason;
    assert!(["`study`", "`patient`", "`image`", "`report`", "`id`, `path`"].iter().all(|part| lacking.contains(part)));
    let (refusals, _) = checked("", |manifest| manifest.studies.push("nowhere.csv".to_owned()));
    assert_eq!(refusals.len(), 2, "{refusals:?}");
    let (refusals, _) = checked("", |manifest| manifest.root = "${LGDEA_NO_SUCH_VARIABLE}/x".to_owned());
    assert!(refusals[0].reason.contains("LGDEA_NO_SUCH_VARIABLE"), "{refusals:?}");
    let (refusals, _) = checked("", |manifest| manifest.root.push_str("/nowhere"));
    assert_eq!((refusals.len(), refusals[0].key), (1, "data.manifest.root"));
}

#[test]
fn columns_of_boxes_are_proposed_too() {
    let remedy = |header: &str| {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("b.csv"), format!("{header}\n")).unwrap();
        let (refusals, _) = checked("study,patient,image,report,labels\n", |manifest| {
            manifest.boxes = folder.path().join("b.csv").display().to_string();
        });
        refusals.into_iter().map(|refusal| (refusal.key, refusal.remedy)).next()
    };
    assert_eq!(remedy("study,finding,x,y,w,h"), None);
    for (header, lines) in [
        ("study_id,label,x,y,w,h", ["study = \"study_id\"", "finding = \"label\""]),
        ("study,category,left,top,w,h", ["finding = \"category\"", "x = \"left\""]),
        ("Image Index,Finding Label,x,y,width,height", ["width = \"width\"", "finding = \"Finding Label\""]),
        ("study,x_min,y_min,x_max,y_max", ["finding = \"…\"", "x-max = \"x_max\""]),
        ("study,finding,xmin,ymin,xmax,ymax", ["x = \"xmin\"", "y-max = \"ymax\""]),
        ("study,finding,x1,y1,x2,y2", ["x = \"x1\"", "x-max = \"x2\""]),
        ("study,finding,x0,y0,x1,y1", ["x = \"x0\"", "x-max = \"x1\""]),
        ("study,finding,left,top,right,bottom", ["x = \"left\"", "y-max = \"bottom\""]),
        ("study,finding,X Min,Y Min,X Max,Y Max", ["x = \"X Min\"", "y-max = \"Y Max\""]),
        ("study,finding,bbox_x1,bbox_y1,bbox_x2,bbox_y2", ["y = \"bbox_y1\"", "y-max = \"bbox_y2\""]),
        ("study,finding,xtl,ytl,xbr,ybr", ["x = \"xtl\"", "y-max = \"ybr\""]),
        ("study,finding,x,y,xmax,ymax", ["x = \"x\"", "x-max = \"xmax\""]),
        ("study,finding,minX,minY,maxX,maxY", ["x = \"minX\"", "y-max = \"maxY\""]),
        ("study,finding,x_min,y_min,width,height", ["x = \"x_min\"", "height = \"height\""]),
        (
            "study,finding,x_center,y_center,width,height",
            ["width = \"width\"", "# \"x_center\" is the middle of a box"],
        ),
    ] {
        let (key, remedy) = remedy(header).unwrap();
        assert_eq!(key, "data.manifest.box-columns");
        assert!(lines.iter().all(|line| remedy.contains(line)), "{header}\n{remedy}");
    }
}

#[test]
fn labels_that_are_not_read_are_noted() {
    let note = |text: &str| checked(text, |_| ()).1.join("\n");
    let studies = "study,patient,image,report,Pneumonia,No Finding,age\ns,p,i,r,1,0.0,40\nt,q,j,r,,1.0,50\n";
    assert!(note(studies).contains("`labels = [\"Pneumonia\", \"No Finding\"]`"), "{}", note(studies));
    assert!(note("study,patient,image,report,Finding Labels\ns,p,i,r,Edema\n").contains("\"Finding Labels\""));
    assert_eq!(note("study,patient,image,report,weight\ns,p,i,r,40\n"), "");
    assert_eq!(note("study,patient,image,report,labels,x\ns,p,i,r,edema,1\n"), "");
}

#[test]
fn columns_of_sex_and_age_are_noted_where_they_are_not_read() {
    let of = |sex: &str, age: &str, change: fn(&mut Manifest)| {
        let rows =
            format!("study,patient,image,report,labels,{sex},{age}\ns,p,1.png,a,b,F,58\nt,q,2.png,a,b,Male,63.0\n");
        checked(&rows, change).1.join("\n")
    };
    for (sex, age) in [("sex", "age"), ("Patient Gender", "Patient Age"), ("PatientSex_DICOM", "Age (years)")] {
        let notes = of(sex, age, |_| ());
        assert!(notes.contains(&format!("`sex = {sex:?}`")) && notes.contains(&format!("`age = {age:?}`")), "{notes}");
    }
    let read = of("sex", "age", |manifest| {
        (manifest.columns.sex, manifest.columns.age) = ("sex".to_owned(), "age".to_owned());
    });
    assert_eq!(read, "");
    assert_eq!(of("agent", "essex", |_| ()), "", "other names");
    assert_eq!(of("age", "sex", |_| ()), "", "values that are none");
}

#[test]
fn a_first_line_that_is_no_header_is_never_shown() {
    for line in [
        "s1,p1,a.png,The patient J.D. has a small effusion.",
        "r1,no pneumothorax",
        "r1,NO PNEUMOTHORAX",
        "s1,p1,\"Heart size is normal, lungs are clear\"",
        "s0,Normal.",
    ] {
        let (refusals, notes) = checked(&format!("{line}\n"), |_| ());
        let told = format!("{refusals:?}{notes:?}");
        let text = line.rsplit(',').next().unwrap().trim_matches('"');
        assert!(told.contains("looks like no header") && !told.contains(text), "{told}");
    }
}

#[test]
fn folders_and_archives_of_openi_are_looked_for() {
    let data = |text: &str| {
        let overrides: Vec<String> = text.split(' ').map(|part| format!("data.openi.{part}")).collect();
        check(&lgdea_spec::Resolved::from_overrides(&overrides).unwrap().experiment.data).0
    };
    let keys = |text| data(text).iter().map(|refusal| refusal.key).collect::<Vec<_>>();
    assert_eq!(keys("reports=/nowhere/r.tgz images=/nowhere/i"), ["data.openi.reports", "data.openi.images"]);
    assert_eq!(keys("reports=$LGDEA_NO_SUCH_VARIABLE"), ["data.openi.reports"]);
    assert_eq!(keys(&format!("reports={}", std::env::temp_dir().display())), [""; 0]);
}

#[test]
fn a_column_of_patients_is_proposed_however_it_is_called_and_never_left_out() {
    for (header, column) in [
        ("Study id,Patient id,dicom path,Report text", "Patient id"),
        ("study,Patient_ID,image,report", "Patient_ID"),
        ("study,pid,image,report", "pid"),
        ("study,PatientNr,image,report", "PatientNr"),
        ("study,anon patient key,image,report", "anon patient key"),
        ("study,subject no,image,report", "subject no"),
        ("study,MRN,image,report", "MRN"),
        ("study,Medical Record Number,image,report", "Medical Record Number"),
        ("study,person_id,image,report", "person_id"),
        ("study,Patient Age,Patient Sex,Patient Number,image,report", "Patient Number"),
        ("study,Patient Age,deidentified_patient,image,report", "deidentified_patient"),
    ] {
        let remedy = remedy(header);
        assert!(remedy.contains(&format!("patient = {column:?}")), "{header}\n{remedy}");
    }
    let said = remedy("study,PatientAge,PatientSex,PatientName,image,report");
    assert!(said.contains("Where a patient has several studies,") && said.ends_with("patient = \"\""), "{said}");
    let alone = |manifest: &mut Manifest| manifest.columns.patient = String::new();
    let (refusals, notes) = checked("study,Patient id,image,report,labels\n", alone);
    assert!(refusals.is_empty() && notes[0].contains("`patient = \"Patient id\"`"), "{refusals:?} {notes:?}");
    assert_eq!(checked("study,image,report,labels,Patient Age\n", alone), (vec![], vec![]));
}

#[test]
fn headers_as_people_write_them_are_shown_and_mapped() {
    for (header, lines) in [
        ("Study id,Patient id,dicom path,Report text", ["study = \"Study id\"", "image = \"dicom path\""]),
        ("study id,patient id,image path,report text", ["patient = \"patient id\"", "report = \"report text\""]),
        ("STUDY ID,PATIENT ID,FILE NAME,TEXT", ["image = \"FILE NAME\"", "report = \"TEXT\""]),
        ("Accession number,Subject id,Image file,Raw text", ["study = \"Accession number\"", "report = \"Raw text\""]),
    ] {
        let (refusals, _) = checked(&format!("{header}\n"), |_| ());
        let Refusal { reason, remedy, .. } = &refusals[0];
        assert!(lines.iter().all(|line| remedy.contains(line)), "{header}\n{remedy}");
        assert!(header.split(',').all(|name| reason.contains(&format!("`{name}`"))), "{reason}");
    }
}

#[test]
fn a_column_of_texts_is_not_proposed_as_an_identifier() {
    let (refusals, _) = checked("id,patient,image,report,uid\nThe heart is normal.,p,a.png,text,7\n", |_| ());
    assert!(refusals[0].remedy.contains("study = \"uid\""), "{refusals:?}");
    let (refusals, _) = checked("study,subject,image,report\ns1,Small left effusion,a.png,text\n", |_| ());
    assert!(refusals[0].remedy.contains("patient = \"\""), "{refusals:?}");
    let (refusals, _) = checked("study,patient,image,report\nSmall quokka effusion,p,a.png,text\n", |_| ());
    let Refusal { key, reason, .. } = &refusals[0];
    assert!(
        *key == "data.manifest.columns" && reason.contains("holds texts") && !reason.contains("quokka"),
        "{reason}"
    );
}

/// Refusals and notes of studies with their boxes.
fn with_boxes(studies: &str, boxes: &str) -> (Vec<Refusal>, Vec<String>) {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("b.csv"), boxes).unwrap();
    checked(studies, |manifest| manifest.boxes = folder.path().join("b.csv").display().to_string())
}

#[test]
fn the_study_of_boxes_is_a_column_that_joins() {
    const STUDIES: &str = "study,patient,image,report,labels\ns1,p,files/1.png,text,a\ns2,q,files/2.png,text,a\n";
    for (boxes, line) in [
        ("Path,finding,x,y,w,h\nfiles/1.png,Mass,1,1,1,1\n", "study = \"…\"  # the column with the identifiers"),
        ("Path,uid,finding,x,y,w,h\nfiles/1.png,s2,Mass,1,1,1,1\n", "study = \"uid\""),
        ("exam,id,finding,x,y,w,h\n77,s1,Mass,1,1,1,1\n", "study = \"id\""),
        ("filename,finding,x,y,w,h\nx,Mass,1,1,1,1\n", "such as `s1`"),
        ("Image Index,finding,x,y,w,h\ns1,Mass,1,1,1,1\n", "study = \"Image Index\""),
        ("accession,finding,x,y,w,h\n1,Mass,1,1,1,1\n", "study = \"…\""),
    ] {
        let (refusals, _) = with_boxes(STUDIES, boxes);
        assert!(refusals.len() == 1 && refusals[0].remedy.contains(line), "{boxes}\n{refusals:?}");
    }
    let by_path = "Path,patient,report,labels\nfiles/1.png,p,text,a\n";
    let (refusals, _) = with_boxes(by_path, "Path,finding,x,y,w,h\nfiles/1.png,Mass,1,1,1,1\n");
    let boxes = refusals.iter().find(|refusal| refusal.key == "data.manifest.box-columns").unwrap();
    assert!(boxes.remedy.contains("study = \"Path\""), "{refusals:?}");
    let (refusals, notes) = with_boxes(STUDIES, "study,finding,x,y,w,h\n1,Mass,1,1,1,1\n2,Mass,1,1,1,1\n");
    assert!(refusals.is_empty(), "{refusals:?}");
    assert!(notes[0].contains("none of the studies in") && notes[0].contains("`1` there, and `s1` here"), "{notes:?}");
    assert_eq!(with_boxes(STUDIES, "study,finding,x,y,w,h\ns2,Mass,1,1,1,1\n").1, [""; 0]);
}

#[test]
fn studies_that_do_not_join_between_files_are_counted() {
    let folder = tempfile::tempdir().unwrap();
    let notes = |images: &str, reports: &str| {
        fs::write(folder.path().join("r.csv"), reports).unwrap();
        let file = folder.path().join("r.csv").display().to_string();
        checked(images, |manifest| manifest.studies.push(file)).1
    };
    let images = "study,patient,image,labels\ns1,p,1.png,a\ns2,q,2.png,a\n";
    let of = |reports: &str| notes(images, reports).join("\n");
    let none = of("study,report\n1,one\n2,two\n1,three\n");
    assert!(none.contains("2 of the 2 studies in") && none.contains("in no file with images"), "{none}");
    assert!(none.contains("the first is `1` there, and `s1` here"), "{none}");
    assert!(none.contains("in no file with reports; the first is `s1` there, and `1` here"), "{none}");
    let some = of("study,report\ns1,one\ns2,two\ns3,three\n");
    assert!(
        some.contains("1 of the 3 studies in") && some.contains("`s3`") && !some.contains("no file with reports"),
        "{some}"
    );
    assert_eq!(of("study,report\ns1,one\ns2,two\n"), "");
    let shards =
        notes("study,patient,image,report,labels\ns1,p,1.png,a,a\n", "study,patient,image,report\ns2,q,2.png,b\n");
    assert_eq!(shards, [""; 0], "files of the same columns need not join");
}

/// The lines that are proposed for a table without the usual names.
fn proposed(table: &str) -> Vec<String> {
    let (refusals, _) = checked(table, |_| ());
    let remedy = refusals[0].remedy.strip_prefix("in `[data.manifest.columns]` write\n").unwrap();
    remedy.lines().map(str::to_owned).collect()
}

#[test]
fn columns_with_names_in_other_languages_are_known_by_what_they_hold() {
    let german = "Bilddatei;Befund;Patient;Datum;Alter\n\
        bilder/1.png;Kein Erguss. Herz normal.;P1;2021-03-04;58\nbilder/2.png;Erguss links.;P1;2021-03-04;63\n";
    assert_eq!(
        proposed(german),
        [
            "study = \"Bilddatei\"  # guessed: it tells rows or images apart",
            "patient = \"Patient\"",
            "image = \"Bilddatei\"  # guessed: it names files of images",
            "report = \"Befund\"  # guessed: it holds texts",
        ]
    );
    let french = "dossier,examen,cliche,conclusion,hauteur\nd1,e1,a.dcm,Pas d'épanchement visible à gauche,1712\n\
        d1,e2,b.dcm,Épanchement pleural droit de faible abondance,1650\nd2,e3,c.dcm,Cardiomégalie.,1800\n\
        d2,e3,d.dcm,Cardiomégalie.,1800\n";
    let lines = proposed(french).join("\n");
    for line in ["study = \"examen\"", "patient = \"dossier\"", "image = \"cliche\"", "report = \"conclusion\""] {
        assert!(lines.contains(line), "{line} in\n{lines}");
    }
    let lines = proposed("Снимок;Заключение\n1.jpg;Выпота не выявлено.\n2.jpg;Выпот слева.\n").join("\n");
    assert!(["image = \"Снимок\"", "report = \"Заключение\""].iter().all(|line| lines.contains(line)), "{lines}");
}

#[test]
fn what_is_no_identifier_is_proposed_for_neither_study_nor_patient() {
    let table = "foto,text,aufnahme,seite,gewicht,hersteller,dateinr\na.png,Ohne Befund.,20210304,rechts,71.5,x1,1\n\
        b.png,Ohne Befund.,20210304,links,71.5,x1,2\nc.png,Erguss links.,20210305,links,80.5,x1,3\n";
    let lines = proposed(table).join("\n");
    assert!(lines.contains("study = \"dateinr\"") && lines.contains("patient = \"\""), "{lines}");
    let of_kinds =
        (0..60).map(|row| format!("\n{row}.png,Kein Erguss.,geraet{}", row % 2)).collect::<Vec<_>>().concat();
    let lines = proposed(&format!("foto,text,quelle{of_kinds}")).join("\n");
    assert!(lines.contains("patient = \"\"") && lines.contains("study = \"foto\""), "{lines}");
}

#[test]
fn files_that_are_there_are_images_whatever_they_are_called() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["IM0001", "IM0002"] {
        fs::write(folder.path().join(name), "x").unwrap();
    }
    let told = |rows: &str| {
        let (refusals, _) = checked(&format!("serie,aufnahme,text\n{rows}"), |manifest| {
            fs::copy(format!("{}/s.csv", manifest.root), folder.path().join("s.csv")).unwrap();
            manifest.root = folder.path().display().to_string();
        });
        refusals[0].remedy.clone()
    };
    assert!(told("S1,IM0001,Erguss.\nS2,IM0002,Erguss.\n").contains("image = \"aufnahme\""));
    assert!(told("S1,IM0003,Erguss.\nS2,IM0004,Erguss.\n").contains("image = \"\"  # there is none"));
}

#[test]
fn columns_of_nothing_but_what_is_present_are_proposed_as_labels() {
    let table = "Bild,Text,Erguss,Pneumonie,Immer,Alter,sex\n\
        a.png,Erguss links.,1,0.0,1,58,0\nb.png,Kein Erguss.,-1,,1,60,1\nc.png,Kein Erguss.,0,1.0,1,71,0\n";
    let lines = proposed(table);
    assert!(lines.contains(&"labels = [\"Erguss\", \"Pneumonie\"]".to_owned()), "{lines:?}");
    let view = "bild,text,lage\na.png,Erguss links.,PA\nb.png,Kein Erguss.,AP\n";
    assert!(proposed(view).contains(&"view = \"lage\"  # guessed: its values are called so".to_owned()));
}

#[test]
fn each_line_that_is_proposed_is_toml_and_so_are_all_of_them() {
    let table = "Größe\"x\",Text\na.png,Kein Erguss.\nb.png,Erguss links.\n";
    for table in [table, "a,b\n1,2\n", "study,patient,path,findings,impression\n"] {
        let (refusals, _) = checked(table, |_| ());
        let (_, lines) = refusals[0].remedy.split_once('\n').unwrap();
        let written: toml::Table = lines.parse().unwrap();
        assert!(written.contains_key("image"), "{lines}");
        assert!(lines.lines().all(|line| line.parse::<toml::Table>().is_ok()), "{lines}");
    }
}

#[test]
fn a_table_is_read_into_columns_or_nothing_is_said() {
    let of = |table: &str| {
        let mut said = Vec::new();
        checked(table, |manifest| said = proposed_columns(manifest).unwrap());
        said
    };
    assert_eq!(
        of("study,patient,image,report\ns1,p1,a.png,No effusion.\n"),
        ["study = \"study\"", "patient = \"patient\"", "image = \"image\"", "report = \"report\""]
    );
    let german = of("Bilddatei;Befund;Erguss\na.png;Kein Erguss.;0\nb.png;Erguss links.;1\n");
    assert_eq!(german.last().unwrap(), "labels = [\"Erguss\"]");
    assert_eq!(of("gewicht,hersteller\n71.5,x\n"), [""; 0], "neither studies nor what is in them");
    assert_eq!(of("study,gewicht\ns1,71.5\n"), [""; 0], "neither images nor reports");
}
