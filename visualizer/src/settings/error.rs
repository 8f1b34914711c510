//! What can be wrong with a setting. An error names the key, the value, what is allowed and the layer that set it.

use std::path::PathBuf;

use analyzer::detect::RuleError;

use crate::cli::escape;

/// What is wrong with a setting.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// The file cannot be read.
    #[error("settings file {}: {cause}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        cause: std::io::Error,
    },
    /// A layer is not what the schema demands.
    #[error("settings: {}", escape(.0))]
    Schema(String),
    /// A value is out of its range.
    #[error("settings: {key} = {} is not allowed: {allowed} (set by {origin})", escape(value))]
    Range {
        /// The key, dotted.
        key: &'static str,
        /// What was given.
        value: String,
        /// What is allowed.
        allowed: &'static str,
        /// The layer that set it.
        origin: String,
    },
    /// A channel of `[[notify]]` can't be so.
    #[error("settings: notify \"{}\", {key}: {allowed} (set by {origin})", escape(name))]
    Notify {
        /// The channel.
        name: String,
        /// The key within it.
        key: &'static str,
        /// What is allowed; never what was given, which may be a secret.
        allowed: String,
        /// The layer that set it.
        origin: String,
    },
    /// A rule or a number of it can't be.
    #[error("settings: detect: {} (set by {origin})", escape(&error.to_string()))]
    Rule {
        /// What is wrong.
        error: RuleError,
        /// The layer that set it.
        origin: String,
    },
}
