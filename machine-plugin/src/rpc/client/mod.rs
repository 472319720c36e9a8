mod body;
mod http;
mod message;

pub(crate) use http::{CONNECT, HttpError, connected};
pub(crate) use message::{ReplyStream, RequestWriter};
