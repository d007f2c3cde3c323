//! What else differs between arms than what they are named for.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use toml::Value;

use super::arm::{Arm, leaves};

/// Keys that decide how much an arm computes and sees.
const COMPUTE: [&str; 6] = [
    "train.steps",
    "train.batch",
    "train.unpaired-images",
    "train.unpaired-reports",
    "train.text-warmup-steps",
    "train.text-warmup-batch",
];

/// Tables that make a method; the settings of a preset there are what it is named for.
const METHOD: [&str; 4] = ["loss", "graph", "evidence-space.prototype-init", "encoder.report-text"];

/// Tables and keys that decide how many parameters an arm trains.
const PARAMETERS: [&str; 5] =
    ["encoder.dim", "encoder.image", "encoder.text", "evidence-space.prototypes", "evidence-space.lesion-queries"];

/// A difference between some arms and the first one that a comparison cannot tell from what the arms are named for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Confound {
    /// The arms.
    pub arms: Vec<String>,
    /// The arm that they are compared with.
    pub base: String,
    /// Why it matters.
    pub kind: ConfoundKind,
    /// The keys, each with the arms' and the base's value.
    pub keys: Vec<(String, String, String)>,
}

/// Why a difference matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ConfoundKind {
    /// The arms see another number of steps, pairs, images or reports.
    Compute,
    /// The arms' encoders or evidence space differ, and with them the number of parameters.
    Parameters,
    /// The arms learn from or are tested on other data.
    Data,
    /// The arms are measured otherwise.
    Evaluation,
    /// A preset or file brings a setting that the sweep file does not name.
    Unnamed,
}

impl ConfoundKind {
    /// Why a difference in a setting matters; `named` says whether what is compared is named for it. `None` where it does not.
    pub fn of(key: &str, named: bool) -> Option<ConfoundKind> {
        let among = |keys: &[&str]| keys.iter().any(|table| is_within(key, table));
        match () {
            () if among(&COMPUTE) => Some(ConfoundKind::Compute),
            () if among(&PARAMETERS) => Some(ConfoundKind::Parameters),
            () if among(&["data", "pairing"]) => Some(ConfoundKind::Data),
            () if among(&["eval"]) => Some(ConfoundKind::Evaluation),
            () if named || among(&METHOD) || among(&["name", "description", "tags", "device", "tracker", "notify"]) => {
                None
            }
            () => Some(ConfoundKind::Unnamed),
        }
    }
}

impl fmt::Display for Confound {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Confound { arms, base, kind, keys } = self;
        let what = match kind {
            ConfoundKind::Compute => "do not see the same steps, pairs, images or reports",
            ConfoundKind::Parameters => "may not have the same number of parameters",
            ConfoundKind::Data => "do not have the same data",
            ConfoundKind::Evaluation => "are not measured alike",
            ConfoundKind::Unnamed => "differ in settings that the sweep does not name",
        };
        let keys: Vec<String> = keys.iter().map(|(key, this, other)| format!("{key} = {this} for {other}")).collect();
        let arms: Vec<String> = arms.iter().map(|arm| format!("`{arm}`")).collect();
        write!(formatter, "{} and `{base}` {what}: {}", arms.join(", "), keys.join(", "))
    }
}

pub(super) fn confounds(arms: &[Arm]) -> Vec<Confound> {
    let Some((base, others)) = arms.split_first() else { return Vec::new() };
    let flat = |arm: &Arm| {
        let mut found = Vec::new();
        leaves(arm.resolved.tree(), "", &mut found);
        found.into_iter().collect::<BTreeMap<String, Value>>()
    };
    let of_base = flat(base);
    let mut found: Vec<Confound> = Vec::new();
    for arm in others {
        let of_arm = flat(arm);
        let keys: BTreeSet<&String> = of_base.keys().chain(of_arm.keys()).collect();
        let mut by_kind: BTreeMap<ConfoundKind, Vec<(String, String, String)>> = BTreeMap::new();
        for key in keys {
            let (this, other) = (of_arm.get(key), of_base.get(key));
            let named = [arm, base].iter().any(|arm| arm.named.iter().any(|named| is_within(key, named)));
            if let (true, Some(kind)) = (this != other, ConfoundKind::of(key, named)) {
                by_kind.entry(kind).or_default().push((key.clone(), shown(this), shown(other)));
            }
        }
        for (kind, keys) in by_kind {
            match found.iter_mut().find(|known| known.kind == kind && known.keys == keys) {
                Some(known) => known.arms.push(arm.name.clone()),
                None => found.push(Confound { arms: vec![arm.name.clone()], base: base.name.clone(), kind, keys }),
            }
        }
    }
    found
}

fn shown(value: Option<&Value>) -> String {
    value.map_or_else(|| "nothing".to_owned(), Value::to_string)
}

/// Whether a key is that of a table, or lies within it.
pub(super) fn is_within(key: &str, table: &str) -> bool {
    key.strip_prefix(table).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}
