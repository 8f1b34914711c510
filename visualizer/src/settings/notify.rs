//! `[[notify]]`: who is told of alerts and of Wireglobe's own faults, by which way, and how often.

use std::net::IpAddr;
use std::path::PathBuf;

use analyzer::Severity;
use analyzer::query::Query;
use capturer::filter::Scope;
use lettre::message::Mailbox;
use serde::{Deserialize, Serialize};

use super::secret::Secret;

/// Channels there may be.
const MOST: usize = 16;

/// Letters of a name.
const LONGEST_NAME: usize = 32;

/// Receivers of a mail.
const MOST_RECEIVERS: usize = 50;

/// Facilities of syslog by their numbers (RFC 5424 §6.2.1, names of syslog(3)).
pub(crate) const FACILITIES: [&str; 24] = [
    "kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv", "ftp",
    "ntp", "audit", "alert", "clock", "local0", "local1", "local2", "local3", "local4", "local5", "local6",
    "local7",
];

/// A channel: one of `webhook`, `mail`, `syslog` and `file`, and what goes there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Notify {
    /// Its name: 1 to 32 letters, digits, `-` and `_`.
    pub name: String,
    /// Alerts of this severity and above: `info`, `low`, `medium`, `high` or `critical`.
    pub at_least: String,
    /// Only alerts for which this holds, as in mutes: `alert scan and not src net 192.0.2.0/24`; empty: all.
    pub filter: String,
    /// Whether an alert is told again when it becomes graver.
    pub rises: bool,
    /// Whether Wireglobe's own faults go there, too.
    pub faults: bool,
    /// Messages a minute at most; what is more is summed up in one. Range 1 to 6000; none: 20 for webhooks and mail, no
    /// limit for syslog and files.
    pub per_minute: Option<u32>,
    /// Minutes for which alerts are gathered into one message; critical ones and faults go at once. Range 0 (none) to 1440.
    pub digest_minutes: u32,
    /// HTTP.
    pub webhook: Option<Webhook>,
    /// SMTP.
    pub mail: Option<Mail>,
    /// Syslog.
    pub syslog: Option<Syslog>,
    /// A file.
    pub file: Option<EveFile>,
}

impl Default for Notify {
    fn default() -> Self {
        Self {
            name: String::new(),
            at_least: "medium".to_owned(),
            filter: String::new(),
            rises: true,
            faults: true,
            per_minute: None,
            digest_minutes: 0,
            webhook: None,
            mail: None,
            syslog: None,
            file: None,
        }
    }
}

/// A POST over HTTP.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Webhook {
    /// Where to; a redirect is not followed.
    pub url: Secret,
    /// The body's shape.
    pub shape: Shape,
    /// The value of the Authorization header; empty for none.
    pub authorization: Secret,
    /// A file (PEM) with the authorities to trust instead of those that Mozilla trusts.
    pub ca_file: PathBuf,
}

/// What the body of a webhook looks like.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Shape {
    /// Wireglobe's own document.
    #[default]
    Json,
    /// Slack's incoming webhooks.
    Slack,
    /// Mattermost's.
    Mattermost,
    /// Discord's.
    Discord,
}

/// A mail.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Mail {
    /// The server's name or address.
    pub server: String,
    /// Its port; none: 587 for `starttls`, 465 for `implicit`, 25 for `none`.
    pub port: Option<u16>,
    /// How the connection is encrypted.
    pub tls: MailTls,
    /// Who logs in; empty: nobody.
    pub user: String,
    /// The password.
    pub password: Secret,
    /// The sender.
    pub from: String,
    /// The receivers. At most 50.
    pub to: Vec<String>,
    /// As of a webhook.
    pub ca_file: PathBuf,
}

/// How a connection to a mail server is encrypted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MailTls {
    /// After STARTTLS, or not at all (RFC 3207).
    #[default]
    Starttls,
    /// From the first byte (RFC 8314).
    Implicit,
    /// It is not.
    None,
}

/// A syslog server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Syslog {
    /// `host`, `host:port` or `[address]:port`; without a port 514 for UDP, 601 for TCP, 6514 for TLS.
    pub server: String,
    /// How messages travel.
    pub transport: Transport,
    /// What a message says.
    pub form: Form,
    /// The facility, by its name in syslog(3).
    pub facility: String,
    /// As of a webhook.
    pub ca_file: PathBuf,
}

impl Default for Syslog {
    fn default() -> Self {
        Self {
            server: String::new(),
            transport: Transport::Udp,
            form: Form::Rfc5424,
            facility: "local0".to_owned(),
            ca_file: PathBuf::new(),
        }
    }
}

/// How syslog messages travel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Transport {
    /// RFC 5426.
    #[default]
    Udp,
    /// RFC 6587, with octet counting.
    Tcp,
    /// RFC 5425.
    Tls,
}

impl Transport {
    /// The port where none is named.
    pub(crate) const fn port(self) -> u16 {
        match self {
            Self::Udp => 514,
            Self::Tcp => 601,
            Self::Tls => 6514,
        }
    }
}

/// What a syslog message says behind its header.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Form {
    /// Structured data and a sentence.
    #[default]
    Rfc5424,
    /// ArcSight's Common Event Format.
    Cef,
}

/// A file with a line of JSON for each message, in the fields of Suricata's `eve.json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct EveFile {
    /// The file.
    pub path: PathBuf,
    /// Mebibytes after which it becomes `PATH.1` and a new one begins. Range 1 to 65 536.
    pub max_mb: u32,
}

impl Default for EveFile {
    fn default() -> Self {
        Self { path: PathBuf::new(), max_mb: 100 }
    }
}

/// A key that can't be so: the key within `notify`, and what is allowed.
pub(super) type Wrong = (&'static str, String);

impl Notify {
    /// The least severity.
    pub(crate) fn severity(&self) -> Severity {
        Severity::named(&self.at_least).unwrap_or_default()
    }

    /// Which ways it names.
    fn ways(&self) -> usize {
        let named = [self.webhook.is_some(), self.mail.is_some(), self.syslog.is_some(), self.file.is_some()];
        named.into_iter().filter(|named| *named).count()
    }

    fn check(&self) -> Result<(), Wrong> {
        let letter = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        expect((1..=LONGEST_NAME).contains(&self.name.len()) && self.name.chars().all(letter), || {
            ("name", format!("expected 1 to {LONGEST_NAME} letters, digits, - and _"))
        })?;
        expect(Severity::named(&self.at_least).is_some(), || {
            ("at_least", "expected info, low, medium, high or critical".to_owned())
        })?;
        if !self.filter.trim().is_empty()
            && let Err(error) = Query::parse_for(&self.filter, Scope::Alert)
        {
            return Err(("filter", error.to_string()));
        }
        expect(self.per_minute.is_none_or(|most| (1..=6000).contains(&most)), || {
            ("per_minute", "expected 1 to 6000".to_owned())
        })?;
        expect(self.digest_minutes <= 1440, || ("digest_minutes", "expected 0 (none) to 1440".to_owned()))?;
        expect(self.ways() == 1, || {
            ("webhook", "expected exactly one of webhook, mail, syslog and file".to_owned())
        })?;
        self.webhook.as_ref().map_or(Ok(()), Webhook::check)?;
        self.mail.as_ref().map_or(Ok(()), Mail::check)?;
        self.syslog.as_ref().map_or(Ok(()), Syslog::check)?;
        self.file.as_ref().map_or(Ok(()), EveFile::check)
    }
}

impl Webhook {
    fn check(&self) -> Result<(), Wrong> {
        let url = self.url.inline();
        let fine = url.is_none_or(|url| url.starts_with("https://") || url.starts_with("http://"));
        expect(fine, || ("webhook.url", "expected https://…, http://…, env:VARIABLE or file:PATH".to_owned()))
    }
}

impl Mail {
    /// The port, the usual one where none is set.
    pub(crate) fn port(&self) -> u16 {
        self.port.unwrap_or(match self.tls {
            MailTls::Starttls => 587,
            MailTls::Implicit => 465,
            MailTls::None => 25,
        })
    }

    fn check(&self) -> Result<(), Wrong> {
        let is_address = |text: &String| text.parse::<Mailbox>().is_ok();
        expect(is_host(&self.server), || ("mail.server", "expected a name or an address".to_owned()))?;
        expect(is_address(&self.from), || {
            ("mail.from", "expected an address such as a@example.org".to_owned())
        })?;
        expect((1..=MOST_RECEIVERS).contains(&self.to.len()) && self.to.iter().all(is_address), || {
            ("mail.to", format!("expected 1 to {MOST_RECEIVERS} addresses such as a@example.org"))
        })?;
        expect(self.user.is_empty() == self.password.is_empty(), || {
            ("mail.password", "expected user and password together".to_owned())
        })?;
        let is_here =
            self.server == "localhost" || self.server.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback());
        expect(self.tls != MailTls::None || self.user.is_empty() || is_here, || {
            (
                "mail.tls",
                "a password goes to another machine only encrypted: expected starttls or implicit".to_owned(),
            )
        })
    }
}

impl Syslog {
    /// The facility's number.
    pub(crate) fn facility_number(&self) -> u8 {
        FACILITIES.iter().position(|name| *name == self.facility).map_or(16, |number| number as u8)
    }

    /// Host and port.
    pub(crate) fn target(&self) -> Option<(String, u16)> {
        let usual = self.transport.port();
        let bare = |host: &str| host.trim_start_matches('[').trim_end_matches(']').to_owned();
        if self.server.parse::<IpAddr>().is_ok() || !self.server.contains(':') {
            return is_host(&self.server).then(|| (self.server.clone(), usual));
        }
        if self.server.ends_with(']') {
            return Some((bare(&self.server), usual)).filter(|(host, _)| is_host(host));
        }
        let (host, port) = self.server.rsplit_once(':')?;
        let port = port.parse().ok().filter(|port| *port > 0)?;
        Some((bare(host), port)).filter(|(host, _)| is_host(host))
    }

    fn check(&self) -> Result<(), Wrong> {
        expect(self.target().is_some(), || {
            ("syslog.server", "expected HOST, HOST:PORT or [ADDRESS]:PORT".to_owned())
        })?;
        expect(FACILITIES.contains(&&*self.facility), || {
            ("syslog.facility", format!("expected one of {}", FACILITIES.join(", ")))
        })
    }
}

impl EveFile {
    fn check(&self) -> Result<(), Wrong> {
        expect(!self.path.as_os_str().is_empty(), || ("file.path", "expected a path".to_owned()))?;
        expect((1..=65_536).contains(&self.max_mb), || {
            ("file.max_mb", "expected 1 to 65536 (MiB)".to_owned())
        })
    }
}

/// A name or an address, as far as letters can tell.
fn is_host(text: &str) -> bool {
    let letter = |c: char| c.is_ascii_alphanumeric() || "-._".contains(c);
    let name = !text.is_empty() && text.len() <= 253 && text.chars().all(letter);
    name || text.parse::<IpAddr>().is_ok()
}

fn expect(holds: bool, wrong: impl FnOnce() -> Wrong) -> Result<(), Wrong> {
    if holds { Ok(()) } else { Err(wrong()) }
}

/// The first channel that can't be so: its name, the key, what is allowed.
pub(super) fn check(channels: &[Notify]) -> Result<(), (String, Wrong)> {
    for (position, channel) in channels.iter().enumerate() {
        let named = |wrong| (channel.name.clone(), wrong);
        channel.check().map_err(named)?;
        let is_new = channels[..position].iter().all(|other| other.name != channel.name);
        expect(is_new && position < MOST, || {
            ("name", format!("each name once, and at most {MOST} channels"))
        })
        .map_err(named)?;
    }
    Ok(())
}
