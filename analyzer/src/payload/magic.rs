//! Numbers that files begin with. From the formats' own documents; the ISO base media files have theirs behind a length.

/// What a beginning says of the data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Magic {
    /// The format.
    pub format: &'static str,
    /// Whether it is for eyes and ears; else it is packed.
    pub media: bool,
}

const fn media(format: &'static str) -> Magic {
    Magic { format, media: true }
}

const fn packed(format: &'static str) -> Magic {
    Magic { format, media: false }
}

/// Where in the data, which bytes, what that is.
static MAGICS: [(usize, &[u8], Magic); 20] = [
    (0, b"\xff\xd8\xff", media("JPEG")),
    (0, b"\x89PNG\r\n\x1a\n", media("PNG")),
    (0, b"GIF87a", media("GIF")),
    (0, b"GIF89a", media("GIF")),
    (8, b"WEBP", media("WebP")),
    (8, b"AVI ", media("AVI")),
    (8, b"WAVE", media("WAVE")),
    (4, b"ftyp", media("ISO base media (MP4)")),
    (4, b"moof", media("ISO base media (MP4)")),
    (0, b"\x1a\x45\xdf\xa3", media("Matroska (WebM)")),
    (0, b"OggS", media("Ogg")),
    (0, b"ID3", media("MP3")),
    (0, b"fLaC", media("FLAC")),
    (0, b"FLV\x01", media("FLV")),
    (0, b"\x1f\x8b\x08", packed("gzip")),
    (0, b"PK\x03\x04", packed("ZIP")),
    (0, b"BZh", packed("bzip2")),
    (0, b"\xfd7zXZ\x00", packed("xz")),
    (0, b"\x28\xb5\x2f\xfd", packed("Zstandard")),
    (0, b"7z\xbc\xaf\x27\x1c", packed("7-Zip")),
];

impl Magic {
    /// What data begins with, if it is known.
    pub fn of(data: &[u8]) -> Option<Self> {
        let fits = |at: usize, bytes: &[u8]| data.get(at..).is_some_and(|rest| rest.starts_with(bytes));
        MAGICS.iter().find(|(at, bytes, _)| fits(*at, bytes)).map(|(.., magic)| *magic)
    }
}
