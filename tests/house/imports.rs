//! Which file of a crate imports from which, as their `use crate::` and `use super::` lines say.

use std::collections::{BTreeMap, BTreeSet};

use crate::source::Source;

/// A path of modules below a crate's root: `["view", "latex"]`.
type Path = Vec<String>;

/// A crate's files by their modules.
struct Crate<'a> {
    files: BTreeMap<Path, &'a Source>,
    /// What each module hands on with `pub use`: name → path.
    exports: BTreeMap<Path, BTreeMap<String, Path>>,
}

/// Sets of files that import each other, each in the order of their paths; without those that say why.
pub(crate) fn circles(sources: &[Source]) -> Vec<Vec<&str>> {
    let mut crates: BTreeMap<&str, BTreeMap<Path, &Source>> = BTreeMap::new();
    for source in sources {
        if let Some((name, file)) = source.path.split_once("/src/")
            && !file.starts_with("bin/")
        {
            crates.entry(name).or_default().insert(module(file), source);
        }
    }
    crates.into_values().flat_map(|files| Crate::new(files).circles()).collect()
}

/// The module that a file below `src/` holds.
fn module(file: &str) -> Path {
    let mut path: Path = file.trim_end_matches(".rs").split('/').map(str::to_owned).collect();
    if matches!(path.last().map(String::as_str), Some("mod" | "lib" | "main")) {
        path.pop();
    }
    path
}

impl<'a> Crate<'a> {
    fn new(files: BTreeMap<Path, &'a Source>) -> Self {
        let mut found = Self { files, exports: BTreeMap::new() };
        for (module, source) in &found.files {
            let mut exports = BTreeMap::new();
            for (is_export, item) in uses(&source.code()) {
                if is_export && let (Some(name), Some(path)) = (item.last().cloned(), found.absolute(module, &item)) {
                    exports.insert(name, path);
                }
            }
            found.exports.insert(module.clone(), exports);
        }
        found
    }

    /// A path from the crate's root; `None` for one into another crate.
    fn absolute(&self, module: &Path, item: &[String]) -> Option<Path> {
        let (first, rest) = item.split_first()?;
        match first.as_str() {
            "crate" => Some(rest.to_vec()),
            "self" => Some([module, rest].concat()),
            "super" => {
                let parent = module.split_last()?.1.to_vec();
                if rest.first().is_some_and(|next| next == "super") {
                    self.absolute(&parent, rest)
                } else {
                    Some([&parent, rest].concat())
                }
            }
            _ => {
                let child = [&module[..], std::slice::from_ref(first)].concat();
                self.files.contains_key(&child).then(|| [module, item].concat())
            }
        }
    }

    /// The module whose file an imported item stands in.
    fn home(&self, item: &Path) -> Path {
        let depth = (0..=item.len()).rev().find(|&depth| self.files.contains_key(&item[..depth])).unwrap_or(0);
        let (module, rest) = item.split_at(depth);
        let handed_on = rest.first().and_then(|name| self.exports.get(module)?.get(name));
        match handed_on {
            Some(path) if path != item => self.home(path),
            _ => module.to_vec(),
        }
    }

    /// The modules that a module imports from, without its own parts.
    fn imports(&self, module: &Path) -> BTreeSet<Path> {
        let uses = uses(&self.files[module].code());
        let items = uses.iter().filter_map(|(_, item)| self.absolute(module, item));
        items.map(|item| self.home(&item)).filter(|home| !home.starts_with(module)).collect()
    }

    fn circles(&self) -> Vec<Vec<&'a str>> {
        let imports: BTreeMap<&Path, BTreeSet<Path>> =
            self.files.keys().map(|module| (module, self.imports(module))).collect();
        let reached: BTreeMap<&Path, BTreeSet<&Path>> =
            self.files.keys().map(|module| (module, reached(&imports, module))).collect();
        let circle = |module: &Path| -> BTreeSet<&'a str> {
            let others = reached[module].iter().filter(|other| reached[*other].contains(module));
            others.map(|other| self.files[*other].path.as_str()).collect()
        };
        let all: BTreeSet<BTreeSet<&str>> = self.files.keys().map(circle).filter(|files| !files.is_empty()).collect();
        let says_why =
            |path: &&str| self.files.values().any(|source| source.path == **path && source.header().contains("circle"));
        all.into_iter().filter(|files| !files.iter().any(says_why)).map(|files| files.into_iter().collect()).collect()
    }
}

/// All modules that imports lead to from a module; itself if they lead back.
fn reached<'b>(imports: &'b BTreeMap<&Path, BTreeSet<Path>>, from: &'b Path) -> BTreeSet<&'b Path> {
    let (mut found, mut open) = (BTreeSet::new(), vec![from]);
    while let Some(module) = open.pop() {
        open.extend(imports[module].iter().filter(|next| found.insert(*next)));
    }
    found
}

/// The items of all `use` declarations of a file, and whether each is handed on (`pub use`).
fn uses(code: &str) -> Vec<(bool, Path)> {
    let mut found = Vec::new();
    for declaration in code.split(';') {
        let start = declaration.rfind("\nuse ").map(|at| at + 1).or(declaration.starts_with("use ").then_some(0));
        let (exports, tree) = match (start, declaration.rfind("\npub")) {
            (Some(start), _) => (false, &declaration[start + 4..]),
            (None, Some(start)) => match declaration[start..].split_once(" use ") {
                Some((visibility, tree)) if !visibility.contains(['{', '=']) => (true, tree),
                _ => continue,
            },
            (None, None) => continue,
        };
        let tree: String = tree.split_whitespace().collect::<Vec<_>>().join(" ");
        expand(&[], &tree, &mut |item| found.push((exports, item)));
    }
    found
}

/// The paths of a tree such as `crate::{a::B, c::{D, E as F}}`.
fn expand(before: &[String], tree: &str, take: &mut impl FnMut(Path)) {
    let tree = tree.trim();
    if let Some((path, branches)) = tree.split_once('{') {
        let before = [before, &segments(path)].concat();
        for branch in split(branches.trim_end().trim_end_matches('}')) {
            expand(&before, branch, take);
        }
    } else if !tree.is_empty() {
        let path = tree.split(" as ").next().unwrap_or_default();
        let mut item = [before, &segments(path)].concat();
        item.pop_if(|last| last == "self" || last == "*");
        take(item);
    }
}

fn segments(path: &str) -> Path {
    path.split("::").map(str::trim).filter(|segment| !segment.is_empty()).map(str::to_owned).collect()
}

/// The branches of a tree, split at the commas that stand in no inner braces.
fn split(branches: &str) -> Vec<&str> {
    let (mut depth, mut start, mut found) = (0_usize, 0, Vec::new());
    for (at, character) in branches.char_indices() {
        match character {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => {
                found.push(&branches[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    found.push(&branches[start..]);
    found
}

#[test]
fn trees_of_imports_are_read() {
    let read = |code: &str| uses(code).into_iter().map(|(_, item)| item.join("::")).collect::<Vec<_>>();
    assert_eq!(read("use crate::{a::B, c::{self, D as E}};\n"), ["crate::a::B", "crate::c", "crate::c::D"]);
    assert_eq!(read("mod x;\n\npub(crate) use x::Y;\n"), ["x::Y"]);
}

#[test]
fn a_circle_is_found_through_what_the_root_hands_on_unless_a_file_says_why() {
    let source = |path: &str, text: &str| Source { path: path.to_owned(), text: text.to_owned() };
    let files = |header: &str| {
        [
            source("lgdea/x/src/lib.rs", "//! X.\nmod a;\nmod b;\nmod c;\npub use a::A;\n"),
            source("lgdea/x/src/a.rs", &format!("{header}\nuse crate::b::B;\n")),
            source("lgdea/x/src/b.rs", "//! B.\nuse crate::A;\n"),
            source("lgdea/x/src/c.rs", "//! C.\nuse crate::A;\n"),
        ]
    };
    assert_eq!(circles(&files("//! A.")), [["lgdea/x/src/a.rs", "lgdea/x/src/b.rs"]]);
    assert_eq!(circles(&files("//! A, in a circle with B.")), Vec::<Vec<&str>>::new());
}
