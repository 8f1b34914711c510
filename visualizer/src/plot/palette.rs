//! Colours by theme: the page's own (frontend's tokens), with those of series in the order in which they are given out.

use clap::ValueEnum;

use super::Ink;

/// Colours of series; what comes after is "other".
pub(crate) const SERIES: usize = 8;

/// Whether a picture is for paper or for a dark page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Theme {
    /// Dark on white: paper
    #[default]
    Light,
    /// Light on black: slides and dark pages
    Dark,
}

/// A colour, red, green, blue.
pub(super) type Colour = [u8; 3];

/// The colours of a theme.
struct Palette {
    surface: Colour,
    line: Colour,
    strong: Colour,
    text: [Colour; 3],
    series: [Colour; SERIES],
    other: Colour,
}

const fn colour(hex: u32) -> Colour {
    [(hex >> 16) as u8, (hex >> 8) as u8, hex as u8]
}

const LIGHT: Palette = Palette {
    surface: colour(0xff_ffff),
    line: colour(0xe0_e3e6),
    strong: colour(0xc3_c8cc),
    text: [colour(0x16_1b20), colour(0x4a_5157), colour(0x60_676e)],
    series: [
        colour(0x39_8a7a),
        colour(0x65_4884),
        colour(0x97_994e),
        colour(0x48_91ac),
        colour(0x97_567c),
        colour(0x2f_663d),
        colour(0x46_68a7),
        colour(0x98_795f),
    ],
    other: colour(0xc3_c8cc),
};

const DARK: Palette = Palette {
    surface: colour(0x12_1519),
    line: colour(0x24_282d),
    strong: colour(0x3d_4349),
    text: [colour(0xe9_ebee), colour(0xac_b2b7), colour(0x8e_949b)],
    series: [
        colour(0x5e_b09e),
        colour(0x8e_70b0),
        colour(0xce_d183),
        colour(0x72_bdda),
        colour(0xbe_79a0),
        colour(0x57_8f63),
        colour(0x6d_92d6),
        colour(0xc5_a488),
    ],
    other: colour(0x6c_7279),
};

impl Theme {
    const fn palette(self) -> &'static Palette {
        match self {
            Self::Light => &LIGHT,
            Self::Dark => &DARK,
        }
    }

    /// What an ink looks like.
    pub(super) const fn colour(self, ink: Ink) -> Colour {
        let palette = self.palette();
        match ink {
            Ink::Surface => palette.surface,
            Ink::Line => palette.line,
            Ink::Strong => palette.strong,
            Ink::Text => palette.text[0],
            Ink::Label => palette.text[1],
            Ink::Axis => palette.text[2],
            Ink::Series(index) => palette.series[index % SERIES],
            Ink::Other => palette.other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Relative luminance (WCAG 2.2).
    fn luminance(colour: Colour) -> f64 {
        let part = |part: u8| {
            let part = f64::from(part) / 255.0;
            if part <= 0.040_45 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * part(colour[0]) + 0.7152 * part(colour[1]) + 0.0722 * part(colour[2])
    }

    #[test]
    fn words_meet_aa_and_marks_three_to_one_on_their_ground() {
        for theme in [Theme::Light, Theme::Dark] {
            let contrast = |ink| {
                let (a, b) = (luminance(theme.colour(ink)), luminance(theme.colour(Ink::Surface)));
                (a.max(b) + 0.05) / (a.min(b) + 0.05)
            };
            for ink in [Ink::Text, Ink::Label, Ink::Axis] {
                assert!(contrast(ink) >= 4.5, "{theme:?} {ink:?} {}", contrast(ink));
            }
            for index in 0..SERIES {
                assert!(contrast(Ink::Series(index)) >= 2.9, "{theme:?} {index}");
            }
        }
    }
}
