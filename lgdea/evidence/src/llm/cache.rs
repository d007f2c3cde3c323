//! Answers of language models, kept in an `SQLite` file.

use std::path::{Path, PathBuf};
use std::time::Duration;

use lgdea_spec::AnswerFormat;
use rusqlite::{Connection, OpenFlags, OptionalExtension, Transaction, TransactionBehavior, params};

use super::outcome::Outcome;
use super::request::Request;
use crate::error::EvidenceError;

/// Version of the table below, in `user_version`.
const VERSION: i64 = 1;
/// Marks the file as ours: "LGEV".
const APPLICATION: i64 = 0x4c47_4556;
/// How long another process may hold the file.
const BUSY: Duration = Duration::from_mins(1);

/// `model` to `completion_tokens` are for who looks into the file; `key` covers all that determines the answer.
const TABLE: &str = "CREATE TABLE IF NOT EXISTS answer (
    key BLOB PRIMARY KEY NOT NULL,
    outcome TEXT NOT NULL,
    model TEXT NOT NULL,
    prompt_hash TEXT NOT NULL,
    prompt_tokens INTEGER NOT NULL,
    completion_tokens INTEGER NOT NULL
) STRICT, WITHOUT ROWID";

/// What language models answered, in one `SQLite` file that any number of processes may share. It holds no report text.
pub(super) struct Cache {
    connection: Connection,
    path: PathBuf,
}

/// What came of asking about a text.
#[derive(Debug)]
pub(super) struct New<'a> {
    pub(super) text: &'a str,
    pub(super) outcome: Outcome,
    /// The format that the server took.
    pub(super) taken: AnswerFormat,
    pub(super) usage: Usage,
}

/// Tokens that were paid for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Usage {
    pub(super) prompt_tokens: u64,
    pub(super) completion_tokens: u64,
}

impl Cache {
    /// Opens the file, and makes it where it is missing.
    pub(super) fn open(path: &Path) -> Result<Self, EvidenceError> {
        let failed = |error| failed(path, &error);
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(|error| EvidenceError::Cache {
                path: path.into(),
                problem: format!("its folder cannot be made: {error}"),
            })?;
        }
        // Without the flag for URIs: a path is a path, whatever it looks like.
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let mut connection = Connection::open_with_flags(path, flags).map_err(failed)?;
        connection.busy_timeout(BUSY).map_err(failed)?;
        prepare(path, &mut connection)?;
        // What a killed process wrote is safe; only a power failure can cost the last answers, and nothing else.
        connection.pragma_update(None, "synchronous", "NORMAL").map_err(failed)?;
        Ok(Self { connection, path: path.into() })
    }

    /// What is known about a text: an answer in the strongest format that there is one in, or else a failure. What does not
    /// hold, as after an edit by hand, is not known.
    pub(super) fn get(
        &self,
        request: &Request,
        text: &str,
        holds: impl Fn(&Outcome) -> bool,
    ) -> Result<Option<Outcome>, EvidenceError> {
        let mut failure = None;
        for taken in request.answer_format.ladder() {
            let outcome = self.row(request.key(text, taken)).map_err(|error| failed(&self.path, &error))?;
            match outcome.filter(&holds) {
                Some(answer) if answer.is_answer() => return Ok(Some(answer)),
                other => failure = failure.or(other),
            }
        }
        Ok(failure)
    }

    fn row(&self, key: [u8; 32]) -> rusqlite::Result<Option<Outcome>> {
        let mut select = self.connection.prepare_cached("SELECT outcome FROM answer WHERE key = ?1")?;
        let json = select.query_row([key], |row| row.get::<_, String>(0)).optional()?;
        Ok(json.and_then(|json| serde_json::from_str(&json).ok()))
    }

    /// Keeps what came of asking, and puts in its place the answers that another process kept meanwhile, so that all have
    /// the same.
    pub(super) fn keep(
        &mut self,
        request: &Request,
        outcomes: &mut [New<'_>],
        holds: impl Fn(&str, &Outcome) -> bool,
    ) -> Result<(), EvidenceError> {
        let path = self.path.clone();
        let failed = |error| failed(&path, &error);
        // Locks before it reads: between the two, nobody else can write. Dropped without commit, it is undone.
        let transaction =
            Transaction::new_unchecked(&self.connection, TransactionBehavior::Immediate).map_err(failed)?;
        for new in outcomes {
            match self.get(request, new.text, |known| known.is_answer() && holds(new.text, known))? {
                Some(known) => new.outcome = known,
                None => self.insert(request, new).map_err(failed)?,
            }
        }
        transaction.commit().map_err(failed)
    }

    fn insert(&self, request: &Request, new: &New<'_>) -> rusqlite::Result<()> {
        let mut insert =
            self.connection.prepare_cached("INSERT OR REPLACE INTO answer VALUES (?1, ?2, ?3, ?4, ?5, ?6)")?;
        let outcome = serde_json::to_string(&new.outcome).expect("evidence is representable as JSON");
        let (prompt_tokens, completion_tokens) = (new.usage.prompt_tokens as i64, new.usage.completion_tokens as i64);
        let key = request.key(new.text, new.taken);
        insert.execute(params![key, outcome, request.model, request.prompt_hash, prompt_tokens, completion_tokens])?;
        Ok(())
    }
}

/// Makes the table, unless the file is another program's or of a later version.
fn prepare(path: &Path, connection: &mut Connection) -> Result<(), EvidenceError> {
    let failed = |error| failed(path, &error);
    let refused = |problem: &str| EvidenceError::Cache { path: path.into(), problem: problem.to_owned() };
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(failed)?;
    let number = |pragma| transaction.pragma_query_value(None, pragma, |row| row.get::<_, i64>(0)).map_err(failed);
    let tables =
        transaction.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get::<_, i64>(0)).map_err(failed)?;
    if tables > 0 && number("application_id")? != APPLICATION {
        return Err(refused("it is a database of another program; give another file"));
    }
    if number("user_version")? > VERSION {
        return Err(refused("a later version of lgdea made it; use that version, or give another file"));
    }
    if tables == 0 {
        transaction.pragma_update(None, "application_id", APPLICATION).map_err(failed)?;
        transaction.pragma_update(None, "user_version", VERSION).map_err(failed)?;
        transaction.execute_batch(TABLE).map_err(failed)?;
    }
    transaction.commit().map_err(failed)?;
    // Readers do not wait for the writer. Changing the mode waits for nobody, so it may have to be tried again.
    let started = std::time::Instant::now();
    loop {
        match connection.pragma_update(None, "journal_mode", "WAL") {
            Ok(()) => return Ok(()),
            Err(error) if is_busy(&error) && started.elapsed() < BUSY => {
                std::thread::sleep(Duration::from_millis(20));
            }
            Err(error) => return Err(failed(error)),
        }
    }
}

fn is_busy(error: &rusqlite::Error) -> bool {
    matches!(error.sqlite_error_code(), Some(rusqlite::ErrorCode::DatabaseBusy | rusqlite::ErrorCode::DatabaseLocked))
}

fn failed(path: &Path, error: &rusqlite::Error) -> EvidenceError {
    let problem = match error.sqlite_error_code() {
        Some(rusqlite::ErrorCode::NotADatabase) => "it is no SQLite database; give another file".to_owned(),
        Some(rusqlite::ErrorCode::DatabaseCorrupt) => "it is damaged; restore it, or move it away".to_owned(),
        _ => error.to_string(),
    };
    EvidenceError::Cache { path: path.into(), problem }
}

#[cfg(test)]
mod tests {
    use lgdea_spec::Parameter;

    use super::*;
    use crate::llm::check::Dropped;

    fn request() -> Request {
        Request {
            model: "m".into(),
            temperature: 0.0,
            seed: 0,
            max_tokens: 9,
            answer_format: AnswerFormat::JsonSchema,
            prompt_hash: "0".into(),
            leave_out: vec![],
        }
    }

    fn failure(text: &str) -> Outcome {
        Outcome { failure: Some(text.into()), ..Outcome::default() }
    }

    /// An answer that can be told from others.
    fn answer(number: u64) -> Outcome {
        Outcome { dropped: Dropped { quote_not_in_report: number, ..Dropped::default() }, ..Outcome::default() }
    }

    fn keep_taken(cache: &mut Cache, text: &str, outcome: Outcome, taken: AnswerFormat) -> Outcome {
        let mut new = [New { text, outcome, taken, usage: Usage::default() }];
        cache.keep(&request(), &mut new, |_, _| true).unwrap();
        new.into_iter().next().unwrap().outcome
    }

    fn keep(cache: &mut Cache, text: &str, outcome: Outcome) -> Outcome {
        keep_taken(cache, text, outcome, AnswerFormat::JsonSchema)
    }

    fn problem(path: &Path) -> String {
        Cache::open(path).err().unwrap().to_string()
    }

    #[test]
    fn the_first_answer_stays_and_every_setting_has_its_own() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a/b/cache.sqlite");
        let mut cache = Cache::open(&path).unwrap();
        assert_eq!(keep(&mut cache, "text", answer(1)), answer(1));
        assert_eq!(keep(&mut cache, "text", answer(2)), answer(1));
        let again = Cache::open(&path).unwrap();
        assert_eq!(again.get(&request(), "text", |_| true).unwrap(), Some(answer(1)));
        assert_eq!(again.get(&request(), "text ", |_| true).unwrap(), None);
        let changes: [fn(&mut Request); 7] = [
            |it| it.model.push('x'),
            |it| it.temperature = 0.1,
            |it| it.seed = 1,
            |it| it.max_tokens = 10,
            |it| it.answer_format = AnswerFormat::JsonObject,
            |it| it.prompt_hash.push('x'),
            |it| it.leave_out.push(Parameter::Seed),
        ];
        for change in changes {
            let mut other = request();
            change(&mut other);
            assert_eq!(again.get(&other, "text", |_| true).unwrap(), None, "{other:?}");
            assert_ne!(other.digest(), request().digest());
        }
    }

    #[test]
    fn what_does_not_hold_is_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("cache.sqlite");
        let mut cache = Cache::open(&path).unwrap();
        keep(&mut cache, "text", answer(1));
        assert_eq!(cache.get(&request(), "text", |_| false).unwrap(), None);
        let taken = AnswerFormat::JsonSchema;
        let mut new = [New { text: "text", outcome: answer(2), taken, usage: Usage::default() }];
        cache.keep(&request(), &mut new, |_, known| *known == answer(2)).unwrap();
        assert_eq!(cache.get(&request(), "text", |_| true).unwrap(), Some(answer(2)));
        for damage in ["{", "[]", "{\"evidence\": [{}]}", "7"] {
            cache.connection.execute("UPDATE answer SET outcome = ?1", [damage]).unwrap();
            assert_eq!(cache.get(&request(), "text", |_| true).unwrap(), None, "{damage}");
        }
    }

    #[test]
    fn a_failure_is_known_until_there_is_an_answer_and_never_takes_its_place() {
        let folder = tempfile::tempdir().unwrap();
        let mut cache = Cache::open(&folder.path().join("cache.sqlite")).unwrap();
        let known = |cache: &Cache| cache.get(&request(), "text", |_| true).unwrap().unwrap();
        keep(&mut cache, "text", failure("one"));
        keep(&mut cache, "text", failure("two"));
        assert_eq!(known(&cache), failure("two"));
        assert_eq!(keep_taken(&mut cache, "text", answer(1), AnswerFormat::Text), answer(1));
        assert_eq!(known(&cache), answer(1));
        assert_eq!(keep(&mut cache, "text", failure("three")), answer(1));
        assert_eq!(known(&cache), answer(1));
    }

    #[test]
    fn an_answer_is_kept_under_the_format_that_the_server_took() {
        let folder = tempfile::tempdir().unwrap();
        let mut cache = Cache::open(&folder.path().join("cache.sqlite")).unwrap();
        keep_taken(&mut cache, "text", answer(1), AnswerFormat::JsonObject);
        let of = |answer_format| cache.get(&Request { answer_format, ..request() }, "text", |_| true).unwrap();
        assert_eq!(of(AnswerFormat::JsonSchema), Some(answer(1)), "the same question has its answer");
        assert_eq!(of(AnswerFormat::JsonObject), None, "who asks for a weaker format asks another question");
        let keys: Vec<_> = AnswerFormat::JsonSchema.ladder().map(|taken| request().key("text", taken)).collect();
        assert!(keys[0] != keys[1] && keys[1] != keys[2] && keys[0] != keys[2]);
    }

    /// The key that version 1 of the cache had for these settings: what was paid for then is found now.
    #[test]
    fn keys_are_those_of_earlier_versions() {
        let earlier = blake3::Hasher::new_derive_key("lgdea evidence openai 1")
            .update(br#"{"model":"m","temperature":0.0,"seed":0,"max_tokens":9,"answer_format":"json-schema","prompt_hash":"0"}"#)
            .update(b"text")
            .finalize();
        assert_eq!(request().key("text", AnswerFormat::JsonSchema), *earlier.as_bytes());
    }

    #[test]
    fn many_may_write_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("cache.sqlite");
        let write = |writer: usize| {
            let path = &path;
            move || {
                let mut cache = Cache::open(path).unwrap();
                let name = |text: usize| format!("text {}", (text + writer) % 50);
                (0..50).map(|text| (name(text), keep(&mut cache, &name(text), answer(writer as u64)))).collect()
            }
        };
        let answers: Vec<Vec<(String, Outcome)>> = std::thread::scope(|scope| {
            let writers: Vec<_> = (0..8).map(|writer| scope.spawn(write(writer))).collect();
            writers.into_iter().map(|writer| writer.join().unwrap()).collect()
        });
        let cache = Cache::open(&path).unwrap();
        for (text, outcome) in answers.into_iter().flatten() {
            assert_eq!(cache.get(&request(), &text, |_| true).unwrap(), Some(outcome), "all have the same answer");
        }
    }

    #[test]
    fn files_that_are_no_cache_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let text = folder.path().join("text");
        std::fs::write(&text, "not a database, but longer than the header of one ".repeat(10)).unwrap();
        assert!(problem(&text).ends_with("it is no SQLite database; give another file"), "{}", problem(&text));
        assert!(problem(folder.path()).contains("unable to open"), "{}", problem(folder.path()));
        assert!(problem(&text.join("below")).contains("its folder cannot be made"), "{}", problem(&text.join("below")));

        let other = folder.path().join("other");
        Connection::open(&other).unwrap().execute_batch("CREATE TABLE t (a)").unwrap();
        assert!(problem(&other).contains("of another program"), "{}", problem(&other));

        let newer = folder.path().join("newer");
        Cache::open(&newer).unwrap().connection.pragma_update(None, "user_version", 2).unwrap();
        assert!(problem(&newer).contains("a later version of lgdea"), "{}", problem(&newer));
    }
}
