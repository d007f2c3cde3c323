//! A recipe: a page of `docs/adding` whose code blocks say which files it writes. Its `README.md` describes the format.
#![cfg_attr(test, allow(clippy::unwrap_used))]

use std::path::{Path, PathBuf};
use std::{fs, io};

/// A recipe, read.
#[derive(Debug, PartialEq, Eq)]
pub struct Recipe {
    /// The page's name without its ending, such as `loss-term`.
    pub name: String,
    /// The page's lines.
    pub lines: usize,
    /// What it writes, in order.
    pub edits: Vec<Edit>,
    /// The commands that show that it works: `cargo` and its arguments.
    pub checks: Vec<Vec<String>>,
}

/// A block that a recipe writes.
#[derive(Debug, PartialEq, Eq)]
pub struct Edit {
    /// The file, from the root of the sources.
    pub path: PathBuf,
    /// Where in it.
    pub place: Place,
    /// The block's text, with a line break at its end.
    pub text: String,
}

/// Where a block goes.
#[derive(Debug, PartialEq, Eq)]
pub enum Place {
    /// It is all of a new file.
    NewFile,
    /// Below the one line of a file that is this text, without its indentation; the block is indented like it.
    After(String),
    /// Above that line.
    Before(String),
}

impl Recipe {
    /// Reads a page.
    ///
    /// # Errors
    /// Says which block is not as the format has it.
    pub fn read(name: &str, page: &str) -> Result<Self, String> {
        let mut recipe = Recipe { name: name.to_owned(), lines: page.lines().count(), edits: vec![], checks: vec![] };
        let mut lines = page.lines();
        while let Some(line) = lines.next() {
            let Some(info) = line.strip_prefix("```") else { continue };
            let block: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
            recipe.add(info, &block).map_err(|reason| format!("{name}: in the block `{info}`: {reason}"))?;
        }
        Ok(recipe)
    }

    /// Adds a block, if it is more than an illustration.
    fn add(&mut self, info: &str, block: &[&str]) -> Result<(), String> {
        let words = words(info);
        let value = |key: &str| words.iter().find_map(|word| word.strip_prefix(key)?.strip_prefix('='));
        let text = block.iter().flat_map(|line| [line, "\n"]).collect();
        if words.get(1).is_some_and(|word| word == "check") {
            self.checks.extend(block.iter().map(|line| line.split_whitespace().map(str::to_owned).collect()));
        } else if let Some(path) = value("file") {
            self.edits.push(Edit { path: path.into(), place: Place::NewFile, text });
        } else if let Some(path) = value("insert") {
            let place = match (value("after"), value("before")) {
                (Some(line), None) => Place::After(line.to_owned()),
                (None, Some(line)) => Place::Before(line.to_owned()),
                _ => return Err("`insert` wants either `after` or `before`".to_owned()),
            };
            self.edits.push(Edit { path: path.into(), place, text });
        }
        Ok(())
    }

    /// What it touches in the sources at `root`, each once: files, and folders that it makes, which count as one.
    pub fn files(&self, root: &Path) -> Vec<&Path> {
        let mut files: Vec<&Path> = self.edits.iter().map(|edit| outermost_new(&edit.path, root)).collect();
        files.sort_unstable();
        files.dedup();
        files
    }

    /// Follows the recipe in sources below `root`.
    ///
    /// # Errors
    /// A new file is there already, the line to insert at is not there exactly once, and what the file system says.
    pub fn apply(&self, root: &Path) -> Result<(), String> {
        self.edits.iter().try_for_each(|edit| {
            let path = root.join(&edit.path);
            edit.apply(&path).map_err(|reason| format!("{}: {}: {reason}", self.name, edit.path.display()))
        })
    }
}

impl Edit {
    fn apply(&self, path: &Path) -> Result<(), String> {
        let said = |error: io::Error| error.to_string();
        let (anchor, below) = match &self.place {
            Place::NewFile if path.exists() => return Err("the file is there already".to_owned()),
            Place::NewFile => {
                fs::create_dir_all(path.parent().unwrap_or(path)).map_err(said)?;
                return fs::write(path, &self.text).map_err(said);
            }
            Place::After(anchor) => (anchor, 1),
            Place::Before(anchor) => (anchor, 0),
        };
        let file = fs::read_to_string(path).map_err(said)?;
        let mut lines: Vec<String> = file.lines().map(str::to_owned).collect();
        let mut found = lines.iter().enumerate().filter(|(_, line)| line.trim() == anchor);
        let (Some((at, line)), None) = (found.next(), found.next()) else {
            return Err(format!("the line `{anchor}` is not there exactly once"));
        };
        let indentation = line[..line.len() - line.trim_start().len()].to_owned();
        let new =
            self.text.lines().map(|line| if line.is_empty() { String::new() } else { format!("{indentation}{line}") });
        let new: Vec<String> = new.collect();
        lines.splice(at + below..at + below, new);
        fs::write(path, lines.join("\n") + "\n").map_err(said)
    }
}

/// The outermost folder on the way to a file that is not there yet; the file itself where its folder is.
fn outermost_new<'a>(file: &'a Path, root: &Path) -> &'a Path {
    file.ancestors().take_while(|path| !root.join(path).exists()).last().unwrap_or(file)
}

/// The words of an info string; blanks between quotes are part of a word, the quotes are not.
fn words(info: &str) -> Vec<String> {
    let (mut words, mut quoted) = (vec![String::new()], false);
    for letter in info.trim().chars() {
        match letter {
            '"' => quoted = !quoted,
            ' ' if !quoted => words.push(String::new()),
            _ => words.last_mut().expect("there is a first word").push(letter),
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = "# A page\n\n```rust file=new/a.rs\nfn a() {}\n```\n\nThen\n\n\
        ```rust insert=list.rs after=\"// the list\"\na,\n```\n\n```toml\nonly = 'shown'\n```\n\n\
        ```sh check\ncargo check -p a\n```\n";

    #[test]
    fn blocks_are_files_insertions_checks_or_nothing() {
        let recipe = Recipe::read("a", PAGE).unwrap();
        let root = tempfile::tempdir().unwrap();
        assert_eq!(recipe.files(root.path()), [Path::new("list.rs"), Path::new("new")]);
        fs::create_dir(root.path().join("new")).unwrap();
        assert_eq!(recipe.files(root.path()), [Path::new("list.rs"), Path::new("new/a.rs")]);
        assert_eq!(recipe.edits[1].place, Place::After("// the list".to_owned()));
        assert_eq!(recipe.checks, [["cargo", "check", "-p", "a"]]);
    }

    #[test]
    fn a_recipe_is_followed_and_insertions_are_indented_like_their_neighbour() {
        let root = tempfile::tempdir().unwrap();
        fs::write(root.path().join("list.rs"), "{\n    // the list\n    b,\n}\n").unwrap();
        let recipe = Recipe::read("a", PAGE).unwrap();
        recipe.apply(root.path()).unwrap();
        assert_eq!(fs::read_to_string(root.path().join("list.rs")).unwrap(), "{\n    // the list\n    a,\n    b,\n}\n");
        assert_eq!(fs::read_to_string(root.path().join("new/a.rs")).unwrap(), "fn a() {}\n");
        assert!(recipe.apply(root.path()).unwrap_err().contains("there already"));
    }

    #[test]
    fn a_line_that_is_missing_or_doubled_is_told() {
        let root = tempfile::tempdir().unwrap();
        let page = "```rust insert=list.rs before=\"b,\"\na,\n```\n";
        for list in ["c,\n", "b,\nb,\n"] {
            fs::write(root.path().join("list.rs"), list).unwrap();
            let told = Recipe::read("a", page).unwrap().apply(root.path()).unwrap_err();
            assert_eq!(told, "a: list.rs: the line `b,` is not there exactly once");
        }
        assert!(Recipe::read("a", "```rust insert=list.rs\na,\n```\n").is_err());
    }
}
