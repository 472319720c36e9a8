use crate::error::at;
use crate::platform;
use machine_core::Result;
use std::io::Write;
use std::path::Path;

/// Replaces or makes a file so that it is whole and outlives a power cut: a temporary file beside
/// it, synced, renamed, and the folder synced. `mode` holds from the first byte.
pub(crate) fn write(path: &Path, bytes: &[u8], mode: u32) -> Result<()> {
    let folder = folder_of(path);
    write_unsynced(path, bytes, mode)?;
    platform::sync_folder(folder).map_err(at("sync", folder))
}

/// [`write()`] but for the folder, where the caller syncs that once for several files.
pub(crate) fn write_unsynced(path: &Path, bytes: &[u8], mode: u32) -> Result<()> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let temporary = platform::temporary(folder_of(path), &format!("{name}.tmp"), mode);
    let mut file = temporary.map_err(at("open", path))?;
    let written = file.write_all(bytes).and_then(|()| file.as_file().sync_all());
    written.map_err(at("write", path))?;
    file.persist(path).map_err(|e| at("rename", path)(e.error))?;
    Ok(())
}

/// As [`write()`], but an existing file stays: then the answer is `false`.
pub(crate) fn write_new(path: &Path, bytes: &[u8], mode: u32) -> Result<bool> {
    let folder = folder_of(path);
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let temporary = platform::temporary(folder, &format!("{name}.tmp"), mode);
    let mut file = temporary.map_err(at("open", path))?;
    let written = file.write_all(bytes).and_then(|()| file.as_file().sync_all());
    written.map_err(at("write", path))?;
    match file.persist_noclobber(path) {
        Ok(_) => platform::sync_folder(folder).map_err(at("sync", folder)).map(|()| true),
        Err(e) if e.error.kind() == std::io::ErrorKind::AlreadyExists => Ok(false),
        Err(e) => Err(at("rename", path)(e.error)),
    }
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    }
}
