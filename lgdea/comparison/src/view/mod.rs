//! What a comparison, checked claims and needed seeds look like.

mod brief;
pub(crate) mod caption;
mod csv;
pub(crate) mod decided;
pub(crate) mod grid;
mod latex;
mod markdown;
mod terminal;

pub use self::csv::csv;
pub use brief::brief;
pub use caption::caption;
pub use decided::{claims, left_out, seeds};
pub use latex::latex;
pub use markdown::markdown;
pub use terminal::terminal;

/// A sentence in which what stands between backticks is code, set as a format sets text and code.
pub(crate) fn prose(sentence: &str, text: impl Fn(&str) -> String, code: impl Fn(&str) -> String) -> String {
    let parts = sentence.split('`').enumerate();
    parts.map(|(position, part)| if position % 2 == 1 { code(part) } else { text(part) }).collect()
}

/// A p value: four decimals, of which five seeds need all (0.0625), or that it is small.
fn p_value(p: Option<f64>) -> String {
    match p {
        None => String::new(),
        Some(p) if p < 0.001 => "< 0.001".to_owned(),
        Some(p) => format!("{p:.4}"),
    }
}
