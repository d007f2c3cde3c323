//! What every term's settings begin with, declared once.

/// Declares the settings of a term: `weight`, `start` and `ramp`, then its own.
macro_rules! settings {
    ($(#[$about:meta])* pub struct $name:ident { $($own:tt)* }) => {
        $(#[$about])*
        #[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
        #[serde(deny_unknown_fields, rename_all = "kebab-case")]
        pub struct $name {
            /// Weight in the total; 0 switches the term off.
            #[schemars(range(min = 0.0))]
            pub weight: f64,
            /// Step at which the term enters.
            pub start: usize,
            /// Steps over which its weight rises linearly from 0.
            pub ramp: usize,
            $($own)*
        }

        impl $crate::loss::Scheduled for $name {
            fn schedule(&self) -> $crate::loss::Schedule {
                $crate::loss::Schedule { weight: self.weight, start: self.start, ramp: self.ramp }
            }
        }
    };
}
