//! Tables as people and pandas write them.

use std::fmt::Write;
use std::path::PathBuf;

use lgdea_harness::tiny::{QUICK, without_data};
use lgdea_harness::{Said, Workspace};

/// An experiment on 24 small images and `rows` beside theirs; each row of theirs ends in a label, a split and a view.
fn experiment(place: &Workspace, report: impl Fn(usize) -> String, view: impl Fn(usize) -> &'static str) -> PathBuf {
    let mut rows = String::from("study,patient,image,report,labels,split,view\n");
    for number in 0..24 {
        place.picture(&format!("data/{number}.png"), number as u32);
        let split = ["train", "train", "validation", "test"][number % 4];
        let label =
            ["\"Pneumonia, viral\"", "\"['pneumonia', 'edema']\"", "pneumonia;edema", "No Finding"][number / 4 % 4];
        writeln!(rows, "s{number},nan,{number}.png,{},{label},{split},{}", report(number), view(number)).unwrap();
    }
    place.write("data/studies.csv", rows);
    place.write(
        "data/boxes.csv",
        "study,finding,x,y,w,h\ns3,Pneumonia,1,1,10,10\ns7,No Finding,,,,\ns11,,nan,nan,nan,nan\n",
    );
    let own = "[data.manifest]\nroot = \"data\"\nstudies = [\"studies.csv\"]\nboxes = \"boxes.csv\"\n\
               [eval.zero-shot]\nprompts = \"pneumonia\"\n";
    place.write("own.toml", format!("{own}{}", without_data(QUICK).replace("ratio = 0.3", "ratio = 0.5")))
}

#[test]
fn missing_values_views_labels_and_boxes_are_counted_and_named() {
    let place = Workspace::new();
    let report = |number: usize| match number / 4 % 2 {
        0 => "Right lower lobe pneumonia.".to_owned(),
        _ => ["nan", "None", "<NA>", "NaN"][number % 4].to_owned(),
    };
    let file = experiment(&place, report, |number| ["PA", "AP", "PA", "", "Axial", "LAO"][number % 6]);
    let said = place.run(&file, "results", &[]).success().told();
    for part in [
        "12 × empty report (s4, s5, s6, s7, s12, …)",
        "4 × image that is no radiograph by its view (Axial",
        "4 × view that is neither frontal nor lateral (read where its study has no better image) (LAO",
        "8 × label that looks like several, taken as one",
        "\"Pneumonia, viral\"",
        "2 × row without a box (s7, s11)",
    ] {
        assert!(said.contains(part), "`{part}` is missing in:\n{said}");
    }
}
