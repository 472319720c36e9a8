use crate::codec::{CodecError, Encoder, StreamDecoder, Struct, Value};
use crate::rpc::Body;

/// A client's call.
#[derive(Debug)]
pub(crate) struct Request {
    /// With its service's name.
    pub(crate) method: String,
    pub(crate) seq: u64,
    pub(crate) body: Value,
}

/// Reads a client's requests.
#[derive(Debug, Default)]
pub(crate) struct RequestStream {
    stream: StreamDecoder,
    header: Option<Struct>,
}

impl RequestStream {
    pub(crate) fn feed(&mut self, bytes: &[u8]) {
        self.stream.feed(bytes);
    }

    /// The next whole request; `None` when more bytes are needed.
    pub(crate) fn next_request(&mut self) -> Result<Option<Request>, CodecError> {
        while let Some((_, value)) = self.stream.next_value()? {
            match (self.header.take(), value) {
                (None, Value::Struct(header)) => self.header = Some(header),
                (None, _) => return Err(CodecError::Malformed("request header")),
                (Some(header), body) => return request(&header, body).map(Some),
            }
        }
        Ok(None)
    }
}

fn request(header: &Struct, body: Value) -> Result<Request, CodecError> {
    let malformed = || CodecError::Malformed("request header");
    let method = header.field("ServiceMethod").and_then(Value::as_text).ok_or_else(malformed)?;
    // A number of zero is left out.
    let seq = match header.field("Seq") {
        None => 0,
        Some(Value::Uint(seq)) => *seq,
        Some(_) => return Err(malformed()),
    };
    Ok(Request { method: method.to_owned(), seq, body })
}

/// Writes a server's replies.
#[derive(Debug)]
pub(crate) struct ReplyWriter(Encoder);

impl ReplyWriter {
    pub(crate) fn new() -> Self {
        Self(Encoder::new(Body::types()))
    }

    /// Bytes of one reply.
    pub(crate) fn write(
        &mut self,
        method: String,
        seq: u64,
        result: Result<Body, String>,
    ) -> Result<Vec<u8>, CodecError> {
        // An error without a text would be none.
        let error = |text: String| if text.is_empty() { "unknown error".to_owned() } else { text };
        let (body, text) = match result {
            Ok(body) => (body, String::new()),
            Err(text) => (Body::empty(), error(text)),
        };
        let header = Body::response(method, seq, text);
        let mut out = Vec::new();
        self.0.encode(header.id, &header.value, &mut out)?;
        self.0.encode(body.id, &body.value, &mut out)?;
        Ok(out)
    }
}
