//! Tables of MIMIC-CXR-JPG beside the metadata: the split and the labels, study by study.

use lgdea_spec::{MimicLabels, UncertainLabels, agreeing, counted};

use super::SET;
use super::listed::Listed;
use super::numbers::{Letter, number};
use crate::folder::Folder;
use crate::labels::Indicator;
use crate::split::Split;
use crate::table::{Table, shown, shown_id};
use crate::{DataError, SkipReason, Skipped, StudyLabels};

/// Gives the examinations their splits.
pub(super) fn add_splits(tables: &Folder, listed: &mut Listed) -> Result<(), DataError> {
    let path = tables.file(SET, &["mimic-cxr-2.0.0-split.csv"])?;
    let columns = |table: &Table| table.columns(SET, ["study_id", "split"]);
    let table = Table::each(&path, columns, |&[study, split], table, row| {
        let study = number(table, &row, study, Letter::Study)?;
        let cell = row.cell(Some(split));
        let error = |said: String| row.error(&table.path, said);
        let split = Split::parse(cell).ok_or_else(|| {
            error(format!("split = `{}` must be `train`, `validate` or `test`; correct it", shown(cell)))
        })?;
        match listed.get_mut(&study).map(|examination| examination.split.replace(split)) {
            Some(Some(other)) if other != split => {
                Err(error(format!("study `{study}` is in {split}, and in {other} above; correct one of them")))
            }
            _ => Ok(()),
        }
    })?;
    let mut without = listed.items().iter().filter(|examination| examination.split.is_none());
    match without.next() {
        None => Ok(()),
        Some(first) => {
            let all = 1 + without.count();
            let reason = format!(
                "{} of the metadata {} in no split, such as `{}`; the two tables must be of the same release",
                counted(all, "study"),
                agreeing(all, "is", "are"),
                shown_id(&first.id)
            );
            Err(DataError::Csv { path: table.path, line: 1, reason })
        }
    }
}

/// Gives the examinations their labels.
pub(super) fn add_labels(
    tables: &Folder,
    labels: MimicLabels,
    uncertain: UncertainLabels,
    listed: &mut Listed,
    skipped: &mut Skipped,
) -> Result<(), DataError> {
    let name = match labels {
        MimicLabels::Chexpert => "mimic-cxr-2.0.0-chexpert.csv",
        MimicLabels::Negbio => "mimic-cxr-2.0.0-negbio.csv",
        MimicLabels::None => return Ok(()),
    };
    let path = tables.file(SET, &[name])?;
    let columns = |table: &Table| {
        let [patient, study] = table.columns(SET, ["subject_id", "study_id"])?;
        let findings: Vec<usize> = (0..table.header.len()).filter(|&at| at != patient && at != study).collect();
        Ok((study, findings))
    };
    Table::each(&path, columns, |(study, findings), table, row| {
        let study = number(table, &row, *study, Letter::Study)?;
        let mut found = StudyLabels::default();
        for &finding in findings {
            let cell = row.cell(Some(finding));
            if cell.is_empty() {
                continue;
            }
            let name = &table.header[finding];
            let said = Indicator::parse(cell).ok_or_else(|| {
                let said = format!("{name} = `{}` must be 1, 0, -1 or empty; fetch the file again", shown(cell));
                row.error(&table.path, said)
            })?;
            if said == Indicator::Unknown {
                skipped.add_value(SkipReason::UnknownLabel, shown(cell));
            }
            found.join(said.labels(name, uncertain));
        }
        if let Some(examination) = listed.get_mut(&study) {
            examination.labels.get_or_insert_default().join(found);
        }
        Ok(())
    })?;
    Ok(())
}
