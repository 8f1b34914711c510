//! One network a line, below a heading of comments.

use super::super::heading::Heading;
use super::super::list::List;

pub(super) fn render(list: &List, heading: &Heading) -> String {
    let networks: String = list.networks.iter().map(|network| format!("{network}\n")).collect();
    super::comments(list, heading, &[]) + &networks
}
