//! Diagnostic evidence: from report text to findings with their spans.
