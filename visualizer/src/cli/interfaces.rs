//! `wireglobe interfaces`: what can be watched, and what to do if it can't.

use std::path::PathBuf;
use std::process::ExitCode;

use capturer::source::interfaces::{self, Interface};
use clap::Args;
use serde_json::{Value, json};

use crate::cli::output::{self, Column, Format, Listing};
use crate::cli::{Common, Failure};

/// `wireglobe interfaces`
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// How the result is written
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    format: Format,
    /// Write to a file instead of standard output
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
}

pub(super) fn run(arguments: &Arguments, _: &Common) -> Result<ExitCode, Failure> {
    let all = interfaces::list();
    let advice = interfaces::capture_advice();
    let text = match arguments.format {
        Format::Json => {
            let rows: Vec<Value> = all.iter().map(document).collect();
            format!(
                "{}\n",
                json!({"schema": 1, "permitted": advice.is_none(), "advice": advice, "rows": rows})
            )
        }
        format => {
            let table = listing(&all).render(format);
            match (format, advice) {
                (Format::Table, Some(advice)) => format!("{table}\nCapturing is not permitted.\n{advice}\n"),
                (Format::Table, None) => format!("{table}\nCapturing is permitted.\n"),
                _ => table,
            }
        }
    };
    output::write(output::open(arguments.output.as_deref())?, &text)?;
    Ok(ExitCode::SUCCESS)
}

fn state(interface: &Interface) -> &'static str {
    match (interface.up, interface.running) {
        (false, _) => "down",
        (true, false) => "no carrier",
        (true, true) => "up",
    }
}

fn addresses(interface: &Interface) -> Vec<String> {
    interface.addresses.iter().map(|(address, len)| format!("{address}/{len}")).collect()
}

fn document(interface: &Interface) -> Value {
    json!({
        "name": interface.name, "state": state(interface), "addresses": addresses(interface),
        "mac": interface.mac.map(|mac| mac.to_string()), "mtu": interface.mtu,
        "link_type": interface.link.0,
    })
}

fn listing(all: &[Interface]) -> Listing {
    let column = |field, title| Column { field, title, number: field == "mtu" };
    let columns = vec![
        column("name", "interface"),
        column("state", "state"),
        column("addresses", "addresses"),
        column("mac", "mac"),
        column("mtu", "mtu"),
    ];
    let rows: Vec<Vec<Value>> = all
        .iter()
        .map(|interface| {
            let object = document(interface);
            let addresses = Value::String(addresses(interface).join(" "));
            vec![
                object["name"].clone(),
                object["state"].clone(),
                addresses,
                object["mac"].clone(),
                object["mtu"].clone(),
            ]
        })
        .collect();
    let pretty = rows.iter().map(|row| row.iter().map(output::plain).collect()).collect();
    Listing { columns, rows, pretty }
}
