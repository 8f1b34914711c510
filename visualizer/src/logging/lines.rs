//! An event is one line, whatever the names, addresses and errors in it hold: all that would end a line, move the cursor or turn the direction
//! of writing is escaped on its way out.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::io::{self, Write};
use std::sync::{Mutex, PoisonError};

use tracing::{Level, Metadata};
use tracing_subscriber::fmt::MakeWriter;

use super::file::Rotating;
use super::journal;
use crate::cli::{escape, hostile};

/// Where lines go.
pub(super) enum Way {
    StandardError,
    File(Mutex<Rotating>),
}

/// How they are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// With colours, the formatter writes escape sequences of its own; those in values are escaped before.
    Text {
        ansi: bool,
    },
    Json,
}

/// What the formatter writes events to, each in one piece.
pub(super) struct Sink {
    pub(super) way: Way,
    pub(super) form: Form,
}

impl<'a> MakeWriter<'a> for Sink {
    type Writer = Event<'a>;

    fn make_writer(&'a self) -> Self::Writer {
        Event { sink: self, level: Level::INFO }
    }

    fn make_writer_for(&'a self, event: &Metadata<'_>) -> Self::Writer {
        Event { sink: self, level: *event.level() }
    }
}

/// The writer of an event.
pub(super) struct Event<'a> {
    sink: &'a Sink,
    level: Level,
}

impl Write for Event<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(bytes);
        let line = one_line(&text, self.sink.form) + "\n";
        match &self.sink.way {
            Way::StandardError => {
                io::stderr().write_all((journal::prefix(self.level).to_owned() + &line).as_bytes())?;
            }
            Way::File(file) => file.lock().unwrap_or_else(PoisonError::into_inner).write(line.as_bytes())?,
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The event without what would make it more than one line.
fn one_line(text: &str, form: Form) -> String {
    let text = text.strip_suffix('\n').unwrap_or(text);
    match form {
        Form::Text { ansi: false } => escape(text),
        Form::Text { ansi: true } => text.split('\u{1b}').map(escape).collect::<Vec<_>>().join("\u{1b}"),
        Form::Json => json(text).into_owned(),
    }
}

/// What the writer of JSON leaves as it is: C1, DEL, directions.
fn json(text: &str) -> Cow<'_, str> {
    if !text.chars().any(hostile) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        if hostile(c) {
            // All of them are in the basic plane.
            let _ = write!(safe, "\\u{:04x}", u32::from(c));
        } else {
            safe.push(c);
        }
    }
    Cow::Owned(safe)
}

#[cfg(test)]
mod tests {
    use tracing_subscriber::layer::SubscriberExt;
    use tracing_subscriber::{Layer, fmt};

    use super::*;
    use crate::settings::Log;

    /// Every control character, the ends of lines and what turns text round.
    fn hostile_texts() -> Vec<String> {
        let turns = [
            '\u{200e}', '\u{200f}', '\u{202a}', '\u{202e}', '\u{2028}', '\u{2029}', '\u{2066}', '\u{2069}',
            '\u{61c}',
        ];
        let single = (0..0xa0).filter_map(char::from_u32).filter(|c| c.is_control()).chain(turns);
        let mut texts: Vec<String> = single.map(|c| format!("before{c}after")).collect();
        texts.extend([
            "\r\n2026-01-01 ERROR forged".into(),
            "\u{1b}[2J\u{1b}]0;title\u{7}".into(),
            "\u{9b}31m".into(),
        ]);
        texts
    }

    /// Each text as the message, as a field shown and as a field debugged, through the real formatter into a file.
    #[test]
    fn log_one_line() {
        let folder = std::env::temp_dir().join(format!("wireglobe-lines-{}", std::process::id()));
        let texts = hostile_texts();
        for (name, form) in [
            ("text", Form::Text { ansi: false }),
            ("colour", Form::Text { ansi: true }),
            ("json", Form::Json),
        ] {
            let path = folder.join(name);
            std::fs::create_dir_all(&folder).unwrap();
            let file = Rotating::open(&Log { file: path.clone(), ..Log::default() }).unwrap();
            let sink = Sink { way: Way::File(Mutex::new(file)), form };
            let layer = fmt::layer().with_writer(sink);
            let layer = match form {
                Form::Json => layer.json().flatten_event(true).boxed(),
                Form::Text { ansi } => layer.with_ansi(ansi).fmt_fields(super::super::fields()).boxed(),
            };
            tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
                for text in &texts {
                    let error = io::Error::other(text.clone());
                    tracing::warn!(name = %text, debugged = ?text, %error, "{text}");
                }
            });
            let written = std::fs::read_to_string(&path).unwrap();
            let lines: Vec<&str> = written.split_inclusive('\n').collect();
            assert_eq!(lines.len(), texts.len(), "{name}: an event is a line");
            for (line, text) in lines.iter().zip(&texts) {
                let line = line.strip_suffix('\n').unwrap();
                let own = if form == (Form::Text { ansi: true }) {
                    line.replace("\u{1b}[", "")
                } else {
                    line.to_owned()
                };
                assert!(!own.chars().any(hostile), "{name}: {text:?} became {line:?}");
                if form == Form::Json {
                    let event: serde_json::Value = serde_json::from_str(line).unwrap();
                    assert_eq!(event["name"], **text, "what it says is kept");
                }
            }
        }
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
