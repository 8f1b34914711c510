//! The networks behind the demo's crowd: one large block of one operator per country, so that peers, visitors and
//! attackers land all over the map. Source: public routing and country data (DB-IP Lite, ip-location-db), June 2026;
//! the whole block lies in the country named. What the traffic does is invented.

use std::net::{Ipv4Addr, Ipv6Addr};

use crate::craft::random::Random;

/// An operator's address block.
#[derive(Clone, Copy, Debug)]
pub struct Network {
    /// ISO 3166-1 alpha-2.
    pub country: &'static str,
    v4: u32,
    v4_length: u32,
    /// The high 64 bits.
    v6: u64,
    /// Zero: no IPv6.
    v6_length: u32,
}

const fn network(
    country: &'static str,
    v4: [u8; 4],
    v4_length: u32,
    v6: [u16; 4],
    v6_length: u32,
) -> Network {
    let high = (v6[0] as u64) << 48 | (v6[1] as u64) << 32 | (v6[2] as u64) << 16 | v6[3] as u64;
    Network { country, v4: u32::from_be_bytes(v4), v4_length, v6: high, v6_length }
}

impl Network {
    /// An address in the block, never its first or last.
    pub fn v4(&self, random: &mut Random) -> Ipv4Addr {
        let hosts = (1_u64 << (32 - self.v4_length)) - 2;
        Ipv4Addr::from_bits(self.v4 + 1 + random.below(hosts) as u32)
    }

    /// Whether an IPv4 address is of the block.
    #[cfg(test)]
    pub const fn holds(&self, address: u32) -> bool {
        (address ^ self.v4) >> (32 - self.v4_length) == 0
    }

    /// An address in a random /64 of the block, where there is IPv6.
    pub fn v6(&self, random: &mut Random) -> Option<Ipv6Addr> {
        if self.v6_length == 0 {
            return None;
        }
        let subnet = self.v6 | random.next() >> self.v6_length;
        Some(Ipv6Addr::from_bits(u128::from(subnet) << 64 | u128::from(random.next() | 1)))
    }
}

/// One row a country.
pub const NETWORKS: &[Network] = &[
    network("DE", [2, 160, 0, 0], 13, [0x2003, 0, 0, 0], 23), // AS3320 Deutsche Telekom
    network("FR", [2, 8, 0, 0], 13, [0x2a01, 0xc910, 0, 0], 29), // AS3215 Orange
    network("GB", [31, 48, 0, 0], 13, [0x2a01, 0x4c8, 0, 0], 29), // AS2856 BT
    network("US", [24, 0, 0, 0], 13, [0x2601, 0xc00, 0, 0], 22), // AS7922 Comcast
    network("CA", [99, 224, 0, 0], 13, [0x2605, 0x1300, 0, 0], 32), // AS812 Rogers
    network("MX", [189, 224, 0, 0], 13, [0x2806, 0x1008, 0, 0], 29), // AS8151 Uninet
    network("BR", [179, 136, 0, 0], 13, [0x2804, 0x14d, 0xec00, 0], 39), // AS28573 Claro
    network("AR", [152, 168, 0, 0], 14, [0x2800, 0x2000, 0, 0], 20), // AS7303 Telecom Argentina
    network("CL", [181, 160, 0, 0], 14, [0; 4], 0),           // AS7418 Telefónica Chile
    network("CO", [181, 51, 128, 0], 18, [0x2800, 0x485, 0, 0], 32), // AS10620 Telmex
    network("PE", [190, 232, 0, 0], 13, [0x2001, 0x1388, 0, 0], 32), // AS6147 Telefónica del Perú
    network("UY", [167, 56, 0, 0], 13, [0x2800, 0xa0, 0, 0], 28), // AS6057 ANTEL
    network("EC", [181, 39, 0, 0], 16, [0x2800, 0x68, 0x8000, 0], 33), // AS27947 Telconet
    network("BO", [190, 129, 0, 0], 16, [0x2800, 0xcd0, 0, 0], 32), // AS6568 Entel S.A. - EntelNet
    network("PY", [181, 120, 0, 0], 13, [0x2800, 0x3a0, 0, 0], 32), // AS23201 Telecel
    network("CR", [201, 192, 0, 0], 13, [0x2001, 0x1330, 0, 0], 29), // AS11830 Instituto Costarricense de Electricidad y Telecom.
    network("PA", [186, 72, 0, 0], 14, [0x2800, 0x350, 0, 0], 29),   // AS11556 Cable & Wireless Panama
    network("GT", [190, 56, 0, 0], 16, [0x2800, 0x98, 0, 0], 32),    // AS14754 Telgua
    network("DO", [179, 52, 0, 0], 15, [0x2001, 0x1308, 0, 0], 32), // AS6400 Compania Dominicana de Telefonos
    network("JM", [72, 27, 0, 0], 17, [0x2600, 0x1b00, 0, 0], 24),  // AS30689 FLOW
    network("TT", [181, 118, 32, 0], 19, [0x2803, 0x1500, 0, 0], 32), // AS27800 Digicel Trinidad and Tobago
    network("IS", [194, 144, 0, 0], 16, [0x2a00, 0x4d60, 0, 0], 32), // AS12969 Ljosleidarinn ehf
    network("IE", [86, 40, 0, 0], 13, [0x2001, 0xbb0, 0, 0], 48),   // AS5466 Eircom
    network("NO", [88, 88, 0, 0], 13, [0x2001, 0x4600, 0, 0], 24),  // AS2119 Telenor Norge
    network("SE", [78, 64, 0, 0], 13, [0x2a13, 0xd480, 0, 0], 29),  // AS3301 Telia Company
    network("FI", [80, 220, 0, 0], 14, [0x2001, 0x8b8, 0, 0], 29),  // AS1759 Telia Finland
    network("DK", [80, 160, 0, 0], 13, [0x2001, 0x6c8, 0, 0], 29),  // AS3292 TDC Holding
    network("BE", [81, 240, 0, 0], 13, [0x2a02, 0xa000, 0, 0], 26), // AS5432 Proximus
    network("LU", [83, 99, 0, 0], 17, [0x2001, 0x7e8, 0, 0], 29),   // AS6661 POST Luxembourg
    network("CH", [85, 0, 0, 0], 13, [0x2a02, 0x1200, 0, 0], 28),   // AS3303 Swisscom
    network("AT", [91, 112, 0, 0], 14, [0x2001, 0x850, 0, 0], 29),  // AS8447 A1 Telekom Austria
    network("IT", [2, 112, 0, 0], 13, [0x2a01, 0x2000, 0, 0], 20),  // AS3269 Telecom Italia
    network("ES", [2, 136, 0, 0], 13, [0x2a02, 0x9100, 0, 0], 24),  // AS3352 TELEFONICA DE ESPANA
    network("PT", [85, 240, 0, 0], 13, [0x2001, 0x8a0, 0, 0], 32),  // AS3243 MEO
    network("PL", [79, 184, 0, 0], 13, [0x2a01, 0x1400, 0, 0], 22), // AS5617 Orange Polska
    network("CZ", [88, 100, 0, 0], 14, [0x2a00, 0x1028, 0, 0], 29), // AS5610 O2 Czech Republic
    network("SK", [78, 98, 0, 0], 15, [0x2a00, 0x12a8, 0, 0], 29),  // AS6855 Slovak Telekom
    network("HU", [81, 182, 0, 0], 15, [0x2a00, 0x1110, 0, 0], 29), // AS5483 Magyar Telekom
    network("SI", [188, 196, 0, 0], 14, [0x2a02, 0xe20, 0, 0], 29), // AS5603 Telekom Slovenije
    network("HR", [93, 136, 0, 0], 13, [0x2a00, 0xc30, 0, 0], 29),  // AS5391 Hrvatski Telekom
    network("RS", [93, 86, 0, 0], 15, [0x2a04, 0x1dc0, 0, 0], 29),  // AS8400 TELEKOM SRBIJA
    network("BA", [31, 176, 128, 0], 17, [0x2a02, 0x27b0, 0, 0], 35), // AS9146 BH Telecom d.d. Sarajevo
    network("BG", [79, 100, 0, 0], 16, [0x2a01, 0x5a8, 0x8000, 0], 33), // AS8866 Vivacom Bulgaria
    network("RO", [5, 12, 0, 0], 14, [0x2a02, 0x2f00, 0, 0], 28),   // AS8708 DIGI ROMANIA
    network("GR", [94, 64, 0, 0], 13, [0x2a02, 0x580, 0, 0], 29),   // AS6799 Ote
    network("TR", [85, 96, 0, 0], 13, [0x2a00, 0x1d30, 0, 0], 29), // AS9121 Turk Telekomunikasyon Anonim Sirketi
    network("CY", [37, 149, 0, 0], 16, [0x2a00, 0x1358, 0, 0], 29), // AS6866 Cyprus Telecommunications Authority
    network("MT", [46, 11, 0, 0], 16, [0x2a02, 0xdd0, 0, 0], 32),   // AS15735 GO
    network("UA", [46, 118, 0, 0], 15, [0x2a02, 0x8a8, 0, 0], 32),  // AS15895 Kyivstar
    network("MD", [92, 115, 0, 0], 16, [0x2a02, 0xa30, 0, 0], 29),  // AS8926 Moldtelecom
    network("LT", [78, 56, 0, 0], 13, [0x2a00, 0x1428, 0, 0], 29),  // AS8764 Telia Lietuva
    network("LV", [46, 109, 0, 0], 16, [0x2a02, 0x2334, 0, 0], 30), // AS12578 SIA Tet
    network("EE", [90, 190, 0, 0], 15, [0x2001, 0x7d0, 0, 0], 32),  // AS3249 Telia Eesti
    network("GE", [5, 178, 128, 0], 17, [0x2a0b, 0x6200, 0, 0], 29), // AS16010 Magticom
    network("AM", [46, 241, 128, 0], 17, [0x2a01, 0x4a00, 0, 0], 32), // AS44395 Ucom
    network("AZ", [31, 171, 16, 0], 20, [0x2a01, 0x6480, 0, 0], 47), // AS29049 Delta Telecom
    network("KZ", [2, 132, 0, 0], 14, [0x2a00, 0x12f8, 0, 0], 32),  // AS9198 JSC Kazakhtelecom
    network("UZ", [213, 230, 64, 0], 18, [0x2a05, 0x45c0, 0, 0], 31), // AS8193 Uzbektelekom Joint Stock
    network("RU", [178, 64, 0, 0], 13, [0x2a0e, 0xb900, 0, 0], 29), // AS12389 PJSC Rostelecom
    network("IL", [79, 178, 0, 0], 15, [0x2a10, 0x8000, 0, 0], 27), // AS8551 Bezeq International
    network("JO", [46, 185, 128, 0], 17, [0x2a01, 0x9700, 0x1000, 0], 36), // AS8376 Jordan Data Communications Company
    network("LB", [178, 135, 0, 0], 16, [0x2a00, 0x6920, 0xe000, 0], 39),  // AS42003 LIBANTELECOM
    network("SA", [37, 104, 0, 0], 14, [0x2001, 0x16a2, 0x1000, 0], 36),   // AS25019 Saudi Telecom Company
    network("AE", [2, 48, 0, 0], 14, [0; 4], 0), // AS5384 EMIRATES TELECOMMUNICATIONS GROUP COMPANY
    network("QA", [37, 210, 0, 0], 15, [0x2001, 0x1a14, 0, 0], 30), // AS8781 Ooredoo
    network("KW", [94, 29, 128, 0], 17, [0x2a02, 0x7500, 0, 0], 32), // AS9155 Quality Net General Trading & Contracting
    network("BH", [77, 69, 128, 0], 17, [0x2001, 0x1a40, 0x1000, 0], 37), // AS5416 BEYON
    network("OM", [5, 36, 0, 0], 15, [0x2a11, 0x96c0, 0, 0], 29),    // AS28885 Oman Telecommunications
    network("EG", [41, 32, 0, 0], 13, [0x2c0f, 0x7b00, 0, 0], 28),   // AS8452 TE Data
    network("MA", [160, 176, 0, 0], 14, [0x2001, 0x4288, 0x8000, 0], 48), // AS36903 Office National des Postes et Telecommunications ONPT  / IAM
    network("DZ", [41, 96, 0, 0], 13, [0x2c0f, 0xf858, 0, 0], 32),        // AS36947 Telecom Algeria
    network("TN", [102, 242, 0, 0], 15, [0x2c0f, 0x4280, 0x8000, 0], 33), // AS2609 Tunisia BackBone
    network("NG", [129, 205, 96, 0], 19, [0x2c0f, 0xf9e0, 0, 0], 32),     // AS37148 Globacom
    network("GH", [154, 160, 0, 0], 13, [0x2c0e, 0xa000, 0, 0], 24),      // AS30986 Scancom
    network("KE", [105, 160, 0, 0], 13, [0x2c0f, 0xfe38, 0, 0], 32),      // AS33771 Safaricom
    network("TZ", [41, 59, 0, 0], 17, [0; 4], 0), // AS33765 TANZANIA TELECOMMUNICATIONS CO. LTD
    network("UG", [212, 88, 96, 0], 19, [0x2c0f, 0xfe10, 0, 0], 32), // AS20294 MTN Uganda
    network("RW", [41, 186, 0, 0], 16, [0x2c0f, 0xf860, 0, 0], 32), // AS36890 MTN Rwandacell
    network("ET", [196, 188, 0, 0], 14, [0x2c0f, 0xf348, 0, 0], 32), // AS24757 EthioNet
    network("ZA", [196, 212, 0, 0], 14, [0x2c0f, 0xfc10, 0, 0], 28), // AS3741 Dimension Data
    network("NA", [41, 182, 0, 0], 16, [0; 4], 0), // AS36996 Telecom Namibia
    network("BW", [168, 167, 0, 0], 16, [0x2c0f, 0xff00, 0, 0], 47), // AS14988 Botswana Telecommunications
    network("MU", [102, 112, 0, 0], 13, [0x2001, 0x4290, 0, 0], 32), // AS23889 MauritiusTelecom
    network("SN", [41, 82, 0, 0], 15, [0x2001, 0x4278, 0, 0], 32), // AS8346 SONATEL-AS
    network("CI", [160, 154, 0, 0], 15, [0x2001, 0x42d8, 0, 0], 32), // AS29571 ORANGE COTE D'IVOIRE
    network("CM", [129, 0, 0, 0], 16, [0x2c0f, 0xf660, 0, 0], 32), // AS30992 MTN Network Solutions
    network("AO", [105, 168, 0, 0], 13, [0x2c0f, 0xf888, 0, 0], 32), // AS37119 UNITEL
    network("MZ", [197, 158, 0, 0], 18, [0x2001, 0x4378, 0, 0], 32), // AS30619 TMCEL Mocambique
    network("ZM", [41, 60, 0, 0], 20, [0; 4], 0), // AS30844 Liquid Telecommunications
    network("MG", [102, 16, 0, 0], 14, [0x2c0f, 0xfa28, 0, 0], 32), // AS37054 Telecom Malagasy
    network("IN", [59, 88, 0, 0], 13, [0x2001, 0x4490, 0x7000, 0], 36), // AS9829 Bharat Sanchar Nigam
    network("PK", [39, 40, 0, 0], 13, [0x2404, 0x7000, 0xc000, 0], 34), // AS17557 Pakistan Telecommuication company
    network("BD", [180, 211, 128, 0], 18, [0x2407, 0x5000, 0x2000, 0], 35), // AS17494 Bangladesh Telegraph & Telephone Board
    network("LK", [112, 134, 0, 0], 15, [0x2402, 0xd000, 0, 0], 34),        // AS9329 Sri Lanka Telecom
    network("NP", [27, 34, 0, 0], 17, [0x2400, 0x1a00, 0, 0], 33), // AS17501 WorldLink Communications
    network("MM", [203, 81, 64, 0], 19, [0x2400, 0x5f40, 0, 0], 32), // AS9988 Myanma Post & Telecommunication
    network("VN", [14, 160, 0, 0], 13, [0x2001, 0xee0, 0, 0], 30), // AS45899 VNPT Corp
    network("KH", [36, 37, 128, 0], 17, [0x2405, 0x8380, 0, 0], 32), // AS38623 VIETTEL
    network("LA", [115, 84, 64, 0], 18, [0x2400, 0xaa00, 0, 0], 32), // AS9873 Lao Telecommunication Public
    network("MY", [175, 136, 0, 0], 13, [0x2001, 0x4470, 0, 0], 32), // AS4788 TM TECHNOLOGY SERVICES
    network("SG", [121, 6, 0, 0], 15, [0x2400, 0xd802, 0x9080, 0], 41), // AS9506 Singapore Telecommunications Ltd, Magix Services
    network("PH", [49, 144, 0, 0], 13, [0x2001, 0x4452, 0, 0], 31), // AS9299 Philippine Long Distance Telephone
    network("CN", [36, 56, 0, 0], 13, [0x240e, 0x400, 0, 0], 22),   // AS4134 Chinanet
    network("HK", [112, 118, 0, 0], 15, [0x2404, 0xc804, 0, 0], 30), // AS4760 PCCW IMS
    network("TW", [1, 160, 0, 0], 13, [0x2001, 0xb060, 0, 0], 27),  // AS3462 Chunghwa Telecom Co.
    network("JP", [58, 88, 0, 0], 13, [0x2400, 0x4000, 0, 0], 22),  // AS4713 NTT Communications
    network("KR", [1, 96, 0, 0], 13, [0x2400, 0xe1, 0, 0], 32),     // AS4766 Korea Telecom
    network("MN", [202, 21, 96, 0], 19, [0x2407, 0x6400, 0, 0], 32), // AS9484 Mobinet
    network("AU", [1, 120, 0, 0], 13, [0x2001, 0x8000, 0, 0], 20),  // AS1221 Telstra
    network("NZ", [122, 57, 0, 0], 16, [0; 4], 0),                  // AS4771 Spark New Zealand Trading
    network("FJ", [27, 123, 128, 0], 18, [0x2401, 0x5100, 0x8000, 0], 33), // AS38442 Vodafone Fiji
    network("PG", [202, 1, 32, 0], 20, [0x2001, 0xc60, 0, 0], 32),  // AS17828 PNG DATACO
    network("NC", [101, 101, 0, 0], 18, [0x2404, 0x2200, 0x8000, 0], 33), // AS18200 Office des Postes et des Telecomm. de Nouvelle Caledonie
    network("GL", [88, 83, 0, 0], 19, [0x2a00, 0x1fa8, 0, 0], 32),        // AS8818 Tele Greenland
    network("FO", [88, 85, 32, 0], 19, [0x2a02, 0xe90, 0, 0], 32),        // AS15389 P/F Telefonverkid
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_row_is_another_country_and_there_are_over_a_hundred() {
        let countries: BTreeSet<_> = NETWORKS.iter().map(|network| network.country).collect();
        assert_eq!(countries.len(), NETWORKS.len());
        assert!(countries.len() > 100);
    }

    #[test]
    fn addresses_stay_in_their_block() {
        let mut random = Random::new(1);
        for network in NETWORKS {
            let (v4, v6) = (network.v4(&mut random).to_bits(), network.v6(&mut random));
            assert_eq!(v4 >> (32 - network.v4_length), network.v4 >> (32 - network.v4_length));
            if let Some(v6) = v6 {
                let high = (v6.to_bits() >> 64) as u64;
                assert_eq!(high >> (64 - network.v6_length), network.v6 >> (64 - network.v6_length));
            }
        }
    }
}
