//! How a key is made of what determines a result.

/// What determines a run's result, and so tells runs apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct KeyParts<'a> {
    /// The resolved experiment without what cannot change its result (names, tags, tracker, threads), in a fixed form.
    pub(crate) experiment: &'a str,
    /// Digest of the data.
    pub(crate) data: &'a str,
    /// Digest of the evidence, which covers prompts and ontology.
    pub(crate) evidence: &'a str,
    /// Digest of the published weights that the encoders start from; empty for none.
    pub(crate) weights: &'a str,
    /// Digest of the file of zero-shot prompts; empty where a shipped set is taken, whose name the experiment has.
    pub(crate) prompts: &'a str,
    /// What computes: version of the code and kind of device, whose random numbers are its own; see [`code_of`].
    pub(crate) code: &'a str,
    /// Digest of what is scored besides: evaluation sets, and what divides studies; empty for nothing.
    pub(crate) scored: &'a str,
}

impl KeyParts<'_> {
    /// The run's key: the first 12 hexadecimal digits of a BLAKE3 hash over all parts.
    pub(crate) fn key(&self) -> String {
        let mut hasher = blake3::Hasher::new_derive_key("lgdea run identity, version 2");
        // It came later: without any, keys are as before.
        let scored = Some(self.scored).filter(|scored| !scored.is_empty());
        let parts = [self.experiment, self.data, self.evidence, self.weights, self.prompts, self.code];
        for part in parts.into_iter().chain(scored) {
            // With its length, a part cannot lend its end to the next one's beginning.
            hasher.update(&(part.len() as u64).to_le_bytes());
            hasher.update(part.as_bytes());
        }
        hasher.finalize().to_hex()[..12].to_owned()
    }
}

/// What computes runs: a version of lgdea on the kind of a device; `0.1.0 on libtorch-cuda` for the device `libtorch-cuda:1`.
pub fn code_of(version: &str, device: &str) -> String {
    let kind = device.split_once(':').map_or(device, |(kind, _)| kind);
    format!("{version} on {kind}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_counts_and_boundaries_do_too() {
        let base =
            KeyParts { experiment: "ab", data: "c", evidence: "d", weights: "", prompts: "", code: "e", scored: "" };
        let others = [
            KeyParts { experiment: "x", ..base },
            KeyParts { data: "x", ..base },
            KeyParts { evidence: "x", ..base },
            KeyParts { weights: "x", ..base },
            KeyParts { prompts: "x", ..base },
            KeyParts { code: "x", ..base },
            KeyParts { scored: "x", ..base },
            KeyParts { experiment: "a", data: "bc", ..base },
        ];
        assert_eq!(base.key().len(), 12);
        assert_eq!(base.key(), base.key());
        for other in others {
            assert_ne!(base.key(), other.key(), "{other:?}");
        }
    }

    #[test]
    fn the_number_of_a_device_does_not_count() {
        assert_eq!(code_of("0.1.0", "libtorch-cuda:1"), "0.1.0 on libtorch-cuda");
        assert_eq!(code_of("0.1.0", "flex"), "0.1.0 on flex");
    }

    /// Keys name folders and tracked runs, so a change of the scheme must be a decision.
    #[test]
    fn the_scheme_is_stable() {
        let code = "0.1.0 on flex";
        let identity =
            KeyParts { experiment: "{}", data: "", evidence: "", weights: "", prompts: "", code, scored: "" };
        assert_eq!(identity.key(), "67499ffb4493");
    }
}
