//! Opens what the settings and flags name as a source.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use analyzer::query::Query;
use analyzer::{Guess, Home, LocalNetworks, Network, Origin};
use capturer::source::clock::SystemClock;
use capturer::source::file::FileSource;
use capturer::source::live::{LiveSettings, LiveSource, LiveStatus};
use capturer::source::paced::{Pace, Paced, Progress, Reopen, Speed};
use capturer::source::{Next, Source, SourceError, interfaces, merged, paths};

use crate::cli::Failure;
use crate::read_ahead::ReadAhead;
use crate::sandbox::{self, Person};
use crate::settings::{Kind, Settings};

/// The bundled, invented capture.
const DEMO: &[u8] = include_bytes!("../data/demo.pcap");

/// What the bundled capture is called wherever it shows.
const DEMO_NAME: &str = "demo";

/// So many files may have a thread each; of more, each is only open while it is its turn.
const FEW: usize = 8;

/// Frames that are looked at to guess the local networks of a capture.
const GUESS_FRAMES: usize = 20_000;

/// A source that is being watched, and what is known of it.
pub(crate) struct Opened {
    pub(crate) source: Box<dyn Source>,
    /// `demo`, `file`, `interface` or `flows`.
    pub(crate) kind: &'static str,
    pub(crate) name: String,
    pub(crate) local: LocalNetworks,
    pub(crate) progress: Option<Arc<Progress>>,
    pub(crate) interface: Option<Arc<LiveStatus>>,
    /// Whether its packets bear the wall clock's time.
    pub(crate) wall_clock: bool,
    /// Where it was captured, if it says so itself.
    pub(crate) home: Option<Home>,
    /// Finds how long a replay is; to be started once threads may be.
    pub(crate) length: Option<Box<dyn FnOnce() + Send>>,
}

impl Opened {
    /// Finds out in the background how long the replay is, if it is one.
    pub(crate) fn measure(&mut self) {
        if let Some(length) = self.length.take() {
            // Without the thread the length is known after the first time through.
            let _ = std::thread::Builder::new().name("length".into()).spawn(length);
        }
    }
}

/// Where the invented home of the bundled capture stands.
fn demo_home() -> Home {
    Home { label: "Demo home".to_owned(), lat: 52.37, lon: 4.9, networks: Vec::new() }
}

/// A source of no packets, where flow exports come alone.
struct Silence;

/// How long it keeps still at a time.
const STILL: std::time::Duration = std::time::Duration::from_millis(100);

impl Source for Silence {
    fn next_frame(&mut self) -> Result<Next<'_>, SourceError> {
        std::thread::sleep(STILL);
        Ok(Next::Idle)
    }
}

/// Opens the source of the settings, to be watched.
pub(crate) fn open(settings: &Settings, query: Option<&Query>) -> Result<Opened, SourceError> {
    match settings.source.kind {
        Kind::Demo => {
            let opened = replay(
                settings,
                "demo",
                DEMO_NAME.to_owned(),
                (Box::new(demo), Some(Box::new(demo))),
                guess_of(&mut *demo()?),
            )?;
            Ok(Opened { home: Some(demo_home()), ..opened })
        }
        Kind::Files => {
            let named = settings.source.read.clone();
            let local = guess(&named);
            let name = named.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(" ");
            let follow = settings.source.follow;
            let length = is_small(&named).then(|| {
                let named = named.clone();
                Box::new(move || files(&named)) as Reopen
            });
            replay(settings, "file", name, (Box::new(move || files_with(&named, follow)), length), local)
        }
        Kind::None => Ok(Opened {
            source: Box::new(Silence),
            kind: "flows",
            name: format!("flow exports on {}", settings.flows.listen),
            local: or_settings(settings, || LocalNetworks::private_and(Vec::new(), Origin::Assumed)),
            progress: None,
            interface: None,
            wall_clock: true,
            home: None,
            length: None,
        }),
        Kind::Interface => {
            let (source, name) = interface(&settings.source.interface, settings, query)?;
            let local = or_settings(settings, || of_interface(&name));
            let interface = Some(source.status());
            let source = Box::new(source);
            Ok(Opened {
                source,
                kind: "interface",
                name,
                local,
                progress: None,
                interface,
                wall_clock: true,
                home: None,
                length: None,
            })
        }
    }
}

fn replay(
    settings: &Settings,
    kind: &'static str,
    name: String,
    (reopen, length): (Reopen, Option<Reopen>),
    guessed: LocalNetworks,
) -> Result<Opened, SourceError> {
    let source = &settings.source;
    let speed = if source.speed > 0.0 { Speed::Times(source.speed) } else { Speed::Max };
    // The demo happens now; a user's capture keeps the times it was recorded at.
    let rebase = source.kind == Kind::Demo;
    let once = source.kind == Kind::Files && source.read.iter().any(|path| paths::is_read_once(path));
    let pace = Pace { speed, looping: source.r#loop && !once && !source.follow, rebase };
    let paced = Paced::new(reopen, pace, Box::new(SystemClock::default()))?;
    let progress = paced.progress();
    let length = length.filter(|_| !(once || source.follow || matches!(speed, Speed::Max)));
    let length = length.map(|reopen| measure(reopen, &progress));
    let progress = Some(progress);
    let local = or_settings(settings, || guessed);
    let source = Box::new(paced);
    Ok(Opened {
        source,
        kind,
        name,
        local,
        progress,
        interface: None,
        wall_clock: rebase,
        home: None,
        length,
    })
}

/// Captures up to this size are read through beforehand, in the background, to know how long a replay is; not where it
/// reads them as fast as it can itself.
const SMALL: u64 = 1 << 30;

fn is_small(named: &[PathBuf]) -> bool {
    let Ok(paths) = paths::expand(named) else { return false };
    let sizes = paths.iter().map(|path| std::fs::metadata(path).map_or(u64::MAX, |facts| facts.len()));
    sizes.fold(0, u64::saturating_add) <= SMALL
}

/// Finds how long a replay is. Where that fails, the replay itself finds it, or says what is wrong.
fn measure(mut reopen: Reopen, progress: &Arc<Progress>) -> Box<dyn FnOnce() + Send> {
    let progress = Arc::downgrade(progress);
    Box::new(move || {
        let Ok(mut source) = reopen() else { return };
        let (mut first, mut last) = (None, None);
        while let Ok(Next::Frame(frame)) = source.next_frame() {
            first.get_or_insert(frame.at);
            last = last.max(Some(frame.at));
            if progress.strong_count() == 0 {
                return;
            }
        }
        if let (Some(first), Some(last), Some(progress)) = (first, last, progress.upgrade()) {
            progress.foresee(last.since(first));
        }
    })
}

/// An interface to watch; with an empty name the first one that is up and not loopback.
/// The kernel gets as much of the filter as it can ask, so that the rest never wakes us.
pub(crate) fn interface(
    name: &str,
    settings: &Settings,
    query: Option<&Query>,
) -> Result<(LiveSource, String), SourceError> {
    let name = if name.is_empty() { first_interface()? } else { name.to_owned() };
    let link = interfaces::find(&name).map(|interface| interface.link);
    let (filter, _) = query.zip(link).map(|(query, link)| query.kernel(link)).unwrap_or_default();
    let source = LiveSource::open(LiveSettings {
        promiscuous: settings.source.promiscuous,
        buffer: settings.source.receive_buffer_mb as usize * 1024 * 1024,
        method: settings.source.method.method(),
        snap_length: settings.source.snap_length(),
        filter,
        ..LiveSettings::new(name.as_str())
    })?;
    Ok((source, name))
}

/// The same for a command that does nothing else that takes privileges: root becomes somebody else, so that what that person may not
/// write has to be open before.
///
/// # Errors
/// As above, and if root can't be left behind.
pub(crate) fn interface_alone(
    name: &str,
    settings: &Settings,
    query: Option<&Query>,
) -> Result<(LiveSource, String), Failure> {
    let opened = interface(name, settings, query)?;
    sandbox::leave_root(Person::due(), &sandbox::needed(settings))?;
    Ok(opened)
}

fn first_interface() -> Result<String, SourceError> {
    let all = interfaces::list();
    let found = all.iter().find(|interface| interface.up && interface.running && !interface.loopback);
    found.map(|interface| interface.name.clone()).ok_or_else(|| SourceError::Interface {
        name: "(none named)".to_owned(),
        reason: "no interface is up; `wireglobe interfaces` lists them".to_owned(),
    })
}

fn demo() -> Result<Box<dyn Source>, SourceError> {
    Ok(Box::new(FileSource::from_bytes(DEMO_NAME, DEMO)?))
}

/// Files, directories and `-` as one stream in time order.
pub(crate) fn files(named: &[PathBuf]) -> Result<Box<dyn Source>, SourceError> {
    files_with(named, false)
}

/// The same; with `follow` the source never ends but waits for what is still being written.
pub(crate) fn files_with(named: &[PathBuf], follow: bool) -> Result<Box<dyn Source>, SourceError> {
    merged::open_with(&paths::expand(named)?, merged::Reading { follow })
}

/// The same, of up to [`FEW`] files as many as `threads` read in threads of their own: what comes out is the same.
pub(crate) fn files_ahead(named: &[PathBuf], threads: usize) -> Result<Box<dyn Source>, SourceError> {
    let paths = paths::expand(named)?;
    if threads == 0 || !(2..=FEW).contains(&paths.len()) || paths.iter().any(|path| paths::is_read_once(path))
    {
        return merged::open_with(&paths, merged::Reading::default());
    }
    let mut sources: Vec<Box<dyn Source>> = Vec::new();
    for (index, path) in paths.iter().enumerate() {
        // A file that can't be opened is told of as always.
        let Ok(source) = FileSource::open(path) else {
            return merged::open_with(&paths, merged::Reading::default());
        };
        sources.push(if index < threads { ahead(path, source)? } else { Box::new(source) });
    }
    Ok(Box::new(merged::Merged::new(sources)))
}

fn ahead(path: &Path, source: FileSource) -> Result<Box<dyn Source>, SourceError> {
    let ahead = ReadAhead::new(Box::new(source));
    Ok(Box::new(ahead.map_err(|cause| SourceError::Io { path: path.to_path_buf(), cause })?))
}

fn or_settings(settings: &Settings, otherwise: impl FnOnce() -> LocalNetworks) -> LocalNetworks {
    let named = &settings.network.local;
    if named.is_empty() { otherwise() } else { LocalNetworks::new(named.clone(), Origin::Settings) }
}

/// The networks of an interface's own addresses, and all private ones.
fn of_interface(name: &str) -> LocalNetworks {
    let all = interfaces::list();
    let own =
        all.iter().filter(|interface| interface.name == name).flat_map(|interface| &interface.addresses);
    LocalNetworks::private_and(
        own.map(|(address, len)| Network::new(*address, *len)).collect(),
        Origin::Interface,
    )
}

/// Which networks are local in these files, by their first packets; pipes can't be read twice, so nothing is known of them.
pub(crate) fn guess(named: &[PathBuf]) -> LocalNetworks {
    let nothing = || LocalNetworks::private_and(Vec::new(), Origin::Assumed);
    if named.iter().any(|path| paths::is_read_once(path)) {
        return nothing();
    }
    files(named).map_or_else(|_| nothing(), |mut source| guess_of(&mut *source))
}

fn guess_of(source: &mut dyn Source) -> LocalNetworks {
    let mut guess = Guess::default();
    for _ in 0..GUESS_FRAMES {
        let Ok(Next::Frame(frame)) = source.next_frame() else { break };
        if let Ok(packet) = capturer::decode::decode(&frame) {
            guess.observe(&packet);
        }
    }
    guess.networks()
}
