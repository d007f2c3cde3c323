//! `lgdea rm`: removes runs that the user names.

use lgdea_cache::Leases;
use lgdea_spec::{agreeing, counted};
use lgdea_track::{History, RunDir};

use crate::args::runs::RmArgs;
use crate::command::named::{is_wanted, named, readable_size, remove, size};
use crate::command::sync::owners;
use crate::failure::{Failure, failed, refused};
use crate::output::print;
use crate::progress::say;

pub(crate) fn rm(args: &RmArgs) -> Result<(), Failure> {
    let mut runs = args.runs.iter().map(|run| named(run, &args.results)).collect::<Result<Vec<_>, _>>()?;
    runs.sort_by_key(|run| run.path().to_owned());
    runs.dedup();
    let mut leases = Leases::new(&args.results.join("leases"), Leases::PATIENCE)?;
    for run in &runs {
        if is_at_work(run, &mut leases) {
            return Err(refused(format!("{} is running: stop it first", run.name())));
        }
    }
    let owners = owners(&args.results);
    let mut all = 0;
    for run in &runs {
        let bytes = size(run.path());
        all += bytes;
        let owner = owners.get(&run.name()).map(|sweep| format!(", a trial of `{sweep}`, which would run it again"));
        say(format!("{} ({}){}", run.name(), readable_size(bytes), owner.unwrap_or_default()));
    }
    let what = if runs.len() == 1 { "this run".to_owned() } else { format!("these {}", counted(runs.len(), "run")) };
    if !is_wanted(&format!("Remove {what} ({})?", readable_size(all)), args.yes)? {
        return print("nothing was removed\n");
    }
    for run in &runs {
        // It may have begun while the user thought about it.
        if is_at_work(run, &mut leases) {
            return Err(failed(format!("{} has begun to run and was left alone", run.name())));
        }
        remove(run.path()).map_err(|error| failed(format!("cannot remove {}: {error}", run.path().display())))?;
    }
    let (count, were) = (counted(runs.len(), "run"), agreeing(runs.len(), "was", "were"));
    print(&format!("{count} {were} removed, {}; what MLflow has of it stays there\n", readable_size(all)))
}

fn is_at_work(run: &RunDir, leases: &mut Leases) -> bool {
    let key = History::read(run).ok().flatten().map(|history| history.run_key);
    run.is_written() || key.is_some_and(|key| leases.holder(&key).is_some())
}
