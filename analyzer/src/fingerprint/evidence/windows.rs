//! The versions of Windows by what it calls them itself: the kernel's number (MS-NLMP §2.2.2.10 and the `OSVERSIONINFOEX`
//! documentation list them), the build, the version of its web server (Microsoft's IIS lifecycle page).

/// By the kernel's number, as `Windows NT 6.1`. 10.0 stays since 2015, in Windows 11, too.
const KERNELS: [((u16, u16), &str); 12] = [
    ((10, 0), "Windows 10 or newer"),
    ((6, 4), "Windows 10"),
    ((6, 3), "Windows 8.1 or Server 2012 R2"),
    ((6, 2), "Windows 8 or Server 2012"),
    ((6, 1), "Windows 7 or Server 2008 R2"),
    ((6, 0), "Windows Vista or Server 2008"),
    ((5, 2), "Windows Server 2003 or XP x64"),
    ((5, 1), "Windows XP"),
    ((5, 0), "Windows 2000"),
    ((4, 10), "Windows 98"),
    ((4, 90), "Windows Me"),
    ((4, 0), "Windows NT 4.0 or 95"),
];

/// By build: the first of each release, with what came until the next.
const BUILDS: [(u16, &str); 24] = [
    (26200, "Windows 11 25H2 or newer"),
    (26100, "Windows 11 24H2 or Server 2025"),
    (22631, "Windows 11 23H2"),
    (22621, "Windows 11 22H2"),
    (22000, "Windows 11 21H2"),
    (20348, "Windows Server 2022"),
    (19041, "Windows 10 2004 to 22H2"),
    (18363, "Windows 10 1909"),
    (18362, "Windows 10 1903"),
    (17763, "Windows 10 1809 or Server 2019"),
    (17134, "Windows 10 1803"),
    (16299, "Windows 10 1709"),
    (15063, "Windows 10 1703"),
    (14393, "Windows 10 1607 or Server 2016"),
    (10586, "Windows 10 1511"),
    (10240, "Windows 10 1507"),
    (9600, "Windows 8.1 or Server 2012 R2"),
    (9200, "Windows 8 or Server 2012"),
    (7600, "Windows 7 or Server 2008 R2"),
    (6000, "Windows Vista or Server 2008"),
    (3790, "Windows Server 2003 or XP x64"),
    (2600, "Windows XP"),
    (2195, "Windows 2000"),
    (1381, "Windows NT 4.0"),
];

/// By the version of IIS.
const IIS: [((u16, u16), &str); 9] = [
    ((10, 0), "Windows Server 2016 or newer, or 10 or newer"),
    ((8, 5), "Windows Server 2012 R2 or 8.1"),
    ((8, 0), "Windows Server 2012 or 8"),
    ((7, 5), "Windows Server 2008 R2 or 7"),
    ((7, 0), "Windows Server 2008 or Vista"),
    ((6, 0), "Windows Server 2003"),
    ((5, 1), "Windows XP"),
    ((5, 0), "Windows 2000"),
    ((4, 0), "Windows NT 4.0"),
];

/// What Windows with such a kernel is called.
pub fn of_kernel(version: (u16, u16)) -> Option<&'static str> {
    KERNELS.iter().find(|(known, _)| *known == version).map(|(_, name)| *name)
}

/// What Windows of such a build is called.
pub fn of_build(build: u16) -> Option<&'static str> {
    BUILDS.iter().find(|(first, _)| build >= *first).map(|(_, name)| *name)
}

/// What Windows with such a web server is called.
pub fn of_iis(version: (u16, u16)) -> Option<&'static str> {
    IIS.iter().find(|(known, _)| *known == version).map(|(_, name)| *name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_is_called_by_kernel_build_and_web_server() {
        assert_eq!(of_kernel((6, 1)), Some("Windows 7 or Server 2008 R2"));
        assert_eq!(of_kernel((9, 9)), None);
        assert_eq!(of_build(7601), Some("Windows 7 or Server 2008 R2"));
        assert_eq!(of_build(19045), Some("Windows 10 2004 to 22H2"));
        assert_eq!(of_build(12), None);
        assert_eq!(of_iis((8, 5)), Some("Windows Server 2012 R2 or 8.1"));
        assert!(BUILDS.is_sorted_by(|a, b| a.0 > b.0));
    }
}
