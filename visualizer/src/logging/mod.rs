//! Logs: on standard error, so that standard output stays clean, or in a file that rotates; as text or as JSON; nothing per packet. Whatever
//! an event says, it is one line ([`lines`]). The service manager's [`journal`] is told the level of each.

mod file;
pub(crate) mod journal;
mod lines;

use std::io::{self, IsTerminal};
use std::sync::{Mutex, OnceLock};

use tracing_subscriber::field::MakeExt;
use tracing_subscriber::fmt::format;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer, Registry, fmt, reload};

use crate::cli::escape;
use crate::settings::{Log, LogFormat};
use file::Rotating;
use lines::{Form, Sink, Way};

/// What is logged, as it can be changed while we run; and what the flags said of it, which wins.
static FILTER: OnceLock<(reload::Handle<EnvFilter, Registry>, Option<&'static str>)> = OnceLock::new();

/// Starts logging. `verbose` counts `-v`; `quiet` leaves errors only.
///
/// # Errors
/// If the settings name a file that can't be opened.
pub(crate) fn start(settings: &Log, verbose: u8, quiet: bool, color: bool) -> io::Result<()> {
    let flag = match (quiet, verbose) {
        (true, _) => Some("error"),
        (_, 0) => None,
        (_, 1) => Some("debug"),
        _ => Some("trace"),
    };
    let (filter, handle) = reload::Layer::new(filter(settings, flag));
    let to_file = !settings.file.as_os_str().is_empty();
    let ansi = color && !to_file && settings.format == LogFormat::Text && io::stderr().is_terminal();
    let way = if to_file { Way::File(Mutex::new(Rotating::open(settings)?)) } else { Way::StandardError };
    let form = match settings.format {
        LogFormat::Text => Form::Text { ansi },
        LogFormat::Json => Form::Json,
    };
    let layer = fmt::layer().with_writer(Sink { way, form });
    let layer = match settings.format {
        LogFormat::Text => {
            let layer = layer.with_ansi(ansi).with_target(false).fmt_fields(fields());
            if !to_file && journal::is_there() { layer.without_time().boxed() } else { layer.boxed() }
        }
        LogFormat::Json => {
            layer.json().flatten_event(true).with_current_span(false).with_span_list(false).boxed()
        }
    };
    // A second start (tests in one process) keeps the first.
    if tracing_subscriber::registry().with(filter).with(layer).try_init().is_ok() {
        let _ = FILTER.set((handle, flag));
    }
    Ok(())
}

/// How text has the fields of an event: escaped, so that no value brings escape sequences of its own among the formatter's.
fn fields() -> impl for<'a> format::FormatFields<'a> + 'static {
    let one =
        |writer: &mut format::Writer<'_>, field: &tracing::field::Field, value: &dyn std::fmt::Debug| {
            let value = escape(&format!("{value:?}"));
            match field.name() {
                "message" => writer.write_str(&value),
                name => write!(writer, "{name}={value}"),
            }
        };
    format::debug_fn(one).delimited(" ")
}

/// Other levels from now on. What a flag said stays.
pub(crate) fn renew(settings: &Log) {
    if let Some((handle, flag)) = FILTER.get() {
        // It fails only when there is no log any more.
        let _ = handle.reload(filter(settings, *flag));
    }
}

/// Libraries warn, we say what the level lets through; single targets as they are set.
fn filter(settings: &Log, flag: Option<&str>) -> EnvFilter {
    let level = flag.unwrap_or(&settings.level);
    let own = ["capturer", "analyzer", "visualizer"].map(|name| format!("{name}={level}"));
    let set = settings.targets.iter().map(|(target, level)| format!("{target}={level}"));
    let targets: Vec<String> = set.filter(|_| flag.is_none()).collect();
    EnvFilter::new(["warn".to_owned()].into_iter().chain(own).chain(targets).collect::<Vec<_>>().join(","))
}
