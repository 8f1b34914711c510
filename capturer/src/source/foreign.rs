//! Files one may take for captures and that are none we read: what they look like and what to do with them.
//!
//! Magic numbers: file(1)'s database, Wireshark's wiretap, the formats' own documents.

/// A kind of file by its first bytes.
struct Foreign {
    is: fn(&[u8]) -> bool,
    what: &'static str,
    advice: &'static str,
}

/// What `editcap` of the Wireshark suite reads and we don't.
const CONVERT: &str = "convert it: editcap -F pcapng FILE OUT.pcapng";

/// A line of the table for files that begin with `$magic`.
macro_rules! begins {
    ($magic:expr, $what:expr, $advice:expr) => {
        Foreign { is: |bytes| bytes.starts_with($magic), what: $what, advice: $advice }
    };
}

/// The first that fits names the file; guesses come last.
static FOREIGN: &[Foreign] = &[
    begins!(&[0x1f, 0x8b, 8], "gzip data", "unpack it first: gzip -dc FILE | wireglobe … --read -"),
    begins!(
        &[0x28, 0xb5, 0x2f, 0xfd],
        "Zstandard data",
        "unpack it first: zstd -dc FILE | wireglobe … --read -"
    ),
    begins!(b"BZh", "bzip2 data", "unpack it first: bzip2 -dc FILE | wireglobe … --read -"),
    begins!(
        &[0xfd, b'7', b'z', b'X', b'Z'],
        "xz data",
        "unpack it first: xz -dc FILE | wireglobe … --read -"
    ),
    begins!(
        &[0x5d, 0, 0, 0x80, 0],
        "LZMA data",
        "unpack it first: xz -dc --format=lzma FILE | wireglobe … --read -"
    ),
    begins!(&[0x04, 0x22, 0x4d, 0x18], "LZ4 data", "unpack it first: lz4 -dc FILE | wireglobe … --read -"),
    begins!(&[0x02, 0x21, 0x4c, 0x18], "LZ4 data", "unpack it first: lz4 -dc FILE | wireglobe … --read -"),
    begins!(b"\x89LZO\0\r\n", "lzop data", "unpack it first: lzop -dc FILE | wireglobe … --read -"),
    begins!(&[0x1f, 0x9d], "compress data", "unpack it first: gzip -dc FILE | wireglobe … --read -"),
    begins!(b"PK\x03\x04", "a ZIP archive", "unpack it first: unzip -p FILE | wireglobe … --read -"),
    begins!(b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive", "unpack it first: 7z x FILE"),
    begins!(b"Rar!", "a RAR archive", "unpack it first: unrar x FILE"),
    begins!(b"!<arch>", "an ar archive or Debian package", "name the captures in it instead"),
    Foreign {
        is: |bytes| bytes.get(257..262) == Some(b"ustar"),
        what: "a tar archive",
        advice: "unpack it, then name the folder: tar -xf FILE -C FOLDER",
    },
    begins!(b"snoop\0\0\0", "a snoop capture", CONVERT),
    begins!(b"btsnoop\0", "a Bluetooth btsnoop capture", "it holds no IP traffic"),
    begins!(b"GMBU", "a Microsoft Network Monitor 2 capture", CONVERT),
    begins!(b"RTSS", "a Microsoft Network Monitor 1 capture", CONVERT),
    begins!(b"TRSNIFF data", "a Sniffer capture", CONVERT),
    begins!(b"XCP\0", "a NetXRay or Windows Sniffer capture", CONVERT),
    begins!(b"iptrace ", "an AIX iptrace capture", CONVERT),
    begins!(b"\x7fver", "an EtherPeek or OmniPeek capture", CONVERT),
    begins!(&[0x0c, 0xa5], "an nfcapd flow file", "read it by: wireglobe report --flows --read FILE"),
    begins!(&[0xa5, 0x0c], "an nfcapd flow file", "read it by: wireglobe report --flows --read FILE"),
    begins!(b"\x7fELF", "a program", "name a capture instead"),
    begins!(b"SQLite format 3\0", "an SQLite database", "name a capture instead"),
    begins!(b"%PDF", "a PDF document", "name a capture instead"),
    begins!(b"<!DOCTYPE", "an HTML page", "a download that went wrong?"),
    begins!(b"<html", "an HTML page", "a download that went wrong?"),
    begins!(b"version https://git-lfs", "a Git LFS pointer", "fetch the file itself: git lfs pull"),
    Foreign { is: is_zeros, what: "nothing but zero bytes", advice: "a download or a disk that went wrong?" },
    Foreign {
        is: is_text,
        what: "text",
        advice: "tcpdump's output and lists of addresses are read by: wireglobe count",
    },
    Foreign { is: is_erf, what: "what may be an Endace ERF capture", advice: CONVERT },
];

/// Bytes that tell the most.
pub(super) const ENOUGH: usize = 512;

/// What a file that is no capture begins with, in words; `bytes` are its first ones, [`ENOUGH`] where it has so many.
pub(super) fn describe(bytes: &[u8]) -> String {
    if bytes.is_empty() {
        return "an empty file".into();
    }
    match FOREIGN.iter().find(|foreign| (foreign.is)(bytes)) {
        Some(Foreign { what, advice, .. }) => format!("{what} ({advice})"),
        None => format!("the bytes {:02x?}", &bytes[..bytes.len().min(4)]),
    }
}

/// ERF has no magic number: a record of a known type, whose length holds its own header of 16 bytes and is not far from
/// that on the wire.
fn is_erf(bytes: &[u8]) -> bool {
    let Some(header) = bytes.first_chunk::<16>() else { return false };
    let kind = header[8] & 0x7f;
    let record = u16::from_be_bytes([header[10], header[11]]);
    let wire = u16::from_be_bytes([header[14], header[15]]);
    let seconds = u32::from_le_bytes([header[4], header[5], header[6], header[7]]);
    (1..=48).contains(&kind)
        && record >= 28
        && wire > 0
        && record <= wire.saturating_add(64)
        && seconds > 1 << 29
}

fn is_zeros(bytes: &[u8]) -> bool {
    bytes.len() >= 16 && bytes.iter().all(|byte| *byte == 0)
}

fn is_text(bytes: &[u8]) -> bool {
    let is_plain = |byte: &u8| matches!(byte, b' '..=b'~' | b'\n' | b'\r' | b'\t');
    bytes.len() >= 16 && bytes.iter().all(is_plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_named_by_what_they_look_like() {
        let mut tar = vec![0; 512];
        tar[..9].copy_from_slice(b"a.pcap\0\0\0");
        tar[257..262].copy_from_slice(b"ustar");
        let erf = [0, 0, 0, 0, 0x10, 0x20, 0x40, 0x60, 2, 4, 0, 80, 0, 0, 0, 60, 0, 0];
        for (bytes, what) in [
            (&b""[..], "an empty file"),
            (b"ab", "the bytes [61, 62]"),
            (&[0xfd, b'7', b'z', b'X', b'Z', 0], "xz data (unpack"),
            (&tar, "a tar archive (unpack"),
            (b"snoop\0\0\0\0\0\0\x02", "a snoop capture (convert it: editcap"),
            (&[0x0c, 0xa5, 2, 0], "an nfcapd flow file (read it by: wireglobe report --flows"),
            (&erf, "what may be an Endace ERF"),
            (&[0; 40], "nothing but zero"),
            (b"12:00:01.5 IP 192.0.2.1.80 > 192.0.2.2.9: tcp", "text (tcpdump's output"),
        ] {
            let said = describe(bytes);
            assert!(said.starts_with(what), "{said}");
        }
    }
}
