//! Scores by subgroup are those of the subgroup's cases alone.

use lgdea_eval::protocol::{Protocol, Rules};
use lgdea_eval::scoring::{self, Scored, tables};
use lgdea_predictions::{Columns, Reference, Retrieval, Scores};

use crate::{Written, evaluation, file, models, scored};

/// A reference with a column more, of which each case's cell follows from the number of its patient.
fn with_column(name: &str, of: fn(usize) -> &'static str) -> String {
    let text = std::fs::read_to_string(file(name)).unwrap();
    let mut lines = text.lines();
    let mut with = format!("{},Site\n", lines.next().unwrap());
    for line in lines {
        let patient: String = line.split(',').nth(1).unwrap().chars().filter(char::is_ascii_digit).collect();
        with.extend([line, ",", of(patient.parse().unwrap()), "\n"]);
    }
    with
}

fn by_site(protocol: &str, predictions: &str, reference: &str) -> Scored {
    let written = Written::new(&[("r.csv", reference)]);
    let reference = Reference::read_as(&written.path("r.csv"), &of_sites()).unwrap();
    match Protocol::named_or_path(protocol).unwrap().rules {
        Rules::ZeroShot(rules) => {
            scoring::zero_shot(&rules, &Scores::read(&file(predictions)).unwrap(), &reference, None).unwrap()
        }
        Rules::Retrieval(rules) => {
            scoring::retrieval(&rules, &Retrieval::read(&file(predictions), None).unwrap(), &reference).unwrap()
        }
        other => panic!("{} has no subgroups", other.task()),
    }
}

fn of_sites() -> Columns {
    Columns { by: vec!["site".parse().unwrap()], ..Columns::default() }
}

fn of_site(patient: usize) -> &'static str {
    ["east", "west", ""][patient % 3]
}

#[test]
fn a_subgroup_has_the_scores_of_its_cases_alone_and_the_column_is_no_class() {
    let protocol = "zero-shot/lgdea-v1";
    let reference = with_column("test.csv", of_site);
    let scored_by = by_site(protocol, "test.npz", &reference);
    assert!(scored_by.warnings.iter().any(|warning| warning.contains("without a value of `site`")));
    let found = scored_by.by_subgroup(Protocol::named_or_path(protocol).unwrap().interval());
    let [site] = &found[..] else { panic!("{found:?}") };
    let alone = |name: &str| {
        let kept = reference.lines().enumerate().filter(|(at, line)| *at == 0 || line.ends_with(name));
        let cells = kept.map(|(_, line)| line.rsplit_once(',').unwrap().0);
        let written = Written::new(&[("r.csv", &cells.flat_map(|line| [line, "\n"]).collect::<String>())]);
        let scored = scored(protocol, &file("test.npz"), &written.path("r.csv"), None).unwrap();
        assert!(scored.warnings.iter().all(|warning| !warning.contains("no positive")), "{:?}", scored.warnings);
        (scored.cases, evaluation(protocol, scored).scores)
    };
    let sites = ["east", "west"].map(alone);
    for (score, gaps) in &site.scores {
        for (at, name) in ["east", "west"].iter().enumerate() {
            let ((cases, own), (_, other)) = (&sites[at], &sites[1 - at]);
            assert_eq!((&site.subgroups[at].name[..], site.subgroups[at].cases), (*name, *cases));
            let of = gaps.subgroups[*name];
            assert!((of.value.value - own[score].value).abs() < 1e-12, "{score} {name}");
            let gap = of.against_rest.unwrap();
            assert!((gap.value - (own[score].value - other[score].value)).abs() < 1e-12, "{score} {name}");
            let [low, high] = gap.interval.unwrap();
            assert!(low < gap.value && gap.value < high, "{score} {name}");
        }
    }
    assert_eq!(site.scores.keys().collect::<Vec<_>>(), ["zero_shot/auroc_macro", "zero_shot/average_precision_macro"]);
    let grids = tables::subgroups(&models(protocol, vec![by_site(protocol, "test.npz", &reference)]).models);
    let [grid] = &grids[..] else { panic!("{grids:?}") };
    let shown = grid.to_string();
    assert!(["site", "east", "west", "AUROC", "less the others"].iter().all(|part| shown.contains(part)), "{shown}");
}

#[test]
fn queries_of_all_subgroups_together_are_those_of_the_whole() {
    let protocol = "retrieval/lgdea-v1";
    let whole = by_site(protocol, "pairs.npz", &with_column("pairs.csv", |patient| ["a", "b"][patient % 2]));
    let interval = Protocol::named_or_path(protocol).unwrap().interval();
    let by = whole.by_subgroup(interval);
    let cases = whole.cases as f64;
    let all = evaluation(protocol, whole).scores;
    let name = "retrieval/i2t_r_at_5";
    let of = |at: usize| {
        let size = &by[0].subgroups[at];
        size.cases as f64 * by[0].scores[name].subgroups[&size.name].value.value
    };
    assert!((of(0) + of(1) - cases * all[name].value).abs() < 1e-9);
}

#[test]
fn a_class_that_a_subgroup_lacks_has_no_part_in_its_means_and_is_named() {
    let truth = "id,edema,mass,site\na,1,0,x\nb,0,0,x\nc,1,1,y\nd,0,0,y\ne,1,1,y\n";
    let written = Written::new(&[("p.csv", "id,edema,mass\na,3,1\nb,2,2\nc,1,3\nd,5,4\ne,6,5\n"), ("r.csv", truth)]);
    let reference = Reference::read_as(&written.path("r.csv"), &of_sites()).unwrap();
    let protocol = Protocol::named_or_path("zero-shot/lgdea-v1").unwrap();
    let Rules::ZeroShot(rules) = &protocol.rules else { panic!("it is of zero-shot") };
    let scored = scoring::zero_shot(rules, &Scores::read(&written.path("p.csv")).unwrap(), &reference, None).unwrap();
    let named = |warning: &String| warning.contains("site = x") && warning.ends_with("mass");
    assert!(scored.warnings.iter().any(named), "{:?}", scored.warnings);
    let by = scored.by_subgroup(protocol.interval());
    // Of edema alone: x ranks it rightly; of y, one of two pairs.
    let auroc = &by[0].scores["zero_shot/auroc_macro"].subgroups;
    assert_eq!((auroc["x"].value.value, auroc["y"].value.value), (1.0, 0.5));
    assert_eq!(auroc["x"].against_rest.unwrap().value, 0.5);
}
