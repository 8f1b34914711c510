//! User-Agent (RFC 9110 §10.1.5): what browsers, libraries and services of systems write of their platform. Words are looked
//! for in an order in which a word stands before those that its bearers write, too: every telephone with Windows calls itself
//! Android and iPhone, every iPhone Mac OS X, every Android Linux.
//!
//! Crawlers write the platform that they pretend to have, so they are not believed.

use super::clue::{Clue, Force};
use super::words::{Version, after, find};
use super::{EvidenceKind, apple, windows};
use crate::fingerprint::family::Families;

/// How a version is read behind a word.
#[derive(Clone, Copy)]
enum Reads {
    /// There is none.
    Nothing,
    /// Of Windows' kernel.
    Kernel,
    /// As it stands; without it the name alone.
    Number,
    /// As it stands up to the first dot.
    Major,
    /// Of macOS; 10.15 is what all newer ones write.
    Mac,
    /// Of Darwin's kernel.
    Darwin,
}

/// A word, whom it means, and how.
struct Word {
    word: &'static str,
    families: Families,
    name: &'static str,
    reads: Reads,
    force: Force,
}

const fn word(word: &'static str, families: Families, name: &'static str, reads: Reads) -> Word {
    Word { word, families, name, reads, force: Force::Plain }
}

const fn fair(text: &'static str, families: Families, name: &'static str) -> Word {
    Word { word: text, families, name, reads: Reads::Nothing, force: Force::Fair }
}

const LINUX: Families = Families::of(&[crate::fingerprint::family::Family::Linux]);

static WORDS: [Word; 118] = [
    word("Windows Phone", Families::WINDOWS, "Windows Phone", Reads::Number),
    word("Xbox", Families::WINDOWS, "Xbox", Reads::Nothing),
    word("XBOX", Families::WINDOWS, "Xbox", Reads::Nothing),
    word("Windows NT", Families::WINDOWS, "Windows", Reads::Kernel),
    word("Microsoft-CryptoAPI", Families::WINDOWS, "Windows", Reads::Kernel),
    word("Microsoft-WNS", Families::WINDOWS, "Windows", Reads::Kernel),
    word("Microsoft-Delivery-Optimization", Families::WINDOWS, "Windows", Reads::Kernel),
    word("Microsoft-WebDAV-MiniRedir", Families::WINDOWS, "Windows", Reads::Kernel),
    word("Microsoft-Windows", Families::WINDOWS, "Windows", Reads::Kernel),
    word("Windows-Update-Agent", Families::WINDOWS, "Windows", Reads::Nothing),
    word("Windows-Media-Player", Families::WINDOWS, "Windows", Reads::Nothing),
    word("WindowsPowerShell", Families::WINDOWS, "Windows", Reads::Nothing),
    word("Microsoft NCSI", Families::WINDOWS, "Windows Vista or newer", Reads::Nothing),
    word("Microsoft BITS", Families::WINDOWS, "Windows", Reads::Nothing),
    word("Microsoft WinRM", Families::WINDOWS, "Windows", Reads::Nothing),
    word("Microsoft-Symbol-Server", Families::WINDOWS, "Windows", Reads::Nothing),
    word("Microsoft-ATL-Native", Families::WINDOWS, "Windows", Reads::Nothing),
    word("WinHttp", Families::WINDOWS, "Windows", Reads::Nothing),
    word("WinHTTP", Families::WINDOWS, "Windows", Reads::Nothing),
    word("WinINet", Families::WINDOWS, "Windows", Reads::Nothing),
    word("MSDW", Families::WINDOWS, "Windows", Reads::Nothing),
    word("SmartScreen", Families::WINDOWS, "Windows", Reads::Nothing),
    word("NSPlayer", Families::WINDOWS, "Windows", Reads::Nothing),
    word("Windows CE", Families::WINDOWS, "Windows CE", Reads::Nothing),
    word("Windows XP", Families::WINDOWS, "Windows XP", Reads::Nothing),
    word("Windows 2000", Families::WINDOWS, "Windows 2000", Reads::Nothing),
    word("Windows 98", Families::WINDOWS, "Windows 98", Reads::Nothing),
    word("Windows 95", Families::WINDOWS, "Windows 95", Reads::Nothing),
    word("Win98", Families::WINDOWS, "Windows 98", Reads::Nothing),
    word("Windows", Families::WINDOWS, "Windows", Reads::Major),
    word("iPhone OS", Families::IOS, "iOS", Reads::Number),
    word("CPU OS", Families::IOS, "iOS", Reads::Number),
    word("iPhone", Families::IOS, "iOS", Reads::Nothing),
    word("iPad", Families::IOS, "iOS", Reads::Nothing),
    word("iPod", Families::IOS, "iOS", Reads::Nothing),
    word("AppleTV", Families::IOS, "tvOS", Reads::Nothing),
    word("Apple TV", Families::IOS, "tvOS", Reads::Nothing),
    word("tvOS", Families::IOS, "tvOS", Reads::Number),
    word("watchOS", Families::IOS, "watchOS", Reads::Number),
    word("Watch OS", Families::IOS, "watchOS", Reads::Number),
    word("iOS/", Families::IOS, "iOS", Reads::Number),
    word("iOS ", Families::IOS, "iOS", Reads::Number),
    word("Mac OS X", Families::MAC_OS, "macOS", Reads::Mac),
    word("Mac_OS_X", Families::MAC_OS, "macOS", Reads::Mac),
    word("macOS", Families::MAC_OS, "macOS", Reads::Mac),
    word("OS X", Families::MAC_OS, "macOS", Reads::Mac),
    word("Macintosh", Families::MAC_OS, "macOS", Reads::Nothing),
    word("Mac_PowerPC", Families::MAC_OS, "Mac OS", Reads::Nothing),
    word("Darwin", Families::APPLE, "macOS or iOS", Reads::Darwin),
    word("darwin", Families::MAC_OS, "macOS", Reads::Darwin),
    word("CaptiveNetworkSupport", Families::APPLE, "macOS or iOS", Reads::Nothing),
    word("CFNetwork", Families::APPLE, "macOS or iOS", Reads::Nothing),
    word("AppleCoreMedia", Families::APPLE, "macOS or iOS", Reads::Nothing),
    word("MobileAsset", Families::APPLE, "macOS or iOS", Reads::Nothing),
    word("com.apple.", Families::APPLE, "macOS or iOS", Reads::Nothing),
    word("itunesstored", Families::APPLE, "macOS or iOS", Reads::Nothing),
    word("swscan", Families::MAC_OS, "macOS", Reads::Nothing),
    word("Android", Families::ANDROID, "Android", Reads::Number),
    word("Dalvik", Families::ANDROID, "Android", Reads::Nothing),
    word("android", Families::ANDROID, "Android", Reads::Nothing),
    word("stagefright", Families::ANDROID, "Android", Reads::Nothing),
    fair("okhttp", Families::ANDROID, "Android"),
    word("CrOS", LINUX, "ChromeOS", Reads::Nothing),
    word("Tizen", LINUX, "Tizen", Reads::Number),
    word("Web0S", LINUX, "webOS", Reads::Nothing),
    word("webOS", LINUX, "webOS", Reads::Nothing),
    word("hpwOS", LINUX, "webOS", Reads::Nothing),
    word("NetCast", LINUX, "NetCast", Reads::Nothing),
    word("SmartHub", LINUX, "Linux of a television", Reads::Nothing),
    word("BRAVIA", LINUX, "Linux of a television", Reads::Nothing),
    word("Roku", LINUX, "Roku OS", Reads::Nothing),
    word("KAIOS", LINUX, "KaiOS", Reads::Number),
    word("CrKey", LINUX, "Chromecast", Reads::Nothing),
    word("Maemo", LINUX, "Maemo", Reads::Nothing),
    word("Sailfish", LINUX, "Sailfish OS", Reads::Nothing),
    word("PlayStation", Families::BSD, "PlayStation", Reads::Number),
    word("PLAYSTATION", Families::BSD, "PlayStation", Reads::Number),
    word("FreeBSD", Families::BSD, "FreeBSD", Reads::Number),
    word("freebsd", Families::BSD, "FreeBSD", Reads::Number),
    word("OpenBSD", Families::BSD, "OpenBSD", Reads::Number),
    word("openbsd", Families::BSD, "OpenBSD", Reads::Number),
    word("NetBSD", Families::BSD, "NetBSD", Reads::Number),
    word("netbsd", Families::BSD, "NetBSD", Reads::Number),
    word("DragonFly", Families::BSD, "DragonFly BSD", Reads::Nothing),
    word("SunOS", Families::SOLARIS, "Solaris", Reads::Nothing),
    word("solaris", Families::SOLARIS, "Solaris", Reads::Nothing),
    word("Ubuntu", LINUX, "Ubuntu Linux", Reads::Number),
    word("ubuntu", LINUX, "Ubuntu Linux", Reads::Nothing),
    word("Debian", LINUX, "Debian Linux", Reads::Nothing),
    word("Fedora", LINUX, "Fedora Linux", Reads::Nothing),
    word("Red Hat", LINUX, "Red Hat Linux", Reads::Nothing),
    word("CentOS", LINUX, "CentOS Linux", Reads::Nothing),
    word("SUSE", LINUX, "SUSE Linux", Reads::Nothing),
    word("Gentoo", LINUX, "Gentoo Linux", Reads::Nothing),
    word("Linux Mint", LINUX, "Mint Linux", Reads::Nothing),
    word("Arch Linux", LINUX, "Arch Linux", Reads::Nothing),
    word("Raspbian", LINUX, "Raspbian Linux", Reads::Nothing),
    word("libdnf", LINUX, "Linux", Reads::Nothing),
    word("urlgrabber", LINUX, "Linux", Reads::Nothing),
    word("snapd", LINUX, "Linux", Reads::Nothing),
    word("PackageKit", LINUX, "Linux", Reads::Nothing),
    word("pacman/", LINUX, "Arch Linux", Reads::Nothing),
    word("opkg", LINUX, "OpenWrt Linux", Reads::Nothing),
    word("Linux", LINUX, "Linux", Reads::Nothing),
    word("linux", LINUX, "Linux", Reads::Nothing),
    word("win32", Families::WINDOWS, "Windows", Reads::Nothing),
    word("Win32", Families::WINDOWS, "Windows", Reads::Nothing),
    word("win64", Families::WINDOWS, "Windows", Reads::Nothing),
    word("Win64", Families::WINDOWS, "Windows", Reads::Nothing),
    word("mingw", Families::WINDOWS, "Windows", Reads::Nothing),
    word("cygwin", Families::WINDOWS, "Windows", Reads::Nothing),
    word("msys", Families::WINDOWS, "Windows", Reads::Nothing),
    word("Trident/", Families::WINDOWS, "Windows", Reads::Nothing),
    fair("MSIE", Families::WINDOWS, "Windows"),
    fair("ms-office", Families::WINDOWS, "Windows"),
    fair("GTK", LINUX, "Linux"),
    fair("X11", LINUX, "Linux"),
    fair("gvfs", LINUX, "Linux"),
];

/// Words of those who pretend.
const CRAWLERS: [&str; 6] = ["bot", "Bot", "spider", "Spider", "crawl", "Nikto"];

/// What a User-Agent says of its platform.
pub fn read(kind: EvidenceKind, value: &[u8]) -> Option<Clue> {
    if CRAWLERS.iter().any(|word| find(value, word).is_some()) {
        return None;
    }
    let (word, at) = WORDS.iter().find_map(|word| Some((word, find(value, word.word)?)))?;
    let behind = value.get(at + word.word.len()..).unwrap_or_default();
    let version = Version::read(behind);
    let clue = |label| Clue::new(kind, word.families, label, comment(value, at)).with(word.force);
    let name = word.name;
    Some(match (word.reads, version) {
        (Reads::Kernel, Some(version)) => match windows::of_kernel(version.pair()) {
            Some(name) => clue(format_args!("{name}")),
            None => clue(format_args!("Windows")),
        },
        (Reads::Number, Some(version)) => clue(format_args!("{name} {version}")),
        (Reads::Major, Some(version)) => clue(format_args!("{name} {}", version.major)),
        (Reads::Mac, Some(version)) if version.pair() == (10, 15) => {
            clue(format_args!("macOS 10.15 or newer"))
        }
        (Reads::Mac, Some(version)) => clue(format_args!("macOS {version}")),
        (Reads::Darwin, Some(version)) => darwin(value, version, clue(format_args!("{name}"))),
        _ => clue(format_args!("{name}")),
    })
}

/// Darwin's version names those of both systems; programs of a Mac that was made by Intel say so.
fn darwin(value: &[u8], version: Version, clue: Clue) -> Clue {
    let Some((mac, phone)) = apple::of_darwin(version) else { return clue };
    let of = |families, label: std::fmt::Arguments<'_>| {
        Clue::new(clue.kind, families, label, clue.signature.as_str().as_bytes())
    };
    let is_mac = clue.families == Families::MAC_OS
        || ["x86_64", "i386", "Macmini", "MacBook", "iMac"].iter().any(|word| after(value, word).is_some());
    if is_mac {
        return of(Families::MAC_OS, format_args!("macOS {mac}"));
    }
    of(clue.families, format_args!("iOS {phone} or macOS {mac}"))
}

/// The part in brackets that a word stands in, or else all.
fn comment(value: &[u8], at: usize) -> &[u8] {
    let open = value[..at].iter().rposition(|byte| *byte == b'(');
    let close = value[at..].iter().position(|byte| *byte == b')').map(|end| at + end);
    match (open, close) {
        (Some(open), Some(close)) if !value[open..at].contains(&b')') => &value[open + 1..close],
        _ => value,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::fingerprint::family::Family;

    #[test]
    fn programs_say_what_they_run_on() {
        for (agent, family, label) in [
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36",
                Family::Windows,
                "Windows 10 or newer",
            ),
            ("Mozilla/4.0 (compatible; MSIE 8.0; Windows NT 5.1)", Family::Windows, "Windows XP"),
            ("Microsoft-CryptoAPI/6.1", Family::Windows, "Windows 7 or Server 2008 R2"),
            ("Chromium/128.0 Windows", Family::Windows, "Windows"),
            ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_12_4) AppleWebKit", Family::MacOs, "macOS 10.12"),
            ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:95.0)", Family::MacOs, "macOS 10.15 or newer"),
            ("Mozilla/5.0 (iPhone; CPU iPhone OS 17_1 like Mac OS X)", Family::Ios, "iOS 17.1"),
            ("Mozilla/5.0 (iPad; CPU OS 12_4 like Mac OS X)", Family::Ios, "iOS 12.4"),
            ("Dalvik/1.6.0 (Linux; U; Android 4.4.4; MI 3W)", Family::Android, "Android 4.4"),
            ("Mozilla/5.0 (Linux; Android 13; SM-S901B)", Family::Android, "Android 13"),
            ("Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:99.0)", Family::Linux, "Ubuntu Linux"),
            ("Mozilla/5.0 (X11; CrOS x86_64 14541.0.0)", Family::Linux, "ChromeOS"),
            ("Mozilla/5.0 (Web0S; Linux/SmartTV)", Family::Linux, "webOS"),
            ("Mozilla/5.0 (PlayStation 4 9.00)", Family::Bsd, "PlayStation 4"),
            ("curl/7.34.0 (i386-unknown-openbsd5.5) libcurl", Family::Bsd, "OpenBSD 5.5"),
            ("Wget/1.14 (darwin12.2.0)", Family::MacOs, "macOS 10.8"),
            (
                "Mozilla/5.0 (Windows Phone 10.0; Android 6.0.1; Microsoft)",
                Family::Windows,
                "Windows Phone 10.0",
            ),
        ] {
            let clue = read(EvidenceKind::UserAgent, agent.as_bytes()).unwrap();
            assert_eq!((clue.families.single(), clue.label.as_str()), (Some(family), label), "{agent}");
        }
    }

    #[test]
    fn darwin_is_that_of_telephones_unless_it_says_otherwise() {
        let clue = |text: &str| read(EvidenceKind::UserAgent, text.as_bytes()).unwrap();
        let phone = clue("App/1 CFNetwork/1410.0.3 Darwin/22.6.0");
        assert_eq!((phone.families, phone.label.as_str()), (Families::APPLE, "iOS 16 or macOS 13"));
        assert_eq!(clue("trustd/1 CFNetwork/902 Darwin/17.7.0 (x86_64)").label.as_str(), "macOS 10.13");
    }

    #[test]
    fn the_words_that_told_are_kept() {
        let clue = read(EvidenceKind::UserAgent, b"Mozilla/5.0 (Windows NT 6.1; rv:34.0) Gecko").unwrap();
        assert_eq!(clue.signature.as_str(), "Windows NT 6.1; rv:34.0");
    }

    #[test]
    fn who_pretends_or_says_nothing_is_not_believed() {
        for agent in
            ["Mozilla/5.0 (Linux; Android 6.0.1) (compatible; Googlebot/2.1)", "curl/8.1", "", "AAAA"]
        {
            assert_eq!(read(EvidenceKind::UserAgent, agent.as_bytes()), None, "{agent}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_read(bytes in proptest::collection::vec(any::<u8>(), 0..80), word in 0usize..WORDS.len()) {
            read(EvidenceKind::UserAgent, &bytes);
            read(EvidenceKind::UserAgent, &[WORDS[word].word.as_bytes(), &bytes].concat());
        }
    }
}
