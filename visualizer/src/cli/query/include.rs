//! `@include FILE` in a filter on the command line, as nfdump has it: the file's text stands there, in parentheses. Only what the
//! person who types names is read; a filter that comes over the API includes nothing.

use std::borrow::Cow;
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use capturer::filter::MAX_TEXT;

/// The word, as nfdump writes it.
const WORD: &str = "@include";

/// Files within files.
const DEEPEST: usize = 8;

/// A filter with the text of the files that it includes.
///
/// # Errors
/// The text names the file, and says what is wrong with it.
pub(super) fn expanded(text: &str) -> Result<Cow<'_, str>, String> {
    if !text.contains(WORD) {
        return Ok(Cow::Borrowed(text));
    }
    expand(text, Path::new(""), DEEPEST).map(Cow::Owned)
}

fn expand(text: &str, folder: &Path, depth: usize) -> Result<String, String> {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(WORD) {
        out += &rest[..at];
        let (name, after) = name(&rest[at + WORD.len()..])?;
        // Files that a file includes lie beside it.
        let path = folder.join(name);
        let Some(depth) = depth.checked_sub(1) else {
            return Err(format!("{}: files include each other more than {DEEPEST} deep", path.display()));
        };
        let within = expand(&read(&path)?, path.parent().unwrap_or(Path::new("")), depth)?;
        out += &format!("({within})");
        rest = after;
        if out.len() > MAX_TEXT {
            return Err(format!("with what it includes the filter is longer than {MAX_TEXT} bytes"));
        }
    }
    Ok(out + rest)
}

/// The name after the word, in quotes or up to a blank or parenthesis, and what comes after it.
fn name(text: &str) -> Result<(PathBuf, &str), String> {
    let text = text.trim_start();
    let quote = text.chars().next().filter(|first| matches!(first, '"' | '\''));
    let (name, rest) = match quote {
        Some(quote) => text[1..]
            .split_once(quote)
            .ok_or_else(|| format!("{WORD} {text}: the quote is never closed: expected {quote}"))?,
        None => {
            text.split_at(text.find(|c: char| c.is_whitespace() || "()".contains(c)).unwrap_or(text.len()))
        }
    };
    if name.is_empty() {
        return Err(format!("{WORD}: expected the name of a file"));
    }
    Ok((name.into(), rest))
}

/// The filter in a file, its comments (from # to the end of a line) left out.
fn read(path: &Path) -> Result<String, String> {
    let failed = |error: &dyn std::fmt::Display| format!("{WORD} {}: {error}", path.display());
    if !fs::metadata(path).map_err(|error| failed(&error))?.is_file() {
        return Err(failed(&"expected a file"));
    }
    let mut text = String::new();
    let file = File::open(path).map_err(|error| failed(&error))?;
    file.take(MAX_TEXT as u64 * 16).read_to_string(&mut text).map_err(|error| failed(&error))?;
    let lines = text.lines().map(|line| line.split('#').next().unwrap_or_default().trim());
    let text = lines.filter(|line| !line.is_empty()).collect::<Vec<_>>().join(" ");
    if text.is_empty() {
        return Err(failed(&"expected a filter, found none"));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder of filters, gone with the test.
    struct Folder(PathBuf);

    impl Folder {
        fn new(name: &str, files: &[(&str, &str)]) -> Self {
            let folder =
                std::env::temp_dir().join(format!("wireglobe-include-{}-{name}", std::process::id()));
            fs::create_dir_all(&folder).unwrap();
            files.iter().for_each(|(name, text)| fs::write(folder.join(name), text).unwrap());
            Self(folder)
        }

        fn path(&self, name: &str) -> String {
            self.0.join(name).display().to_string()
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn a_files_text_stands_in_its_place_in_parentheses() {
        let files =
            [("web", "# the web\nport 80 or\n  port 443 # both\n"), ("all", "tcp and @include \"web\"")];
        let folder = Folder::new("place", &files);
        let text = |filter: String| expanded(&filter).unwrap().into_owned();
        assert_eq!(
            text(format!("not @include {} and src net 10.0.0.0/8", folder.path("web"))),
            "not (port 80 or port 443) and src net 10.0.0.0/8"
        );
        assert_eq!(text(format!("(@include '{}')", folder.path("all"))), "((tcp and (port 80 or port 443)))");
        assert!(matches!(expanded("port 80").unwrap(), Cow::Borrowed("port 80")));
    }

    #[test]
    fn what_cant_be_included_is_named() {
        let folder = Folder::new(
            "wrong",
            &[("none", "# nothing\n"), ("loop", "tcp or @include loop"), ("long", &"x ".repeat(4000))],
        );
        let at = |name: &str| format!("@include {}", folder.path(name));
        for (filter, says) in [
            (at("missing"), "missing: No such file"),
            (at("none"), "none: expected a filter, found none"),
            (at("loop"), "more than 8 deep"),
            (at("long"), "longer than 4096 bytes"),
            (format!("@include {}", folder.0.display()), "expected a file"),
            ("tcp and @include".to_owned(), "expected the name of a file"),
            ("@include \"web".to_owned(), "never closed"),
        ] {
            let error = expanded(&filter).unwrap_err();
            assert!(error.contains(says), "{error}");
        }
    }
}
