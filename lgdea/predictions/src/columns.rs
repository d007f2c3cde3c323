//! Which columns of a reference are read for what.

use lgdea_data::Split;

use crate::By;
use crate::column::Column;

/// Which columns of a reference are read for what. A column that is not named here is called as its field.
#[derive(Debug, Clone, Default)]
pub struct Columns {
    /// Identifiers of the cases.
    pub id: Option<Column>,
    /// Their patients.
    pub patient: Option<Column>,
    /// Their texts, or marks of them.
    pub text: Option<Column>,
    /// Names of their classes, several joined by `|`; all columns that are named nowhere are then passed over.
    pub label: Option<Column>,
    /// The classes: columns, or names in the column of labels. Where this is empty, they are all of the reference.
    pub classes: Vec<String>,
    /// What subgroups are made by.
    pub by: Vec<By>,
    /// The split whose cases are scored; all where there is none, which must then be of one split.
    pub split: Option<Split>,
}
