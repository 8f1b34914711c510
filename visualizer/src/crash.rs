//! When a thread panics: a report that can be sent to somebody. It says where in the program it was, and holds nothing of what was seen: no
//! packet, no address, no name, and of the settings the keys alone.

use std::backtrace::Backtrace;
use std::fmt::Write as _;
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::panic::{self, PanicHookInfo};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Instant;

use crate::sandbox;
use crate::settings::{Settings, changes};

/// How the names of reports begin; what follows is their time.
pub(crate) const NAME: &str = "crash-";

/// Reports that are kept.
const MOST: usize = 10;

/// Threads of the web server: a task that panics ends its connection, not the thread.
const WEB: &str = "web";

/// Whether a thread has ended that should not have.
static DEAD: AtomicBool = AtomicBool::new(false);

/// What a report says besides where it was, known from the start.
struct Circumstances {
    /// Where reports go; nowhere where nothing is kept.
    folder: Option<PathBuf>,
    began: Instant,
    system: String,
    kind: &'static str,
    /// Keys of the settings that are not as by default.
    settings: Vec<String>,
}

/// Where reports go: the first folder that these settings let be written.
pub(crate) fn folder(settings: &Settings, kind: &str) -> Option<PathBuf> {
    sandbox::kept(settings, kind).into_iter().next()
}

/// The reports in a folder, the oldest first.
pub(crate) fn reports(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let is_one = |entry: &fs::DirEntry| entry.file_name().to_string_lossy().starts_with(NAME);
    let mut reports: Vec<PathBuf> = entries.filter(is_one).map(|entry| entry.path()).collect();
    reports.sort();
    reports
}

/// Whether a thread has panicked that is missed since.
pub(crate) fn has_lost_a_thread() -> bool {
    DEAD.load(Relaxed)
}

/// From now on each panic is told in the log and in a report. To be called before the sandbox closes.
pub(crate) fn install(settings: &Settings, kind: &'static str) {
    let release = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let circumstances = Circumstances {
        folder: folder(settings, kind),
        began: Instant::now(),
        system: format!("{} {} {}", std::env::consts::OS, release.trim(), std::env::consts::ARCH),
        kind,
        settings: changes::differing(&Settings::default(), settings),
    };
    panic::set_hook(Box::new(move |info| circumstances.tell(info)));
}

impl Circumstances {
    fn tell(&self, info: &PanicHookInfo<'_>) {
        let thread = std::thread::current();
        let thread = thread.name().unwrap_or("?");
        if thread != WEB {
            DEAD.store(true, Relaxed);
        }
        let place = info.location().map_or_else(|| "?".to_owned(), ToString::to_string);
        let text = info.payload_as_str().unwrap_or_default();
        tracing::error!("thread {thread} panicked at {place}: {text}");
        let Some(folder) = &self.folder else { return };
        match store(folder, thread, &self.report(info, thread, &place)) {
            Ok(path) => tracing::error!("a report without traffic is in {}", path.display()),
            Err(error) => tracing::error!("no report could be written in {}: {error}", folder.display()),
        }
    }

    fn report(&self, info: &PanicHookInfo<'_>, thread: &str, place: &str) -> String {
        // A text that is part of the program holds nothing that was seen; any other may.
        let message = match info.payload().downcast_ref::<&'static str>() {
            Some(literal) => literal,
            None => "(left out here, as it may quote traffic; it is in the log)",
        };
        let mut report = String::new();
        for (name, value) in [
            ("Wireglobe", env!("CARGO_PKG_VERSION")),
            ("system", &*self.system),
            ("time", &*jiff::Timestamp::now().to_string()),
            ("running for", &*format!("{} s", self.began.elapsed().as_secs())),
            ("watching", self.kind),
            ("thread", thread),
            ("place", place),
            ("message", message),
            ("settings not as by default", &*self.settings.join(", ")),
        ] {
            // Memory takes everything.
            let _ = writeln!(report, "{name}: {value}");
        }
        let _ = writeln!(report, "backtrace:\n{}", Backtrace::force_capture());
        report
    }
}

/// Writes a report; the oldest makes room.
fn store(folder: &Path, thread: &str, report: &str) -> io::Result<PathBuf> {
    let known = reports(folder);
    let surplus = (known.len() + 1).saturating_sub(MOST);
    // One that can't be removed stays.
    known.iter().take(surplus).for_each(|path| drop(fs::remove_file(path)));
    let time = jiff::Timestamp::now().strftime("%Y%m%dT%H%M%S%.6fZ").to_string();
    let thread: String = thread.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    let path = folder.join(format!("{NAME}{time}-{thread}.txt"));
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path)?;
    file.write_all(report.as_bytes())?;
    Ok(path)
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;
    use crate::sandbox::{Closing, Left, Reach};

    /// Set for the process that crashes: its folder.
    const INSIDE: &str = "WIREGLOBE_TEST_CRASH";

    const SECRET: &str = "https://192.0.2.80/hidden-key";

    fn settings(folder: &str) -> Settings {
        let text = format!(
            "[source]\nkind = \"interface\"\ninterface = \"secret0\"\n[alerts]\nfolder = \"{folder}\"\n[history]\nkeep = false\n\
             [[notify]]\nname = \"team\"\nwebhook = {{ url = \"{SECRET}\" }}\n"
        );
        toml::from_str(&text).unwrap()
    }

    /// As a parser that meets what it should not.
    fn provoke(number: u32) {
        let seen = format!("GET /login?password=hunter{number} from 198.51.100.7");
        let _ = seen.get(..9999).unwrap_or_else(|| panic!("cannot cut {seen:?}"));
    }

    fn inside(folder: &str) {
        let settings = settings(folder);
        install(&settings, "interface");
        let reach = Reach::of(&settings, None, "interface");
        Closing::begin(&reach, &Left::default(), false, true).unwrap().finish().unwrap();
        for number in 0..12 {
            let thread = std::thread::Builder::new().name("analysis".into()).spawn(move || provoke(number));
            assert!(thread.unwrap().join().is_err());
        }
        assert!(has_lost_a_thread());
    }

    /// Out of the closed sandbox, with the names of functions.
    #[test]
    fn a_crash_report_says_where_and_nothing_of_what_was_seen() {
        if let Ok(folder) = std::env::var(INSIDE) {
            return inside(&folder);
        }
        let folder = std::env::temp_dir().join(format!("wireglobe-crash-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let name = "crash::tests::a_crash_report_says_where_and_nothing_of_what_was_seen";
        let child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", name, "--nocapture"])
            .env(INSIDE, &folder)
            .output()
            .unwrap();
        let said =
            String::from_utf8_lossy(&child.stdout).into_owned() + &String::from_utf8_lossy(&child.stderr);
        assert!(child.status.success(), "{said}");
        let found = reports(&folder);
        assert_eq!(found.len(), MOST, "the oldest two made room: {said}");
        for report in &found {
            let text = fs::read_to_string(report).unwrap();
            for part in [
                "thread: analysis\n",
                "place: visualizer/src/crash.rs:",
                "provoke",
                "watching: interface\n",
                env!("CARGO_PKG_VERSION"),
            ] {
                assert!(text.contains(part), "no {part} in {text}");
            }
            let keys = "settings not as by default: alerts.folder, history.keep, notify, source.interface, source.kind\n";
            assert!(text.contains(keys), "{text}");
            for hidden in ["hunter", "198.51.100.7", "192.0.2.80", "hidden-key", "secret0"] {
                assert!(!text.contains(hidden), "{hidden} is in {text}");
            }
        }
        fs::remove_dir_all(&folder).unwrap();
    }
}
