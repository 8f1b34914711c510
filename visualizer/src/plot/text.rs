//! Words in pictures: how wide they are, how they are cut, and how foreign text is made harmless for XML.

use crate::cli::escape;

/// Advance widths of U+0020 to U+007E in thousandths of the size, of the sans serif that pictures use (Inter); a reader's
/// own font differs by a few per cent, for which layouts leave room.
const WIDTHS: [u16; 95] = [
    281, 288, 466, 633, 642, 982, 644, 300, 365, 365, 501, 662, 288, 460, 288, 360, 648, 648, 648, 648, 648,
    648, 648, 648, 648, 648, 288, 302, 662, 662, 662, 511, 966, 690, 654, 730, 722, 601, 590, 746, 743, 269,
    571, 672, 565, 903, 753, 765, 639, 765, 644, 642, 646, 744, 690, 985, 682, 679, 629, 365, 360, 365, 471,
    456, 323, 562, 612, 571, 612, 583, 370, 613, 591, 242, 242, 549, 242, 876, 591, 600, 612, 612, 376, 528,
    327, 591, 562, 818, 546, 562, 552, 426, 333, 426, 662,
];

/// Of any other character.
const USUAL: u16 = 620;

/// Bold is so much wider.
const BOLD: f64 = 1.05;

/// How wide a text is about, in user units.
pub(super) fn width(text: &str, size: f64, bold: bool) -> f64 {
    let thousandths = |c: char| match c {
        '\u{202f}' | '\u{2009}' => 200,
        c => (c as usize).checked_sub(0x20).and_then(|index| WIDTHS.get(index)).copied().unwrap_or(USUAL),
    };
    let sum: f64 = text.chars().map(|c| f64::from(thousandths(c))).sum();
    sum * size / 1000.0 * if bold { BOLD } else { 1.0 }
}

/// The text, or as much of its beginning as fits, with an ellipsis.
pub(super) fn fitted(text: &str, size: f64, most: f64) -> String {
    if width(text, size, false) <= most {
        return text.to_owned();
    }
    let mut kept = String::new();
    for c in text.chars() {
        kept.push(c);
        if width(&kept, size, false) + size > most {
            kept.pop();
            break;
        }
    }
    kept.trim_end().to_owned() + "…"
}

/// Text for XML: what a terminal must not see is written out, what XML reads is an entity.
pub(super) fn xml(text: &str) -> String {
    let text = escape(text);
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe += "&amp;",
            '<' => safe += "&lt;",
            '>' => safe += "&gt;",
            '"' => safe += "&quot;",
            '\'' => safe += "&#39;",
            // XML 1.0 has no such characters.
            '\u{fffe}' | '\u{ffff}' => safe.push('\u{fffd}'),
            c => safe.push(c),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_is_cut_and_says_so() {
        assert_eq!(fitted("short", 12.0, 100.0), "short");
        let cut = fitted(&"wide words ".repeat(20), 12.0, 100.0);
        assert!(cut.ends_with('…') && width(&cut, 12.0, false) <= 104.0, "{cut}");
    }

    #[test]
    fn foreign_text_is_text() {
        assert_eq!(xml("<a b=\"c\">&'\u{1b}\u{ffff}"), "&lt;a b=&quot;c&quot;&gt;&amp;&#39;\\u{1b}\u{fffd}");
    }
}
