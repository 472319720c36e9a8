//! Any bytes decode or fail; what decodes is written again and decodes to the same.
#![no_main]
use libfuzzer_sys::fuzz_target;
use machine_plugin::codec::{CodecError, Encoder, StreamDecoder, TypeId, Types, Value};

fn decode(bytes: &[u8], size: usize) -> (Vec<(TypeId, Value)>, Types) {
    let (mut stream, mut values) = (StreamDecoder::default(), Vec::new());
    'stream: for piece in bytes.chunks(size) {
        stream.feed(piece);
        loop {
            match stream.next_value() {
                Ok(Some(value)) => values.push(value),
                Ok(None) => break,
                Err(_) => break 'stream,
            }
        }
    }
    (values, stream.decoder().types().clone())
}

fuzz_target!(|bytes: &[u8]| {
    let (values, types) = decode(bytes, usize::MAX);
    let (pieces, _) = decode(bytes, 3);
    // A float may be NaN, which is unequal to itself; the text form of both says enough.
    assert_eq!(format!("{values:?}"), format!("{pieces:?}"));
    let mut encoder = Encoder::new(types);
    let mut again = Vec::new();
    for (id, value) in &values {
        match encoder.encode(*id, value, &mut again) {
            Ok(()) => {}
            // Of a field that was not sent.
            Err(CodecError::UndefinedType(_)) => return,
            Err(error) => panic!("a decoded value cannot be written: {error}"),
        }
    }
    assert_eq!(decode(&again, usize::MAX).0.len(), values.len());
});
