//! `lgdea reference`: the pages of `docs/reference`, made from what the program itself declares.

mod commands;
mod keys;
mod protocols;
mod scores;

use std::io;
use std::path::{Path, PathBuf};

use crate::args::ReferenceArgs;
use crate::failure::{Failure, refused};

/// A page: its path in the folder, and its text.
type Page = (PathBuf, String);

pub(crate) fn reference(args: &ReferenceArgs) -> Result<(), Failure> {
    pages()
        .iter()
        .try_for_each(|(path, text)| write(&args.out.join(path), text))
        .map_err(|error| refused(error.to_string()))
}

fn pages() -> Vec<Page> {
    let mut pages = keys::experiment_pages();
    pages.push(keys::sweep_page());
    pages.push(commands::page());
    pages.push(scores::page());
    pages.push(protocols::page());
    pages
}

fn write(path: &Path, text: &str) -> io::Result<()> {
    let written = path.parent().map_or(Ok(()), std::fs::create_dir_all).and_then(|()| std::fs::write(path, text));
    written.map_err(|error| io::Error::new(error.kind(), format!("failed to write {}: {error}", path.display())))
}

/// The cells of a row of a table, each kept on its line and off its neighbours.
fn row(cells: &[&str]) -> String {
    let cells: Vec<String> = cells.iter().map(|cell| cell.replace('|', "\\|").replace('\n', " ")).collect();
    format!("| {} |\n", cells.join(" | "))
}
