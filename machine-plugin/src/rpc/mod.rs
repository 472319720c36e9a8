//! Go's `net/rpc`: a request and a reply are two gob values each, a header and a body.
mod http;
mod message;
mod types;

pub(crate) use http::{CONNECT, HttpError, connected};
pub(crate) use message::{ReplyStream, RequestWriter};
pub(crate) use types::{Body, FlagValue};
