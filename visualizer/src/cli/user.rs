//! `wireglobe user`: who may log in to the dashboard. Passwords come from a prompt or from standard input, never from the command
//! line, where every process of the machine could read them.

use std::io::{BufRead, IsTerminal};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Subcommand};
use serde_json::json;

use crate::access::{Accounts, Role, User, hashed, is_name};
use crate::cli::output::{self, Column, Format, Listing};
use crate::cli::{Common, Failure};
use crate::settings;

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
        file.path.display()
    ))
}

/// The file of users and tokens.
pub(super) struct File {
    pub(super) accounts: Accounts,
    path: PathBuf,
}

impl File {
    /// The one that the settings name.
    pub(super) fn open(common: &Common) -> Result<Self, Failure> {
        let path = settings::load(common.settings.as_deref())?.settings.server.users_file();
        let accounts = Accounts::read(&path).map_err(Failure::Unreadable)?;
        Ok(Self { accounts, path })
    }

    pub(super) fn write(&self) -> Result<(), Failure> {
        self.accounts
            .write(&self.path)
            .map_err(Failure::system(format!("cannot write {}", self.path.display())))
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Whether a name can be given to somebody new.
    pub(super) fn expect_new(&self, name: &str) -> Result<(), Failure> {
        is_name(name).map_err(Failure::Usage)?;
        if self.accounts.has(name) {
            return Err(Failure::Usage(format!("{name} is there already, in {}", self.path.display())));
        }
        Ok(())
    }

    fn position(&self, name: &str) -> Result<usize, Failure> {
        let at = self.accounts.users.iter().position(|user| user.name == name);
        at.ok_or_else(|| Failure::Usage(format!("there is no user {name} in {}", self.path.display())))
    }
}

/// Names and roles.
pub(super) fn listing<'a>(rows: impl Iterator<Item = (&'a str, Role)>, format: Format, none: &str) -> String {
    let rows: Vec<[&str; 2]> = rows.map(|(name, role)| [name, role.name()]).collect();
    match format {
        Format::Table if rows.is_empty() => return none.to_owned(),
        Format::Json => {
            let rows: Vec<_> = rows.iter().map(|[name, role]| json!({"name": name, "role": role})).collect();
            return format!("{}\n", json!({"schema": 1, "rows": rows}));
        }
        _ => {}
    }
    let column = |field, title| Column { field, title, number: false };
    Listing {
        columns: vec![column("name", "Name"), column("role", "Role")],
        pretty: rows.iter().map(|row| row.map(str::to_owned).to_vec()).collect(),
        rows: rows.iter().map(|row| row.map(Into::into).to_vec()).collect(),
    }
    .render(format)
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
