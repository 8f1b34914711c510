//! Who may use the dashboard and its API: users with passwords, who get a session, and programs with tokens.
//!
//! Whoever listens on a loopback address only asks nobody: who can reach it has an account on this machine. Everywhere else each
//! request names a session (a cookie) or a token (`Authorization: Bearer`), and what it may do is told by the role.

mod accounts;
mod attempts;
pub(crate) mod certificate;
mod digest;
mod entrance;
mod password;
mod sessions;
#[cfg(test)]
mod upgrade_tests;

use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use tokio::sync::Semaphore;

pub(crate) use accounts::write_private;
pub(crate) use accounts::{Accounts, Role, Token, User, is_name};
pub(crate) use digest::{Digest, secret as new_secret};
pub(crate) use entrance::Entrance;
pub(crate) use password::hashed;
pub(crate) use sessions::Lasting;

use attempts::Attempts;
use sessions::Sessions;

use crate::bucket::Bucket;

/// How often the file is looked at: who is taken out of it is out after that.
const LOOK: Duration = Duration::from_secs(1);

/// Passwords that are checked at once: each takes 19 MiB and some 20 ms of a core.
const AT_ONCE: usize = 2;

/// Refused tokens that the log has in a minute.
const COMPLAINTS: u32 = 6;

/// Who asks.
#[derive(Clone, Debug)]
pub(crate) struct Who {
    /// `None` where nobody has to log in.
    pub(crate) name: Option<Arc<str>>,
    pub(crate) role: Role,
    credential: Credential,
}

/// What shows who asks.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Credential {
    /// Nothing: nobody has to.
    None,
    /// A session's cookie.
    Session(Digest),
    /// A token.
    Token(Digest),
}

/// Why a login failed.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Denied {
    /// Name or password are wrong; which, nobody is told.
    Wrong,
    /// Tried too often; when to come back.
    TooOften(Duration),
    /// The machine can't.
    Fault(String),
}

struct Known {
    accounts: Arc<Accounts>,
    stamp: Option<(SystemTime, u64)>,
    looked: Instant,
}

/// All that decides.
pub(crate) struct Access {
    /// Whether nobody has to log in.
    open: bool,
    file: PathBuf,
    known: Mutex<Known>,
    sessions: Mutex<Sessions>,
    attempts: Mutex<Attempts>,
    turns: Semaphore,
    /// Refused tokens that are told: a program that asks each second shall not fill the log.
    complaints: Mutex<Bucket>,
}

impl Access {
    /// Nobody has to log in.
    pub(crate) fn open() -> Self {
        Self::new(true, PathBuf::new(), Accounts::default(), Lasting::FOREVER)
    }

    /// Everybody has to. `file` has those who can; it is read again when it changes.
    pub(crate) fn guarded(file: PathBuf, accounts: Accounts, lasting: Lasting) -> Self {
        Self::new(false, file, accounts, lasting)
    }

    fn new(open: bool, file: PathBuf, accounts: Accounts, lasting: Lasting) -> Self {
        let now = Instant::now();
        let known = Known { stamp: stamp(&file), accounts: Arc::new(accounts), looked: now };
        Self {
            open,
            file,
            known: Mutex::new(known),
            sessions: Mutex::new(Sessions::new(lasting)),
            attempts: Mutex::new(Attempts::new(now)),
            turns: Semaphore::new(AT_ONCE),
            complaints: Mutex::new(Bucket::new(COMPLAINTS, Duration::from_secs(60), now)),
        }
    }

    /// Whether anybody has to log in.
    pub(crate) const fn needs_login(&self) -> bool {
        !self.open
    }

    /// Who shows this; `None` for nobody.
    pub(crate) fn who(&self, shown: Credential) -> Option<Who> {
        if self.open {
            return Some(Who { name: None, role: Role::Operator, credential: Credential::None });
        }
        let accounts = self.accounts();
        let (name, role) = match shown {
            Credential::None => return None,
            Credential::Token(digest) => {
                let token = accounts.token(&digest)?;
                (token.name.as_str().into(), token.role)
            }
            Credential::Session(digest) => {
                let password = |name: &str| accounts.user(name).map(|user| user.password.clone());
                let name = lock(&self.sessions).used(&digest, password, Instant::now())?;
                let role = accounts.user(&name)?.role;
                (name, role)
            }
        };
        Some(Who { name: Some(name), role, credential: shown })
    }

    /// Whether somebody who came in is still welcome; asking keeps a session.
    pub(crate) fn still(&self, who: &Who) -> bool {
        self.who(who.credential).is_some()
    }

    /// Checks a password and opens a session: what its cookie says, and whose it is.
    ///
    /// # Errors
    /// [`Denied`].
    pub(crate) async fn log_in(
        self: &Arc<Self>,
        (name, password): (String, String),
        from: IpAddr,
    ) -> Result<(String, Who), Denied> {
        lock(&self.attempts).take(from, Instant::now()).map_err(Denied::TooOften)?;
        let hash = self.accounts().user(&name).map(|user| user.password.clone());
        let Ok(_turn) = self.turns.acquire().await else { return Err(Denied::Wrong) };
        let known = hash.clone();
        let fits = tokio::task::spawn_blocking(move || password::fits(&password, hash.as_deref()));
        let fits = fits.await.map_err(|error| Denied::Fault(error.to_string()))?;
        let Some(hash) = known.filter(|_| fits) else { return Err(Denied::Wrong) };
        lock(&self.attempts).forgive(from);
        let id = lock(&self.sessions).open((&name, &hash), Instant::now()).map_err(Denied::Fault)?;
        let who = self.who(Credential::session(&id)).ok_or(Denied::Wrong)?;
        Ok((id, who))
    }

    /// Ends the session of who asks; whose it was.
    pub(crate) fn log_out(&self, who: &Who) -> Option<Arc<str>> {
        match who.credential {
            Credential::Session(digest) => lock(&self.sessions).close(&digest),
            _ => None,
        }
    }

    /// Tells the log of a token that nobody has, unless it was told often.
    pub(crate) fn complain(&self, shown: Credential, from: Option<IpAddr>) {
        if matches!(shown, Credential::Token(_)) && lock(&self.complaints).take(Instant::now()) {
            tracing::warn!(from = ?from, "a token was refused: nobody has it");
        }
    }

    /// Whether a user has this name: a log may tell it. What is no name may be a password, typed into the wrong field.
    pub(crate) fn knows(&self, name: &str) -> bool {
        self.accounts().user(name).is_some()
    }

    /// What the file has. One that is broken now leaves what was known.
    fn accounts(&self) -> Arc<Accounts> {
        let mut known = lock(&self.known);
        if known.looked.elapsed() >= LOOK {
            known.looked = Instant::now();
            let now = stamp(&self.file);
            if now != known.stamp {
                known.stamp = now;
                match Accounts::read(&self.file) {
                    Ok(accounts) => known.accounts = Arc::new(accounts),
                    Err(error) => tracing::warn!("{error}; the users and tokens known before stay"),
                }
            }
        }
        Arc::clone(&known.accounts)
    }
}

impl Credential {
    /// Of a session's cookie.
    pub(crate) fn session(id: &str) -> Self {
        Self::Session(Digest::of(id.as_bytes()))
    }

    /// Of a token.
    pub(crate) fn token(token: &str) -> Self {
        Self::Token(Digest::of(token.as_bytes()))
    }
}

impl Lasting {
    /// Where there are no sessions.
    const FOREVER: Self = Self { idle: Duration::MAX, whole: Duration::MAX };
}

/// What tells that a file has changed.
fn stamp(file: &std::path::Path) -> Option<(SystemTime, u64)> {
    use std::os::unix::fs::MetadataExt;
    let facts = std::fs::metadata(file).ok()?;
    Some((facts.modified().ok()?, facts.ino()))
}

/// A thread that panicked left whole values behind.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
