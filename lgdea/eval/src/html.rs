//! What the pages have in common: values are escaped, and nothing that is missing is passed over.

use minijinja::{AutoEscape, Environment, HtmlEscape, UndefinedBehavior, Value};

/// An environment for the template of a page, with the filter `prose` (see [`prose()`]).
pub(crate) fn environment() -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::SemiStrict);
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    environment.add_filter("prose", |text: &str| Value::from_safe_string(prose(text)));
    environment
}

/// A sentence as HTML; what stands between backticks is code.
fn prose(sentence: &str) -> String {
    let part = |(at, part): (usize, &str)| {
        let text = HtmlEscape(part);
        if at % 2 == 1 { format!("<code>{text}</code>") } else { text.to_string() }
    };
    sentence.split('`').enumerate().map(part).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_in_prose_is_marked_and_markup_is_text() {
        assert_eq!(prose("by `a<b>` & c"), "by <code>a&lt;b&gt;</code> &amp; c");
    }
}
