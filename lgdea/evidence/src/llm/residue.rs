//! Signs that a report was not de-identified.

use std::fmt;
use std::sync::LazyLock;

use regex::Regex;
use serde::Serialize;

/// Reports about to be sent that seem to hold what de-identification should have removed, by kind. A guess: for a warning.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Residue {
    /// Calendar dates.
    pub dates: usize,
    /// Names after titles and labels: "Dr. …", "Patient: …".
    pub names: usize,
    /// Numbers of records: after "MRN" or "accession", or of seven digits or more.
    pub record_numbers: usize,
    /// Phone numbers.
    pub phone_numbers: usize,
    /// E-mail addresses.
    pub email_addresses: usize,
}

struct Patterns {
    date: Regex,
    name: Regex,
    record_number: Regex,
    phone_number: Regex,
    email_address: Regex,
}

static PATTERNS: LazyLock<Patterns> = LazyLock::new(|| {
    let pattern = |pattern: &str| Regex::new(pattern).expect("a valid pattern");
    let month = "(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sep(?:t(?:ember)?)?|\
        oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)";
    Patterns {
        date: pattern(&format!(
            r"(?i)\b(?:\d{{1,2}}[/.-]\d{{1,2}}[/.-](?:19|20)?\d\d|(?:19|20)\d\d[/-]\d{{1,2}}[/-]\d{{1,2}}|{month}\.?\s+\d{{1,2}}(?:st|nd|rd|th)?,?\s+(?:19|20)\d\d|\d{{1,2}}\s+{month}\.?,?\s+(?:19|20)\d\d)\b"
        )),
        name: pattern(
            r"\b(?:(?:Dr|DR|Mr|MR|Mrs|MRS|Ms|Prof)\b\.?|(?i:patient|name|patient name|physician|radiologist)\s*:)[ \t]+(?P<name>\p{Lu}[\p{L}'’-]+)",
        ),
        record_number: pattern(
            r"(?i)\b(?:mrn|accession|medical\s+record)\b(?:\s+(?:number|no\b\.?))?\s*[:#]*\s*[a-z]{0,4}\d{3,}|\b\d{7,}\b",
        ),
        phone_number: pattern(r"(?:\+\d{1,3}[ .-]?)?(?:\(\d{3}\)\s?|\b\d{3}[ .-])\d{3}[ .-]\d{4}\b"),
        email_address: pattern(r"(?i)\b[a-z0-9._%+-]+@[a-z0-9-]+(?:\.[a-z0-9-]+)*\.[a-z]{2,}\b"),
    }
});

impl Residue {
    /// Adds what one report holds.
    pub(super) fn count(&mut self, report: &str) {
        let patterns = &*PATTERNS;
        // What stands for a removed name in Open-I: "Dr. XXXX".
        let named = patterns.name.captures_iter(report).any(|found| !found["name"].bytes().all(|byte| byte == b'X'));
        self.dates += usize::from(patterns.date.is_match(report));
        self.names += usize::from(named);
        self.record_numbers += usize::from(patterns.record_number.is_match(report));
        self.phone_numbers += usize::from(patterns.phone_number.is_match(report));
        self.email_addresses += usize::from(patterns.email_address.is_match(report));
    }

    /// Whether nothing was found.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl fmt::Display for Residue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kinds = [
            ("dates", self.dates),
            ("names", self.names),
            ("record numbers", self.record_numbers),
            ("phone numbers", self.phone_numbers),
            ("e-mail addresses", self.email_addresses),
        ];
        let found: Vec<String> =
            kinds.iter().filter(|(_, count)| *count > 0).map(|(kind, count)| format!("{kind} in {count}")).collect();
        f.write_str(&found.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(report: &str) -> String {
        let mut residue = Residue::default();
        residue.count(report);
        residue.to_string()
    }

    #[test]
    fn likely_identifiers() {
        let cases = [
            ("Compared with 03/14/2019.", "dates in 1"),
            ("Compared with 2019-03-14.", "dates in 1"),
            ("Compared with March 14, 2019.", "dates in 1"),
            ("Compared with 14 Mar 2019.", "dates in 1"),
            ("Discussed with Dr. Smith.", "names in 1"),
            ("DR. O'NEILL was told.", "names in 1"),
            ("Patient: Jane Doe", "names in 1"),
            ("MRN 12345", "record numbers in 1"),
            ("Accession number: AB123456", "record numbers in 1"),
            ("seen in 20193456", "record numbers in 1"),
            ("Call (555) 123-4567.", "phone numbers in 1"),
            ("Call 555-123-4567.", "phone numbers in 1"),
            ("jane.doe@hospital.example.org", "e-mail addresses in 1"),
        ];
        for (report, kind) in cases {
            assert_eq!(kinds(report), kind, "{report}");
        }
    }

    #[test]
    fn the_language_of_reports_and_removed_identifiers_are_none() {
        let reports = [
            "Discussed with Dr. XXXX at XXXX XXXX on XXXX.",
            "Compared with ___, MRN ___. Dr. ___ was told.",
            "A 4.8 x 10 mm nodule, 3-4 cm from the hilum; ribs 7-9. T12. Stable since 2019. 1/2.",
            "The patient: no acute distress. May be mild. PA and lateral.",
        ];
        for report in reports {
            assert_eq!(kinds(report), "", "{report}");
        }
    }
}
