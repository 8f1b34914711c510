//! Files read side by side, each by whichever worker is free. What is found in them stays in their order; a file that
//! can't be read is told of, and the others go on.

use std::net::IpAddr;
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use analyzer::exchange::Seen;
use analyzer::names::{Learner, Names};
use capturer::decode::Skip;
use capturer::{Frame, LinkType, Packet};

use crate::cli::offline::{self, Hand, Outcome, Reading};
use crate::cli::{Failure, complain};
use crate::sources;

/// Bytes of names kept of a file.
const NAMES: usize = 16 << 20;

/// Who looks at the frames of a file.
pub(in crate::cli) trait Look: Send {
    /// Sees a frame.
    fn see(&mut self, seen: &Seen<'_>);
}

/// What was read of a file.
pub(in crate::cli) struct Read<T> {
    pub(in crate::cli) path: PathBuf,
    /// What its looker saw.
    pub(in crate::cli) value: T,
    /// Names of addresses that it told.
    names: Names,
    pub(in crate::cli) outcome: Outcome,
    /// Frames without hardware addresses of Ethernet.
    pub(in crate::cli) foreign: u64,
}

/// How many files are read at once, unless somebody says.
pub(super) fn jobs(asked: Option<usize>) -> usize {
    asked.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, NonZero::get)).clamp(1, 64)
}

/// Reads all files; `reading` says how one is read, and `look` makes its looker.
///
/// # Errors
/// The failure of one file is its own; it is an error when none can be read.
pub(in crate::cli) fn each<T: Look>(
    paths: &[PathBuf],
    jobs: usize,
    (addresses, reading): (&[IpAddr], &(impl Fn() -> Result<Reading, Failure> + Sync)),
    look: &(impl Fn(&Path) -> T + Sync),
) -> Result<Vec<Read<T>>, Failure> {
    let next = AtomicUsize::new(0);
    let found = Mutex::new(Vec::new());
    let work = || {
        while let Some((index, path)) = take(paths, &next) {
            let read = reading().and_then(|reading| read(path, (addresses, reading), look(path)));
            found.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).push((index, read));
        }
    };
    std::thread::scope(|scope| {
        for _ in 1..jobs.min(paths.len()) {
            scope.spawn(work);
        }
        work();
    });
    let mut found = found.into_inner().unwrap_or_else(|poisoned| poisoned.into_inner());
    found.sort_by_key(|(index, _)| *index);
    let (mut files, mut failures) = (Vec::new(), Vec::new());
    for (_, read) in found {
        match read {
            Ok(read) => files.push(read),
            Err(failure @ Failure::Usage(_)) => return Err(failure),
            Err(failure) => failures.push(failure),
        }
    }
    if files.is_empty() && !failures.is_empty() {
        return Err(failures.swap_remove(0));
    }
    failures.iter().for_each(|failure| complain(&format!("{failure}; skipped")));
    Ok(files)
}

fn take<'a>(paths: &'a [PathBuf], next: &AtomicUsize) -> Option<(usize, &'a Path)> {
    let index = next.fetch_add(1, Ordering::Relaxed);
    paths.get(index).map(|path| (index, path.as_path()))
}

fn read<T: Look>(
    path: &Path,
    (addresses, reading): (&[IpAddr], Reading),
    value: T,
) -> Result<Read<T>, Failure> {
    let mut source = sources::files(&[path.to_path_buf()])?;
    let names = (Names::new(NAMES), Learner::default());
    let mut eye = Eye { slot: Packet::empty(), value, names, addresses, foreign: 0 };
    let outcome = offline::read(&mut *source, reading, &mut eye)?.or_failure()?;
    let Eye { value, names: (names, _), foreign, .. } = eye;
    Ok(Read { path: path.to_path_buf(), value, names, outcome, foreign })
}

/// Shows frames to a looker and learns their names.
struct Eye<'a, T> {
    slot: Packet,
    value: T,
    names: (Names, Learner),
    addresses: &'a [IpAddr],
    foreign: u64,
}

impl<T: Look> Hand for Eye<'_, T> {
    fn slot(&mut self) -> &mut Packet {
        &mut self.slot
    }

    fn take(&mut self, frame: &Frame<'_>, skip: Option<Skip>) -> Result<(), Failure> {
        let packet = skip.is_none().then_some(&self.slot);
        if let Some(packet) = packet {
            let (names, learner) = &mut self.names;
            learner.learn(packet, frame.bytes, |learned| names.take(&learned));
        }
        let seen = Seen { frame, packet };
        let wanted =
            |(source, destination)| self.addresses.contains(&source) || self.addresses.contains(&destination);
        if self.addresses.is_empty() || seen.addresses().is_some_and(wanted) {
            self.foreign += u64::from(frame.link != LinkType::ETHERNET);
            self.value.see(&seen);
        }
        Ok(())
    }
}

/// The names that all files told, in their order.
pub(in crate::cli) fn take_names<T>(files: &mut [Read<T>]) -> Vec<Names> {
    files.iter_mut().map(|file| std::mem::replace(&mut file.names, Names::new(0))).collect()
}

/// Says what of the files could not be used; gives the exit code. Where hardware tells the way, files without Ethernet say nothing.
pub(in crate::cli) fn tell<T>(files: &[Read<T>], needs_hardware: bool) -> std::process::ExitCode {
    let mut code = std::process::ExitCode::SUCCESS;
    for file in files {
        if file.outcome.error.is_some() || file.outcome.truncated.is_some() {
            let told = file.outcome.exit_code();
            code = if file.outcome.error.is_some() { told } else { code };
        }
        if needs_hardware && file.foreign > 0 {
            let (path, frames) = (file.path.display(), file.foreign);
            complain(&format!(
                "{path}: {frames} frames are not Ethernet and have no hardware addresses to tell the way by; left out"
            ));
        }
    }
    code
}
