//! `[log]`: what is logged, how, and where to.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::{Settings, SettingsError};

/// What may stand for a level.
const LEVELS: [&str; 5] = ["error", "warn", "info", "debug", "trace"];

/// Logs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Log {
    /// `error`, `warn`, `info`, `debug` or `trace`.
    pub level: String,
    /// Levels of parts, by their module's path, such as `visualizer::notify`; `off` besides.
    pub targets: BTreeMap<String, String>,
    /// How a line reads.
    pub format: LogFormat,
    /// The file; empty: standard error.
    pub file: PathBuf,
    /// Mebibytes after which the file becomes `FILE.1` and a new one begins. Range 1 to 65 536.
    pub max_mb: u32,
    /// Older files that are kept. Range 0 to 1000.
    pub keep: u32,
}

/// How a line of the log reads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// A JSON object a line.
    Json,
}

impl Default for Log {
    fn default() -> Self {
        Self {
            level: "info".to_owned(),
            targets: BTreeMap::new(),
            format: LogFormat::Text,
            file: PathBuf::new(),
            max_mb: 16,
            keep: 4,
        }
    }
}

impl Settings {
    pub(super) fn check_log(&self, origin: &dyn Fn(&str) -> String) -> Result<(), SettingsError> {
        let wrong = |key: &'static str, value: String, allowed: &'static str| {
            Err(SettingsError::Range { key, value, allowed, origin: origin(key) })
        };
        let log = &self.log;
        if !LEVELS.contains(&log.level.as_str()) {
            return wrong("log.level", log.level.clone(), "error, warn, info, debug or trace");
        }
        let is_path = |target: &str| {
            let letter = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == ':';
            !target.is_empty() && target.chars().all(letter)
        };
        for (target, level) in &log.targets {
            if !is_path(target) || !(LEVELS.contains(&level.as_str()) || level == "off") {
                let allowed = "a module's path such as \"visualizer::notify\" with off, error, warn, info, debug or trace";
                return wrong("log.targets", format!("{target} = {level}"), allowed);
            }
        }
        if !log.file.as_os_str().is_empty() && log.file.file_name().is_none() {
            return wrong("log.file", log.file.display().to_string(), "a file's path");
        }
        if !(1..=65_536).contains(&log.max_mb) {
            return wrong("log.max_mb", log.max_mb.to_string(), "1 to 65536 (MiB)");
        }
        if log.keep > 1000 {
            return wrong("log.keep", log.keep.to_string(), "0 to 1000");
        }
        Ok(())
    }
}
