//! Landlock: files and ports that are not named can't be reached, whoever owns them. A thread closes itself off, with all it starts.

use std::path::Path;

use landlock::{
    ABI, Access, AccessFs, AccessNet, BitFlags, CompatLevel, Compatible, LandlockStatus, NetPort,
    PathBeneath, PathFd, RestrictionStatus, Ruleset, RulesetAttr, RulesetCreated, RulesetCreatedAttr,
    RulesetError, RulesetStatus, Scope,
};

use super::Reach;

/// What is asked for; an older kernel does what it can.
const NEWEST: ABI = ABI::V6;

/// The version that knows ports.
const PORTS: i32 = 4;

/// How far the kernel went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Enforced {
    status: &'static str,
    abi: i32,
    why: Option<&'static str>,
}

impl Enforced {
    fn of(status: &RestrictionStatus) -> Self {
        let (abi, why) = match status.landlock {
            LandlockStatus::NotEnabled => (0, Some("this kernel was started without it (lsm=landlock,…)")),
            LandlockStatus::NotImplemented => (0, Some("this kernel has none; Linux 5.13 is the first")),
            LandlockStatus::Available { effective_abi, .. } => (effective_abi as i32, None),
        };
        let status = match status.ruleset {
            RulesetStatus::FullyEnforced => "full",
            RulesetStatus::PartiallyEnforced => "partial",
            RulesetStatus::NotEnforced => "off",
        };
        Self { status, abi, why }
    }

    /// `full`, `partial` or `off`.
    pub(super) const fn name(&self) -> &'static str {
        self.status
    }

    /// The kernel's version of it; 0 for none.
    pub(super) const fn abi(&self) -> i32 {
        self.abi
    }

    /// What stays open, to be told.
    pub(super) fn lost(&self) -> Option<String> {
        match (self.status, self.why) {
            ("off", why) => Some(format!(
                "no Landlock, as {}: every file that Wireglobe's user can read or write, and every port, can be reached",
                why.unwrap_or("the kernel refused")
            )),
            _ if self.abi < PORTS => Some(format!(
                "Landlock of version {} closes off files, but no ports: Linux 6.7 is the first that does",
                self.abi
            )),
            _ => None,
        }
    }
}

/// Closes this thread off, and all that it starts from now on.
pub(super) fn close(reach: &Reach) -> Result<Enforced, RulesetError> {
    let mut rules = Ruleset::default()
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(AccessFs::from_all(NEWEST))?
        .handle_access(AccessNet::from_all(NEWEST))?
        .scope(Scope::from_all(NEWEST))?
        .create()?;
    for path in &reach.read {
        rules = allow(rules, path, AccessFs::ReadFile | AccessFs::ReadDir)?;
    }
    for path in &reach.write {
        rules = allow(rules, path, writing())?;
    }
    for port in &reach.connect {
        rules = rules.add_rule(NetPort::new(*port, AccessNet::ConnectTcp))?;
    }
    Ok(Enforced::of(&rules.restrict_self()?))
}

/// All but starting programs, device nodes and sockets in the file system.
fn writing() -> BitFlags<AccessFs> {
    AccessFs::ReadFile
        | AccessFs::ReadDir
        | AccessFs::WriteFile
        | AccessFs::Truncate
        | AccessFs::MakeReg
        | AccessFs::MakeDir
        | AccessFs::RemoveFile
        | AccessFs::RemoveDir
}

/// Of a file only what files have. What is not there can't be opened, and needs no rule.
fn allow(
    rules: RulesetCreated,
    path: &Path,
    access: BitFlags<AccessFs>,
) -> Result<RulesetCreated, RulesetError> {
    let Ok(handle) = PathFd::new(path) else { return Ok(rules) };
    let access = if path.is_dir() { access } else { access & AccessFs::from_file(NEWEST) };
    rules.add_rule(PathBeneath::new(handle, access))
}
