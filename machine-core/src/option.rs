use crate::{Error, ErrorKind, Result, Secret, Str};
use std::collections::BTreeMap;
use std::fmt;

/// Type of an option.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum OptionKind {
    /// On or off.
    Switch,
    /// One string.
    Text,
    /// A string that may be given again.
    List,
    /// A whole number.
    Int,
}

/// Value of an option.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum OptionValue {
    /// On or off.
    Switch(bool),
    /// One string.
    Text(String),
    /// A secret string: what [`Options::new`] makes of a text whose spec says so.
    Secret(Secret),
    /// All strings given.
    List(Vec<String>),
    /// A whole number.
    Int(i64),
}

impl OptionValue {
    fn fits(&self, kind: OptionKind) -> bool {
        matches!(
            (self, kind),
            (Self::Switch(_), OptionKind::Switch)
                | (Self::Text(_) | Self::Secret(_), OptionKind::Text)
                | (Self::List(_), OptionKind::List)
                | (Self::Int(_), OptionKind::Int)
        )
    }
}

/// One create option, as data: flags, plugins and files are made of it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct OptionSpec {
    /// Long name without dashes.
    pub name: Str,
    /// Other names, for the dialects of other programs.
    pub aliases: Vec<Str>,
    /// Environment variable that supplies a value.
    pub env: Option<Str>,
    /// Type.
    pub kind: OptionKind,
    /// Value when none is given.
    pub default: Option<OptionValue>,
    /// One line of help.
    pub help: Str,
    /// Never shown, stored or logged.
    pub secret: bool,
}

impl OptionSpec {
    /// An option without default; set the other fields by assignment or `with_…`.
    pub fn new(name: impl Into<Str>, kind: OptionKind, help: impl Into<Str>) -> Self {
        Self {
            name: name.into(),
            aliases: Vec::new(),
            env: None,
            kind,
            default: None,
            help: help.into(),
            secret: false,
        }
    }

    /// Sets [`OptionSpec::env`].
    #[must_use]
    pub fn with_env(mut self, env: impl Into<Str>) -> Self {
        self.env = Some(env.into());
        self
    }

    /// Adds to [`OptionSpec::aliases`].
    #[must_use]
    pub fn with_alias(mut self, alias: impl Into<Str>) -> Self {
        self.aliases.push(alias.into());
        self
    }

    /// Sets [`OptionSpec::default`].
    #[must_use]
    pub fn with_default(mut self, default: OptionValue) -> Self {
        self.default = Some(default);
        self
    }

    /// Sets [`OptionSpec::secret`].
    #[must_use]
    pub fn with_secret(mut self) -> Self {
        self.secret = true;
        self
    }
}

/// Option values, checked against their specs.
#[derive(Clone, Default)]
pub struct Options(BTreeMap<String, OptionValue>);

impl Options {
    /// No values.
    pub const fn none() -> Self {
        Self(BTreeMap::new())
    }

    /// Resolves aliases, fills in defaults and checks types. Of a value given twice, the last counts.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidOption`] for an unknown name or a value of the wrong type.
    pub fn new(
        specs: &[OptionSpec],
        given: impl IntoIterator<Item = (String, OptionValue)>,
    ) -> Result<Self> {
        let mut values = BTreeMap::new();
        for spec in specs {
            if let Some(default) = &spec.default {
                values.insert(spec.name.to_string(), admit(spec, &spec.name, default.clone())?);
            }
        }
        for (name, value) in given {
            let spec = specs
                .iter()
                .find(|s| s.name == name || s.aliases.iter().any(|a| *a == name))
                .ok_or_else(|| bad(&name, "unknown option"))?;
            values.insert(spec.name.to_string(), admit(spec, &name, value)?);
        }
        Ok(Self(values))
    }

    /// The secret values alone: what a command other than `create` may hand to
    /// [`crate::Provider::sign_in`].
    #[must_use]
    pub fn secrets(&self) -> Self {
        let secret = |(_, value): &(&String, &OptionValue)| matches!(value, OptionValue::Secret(_));
        let secrets = self.0.iter().filter(secret);
        Self(secrets.map(|(name, value)| (name.clone(), value.clone())).collect())
    }

    /// A text, or nothing.
    pub fn text(&self, name: &str) -> Option<&str> {
        match self.0.get(name) {
            Some(OptionValue::Text(text)) => Some(text),
            _ => None,
        }
    }

    /// A secret text, or nothing.
    pub fn secret(&self, name: &str) -> Option<&Secret> {
        match self.0.get(name) {
            Some(OptionValue::Secret(secret)) => Some(secret),
            _ => None,
        }
    }

    /// A switch; off when not given.
    pub fn switch(&self, name: &str) -> bool {
        matches!(self.0.get(name), Some(OptionValue::Switch(true)))
    }

    /// A list; empty when not given.
    pub fn list(&self, name: &str) -> &[String] {
        match self.0.get(name) {
            Some(OptionValue::List(list)) => list,
            _ => &[],
        }
    }

    /// A number, or nothing.
    pub fn int(&self, name: &str) -> Option<i64> {
        match self.0.get(name) {
            Some(OptionValue::Int(int)) => Some(*int),
            _ => None,
        }
    }

    /// All values by name, for a provider that hands them on.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &OptionValue)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value))
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

/// The value as it is kept: a secret's text is one from here on.
fn admit(spec: &OptionSpec, name: &str, value: OptionValue) -> Result<OptionValue> {
    if !value.fits(spec.kind) {
        return Err(bad(name, "value of the wrong type"));
    }
    Ok(match value {
        OptionValue::Text(text) if spec.secret => OptionValue::Secret(Secret::new(text)),
        other => other,
    })
}

fn bad(name: &str, message: &str) -> Error {
    Error::new(ErrorKind::InvalidOption, format!("option {name}"), message)
}
