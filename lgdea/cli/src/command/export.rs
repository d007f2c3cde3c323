//! `lgdea export`: a run's model as PyTorch reads it.

use super::opened;
use crate::args::inspect::ExportArgs;
use crate::failure::{Failure, refused};
use crate::output::{print, unwritable, write_file};
use crate::progress::Progress;

pub(crate) fn export(args: &ExportArgs) -> Result<(), Failure> {
    let out = &args.out;
    let taken = out.exists() && std::fs::read_dir(out).map_or(true, |mut entries| entries.next().is_some());
    if taken {
        return Err(refused(format!("{} is there already and not an empty folder; name another one", out.display())));
    }
    let opened = opened::open(&args.run, &Progress::new())?;
    std::fs::create_dir_all(out).map_err(|error| unwritable(out, &error))?;
    opened.trained().export(out)?;
    let name = std::path::absolute(out)?.file_name().unwrap_or_default().to_string_lossy().into_owned();
    write_file(&out.join("README.md"), &opened.card(&name)?)?;
    print(&format!("{0}\npython {0}/lgdea.py checks it; {0}/README.md is its model card\n", out.display()))
}
