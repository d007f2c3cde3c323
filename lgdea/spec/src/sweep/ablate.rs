//! Which combinations of components an ablation takes away.

use super::file::AblateMode;

/// Most components of which every combination is formed.
pub(crate) const MOST_COMBINED: usize = 12;

/// A combination of components.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Variant {
    /// Name of its arm: `full`, `none`, `without-graph`, `only-graph`, `with-graph-memory`.
    pub(crate) name: String,
    /// Whether each component is taken away.
    pub(crate) removed: Vec<bool>,
}

impl Variant {
    /// Why the combination cannot be: a component that stays needs one that goes.
    pub(crate) fn contradiction(&self, names: &[String], needs: &[Vec<usize>]) -> Option<String> {
        let broken = |component: usize| {
            let missing = needs[component].iter().find(|needed| self.removed[**needed])?;
            Some(format!("`{}` needs `{}`", names[component], names[*missing]))
        };
        (0..names.len()).filter(|component| !self.removed[*component]).find_map(broken)
    }
}

/// The combinations of a mode, `full` first; none is listed twice.
pub(crate) fn variants(mode: AblateMode, names: &[String]) -> Vec<Variant> {
    let count = names.len();
    let all: Vec<usize> = (0..count).collect();
    let mut removals: Vec<Vec<usize>> = vec![Vec::new()];
    match mode {
        AblateMode::LeaveOneOut => removals.extend(all.iter().map(|one| vec![*one])),
        AblateMode::OneIn => {
            removals.push(all.clone());
            removals.extend(all.iter().map(|kept| all.iter().copied().filter(|other| other != kept).collect()));
        }
        AblateMode::Cumulative => removals.extend((0..count).map(|added| all[added..].to_vec())),
        AblateMode::Pairwise => {
            removals.extend(all.iter().map(|one| vec![*one]));
            removals.extend(all.iter().flat_map(|&one| (one + 1..count).map(move |other| vec![one, other])));
        }
        AblateMode::Full => {
            let subsets = 1..1_usize << count;
            removals.extend(subsets.map(|bits| all.iter().copied().filter(|one| bits >> one & 1 == 1).collect()));
        }
    }
    let mut variants: Vec<Variant> = Vec::new();
    for removal in removals {
        let removed: Vec<bool> = all.iter().map(|one| removal.contains(one)).collect();
        if variants.iter().all(|known| known.removed != removed) {
            variants.push(Variant { name: name(mode, names, &removed), removed });
        }
    }
    variants
}

fn name(mode: AblateMode, names: &[String], removed: &[bool]) -> String {
    let list = |taken: bool| {
        let named: Vec<&str> =
            names.iter().zip(removed).filter(|(_, gone)| **gone == taken).map(|(name, _)| name.as_str()).collect();
        named.join("-")
    };
    match (removed.contains(&true), removed.contains(&false), mode) {
        (false, _, _) => "full".to_owned(),
        (true, false, _) => "none".to_owned(),
        (true, true, AblateMode::OneIn) => format!("only-{}", list(false)),
        (true, true, AblateMode::Cumulative) => format!("with-{}", list(false)),
        (true, true, _) => format!("without-{}", list(true)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names_of(mode: AblateMode, components: &[&str]) -> Vec<String> {
        let components: Vec<String> = components.iter().map(|&name| name.to_owned()).collect();
        variants(mode, &components).into_iter().map(|variant| variant.name).collect()
    }

    #[test]
    fn each_mode_has_its_combinations() {
        let three = ["a", "b", "c"];
        assert_eq!(names_of(AblateMode::LeaveOneOut, &three), ["full", "without-a", "without-b", "without-c"]);
        assert_eq!(names_of(AblateMode::OneIn, &three), ["full", "none", "only-a", "only-b", "only-c"]);
        assert_eq!(names_of(AblateMode::Cumulative, &three), ["full", "none", "with-a", "with-a-b"]);
        assert_eq!(
            names_of(AblateMode::Pairwise, &three),
            ["full", "without-a", "without-b", "without-c", "without-a-b", "without-a-c", "without-b-c"]
        );
        assert_eq!(names_of(AblateMode::Full, &three).len(), 8);
    }

    #[test]
    fn one_component_makes_two_arms_in_every_mode() {
        for mode in [AblateMode::OneIn, AblateMode::LeaveOneOut, AblateMode::Cumulative, AblateMode::Full] {
            assert_eq!(names_of(mode, &["a"]), ["full", "none"]);
        }
    }

    #[test]
    fn what_stays_keeps_what_it_needs() {
        let names = ["a".to_owned(), "b".to_owned()];
        let needs = [vec![], vec![0]];
        let verdicts: Vec<_> = variants(AblateMode::Full, &names)
            .iter()
            .map(|variant| (variant.name.clone(), variant.contradiction(&names, &needs)))
            .collect();
        let expected = [("full", None), ("without-a", Some("`b` needs `a`")), ("without-b", None), ("none", None)];
        assert_eq!(verdicts, expected.map(|(name, reason)| (name.to_owned(), reason.map(str::to_owned))));
    }
}
