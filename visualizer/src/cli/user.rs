//! `wireglobe user`: who may log in to the dashboard. Passwords come from a prompt or from standard input, never from the command
//! line, where every process of the machine could read them.

use std::io::{BufRead, IsTerminal};
use std::process::ExitCode;

use clap::{Args, Subcommand};

use super::accounts::{File, listing};
use crate::access::{Role, User, hashed};
use crate::cli::output::{self, Format};
use crate::cli::{Common, Failure};

/// `wireglobe user`
#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Add somebody; the password is asked for, or the first line of standard input
    Add {
        /// 1 to 64 letters, digits, or -._@
        name: String,
        /// What they may do
        #[arg(long, value_name = "ROLE")]
        role: Role,
    },
    /// Change somebody's password, which ends their sessions
    Password {
        /// Who
        name: String,
    },
    /// Remove somebody, which ends their sessions
    Remove {
        /// Who
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
        Verb::Password { name } => {
            let at = file.position(name)?;
            file.accounts.users[at].password = hash(&password()?)?;
            file.write()?;
            format!("{name} has another password; open sessions have ended.\n")
        }
        Verb::Remove { name } => {
            let at = file.position(name)?;
            file.accounts.users.remove(at);
            file.write()?;
            format!("{name} can no longer log in.\n")
        }
        Verb::List { format } => {
            let rows = file.accounts.users.iter().map(|user| (user.name.as_str(), user.role));
            listing(rows, *format, "No users.\n")
        }
    };
    output::write(output::open(None)?, &text)?;
    Ok(ExitCode::SUCCESS)
}

fn add(file: &mut File, name: &str, role: Role) -> Result<String, Failure> {
    file.expect_new(name)?;
    let password = hash(&password()?)?;
    file.accounts.users.push(User { name: name.to_owned(), role, password });
    file.write()?;
    Ok(format!(
        "{name} can log in as {}; {} has the hash of the password.\n",
        role.name(),
        file.path().display()
    ))
}

fn hash(password: &str) -> Result<String, Failure> {
    hashed(password).map_err(Failure::Usage)
}

/// From a prompt, twice, or the first line of standard input.
fn password() -> Result<String, Failure> {
    let failed = || Failure::system("cannot read the password");
    if !std::io::stdin().is_terminal() {
        let mut line = String::new();
        std::io::stdin().lock().read_line(&mut line).map_err(failed())?;
        return Ok(line.trim_end_matches(['\r', '\n']).to_owned());
    }
    let first = rpassword::prompt_password("Password: ").map_err(failed())?;
    let second = rpassword::prompt_password("Once more: ").map_err(failed())?;
    if first == second { Ok(first) } else { Err(Failure::Usage("the two are not the same".to_owned())) }
}
