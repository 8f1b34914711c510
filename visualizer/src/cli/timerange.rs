//! `--from` and `--to`: RFC 3339, or relative to the capture's last packet (`-15m`).

use std::path::PathBuf;

use capturer::Timestamp;
use jiff::SignedDuration;

use crate::cli::Failure;
use crate::cli::offline::{self, Nobody, Range};
use crate::sources;

/// One end of a range.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Bound {
    /// A moment.
    At(Timestamp),
    /// So long before the last packet.
    BeforeLast(SignedDuration),
}

impl Bound {
    /// Reads a bound; `flag` is named when it is none.
    fn parse(flag: &str, text: &str) -> Result<Self, Failure> {
        if let Some(ago) = text.strip_prefix('-') {
            return ago.parse().map(Self::BeforeLast).map_err(|_| wrong(flag, text));
        }
        let moment: jiff::Timestamp = text.parse().map_err(|_| wrong(flag, text))?;
        let nanos = i64::try_from(moment.as_nanosecond()).map_err(|_| wrong(flag, text))?;
        Ok(Self::At(Timestamp::from_nanos(nanos)))
    }

    /// The moment it means in a capture that ends at `last`.
    fn resolve(self, last: Option<Timestamp>) -> Timestamp {
        match self {
            Self::At(at) => at,
            Self::BeforeLast(ago) => last.unwrap_or(Timestamp::EPOCH).before(ago.unsigned_abs()),
        }
    }
}

/// What `--from` and `--to` mean in these captures; a relative time costs a pass of its own.
///
/// # Errors
/// If one is no time, or the captures can't be read twice.
pub(super) fn range(
    (from, to): (&Option<String>, &Option<String>),
    read: &[PathBuf],
) -> Result<Range, Failure> {
    let bound =
        |flag, text: &Option<String>| text.as_deref().map(|text| Bound::parse(flag, text)).transpose();
    let (from, to) = (bound("--from", from)?, bound("--to", to)?);
    let relative = [from, to].into_iter().flatten().any(|bound| matches!(bound, Bound::BeforeLast(_)));
    let last = if relative { last_packet(read)? } else { None };
    Ok(Range {
        from: from.map(|bound| bound.resolve(last)),
        to: to.map(|bound| bound.resolve(last)),
        length: None,
    })
}

/// The time of the last packet, by a pass of its own.
fn last_packet(read: &[PathBuf]) -> Result<Option<Timestamp>, Failure> {
    if read.iter().any(|path| path.as_os_str() == "-") {
        return Err(Failure::Usage(
            "a time relative to the last packet needs a file, not standard input".to_owned(),
        ));
    }
    let mut source = sources::files(read)?;
    Ok(offline::read(&mut *source, offline::Reading::default(), &mut Nobody::default())?.to)
}

fn wrong(flag: &str, text: &str) -> Failure {
    Failure::Usage(format!(
        "{flag} {text}: expected a time such as 2026-11-21T14:03:00Z, or -15m for a quarter of an hour before the last packet"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_moments_and_spans() {
        let at = Bound::parse("--from", "1970-01-01T00:01:00Z").ok();
        assert_eq!(at, Some(Bound::At(Timestamp::from_parts(60, 0))));
        let ago = Bound::parse("--from", "-15m")
            .ok()
            .map(|bound| bound.resolve(Some(Timestamp::from_parts(1000, 0))));
        assert_eq!(ago, Some(Timestamp::from_parts(100, 0)));
        assert!(
            Bound::parse("--to", "yesterday")
                .is_err_and(|error| error.to_string().contains("--to yesterday"))
        );
    }
}
