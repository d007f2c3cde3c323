//! How arms are made: the experiment under a case's layers, or without some components.

use std::collections::BTreeMap;
use std::ops::Range;

use toml::Spanned;

use super::ablate::{MOST_COMBINED, variants};
use super::arm::{Arm, Arms, Refused, arm_of, differences, leaves, named_stack};
use super::file::{AblateMode, ComponentTable};
use super::read::{Reader, Value, over_files, related};
use super::role::Role;
use super::share;
use crate::error::{Problem, ProblemKind};
use crate::tree::Node;

/// A component, read.
pub(super) struct Component {
    name: String,
    without: Node,
    needs: Vec<Spanned<String>>,
}

impl Reader {
    /// The components, in the order of the file.
    pub(super) fn components(
        &mut self,
        tables: BTreeMap<Spanned<String>, ComponentTable>,
        without: Vec<(String, Option<Value<'_>>)>,
    ) -> Vec<Component> {
        let mut without: BTreeMap<String, Value<'_>> =
            without.into_iter().filter_map(|(name, without)| Some((name, without?))).collect();
        let mut tables: Vec<_> = tables.into_iter().collect();
        tables.sort_by_key(|(name, _)| name.span().start);
        let mut components = Vec::new();
        for (name, table) in tables {
            let span = name.span();
            let name = name.into_inner();
            self.check_name("component", &name, span.clone());
            let Some(value) = without.remove(&name) else {
                let remedy = "give what takes it away, for example `without.graph.share = 0.0`";
                self.refuse(format!("the component `{name}` has no `without`"), remedy, span);
                continue;
            };
            if let Some(without) = self.keys(value, "without") {
                components.push(Component { name, without, needs: table.needs });
            }
        }
        self.check_overlaps(&components);
        components
    }

    /// Refuses two components that take themselves away by giving one key two values.
    fn check_overlaps(&mut self, components: &[Component]) {
        let keys = |component: &Component| {
            let mut found = Vec::new();
            leaves(&component.without, "", &mut found);
            found
        };
        for (position, component) in components.iter().enumerate() {
            for (key, value) in keys(component) {
                let clash = components[..position].iter().find(|other| {
                    keys(other).iter().any(|(other, other_value)| related(&key, other) && *other_value != value)
                });
                if let (Some(other), Some(node)) = (clash, component.without.find(key.split('.'))) {
                    let reason = format!("`{}` and `{}` give `{key}` different values", component.name, other.name);
                    let kind = ProblemKind::Inconsistent { reason, remedy: "make them one component".to_owned() };
                    self.problems.push(Problem::at_value(kind, &node.place));
                }
            }
        }
    }

    /// Positions of the named components; all where none are named.
    pub(super) fn chosen(&mut self, components: &[Component], names: &[Spanned<String>]) -> Vec<usize> {
        if names.is_empty() {
            if components.is_empty() {
                let remedy = "declare them: `[component.graph]` with `without.graph.share = 0.0`";
                self.refuse("`[ablate]` has no components".to_owned(), remedy, 0..0);
            }
            return (0..components.len()).collect();
        }
        names.iter().filter_map(|name| self.component(components, name)).collect()
    }

    fn component(&mut self, components: &[Component], name: &Spanned<String>) -> Option<usize> {
        let found = components.iter().position(|component| component.name == *name.get_ref());
        if found.is_none() {
            let known = components.iter().map(|component| component.name.as_str());
            self.unknown("component", name, known.collect());
        }
        found
    }

    /// Adds the arms of an ablation; gives those that cannot be.
    pub(super) fn ablate(
        &mut self,
        arms: &mut Arms<'_>,
        mode: AblateMode,
        components: &[Component],
        chosen: &[usize],
    ) -> Vec<Refused> {
        if mode == AblateMode::Full && chosen.len() > MOST_COMBINED {
            let reason = format!("every combination of {} components is too many", chosen.len());
            self.refuse(reason, &format!("name at most {MOST_COMBINED} of them"), 0..0);
            return Vec::new();
        }
        let names: Vec<String> = chosen.iter().map(|&one| components[one].name.clone()).collect();
        let mut needs = Vec::new();
        for &one in chosen {
            let needed = components[one].needs.iter().filter_map(|name| self.component(components, name));
            let needed: Vec<usize> = needed.filter_map(|needed| chosen.iter().position(|&one| one == needed)).collect();
            needs.push(needed);
        }
        let mut refused = Vec::new();
        for variant in variants(mode, &names) {
            if let Some(reason) = variant.contradiction(&names, &needs) {
                refused.push(Refused { arm: variant.name, reason });
                continue;
            }
            let removed = chosen.iter().zip(&variant.removed).filter(|(_, removed)| **removed);
            let deltas: Vec<Node> = removed.map(|(&one, _)| components[one].without.clone()).collect();
            let place = deltas.first().map_or(0..0, |delta| delta.place.value.clone());
            let role = (!deltas.is_empty()).then_some(Role::Ablation);
            self.add(arms, &variant.name, role, place, Vec::new(), deltas);
        }
        refused
    }

    /// Adds an arm: layers of files, then deltas of the sweep file.
    pub(super) fn add(
        &mut self,
        arms: &mut Arms<'_>,
        name: &str,
        role: Option<Role>,
        place: Range<usize>,
        layers: Vec<Node>,
        deltas: Vec<Node>,
    ) {
        if arms.found.iter().any(|arm| arm.name == name) {
            self.refuse(format!("two arms are called `{name}`"), "give each a name of its own", place);
            return;
        }
        let mut named = Vec::new();
        for delta in &deltas {
            leaves(delta, "", &mut named);
        }
        let stack = share::laid_over(over_files(arms.base.clone(), layers, arms.defaults), &deltas, arms.defaults);
        match arm_of(arms.sweep, name, stack.clone(), arms.defaults) {
            Ok(resolved) => arms.found.push(Arm {
                name: name.to_owned(),
                role,
                changes: differences(resolved.tree(), arms.whole),
                named: named.into_iter().map(|(key, _)| key).collect(),
                stack: named_stack(stack, arms.sweep, name),
                resolved,
            }),
            Err(error) => self.problems.extend(error.into_problems()),
        }
    }
}
