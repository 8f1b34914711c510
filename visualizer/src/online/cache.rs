//! Answers on disk, so that nobody is asked the same twice: one JSON file, whole or not at all, with a cap. No answer is an
//! answer for a shorter time. What was damaged is begun anew, and said.

use std::collections::BTreeMap;
use std::fs;
use std::net::IpAddr;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// Answers kept; beyond, the oldest go.
const MOST: usize = 20_000;

/// Bytes of the file that are read.
const LARGEST: u64 = 64 * 1024 * 1024;

/// Seconds an answer is good for: a day for names, a week for what registries say, an hour for a failure.
const NAMES: u64 = 86_400;
const REGISTRIES: u64 = 7 * 86_400;
const FAILURES: u64 = 3600;

const FILE: &str = "online.json";
const SCHEMA: u64 = 1;

#[derive(Clone, Serialize, Deserialize)]
struct Entry {
    until: u64,
    answer: Value,
}

#[derive(Default, Serialize, Deserialize)]
struct Document {
    schema: u64,
    /// By source and address.
    answers: BTreeMap<String, Entry>,
}

/// Answers by source and address.
pub(super) struct Cache {
    path: Option<PathBuf>,
    document: Document,
    changed: bool,
    complaint: Option<String>,
}

impl Cache {
    /// What a folder keeps; without a folder answers are kept for this run.
    pub(super) fn open(folder: Option<PathBuf>) -> Self {
        let path = folder.map(|folder| folder.join(FILE));
        let mut cache = Self {
            path,
            document: Document { schema: SCHEMA, ..Document::default() },
            changed: false,
            complaint: None,
        };
        if let Some(path) = cache.path.clone().filter(|path| path.exists()) {
            match read(&path) {
                Ok(document) => cache.document = document,
                Err(why) => cache.complaint = Some(format!("{}: {why}; it is begun anew", path.display())),
            }
        }
        cache
    }

    /// The answer kept, if it is still good.
    pub(super) fn get(&self, source: &str, address: IpAddr, now: u64) -> Option<&Value> {
        let entry = self.document.answers.get(&key(source, address))?;
        (now < entry.until).then_some(&entry.answer)
    }

    /// Keeps an answer with its time, or a failure; gives what is shown.
    pub(super) fn keep(
        &mut self,
        source: &str,
        address: IpAddr,
        now: u64,
        answer: Result<Value, String>,
    ) -> Value {
        let good = match (&answer, source) {
            (Err(_), _) => FAILURES,
            (Ok(_), "reverse_dns") => NAMES,
            (Ok(_), _) => REGISTRIES,
        };
        let mut answer = answer.unwrap_or_else(|error| json!({"error": error}));
        answer["asked"] = json!(now);
        self.document
            .answers
            .insert(key(source, address), Entry { until: now + good, answer: answer.clone() });
        self.changed = true;
        answer
    }

    /// What went wrong with the file.
    pub(super) fn complaint(&self) -> Option<&str> {
        self.complaint.as_deref()
    }

    /// Writes the file, if something changed: beside it first, then in its place.
    pub(super) fn save(&mut self) {
        let Some(path) = self.path.clone().filter(|_| std::mem::take(&mut self.changed)) else { return };
        self.shorten();
        let write = || {
            let folder = path.parent().ok_or(std::io::ErrorKind::NotFound)?;
            fs::create_dir_all(folder)?;
            let beside = folder.join(format!("{FILE}.{}", std::process::id()));
            fs::write(&beside, serde_json::to_vec(&self.document)?)?;
            fs::rename(&beside, &path)
        };
        if let Err(error) = write() {
            self.complaint = Some(format!("answers are not kept: cannot write {}: {error}", path.display()));
        }
    }

    fn shorten(&mut self) {
        let answers = &mut self.document.answers;
        let Some(over) = answers.len().checked_sub(MOST).filter(|over| *over > 0) else { return };
        let mut ends: Vec<u64> = answers.values().map(|entry| entry.until).collect();
        ends.sort_unstable();
        let (limit, mut left) = (ends[over - 1], over);
        answers.retain(|_, entry| {
            let goes = left > 0 && entry.until <= limit;
            left -= usize::from(goes);
            !goes
        });
    }
}

fn key(source: &str, address: IpAddr) -> String {
    format!("{source} {address}")
}

fn read(path: &PathBuf) -> Result<Document, String> {
    let size = fs::metadata(path).map_err(|error| error.to_string())?.len();
    if size > LARGEST {
        return Err("the file is too large to be ours".to_owned());
    }
    let bytes = fs::read(path).map_err(|error| error.to_string())?;
    let document: Document = serde_json::from_slice(&bytes).map_err(|error| error.to_string())?;
    if document.schema == SCHEMA {
        Ok(document)
    } else {
        Err(format!("schema {} is not {SCHEMA}", document.schema))
    }
}
