mod body;
mod http;
mod message;

pub(crate) use body::Flag;
pub(crate) use http::{CONNECTED, Greeting, greeting};
pub(crate) use message::{ReplyWriter, Request, RequestStream};
