//! Machines on which a script of the user's stands in the place of an engine.
use super::Machines;
use crate::provision;
use crate::ssh::Session;
use crate::store::Entry;
use machine_core::{Error, ErrorKind, Result};
use std::path::Path;
use zeroize::Zeroizing;

/// The script's text.
pub(super) fn read(path: &Path) -> Result<Zeroizing<String>> {
    let text = fs_err::read_to_string(path);
    text.map(Zeroizing::new).map_err(|e| Error::wrap(ErrorKind::InvalidOption, "", e))
}

impl Machines {
    pub(super) async fn run_script(
        &self,
        entry: &Entry,
        session: &mut Session,
        path: &Path,
        host_name: Option<&str>,
    ) -> Result<()> {
        let script = read(path)?;
        let note = |progress| self.progress.emit(&entry.name, progress);
        let clock = self.clock.as_ref();
        provision::run_script(session, &script, host_name, clock, &note).await.map(|_| ())
    }
}
