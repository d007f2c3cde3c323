//! Image stores: what is kept, what is left out, and what is never believed.

use std::fs;

use image::{GrayImage, Luma};

use lgdea_spec::{Data, Seed};

use super::*;
use crate::{Known, Report, Split, load, standardise, test_data};

fn study(id: &str, image: Option<&Path>, report: Option<&str>) -> Study {
    Study {
        image: image.map(|path| Picture::file_at(path.into())),
        report: report.and_then(Report::parse),
        ..Study::new(id, id, Split::Train)
    }
}

fn making(size: usize, threads: usize) -> Making<'static> {
    Making { size, threads, progress: &|_, _| (), waiting: &|_| () }
}

fn corpus(studies: Vec<Study>) -> Corpus {
    Corpus { studies, skipped: Skipped::default(), digest: String::new(), divisions: String::new() }
}

#[test]
fn unreadable_images_are_counted_and_their_reports_kept() {
    let folder = tempfile::tempdir().unwrap();
    let save = |name: &str, grey| {
        let path = folder.path().join(name);
        GrayImage::from_pixel(10, 10, Luma([grey])).save(&path).unwrap();
        path
    };
    let (first, last) = (save("a.png", 10), save("b.png", 20));
    let broken = folder.path().join("c.png");
    std::fs::write(&broken, "no image").unwrap();
    let mut corpus = corpus(vec![
        study("first", Some(&first), None),
        study("gone", Some(&broken), None),
        study("text", None, Some("clear")),
        study("kept", Some(&broken), Some("clear")),
        study("last", Some(&last), Some("clear")),
    ]);
    let (store, skipped) = ImageStore::in_memory(&mut corpus, making(4, 2)).unwrap();
    let ids: Vec<&str> = corpus.studies.iter().map(|study| study.id.as_str()).collect();
    assert_eq!(ids, ["first", "text", "kept", "last"]);
    assert_eq!((store.len(), store.size()), (2, 4));
    assert_eq!(store.pixels(0), Some([10; 16].as_slice()));
    assert_eq!((store.pixels(1), store.frame(2), store.pixels(9)), (None, None, None));
    assert_eq!(store.pixels(3), Some([20; 16].as_slice()));
    assert_eq!(skipped.count(SkipReason::UnreadableImage), 2);
    assert_eq!(skipped.count(SkipReason::NothingLeft), 1);
    assert_eq!(corpus.skipped, skipped);
}

#[test]
fn no_readable_image_is_an_error() {
    let mut corpus = corpus(vec![study("a", Some(Path::new("absent.png")), Some("clear"))]);
    let error = ImageStore::in_memory(&mut corpus, making(4, 0)).unwrap_err();
    assert!(error.to_string().contains("1 × image file not found (absent.png)"), "{error}");
    for size in [0, usize::MAX] {
        assert!(matches!(ImageStore::in_memory(&mut corpus, making(size, 0)), Err(DataError::ImageSize { .. })));
    }
}

#[test]
fn a_corpus_without_images_has_an_empty_store() {
    let (store, _) = ImageStore::in_memory(&mut corpus(vec![study("a", None, Some("clear"))]), making(4, 0)).unwrap();
    assert!(store.is_empty());
}

#[test]
fn the_result_does_not_depend_on_threads() {
    let phantom = lgdea_spec::Phantom { studies: 30, validation: 0, test: 0, seed: Seed(1) };
    let data = Data { phantom: Some(phantom), ..Data::default() };
    let build = |threads| {
        let mut corpus = load(&data, Seed(0), &|_, _| ()).unwrap();
        let calls = AtomicUsize::new(0);
        let count = |_, total| {
            calls.fetch_add(1, Ordering::Relaxed);
            assert_eq!(total, 30);
        };
        let (store, _) =
            ImageStore::in_memory(&mut corpus, Making { progress: &count, ..making(32, threads) }).unwrap();
        assert_eq!(calls.into_inner(), 30);
        (0..30).map(|study| store.pixels(study).unwrap().to_vec()).collect::<Vec<_>>()
    };
    assert_eq!(build(1), build(3));
}

#[test]
fn the_real_mini_corpus_is_stored() {
    let Some(root) = test_data::root() else { return };
    let Ok(entries) = std::fs::read_dir(root.join("cxr_mini/images/nih")) else { panic!("no images") };
    let paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    let studies = paths.iter().map(|path| study(&path.display().to_string(), Some(path), None)).collect();
    let mut corpus = corpus(studies);
    let (store, skipped) = ImageStore::in_memory(&mut corpus, making(64, 0)).unwrap();
    assert_eq!((store.len(), skipped.total()), (paths.len(), 0), "{skipped}");
    for study in 0..store.len() {
        let spread = standardise(store.pixels(study).unwrap()).iter().filter(|&&pixel| pixel.abs() < 1.5).count();
        assert!(spread > 1_000, "{}", corpus.studies[study].id);
    }
}

/// Two images, one that is broken and one that is missing.
fn mixed(folder: &Path) -> Vec<Study> {
    let paths = ["a.png", "b.png", "broken.png", "missing.png"].map(|name| folder.join(name));
    for (path, grey) in paths.iter().zip([10, 20]) {
        GrayImage::from_pixel(6, 3, Luma([grey])).save(path).unwrap();
    }
    fs::write(&paths[2], "no image").unwrap();
    let [a, b, broken, missing] = &paths;
    vec![
        study("a", Some(a), None),
        study("broken", Some(broken), Some("clear")),
        study("missing", Some(missing), Some("clear")),
        study("b", Some(b), None),
    ]
}

#[test]
fn what_the_cache_has_is_what_was_made_and_nothing_is_drawn_again() {
    let folder = tempfile::tempdir().unwrap();
    let cache = Cache::of_results(folder.path());
    let drawn = AtomicUsize::new(0);
    let count = |_, _| {
        drawn.fetch_add(1, Ordering::Relaxed);
    };
    let making = Making { progress: &count, ..making(6, 1) };
    let mut in_memory = corpus(mixed(folder.path()));
    let (expected, left_out) = ImageStore::in_memory(&mut in_memory, making).unwrap();
    for round in 1..4 {
        let mut corpus = corpus(mixed_again(folder.path()));
        let (store, skipped) = ImageStore::open(&mut corpus, making, &cache).unwrap();
        assert_eq!(drawn.load(Ordering::Relaxed), 8, "round {round}: drawn once in memory, once into the cache");
        assert_eq!((&corpus.studies, &corpus.skipped), (&in_memory.studies, &in_memory.skipped));
        assert_eq!((&skipped, store.len()), (&left_out, 2));
        for study in 0..corpus.studies.len() {
            assert_eq!(store.pixels(study), expected.pixels(study));
            assert_eq!(store.frame(study), expected.frame(study));
        }
    }
}

/// The studies of [`mixed`] without touching their files.
fn mixed_again(folder: &Path) -> Vec<Study> {
    ["a", "broken", "missing", "b"]
        .map(|id| {
            let report = matches!(id, "broken" | "missing").then_some("clear");
            study(id, Some(&folder.join(format!("{id}.png"))), report)
        })
        .into()
}

#[test]
fn a_changed_file_another_size_and_a_torn_store_are_made_anew() {
    let folder = tempfile::tempdir().unwrap();
    let cache = Cache::of_results(folder.path());
    let first = |size| {
        let mut corpus = corpus(mixed_again(folder.path()));
        let (store, _) = ImageStore::open(&mut corpus, making(size, 1), &cache).unwrap();
        store.pixels(0).unwrap()[size * size / 2]
    };
    mixed(folder.path());
    assert_eq!([first(6), first(4)], [10, 10]);
    let path = folder.path().join("a.png");
    GrayImage::from_pixel(6, 3, Luma([90])).save(&path).unwrap();
    let later = fs::metadata(&path).unwrap().modified().unwrap() + std::time::Duration::from_secs(1);
    fs::File::open(&path).unwrap().set_modified(later).unwrap();
    assert_eq!(first(6), 90);

    for entry in fs::read_dir(folder.path().join("cache/images")).unwrap() {
        let path = entry.unwrap().path();
        let length = fs::metadata(&path).unwrap().len();
        fs::File::options().write(true).open(path).unwrap().set_len(length - 3).unwrap();
    }
    assert_eq!(first(6), 90);
}

/// Gives and takes the right to read a file; whether that does anything, which for root it does not.
#[cfg(unix)]
fn allow(path: &Path, mode: u32) -> bool {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    fs::read(path).is_ok() == (mode != 0)
}

#[cfg(unix)]
#[test]
fn what_may_not_be_read_is_said_and_never_kept() {
    let folder = tempfile::tempdir().unwrap();
    let cache = Cache::of_results(folder.path());
    mixed(folder.path());
    let secret = folder.path().join("b.png");
    if !allow(&secret, 0) {
        return;
    }
    let drawn = AtomicUsize::new(0);
    let count = |_, _| {
        drawn.fetch_add(1, Ordering::Relaxed);
    };
    let making = Making { progress: &count, ..making(6, 1) };
    let open = || {
        let mut corpus = corpus(mixed_again(folder.path()));
        let (store, skipped) = ImageStore::open(&mut corpus, making, &cache).unwrap();
        (store.len(), skipped.count(SkipReason::ForbiddenImage), skipped.to_string())
    };
    for _ in 0..2 {
        let (readable, forbidden, said) = open();
        assert_eq!((readable, forbidden), (1, 1));
        assert!(said.contains("cannot be read: permission denied"), "{said}");
    }
    assert_eq!(drawn.load(Ordering::Relaxed), 4, "what is there is not drawn again while nothing has changed");
    allow(&secret, 0o644);
    assert_eq!(open().0, 2);
    assert_eq!(open().0, 2);
    assert_eq!(drawn.load(Ordering::Relaxed), 8);
}

#[test]
fn a_failure_to_read_that_has_passed_is_not_believed() {
    let folder = tempfile::tempdir().unwrap();
    mixed(folder.path());
    let cache = Cache::of_results(folder.path());
    let studies = || corpus(mixed_again(folder.path()));
    let path = cache.path(Stage::Images, &Known::of(&studies()).store_key(6).unwrap());
    for reason in [SkipReason::MissingImage, SkipReason::ForbiddenImage, SkipReason::FailedImage] {
        // As a process writes it for which the disk failed at the last image.
        ImageStore::open(&mut studies(), making(6, 1), &cache).unwrap();
        let mut bytes = fs::read(&path).unwrap();
        let footer = bytes.split_off(2 * 36);
        let footer = String::from_utf8_lossy(&footer[..footer.len() - 16]).into_owned();
        let mut footer: serde_json::Value = serde_json::from_str(&footer).unwrap();
        footer["results"][3] = serde_json::json!({ "Err": reason });
        let footer = footer.to_string();
        bytes.truncate(36);
        bytes.extend(footer.as_bytes());
        bytes.extend((footer.len() as u64).to_le_bytes());
        bytes.extend(b"lgdea1im");
        fs::write(&path, bytes).unwrap();
        let (store, skipped) = ImageStore::open(&mut studies(), making(6, 1), &cache).unwrap();
        assert_eq!((store.len(), skipped.count(SkipReason::UnreadableImage)), (2, 1), "{reason:?}");
    }
}

#[test]
fn percentiles_are_part_of_the_key() {
    let picture = |percentiles| Picture::File(crate::ImageFile { path: "a.png".into(), percentiles });
    let key = |percentiles| file::images(&[&picture(percentiles)]);
    assert_ne!(key([0.5, 99.5]), key([0.0, 100.0]));
    assert_eq!(key([0.5, 99.5]), file::images(&[&Picture::file_at("a.png".into())]));
}

#[test]
fn without_a_cache_that_can_be_written_images_are_made_in_memory() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("cache"), "a file where the folder should be").unwrap();
    mixed(folder.path());
    let mut corpus = corpus(mixed_again(folder.path()));
    let (store, _) = ImageStore::open(&mut corpus, making(6, 1), &Cache::of_results(folder.path())).unwrap();
    assert_eq!(store.len(), 2);
}

#[test]
fn radiographs_in_dicom_files_are_stored_and_broken_ones_counted() {
    let folder = tempfile::tempdir().unwrap();
    let whole = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/dicom/rle-12.dcm");
    let bytes = fs::read(&whole).unwrap();
    let save = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        fs::write(&path, bytes).unwrap();
        path
    };
    // The name does not matter; what is in the file does.
    let (unnamed, half) = (save("1.2.840.1", &bytes), save("half.dcm", &bytes[..bytes.len() / 2]));
    let pointer = save("pointer.dcm", b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 9\n");
    let (report, text) = (save("report.dcm", &bytes[..600]), save("text.dcm", b"no radiograph"));
    let missing = folder.path().join("missing.dcm");
    let paths = [&whole, &unnamed, &half, &pointer, &report, &text, &missing];
    let studies = paths.iter().map(|path| study(&path.display().to_string(), Some(path), Some("clear"))).collect();
    let mut corpus = corpus(studies);
    let (store, skipped) = ImageStore::in_memory(&mut corpus, making(40, 2)).unwrap();
    assert_eq!(store.pixels(0), store.pixels(1));
    let frame = store.frame(0).unwrap();
    assert_eq!((store.len(), frame.width, frame.height), (2, 1.0, 0.8));
    assert_eq!(corpus.studies[1].image.as_ref().unwrap().dimensions(), Some((40, 32)));
    for reason in [SkipReason::LfsPointer, SkipReason::MissingImage] {
        assert_eq!(skipped.count(reason), 1, "{skipped}");
    }
    assert_eq!(skipped.count(SkipReason::CutOffDicom), 3, "{skipped}");
    assert_eq!(skipped.total(), 5, "{skipped}");
}
