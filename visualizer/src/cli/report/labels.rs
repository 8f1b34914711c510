//! How an autonomous system is called: asn_report's three ways.

use analyzer::aggregate::Row;
use clap::ValueEnum;

/// What stands for an autonomous system in tables and charts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Labels {
    /// `AS1136`
    Number,
    /// `KPN`
    Owner,
    /// `AS1136: KPN`
    Both,
}

impl Labels {
    /// The label of a row. An owner nobody names is called by its number.
    pub(crate) fn of(self, row: &Row) -> String {
        let number = row.asn.map_or_else(|| row.key.clone(), |asn| format!("AS{}", asn.0));
        match (self, row.as_name.as_deref().filter(|name| !name.is_empty())) {
            (Self::Number, _) | (_, None) => number,
            (Self::Owner, Some(owner)) => owner.to_owned(),
            (Self::Both, Some(owner)) => format!("{number}: {owner}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use analyzer::Counts;
    use analyzer::aggregate::Label;
    use analyzer::geo::Asn;

    use super::*;

    #[test]
    fn a_system_has_three_labels_and_one_if_nobody_names_it() {
        let row = Row::new("1136".to_owned(), Counts::default(), Label::End);
        let named = Row { asn: Some(Asn(1136)), as_name: Some("KPN".to_owned()), ..row };
        let labels = |row: &Row| [Labels::Number, Labels::Owner, Labels::Both].map(|labels| labels.of(row));
        assert_eq!(labels(&named), ["AS1136", "KPN", "AS1136: KPN"]);
        assert_eq!(labels(&Row { as_name: None, ..named }), ["AS1136"; 3]);
    }
}
