//! How well the rules tell what a report denies, on short snippets in many styles: `denial/README.md` says how they were
//! annotated. `cargo test -p lgdea-evidence --test denial -- --nocapture` prints the scores.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::collections::{BTreeMap, BTreeSet};

use lgdea_evidence::{Evidence, Laterality, Ontology, Polarity, Rules};
use serde::Deserialize;

/// The lowest F1 of denial and accuracy of polarity on the half that the rules were tuned on, in percent.
const TUNE_FLOOR: [f64; 2] = [99.0, 99.0];
/// The same on the half that nobody read while changing the rules.
const HELD_OUT_FLOOR: [f64; 2] = [94.0, 93.0];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    style: String,
    text: String,
    expect: Vec<Entry>,
    /// What a careful reader may say, too.
    #[serde(default)]
    allow: Vec<Entry>,
}

/// What a text says of a finding, written as in "-left pneumothorax".
#[derive(Deserialize, Clone)]
#[serde(from = "String")]
struct Entry {
    finding: String,
    polarity: Polarity,
    side: Laterality,
}

impl From<String> for Entry {
    fn from(text: String) -> Self {
        let (polarity, rest) = match (text.strip_prefix('-'), text.strip_prefix('?')) {
            (Some(rest), _) => (Polarity::Absent, rest),
            (_, Some(rest)) => (Polarity::Uncertain, rest),
            _ => (Polarity::Present, text.as_str()),
        };
        let sides = [Laterality::Left, Laterality::Right, Laterality::Bilateral];
        let sided = rest.split_once(' ').map(|(word, finding)| {
            let side = sides.into_iter().find(|side| side.word() == word);
            (finding, side.unwrap_or_else(|| panic!("no side: {text}")))
        });
        let (finding, side) = sided.unwrap_or((rest, Laterality::None));
        Self { finding: finding.to_owned(), polarity, side }
    }
}

impl Entry {
    fn is_said_by(&self, one: &Evidence) -> bool {
        one.finding == self.finding && one.polarity == self.polarity
    }

    /// Presence goes up the ontology, absence goes down.
    fn implies(&self, one: &Evidence, ontology: &Ontology) -> bool {
        let (child, parent) = match self.polarity {
            Polarity::Present => (&self.finding, &one.finding),
            _ => (&one.finding, &self.finding),
        };
        self.polarity == one.polarity && ontology.roll_up(child, &BTreeSet::from([parent.clone()])).is_some()
    }
}

#[derive(Default)]
struct Score {
    cases: usize,
    /// Findings denied by text and rules, by the rules alone, by the text alone.
    denied: [usize; 3],
    /// Findings of the text that the rules found, and those of them with the right polarity.
    polarity: [usize; 2],
    /// Findings with the right polarity whose side the text says, and those of them with the right side.
    side: [usize; 2],
}

impl Score {
    /// Counts a case; says whether all that is counted was right.
    fn add(&mut self, case: &Case, said: &[Evidence], ontology: &Ontology) -> bool {
        let accounted = |one: &Evidence| {
            let mut known = case.expect.iter().chain(&case.allow);
            known.any(|entry| entry.is_said_by(one)) || case.expect.iter().any(|entry| entry.implies(one, ontology))
        };
        let denied_alone = said.iter().filter(|one| one.polarity == Polarity::Absent && !accounted(one));
        let denied_alone = denied_alone.map(|one| &one.finding).collect::<BTreeSet<_>>().len();
        let mut right = denied_alone == 0;
        self.cases += 1;
        self.denied[1] += denied_alone;
        for entry in &case.expect {
            let found = said.iter().any(|one| one.finding == entry.finding);
            let sides: Vec<_> = said.iter().filter(|one| entry.is_said_by(one)).map(|one| one.laterality).collect();
            let agrees = !sides.is_empty();
            if entry.polarity == Polarity::Absent {
                self.denied[if agrees { 0 } else { 2 }] += 1;
            }
            self.polarity[0] += usize::from(found);
            self.polarity[1] += usize::from(agrees);
            if agrees && entry.side != Laterality::None {
                self.side[0] += 1;
                self.side[1] += usize::from(sides.contains(&entry.side));
            }
            right &= agrees;
        }
        right
    }

    fn f1(&self) -> f64 {
        let [both, rules, text] = self.denied;
        percent(2 * both, 2 * both + rules + text)
    }

    fn accuracy(&self) -> f64 {
        percent(self.polarity[1], self.polarity[0])
    }

    fn print(&self, name: &str) {
        let [both, rules, text] = self.denied;
        println!(
            "{name:<14} {:>5} {:>6} {:>9.1} {:>6.1} {:>6.1} {:>8.1} {:>6.1}",
            self.cases,
            both + text,
            percent(both, both + rules),
            percent(both, both + text),
            self.f1(),
            self.accuracy(),
            percent(self.side[1], self.side[0]),
        );
    }
}

/// NaN where there is nothing to count.
fn percent(part: usize, whole: usize) -> f64 {
    100.0 * part as f64 / whole as f64
}

/// Scores a half; `wrong` gets the cases that the rules read otherwise.
fn score(name: &str, lines: &str, wrong: impl Fn(&Case, &[Evidence])) -> Score {
    let ontology = Ontology::named_or_path("chest").unwrap();
    let rules = Rules::new(&ontology);
    let names: BTreeSet<&str> = ontology.finding_names().collect();
    let (mut whole, mut styles) = (Score::default(), BTreeMap::<String, Score>::new());
    for line in lines.lines() {
        let case: Case = serde_json::from_str(line).unwrap();
        assert!(case.expect.iter().chain(&case.allow).all(|entry| names.contains(entry.finding.as_str())), "{line}");
        let said = rules.extract("r", &case.text).evidence;
        whole.add(&case, &said, &ontology);
        if !styles.entry(case.style.clone()).or_default().add(&case, &said, &ontology) {
            wrong(&case, &said);
        }
    }
    println!("{name:<14} cases denied precision recall     F1 polarity   side");
    for (style, score) in &styles {
        score.print(style);
    }
    whole.print("all");
    whole
}

#[track_caller]
fn check(score: &Score, [f1, accuracy]: [f64; 2]) {
    assert!(score.f1() >= f1, "F1 of denial {:.1}, not {f1}", score.f1());
    assert!(score.accuracy() >= accuracy, "accuracy of polarity {:.1}, not {accuracy}", score.accuracy());
}

#[test]
fn denials_of_the_half_for_tuning_are_told() {
    let score = score("tune", include_str!("denial/tune.jsonl"), |case, said| {
        let said: Vec<_> = said.iter().map(|one| format!("{:?} {}", one.polarity, one.finding)).collect();
        println!("{:?}: {}", case.text, said.join(", "));
    });
    check(&score, TUNE_FLOOR);
}

#[test]
fn denials_of_the_held_out_half_are_told() {
    check(&score("held_out", include_str!("denial/held_out.jsonl"), |_, _| {}), HELD_OUT_FLOOR);
}
