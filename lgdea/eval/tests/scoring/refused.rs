//! What cannot be scored, and what is told of it.

use lgdea_fault::{AtFault, Fault, chain};

use crate::{Written, scored};

/// What is said of predictions and a reference, both tables, with validation cases where they are given.
fn said(
    protocol: &str,
    [predictions, reference]: [&str; 2],
    validation: Option<[&str; 2]>,
) -> Result<Vec<String>, String> {
    let [other_scores, other_truth] = validation.unwrap_or_default();
    let files = [("p.csv", predictions), ("r.csv", reference), ("vp.csv", other_scores), ("vr.csv", other_truth)];
    let written = Written::new(&files);
    let (scores, truth) = (written.path("vp.csv"), written.path("vr.csv"));
    let validation = validation.map(|_| [scores.as_path(), truth.as_path()]);
    match scored(protocol, &written.path("p.csv"), &written.path("r.csv"), validation) {
        Ok(scored) => Ok(scored.warnings),
        Err(error) => {
            assert_eq!(error.fault(), Fault::Input);
            Err(chain(&error))
        }
    }
}

const SCORES: &str = "id,edema,mass\na,0.1,0.9\nb,0.7,0.2\nc,0.4,0.6\n";
const TRUTH: &str = "id,patient,edema,mass\na,p,0,1\nb,q,1,0\nc,r,0,1\n";
const CHEXZERO: &str = "zero-shot/chexzero-v1";
const LGDEA: &str = "zero-shot/lgdea-v1";
const MEDCLIP: &str = "chexpert-5x200/medclip-v1";
const RETRIEVAL: &str = "retrieval/lgdea-v1";

#[test]
fn files_that_do_not_belong_together_are_refused() {
    let other = |from: &str, to: &str| TRUTH.replace(from, to);
    let twice = "id,Edema,edema\na,1,0\nb,0,1\n";
    for (protocol, predictions, reference, validation, parts) in [
        (CHEXZERO, SCORES, TRUTH, None, &["validation cases", "--validation-predictions"][..]),
        (CHEXZERO, SCORES, TRUTH, Some([SCORES, TRUTH]), &["the case `a`", "other cases"]),
        (
            LGDEA,
            SCORES,
            TRUTH,
            Some(["id,edema,mass\nx,1,2\ny,2,1\n", "id,patient,edema,mass\nx,q,1,0\ny,s,0,1\n"]),
            &["the patient `q`"],
        ),
        (
            LGDEA,
            SCORES,
            "id,oedema,lump\na,0,1\nb,1,0\nc,0,1\n",
            None,
            &["lacks `lump`, `oedema`", "has besides `edema`, `mass`"],
        ),
        (LGDEA, SCORES, "id,patient\na,1\nb,2\nc,3\n", None, &["names no class"]),
        (LGDEA, twice, "id,edema\na,1\nb,0\n", None, &["two classes are called `edema`"]),
        (LGDEA, "id,!\na,1\n", "id,edema\na,1\n", None, &["neither a letter nor a digit"]),
        (LGDEA, SCORES, &other("c,r,0,1", "d,r,0,1"), None, &["lacks 1 of the 3 cases", "`d`"]),
        (MEDCLIP, SCORES, &other("c,r,0,1", "c,r,1,1"), None, &["the case `c` has 2 classes"]),
        (MEDCLIP, SCORES, &other("c,r,0,1", "c,r,0,0"), None, &["the case `c` has 0 classes"]),
        (MEDCLIP, SCORES, "id,label\na,mass\nb,edema\nc,nodule\n", None, &["has besides", "lacks `nodule`"]),
        (MEDCLIP, SCORES, "id,label\na,mass\nb,mass\nc,mass\n", None, &["lacks none", "besides `edema`"]),
        (
            CHEXZERO,
            "id,mass\na,1\nb,2\n",
            "id,mass\na,1\nb,0\n",
            Some(["id,mass\nx,1\ny,2\n", "id,mass\nx,1\ny,0\n"]),
            &["the mean of Atelectasis"],
        ),
        (
            "retrieval-5x200/gloria-v1",
            "id,a,b\na,1,2\nb,3,4\n",
            "id\na\nb\n",
            None,
            &["no case of the reference has labels"],
        ),
        (RETRIEVAL, "id,a,x\na,1,2\nb,3,4\n", "id\na\nb\n", None, &["lacks 1 of the 2 cases", "`b`"]),
        ("zero-shot/lgdea", SCORES, TRUTH, None, &["did you mean `zero-shot/lgdea-v1`"]),
    ] {
        let problem = said(protocol, [predictions, reference], validation).unwrap_err();
        assert!(parts.iter().all(|part| problem.contains(part)), "{parts:?}: {problem}");
    }
}

#[test]
fn what_can_be_scored_in_part_is_told() {
    let of_b = "id,edema,mass\nx,0.1,0.3\ny,0.2,0.4\n";
    let found = |protocol, files, validation| said(protocol, files, validation).unwrap().join("\n");
    for (text, parts) in [
        (
            found(LGDEA, [SCORES, "id,edema,nodule\na,1,0\nb,0,1\n"], None),
            &[
                "have no scores are left out: `nodule`",
                "not among those of the reference that are scored are left out: `mass`",
                "of no case of the reference are left out: 1",
                "no column `patient`",
            ][..],
        ),
        (
            found(LGDEA, [SCORES, "id,patient,edema,mass\na,p,0,1\nb,q,1,1\nc,r,0,1\n"], None),
            &["1 of 2 classes have no positive or no negative", ": mass"],
        ),
        (found(LGDEA, [SCORES, TRUTH], Some([of_b, "id,edema,mass\nx,1,0\ny,0,0\n"])), &["`mass` has no threshold"]),
        (
            found(
                LGDEA,
                [SCORES, TRUTH],
                Some(["id,edema,mass\nx,10,30\ny,20,0.5\n", "id,edema,mass\nx,0,1\ny,1,0\n"]),
            ),
            &["decided alike by the threshold of validation: edema, mass;", "the same scale"],
        ),
        (
            found(CHEXZERO, [SCORES, TRUTH], Some([of_b, "id,edema,mass\nx,1,0\ny,0,1\n"])),
            &["1 of the protocol's 5 classes", "without Atelectasis, Cardiomegaly", "not comparable"],
        ),
        (
            found(RETRIEVAL, ["id,a,b\na,1,2\nb,3,4\n", "id\na\nb\n"], None),
            &["no column `text`", "image → report recall at [5, 10] is left out", "nothing is scored by labels"],
        ),
        (
            found(RETRIEVAL, ["id,image_0,text_0\na,1,2\nb,3,-4\nc,1,2\n", "id,text\na,x\nb,x\nc,x\n"], None),
            &["2 of 3 texts repeat", "another embedding, which is not used: 1; embed equal texts alike"],
        ),
        (found(RETRIEVAL, ["id,a,b\na,1,2\nb,3,4\n", "id,text,edema\na,,1\nb,,\n"], None), &["what goes by labels: 1"]),
    ] {
        assert!(parts.iter().all(|part| text.contains(part)), "{parts:?}: {text}");
    }
}

#[test]
fn equal_texts_are_never_told() {
    let quokka = "id,text,edema\na,a quokka,1\nb,a quokka,0\nc,,0\n";
    let text = said(RETRIEVAL, ["id,a,b,c\na,1,2,3\nb,3,4,5\nc,1,1,1\n", quokka], None).unwrap().join("\n");
    assert!(
        text.contains("1 of 2 texts repeat") && text.contains("have none, and no part: 1") && !text.contains("quokka"),
        "{text}"
    );
}
