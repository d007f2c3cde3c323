//! The tables of a sweep file that hold no keys of the experiment.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, IgnoredAny, Visitor};
use serde::{Deserialize, Deserializer};
use toml::Spanned;

use super::role::Role;
use super::schema;
use super::search::{Goal, Sampler};
use super::slurm::Slurm;

/// A sweep: one experiment, varied. Every trial is an experiment of its own, which `lgdea plan` lists.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct SweepFile {
    #[serde(default)]
    #[schemars(schema_with = "schema::experiment_key")]
    #[expect(dead_code, reason = "read as layers")]
    pub(super) experiment: IgnoredAny,
    /// Name of the sweep: letters, digits, `-`, `_` and `.`, the first a letter or digit. The file's name without `.toml`
    /// where none is given.
    #[serde(default)]
    #[schemars(length(max = 48), regex(pattern = r"^[A-Za-z0-9][A-Za-z0-9._-]*$"))]
    pub(super) name: Option<String>,
    /// One or two sentences on the question that the sweep answers.
    #[serde(default)]
    pub(super) description: String,
    /// The seeds of every trial.
    #[serde(default)]
    pub(super) seeds: Seeds,
    #[serde(default)]
    #[schemars(schema_with = "schema::grid")]
    #[expect(dead_code, reason = "read as axes")]
    pub(super) grid: IgnoredAny,
    #[serde(default)]
    #[schemars(schema_with = "schema::zip")]
    #[expect(dead_code, reason = "read as axes")]
    pub(super) zip: IgnoredAny,
    /// Named arms, each the experiment under its own changes; the first is what the others are compared with.
    #[serde(default)]
    pub(super) case: Vec<CaseTable>,
    /// Combinations that are left out.
    #[serde(default)]
    pub(super) exclude: Vec<Condition>,
    /// What every trial must satisfy; combinations that do not are left out.
    #[serde(default)]
    pub(super) require: Vec<Condition>,
    /// Parts of the method that `[ablate]` can take away, by name.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, ComponentTable>")]
    pub(super) component: BTreeMap<Spanned<String>, ComponentTable>,
    /// Which components are taken away together.
    #[serde(default)]
    pub(super) ablate: Option<AblateTable>,
    /// Settings that are searched instead of listed.
    #[serde(default)]
    pub(super) search: Option<SearchTable>,
    /// Which trials are stopped early.
    #[serde(default)]
    pub(super) prune: Option<PruneTable>,
    /// Where a sweep ends.
    #[serde(default)]
    pub(super) budget: Budget,
    /// How trials are run.
    #[serde(default)]
    pub(super) execute: Execute,
    /// What the sweep is to show.
    #[serde(default)]
    pub(super) claim: Vec<ClaimTable>,
}

/// The seeds of every trial: the same for all arms, so that arms can be compared pair by pair. The experiment's own where
/// neither is given.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Seeds {
    /// So many seeds, from the experiment's own upwards.
    #[serde(default)]
    #[schemars(range(min = 1, max = 10000))]
    pub(super) count: Option<u64>,
    /// These seeds.
    #[serde(default)]
    #[schemars(with = "Option<Vec<u64>>")]
    pub(super) list: Option<Spanned<Vec<u64>>>,
}

/// A named arm.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct CaseTable {
    /// Name of the arm.
    #[schemars(with = "String", length(max = 48), regex(pattern = r"^[A-Za-z0-9][A-Za-z0-9._-]*$"))]
    pub(super) name: Spanned<String>,
    /// The part that it plays in a comparison. Without one, what learns from hidden reports (`graph.oracle`) or labels
    /// (`loss.supervised`) is a ceiling.
    #[serde(default)]
    #[schemars(with = "Role")]
    pub(super) role: Option<Role>,
    #[serde(default)]
    #[schemars(schema_with = "schema::case_extends")]
    #[expect(dead_code, reason = "read as layers")]
    pub(super) extends: IgnoredAny,
    #[serde(default)]
    #[schemars(schema_with = "schema::set")]
    #[expect(dead_code, reason = "read as layers")]
    pub(super) set: IgnoredAny,
}

/// A condition over keys.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Condition {
    /// CEL over the experiment's keys, with `_` for the `-` of a key, and `arm`: `pairing.ratio < 0.1 && arm != "clip"`.
    #[schemars(with = "String")]
    pub(super) when: Spanned<String>,
}

/// A part of the method.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct ComponentTable {
    #[serde(default)]
    #[schemars(schema_with = "schema::without")]
    #[expect(dead_code, reason = "read as a layer")]
    pub(super) without: IgnoredAny,
    /// Components that this one cannot do without: taking one of them away and leaving this one is refused.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub(super) needs: Vec<Spanned<String>>,
}

/// Which components are taken away together.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct AblateTable {
    /// The components, in the order in which `cumulative` adds them; all where none are named.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub(super) components: Vec<Spanned<String>>,
    /// Which combinations.
    #[serde(default)]
    pub(super) mode: AblateMode,
}

/// Which combinations of components are taken away; the whole method, `full`, is always an arm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, serde::Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum AblateMode {
    /// Each one alone.
    #[default]
    LeaveOneOut,
    /// All, and all but one.
    OneIn,
    /// All, then one after the other is added.
    Cumulative,
    /// Each one alone, and each two together.
    Pairwise,
    /// Every combination.
    Full,
}

/// Settings that are searched.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct SearchTable {
    /// What proposes the next trial.
    #[serde(default)]
    pub(super) sampler: Sampler,
    /// The metric that decides, of the validation split: `validation/zero_shot/auroc_macro`.
    #[schemars(with = "String")]
    pub(super) objective: Spanned<String>,
    /// Whether more of it is better. Where it is not given, a metric that declares a direction is taken that way; of any other, more is
    /// better.
    #[serde(default)]
    #[schemars(with = "Goal", default = "Goal::default")]
    pub(super) goal: Option<Spanned<Goal>>,
    /// Seed of the sampler.
    #[serde(default)]
    #[schemars(range(max = 9_223_372_036_854_775_807_u64))]
    pub(super) seed: u64,
    /// Trials that are drawn before the sampler learns from them (`tpe`, `gp`).
    #[serde(default = "startup")]
    #[schemars(range(min = 1))]
    pub(super) startup: usize,
    #[serde(default)]
    #[schemars(schema_with = "schema::space")]
    #[expect(dead_code, reason = "read as parameters")]
    pub(super) space: IgnoredAny,
}

fn startup() -> usize {
    10
}

/// Which trials are stopped early.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct PruneTable {
    /// How.
    #[serde(default)]
    pub(super) rule: PruneRule,
    /// The metric that decides, as the run logs it while it trains, such as `train/loss`, or with
    /// `eval.every` one of the validation split; none of the test split.
    #[schemars(with = "String")]
    pub(super) metric: Spanned<String>,
    /// Whether more of it is better. Where it is not given, a metric that declares a direction is taken that way; of any other, more is
    /// better.
    #[serde(default)]
    #[schemars(with = "Goal", default = "Goal::default")]
    pub(super) goal: Option<Spanned<Goal>>,
    /// First step at which a trial may be stopped.
    #[schemars(range(min = 1))]
    pub(super) min_step: u64,
    /// Of the trials at a rung, one in so many goes on (`asha`, `hyperband`).
    #[serde(default = "reduction")]
    #[schemars(range(min = 2))]
    pub(super) reduction: u64,
    /// Brackets with a later first rung each (`hyperband`).
    #[serde(default = "brackets")]
    #[schemars(range(min = 1, max = 16))]
    pub(super) brackets: u32,
    /// Trials that must have reached a step before one is stopped there (`median`).
    #[serde(default = "startup_trials")]
    #[schemars(range(min = 1))]
    pub(super) startup_trials: usize,
}

fn reduction() -> u64 {
    3
}

fn brackets() -> u32 {
    3
}

fn startup_trials() -> usize {
    5
}

/// How trials are stopped early.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, serde::Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PruneRule {
    /// Asynchronous successive halving (Li et al., 2020): at each rung the best share goes on.
    #[default]
    Asha,
    /// The same in several brackets, whose first rungs differ (Li et al., 2018).
    Hyperband,
    /// What is worse than the median of the others at the same step ends (Golovin et al., 2017).
    Median,
}

/// Where a sweep ends; without a limit it ends with its trials.
#[derive(Debug, Clone, PartialEq, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Budget {
    /// Most trials of a search, for each arm and combination alike; each is run with all seeds.
    #[serde(default)]
    #[schemars(range(min = 1))]
    pub trials: Option<u64>,
    /// Most hours of running, all workers together: no further trial is started then.
    #[serde(default)]
    #[schemars(extend("exclusiveMinimum" = 0.0))]
    pub hours: Option<f64>,
}

/// How trials are run.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct Execute {
    /// Trials that run at a time. By default one for each GPU of a CUDA device, else half as many as CPU cores; with Slurm
    /// as many as it gives room.
    #[schemars(range(min = 1))]
    pub workers: Option<usize>,
    /// What starts them.
    pub launcher: Launcher,
    /// What a failed trial does to the others.
    pub on_failure: OnFailure,
    /// Failed trials after which the sweep stops; 0 for never.
    pub max_failures: usize,
    /// How often a trial whose process died (killed, out of memory, panicked) is tried again. Errors that a trial reports
    /// itself are not.
    pub retries: u32,
    /// What Slurm is asked for.
    pub slurm: Slurm,
}

impl Default for Execute {
    fn default() -> Self {
        Execute {
            workers: None,
            launcher: Launcher::Local,
            on_failure: OnFailure::Continue,
            max_failures: 0,
            retries: 2,
            slurm: Slurm::default(),
        }
    }
}

/// What starts trials.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, serde::Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Launcher {
    /// Processes on this machine.
    Local,
    /// Array jobs of Slurm.
    Slurm,
}

/// What a failed trial does to the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, serde::Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum OnFailure {
    /// They go on.
    Continue,
    /// No further one is started.
    Stop,
}

/// What the sweep is to show: one arm better than others.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct ClaimTable {
    /// The metric, as a run's journal names it: `test/retrieval/i2t_r_at_10`. A list is a claim on each.
    #[schemars(with = "Names")]
    pub(super) metric: Spanned<Names>,
    /// The arm that is claimed to be better.
    #[schemars(with = "String")]
    pub(super) better: Spanned<String>,
    /// The arm that it is better than. A list is a claim on each.
    #[schemars(with = "Names")]
    pub(super) than: Spanned<Names>,
    /// Least difference of the means, in the metric's unit, to be claimed.
    #[serde(default)]
    pub(super) min_delta: f64,
}

/// A name, or a list of names.
#[derive(Debug)]
pub(super) struct Names(pub(super) Vec<String>);

impl<'de> Deserialize<'de> for Names {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct NamesVisitor;

        impl<'de> Visitor<'de> for NamesVisitor {
            type Value = Names;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a name or a list of names")
            }

            fn visit_str<E: de::Error>(self, name: &str) -> Result<Names, E> {
                Ok(Names(vec![name.to_owned()]))
            }

            fn visit_seq<A: de::SeqAccess<'de>>(self, mut names: A) -> Result<Names, A::Error> {
                let mut all = Vec::new();
                while let Some(name) = names.next_element()? {
                    all.push(name);
                }
                if all.is_empty() { Err(de::Error::invalid_length(0, &self)) } else { Ok(Names(all)) }
            }
        }

        deserializer.deserialize_any(NamesVisitor)
    }
}

impl JsonSchema for Names {
    fn schema_name() -> Cow<'static, str> {
        "Names".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let name = json_schema!({ "type": "string", "minLength": 1 });
        json_schema!({ "anyOf": [name, { "type": "array", "items": name, "minItems": 1 }] })
    }
}
