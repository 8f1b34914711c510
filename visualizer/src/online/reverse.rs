//! Reverse DNS: the name that the holder of an address gave it. A few at a time, each once.

use std::net::IpAddr;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::resolver::{NoAnswer, PTR, Resolver, reverse_name};

/// Questions at the same time.
const TOGETHER: usize = 8;

/// Time for one name.
const PATIENCE: Duration = Duration::from_secs(5);

/// The names of addresses, in their order; no name is an answer, too.
pub(super) fn names(resolver: &Resolver, addresses: &[IpAddr]) -> Vec<Result<Value, String>> {
    let next = AtomicUsize::new(0);
    let answers = Mutex::new(vec![Err("not asked".to_owned()); addresses.len()]);
    std::thread::scope(|scope| {
        for _ in 0..TOGETHER.min(addresses.len()) {
            scope.spawn(|| {
                while let Some((index, address)) =
                    addresses.iter().enumerate().nth(next.fetch_add(1, Relaxed))
                {
                    let answer = name(resolver, *address);
                    answers.lock().unwrap_or_else(PoisonError::into_inner)[index] = answer;
                }
            });
        }
    });
    answers.into_inner().unwrap_or_else(PoisonError::into_inner)
}

fn name(resolver: &Resolver, address: IpAddr) -> Result<Value, String> {
    let question = reverse_name(address);
    let answer = resolver.ask((&question, PTR), Instant::now() + PATIENCE, |message| {
        message.records().find_map(|record| message.pointer(&record))
    });
    match answer {
        Ok(name) => Ok(json!({"name": name.as_str()})),
        Err(NoAnswer::Nothing) => Ok(json!({"name": null})),
        Err(error) => Err(error.to_string()),
    }
}
