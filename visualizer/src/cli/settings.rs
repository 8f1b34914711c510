//! `wireglobe settings print` and `wireglobe settings check FILE`.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Subcommand};

use crate::cli::{Common, Failure, output};
use crate::settings;

/// `wireglobe settings`
#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Print the settings file with every key, its meaning and default
    Print,
    /// Check a settings file
    Check {
        /// The file
        file: PathBuf,
    },
}

pub(super) fn run(arguments: &Arguments, _: &Common) -> Result<ExitCode, Failure> {
    let text = match &arguments.verb {
        Verb::Print => settings::SHIPPED.to_owned(),
        Verb::Check { file } => {
            settings::check(file)?;
            format!("{}: in order\n", file.display())
        }
    };
    output::write(output::open(None)?, &text)?;
    Ok(ExitCode::SUCCESS)
}
