//! Leases: who is at work on a run.
//!
//! A lease is a small file that is taken by a hard link and renewed by its holder. Links and renames are atomic on any file
//! system that machines share, NFS included; locks and clocks need not be. A lease is dead when its holder is a process of this
//! machine that is gone, or when an observer has seen it unchanged for [`Leases::PATIENCE`] by its own clock.
//!
//! A lease keeps work from being done twice; that a run's journal has one writer is its own lock's business. So the rare case in
//! which a holder that only slept finds its lease taken costs time and harms nothing.

use std::collections::HashMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crate::holder::Holder;

/// The leases of a results folder: those that this process holds, and what it has seen of the others.
#[derive(Debug)]
pub struct Leases {
    folder: PathBuf,
    holder: Holder,
    patience: Duration,
    held: Arc<Mutex<HashMap<String, Held>>>,
    seen: HashMap<String, Seen>,
    /// Dropped to end the heartbeat.
    beating: Option<(Sender<()>, JoinHandle<()>)>,
}

/// A lease of this process.
#[derive(Debug)]
struct Held {
    path: PathBuf,
    /// What distinguishes it from any other, and opens its file.
    token: String,
    beats: u64,
    lost: bool,
}

/// Somebody else's lease, as it was first seen.
#[derive(Debug)]
struct Seen {
    content: String,
    since: Instant,
}

/// What became of the wish for a lease.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claim {
    /// It is this process's, until it is released.
    Taken,
    /// A living process has it.
    Held,
}

impl Leases {
    /// How long a lease may stay unchanged before its holder counts as dead.
    pub const PATIENCE: Duration = Duration::from_mins(1);

    /// The leases in `folder`, which is made if need be; from now on those of this process are renewed. What processes of this
    /// machine left behind that are gone is removed.
    pub fn new(folder: &Path, patience: Duration) -> io::Result<Leases> {
        fs::create_dir_all(folder)?;
        let holder = Holder::this()?;
        tidy(folder, &holder)?;
        let held = Arc::new(Mutex::new(HashMap::new()));
        let (stop, stopped) = mpsc::channel();
        let (beaten, pause) = (Arc::clone(&held), patience / 6);
        let heart = thread::Builder::new().name("leases".to_owned()).spawn(move || {
            while stopped.recv_timeout(pause) == Err(RecvTimeoutError::Timeout) {
                renew(&beaten);
            }
        })?;
        Ok(Leases {
            folder: folder.to_owned(),
            holder,
            patience,
            held,
            seen: HashMap::new(),
            beating: Some((stop, heart)),
        })
    }

    /// Asks for the lease of a run.
    pub fn claim(&mut self, key: &str) -> io::Result<Claim> {
        let path = self.folder.join(format!("{key}.lease"));
        // Twice, because a dead lease is taken out of the way first.
        for _ in 0..2 {
            if let Some(token) = self.link(&path)? {
                self.seen.remove(key);
                let held = Held { path, token, beats: 0, lost: false };
                self.held.lock().unwrap_or_else(PoisonError::into_inner).insert(key.to_owned(), held);
                return Ok(Claim::Taken);
            }
            let content = match fs::read_to_string(&path) {
                Ok(content) => content,
                // It was released just now.
                Err(error) if error.kind() == ErrorKind::NotFound => continue,
                Err(error) => return Err(error),
            };
            if !self.is_dead(key, &content) {
                return Ok(Claim::Held);
            }
            bury(&path, &content, &self.holder)?;
        }
        Ok(Claim::Held)
    }

    /// The living process, this one included, that holds the lease of a run.
    pub fn holder(&mut self, key: &str) -> Option<String> {
        let content = fs::read_to_string(self.folder.join(format!("{key}.lease"))).ok()?;
        let name = || Holder::read(&content).map_or_else(|| "a process".to_owned(), |holder| holder.to_string());
        (!self.is_dead(key, &content)).then(name)
    }

    /// Whether a lease of this process was taken by another one, which believed it dead.
    pub fn is_lost(&self, key: &str) -> bool {
        self.held.lock().unwrap_or_else(PoisonError::into_inner).get(key).is_none_or(|held| held.lost)
    }

    /// Gives a lease back.
    pub fn release(&mut self, key: &str) -> io::Result<()> {
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner).remove(key);
        match held {
            Some(held) if fs::read_to_string(&held.path).is_ok_and(|content| content.starts_with(&held.token)) => {
                fs::remove_file(&held.path)
            }
            _ => Ok(()),
        }
    }

    /// Links a lease of our own to its place; `None` where there is one already.
    fn link(&self, path: &Path) -> io::Result<Option<String>> {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let token = self.holder.token(number)?;
        let draft = path.with_extension(format!("{}-{number}.draft", self.holder.file_name()));
        File::create(&draft)?.write_all(lease(&token, 0).as_bytes())?;
        let linked = fs::hard_link(&draft, path);
        fs::remove_file(&draft)?;
        match linked {
            Ok(()) => Ok(Some(token)),
            // A server whose answer was lost is asked again and finds what it did itself.
            Err(_) if fs::read_to_string(path).is_ok_and(|content| content.starts_with(&token)) => Ok(Some(token)),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn is_dead(&mut self, key: &str, content: &str) -> bool {
        let holder = Holder::read(content);
        if holder.is_some_and(|holder| holder.is_gone(&self.holder)) {
            return true;
        }
        let now = Instant::now();
        let seen = self.seen.entry(key.to_owned()).or_insert_with(|| Seen { content: content.to_owned(), since: now });
        if seen.content != content {
            *seen = Seen { content: content.to_owned(), since: now };
        }
        now - seen.since >= self.patience
    }
}

impl Drop for Leases {
    fn drop(&mut self) {
        if let Some((stop, heart)) = self.beating.take() {
            drop(stop);
            let _ = heart.join();
        }
        let keys: Vec<String> = self.held.lock().unwrap_or_else(PoisonError::into_inner).keys().cloned().collect();
        for key in keys {
            if let Err(error) = self.release(&key) {
                tracing::warn!("the lease of {key} stays behind and will be taken for dead: {error}");
            }
        }
    }
}

/// Removes drafts and leases of processes of this machine that are gone.
fn tidy(folder: &Path, this: &Holder) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        // What cannot be read was removed meanwhile, or is torn and dies of its age.
        let Ok(content) = fs::read_to_string(&path) else { continue };
        if Holder::read(&content).is_some_and(|holder| holder.is_gone(this)) {
            bury(&path, &content, this)?;
        }
    }
    Ok(())
}

/// Takes a dead lease, which has this content, out of the way. Of several that try one succeeds.
fn bury(path: &Path, content: &str, this: &Holder) -> io::Result<()> {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let grave = path.with_extension(format!("{}-{number}.dead", this.file_name()));
    let buried = fs::rename(path, &grave).and_then(|()| {
        if fs::read_to_string(&grave)? != content {
            // Somebody buried the dead one first, and this is a new one: it goes back, unless its place is taken again.
            let _ = fs::hard_link(&grave, path);
        }
        fs::remove_file(&grave)
    });
    match buried {
        // Somebody else was faster.
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        buried => buried,
    }
}

/// A lease's content. All of one token have the same length, because they are written over each other.
fn lease(token: &str, beats: u64) -> String {
    format!("{token} {beats:020}\n")
}

fn renew(held: &Mutex<HashMap<String, Held>>) {
    for held in held.lock().unwrap_or_else(PoisonError::into_inner).values_mut() {
        match beat(held) {
            Ok(ours) => held.lost = !ours,
            // It may be out of reach for a moment; what matters is what others see in the end.
            Err(error) => tracing::warn!("could not renew {}: {error}", held.path.display()),
        }
    }
}

/// Renews a lease; `false` where it is another's by now.
///
/// Written in place: a file that was renamed away in between is still ours to write, while a rename over it might
/// overwrite the lease of who took its place.
fn beat(held: &mut Held) -> io::Result<bool> {
    let mut file = match OpenOptions::new().read(true).write(true).open(&held.path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
        file => file?,
    };
    let mut content = String::new();
    file.read_to_string(&mut content)?;
    if !content.starts_with(&held.token) {
        return Ok(false);
    }
    held.beats += 1;
    file.seek(SeekFrom::Start(0))?;
    file.write_all(lease(&held.token, held.beats).as_bytes())?;
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: Duration = Duration::from_hours(1);

    fn leases(folder: &Path, patience: Duration) -> Leases {
        Leases::new(folder, patience).unwrap()
    }

    fn files(folder: &Path) -> usize {
        fs::read_dir(folder).unwrap().count()
    }

    #[test]
    fn of_many_one_takes_it_and_nothing_else_is_left() {
        let folder = tempfile::tempdir().unwrap();
        let taken: usize = thread::scope(|scope| {
            let claims: Vec<_> = (0..8)
                .map(|_| {
                    scope.spawn(|| {
                        let mut leases = leases(folder.path(), LONG);
                        let taken = leases.claim("a").unwrap() == Claim::Taken;
                        // Held until all have asked.
                        (taken, leases)
                    })
                })
                .collect();
            let claims: Vec<_> = claims.into_iter().map(|claim| claim.join().unwrap()).collect();
            claims.iter().filter(|(taken, _)| *taken).count()
        });
        assert_eq!(taken, 1);
        assert_eq!(files(folder.path()), 0, "released by its holder's end");
    }

    #[test]
    fn it_is_free_again_after_its_release() {
        let folder = tempfile::tempdir().unwrap();
        let (mut one, mut other) = (leases(folder.path(), LONG), leases(folder.path(), LONG));
        assert_eq!(one.claim("a").unwrap(), Claim::Taken);
        assert_eq!(other.claim("a").unwrap(), Claim::Held);
        let this = format!("process {} on ", std::process::id());
        assert!(other.holder("a").is_some_and(|who| who.starts_with(&this)) && !one.is_lost("a"));
        assert_eq!(other.claim("b").unwrap(), Claim::Taken);
        one.release("a").unwrap();
        assert_eq!(other.holder("a"), None);
        assert_eq!(other.claim("a").unwrap(), Claim::Taken);
    }

    /// A lease that names a process of this machine that has ended is dead at once.
    #[test]
    fn a_dead_process_holds_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let mut child = std::process::Command::new("sleep").arg("600").spawn().unwrap();
        let holder = Holder::of(child.id()).unwrap();
        fs::write(folder.path().join("a.lease"), lease(&holder.token(0).unwrap(), 7)).unwrap();
        let mut leases = leases(folder.path(), LONG);
        assert_eq!(leases.claim("a").unwrap(), Claim::Held, "it lives");
        child.kill().unwrap();
        // Not waited for: a dead process that nobody has asked for stays in the system's table.
        while !holder.is_gone(&leases.holder) {
            thread::sleep(Duration::from_millis(1));
        }
        let draft = folder.path().join("b.1234-draft");
        fs::write(&draft, lease(&holder.token(1).unwrap(), 0)).unwrap();
        assert_eq!(leases.claim("a").unwrap(), Claim::Taken);
        assert_eq!(files(folder.path()), 2);
        let _next = self::leases(folder.path(), LONG);
        assert!(
            !draft.exists() && leases.holder("a").is_some(),
            "what the dead left behind is removed, and nothing else"
        );
        child.wait().unwrap();
    }

    #[test]
    fn what_does_not_change_is_dead_and_what_is_torn_is_no_exception() {
        let folder = tempfile::tempdir().unwrap();
        for content in
            ["", "{\"host\":\"far", "\0\0\0", "{\"host\":\"far\",\"process\":1,\"started\":1,\"number\":0} 1\n"]
        {
            fs::write(folder.path().join("a.lease"), content).unwrap();
            let mut patient = leases(folder.path(), LONG);
            assert_eq!(patient.claim("a").unwrap(), Claim::Held, "{content}");
            let mut impatient = leases(folder.path(), Duration::from_millis(60));
            assert_eq!(impatient.claim("a").unwrap(), Claim::Held, "{content}: first seen");
            while impatient.claim("a").unwrap() != Claim::Taken {
                thread::sleep(Duration::from_millis(5));
            }
            assert_eq!(patient.claim("a").unwrap(), Claim::Held, "{content}: a new holder");
        }
    }

    #[test]
    fn a_heartbeat_keeps_it_alive_for_every_observer() {
        let folder = tempfile::tempdir().unwrap();
        let mut one = leases(folder.path(), Duration::from_millis(6));
        one.claim("a").unwrap();
        let read = || fs::read_to_string(folder.path().join("a.lease")).unwrap();
        let first = read();
        while read() == first {
            thread::sleep(Duration::from_millis(1));
        }
        assert_eq!(read().len(), first.len());
        assert!(!one.is_lost("a"));
    }

    #[test]
    fn who_was_taken_for_dead_notices_and_does_not_disturb_the_new_holder() {
        let folder = tempfile::tempdir().unwrap();
        let mut sleeper = leases(folder.path(), Duration::from_millis(6));
        sleeper.claim("a").unwrap();
        let path = folder.path().join("a.lease");
        fs::rename(&path, folder.path().join("grave")).unwrap();
        let mut next = leases(folder.path(), LONG);
        assert_eq!(next.claim("a").unwrap(), Claim::Taken);
        let content = fs::read_to_string(&path).unwrap();
        while !sleeper.is_lost("a") {
            thread::sleep(Duration::from_millis(1));
        }
        sleeper.release("a").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), content);
    }

    #[test]
    fn a_new_lease_is_not_buried_for_an_old_one() {
        let folder = tempfile::tempdir().unwrap();
        let mut one = leases(folder.path(), LONG);
        one.claim("a").unwrap();
        let path = folder.path().join("a.lease");
        let content = fs::read_to_string(&path).unwrap();
        bury(&path, "what was there before", &one.holder).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), content);
        assert_eq!(files(folder.path()), 1);
    }
}
