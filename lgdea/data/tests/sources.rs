//! What holds for every source of studies: the tests walk all declared ones, each with the example in its folder.
//!
//! An example is the folder `src/source/<module>/example`: an `experiment.toml` that names the source, and the few files that
//! it reads, nothing of which is left out.
#![allow(clippy::unwrap_used, missing_docs)]

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::thread;
use std::time::Duration;

use lgdea_cache::Cache;
use lgdea_data::{Corpus, DataError, ImageStore, Known, Making, load};
use lgdea_spec::{Data, Resolved, Seed, json_schema};
use serde_json::Value;
use tempfile::TempDir;

const EXPERIMENT: &str = "experiment.toml";

/// A source with its example.
struct Example {
    /// In the `[data]` table.
    name: &'static str,
    /// Paths below the example's folder, with contents; sorted.
    files: Vec<(PathBuf, Vec<u8>)>,
}

macro_rules! declare {
    ($($name:literal => $module:ident: $settings:ident,)*) => {
        /// The examples of all sources, in their order.
        fn examples() -> Vec<Example> {
            vec![$(Example::read($name, stringify!($module))),*]
        }

        /// The settings of several sources as those of one experiment.
        fn joined(all: Vec<Data>) -> Data {
            let mut joined = Data::default();
            for data in all {
                $(joined.$module = data.$module.or(joined.$module);)*
            }
            joined
        }
    };
}

lgdea_spec::for_each_source!(declare);

impl Example {
    fn read(name: &'static str, module: &str) -> Example {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/source").join(module).join("example");
        let mut files = Vec::new();
        let mut folders = vec![folder.clone()];
        while let Some(below) = folders.pop() {
            let entries = fs::read_dir(&below).unwrap_or_else(|error| panic!("`{name}` has no example: {error}"));
            for path in entries.map(|entry| entry.unwrap().path()) {
                if path.is_dir() {
                    folders.push(path);
                } else {
                    files.push((path.strip_prefix(&folder).unwrap().to_owned(), fs::read(&path).unwrap()));
                }
            }
        }
        files.sort();
        Example { name, files }
    }

    /// Writes the files into a folder of their own, the last first on demand.
    fn written(&self, reversed: bool) -> TempDir {
        let folder = tempfile::tempdir().unwrap();
        let mut files: Vec<_> = self.files.iter().collect();
        if reversed {
            files.reverse();
        }
        for (name, content) in files {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, content).unwrap();
        }
        folder
    }

    /// The files that the source reads.
    fn inputs(&self) -> impl Iterator<Item = &(PathBuf, Vec<u8>)> {
        self.files.iter().filter(|(name, _)| name != Path::new(EXPERIMENT))
    }

    /// Keys of the settings that are paths.
    fn paths(&self) -> Vec<String> {
        fn walk(schema: &Value, key: &str, found: &mut Vec<String>) {
            if schema.get("x-path").is_some() {
                found.push(key.to_owned());
            }
            for (name, below) in schema.get("properties").and_then(Value::as_object).into_iter().flatten() {
                walk(below, &format!("{key}.{name}"), found);
            }
        }
        let mut found = Vec::new();
        walk(&json_schema()["properties"]["data"]["properties"][self.name], &format!("data.{}", self.name), &mut found);
        found
    }
}

fn settings(folder: &Path, overrides: &[String]) -> Data {
    Resolved::from_file(&folder.join(EXPERIMENT), overrides).unwrap().experiment.data
}

/// The studies of a folder's experiment, without the images that cannot be decoded.
fn read(folder: &Path, overrides: &[String]) -> Result<Corpus, DataError> {
    let mut corpus = load(&settings(folder, overrides), Seed(0), &|_, _| ())?;
    let making = Making { size: 8, threads: 1, progress: &|_, _| (), waiting: &|_| () };
    ImageStore::in_memory(&mut corpus, making)?;
    Ok(corpus)
}

/// What is told of a reading that went wrong: the error, or what was left out.
fn told(read: &Result<Corpus, DataError>) -> String {
    match read {
        Ok(corpus) => corpus.skipped.to_string(),
        Err(error) => error.to_string(),
    }
}

/// That a reading told of `what`, and, where it failed, what to do about it.
fn assert_tells(read: &Result<Corpus, DataError>, what: &str, case: &str) {
    let told = told(read);
    assert!(told.contains(what), "{case}: `{what}` is not named in `{told}`");
    assert!(read.is_ok() || told.contains("; "), "{case}: `{told}` does not say what to do");
}

#[test]
fn the_example_of_each_source_is_read_whole() {
    for example in examples() {
        let corpus =
            read(example.written(false).path(), &[]).unwrap_or_else(|error| panic!("{}: {error}", example.name));
        assert!(corpus.studies.len() > 1, "{}: an example has at least two studies", example.name);
        assert!(corpus.skipped.is_empty(), "{}: {}", example.name, corpus.skipped);
    }
}

#[test]
fn a_path_that_is_not_there_or_holds_nothing_is_named() {
    for example in examples() {
        let folder = example.written(false);
        let (absent, empty) = (folder.path().join("nowhere"), folder.path().join("void"));
        fs::create_dir(&empty).unwrap();
        let file = folder.path().join("file");
        fs::write(&file, "no folder, and no archive either").unwrap();
        for key in example.paths() {
            for path in [&absent, &file] {
                let failed = read(folder.path(), &[format!("{key}={}", path.display())]);
                assert!(failed.is_err(), "{key} = {}", path.display());
                assert_tells(&failed, &path.display().to_string(), &key);
            }
            let nothing = read(folder.path(), &[format!("{key}={}", empty.display())]);
            assert!(nothing.as_ref().map_or(true, |corpus| !corpus.skipped.is_empty()), "{key}: nothing is told");
            if nothing.is_err() {
                assert_tells(&nothing, &empty.display().to_string(), &key);
            }
        }
    }
}

#[test]
fn an_environment_variable_that_is_not_set_is_named_with_its_key() {
    for example in examples() {
        let folder = example.written(false);
        for key in example.paths() {
            let failed = read(folder.path(), &[format!("{key}=${{LGDEA_IS_NOT_SET}}/x")]);
            assert!(failed.is_err(), "{key}");
            assert_tells(&failed, "LGDEA_IS_NOT_SET", &key);
            assert_tells(&failed, &key, &key);
        }
    }
}

/// What makes a file that cannot be read of one that can.
type Break = fn(&Path);

#[test]
fn a_broken_file_is_named() {
    let breaks: [(&str, Break); 3] = [
        ("empty", |path| fs::write(path, "").unwrap()),
        ("not readable", |path| fs::write(path, [0xff, 0xfe, 0x00, 0x80, b'\n', 0xc3]).unwrap()),
        ("a folder", |path| {
            fs::remove_file(path).unwrap();
            fs::create_dir(path).unwrap();
        }),
    ];
    for example in examples() {
        for (file, _) in example.inputs() {
            for (how, break_it) in breaks {
                let folder = example.written(false);
                break_it(&folder.path().join(file));
                let case = format!("{}: {} is {how}", example.name, file.display());
                assert_tells(&read(folder.path(), &[]), &stem(file), &case);
            }
        }
    }
}

#[test]
fn a_missing_file_is_named_or_its_studies_are_not_there() {
    for example in examples() {
        let all = read(example.written(false).path(), &[]).unwrap().studies.len();
        for (file, _) in example.inputs() {
            let folder = example.written(false);
            fs::remove_file(folder.path().join(file)).unwrap();
            let rest = read(folder.path(), &[]);
            // A folder of reports does not say how many there should be.
            if rest.as_ref().map_or(true, |corpus| corpus.studies.len() == all) {
                assert_tells(&rest, &stem(file), &format!("{} without {}", example.name, file.display()));
            }
        }
    }
}

#[test]
fn a_file_with_its_first_line_alone_does_no_harm() {
    for example in examples() {
        for (file, content) in example.inputs() {
            let folder = example.written(false);
            let end = content.iter().position(|&byte| byte == b'\n').map_or(content.len(), |end| end + 1);
            fs::write(folder.path().join(file), &content[..end]).unwrap();
            let case = format!("{}: the first line of {}", example.name, file.display());
            let read = read(folder.path(), &[]);
            if read.is_err() {
                assert_tells(&read, &folder.path().display().to_string(), &case);
            }
        }
    }
}

#[test]
fn byte_order_marks_and_line_ends_do_not_matter() {
    for example in examples() {
        let digest = read(example.written(false).path(), &[]).unwrap().digest;
        for (file, content) in example.inputs() {
            let Ok(text) = std::str::from_utf8(content) else { continue };
            for (how, changed) in [("mark", format!("\u{feff}{text}")), ("ends", text.replace('\n', "\r\n"))] {
                let folder = example.written(false);
                fs::write(folder.path().join(file), changed).unwrap();
                let case = format!("{}: {how} of {}", example.name, file.display());
                let read = read(folder.path(), &[]);
                assert_eq!(told(&read), "", "{case}");
                assert_eq!(read.unwrap().digest, digest, "{case}");
            }
        }
    }
}

#[test]
fn the_digest_depends_on_the_content_alone() {
    for example in examples() {
        let expected = read(example.written(false).path(), &[]).unwrap();
        for (reversed, threads) in [(false, 3), (true, 1)] {
            let folder = example.written(reversed);
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            let corpus = pool.install(|| read(folder.path(), &[]).unwrap());
            assert_eq!(corpus.digest, expected.digest, "{}", example.name);
            let ids =
                |corpus: &Corpus| -> Vec<String> { corpus.studies.iter().map(|study| study.id.clone()).collect() };
            assert_eq!(ids(&corpus), ids(&expected), "{}", example.name);
        }
    }
}

#[test]
fn progress_reaches_its_total() {
    for example in examples() {
        let folder = example.written(false);
        let calls = Mutex::new(Vec::new());
        let progress = |done: usize, total: usize| calls.lock().unwrap().push((done, total));
        load(&settings(folder.path(), &[]), Seed(0), &progress).unwrap();
        let calls = calls.into_inner().unwrap();
        let total = calls.iter().map(|&(_, total)| total).max().unwrap_or_default();
        assert!(total > 0, "{} tells nothing of its progress", example.name);
        assert!(calls.iter().all(|&(done, of)| done <= of && of == total), "{}: {calls:?}", example.name);
        assert!(calls.contains(&(total, total)), "{}: {calls:?}", example.name);
    }
}

#[test]
fn several_sources_are_joined_in_the_order_of_the_list() {
    let folders: Vec<TempDir> = examples().iter().map(|example| example.written(false)).collect();
    let alone: Vec<Data> = folders.iter().map(|folder| settings(folder.path(), &[])).collect();
    let ids = |data: &Data| -> Vec<String> {
        load(data, Seed(0), &|_, _| ()).unwrap().studies.into_iter().map(|study| study.id).collect()
    };
    let expected: Vec<String> = alone.iter().flat_map(ids).collect();
    let joined = joined(alone);
    let names: Vec<&str> = examples().iter().map(|example| example.name).collect();
    assert_eq!(joined.name(), names.join("+"));
    assert_eq!(ids(&joined), expected);
}

/// A file's name without its extension, as data sets name images.
fn stem(file: &Path) -> String {
    file.file_stem().unwrap().to_string_lossy().into_owned()
}

/// Longer than a change of a file may go without a sign.
const SETTLED: Duration = Duration::from_millis(3100);

/// What is kept of data is true: it is what reading says, or nothing.
#[test]
fn what_is_known_of_data_never_outlives_a_change_of_a_file() {
    let examples = examples();
    let mut cases = Vec::new();
    for example in examples.iter().filter(|example| example.name != "phantom") {
        for (file, _) in example.inputs() {
            cases.extend(
                ["lengthen", "replace", "remove", "add", "nothing"]
                    .map(|change| (example, file, change, example.written(false))),
            );
        }
    }
    thread::sleep(SETTLED);
    let silent = |_: usize, _: usize| ();
    for (example, file, change, folder) in cases {
        let case = format!("{}: {change} {}", example.name, file.display());
        // Elsewhere: some sources list the folder of the data.
        let results = tempfile::tempdir().unwrap();
        let cache = Cache::of_results(results.path());
        let data = settings(folder.path(), &[]);
        assert_eq!(Known::kept(&data, Seed(0), &cache), None, "{case}");
        let (corpus, known) = Known::read(&data, Seed(0), &cache, &silent).unwrap();
        assert_eq!(Known::kept(&data, Seed(0), &cache).as_ref(), Some(&known), "{case}");
        assert_eq!((&known.digest, known.studies), (&corpus.digest, corpus.studies.len()), "{case}");
        assert_eq!(Known::kept(&data, Seed(1), &cache), None, "{case}: another seed");
        let path = folder.path().join(file);
        let mut content = fs::read(&path).unwrap();
        match change {
            "lengthen" => fs::write(&path, [content.as_slice(), b"\n"].concat()).unwrap(),
            "replace" => {
                // Another digit in the place of the last keeps the size, and here the time, too.
                let modified = fs::metadata(&path).unwrap().modified().unwrap();
                let digit = content.iter().rposition(u8::is_ascii_digit).unwrap_or(0);
                content[digit] = if content[digit] == b'1' { b'0' } else { b'1' };
                fs::write(&path, &content).unwrap();
                fs::File::options().write(true).open(&path).unwrap().set_modified(modified).unwrap();
            }
            "remove" => fs::remove_file(&path).unwrap(),
            "add" => fs::copy(&path, path.with_file_name(format!("0{}", file.file_name().unwrap().display())))
                .map(drop)
                .unwrap(),
            _ => {}
        }
        let now = load(&data, Seed(0), &silent).map(|corpus| Known::of(&corpus)).ok();
        if let Some(kept) = Known::kept(&data, Seed(0), &cache) {
            assert_eq!(Some(kept), now, "{case}");
            assert!(matches!(change, "add" | "nothing"), "{case}: a file that was read is another");
        } else {
            assert_ne!(change, "nothing", "{case}");
        }
    }
}
