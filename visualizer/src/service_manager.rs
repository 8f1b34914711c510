//! Tells the service manager how we are, as sd_notify(3) describes it: datagrams to the socket that `NOTIFY_SOCKET` names. It is connected
//! before the sandbox closes; without such a socket nothing is told.

use std::ffi::OsStr;
use std::io;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::time::Duration;

/// A service manager that takes nothing up has so long.
const PATIENCE: Duration = Duration::from_secs(1);

/// The way to the service manager, if there is one.
#[derive(Debug, Default)]
pub(crate) struct ServiceManager {
    socket: Option<UnixDatagram>,
    /// It restarts us when it was told nothing for so long.
    watchdog: Option<Duration>,
}

impl ServiceManager {
    /// As the environment says.
    pub(crate) fn connect() -> Self {
        let variable = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
        let Some(name) = std::env::var_os("NOTIFY_SOCKET").filter(|name| !name.is_empty()) else {
            return Self::default();
        };
        let socket = match connect(&name) {
            Ok(socket) => Some(socket),
            Err(error) => {
                tracing::warn!("the service manager is not told how we are: NOTIFY_SOCKET: {error}");
                None
            }
        };
        let is_ours = variable("WATCHDOG_PID").is_none_or(|id| id == std::process::id().to_string());
        let micros = variable("WATCHDOG_USEC").filter(|_| is_ours).and_then(|text| text.parse().ok());
        Self { socket, watchdog: micros.filter(|micros| *micros > 0).map(Duration::from_micros) }
    }

    /// Whether there is one.
    pub(crate) const fn is_there(&self) -> bool {
        self.socket.is_some()
    }

    /// How long it waits for a word before it restarts us.
    pub(crate) const fn watchdog(&self) -> Option<Duration> {
        self.watchdog
    }

    /// Sends fields of sd_notify(3), one a line. A service manager that hears nothing is its own affair.
    pub(crate) fn tell(&self, fields: &str) {
        if let Some(Err(error)) = self.socket.as_ref().map(|socket| socket.send(fields.as_bytes())) {
            tracing::debug!(%error, "the service manager was not told");
        }
    }

    /// Settings and databases are being read again.
    pub(crate) fn reloading(&self) {
        let now = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
        let micros = now.tv_sec * 1_000_000 + now.tv_nsec / 1000;
        self.tell(&format!("RELOADING=1\nMONOTONIC_USEC={micros}"));
    }
}

/// A path, or an abstract name after an `@`.
fn connect(name: &OsStr) -> io::Result<UnixDatagram> {
    let address = match name.as_bytes() {
        [b'@', abstract_name @ ..] => SocketAddr::from_abstract_name(abstract_name)?,
        _ => SocketAddr::from_pathname(name)?,
    };
    let socket = UnixDatagram::unbound()?;
    socket.connect_addr(&address)?;
    socket.set_write_timeout(Some(PATIENCE))?;
    Ok(socket)
}
