//! Charts as inline SVG: a ring of shares and bars. Colours are classes, so that a page's theme and its print sheet rule
//! them; the words stand beside the drawing as text of the page.

use std::fmt::Write as _;

use super::escape_html;

/// Slices that have a colour of their own; the rest is one slice.
pub(super) const SLICES: usize = 8;

/// A part of a whole.
pub(super) struct Slice {
    pub(super) label: String,
    /// Its figure for people.
    pub(super) figure: String,
    /// Of the whole, 0 to 1.
    pub(super) share: f64,
}

/// A ring of shares, clockwise from the top, largest first; the last of more than [`SLICES`] is the rest.
///
/// The ring is a circle with a circumference of 100, so that a dash is a share in percent.
pub(super) fn ring(slices: &[Slice], title: &str) -> String {
    const RADIUS: f64 = 15.915_494;
    const GAP: f64 = 0.35;
    let mut svg = format!(
        "<svg class=\"ring\" viewBox=\"0 0 42 42\" role=\"img\" aria-label=\"{}\"><circle class=\"track\" cx=\"21\" cy=\"21\" r=\"{RADIUS}\"/>",
        escape_html(title)
    );
    let mut turned = 0.0;
    for (index, slice) in slices.iter().enumerate() {
        let length = slice.share * 100.0;
        let drawn = if slices.len() > 1 { (length - GAP).max(0.1) } else { length };
        let _ = write!(
            svg,
            "<circle class=\"{}\" cx=\"21\" cy=\"21\" r=\"{RADIUS}\" stroke-dasharray=\"{drawn:.3} {:.3}\" stroke-dashoffset=\"{:.3}\"><title>{}: {} ({:.1} %)</title></circle>",
            class(index),
            100.0 - drawn,
            25.0 - turned,
            escape_html(&slice.label),
            escape_html(&slice.figure),
            length,
        );
        turned += length;
    }
    svg + "</svg>"
}

/// The class of a slice's colour.
pub(super) fn class(index: usize) -> String {
    if index < SLICES { format!("s{}", index + 1) } else { "rest".to_owned() }
}

/// A bar of two parts, in hundredths of the longest: what was sent, then what was received; one part where ends are not
/// told apart.
pub(super) fn bar(parts: &[(&str, f64)], title: &str) -> String {
    let mut svg = format!(
        "<svg class=\"bar\" role=\"img\" aria-label=\"{}\"><rect class=\"track\" width=\"100%\" height=\"100%\"/>",
        escape_html(title)
    );
    let mut at = 0.0;
    for (class, width) in parts {
        let _ = write!(svg, "<rect class=\"{class}\" x=\"{at:.2}%\" width=\"{width:.2}%\" height=\"100%\"/>");
        at += width;
    }
    svg + "</svg>"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ring_goes_once_round_and_its_words_are_escaped() {
        let slice = |label: &str, share| Slice { label: label.to_owned(), figure: "1".to_owned(), share };
        let svg = ring(&[slice("<b>", 0.75), slice("a\"b", 0.25)], "x\"><script>");
        assert!(svg.contains("&lt;b&gt;: 1 (75.0 %)") && !svg.contains("<script>") && !svg.contains("<b>"));
        assert!(svg.contains("stroke-dasharray=\"74.650 25.350\" stroke-dashoffset=\"25.000\""));
        assert!(svg.contains("stroke-dashoffset=\"-50.000\""));
    }
}
