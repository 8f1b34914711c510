//! The command line: one file a subcommand, one line in [`Command`].

mod accounts;
mod alerts;
mod block;
mod capture_file;
mod completions;
mod count;
mod doctor;
mod document;
mod exchange;
mod exported;
mod failure;
mod filter;
mod fingerprints;
mod gather;
mod geo;
mod hosts;
mod interfaces;
mod interrupt;
mod offline;
mod output;
mod packets;
mod plot;
mod progress;
mod query;
mod report;
mod run;
mod server;
mod settings;
mod timerange;
mod token;
mod user;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand, ValueEnum};

pub(crate) use alerts::{alert_json, rules_json};
pub(crate) use block::Question as BlockQuestion;
pub(crate) use document::{TotalsDocument, report_text};
pub use failure::Failure;
pub(crate) use failure::complain;
pub(crate) use geo::{info_document as geo_info_document, lookup as geo_lookup_document};
pub(crate) use hosts::{By as HostsBy, HostsDocument, Manner as HostsManner};
pub use output::escape;
pub(crate) use output::hostile;
pub(crate) use packets::packet_json;

/// Data and licences, shown with the version.
const ABOUT_DATA: &str = concat!(
    env!("CARGO_PKG_VERSION"),
    "\nIP Geolocation by DB-IP (https://db-ip.com), CC BY 4.0; AS data by RouteViews (https://www.routeviews.org), \
     DB-IP and NRO (https://www.nro.net), CC BY 4.0; both compacted by Wireglobe.\n\
     Borders: Natural Earth, public domain, de-facto view.\n\
     Wireglobe is licensed MIT OR Apache-2.0."
);

/// Watches an interface or replays captures, says who talks with whom and where, and shows it on a world map.
#[derive(Debug, Parser)]
#[command(name = "wireglobe", version, long_version = ABOUT_DATA, propagate_version = true)]
pub struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    run: run::Arguments,
    #[command(flatten)]
    common: Common,
}

/// What every command understands.
#[derive(Clone, Debug, Args)]
pub struct Common {
    /// Settings file [default: ./settings.toml, /etc/wireglobe/settings.toml, built-in defaults]
    #[arg(long, global = true, value_name = "FILE")]
    settings: Option<PathBuf>,
    /// More on standard error; twice for still more
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    verbose: u8,
    /// Only errors on standard error
    #[arg(short, long, global = true)]
    quiet: bool,
    /// Colour in tables and logs
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    color: Color,
}

/// When to use colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// On a terminal.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Capture or replay as the settings say and serve the dashboard (the default)
    Run(run::Arguments),
    /// Totals by one dimension of captures or of an interface
    Report(report::Arguments),
    /// Count addresses by autonomous system and prefix: lines, tuples, tcpdump's text, captures; asncounter's job
    Count(Box<count::Arguments>),
    /// Which keys carried most, interval by interval: out of flow files, or of a running Wireglobe's history
    Query(Box<query::Arguments>),
    /// What the detectors say: who attacks whom, with the figures and the packets that show it
    Alerts(alerts::Arguments),
    /// What hosts look like: a line for each passive observation, with the fields of p0f's log
    Fingerprints(fingerprints::Arguments),
    /// The inventory: what each host looks like and why, how far it is, which ports answer
    Hosts(hosts::Arguments),
    /// List, count or save packets
    Packets(packets::Arguments),
    /// Pictures for paper: graphs over time, rankings and shares of captures and of queries, as SVG and PNG
    Plot(Box<plot::Arguments>),
    /// The interfaces, and whether capturing is permitted
    Interfaces(interfaces::Arguments),
    /// What would keep `run` from working as the settings say, and how to mend it; exit code 1 if something would
    Doctor(doctor::Arguments),
    /// Explain a filter: its tree, and the program that asks it of a frame
    Filter(filter::Arguments),
    /// Block lists of systems, countries and networks; what they would have hit. Prints, never executes
    Block(block::Arguments),
    /// Look addresses up; tell which databases are in use, and update them; list a system's prefixes
    Geo(geo::Arguments),
    /// Print the commented settings file, or check one
    Settings(settings::Arguments),
    /// People who may use a dashboard that others reach: add, list, remove, change passwords
    User(user::Arguments),
    /// Programs that may ask a dashboard that others reach: add, list, remove tokens
    Token(token::Arguments),
    /// Print a completion script
    Completions(completions::Arguments),
    /// Print the manual page (roff)
    Man,
}

/// Parses the command line, runs the command and gives the exit code.
pub fn main() -> ExitCode {
    crate::allocator::share();
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            let code = if error.use_stderr() { 2 } else { 0 };
            // A closed pipe is no error.
            let _ = error.print();
            return ExitCode::from(code);
        }
    };
    let common = cli.common;
    let result = match cli.command {
        None => run::run(&cli.run, &common),
        Some(Command::Run(arguments)) => run::run(&arguments, &common),
        Some(Command::Report(arguments)) => report::run(&arguments, &common),
        Some(Command::Count(arguments)) => count::run(&arguments, &common),
        Some(Command::Query(arguments)) => query::run(&arguments, &common),
        Some(Command::Alerts(arguments)) => alerts::run(&arguments, &common),
        Some(Command::Fingerprints(arguments)) => fingerprints::run(&arguments, &common),
        Some(Command::Hosts(arguments)) => hosts::run(&arguments, &common),
        Some(Command::Packets(arguments)) => packets::run(&arguments, &common),
        Some(Command::Plot(arguments)) => plot::run(&arguments, &common),
        Some(Command::Interfaces(arguments)) => interfaces::run(&arguments, &common),
        Some(Command::Doctor(arguments)) => doctor::run(&arguments, &common),
        Some(Command::Filter(arguments)) => filter::run(&arguments, &common),
        Some(Command::Block(arguments)) => block::run(&arguments, &common),
        Some(Command::Geo(arguments)) => geo::run(&arguments, &common),
        Some(Command::Settings(arguments)) => settings::run(&arguments, &common),
        Some(Command::User(arguments)) => user::run(&arguments, &common),
        Some(Command::Token(arguments)) => token::run(&arguments, &common),
        Some(Command::Completions(arguments)) => completions::run(&arguments),
        Some(Command::Man) => completions::man(),
    };
    failure::exit(result)
}

/// The parser, for completions and the manual page.
pub(crate) fn command() -> clap::Command {
    <Cli as clap::CommandFactory>::command()
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_command_line_is_consistent() {
        super::command().debug_assert();
    }
}
