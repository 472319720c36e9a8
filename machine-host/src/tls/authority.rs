use super::MAX_FILE;
use super::certificate::{parse, read, unusable};
use crate::error::at;
use crate::platform;
use machine_core::Result;
use rcgen::KeyPair;
use rustls_pki_types::PrivateKeyDer;
use rustls_pki_types::pem::PemObject;
use std::path::Path;
use x509_parser::extensions::ParsedExtension;

/// What signs certificates. Docker Machine's (RSA, PKCS#1) and any other that the crypto library
/// knows, PKCS#8 and SEC1 included.
pub(super) struct Authority {
    /// Its subject as DER.
    pub(super) name: Vec<u8>,
    /// Its subject key id; older ones have none.
    pub(super) key_id: Option<Vec<u8>>,
    pub(super) key: KeyPair,
}

impl Authority {
    pub(super) fn load(certificate: &Path, key_path: &Path) -> Result<Self> {
        let der = read(certificate)?;
        let parsed = parse(&der, certificate)?;
        let key = key(key_path)?;
        if parsed.public_key().subject_public_key.data != key.public_key_raw() {
            let why = format!("is not the key of {}", certificate.display());
            return Err(unusable(key_path, &why));
        }
        let key_id = parsed.iter_extensions().find_map(|e| match e.parsed_extension() {
            ParsedExtension::SubjectKeyIdentifier(id) => Some(id.0.to_vec()),
            _ => None,
        });
        Ok(Self { name: parsed.subject().as_raw().to_vec(), key_id, key })
    }
}

/// The first private key in a file.
pub(super) fn key(path: &Path) -> Result<KeyPair> {
    let bytes = platform::read(path, MAX_FILE).map_err(at("open", path))?;
    let der = PrivateKeyDer::from_pem_slice(&bytes);
    let der = der.map_err(|_| unusable(path, "holds no private key in PEM"))?;
    KeyPair::try_from(&der).map_err(|_| unusable(path, "holds no private key of a known kind"))
}
