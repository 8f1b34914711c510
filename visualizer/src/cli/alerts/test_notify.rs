//! `wireglobe alerts test-notify`: sends a test over the settings' channels, and says how it went.

use std::process::ExitCode;

use clap::Args;
use serde_json::{Value, json};

use crate::cli::output::{self, Column, Format, Listing, plain};
use crate::cli::{Common, Failure};
use crate::notify::{self, Context};
use crate::settings::{self, Kind};

/// `wireglobe alerts test-notify`
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Only these channels
    #[arg(value_name = "NAME")]
    names: Vec<String>,
    /// How the answers are written
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    format: Format,
}

const COLUMNS: [Column; 5] = [
    Column { field: "channel", title: "Channel", number: false },
    Column { field: "kind", title: "Kind", number: false },
    Column { field: "target", title: "To", number: false },
    Column { field: "ok", title: "Sent", number: false },
    Column { field: "answer", title: "Answer", number: false },
];

/// Exit code 1 when one of them failed.
pub(super) fn run(arguments: &Arguments, common: &Common) -> Result<ExitCode, Failure> {
    let settings = settings::load(common.settings.as_deref())?.settings;
    let named = |name: &String| arguments.names.is_empty() || arguments.names.contains(name);
    let known = |name: &&String| settings.notify.iter().all(|one| one.name != **name);
    if let Some(unknown) = arguments.names.iter().find(known) {
        let all: Vec<&str> = settings.notify.iter().map(|one| &*one.name).collect();
        return Err(Failure::Usage(format!(
            "no channel {unknown} in [[notify]]; there are: {}",
            all.join(", ")
        )));
    }
    if settings.notify.is_empty() {
        return Err(Failure::Usage("the settings have no [[notify]]; docs/NOTIFY.md tells how".to_owned()));
    }
    let channels = notify::channels(&settings).map_err(|error| Failure::Usage(error.to_string()))?;
    let context = Context::new(&settings, "", settings.source.kind == Kind::Demo);
    let mut rows = Vec::new();
    let mut all_sent = true;
    for (name, mut channel) in channels.into_iter().filter(|(name, _)| named(name)) {
        let result = notify::test(&mut *channel, &context);
        all_sent &= result.is_ok();
        let (ok, answer) = match result {
            Ok(answer) => ("yes", answer),
            Err(error) => ("no", error),
        };
        rows.push(
            [json!(name), json!(channel.kind()), json!(channel.target()), json!(ok), json!(answer)].to_vec(),
        );
    }
    output::write(output::open(None)?, &text(rows, arguments.format))?;
    Ok(if all_sent { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

fn text(rows: Vec<Vec<Value>>, format: Format) -> String {
    let object = |row: &Vec<Value>| {
        let fields = COLUMNS.iter().zip(row).map(|(column, value)| (column.field.to_owned(), value.clone()));
        Value::Object(fields.collect())
    };
    match format {
        Format::Json => {
            json!({"schema": 1, "channels": rows.iter().map(object).collect::<Vec<_>>()}).to_string() + "\n"
        }
        Format::Jsonl => rows.iter().map(|row| format!("{}\n", object(row))).collect(),
        _ => {
            let pretty = rows.iter().map(|row| row.iter().map(plain).collect()).collect();
            Listing { columns: COLUMNS.to_vec(), pretty, rows }.render(format)
        }
    }
}
