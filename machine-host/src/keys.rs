use crate::error::{at, plain};
use crate::platform;
use crate::store;
use machine_core::{Error, ErrorKind, Result};
use ssh_key::private::PrivateKey;
use ssh_key::rand_core::OsRng;
use ssh_key::{Algorithm, LineEnding};
use std::io;
use std::path::{Path, PathBuf};

/// A key is at most this long.
const MAX_KEY: u64 = 64 << 10;

/// Makes an SSH key pair (ed25519, in OpenSSH's form) at `path` and `path.pub`, 0600 both, and
/// returns the public half as a line of `authorized_keys`. A key that is there is kept.
///
/// # Errors
/// When a file cannot be read or written; [`ErrorKind::InvalidOption`] when the key that is there
/// is in a form that hides its public half, and `path.pub` is missing.
pub fn generate_ssh_key(path: &Path) -> Result<String> {
    let public_path = public_path(path);
    match platform::read(path, MAX_KEY) {
        Ok(bytes) => {
            let private = PrivateKey::from_openssh(bytes);
            let public = match private {
                Ok(key) => key.public_key().to_openssh().map_err(failed)?,
                // PEM of earlier versions: the other file tells.
                Err(_) => return stored_public(path, &public_path),
            };
            // A kill between the two writes left only the first.
            if platform::read(&public_path, MAX_KEY).is_err() {
                store::write(&public_path, (public.clone() + "\n").as_bytes(), platform::PRIVATE)?;
            }
            Ok(public)
        }
        Err(e) if e.kind() == io::ErrorKind::NotFound => {
            let key = PrivateKey::random(&mut OsRng, Algorithm::Ed25519).map_err(failed)?;
            let private = key.to_openssh(LineEnding::LF).map_err(failed)?;
            let public = key.public_key().to_openssh().map_err(failed)?;
            store::write_unsynced(path, private.as_bytes(), platform::PRIVATE)?;
            store::write(&public_path, (public.clone() + "\n").as_bytes(), platform::PRIVATE)?;
            Ok(public)
        }
        Err(e) => Err(at("open", path)(e)),
    }
}

fn stored_public(path: &Path, public_path: &Path) -> Result<String> {
    let bytes = platform::read(public_path, MAX_KEY).map_err(at("open", public_path))?;
    let text = String::from_utf8_lossy(&bytes);
    let line = text.lines().map(str::trim).find(|line| !line.is_empty());
    line.map(str::to_owned).ok_or_else(|| {
        let text = format!("{} is no key that tells its public half", path.display());
        plain(ErrorKind::InvalidOption, text)
    })
}

fn public_path(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".pub");
    name.into()
}

fn failed(error: ssh_key::Error) -> Error {
    Error::wrap(ErrorKind::Other, "ssh key", error)
}
