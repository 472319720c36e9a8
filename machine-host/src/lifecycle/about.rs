use crate::store::Entry;
use machine_core::{Journal, Record, Result};
use serde::{Deserialize, Serialize};

/// What a journal says of its machine, for the day when `config.json` is gone: a remark among the
/// records, which adds up to no resource.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(tag = "record", rename = "about", rename_all = "kebab-case")]
pub(super) struct About {
    pub(super) name: String,
    pub(super) driver: String,
    #[serde(default)]
    pub(super) source: Option<String>,
}

impl About {
    pub(super) fn of(entry: &Entry) -> Self {
        Self {
            name: entry.name.clone(),
            driver: entry.config.driver_name.clone(),
            source: entry.own.as_ref().and_then(|own| own.source.clone()),
        }
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
        if Self::among(&journal.records().await?).as_ref() == Some(self) {
            return Ok(());
        }
        let text = serde_json::to_string(self).unwrap_or_default(); // strings only: cannot fail
        journal.append(Record::Unknown { key: None, text }).await
    }
}
