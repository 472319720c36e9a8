use crate::codec::cursor::split_uint;
use crate::codec::{CodecError, Decoder, Limits, TypeId, Value};

/// A [`Decoder`] over a byte stream that arrives in pieces of any size.
#[derive(Debug, Default)]
pub struct StreamDecoder {
    limits: Limits,
    decoder: Decoder,
    buffer: Vec<u8>,
    /// How much of `buffer` was read.
    start: usize,
}

impl StreamDecoder {
    /// For a new stream.
    pub fn new(limits: Limits) -> Self {
        Self { limits, decoder: Decoder::new(limits), buffer: Vec::new(), start: 0 }
    }

    /// Takes bytes that arrived.
    pub fn feed(&mut self, bytes: &[u8]) {
        self.buffer.drain(..self.start);
        self.start = 0;
        self.buffer.extend_from_slice(bytes);
    }

    /// The next whole value and its type, or `None` when more bytes are needed. Call it until then
    /// after each [`StreamDecoder::feed`]: only so the buffer stays as small as one message.
    ///
    /// # Errors
    /// Those of [`Decoder::message`].
    pub fn next_value(&mut self) -> Result<Option<(TypeId, Value)>, CodecError> {
        while let Some((length, rest)) = split_uint(&self.buffer[self.start..])? {
            let length = usize::try_from(length).unwrap_or(usize::MAX);
            if length > self.limits.message {
                return Err(CodecError::TooLarge("message"));
            }
            let Some(body) = rest.get(..length) else { return Ok(None) };
            let value = self.decoder.message(body)?;
            self.start = self.buffer.len() - rest.len() + length;
            if value.is_some() {
                return Ok(value);
            }
        }
        Ok(None)
    }

    /// Whether the stream could end here: nothing is begun.
    pub fn is_between_messages(&self) -> bool {
        self.start == self.buffer.len()
    }

    /// The decoder, for its types.
    pub fn decoder(&self) -> &Decoder {
        &self.decoder
    }
}
