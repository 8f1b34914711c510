//! Continents of countries: the seven that people count, by the list that databases share (GeoNames' `countryInfo`): each
//! country in one, overseas territories where they lie, Russia in Europe, Türkiye in Asia.

use super::CountryCode;

/// One of seven.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Continent {
    /// Africa.
    Africa,
    /// Antarctica.
    Antarctica,
    /// Asia.
    Asia,
    /// Europe.
    Europe,
    /// North America.
    NorthAmerica,
    /// Oceania.
    Oceania,
    /// South America.
    SouthAmerica,
}

/// Each with its code, its name and its countries.
#[rustfmt::skip]
const CONTINENTS: [(Continent, &str, &str, &str); 7] = [
    (Continent::Africa, "AF", "Africa",
     "AO BF BI BJ BW CD CF CG CI CM CV DJ DZ EG EH ER ET GA GH GM GN GQ GW KE KM LR LS LY MA MG ML MR MU MW MZ NA NE NG RE RW SC SD SH SL SN SO SS ST SZ TD TG TN TZ UG YT ZA ZM ZW"),
    (Continent::Antarctica, "AN", "Antarctica",
     "AQ BV GS HM TF"),
    (Continent::Asia, "AS", "Asia",
     "AE AF AM AZ BD BH BN BT CC CN CX GE HK ID IL IN IO IQ IR JO JP KG KH KP KR KW KZ LA LB LK MM MN MO MV MY NP OM PH PK PS QA SA SG SY TH TJ TM TR TW UZ VN YE"),
    (Continent::Europe, "EU", "Europe",
     "AD AL AT AX BA BE BG BY CH CY CZ DE DK EE ES FI FO FR GB GG GI GR HR HU IE IM IS IT JE LI LT LU LV MC MD ME MK MT NL NO PL PT RO RS RU SE SI SJ SK SM UA VA XK"),
    (Continent::NorthAmerica, "NA", "North America",
     "AG AI AW BB BL BM BQ BS BZ CA CR CU CW DM DO GD GL GP GT HN HT JM KN KY LC MF MQ MS MX NI PA PM PR SV SX TC TT US VC VG VI"),
    (Continent::Oceania, "OC", "Oceania",
     "AS AU CK FJ FM GU KI MH MP NC NF NR NU NZ PF PG PN PW SB TK TL TO TV UM VU WF WS"),
    (Continent::SouthAmerica, "SA", "South America",
     "AR BO BR CL CO EC FK GF GY PE PY SR UY VE"),
];

/// The continent of each code, made from the table when the program is built.
static OF: [Option<Continent>; 676] = of();

const fn of() -> [Option<Continent>; 676] {
    let mut table = [None; 676];
    let mut row = 0;
    while row < CONTINENTS.len() {
        let (continent, _, _, codes) = CONTINENTS[row];
        let codes = codes.as_bytes();
        let mut at = 0;
        while at + 1 < codes.len() {
            table[(codes[at] - b'A') as usize * 26 + (codes[at + 1] - b'A') as usize] = Some(continent);
            at += 3;
        }
        row += 1;
    }
    table
}

impl Continent {
    /// The continent of a country, if the code is one of a country.
    #[inline]
    pub fn of(country: CountryCode) -> Option<Self> {
        OF[country.index()]
    }

    /// The one of these two letters, in either case.
    pub fn named(code: &str) -> Option<Self> {
        CONTINENTS
            .iter()
            .find(|(_, known, ..)| known.eq_ignore_ascii_case(code))
            .map(|(continent, ..)| *continent)
    }

    /// Two letters.
    pub const fn code(self) -> &'static str {
        CONTINENTS[self as usize].1
    }

    /// Its English name.
    pub const fn name(self) -> &'static str {
        CONTINENTS[self as usize].2
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_country_that_has_a_name_has_one_continent() {
        for index in 0..676 {
            let Some(code) = CountryCode::from_index(index) else { continue };
            let named = super::super::country_name(code) != "Unknown";
            assert_eq!(Continent::of(code).is_some(), named, "{code}");
            let lists = CONTINENTS.iter().filter(|row| row.3.split(' ').any(|one| one == code.as_str()));
            assert!(lists.count() <= 1, "{code}");
        }
    }

    #[test]
    fn rows_are_in_the_order_of_the_names() {
        assert!(CONTINENTS.iter().enumerate().all(|(index, row)| row.0 as usize == index));
        let of = |code| CountryCode::new(code).and_then(Continent::of).map(Continent::code);
        assert_eq!([of("NL"), of("BR"), of("QQ")], [Some("EU"), Some("SA"), None]);
    }
}
