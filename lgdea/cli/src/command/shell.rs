//! `lgdea completions` and `lgdea man`: the command line as shells and `man` read it.

use clap_mangen::Man;

use crate::args::Args;
use crate::args::setup::{CompletionsArgs, ManArgs};
use crate::failure::Failure;
use crate::output::{print, unwritable};

pub(crate) fn completions(args: &CompletionsArgs) -> Result<(), Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Args::command(), "lgdea", &mut script);
    print(&String::from_utf8_lossy(&script))
}

pub(crate) fn man(args: &ManArgs) -> Result<(), Failure> {
    std::fs::create_dir_all(&args.out).map_err(|error| unwritable(&args.out, &error))?;
    let mut lgdea = Args::command();
    lgdea.build();
    let count = write(&args.out, &lgdea, "lgdea")?;
    print(&format!("{count} pages are in {}: `man -l {}`\n", args.out.display(), args.out.join("lgdea.1").display()))
}

/// Writes the pages of a command and of its own commands; how many there are.
fn write(folder: &std::path::Path, command: &clap::Command, name: &str) -> Result<usize, Failure> {
    let path = folder.join(format!("{name}.1"));
    let mut page = Vec::new();
    Man::new(command.clone()).render(&mut page)?;
    std::fs::write(&path, page).map_err(|error| unwritable(&path, &error))?;
    let mut count = 1;
    for inner in command.get_subcommands().filter(|inner| !inner.is_hide_set() && inner.get_name() != "help") {
        count += write(folder, inner, &format!("{name}-{}", inner.get_name()))?;
    }
    Ok(count)
}
