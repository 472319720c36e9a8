use async_trait::async_trait;
use machine_core::{Error, ErrorKind, Journal, Record, Result};
use machine_host::FileJournal;
use std::path::Path;

/// Opens a machine's journal, which outlives its folder.
///
/// Not among the host's own: that one may be ours as well, and then has a journal of the same
/// machine in which the whole driver is one step.
pub(crate) fn open(store: &Path, id: &str) -> Result<FileJournal> {
    // The id comes out of a file that others can write.
    if id.is_empty() || !id.chars().all(|c| c.is_ascii_alphanumeric() || c == '-') {
        return Err(Error::new(ErrorKind::InvalidOption, "", "PluginMachineId is no machine's id"));
    }
    FileJournal::open(&store.join("plugins").join("journal").join(format!("{id}.jsonl")))
}

/// For what only reads.
pub(crate) struct Refusing;

#[async_trait]
impl Journal for Refusing {
    async fn append(&self, _: Record) -> Result<()> {
        Err(Error::new(ErrorKind::Unsupported, "journal.append", "nothing may be made yet"))
    }

    async fn records(&self) -> Result<Vec<Record>> {
        Ok(Vec::new())
    }
}
