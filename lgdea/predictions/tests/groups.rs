//! Subgroups of a reference, by columns that are no classes.
#![allow(clippy::unwrap_used, missing_docs)]

use lgdea_fault::chain;
use lgdea_predictions::{By, Columns, Reference};

fn read(text: &str, by: &[&str]) -> Result<Reference, String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("r.csv");
    std::fs::write(&path, text).unwrap();
    let by = by.iter().map(|by| by.parse()).collect::<Result<Vec<By>, String>>()?;
    Reference::read_as(&path, &Columns { by, ..Columns::default() }).map_err(|error| chain(&error))
}

const TABLE: &str = "id,Sex,age,edema\na,F,39.9,1\nb,M,40,0\nc,,80,1\nd,F,,0\n";

#[test]
fn values_and_bands_are_subgroups_and_empty_cells_are_in_none() {
    let found = read(TABLE, &["sex", "age:40,60,80"]).unwrap();
    assert_eq!(found.classes, ["edema"]);
    let [sex, age] = &found.groups[..] else { panic!("{found:?}") };
    assert_eq!(
        (&sex.names[..], &sex.of_case[..]),
        (&["F".to_owned(), "M".to_owned()][..], &[Some(0), Some(1), None, Some(0)][..])
    );
    assert_eq!(age.names, ["below 40", "40 to below 60", "80 and more"]);
    assert_eq!(age.of_case, [Some(0), Some(1), Some(2), None]);
}

#[test]
fn columns_are_crossed_also_those_that_are_subgroups_of_their_own() {
    let found = read(TABLE, &["sex", "sex+age:40"]).unwrap();
    let crossed = &found.groups[1];
    assert_eq!(
        (&crossed.column[..], &crossed.names[..]),
        ("sex+age", &["F, below 40".to_owned(), "M, 40 and more".to_owned()][..])
    );
    assert_eq!(crossed.of_case, [Some(0), Some(1), None, None]);
    assert!(read(TABLE, &["sex+Sex"]).unwrap_err().contains("named twice"));
    let sources = "id,source,edema\na,ieee8023/covid-chestxray-dataset (early snapshot),1\nb,VQA-RAD,0\n";
    assert_eq!(read(sources, &["source"]).unwrap().groups[0].names.len(), 2);
}

#[test]
fn columns_that_are_no_subgroups_are_refused_with_what_to_do_and_no_text_is_printed() {
    let long = format!("id,note,edema\na,secret {},1\nb,x,0\n", "word ".repeat(20));
    let many: Vec<String> = (0..60).map(|case| format!("{case},{case},1")).collect();
    let many = format!("id,age,edema\n{}\n", many.join("\n"));
    for (table, by, part) in [
        (TABLE, "view", "other columns: `Sex`, `age`, `edema`"),
        (TABLE, "patient", "a meaning of its own"),
        (TABLE, "Label", "a meaning of its own"),
        (TABLE, " ", "names no column"),
        (TABLE, "age:60,40", "no rising numbers"),
        (TABLE, "age:40,40", "no rising numbers"),
        (TABLE, "age:", "no rising numbers"),
        (TABLE, "age:NaN", "no rising numbers"),
        (TABLE, "age:200", "fewer than two"),
        (TABLE, "sex:1", "line 2: column `sex` has no number"),
        (&long, "note", "line 2: column `note` has a text"),
        (&many, "age", "60 values"),
    ] {
        let said = read(table, &[by]).unwrap_err();
        assert!(said.contains(part) && !said.contains("secret"), "{by}: {said}");
    }
    assert!(read(TABLE, &["sex", "Sex"]).unwrap_err().contains("named twice"));
    assert!(read("id,sex,edema\na,F,1\nb,F,0\n", &["sex"]).unwrap_err().contains("fewer than two"));
}

#[test]
fn other_cases_lose_the_columns_where_they_have_them() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("r.csv");
    std::fs::write(&path, TABLE).unwrap();
    let by: Vec<By> = ["sex", "age:40", "view"].map(|by| by.parse().unwrap()).to_vec();
    let found = Reference::read_validation(&path, &Columns { by, ..Columns::default() }).unwrap();
    assert_eq!((found.classes, found.groups.len()), (vec!["edema".to_owned()], 0));
}
