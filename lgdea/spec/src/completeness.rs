//! Checks of a whole tree: a choice too many, a key too few.

use crate::error::{Problem, ProblemKind};
use crate::schema::{Choice, Schema, join};
use crate::tree::Node;

/// Finds second choices where one is allowed, in the tree of a single layer.
pub(crate) fn second_choices(node: &Node, schema: Schema, path: &str, problems: &mut Vec<Problem>) {
    let Some(table) = node.table() else { return };
    if schema.choice() == Some(Choice::One) && table.len() > 1 {
        let mut choices: Vec<_> = table.iter().collect();
        choices.sort_by_key(|(_, choice)| choice.place.key.start);
        for (second, choice) in &choices[1..] {
            let kind = ProblemKind::SecondChoice {
                table: path.to_owned(),
                first: choices[0].0.clone(),
                second: (*second).clone(),
            };
            problems.push(Problem::at_key(kind, &choice.place));
        }
    }
    for (name, child) in table {
        if let Some(schema) = schema.child(name) {
            second_choices(child, schema, &join(path, name), problems);
        }
    }
}

/// Finds keys without default that no layer gives, in the merged tree.
pub(crate) fn missing_keys(node: &Node, schema: Schema, problems: &mut Vec<Problem>) {
    missing_below(node, schema, &mut Vec::new(), problems);
}

fn missing_below<'n>(node: &'n Node, schema: Schema, path: &mut Vec<&'n str>, problems: &mut Vec<Problem>) {
    let Some(table) = node.table() else { return };
    for key in schema.required().filter(|key| !table.contains_key(*key)) {
        let kind = ProblemKind::Missing {
            table: path.join("."),
            key: key.to_owned(),
            meaning: schema.child(key).map_or("", Schema::meaning).to_owned(),
        };
        problems.push(Problem::at_key(kind, &node.place));
    }
    for (name, child) in table {
        if let Some(schema) = schema.child(name) {
            path.push(name);
            missing_below(child, schema, path, problems);
            path.pop();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::source::{Place, Source, SourceKind};
    use crate::testing::refusal;
    use crate::tree::Content;

    #[test]
    fn keys_without_default_are_named_with_their_meaning() {
        let text = "[data.manifest]\nboxes = 'b.csv'\n";
        insta::assert_snapshot!(refusal(&[("a.toml", text)], &["data.openi.images=''"]));
    }

    #[test]
    fn the_second_of_two_choices_is_pointed_at() {
        // Every choice of one has a single variant so far, so the file is written as a tree.
        let text = "rules.ontology = 'chest'\nopenai.model = 'm'\n";
        let source = Source::new(SourceKind::File, "a.toml", text);
        let node = |range: std::ops::Range<usize>, content| {
            let place = Place { source: source.clone(), key: range.clone(), value: range };
            Node::new(place, content)
        };
        let empty = || Content::Table(BTreeMap::new());
        let choices =
            BTreeMap::from([("openai".to_owned(), node(25..31, empty())), ("rules".to_owned(), node(0..5, empty()))]);
        let evidence = Schema::root().child("evidence").unwrap();
        let mut problems = Vec::new();
        second_choices(&node(0..text.len(), Content::Table(choices)), evidence, "evidence", &mut problems);
        assert_eq!(problems.len(), 1);
        insta::assert_snapshot!(crate::testing::render(&problems[0]));
    }
}
