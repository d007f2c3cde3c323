//! `[data]`: the sources of studies. Each declares its settings in a file of its own.

#[macro_use]
mod sources;
mod fractions;
mod views;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::rules::Findings;

pub use fractions::Fractions;
pub use views::Views;

/// What the settings of a source declare.
pub(crate) trait SourceSettings {
    /// Whether the experiment's seed splits the studies: files may leave that to it.
    fn is_split_by_seed(&self) -> bool;

    /// Whose identifiers of patients it has, where other sources have the same ones.
    fn publisher(&self) -> Option<&'static str> {
        None
    }

    /// Notes the rules that the settings break; `table` is the key of their table.
    fn check(&self, _table: &str, _findings: &mut Findings<'_>) {}
}

/// Whether a setting that came later is as it was before: then it is not written, so that no run's key changes.
fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

macro_rules! declare {
    ($($name:literal => $module:ident: $settings:ident,)*) => {
        $(mod $module;)*

        $(pub use $module::*;)*

        /// Sources of studies; at least one is present, several are joined into one corpus.
        #[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
        #[serde(deny_unknown_fields)]
        #[schemars(extend("minProperties" = 1))]
        #[expect(missing_docs, reason = "the documentation of a source's settings is that of its key, too")]
        pub struct Data {
            $(
                #[serde(rename = $name, skip_serializing_if = "Option::is_none")]
                pub $module: Option<$settings>,
            )*
        }

        /// The defaults of all sources, as TOML.
        pub(crate) const DEFAULTS: &[&str] = &[$($module::DEFAULTS),*];

        impl Data {
            /// The sources that are present, by their names in the `[data]` table.
            fn present(&self) -> impl Iterator<Item = (&'static str, &dyn SourceSettings)> {
                let all = [$(($name, self.$module.as_ref().map(|settings| settings as &dyn SourceSettings))),*];
                all.into_iter().filter_map(|(name, settings)| Some((name, settings?)))
            }
        }
    };
}

for_each_source!(declare);

impl Data {
    /// The sources, joined by `+`: `phantom`, `manifest+openi`.
    pub fn name(&self) -> String {
        let names: Vec<&str> = self.present().map(|(name, _)| name).collect();
        names.join("+")
    }

    /// Whether the experiment's seed splits studies of any source.
    pub fn is_split_by_seed(&self) -> bool {
        self.present().any(|(_, settings)| settings.is_split_by_seed())
    }

    /// Whether all labels are those of public data sets: in a user's own file a wrong column may hold texts.
    pub fn has_known_labels(&self) -> bool {
        self.manifest.is_none()
    }

    /// Whether a patient of the one who is called as a patient of the other is the same person: both have the identifiers of one
    /// publisher, or one is a user's own file, which may have those of any.
    pub fn shares_patients(&self, other: &Data) -> bool {
        fn spaces(data: &Data) -> impl Iterator<Item = &'static str> {
            data.present().map(|(name, settings)| settings.publisher().unwrap_or(name))
        }
        if self.manifest.is_some() || other.manifest.is_some() {
            return true;
        }
        spaces(self).any(|one| spaces(other).any(|other| other == one))
    }

    /// Notes the rules that the sources break; `table` is the key of their table.
    pub(crate) fn check(&self, table: &str, findings: &mut Findings<'_>) {
        for (name, settings) in self.present() {
            settings.check(&format!("{table}.{name}"), findings);
        }
    }
}
