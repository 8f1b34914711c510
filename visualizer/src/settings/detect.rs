//! `[detect]`: which rules speak, of whom, and from what figures on.

use std::collections::BTreeMap;

use analyzer::Network;
use analyzer::detect::{RuleError, Thresholds};
use serde::{Deserialize, Serialize};

/// The detectors.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Detect {
    /// Whether they look for attacks.
    pub enabled: bool,
    /// Rules that raise no alerts.
    pub off: Vec<String>,
    /// Networks whose addresses may do what would be an attack from others.
    pub allow: Vec<Network>,
    /// Numbers of rules that differ from their defaults: rule, setting, value.
    pub rules: BTreeMap<String, BTreeMap<String, f64>>,
}

impl Default for Detect {
    fn default() -> Self {
        Self { enabled: true, off: Vec::new(), allow: Vec::new(), rules: BTreeMap::new() }
    }
}

impl Detect {
    /// The numbers the rules go by.
    ///
    /// # Errors
    /// If there is no such rule or setting, or a value is out of its range.
    pub fn thresholds(&self) -> Result<Thresholds, RuleError> {
        let mut thresholds = Thresholds::default();
        thresholds.allow(self.allow.iter().copied());
        self.off.iter().try_for_each(|rule| thresholds.switch_off(rule))?;
        for (rule, settings) in &self.rules {
            settings.iter().try_for_each(|(name, value)| thresholds.set(rule, name, *value))?;
        }
        Ok(thresholds)
    }
}

#[cfg(test)]
mod tests {
    use crate::settings::{self, SettingsError};

    #[test]
    fn numbers_of_rules_are_set_by_rule_and_name_and_held_against_their_ranges() {
        let folder = std::env::temp_dir().join(format!("wireglobe-detect-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let check = |text: &str| {
            let file = folder.join("settings.toml");
            std::fs::write(&file, text).unwrap();
            settings::check(&file)
        };
        let good = "[detect]\noff = [\"scan.host.icmp\"]\n[detect.rules.\"scan.port.tcp_syn\"]\nports = 30\n";
        let thresholds = check(good).unwrap().detect.thresholds().unwrap();
        let rule = |id| analyzer::detect::rules().find(|rule| rule.id == id).unwrap();
        assert_eq!(thresholds.count(rule("scan.port.tcp_syn"), "ports"), 30);
        assert!(!thresholds.is_on(rule("scan.host.icmp")) && thresholds.is_on(rule("scan.host.tcp")));
        for (text, says) in [
            ("[detect]\noff = [\"scan.none\"]", "no rule `scan.none`"),
            ("[detect.rules.\"scan.port.tcp_syn\"]\nports = 3000", "expected 4 to 64"),
            ("[detect.rules.\"scan.port.tcp_syn\"]\nhosts = 3", "it has ports, window"),
        ] {
            let error = check(text).unwrap_err();
            assert!(matches!(error, SettingsError::Rule { .. }), "{error}");
            assert!(error.to_string().contains(says), "{error}");
        }
        std::fs::remove_dir_all(folder).unwrap();
    }
}
