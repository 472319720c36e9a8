use super::authority::Authority;
use super::certificate::{self, Pair, Purpose, certificate_expiry};
use crate::error::{at, plain};
use crate::platform;
use crate::progress::Progress;
use crate::store;
use crate::store::AuthPaths;
use machine_core::{Error, ErrorKind, Result};
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// Makes sure that there is an authority and a client certificate: those that are missing or have
/// expired are made (ECDSA P-256). The caller holds [`crate::LockName::Authority`].
///
/// `folder` is the store's folder of certificates and is made where it is missing; those of
/// `paths` elsewhere are not. `owner` is the user's name. A new authority leaves the certificates
/// that an older one signed as they are.
///
/// # Errors
/// Docker Machine's texts, without the `Error generating certificates: ` before them. A key
/// without its certificate is never overwritten: [`ErrorKind::Conflict`].
pub fn bootstrap(
    paths: &AuthPaths,
    folder: &Path,
    owner: &str,
    note: &dyn Fn(Progress),
) -> Result<()> {
    if let Err(e) = folder.metadata() {
        if e.kind() != io::ErrorKind::NotFound {
            return Err(at("stat", folder)(e));
        }
        platform::create_folder(folder).map_err(at("mkdir", folder))?;
    }
    let authority = Kind {
        certificate: &paths.ca_cert,
        key: &paths.ca_key,
        outdated: Progress::AuthorityOutdated,
        creating: Progress::CreatingAuthority { path: paths.ca_cert.clone() },
        taken: "certificate authority key already exists",
        failed: "generating CA certificate failed",
    };
    authority.ensure(note, || certificate::issue(owner, Purpose::Authority, None))?;
    let client = Kind {
        certificate: &paths.client_cert,
        key: &paths.client_key,
        outdated: Progress::ClientCertificateOutdated,
        creating: Progress::CreatingClientCertificate { path: paths.client_cert.clone() },
        taken: "client key already exists",
        failed: "failure generating client certificate",
    };
    client.ensure(note, || {
        let authority = Authority::load(&paths.ca_cert, &paths.ca_key)?;
        certificate::issue(&format!("{owner}.<bootstrap>"), Purpose::Client, Some(&authority))
    })
}

struct Kind<'a> {
    certificate: &'a Path,
    key: &'a Path,
    outdated: Progress,
    creating: Progress,
    taken: &'static str,
    failed: &'static str,
}

impl Kind<'_> {
    fn ensure(self, note: &dyn Fn(Progress), make: impl FnOnce() -> Result<Pair>) -> Result<()> {
        let exists = match self.certificate.metadata() {
            Err(e) if e.kind() == io::ErrorKind::NotFound => false,
            // What else is wrong with it, reading tells.
            _ => true,
        };
        if exists {
            if certificate_expiry(self.certificate)? >= SystemTime::now() {
                return Ok(());
            }
            note(self.outdated.clone());
        }
        note(self.creating.clone());
        if !exists && self.key.symlink_metadata().is_ok() {
            return if self.finish().is_ok() {
                Ok(())
            } else {
                Err(plain(ErrorKind::Conflict, self.taken))
            };
        }
        let prefixed = |e: Error| plain(e.kind(), format!("{}: {e}", self.failed));
        make().and_then(|pair| self.store(&pair)).map_err(prefixed)
    }

    /// The certificate gets its name last: a kill before leaves a key that [`Kind::finish`] brings
    /// to its end, where Docker Machine would need the user to delete it.
    fn store(&self, pair: &Pair) -> Result<()> {
        let draft = self.draft();
        let certificate = pair.certificate.as_bytes();
        store::write_as(self.certificate, &draft, certificate, platform::PUBLIC)?;
        let key = pair.key.expose().as_bytes();
        let stored = store::write(self.key, key, platform::PRIVATE).and_then(|()| self.publish());
        if stored.is_err() && self.key.symlink_metadata().is_err() {
            let _ = std::fs::remove_file(&draft); // best effort: the next run replaces it
        }
        stored
    }

    fn finish(&self) -> Result<()> {
        Authority::load(&self.draft(), self.key)?; // for its look at whether they are a pair
        self.publish()
    }

    fn publish(&self) -> Result<()> {
        let rename = std::fs::rename(self.draft(), self.certificate);
        rename.map_err(at("rename", self.certificate))?;
        store::sync_folder_of(self.certificate)
    }

    fn draft(&self) -> PathBuf {
        let name = self.certificate.file_name().unwrap_or_default().to_string_lossy();
        self.certificate.with_file_name(format!(".{name}.new"))
    }
}
