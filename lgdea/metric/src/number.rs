//! How numbers are shown to people: with the digits that tell them apart, and no more.

/// Significant digits that are shown.
const DIGITS: usize = 6;

/// A number with so many significant digits.
pub fn significant(number: f64, digits: usize) -> f64 {
    format!("{number:.*e}", digits.saturating_sub(1)).parse().unwrap_or(number)
}

/// A text as it is shown: where it is a number with more than six significant digits, that number with six. Whole numbers and
/// all other texts stay as they are.
///
/// Nothing is read from what this gives: files hold all digits.
pub fn readable(text: &str) -> String {
    let digits = text.split(['e', 'E']).next().unwrap_or_default().bytes().filter(u8::is_ascii_digit).count();
    let is_whole = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    match text.parse::<f64>() {
        Ok(number) if number.is_finite() && digits > DIGITS && !is_whole => {
            let short = significant(number, DIGITS);
            if short == 0.0 || (1e-4..1e15).contains(&short.abs()) { short.to_string() } else { format!("{short:e}") }
        }
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_six_significant_digits_at_most() {
        let table = [
            ("0.00028437192837465", "0.000284372"),
            ("0.000028437192837465", "2.84372e-5"),
            ("2.8437192837465e-5", "2.84372e-5"),
            ("-0.7512345678", "-0.751235"),
            ("0.30000000000000004", "0.3"),
            ("123456.789", "123457"),
            ("1234567.89", "1234570"),
            ("1.7976931348623157e308", "1.79769e308"),
            ("0.1", "0.1"),
            ("0.02", "0.02"),
            ("0.0", "0.0"),
            ("0.00000000", "0"),
            ("1e-3", "1e-3"),
            ("20261128", "20261128"),
            ("18446744073709551615", "18446744073709551615"),
            ("-20261128", "-20261128"),
        ];
        for (all, shown) in table {
            assert_eq!(readable(all), shown, "{all}");
        }
    }

    #[test]
    fn what_is_no_number_stays() {
        for text in [
            "",
            "-",
            "patch-cnn",
            "chest-1.2345678",
            "[0.123456789]",
            "true",
            "inf",
            "NaN",
            "0x12345678",
            "1.2.3456789",
        ] {
            assert_eq!(readable(text), text);
        }
    }
}
