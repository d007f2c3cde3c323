//! What a search has proposed: one file a proposal, so that processes share a search and a search that was cut off goes on with
//! the very same proposals.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use lgdea_spec::SpecError;
use lgdea_spec::sweep::{Search, Sweep, Trial};
use serde::{Deserialize, Serialize};

use crate::{Observation, suggest};

/// The proposals of one setting of a sweep: of an arm at a combination of the axes.
#[derive(Debug)]
pub(crate) struct Proposals {
    folder: PathBuf,
    /// Distinguishes the setting and all that determines its proposals.
    setting: String,
    /// Those there are, by number.
    made: Vec<Proposal>,
}

/// A point of the search's space that is tried.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Proposal {
    /// Its number, from 0.
    pub(crate) number: u64,
    /// A coordinate in [0, 1] for each parameter.
    pub(crate) coordinates: Vec<f64>,
    /// Numbers of the proposals whose trials had ended when it was made.
    pub(crate) known: Vec<u64>,
}

/// What came of a proposal's trials.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Outcome {
    /// They have not all ended.
    UnderWay,
    /// They have ended, with the objective unless one of them failed or was stopped early.
    Ended(Option<f64>),
}

impl Proposals {
    /// The proposals in `folder` of a setting; `experiment` is the identity of its experiment without the seed.
    pub(crate) fn new(folder: &Path, search: &Search, experiment: &str) -> Proposals {
        let Search { sampler, objective, goal, seed, startup, space } = search;
        let space: Vec<_> = space.iter().map(|parameter| (&parameter.key, &parameter.domain)).collect();
        let determines = format!("{experiment} {sampler:?} {objective} {goal:?} {seed} {startup} {space:?}");
        let setting = blake3::hash(determines.as_bytes()).to_hex()[..12].to_owned();
        Proposals { folder: folder.to_owned(), setting, made: Vec::new() }
    }

    /// The proposals that a sweep has made of the setting of `first`, its trial with the first seed.
    pub(crate) fn of_setting(
        results: &Path,
        sweep: &Sweep,
        search: &Search,
        first: &Trial,
    ) -> Result<Proposals, SpecError> {
        let mut experiment = sweep.resolve(first)?.experiment;
        experiment.seed.0 = 0;
        let folder = results.join("sweeps").join(&sweep.name).join("proposals");
        Ok(Proposals::new(&folder, search, &experiment.identity()))
    }

    /// What distinguishes the setting, and all that determines its proposals.
    pub(crate) fn setting(&self) -> &str {
        &self.setting
    }

    /// Their folder.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// All that are known to have been made, by number.
    pub(crate) fn made(&self) -> &[Proposal] {
        &self.made
    }

    /// Reads those that were made since, by this process or another.
    pub(crate) fn read_on(&mut self) -> io::Result<()> {
        loop {
            let path = self.path(self.made.len());
            let text = match fs::read(&path) {
                Ok(text) => text,
                Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
                Err(error) => return Err(error),
            };
            let wrong = |error| io::Error::other(format!("{} is no proposal: {error}", path.display()));
            self.made.push(serde_json::from_slice(&text).map_err(wrong)?);
        }
    }

    /// Makes the next proposal, where `outcome` says what came of the others. Where another process was faster, its proposal
    /// is the next one.
    pub(crate) fn propose(&mut self, search: &Search, outcome: impl Fn(&Proposal) -> Outcome) -> io::Result<()> {
        let number = self.made.len() as u64;
        let ended = |proposal| match outcome(proposal) {
            Outcome::UnderWay => None,
            Outcome::Ended(value) => Some((proposal, value)),
        };
        let ended: Vec<(&Proposal, Option<f64>)> = self.made.iter().filter_map(ended).collect();
        let observation = |(proposal, value): &(&Proposal, Option<f64>)| {
            let knew = |later: &&Proposal| later.known.contains(&proposal.number);
            Observation {
                number: proposal.number,
                coordinates: proposal.coordinates.clone(),
                value: *value,
                known_from: self.made.iter().find(knew).map_or(number, |later| later.number),
            }
        };
        let history: Vec<Observation> = ended.iter().map(observation).collect();
        let known = ended.iter().map(|(proposal, _)| proposal.number).collect();
        let next = Proposal { number, coordinates: suggest(search, &history, number), known };
        self.keep(&next)?;
        self.read_on()
    }

    /// Writes a proposal, unless there is one of its number.
    fn keep(&self, proposal: &Proposal) -> io::Result<()> {
        fs::create_dir_all(&self.folder)?;
        let path = self.path(proposal.number as usize);
        let mut draft = tempfile::Builder::new().prefix(".draft-").tempfile_in(&self.folder)?;
        serde_json::to_writer(&mut draft, proposal)?;
        draft.flush()?;
        match fs::hard_link(draft.path(), &path) {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => return Err(error),
            _ => {}
        }
        File::open(&path).map(drop)
    }

    fn path(&self, number: usize) -> PathBuf {
        self.folder.join(format!("{}-{number:04}.json", self.setting))
    }
}

#[cfg(test)]
mod tests {
    use lgdea_spec::sweep::Sweep;

    use super::*;

    fn search(sampler: &str) -> Search {
        let text = format!(
            "experiment = []
            [search]
            sampler = '{sampler}'
            startup = 2
            objective = 'validation/zero_shot/auroc_macro'
            [search.space]
            graph.share = {{ low = 0.0, high = 1.0 }}
            [budget]
            trials = 10
            "
        );
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("s.toml");
        fs::write(&path, text).unwrap();
        Sweep::from_file(&path).unwrap().search.unwrap()
    }

    fn value(proposal: &Proposal) -> Outcome {
        Outcome::Ended(Some(-(proposal.coordinates[0] - 0.3).powi(2)))
    }

    #[test]
    fn a_search_that_was_cut_off_goes_on_as_if_it_had_not() {
        for sampler in ["random", "tpe", "gp", "cma-es"] {
            let search = search(sampler);
            let (whole, cut) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
            // The last trial is always still under way.
            let ended = |made: usize| {
                move |proposal: &Proposal| {
                    if proposal.number as usize + 1 < made { value(proposal) } else { Outcome::UnderWay }
                }
            };
            let mut one = Proposals::new(whole.path(), &search, "e");
            for made in 0..8 {
                one.propose(&search, ended(made)).unwrap();
            }
            for made in 0..8 {
                let mut again = Proposals::new(cut.path(), &search, "e");
                again.read_on().unwrap();
                assert_eq!(again.made().len(), made);
                again.propose(&search, ended(made)).unwrap();
            }
            let mut other = Proposals::new(cut.path(), &search, "e");
            other.read_on().unwrap();
            assert_eq!(other.made(), one.made(), "{sampler}");
            assert_eq!(other.made()[5].known, [0, 1, 2, 3]);
        }
    }

    #[test]
    fn of_two_processes_the_first_makes_the_proposal() {
        let search = search("tpe");
        let folder = tempfile::tempdir().unwrap();
        let mut one = Proposals::new(folder.path(), &search, "e");
        let mut other = Proposals::new(folder.path(), &search, "e");
        for _ in 0..4 {
            // They know different things.
            one.propose(&search, value).unwrap();
            other.propose(&search, |_| Outcome::Ended(None)).unwrap();
        }
        one.read_on().unwrap();
        assert_eq!(one.made(), &other.made()[..one.made().len()]);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), one.made().len(), "no draft stays");
    }

    #[test]
    fn another_setting_or_search_has_proposals_of_its_own() {
        let folder = tempfile::tempdir().unwrap();
        let search = search("random");
        Proposals::new(folder.path(), &search, "e").propose(&search, |_| Outcome::UnderWay).unwrap();
        for (sampler, experiment) in [("random", "f"), ("sobol", "e")] {
            let mut other = Proposals::new(folder.path(), &self::search(sampler), experiment);
            other.read_on().unwrap();
            assert_eq!(other.made(), [], "{sampler} {experiment}");
        }
    }

    #[test]
    fn a_broken_proposal_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let search = search("random");
        let mut proposals = Proposals::new(folder.path(), &search, "e");
        fs::write(proposals.path(0), "{").unwrap();
        assert!(proposals.read_on().unwrap_err().to_string().contains("-0000.json is no proposal"));
    }
}
