//! What differs between two settings, by key; and which of it a running server takes up without a restart.

use std::collections::BTreeMap;

use serde_json::Value;

use super::Settings;

/// A key that a running server takes up.
pub(crate) struct Live {
    pub(crate) key: &'static str,
    differs: fn(&Settings, &Settings) -> bool,
    take: fn(&mut Settings, &Settings),
}

macro_rules! live {
    ($key:literal, $($field:ident).+) => {
        Live {
            key: $key,
            differs: |old, new| old.$($field).+ != new.$($field).+,
            take: |to, from| to.$($field).+.clone_from(&from.$($field).+),
        }
    };
}

/// All of them; what is not here takes a restart.
pub(crate) const LIVE: [Live; 9] = [
    live!("log.level", log.level),
    live!("log.targets", log.targets),
    live!("detect.off", detect.off),
    live!("detect.allow", detect.allow),
    live!("detect.rules", detect.rules),
    live!("geo.databases", geo.databases),
    live!("geo.city", geo.city),
    live!("geo.override", geo.r#override),
    live!("notify", notify),
];

/// What new settings come to.
#[derive(Debug, PartialEq)]
pub(crate) struct Next {
    /// What is in force from then on.
    pub(crate) settings: Settings,
    /// The keys that are taken up.
    pub(crate) taken: Vec<&'static str>,
    /// The keys that take a restart.
    pub(crate) restart: Vec<String>,
}

/// What becomes of new settings: all keys that are not live take a restart, and those that `fits` refuses, as what they name is out of the
/// sandbox's reach.
pub(crate) fn next(old: &Settings, new: &Settings, fits: impl Fn(&Settings) -> bool) -> Next {
    let (mut next, mut taken) = (old.clone(), Vec::new());
    for live in LIVE.iter().filter(|live| (live.differs)(old, new)) {
        let mut candidate = next.clone();
        (live.take)(&mut candidate, new);
        if fits(&candidate) {
            next = candidate;
            taken.push(live.key);
        }
    }
    let restart = differing(&next, new);
    Next { settings: next, taken, restart }
}

/// The dotted keys in which two settings differ.
pub(crate) fn differing(old: &Settings, new: &Settings) -> Vec<String> {
    let (old_leaves, new_leaves) = (leaves(old), leaves(new));
    let mut keys: Vec<String> = new_leaves
        .iter()
        .filter(|(key, value)| old_leaves.get(*key) != Some(*value))
        .map(|(key, _)| key.clone())
        .chain(old_leaves.keys().filter(|key| !new_leaves.contains_key(*key)).cloned())
        .collect();
    // Secrets look all alike outside: a changed one is seen by comparing the settings themselves.
    if old.notify != new.notify {
        keys.push("notify".to_owned());
    }
    keys.sort_unstable();
    keys.dedup();
    keys
}

fn leaves(settings: &Settings) -> BTreeMap<String, Value> {
    let mut leaves = BTreeMap::new();
    // Settings are plain data: they can always be written.
    walk("", serde_json::to_value(settings).unwrap_or_default(), &mut leaves);
    leaves
}

fn walk(key: &str, value: Value, leaves: &mut BTreeMap<String, Value>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                walk(&if key.is_empty() { name } else { format!("{key}.{name}") }, value, leaves);
            }
        }
        leaf => drop(leaves.insert(key.to_owned(), leaf)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(text: &str) -> Settings {
        toml::from_str(text).unwrap()
    }

    #[test]
    fn what_is_live_is_taken_and_the_rest_is_named() {
        let old = settings("");
        let new = settings(
            "[log]\nlevel = \"debug\"\n[detect]\noff = [\"scan.host.tcp\"]\n[ring]\npackets = 2048\n[server]\nlogin = \"always\"\n\
             [detect.rules.\"scan.port.tcp_syn\"]\nports = 30\n",
        );
        let Next { settings: next, taken, restart } = next(&old, &new, |_| true);
        assert_eq!(taken, ["log.level", "detect.off", "detect.rules"]);
        assert_eq!(
            (next.log.level.as_str(), next.detect.off.len(), next.detect.rules.len()),
            ("debug", 1, 1)
        );
        assert_eq!((next.ring.packets, next.server.login), (old.ring.packets, old.server.login));
        assert_eq!(restart, ["ring.packets", "server.login"]);
        assert_eq!(differing(&next, &next), Vec::<String>::new());
    }

    /// A secret is written as "hidden" whatever it is.
    #[test]
    fn another_secret_is_a_change() {
        let hook =
            |url: &str| settings(&format!("[[notify]]\nname = \"a\"\nwebhook = {{ url = \"{url}\" }}\n"));
        let (old, new) = (hook("https://192.0.2.1/one"), hook("https://192.0.2.1/two"));
        assert_eq!(differing(&old, &new), ["notify"]);
        let taken = next(&old, &new, |_| true);
        assert_eq!((taken.settings, taken.restart), (new.clone(), Vec::new()));
        let kept = next(&old, &new, |candidate| candidate.notify == old.notify);
        assert_eq!((kept.settings, kept.restart), (old, vec!["notify".to_owned()]), "out of reach");
    }

    /// Each live key is a key of the settings.
    #[test]
    fn live_keys_are_keys() {
        let all = serde_json::to_value(settings("")).unwrap();
        for live in LIVE {
            let pointer = format!("/{}", live.key.replace('.', "/"));
            assert!(all.pointer(&pointer).is_some(), "{}", live.key);
        }
    }
}
