//! An SSH key of the user's own, in place of the one that the caller made.
use crate::error::Failure;
use crate::platform::sync_folder;
use crate::state::Driver;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// The largest RSA keys in use have a few KiB.
const KEY_LIMIT: u64 = 1 << 20;

/// Copies both halves over those in the machine's folder, as Docker Machine does, and says where
/// the private one is now.
pub(crate) async fn import(driver: &Driver, folder: &Path) -> Result<PathBuf, Failure> {
    let from = PathBuf::from(&driver.ssh_private_key_path);
    let to = match driver.ssh_key_path.as_str() {
        "" => folder.join("id_rsa"),
        path => PathBuf::from(path),
    };
    let halves = [(from.clone(), to.clone()), (beside(&from), beside(&to))];
    for (index, (from, to)) in halves.into_iter().enumerate() {
        let path = from.clone();
        let copied = tokio::task::spawn_blocking(move || copy(&from, &to)).await;
        match copied.map_err(io::Error::other).flatten() {
            Ok(()) => {}
            // With a key pair that is there already, nobody needs the public half.
            Err(_) if index == 1 && driver.existing_key => {}
            Err(source) => return Err(Failure::CopyKey { path, source }),
        }
    }
    Ok(to)
}

pub(crate) fn public_half(driver: &Driver) -> Result<String, Failure> {
    let path = beside(Path::new(&driver.ssh_private_key_path));
    let read = fs_err::read_to_string(&path);
    read.map_err(|source| Failure::File { option: "amazonec2-ssh-keypath", path, source })
}

/// Where the public half of a private key is.
pub(crate) fn beside(key: &Path) -> PathBuf {
    let mut path = key.as_os_str().to_owned();
    path.push(".pub");
    path.into()
}

/// The copy appears whole, durable and 0600.
fn copy(from: &Path, to: &Path) -> io::Result<()> {
    let folder = to.parent().unwrap_or(Path::new("."));
    let mut file = tempfile::NamedTempFile::new_in(folder)?; // 0600 from its first moment
    let copied = io::copy(&mut fs_err::File::open(from)?.take(KEY_LIMIT + 1), &mut file)?;
    if copied > KEY_LIMIT {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "too large for a key"));
    }
    file.as_file().sync_all()?;
    file.persist(to)?;
    sync_folder(folder)
}
