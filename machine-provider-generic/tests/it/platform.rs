//! What differs between operating systems.
use std::path::Path;

#[cfg(unix)]
pub(crate) fn is_private(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    fs_err::metadata(path).unwrap().permissions().mode() & 0o777 == 0o600
}

/// The folder's access list decides there.
#[cfg(not(unix))]
pub(crate) fn is_private(path: &Path) -> bool {
    path.is_file()
}
