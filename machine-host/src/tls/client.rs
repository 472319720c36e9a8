use super::MAX_FILE;
use super::certificate::unusable;
use crate::error::{at, plain};
use crate::platform;
use crate::store::AuthPaths;
use machine_core::{Error, ErrorKind, Result};
use rustls::{ClientConfig, RootCertStore, crypto::aws_lc_rs};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// Reads what it takes to talk to an engine: TLS 1.2 or later, the authority as the only root, the
/// client's certificate. Needs no process-wide crypto provider.
///
/// # Errors
/// When a file cannot be read; [`ErrorKind::InvalidOption`] when one holds something else.
pub fn client_config(ca: &Path, cert: &Path, key: &Path) -> Result<Arc<ClientConfig>> {
    let roots = roots(ca)?;
    let chain = certificates(cert)?;
    let bytes = platform::read(key, MAX_FILE).map_err(at("open", key))?;
    let private = PrivateKeyDer::from_pem_slice(&bytes);
    let private = private.map_err(|_| unusable(key, "holds no private key in PEM"))?;
    let config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|e| Error::wrap(ErrorKind::Other, "", e))?
        .with_root_certificates(roots)
        .with_client_auth_cert(chain, private)
        .map_err(|e| {
            let text = format!("{} and {} are no pair", cert.display(), key.display());
            plain(ErrorKind::InvalidOption, text).with_source(e)
        })?;
    Ok(Arc::new(config))
}

/// The authority as the only root.
pub(super) fn roots(ca: &Path) -> Result<Arc<RootCertStore>> {
    let mut roots = RootCertStore::empty();
    for root in certificates(ca)? {
        roots.add(root).map_err(|_| unusable(ca, "is no certificate"))?;
    }
    Ok(Arc::new(roots))
}

pub(super) fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>> {
    let bytes = platform::read(path, MAX_FILE).map_err(at("open", path))?;
    let all: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&bytes).collect();
    match all {
        Ok(all) if !all.is_empty() => Ok(all),
        _ => Err(unusable(path, "holds no certificate in PEM")),
    }
}

/// Client configurations by the files they come from: machines of a store share theirs.
#[derive(Debug, Default)]
pub struct ClientConfigs(Mutex<HashMap<[PathBuf; 3], Arc<ClientConfig>>>);

impl ClientConfigs {
    /// [`client_config`], which reads the files the first time only.
    ///
    /// # Errors
    /// As [`client_config`]; the next call tries again.
    pub fn get(&self, paths: &AuthPaths) -> Result<Arc<ClientConfig>> {
        let files = [&paths.ca_cert, &paths.client_cert, &paths.client_key].map(Clone::clone);
        // Held while reading: others that want the same would read it once more.
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(config) = known.get(&files) {
            return Ok(Arc::clone(config));
        }
        let [ca, cert, key] = &files;
        let config = client_config(ca, cert, key)?;
        known.insert(files, Arc::clone(&config));
        Ok(config)
    }

    /// Forgets all, for when files were made anew.
    pub fn clear(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}
