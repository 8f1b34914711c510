//! Whom a group of signatures belongs to: `type:class:name:flavor`, with the systems that a tool runs on.

use std::fmt;

use super::error::Unexpected;
use super::family::Families;

/// Whom signatures belong to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// A last resort, for when nothing specific fits.
    pub generic: bool,
    /// The family of systems; `None` for a program that runs on several.
    pub class: Option<String>,
    /// The system or program.
    pub name: String,
    /// Its version, or what it does; may be empty.
    pub flavor: String,
    /// Of a program, the systems it runs on.
    pub systems: Vec<System>,
    /// The families it means; of a program, those it runs on.
    pub families: Families,
}

/// Systems that a program runs on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum System {
    /// All of a class, written `@class`.
    Class(String),
    /// One by name.
    Name(String),
}

impl System {
    /// The families it means; p0f's classes are `win`, `unix` and `other`.
    fn families(&self) -> Families {
        match self {
            Self::Class(class) if class == "win" => Families::WINDOWS,
            Self::Class(class) if class == "unix" => Families::UNIX,
            Self::Class(_) => Families::NONE,
            Self::Name(name) => Families::of_label(name),
        }
    }
}

impl Label {
    /// From `type:class:name:flavor`; a class must be one of those that the file announced.
    pub(super) fn parse(text: &str, classes: &[String]) -> Result<Self, Unexpected> {
        let mut fields = text.splitn(4, ':').map(str::trim);
        let mut next = || fields.next().ok_or_else(|| Unexpected::at(text, "type:class:name:flavor"));
        let (kind, class, name, flavor) = (next()?, next()?, next()?, next()?);
        let generic = match kind {
            "g" => true,
            "s" => false,
            _ => return Err(Unexpected::at(kind, "s (specific) or g (generic)")),
        };
        if class != "!" && !classes.iter().any(|known| known == class) {
            return Err(Unexpected::at(class, "! or a class that the line `classes = …` names"));
        }
        if name.is_empty() {
            return Err(Unexpected::at(text, "a name"));
        }
        let class = (class != "!").then(|| class.to_owned());
        let families =
            if class.is_some() { Families::of_label(&format!("{name} {flavor}")) } else { Families::NONE };
        let (name, flavor) = (name.to_owned(), flavor.to_owned());
        Ok(Self { generic, class, name, flavor, systems: Vec::new(), families })
    }

    /// Of a kind of link: its name alone.
    pub(super) fn of_link(name: &str) -> Result<Self, Unexpected> {
        if name.is_empty() {
            return Err(Unexpected::at(name, "the name of a kind of link"));
        }
        let (name, flavor) = (name.to_owned(), String::new());
        let families = Families::NONE;
        Ok(Self { generic: false, class: None, name, flavor, systems: Vec::new(), families })
    }

    /// Reads the systems of a program: names, and `@class`.
    pub(super) fn set_systems(&mut self, text: &str, classes: &[String]) -> Result<(), Unexpected> {
        if self.class.is_some() {
            return Err(Unexpected::at(text, "a label of class ! before a list of systems"));
        }
        for system in text.split(',').map(str::trim) {
            self.systems.push(match system.strip_prefix('@') {
                Some(class) if classes.iter().any(|known| known == class) => System::Class(class.to_owned()),
                None if !system.is_empty() => System::Name(system.to_owned()),
                _ => {
                    return Err(Unexpected::at(
                        system,
                        "the name of a system, or @ and a class that `classes = …` names",
                    ));
                }
            });
        }
        self.families = self.systems.iter().map(System::families).fold(Families::NONE, Families::or);
        Ok(())
    }

    /// Whether it is a program, not a system.
    pub const fn is_program(&self) -> bool {
        self.class.is_none()
    }

    /// Whether a program may run on a system.
    pub fn runs_on(&self, system: &Self) -> bool {
        self.systems.iter().any(|allowed| match allowed {
            System::Class(class) => system.class.as_ref() == Some(class),
            System::Name(name) => *name == system.name,
        })
    }
}

impl fmt::Display for Label {
    /// Name and flavor.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        if self.flavor.is_empty() { Ok(()) } else { write!(f, " {}", self.flavor) }
    }
}
