//! What a sweep's file says now, beside what was listed when its trials were last run.

use std::path::Path;

use lgdea_fault::chain;
use lgdea_spec::SpecError;
use lgdea_spec::sweep::Sweep;
use lgdea_sweep::{SweepChange, Trials};

/// Reads the file that a list of trials was made of, where it lies where it lay; a file that cannot be read is a warning.
pub(super) fn file_of(listed: &Trials, warnings: &mut Vec<String>) -> Option<Sweep> {
    let file = Path::new(&listed.sweep.file);
    if !file.is_file() {
        return None;
    }
    match Sweep::from_file(file) {
        // Another file under the same name is none of ours.
        Ok(sweep) => (sweep.name == listed.sweep.name).then_some(sweep),
        Err(error) => {
            let first = first_line(&error);
            warnings.push(format!(
                "{} cannot be read now ({first}): claims and settings are those that were listed when it was last run",
                file.display()
            ));
            None
        }
    }
}

/// Puts the roles of arms and the claims of a sweep's file in the place of the listed ones, as both only read scores, and says so of
/// the claims; says, too, where its trials have changed, of which those that were run are compared. `finished` is how many finished
/// runs there are: a claim that comes after them is marked.
pub(super) fn apply(sweep: &Sweep, file: &Path, listed: &mut Trials, finished: usize, warnings: &mut Vec<String>) {
    match SweepChange::find(sweep, listed) {
        Ok(None) => {}
        Ok(Some(change)) => {
            warnings.push(format!("{}; compared are the trials that were listed", change.told(file)));
        }
        Err(error) => warnings.push(format!(
            "{} leads to no trials now ({}); compared are those that were listed",
            file.display(),
            first_line(&error)
        )),
    }
    listed.sweep.cast(sweep);
    let before = listed.sweep.claims.clone();
    listed.sweep.restate(&sweep.claims, finished);
    if listed.sweep.claims != before {
        warnings.push(format!(
            "{} states other claims than when the sweep was last run: those that it states now are checked",
            file.display()
        ));
    }
}

fn first_line(error: &SpecError) -> String {
    chain(error).lines().next().unwrap_or_default().to_owned()
}
