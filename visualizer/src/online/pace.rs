//! Not more than one question a second to a host.

use std::collections::HashMap;
use std::time::{Duration, Instant};

/// Time between two questions to the same host.
const BETWEEN: Duration = Duration::from_secs(1);

/// When each host was asked last. Hosts are few: those of the sources and of their redirects, at most so many.
#[derive(Default)]
pub(super) struct Pace(HashMap<String, Instant>);

const MOST_HOSTS: usize = 256;

impl Pace {
    /// Waits until a host may be asked.
    pub(super) fn wait(&mut self, host: &str) {
        if let Some(last) = self.0.get(host) {
            std::thread::sleep(BETWEEN.saturating_sub(last.elapsed()));
        }
        if self.0.len() >= MOST_HOSTS {
            self.0.retain(|_, last| last.elapsed() < BETWEEN);
        }
        self.0.insert(host.to_owned(), Instant::now());
    }
}
