//! A query document as a picture.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::process::ExitCode;

use serde_json::Value;

use super::Arguments;
use super::groups::Kind;
use crate::cli::Failure;
use crate::plot::{Chart, Figure, query_figure};

/// A document may be this large, in bytes.
const LARGEST: u64 = 256 << 20;

pub(super) fn draw(arguments: &Arguments, path: &Path) -> Result<ExitCode, Failure> {
    let charts = match arguments.chart {
        Some(chart) => vec![chart],
        None => arguments.groups.kinds()?.into_iter().map(chart).collect::<Result<_, _>>()?,
    };
    let document = read(path)?;
    let wrong = |error: &dyn std::fmt::Display| Failure::Unreadable(format!("{}: {error}", path.display()));
    let mut figure: Option<Figure> = None;
    for chart in charts {
        let drawn = query_figure(&document, chart, arguments.shape.percent).map_err(|error| wrong(&error))?;
        match &mut figure {
            Some(figure) => figure.panels.extend(drawn.panels),
            None => figure = Some(drawn),
        }
    }
    if let Some(figure) = figure {
        arguments.sheet.save(figure)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn read(path: &Path) -> Result<Value, Failure> {
    let refused = |cause: String| Failure::Unreadable(format!("{}: {cause}", path.display()));
    let input: Box<dyn Read> = if path.as_os_str() == "-" {
        Box::new(io::stdin().lock())
    } else {
        Box::new(File::open(path).map_err(|cause| refused(cause.to_string()))?)
    };
    let mut bytes = Vec::new();
    input.take(LARGEST + 1).read_to_end(&mut bytes).map_err(|cause| refused(cause.to_string()))?;
    if bytes.len() as u64 > LARGEST {
        return Err(refused(format!("larger than {LARGEST} bytes: no query document is")));
    }
    serde_json::from_slice(&bytes).map_err(|error| refused(format!("not a query document: {error}")))
}

/// The chart that a graph's name stands for.
fn chart(kind: Kind) -> Result<Chart, Failure> {
    Ok(match kind {
        Kind::Stack => Chart::Area,
        Kind::Bar => Chart::Bars,
        Kind::Line => Chart::Lines,
        Kind::Scatter => Chart::Scatter,
        Kind::Pie => Chart::Pie,
        Kind::Barh => Chart::Hbars,
        Kind::Freq => {
            return Err(Failure::Usage(
                "--graph freq: rhythms need packets; a query has intervals".to_owned(),
            ));
        }
    })
}
