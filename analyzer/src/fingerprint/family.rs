//! Families of systems, and sets of them: most evidence fits several (the stack of a Mac is that of a telephone of the same
//! maker), so a reader says which ones it fits, and fusion finds the one that fits best.

use std::fmt;

/// A family of systems.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Family {
    /// Windows, with its servers and telephones.
    Windows,
    /// macOS, called Mac OS X before 10.12.
    MacOs,
    /// iOS and iPadOS, with tvOS and watchOS.
    Ios,
    /// Linux but Android, with `ChromeOS`, Tizen and webOS.
    Linux,
    /// Android.
    Android,
    /// FreeBSD, OpenBSD, NetBSD, DragonFly, and consoles that were made of them.
    Bsd,
    /// Solaris and illumos.
    Solaris,
    /// Firmware of routers, switches, printers and the like, whose system nobody chooses.
    Network,
}

impl Family {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Windows,
        Self::MacOs,
        Self::Ios,
        Self::Linux,
        Self::Android,
        Self::Bsd,
        Self::Solaris,
        Self::Network,
    ];

    /// The name for people and documents.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Windows => "Windows",
            Self::MacOs => "macOS",
            Self::Ios => "iOS",
            Self::Android => "Android",
            Self::Linux => "Linux",
            Self::Bsd => "BSD",
            Self::Solaris => "Solaris",
            Self::Network => "network device",
        }
    }

    /// The family of a name in any case: `windows`, `macos`, `network`.
    pub fn named(name: &str) -> Option<Self> {
        let short = |family: Self| family.name().split(' ').next().unwrap_or_default();
        Self::ALL.into_iter().find(|family| {
            [family.name(), short(*family)].iter().any(|known| known.eq_ignore_ascii_case(name))
        })
    }

    /// Those whose stacks look alike: the kernel of macOS is that of iOS, the one of Linux that of Android.
    pub const fn kin(self) -> Families {
        match self {
            Self::MacOs | Self::Ios => Families::APPLE,
            Self::Linux | Self::Android => Families::LINUX,
            _ => Families::of(&[self]),
        }
    }
}

impl fmt::Display for Family {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Families that something fits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Families(u8);

/// Words in the labels of signature files, in their order of preference, and the families they mean. An Apple stack is
/// never one system's alone, whatever its label calls it.
const WORDS: [(&str, Families); 25] = [
    ("windows", Families::WINDOWS),
    ("android", Families::ANDROID),
    ("mac os x", Families::APPLE),
    ("macos", Families::APPLE),
    ("darwin", Families::APPLE),
    ("iphone", Families::APPLE),
    ("ipad", Families::APPLE),
    ("ios", Families::APPLE),
    ("chromeos", Families::of(&[Family::Linux])),
    ("linux", Families::LINUX),
    ("bsd", Families::BSD),
    ("dragonfly", Families::BSD),
    ("playstation", Families::BSD),
    ("solaris", Families::SOLARIS),
    ("sunos", Families::SOLARIS),
    ("illumos", Families::SOLARIS),
    ("router", Families::NETWORK),
    ("switch", Families::NETWORK),
    ("printer", Families::NETWORK),
    ("network", Families::NETWORK),
    ("lwip", Families::NETWORK),
    ("vxworks", Families::NETWORK),
    ("freertos", Families::NETWORK),
    ("contiki", Families::NETWORK),
    ("device", Families::NETWORK),
];

impl Families {
    /// Nobody.
    pub const NONE: Self = Self(0);
    /// Windows.
    pub const WINDOWS: Self = Self::of(&[Family::Windows]);
    /// macOS and iOS.
    pub const APPLE: Self = Self::of(&[Family::MacOs, Family::Ios]);
    /// macOS.
    pub const MAC_OS: Self = Self::of(&[Family::MacOs]);
    /// iOS.
    pub const IOS: Self = Self::of(&[Family::Ios]);
    /// Android.
    pub const ANDROID: Self = Self::of(&[Family::Android]);
    /// Linux with Android.
    pub const LINUX: Self = Self::of(&[Family::Linux, Family::Android]);
    /// The BSDs.
    pub const BSD: Self = Self::of(&[Family::Bsd]);
    /// Solaris.
    pub const SOLARIS: Self = Self::of(&[Family::Solaris]);
    /// Firmware.
    pub const NETWORK: Self = Self::of(&[Family::Network]);
    /// Systems that descend from Unix or look like it.
    pub const UNIX: Self = Self::APPLE.or(Self::LINUX).or(Self::BSD).or(Self::SOLARIS);

    /// So many.
    pub const fn of(families: &[Family]) -> Self {
        let (mut bits, mut at) = (0, 0);
        while at < families.len() {
            bits |= 1 << families[at] as u8;
            at += 1;
        }
        Self(bits)
    }

    /// Those of both.
    #[must_use]
    pub const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Those that both have.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Whether a family is among them.
    pub const fn has(self, family: Family) -> bool {
        self.0 & 1 << family as u8 != 0
    }

    /// Whether the two have one in common.
    pub const fn meets(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// Whether there is none.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Each of them.
    pub fn iter(self) -> impl Iterator<Item = Family> {
        Family::ALL.into_iter().filter(move |family| self.has(*family))
    }

    /// The one, if there is just one.
    pub fn single(self) -> Option<Family> {
        let mut all = self.iter();
        all.next().filter(|_| all.next().is_none())
    }

    /// Those of a name in any case: a family's, `apple` or `unix`.
    pub fn named(name: &str) -> Option<Self> {
        if name.eq_ignore_ascii_case("apple") {
            return Some(Self::APPLE);
        }
        if name.eq_ignore_ascii_case("unix") {
            return Some(Self::UNIX);
        }
        Family::named(name).map(|family| Self::of(&[family]))
    }

    /// Those that the label of a signature means. Cisco's IOS is no telephone.
    pub(super) fn of_label(label: &str) -> Self {
        let label = label.to_ascii_lowercase();
        if label.starts_with("cisco") {
            return Self::NETWORK;
        }
        WORDS.iter().find(|(word, _)| label.contains(word)).map_or(Self::NONE, |(_, families)| *families)
    }
}

impl fmt::Display for Families {
    /// `macOS or iOS`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut or = "";
        for family in self.iter() {
            write!(f, "{or}{family}")?;
            or = " or ";
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn families_are_found_by_their_names() {
        assert!(Family::ALL.into_iter().all(|family| Family::named(family.name()) == Some(family)));
        assert_eq!(Family::named("MACOS"), Some(Family::MacOs));
        assert_eq!(Family::named("network"), Some(Family::Network));
        assert_eq!([Family::named("apple"), Family::named("")], [None, None]);
        assert_eq!(Families::named("Apple"), Some(Families::APPLE));
        assert_eq!(Families::named("linux"), Some(Families::of(&[Family::Linux])));
    }

    #[test]
    fn a_label_means_the_families_that_share_its_stack() {
        for (label, families) in [
            ("Windows 10 or newer", Families::WINDOWS),
            ("Linux 3.11 and newer", Families::LINUX),
            ("Linux (Android)", Families::ANDROID),
            ("MacOS X 10.9 or newer (sometimes iPhone or iPad)", Families::APPLE),
            ("iOS iPhone or iPad", Families::APPLE),
            ("Cisco IOS 12", Families::NETWORK),
            ("FreeBSD 9.x", Families::BSD),
            ("Nintendo 3DS", Families::NONE),
        ] {
            assert_eq!(Families::of_label(label), families, "{label}");
        }
    }

    #[test]
    fn sets_say_whom_they_hold() {
        assert_eq!(Families::APPLE.to_string(), "macOS or iOS");
        assert_eq!([Families::APPLE.single(), Families::BSD.single()], [None, Some(Family::Bsd)]);
        assert!(Families::APPLE.meets(Families::UNIX) && !Families::WINDOWS.meets(Families::UNIX));
    }
}
