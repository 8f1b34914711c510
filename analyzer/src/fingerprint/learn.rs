//! What a capture shows that no signature fits, as lines of a signature file: generalised as far as the same stack or program
//! varies by itself, grouped by section, ready to be named. The file can be read as it is.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::net::IpAddr;

use ahash::RandomState;

use super::event::{Event, EventKind};
use super::http::HttpPattern;
use super::pattern::TcpPattern;

/// Lines of a section that are kept.
const MOST_LINES: usize = 10_000;

/// Hosts of a line that are told apart.
const MOST_HOSTS: usize = 1000;

/// Sections in the order of the file, and the beginning of their labels.
const SECTIONS: [(&str, &str); 5] = [
    ("[mtu]", ""),
    ("[tcp:request]", "s:other:"),
    ("[tcp:response]", "s:other:"),
    ("[http:request]", "s:!:"),
    ("[http:response]", "s:!:"),
];

/// A line.
#[derive(Debug)]
struct Lesson {
    times: u64,
    hosts: HashSet<IpAddr, RandomState>,
    /// Where it was seen first.
    first: (IpAddr, u64),
}

/// What was seen and not known.
#[derive(Debug, Default)]
pub struct Lessons {
    sections: [HashMap<String, Lesson, RandomState>; SECTIONS.len()],
    left_out: u64,
}

impl Lessons {
    /// Takes an observation; one that has a label is no lesson.
    pub fn note(&mut self, event: &Event<'_>) {
        let (section, line) = match &event.kind {
            EventKind::Mtu { unit, link: None } => (0, Some(unit.to_string())),
            EventKind::TcpSyn(sight) if sight.found.is_none() => {
                (1, Some(TcpPattern::of(&sight.print, 0).to_string()))
            }
            EventKind::TcpSynAck(sight) if sight.found.is_none() => {
                (2, Some(TcpPattern::of(&sight.print, sight.peer_segment).to_string()))
            }
            EventKind::HttpRequest(sight) if sight.found.is_none() => {
                (3, HttpPattern::of(sight.print).map(|pattern| pattern.to_string()))
            }
            EventKind::HttpResponse(sight) if sight.found.is_none() => {
                (4, HttpPattern::of(sight.print).map(|pattern| pattern.to_string()))
            }
            _ => return,
        };
        let known = &mut self.sections[section];
        match line.filter(|line| known.len() < MOST_LINES || known.contains_key(line)) {
            Some(line) => known.entry(line).or_insert_with(|| Lesson::of(event)).count(event.address()),
            None => self.left_out += 1,
        }
    }

    /// Lines that were learned.
    pub fn count(&self) -> usize {
        self.sections.iter().map(HashMap::len).sum()
    }

    /// Observations of which no line was made: a header's name doesn't fit the notation, or there are too many.
    pub const fn left_out(&self) -> u64 {
        self.left_out
    }
}

impl Lesson {
    fn of(event: &Event<'_>) -> Self {
        Self { times: 0, hosts: HashSet::default(), first: (event.address(), event.frame) }
    }

    fn count(&mut self, host: IpAddr) {
        self.times += 1;
        if self.hosts.len() < MOST_HOSTS {
            self.hosts.insert(host);
        }
    }

    /// Most hosts first, then most often, then first seen: an order that does not change.
    fn order(&self) -> impl Ord + use<> {
        (std::cmp::Reverse((self.hosts.len(), self.times)), self.first.1)
    }
}

impl fmt::Display for Lesson {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hosts = self.hosts.len();
        let times = |n: u64| if n == 1 { "once".to_owned() } else { format!("{n} times") };
        write!(f, "; seen {} from {hosts}", times(self.times))?;
        f.write_str(match hosts {
            1 => " host",
            MOST_HOSTS => " or more hosts",
            _ => " hosts",
        })?;
        let (address, frame) = self.first;
        write!(f, ", e.g. {address} in frame {frame}")
    }
}

impl fmt::Display for Lessons {
    /// A signature file.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "; Signatures that are to be named: label = s:CLASS:NAME:VERSION, ! as the class of a program."
        )?;
        writeln!(f, "classes = win,unix,other")?;
        let mut number = 0;
        for ((title, label), lines) in
            SECTIONS.iter().zip(&self.sections).filter(|(_, lines)| !lines.is_empty())
        {
            writeln!(f, "\n{title}")?;
            let mut lines: Vec<_> = lines.iter().collect();
            lines.sort_by_key(|(line, lesson)| (lesson.order(), *line));
            for (line, lesson) in lines {
                number += 1;
                let flavor = if label.is_empty() { "" } else { ":" };
                writeln!(f, "\n{lesson}\nlabel = {label}unnamed {number}{flavor}\nsig   = {line}")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::http::{HttpPrint, Role};
    use super::super::{Database, End, HttpSight, Subject, TcpPrint, TcpSight};
    use super::*;
    use capturer::Timestamp;

    const SERVER: End = (IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1)), 80);

    fn note(lessons: &mut Lessons, host: u8, kind: EventKind<'_>) {
        let client = (IpAddr::from([198, 51, 100, host]), 4000);
        let (at, subject) = (Timestamp::EPOCH, Subject::Client);
        lessons.note(&Event { at, frame: 7, client, server: SERVER, subject, kind });
    }

    fn syn(window: u16) -> EventKind<'static> {
        let layout = "mss,nop,nop,sok".parse().unwrap();
        let print = TcpPrint { ttl: 50, mss: 1400, window, layout, ..TcpPrint::empty() };
        EventKind::TcpSyn(TcpSight { print, peer_segment: 0, found: None, distance: 14 })
    }

    #[test]
    fn lines_are_generalised_and_counted() {
        let mut lessons = Lessons::default();
        for (host, window) in [(1, 2800), (1, 2800), (2, 2800), (3, 999)] {
            note(&mut lessons, host, syn(window));
        }
        note(&mut lessons, 1, EventKind::Mtu { unit: 1333, link: None });
        let text = lessons.to_string();
        for line in [
            "[mtu]\n\n; seen once from 1 host, e.g. 198.51.100.1 in frame 7\nlabel = unnamed 1\nsig   = 1333\n",
            "; seen 3 times from 2 hosts, e.g. 198.51.100.1 in frame 7\nlabel = s:other:unnamed 2:\n\
             sig   = 4:64:0:*:mss*2,0:mss,nop,nop,sok::0\n",
            "sig   = 4:64:0:*:999,0:mss,nop,nop,sok::0\n",
        ] {
            assert!(text.contains(line), "{line}\n{text}");
        }
        assert_eq!(lessons.count(), 3);
    }

    #[test]
    fn of_heads_a_programs_own_values_are_kept() {
        let header = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        let headers = [
            ("Host", "a"),
            ("User-Agent", "tool/1.2 (x)"),
            ("Accept", "*/*"),
            ("X-Id", "77"),
            ("Cookie", "b"),
        ];
        let print =
            HttpPrint { role: Role::Request, version: 1, headers: headers.iter().map(header).collect() };
        let mut lessons = Lessons::default();
        let sight = HttpSight { print: &print, found: None, dishonest: false };
        note(&mut lessons, 1, EventKind::HttpRequest(sight));
        let line = "1:Host,User-Agent,Accept=[*/*],X-Id,?Cookie:Connection,Accept-Encoding,Accept-Language,Accept-Charset,Keep-Alive:tool/";
        assert!(lessons.to_string().contains(line), "{lessons}");
        let odd = HttpPrint { headers: vec![("a b".to_owned(), String::new())], ..print };
        note(&mut lessons, 1, EventKind::HttpRequest(HttpSight { print: &odd, ..sight }));
        assert_eq!((lessons.count(), lessons.left_out()), (1, 1));
    }

    #[test]
    fn what_has_a_label_is_no_lesson_and_lines_are_bounded() {
        let mut lessons = Lessons::default();
        let database = Arc::clone(&Database::own());
        note(&mut lessons, 1, EventKind::Mtu { unit: 1500, link: database.link(1500) });
        assert_eq!(lessons.count(), 0);
        for unit in 0..MOST_LINES as u32 + 5 {
            note(&mut lessons, 1, EventKind::Mtu { unit, link: None });
        }
        assert_eq!((lessons.count(), lessons.left_out()), (MOST_LINES, 5));
    }
}
