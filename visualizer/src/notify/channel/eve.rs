//! A file with a line of JSON for each message, for SIEMs: alerts in the fields of Suricata's `eve.json`, and Wireglobe's own document in
//! `wireglobe`. Whoever renames the file gets a new one with the next line (logrotate needs no signal); one that grows too large is renamed
//! to `PATH.1`, so that both take twice the bound at most.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::PathBuf;

use analyzer::Severity;
use serde_json::{Value, json};

use super::super::notice::{Notice, Told};
use super::super::{Context, millis};
use super::shape::document;
use super::{Channel, Failed};
use crate::settings::notify;

/// Numbers of our signatures: in the range that Suricata and Snort leave to local rules.
const FIRST_SIGNATURE: u32 = 1_000_000;
const SIGNATURES: u32 = 1_000_000;

/// The channel.
pub(super) struct EveFile {
    path: PathBuf,
    most: u64,
    file: Option<File>,
}

impl EveFile {
    pub(super) fn new(settings: &notify::EveFile) -> Self {
        Self { path: settings.path.clone(), most: u64::from(settings.max_mb) << 20, file: None }
    }

    /// The file, opened again when it is no longer the one of that name.
    fn file(&mut self) -> io::Result<&mut File> {
        let named = std::fs::metadata(&self.path).ok().map(|data| (data.dev(), data.ino()));
        let opened =
            self.file.as_ref().and_then(|file| file.metadata().ok()).map(|data| (data.dev(), data.ino()));
        let file = match self.file.take() {
            Some(file) if opened.is_some() && opened == named => file,
            _ => self.open()?,
        };
        Ok(self.file.insert(file))
    }

    fn open(&self) -> io::Result<File> {
        let mut options = OpenOptions::new();
        let mut file = options.append(true).read(true).create(true).mode(0o640).open(&self.path)?;
        // A line that a full disk cut off ends before the next one begins.
        if file.metadata()?.len() > 0 {
            let mut last = [0];
            file.seek(SeekFrom::End(-1))?;
            file.read_exact(&mut last)?;
            if last != *b"\n" {
                file.write_all(b"\n")?;
            }
        }
        Ok(file)
    }

    fn write(&mut self, line: &str) -> io::Result<()> {
        let most = self.most;
        let length = self.file()?.metadata()?.len();
        if length > 0 && length + line.len() as u64 > most {
            let mut older = self.path.clone().into_os_string();
            older.push(".1");
            std::fs::rename(&self.path, older)?;
        }
        self.file()?.write_all(line.as_bytes())
    }
}

impl Channel for EveFile {
    fn kind(&self) -> &'static str {
        "file"
    }

    fn target(&self) -> String {
        self.path.display().to_string()
    }

    fn send(&mut self, notice: &Notice, context: &Context) -> Result<String, Failed> {
        let line = format!("{}\n", event(notice, context));
        if let Err(error) = self.write(&line) {
            // What was written of the line is ended when the file is opened again.
            self.file = None;
            return Err(Failed::later(format!("{}: {error}", self.path.display())));
        }
        Ok(format!("written to {}", self.path.display()))
    }
}

/// A line.
pub(super) fn event(notice: &Notice, context: &Context) -> Value {
    let Some(told) = notice.told() else {
        let at = notice.at.strftime("%Y-%m-%dT%H:%M:%S%.6f+0000").to_string();
        return json!({"timestamp": at, "event_type": "wireglobe", "host": context.host, "wireglobe": document(notice, context)});
    };
    let at = jiff::Timestamp::from_millisecond(millis(told.text("last_seen"))).unwrap_or(notice.at);
    let mut event = json!({
        "timestamp": at.strftime("%Y-%m-%dT%H:%M:%S%.6f+0000").to_string(), "event_type": "alert",
        "host": context.host, "in_iface": context.source, "alert": alert(told), "wireglobe": document(notice, context),
    });
    for (field, (address, port)) in
        [("sources", ("src_ip", "src_port")), ("targets", ("dest_ip", "dest_port"))]
    {
        let Some(first) = told.first(field) else { continue };
        event[address] = json!(first.0.to_string());
        if let Some(number) = first.1 {
            event[port] = json!(number);
        }
    }
    event
}

/// The object that Suricata has for a signature that fired.
fn alert(told: &Told) -> Value {
    let rule = told.text("rule");
    let mut metadata = json!({
        "rule": [rule], "severity": [told.severity.name()], "wireglobe_id": [told.text("id")],
    });
    if !told.text("technique").is_empty() {
        metadata["mitre_technique_id"] = json!([told.text("technique")]);
    }
    json!({
        "action": "allowed", "gid": 1, "signature_id": signature(rule), "rev": 1,
        "signature": format!("WIREGLOBE {}", told.text("title")),
        "category": rule.split('.').next().unwrap_or_default(), "severity": level(told.severity), "metadata": metadata,
    })
}

/// Suricata's severities: 1 is the gravest.
const fn level(severity: Severity) -> u8 {
    match severity {
        Severity::Critical | Severity::High => 1,
        Severity::Medium => 2,
        Severity::Low => 3,
        Severity::Info => 4,
    }
}

/// A number for a rule that stays the same as rules come and go: FNV-1a of its id.
pub(super) fn signature(rule: &str) -> u32 {
    let hash =
        rule.bytes().fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    FIRST_SIGNATURE + hash % SIGNATURES
}
