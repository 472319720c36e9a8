use machine_core::{Error, ErrorKind};

/// Private: callers see `machine_core::Error`, so an SDK can change without a major bump.
#[derive(Debug, thiserror::Error)]
pub(super) enum CloudError {
    #[error("no credentials: give --memory-secret-key or --memory-profile")]
    NoCredentials,
    #[error("wrong credentials")]
    WrongCredentials,
    #[error("no zone given")]
    NoZone,
    #[error("size {size} is not between 1 and 64")]
    BadSize { size: i64 },
    #[error("no capacity in zone {zone}")]
    NoCapacity { zone: String },
    #[error("{name} exists already")]
    Exists { name: String },
    #[error("{id} is in use")]
    InUse { id: String },
    #[error("no such resource: {id}")]
    Missing { id: String },
    #[error("{id} is not {what} after {seconds} s")]
    TooSlow { id: String, what: &'static str, seconds: u64 },
}

impl From<CloudError> for Error {
    fn from(e: CloudError) -> Self {
        let kind = match &e {
            CloudError::NoCredentials | CloudError::WrongCredentials => ErrorKind::Credentials,
            CloudError::NoZone | CloudError::BadSize { .. } => ErrorKind::InvalidOption,
            CloudError::NoCapacity { .. } => ErrorKind::Capacity,
            CloudError::Exists { .. } | CloudError::InUse { .. } => ErrorKind::Conflict,
            CloudError::Missing { .. } => ErrorKind::NotFound,
            CloudError::TooSlow { .. } => ErrorKind::Transient,
        };
        Self::wrap(kind, "memory", e)
    }
}
