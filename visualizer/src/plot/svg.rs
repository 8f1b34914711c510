//! The shapes as SVG 1.1: one file that needs nothing beside it and runs nothing. Numbers have a tenth of a unit, text is
//! escaped, and what a mark stands for is in its title.

use std::fmt::Write as _;

use super::Theme;
use super::canvas::{Anchor, Canvas, Ink, Point, Shape, Stroke, Words};
use super::text::xml;

/// The font: Inter where there is one, as on paper and in PNG; else the reader's own.
const FONT: &str = "Inter, system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif";

/// Shades of the reader's own theme are not asked for: a picture looks as it was ordered.
pub(super) fn write(canvas: &Canvas, theme: Theme, title: &str) -> String {
    let (width, height) = (Number(canvas.width), Number(canvas.height));
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" \
         role=\"img\" font-family=\"{FONT}\" font-size=\"12\"><title>{}</title>\n<rect width=\"{width}\" height=\"{height}\" fill=\"{}\"/>\n",
        xml(title),
        hex(theme, Ink::Surface),
    );
    for shape in &canvas.shapes {
        write_shape(&mut svg, theme, shape);
    }
    svg + "</svg>\n"
}

fn write_shape(svg: &mut String, theme: Theme, shape: &Shape) {
    match shape {
        Shape::Words(words) => write_words(svg, theme, words),
        Shape::Area { outline, ink, edge, title } => {
            let edge = edge.map(|edge| stroke(theme, edge)).unwrap_or_default();
            let paint = format!("fill=\"{}\"{edge}", hex(theme, *ink));
            path(svg, &(path_of(outline) + "Z"), &paint, title.as_deref());
        }
        Shape::Line { points, stroke: look, title } => {
            let paint = format!("fill=\"none\"{}", stroke(theme, *look));
            path(svg, &path_of(points), &paint, title.as_deref());
        }
        Shape::Boxes { boxes, ink, title } => {
            let mut d = String::new();
            for &[x, y, width, height] in boxes {
                let (x, y, width, height) = (Number(x), Number(y), Number(width), Number(height));
                let _ = write!(d, "M{x} {y}h{width}v{height}h-{width}z");
            }
            path(svg, &d, &format!("fill=\"{}\"", hex(theme, *ink)), title.as_deref());
        }
        Shape::Dots { points, radius, ink, title } => {
            // A line of no length with round ends is a disc, in a third of the bytes.
            let d: String = points.iter().map(|&(x, y)| format!("M{} {}h0", Number(x), Number(y))).collect();
            let paint = format!(
                "stroke=\"{}\" stroke-width=\"{}\" stroke-linecap=\"round\"",
                hex(theme, *ink),
                Number(radius * 2.0)
            );
            path(svg, &d, &paint, title.as_deref());
        }
    }
}

/// A path, if anything is in it.
fn path(svg: &mut String, d: &str, paint: &str, title: Option<&str>) {
    if d.is_empty() {
        return;
    }
    let _ = match title {
        Some(title) => writeln!(svg, "<path d=\"{d}\" {paint}><title>{}</title></path>", xml(title)),
        None => writeln!(svg, "<path d=\"{d}\" {paint}/>"),
    };
}

fn path_of(points: &[Point]) -> String {
    let mut d = String::new();
    for (index, &(x, y)) in points.iter().enumerate() {
        let _ = write!(d, "{}{} {}", if index == 0 { 'M' } else { 'L' }, Number(x), Number(y));
    }
    d
}

fn stroke(theme: Theme, stroke: Stroke) -> String {
    let mut text =
        format!(" stroke=\"{}\" stroke-width=\"{}\"", hex(theme, stroke.ink), Number(stroke.width));
    text += " stroke-linejoin=\"round\"";
    if let Some((on, off)) = stroke.dash {
        let _ = write!(text, " stroke-dasharray=\"{} {}\"", Number(on), Number(off));
    }
    text
}

fn write_words(svg: &mut String, theme: Theme, words: &Words) {
    if words.text.is_empty() {
        return;
    }
    let anchor = match words.anchor {
        Anchor::Start => "",
        Anchor::Middle => " text-anchor=\"middle\"",
        Anchor::End => " text-anchor=\"end\"",
    };
    let weight = if words.bold { " font-weight=\"600\"" } else { "" };
    let (x, y) = (Number(words.at.0), Number(words.at.1));
    let (size, fill) = (Number(words.size), hex(theme, words.ink));
    let text = xml(&words.text);
    let _ = writeln!(
        svg,
        "<text x=\"{x}\" y=\"{y}\" font-size=\"{size}\" fill=\"{fill}\"{weight}{anchor}>{text}</text>"
    );
}

fn hex(theme: Theme, ink: Ink) -> String {
    let [red, green, blue] = theme.colour(ink);
    format!("#{red:02x}{green:02x}{blue:02x}")
}

/// A coordinate with a tenth of a unit at most; what is no number is 0, so that a picture is never broken.
struct Number(f64);

impl std::fmt::Display for Number {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let tenths = if self.0.is_finite() { (self.0 * 10.0).round() } else { 0.0 };
        // No minus before a zero.
        let tenths = if tenths == 0.0 { 0.0 } else { tenths };
        if tenths % 10.0 == 0.0 {
            write!(f, "{:.0}", tenths / 10.0)
        } else {
            write!(f, "{:.1}", tenths / 10.0)
        }
    }
}
