use super::MAX_FILE;
use super::authority::Authority;
use super::certificate::{self, Purpose};
use super::client::{certificates, roots};
use crate::error::{at, plain};
use crate::platform;
use crate::store;
use crate::store::AuthPaths;
use machine_core::{ErrorKind, Result, Secret};
use rcgen::SanType;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::aws_lc_rs;
use rustls::sign::CertifiedKey;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{PrivateKeyDer, ServerName, UnixTime};
use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// How long a certificate must still be good to be kept.
const MARGIN: Duration = Duration::from_secs(30 * 24 * 60 * 60);

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
    /// The pair in these files, if it need not be made anew: both belong together, and a client
    /// that trusts the authority alone would take them for each of `names` for 30 days more.
    pub fn stored(
        authority: &Path,
        certificate: &Path,
        key: &Path,
        names: &[String],
    ) -> Option<Self> {
        let pem = |path| String::from_utf8(platform::read(path, MAX_FILE).ok()?).ok();
        let (cert_pem, key_pem) = (pem(certificate)?, Secret::new(pem(key)?));
        let chain = certificates(certificate).ok()?;
        let private = PrivateKeyDer::from_pem_slice(key_pem.expose().as_bytes()).ok()?;
        let provider = Arc::new(aws_lc_rs::default_provider());
        let signer = provider.key_provider.load_private_key(private).ok()?;
        CertifiedKey::new(chain.clone(), signer).keys_match().ok()?;
        let verifier =
            WebPkiServerVerifier::builder_with_provider(roots(authority).ok()?, provider);
        let verifier = verifier.build().ok()?;
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).ok()?;
        let then = UnixTime::since_unix_epoch(now + MARGIN);
        let (first, others) = chain.split_first()?;
        let is_good = |name: &str| {
            let name = ServerName::try_from(name).ok()?;
            verifier.verify_server_cert(first, others, &name, &[], then).ok()
        };
        named(names).all(|name| is_good(name).is_some()).then_some(Self { cert_pem, key_pem })
    }

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
    for name in named(names) {
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

fn named(names: &[String]) -> impl Iterator<Item = &str> {
    names.iter().map(|name| name.trim()).filter(|name| !name.is_empty())
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
