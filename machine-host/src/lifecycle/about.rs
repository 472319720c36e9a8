use crate::store::Entry;
use machine_core::{Error, ErrorKind, Journal, Record, Result, State};
use serde::{Deserialize, Serialize};

/// What a journal says of its machine, for the day when `config.json` is gone: a remark among the
/// records, which adds up to no resource.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(tag = "record", rename = "about", rename_all = "kebab-case")]
pub(super) struct About {
    pub(super) name: String,
    pub(super) driver: String,
    #[serde(default)]
    pub(super) source: Option<String>,
    /// The `Driver` object, where a removal needs it and `config.json` goes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) settings: Option<State>,
}

impl About {
    pub(super) fn of(entry: &Entry) -> Self {
        Self {
            name: entry.name.clone(),
            driver: entry.config.driver_name.clone(),
            source: entry.own.as_ref().and_then(|own| own.source.clone()),
            settings: None,
        }
    }

    pub(super) fn with_settings(self, settings: State) -> Self {
        Self { settings: Some(settings), ..self }
    }

    /// The last of a journal's remarks.
    pub(super) fn among(records: &[Record]) -> Option<Self> {
        records.iter().rev().find_map(|record| match record {
            Record::Unknown { key: None, text } => serde_json::from_str(text).ok(),
            _ => None,
        })
    }

    /// Writes the remark, unless it is there.
    pub(super) async fn note(&self, journal: &dyn Journal) -> Result<()> {
        let line = |about: &Self| serde_json::to_string(about).map_err(unwritable);
        let text = line(self)?;
        if let Some(last) = Self::among(&journal.records().await?)
            && line(&last)? == text
        {
            return Ok(());
        }
        journal.append(Record::Unknown { key: None, text }).await
    }
}

fn unwritable(error: serde_json::Error) -> Error {
    Error::new(ErrorKind::Other, "journal", "the machine cannot be described").with_source(error)
}
