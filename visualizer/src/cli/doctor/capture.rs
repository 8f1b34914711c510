//! Whether packets can be had, whole, and at the right time.

use capturer::source::interfaces::{self, Interface, Offload};

use super::Finding;
use crate::sandbox::Person;
use crate::settings::{Kind, Settings};

/// Whether an interface is to be watched.
fn watches(settings: &Settings) -> bool {
    settings.source.kind == Kind::Interface
}

/// The interface that would be watched.
fn watched(settings: &Settings) -> Option<Interface> {
    let name = &settings.source.interface;
    let mut all = interfaces::list().into_iter();
    if name.is_empty() {
        return all.find(|interface| interface.up && interface.running && !interface.loopback);
    }
    all.find(|interface| interface.name == *name)
}

/// Whether packets may be captured, and as whom.
pub(super) fn permission(settings: &Settings) -> Vec<Finding> {
    let check = "permission";
    vec![match (interfaces::capture_advice(), Person::due()) {
        (None, Some(person)) => {
            Finding::ok(check, format!("started as root, it would capture and go on as {person}"))
        }
        (None, None) => Finding::ok(check, "capturing is permitted"),
        (Some(advice), _) if watches(settings) => {
            Finding::problem(check, "capturing is not permitted", advice)
        }
        (Some(advice), _) => {
            Finding::warning(check, "capturing is not permitted, nor asked for by these settings", advice)
        }
    }]
}

/// Whether the interface is there and up.
pub(super) fn interface(settings: &Settings) -> Vec<Finding> {
    let check = "interface";
    if !watches(settings) {
        return vec![Finding::ok(check, "these settings watch none")];
    }
    let names =
        || interfaces::list().into_iter().map(|interface| interface.name).collect::<Vec<_>>().join(", ");
    let wanted = &settings.source.interface;
    vec![match watched(settings) {
        None if wanted.is_empty() => Finding::problem(
            check,
            "none is up",
            format!("name one with source.interface; there are: {}", names()),
        ),
        None => Finding::problem(
            check,
            format!("there is no {wanted}"),
            format!("name another with source.interface; there are: {}", names()),
        ),
        Some(found) if !found.up => Finding::problem(
            check,
            format!("{} is down", found.name),
            format!("sudo ip link set {} up", found.name),
        ),
        Some(found) if !found.running => Finding::warning(
            check,
            format!("{} has no carrier: nothing will come", found.name),
            "look at the cable, or the mirror port at its other end",
        ),
        Some(found) => Finding::ok(check, format!("{} is up", found.name)),
    }]
}

/// Whether the card or the kernel puts packets together before they are seen.
pub(super) fn offloads(settings: &Settings) -> Vec<Finding> {
    let check = "off-loads";
    let Some(interface) = watches(settings).then(|| watched(settings)).flatten() else { return Vec::new() };
    let name = &interface.name;
    let on: Vec<&str> = match interfaces::offloads(name) {
        Ok(on) => on.into_iter().map(Offload::name).collect(),
        Err(error) => {
            return vec![Finding::warning(
                check,
                format!("{name} doesn't say which it has: {error}"),
                format!("look with: ethtool -k {name}"),
            )];
        }
    };
    if on.is_empty() {
        return vec![Finding::ok(check, format!("{name} shows packets as they were on the wire"))];
    }
    let off: Vec<String> = on.iter().map(|name| format!("{name} off")).collect();
    vec![Finding::warning(
        check,
        format!(
            "{name} has {} on: several packets of a connection may be seen as one, so bytes are right and packets too few",
            on.join(", ")
        ),
        format!("if packets matter: sudo ethtool -K {name} {}", off.join(" ")),
    )]
}

/// Whether the clock is set, and by somebody.
pub(super) fn clock(_: &Settings) -> Vec<Finding> {
    let check = "clock";
    let now = jiff::Timestamp::now();
    // The program was made after its data.
    let made = jiff::civil::date(2026, 6, 1).to_zoned(jiff::tz::TimeZone::UTC);
    if made.is_ok_and(|made| now < made.timestamp()) {
        let mend = "set it: sudo timedatectl set-ntp true";
        return vec![Finding::problem(
            check,
            format!("it says {now}, which is before this program was made"),
            mend,
        )];
    }
    vec![match capturer::source::clock::is_synchronised() {
        Ok(true) => Finding::ok(check, "kept right by a time service"),
        Ok(false) => Finding::warning(
            check,
            "no time service keeps it right: times of alerts may not agree with those of other machines",
            "sudo timedatectl set-ntp true, or install chrony",
        ),
        Err(error) => {
            Finding::warning(check, format!("the system doesn't say: {error}"), "look with: timedatectl")
        }
    }]
}
