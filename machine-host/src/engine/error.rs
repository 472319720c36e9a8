use super::url::Endpoint;
use crate::platform;
use machine_core::{Error, ErrorKind};
use rustls::{AlertDescription, CertificateError, InvalidMessage};
use std::error::Error as StdError;
use std::net::SocketAddr;
use std::{fmt, io};

/// Why an engine did not answer, in Go's words where it has some:
/// `dial tcp 127.0.0.1:2376: connect: connection refused`.
#[derive(Debug)]
pub struct EngineError {
    kind: Kind,
    text: String,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Kind {
    Refused,
    TimedOut,
    Certificate,
    Setup(ErrorKind),
    Other,
}

impl EngineError {
    /// Whether nobody listens there.
    pub fn is_refused(&self) -> bool {
        self.kind == Kind::Refused
    }

    /// Whether the time was up.
    pub fn is_timeout(&self) -> bool {
        self.kind == Kind::TimedOut
    }

    /// Whether one side does not accept the other's certificate.
    pub fn is_certificate(&self) -> bool {
        self.kind == Kind::Certificate
    }

    fn new(kind: Kind, text: impl Into<String>) -> Self {
        Self { kind, text: text.into(), source: None }
    }

    fn with_source(mut self, source: impl StdError + Send + Sync + 'static) -> Self {
        self.source = Some(Box::new(source));
        self
    }

    pub(super) fn lookup(host: &str, cause: &io::Error) -> Self {
        let text = platform::error_text(cause);
        // The system puts where it happened in front.
        let text = text.rsplit_once(": ").map_or(&*text, |(_, why)| why);
        Self::new(Kind::Other, format!("dial tcp: lookup {host}: {text}"))
    }

    pub(super) fn connect(address: SocketAddr, cause: &io::Error) -> Self {
        match cause.kind() {
            io::ErrorKind::TimedOut => Self::timed_out("dial", &address.to_string()),
            kind => {
                let refused = kind == io::ErrorKind::ConnectionRefused;
                let text = platform::error_text(cause);
                let kind = if refused { Kind::Refused } else { Kind::Other };
                Self::new(kind, format!("dial tcp {address}: connect: {text}"))
            }
        }
    }

    /// `call` is Go's word for what was under way: `dial`, `read`.
    pub(super) fn timed_out(call: &str, address: &str) -> Self {
        Self::new(Kind::TimedOut, format!("{call} tcp {address}: i/o timeout"))
    }

    pub(super) fn setup(cause: Error) -> Self {
        Self::new(Kind::Setup(cause.kind()), cause.to_string()).with_source(cause)
    }

    pub(super) fn bad_name(host: &str) -> Self {
        let text = format!("x509: {host:?} is neither a name nor an address");
        Self::new(Kind::Setup(ErrorKind::InvalidOption), text)
    }

    pub(super) fn answer(endpoint: &Endpoint, text: impl fmt::Display) -> Self {
        Self::new(Kind::Other, format!("{endpoint}: {text}"))
    }

    /// The connection's own fault, wherever it stands in the chain of `error`.
    pub(super) fn talk(endpoint: &Endpoint, error: impl StdError + Send + Sync + 'static) -> Self {
        let mut cause: Option<&(dyn StdError + 'static)> = Some(&error);
        while let Some(error) = cause {
            if let Some(tls) = error.downcast_ref::<rustls::Error>() {
                return Self::tls(endpoint, tls.clone());
            }
            if let Some(io) = error.downcast_ref::<io::Error>() {
                match io.get_ref() {
                    // Its `source` would skip it.
                    Some(inner) => {
                        if let Some(tls) = inner.downcast_ref::<rustls::Error>() {
                            return Self::tls(endpoint, tls.clone());
                        }
                    }
                    None => return Self::io(endpoint, io),
                }
                if io.kind() == io::ErrorKind::UnexpectedEof {
                    return Self::io(endpoint, io);
                }
            }
            cause = error.source();
        }
        Self::answer(endpoint, &error)
    }

    fn io(endpoint: &Endpoint, cause: &io::Error) -> Self {
        match cause.kind() {
            io::ErrorKind::UnexpectedEof => Self::closed(endpoint),
            io::ErrorKind::TimedOut => Self::timed_out("read", &endpoint.to_string()),
            _ => {
                let text = platform::error_text(cause);
                Self::new(Kind::Other, format!("read tcp {endpoint}: {text}"))
            }
        }
    }

    pub(super) fn closed(endpoint: &Endpoint) -> Self {
        Self::new(Kind::Other, format!("read tcp {endpoint}: EOF"))
    }

    fn tls(endpoint: &Endpoint, error: rustls::Error) -> Self {
        use rustls::Error as Tls;
        let (kind, text) = match &error {
            Tls::InvalidCertificate(why) => (Kind::Certificate, rejected(endpoint, why)),
            Tls::AlertReceived(alert) => {
                let kind =
                    if is_about_certificates(*alert) { Kind::Certificate } else { Kind::Other };
                (kind, format!("remote error: tls: {}", words(*alert)))
            }
            Tls::InvalidMessage(InvalidMessage::InvalidContentType) => {
                (Kind::Other, "tls: first record does not look like a TLS handshake".to_owned())
            }
            _ => (Kind::Other, format!("TLS connection to {endpoint} failed")),
        };
        Self::new(kind, text).with_source(error)
    }
}

fn rejected(endpoint: &Endpoint, why: &CertificateError) -> String {
    match why {
        CertificateError::UnknownIssuer | CertificateError::BadSignature => {
            "x509: certificate signed by unknown authority".to_owned()
        }
        CertificateError::Expired
        | CertificateError::ExpiredContext { .. }
        | CertificateError::NotValidYet
        | CertificateError::NotValidYetContext { .. } => {
            "x509: certificate has expired or is not yet valid".to_owned()
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            format!("x509: certificate is not valid for {}", endpoint.host)
        }
        CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => {
            "x509: certificate specifies an incompatible key usage".to_owned()
        }
        _ => format!("x509: certificate of {endpoint} is not accepted"),
    }
}

fn is_about_certificates(alert: AlertDescription) -> bool {
    use AlertDescription as A;
    [
        A::NoCertificate,
        A::BadCertificate,
        A::UnsupportedCertificate,
        A::CertificateRevoked,
        A::CertificateExpired,
        A::CertificateUnknown,
        A::UnknownCA,
        A::AccessDenied,
        A::CertificateRequired,
        // A signature that does not fit: an older authority of the same name made the certificate.
        A::DecryptError,
    ]
    .contains(&alert)
}

/// Go's names of alerts.
fn words(alert: AlertDescription) -> String {
    use AlertDescription as A;
    let text = match alert {
        A::HandshakeFailure => "handshake failure",
        A::BadCertificate => "bad certificate",
        A::UnsupportedCertificate => "unsupported certificate",
        A::CertificateRevoked => "revoked certificate",
        A::CertificateExpired => "expired certificate",
        A::CertificateUnknown => "unknown certificate",
        A::UnknownCA => "unknown certificate authority",
        A::AccessDenied => "access denied",
        A::DecryptError => "error decrypting message",
        A::ProtocolVersion => "protocol version not supported",
        A::CertificateRequired => "certificate required",
        other => return format!("{other:?}"),
    };
    text.to_owned()
}

impl fmt::Display for EngineError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl StdError for EngineError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        let source: &(dyn StdError + 'static) = self.source.as_deref()?;
        match self.kind {
            Kind::Setup(_) => source.source(), // its own text is ours already
            _ => Some(source),
        }
    }
}

impl From<EngineError> for Error {
    fn from(error: EngineError) -> Self {
        let kind = match error.kind {
            Kind::Refused | Kind::TimedOut | Kind::Other => ErrorKind::Transient,
            Kind::Certificate => ErrorKind::Credentials,
            Kind::Setup(kind) => kind,
        };
        Self::wrap(kind, "", error)
    }
}
