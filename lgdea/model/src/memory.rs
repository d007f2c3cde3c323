//! What a frozen network makes of its inputs, made once and kept in files.
//!
//! An input is known by the hash of its values, so that whoever asks the network (training, its teacher, an evaluation) is answered
//! from the same files. A file is what came out, row after row, then an index, and at the end how long that is.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::{Device, Int, Tensor, TensorData};
use lgdea_cache::mapped;
use memmap2::Mmap;

use crate::PAD;

const MAGIC: &[u8; 8] = b"lgdea1fm";
/// Bytes of an entry of the index: the key, and the number of values.
const ENTRY: usize = 40;
/// Bytes after the index: the number of entries, the width, [`MAGIC`].
const TAIL: usize = 24;
const VALUE: usize = size_of::<f32>();

/// What stands for an input.
pub type Key = [u8; 32];

/// The key of an image `[size, size]`, standardised.
pub fn image_key(pixels: &[f32]) -> Key {
    let mut hasher = blake3::Hasher::new_derive_key("lgdea frozen image 1");
    for chunk in pixels.chunks(1024) {
        let mut bytes = [0; 1024 * VALUE];
        for (bytes, pixel) in bytes.chunks_exact_mut(VALUE).zip(chunk) {
            bytes.copy_from_slice(&pixel.to_le_bytes());
        }
        hasher.update(&bytes[..chunk.len() * VALUE]);
    }
    *hasher.finalize().as_bytes()
}

/// The key of a text's token ids; padding after them is none of it.
pub fn text_key(tokens: &[i32]) -> Key {
    let mut hasher = blake3::Hasher::new_derive_key("lgdea frozen text 1");
    for token in unpadded(tokens) {
        hasher.update(&token.to_le_bytes());
    }
    *hasher.finalize().as_bytes()
}

/// Token ids without the padding after them.
fn unpadded(tokens: &[i32]) -> &[i32] {
    let length = tokens.iter().rposition(|&token| token != PAD).map_or(0, |last| last + 1);
    &tokens[..length]
}

/// A file of features that is being written.
#[derive(Debug)]
pub struct FeatureWriter {
    file: BufWriter<File>,
    width: usize,
    index: Vec<u8>,
}

impl FeatureWriter {
    /// Begins a file of features that are `width` wide.
    ///
    /// # Errors
    /// The file system's.
    pub fn create(path: &Path, width: usize) -> io::Result<Self> {
        Ok(Self { file: BufWriter::new(File::create(path)?), width, index: Vec::new() })
    }

    /// Adds what came out for an input: `[patches or tokens, width]`, row by row.
    ///
    /// # Errors
    /// The file system's.
    pub fn add(&mut self, key: &Key, values: &[f32]) -> io::Result<()> {
        self.index.extend_from_slice(key);
        self.index.extend_from_slice(&(values.len() as u64).to_le_bytes());
        values.iter().try_for_each(|value| self.file.write_all(&value.to_le_bytes()))
    }

    /// Ends the file.
    ///
    /// # Errors
    /// The file system's.
    pub fn finish(mut self) -> io::Result<()> {
        self.file.write_all(&self.index)?;
        for number in [self.index.len() / ENTRY, self.width] {
            self.file.write_all(&(number as u64).to_le_bytes())?;
        }
        self.file.write_all(MAGIC)?;
        self.file.flush()
    }
}

/// A file of features, mapped into memory: each page is read when it is needed, and once for all processes.
#[derive(Debug)]
pub struct FeatureFile {
    bytes: Mmap,
    width: usize,
    /// Where the bytes of an input's features are.
    places: HashMap<Key, Range<usize>>,
}

impl FeatureFile {
    /// Opens a file that a [`FeatureWriter`] wrote.
    ///
    /// # Errors
    /// The file system's; it is no such file, or cut off.
    pub fn open(path: &Path) -> io::Result<Self> {
        let file = File::open(path)?;
        let bytes = mapped(&file, file.metadata()?.len() as usize)?;
        Self::read(bytes).ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "it has no features, or is cut off"))
    }

    fn read(bytes: Mmap) -> Option<Self> {
        let tail = bytes.len().checked_sub(TAIL)?;
        let number = |at: usize| Some(u64::from_le_bytes(bytes.get(at..at + 8)?.try_into().ok()?) as usize);
        if bytes.get(tail + 16..)? != MAGIC {
            return None;
        }
        let (entries, width) = (number(tail)?, number(tail + 8)?);
        let start = tail.checked_sub(entries.checked_mul(ENTRY)?)?;
        let (mut places, mut at) = (HashMap::with_capacity(entries), 0_usize);
        for entry in bytes[start..tail].chunks_exact(ENTRY) {
            let (key, length) = entry.split_at(32);
            let length = u64::from_le_bytes(length.try_into().ok()?) as usize;
            let end = at.checked_add(length.checked_mul(VALUE)?)?;
            places.insert(key.try_into().ok()?, at..end);
            at = end;
        }
        (at == start && width > 0).then_some(Self { bytes, width, places })
    }

    /// What the network made of an input, in bytes.
    fn get(&self, key: &Key) -> Option<&[u8]> {
        self.bytes.get(self.places.get(key)?.clone())
    }
}

/// What a frozen network made of the inputs that are known.
#[derive(Debug, Clone, Default)]
pub struct FeatureMemory(Arc<Vec<FeatureFile>>);

impl FeatureMemory {
    /// What these files hold. They are of one network.
    pub fn new(files: Vec<FeatureFile>) -> Self {
        Self(Arc::new(files))
    }

    /// Features of standardised images `[images, size, size]`; none where one of them is not known.
    pub(crate) fn of_images(&self, images: &Tensor<3>) -> Option<Tensor<3>> {
        let ([count, height, width], device) = (images.dims(), images.device());
        let known = self.known()?;
        let pixels = images.to_data().try_into_vec::<f32>().ok()?;
        let keys: Vec<Key> = pixels.chunks(height * width).map(image_key).collect();
        let features: Vec<&[u8]> = keys.iter().map(|key| self.get(key)).collect::<Option<_>>()?;
        let patches = features.first()?.len() / (known * VALUE);
        Some(padded(&features, [count, patches, known], &device))
    }

    /// States of the tokens of texts, given by their padded ids `[texts, tokens]`; none where one of the texts is not known.
    /// Those of padding are 0.
    pub(crate) fn of_texts(&self, tokens: &Tensor<2, Int>) -> Option<Tensor<3>> {
        let ([count, length], device) = (tokens.dims(), tokens.device());
        let known = self.known()?;
        let ids: Vec<i32> = tokens.to_data().iter::<i32>().collect();
        let keys: Vec<Key> = ids.chunks(length).map(text_key).collect();
        let features: Vec<&[u8]> = keys.iter().map(|key| self.get(key)).collect::<Option<_>>()?;
        Some(padded(&features, [count, length, known], &device))
    }

    /// The width of the features, where there are any.
    fn known(&self) -> Option<usize> {
        self.0.first().map(|file| file.width)
    }

    fn get(&self, key: &Key) -> Option<&[u8]> {
        self.0.iter().find_map(|file| file.get(key))
    }
}

/// Rows of a shape, those that are shorter filled up with 0.
fn padded(rows: &[&[u8]], shape: [usize; 3], device: &Device) -> Tensor<3> {
    let [_, length, width] = shape;
    let mut values = vec![0.0; shape.iter().product()];
    for (row, values) in rows.iter().zip(values.chunks_mut(length * width)) {
        for (value, bytes) in values.iter_mut().zip(row.chunks_exact(VALUE)) {
            *value = f32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
        }
    }
    Tensor::from_data(TensorData::new(values, shape), device)
}

/// Hash of a module's parameters and running statistics, in hexadecimal.
pub(crate) fn digest<M: Module>(module: &M) -> String {
    let mut digest = Digest(blake3::Hasher::new_derive_key("lgdea parameters 1"));
    module.visit(&mut digest);
    digest.0.finalize().to_hex().to_string()
}

struct Digest(blake3::Hasher);

impl ModuleVisitor for Digest {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        self.0.update(param.val().to_data().bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(path: &Path) -> FeatureFile {
        let mut writer = FeatureWriter::create(path, 2).unwrap();
        writer.add(&text_key(&[5, 6]), &[1.0, 2.0, 3.0, 4.0]).unwrap();
        writer.add(&text_key(&[7]), &[5.0, 6.0]).unwrap();
        writer.finish().unwrap();
        FeatureFile::open(path).unwrap()
    }

    #[test]
    fn known_texts_are_answered_whatever_their_padding() {
        let folder = tempfile::tempdir().unwrap();
        let memory = FeatureMemory::new(vec![written(&folder.path().join("f"))]);
        let device = Device::flex();
        let tokens = |ids: &[i32], shape: [usize; 2]| Tensor::from_data(TensorData::new(ids.to_vec(), shape), &device);
        let found = memory.of_texts(&tokens(&[7, PAD, PAD, 5, 6, PAD], [2, 3])).unwrap();
        let values = found.to_data().try_into_vec::<f32>().unwrap();
        assert_eq!(values, [5.0, 6.0, 0.0, 0.0, 0.0, 0.0, 1.0, 2.0, 3.0, 4.0, 0.0, 0.0]);
        assert!(memory.of_texts(&tokens(&[7, 5], [1, 2])).is_none());
        assert!(FeatureMemory::default().of_texts(&tokens(&[7], [1, 1])).is_none());
    }

    #[test]
    fn a_file_that_was_cut_or_changed_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("f");
        written(&path);
        let whole = std::fs::read(&path).unwrap();
        for end in 0..whole.len() {
            std::fs::write(&path, &whole[..end]).unwrap();
            assert!(FeatureFile::open(&path).is_err(), "{end}");
        }
        for at in whole.len() - TAIL..whole.len() {
            let mut bytes = whole.clone();
            bytes[at] ^= 0x80;
            std::fs::write(&path, &bytes).unwrap();
            // A width is not known to be wrong.
            assert!(FeatureFile::open(&path).is_err() || (whole.len() - 16..whole.len() - 8).contains(&at), "{at}");
        }
    }
}
