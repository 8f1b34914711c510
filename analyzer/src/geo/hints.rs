//! What kind of network a system runs, where that explains its traffic: a cloud, a content network, a hoster, or
//! services that answer from many places under one address. A hint, never a verdict: the large ones do several things.
//!
//! Compiled by hand from general knowledge of these operators on 21 November 2026, one comment each: the holders' names
//! were compared with the bundled table, the kinds with nothing. The country of an anycast address is that of its
//! registration or of one site.

use serde::Serialize;

use super::Asn;

/// A kind of network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Hint {
    /// One address answers from many places.
    Anycast,
    /// Machines and services rented by the hour.
    Cloud,
    /// Copies of other people's pages near the reader.
    Cdn,
    /// Servers and web space for rent.
    Hosting,
}

use Hint::{Anycast, Cdn, Cloud, Hosting};

impl Hint {
    /// The word.
    pub const fn name(self) -> &'static str {
        match self {
            Anycast => "anycast",
            Cloud => "cloud",
            Cdn => "cdn",
            Hosting => "hosting",
        }
    }
}

/// Sorted by number.
#[rustfmt::skip]
const TABLE: [(u32, &[Hint]); 56] = [
    (42, &[Anycast]),              // Packet Clearing House: DNS anycast for registries
    (112, &[Anycast]),             // AS112: reverse DNS of private addresses, RFC 7534
    (2906, &[Cdn]),                // Netflix Open Connect
    (3856, &[Anycast]),            // Packet Clearing House: route servers, DNS
    (7500, &[Anycast]),            // M root name server (WIDE)
    (7979, &[Hosting]),            // Servers.com
    (8068, &[Cloud]),              // Microsoft
    (8069, &[Cloud]),              // Microsoft
    (8075, &[Cloud]),              // Microsoft: Azure and its other services
    (8100, &[Hosting]),            // QuadraNet
    (8560, &[Hosting]),            // IONOS
    (8972, &[Hosting]),            // Host Europe
    (9009, &[Hosting]),            // M247
    (12222, &[Cdn]),               // Akamai
    (12876, &[Cloud, Hosting]),    // Scaleway (Online)
    (13335, &[Anycast, Cdn]),      // Cloudflare
    (14061, &[Cloud, Hosting]),    // DigitalOcean
    (14618, &[Cloud]),             // Amazon, us-east
    (15133, &[Anycast, Cdn]),      // Edgecast (Edgio)
    (15169, &[Cloud]),             // Google: its services and Google Cloud's front
    (16276, &[Cloud, Hosting]),    // OVHcloud
    (16509, &[Cloud]),             // Amazon: AWS, CloudFront
    (16625, &[Cdn]),               // Akamai
    (19281, &[Anycast]),           // Quad9: public resolver
    (19527, &[Cloud]),             // Google Cloud
    (20473, &[Cloud, Hosting]),    // Vultr (Constant)
    (20940, &[Cdn]),               // Akamai
    (21342, &[Anycast]),           // Akamai: its DNS
    (22612, &[Hosting]),           // Namecheap
    (24940, &[Cloud, Hosting]),    // Hetzner
    (25152, &[Anycast]),           // K root name server (RIPE NCC)
    (26347, &[Hosting]),           // DreamHost
    (26415, &[Anycast]),           // Verisign: A and J root name servers, .com and .net
    (26496, &[Hosting]),           // GoDaddy
    (27357, &[Cloud, Hosting]),    // Rackspace
    (28753, &[Hosting]),           // Leaseweb, Germany
    (31898, &[Cloud]),             // Oracle Cloud
    (32934, &[Cdn]),               // Meta: Facebook, Instagram, WhatsApp
    (33070, &[Cloud, Hosting]),    // Rackspace
    (36040, &[Cdn]),               // YouTube
    (36351, &[Cloud, Hosting]),    // IBM Cloud (SoftLayer)
    (36692, &[Anycast]),           // Cisco OpenDNS: public resolver
    (37963, &[Cloud]),             // Alibaba Cloud, China
    (38895, &[Cloud]),             // Amazon, Asia
    (45090, &[Cloud]),             // Tencent Cloud, China
    (45102, &[Cloud]),             // Alibaba Cloud, international
    (46489, &[Cdn]),               // Twitch
    (47583, &[Hosting]),           // Hostinger
    (51167, &[Hosting]),           // Contabo
    (54113, &[Anycast, Cdn]),      // Fastly
    (55967, &[Cloud]),             // Baidu
    (60068, &[Anycast, Cdn]),      // DataCamp: CDN77
    (60781, &[Hosting]),           // Leaseweb, Netherlands
    (63949, &[Cloud, Hosting]),    // Akamai Connected Cloud (Linode)
    (132_203, &[Cloud]),           // Tencent Cloud, international
    (396_982, &[Cloud]),           // Google Cloud: customers' machines
];

/// What is known of a system's kind; nothing for most.
pub fn hints(asn: Asn) -> &'static [Hint] {
    TABLE.binary_search_by_key(&asn.0, |(asn, _)| *asn).map_or(&[], |found| TABLE[found].1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geo::{Geo, Needs};

    #[test]
    fn the_table_is_sorted_and_every_hint_is_found() {
        assert!(TABLE.is_sorted_by(|a, b| a.0 < b.0));
        for (asn, expected) in TABLE {
            assert!(!expected.is_empty() && expected.is_sorted());
            assert_eq!(hints(Asn(asn)), expected);
        }
        assert_eq!(hints(Asn(1136)), []);
    }

    #[test]
    fn names_of_the_bundled_table_agree_with_the_well_known_ones() {
        let geo = Geo::bundled(Needs::ALL);
        for (asn, word) in [
            (13_335, "cloudflare"),
            (54_113, "fastly"),
            (24_940, "hetzner"),
            (16_276, "ovh"),
            (14_061, "digitalocean"),
        ] {
            let name = geo.as_name(Asn(asn)).unwrap_or_default().to_lowercase();
            assert!(name.contains(word), "AS{asn} is {name}");
        }
    }
}
