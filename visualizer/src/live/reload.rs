//! Databases and settings change while we run: a thread reads them again on SIGHUP, on request, and when a file has changed; checks
//! them whole; and only then swaps. A file that is wrong changes nothing but the status.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::thread::{Builder, JoinHandle};
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use crate::geo_files::{self, Stamp};
use crate::live::{Command, Hub, Resettle, Status};
use crate::online::newer;
use crate::settings::Settings;

/// Time between looks at the files.
const POLL: Duration = Duration::from_secs(3);

/// Time between looks for something newer, where the settings ask for them.
const DAY: Duration = Duration::from_secs(86_400);

/// How soon the thread hears that it is to end.
const PATIENCE: Duration = Duration::from_millis(100);

/// What is asked of the thread.
pub(crate) enum Renewal {
    /// Read the databases again; the answer says how it went.
    Reload(Option<oneshot::Sender<Result<(), String>>>),
    /// Read the settings again, and then the databases.
    All(oneshot::Sender<()>),
    /// Fetch from the configured address first.
    Update,
}

/// What the thread needs.
pub(crate) struct Renewer {
    pub(crate) settings: Settings,
    /// How the files stood before they were read for the first time.
    pub(crate) seen: Stamp,
    /// How settings are read again.
    pub(crate) resettle: Resettle,
    pub(crate) status: Arc<Status>,
    pub(crate) hub: Arc<Hub>,
    pub(crate) requests: Receiver<Renewal>,
    pub(crate) stop: Arc<AtomicBool>,
}

/// Starts the thread; it ends when `stop` is set.
pub(crate) fn spawn(renewer: Renewer) -> io::Result<JoinHandle<()>> {
    Builder::new().name("geo".into()).spawn(move || renewer.run())
}

impl Renewer {
    fn run(mut self) {
        let mut due = Instant::now() + POLL;
        let mut check_due = self.settings.geo.check_updates.then(Instant::now);
        while !self.stop.load(Relaxed) {
            if check_due.is_some_and(|due| Instant::now() >= due) {
                check_due = Some(Instant::now() + DAY);
                self.check();
            }
            match self.requests.recv_timeout(PATIENCE) {
                Ok(renewal) => {
                    self.seen = geo_files::stamp(&self.settings);
                    self.obey(renewal);
                }
                Err(RecvTimeoutError::Timeout) if Instant::now() >= due => {
                    due = Instant::now() + POLL;
                    self.look();
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => std::thread::sleep(PATIENCE),
            }
        }
    }

    /// Asks for newer data and programs, in a thread of its own: nobody waits for it, nor for its end.
    fn check(&self) {
        let (settings, status) = (self.settings.clone(), Arc::clone(&self.status));
        let asking = move || match newer::check(&settings, &status.known().geo.sources()) {
            Ok(found) => {
                found.iter().for_each(tell);
                status.set_updates(found.iter().map(newer::Finding::document).collect());
            }
            Err(error) => tracing::warn!(%error, "cannot ask for newer data"),
        };
        if let Err(error) = Builder::new().name("newer".into()).spawn(asking) {
            tracing::warn!(%error, "cannot start the thread that asks for newer data");
        }
    }

    fn look(&mut self) {
        if self.resettle.has_changed() {
            tracing::info!("the settings file has changed");
            // A failure is told by `resettle` itself.
            let _ = self.resettle();
        }
        let now = geo_files::stamp(&self.settings);
        if now != self.seen {
            self.seen = now;
            tracing::info!("a database has changed");
            // A failure is told by `reload` itself.
            let _ = self.reload();
        }
    }

    fn obey(&mut self, renewal: Renewal) {
        let (result, reply) = match renewal {
            Renewal::Reload(reply) => (self.reload(), reply),
            Renewal::Update => (self.update(), None),
            Renewal::All(reply) => {
                // Failures are told by who meets them; nobody waits any more when the program is about to end.
                let _ = self.resettle();
                let _ = self.reload();
                let _ = reply.send(());
                return;
            }
        };
        if let Some(reply) = reply {
            // Nobody waits any more when the client has gone.
            let _ = reply.send(result);
        }
    }

    fn update(&self) -> Result<(), String> {
        let from = &self.settings.geo.update_from;
        if from.is_empty() {
            tracing::warn!("nothing to update from: geo.update_from is not set");
            return Ok(());
        }
        match crate::geo_update::update(&self.settings, from) {
            Ok(stored) => tracing::info!(path = %stored.path.display(), "databases updated"),
            Err(error) => {
                tracing::warn!(%error, "the update failed; the databases in use stay");
                self.status.set_geo_error(Some(error.clone()));
                return Err(error);
            }
        }
        self.reload()
    }

    /// Swaps all databases, or none.
    fn reload(&self) -> Result<(), String> {
        match geo_files::load(&self.settings, geo_files::ALL) {
            Ok(geo) => {
                let geo = geo_files::with_cities(&self.settings, geo);
                self.status.set_geo(geo.clone());
                self.hub.command(Command::Geo(geo));
                tracing::info!("databases reloaded");
                Ok(())
            }
            Err(failure) => {
                let error = failure.to_string();
                tracing::warn!(%error, "databases not reloaded; those in use stay");
                self.status.set_geo_error(Some(error.clone()));
                Err(error)
            }
        }
    }
}

fn tell(found: &newer::Finding) {
    if found.is_newer() {
        tracing::info!(found = %found.document(), "there is a newer one");
    } else if let Some(error) = found.error() {
        tracing::warn!(%error, "cannot ask for newer data");
    }
}

#[cfg(test)]
#[path = "../../../analyzer/tests/geo_support/mod.rs"]
#[expect(dead_code, reason = "of the writer of test files only a part is used here")]
mod geo_support;

#[cfg(test)]
mod tests {
    use std::net::IpAddr;
    use std::path::Path;
    use std::sync::mpsc;

    use analyzer::aggregate::Ends;
    use analyzer::geo::{Asn, Geo};
    use analyzer::{Analyzer, Dimension, Facts, LocalNetworks, Measure, Origin, Setup, ViewId};
    use capturer::{Packet, Ports, Protocol, Timestamp, Transport};

    use super::geo_support::{File, Value, write};
    use super::*;
    use crate::live::SourceFacts;

    const SWAPS: u32 = 1_000;

    /// Country, system, its name and the length of its network: what must never be seen mixed.
    type Answer = (&'static str, u32, &'static str, u8);
    const ANSWERS: [Answer; 2] = [("NL", 1, "First", 8), ("DE", 2, "Second", 16)];

    fn database((country, asn, name, len): Answer) -> Vec<u8> {
        let record = || {
            Value::Map(vec![
                ("country_code", Value::Text(country)),
                ("autonomous_system_number", Value::Number(asn)),
                ("autonomous_system_organization", Value::Text(name)),
            ])
        };
        let rows = vec![(u128::from(0x0808_0000_u32) >> (32 - len) << (32 - len), len, record())];
        write(&File { database_type: "Test", ip_version: 4, record_size: 28, rows })
    }

    /// Every third is broken in its own way: 300 of 900, and none of the last hundred.
    fn file(swap: u32) -> (Vec<u8>, Option<Answer>) {
        let answer = ANSWERS[(swap / 3 % 2) as usize];
        let mut bytes = database(answer);
        if swap >= 900 || swap % 3 != 1 {
            return (bytes, Some(answer));
        }
        match swap / 3 % 5 {
            0 => bytes.truncate(bytes.len() / 2),
            1 => bytes.clear(),
            2 => bytes = b"<html>502 Bad Gateway</html>".to_vec(),
            3 => bytes[0..4].fill(0xff),
            _ => bytes.drain(..bytes.len() - 40).for_each(drop),
        }
        (bytes, None)
    }

    fn answer(geo: &Geo) -> (String, u32, String, u8) {
        let address: IpAddr = "8.8.8.8".parse().unwrap();
        let place = geo.place(address);
        let asn = place.asn.map_or(0, |asn| asn.0);
        let name = geo.as_name(Asn(asn)).unwrap_or_default().to_owned();
        let len = geo.prefix(address).map_or(0, |prefix| prefix.network.prefix_len());
        (place.country.map(|code| code.to_string()).unwrap_or_default(), asn, name, len)
    }

    fn of(answer: Answer) -> (String, u32, String, u8) {
        (answer.0.to_owned(), answer.1, answer.2.to_owned(), answer.3)
    }

    fn analyzer(facts: Facts) -> Analyzer {
        Analyzer::new(Setup {
            facts,
            homes: Vec::new(),
            dimensions: vec![Dimension { name: "host", ends: Ends::Both }],
            live: true,
            hosts: true,
            names: true,
            memory: 16 << 20,
            counting: analyzer::aggregate::Counting::default(),
            devices: analyzer::Devices::default(),
            inventory: None,
        })
    }

    fn packet(number: u32) -> Packet {
        Packet {
            at: Timestamp::from_parts(1_700_000_000, i64::from(number)),
            wire_len: 100,
            source: IpAddr::from([192, 168, 0, number as u8]),
            destination: IpAddr::from([8, 8, 8, 8]),
            protocol: Protocol::UDP,
            transport: Transport::Udp(Ports { source: 5000, destination: 53 }),
            ..Packet::empty()
        }
    }

    /// The row of the one public host: country, system, name.
    fn row(analyzer: &mut Analyzer) -> (String, u32, String, u8) {
        let reading = analyzer.read();
        let ask = reading.ask(0, Measure::Bytes);
        let top = reading.top(ViewId::MAIN, Dimension { name: "host", ends: Ends::Both }, &ask).unwrap();
        let row = top.rows.into_iter().find(|row| row.key == "8.8.8.8").unwrap();
        let prefix = reading.host("8.8.8.8".parse().unwrap()).and_then(|host| host.prefix);
        (
            row.country.map(|code| code.to_string()).unwrap_or_default(),
            row.asn.map_or(0, |asn| asn.0),
            row.as_name.unwrap_or_default(),
            prefix.map_or(0, |network| network.prefix_len()),
        )
    }

    fn renewer(path: &Path, facts: Facts) -> (Renewer, Receiver<Command>) {
        let mut settings = Settings::default();
        settings.geo.databases = vec![path.to_path_buf()];
        settings.geo.folder = path.with_extension("none");
        let source = SourceFacts {
            kind: "demo",
            name: String::new(),
            local: String::new(),
            local_origin: "",
            started_ms: 0,
            filter: String::new(),
            counted: "outermost",
            login: false,
            certificate: None,
        };
        let (sender, commands) = mpsc::channel();
        let (_, requests) = mpsc::channel();
        let renewer = Renewer {
            seen: geo_files::stamp(&settings),
            settings,
            resettle: Resettle::new(None, Box::new(|| Err(String::new())), None),
            status: Arc::new(Status::new(source, facts, None, None)),
            hub: Arc::new(Hub::new("test".to_owned(), (sender, mpsc::channel().0))),
            requests,
            stop: Arc::default(),
        };
        (renewer, commands)
    }

    /// 1 000 swaps, 300 of them broken files, while another thread looks up without rest and an analysis goes on.
    #[test]
    fn mmdb_swap_1000x() {
        let path = std::env::temp_dir().join(format!("wireglobe-swap-{}.mmdb", std::process::id()));
        std::fs::write(&path, database(ANSWERS[0])).unwrap();
        let local = LocalNetworks::private_and(Vec::new(), Origin::Assumed);
        let geo = Geo::empty().with_mmdb(database(ANSWERS[0]), "first").unwrap();
        let facts = Facts { geo, local };
        let mut analyzer = analyzer(facts.clone());
        let (renewer, commands) = renewer(&path, facts);
        let (status, stop) = (Arc::clone(&renewer.status), Arc::clone(&renewer.stop));
        let reader = std::thread::spawn(move || {
            let mut asked = 0_u64;
            while !stop.load(Relaxed) {
                let found = answer(&status.known().geo);
                assert!(ANSWERS.iter().any(|answer| of(*answer) == found), "mixed: {found:?}");
                asked += 1;
            }
            asked
        });
        let (mut expected, mut broken) = (of(ANSWERS[0]), 0);
        for swap in 0..SWAPS {
            let (bytes, good) = file(swap);
            std::fs::write(&path, &bytes).unwrap();
            let result = renewer.reload();
            assert_eq!(result.is_ok(), good.is_some(), "swap {swap}: {result:?}");
            broken += u32::from(good.is_none());
            expected = good.map_or(expected, of);
            assert_eq!(answer(&renewer.status.known().geo), expected, "swap {swap}");
            analyzer.observe(&packet(swap), &[]);
            while let Ok(Command::Geo(geo)) = commands.try_recv() {
                analyzer.set_geo(geo);
            }
            analyzer.observe(&packet(swap + 1), &[]);
            assert_eq!(row(&mut analyzer), expected, "swap {swap}");
        }
        renewer.stop.store(true, Relaxed);
        let asked = reader.join().unwrap();
        std::fs::remove_file(&path).unwrap();
        assert_eq!((broken, renewer.status.generation()), (300, 700));
        assert!(asked > 1_000, "{asked}");
    }
}
