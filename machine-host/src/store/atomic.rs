use crate::error::at;
use crate::platform;
use machine_core::Result;
use std::io::{self, Write};
use std::path::Path;
use tempfile::NamedTempFile;

/// Replaces or makes a file so that it is whole and outlives a power cut: a temporary file beside
/// it, synced, renamed, and the folder synced. `mode` holds from the first byte.
pub(crate) fn write(path: &Path, bytes: &[u8], mode: u32) -> Result<()> {
    write_unsynced(path, bytes, mode)?;
    sync_folder_of(path)
}

/// [`write()`] but for the folder, where the caller syncs that once for several files.
pub(crate) fn write_unsynced(path: &Path, bytes: &[u8], mode: u32) -> Result<()> {
    let file = staged(path, path, bytes, mode)?;
    file.persist(path).map_err(|e| at("rename", path)(e.error))?;
    Ok(())
}

/// [`write()`], with another path in errors: that of the file which this one will become.
#[cfg(feature = "full")]
pub(crate) fn write_as(shown: &Path, path: &Path, bytes: &[u8], mode: u32) -> Result<()> {
    let file = staged(shown, path, bytes, mode)?;
    file.persist(path).map_err(|e| at("rename", shown)(e.error))?;
    sync_folder_of(path)
}

/// As [`write()`], but an existing file stays: then the answer is `false`.
pub(crate) fn write_new(path: &Path, bytes: &[u8], mode: u32) -> Result<bool> {
    let file = staged(path, path, bytes, mode)?;
    match file.persist_noclobber(path) {
        Ok(_) => sync_folder_of(path).map(|()| true),
        Err(e) if e.error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
        Err(e) => Err(at("rename", path)(e.error)),
    }
}

/// Makes a file's name outlive a power cut.
pub(crate) fn sync_folder_of(path: &Path) -> Result<()> {
    let folder = folder_of(path);
    platform::sync_folder(folder).map_err(at("sync", folder))
}

/// The content, durable, under a name that is not yet the right one.
fn staged(shown: &Path, path: &Path, bytes: &[u8], mode: u32) -> Result<NamedTempFile> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let temporary = platform::temporary(folder_of(path), &format!("{name}.tmp"), mode);
    let mut file = temporary.map_err(at("open", shown))?;
    let written = file.write_all(bytes).and_then(|()| file.as_file().sync_all());
    written.map_err(at("write", shown))?;
    Ok(file)
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| *folder != Path::new("")).unwrap_or(Path::new("."))
}
