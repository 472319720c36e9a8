//! What differs between operating systems.
use std::io;
use std::path::Path;

/// Makes a rename inside `folder` outlive a power cut.
#[cfg(unix)]
pub(crate) fn sync_folder(folder: &Path) -> io::Result<()> {
    fs_err::File::open(folder)?.sync_all()
}

/// A folder cannot be opened as a file here; NTFS journals the rename itself.
#[cfg(not(unix))]
pub(crate) fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}
