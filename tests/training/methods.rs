//! The shipped methods.

use std::collections::BTreeSet;

use lgdea_harness::tiny::RESUMABLE;
use lgdea_harness::{Run, Workspace};

use crate::kills::kill_at_first_checkpoint;
use crate::metric;

/// The shipped presets, and the terms by which each learns.
const PRESETS: [(&str, &[&str]); 15] = [
    ("clip", &["global"]),
    ("clip-evidence", &["global"]),
    ("clip-txt", &["global", "text-evidence"]),
    ("gloria", &["global", "local"]),
    ("gloria-txt", &["global", "local", "text-evidence"]),
    ("mgca", &["global", "token-alignment", "cluster-alignment"]),
    ("lgdea-paper", &["reconstruction", "evidence-paired", "evidence-unpaired", "evidence-alignment"]),
    ("medclip", &["global", "evidence-global-unpaired"]),
    ("radzero", &["evidence-local"]),
    ("s-clip", &["global", "pseudo-label", "pseudo-keyword"]),
    ("semiclip", &["global", "surrogate-caption"]),
    ("sotalign", &["global", "unpaired-transport"]),
    ("pseudo-pair", &["global", "pseudo-pair"]),
    ("supervised", &["supervised"]),
    (
        "oracle",
        &[
            "global",
            "text-evidence",
            "reconstruction",
            "evidence-paired",
            "evidence-unpaired",
            "evidence-alignment",
            "evidence-local",
            "evidence-local-unpaired",
            "evidence-global-unpaired",
        ],
    ),
];

/// Each method acts by the terms that name it, and goes on from a checkpoint as if nothing had happened.
#[test]
fn every_preset_trains_by_its_own_terms_and_resumes() {
    let place = Workspace::new();
    place.write("tiny.toml", RESUMABLE);
    // The presets' terms start later than this training ends.
    let early = "[loss]\npseudo-label.start = 2\npseudo-keyword.start = 2\nsurrogate-caption.start = 2\n\
                 unpaired-transport.start = 2\npseudo-pair = { start = 2, refresh = 2, share = 1.0 }\n";
    for (preset, terms) in PRESETS {
        let sizes = "[train]\nunpaired-images = 4\nunpaired-reports = 4\ntext-warmup-steps = 3\n";
        let text = format!("extends = [\"tiny.toml\", \"{preset}\"]\n{sizes}{early}");
        let file = place.write(&format!("{preset}.toml"), text);
        let outcome = place.outcome(&file, "whole", &[]);
        assert!(metric(&outcome, "test/zero_shot/auroc_macro").is_finite(), "{preset}");

        let journal = Run::of(&outcome).journal();
        let logged: BTreeSet<&str> =
            journal.split("\"train/loss/").skip(1).filter_map(|rest| rest.split('"').next()).collect();
        assert_eq!(logged, terms.iter().copied().collect(), "{preset}");

        let killed = format!("killed-{preset}");
        kill_at_first_checkpoint(&place, &file, &killed);
        let resumed = place.outcome(&file, &killed, &[]);
        assert_eq!(resumed["metrics"], outcome["metrics"], "{preset}");
    }
}
