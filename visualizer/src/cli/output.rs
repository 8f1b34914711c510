//! Where results go: standard output or a file, as a table, CSV, TSV, Markdown or JSON lines. Text from the wire is
//! escaped on every sink.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{self, BufWriter, IsTerminal, Write};
use std::path::Path;

use clap::ValueEnum;
use comfy_table::{CellAlignment, Table, TableStyle, presets};
use serde_json::Value;

use crate::cli::Failure;

/// How rows come out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// For people.
    Table,
    /// One document.
    Json,
    /// One object a line.
    Jsonl,
    /// RFC 4180; cells that a spreadsheet would run are quoted.
    Csv,
    /// Tab-separated.
    Tsv,
    /// A Markdown table.
    Markdown,
}

/// Standard output, or the file that `--output` names.
pub(super) fn open(path: Option<&Path>) -> Result<Box<dyn Write>, Failure> {
    Ok(match path {
        None => Box::new(BufWriter::new(io::stdout().lock())),
        Some(path) => {
            let file =
                File::create(path).map_err(Failure::system(format!("cannot write {}", path.display())))?;
            Box::new(BufWriter::new(file))
        }
    })
}

/// Where a result goes once there is one. From an interface it is opened first: root opens it, who is then root no more.
pub(super) struct Later<'a> {
    path: Option<&'a Path>,
    sink: Option<Box<dyn Write>>,
}

impl<'a> Later<'a> {
    /// Opens a file now if what is read is an interface; else not before there is something to write.
    pub(super) fn new(path: Option<&'a Path>, is_interface: bool) -> Result<Self, Failure> {
        let sink = (is_interface && path.is_some()).then(|| open(path)).transpose()?;
        Ok(Self { path, sink })
    }

    /// The place itself.
    pub(super) fn open(self) -> Result<Box<dyn Write>, Failure> {
        self.sink.map_or_else(|| open(self.path), Ok)
    }
}

/// Puts a whole result in the place of a file: it is written beside it under another name, and renamed once it is there. So
/// whoever reads the file finds the old one or the new one. What is no file (a pipe, a terminal) is written to.
pub(super) fn replace(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    // Of a link the file that it leads to.
    let place = fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf());
    let before = fs::metadata(&place).ok();
    if before.as_ref().is_some_and(|found| !found.is_file()) {
        return write_bytes(open(Some(path))?, bytes);
    }
    let name = place.file_name().unwrap_or_default().to_string_lossy();
    let beside = place.with_file_name(format!(".{name}.{}", std::process::id()));
    let put = || {
        fs::write(&beside, bytes)?;
        if let Some(before) = before {
            fs::set_permissions(&beside, before.permissions())?;
        }
        fs::rename(&beside, &place)
    };
    put().map_err(|cause| {
        let _ = fs::remove_file(&beside);
        Failure::system(format!("cannot write {}", path.display()))(cause)
    })
}

/// Writes all of `text` and flushes.
pub(super) fn write(sink: Box<dyn Write>, text: &str) -> Result<(), Failure> {
    write_bytes(sink, text.as_bytes())
}

/// The same of bytes.
pub(super) fn write_bytes(mut sink: Box<dyn Write>, bytes: &[u8]) -> Result<(), Failure> {
    sink.write_all(bytes).and_then(|()| sink.flush()).map_err(Failure::system("cannot write the result"))
}

/// A column of a listing.
#[derive(Clone, Copy, Debug)]
pub(super) struct Column {
    /// The field's name in CSV, TSV and JSON lines.
    pub(super) field: &'static str,
    /// The heading in tables.
    pub(super) title: &'static str,
    /// Numbers stand right.
    pub(super) number: bool,
}

/// Rows of JSON values under columns; how a value is shown in a table is the column's affair.
pub(super) struct Listing {
    pub(super) columns: Vec<Column>,
    pub(super) rows: Vec<Vec<Value>>,
    /// Cells as people read them, where they differ from the values.
    pub(super) pretty: Vec<Vec<String>>,
}

impl Listing {
    /// In one of the formats that are made of rows ([`Format::Json`] documents are made elsewhere).
    pub(super) fn render(&self, format: Format) -> String {
        match format {
            Format::Table => self.table(presets::NOTHING),
            Format::Markdown => self.table(presets::ASCII_MARKDOWN),
            Format::Csv => self.separated(',', csv_cell),
            Format::Tsv => self.separated('\t', escape),
            Format::Json | Format::Jsonl => self.json_lines(),
        }
    }

    fn table(&self, style: TableStyle) -> String {
        let mut table = Table::new();
        table.load_style(style).set_header(self.columns.iter().map(|column| column.title));
        for row in &self.pretty {
            table.add_row(row.iter().map(|cell| escape(cell)));
        }
        for (index, column) in self.columns.iter().enumerate() {
            if let (true, Some(column)) = (column.number, table.column_mut(index)) {
                column.set_cell_alignment(CellAlignment::Right);
            }
        }
        let lines: Vec<String> = table.lines().map(|line| line.trim_end().to_owned()).collect();
        lines.join("\n") + "\n"
    }

    fn separated(&self, separator: char, cell: impl Fn(&str) -> String) -> String {
        let mut text = String::new();
        let separator = separator.to_string();
        text +=
            &(self.columns.iter().map(|column| column.field.to_owned()).collect::<Vec<_>>().join(&separator)
                + "\n");
        for row in &self.rows {
            text +=
                &(row.iter().map(|value| cell(&plain(value))).collect::<Vec<_>>().join(&separator) + "\n");
        }
        text
    }

    fn json_lines(&self) -> String {
        let mut text = String::new();
        for row in &self.rows {
            let object: serde_json::Map<String, Value> = self
                .columns
                .iter()
                .zip(row)
                .map(|(column, value)| (column.field.to_owned(), value.clone()))
                .collect();
            let _ = writeln!(text, "{}", Value::Object(object));
        }
        text
    }
}

/// What stands above lines that are written one by one, each with these fields.
pub(super) fn header(format: Format, fields: &[&str]) -> Option<String> {
    match format {
        Format::Csv => Some(fields.join(",") + "\n"),
        Format::Tsv => Some(fields.join("\t") + "\n"),
        Format::Markdown => Some(format!("| {} |\n|{}\n", fields.join(" | "), " --- |".repeat(fields.len()))),
        Format::Table | Format::Json | Format::Jsonl => None,
    }
}

/// One line of a list that is written as it comes; `sentence` is how people read it.
pub(super) fn line(
    format: Format,
    fields: &[&str],
    object: &Value,
    sentence: impl FnOnce() -> String,
) -> String {
    let cells = |cell: fn(&str) -> String| {
        fields.iter().map(|field| cell(&plain(&object[*field]))).collect::<Vec<_>>()
    };
    match format {
        Format::Json | Format::Jsonl => format!("{object}\n"),
        Format::Csv => cells(csv_cell).join(",") + "\n",
        Format::Tsv => cells(escape).join("\t") + "\n",
        Format::Markdown => format!("| {} |\n", cells(markdown_cell).join(" | ")),
        Format::Table => escape(&sentence()) + "\n",
    }
}

/// A cell of a Markdown table.
fn markdown_cell(text: &str) -> String {
    escape(text).replace('|', "\\|")
}

/// A value as text; null is empty.
pub(super) fn plain(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// A CSV cell: quoted where RFC 4180 demands it, and where a spreadsheet would take it for a formula.
pub(super) fn csv_cell(text: &str) -> String {
    let text = escape(text);
    let formula = text.starts_with(['=', '+', '-', '@']) && text.parse::<f64>().is_err();
    let text = if formula { format!("'{text}") } else { text };
    if formula || text.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text
    }
}

/// Text from the wire for a terminal or a log: control characters (C0, DEL, C1) and those that change the direction of
/// writing are written as `\u{…}`.
pub fn escape(text: &str) -> String {
    if !text.chars().any(hostile) {
        return text.to_owned();
    }
    let mut safe = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        if hostile(c) {
            let _ = write!(safe, "\\u{{{:x}}}", u32::from(c));
        } else {
            safe.push(c);
        }
    }
    safe
}

/// Whether a character does more than being seen: it ends a line, moves the cursor, or turns the direction of writing.
pub(crate) fn hostile(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{061c}' | '\u{2028}' | '\u{2029}')
}

/// Bytes for people: three significant digits, decimal units.
pub(super) fn bytes(n: u64) -> String {
    const UNITS: [&str; 7] = ["B", "kB", "MB", "GB", "TB", "PB", "EB"];
    let mut value = n as f64;
    let mut unit = 0;
    while value >= 999.5 && unit + 1 < UNITS.len() {
        value /= 1000.0;
        unit += 1;
    }
    if unit == 0 {
        return format!("{n} B");
    }
    let digits = if value < 9.995 { 2 } else { usize::from(value < 99.95) };
    format!("{value:.digits$} {}", UNITS[unit])
}

/// A count for people: thousands apart by a thin space.
pub(super) fn count(n: u64) -> String {
    let digits = n.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) && digits.len() > 4 {
            text.push('\u{202f}');
        }
        text.push(digit);
    }
    text
}

/// Whether standard error is a terminal.
pub(super) fn is_terminal() -> bool {
    io::stderr().is_terminal()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn reads_like_people_write() {
        assert_eq!([bytes(0), bytes(999), bytes(20_900_000_000)], ["0 B", "999 B", "20.9 GB"]);
        assert_eq!(bytes(999_999), "1.00 MB");
        assert_eq!([count(8214), count(82_140)], ["8214".to_owned(), "82\u{202f}140".to_owned()]);
    }

    #[test]
    fn formulas_and_quotes_are_quoted() {
        assert_eq!(csv_cell("=1+1"), "\"'=1+1\"");
        assert_eq!(csv_cell("a \"b\", c"), "\"a \"\"b\"\", c\"");
        assert_eq!(csv_cell("-5"), "-5");
    }

    proptest! {
        #[test]
        fn nothing_hostile_survives(text in ".*\u{1b}.*[\u{202e}\u{9b}]?.*") {
            prop_assert!(!escape(&text).chars().any(hostile));
        }
    }
}
