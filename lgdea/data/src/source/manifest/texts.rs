//! Columns of texts that were named as columns of something else.
//!
//! Identifiers of studies are written into files that may be shared, and labels, views and paths are shown; a report must not
//! become one of them.

use lgdea_spec::Manifest;

use crate::DataError;
use crate::labels::{SEVERAL, label_names};
use crate::table::{Table, is_image_file, is_no_identifier, is_personal_name, is_sentence};
use crate::view::View;

/// Refuses files of studies in which more than half of the values of such a column are texts.
///
/// # Errors
/// The first such column, with the line of its first text.
pub(crate) fn refuse(tables: &[Table], manifest: &Manifest) -> Result<(), DataError> {
    let columns = &manifest.columns;
    let is_text_of_labels = |cell: &str| {
        let names = label_names(cell, &manifest.label_separators);
        !names.is_empty() && names.iter().flat_map(|name| name.split(SEVERAL)).all(is_sentence)
    };
    let is_no_patient = |cell: &str| is_no_identifier(cell) && !is_personal_name(cell);
    let roles: [(_, _, IsText<'_>); 4] = [
        (&columns.study, "study", &is_no_identifier),
        (&columns.patient, "patient", &is_no_patient),
        (&columns.image, "image", &|cell| is_sentence(cell) && !is_image_file(cell)),
        (&columns.view, "view", &|cell| is_sentence(cell) && View::parse(cell) == View::Unknown),
    ];
    let labels = columns.labels.iter().map(|name| (name, "labels", &is_text_of_labels as IsText<'_>));
    for (name, role, is_text) in roles.into_iter().chain(labels) {
        for table in tables {
            refuse_column(table, name, role, is_text)?;
        }
    }
    Ok(())
}

/// Whether a cell is a text, in a column that should have none.
type IsText<'a> = &'a dyn Fn(&str) -> bool;

fn refuse_column(table: &Table, name: &str, role: &str, is_text: IsText<'_>) -> Result<(), DataError> {
    let Some(column) = table.column(name)? else { return Ok(()) };
    let (mut filled, mut texts, mut first) = (0, 0, None);
    for (row, cell) in table.filled(column) {
        filled += 1;
        if is_text(cell) {
            texts += 1;
            first = first.or(Some(row));
        }
    }
    match first {
        Some(row) if 2 * texts > filled => Err(row.error(
            &table.path,
            format!(
                "column `{name}` ({role}) holds texts, as reports are, in {texts} of {filled} rows, the first of them here; \
                 name another column as `data.manifest.columns.{role}`"
            ),
        )),
        _ => Ok(()),
    }
}
