//! Saved graphs: questions to history with a title and a way to draw them, in one file of JSON that is written whole or not at all.

mod flowgraph;
mod graph;
#[cfg(test)]
mod upgrade_tests;

use std::path::PathBuf;
use std::sync::Mutex;

use serde_json::Value;

use crate::access::write_private;
use crate::live::lock;

pub(crate) use flowgraph::import;
pub(crate) use graph::{Graph, Wanted, new_id};

/// Graphs there may be.
const MOST: usize = 500;

/// Why something was not done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// There is no such graph.
    Unknown,
    /// What is wanted can't be.
    Wrong(String),
    /// It could not be stored; nothing changed.
    Fault(String),
}

/// All of them.
pub(crate) struct Graphs {
    /// Where they are kept; `None`: only as long as the program runs.
    path: Option<PathBuf>,
    all: Mutex<Vec<Graph>>,
}

impl Graphs {
    /// Reads them; a file that is not there has none.
    ///
    /// # Errors
    /// In words, when the file can't be read or is none of ours.
    pub(crate) fn open(path: Option<PathBuf>) -> Result<Self, String> {
        let text = match path.as_deref().map(std::fs::read_to_string) {
            Some(Err(error)) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(told(path.as_ref(), &error.to_string()));
            }
            Some(Ok(text)) => text,
            _ => "[]".to_owned(),
        };
        // What this program does not know would be lost when it writes the file again.
        let newer =
            |error: &serde_json::Error| if error.is_data() { "; written by a newer Wireglobe?" } else { "" };
        let all = serde_json::from_str(&text)
            .map_err(|error| told(path.as_ref(), &format!("{error}{}", newer(&error))))?;
        Ok(Self { path, all: Mutex::new(all) })
    }

    /// All, by title.
    pub(crate) fn all(&self) -> Vec<Graph> {
        let mut all = lock(&self.all).clone();
        all.sort_by(|a, b| (&a.wanted.title, &a.id).cmp(&(&b.wanted.title, &b.id)));
        all
    }

    /// One.
    pub(crate) fn get(&self, id: &str) -> Option<Graph> {
        lock(&self.all).iter().find(|graph| graph.id == id).cloned()
    }

    /// Adds graphs, all or none; one that is there already by its id is replaced.
    pub(crate) fn add(&self, graphs: Vec<Graph>) -> Result<(), Refusal> {
        self.change(|all| {
            for graph in graphs {
                all.retain(|known| known.id != graph.id);
                all.push(graph);
            }
            if all.len() > MOST {
                Err(Refusal::Wrong(format!("expected at most {MOST} graphs")))
            } else {
                Ok(())
            }
        })
    }

    /// Changes one.
    pub(crate) fn replace(&self, id: &str, wanted: Wanted, now: &str) -> Result<Graph, Refusal> {
        self.change(|all| {
            let graph = all.iter_mut().find(|graph| graph.id == id).ok_or(Refusal::Unknown)?;
            graph.wanted = wanted;
            now.clone_into(&mut graph.updated);
            Ok(graph.clone())
        })
    }

    /// Removes one.
    pub(crate) fn remove(&self, id: &str) -> Result<(), Refusal> {
        self.change(|all| {
            let before = all.len();
            all.retain(|graph| graph.id != id);
            if all.len() == before { Err(Refusal::Unknown) } else { Ok(()) }
        })
    }

    /// What is changed is stored before it is seen.
    fn change<T>(&self, change: impl FnOnce(&mut Vec<Graph>) -> Result<T, Refusal>) -> Result<T, Refusal> {
        let mut all = lock(&self.all);
        let mut changed = all.clone();
        let done = change(&mut changed)?;
        if let Some(path) = &self.path {
            let text = serde_json::to_string_pretty(&changed).unwrap_or_default();
            write_private(path, text.as_bytes())
                .map_err(|error| Refusal::Fault(told(self.path.as_ref(), &error.to_string())))?;
        }
        *all = changed;
        Ok(done)
    }
}

fn told(path: Option<&PathBuf>, what: &str) -> String {
    path.map_or_else(|| what.to_owned(), |path| format!("{}: {what}", path.display()))
}

/// A document of graphs.
pub(crate) fn document(graphs: &[Graph]) -> Value {
    serde_json::json!({"schema": 1, "graphs": graphs})
}

#[cfg(test)]
mod tests {
    use super::*;

    fn graph(id: &str, title: &str) -> Graph {
        let wanted =
            serde_json::json!({"title": title, "query": {"by": "asn"}, "range": "-24h", "chart": "area"});
        Graph::new(id.to_owned(), serde_json::from_value(wanted).unwrap(), "2026-11-22T00:00:00Z".to_owned())
    }

    fn file(name: &str) -> PathBuf {
        std::env::temp_dir().join(format!("wireglobe-graphs-{}-{name}.json", std::process::id()))
    }

    #[test]
    fn what_is_saved_is_there_after_a_restart() {
        let path = file("restart");
        let graphs = Graphs::open(Some(path.clone())).unwrap();
        graphs.add(vec![graph("a", "Second"), graph("b", "First")]).unwrap();
        graphs.replace("a", graph("a", "Changed").wanted, "2026-11-23T00:00:00Z").unwrap();
        graphs.remove("b").unwrap();
        let again = Graphs::open(Some(path.clone())).unwrap();
        assert_eq!(again.all().len(), 1);
        let one = again.get("a").unwrap();
        assert_eq!((one.wanted.title.as_str(), one.updated.as_str()), ("Changed", "2026-11-23T00:00:00Z"));
        std::fs::remove_file(path).unwrap();
    }

    #[test]
    fn what_is_not_stored_is_not_seen() {
        let graphs = Graphs::open(Some(PathBuf::from("/proc/none/graphs.json"))).unwrap();
        assert!(matches!(graphs.add(vec![graph("a", "A")]), Err(Refusal::Fault(_))));
        assert!(graphs.all().is_empty());
    }

    #[test]
    fn there_is_an_end_to_how_many_there_may_be() {
        let graphs = Graphs::open(None).unwrap();
        let many = (0..=MOST).map(|n| graph(&n.to_string(), "Many")).collect();
        assert!(matches!(graphs.add(many), Err(Refusal::Wrong(_))));
        assert!(graphs.all().is_empty());
    }

    #[test]
    fn a_file_of_something_else_is_refused_and_left_alone() {
        let path = file("else");
        std::fs::write(&path, "{\"no\": \"graphs\"}").unwrap();
        assert!(Graphs::open(Some(path.clone())).is_err());
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "{\"no\": \"graphs\"}");
        std::fs::remove_file(path).unwrap();
    }
}
