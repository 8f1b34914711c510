//! Never root after the start: who is it becomes the user who called sudo, or `nobody`. Before that, what Wireglobe keeps of its own
//! is handed over.

use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, fchown};
use std::path::{Path, PathBuf};

use rustix::process::{Gid, Uid};
use rustix::thread;

use super::capabilities;
use crate::cli::Failure;
use crate::{crash, geo_files};

/// Who `nobody` is where the system's list of users can't be read, as Linux has it by default.
const NOBODY: (u32, u32) = (65_534, 65_534);

/// How the names begin that Wireglobe gives to what it keeps; databases besides.
const NAMES: [&str; 10] = [
    "alerts.sqlite",
    crash::NAME,
    "history-",
    "graphs.json",
    "users.toml",
    "certificate.",
    "flows-",
    "geo",
    "eve.json",
    "wireglobe.log",
];

/// Folders whose folders belong to many.
const SHARED: [&str; 5] = ["/home", "/usr", "/var", "/proc", "/sys"];

/// Whom root becomes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Person {
    pub(crate) uid: u32,
    gid: u32,
    name: Option<String>,
}

impl fmt::Display for Person {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.name {
            Some(name) => write!(f, "{name} ({})", self.uid),
            None => write!(f, "user {}", self.uid),
        }
    }
}

impl Person {
    /// Whom this process has to become; `None` if it is not root's.
    pub(crate) fn due() -> Option<Self> {
        if !rustix::process::geteuid().is_root() && !rustix::process::getuid().is_root() {
            return None;
        }
        let users = fs::read_to_string("/etc/passwd").unwrap_or_default();
        let number = |variable| std::env::var(variable).ok()?.parse::<u32>().ok().filter(|id| *id != 0);
        Some(Self::of(number("SUDO_UID").zip(number("SUDO_GID")), &users))
    }

    /// The first of these files and folders that this person may not read; what is not there is told of by who needs it. Asked as
    /// that person, for a moment: to be called before any thread is started.
    fn lacks(&self, needed: &[PathBuf]) -> io::Result<Option<PathBuf>> {
        let (uid, gid) = (Uid::from_raw(self.uid), Gid::from_raw(self.gid));
        let groups = rustix::process::getgroups()?;
        thread::set_thread_groups(&[])?;
        thread::set_thread_res_gid(Gid::ROOT, gid, Gid::ROOT)?;
        thread::set_thread_res_uid(Uid::ROOT, uid, Uid::ROOT)?;
        let lacks = needed.iter().find(|path| is_refused(path)).cloned();
        thread::set_thread_res_uid(Uid::ROOT, Uid::ROOT, Uid::ROOT)?;
        thread::set_thread_res_gid(Gid::ROOT, Gid::ROOT, Gid::ROOT)?;
        thread::set_thread_groups(&groups)?;
        Ok(lacks)
    }

    fn of(caller: Option<(u32, u32)>, users: &str) -> Self {
        let rows = || users.lines().filter_map(row);
        let nobody =
            || rows().find(|(name, uid, _)| *name == "nobody" && *uid != 0).map(|(_, uid, gid)| (uid, gid));
        let (uid, gid) = caller.or_else(nobody).unwrap_or(NOBODY);
        let name = rows().find(|(_, of, _)| *of == uid).map(|(name, ..)| name.to_owned());
        Self { uid, gid, name }
    }
}

/// Name, user and group of a line of passwd(5).
fn row(line: &str) -> Option<(&str, u32, u32)> {
    let mut cells = line.split(':');
    let name = cells.next()?;
    Some((name, cells.nth(1)?.parse().ok()?, cells.next()?.parse().ok()?))
}

/// Who this process is after it left root behind.
#[derive(Debug, Default)]
pub(crate) struct Left {
    /// Whom root became.
    pub(crate) became: Option<Person>,
    /// What that person may not read and is read all the same: CAP_DAC_READ_SEARCH stays.
    pub(crate) lacks: Option<PathBuf>,
}

/// Becomes that person, with no capability but CAP_NET_RAW, and CAP_DAC_READ_SEARCH if one of the files that are still to be read is
/// root's alone; of who is not root's, only the other capabilities go. To be called before any thread is started: users belong to
/// threads.
///
/// # Errors
/// If the system refuses: then Wireglobe would go on as root.
pub(crate) fn leave(person: Option<Person>, needed: &[PathBuf]) -> Result<Left, Failure> {
    let refused = |person: &Person| {
        Failure::system(format!(
            "cannot become {person}, and does not go on as root; start it as another user"
        ))
    };
    let mut left = Left { became: person, lacks: None };
    if let Some(person) = &left.became {
        left.lacks = person.lacks(needed).map_err(refused(person))?;
    }
    capabilities::bound();
    if let Some(person) = &left.became {
        become_person(person).map_err(refused(person))?;
    }
    capabilities::keep_raw(left.lacks.is_some()).map_err(Failure::system("cannot give up capabilities"))?;
    let Some(person) = &left.became else { return Ok(left) };
    if thread::set_thread_res_uid(Uid::ROOT, Uid::ROOT, Uid::ROOT).is_ok() {
        let hole = io::Error::other("it could become root again");
        return Err(Failure::system("cannot cease to be root")(hole));
    }
    tracing::info!("started as root, goes on as {person}");
    Ok(left)
}

fn become_person(person: &Person) -> io::Result<()> {
    let (uid, gid) = (Uid::from_raw(person.uid), Gid::from_raw(person.gid));
    // Else CAP_NET_RAW would go with the user.
    thread::set_keep_capabilities(true)?;
    thread::set_thread_groups(&[])?;
    thread::set_thread_res_gid(gid, gid, gid)?;
    thread::set_thread_res_uid(uid, uid, uid)?;
    thread::set_keep_capabilities(false)?;
    Ok(())
}

/// Whether what is there can't be read; what is neither file nor folder is left alone, as a pipe hears of who opens it.
fn is_refused(path: &Path) -> bool {
    let asked = fs::metadata(path).and_then(|facts| match facts.file_type() {
        kind if kind.is_dir() => fs::read_dir(path).map(drop),
        kind if kind.is_file() => File::open(path).map(drop),
        _ => Ok(()),
    });
    matches!(asked, Err(error) if error.kind() == io::ErrorKind::PermissionDenied)
}

/// Makes a folder that person's, with what root made in it before. One that is missing is made. One that is there is handed over only if
/// root owns it and nothing is in it but what Wireglobe itself makes, so that no setting gives away what is somebody else's.
///
/// # Errors
/// If the folder can't be made, or is not for us alone.
pub(crate) fn hand_over(folder: &Path, person: &Person) -> io::Result<()> {
    if !folder.exists() {
        fs::DirBuilder::new().recursive(true).mode(0o755).create(folder)?;
    }
    let handle = open(folder, libc::O_DIRECTORY)?;
    let facts = handle.metadata()?;
    if facts.uid() == person.uid || facts.mode() & 0o002 != 0 {
        return Ok(());
    }
    let whole = folder.canonicalize()?;
    let entries: Vec<fs::DirEntry> = fs::read_dir(folder)?.collect::<io::Result<_>>()?;
    let is_alone = entries.iter().all(|entry| entry.file_name().to_str().is_some_and(is_ours));
    if facts.uid() != 0 || is_broad(&whole) || !is_alone {
        return Err(io::Error::other("it is not Wireglobe's alone; make it a folder of its own"));
    }
    for entry in entries {
        if entry.file_type()?.is_dir() {
            hand_over(&entry.path(), person)?;
        } else if entry.file_type()?.is_file() {
            hand_over_file(&entry.path(), person)?;
        }
    }
    fchown(&handle, Some(person.uid), Some(person.gid))
}

/// Whether a name in a folder is one that Wireglobe gives.
fn is_ours(name: &str) -> bool {
    NAMES.iter().any(|own| name.starts_with(own))
        || geo_files::STORED.iter().any(|(own, _)| name.starts_with(own))
}

/// Folders of the system, and those just below them: nothing there is ours alone.
pub(super) fn is_broad(folder: &Path) -> bool {
    let depth = folder.components().count();
    depth <= 2 || depth == 3 && SHARED.iter().any(|above| folder.starts_with(above))
}

/// The same of one file of ours.
///
/// # Errors
/// If it can't be opened or handed over.
pub(crate) fn hand_over_file(path: &Path, person: &Person) -> io::Result<()> {
    let file = open(path, 0)?;
    let facts = file.metadata()?;
    if facts.is_file() && facts.uid() == 0 && facts.nlink() == 1 {
        fchown(&file, Some(person.uid), Some(person.gid))?;
    }
    Ok(())
}

/// What is there itself, not what a link leads to.
fn open(path: &Path, flags: i32) -> io::Result<File> {
    OpenOptions::new().read(true).custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK | flags).open(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    const USERS: &str =
        "root:x:0:0:root:/root:/bin/sh\nnobody:x:99:98:nobody:/:/bin/false\nanna:x:1000:1001::/home/anna:\n";

    #[test]
    fn root_becomes_who_called_sudo_or_nobody() {
        let name = |person: Person| (person.to_string(), person.gid);
        assert_eq!(name(Person::of(Some((1000, 1001)), USERS)), ("anna (1000)".to_owned(), 1001));
        assert_eq!(name(Person::of(Some((1234, 1)), USERS)), ("user 1234".to_owned(), 1));
        assert_eq!(name(Person::of(None, USERS)), ("nobody (99)".to_owned(), 98));
        assert_eq!(name(Person::of(None, "")), ("user 65534".to_owned(), 65_534));
        assert_eq!(name(Person::of(None, "nobody:x:0:0::/:\nbroken")), ("user 65534".to_owned(), 65_534));
    }
}
