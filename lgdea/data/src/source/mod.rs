//! The sources of studies: each a module that reads what its settings describe.

use std::path::PathBuf;

use lgdea_spec::{Data, Seed};

use crate::folder::Folder;
use crate::{DataError, Skipped, Study};

/// Called with how many items are done, and of how many; from any thread.
pub(crate) type Progress<'a> = &'a (dyn Fn(usize, usize) + Sync);

/// A source of studies, as its settings describe it.
pub(crate) trait Source {
    /// Reads its studies, in an order that does not depend on the order of a folder or an archive. `seed` is the
    /// experiment's; it splits studies without a split of their own. `progress` reaches its total.
    ///
    /// # Errors
    /// What cannot be read at all, with its path. What can be left out is counted instead.
    fn read(&self, seed: Seed, progress: Progress<'_>) -> Result<Contents, DataError>;

    /// The set whose images and identifiers these are. Of several sources of one set, each after the first adds to the studies of
    /// the first what it tells of their images; see [`crate::join`]. `None`: the source shares its images with no other.
    fn images_of(&self) -> Option<&'static str> {
        None
    }

    /// Whether the views of its images enter the corpus's digest.
    fn digests_views(&self) -> bool {
        true
    }
}

/// What a source holds.
#[derive(Debug)]
pub(crate) struct Contents {
    /// What to call the source in an error.
    pub(crate) name: String,
    /// Its studies.
    pub(crate) studies: Vec<Study>,
    /// What it held besides.
    pub(crate) skipped: Skipped,
    /// Folder of its image files; empty where it has none.
    pub(crate) root: PathBuf,
}

impl Contents {
    /// What the folder of the data set `set` holds.
    fn of_folder(set: &str, folder: &Folder, studies: Vec<Study>, skipped: Skipped) -> Contents {
        let root = folder.path().to_owned();
        Contents { name: format!("{set} at {}", root.display()), studies, skipped, root }
    }
}

macro_rules! declare {
    ($($name:literal => $module:ident: $settings:ident,)*) => {
        $(pub(crate) mod $module;)*

        /// The sources that an experiment names, each with its name in `[data]`, in the order of the list.
        pub(crate) fn of(data: &Data) -> Vec<(&'static str, &dyn Source)> {
            let all = [$(data.$module.as_ref().map(|settings| ($name, settings as &dyn Source))),*];
            all.into_iter().flatten().collect()
        }
    };
}

lgdea_spec::for_each_source!(declare);
