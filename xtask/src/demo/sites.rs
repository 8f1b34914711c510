//! The services that the demo's home talks to by name. Countries are those of the IPv4 addresses, checked against public
//! data (DB-IP Lite, June 2026); that a name lives at its address is likely for some and invented for the rest.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// A named service.
#[derive(Clone, Copy, Debug)]
pub struct Site {
    /// Its DNS name.
    pub name: &'static str,
    /// ISO 3166-1 alpha-2, of the IPv4 address.
    pub country: &'static str,
    /// Its A record.
    pub v4: Ipv4Addr,
    v6: Ipv6Addr,
}

const NO_V6: [u16; 8] = [0; 8];

const fn site(name: &'static str, country: &'static str, v4: [u8; 4], v6: [u16; 8]) -> Site {
    let [a, b, c, d, e, f, g, h] = v6;
    let [w, x, y, z] = v4;
    Site { name, country, v4: Ipv4Addr::new(w, x, y, z), v6: Ipv6Addr::new(a, b, c, d, e, f, g, h) }
}

impl Site {
    /// Its AAAA record.
    pub fn v6(&self) -> Option<Ipv6Addr> {
        (!self.v6.is_unspecified()).then_some(self.v6)
    }

    /// IPv6 where it has one, as hosts prefer it.
    pub fn address(&self) -> IpAddr {
        self.v6().map_or(IpAddr::V4(self.v4), IpAddr::V6)
    }
}

/// A streaming service's cache.
pub const VIDEO: Site = site(
    "rr4---sn-5hne6nzy.googlevideo.com",
    "US",
    [173, 194, 188, 233],
    [0x2a00, 0x1450, 0x400e, 0x4, 0, 0, 0, 0x9],
);
/// The media relay of a video call.
pub const MEETING: Site = site("worldaz.tr.teams.microsoft.com", "NL", [52, 114, 75, 23], NO_V6);
/// Where a meeting is joined.
pub const OFFICE: Site =
    site("teams.microsoft.com", "CA", [52, 113, 194, 132], [0x2620, 0x1ec, 0x42, 0, 0, 0, 0, 0x132]);
/// Office mail.
pub const OUTLOOK: Site =
    site("outlook.office365.com", "IE", [52, 98, 152, 162], [0x2603, 0x1026, 0x2403, 0x3, 0, 0, 0, 0x2]);
/// Push notifications, Apple.
pub const APPLE_PUSH: Site =
    site("24-courier.push.apple.com", "US", [17, 57, 146, 52], [0x2620, 0x149, 0xa44, 0x300, 0, 0, 0, 0x5]);
/// Push notifications, Google.
pub const ANDROID_PUSH: Site =
    site("mtalk.google.com", "US", [74, 125, 133, 188], [0x2a00, 0x1450, 0x4013, 0xc0e, 0, 0, 0, 0xbc]);
/// A messenger.
pub const WHATSAPP: Site = site(
    "g.whatsapp.net",
    "US",
    [157, 240, 201, 60],
    [0x2a03, 0x2880, 0xf242, 0xc6, 0xface, 0xb00c, 0, 0x167],
);
/// Where the NAS keeps its backup.
pub const BACKUP: Site = site("pod-050-1009-03.backblaze.com", "US", [149, 137, 136, 10], NO_V6);
/// A second backup.
pub const BACKUP_BUCKET: Site = site("s3-eu-west-1.amazonaws.com", "IE", [52, 218, 98, 20], NO_V6);
/// Game downloads.
pub const GAME_STORE: Site = site("cache1-sto1.steamcontent.com", "SE", [185, 25, 182, 20], NO_V6);
/// Where players find a match.
pub const GAME_LOBBY: Site = site("ext1-ams1.steamserver.net", "NL", [155, 133, 248, 40], NO_V6);
/// A game's server.
pub const GAME_SERVER: Site = site("game.ams.example.com", "NL", [37, 244, 28, 20], NO_V6);
/// The console's network.
pub const PLAYER_NETWORK: Site = site("gs2.ww.prod.dl.playstation.net", "US", [23, 32, 10, 20], NO_V6);
/// A mailbox.
pub const MAIL: Site = site("imap.fastmail.com", "US", [103, 168, 172, 45], NO_V6);
/// A mailbox.
pub const MAIL_DE: Site =
    site("posteo.de", "DE", [185, 67, 36, 169], [0x2a05, 0xbc0, 0x1000, 0, 0, 0, 0x169, 0x1]);
/// A mailbox.
pub const MAIL_GMX: Site = site("imap.gmx.net", "DE", [212, 227, 17, 185], NO_V6);
/// A mailbox.
pub const MAIL_PROTON: Site = site("mail.proton.me", "DE", [185, 70, 42, 42], NO_V6);
/// A public resolver.
pub const QUAD9: Site = site("dns.quad9.net", "US", [9, 9, 9, 9], [0x2620, 0xfe, 0, 0, 0, 0, 0, 0xfe]);
/// A public resolver.
pub const GOOGLE_DNS: Site =
    site("dns.google", "US", [8, 8, 8, 8], [0x2001, 0x4860, 0x4860, 0, 0, 0, 0, 0x8888]);
/// What the camera calls home to.
pub const CAMERA_CLOUD: Site = site("relay.camera.example.com", "SG", [54, 169, 10, 20], NO_V6);
/// Software updates.
pub const MIRROR: Site =
    site("deb.debian.org", "CA", [151, 101, 130, 132], [0x2a04, 0x4e42, 0x200, 0, 0, 0, 0, 0x644]);
/// Sites that are opened all the time.
pub const POPULAR: &[Site] = &[
    site("www.wikipedia.org", "NL", [185, 15, 59, 224], [0x2a02, 0xec80, 0x300, 0xed1a, 0, 0, 0, 0x1]),
    site("upload.wikimedia.org", "NL", [185, 15, 59, 240], [0x2a02, 0xec80, 0x300, 0xed1a, 0, 0, 0x2, 0xb]),
    site("www.google.com", "US", [142, 250, 179, 132], [0x2a00, 0x1450, 0x400e, 0x80f, 0, 0, 0, 0x2004]),
    site("www.youtube.com", "US", [142, 250, 179, 142], [0x2a00, 0x1450, 0x400e, 0x803, 0, 0, 0, 0x200e]),
    site("fonts.gstatic.com", "US", [142, 250, 179, 163], [0x2a00, 0x1450, 0x400e, 0x80d, 0, 0, 0, 0x2003]),
    site("github.com", "DE", [140, 82, 121, 4], NO_V6),
    site("static.crates.io", "CA", [151, 101, 1, 91], [0x2a04, 0x4e42, 0, 0, 0, 0, 0, 0x649]),
    site("www.cloudflare.com", "CA", [104, 16, 124, 96], [0x2606, 0x4700, 0, 0, 0, 0, 0x6810, 0x7c60]),
    site("discord.com", "CA", [162, 159, 128, 233], NO_V6),
    site("www.apple.com", "DE", [17, 253, 57, 201], [0x2a01, 0xb740, 0xa26, 0xf000, 0, 0, 0, 0x5]),
    site(
        "www.instagram.com",
        "US",
        [157, 240, 201, 174],
        [0x2a03, 0x2880, 0xf242, 0xe5, 0xface, 0xb00c, 0, 0x4420],
    ),
    site("cdn.news.example.com", "DE", [23, 45, 108, 20], [0x2a02, 0x26f0, 0x9d00, 0, 0, 0, 0, 0x1]),
    site("images.shop.example.com", "DE", [2, 16, 10, 20], [0x2a02, 0x26f0, 0x1180, 0, 0, 0, 0, 0x1]),
    site("forum.example.org", "DE", [49, 12, 10, 20], [0x2a01, 0x4f8, 0xc0c, 0x1, 0, 0, 0, 0x1]),
    site("blog.example.net", "FR", [51, 68, 10, 20], [0x2001, 0x41d0, 0xa, 0x1, 0, 0, 0, 0x1]),
    site("feeds.example.net", "NL", [51, 15, 10, 20], [0x2001, 0xbc8, 0x1640, 0x1, 0, 0, 0, 0x1]),
    site("photos.example.org", "JP", [172, 104, 100, 20], [0x2400, 0x8902, 0, 0, 0, 0, 0, 0x1]),
    site("api.app.example.com", "DE", [52, 58, 10, 20], [0x2a05, 0xd014, 0x1, 0, 0, 0, 0, 0x1]),
    site("portal.office.example.com", "NL", [20, 50, 2, 28], [0x2603, 0x1020, 0x201, 0x10, 0, 0, 0, 0]),
    site("www.kernel.org", "US", [139, 178, 84, 217], [0x2604, 0x1380, 0x4641, 0xc500, 0, 0, 0, 0x1]),
];
/// Sites all over the world: universities, registries, clouds.
pub const FAR: &[Site] = &[
    site("www.ethz.ch", "CH", [129, 132, 19, 216], [0x2001, 0x67c, 0x10ec, 0, 0, 0, 0, 0x1]),
    site("home.cern", "CH", [188, 184, 21, 108], [0x2001, 0x1458, 0x201, 0xe3, 0, 0, 0x100, 0x1e5]),
    site("www.cam.ac.uk", "GB", [128, 232, 132, 8], [0x2a05, 0xb400, 0x5, 0x270, 0, 0, 0x80e8, 0x8408]),
    site("www.ox.ac.uk", "GB", [129, 67, 242, 154], NO_V6),
    site("www.inria.fr", "FR", [128, 93, 162, 83], NO_V6),
    site("www.tum.de", "DE", [129, 187, 255, 109], [0x2001, 0x4ca0, 0, 0x103, 0, 0, 0x81bb, 0xff6d]),
    site("www.kth.se", "SE", [130, 237, 28, 40], [0x2001, 0x6b0, 0x1, 0, 0, 0, 0, 0x1]),
    site("www.ntnu.no", "NO", [129, 241, 160, 102], [0x2001, 0x700, 0x300, 0x6, 0, 0, 0, 0x1]),
    site("www.helsinki.fi", "FI", [128, 214, 222, 24], [0x2001, 0x708, 0x110, 0, 0, 0, 0, 0x1]),
    site("www.ku.dk", "DK", [130, 225, 104, 130], [0x2001, 0x878, 0x346, 0, 0, 0, 0, 0x1]),
    site("www.uliege.be", "BE", [139, 165, 32, 10], [0x2001, 0x6a8, 0x2d80, 0, 0, 0, 0, 0x1]),
    site("www.univie.ac.at", "AT", [131, 130, 70, 8], [0x2001, 0x62a, 0x4, 0x25, 0, 0, 0, 0x1]),
    site("www.polimi.it", "IT", [131, 175, 187, 72], [0x2001, 0x760, 0, 0, 0, 0, 0, 0x1]),
    site("www.upm.es", "ES", [138, 100, 200, 6], [0x2001, 0x720, 0x41c, 0, 0, 0, 0, 0x1]),
    site("www.ulisboa.pt", "PT", [194, 117, 1, 10], [0x2001, 0x690, 0x21c0, 0, 0, 0, 0, 0x1]),
    site("www.uw.edu.pl", "PL", [193, 0, 71, 10], [0x2001, 0x6a0, 0, 0, 0, 0, 0, 0x1]),
    site("cuni.cz", "CZ", [195, 113, 89, 35], [0x2001, 0x718, 0x1e03, 0, 0, 0, 0, 0x1]),
    site("www.elte.hu", "HU", [157, 181, 1, 10], [0x2001, 0x738, 0, 0, 0, 0, 0, 0x1]),
    site("www.arnes.si", "SI", [193, 2, 1, 66], [0x2001, 0x1470, 0, 0, 0, 0, 0, 0x1]),
    site("www.carnet.hr", "HR", [161, 53, 160, 25], [0x2001, 0xb68, 0, 0, 0, 0, 0, 0x1]),
    site("www.ntua.gr", "GR", [147, 102, 224, 101], [0x2001, 0x648, 0x2000, 0xde, 0, 0, 0, 0x224]),
    site("www.metu.edu.tr", "TR", [144, 122, 145, 153], [0x2001, 0xa98, 0, 0, 0, 0, 0, 0x1]),
    site("hi.is", "IS", [130, 208, 165, 186], [0x2a00, 0xc88, 0, 0, 0, 0, 0, 0x1]),
    site("www.tcd.ie", "IE", [134, 226, 1, 30], [0x2001, 0x770, 0x10, 0, 0, 0, 0, 0x1]),
    site("ut.ee", "EE", [193, 40, 5, 73], [0x2001, 0xbb8, 0, 0, 0, 0, 0, 0x1]),
    site("www.lu.lv", "LV", [85, 254, 199, 10], NO_V6),
    site("www.vu.lt", "LT", [158, 129, 160, 10], [0x2001, 0x778, 0, 0, 0, 0, 0, 0x1]),
    site("www.msu.ru", "RU", [188, 44, 50, 103], NO_V6),
    site("yandex.ru", "RU", [77, 88, 55, 88], [0x2a02, 0x6b8, 0xa, 0, 0, 0, 0, 0xa]),
    site("web.mit.edu", "US", [18, 9, 22, 69], NO_V6),
    site("www.berkeley.edu", "US", [128, 32, 203, 137], NO_V6),
    site("www.utoronto.ca", "CA", [142, 1, 1, 10], NO_V6),
    site("www.unam.mx", "MX", [132, 248, 166, 17], [0x2001, 0x1218, 0x100, 0, 0, 0, 0, 0x1]),
    site("www5.usp.br", "BR", [200, 144, 248, 41], [0x2001, 0x12d0, 0, 0x126, 0, 0, 0x183, 0x244]),
    site("www.uba.ar", "AR", [157, 92, 4, 10], NO_V6),
    site("uchile.cl", "CL", [200, 89, 76, 10], [0x2001, 0x1310, 0, 0, 0, 0, 0, 0x1]),
    site("www.pucp.edu.pe", "PE", [200, 16, 5, 10], NO_V6),
    site("udelar.edu.uy", "UY", [164, 73, 68, 10], [0x2001, 0x1328, 0, 0, 0, 0, 0, 0x1]),
    site("www.ucr.ac.cr", "CR", [163, 178, 174, 10], NO_V6),
    site("www.uct.ac.za", "ZA", [137, 158, 159, 192], NO_V6),
    site("www.uonbi.ac.ke", "KE", [41, 204, 160, 10], NO_V6),
    site("www.aucegypt.edu", "EG", [213, 181, 237, 10], NO_V6),
    site("www.um5.ac.ma", "MA", [196, 200, 131, 10], NO_V6),
    site("unilag.edu.ng", "NG", [196, 45, 48, 10], NO_V6),
    site("www.ug.edu.gh", "GH", [197, 255, 125, 10], NO_V6),
    site("www.technion.ac.il", "IL", [132, 68, 239, 58], [0x2001, 0xbf8, 0x900, 0, 0, 0, 0, 0x1]),
    site("www.ju.edu.jo", "JO", [87, 236, 233, 10], NO_V6),
    site("www.kaust.edu.sa", "SA", [109, 171, 137, 210], NO_V6),
    site("www.uaeu.ac.ae", "AE", [86, 96, 205, 10], NO_V6),
    site("www.qu.edu.qa", "QA", [86, 36, 68, 10], NO_V6),
    site("www.iitb.ac.in", "IN", [103, 21, 124, 133], NO_V6),
    site("iisc.ac.in", "IN", [14, 139, 128, 10], NO_V6),
    site("lums.edu.pk", "PK", [203, 135, 62, 10], NO_V6),
    site("www.buet.ac.bd", "BD", [103, 94, 135, 200], NO_V6),
    site("cmb.ac.lk", "LK", [192, 248, 16, 10], [0x2401, 0xdd00, 0, 0, 0, 0, 0, 0x1]),
    site("www.chula.ac.th", "TH", [161, 200, 192, 1], [0x2001, 0x3c8, 0, 0, 0, 0, 0, 0x1]),
    site("hust.edu.vn", "VN", [202, 191, 57, 10], NO_V6),
    site("www.um.edu.my", "MY", [103, 18, 2, 10], NO_V6),
    site("nus.edu.sg", "SG", [137, 132, 21, 27], NO_V6),
    site("www.ui.ac.id", "ID", [152, 118, 24, 10], [0x2403, 0xda00, 0, 0, 0, 0, 0, 0x1]),
    site("up.edu.ph", "PH", [202, 92, 128, 10], [0x2001, 0xd18, 0, 0, 0, 0, 0, 0x1]),
    site("www.tsinghua.edu.cn", "CN", [166, 111, 4, 100], [0x2402, 0xf000, 0x1, 0x404, 0, 0, 0x4, 0x100]),
    site("www.pku.edu.cn", "CN", [162, 105, 131, 160], [0x2001, 0xda8, 0x201, 0, 0, 0, 0, 0x1]),
    site("hku.hk", "HK", [147, 8, 2, 58], NO_V6),
    site("www.ntu.edu.tw", "TW", [140, 112, 8, 116], [0x2001, 0x288, 0x1001, 0, 0, 0, 0, 0x1]),
    site("www.u-tokyo.ac.jp", "JP", [133, 11, 114, 194], [0x2001, 0x200, 0x180, 0, 0, 0, 0, 0x1]),
    site("www.wide.ad.jp", "JP", [203, 178, 141, 194], [0x2001, 0x200, 0, 0x8803, 0, 0, 0, 0x1]),
    site("www.kaist.ac.kr", "KR", [143, 248, 5, 153], [0x2001, 0x320, 0, 0, 0, 0, 0, 0x1]),
    site("www.num.edu.mn", "MN", [202, 179, 0, 10], NO_V6),
    site("www.anu.edu.au", "AU", [130, 56, 67, 33], [0x2001, 0x388, 0, 0, 0, 0, 0, 0x1]),
    site("www.monash.edu", "AU", [130, 194, 11, 10], NO_V6),
    site("www.auckland.ac.nz", "NZ", [130, 216, 159, 127], [0x2001, 0xdf0, 0, 0, 0, 0, 0, 0x1]),
    site("www.usp.ac.fj", "FJ", [144, 120, 8, 10], NO_V6),
    site("www.ripe.net", "NL", [193, 0, 6, 139], [0x2001, 0x67c, 0x2e8, 0x22, 0, 0, 0xc100, 0x68b]),
    site("www.apnic.net", "AU", [203, 119, 101, 61], [0x2001, 0xdd8, 0x8, 0x701, 0, 0, 0, 0x61]),
    site("www.afrinic.net", "ZA", [196, 216, 2, 6], [0x2001, 0x42d0, 0, 0x200, 0, 0, 0, 0x6]),
    site("www.lacnic.net", "BR", [200, 3, 14, 184], [0x2001, 0x13c7, 0x7002, 0x4128, 0, 0, 0, 0x184]),
    site("archive.org", "US", [207, 241, 224, 2], NO_V6),
    site("ftp.nluug.nl", "NL", [145, 220, 21, 40], [0x2001, 0x67c, 0x6ec, 0x221, 0x145, 0x220, 0x21, 0x40]),
    site(
        "www.tudelft.nl",
        "NL",
        [131, 180, 77, 102],
        [0x2001, 0x610, 0x908, 0x112, 0x131, 0x180, 0x77, 0x102],
    ),
    site("www.bbc.co.uk", "GB", [212, 58, 237, 1], [0x2001, 0x41c1, 0x4008, 0, 0, 0, 0xbbc, 0x1]),
    site("api.west.example.com", "US", [54, 183, 10, 20], [0x2600, 0x1f1c, 0, 0, 0, 0, 0, 0x1]),
    site("api.tokyo.example.com", "JP", [54, 178, 10, 20], [0x2406, 0xda14, 0, 0, 0, 0, 0, 0x1]),
    site("api.sydney.example.com", "AU", [54, 206, 10, 20], [0x2406, 0xda1c, 0, 0, 0, 0, 0, 0x1]),
    site("api.saopaulo.example.com", "BR", [54, 207, 10, 20], [0x2600, 0x1f1e, 0, 0, 0, 0, 0, 0x1]),
    site("api.mumbai.example.com", "IN", [13, 126, 10, 20], [0x2406, 0xda1a, 0, 0, 0, 0, 0, 0x1]),
    site("api.capetown.example.com", "ZA", [13, 244, 10, 20], NO_V6),
    site("status.helsinki.example.net", "FI", [65, 108, 10, 20], [0x2a01, 0x4f9, 0xc010, 0x1, 0, 0, 0, 0x1]),
    site("assets.montreal.example.net", "CA", [51, 79, 10, 20], NO_V6),
];
/// Time servers.
pub const TIME: &[Site] = &[
    site("ptbtime1.ptb.de", "DE", [192, 53, 103, 108], [0x2001, 0x638, 0x610, 0xbe01, 0, 0, 0, 0x108]),
    site(
        "chime1.surfnet.nl",
        "NL",
        [193, 67, 79, 202],
        [0x2001, 0x610, 0x1, 0x80aa, 0x192, 0x87, 0x106, 0x2],
    ),
    site("ntp.nict.jp", "JP", [133, 243, 238, 163], [0x2001, 0xce8, 0x78, 0, 0, 0, 0, 0x2]),
    site("a.ntp.br", "BR", [200, 160, 7, 186], [0x2001, 0x12ff, 0, 0x7, 0, 0, 0, 0x186]),
    site("time-a-g.nist.gov", "US", [129, 6, 15, 28], [0x2610, 0x20, 0x6f15, 0x15, 0, 0, 0, 0x27]),
    site("sth1.ntp.se", "SE", [194, 58, 200, 20], [0x2a01, 0x3f7, 0, 0, 0, 0, 0, 0x1]),
    site("au.pool.example.org", "AU", [203, 12, 160, 2], NO_V6),
    site("za.pool.example.org", "ZA", [196, 4, 160, 4], NO_V6),
    site("ntp.metas.ch", "CH", [162, 23, 41, 10], NO_V6),
];
