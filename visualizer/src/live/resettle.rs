//! Settings change while we run: on SIGHUP, and when their file has changed and stays as it is for a moment. They are read whole and
//! checked, and all that could fail is made; only then anything is swapped. What is wrong changes nothing but what the log and the status say.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use analyzer::detect::Thresholds;
use analyzer::geo::Geo;
use serde_json::{Value, json};

use crate::cli::rules_json;
use crate::live::reload::Renewer;
use crate::live::{Command, Status};
use crate::notify::{self, Notify};
use crate::sandbox::Reach;
use crate::settings::Settings;
use crate::settings::changes::{self, Next};
use crate::{geo_files, logging};

/// How settings are read again.
pub(crate) struct Resettle {
    /// Their file, if there is one.
    pub(crate) file: Option<PathBuf>,
    /// Reads all layers, flags included.
    pub(crate) read: Box<dyn Fn() -> Result<Settings, String> + Send>,
    /// What the sandbox lets be reached; without it everything is.
    pub(crate) reach: Option<Reach>,
    /// Why they can't be read again, if that is known from the start.
    pub(crate) trouble: Option<String>,
    watched: Watched,
}

/// How the file stood at the last looks.
struct Watched {
    /// What was read last.
    taken: Option<Stamp>,
    /// What was seen last.
    seen: Option<Stamp>,
}

/// When it was changed, its length, and which file it is on the disk.
type Stamp = (SystemTime, u64, u64);

impl Resettle {
    pub(crate) fn new(
        file: Option<PathBuf>,
        read: Box<dyn Fn() -> Result<Settings, String> + Send>,
        reach: Option<Reach>,
    ) -> Self {
        let now = stamp(file.as_deref());
        Self { file, read, reach, trouble: None, watched: Watched { taken: now, seen: now } }
    }

    /// Whether the file is another than the one that was read, and nobody is just writing it: one that is half written may be in order and
    /// say something else.
    pub(super) fn has_changed(&mut self) -> bool {
        let now = stamp(self.file.as_deref());
        let rests = now == self.watched.seen;
        self.watched.seen = now;
        rests && now.is_some() && now != self.watched.taken
    }

    fn note(&mut self) {
        let now = stamp(self.file.as_deref());
        self.watched = Watched { taken: now, seen: now };
    }
}

fn stamp(file: Option<&Path>) -> Option<Stamp> {
    let facts = std::fs::metadata(file?).ok()?;
    Some((facts.modified().ok()?, facts.len(), facts.ino()))
}

/// What is known of the settings, for those who look.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct SettingsAccount {
    pub(crate) file: Option<PathBuf>,
    /// How often they were taken up since the start.
    pub(crate) taken_up: u64,
    /// Why they could not be; those before stay in force.
    pub(crate) error: Option<String>,
    /// Keys that differ from what is in force and take a restart.
    pub(crate) restart: Vec<String>,
}

impl SettingsAccount {
    /// As documents have it.
    pub(super) fn json(&self) -> Value {
        let file = self.file.as_ref().map(|file| file.display().to_string());
        json!({"file": file, "taken_up": self.taken_up, "error": self.error, "restart": self.restart})
    }
}

/// All that changes, made before anything is changed.
struct Prepared {
    detect: Option<(Thresholds, Value)>,
    geo: Option<Geo>,
    notify: Option<Option<Arc<Notify>>>,
}

impl Prepared {
    /// # Errors
    /// In words, with the key.
    fn new(old: &Settings, new: &Settings, status: &Arc<Status>) -> Result<Self, String> {
        let detect = if old.detect == new.detect {
            None
        } else {
            let thresholds = new.detect.thresholds().map_err(|error| error.to_string())?;
            Some((thresholds, rules_json(&new.detect).map_err(|error| error.to_string())?))
        };
        let geo = if old.geo == new.geo {
            None
        } else {
            let geo = geo_files::load(new, geo_files::ALL).map_err(|failure| failure.to_string())?;
            Some(geo_files::with_cities(new, geo))
        };
        // The last, as it starts threads.
        let notify = if old.notify == new.notify {
            None
        } else {
            let context = notify::Context::new(new, &status.facts.name, status.facts.kind == "demo");
            Some(notify::start(new, context, status).map_err(|error| error.to_string())?.map(Arc::new))
        };
        Ok(Self { detect, geo, notify })
    }
}

impl Renewer {
    /// Takes up what the settings say now, or nothing of it.
    pub(super) fn resettle(&mut self) -> Result<(), String> {
        self.resettle.note();
        let mut account = self.status.settings();
        let result = self.take_up();
        match &result {
            Ok(next) => {
                account.taken_up += 1;
                account.error = None;
                account.restart.clone_from(&next.restart);
                let taken =
                    if next.taken.is_empty() { "nothing new".to_owned() } else { next.taken.join(", ") };
                tracing::info!("settings taken up: {taken}");
                if !next.restart.is_empty() {
                    tracing::warn!("these settings take a restart: {}", next.restart.join(", "));
                }
            }
            Err(error) => {
                tracing::warn!(%error, "settings not taken up; those before stay in force");
                account.error = Some(error.clone());
            }
        }
        self.status.set_settings(account);
        result.map(drop)
    }

    fn take_up(&mut self) -> Result<Next, String> {
        let newest = (self.resettle.read)()?;
        let next = changes::next(&self.settings, &newest, |candidate| self.reaches(candidate));
        let prepared = Prepared::new(&self.settings, &next.settings, &self.status)?;
        if self.settings.log != next.settings.log {
            logging::renew(&next.settings.log);
        }
        self.settings = next.settings.clone();
        self.commit(prepared);
        Ok(next)
    }

    /// Whether the sandbox lets through what settings name.
    fn reaches(&self, settings: &Settings) -> bool {
        let Some(reach) = &self.resettle.reach else { return true };
        reach.covers(&Reach::of(settings, self.resettle.file.as_deref(), self.status.facts.kind))
    }

    fn commit(&mut self, prepared: Prepared) {
        if let Some((thresholds, rules)) = prepared.detect {
            self.status.set_rules(rules);
            self.hub.command(Command::Detect(Box::new(thresholds)));
        }
        if let Some(geo) = prepared.geo {
            self.seen = geo_files::stamp(&self.settings);
            self.status.set_geo(geo.clone());
            self.hub.command(Command::Geo(geo));
        }
        if let Some(notify) = prepared.notify
            && let Some(before) = self.status.set_notify(notify)
        {
            before.close();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use analyzer::geo::Needs;
    use analyzer::{Facts, LocalNetworks, Origin};

    use super::*;
    use crate::live::{Hub, SourceFacts};
    use crate::settings;

    const GOOD: &str = "[log]\nlevel = \"info\"\n[log.targets]\n\"visualizer::notify\" = \"debug\"\n[ring]\npackets = 65536\n\
        [detect]\noff = [\"scan.host.icmp\"]\nallow = [\"192.0.2.0/24\"]\n[detect.rules.\"scan.port.tcp_syn\"]\nports = 20\nwindow = 300\n\
        [geo]\ncity = false\ndatabases = []\n[[geo.override]]\nnetwork = \"10.20.0.0/16\"\ncountry = \"FR\"\n[alerts]\nmax_mb = 64\n";

    fn renewer(file: &Path) -> (Renewer, mpsc::Receiver<Command>) {
        let facts = Facts {
            geo: Geo::bundled(Needs { country: false, asn: false }),
            local: LocalNetworks::private_and(Vec::new(), Origin::Assumed),
        };
        let (sender, commands) = mpsc::channel();
        let path = file.to_path_buf();
        let read = move || {
            settings::load(Some(&path)).map(|loaded| loaded.settings).map_err(|error| error.to_string())
        };
        let renewer = Renewer {
            settings: settings::check(file).unwrap(),
            seen: Vec::new(),
            resettle: Resettle::new(Some(file.to_path_buf()), Box::new(read), None),
            status: Arc::new(Status::new(SourceFacts::default(), facts, None, None)),
            hub: Arc::new(Hub::new("test".to_owned(), (sender, mpsc::channel().0))),
            requests: mpsc::channel().1,
            stop: Arc::default(),
        };
        (renewer, commands)
    }

    /// One of the ways in which a file goes wrong: a byte changed, a piece cut out, doubled, or the end missing.
    fn mutate(text: &[u8], random: &mut u64) -> Vec<u8> {
        let mut below = |most: usize| {
            *random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (*random >> 33) as usize % most
        };
        let mut bytes = text.to_vec();
        let (at, length) = (below(bytes.len()), 1 + below(12));
        let end = (at + length).min(bytes.len());
        match below(4) {
            0 => bytes[at] = below(256) as u8,
            1 => drop(bytes.drain(at..end)),
            2 => bytes.truncate(at),
            _ => drop(bytes.splice(at..at, bytes[at..end].to_vec())),
        }
        bytes
    }

    /// 5 000 broken files: each is taken up whole, or nothing of it, with a word on the file and the line or key.
    #[test]
    fn reload_bad_keeps_old() {
        let folder = std::env::temp_dir().join(format!("wireglobe-resettle-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let file = folder.join("settings.toml");
        std::fs::write(&file, GOOD).unwrap();
        let (mut renewer, commands) = renewer(&file);
        let good = renewer.settings.clone();
        let (mut random, mut refused) = (7, 0);
        for round in 0..5_000 {
            std::fs::write(&file, mutate(GOOD.as_bytes(), &mut random)).unwrap();
            let before = (renewer.settings.clone(), renewer.status.settings());
            match renewer.resettle() {
                Ok(()) => {
                    let newest = settings::check(&file).unwrap();
                    assert_eq!(
                        changes::differing(&renewer.settings, &newest),
                        renewer.status.settings().restart,
                        "round {round}"
                    );
                }
                Err(error) => {
                    refused += 1;
                    assert_eq!(renewer.settings, before.0, "round {round}: {error}");
                    assert_eq!(commands.try_iter().count(), 0, "round {round}: {error}");
                    let account = renewer.status.settings();
                    assert_eq!((account.taken_up, account.restart), (before.1.taken_up, before.1.restart));
                    assert_eq!(account.error.as_ref(), Some(&error));
                    let names = error.contains("settings.toml")
                        && (error.contains("line ") || error.contains("settings: detect: "))
                        || error.starts_with("geo.databases: ");
                    assert!(names, "round {round}: {error}");
                }
            }
            let _ = commands.try_iter().count();
        }
        std::fs::write(&file, GOOD).unwrap();
        renewer.resettle().unwrap();
        assert_eq!(renewer.settings, good);
        std::fs::remove_dir_all(&folder).unwrap();
        assert!((2_000..4_900).contains(&refused), "{refused} were refused");
    }

    #[test]
    fn a_file_that_is_being_written_is_left_alone() {
        let folder = std::env::temp_dir().join(format!("wireglobe-rests-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let file = folder.join("settings.toml");
        std::fs::write(&file, GOOD).unwrap();
        let (mut renewer, _commands) = renewer(&file);
        let mut looks = || renewer.resettle.has_changed();
        assert!(!looks(), "it is the one that was read");
        std::fs::write(&file, "").unwrap();
        assert!(!looks(), "it has just changed");
        std::fs::write(&file, GOOD.replace("info", "debug")).unwrap();
        assert!(!looks(), "it changed again");
        assert!(looks(), "it rests");
        std::fs::remove_file(&file).unwrap();
        assert!(!looks() && !looks(), "it is gone");
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
