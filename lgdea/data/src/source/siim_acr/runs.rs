//! Masks as SIIM-ACR writes them: runs along the columns, each start counted from the end of the run before.

use crate::table::shown;

/// The runs of a cell as `[start, length]`, with starts counted from the image's first pixel.
///
/// # Errors
/// What is wrong with the cell, and what to do.
pub(super) fn parse(cell: &str, pixels: u64) -> Result<Vec<[u64; 2]>, String> {
    let refused =
        |what: String| format!("EncodedPixels {what}; fetch the file again, or write -1 where there is no mask");
    let number = |word: &str| word.parse().map_err(|_| refused(format!("has `{}`, which is no number", shown(word))));
    let numbers: Vec<u64> = cell.split_whitespace().map(number).collect::<Result<_, _>>()?;
    let (pairs, rest) = numbers.as_chunks::<2>();
    if pairs.is_empty() || !rest.is_empty() {
        return Err(refused(format!("has {} numbers, which are no pairs of start and length", numbers.len())));
    }
    let mut end = 0_u64;
    let mut runs = Vec::with_capacity(pairs.len());
    for &[gap, length] in pairs {
        let start = end.checked_add(gap);
        let behind = start.and_then(|start| start.checked_add(length)).filter(|&behind| behind <= pixels);
        let (Some(start), Some(behind)) = (start, behind) else {
            return Err(refused(format!("leaves the image's {pixels} pixels")));
        };
        runs.push([start, length]);
        end = behind;
    }
    Ok(runs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn starts_are_counted_from_the_end_of_the_run_before() {
        for (cell, runs) in [
            ("0 1", &[[0, 1]][..]),
            ("3 2 4 1", &[[3, 2], [9, 1]]),
            (" 3  2 0 1 ", &[[3, 2], [5, 1]]),
            ("0 16", &[[0, 16]]),
            ("15 1", &[[15, 1]]),
            ("1 0 2 1", &[[1, 0], [3, 1]]),
        ] {
            assert_eq!(parse(cell, 16).unwrap(), runs, "{cell}");
        }
    }

    #[test]
    fn what_is_no_mask_is_refused() {
        for (cell, part) in [
            ("", "has 0 numbers"),
            ("3", "has 1 numbers"),
            ("3 2 4", "has 3 numbers"),
            ("3 two", "`two`, which is no number"),
            ("-1 2", "`-1`, which is no number"),
            ("3.0 2", "`3.0`, which is no number"),
            ("3,2", "`3,2`, which is no number"),
            ("15 2", "leaves the image's 16 pixels"),
            ("0 8 0 9", "leaves the image's 16 pixels"),
            ("8 8 1 0", "leaves the image's 16 pixels"),
            ("18446744073709551615 1", "leaves the image's 16 pixels"),
            ("18446744073709551616 1", "which is no number"),
        ] {
            let said = parse(cell, 16).unwrap_err();
            assert!(said.contains(part) && said.contains("; "), "{cell}: {said}");
        }
    }
}
