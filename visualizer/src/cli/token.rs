//! `wireglobe token`: what programs show (`Authorization: Bearer …`) to ask a dashboard that others reach. A token is told once, when
//! it is made; the file has its hash.

use std::process::ExitCode;

use clap::{Args, Subcommand};

use super::accounts::{File, listing};
use crate::access::{Digest, Role, Token, new_secret};
use crate::cli::output::{self, Format};
use crate::cli::{Common, Failure};

/// `wireglobe token`
#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Make a token and print it, once
    Add {
        /// Whose it is: 1 to 64 letters, digits, or -._@
        name: String,
        /// What it lets do
        #[arg(long, value_name = "ROLE")]
        role: Role,
    },
    /// Remove a token; who shows it is refused from now on
    Remove {
        /// Whose
        name: String,
    },
    /// List them
    List {
        /// How the list is written
        #[arg(long, value_name = "FORMAT", default_value = "table")]
        format: Format,
    },
}

pub(super) fn run(arguments: &Arguments, common: &Common) -> Result<ExitCode, Failure> {
    let mut file = File::open(common)?;
    let text = match &arguments.verb {
        Verb::Add { name, role } => add(&mut file, name, *role)?,
        Verb::Remove { name } => {
            let before = file.accounts.tokens.len();
            file.accounts.tokens.retain(|token| token.name != *name);
            if file.accounts.tokens.len() == before {
                let path = file.path().display();
                return Err(Failure::Usage(format!("there is no token {name} in {path}")));
            }
            file.write()?;
            format!("The token {name} is no longer good.\n")
        }
        Verb::List { format } => {
            let rows = file.accounts.tokens.iter().map(|token| (token.name.as_str(), token.role));
            listing(rows, *format, "No tokens.\n")
        }
    };
    output::write(output::open(None)?, &text)?;
    Ok(ExitCode::SUCCESS)
}

fn add(file: &mut File, name: &str, role: Role) -> Result<String, Failure> {
    file.expect_new(name)?;
    let token = format!("wg_{}", new_secret().map_err(Failure::Unreadable)?);
    file.accounts.tokens.push(Token { name: name.to_owned(), role, sha256: Digest::of(token.as_bytes()) });
    file.write()?;
    Ok(format!("{token}\n"))
}
