//! What `plot` and the analyser's columns of `hosts` share: whom one asks about, files read side by side, names and places
//! of who is at the far end, and the table of both.

mod csv;
mod files;
mod labels;
mod mapping;
mod whom;

pub(super) use csv::{Columns, Paper, Sheet, append};
pub(super) use files::{Look, Read, each, take_names, tell};
pub(super) use labels::{Asking, By, Labels};
pub(super) use mapping::{Mapping, Mappings};
pub(super) use whom::{About, Whom};
