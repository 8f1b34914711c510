//! `wireglobe doctor`: what would keep `wireglobe run` from working as its settings say, and how to mend it. It changes nothing.

mod capture;
mod keeping;
mod serving;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use serde_json::{Value, json};

use crate::cli::{Common, Failure, escape, output};
use crate::settings::{self, Kind, Settings};

/// `wireglobe doctor`
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Look at this interface instead of the one of the settings
    #[arg(long, value_name = "IF")]
    interface: Option<String>,
    /// One JSON document instead of lines
    #[arg(long)]
    json: bool,
    /// Write to a file instead of standard output
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum State {
    Ok,
    Warning,
    Problem,
}

impl State {
    const fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Problem => "problem",
        }
    }
}

/// What was found of one thing.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Finding {
    check: &'static str,
    state: State,
    found: String,
    mend: Option<String>,
}

impl Finding {
    fn ok(check: &'static str, found: impl Into<String>) -> Self {
        Self { check, state: State::Ok, found: found.into(), mend: None }
    }

    fn warning(check: &'static str, found: impl Into<String>, mend: impl Into<String>) -> Self {
        Self { check, state: State::Warning, found: found.into(), mend: Some(mend.into()) }
    }

    fn problem(check: &'static str, found: impl Into<String>, mend: impl Into<String>) -> Self {
        Self { check, state: State::Problem, found: found.into(), mend: Some(mend.into()) }
    }

    fn document(&self) -> Value {
        json!({"check": self.check, "state": self.state.name(), "finding": self.found, "mend": self.mend})
    }

    fn line(&self) -> String {
        let mut line = format!("{:<8} {:<12} {}\n", self.state.name(), self.check, escape(&self.found));
        for mend in self.mend.iter().flat_map(|mend| mend.lines()) {
            line += &format!("{:<21} {}\n", "", escape(mend));
        }
        line
    }
}

/// Everything that is looked at, in the order in which it is told.
const CHECKS: [fn(&Settings) -> Vec<Finding>; 9] = [
    capture::permission,
    capture::interface,
    capture::offloads,
    capture::clock,
    keeping::databases,
    keeping::disk,
    serving::ports,
    serving::access,
    keeping::crashes,
];

pub(super) fn run(arguments: &Arguments, common: &Common) -> Result<ExitCode, Failure> {
    let (first, mut settings) = match settings::load(common.settings.as_deref()) {
        Ok(loaded) => {
            let from =
                loaded.file.map_or_else(|| "defaults; no file".to_owned(), |file| file.display().to_string());
            (Finding::ok("settings", from), loaded.settings)
        }
        Err(error) => {
            let mend = "correct it; until then the rest is looked at with the defaults";
            (Finding::problem("settings", error.to_string(), mend), Settings::default())
        }
    };
    if let Some(interface) = &arguments.interface {
        settings.source.kind = Kind::Interface;
        settings.source.interface.clone_from(interface);
    }
    let rest = CHECKS.iter().flat_map(|check| check(&settings));
    let findings: Vec<Finding> = std::iter::once(first).chain(rest).collect();
    let is_well = findings.iter().all(|finding| finding.state < State::Problem);
    let text = if arguments.json {
        let checks: Vec<Value> = findings.iter().map(Finding::document).collect();
        format!("{}\n", json!({"schema": 1, "ok": is_well, "checks": checks}))
    } else {
        findings.iter().map(Finding::line).collect()
    };
    output::write(output::open(arguments.output.as_deref())?, &text)?;
    Ok(if is_well { ExitCode::SUCCESS } else { ExitCode::from(1) })
}
