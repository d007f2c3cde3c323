//! How many there are of something, in words.

/// A count with what is counted: `1 study`, `2 studies`.
///
/// `one` is an English noun in the singular whose plural is regular; it may be a phrase that ends with it.
pub fn counted(count: usize, one: &str) -> String {
    if count == 1 { format!("1 {one}") } else { format!("{count} {}", plural(one)) }
}

/// Of two forms of a verb the one that agrees with a count: `is` of one, `are` of others.
pub fn agreeing<'v>(count: usize, one: &'v str, many: &'v str) -> &'v str {
    if count == 1 { one } else { many }
}

fn plural(one: &str) -> String {
    match one.strip_suffix('y') {
        Some(stem) if !stem.ends_with(['a', 'e', 'i', 'o', 'u']) => format!("{stem}ies"),
        _ if ["s", "x", "ch", "sh"].iter().any(|ending| one.ends_with(ending)) => format!("{one}es"),
        _ => format!("{one}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_one_and_others_are_many() {
        for (one, many) in [
            ("image", "images"),
            ("study", "studies"),
            ("class", "classes"),
            ("box", "boxes"),
            ("patch", "patches"),
            ("day", "days"),
            ("CPU thread", "CPU threads"),
        ] {
            assert_eq!(counted(1, one), format!("1 {one}"));
            assert_eq!((counted(0, one), counted(2, one)), (format!("0 {many}"), format!("2 {many}")));
        }
        assert_eq!([0, 1, 2].map(|count| agreeing(count, "is", "are")), ["are", "is", "are"]);
    }
}
