//! A comparison as CSV, one line for each row and metric.

use crate::{Comparison, Verdict};

/// The comparison as CSV, a line for each row and metric: the setting, the mean, and the difference to the base where there is one.
/// Numbers have all their digits.
///
/// # Errors
/// What the writer says; none is known.
pub fn csv(comparison: &Comparison) -> Result<String, csv::Error> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let mut header: Vec<&str> = comparison.keys.iter().map(String::as_str).collect();
    header.push(&comparison.by);
    header.extend([
        "metric",
        "seeds",
        "mean",
        "standard deviation",
        "base",
        "shared seeds",
        "difference",
        "low",
        "high",
    ]);
    header.extend(["p paired t", "p permutation", "p Wilcoxon", "p corrected", "comparisons", "significant"]);
    writer.write_record(&header)?;
    let number = |value: Option<f64>| value.map(|value| value.to_string()).unwrap_or_default();
    for row in &comparison.rows {
        for (cell, metric) in row.cells.iter().zip(&comparison.metrics) {
            let mut line: Vec<String> = row.setting.iter().map(|value| value.clone().unwrap_or_default()).collect();
            line.extend([row.group.clone(), metric.name.clone(), cell.values.len().to_string()]);
            line.extend([number(cell.mean), number(cell.standard_deviation)]);
            if let Some(difference) = &cell.difference {
                line.extend([comparison.base.clone(), difference.seeds.len().to_string(), number(difference.mean)]);
                line.extend([0, 1].map(|end| number(difference.interval.map(|interval| interval[end]))));
                let p =
                    [difference.p_paired_t, difference.p_permutation, difference.p_wilcoxon, difference.p_corrected];
                line.extend(p.map(number));
                line.push(difference.family.to_string());
                line.push(match &difference.verdict {
                    Verdict::Significant => "yes".to_owned(),
                    Verdict::IfNormal => "if normal".to_owned(),
                    Verdict::NotSignificant => "no".to_owned(),
                    Verdict::Unsupported(reason) => format!("cannot tell: {reason}"),
                });
            }
            line.resize(header.len(), String::new());
            writer.write_record(&line)?;
        }
    }
    let bytes = writer.into_inner().map_err(csv::IntoInnerError::into_error)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
