//! What a Docker Engine answers over TLS.
mod dial;
mod error;
mod http;
mod url;

pub use error::EngineError;
pub use http::EngineVersion;
pub use url::Endpoint;
