//! The loss: a weighted sum of named terms, each of which declares itself in a file of its own.

#[macro_use]
mod settings;
#[macro_use]
mod terms;
mod needs;
mod schedule;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::rules::Findings;

pub use needs::{Need, Needs};
pub(crate) use schedule::ramp_at;
pub use schedule::{Schedule, Scheduled};

/// What the settings of a term declare.
pub trait TermSettings: Scheduled {
    /// What the term needs beside the batch's global embeddings, patches and evidence phrases.
    fn needs(&self) -> Vec<Need> {
        Vec::new()
    }

    /// Step at which unpaired images join a term that acts on pairs before, where it has such a step: its key
    /// `unpaired-start`.
    fn unpaired_start(&self) -> Option<usize> {
        None
    }
}

macro_rules! declare {
    ($($name:literal => $module:ident: $settings:ident,)*) => {
        $(mod $module;)*

        $(pub use $module::$settings;)*

        /// The loss is a weighted sum of named terms.
        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
        #[serde(deny_unknown_fields)]
        #[expect(missing_docs, reason = "the documentation of a term's settings is that of its key, too")]
        pub struct Loss {
            $(#[serde(rename = $name)] pub $module: $settings,)*
        }

        /// The defaults of all terms, as TOML.
        pub(crate) const DEFAULTS: &[&str] = &[$($module::DEFAULTS),*];

        impl Loss {
            /// All terms by their names in the `[loss]` table.
            pub fn terms(&self) -> impl Iterator<Item = (&'static str, &dyn TermSettings)> {
                [$(($name, &self.$module as &dyn TermSettings)),*].into_iter()
            }
        }
    };
}

for_each_term!(declare);

impl Loss {
    /// The terms with a weight, by their names in the `[loss]` table.
    pub fn acting(&self) -> impl Iterator<Item = (&'static str, &dyn TermSettings)> {
        self.terms().filter(|(_, term)| term.schedule().acts())
    }

    pub(crate) fn check(&self, findings: &mut Findings<'_>) {
        let first = self.acting().map(|(_, term)| term.schedule().start).min();
        findings.require(
            first.is_some(),
            &["loss"],
            "every loss term has weight 0, so nothing would be learned".to_owned(),
            "give at least one `loss.<term>.weight` a positive value",
        );
        let first = first.unwrap_or_default();
        findings.require(
            first == 0,
            &["loss"],
            format!("no loss term acts before step {first}, so the first steps would learn nothing"),
            "give a term with weight `start = 0`",
        );
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::refusal;

    #[test]
    fn a_loss_without_terms_is_refused() {
        insta::assert_snapshot!(refusal(&[("l.toml", "extends = 'clip'\n[loss]\nglobal.weight = 0\n")], &[],));
    }

    #[test]
    fn a_loss_that_begins_late_is_refused() {
        let told = refusal(&[("l.toml", "extends = 's-clip'\n[loss]\nglobal.weight = 0\n")], &[]);
        assert!(told.contains("no loss term acts before step 100"), "{told}");
    }
}
