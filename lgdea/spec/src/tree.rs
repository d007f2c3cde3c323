//! Values with the places that gave them, and how layers of them are merged.

use std::collections::BTreeMap;
use std::mem;

use toml::Value;

use crate::schema::Schema;
use crate::source::Place;

/// A key's value and where it comes from.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    /// The place that gave the value; of a table, the last one that named it.
    pub(crate) place: Place,
    pub(crate) content: Content,
    /// Values that this one replaced, lowest layer first.
    pub(crate) replaced: Vec<(Place, Value)>,
}

#[derive(Debug, Clone)]
pub(crate) enum Content {
    Table(BTreeMap<String, Node>),
    Value(Value),
}

/// What a layer's choice does to the choices of the layers below it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ChoiceRule {
    /// A file's choice replaces them, so that `[data.manifest]` is the manifest alone.
    Replace,
    /// A flag that sets a key of a choice already made only sets that key; one that names another choice replaces.
    Adjust,
    /// Choices of one layer add up.
    Join,
}

impl Node {
    pub(crate) fn new(place: Place, content: Content) -> Node {
        Node { place, content, replaced: Vec::new() }
    }

    /// A value that was made from what stands at a place.
    pub(crate) fn of_value(value: Value, place: &Place) -> Node {
        let content = match value {
            Value::Table(table) => {
                Content::Table(table.into_iter().map(|(key, value)| (key, Node::of_value(value, place))).collect())
            }
            value => Content::Value(value),
        };
        Node::new(place.clone(), content)
    }

    /// The node at a path of keys.
    pub(crate) fn find<'k>(&self, path: impl IntoIterator<Item = &'k str>) -> Option<&Node> {
        path.into_iter().try_fold(self, |node, key| node.get(key))
    }

    /// The node of a key of this table.
    pub(crate) fn get(&self, key: &str) -> Option<&Node> {
        self.table()?.get(key)
    }

    pub(crate) fn table(&self) -> Option<&BTreeMap<String, Node>> {
        match &self.content {
            Content::Table(table) => Some(table),
            Content::Value(_) => None,
        }
    }

    pub(crate) fn table_mut(&mut self) -> Option<&mut BTreeMap<String, Node>> {
        match &mut self.content {
            Content::Table(table) => Some(table),
            Content::Value(_) => None,
        }
    }

    pub(crate) fn value(&self) -> Option<&Value> {
        match &self.content {
            Content::Value(value) => Some(value),
            Content::Table(_) => None,
        }
    }

    /// All that is known below this node, without places.
    pub(crate) fn to_value(&self) -> Value {
        match &self.content {
            Content::Value(value) => value.clone(),
            Content::Table(table) => {
                Value::Table(table.iter().map(|(key, node)| (key.clone(), node.to_value())).collect())
            }
        }
    }

    /// Takes a key out of this table.
    pub(crate) fn remove(&mut self, key: &str) {
        if let Content::Table(table) = &mut self.content {
            table.remove(key);
        }
    }

    /// Lays `upper` over this node. A choice made for the first time starts from its settings in `defaults`.
    pub(crate) fn merge(self, upper: Node, schema: Schema, defaults: Option<&Node>, rule: ChoiceRule) -> Node {
        let Node { place, content, mut replaced } = upper;
        let content = match (self.content, content) {
            (Content::Table(lower), Content::Table(upper)) => {
                Content::Table(merge_tables(lower, upper, schema, defaults, rule))
            }
            (Content::Value(lower), upper) => {
                let history = self.replaced.into_iter().chain([(self.place, lower)]);
                replaced.splice(0..0, history);
                upper
            }
            (Content::Table(_), upper) => upper,
        };
        Node { place, content, replaced }
    }

    /// Empties the choice tables, so that only layers above choose.
    pub(crate) fn without_choices(mut self, schema: Schema) -> Node {
        self.visit_choices(schema, &mut Vec::new(), &mut |table, _| table.clear());
        self
    }

    /// Makes the choices that no layer made: the first in `defaults`.
    pub(crate) fn with_default_choices(mut self, schema: Schema, defaults: &Node) -> Node {
        self.visit_choices(schema, &mut Vec::new(), &mut |table, path| {
            let choices = defaults.find(path.iter().copied()).and_then(Node::table);
            let first = choices.and_then(|table| table.iter().min_by_key(|(_, node)| node.place.key.start));
            if let (true, Some((name, node))) = (table.is_empty(), first) {
                table.insert(name.clone(), node.clone());
            }
        });
        self
    }

    fn visit_choices<'n>(
        &'n mut self,
        schema: Schema,
        path: &mut Vec<&'n str>,
        act: &mut impl FnMut(&mut BTreeMap<String, Node>, &[&str]),
    ) {
        let Content::Table(table) = &mut self.content else {
            return;
        };
        if schema.choice().is_some() {
            act(table, path);
        }
        for (name, node) in table {
            if let Some(schema) = schema.child(name) {
                path.push(name);
                node.visit_choices(schema, path, act);
                path.pop();
            }
        }
    }
}

fn merge_tables(
    mut lower: BTreeMap<String, Node>,
    upper: BTreeMap<String, Node>,
    schema: Schema,
    defaults: Option<&Node>,
    rule: ChoiceRule,
) -> BTreeMap<String, Node> {
    let chooses = schema.choice().is_some();
    let replaces = chooses
        && !upper.is_empty()
        && match rule {
            ChoiceRule::Replace => true,
            ChoiceRule::Adjust => !upper.keys().all(|name| lower.contains_key(name)),
            ChoiceRule::Join => false,
        };
    let mut below = if replaces { mem::take(&mut lower) } else { BTreeMap::new() };
    for (name, node) in upper {
        let defaults = defaults.and_then(|table| table.get(&name));
        let start =
            lower.remove(&name).or_else(|| below.remove(&name)).or_else(|| defaults.filter(|_| chooses).cloned());
        let merged = match (start, schema.child(&name)) {
            (Some(start), Some(schema)) => start.merge(node, schema, defaults, rule),
            _ => node,
        };
        lower.insert(name, merged);
    }
    lower
}

#[cfg(test)]
mod tests {
    use crate::testing::{resolve, resolved_with};

    const MANIFEST: &str = "[data.manifest]\nroot = '/a'\nstudies = ['s.csv']\n";

    #[test]
    fn without_a_choice_the_first_default_is_taken() {
        let data = resolved_with("", &[]).experiment.data;
        assert_eq!(data.phantom.map(|phantom| phantom.studies), Some(3000));
        assert_eq!((data.manifest, data.openi), (None, None));
    }

    #[test]
    fn a_choice_starts_from_its_defaults_and_replaces_the_default_choice() {
        let data = resolved_with(MANIFEST, &[]).experiment.data;
        assert_eq!(data.phantom, None);
        assert_eq!(data.manifest.map(|manifest| manifest.columns.study), Some("study".to_owned()));
    }

    #[test]
    fn a_file_that_chooses_replaces_the_choices_below_and_keeps_the_settings_of_its_own() {
        let below = "[data.phantom]\nstudies = 10\n[data.openi]\nreports = '/r'\n";
        let top = "extends = 'below.toml'\n[data.phantom]\ntest = 5\n";
        let data = resolve(&[("top.toml", top), ("below.toml", below)], &[]).unwrap().experiment.data;
        let phantom = data.phantom.unwrap();
        assert_eq!((phantom.studies, phantom.test, data.openi), (10, 5, None));
    }

    #[test]
    fn a_flag_adjusts_the_choices_made_and_replaces_them_by_another() {
        let both = format!("{MANIFEST}[data.phantom]\n");
        let data = resolved_with(&both, &["data.phantom.studies=10"]).experiment.data;
        assert_eq!(data.phantom.map(|phantom| phantom.studies), Some(10));
        assert!(data.manifest.is_some());

        let data = resolved_with(&both, &["data.openi.reports=/r"]).experiment.data;
        assert!(data.openi.is_some() && data.phantom.is_none() && data.manifest.is_none());
    }

    #[test]
    fn flags_choose_together() {
        let flags = ["data.manifest.root=/a", "data.openi.reports=/r", "data.manifest.studies=['s.csv']"];
        let data = resolved_with("", &flags).experiment.data;
        assert!(data.openi.is_some() && data.manifest.is_some() && data.phantom.is_none());
    }

    #[test]
    fn tags_merge_and_lists_replace() {
        let files = [
            ("top.toml", "extends = 'low.toml'\ntags.a = '2'\neval.retrieval.at = [3]\n"),
            ("low.toml", "tags = { a = '1', b = '1' }\neval.retrieval.at = [1, 2]\n"),
        ];
        let experiment = resolve(&files, &[]).unwrap().experiment;
        let tags: Vec<_> = experiment.tags.iter().map(|(k, v)| (&**k, &**v)).collect();
        assert_eq!(tags, [("a", "2"), ("b", "1")]);
        assert_eq!(experiment.eval.retrieval.at, [3]);
    }
}
