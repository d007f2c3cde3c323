//! What files of a user's own say of how is scored.

use super::Protocol;
use crate::EvalError;
use crate::prompts::PromptSet;

/// Hash of the prompts and the protocols in files, whatever their layout; empty where there are none. Shipped ones have a name that
/// says all.
pub fn digest_of_files(prompts: Option<&str>, protocols: &[String]) -> Result<String, EvalError> {
    let prompts = PromptSet::digest_of_file(prompts)?;
    let digests: Result<Vec<String>, EvalError> =
        protocols.iter().map(|file| Ok(Protocol::named_or_path(file)?.digest)).collect();
    let digests = digests?;
    if digests.is_empty() {
        return Ok(prompts);
    }
    let mut hasher = blake3::Hasher::new_derive_key("lgdea prompts and protocols, version 1");
    for digest in [prompts].iter().chain(&digests) {
        hasher.update(&(digest.len() as u64).to_le_bytes()).update(digest.as_bytes());
    }
    Ok(hasher.finalize().to_hex().to_string())
}
