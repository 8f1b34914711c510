//! Alerts that stay: what the detectors found, what people did about it, and what is muted.
//!
//! The analysis hands over alerts that changed ([`store::Found`]). One thread writes them into SQLite ([`database`]), no
//! more than so many a second; what is stored appears on the board ([`board`]), which page and API read. What is hidden
//! is never stored but asked of the mutes ([`mutes`]). A change that
//! somebody makes (acknowledge, close, mute …) is answered after its commit and not before.

mod board;
mod database;
mod mutes;
#[cfg(test)]
mod power_tests;
mod question;
mod record;
mod store;
#[cfg(test)]
mod storm_tests;
#[cfg(test)]
mod tests;
mod triage;
#[cfg(test)]
mod upgrade_tests;
mod waiting;

pub(crate) use board::{Account, Board, Entry, MOST as ON_BOARD};
pub(crate) use question::{Cursor, Question};
pub(crate) use record::revive;
pub(crate) use store::{Ask, Found, Place, Refusal, Store, place};
pub(crate) use triage::{Action, Mute, Past, REASONS, State, Step, time};
