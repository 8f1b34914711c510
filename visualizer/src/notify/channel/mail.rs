//! A mail over SMTP (RFC 5321) with TLS from the first byte (RFC 8314) or after STARTTLS, by lettre, which writes the headers: what comes
//! from the wire is within the subject and a text of plain letters, and can begin no header of its own.

use std::time::Duration;

use lettre::message::header::{ContentType, Header, HeaderName, HeaderValue};
use lettre::message::{Mailbox, Message};
use lettre::transport::smtp::SmtpTransport;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, CertificateStore, Tls, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use lettre::{Transport, transport::smtp};

use super::super::notice::Notice;
use super::super::words::{Words, shorten};
use super::super::{Context, hostname, trust};
use super::{Channel, Failed, scrubbed};
use crate::online::tls;
use crate::settings::notify::{self, MailTls};

/// For each step of the conversation.
const PATIENCE: Duration = Duration::from_secs(15);

/// Letters of a subject.
const LONGEST_SUBJECT: usize = 150;

/// The channel.
pub(super) struct Mail {
    transport: SmtpTransport,
    server: String,
    password: String,
    from: Mailbox,
    to: Vec<Mailbox>,
}

impl Mail {
    pub(super) fn new(settings: &notify::Mail) -> Result<Self, String> {
        let password = settings.password.resolve().map_err(|error| format!("mail.password: {error}"))?;
        let mut transport = SmtpTransport::builder_dangerous(&settings.server)
            .port(settings.port())
            .timeout(Some(PATIENCE))
            .hello_name(ClientId::Domain(hostname()))
            .tls(encryption(settings)?);
        if !settings.user.is_empty() {
            transport = transport.credentials(Credentials::new(settings.user.clone(), password.clone()));
        }
        let mailbox =
            |text: &String| text.parse::<Mailbox>().map_err(|error| format!("mail: {text}: {error}"));
        Ok(Self {
            transport: transport.build(),
            server: format!("{}:{}", settings.server, settings.port()),
            password,
            from: mailbox(&settings.from)?,
            to: settings.to.iter().map(mailbox).collect::<Result<_, _>>()?,
        })
    }

    pub(super) fn message(
        &self,
        notice: &Notice,
        context: &Context,
    ) -> Result<Message, lettre::error::Error> {
        let words = Words::of(notice, context);
        let subject = shorten(&format!("[Wireglobe] {}", words.heading), LONGEST_SUBJECT);
        let date = std::time::SystemTime::from(notice.at);
        let mut builder =
            Message::builder().from(self.from.clone()).subject(subject).date(date).message_id(None);
        for to in &self.to {
            builder = builder.to(to.clone());
        }
        let text = format!("{}\n\n{}\n", words.heading, words.text());
        builder.header(AutoSubmitted).header(ContentType::TEXT_PLAIN).body(text.replace('\n', "\r\n"))
    }
}

fn encryption(settings: &notify::Mail) -> Result<Tls, String> {
    if settings.tls == MailTls::None {
        return Ok(Tls::None);
    }
    // lettre takes the provider of the process; whoever came first has installed the same.
    let _ = tls::provider().ok_or(trust::NO_ENCRYPTION)?.install_default();
    let mut parameters = TlsParameters::builder(settings.server.clone());
    if let Some(found) = trust::authorities(&settings.ca_file).map_err(|error| format!("mail.{error}"))? {
        parameters = parameters.certificate_store(CertificateStore::None);
        for der in found {
            let certificate =
                Certificate::from_der(der.to_vec()).map_err(|error| format!("mail.ca_file: {error}"))?;
            parameters = parameters.add_root_certificate(certificate);
        }
    }
    let parameters = parameters.build_rustls().map_err(|error| format!("mail: {error}"))?;
    Ok(if settings.tls == MailTls::Implicit { Tls::Wrapper(parameters) } else { Tls::Required(parameters) })
}

impl Channel for Mail {
    fn kind(&self) -> &'static str {
        "mail"
    }

    fn target(&self) -> String {
        self.server.clone()
    }

    fn send(&mut self, notice: &Notice, context: &Context) -> Result<String, Failed> {
        let message = self.message(notice, context).map_err(|error| Failed::never(error.to_string()))?;
        match self.transport.send(&message) {
            Ok(response) => {
                let words = response.message().collect::<Vec<_>>().join(" ");
                Ok(format!("{} answered {} {}", self.server, response.code(), crate::cli::escape(&words))
                    .trim()
                    .to_owned())
            }
            Err(error) => Err(self.failed(&error)),
        }
    }
}

impl Mail {
    fn failed(&self, error: &smtp::Error) -> Failed {
        let cause = std::error::Error::source(error).map(|cause| format!(": {cause}")).unwrap_or_default();
        let text = shorten(&crate::cli::escape(&format!("{}: {error}{cause}", self.server)), 300);
        let text = scrubbed(&text, &[&self.password]);
        // 5yz: the server will not change its mind (RFC 5321 §4.2.1); what we can't do ourselves we can't do later.
        if error.is_permanent() || error.is_client() { Failed::never(text) } else { Failed::later(text) }
    }
}

/// A mail by a machine, which no machine should answer (RFC 3834 §5).
#[derive(Clone)]
struct AutoSubmitted;

impl Header for AutoSubmitted {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), "auto-generated".to_owned())
    }
}
