//! What holds for any text at all.
#![allow(clippy::unwrap_used)]

use std::sync::LazyLock;

use lgdea_evidence::{Ontology, Rules};
use proptest::prelude::*;

static RULES: LazyLock<Rules> = LazyLock::new(|| Rules::new(&Ontology::named_or_path("chest").unwrap()));

/// Words of reports between arbitrary text, so that there is something to find.
fn report() -> impl Strategy<Value = String> {
    let word = prop_oneof![
        3 => prop::sample::select(vec![
            "no", "left", "Effusion", "pneumothorax", "heart", "is", "enlarged", "calcified", "granuloma", "small", "or", ",", ".", "\n",
            "\n\n", "FINDINGS:", "HISTORY:", "in the", "lower lobe", "may represent", "not", "XXXX", "pleural\n effusion", "normal", ":",
            "none", "-", "—", "(", ")", "[ ]", "not", "seen", "excluded", "resolved", "change in", "?", "•", "1)", "...", "isn’t", "\u{feff}", "ef\u{ad}fusion", "inﬁltrate", "|",
        ]).prop_map(str::to_owned),
        1 => any::<String>(),
    ];
    prop::collection::vec((word, prop::sample::select(vec![" ", "", "-", "\u{a0}", "é"])), 0..60)
        .prop_map(|parts| parts.into_iter().map(|(word, gap)| word + gap).collect())
}

proptest! {
    #[test]
    fn any_text_gives_quotes_of_itself(text in report()) {
        let evidence = RULES.extract("r", &text).evidence;
        for one in &evidence {
            let quote = one.quote(&text);
            prop_assert!(quote.is_some_and(|quote| !quote.trim().is_empty()), "{one:?}");
            let characters: String = text.chars().skip(one.span[0]).take(one.span[1] - one.span[0]).collect();
            prop_assert_eq!(quote, Some(characters.as_str()));
        }
        prop_assert_eq!(&RULES.extract("r", &text).evidence, &evidence);
    }
}

/// Texts made to blow up anything that is quadratic; a report of this size should take milliseconds.
#[test]
fn long_texts_without_structure_take_linear_time() {
    let words = [
        "effusion ",
        "left ",
        "no ",
        "heart enlarged ",
        "calcified granuloma ",
        "a:",
        "A:",
        ".",
        "a.",
        "\n",
        "\n\n \n",
        ",",
        "FINDINGS:",
        "-",
        "é",
        "left nodule and ",
        "effusion no ",
        "effusion nil, ",
        "not excluded ",
        "(effusion ",
        "1) ",
        "- ",
        "...",
        "? ",
        "no change in effusion, ",
    ];
    for word in words {
        let text = word.repeat(400_000 / word.len());
        let start = std::time::Instant::now();
        let _ = RULES.extract("r", &text);
        assert!(start.elapsed().as_secs() < 5, "{word:?} took {:?}", start.elapsed());
    }
}
