//! What a rule is: its id, its words and its settings. The tables of rules lie with their detectors; this is their shape.

use std::collections::HashMap;
use std::fmt;

use crate::alert::{Alert, Severity};
use crate::network::Network;

/// A rule: what it is called, what it sees, and from what figure on.
#[derive(Debug)]
pub struct Rule {
    /// Its id: a dotted path, general to special.
    pub id: &'static str,
    /// What it finds, in a few words.
    pub title: &'static str,
    /// The MITRE ATT&CK technique, such as `T1046`; empty where none fits.
    pub technique: &'static str,
    /// How much it matters when the threshold is just reached.
    pub severity: Severity,
    /// How much it can matter at most; it grows with the logarithm of the figures.
    pub most: Severity,
    /// What it sees, and from which figures on.
    pub sees: &'static str,
    /// What can fool it; shown with each alert.
    pub caveat: &'static str,
    /// Where its figures come from.
    pub sources: &'static str,
    /// Its settings.
    pub settings: &'static [Setting],
    /// Tells an alert in a sentence.
    pub tell: fn(&Alert) -> String,
}

impl PartialEq for Rule {
    /// Ids are unique.
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id
    }
}

impl Eq for Rule {}

/// A number of a rule that may be set.
#[derive(Clone, Copy, Debug)]
pub struct Setting {
    /// Its name.
    pub name: &'static str,
    /// What it counts: `ports`, `s`, `1/s`, `ratio`.
    pub unit: &'static str,
    /// Its value unless set.
    pub default: f64,
    /// The least it may be.
    pub least: f64,
    /// The most it may be.
    pub most: f64,
}

/// A setting in a table of rules.
pub(super) const fn setting(
    name: &'static str,
    unit: &'static str,
    default: f64,
    (least, most): (f64, f64),
) -> Setting {
    Setting { name, unit, default, least, most }
}

/// What was set of the rules; what was not has its default.
#[derive(Clone, Debug, Default)]
pub struct Thresholds {
    set: HashMap<(&'static str, &'static str), f64>,
    off: Vec<&'static str>,
    allowed: Vec<Network>,
}

/// A rule's setting that can't be.
#[derive(Clone, Debug, PartialEq)]
pub enum RuleError {
    /// No rule has this id.
    NoRule(String),
    /// The rule has no such setting; it has these.
    NoSetting(&'static str, String, Vec<&'static str>),
    /// The value is outside of the setting's range.
    Range(&'static str, &'static str, f64, (f64, f64)),
}

impl fmt::Display for RuleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoRule(id) => write!(f, "there is no rule `{id}`"),
            Self::NoSetting(rule, name, has) => {
                write!(f, "rule `{rule}` has no setting `{name}`; it has {}", has.join(", "))
            }
            Self::Range(rule, name, value, (least, most)) => {
                write!(f, "{name} of rule `{rule}` is {value}, expected {least} to {most}")
            }
        }
    }
}

impl std::error::Error for RuleError {}

impl RuleError {
    /// The rule's id, as it was given.
    pub fn rule(&self) -> &str {
        match self {
            Self::NoRule(id) => id,
            Self::NoSetting(rule, ..) | Self::Range(rule, ..) => rule,
        }
    }
}

impl Thresholds {
    /// Sets a number of a rule.
    ///
    /// # Errors
    /// If there is no such rule or setting, or the value is out of its range.
    pub fn set(&mut self, rule: &str, name: &str, value: f64) -> Result<(), RuleError> {
        let rule = known(rule)?;
        let Some(setting) = rule.settings.iter().find(|setting| setting.name == name) else {
            let has = rule.settings.iter().map(|setting| setting.name).collect();
            return Err(RuleError::NoSetting(rule.id, name.to_owned(), has));
        };
        if !(setting.least..=setting.most).contains(&value) {
            return Err(RuleError::Range(rule.id, setting.name, value, (setting.least, setting.most)));
        }
        self.set.insert((rule.id, setting.name), value);
        Ok(())
    }

    /// Switches a rule off.
    ///
    /// # Errors
    /// If there is no such rule.
    pub fn switch_off(&mut self, rule: &str) -> Result<(), RuleError> {
        self.off.push(known(rule)?.id);
        Ok(())
    }

    /// Sources of these networks raise no alerts: one's own scanners and monitoring.
    pub fn allow(&mut self, networks: impl IntoIterator<Item = Network>) {
        self.allowed.extend(networks);
    }

    /// Whether an address may do what would be an attack from others.
    pub fn allows(&self, address: std::net::IpAddr) -> bool {
        self.allowed.iter().any(|network| network.contains(address))
    }

    /// Whether a rule may raise alerts.
    pub fn is_on(&self, rule: &Rule) -> bool {
        !self.off.contains(&rule.id)
    }

    /// The number to use.
    pub fn get(&self, rule: &'static Rule, name: &'static str) -> f64 {
        let default = || rule.settings.iter().find(|setting| setting.name == name).map(|found| found.default);
        self.set.get(&(rule.id, name)).copied().or_else(default).unwrap_or(f64::INFINITY)
    }

    /// The same, as a count.
    pub fn count(&self, rule: &'static Rule, name: &'static str) -> usize {
        self.get(rule, name) as usize
    }

    /// The same, as a time in seconds.
    pub fn seconds(&self, rule: &'static Rule, name: &'static str) -> std::time::Duration {
        std::time::Duration::try_from_secs_f64(self.get(rule, name)).unwrap_or(std::time::Duration::MAX)
    }
}

fn known(id: &str) -> Result<&'static Rule, RuleError> {
    super::rules().find(|rule| rule.id == id).ok_or_else(|| RuleError::NoRule(id.to_owned()))
}
