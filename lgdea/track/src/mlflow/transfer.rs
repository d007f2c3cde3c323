//! Sends one journal to one server so that each event counts once.

use std::collections::{BTreeMap, VecDeque};
use std::fs::File;
use std::path::{Component, Path, PathBuf};

use super::api::{Pair, Run, RunTags};
use super::batch::{Batch, Request};
use super::client::Client;
use super::logged_model::{LoggedModel, Source};
use super::model::Model;
use super::names;
use super::state::State;
use super::tags::{ARM, DELTAS, PARENT, RUN_NAME, SETTING, SWEEP};
use super::{Error, parent};
use crate::{Event, Reader, RunDir};

/// Metrics, or lines of the journal, after which the progress is saved.
const SAVE_AFTER: usize = 10_000;

/// The parameter that is the seed.
const SEED: &str = "seed";

/// Carries one journal to one server, call by call.
#[derive(Debug)]
pub(super) struct Transfer {
    run: RunDir,
    client: Client,
    experiment: String,
    experiment_id: Option<String>,
    /// The run of the sweep that the run is a trial of, and the sweep's name.
    parent: Option<(String, String)>,
    session: Option<Session>,
    url: Option<String>,
    /// What could not be shown on the server, though the transfer goes on.
    problems: Vec<String>,
    _lock: File,
}

/// A run that was found or made on the server.
#[derive(Debug)]
struct Session {
    state: State,
    experiment_id: String,
    artifact_uri: String,
    /// The model of the last checkpoint, once it was found or made.
    model: Option<LoggedModel>,
    reader: Reader,
    /// The part of the journal between the saved progress and the reader, as calls that are still to be made.
    queue: VecDeque<Request>,
    /// Parameters that the server has; it refuses other values for them.
    params: BTreeMap<String, String>,
}

impl Transfer {
    /// Makes ready, without any word to the server. Only one transfer of a run may exist at a time.
    pub(super) fn new(run: RunDir, client: Client, experiment: &str) -> Result<Transfer, Error> {
        // A folder that is no run's is left as it is, without a lock in it.
        Reader::open(&run.journal(), 0)?;
        Ok(Transfer {
            client,
            experiment: experiment.to_owned(),
            experiment_id: None,
            parent: None,
            session: None,
            url: None,
            problems: Vec::new(),
            _lock: run.lock("mlflow")?,
            run,
        })
    }

    /// Makes the next call; `true` when there is none to make for now. After an error the same call is made again.
    pub(super) fn step(&mut self) -> Result<bool, Error> {
        let outcome = self.next_call();
        if outcome.as_ref().is_err_and(Error::is_missing) {
            // The run or its experiment has vanished and is looked for again.
            self.session = None;
            self.experiment_id = None;
            self.parent = None;
        }
        outcome
    }

    fn next_call(&mut self) -> Result<bool, Error> {
        let mut session = match self.session.take() {
            Some(session) => session,
            None => match self.open()? {
                Some(session) => session,
                None => return Ok(true),
            },
        };
        let outcome = self.advance(&mut session);
        self.session = Some(session);
        outcome
    }

    pub(super) fn run(&self) -> &RunDir {
        &self.run
    }

    /// Address of the run in the user interface, once it is known.
    pub(super) fn url(&self) -> Option<&str> {
        self.url.as_deref()
    }

    pub(super) fn problems(&self) -> &[String] {
        &self.problems
    }

    /// Finds or makes the run on the server; `None` while the journal is empty.
    fn open(&mut self) -> Result<Option<Session>, Error> {
        let journal = self.run.journal();
        let Some(first) = Reader::open(&journal, 0)?.next() else {
            return Ok(None);
        };
        let record = first?.1;
        let Event::Started { run_key, name, .. } = record.event else {
            return Err(Error::NotStarted { path: journal });
        };
        let started = record.time;
        let tags = RunTags { run_key, started };

        let length = Reader::open(&journal, 0)?.remaining()?;
        let saved = State::load(&self.run.mlflow()).filter(|state| {
            state.server == self.client.server() && state.experiment == self.experiment && state.offset <= length
        });
        let (run, offset) = match saved {
            Some(saved) => match self.client.run(&saved.run_id) {
                Ok(run) if run.is(&tags) => (run, saved.offset),
                Err(error) if !error.is_missing() => return Err(error),
                // The server was set up anew, or the folder got another journal.
                Ok(_) | Err(_) => (self.find_or_create(&name, &tags)?, 0),
            },
            None => (self.find_or_create(&name, &tags)?, 0),
        };
        if run.is_deleted() {
            return Err(Error::Deleted {
                what: format!("the run `{name}`"),
                instead: format!("remove {} to send it as a new one", self.run.mlflow().display()),
            });
        }
        let url = self.client.run_url(&run.info.experiment_id, &run.info.run_id);
        self.url = Some(url.clone());
        Ok(Some(Session {
            reader: Reader::open(&journal, offset)?,
            queue: VecDeque::new(),
            params: run.params(),
            experiment_id: run.info.experiment_id,
            artifact_uri: run.info.artifact_uri,
            model: None,
            state: State {
                server: self.client.server().to_owned(),
                experiment: self.experiment.clone(),
                run_id: run.info.run_id,
                url,
                offset,
            },
        }))
    }

    fn find_or_create(&mut self, name: &str, tags: &RunTags) -> Result<Run, Error> {
        let experiment_id = self.experiment_id()?;
        match self.client.find_run(&experiment_id, tags)? {
            Some(run) => Ok(run),
            None => self.client.create_run(&experiment_id, name, tags),
        }
    }

    fn experiment_id(&mut self) -> Result<String, Error> {
        Ok(match &self.experiment_id {
            Some(id) => id.clone(),
            None => self.experiment_id.insert(self.client.experiment(&self.experiment)?).clone(),
        })
    }

    fn advance(&mut self, session: &mut Session) -> Result<bool, Error> {
        if session.queue.is_empty() {
            self.read_part(session)?;
        }
        let Some(request) = session.queue.pop_front() else {
            return Ok(true);
        };
        if let Err(error) = self.send(session, &request) {
            session.queue.push_front(request);
            return Err(error);
        }
        if let Request::Params(params) = request {
            session.params.extend(params.into_iter().map(|param| (param.key, param.value)));
        }
        if session.queue.is_empty() {
            self.save(session)?;
        }
        Ok(false)
    }

    /// Reads the next part of the journal into the queue.
    fn read_part(&mut self, session: &mut Session) -> Result<(), Error> {
        let mut batch = Batch::default();
        while batch.records < SAVE_AFTER && batch.metrics.len() < SAVE_AFTER {
            match session.reader.next() {
                Some(Ok((_, record))) => batch.add(record),
                // The lines before a spoiled one are sent first.
                Some(Err(_)) if batch.records > 0 => break,
                Some(Err(error)) => return Err(error.into()),
                None => break,
            }
        }
        batch.params = self.new_params(&session.params, batch.params);
        let nothing_new = batch.records == 0;
        let model = if batch.finishes { Model::read(&self.run, session.reader.offset())? } else { None };
        session.queue.extend(batch.requests(model));
        if nothing_new || !session.queue.is_empty() {
            return Ok(());
        }
        // Lines that are not shown, such as warnings, are done with, too.
        self.save(session)
    }

    fn save(&self, session: &mut Session) -> Result<(), Error> {
        session.state.offset = session.reader.offset();
        Ok(session.state.save(&self.run.mlflow())?)
    }

    fn send(&mut self, session: &mut Session, request: &Request) -> Result<(), Error> {
        let run_id = session.state.run_id.as_str();
        match request {
            Request::Params(params) => self.client.log_batch(run_id, &[], params, &[]),
            Request::Tags(tags) => {
                let mut tags = tags.clone();
                tags.extend(self.as_trial(&tags, session.params.get(SEED).map(String::as_str))?);
                self.client.log_batch(run_id, &[], &[], &tags)
            }
            Request::Metrics(metrics) => self.client.log_batch(run_id, metrics, &[], &[]),
            Request::Dataset(dataset) => {
                let sent = self.client.log_input(run_id, dataset);
                self.or_problem(sent, || format!("the data set `{}`", dataset.name))
            }
            Request::Artifact(path) => self.send_artifact(&session.artifact_uri, path),
            Request::Model(step) => {
                let source = Source { experiment_id: &session.experiment_id, run_id };
                let shown = self.client.show_model(&source, &mut session.model, step);
                self.or_without_models(shown)
            }
            Request::Status(status, end_time) => self.client.update(run_id, status, *end_time),
        }
    }

    /// The further tags of a trial: its setting, what it is called, and the run of its sweep. None for other runs.
    fn as_trial(&mut self, tags: &[Pair], seed: Option<&str>) -> Result<Vec<Pair>, Error> {
        let tag = |key: &str| tags.iter().find(|tag| tag.key == key).map(|tag| tag.value.as_str());
        let Some(sweep) = tag(SWEEP) else { return Ok(Vec::new()) };
        let mut more = Vec::new();
        if let Some(arm) = tag(ARM) {
            let setting = names::setting(arm, tag(DELTAS).unwrap_or_default());
            let name = seed.map_or_else(|| setting.clone(), |seed| format!("{setting} · {seed}"));
            more.extend([Pair::new(SETTING, &setting), Pair::new(RUN_NAME, &name)]);
        }
        more.extend(self.sweep_run(sweep)?.map(|id| Pair::new(PARENT, &id)));
        Ok(more)
    }

    /// The run of a sweep that was run in the same results folder.
    fn sweep_run(&mut self, sweep: &str) -> Result<Option<String>, Error> {
        if let Some((_, id)) = self.parent.as_ref().filter(|(name, _)| name == sweep) {
            return Ok(Some(id.clone()));
        }
        let folder = self.run.results().and_then(|results| parent::folder(results, sweep));
        let Some(folder) = folder else { return Ok(None) };
        let experiment_id = self.experiment_id()?;
        let experiment = (self.experiment.as_str(), experiment_id.as_str());
        let id = parent::find_or_create(&self.client, experiment, &folder, sweep)?.run_id;
        self.parent = Some((sweep.to_owned(), id.clone()));
        Ok(Some(id))
    }

    /// Parameters that the server lacks. One that it knows with another value cannot be changed: the whole batch would
    /// be refused.
    fn new_params(&mut self, known: &BTreeMap<String, String>, params: Vec<Pair>) -> Vec<Pair> {
        let mut new: BTreeMap<String, String> = BTreeMap::new();
        for Pair { key, value } in params {
            match known.get(&key).or_else(|| new.get(&key)) {
                None => {
                    new.insert(key, value);
                }
                Some(first) if *first == value => {}
                Some(_) => self.problem(format!("the parameter `{key}` keeps its first value on the server")),
            }
        }
        new.into_iter().map(|(key, value)| Pair { key, value }).collect()
    }

    fn send_artifact(&mut self, artifact_uri: &str, path: &str) -> Result<(), Error> {
        let (file, length) = match artifact(&self.run, path) {
            Ok(artifact) => artifact,
            Err(reason) => {
                self.problem(format!("the artifact `{path}` was not sent: {reason}"));
                return Ok(());
            }
        };
        // The folder says nothing beside a list that is headed "Artifacts".
        let shown = path.strip_prefix("artifacts/").unwrap_or(path);
        match self.client.upload(artifact_uri, shown, file, length) {
            Ok(true) => Ok(()),
            Ok(false) => {
                self.problem(format!(
                    "artifacts were not sent: the server keeps them in {artifact_uri} without serving them; \
                     start it with `--serve-artifacts`"
                ));
                Ok(())
            }
            Err(error) => self.or_problem(Err(error), || format!("the artifact `{path}`")),
        }
    }

    fn or_without_models(&mut self, shown: Result<(), Error>) -> Result<(), Error> {
        match shown {
            Err(error) if error.is_unknown_call() => {
                self.problem(
                    "the last checkpoint is not shown as a model: the server has no logged models, which came with \
                     MLflow 3"
                        .to_owned(),
                );
                Ok(())
            }
            other => self.or_problem(other, || "the last checkpoint as a model".to_owned()),
        }
    }

    /// A thing that the server does not want must not hold up all that follows.
    fn or_problem(&mut self, sent: Result<(), Error>, what: impl FnOnce() -> String) -> Result<(), Error> {
        match sent {
            Err(error) if error.is_refusal() => {
                self.problem(format!("{} was not taken: {error}", what()));
                Ok(())
            }
            other => other,
        }
    }

    fn problem(&mut self, problem: String) {
        if !self.problems.contains(&problem) {
            self.problems.push(problem);
        }
    }
}

/// Opens a file of the run's folder, and nothing outside of it, with its length in bytes.
fn artifact(run: &RunDir, path: &str) -> Result<(File, u64), String> {
    let inside = Path::new(path).components().all(|part| matches!(part, Component::Normal(_)));
    let resolve = |path: PathBuf| path.canonicalize().map_err(|error| error.to_string());
    let folder = resolve(run.path().to_path_buf())?;
    // A link may lead anywhere.
    let target = resolve(run.path().join(path))?;
    if !inside || !target.starts_with(folder) {
        return Err("it lies outside of the run's folder".to_owned());
    }
    let file = File::open(&target).map_err(|error| error.to_string())?;
    let metadata = file.metadata().map_err(|error| error.to_string())?;
    if !metadata.is_file() {
        return Err("it is not a file".to_owned());
    }
    Ok((file, metadata.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_files_inside_the_run_are_artifacts() {
        let folder = tempfile::tempdir().unwrap();
        let run = RunDir::at(folder.path().join("run"));
        run.create().unwrap();
        std::fs::write(folder.path().join("outside"), "secret").unwrap();
        std::fs::write(run.artifacts().join("a.txt"), "four").unwrap();
        assert_eq!(artifact(&run, "artifacts/a.txt").unwrap().1, 4);
        let absolute = folder.path().join("outside").display().to_string();
        for path in ["../outside", &absolute] {
            assert!(artifact(&run, path).unwrap_err().contains("outside of the run"), "{path}");
        }
        assert!(artifact(&run, "artifacts").unwrap_err().contains("not a file"));
        assert!(artifact(&run, "artifacts/none").is_err());
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink(folder.path().join("outside"), run.artifacts().join("link")).unwrap();
            assert!(artifact(&run, "artifacts/link").unwrap_err().contains("outside of the run"));
        }
    }
}
