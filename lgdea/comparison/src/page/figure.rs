//! Plots: what Plotly is to draw, as JSON. Colours are names of the page's CSS variables, so that each theme has its own.

use lgdea_metric::significant;
use serde::Serialize;
use serde_json::{Value, json};

/// Colours that the page's styles name `--c0` and on.
const COLOURS: usize = 8;
/// Markers, of which no two of one colour are alike.
const SYMBOLS: [&str; 8] = ["circle", "square", "diamond", "triangle-up", "x", "triangle-down", "star", "pentagon"];
const DASHES: [&str; 3] = ["solid", "dash", "dot"];

/// How a line or a row of points is told from others: never by its colour alone.
pub(super) struct Style {
    pub(super) colour: String,
    pub(super) symbol: &'static str,
    pub(super) dash: &'static str,
}

impl Style {
    pub(super) fn of(position: usize) -> Style {
        Style {
            colour: format!("var(--c{})", position % COLOURS),
            symbol: SYMBOLS[(position + position / COLOURS) % SYMBOLS.len()],
            dash: DASHES[position / COLOURS % DASHES.len()],
        }
    }

    /// Of a ceiling: grey and dotted, as it stands apart from what is compared.
    pub(super) fn ceiling(position: usize) -> Style {
        Style { colour: "var(--soft)".to_owned(), dash: "dot", ..Style::of(position) }
    }
}

/// A plot, or several of which the reader chooses one.
#[derive(Serialize)]
pub(super) struct Figure {
    /// Its place in the page.
    pub(super) id: String,
    /// Its heading; empty where the section says it.
    pub(super) name: String,
    /// What is to be known to read it.
    pub(super) text: String,
    /// Choices; the plots are in the order of their combinations, the last choice the fastest.
    pub(super) choices: Vec<Choice>,
    /// Height in pixels.
    pub(super) height: usize,
    /// The plots, as a script element can hold them.
    pub(super) plots: String,
}

/// A choice of the reader.
#[derive(Serialize)]
pub(super) struct Choice {
    pub(super) name: String,
    pub(super) options: Vec<String>,
}

/// One plot.
pub(super) struct Plot {
    pub(super) data: Vec<Value>,
    pub(super) layout: Value,
    /// What it shows, for those who do not see it.
    pub(super) label: String,
}

/// Plots as JSON for a script element, which nothing in them can end.
pub(super) fn embedded(plots: Vec<Plot>) -> String {
    let plots: Vec<Value> =
        plots.into_iter().map(|plot| json!({"data": plot.data, "layout": plot.layout, "label": plot.label})).collect();
    Value::from(plots).to_string().replace('<', "\\u003c")
}

/// Text that Plotly shows as it is: it would read some tags.
pub(super) fn plain(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// A number with five digits, which no eye can tell from all of them; `null` of what JSON has no number for.
pub(super) fn short(value: f64) -> Value {
    let short = significant(value, 5);
    if short.is_finite() { json!(short) } else { Value::Null }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_plot_ends_its_script() {
        let plot = Plot { data: vec![json!({"name": "</script><b>"})], layout: json!({}), label: String::new() };
        let text = embedded(vec![plot]);
        assert!(!text.contains('<') && text.contains("\\u003c/script>"));
        let read: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(read[0]["data"][0]["name"], "</script><b>");
    }

    #[test]
    fn styles_of_one_colour_differ_in_their_markers() {
        let styles: Vec<Style> = (0..24).map(Style::of).collect();
        for (position, style) in styles.iter().enumerate() {
            let alike = |other: &&Style| other.colour == style.colour && other.symbol == style.symbol;
            assert_eq!(styles.iter().filter(alike).count(), 1, "{position}");
        }
    }

    #[test]
    fn numbers_are_short_and_never_break_the_json() {
        assert_eq!(short(0.123_456_789), json!(0.12346));
        assert_eq!(short(1_234_567.0), json!(1_234_600.0));
        assert_eq!((short(f64::NAN), short(f64::INFINITY)), (Value::Null, Value::Null));
    }
}
