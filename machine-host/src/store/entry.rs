use super::config::Config;
use super::object::Object;
use crate::error::plain;
use machine_core::{ErrorKind, Result};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::path::{Path, PathBuf};

/// A machine as the store holds it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Entry {
    /// Name of its folder.
    pub name: String,
    /// `config.json`.
    pub config: Config,
    /// `machine.json`; none for a machine that the Go program made.
    pub own: Option<Own>,
}

impl Entry {
    /// An entry for [`crate::Store::add`]; its name is the one in `config`.
    pub fn new(config: Config, own: Option<Own>) -> Self {
        Self { name: config.name.clone(), config, own }
    }

    /// The script that was run in place of the installation of an engine, if one was.
    pub fn install_script(&self) -> Option<&Path> {
        self.own.as_ref()?.install_script.as_deref()
    }
}

/// What we know of a machine beside `config.json`. Fields of a newer version survive a save.
#[derive(Clone)]
#[non_exhaustive]
pub struct Own {
    /// The machine's own id: a uuid, never used again.
    pub id: String,
    /// Where its credentials come from, in the provider's words; never a credential.
    pub source: Option<String>,
    /// Pinned host keys, in the form of `known_hosts` without the host's name.
    pub host_keys: Vec<String>,
    /// The docker context that was made for it.
    pub context: Option<String>,
    /// Script that stands in the place of an engine: read again whenever the machine is
    /// provisioned, for it may hold what must not be kept.
    pub install_script: Option<PathBuf>,
    /// Name that the host gets in place of the machine's.
    pub host_name: Option<String>,
    others: Object,
}

#[derive(Deserialize, Serialize)]
struct Known {
    id: String,
    #[serde(default)]
    source: Option<String>,
    #[serde(default)]
    host_keys: Vec<String>,
    #[serde(default)]
    context: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    install_script: Option<PathBuf>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    host_name: Option<String>,
}

impl Own {
    /// A new machine with an id of its own.
    pub fn new() -> Self {
        Self {
            id: uuid::Uuid::new_v4().to_string(),
            source: None,
            host_keys: Vec::new(),
            context: None,
            install_script: None,
            host_name: None,
            others: Object::default(),
        }
    }

    pub(crate) fn parse(text: &[u8]) -> serde_json::Result<Self> {
        let known: Known = serde_json::from_slice(text)?;
        // It becomes a file's name.
        if !is_id(&known.id) {
            return Err(serde::de::Error::custom("the id is none"));
        }
        Ok(Self {
            id: known.id,
            source: known.source,
            host_keys: known.host_keys,
            context: known.context,
            install_script: known.install_script,
            host_name: known.host_name,
            others: serde_json::from_slice(text)?,
        })
    }

    pub(crate) fn to_json(&self) -> Result<String> {
        let own = self.clone();
        let known = Known {
            id: own.id,
            source: own.source,
            host_keys: own.host_keys,
            context: own.context,
            install_script: own.install_script,
            host_name: own.host_name,
        };
        let mut object = own.others;
        let text = Object::of(&known).and_then(|fields| {
            for (key, value) in fields.iter() {
                object.set(key.to_owned(), value.to_owned());
            }
            serde_json::to_string(&object)
        });
        let text = text.map_err(|e| plain(ErrorKind::Other, format!("machine.json: {e}")))?;
        Ok(super::json::indent(&text) + "\n")
    }
}

impl Default for Own {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Own {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Own").field("id", &self.id).finish_non_exhaustive()
    }
}

/// Whether a text may name a file of ours, wherever it comes from.
pub(crate) fn is_id(text: &str) -> bool {
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || b == b'-';
    (1..=64).contains(&text.len()) && text.bytes().all(is_plain)
}
