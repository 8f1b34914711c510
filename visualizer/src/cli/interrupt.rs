//! Ctrl-C in a command that answers once and at its end: it ends at once with code 130, as a shell expects, unless a file is
//! being put in its place.

use std::process;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use tokio::signal::unix::{SignalKind, signal};

use crate::cli::Failure;

/// 128 and the number of the signal.
const CODE: i32 = 130;

/// Whether the command may end right now.
pub(super) struct Interrupt(Arc<AtomicBool>);

impl Interrupt {
    /// Ends the process from now on when somebody presses Ctrl-C.
    pub(super) fn watch() -> Result<Self, Failure> {
        let failed = || Failure::system("cannot wait for signals");
        let may_end = Arc::new(AtomicBool::new(true));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(failed())?;
        let mut interrupts = {
            let _inside = runtime.enter();
            signal(SignalKind::interrupt()).map_err(failed())?
        };
        let asked = Arc::clone(&may_end);
        let wait = async move {
            while interrupts.recv().await.is_some() {
                if asked.load(Relaxed) {
                    process::exit(CODE);
                }
            }
        };
        let thread = std::thread::Builder::new().name("interrupt".to_owned());
        thread.spawn(move || runtime.block_on(wait)).map_err(failed())?;
        Ok(Self(may_end))
    }

    /// Does what must not be left half done.
    pub(super) fn hold<T>(&self, work: impl FnOnce() -> T) -> T {
        self.0.store(false, Relaxed);
        let done = work();
        self.0.store(true, Relaxed);
        done
    }
}
