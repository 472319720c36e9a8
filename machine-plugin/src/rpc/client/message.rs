use crate::codec::{CodecError, Encoder, StreamDecoder, Struct, Value};
use crate::rpc::Body;

/// Writes a client's requests.
#[derive(Debug)]
pub(crate) struct RequestWriter {
    encoder: Encoder,
    seq: u64,
}

impl RequestWriter {
    pub(crate) fn new() -> Self {
        Self { encoder: Encoder::new(Body::types()), seq: 0 }
    }

    /// Bytes of one request, and its number, by which the reply will be known.
    pub(crate) fn write(
        &mut self,
        method: &str,
        body: &Body,
    ) -> Result<(u64, Vec<u8>), CodecError> {
        let (seq, mut out) = (self.seq, Vec::new());
        let header = Body::request(method.to_owned(), seq);
        self.encoder.encode(header.id, &header.value, &mut out)?;
        self.encoder.encode(body.id, &body.value, &mut out)?;
        self.seq += 1;
        Ok((seq, out))
    }
}

/// A server's answer to one request.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) seq: u64,
    /// The value, or the error's text.
    pub(crate) result: Result<Value, String>,
}

/// Reads a server's replies, which may come in any order.
#[derive(Debug, Default)]
pub(crate) struct ReplyStream {
    stream: StreamDecoder,
    header: Option<Struct>,
}

impl ReplyStream {
    pub(crate) fn feed(&mut self, bytes: &[u8]) {
        self.stream.feed(bytes);
    }

    /// The next whole reply; `None` when more bytes are needed.
    pub(crate) fn next_reply(&mut self) -> Result<Option<Reply>, CodecError> {
        while let Some((_, value)) = self.stream.next_value()? {
            match (self.header.take(), value) {
                (None, Value::Struct(header)) => self.header = Some(header),
                (None, _) => return Err(CodecError::Malformed("reply header")),
                (Some(header), body) => return reply(&header, body).map(Some),
            }
        }
        Ok(None)
    }
}

fn reply(header: &Struct, body: Value) -> Result<Reply, CodecError> {
    // A number of zero and an empty error are left out.
    let seq = header.field("Seq").map_or(Some(0), Value::as_int);
    let seq = seq.and_then(|seq| u64::try_from(seq).ok());
    let seq = seq.ok_or(CodecError::Malformed("reply header"))?;
    let error = header.field("Error").and_then(Value::as_text).filter(|text| !text.is_empty());
    Ok(Reply { seq, result: error.map_or(Ok(body), |text| Err(text.to_owned())) })
}
