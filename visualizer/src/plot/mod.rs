//! Pictures for paper and reports: graphs over time, rankings and shares as SVG and PNG. A figure is laid out once as a
//! list of plain shapes ([`canvas`]), and each format only writes those down, so that they can't differ. Nothing is asked
//! of the system: no fonts, no libraries.
//!
//! Colours and weights are those of the page, chosen so that they meet contrast AA on their ground and stay apart on
//! paper; a figure of 800 units across, printed 17 cm wide, has letters of 7.5 points and more.

mod axis;
mod canvas;
mod fft;
mod figure;
mod legend;
mod marks;
mod palette;
mod png;
mod query;
mod scale;
mod svg;
mod text;
mod ticks;
mod units;

pub(crate) use axis::XAxis;
pub(crate) use canvas::Ink;
pub(crate) use fft::transform;
pub(crate) use figure::{Body, Figure, Panel, Plane, Size};
pub(crate) use marks::{Mark, Rank, Ranks, Series, Shares};
pub(crate) use palette::{SERIES, Theme};
pub(crate) use png::PngError;
pub(crate) use query::{Chart, QueryError, query_figure};
pub(crate) use units::{Base, Unit};

#[cfg(test)]
mod tests;

/// A query document (`wireglobe query --format json`, `/api/v1/query`) as one SVG graph; with `percent` in
/// shares of the total.
///
/// # Errors
/// [`QueryError`] when a field that the graph needs is missing or of another kind.
pub(crate) fn query_chart(
    document: &serde_json::Value,
    chart: Chart,
    theme: Theme,
    percent: bool,
) -> Result<String, QueryError> {
    Ok(query_figure(document, chart, percent)?.svg(theme))
}
