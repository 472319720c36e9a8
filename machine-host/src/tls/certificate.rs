use super::MAX_FILE;
use super::authority::Authority;
use crate::error::{at, plain};
use crate::platform;
use machine_core::{Error, ErrorKind, Result, Secret};
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa,
    Issuer, KeyIdMethod, KeyPair, KeyUsagePurpose, PKCS_ECDSA_P256_SHA256, SanType, SerialNumber,
    SigningKey,
};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use x509_parser::prelude::{FromDer, X509Certificate};

/// How long a certificate is valid. Docker Machine's.
const VALIDITY: Duration = Duration::from_secs(1080 * 24 * 60 * 60);
/// Clocks of two computers may be this far apart.
const SKEW: Duration = Duration::from_secs(5 * 60);

/// What a certificate is for.
pub(super) enum Purpose {
    Authority,
    Client,
    Server { names: Vec<SanType>, is_client_too: bool },
}

/// A certificate and its private key, PEM both.
pub(super) struct Pair {
    pub(super) certificate: String,
    pub(super) key: Secret,
}

/// A new key with a certificate: signed by `issuer`, or by itself where there is none.
pub(super) fn issue(
    organization: &str,
    purpose: Purpose,
    issuer: Option<&Authority>,
) -> Result<Pair> {
    let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).map_err(failed)?;
    let mut params = params(organization, purpose)?;
    let der = match issuer {
        None => params.self_signed(&key).map_err(failed)?.der().to_vec(),
        Some(authority) => {
            let mut signer = CertificateParams::default();
            if let Some(id) = &authority.key_id {
                params.use_authority_key_identifier_extension = true;
                signer.key_identifier_method = KeyIdMethod::PreSpecified(id.clone());
            }
            let signer = Issuer::from_params(&signer, &authority.key);
            let draft = params.signed_by(&key, &signer).map_err(failed)?;
            with_issuer(draft.der(), &authority.name, &authority.key)?
        }
    };
    let key = pem("PRIVATE KEY", key.serialize_der());
    Ok(Pair { certificate: pem("CERTIFICATE", der), key: Secret::new(key) })
}

fn params(organization: &str, purpose: Purpose) -> Result<CertificateParams> {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::OrganizationName, organization);

    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let start = now.saturating_sub(SKEW).as_secs();
    let start = Duration::from_secs(start - start % 60);
    params.not_before = rcgen::date_time_ymd(1970, 1, 1) + start;
    params.not_after = params.not_before + VALIDITY;

    let mut serial = [0; 16];
    let random = rustls::crypto::aws_lc_rs::default_provider().secure_random;
    random.fill(&mut serial).map_err(|_| plain(ErrorKind::Other, "no random numbers"))?;
    params.serial_number = Some(SerialNumber::from_slice(&serial));

    params.is_ca = IsCa::ExplicitNoCa;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    let agreement = [KeyUsagePurpose::KeyEncipherment, KeyUsagePurpose::KeyAgreement];
    match purpose {
        Purpose::Authority => {
            params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
            params.key_usages.extend(agreement);
            params.key_usages.push(KeyUsagePurpose::KeyCertSign);
        }
        Purpose::Client => {
            params.extended_key_usages.push(ExtendedKeyUsagePurpose::ClientAuth);
        }
        Purpose::Server { names, is_client_too } => {
            params.key_usages.extend(agreement);
            params.extended_key_usages.push(ExtendedKeyUsagePurpose::ServerAuth);
            if is_client_too {
                params.extended_key_usages.insert(0, ExtendedKeyUsagePurpose::ClientAuth);
            }
            params.subject_alt_names = names;
        }
    }
    Ok(params)
}

/// Puts the authority's name into a certificate byte by byte, and signs it again.
///
/// Verifiers compare names as bytes, and rcgen can neither hold every name (two parts of one
/// type, parts of several values) nor every encoding.
fn with_issuer(draft: &[u8], issuer: &[u8], key: &KeyPair) -> Result<Vec<u8>> {
    let broken = || plain(ErrorKind::Other, "the certificate cannot be put together");
    let replace = || {
        let (whole, _) = split(draft)?;
        let (body, rest) = split(whole.content)?;
        let (algorithm, _) = split(rest)?;
        // version, serial number and algorithm stand before the issuer
        let (_, rest) = split(body.content)?;
        let (_, rest) = split(rest)?;
        let (_, from_issuer) = split(rest)?;
        let (_, after) = split(from_issuer)?;
        let before = body.content.get(..body.content.len() - from_issuer.len())?;
        Some((element(SEQUENCE, &[before, issuer, after]), algorithm.bytes))
    };
    let (body, algorithm) = replace().ok_or_else(broken)?;
    let signature = key.sign(&body).map_err(failed)?;
    let signature = element(BIT_STRING, &[&[0], &signature]);
    Ok(element(SEQUENCE, &[&body, algorithm, &signature]))
}

const SEQUENCE: u8 = 0x30;
const BIT_STRING: u8 = 0x03;

/// One DER element: with its tag and length, and without.
struct Element<'a> {
    bytes: &'a [u8],
    content: &'a [u8],
}

/// The first element and what follows it.
fn split(input: &[u8]) -> Option<(Element<'_>, &[u8])> {
    let first = usize::from(*input.get(1)?);
    let (length, header) = if first < 0x80 {
        (first, 2)
    } else {
        let digits = input.get(2..2 + (first - 0x80))?;
        let value = digits
            .iter()
            .try_fold(0usize, |all, digit| Some(all.checked_mul(0x100)? + usize::from(*digit)));
        (value?, 2 + digits.len())
    };
    let end = header.checked_add(length)?;
    let element = Element { bytes: input.get(..end)?, content: input.get(header..end)? };
    Some((element, input.get(end..)?))
}

fn element(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let length: usize = parts.iter().map(|part| part.len()).sum();
    let mut bytes = vec![tag];
    if let Ok(short @ ..0x80) = u8::try_from(length) {
        bytes.push(short);
    } else {
        let digits: Vec<u8> = length.to_be_bytes().into_iter().skip_while(|d| *d == 0).collect();
        bytes.push(0x80 | digits.len() as u8); // at most eight
        bytes.extend(digits);
    }
    for part in parts {
        bytes.extend_from_slice(part);
    }
    bytes
}

/// The same on every system: what is made on one goes to hosts and stores of another.
fn pem(tag: &str, der: Vec<u8>) -> String {
    let layout = pem::EncodeConfig::new().set_line_ending(pem::LineEnding::LF);
    pem::encode_config(&pem::Pem::new(tag, der), layout)
}

/// When a certificate ends: the first one in a PEM file.
///
/// # Errors
/// When the file cannot be read, or holds no certificate ([`ErrorKind::InvalidOption`]).
pub fn certificate_expiry(path: &Path) -> Result<SystemTime> {
    let der = read(path)?;
    let certificate = parse(&der, path)?;
    let seconds = u64::try_from(certificate.validity().not_after.timestamp()).unwrap_or(0);
    Ok(UNIX_EPOCH + Duration::from_secs(seconds))
}

/// The first certificate in a file.
pub(super) fn read(path: &Path) -> Result<CertificateDer<'static>> {
    let bytes = platform::read(path, MAX_FILE).map_err(at("open", path))?;
    CertificateDer::from_pem_slice(&bytes)
        .map_err(|_| unusable(path, "holds no certificate in PEM"))
}

pub(super) fn parse<'a>(der: &'a [u8], path: &Path) -> Result<X509Certificate<'a>> {
    let parsed = X509Certificate::from_der(der);
    parsed.map(|(_, certificate)| certificate).map_err(|_| unusable(path, "is no certificate"))
}

pub(super) fn unusable(path: &Path, why: &str) -> Error {
    plain(ErrorKind::InvalidOption, format!("{} {why}", path.display()))
}

pub(super) fn failed(error: rcgen::Error) -> Error {
    Error::wrap(ErrorKind::Other, "", error)
}
