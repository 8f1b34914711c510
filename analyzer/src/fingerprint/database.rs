//! A signature file in p0f's format (README of p0f 3, section 5), read line by line. Any `p0f.fp` can be read; the one that is
//! compiled in is our own.

use std::sync::{Arc, LazyLock};

use super::error::{DatabaseError, Unexpected};
use super::http::{self, HttpPrint, HttpTable, Role};
use super::label::Label;
use super::raw::number;
use super::table::{Entry, Found, TcpTable};
use super::tcp::TcpPrint;
use super::window::Window;

/// Our own signatures.
const OWN: &str = include_str!("signatures.fp");

/// What a match is called in evidence when it comes from our own file.
const OWN_NAME: &str = "own";

/// Labels of one file.
const MOST_LABELS: usize = u16::MAX as usize;

/// Signatures with their labels.
#[derive(Clone, Debug, Default)]
pub struct Database {
    name: String,
    labels: Vec<Label>,
    syn: TcpTable,
    syn_ack: TcpTable,
    links: Vec<(u32, u16)>,
    request: HttpTable,
    response: HttpTable,
    /// Words of User-Agent and the systems they name.
    agents: Vec<(String, String)>,
}

/// Who fits, by which line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Match {
    /// Of the database; [`Database::label`] tells it.
    pub label: u16,
    /// Of the file, from 1.
    pub line: u32,
    /// By a last resort of the file.
    pub generic: bool,
    /// But for what networks change.
    pub fuzzy: bool,
    /// By a signature whose times to live are random.
    pub random_ttl: bool,
}

impl Database {
    /// Our own.
    pub fn own() -> Arc<Self> {
        #[expect(clippy::expect_used, reason = "the file is compiled in, and a test reads it")]
        static READ: LazyLock<Arc<Database>> =
            LazyLock::new(|| Arc::new(Database::read(OWN_NAME, OWN).expect("our own signatures")));
        Arc::clone(&READ)
    }

    /// Reads a file; `name` is how errors and evidence name it.
    ///
    /// # Errors
    /// At the first line that can't be read, with what was expected there.
    pub fn read(name: &str, text: &str) -> Result<Self, DatabaseError> {
        let mut reader = Reader::default();
        for (line, text) in (1..).zip(text.lines()) {
            let text = text.trim();
            if !text.is_empty() && !text.starts_with(';') {
                let failed = |reason| DatabaseError { file: name.to_owned(), line, reason };
                reader.take(line, text).map_err(failed)?;
            }
        }
        Ok(reader.finish(name))
    }

    /// How it was named.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How many signatures there are: of SYN, SYN+ACK, links, requests, answers.
    pub fn counts(&self) -> [usize; 5] {
        [self.syn.len(), self.syn_ack.len(), self.links.len(), self.request.0.len(), self.response.0.len()]
    }

    /// A label by the number in a match.
    pub fn label(&self, number: u16) -> Option<&Label> {
        self.labels.get(usize::from(number))
    }

    /// Whose SYN a print is.
    pub(super) fn find_syn(&self, print: &TcpPrint, window: Window) -> Found {
        self.syn.find(print, window, &self.labels)
    }

    /// Whose SYN+ACK a print is.
    pub(super) fn find_syn_ack(&self, print: &TcpPrint, window: Window) -> Found {
        self.syn_ack.find(print, window, &self.labels)
    }

    /// The match that was found.
    pub(super) fn matched(&self, found: &Found) -> Option<Match> {
        let Entry { pattern, label, line } = found.entry?;
        let generic = self.label(label).is_some_and(|label| label.generic);
        Some(Match { label, line, generic, fuzzy: found.fuzzy, random_ttl: pattern.random_ttl() })
    }

    /// The kind of link with a unit of so many bytes.
    pub fn link(&self, unit: u32) -> Option<&Label> {
        let (_, label) = self.links.iter().find(|(known, _)| *known == unit)?;
        self.label(*label)
    }

    /// Whose head a print is, and whether it calls itself something else.
    pub(super) fn find_head(&self, print: &HttpPrint) -> Option<(Match, bool)> {
        let table = match print.role {
            Role::Request => &self.request,
            Role::Response => &self.response,
        };
        let (entry, dishonest) = table.find(print, &self.labels)?;
        let generic = self.label(entry.label).is_some_and(|label| label.generic);
        let found = Match { label: entry.label, line: entry.line, generic, fuzzy: false, random_ttl: false };
        Some((found, dishonest))
    }

    /// The system that a User-Agent names.
    pub fn system_of_agent(&self, agent: &str) -> Option<&str> {
        self.agents.iter().find(|(word, _)| agent.contains(word)).map(|(_, system)| system.as_str())
    }

    /// The signature of requests or answers that stands in a line of the file, as it would be written.
    pub fn http_signature(&self, line: u32) -> Option<String> {
        let entries = self.request.0.iter().chain(&self.response.0);
        entries.into_iter().find(|entry| entry.line == line).map(|entry| entry.pattern.to_string())
    }

    /// All TCP signatures as they would be written, for tests and tools.
    pub fn tcp_signatures(&self) -> impl Iterator<Item = String> {
        self.syn.entries().chain(self.syn_ack.entries()).map(|entry| entry.pattern.to_string())
    }
}

/// Where a line stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Section {
    Link,
    Syn,
    SynAck,
    Http(Role),
}

impl Section {
    fn named(name: &str) -> Option<Self> {
        Some(match name {
            "mtu" => Self::Link,
            "tcp:request" => Self::Syn,
            "tcp:response" => Self::SynAck,
            "http:request" => Self::Http(Role::Request),
            "http:response" => Self::Http(Role::Response),
            _ => return None,
        })
    }
}

/// Reads line by line.
#[derive(Default)]
struct Reader {
    section: Option<Section>,
    classes: Vec<String>,
    /// Whether a label was read in this section.
    labelled: bool,
    syn: Vec<Entry>,
    syn_ack: Vec<Entry>,
    database: Database,
}

impl Reader {
    fn take(&mut self, line: u32, text: &str) -> Result<(), Unexpected> {
        if let Some(name) = text.strip_prefix('[') {
            let section = name.strip_suffix(']').and_then(Section::named);
            let wrong = || {
                Unexpected::at(
                    text,
                    "[mtu], [tcp:request], [tcp:response], [http:request] or [http:response]",
                )
            };
            self.section = Some(section.ok_or_else(wrong)?);
            self.labelled = false;
            return Ok(());
        }
        let (key, value) =
            text.split_once('=').map_or((text, None), |(key, value)| (key.trim(), Some(value.trim())));
        let value = value.ok_or_else(|| Unexpected::at(text, "a [section], or key = value"))?;
        match (key, self.section) {
            ("classes", _) => self.classes(value),
            ("ua_os", Some(Section::Http(Role::Request))) => self.agents(value),
            ("label", Some(section)) => self.label(section, value),
            ("sys", Some(_)) if self.labelled => {
                let Self { database, classes, .. } = self;
                database.labels.last_mut().map_or(Ok(()), |label| label.set_systems(value, classes))
            }
            ("sig", Some(section)) if self.labelled => self.signature(section, (line, value)),
            ("sys" | "sig", Some(_)) => Err(Unexpected::at(key, "a line `label = …` before it")),
            ("label" | "sys" | "sig", None) => Err(Unexpected::at(key, "a [section] before it")),
            _ => Err(Unexpected::at(key, "classes, label, sys, sig, or ua_os in [http:request]")),
        }
    }

    fn classes(&mut self, value: &str) -> Result<(), Unexpected> {
        for class in value.split(',').map(str::trim) {
            if class.is_empty() || !class.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
                return Err(Unexpected::at(class, "names of classes with commas between"));
            }
            self.classes.push(class.to_owned());
        }
        Ok(())
    }

    /// `Name` or `Name=[what User-Agent says]`, with commas between.
    fn agents(&mut self, value: &str) -> Result<(), Unexpected> {
        for one in value.split(',').map(str::trim) {
            let (name, word) = match one.split_once('=') {
                None => (one, Some(one)),
                Some((name, word)) => (name, word.strip_prefix('[').and_then(|word| word.strip_suffix(']'))),
            };
            let word = word.filter(|word| !word.is_empty());
            let word = word.ok_or_else(|| Unexpected::at(one, "name or name=[word], with commas between"))?;
            self.database.agents.push((word.to_owned(), name.to_owned()));
        }
        Ok(())
    }

    fn label(&mut self, section: Section, value: &str) -> Result<(), Unexpected> {
        if self.database.labels.len() >= MOST_LABELS {
            return Err(Unexpected::at(value, "at most 65535 labels"));
        }
        let label = match section {
            Section::Link => Label::of_link(value)?,
            _ => Label::parse(value, &self.classes)?,
        };
        self.database.labels.push(label);
        self.labelled = true;
        Ok(())
    }

    fn signature(&mut self, section: Section, (line, value): (u32, &str)) -> Result<(), Unexpected> {
        let label = (self.database.labels.len() - 1) as u16;
        match section {
            Section::Link => self.database.links.push((number(value, "a unit in bytes")?, label)),
            Section::Syn => self.syn.push(Entry { pattern: value.parse()?, label, line }),
            Section::SynAck => self.syn_ack.push(Entry { pattern: value.parse()?, label, line }),
            Section::Http(role) => {
                let table = match role {
                    Role::Request => &mut self.database.request,
                    Role::Response => &mut self.database.response,
                };
                table.0.push(http::Entry { pattern: value.parse()?, label, line });
            }
        }
        Ok(())
    }

    fn finish(self, name: &str) -> Database {
        Database {
            name: name.to_owned(),
            syn: TcpTable::new(self.syn),
            syn_ack: TcpTable::new(self.syn_ack),
            ..self.database
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SMALL: &str = "; a comment\nclasses = unix,win\n[mtu]\nlabel = Ethernet\nsig = 1500\n\n[tcp:request]\n\
        label = s:unix:Linux:6.x\nsig = *:64:0:*:mss*44,7:mss,sok,ts,nop,ws:df,id+:0\n\
        label = s:!:Scanner:\nsys = @win,Linux\nsig = *:64-:0:1460:1024,0:mss::0\n\
        [http:request]\nua_os = Linux,iOS=[iPhone]\nlabel = s:!:tool:\nsys = Linux\nsig = 1:Host::tool/\n";

    #[test]
    fn our_own_file_is_read() {
        assert!(Database::own().counts()[0] > 0);
    }

    #[test]
    fn a_file_is_its_signatures_and_labels() {
        let database = Database::read("x.fp", SMALL).unwrap();
        assert_eq!(database.counts(), [2, 0, 1, 1, 0]);
        assert_eq!(database.link(1500).unwrap().to_string(), "Ethernet");
        assert_eq!(database.system_of_agent("an iPhone"), Some("iOS"));
        let (linux, scanner) = (database.label(1).unwrap(), database.label(2).unwrap());
        assert_eq!(linux.to_string(), "Linux 6.x");
        assert!(scanner.is_program() && scanner.runs_on(linux));
    }

    #[test]
    fn an_error_names_file_line_and_what_was_expected() {
        for (text, says) in [
            ("sig = 1", "x.fp:1: `sig`: expected a [section] before it"),
            ("[mtu]\n\nsig = 1", "x.fp:3: `sig`: expected a line `label = …` before it"),
            ("[tcp]", "x.fp:1: `[tcp]`: expected [mtu], [tcp:request]"),
            ("[mtu]\nlabel = a\nsig = many", "x.fp:3: `many`: expected a unit"),
            ("[tcp:request]\nlabel = s:unix:a:b", "x.fp:2: `unix`: expected ! or a class"),
            (
                "classes = unix\n[tcp:request]\nlabel = s:unix:a:b\nsig = *:64",
                "x.fp:4: `*:64`: expected eight fields",
            ),
            (
                "classes = unix\n[tcp:request]\nlabel = s:unix:a:b\nsys = c",
                "x.fp:4: `c`: expected a label of class !",
            ),
            ("nonsense", "x.fp:1: `nonsense`: expected a [section], or key = value"),
        ] {
            let error = Database::read("x.fp", text).unwrap_err().to_string();
            assert!(error.starts_with(says), "{error}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(line in ".{0,60}", at in 0usize..20) {
            let mut lines: Vec<&str> = SMALL.lines().collect();
            lines.insert(at.min(lines.len()), &line);
            let _ = Database::read("x.fp", &lines.join("\n"));
        }
    }
}
