//! Syslog: messages of RFC 5424 over UDP (RFC 5426), TCP with octet counting (RFC 6587) or TLS (RFC 5425); what they say is structured data
//! with a sentence, or CEF.

use std::net::UdpSocket;
use std::sync::Arc;

use analyzer::Severity;
use rustls::ClientConfig;

use super::super::notice::Notice;
use super::super::words::Words;
use super::super::{Context, trust};
use super::cef::cef;
use super::stream::Stream;
use super::{Channel, Failed};
use crate::settings::notify::{self, Form, Transport};

/// Bytes of a message that every receiver should take (RFC 5424 §6.1); over TCP and TLS 8192 are usual.
const MOST_UDP: usize = 2048;
const MOST_STREAM: usize = 8192;

/// The enterprise number in the name of our structured data: the one for documentation (RFC 5612), as Wireglobe has none.
const DATA: &str = "wireglobe@32473";

/// The channel.
pub(super) struct Syslog {
    server: (String, u16),
    transport: Transport,
    form: Form,
    facility: u8,
    tls: Option<Arc<ClientConfig>>,
    stream: Option<Stream>,
}

impl Syslog {
    pub(super) fn new(settings: &notify::Syslog) -> Result<Self, String> {
        let tls = match settings.transport {
            Transport::Tls => {
                Some(trust::config(&settings.ca_file).map_err(|error| format!("syslog.{error}"))?)
            }
            _ => None,
        };
        let server = settings.target().ok_or("syslog.server: expected HOST:PORT")?;
        let (transport, form, facility) = (settings.transport, settings.form, settings.facility_number());
        Ok(Self { server, transport, form, facility, tls, stream: None })
    }

    fn datagram(&self, message: &str) -> std::io::Result<()> {
        let any = if self.server.0.contains(':') { "[::]:0" } else { "0.0.0.0:0" };
        let socket = UdpSocket::bind(any)?;
        socket.connect((&*self.server.0, self.server.1))?;
        socket.send(message.as_bytes()).map(drop)
    }

    fn counted(&mut self, message: &str) -> std::io::Result<()> {
        let frame = format!("{} {message}", message.len());
        if let Some(stream) = self.stream.as_mut().filter(|stream| stream.is_open())
            && stream.write(frame.as_bytes()).is_ok()
        {
            return Ok(());
        }
        let mut stream = Stream::open(&self.server, self.tls.as_ref())?;
        stream.write(frame.as_bytes())?;
        self.stream = Some(stream);
        Ok(())
    }
}

impl Channel for Syslog {
    fn kind(&self) -> &'static str {
        match self.form {
            Form::Rfc5424 => "syslog",
            Form::Cef => "cef",
        }
    }

    fn target(&self) -> String {
        format!("{}:{}", self.server.0, self.server.1)
    }

    fn send(&mut self, notice: &Notice, context: &Context) -> Result<String, Failed> {
        let most = if self.transport == Transport::Udp { MOST_UDP } else { MOST_STREAM };
        let message = message((self.form, self.facility), notice, context, most);
        let done = match self.transport {
            Transport::Udp => self.datagram(&message),
            Transport::Tcp | Transport::Tls => self.counted(&message),
        };
        if let Err(error) = done {
            self.stream = None;
            return Err(Failed::later(format!("{}: {error}", self.target())));
        }
        let silent =
            if self.transport == Transport::Udp { "; UDP has no answer" } else { "; syslog has no answer" };
        Ok(format!("sent to {}{silent}", self.target()))
    }
}

/// A message of RFC 5424.
pub(super) fn message(
    (form, facility): (Form, u8),
    notice: &Notice,
    context: &Context,
    most: usize,
) -> String {
    let priority = u32::from(facility) * 8 + level(notice.severity());
    let head = format!(
        "<{priority}>1 {} {} wireglobe {} {}",
        notice.at.strftime("%Y-%m-%dT%H:%M:%S%.6fZ"),
        context.host,
        std::process::id(),
        notice.kind(),
    );
    let (data, text) = match form {
        Form::Rfc5424 => (structured(notice, context), sentence(notice, context)),
        Form::Cef => ("-".to_owned(), cef(notice, context)),
    };
    // Letters beyond ASCII are marked as UTF-8 (RFC 5424 §6.4).
    let mark = if text.is_ascii() { "" } else { "\u{feff}" };
    let whole = format!("{head} {data} {mark}{text}");
    whole[..whole.floor_char_boundary(most)].to_owned()
}

/// RFC 5424 §6.2.1.
const fn level(severity: Severity) -> u32 {
    match severity {
        Severity::Critical => 2,
        Severity::High => 3,
        Severity::Medium => 4,
        Severity::Low => 5,
        Severity::Info => 6,
    }
}

fn sentence(notice: &Notice, context: &Context) -> String {
    let words = Words::of(notice, context);
    let parts = [words.heading, words.sentence].into_iter().chain(words.list);
    parts.filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" - ")
}

/// SD-ELEMENT of RFC 5424 §6.3.
fn structured(notice: &Notice, context: &Context) -> String {
    let mut data = format!("[{DATA} kind=\"{}\" severity=\"{}\"", notice.kind(), notice.severity().name());
    let mut add = |name: &str, value: &str| {
        if !value.is_empty() {
            data.push_str(&format!(" {name}=\"{}\"", parameter(value)));
        }
    };
    if let Some(told) = notice.told() {
        let party = |field| told.first(field).map(|(address, _)| address.to_string()).unwrap_or_default();
        let port = told.first("targets").and_then(|(_, port)| port).map(|port| port.to_string());
        for name in ["id", "rule", "technique", "country", "first_seen", "last_seen"] {
            add(name, told.text(name));
        }
        add(
            "asn",
            &told
                .document
                .get("asn")
                .and_then(serde_json::Value::as_u64)
                .map_or(String::new(), |asn| asn.to_string()),
        );
        add("src", &party("sources"));
        add("dst", &party("targets"));
        add("dpt", &port.unwrap_or_default());
        add("count", &told.count().to_string());
        add("link", &context.link(told));
    }
    add("source", &context.source);
    add("demo", if context.is_demo { "true" } else { "" });
    data.push(']');
    data
}

/// PARAM-VALUE: `"`, `\` and `]` are escaped (RFC 5424 §6.3.3); at most 256 letters, so that what follows has room.
pub(super) fn parameter(value: &str) -> String {
    let mut safe = String::new();
    for c in super::super::words::shorten(&crate::cli::escape(value), 256).chars() {
        if matches!(c, '"' | '\\' | ']') {
            safe.push('\\');
        }
        safe.push(c);
    }
    safe
}
