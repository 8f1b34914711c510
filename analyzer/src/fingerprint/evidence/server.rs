//! Server (RFC 9110 §10.2.4) and the greetings of servers of mail and files: the program that answers, and what it was built for.
//! Behind a balancer it is the origin's, which fusion finds by the stack that contradicts it.

use super::clue::{Clue, Force};
use super::words::{Version, find};
use super::{EvidenceKind, windows};
use crate::fingerprint::family::{Families, Family};

const LINUX: Families = Families::of(&[Family::Linux]);
const BOX: Families = Families::of(&[Family::Network, Family::Linux]);

/// Words, in an order in which the plainer come first, whom they mean and how plainly.
static WORDS: [(&str, Families, &str, Force); 92] = [
    ("Microsoft-HTTPAPI", Families::WINDOWS, "Windows", Force::Plain),
    ("Microsoft ESMTP", Families::WINDOWS, "Windows", Force::Plain),
    ("Microsoft Exchange", Families::WINDOWS, "Windows", Force::Plain),
    ("Microsoft FTP", Families::WINDOWS, "Windows", Force::Plain),
    ("Microsoft-Azure", Families::WINDOWS, "Windows", Force::Plain),
    ("Microsoft-WinCE", Families::WINDOWS, "Windows CE", Force::Plain),
    ("Windows", Families::WINDOWS, "Windows", Force::Plain),
    ("(Win32)", Families::WINDOWS, "Windows", Force::Plain),
    ("(Win64)", Families::WINDOWS, "Windows", Force::Plain),
    ("FileZilla Server", Families::WINDOWS, "Windows", Force::Plain),
    ("Serv-U", Families::WINDOWS, "Windows", Force::Fair),
    ("MDaemon", Families::WINDOWS, "Windows", Force::Plain),
    ("MailEnable", Families::WINDOWS, "Windows", Force::Plain),
    ("hMailServer", Families::WINDOWS, "Windows", Force::Plain),
    ("Ubuntu", LINUX, "Ubuntu Linux", Force::Plain),
    ("ubuntu", LINUX, "Ubuntu Linux", Force::Plain),
    ("Raspbian", LINUX, "Raspbian Linux", Force::Plain),
    ("Debian", LINUX, "Debian Linux", Force::Plain),
    ("CentOS", LINUX, "CentOS Linux", Force::Plain),
    ("Red Hat", LINUX, "Red Hat Linux", Force::Plain),
    ("Red-Hat", LINUX, "Red Hat Linux", Force::Plain),
    ("Fedora", LINUX, "Fedora Linux", Force::Plain),
    ("SUSE", LINUX, "SUSE Linux", Force::Plain),
    ("SuSE", LINUX, "SUSE Linux", Force::Plain),
    ("Gentoo", LINUX, "Gentoo Linux", Force::Plain),
    ("Amazon", LINUX, "Amazon Linux", Force::Plain),
    ("Rocky", LINUX, "Rocky Linux", Force::Plain),
    ("AlmaLinux", LINUX, "AlmaLinux", Force::Plain),
    ("Oracle Linux", LINUX, "Oracle Linux", Force::Plain),
    ("Mandriva", LINUX, "Mandriva Linux", Force::Plain),
    ("StartCom", LINUX, "StartCom Linux", Force::Plain),
    ("AdvancedExtranetServer", LINUX, "Mandriva Linux", Force::Plain),
    ("Alpine", LINUX, "Alpine Linux", Force::Plain),
    ("Tizen", LINUX, "Tizen", Force::Plain),
    ("WebOS", LINUX, "webOS", Force::Plain),
    ("Android", Families::ANDROID, "Android", Force::Plain),
    ("Synology", LINUX, "Linux of a Synology", Force::Plain),
    ("DSM", LINUX, "Linux of a Synology", Force::Plain),
    ("QNAP", LINUX, "Linux of a QNAP", Force::Plain),
    ("FreeBSD", Families::BSD, "FreeBSD", Force::Plain),
    ("OpenBSD", Families::BSD, "OpenBSD", Force::Plain),
    ("NetBSD", Families::BSD, "NetBSD", Force::Plain),
    ("Darwin", Families::MAC_OS, "macOS", Force::Plain),
    ("Mac OS X", Families::MAC_OS, "macOS", Force::Plain),
    ("MacOSX", Families::MAC_OS, "macOS", Force::Plain),
    ("AirTunes", Families::APPLE, "macOS or iOS", Force::Plain),
    ("SunOS", Families::SOLARIS, "Solaris", Force::Plain),
    ("Solaris", Families::SOLARIS, "Solaris", Force::Plain),
    ("cisco", Families::NETWORK, "Cisco IOS", Force::Plain),
    ("Cisco", Families::NETWORK, "Cisco", Force::Plain),
    ("ikrotik", Families::NETWORK, "MikroTik RouterOS", Force::Plain),
    ("RouterOS", Families::NETWORK, "MikroTik RouterOS", Force::Plain),
    ("RomPager", Families::NETWORK, "firmware with RomPager", Force::Plain),
    ("Virata-EmWeb", Families::NETWORK, "firmware with EmWeb", Force::Plain),
    ("HP HTTP Server", Families::NETWORK, "HP printer", Force::Plain),
    ("HP-ChaiSOE", Families::NETWORK, "HP printer", Force::Plain),
    ("JetDirect", Families::NETWORK, "HP printer", Force::Plain),
    ("EPSON", Families::NETWORK, "Epson printer", Force::Plain),
    ("Brother", Families::NETWORK, "Brother printer", Force::Plain),
    ("lwIP", Families::NETWORK, "firmware with lwIP", Force::Plain),
    ("VxWorks", Families::NETWORK, "VxWorks", Force::Plain),
    ("ThreadX", Families::NETWORK, "ThreadX", Force::Plain),
    ("GoAhead-Webs", BOX, "firmware with GoAhead", Force::Fair),
    ("micro_httpd", BOX, "firmware", Force::Fair),
    ("mini_httpd", BOX, "firmware", Force::Fair),
    ("Boa/", BOX, "firmware with Boa", Force::Fair),
    ("uhttpd", BOX, "OpenWrt Linux", Force::Fair),
    ("App-webs", BOX, "camera", Force::Fair),
    ("Hikvision", BOX, "camera", Force::Fair),
    ("DNVRS-Webs", BOX, "camera", Force::Fair),
    ("TP-LINK", BOX, "TP-Link firmware", Force::Fair),
    ("Router", BOX, "firmware", Force::Fair),
    ("Linux", LINUX, "Linux", Force::Plain),
    ("linux", LINUX, "Linux", Force::Plain),
    ("POSIX", Families::UNIX, "Unix", Force::Fair),
    ("(Unix)", Families::UNIX, "Unix", Force::Plain),
    ("AkamaiGHost", LINUX, "Linux of Akamai", Force::Fair),
    ("cloudflare", LINUX, "Linux of Cloudflare", Force::Fair),
    ("AmazonS3", LINUX, "Linux of Amazon", Force::Fair),
    ("Postfix", Families::UNIX, "Unix", Force::Fair),
    ("Exim", Families::UNIX, "Unix", Force::Fair),
    ("Sendmail", Families::UNIX, "Unix", Force::Fair),
    ("Dovecot", Families::UNIX, "Unix", Force::Fair),
    ("vsFTPd", Families::UNIX, "Unix", Force::Plain),
    ("ProFTPD", Families::UNIX, "Unix", Force::Fair),
    ("Pure-FTPd", Families::UNIX, "Unix", Force::Fair),
    ("nginx", Families::UNIX, "Unix", Force::Fair),
    ("openresty", Families::UNIX, "Unix", Force::Fair),
    ("LiteSpeed", Families::UNIX, "Unix", Force::Fair),
    ("lighttpd", Families::UNIX, "Unix", Force::Fair),
    ("Varnish", Families::UNIX, "Unix", Force::Fair),
    ("Apache", Families::UNIX, "Unix", Force::Faint),
];

/// The web server of Windows.
const IIS: &str = "Microsoft-IIS";

/// What a server says of its system.
pub fn read(value: &[u8]) -> Option<Clue> {
    let kind = EvidenceKind::Server;
    if let Some(at) = find(value, IIS) {
        let version = Version::read(&value[at + IIS.len()..]);
        let name = version.and_then(|version| windows::of_iis(version.pair())).unwrap_or("Windows");
        return Some(Clue::new(kind, Families::WINDOWS, format_args!("{name}"), value));
    }
    let (_, families, name, force) = WORDS.iter().find(|(word, ..)| find(value, word).is_some())?;
    Some(Clue::new(kind, *families, format_args!("{name}"), value).with(*force))
}

/// The first line that a server of mail or files (RFC 5321, RFC 959, RFC 1939, RFC 9051) says unasked.
pub fn greeting(bytes: &[u8]) -> Option<Clue> {
    const BEGINNINGS: [&[u8]; 4] = [b"220 ", b"220-", b"+OK ", b"* OK "];
    BEGINNINGS.iter().any(|word| bytes.starts_with(word)).then_some(())?;
    let line = bytes.split(|byte| matches!(byte, b'\r' | b'\n')).next()?;
    read(line.get(..LONGEST).unwrap_or(line))
}

/// Bytes of a greeting that are read.
const LONGEST: usize = 512;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn servers_say_what_they_were_built_for() {
        for (server, families, label) in [
            ("Microsoft-IIS/8.5", Families::WINDOWS, "Windows Server 2012 R2 or 8.1"),
            ("Microsoft-IIS/99", Families::WINDOWS, "Windows"),
            ("Microsoft-HTTPAPI/2.0", Families::WINDOWS, "Windows"),
            ("Apache/2.4.7 (Ubuntu)", LINUX, "Ubuntu Linux"),
            ("Apache/2.2.6 (Debian) PHP/5.2.3-1+b1", LINUX, "Debian Linux"),
            ("Apache/2.4.1 (Win32)", Families::WINDOWS, "Windows"),
            ("Apache/2.2.25 (Unix)", Families::UNIX, "Unix"),
            ("nginx/1.9.13", Families::UNIX, "Unix"),
            ("cisco-IOS", Families::NETWORK, "Cisco IOS"),
        ] {
            let clue = read(server.as_bytes()).unwrap();
            assert_eq!((clue.families, clue.label.as_str()), (families, label), "{server}");
        }
        assert_eq!([read(b"gws"), read(b"")], [None, None]);
    }

    #[test]
    fn greetings_are_read_to_the_end_of_the_line() {
        let clue = greeting(b"220 mail.example.org ESMTP Postfix (Ubuntu)\r\nWindows").unwrap();
        assert_eq!(clue.label.as_str(), "Ubuntu Linux");
        assert_eq!(greeting(b"+OK Microsoft Exchange ready\r\n").unwrap().families, Families::WINDOWS);
        assert_eq!([greeting(b"Windows\r\n"), greeting(b"220 x\r\nLinux")], [None, None]);
    }

    proptest! {
        #[test]
        fn any_bytes_are_read(bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
            read(&bytes);
            greeting(&bytes);
            greeting(&[b"220 Microsoft-IIS", &bytes[..]].concat());
        }
    }
}
