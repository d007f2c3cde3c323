//! What a text file holds, whatever it is packed in and however its characters are encoded.

use std::io::{self, Cursor, Read};
use std::path::Path;

use flate2::read::MultiGzDecoder;

use super::parquet;
use crate::DataError;
use crate::decode::LFS_POINTER;
use crate::disk;

/// First bytes of what gzip and zip write, the last of an archive without files.
const GZIP: &[u8] = b"\x1f\x8b";
const ZIP: &[u8] = b"PK\x03\x04";
const EMPTY_ZIP: &[u8] = b"PK\x05\x06";

/// The content of a text file, in UTF-8 without byte order mark where its characters are sound: a table of lines or objects.
///
/// gzip and a zip archive of one file are unpacked, whatever the file is called; UTF-16 with a byte order mark becomes UTF-8.
///
/// # Errors
/// The file cannot be read, is broken, or is one of another kind (a Git LFS pointer, a spreadsheet, UTF-16 without mark).
pub fn content(path: &Path) -> Result<Vec<u8>, DataError> {
    let mut bytes = disk::read(path).map_err(DataError::io(path))?;
    if bytes.starts_with(GZIP) {
        let mut unpacked = Vec::new();
        MultiGzDecoder::new(bytes.as_slice()).read_to_end(&mut unpacked).map_err(DataError::io(path))?;
        bytes = unpacked;
    } else if bytes.starts_with(ZIP) || bytes.starts_with(EMPTY_ZIP) {
        bytes = only_file(path, bytes)?;
    }
    decoded(path, bytes)
}

/// The bytes of a text in UTF-8 without byte order mark, where its characters are sound; `path` is for messages.
///
/// # Errors
/// As [`content`]'s, but for those of unpacking.
pub fn decoded(path: &Path, bytes: Vec<u8>) -> Result<Vec<u8>, DataError> {
    if bytes.starts_with(LFS_POINTER) {
        return Err(refused(path, "a Git LFS pointer in the place of the file; run `git lfs pull`"));
    }
    match bytes.as_slice() {
        [0xef, 0xbb, 0xbf, text @ ..] => Ok(text.to_vec()),
        [0xff, 0xfe, text @ ..] => utf_16(path, text, u16::from_le_bytes),
        [0xfe, 0xff, text @ ..] => utf_16(path, text, u16::from_be_bytes),
        // A table, whose bytes are no text.
        table if table.starts_with(parquet::MAGIC) => Ok(bytes),
        text if text.contains(&0) => {
            Err(refused(path, "the text is not UTF-8: it has bytes that are zero; save the file as UTF-8"))
        }
        _ => Ok(bytes),
    }
}

/// Files of a zip archive that are wanted by their names, each with its name and its content. Hidden files are left out, which
/// file managers add.
///
/// # Errors
/// The archive is broken, or a file in it cannot be unpacked.
pub fn zip_files(path: &Path, mut wanted: impl FnMut(&Path) -> bool) -> Result<Vec<(String, Vec<u8>)>, DataError> {
    unpack(path, disk::open(path).map_err(DataError::io(path))?, &mut wanted)
}

fn unpack(
    path: &Path,
    archive: impl Read + io::Seek,
    wanted: &mut dyn FnMut(&Path) -> bool,
) -> Result<Vec<(String, Vec<u8>)>, DataError> {
    let broken = |error: zip::result::ZipError| DataError::io(path)(error.into());
    let mut archive = zip::ZipArchive::new(archive).map_err(broken)?;
    let mut files = Vec::new();
    for index in 0..archive.len() {
        let mut file = archive.by_index(index).map_err(broken)?;
        let name = file.name().map_err(broken)?.into_owned();
        if file.is_file() && !is_of_macos(&name) && wanted(Path::new(&name)) {
            let mut bytes = Vec::new();
            file.read_to_end(&mut bytes).map_err(DataError::io(path))?;
            files.push((name, bytes));
        }
    }
    Ok(files)
}

fn is_of_macos(name: &str) -> bool {
    name.split('/').any(|part| part == "__MACOSX" || part.starts_with('.'))
}

fn only_file(path: &Path, bytes: Vec<u8>) -> Result<Vec<u8>, DataError> {
    let mut files = unpack(path, Cursor::new(bytes), &mut |_| true)?;
    if files.iter().any(|(name, _)| name == "[Content_Types].xml") {
        return Err(refused(path, "a spreadsheet and no text; save it as CSV"));
    }
    match (files.pop(), files.len()) {
        (Some((_, content)), 0) => Ok(content),
        (_, rest) => {
            let files = if rest == 0 { 0 } else { rest + 1 };
            Err(refused(path, &format!("{files} files in the archive where one table is wanted; unpack it")))
        }
    }
}

fn utf_16(path: &Path, bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Result<Vec<u8>, DataError> {
    let (units, rest) = bytes.as_chunks::<2>();
    let text = char::decode_utf16(units.iter().map(|&pair| unit(pair))).collect::<Result<String, _>>();
    match text {
        Ok(text) if rest.is_empty() => Ok(text.into_bytes()),
        _ => Err(refused(path, "the text is neither UTF-8 nor UTF-16; save the file as UTF-8")),
    }
}

fn refused(path: &Path, reason: &str) -> DataError {
    DataError::Csv { path: path.to_owned(), line: 1, reason: reason.to_owned() }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    const TEXT: &str = "study,report\na,Pleuraerguß\n";

    fn read(name: &str, bytes: &[u8]) -> Result<String, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        fs::write(&path, bytes).unwrap();
        content(&path).map(|bytes| String::from_utf8(bytes).unwrap()).map_err(|error| error.to_string())
    }

    fn zipped(files: &[(&str, &str)]) -> Vec<u8> {
        let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
        for (name, text) in files {
            archive.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
            archive.write_all(text.as_bytes()).unwrap();
        }
        archive.finish().unwrap().into_inner()
    }

    #[test]
    fn marks_packing_and_utf_16_do_not_matter() {
        let gzip = |text: &[u8]| {
            let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
            packed.write_all(text).unwrap();
            packed.finish().unwrap()
        };
        let little: Vec<u8> = TEXT.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let big: Vec<u8> = TEXT.encode_utf16().flat_map(u16::to_be_bytes).collect();
        let parts = [gzip(&TEXT.as_bytes()[..9]), gzip(&TEXT.as_bytes()[9..])].concat();
        for (what, bytes) in [
            ("plain", TEXT.as_bytes().to_vec()),
            ("marked", format!("\u{feff}{TEXT}").into_bytes()),
            ("gzip", gzip(TEXT.as_bytes())),
            ("gzip, marked", gzip(format!("\u{feff}{TEXT}").as_bytes())),
            ("gzip in parts", parts),
            ("UTF-16, little endian", [&[0xff, 0xfe], little.as_slice()].concat()),
            ("UTF-16, big endian", [&[0xfe, 0xff], big.as_slice()].concat()),
            ("zip", zipped(&[("studies.csv", TEXT)])),
            ("zip of macOS", zipped(&[("a/studies.csv", TEXT), ("__MACOSX/a/._studies.csv", "x"), (".DS_Store", "x")])),
        ] {
            assert_eq!(read("studies.csv", &bytes).as_deref(), Ok(TEXT), "{what}");
        }
    }

    #[test]
    fn what_is_no_text_is_told_without_its_content() {
        let sheet = zipped(&[("[Content_Types].xml", "x"), ("xl/worksheets/sheet1.xml", "x")]);
        let several = zipped(&[("a.csv", TEXT), ("b.csv", TEXT)]);
        let unmarked: Vec<u8> = TEXT.encode_utf16().flat_map(u16::to_le_bytes).collect();
        for (bytes, part) in [
            (&b"version https://git-lfs.github.com/spec/v1\noid sha256:00\n"[..], "git lfs pull"),
            (&sheet, "save it as CSV"),
            (&several, "2 files in the archive"),
            (&zipped(&[]), "0 files in the archive"),
            (&unmarked, "bytes that are zero"),
            (b"\xff\xfe\x00", "neither UTF-8 nor UTF-16"),
            (b"\xff\xfe\x00\xd8", "neither UTF-8 nor UTF-16"),
            (b"\x1f\x8bbroken", "cannot read"),
            (b"PK\x03\x04broken", "cannot read"),
        ] {
            let said = read("studies.csv", bytes).unwrap_err();
            assert!(said.contains(part) && said.contains("studies.csv") && !said.contains("Pleura"), "{said}");
        }
    }
}
