//! The ways out: one file each, one line in [`make`]. A channel makes its form of a notice, makes what came from the wire safe for it, sends
//! it, and says in words what the other side answered.

mod cef;
mod eve;
mod mail;
mod shape;
mod stream;
mod syslog;
#[cfg(test)]
mod tests;
mod webhook;

use super::Context;
use super::desk::Again;
use super::notice::Notice;
use crate::settings::Notify;

/// Why a message did not arrive. The text holds no secret.
#[derive(Clone, Debug)]
pub(crate) struct Failed {
    pub(crate) text: String,
    pub(crate) again: Again,
}

impl Failed {
    fn later(text: impl Into<String>) -> Self {
        Self { text: text.into(), again: Again::Later }
    }

    fn never(text: impl Into<String>) -> Self {
        Self { text: text.into(), again: Again::Never }
    }
}

/// A way out.
pub(crate) trait Channel: Send {
    /// What it is, in a word.
    fn kind(&self) -> &'static str;

    /// Where it leads, without secrets.
    fn target(&self) -> String;

    /// Sends a message; the answer in words.
    ///
    /// # Errors
    /// If it is not known to have arrived.
    fn send(&mut self, notice: &Notice, context: &Context) -> Result<String, Failed>;
}

/// The channel of the settings, with its secrets and certificates read.
pub(super) fn make(settings: &Notify) -> Result<Box<dyn Channel>, String> {
    if let Some(webhook) = &settings.webhook {
        return Ok(Box::new(webhook::Webhook::new(webhook)?));
    }
    if let Some(mail) = &settings.mail {
        return Ok(Box::new(mail::Mail::new(mail)?));
    }
    if let Some(syslog) = &settings.syslog {
        return Ok(Box::new(syslog::Syslog::new(syslog)?));
    }
    match &settings.file {
        Some(file) => Ok(Box::new(eve::EveFile::new(file))),
        None => Err("expected one of webhook, mail, syslog and file".to_owned()),
    }
}

/// A text without the secrets that an error may have repeated.
fn scrubbed(text: &str, secrets: &[&str]) -> String {
    secrets
        .iter()
        .filter(|secret| !secret.is_empty())
        .fold(text.to_owned(), |text, secret| text.replace(secret, "…"))
}
