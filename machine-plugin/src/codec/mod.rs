//! Go's gob: self-describing binary values, as `net/rpc` sends them.
//!
//! Values are dynamic ([`Value`]): what a peer sends is known only from the definitions in its
//! stream. [`StreamDecoder`] reads them from bytes, [`Encoder`] writes them. All that a peer sends
//! is bounded by [`Limits`], and nothing in it can cause a panic.
//!
//! ```
//! use machine_plugin::codec::{Encoder, StreamDecoder, TypeId, Types, Value};
//!
//! let mut bytes = Vec::new();
//! let value = Value::Text("hello".to_owned());
//! Encoder::new(Types::new()).encode(TypeId::TEXT, &value, &mut bytes)?;
//! assert_eq!(bytes, b"\x08\x0c\x00\x05hello");
//!
//! let mut stream = StreamDecoder::default();
//! stream.feed(&bytes);
//! assert_eq!(stream.next_value()?, Some((TypeId::TEXT, value)));
//! # Ok::<(), machine_plugin::codec::CodecError>(())
//! ```
mod cursor;
mod decode;
mod definition;
mod encode;
mod error;
mod limits;
mod stream;
mod types;
mod value;
mod wire_type;

pub use decode::Decoder;
pub use encode::Encoder;
pub use error::CodecError;
pub use limits::Limits;
pub use stream::StreamDecoder;
pub use types::{Field, Marshaler, StructType, Type, TypeId, Types};
pub use value::{Interface, Struct, Value};
