//! What a hole in a parser could still do: little. Started as root, Wireglobe becomes somebody else; it keeps no capability but
//! CAP_NET_RAW, and that in the capture thread alone; it gains no privileges by starting programs (`no_new_privs`); it reaches no
//! file and no port but those its settings name (Landlock); and the system calls it has no need of are gone (seccomp).
//!
//! The order: open what takes privileges, become somebody else ([`root`]), start the thread that may keep CAP_NET_RAW
//! ([`Closing`]), and only then all other threads. What holds in the end is read back from the system, thread by thread
//! ([`proof`]): a privilege that should be gone and is not ends the program.

mod capabilities;
mod files;
mod proof;
mod reach;
mod root;
mod seccomp;
#[cfg(test)]
mod tests;

use proof::May;
use serde_json::{Value, json};

use crate::cli::Failure;

pub(crate) use reach::{Reach, kept, needed};
pub(crate) use root::{Left, Person, hand_over, hand_over_file, leave as leave_root};

/// How far the sandbox came, for those who look.
#[derive(Clone, Debug, Default)]
pub(crate) struct Account {
    /// Who Wireglobe became, if it was started as root.
    became: Option<String>,
    /// How far files and ports are closed off.
    files: Option<files::Enforced>,
    /// Whether system calls are.
    calls: bool,
    /// What is missing, and why.
    lost: Vec<String>,
}

/// A sandbox that is closed: what remains is to prove it.
pub(crate) struct Closed {
    account: Account,
    may: May,
}

/// Nothing more is gained by starting programs, and this thread, with all it starts from now on, reaches only what it has to.
/// Capabilities stay until [`Closing::finish`], so that the capture thread can be started in between.
pub(crate) struct Closing {
    account: Account,
    may: May,
    wanted: bool,
}

impl Closing {
    /// `raw`: the capture thread opens its interface again when it comes back. Without `wanted` files, ports and system calls
    /// stay open, and it says what is lost.
    pub(crate) fn begin(reach: &Reach, left: &Left, raw: bool, wanted: bool) -> Result<Self, Failure> {
        rustix::thread::set_no_new_privs(true)
            .map_err(|error| Failure::system("cannot give up gaining privileges")(error.into()))?;
        let mut account =
            Account { became: left.became.as_ref().map(ToString::to_string), ..Account::default() };
        if let Left { became: Some(person), lacks: Some(path) } = left {
            account.lost.push(format!(
                "{person} may not read {}, so it keeps the right to read what is root's (CAP_DAC_READ_SEARCH), as far as the sandbox \
                 reaches",
                path.display()
            ));
        }
        if wanted {
            match files::close(reach) {
                Ok(enforced) => {
                    account.lost.extend(enforced.lost());
                    account.files = Some(enforced);
                }
                Err(error) => account.lost.push(format!("files and ports are not closed off: {error}")),
            }
        } else {
            account.lost.push(
                "switched off by --no-sandbox: who takes Wireglobe over reads and writes every file that its user can, starts \
                 programs, and connects to anywhere"
                    .to_owned(),
            );
        }
        let may = May { raw, read: left.lacks.is_some(), call: false };
        Ok(Self { account, may, wanted })
    }

    /// Drops CAP_NET_RAW in this thread and closes system calls off, in all threads.
    pub(crate) fn finish(mut self) -> Result<Closed, Failure> {
        capabilities::drop_raw(self.may.read).map_err(Failure::system("cannot give up capabilities"))?;
        if self.wanted {
            match seccomp::close(self.may.raw) {
                Ok(()) => self.account.calls = true,
                Err(error) => self.account.lost.push(format!("system calls are not closed off: {error}")),
            }
        }
        for lost in &self.account.lost {
            tracing::warn!("sandbox: {lost}");
        }
        let may = May { call: !self.account.calls, ..self.may };
        Ok(Closed { account: self.account, may })
    }
}

impl Closed {
    /// Reads back what holds for every thread there is, as a document.
    ///
    /// # Errors
    /// If a thread has what it should not have.
    pub(crate) fn prove(&self) -> Result<Value, Failure> {
        let Some(threads) = proof::threads() else {
            tracing::warn!("sandbox: /proc can't be read, so nothing could be proved");
            return Ok(self.document(&[]));
        };
        let wrong = threads.iter().find_map(|thread| thread.fault(self.may));
        match wrong {
            Some(fault) => Err(Failure::system("the sandbox has a hole")(std::io::Error::other(fault))),
            None => Ok(self.document(&threads)),
        }
    }

    fn document(&self, threads: &[proof::Thread]) -> Value {
        let account = &self.account;
        let all = |holds: fn(&proof::Thread) -> bool| !threads.is_empty() && threads.iter().all(holds);
        let raw: Vec<&str> =
            threads.iter().filter(|thread| thread.has_raw()).map(|thread| thread.name.as_str()).collect();
        json!({
            "user": threads.first().map(|thread| thread.uid),
            "became": account.became,
            "no_new_privs": all(|thread| thread.no_new_privs),
            "seccomp": all(|thread| thread.seccomp),
            "landlock": account.files.as_ref().map_or("off", files::Enforced::name),
            "landlock_abi": account.files.as_ref().map(files::Enforced::abi),
            "threads_with_net_raw": raw,
            "lost": account.lost,
        })
    }
}
