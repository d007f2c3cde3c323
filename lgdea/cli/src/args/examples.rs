//! What the help of each command begins with.

/// A command without `lgdea`, and how it may be typed.
pub(crate) const EXAMPLES: &[(&str, &str)] = &[
    ("", "lgdea init my-study && lgdea run my-study/experiment.toml"),
    ("init", "lgdea init my-study --template csv --data studies.csv"),
    ("doctor", "lgdea doctor"),
    ("run", "lgdea run experiments/low_pair.toml --set train.steps=300"),
    ("check", "lgdea check experiments/low_pair.toml"),
    ("plan", "lgdea plan sweeps/main_table.toml"),
    ("sweep", "lgdea sweep sweeps/main_table.toml --workers 2"),
    ("runs", "lgdea runs --where pairing.ratio=0.05 --sort retrieval/i2t_r_at_10 --limit 10"),
    ("logs", "lgdea logs low_pair-d1a5d6f0b2c3 --follow"),
    ("rm", "lgdea rm low_pair-d1a5d6f0b2c3"),
    ("gc", "lgdea gc --days 30 --dry-run"),
    ("data", "lgdea data doctor mine.toml --html doctor.html"),
    ("data stats", "lgdea data stats mine.toml"),
    ("data doctor", "lgdea data doctor mine.toml --html doctor.html"),
    ("data show", "lgdea data show mine.toml --finding pneumonia --count 12"),
    ("data pair", "lgdea data pair mine.toml --out pairs.json"),
    ("evidence", "lgdea evidence extract --input reports.csv --out evidence.jsonl"),
    ("evidence extract", "lgdea evidence extract --input reports.csv --out evidence.jsonl"),
    ("evidence score", "lgdea evidence score --evidence evidence.jsonl --gold gold.csv"),
    ("evidence show", "lgdea evidence show s1 --input reports.csv"),
    ("evidence diff", "lgdea evidence diff rules.jsonl model.jsonl"),
    ("eval", "lgdea eval low_pair-d1a5d6f0b2c3 --set experiments/sets/ms_cxr.toml"),
    ("embed", "lgdea embed low_pair-d1a5d6f0b2c3 --split test --out test.npz"),
    ("score", "lgdea score zero-shot --predictions model.npz --reference truth.csv"),
    ("score zero-shot", "lgdea score zero-shot --predictions model.npz --reference truth.csv"),
    ("score retrieval", "lgdea score retrieval --predictions embeddings.npz --reference truth.csv"),
    ("score grounding", "lgdea score grounding --predictions maps.npz --reference boxes.csv"),
    ("score probe", "lgdea score probe --predictions features.npz --reference truth.csv"),
    ("score compare", "lgdea score compare ours.npz theirs.npz --reference truth.csv --protocol zero-shot/lgdea-v1"),
    ("score cases", "lgdea score cases --reference mine.toml --task zero-shot --out cases.csv"),
    ("score protocols", "lgdea score protocols --show chexpert"),
    ("ground", "lgdea ground low_pair-d1a5d6f0b2c3 --image a.png --phrase \"left pleural effusion\" --out map.png"),
    ("prototypes", "lgdea prototypes low_pair-d1a5d6f0b2c3 --out prototypes.html"),
    ("graph", "lgdea graph low_pair-d1a5d6f0b2c3"),
    ("export", "lgdea export low_pair-d1a5d6f0b2c3 --out model"),
    ("compare", "lgdea compare main_table --by pairing.ratio"),
    ("report", "lgdea report main_table --out report.html"),
    ("claims", "lgdea claims main_table"),
    ("power", "lgdea power pilot --metric retrieval/i2t_r_at_10 --arm lgdea --than clip --delta 0.02"),
    ("sync", "lgdea sync --uri http://127.0.0.1:5000"),
    ("ui", "lgdea ui"),
    ("profile", "lgdea profile experiments/low_pair.toml --steps 20"),
    ("devices", "lgdea devices"),
    ("schema", "lgdea schema --out experiment.schema.json"),
    ("completions", "lgdea completions bash"),
    ("man", "lgdea man --out man"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::Args;

    /// Lines and columns of a screen.
    const SCREEN: (usize, usize) = (50, 100);

    fn visit(command: &mut clap::Command, path: &str, found: &mut Vec<String>) {
        let help = command.clone().term_width(SCREEN.1).render_help().to_string();
        let lines = help.lines().count();
        assert!(lines <= SCREEN.0, "the help of `lgdea {path}` has {lines} lines:\n{help}");
        assert!(help.starts_with("$ lgdea"), "{help}");
        found.push(path.to_owned());
        for inner in command.get_subcommands_mut().filter(|inner| !inner.is_hide_set() && inner.get_name() != "help") {
            let path = format!("{path} {}", inner.get_name());
            visit(inner, path.trim(), found);
        }
    }

    #[test]
    fn the_help_of_each_command_begins_with_an_example_and_fits_a_screen() {
        let mut lgdea = Args::command();
        lgdea.build();
        let mut found = Vec::new();
        visit(&mut lgdea, "", &mut found);
        let mut listed: Vec<&str> = EXAMPLES.iter().map(|(path, _)| *path).collect();
        found.sort();
        listed.sort_unstable();
        assert_eq!(found, listed);
    }

    #[test]
    fn the_examples_can_be_typed() {
        for (path, example) in EXAMPLES {
            let whole = format!("lgdea {path}");
            assert!(path.is_empty() || example.starts_with(&whole), "{example}");
            for command in example.split(" && ") {
                let words = command.replace("\"left pleural effusion\"", "left");
                if let Err(error) = Args::command().try_get_matches_from(words.split(' ')) {
                    panic!("`{command}`: {error}");
                }
            }
        }
    }
}
