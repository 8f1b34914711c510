//! Which graphs: `--graph TYPE`, each with the options that come after it up to the next. Traffic Analyser's names are
//! accepted in any case, and the lists of its last version, too: `-g A,B -p a-snd.a-rcv,b-snd -l ,Country -r ,addrPcktNum`.

use analyzer::exchange::{Key, Way};
use clap::{Arg, ArgAction, ArgMatches, Args, Command, FromArgMatches};

use super::Shape;
use crate::cli::Failure;
use crate::cli::exchange::By;

/// The kinds of graphs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Stack,
    Line,
    Scatter,
    Bar,
    Pie,
    Barh,
    Freq,
}

/// Names of kinds, with what they show.
const KINDS: [(&str, Kind, &str); 7] = [
    ("stack", Kind::Stack, "what has come so far, or what came in each interval, on top of each other"),
    ("line", Kind::Line, "sizes of packets, or sums of intervals, as lines"),
    ("scatter", Kind::Scatter, "the same as dots"),
    ("bar", Kind::Bar, "the same as bars"),
    ("pie", Kind::Pie, "shares of all that came"),
    ("barh", Kind::Barh, "a bar for each far end, a segment for each key"),
    ("freq", Kind::Freq, "rhythms: the Fourier transform, real and imaginary part over frequency"),
];

/// What is summed up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Measure {
    #[default]
    Bytes,
    Packets,
}

/// One graph.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Graph {
    pub(super) kind: Kind,
    /// Protocols and directions.
    pub(super) keys: Vec<Key>,
    /// Whether they were named.
    pub(super) keyed: bool,
    /// What the far end is known by; none: it isn't told apart.
    pub(super) by: Option<By>,
    pub(super) measure: Measure,
    /// Seconds.
    pub(super) interval: Option<f64>,
}

impl Kind {
    fn named(text: &str) -> Option<Self> {
        let lower = text.trim().to_ascii_lowercase();
        let name = lower.strip_suffix("plot").unwrap_or(&lower);
        KINDS.into_iter().find(|(known, ..)| *known == name).map(|(_, kind, _)| kind)
    }

    /// Whether it shows far ends, not a course.
    pub(super) const fn ranks(self) -> bool {
        matches!(self, Self::Pie | Self::Barh)
    }
}

/// The words of one group, as they were given.
#[derive(Clone, Debug, Default, PartialEq)]
struct Group {
    graph: String,
    keys: Option<String>,
    by: Option<String>,
    measure: Option<String>,
}

/// All groups, in order.
#[derive(Clone, Debug, Default)]
pub(super) struct Groups(Vec<Group>);

/// The options of a group, by the names they have in a match.
const GRAPH: &str = "graph";
const KEYS: &str = "keys";
const BY: &str = "by";
const MEASURE: &str = "measure";

impl Args for Groups {
    fn augment_args(command: Command) -> Command {
        let kinds: Vec<String> = KINDS.iter().map(|(name, _, words)| format!("{name}: {words}")).collect();
        let of = |id: &'static str| Arg::new(id).action(ArgAction::Append);
        command
            .arg(of(GRAPH).short('g').long(GRAPH).value_name("TYPE").help(format!(
                "A graph, several below each other; options up to the next one are its own [default: stack]\n{}",
                kinds.join("\n")
            )))
            .arg(of(KEYS).short('p').long("keys").value_name("KEYS").help(
                "Protocols with directions, such as ip-snd,ip-rcv: -snd from the device, -rcv all else, or, where -oth is asked for, too, to the device alone [default: all-snd,all-rcv]",
            ))
            .arg(of(BY).short('l').long(BY).value_name("METHOD").help(
                "Tell far ends apart: ip, country, continent, organisation, prefix, place, name, domain (also host, tsharkhost), protocol, mac, ripecountry",
            ))
            .arg(of(MEASURE).short('r').long(MEASURE).value_name("MEASURE").help(
                "bytes or packets; addrPacketSize or addrPacketNum [default: bytes]",
            ))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for Groups {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let mut found: Vec<(usize, &'static str, String)> = Vec::new();
        for id in [GRAPH, KEYS, BY, MEASURE] {
            let values = matches.get_many::<String>(id).unwrap_or_default();
            let places = matches.indices_of(id).unwrap_or_default();
            found.extend(places.zip(values).map(|(place, value)| (place, id, value.clone())));
        }
        found.sort_unstable_by_key(|(place, ..)| *place);
        Ok(Self::of(found.into_iter().map(|(_, id, value)| (id, value))))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

impl Groups {
    /// Options in order; what comes before the first graph belongs to all.
    fn of(words: impl Iterator<Item = (&'static str, String)>) -> Self {
        let mut all = Group::default();
        let mut groups: Vec<Group> = Vec::new();
        for (id, value) in words {
            if id == GRAPH {
                groups.push(Group { graph: value, ..all.clone() });
                continue;
            }
            let group = groups.last_mut().unwrap_or(&mut all);
            match id {
                KEYS => group.keys = Some(value),
                BY => group.by = Some(value),
                _ => group.measure = Some(value),
            }
        }
        if groups.is_empty() {
            groups.push(Group { graph: "stack".to_owned(), ..all });
        }
        Self(groups)
    }

    /// The kinds alone.
    pub(super) fn kinds(&self) -> Result<Vec<Kind>, Failure> {
        self.0.iter().flat_map(|group| group.graph.split(',')).map(kind).collect()
    }

    /// What the words mean.
    ///
    /// # Errors
    /// A word that means nothing, with what was expected.
    pub(super) fn graphs(&self, shape: &Shape) -> Result<Vec<Graph>, Failure> {
        let mut graphs = Vec::new();
        for group in &self.0 {
            graphs.extend(group.graphs(shape)?);
        }
        Ok(graphs)
    }
}

impl Group {
    fn graphs(&self, shape: &Shape) -> Result<Vec<Graph>, Failure> {
        let kinds: Vec<&str> = self.graph.split(',').collect();
        let several = kinds.len() > 1;
        let part = |list: &Option<String>, index: usize| -> Option<String> {
            let list = list.as_deref()?;
            let part = if several { list.split(',').nth(index).unwrap_or_default() } else { list };
            Some(part.trim().to_owned()).filter(|part| !part.is_empty())
        };
        let graph = |(index, name): (usize, &&str)| {
            let keys = part(&self.keys, index);
            let of = keys.as_deref().map(|keys| keys.split([',', '.']).filter(|key| !key.is_empty()));
            let named: Option<Vec<Key>> = of.map(|keys| keys.map(key).collect()).transpose()?;
            let kind = kind(name)?;
            let by = part(&self.by, index).map(|text| by(&text)).transpose()?;
            let measure = part(&self.measure, index).map(|text| measure(&text)).transpose()?;
            let graph = Graph {
                kind,
                keyed: named.is_some(),
                keys: named.unwrap_or_else(|| vec![Key::all(Way::Sent), Key::all(Way::Received)]),
                by: by.or_else(|| kind.ranks().then(By::default)),
                measure: measure.unwrap_or_default(),
                interval: shape.interval,
            };
            check(&graph, shape)
        };
        kinds.iter().enumerate().map(graph).collect()
    }
}

/// Shares of a single packet are nothing.
fn check(graph: &Graph, shape: &Shape) -> Result<Graph, Failure> {
    let alone = matches!(graph.kind, Kind::Line | Kind::Scatter | Kind::Bar) && graph.interval.is_none();
    if shape.percent && (alone || graph.kind == Kind::Freq) {
        return Err(Failure::Usage("--percent: sizes of single packets and rhythms have no shares; with --interval lines, dots and bars have".to_owned()));
    }
    Ok(graph.clone())
}

fn kind(text: &str) -> Result<Kind, Failure> {
    Kind::named(text).ok_or_else(|| {
        let known: Vec<&str> = KINDS.iter().map(|(name, ..)| *name).collect();
        Failure::Usage(format!("--graph {text}: expected one of {}, or StackPlot …", known.join(", ")))
    })
}

fn key(text: &str) -> Result<Key, Failure> {
    text.parse().map_err(|error| Failure::Usage(format!("--keys: {error}")))
}

fn by(text: &str) -> Result<By, Failure> {
    By::method(text).ok_or_else(|| {
        Failure::Usage(format!(
            "--by {text}: expected ip, country, continent, organisation, prefix, place, name, domain, protocol, mac or \
             ripecountry; or IP, Country, Host, TSharkHost, RipeCountry"
        ))
    })
}

fn measure(text: &str) -> Result<Measure, Failure> {
    match text.to_ascii_lowercase().as_str() {
        "bytes" | "addrpacketsize" | "addrpcktsize" => Ok(Measure::Bytes),
        "packets" | "addrpacketnum" | "addrpcktnum" => Ok(Measure::Packets),
        _ => Err(Failure::Usage(format!(
            "--measure {text}: expected bytes or packets, or addrPacketSize or addrPacketNum"
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plot::Base;

    const SHAPE: Shape =
        Shape { interval: None, percent: false, top: None, no_time_shift: false, units: Base::Si };

    fn graphs(words: &[(&'static str, &str)]) -> Result<Vec<Graph>, Failure> {
        Groups::of(words.iter().map(|(id, value)| (*id, (*value).to_owned()))).graphs(&SHAPE)
    }

    #[test]
    fn options_belong_to_the_graph_before_them() {
        let words = [
            (GRAPH, "StackPlot"),
            (KEYS, "ip-snd,ip-rcv"),
            (GRAPH, "barhplot"),
            (KEYS, "eth-snd"),
            (BY, "COUNTRY"),
            (MEASURE, "addrPacketNum"),
        ];
        let graphs = graphs(&words).unwrap();
        assert_eq!([graphs[0].kind, graphs[1].kind], [Kind::Stack, Kind::Barh]);
        assert_eq!((graphs[0].keys.len(), graphs[0].by, graphs[0].measure), (2, None, Measure::Bytes));
        assert_eq!((graphs[1].keys.len(), graphs[1].measure), (1, Measure::Packets));
        assert_eq!(graphs[1].by, Some(By::Country));
    }

    #[test]
    fn the_lists_of_the_last_version_are_dealt_out() {
        let words = [
            (GRAPH, "StackPlot,BarHPlot,PiePlot"),
            (KEYS, "eth-snd.eth-rcv,ip-snd,udp-rcv"),
            (BY, ",Country,"),
            (MEASURE, ",addrPcktNum"),
        ];
        let graphs = graphs(&words).unwrap();
        assert_eq!(graphs.iter().map(|graph| graph.keys.len()).collect::<Vec<_>>(), [2, 1, 1]);
        assert_eq!(
            graphs.iter().map(|graph| graph.by).collect::<Vec<_>>(),
            [None, Some(By::Country), Some(By::Ip)]
        );
        assert_eq!(graphs[1].measure, Measure::Packets);
    }

    #[test]
    fn a_wrong_word_is_told_with_what_was_expected() {
        for (id, word, expected) in [
            (GRAPH, "Cake", "barh"),
            (KEYS, "ipx-snd", "icmp6"),
            (BY, "whois", "organisation"),
            (MEASURE, "colour", "packets"),
        ] {
            let error = graphs(&[(GRAPH, "stack"), (id, word)]).unwrap_err().to_string();
            assert!(error.contains(word) && error.contains(expected), "{error}");
        }
        assert_eq!(graphs(&[]).unwrap()[0].kind, Kind::Stack);
    }
}
