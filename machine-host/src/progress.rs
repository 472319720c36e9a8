use std::path::PathBuf;

/// Something that happens while the host works, with no wording decided yet.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Progress {
    /// A certificate authority is about to be made.
    CreatingAuthority {
        /// Its certificate.
        path: PathBuf,
    },
    /// A client certificate is about to be made.
    CreatingClientCertificate {
        /// The certificate.
        path: PathBuf,
    },
    /// The authority's certificate has expired: a new one follows.
    AuthorityOutdated,
    /// The client's certificate has expired: a new one follows.
    ClientCertificateOutdated,
}
