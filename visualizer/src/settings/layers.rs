//! The layers below the flags: defaults, then a file, then the environment, each winning key by key; and who set a key, for errors.

use std::path::{Path, PathBuf};

use config::{Config, ConfigError, Environment, File, FileFormat};

use super::{PLACES, Settings, SettingsError};

const PREFIX: &str = "WIREGLOBE";

/// The file in use and the settings it gave.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The settings.
    pub settings: Settings,
    /// The file they came from, if one was found.
    pub file: Option<PathBuf>,
}

/// Reads all layers but the flags: `named`, else the first of [`PLACES`] that exists, then the environment.
///
/// # Errors
/// [`SettingsError`] for a file that cannot be read, an unknown key, or a value that is not allowed.
pub fn load(named: Option<&Path>) -> Result<Loaded, SettingsError> {
    let file = named
        .map(Path::to_path_buf)
        .or_else(|| PLACES.iter().map(PathBuf::from).find(|place| place.is_file()));
    let text = file.as_ref().map(|path| read(path)).transpose()?;
    let settings = layers(text.as_deref().zip(file.as_deref()), environment())?;
    settings.check(&|key| origin(key, text.as_deref().zip(file.as_deref())))?;
    Ok(Loaded { settings, file })
}

/// Reads one file alone, for `settings check`.
///
/// # Errors
/// As [`load`].
pub fn check(path: &Path) -> Result<Settings, SettingsError> {
    let text = read(path)?;
    let nothing = Environment::with_prefix("WIREGLOBE_NO_SUCH_PREFIX");
    let settings = layers(Some((&text, path)), nothing)?;
    settings.check(&|key| origin(key, Some((&text, path))))?;
    Ok(settings)
}

fn read(path: &Path) -> Result<String, SettingsError> {
    let bytes =
        std::fs::read(path).map_err(|cause| SettingsError::Unreadable { path: path.to_path_buf(), cause })?;
    String::from_utf8(bytes).map_err(|error| {
        let (valid, bytes) = (error.utf8_error().valid_up_to(), error.as_bytes());
        let line = bytes[..valid].split(|byte| *byte == b'\n').count();
        SettingsError::Schema(format!("{}: line {line}: expected UTF-8 text", path.display()))
    })
}

fn environment() -> Environment {
    Environment::with_prefix(PREFIX)
        .prefix_separator("__")
        .separator("__")
        .try_parsing(true)
        .list_separator(",")
        .with_list_parse_key("source.read")
        .with_list_parse_key("flows.exporters")
        .with_list_parse_key("network.local")
        .with_list_parse_key("geo.databases")
        .with_list_parse_key("detect.off")
        .with_list_parse_key("detect.allow")
        .with_list_parse_key("server.allowed_hosts")
}

fn layers(file: Option<(&str, &Path)>, environment: Environment) -> Result<Settings, SettingsError> {
    if let Some((text, path)) = file {
        // toml's own errors show line and column; those of the merged layers only name the key.
        // A table has signed numbers only, as the merged layers have.
        let read = toml::from_str::<toml::Table>(text).and_then(|_| toml::from_str::<Settings>(text));
        read.map_err(|error| {
            SettingsError::Schema(format!(
                "{}: {}",
                path.display(),
                one_line(&without_values(&error.to_string()))
            ))
        })?;
    }
    let mut builder = Config::builder();
    if let Some((text, _)) = file {
        builder = builder.add_source(File::from_str(text, FileFormat::Toml));
    }
    let schema = |error: ConfigError| SettingsError::Schema(named(&error, file));
    builder.add_source(environment).build().map_err(schema)?.try_deserialize().map_err(schema)
}

/// An error of the merged layers, with who set the key that it names.
fn named(error: &ConfigError, file: Option<(&str, &Path)>) -> String {
    let text = one_line(&error.to_string());
    match error {
        ConfigError::Type { key: Some(key), .. } | ConfigError::At { key: Some(key), .. } => {
            format!("{text} (set by {})", origin(key, file))
        }
        _ => text,
    }
}

/// An error of the TOML reader without what stands behind the equals sign of the line that it shows: it may be a secret.
fn without_values(text: &str) -> String {
    let shown = |line: &str| match line.split_once(" | ") {
        Some((number, content)) if number.trim().parse::<u32>().is_ok() => {
            format!("{number} | {}", content.split_once('=').map_or("", |(key, _)| key))
        }
        _ => line.to_owned(),
    };
    text.lines().map(shown).collect::<Vec<_>>().join("\n")
}

fn one_line(text: &str) -> String {
    text.lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join(" · ")
}

/// Which layer set a key: the environment if the variable exists, else the file if it names the key, else a flag.
fn origin(key: &str, file: Option<(&str, &Path)>) -> String {
    let variable = format!("{PREFIX}__{}", key.to_uppercase().replace('.', "__"));
    if std::env::var_os(&variable).is_some() {
        return format!("the environment, {variable}");
    }
    let within = [("geo.override ", "network"), ("notify ", "name"), ("detect ", "")]
        .into_iter()
        .find_map(|(table, leaf)| Some((leaf, key.strip_prefix(table)?)));
    if let (Some((leaf, value)), Some((text, path))) = (within, file) {
        let named = |line: &str| line.trim_start().starts_with(leaf) && line.contains(value);
        let line = text.lines().position(named).map_or(String::new(), |line| format!(", line {}", line + 1));
        return format!("{}{line}", path.display());
    }
    if let Some((text, path)) = file
        && let Some(line) = line_of(key, text)
    {
        return format!("{}, line {line}", path.display());
    }
    "a flag or a default".to_owned()
}

/// The line of a file that sets a key: by its own name in its table, or a table as a whole.
fn line_of(key: &str, text: &str) -> Option<usize> {
    let mut table = "";
    for (number, line) in text.lines().map(str::trim_start).enumerate() {
        let sets = if let Some(header) = line.strip_prefix('[') {
            table = header.trim_start_matches('[').split(']').next().unwrap_or_default().trim();
            table == key
        } else {
            let name = line.split_once('=').map(|(name, _)| name.trim());
            let within = key.strip_prefix(table).map(|rest| rest.trim_start_matches('.'));
            let rest = name.zip(within).and_then(|(name, within)| within.strip_prefix(name));
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        if sets {
            return Some(number + 1);
        }
    }
    None
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::settings::SHIPPED;

    pub(in crate::settings) fn file(text: &str) -> Result<Settings, String> {
        let nothing = Environment::with_prefix("WIREGLOBE_NO_SUCH_PREFIX");
        let path = Path::new("test.toml");
        let settings = layers(Some((text, path)), nothing).map_err(|error| error.to_string())?;
        settings.check(&|key| origin(key, Some((text, path)))).map_err(|error| error.to_string())?;
        Ok(settings)
    }

    #[test]
    fn the_shipped_file_says_the_defaults() {
        assert_eq!(file(SHIPPED), Ok(Settings::default()));
    }

    #[test]
    fn an_unknown_key_is_refused_with_its_line() {
        let error = file("[source]\nkind = \"demo\"\ninterfase = \"eth0\"\n").unwrap_err();
        assert!(error.contains("line 3") && error.contains("interfase"), "{error}");
    }

    #[test]
    fn a_value_out_of_range_names_key_value_range_and_layer() {
        let error = file("[ring]\npackets = 3\n").unwrap_err();
        assert_eq!(
            error,
            "settings: ring.packets = 3 is not allowed: 1024 to 16777216 (set by test.toml, line 2)"
        );
    }

    #[test]
    fn a_certificate_needs_its_key_and_somebody_who_uses_it() {
        let named = "certificate = \"c.pem\"\nkey = \"c.key\"\n";
        for (text, expected) in [
            ("certificate = \"c.pem\"\n".to_owned(), "server.key"),
            ("key = \"c.key\"\n".to_owned(), "server.certificate"),
            (format!("tls = \"proxy\"\n{named}"), "server.certificate"),
        ] {
            let error = file(&format!("[server]\n{text}")).unwrap_err();
            assert!(error.contains(expected), "{error}");
        }
        assert!(file(&format!("[server]\n{named}")).unwrap().server.encrypts());
    }

    #[test]
    fn a_date_is_no_map_and_is_named_with_its_line() {
        let error = file("[log]\ntargets = 1979-05-27T07:32:00Z\n").unwrap_err();
        assert!(error.contains("log.targets") && error.contains("test.toml, line 2"), "{error}");
    }

    #[test]
    fn a_wrong_override_is_named_with_its_line() {
        let table = |lines: &str| {
            format!("[[geo.override]]\nnetwork = \"192.0.2.0/24\"\nasn = 64496\n[[geo.override]]\n{lines}")
        };
        for (lines, expected) in [
            ("network = \"192.0.2.0/33\"\nasn = 1\n", "line 5"),
            (
                "network = \"10.0.0.0/8\"\ncountry = \"Holland\"\n",
                "expected a country of two letters such as NL",
            ),
            ("network = \"10.0.0.0/8\"\nasm = 1\n", "asm"),
            (
                "network = \"10.0.0.0/8\"\n",
                "geo.override = 10.0.0.0/8 is not allowed: a network with a country, asn, name or note (set by test.toml, line 5)",
            ),
            ("network = \"10.0.0.0/8\"\nasn = 0\n", "asn 0"),
            ("network = \"192.0.2.0/24\"\nasn = 1\n", "each network once"),
            ("asn = 1\n", "network"),
        ] {
            let error = file(&table(lines)).unwrap_err();
            assert!(error.contains(expected), "{lines}: {error}");
        }
        let settings =
            file(&table("network = \"10.20.0.0/16\"\ncountry = \"fr\"\nname = \"Paris\"\n")).unwrap();
        assert_eq!(settings.geo.r#override.len(), 2);
    }
}
