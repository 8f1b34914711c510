//! Sessions: who has logged in with a browser, known by a cookie of chance whose digest is all that is kept. They end with
//! logout, after a time without use, after a time in all, and with the password they were opened with.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::digest::{Digest, secret};

/// Sessions in all, and of one user; the one that was not used for longest makes room.
const MOST: usize = 1024;
const MOST_OF_ONE: usize = 32;

/// How long sessions last.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lasting {
    /// Without use.
    pub(crate) idle: Duration,
    /// In all.
    pub(crate) whole: Duration,
}

#[derive(Debug)]
struct Session {
    name: Arc<str>,
    /// The hash of the password that opened it.
    password: String,
    begun: Instant,
    used: Instant,
}

/// Those that are open.
#[derive(Debug)]
pub(crate) struct Sessions {
    rows: HashMap<Digest, Session>,
    lasting: Lasting,
}

impl Sessions {
    pub(crate) fn new(lasting: Lasting) -> Self {
        Self { rows: HashMap::new(), lasting }
    }

    /// A new one; what its cookie says.
    ///
    /// # Errors
    /// When the system has no chance to give.
    pub(crate) fn open(&mut self, (name, password): (&str, &str), now: Instant) -> Result<String, String> {
        let id = secret()?;
        let lasting = self.lasting;
        self.rows.retain(|_, session| session.lasts(lasting, now));
        if self.rows.values().filter(|session| &*session.name == name).count() >= MOST_OF_ONE {
            self.make_room(|session| &*session.name == name);
        }
        if self.rows.len() >= MOST {
            self.make_room(|_| true);
        }
        let session = Session { name: name.into(), password: password.to_owned(), begun: now, used: now };
        self.rows.insert(Digest::of(id.as_bytes()), session);
        Ok(id)
    }

    fn make_room(&mut self, among: impl Fn(&Session) -> bool) {
        let oldest = self.rows.iter().filter(|(_, session)| among(session)).min_by_key(|(_, one)| one.used);
        if let Some(id) = oldest.map(|(id, _)| *id) {
            self.rows.remove(&id);
        }
    }

    /// Whose this one is, if it lasts and `password` tells the hash that opened it; using it keeps it.
    pub(crate) fn used(
        &mut self,
        id: &Digest,
        password: impl FnOnce(&str) -> Option<String>,
        now: Instant,
    ) -> Option<Arc<str>> {
        let lasting = self.lasting;
        let session = self.rows.get_mut(id)?;
        if session.lasts(lasting, now) && password(&session.name).as_deref() == Some(&*session.password) {
            session.used = now;
            return Some(Arc::clone(&session.name));
        }
        self.rows.remove(id);
        None
    }

    /// Ends one; whose it was.
    pub(crate) fn close(&mut self, id: &Digest) -> Option<Arc<str>> {
        self.rows.remove(id).map(|session| session.name)
    }
}

impl Session {
    fn lasts(&self, lasting: Lasting, now: Instant) -> bool {
        now.saturating_duration_since(self.used) < lasting.idle
            && now.saturating_duration_since(self.begun) < lasting.whole
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);

    fn sessions() -> (Sessions, Instant) {
        (Sessions::new(Lasting { idle: 2 * HOUR, whole: 5 * HOUR }), Instant::now())
    }

    fn is_open(sessions: &mut Sessions, id: &str, now: Instant) -> bool {
        sessions.used(&Digest::of(id.as_bytes()), |_| Some("hash".into()), now).is_some()
    }

    #[test]
    fn a_session_ends_without_use_and_after_its_time_in_all() {
        let (mut sessions, start) = sessions();
        let id = sessions.open(("anna", "hash"), start).unwrap();
        for hours in 1..5 {
            assert!(is_open(&mut sessions, &id, start + hours * HOUR), "used each hour");
        }
        assert!(!is_open(&mut sessions, &id, start + 5 * HOUR), "five in all");
        let id = sessions.open(("anna", "hash"), start).unwrap();
        assert!(!is_open(&mut sessions, &id, start + 2 * HOUR), "two without use");
        assert!(!is_open(&mut sessions, &id, start), "what ended stays so");
    }

    #[test]
    fn a_session_ends_with_logout_and_with_its_password() {
        let (mut sessions, now) = sessions();
        let id = sessions.open(("anna", "hash"), now).unwrap();
        assert_eq!(id.len(), 64);
        assert_eq!(sessions.close(&Digest::of(id.as_bytes())).as_deref(), Some("anna"));
        assert!(!is_open(&mut sessions, &id, now));
        let id = sessions.open(("anna", "hash"), now).unwrap();
        let changed = sessions.used(&Digest::of(id.as_bytes()), |_| Some("another".into()), now);
        assert!(changed.is_none() && !is_open(&mut sessions, &id, now));
    }

    #[test]
    fn the_table_is_bounded_and_one_user_takes_no_others_place() {
        let (mut sessions, now) = sessions();
        let annas = sessions.open(("anna", "hash"), now).unwrap();
        for n in 0..100 {
            sessions.open(("bo", "hash"), now + Duration::from_secs(n)).unwrap();
        }
        assert_eq!(sessions.rows.len(), 1 + MOST_OF_ONE);
        assert!(is_open(&mut sessions, &annas, now));
        for n in 0..2 * MOST {
            sessions.open((&format!("user{n}"), "hash"), now).unwrap();
        }
        assert_eq!(sessions.rows.len(), MOST);
    }
}
