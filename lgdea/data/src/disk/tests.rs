//! What is noted of a piece of work, and what of it is still true later.

use std::fs::{self, File};
use std::path::Path;
use std::thread;
use std::time::Duration;

use rayon::prelude::*;

use super::*;

/// Longer than a change may go without a sign.
const SETTLED: Duration = Duration::from_millis(3100);

/// Everything below a folder as a source may ask for it.
fn ask(folder: &Path) {
    let names = ["a", "b", "absent", "below/c", "a/d"];
    names.par_iter().for_each(|name| {
        let _ = read(&folder.join(name));
    });
    let _ = list(folder);
    let _ = list(&folder.join("below"));
    let _ = list(&folder.join("absent"));
    assert!(exists(&folder.join("b")) && is_file(&folder.join("b")) && is_folder(&folder.join("below")));
}

fn make(folder: &Path) {
    fs::create_dir(folder.join("below")).unwrap();
    fs::create_dir(folder.join("aside")).unwrap();
    for name in ["a", "b", "below/c"] {
        fs::write(folder.join(name), "content").unwrap();
    }
}

fn asked(folder: &Path) -> Option<Asked> {
    noted(|| ask(folder)).unwrap().1
}

/// Gives a file another content of the same size and the time of the one before.
fn replace_unseen(path: &Path, by_renaming: bool) {
    let modified = fs::metadata(path).unwrap().modified().unwrap();
    let written = if by_renaming { path.with_extension("new") } else { path.to_owned() };
    fs::write(&written, "CONTENT").unwrap();
    File::options().write(true).open(&written).unwrap().set_modified(modified).unwrap();
    fs::rename(written, path).unwrap();
}

#[test]
fn every_change_of_what_was_asked_shows_and_no_other_does() {
    type Change = (&'static str, bool, fn(&Path));
    let changes: [Change; 15] = [
        ("nothing", true, |_| ()),
        ("what nobody asked for", true, |folder| fs::write(folder.join("aside/new"), "content").unwrap()),
        ("other content of another size", false, |folder| fs::write(folder.join("a"), "more content").unwrap()),
        ("other content of the same size", false, |folder| fs::write(folder.join("a"), "CONTENT").unwrap()),
        ("other content, size and time the same", false, |folder| replace_unseen(&folder.join("a"), false)),
        ("another file, size and time the same", false, |folder| replace_unseen(&folder.join("a"), true)),
        ("a file below, size and time the same", false, |folder| replace_unseen(&folder.join("below/c"), true)),
        ("a file removed", false, |folder| fs::remove_file(folder.join("b")).unwrap()),
        ("a file that was not there", false, |folder| fs::write(folder.join("absent"), "").unwrap()),
        ("a folder that was not there", false, |folder| fs::create_dir(folder.join("absent")).unwrap()),
        ("a file that is a folder now", false, |folder| {
            fs::remove_file(folder.join("b")).unwrap();
            fs::create_dir(folder.join("b")).unwrap();
        }),
        ("a file added to a folder", false, |folder| fs::write(folder.join("below/e"), "").unwrap()),
        ("a file renamed", false, |folder| fs::rename(folder.join("below/c"), folder.join("below/f")).unwrap()),
        ("the folder renamed and made again", false, |folder| {
            fs::rename(folder.join("below"), folder.join("before")).unwrap();
            fs::create_dir(folder.join("below")).unwrap();
            fs::write(folder.join("below/c"), "content").unwrap();
        }),
        ("two files change places", false, |folder| {
            fs::rename(folder.join("a"), folder.join("x")).unwrap();
            fs::rename(folder.join("b"), folder.join("a")).unwrap();
            fs::rename(folder.join("x"), folder.join("b")).unwrap();
        }),
    ];
    let folders: Vec<_> = changes.iter().map(|_| tempfile::tempdir().unwrap()).collect();
    for folder in &folders {
        make(folder.path());
    }
    thread::sleep(SETTLED);
    for ((what, same, change), folder) in changes.iter().zip(&folders) {
        let asked = asked(folder.path()).unwrap_or_else(|| panic!("{what}: can be asked again"));
        assert!(asked.is_still_true(), "{what}");
        change(folder.path());
        assert_eq!(asked.is_still_true(), *same, "{what}");
    }
}

#[test]
fn what_changed_just_now_is_not_kept() {
    let folder = tempfile::tempdir().unwrap();
    make(folder.path());
    assert!(asked(folder.path()).is_none(), "it might change again without a sign");
    thread::sleep(SETTLED);
    assert!(asked(folder.path()).is_some());
    // A time that is set to long ago is no proof.
    replace_unseen(&folder.path().join("a"), false);
    assert!(asked(folder.path()).is_none());
}

#[test]
fn what_changed_while_it_was_read_is_not_true() {
    let folder = tempfile::tempdir().unwrap();
    make(folder.path());
    thread::sleep(SETTLED);
    let path = folder.path().join("a");
    // Before it is read, after it is noted.
    let ((), asked) = noted(|| {
        note_what(&path);
        fs::write(&path, "CONTENT").unwrap();
    })
    .unwrap();
    assert!(!asked.unwrap().is_still_true());
    // Twice within one reading.
    let ((), asked) = noted(|| {
        let _ = what(&folder.path().join("b"));
        fs::remove_file(folder.path().join("b")).unwrap();
        let _ = what(&folder.path().join("b"));
    })
    .unwrap();
    assert!(asked.is_none());
}

#[test]
fn what_could_not_be_read_is_not_kept() {
    let folder = tempfile::tempdir().unwrap();
    make(folder.path());
    thread::sleep(SETTLED);
    let ((), asked) = noted(|| drop(read(&folder.path().join("below")))).unwrap();
    assert!(asked.is_none(), "a folder is no file");
    let ((), asked) = noted(|| drop(list(&folder.path().join("a")))).unwrap();
    assert!(asked.is_some(), "that a file is no folder is as good an answer as any");
    let ((), asked) = noted(|| drop(what(Path::new("a\0b")))).unwrap();
    assert!(asked.is_none(), "no path");
}

#[cfg(unix)]
#[test]
fn a_link_is_what_it_leads_to() {
    let folder = tempfile::tempdir().unwrap();
    make(folder.path());
    let link = folder.path().join("link");
    std::os::unix::fs::symlink(folder.path().join("a"), &link).unwrap();
    thread::sleep(SETTLED);
    let ((), asked) = noted(|| drop(read(&link))).unwrap();
    let asked = asked.unwrap();
    assert!(asked.is_still_true());
    fs::remove_file(&link).unwrap();
    std::os::unix::fs::symlink(folder.path().join("b"), &link).unwrap();
    assert!(!asked.is_still_true());
}

#[test]
fn variables_are_asked_for_too() {
    let ((), asked) = noted(|| drop(expand("$PATH/x"))).unwrap();
    let asked = asked.unwrap();
    assert!(asked.is_still_true() && !asked.names_files());
    let ((), asked) = noted(|| drop(expand("$LGDEA_IS_NOT_SET/x"))).unwrap();
    assert!(asked.is_none());
    let text = serde_json::to_string(&noted(|| drop(expand("$PATH/x"))).unwrap().1).unwrap();
    let moved: Asked = serde_json::from_str(&text.replace("$PATH", "$HOME")).unwrap();
    assert!(!moved.is_still_true());
}

#[test]
fn pieces_of_work_do_not_mix() {
    let folder = tempfile::tempdir().unwrap();
    make(folder.path());
    thread::sleep(SETTLED);
    let ((), outer) = noted(|| {
        let ((), inner) = noted(|| drop(read(&folder.path().join("a")))).unwrap();
        assert!(inner.unwrap().names_files());
    })
    .unwrap();
    assert!(!outer.unwrap().names_files());
    drop(read(&folder.path().join("a")));
}

/// What asks the disk elsewhere would be missing among the notes, and what is kept would go stale.
#[test]
fn data_are_read_through_this_module_alone() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let files = ["corpus.rs", "error.rs", "examination.rs", "folder.rs", "json.rs", "split.rs"];
    let mut places: Vec<PathBuf> = files.map(|name| source.join(name)).into();
    let mut folders: Vec<PathBuf> = ["source", "table", "mask"].map(|name| source.join(name)).into();
    while let Some(folder) = folders.pop() {
        for Entry { path, is_folder } in entries(&folder).unwrap() {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            match (is_folder, name.as_str()) {
                (true, "example" | "tests") | (false, "tests.rs") => {}
                (true, _) => folders.push(path),
                (false, _) => places.extend(Some(path).filter(|path| path.extension().is_some_and(|end| end == "rs"))),
            }
        }
    }
    assert!(places.len() > 40, "{}", places.len());
    let asking = [
        "fs::",
        "File::",
        ".exists()",
        ".is_file()",
        ".is_dir()",
        ".metadata()",
        ".try_exists()",
        ".read_dir()",
        ".canonicalize()",
        "expand_env(",
        "env::var",
        ".is_symlink()",
        ".read_link()",
    ];
    for path in places {
        let text = fs::read_to_string(&path).unwrap();
        let code = text.split("#[cfg(test)]").next().unwrap();
        for (line, said) in code.lines().enumerate() {
            let is_asked = asking.iter().find(|asking| said.contains(**asking));
            let is_allowed = said.contains("entry_type()") || said.contains(" file.is_file()");
            assert!(is_asked.is_none() || is_allowed, "{}:{}: `{said}` belongs into disk", path.display(), line + 1);
        }
    }
}
