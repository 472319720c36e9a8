use super::MAX_FILE;
use super::authority::Authority;
use super::certificate::{self, Purpose};
use crate::error::{at, plain};
use crate::platform;
use crate::store;
use crate::store::AuthPaths;
use machine_core::{ErrorKind, Result, Secret};
use rcgen::SanType;
use std::net::IpAddr;
use std::path::Path;

/// A server's certificate and private key, PEM both.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ServerPair {
    /// The certificate.
    pub cert_pem: String,
    /// The key.
    pub key_pem: Secret,
}

impl ServerPair {
    /// Stores both, the key 0600.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub fn write(&self, certificate: &Path, key: &Path) -> Result<()> {
        store::write(key, self.key_pem.expose().as_bytes(), platform::PRIVATE)?;
        store::write(certificate, self.cert_pem.as_bytes(), platform::PUBLIC)
    }
}

/// Makes a server's certificate for the organization `USER.MACHINE`.
///
/// Of `names`, those that are an address become one, all others are DNS names; equal ones count
/// once. `client_auth`: the server is a client of others too (a swarm master).
///
/// # Errors
/// [`ErrorKind::InvalidOption`] when a name cannot stand in a certificate, or the authority's files
/// are not usable; when they cannot be read.
pub fn issue_server(
    paths: &AuthPaths,
    org: &str,
    names: &[String],
    client_auth: bool,
) -> Result<ServerPair> {
    let authority = Authority::load(&paths.ca_cert, &paths.ca_key)?;
    let mut alternative = Vec::new();
    for name in names.iter().map(|name| name.trim()).filter(|name| !name.is_empty()) {
        let name = match name.parse::<IpAddr>() {
            Ok(address) => SanType::IpAddress(address),
            Err(_) => SanType::DnsName(name.try_into().map_err(|_| {
                let text = format!("{name:?} cannot stand in a certificate");
                plain(ErrorKind::InvalidOption, text)
            })?),
        };
        if !alternative.contains(&name) {
            alternative.push(name);
        }
    }
    let purpose = Purpose::Server { names: alternative, is_client_too: client_auth };
    let pair = certificate::issue(org, purpose, Some(&authority))?;
    Ok(ServerPair { cert_pem: pair.certificate, key_pem: pair.key })
}

/// Copies the authority's certificate and the client's pair into a machine's folder, as `ca.pem`,
/// `cert.pem` and `key.pem`. Modes are kept, but the key is for nobody else.
///
/// # Errors
/// When a file cannot be read or written.
pub fn copy_client_files(paths: &AuthPaths, machine_dir: &Path) -> Result<()> {
    let copies = [
        (&paths.ca_cert, "ca.pem", 0o777),
        (&paths.client_cert, "cert.pem", 0o777),
        (&paths.client_key, "key.pem", platform::PRIVATE),
    ];
    for (from, name, mask) in copies {
        let bytes = platform::read(from, MAX_FILE).map_err(at("open", from))?;
        let mode = platform::mode_of(&from.metadata().map_err(at("stat", from))?);
        let to = machine_dir.join(name);
        if platform::read(&to, MAX_FILE).ok().as_ref() != Some(&bytes) {
            store::write(&to, &bytes, mode & mask)?;
        }
    }
    Ok(())
}
