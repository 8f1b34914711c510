//! The file of users and tokens, as `wireglobe user` and `wireglobe token` change and list it.

use std::path::{Path, PathBuf};

use serde_json::json;

use crate::access::{Accounts, Role, is_name};
use crate::cli::output::{Column, Format, Listing};
use crate::cli::{Common, Failure};
use crate::settings;

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

    /// Writes it as it is now.
    pub(super) fn write(&self) -> Result<(), Failure> {
        self.accounts
            .write(&self.path)
            .map_err(Failure::system(format!("cannot write {}", self.path.display())))
    }

    /// Where it lies.
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

    /// Where a user stands.
    pub(super) fn position(&self, name: &str) -> Result<usize, Failure> {
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
