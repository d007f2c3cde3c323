//! The flagship's experiment on files as MIMIC-CXR-JPG has them.

use std::fmt::Write;
use std::path::Path;

use lgdea_harness::{Run, Said, Workspace, root};
use serde_json::Value;

use crate::metric;

/// The flagship's file on a made-up folder with MIMIC-CXR-JPG's layout, small images and a small BERT; what it exports has the
/// names of torchvision and transformers.
#[test]
fn the_flagship_runs_on_files_as_mimic_cxr_jpg_has_them() {
    let place = Workspace::new();
    write_files(&place);
    let small = write_small_flagship(&place);
    let lgdea = |command: &[&str], results: &str| {
        let mut lgdea = place.lgdea(command);
        lgdea.env("MIMIC_CXR_JPG", place.path("mimic")).env("MIMIC_CXR_REPORTS", place.path("mimic_cxr_sectioned.csv"));
        lgdea.args(["--results", results]).assert()
    };
    let ran = lgdea(&["run", &small, "--json"], "results").success();
    assert!(ran.told().contains("40 studies"));
    for name in ["test/zero_shot/auroc_macro", "test/grounding/pointing"] {
        assert!((0.0..=1.0).contains(&metric(&ran.outcome(), name)), "{name}");
    }

    let other = root().join("tests/fixtures/encoders/densenet.safetensors");
    let other = format!("encoder.image.resnet.weights={}", other.display());
    let said = lgdea(&["run", &small, "--set", &other], "refused").code(2).told_in_a_line();
    assert!(said.contains("does not fit the encoder: 106 of its names are none of the encoder's"), "{said}");

    let run = &place.runs("results")[0];
    let exported = place.path("exported");
    lgdea(&["export", run.name(), "--out", &place.at("exported")], "results").success();
    assert_eq!(shape(&exported.join("image/model.safetensors"), "layer2.0.downsample.0.weight"), "[128,64,1,1]");
    let query = "encoder.layer.4.attention.self.query.weight";
    assert_eq!(shape(&exported.join("text/model.safetensors"), query), "[32,32]");
    assert_eq!(shape(&exported.join("model.safetensors"), "image.head.weight"), "[128,512]");
}

/// The shipped files of evaluation sets, each with what makes it fit the example of its source.
const SETS: [(&str, &str, &str); 5] = [
    (
        "chexpert_5x200",
        "chexpert/example/CheXpert-v1.0-small",
        "studies = 'all'\ndata.chexpert.subset-list = '{root}/../chexpert_5x200.csv'",
    ),
    ("rsna_pneumonia", "rsna_pneumonia/example", "studies = 'all'\ndata.rsna-pneumonia.images = 'png'"),
    ("nih_cxr14", "nih_cxr14/example", "studies = 'all'"),
    ("chestx_det10", "chestx_det10/example", "studies = 'all'"),
    ("siim_acr", "siim_acr/example", "studies = 'all'\ndata.siim-acr.images = ['png']"),
];

/// Each of the experiments on MIMIC-CXR-JPG, small, on the made-up folder, without the patients of MS-CXR; and its scores on
/// public sets.
#[test]
fn experiments_on_mimic_cxr_jpg_are_scored_on_public_sets() {
    let place = Workspace::new();
    write_files(&place);
    let lgdea = |command: &[&str]| {
        let mut lgdea = place.lgdea(command);
        lgdea.env("MIMIC_CXR_JPG", place.path("mimic")).env("MIMIC_CXR_REPORTS", place.path("mimic_cxr_sectioned.csv"));
        lgdea.env("MS_CXR", place.path("MS_CXR.csv")).args(["--results", "results", "--json"]);
        lgdea
    };
    let mut last = None;
    for name in ["resnet50_1pct", "resnet50_5pct", "resnet50_10pct", "resnet50_100pct", "vit_10pct"] {
        let encoder = match name {
            "vit_10pct" => "vit = { variant = 'small', size = 32, weights = '' }",
            _ => "resnet = { depth = 18, size = 32, weights = '' }",
        };
        let experiments = root().join("experiments");
        let text = format!(
            "extends = ['{0}/mimic_{name}.toml', '{0}/sets/ms_cxr.toml']\n[encoder.image]\n{encoder}\n[encoder.text.bert]\n\
             model = '{1}'\nmax-tokens = 40\n[evidence-space]\nprototypes = 4\n[train]\nsteps = 2\ntext-warmup-steps = 1\n\
             batch = 4\nunpaired-images = 2\nunpaired-reports = 2\n[eval]\nbootstrap = 0\n[pairing.leave-out]\nsets = ['ms-cxr']\n",
            experiments.display(),
            root().join("tests/fixtures/encoders/bert").display(),
        );
        let file = place.write(&format!("{name}.toml"), text);
        let ran = lgdea(&["run", file.to_str().unwrap()]).assert().success();
        let told = ran.told_in_a_line();
        assert!(told.contains("1 training study of a patient of an evaluation set"), "{told}");
        assert!((0.0..=1.0).contains(&metric(&ran.outcome(), "ms-cxr/grounding/pointing")), "{name}");
        last = Some(Run::of(&ran.outcome()));
    }
    let run = last.unwrap();
    for (file, example, fitting) in SETS {
        let data = root().join("lgdea/data/src/source").join(example);
        let set = file.replace('_', "-");
        let shipped = root().join("experiments/sets").join(format!("{file}.toml"));
        let fitting = fitting.replace("{root}", &data.display().to_string());
        place.write("set.toml", format!("extends = '{}'\n[eval.set.{set}]\n{fitting}\n", shipped.display()));
        let mut command = lgdea(&["eval", run.name(), "--set", "set.toml"]);
        for variable in ["CHEXPERT", "RSNA", "NIH_CXR14", "CHESTX_DET10", "SIIM"] {
            command.env(variable, &data);
        }
        let scored = command.assert().success().outcome();
        let names: Vec<&String> = scored["metrics"].as_object().unwrap().keys().collect();
        assert!(
            !names.is_empty() && names.iter().all(|name| name.starts_with(&format!("{set}/"))),
            "{file}: {names:?}"
        );
    }
}

/// Forty studies of three images each, with MIMIC-CXR-JPG's tables, reports in sections and a box.
fn write_files(place: &Workspace) {
    let mut metadata =
        String::from("dicom_id,subject_id,study_id,PerformedProcedureStepDescription,ViewPosition,Rows,Columns\n");
    let mut splits = String::from("dicom_id,study_id,subject_id,split\n");
    let mut sections = String::from("study,impression,findings,last_paragraph,comparison\n");
    let mut labels =
        String::from("subject_id,study_id,Atelectasis,Cardiomegaly,Consolidation,Edema,No Finding,Pleural Effusion\n");
    let mut boxes = String::from("dicom_id,category_name,label_text,path,x,y,w,h,image_width,image_height,split\n");
    for number in 0..40u32 {
        let (subject, study) = (10_000_000 + number, 50_000_000 + number);
        let folder = format!("files/p10/p{subject}/s{study}");
        std::fs::create_dir_all(place.path(&format!("mimic/{folder}"))).unwrap();
        for (image, view) in [("a", "PA"), ("b", "AP"), ("c", "LATERAL")] {
            let dicom = format!("{number:08x}-{image}");
            image::GrayImage::from_fn(80, 96, |x, y| image::Luma([((x * 3 + y * number) % 251) as u8]))
                .save(place.path(&format!("mimic/{folder}/{dicom}.jpg")))
                .unwrap();
            let split = ["train", "train", "train", "validate", "test"][number as usize % 5];
            writeln!(metadata, "{dicom},{subject},{study},CHEST,{view},96,80").unwrap();
            writeln!(splits, "{dicom},{study},{subject},{split}").unwrap();
        }
        let (finding, impression, row) = match number % 3 {
            0 => ("There is a small left pleural effusion.", "Effusion.", "0.0,,,-1.0,,1.0"),
            1 => ("The heart is enlarged.", "Cardiomegaly with mild pulmonary edema.", ",1.0,,1.0,,"),
            _ => ("", "No acute cardiopulmonary process.", ",,,,1.0,"),
        };
        writeln!(sections, "s{study},{impression},{finding},,").unwrap();
        writeln!(labels, "{subject},{study},{row}").unwrap();
    }
    // A patient of the training split, on the second image of the study.
    writeln!(boxes, "00000006-b,Pleural Effusion,small left effusion,files/x.jpg,10,20,30,40,80,96,val").unwrap();
    for (name, text) in [("metadata", &metadata), ("split", &splits), ("chexpert", &labels)] {
        place.write(&format!("mimic/mimic-cxr-2.0.0-{name}.csv"), text);
    }
    place.write("mimic_cxr_sectioned.csv", sections);
    place.write("MS_CXR.csv", boxes);
}

/// Writes the flagship's experiment with small encoders and few steps; its path.
fn write_small_flagship(place: &Workspace) -> String {
    let text = format!(
        "extends = '{}'\n[pairing]\nratio = 0.5\n[encoder.image.resnet]\ndepth = 18\nsize = 64\nweights = \"\"\n\
         [encoder.text.bert]\nmodel = '{}'\nmax-tokens = 40\n[evidence-space]\nprototypes = 4\n[graph]\nstart = 1\n\
         refresh = 2\n[train]\nsteps = 4\ntext-warmup-steps = 2\nbatch = 6\nunpaired-images = 4\nunpaired-reports = 4\n\
         micro-batch = 4\ngradient-checkpointing = true\n\
         [eval]\nbootstrap = 0\ngrounding.enabled = true\n[data.mimic-cxr]\nboxes = '{}'\n",
        root().join("experiments/mimic_resnet50_10pct.toml").display(),
        root().join("tests/fixtures/encoders/bert").display(),
        place.at("MS_CXR.csv"),
    );
    place.write("small.toml", text);
    place.at("small.toml")
}

/// Shape of a tensor in a file of safetensors.
fn shape(file: &Path, name: &str) -> String {
    let bytes = std::fs::read(file).unwrap();
    let length = u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
    let header: Value = serde_json::from_slice(&bytes[8..8 + length]).unwrap();
    header[name]["shape"].to_string()
}
