//! Root is left behind and the sandbox closes, before anything of the network is read: see [`sandbox`](crate::sandbox).

use std::path::Path;

use super::Arguments;
use crate::access::certificate;
use crate::cli::Failure;
use crate::live::Capture;
use crate::sandbox::{self, Closed, Closing, Person, Reach};
use crate::settings::Settings;
use crate::sources::Opened;

/// Users and our own certificate, which root may have written, are read again while we run. What can't be handed over is told of then.
fn hand_over_keys(settings: &Settings, person: &Person) {
    let users = settings.server.users_file();
    if settings.server.needs_login() {
        let _ = sandbox::hand_over_file(&users, person);
    }
    if settings.server.encrypts() && settings.server.certificate_files().is_none() {
        for name in certificate::NAMES {
            let _ = sandbox::hand_over_file(&users.with_file_name(name), person);
        }
    }
}

/// Root becomes somebody else, and the sandbox closes: see [`sandbox`]. The capture thread is started in between.
pub(super) fn confine(
    settings: &Settings,
    file: Option<&Path>,
    opened: &Opened,
    (arguments, at): (&Arguments, &str),
) -> Result<(Capture, Closed), Failure> {
    let reach = Reach::of(settings, file, opened.kind);
    let person = Person::due();
    if let Some(person) = &person {
        for folder in &reach.write {
            if let Err(error) = sandbox::hand_over(folder, person) {
                tracing::warn!("cannot hand {} over to {person}: {error}", folder.display());
            }
        }
        hand_over_keys(settings, person);
    }
    for folder in &reach.write {
        // What can't be made is told of by who needs it.
        let _ = std::fs::create_dir_all(folder);
    }
    let left = sandbox::leave_root(person, &sandbox::needed(settings))?;
    if arguments.open {
        open(at);
    }
    if reach.asks_names() {
        // The C library loads what it needs for names while it can.
        let _ = std::net::ToSocketAddrs::to_socket_addrs("localhost:0");
    }
    let raw = opened.kind == "interface" && settings.source.reopen;
    let closing = Closing::begin(&reach, &left, raw, !arguments.no_sandbox)?;
    let prepare = || Capture::prepare().map_err(Failure::system("cannot start the capture thread"));
    if raw {
        // Its capability is the one of this thread, which then drops it.
        let capture = prepare()?;
        return Ok((capture, closing.finish()?));
    }
    let closed = closing.finish()?;
    Ok((prepare()?, closed))
}

/// Opens the dashboard in the desktop's browser, which waits for the answer; later no program can be started.
fn open(at: &str) {
    if std::process::Command::new("xdg-open").arg(at).spawn().is_err() {
        tracing::warn!("no browser could be opened: xdg-open is missing");
    }
}
