//! Quotation marks of a CSV file that make further rows part of one cell.

/// The line and the problem of a quotation mark that swallows rows: no other closes it, or what closes it is not its own.
///
/// Readers of CSV take such a file as it stands, and the rows are gone without a word.
pub(crate) fn problem(bytes: &[u8]) -> Option<(u64, String)> {
    let text = String::from_utf8_lossy(bytes);
    let separator = separator(&text);
    let (mut rest, mut line) = (&*text, 1);
    let mut first = "";
    while !rest.is_empty() {
        let (cell, after) = if let Some(inside) = rest.strip_prefix('"') {
            let Some(end) = closing(inside) else {
                return Some((line, told("no other closes: all that follows is part of one cell")));
            };
            let (quoted, after) = (&inside[..end], &inside[end + 1..]);
            let is_closed =
                after.trim_start_matches(' ').starts_with([separator, '\n', '\r']) || after.trim().is_empty();
            let row = quoted.lines().zip(line..).skip(1).find(|(row, _)| is_row(row, first, separator));
            if let Some((_, at)) = row {
                return Some((line, told(&format!("goes on for lines: line {at} in it looks like a row of its own"))));
            }
            if !is_closed && quoted.contains('\n') {
                let at = line + breaks(quoted);
                return Some((
                    line,
                    told(&format!("ends in line {at} within a text: the rows between are part of one cell")),
                ));
            }
            (quoted, after)
        } else {
            ("", rest)
        };
        let end = after.find([separator, '\n']).unwrap_or(after.len());
        let is_first = rest.len() == text.len() || text[..text.len() - rest.len()].ends_with('\n');
        if is_first {
            first = if cell.is_empty() { after[..end].trim() } else { cell.trim() };
        }
        line += breaks(cell);
        line += u64::from(after[end..].starts_with('\n'));
        rest = after.get(end + 1..).unwrap_or("");
    }
    None
}

fn told(what: &str) -> String {
    format!(
        "a quotation mark opens a cell here that {what}; close it, or double it (\"\") where it belongs to the text"
    )
}

/// Where a quoted cell ends: at a quotation mark that is not doubled.
fn closing(inside: &str) -> Option<usize> {
    let bytes = inside.as_bytes();
    let mut at = 0;
    loop {
        at += inside[at..].find('"')?;
        if bytes.get(at + 1) != Some(&b'"') {
            return Some(at);
        }
        at += 2;
    }
}

fn breaks(text: &str) -> u64 {
    text.matches('\n').count() as u64
}

/// Whether a line of a cell looks like a row: it begins as the cell's own row does, with an identifier of the same form.
fn is_row(line: &str, first: &str, separator: char) -> bool {
    let Some((begin, _)) = line.split_once(separator) else { return false };
    let begin = begin.trim().trim_matches('"');
    begin.contains(|c: char| c.is_ascii_digit()) && !begin.contains(' ') && form(begin) == form(first)
}

/// The form of an identifier: "r12" and "r7" have one, and so have numbers of as many digits.
fn form(identifier: &str) -> String {
    let is_number = identifier.chars().all(|c| c.is_ascii_digit());
    let mut form = String::new();
    for c in identifier.chars() {
        let class = if c.is_ascii_digit() {
            '9'
        } else if c.is_alphabetic() {
            'a'
        } else {
            c
        };
        if is_number || !form.ends_with(class) {
            form.push(class);
        }
    }
    form
}

/// The separator that the header line has most of.
fn separator(text: &str) -> char {
    let header = text.lines().next().unwrap_or_default();
    let count = |separator: &char| header.matches(*separator).count();
    // The last of equals is taken: a comma.
    [';', '\t', ','].into_iter().max_by_key(count).unwrap_or(',')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_that_a_quotation_mark_swallows_are_told() {
        for (rows, line, part) in [
            ("r1,\"No effusion.\nr2,Clear.\nr3,Edema.\n", 2, "no other closes"),
            ("r1,Clear.\nr2,\"Edema.\n", 3, "no other closes"),
            ("r1,\"No effusion.\nr2,Clear.\nr3,Edema.\"\n", 2, "line 3 in it looks like a row"),
            ("r1,\"No effusion.\nr2,\"Clear.\"\nr3,Edema.\n", 2, "line 3 in it looks like a row"),
            ("r1,\"No effusion.\nr2,\"\"Clear.\"\nr3,Edema.\n", 2, "line 3 in it looks like a row"),
            ("\"r1\",\"No effusion.\n\"r2\",\"Clear.\"\n", 2, "ends in line 3 within a text"),
            ("501,\"No effusion.\n502,Clear.\"\n", 2, "line 3 in it looks like a row"),
            ("a,\"No effusion.\nb,\"Clear.\"\n", 2, "ends in line 3 within a text"),
            ("a,\"Heart\nis \"large\".\"\n", 2, "ends in line 3 within a text"),
            ("r1,x\r\nr2,\"No effusion.\r\nr3,Clear.\r\n", 3, "no other closes"),
            ("r1,\"Line one.\nLine two.\"\nr2,\"Edema.\nr3,Clear.\n", 4, "no other closes"),
            ("p1-s1,\"Edema.\np1-s2,Clear.\"\n", 2, "line 3 in it looks like a row"),
        ] {
            for separator in [",", ";", "\t"] {
                let text = format!("report_id,report\n{rows}").replace(',', separator);
                let (at, said) = problem(text.as_bytes()).unwrap_or_else(|| panic!("{text}"));
                assert!(at == line && said.contains(part) && said.contains("double it"), "{text}\n{at}: {said}");
                assert!(!said.contains("dema") && !said.contains("Clear"), "{said}");
            }
        }
    }

    #[test]
    fn cells_of_several_lines_are_no_rows() {
        for rows in [
            "",
            "r1,Clear.\n",
            "r1,\"Line one.\n\nLine two, with a comma.\"\nr2,\"a\"\n",
            "r1,\"FINDINGS: Heart, lungs normal.\nIMPRESSION: Normal, 2 views.\"",
            "r1,\"1. Edema, mild.\n2. Effusion, small.\"\n",
            "17,\"1, edema\n2, effusion\"\n",
            "r1,\"A \"\"dense\"\" mass.\nr2 is no row\"\n",
            "r1,\"\"\n,\"\"",
            "r1,5\" tube in place\nr2,A 3\" line\n",
            "r1,\"Dense\" mass, seen again\n",
            "r1,\"Edema.\" \r\nr2,\"\n\"\r\n",
            "\"r1\",\"Heart, large.\nLungs, clear.\"\n",
        ] {
            let text = format!("report_id,report\n{rows}");
            assert_eq!(problem(text.as_bytes()), None, "{text}");
        }
        assert_eq!(problem(b""), None);
        assert_eq!(problem(b"\xff,\"\xff\"\n"), None);
    }
}
