//! The sources of alerts as what to block: of alerts found in captures, or of those that a running Wireglobe has stored.

use std::net::IpAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::str::FromStr;

use analyzer::alert::NAMED;
use analyzer::detect::{is_of, rules};
use analyzer::{Alert, Network, Severity};
use clap::Args;
use serde_json::Value;

use super::target::Target;
use crate::cli::alerts::{Search, severity};
use crate::cli::failure::complain;
use crate::cli::offline::Range;
use crate::cli::server::{Server, Shown, USUAL};
use crate::cli::{Failure, output};
use crate::settings::Settings;

/// Alerts that a reason names.
const TOLD: usize = 4;

/// Which alerts, and who has them.
#[derive(Debug, Args)]
pub(super) struct Alerted {
    /// Block the sources of these alerts: a number, a rule or family such as scan, or all; may be given several times
    #[arg(long, value_name = "ALERT")]
    alerts: Vec<Which>,
    /// Captures in which the alerts are looked for; without, a running Wireglobe is asked for its open ones
    #[arg(long, value_name = "PATH", num_args = 1.., requires = "alerts")]
    read: Vec<PathBuf>,
    /// The running Wireglobe that has the alerts [default: http://127.0.0.1:8470]
    #[arg(long, value_name = "URL", requires = "alerts", conflicts_with = "read")]
    server: Option<String>,
    #[command(flatten)]
    shown: Shown,
    /// Only alerts of this severity or above
    #[arg(long, value_name = "SEVERITY", requires = "alerts", value_parser = severity)]
    severity: Option<Severity>,
}

/// Which alerts are meant.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Which {
    All,
    Number(u64),
    /// Of a rule or family.
    Rule(String),
}

impl FromStr for Which {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "all" {
            return Ok(Self::All);
        }
        if let Ok(number) = text.parse() {
            return Ok(Self::Number(number));
        }
        if rules().any(|rule| is_of(rule.id, text)) {
            return Ok(Self::Rule(text.to_owned()));
        }
        Err("expected a number, all, or a rule or family of `wireglobe alerts --rules`".to_owned())
    }
}

/// An alert whose sources are to be blocked.
struct Accused {
    number: u64,
    rule: String,
    severity: Severity,
    sources: Vec<IpAddr>,
}

/// What came of the search.
#[derive(Default)]
pub(super) struct Found {
    pub(super) targets: Vec<Target>,
    /// Which alerts they are the sources of, for the list's reason.
    pub(super) reason: Option<String>,
    /// As the captures could be read.
    pub(super) code: ExitCode,
}

impl Alerted {
    /// Looks for the alerts, if any are asked for.
    ///
    /// # Errors
    /// If there is no alert of a number that was named, or captures or server can't be read.
    pub(super) fn find(&self, settings: &Settings) -> Result<Found, Failure> {
        if self.alerts.is_empty() {
            return Ok(Found::default());
        }
        let (mut accused, code) =
            if self.read.is_empty() { (self.stored()?, ExitCode::SUCCESS) } else { self.detected(settings)? };
        accused.retain(|accused| accused.severity >= self.severity.unwrap_or_default());
        caution(&accused);
        let hosts = accused.iter().flat_map(|accused| accused.sources.iter().copied());
        let mut targets: Vec<Target> = Vec::new();
        for target in hosts.map(|address| Target::Network(host(address))) {
            if !targets.contains(&target) {
                targets.push(target);
            }
        }
        Ok(Found { targets, reason: reason(&accused), code })
    }

    /// Those of captures.
    fn detected(&self, settings: &Settings) -> Result<(Vec<Accused>, ExitCode), Failure> {
        let search = Search { read: &self.read, interface: None, filter: "", range: Range::default() };
        let (detection, outcome) = search.run(settings)?;
        let all: Vec<Accused> = detection.alerts().iter().map(accused).collect();
        let found = |which: &Which| all.iter().any(|accused| which.means(accused));
        let missing = self.alerts.iter().find(|which| matches!(which, Which::Number(_)) && !found(which));
        if let Some(Which::Number(number)) = missing {
            return Err(Failure::Usage(format!(
                "--alerts {number}: there is no such alert in these captures"
            )));
        }
        let wanted = all.into_iter().filter(|accused| self.alerts.iter().any(|which| which.means(accused)));
        Ok((wanted.collect(), outcome.exit_code()))
    }

    /// Those of a running server that are open and not muted, and those that are named by number.
    fn stored(&self) -> Result<Vec<Accused>, Failure> {
        let server = Server::at(self.server.as_deref().unwrap_or(USUAL), &self.shown);
        let mut all: Vec<Accused> = Vec::new();
        for which in &self.alerts {
            let found = match which {
                Which::Number(number) => {
                    let document = server.get(&format!("/api/v1/alerts/{number}"))?;
                    read(&document["alert"]).into_iter().collect()
                }
                Which::Rule(rule) => open(&server, rule)?,
                Which::All => open(&server, "")?,
            };
            all.extend(found);
        }
        all.sort_by_key(|accused| accused.number);
        all.dedup_by_key(|accused| accused.number);
        Ok(all)
    }
}

impl Which {
    fn means(&self, accused: &Accused) -> bool {
        match self {
            Self::All => true,
            Self::Number(number) => *number == accused.number,
            Self::Rule(rule) => is_of(&accused.rule, rule),
        }
    }
}

/// An address as a network of its own.
fn host(address: IpAddr) -> Network {
    Network::new(address, if address.is_ipv6() { 128 } else { 32 })
}

fn accused(alert: &Alert) -> Accused {
    Accused {
        number: alert.number,
        rule: alert.rule.id.to_owned(),
        severity: alert.severity,
        sources: alert.sources.iter().map(|party| party.address).collect(),
    }
}

/// All pages of a server's open alerts.
fn open(server: &Server, rule: &str) -> Result<Vec<Accused>, Failure> {
    let mut all = Vec::new();
    let mut before = String::new();
    loop {
        let document = server
            .get(&format!("/api/v1/alerts?state=new,acknowledged,escalated&rule={rule}&before={before}"))?;
        let alerts = document["alerts"].as_array().into_iter().flatten();
        all.extend(alerts.filter(|alert| alert["muted"] != true).filter_map(read));
        match document["older"].as_str() {
            Some(older) => before = crate::cli::server::encoded(older),
            None => return Ok(all),
        }
    }
}

/// An alert of a document.
fn read(alert: &Value) -> Option<Accused> {
    let sources = alert["sources"].as_array().into_iter().flatten();
    Some(Accused {
        number: alert["id"].as_str()?.parse().ok()?,
        rule: alert["rule"].as_str()?.to_owned(),
        severity: Severity::named(alert["severity"].as_str()?)?,
        sources: sources.filter_map(|source| source.as_str()?.parse().ok()).collect(),
    })
}

/// Says what a list of these sources can't do.
fn caution(accused: &[Accused]) {
    if accused.is_empty() {
        complain("there is no such alert, so nothing is to be blocked for it");
    }
    let many = accused.iter().filter(|accused| accused.sources.len() >= NAMED).count();
    if many > 0 {
        let alerts = if many == 1 { "1 alert names".to_owned() } else { format!("{many} alerts name") };
        complain(&format!("{alerts} only the first {NAMED} sources: others are not on the list"));
    }
    if accused
        .iter()
        .any(|accused| ["flood", "spoof", "amp"].iter().any(|family| is_of(&accused.rule, family)))
    {
        complain(
            "sources of floods are often forged or misused: look at --dry-run before the list is loaded",
        );
    }
}

/// Which alerts there were, the first few of many.
fn reason(accused: &[Accused]) -> Option<String> {
    let told = accused.iter().take(TOLD).map(|accused| format!("{:08} {}", accused.number, accused.rule));
    let more = accused.len().saturating_sub(TOLD);
    let more = (more > 0).then(|| format!("{} more", output::count(more as u64)));
    let told: Vec<String> = told.chain(more).collect();
    let word = if accused.len() == 1 { "alert" } else { "alerts" };
    (!told.is_empty()).then(|| format!("{word} {}", told.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alerts_are_named_by_number_rule_family_or_all() {
        assert_eq!("all".parse(), Ok(Which::All));
        assert_eq!("00000012".parse(), Ok(Which::Number(12)));
        assert_eq!("scan".parse(), Ok(Which::Rule("scan".to_owned())));
        assert_eq!("scan.port.tcp_syn".parse(), Ok(Which::Rule("scan.port.tcp_syn".to_owned())));
        for wrong in ["", "scans", "-1", "scan.port.tcp_syn.x"] {
            assert!(wrong.parse::<Which>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_reason_names_the_first_alerts_and_counts_the_others() {
        let accused = |number| Accused {
            number,
            rule: "scan.port.udp".to_owned(),
            severity: Severity::Low,
            sources: Vec::new(),
        };
        assert_eq!(reason(&[]), None);
        assert_eq!(reason(&[accused(7)]).as_deref(), Some("alert 00000007 scan.port.udp"));
        let many: Vec<Accused> = (1..=6).map(accused).collect();
        assert!(reason(&many).is_some_and(|reason| reason.starts_with("alerts 00000001 ")
            && reason.ends_with("00000004 scan.port.udp, 2 more")));
    }
}
