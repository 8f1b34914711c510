//! Where pictures go and how they look: a picture of all files, or one for each in a folder.

use std::fs;
use std::path::{Component, Path, PathBuf};

use analyzer::exchange::Key;
use capturer::Timestamp;
use clap::{Args, ValueEnum};

use super::gathering::{Gathering, Kept};
use super::groups::{Graph, Kind};
use super::{About, Arguments, Labels, Read, categories, course, rhythm};
use crate::cli::{Failure, output};
use crate::plot::{Body, Figure, Panel, Size, Theme};

/// What a picture is written as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// Lines and letters, at any size
    Svg,
    /// Pixels
    Png,
}

impl Format {
    const fn extension(self) -> &'static str {
        match self {
            Self::Svg => "svg",
            Self::Png => "png",
        }
    }
}

/// How the sheet looks and where it goes.
#[derive(Debug, Args)]
pub(in crate::cli) struct Sheet {
    /// Write to a file, or, into a folder (one that exists, or a name that ends with /), a picture for each capture
    #[arg(long, value_name = "FILE|DIR")]
    output: Option<PathBuf>,
    /// A picture for each capture into this folder, which is made
    #[arg(short = 'f', long, value_name = "DIR", alias = "figDir", conflicts_with = "output")]
    figures: Option<PathBuf>,
    /// svg or png [default: by the name of the file, else svg]
    #[arg(long, value_name = "FORMAT")]
    format: Option<Format>,
    /// light for paper, dark for dark pages
    #[arg(long, value_name = "THEME", default_value = "light")]
    theme: Theme,
    /// Width of the picture and height of each graph over time; 800 units are 17 cm on paper with letters of 7.5 points and more
    #[arg(long, value_name = "WxH", default_value = "800x360", value_parser = size)]
    size: Size,
    /// Pixels of a PNG to a unit
    #[arg(long, value_name = "N", default_value_t = 2.0, value_parser = scale)]
    scale: f64,
    /// The title [default: the captures]
    #[arg(long, value_name = "TEXT")]
    title: Option<String>,
}

fn size(text: &str) -> Result<Size, String> {
    let wrong = || "expected width and height, 300x150 to 4000x4000, such as 800x360".to_owned();
    let (width, height) = text.split_once(['x', 'X', '×']).ok_or_else(wrong)?;
    let within = |text: &str, least: f64| {
        text.parse::<u16>().ok().map(f64::from).filter(|n| (least..=4000.0).contains(n))
    };
    within(width, 300.0)
        .zip(within(height, 150.0))
        .map(|(width, height)| Size { width, height })
        .ok_or_else(wrong)
}

fn scale(text: &str) -> Result<f64, String> {
    let scale = text.parse::<f64>().ok().filter(|scale| (0.5..=8.0).contains(scale));
    scale.ok_or_else(|| "expected 0.5 to 8 pixels".to_owned())
}

impl Sheet {
    /// Refuses what can't be before anything is read.
    pub(super) fn check(&self) -> Result<(), Failure> {
        let (named, meant) = (self.output.as_deref().and_then(Path::extension), self.format);
        match (named.and_then(|name| name.to_str()), meant) {
            (Some(name), None)
                if !self.is_folder() && !["svg", "png"].contains(&&*name.to_ascii_lowercase()) =>
            {
                Err(Failure::Usage(format!(
                    "--output: a picture is .svg or .png, not .{name}; or say so with --format"
                )))
            }
            _ => Ok(()),
        }
    }

    /// The folder for a picture of each capture.
    fn folder(&self) -> Option<&Path> {
        self.figures.as_deref().or_else(|| self.output.as_deref().filter(|_| self.is_folder()))
    }

    fn is_folder(&self) -> bool {
        let slash = |path: &PathBuf| path.as_os_str().as_encoded_bytes().ends_with(b"/") || path.is_dir();
        self.output.as_ref().is_some_and(slash)
    }

    fn format(&self, path: Option<&Path>) -> Format {
        let named = path.and_then(Path::extension).is_some_and(|name| name.eq_ignore_ascii_case("png"));
        self.format.unwrap_or(if named { Format::Png } else { Format::Svg })
    }

    /// Writes a figure to where it was asked for.
    pub(super) fn save(&self, figure: Figure) -> Result<(), Failure> {
        let path = self.output.as_deref().filter(|_| !self.is_folder());
        if let Some(folder) = self.folder() {
            return self.save_in(folder, "query", figure);
        }
        self.write(figure, (path, self.format(path)))
    }

    fn save_in(&self, folder: &Path, name: &str, figure: Figure) -> Result<(), Failure> {
        let made = fs::create_dir_all(folder);
        made.map_err(Failure::system(format!("cannot make the folder {}", folder.display())))?;
        let format = self.format(None);
        let path = folder.join(format!("{name}.{}", format.extension()));
        self.write(figure, (Some(&path), format))
    }

    fn write(&self, mut figure: Figure, (path, format): (Option<&Path>, Format)) -> Result<(), Failure> {
        figure.size = self.size;
        if let Some(title) = &self.title {
            figure.title.clone_from(title);
        }
        let bytes = match format {
            Format::Svg => figure.svg(self.theme).into_bytes(),
            Format::Png => {
                let png = figure.png(self.theme, self.scale);
                png.map_err(|error| Failure::Usage(format!("--size, --scale: {error}")))?
            }
        };
        output::write_bytes(output::open(path)?, &bytes)
    }
}

/// What was read, put together: of one file or of all.
struct Whole {
    title: String,
    series: Vec<Kept>,
    from: Option<Timestamp>,
    to: Option<Timestamp>,
    packets: u64,
    bytes: u64,
}

impl Whole {
    fn of(file: Read<Gathering>) -> Self {
        let title = file.path.file_name().unwrap_or(file.path.as_os_str()).to_string_lossy().into_owned();
        let (outcome, series) = (file.outcome, file.value.into_series());
        let (packets, bytes) = (outcome.ledger.packets, outcome.ledger.bytes);
        Self { title, series, from: outcome.from, to: outcome.to, packets, bytes }
    }

    fn and(mut self, further: Self) -> Self {
        self.from = [self.from, further.from].into_iter().flatten().min();
        self.to = self.to.max(further.to);
        self.packets += further.packets;
        self.bytes += further.bytes;
        for (mine, theirs) in self.series.iter_mut().zip(further.series) {
            mine.merge(theirs);
        }
        self
    }
}

/// Draws all graphs of what was read.
pub(super) fn draw(
    arguments: &Arguments,
    (graphs, labels, about): (&[Graph], &Labels<'_>, &About),
    read: Vec<Read<Gathering>>,
) -> Result<(), Failure> {
    let drawing = Drawing { arguments, graphs, labels, about };
    if let Some(folder) = arguments.sheet.folder() {
        let names = file_names(&read.iter().map(|file| file.path.clone()).collect::<Vec<_>>());
        for (file, name) in read.into_iter().zip(names) {
            arguments.sheet.save_in(folder, &name, drawing.figure(Whole::of(file)))?;
        }
        return Ok(());
    }
    let count = read.len();
    let Some(mut whole) = read.into_iter().map(Whole::of).reduce(Whole::and) else { return Ok(()) };
    if count > 1 {
        whole.title = format!("{count} captures");
    }
    arguments.sheet.save(drawing.figure(whole))
}

struct Drawing<'a> {
    arguments: &'a Arguments,
    graphs: &'a [Graph],
    labels: &'a Labels<'a>,
    about: &'a About,
}

impl Drawing<'_> {
    fn figure(&self, whole: Whole) -> Figure {
        let about = self.about(&whole);
        let from = whole.from.unwrap_or(Timestamp::EPOCH);
        let panels = self.graphs.iter().zip(whole.series).map(|(graph, kept)| self.panel(graph, kept, from));
        let panels = panels.collect();
        Figure { title: whole.title, about, panels, size: self.arguments.sheet.size }
    }

    fn panel(&self, graph: &Graph, kept: Kept, from: Timestamp) -> Panel {
        let shape = &self.arguments.shape;
        if kept.iter().next().is_none() {
            let keys: Vec<String> = graph.keys.iter().map(|key| categories::key_name(*key)).collect();
            let why = format!("No traffic of {} in here.", keys.join(", "));
            return Panel { title: String::new(), body: Body::Nothing(why), notes: Vec::new() };
        }
        let silent = silent(graph, &kept);
        let mut panel = match graph.kind {
            Kind::Pie => categories::pie((graph, shape), &kept, self.labels),
            Kind::Barh => categories::ranking((graph, shape), &kept, self.labels),
            Kind::Freq => rhythm::panel((graph, shape), &kept, self.labels),
            Kind::Stack | Kind::Line | Kind::Scatter | Kind::Bar => {
                course::panel((graph, shape), kept, (self.labels, from))
            }
        };
        panel.notes.extend(silent);
        panel
    }

    /// What it is made of.
    fn about(&self, whole: &Whole) -> Vec<String> {
        let span = |(from, to): (Timestamp, Timestamp)| format!("{} to {}", second(from), second(to));
        let mut words: Vec<String> = whole.from.zip(whole.to).map(span).into_iter().collect();
        words.push(format!("{} packets", output::count(whole.packets)));
        words.push(output::bytes(whole.bytes));
        let mut lines = vec![words.join(" · ")];
        let whom: Vec<String> =
            self.about.subjects().into_iter().map(|(name, _)| name).filter(|name| !name.is_empty()).collect();
        if !whom.is_empty() {
            lines.push(format!("Sent and received by {}", whom.join(", ")));
        }
        if !self.arguments.filter.trim().is_empty() {
            lines.push(format!("Filter: {}", self.arguments.filter.trim()));
        }
        lines
    }
}

/// Which keys were asked for and have no traffic.
fn silent(graph: &Graph, kept: &Kept) -> Option<String> {
    let has = |asked: &Key| kept.iter().any(|((key, _), _)| key == *asked);
    let names: Vec<String> =
        graph.keys.iter().filter(|key| !has(key)).map(|key| categories::key_name(*key)).collect();
    (!names.is_empty()).then(|| format!("No traffic: {}.", names.join(", ")))
}

/// A moment in UTC, to the second.
fn second(at: Timestamp) -> String {
    let moment = jiff::Timestamp::from_second(at.as_seconds()).unwrap_or_default();
    moment.strftime("%Y-%m-%d %H:%M:%SZ").to_string()
}

/// Names of pictures: the path of each file from where they part, without its extension, of letters that every disk takes.
fn file_names(paths: &[PathBuf]) -> Vec<String> {
    let parts = |path: &PathBuf| -> Vec<String> {
        let normal = |part: Component<'_>| match part {
            Component::Normal(name) => Some(name.to_string_lossy().into_owned()),
            _ => None,
        };
        path.with_extension("").components().filter_map(normal).collect()
    };
    let all: Vec<Vec<String>> = paths.iter().map(parts).collect();
    let shortest = all.iter().map(Vec::len).min().unwrap_or(0).saturating_sub(1);
    let shared =
        (0..shortest).take_while(|&index| all.iter().all(|path| path[index] == all[0][index])).count();
    let plain = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_') { c } else { '_' };
    let mut names: Vec<String> = Vec::new();
    for path in &all {
        let name: String = path[shared..].join("_").chars().map(plain).collect();
        let name = if name.trim_matches('.').is_empty() { "capture".to_owned() } else { name };
        // a.pcap and a.pcapng beside each other are two pictures.
        let count = names.iter().filter(|known| known.split('~').next() == Some(&name)).count();
        names.push(if count > 0 { format!("{name}~{}", count + 1) } else { name });
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_are_named_after_where_captures_part() {
        let names = |paths: &[&str]| file_names(&paths.iter().map(PathBuf::from).collect::<Vec<_>>());
        assert_eq!(names(&["/x/yi camera.pcap"]), ["yi_camera"]);
        assert_eq!(names(&["/x/a/1.pcap", "/x/b/1.pcap"]), ["a_1", "b_1"]);
        assert_eq!(names(&["a.pcap", "a.pcapng", "../../…"]), ["a", "a~2", "_"]);
        assert_eq!(names(&["-"]), ["-"]);
    }

    #[test]
    fn a_size_is_two_numbers_within_reason() {
        assert_eq!(size("640x480"), Ok(Size { width: 640.0, height: 480.0 }));
        for wrong in ["640", "1x1", "99999x100", "800x-3", "axb"] {
            assert!(size(wrong).is_err(), "{wrong}");
        }
    }
}
