//! A line of a signature file that a request or an answer is held against: `version:headers:absent headers:program`.

use std::fmt;
use std::str::FromStr;

use super::HttpPrint;
use super::print::shown;
use crate::fingerprint::error::Unexpected;

/// What a program's heads look like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpPattern {
    version: Option<u8>,
    headers: Vec<Wanted>,
    absent: Vec<String>,
    software: String,
}

/// A header that should be there, in its place.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Wanted {
    name: String,
    /// May be missing, but not elsewhere.
    optional: bool,
    /// What its value has in it.
    value: Option<String>,
}

impl HttpPattern {
    /// What other heads of the same program look like: its headers in their order, the values that are its own, and how it
    /// calls itself without a version. `None` if a header has a name that no signature can have.
    pub fn of(print: &HttpPrint) -> Option<Self> {
        let role = print.role;
        let mut headers: Vec<Wanted> = Vec::new();
        for (name, value) in &print.headers {
            let value: String = shown(value).take_while(|_| role.is_telling(name)).collect();
            let value = (!value.is_empty()).then_some(value);
            let wanted =
                Wanted { name: name_of(name).ok()?.to_owned(), optional: role.is_optional(name), value };
            if headers.last() != Some(&wanted) {
                headers.push(wanted);
            }
        }
        let is_missing = |name: &&str| !print.headers.iter().any(|(other, _)| other == name);
        let absent = role.common().iter().copied().filter(is_missing).map(str::to_owned).collect();
        let software = print.software().map(product).unwrap_or_default();
        Some(Self { version: Some(print.version), headers, absent, software })
    }

    /// Whether a head is like this.
    pub(super) fn fits(&self, print: &HttpPrint) -> bool {
        let named = |name: &str| print.headers.iter().any(|(other, _)| other == name);
        self.version.is_none_or(|version| version == print.version)
            && self.fits_order(print)
            && !self.absent.iter().any(|name| named(name))
    }

    fn fits_order(&self, print: &HttpPrint) -> bool {
        let mut rest = print.headers.as_slice();
        for wanted in &self.headers {
            let Some(at) = rest.iter().position(|(name, _)| *name == wanted.name) else {
                if wanted.optional && !print.headers.iter().any(|(name, _)| *name == wanted.name) {
                    continue;
                }
                return false;
            };
            if wanted.value.as_ref().is_some_and(|value| !rest[at].1.contains(value.as_str())) {
                return false;
            }
            rest = &rest[at + 1..];
        }
        true
    }

    /// Headers that it fits.
    #[cfg(test)]
    pub(in crate::fingerprint) fn example(&self, role: super::Role) -> Vec<(String, String)> {
        let own = if role == super::Role::Request { "User-Agent" } else { "Server" };
        let needed = self.headers.iter().filter(|wanted| !wanted.optional);
        needed
            .map(|wanted| {
                let plain = if wanted.name == own { &self.software } else { "x" };
                (wanted.name.clone(), wanted.value.as_deref().unwrap_or(plain).to_owned())
            })
            .collect()
    }

    /// Whether the program calls itself something else than programs like this do.
    pub(super) fn is_dishonest(&self, print: &HttpPrint) -> bool {
        print.software().is_some_and(|software| !software.contains(&self.software))
    }
}

impl FromStr for HttpPattern {
    type Err = Unexpected;

    fn from_str(text: &str) -> Result<Self, Unexpected> {
        let short = || Unexpected::at(text, "four fields, version:headers:absent headers:program");
        let (version, rest) = text.split_once(':').ok_or_else(short)?;
        let version = match version.trim() {
            "0" => Some(0),
            "1" => Some(1),
            "*" => None,
            other => return Err(Unexpected::at(other, "0, 1 or * (HTTP/1.0, HTTP/1.1, both)")),
        };
        let (headers, rest) = headers(rest)?;
        let (absent, software) = rest.split_once(':').ok_or_else(short)?;
        let absent = absent.split(',').filter(|name| !name.is_empty());
        let absent = absent.map(|name| name_of(name).map(str::to_owned)).collect::<Result<_, _>>()?;
        Ok(Self { version, headers, absent, software: software.to_owned() })
    }
}

/// `Name`, `?Name`, `Name=[value]` with commas between, up to a colon; and what follows it.
fn headers(mut text: &str) -> Result<(Vec<Wanted>, &str), Unexpected> {
    let mut headers = Vec::new();
    loop {
        if let Some(rest) = text.strip_prefix(':') {
            return Ok((headers, rest));
        }
        let end =
            text.find([',', ':', '=']).ok_or_else(|| Unexpected::at(text, "a colon behind the headers"))?;
        let (name, mut rest) = text.split_at(end);
        let mut value = None;
        if let Some(bracket) = rest.strip_prefix('=') {
            let inner = bracket.strip_prefix('[').and_then(|inner| inner.split_once(']'));
            let (inside, behind) = inner.ok_or_else(|| Unexpected::at(rest, "=[value]"))?;
            (value, rest) = (Some(inside.to_owned()), behind);
        }
        let (optional, name) = name.strip_prefix('?').map_or((false, name), |name| (true, name));
        headers.push(Wanted { name: name_of(name)?.to_owned(), optional, value });
        match rest.strip_prefix(',') {
            Some(next) if !next.starts_with(':') => text = next,
            None if rest.starts_with(':') => text = rest,
            _ => return Err(Unexpected::at(rest, "a comma and a header, or a colon")),
        }
    }
}

/// How a program calls itself, up to its version; of a browser the last of its many names.
fn product(software: &str) -> String {
    let mut words = software.split(' ').filter(|word| word.contains('/'));
    let word = if software.starts_with("Mozilla/") { words.next_back() } else { words.next() };
    let word = word.unwrap_or_else(|| software.split(' ').next().unwrap_or_default());
    let end = word.find('/').map_or(word.len(), |slash| slash + 1);
    shown(&word[..end]).collect()
}

fn name_of(name: &str) -> Result<&str, Unexpected> {
    let good = !name.is_empty()
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
    if good { Ok(name) } else { Err(Unexpected::at(name, "the name of a header")) }
}

impl fmt::Display for HttpPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.version {
            Some(version) => write!(f, "{version}:")?,
            None => f.write_str("*:")?,
        }
        for (n, Wanted { name, optional, value }) in self.headers.iter().enumerate() {
            write!(f, "{}{}{name}", if n > 0 { "," } else { "" }, if *optional { "?" } else { "" })?;
            if let Some(value) = value {
                write!(f, "=[{value}]")?;
            }
        }
        write!(f, ":{}:{}", self.absent.join(","), self.software)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::fingerprint::http::Role;

    fn print(headers: &[(&str, &str)]) -> HttpPrint {
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        HttpPrint { role: Role::Request, version: 1, headers }
    }

    fn fits(pattern: &str, headers: &[(&str, &str)]) -> bool {
        pattern.parse::<HttpPattern>().unwrap().fits(&print(headers))
    }

    #[test]
    fn headers_fit_in_their_order_with_others_between() {
        const LINE: &str = "1:Host,?Referer,Accept=[*/*],User-Agent:Keep-Alive:x/";
        assert!(fits(LINE, &[("Host", "a"), ("X", ""), ("Accept", "text, */*"), ("User-Agent", "y")]));
        assert!(fits(LINE, &[("Host", "a"), ("Referer", "b"), ("Accept", "*/*"), ("User-Agent", "y")]));
        assert!(!fits(LINE, &[("Host", "a"), ("Accept", "*/*"), ("Referer", "b"), ("User-Agent", "y")]));
        assert!(!fits(LINE, &[("Host", "a"), ("Accept", "text"), ("User-Agent", "y")]));
        assert!(!fits(LINE, &[("Host", "a"), ("Accept", "*/*")]));
        assert!(!fits(LINE, &[("Host", "a"), ("Accept", "*/*"), ("User-Agent", "y"), ("Keep-Alive", "1")]));
    }

    #[test]
    fn a_program_that_calls_itself_otherwise_is_dishonest() {
        let pattern: HttpPattern = "*:User-Agent::curl/".parse().unwrap();
        assert!(pattern.is_dishonest(&print(&[("User-Agent", "Mozilla")])));
        assert!(
            !pattern.is_dishonest(&print(&[("User-Agent", "curl/8")])) && !pattern.is_dishonest(&print(&[]))
        );
    }

    #[test]
    fn an_error_says_what_was_expected() {
        for (text, expected) in [
            ("2:Host::", "0, 1 or *"),
            ("1:Host", "a colon"),
            ("1:Host=x::", "=[value]"),
            ("1:Ho st::", "the name of a header"),
            ("1:Host:", "four fields"),
            ("1:Host,::", "a comma and a header"),
        ] {
            let error = text.parse::<HttpPattern>().unwrap_err().to_string();
            assert!(error.contains(expected), "{text}: {error}");
        }
    }

    proptest! {
        #[test]
        fn lines_are_written_as_they_are_read(
            version in "[01*]", headers in "([A-Za-z-]{1,9}(=\\[[^\\]]{0,9}\\])?(,\\?[a-z]{1,5}){0,3})?",
            absent in "([A-Z]{1,4}(,[a-z]{1,4}){0,2})?", software in "[ -~]{0,12}"
        ) {
            let text = format!("{version}:{headers}:{absent}:{software}");
            prop_assert_eq!(text.parse::<HttpPattern>().unwrap().to_string(), text);
        }
    }
}
