//! `wireglobe block`: block lists of systems, countries, networks and the sources of alerts, and what they would have hit.
//! It prints; it never executes.

mod alerted;
mod dry_run;
mod format;
mod heading;
mod hit;
mod list;
mod question;
mod target;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use analyzer::geo::Needs;
use clap::Args;
use jiff::{Span, SpanRelativeTo};

use crate::cli::failure::complain;
use crate::cli::{Common, Failure, output};
use crate::geo_files;
use crate::settings::{self, Settings};
use format::Format;
use heading::Heading;
use list::{List, Order};
pub(crate) use question::Question;
use target::Target;

/// `wireglobe block`
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// What to block: AS1136, NL, 192.0.2.0/24, 2001:db8::1; or as in filters: asn 1136, country NL
    #[arg(required_unless_present = "alerts", value_name = "TARGET")]
    targets: Vec<String>,
    #[command(flatten)]
    alerted: alerted::Alerted,
    /// How the list is written
    #[arg(long, value_name = "FORMAT", default_value = "cidr")]
    format: Format,
    /// Join neighbours: the fewest networks that hold exactly the same addresses
    #[arg(long)]
    aggregate: bool,
    /// How long entries stay once they are loaded (nft, ipset); a comment in the other formats: 12h, 7d, 2w
    #[arg(long, value_name = "TIME", value_parser = expiry)]
    expires: Option<Duration>,
    /// Why, for comments
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    /// What sets, tables, chains and variables are called
    #[arg(long, value_name = "NAME", default_value = NAME, value_parser = name)]
    name: String,
    /// Keep private, special and own networks on the list
    #[arg(long)]
    include_special: bool,
    /// Only those networks from or to which there is traffic in these captures
    #[arg(long, value_name = "PATH", num_args = 1..)]
    hit_only: Vec<PathBuf>,
    /// Instead of the list: what it would have hit in these captures
    #[arg(long, value_name = "PATH", num_args = 1..)]
    dry_run: Vec<PathBuf>,
    /// Hosts that the dry run shows, those that look wanted first; 0 for all
    #[arg(long, value_name = "N", default_value_t = 20)]
    top: usize,
    /// Write to a file instead of standard output
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// What sets, tables, chains and variables are called if nobody says otherwise.
const NAME: &str = "wireglobe";

/// Sets may have 31 characters, chains 28; a digit or a word is put behind.
const LONGEST_NAME: usize = 24;

fn name(text: &str) -> Result<String, String> {
    let starts = text.starts_with(|c: char| c.is_ascii_alphabetic());
    let plain = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if starts && plain && text.len() <= LONGEST_NAME {
        return Ok(text.to_owned());
    }
    Err(format!("expected a letter, then letters, digits and _, at most {LONGEST_NAME} in all"))
}

/// The longest expiry: ten years.
const LONGEST: Duration = Duration::from_secs(10 * 365 * 86_400);

fn expiry(text: &str) -> Result<Duration, String> {
    let days = SpanRelativeTo::days_are_24_hours();
    text.parse::<Span>()
        .and_then(|span| span.to_duration(days))
        .ok()
        .and_then(|length| Duration::try_from(length).ok())
        .map(|length| Duration::from_secs(length.as_secs()))
        .filter(|length| (Duration::from_secs(1)..=LONGEST).contains(length))
        .ok_or_else(|| "expected a time such as 12h, 7d or 2w, from 1s to 520w".to_owned())
}

pub(super) fn run(arguments: &Arguments, common: &Common) -> Result<ExitCode, Failure> {
    let settings = settings::load(common.settings.as_deref())?.settings;
    let mut targets = target::parse(arguments.targets.iter().map(String::as_str)).map_err(Failure::Usage)?;
    limits(arguments.format, arguments.expires)
        .map_err(|error| Failure::Usage(format!("--expires: {error}")))?;
    let alerted = arguments.alerted.find(&settings)?;
    targets.extend(alerted.targets);
    let geo = geo_files::load(&settings, needs(&targets, arguments))?;
    let mut list = List::of(&order(arguments, &settings, targets), &geo);
    warn(&list)?;
    let mut code = alerted.code;
    if !arguments.hit_only.is_empty() {
        code = worse(code, hit::keep(&mut list, &arguments.hit_only, &settings)?);
    }
    let list = list.finish(arguments.aggregate);
    let heading = heading(arguments, alerted.reason).for_list(&list, &geo);
    let text = if arguments.dry_run.is_empty() {
        tell_of_families(&list, arguments.format);
        arguments.format.render(&list, &heading)
    } else {
        let run = dry_run::run(&list, &arguments.dry_run, &settings, geo)?;
        code = worse(code, run.code());
        if arguments.format == Format::Json {
            run.json(&heading, usize::MAX)
        } else {
            run.table(arguments.top)
        }
    };
    output::write(output::open(arguments.output.as_deref())?, &text)?;
    Ok(code)
}

/// Of several reads the one that went wrong.
fn worse(one: ExitCode, other: ExitCode) -> ExitCode {
    if one == ExitCode::SUCCESS { other } else { one }
}

/// What a format can't keep.
fn limits(format: Format, expires: Option<Duration>) -> Result<(), String> {
    let longest = format::LONGEST_IPSET;
    let long = expires.is_some_and(|length| length.as_secs() > longest);
    if format == Format::Ipset && long {
        return Err(format!("ipset keeps entries at most {longest} seconds (24 days)"));
    }
    Ok(())
}

/// Tables that this order asks; a dry run shows places.
fn needs(targets: &[Target], arguments: &Arguments) -> Needs {
    let shows = !arguments.dry_run.is_empty();
    Needs {
        country: shows || targets.iter().any(|target| matches!(target, Target::Country(_))),
        asn: shows || targets.iter().any(|target| matches!(target, Target::Asn(_))),
    }
}

fn order(arguments: &Arguments, settings: &Settings, targets: Vec<Target>) -> Order {
    Order { targets, own: settings.network.local.clone(), keep_special: arguments.include_special }
}

/// `alerted` names the alerts; it stands behind a reason that was given.
fn heading(arguments: &Arguments, alerted: Option<String>) -> Heading {
    let reasons: Vec<String> = arguments.reason.clone().into_iter().chain(alerted).collect();
    Heading {
        made: jiff::Timestamp::now(),
        reason: heading::reason(&reasons.join("; ")),
        expires: arguments.expires,
        sources: Vec::new(),
        name: arguments.name.clone(),
    }
}

/// Says what is not on the list; a list that is empty for that reason is refused.
fn warn(list: &List) -> Result<(), Failure> {
    for part in list.parts.iter().filter(|part| part.networks == 0) {
        complain(&format!("{}: no networks are known; it adds nothing to the list", part.target));
    }
    for part in list.parts.iter().filter(|part| part.shared > 0) {
        complain(&format!(
            "{}: {} of its prefixes are announced by other systems, too",
            part.target, part.shared
        ));
    }
    if list.left_out.is_empty() {
        return Ok(());
    }
    let left_out = heading::left_out(list);
    let advice = "--include-special keeps private, special and own networks on the list";
    if list.networks.is_empty() {
        return Err(Failure::Usage(format!("nothing is left to block: {left_out}; {advice}")));
    }
    complain(&format!("left out: {left_out}; {advice}"));
    Ok(())
}

/// Says what the format has no room for.
fn tell_of_families(list: &List, format: Format) {
    let Some(ipv6) = format.lacks_ipv6() else { return };
    let (count, family) = (list.family(ipv6).count(), if ipv6 { "IPv6" } else { "IPv4" });
    if count > 0 {
        let other = if ipv6 { "ip6tables" } else { "iptables" };
        complain(&format!("{count} {family} networks are not in this file: --format {other} writes them"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_expiry_is_read_in_days_and_hours() {
        assert_eq!(expiry("7d"), Ok(Duration::from_secs(7 * 86_400)));
        assert_eq!(expiry("1h 30m"), Ok(Duration::from_secs(5400)));
        assert_eq!(expiry("2w"), Ok(Duration::from_secs(14 * 86_400)));
        for wrong in ["", "7", "-7d", "0s", "1 month", "99999w", "soon"] {
            assert!(expiry(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_name_is_one_that_every_format_takes() {
        assert!(name("wireglobe").is_ok() && name("abuse_2").is_ok());
        for wrong in ["", "2x", "a-b", "a b", "a;b", "é", "abcdefghijklmnopqrstuvwxyz"] {
            assert!(name(wrong).is_err(), "{wrong}");
        }
    }
}
