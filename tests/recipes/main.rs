//! Every recipe of `docs/adding` is short, names few files, and works when it is followed.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use lgdea_recipes::Recipe;

/// Most hand-written files that anything may need to be added.
const FILES: usize = 3;
/// Most lines of a page: a screen.
const LINES: usize = 80;

fn sources() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn recipes() -> Vec<Recipe> {
    let pages = fs::read_dir(sources().join("docs/adding")).unwrap().map(|entry| entry.unwrap().path());
    let mut pages: Vec<PathBuf> = pages.filter(|path| path.file_name() != Some(OsStr::new("README.md"))).collect();
    pages.sort();
    let read = |page: &PathBuf| {
        Recipe::read(page.file_stem().unwrap().to_str().unwrap(), &fs::read_to_string(page).unwrap()).unwrap()
    };
    pages.iter().map(read).collect()
}

/// Copies the sources, without what was built or is hidden.
fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let (name, path) = (entry.file_name(), entry.path());
        if name.to_string_lossy().starts_with('.') || ["target", "results"].contains(&&*name.to_string_lossy()) {
            continue;
        }
        if entry.file_type().unwrap().is_dir() {
            copy(&path, &to.join(name));
        } else {
            fs::copy(&path, to.join(name)).unwrap();
        }
    }
}

/// Gives the crates of a copy a version of their own. cargo tells crates apart by name and version, wherever they lie: what
/// is built of a copy would else be taken for the real crates, whose target folder it shares.
fn version_apart(root: &Path) {
    let manifest = root.join("Cargo.toml");
    let text = fs::read_to_string(&manifest).unwrap();
    let version = format!("version = \"{}\"", env!("CARGO_PKG_VERSION"));
    assert_eq!(text.matches(&format!("\n{version}\n")).count(), 1, "the version of the workspace");
    let apart = version.trim_end_matches('"').to_owned() + "+recipe\"";
    fs::write(&manifest, text.replace(&format!("\n{version}\n"), &format!("\n{apart}\n"))).unwrap();
}

#[test]
fn recipes_are_short_and_name_few_files() {
    for recipe in recipes() {
        let (name, files) = (&recipe.name, recipe.files(&sources()));
        assert!((1..=FILES).contains(&files.len()), "{name} names {files:?}");
        assert!(recipe.lines <= LINES, "{name} has {} lines", recipe.lines);
        assert!(recipe.checks.iter().all(|check| check[0] == "cargo"), "{name} checks by something else than cargo");
        assert!(!recipe.checks.is_empty(), "{name} says no command that shows that it works");
    }
}

#[test]
fn recipes_fit_the_sources() {
    for recipe in recipes() {
        let root = tempfile::tempdir().unwrap();
        copy(&sources(), root.path());
        recipe.apply(root.path()).unwrap();
    }
}

/// `LGDEA_TEST_RECIPES` is a target folder, best the one that this test was built into: crates from the registry are not
/// built again. A recipe's copy of the sources lies at the same place every time, so that what is built of it is replaced.
#[test]
fn what_recipes_add_compiles() {
    let Some(target) = std::env::var_os("LGDEA_TEST_RECIPES").map(PathBuf::from) else {
        println!("skipped: LGDEA_TEST_RECIPES is not set");
        return;
    };
    for recipe in recipes() {
        let root = target.join("recipes").join(&recipe.name);
        if root.exists() {
            fs::remove_dir_all(&root).unwrap();
        }
        copy(&sources(), &root);
        version_apart(&root);
        recipe.apply(&root).unwrap();
        for check in &recipe.checks {
            let cargo = Command::new(env!("CARGO"))
                .args(&check[1..])
                .current_dir(&root)
                .env("CARGO_TARGET_DIR", &target)
                .env("CARGO_NET_OFFLINE", "true")
                .output()
                .unwrap();
            let said = String::from_utf8_lossy(&cargo.stderr);
            assert!(cargo.status.success(), "{}: `{}` failed:\n{said}", recipe.name, check.join(" "));
        }
    }
}
