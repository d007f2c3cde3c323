//! What keys and plans need to know of data, kept so that data which are as they were need not be read again.

use std::env;

use lgdea_cache::{Cache, Stage};
use lgdea_spec::{Data, Seed};
use serde::{Deserialize, Serialize};

use crate::disk::{self, Asked, noted};
use crate::source::Progress;
use crate::{Corpus, DataError, ImageStore, load};

/// What is known of data without their studies.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Known {
    /// [`Corpus::digest`].
    pub digest: String,
    /// [`Corpus::divisions`].
    pub divisions: String,
    /// How many studies there are.
    pub studies: usize,
    /// [`crate::Skipped::counts`]; empty where nothing was left out.
    pub left_out: String,
    /// What determines the images, see [`ImageStore::of_images`]; `None` where there are none.
    images: Option<String>,
}

/// What the cache has of data.
#[derive(Serialize, Deserialize)]
struct Kept {
    known: Known,
    asked: Asked,
    /// Who read them: another program may read the same otherwise.
    program: String,
}

impl Known {
    /// What a corpus tells. Asks the disk for each image's time of change.
    pub fn of(corpus: &Corpus) -> Known {
        Known {
            digest: corpus.digest.clone(),
            divisions: corpus.divisions.clone(),
            studies: corpus.studies.len(),
            left_out: if corpus.skipped.is_empty() { String::new() } else { corpus.skipped.counts() },
            images: ImageStore::of_images(corpus),
        }
    }

    /// What [`Known::read`] kept of the same data; `None` where there is nothing, or where a file or a folder that was read or
    /// looked for is not as it was.
    pub fn kept(data: &Data, seed: Seed, cache: &Cache) -> Option<Known> {
        let Kept { known, asked, program } = cache.json(Stage::Data, &key(data, seed))?;
        (disk::program().is_some_and(|this| this == program) && asked.is_still_true()).then_some(known)
    }

    /// As [`load`], and keeps what is known. Nothing is kept where a file changed less than three seconds ago: it might change
    /// once more without a sign of it. Nor is it where something could not be read which another time may be.
    ///
    /// # Errors
    /// As [`load`].
    pub fn read(data: &Data, seed: Seed, cache: &Cache, progress: Progress<'_>) -> Result<(Corpus, Known), DataError> {
        let program = disk::program();
        let (corpus, asked) = noted(|| load(data, seed, progress)).map_err(|source| {
            let threads = rayon::current_num_threads();
            DataError::Threads { threads, source }
        })?;
        let corpus = corpus?;
        let known = Known::of(&corpus);
        if let (Some(asked), Some(program)) = (asked.filter(Asked::names_files), program) {
            cache.keep_json(Stage::Data, &key(data, seed), &Kept { known: known.clone(), asked, program });
        }
        Ok((corpus, known))
    }

    /// What a cache calls the images at a size, the side in pixels; `None` where there are none.
    pub fn store_key(&self, size: usize) -> Option<String> {
        self.images.as_ref().map(|images| ImageStore::key(images, size))
    }
}

/// Of data as an experiment names them, from where it names them.
fn key(data: &Data, seed: Seed) -> String {
    let mut hasher = blake3::Hasher::new_derive_key("lgdea known data 1");
    let here = env::current_dir().unwrap_or_default();
    let named = serde_json::to_vec(data).unwrap_or_default();
    for part in [env!("CARGO_PKG_VERSION").as_bytes(), here.as_os_str().as_encoded_bytes(), &named] {
        hasher.update(&part.len().to_le_bytes()).update(part);
    }
    hasher.update(&seed.0.to_le_bytes()).finalize().to_hex().to_string()
}
