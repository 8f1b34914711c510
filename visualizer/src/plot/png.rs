//! The shapes as PNG: outlines filled by `tiny-skia`, letters taken by `skrifa` out of Inter, of which a Latin, Greek and
//! Cyrillic part lies beside this file (SIL Open Font Licence 1.1, `font/OFL.txt`; no features, figures of one width).
//! Neither the system's fonts nor its libraries are asked.

use skrifa::instance::{LocationRef, Size};
use skrifa::outline::{DrawSettings, OutlinePen};
use skrifa::{FontRef, GlyphId, MetadataProvider};
use tiny_skia::{
    Color, FillRule, LineCap, LineJoin, Paint, Path, PathBuilder, Pixmap, Stroke as Pen, StrokeDash,
    Transform,
};

use super::Theme;
use super::canvas::{Anchor, Canvas, Ink, Point, Shape, Stroke, Words};
use crate::cli::escape;

const REGULAR: &[u8] = include_bytes!("font/Inter-Regular.ttf");
const SEMIBOLD: &[u8] = include_bytes!("font/Inter-SemiBold.ttf");

/// Longest side of a picture in pixels: 256 MiB together.
const LONGEST: f64 = 8192.0;

/// A picture that can't be made.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PngError {
    /// There is no memory for so many pixels, or none at all are asked for.
    #[error("{width:.0} × {height:.0} pixels are too many or none: at most 8192 either way")]
    Size {
        /// Across.
        width: f64,
        /// Down.
        height: f64,
    },
    /// What the encoder says.
    #[error("the picture can't be encoded: {0}")]
    Encode(String),
}

/// The picture with so many pixels to a user unit.
pub(super) fn write(canvas: &Canvas, theme: Theme, scale: f64) -> Result<Vec<u8>, PngError> {
    let (width, height) = ((canvas.width * scale).ceil(), (canvas.height * scale).ceil());
    let wrong = || PngError::Size { width, height };
    if !(1.0..=LONGEST).contains(&width) || !(1.0..=LONGEST).contains(&height) {
        return Err(wrong());
    }
    let pixels = Pixmap::new(width as u32, height as u32).ok_or_else(wrong)?;
    let transform = Transform::from_scale(scale as f32, scale as f32);
    let mut sheet =
        Sheet { pixels, theme, transform, fonts: [REGULAR, SEMIBOLD].map(|font| FontRef::new(font).ok()) };
    sheet.pixels.fill(sheet.colour(Ink::Surface));
    for shape in &canvas.shapes {
        sheet.draw(shape);
    }
    sheet.pixels.encode_png().map_err(|error| PngError::Encode(error.to_string()))
}

struct Sheet {
    pixels: Pixmap,
    theme: Theme,
    transform: Transform,
    fonts: [Option<FontRef<'static>>; 2],
}

impl Sheet {
    fn colour(&self, ink: Ink) -> Color {
        let [red, green, blue] = self.theme.colour(ink);
        Color::from_rgba8(red, green, blue, u8::MAX)
    }

    fn paint(&self, ink: Ink) -> Paint<'static> {
        let mut paint = Paint { anti_alias: true, ..Paint::default() };
        paint.set_color(self.colour(ink));
        paint
    }

    fn draw(&mut self, shape: &Shape) {
        match shape {
            Shape::Words(words) => self.words(words),
            Shape::Area { outline, ink, edge, .. } => {
                let path = path(outline, true);
                self.fill(path.as_ref(), *ink);
                if let Some(edge) = edge {
                    self.stroke(path.as_ref(), *edge, LineCap::Butt);
                }
            }
            Shape::Line { points, stroke, .. } => {
                self.stroke(path(points, false).as_ref(), *stroke, LineCap::Butt);
            }
            Shape::Boxes { boxes, ink, .. } => {
                let mut builder = PathBuilder::new();
                for [x, y, width, height] in boxes.iter().map(|sides| sides.map(|side| side as f32)) {
                    if let Some(rectangle) = tiny_skia::Rect::from_xywh(x, y, width, height) {
                        builder.push_rect(rectangle);
                    }
                }
                self.fill(builder.finish().as_ref(), *ink);
            }
            Shape::Dots { points, radius, ink, .. } => {
                let mut builder = PathBuilder::new();
                points.iter().for_each(|&(x, y)| builder.push_circle(x as f32, y as f32, *radius as f32));
                self.fill(builder.finish().as_ref(), *ink);
            }
        }
    }

    fn fill(&mut self, path: Option<&Path>, ink: Ink) {
        let paint = self.paint(ink);
        if let Some(path) = path {
            self.pixels.fill_path(path, &paint, FillRule::Winding, self.transform, None);
        }
    }

    fn stroke(&mut self, path: Option<&Path>, stroke: Stroke, line_cap: LineCap) {
        let dash = stroke.dash.and_then(|(on, off)| StrokeDash::new(vec![on as f32, off as f32], 0.0));
        let pen =
            Pen { width: stroke.width as f32, line_cap, line_join: LineJoin::Round, dash, ..Pen::default() };
        let paint = self.paint(stroke.ink);
        if let Some(path) = path {
            self.pixels.stroke_path(path, &paint, &pen, self.transform, None);
        }
    }

    fn words(&mut self, words: &Words) {
        let Some(font) = self.fonts[usize::from(words.bold)].clone() else { return };
        let size = Size::new(words.size as f32);
        let metrics = font.glyph_metrics(size, LocationRef::default());
        let letters = font.charmap();
        let text = escape(&words.text);
        // What the font has no letter for is the sign for that.
        let glyph = |c: char| letters.map(c).or_else(|| letters.map('\u{fffd}')).unwrap_or(GlyphId::NOTDEF);
        let glyphs: Vec<GlyphId> = text.chars().map(glyph).collect();
        let wide = |glyph: &GlyphId| metrics.advance_width(*glyph).unwrap_or_default();
        let width: f32 = glyphs.iter().map(wide).sum();
        let mut x = words.at.0 as f32
            - match words.anchor {
                Anchor::Start => 0.0,
                Anchor::Middle => width / 2.0,
                Anchor::End => width,
            };
        let mut pen = Quill { builder: PathBuilder::new(), x, y: words.at.1 as f32 };
        let outlines = font.outline_glyphs();
        for glyph in glyphs {
            pen.x = x;
            x += wide(&glyph);
            let settings = DrawSettings::unhinted(size, LocationRef::default());
            // An outline that can't be drawn leaves its place empty.
            let _ = outlines.get(glyph).map(|outline| outline.draw(settings, &mut pen));
        }
        self.fill(pen.builder.finish().as_ref(), words.ink);
    }
}

fn path(points: &[Point], closed: bool) -> Option<Path> {
    let mut builder = PathBuilder::new();
    let (&(x, y), rest) = points.split_first()?;
    builder.move_to(x as f32, y as f32);
    rest.iter().for_each(|&(x, y)| builder.line_to(x as f32, y as f32));
    if closed {
        builder.close();
    }
    builder.finish()
}

/// Draws a letter at a place; letters stand upright, pictures count downwards.
struct Quill {
    builder: PathBuilder,
    x: f32,
    y: f32,
}

impl OutlinePen for Quill {
    fn move_to(&mut self, x: f32, y: f32) {
        self.builder.move_to(self.x + x, self.y - y);
    }

    fn line_to(&mut self, x: f32, y: f32) {
        self.builder.line_to(self.x + x, self.y - y);
    }

    fn quad_to(&mut self, cx: f32, cy: f32, x: f32, y: f32) {
        self.builder.quad_to(self.x + cx, self.y - cy, self.x + x, self.y - y);
    }

    fn curve_to(&mut self, cx0: f32, cy0: f32, cx1: f32, cy1: f32, x: f32, y: f32) {
        let (left, base) = (self.x, self.y);
        self.builder.cubic_to(left + cx0, base - cy0, left + cx1, base - cy1, left + x, base - y);
    }

    fn close(&mut self) {
        self.builder.close();
    }
}
