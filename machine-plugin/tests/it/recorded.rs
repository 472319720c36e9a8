//! Sessions of the original program, both directions.
use crate::recording::streams;
use machine_plugin::codec::{Encoder, StreamDecoder, Struct, TypeId, Types, Value};
use serde_json::{Value as Json, json};
use std::fs;

const ENDS_OF_HTTP: [&str; 2] =
    ["CONNECT /_goRPC_ HTTP/1.0\n\n", "HTTP/1.0 200 Connected to Go RPC\n\n"];

/// All values of a stream, fed in pieces of `size` bytes, and its types.
pub(crate) fn decode(gob: &[u8], size: usize) -> (Vec<(TypeId, Value)>, Types) {
    let (mut stream, mut values) = (StreamDecoder::default(), Vec::new());
    for piece in gob.chunks(size) {
        stream.feed(piece);
        while let Some(value) = stream.next_value().unwrap() {
            values.push(value);
        }
    }
    assert!(stream.is_between_messages());
    (values, stream.decoder().types().clone())
}

fn to_json(value: &Value) -> Json {
    match value {
        Value::Bool(on) => json!(on),
        Value::Int(int) => json!(int),
        Value::Uint(uint) => json!(uint),
        Value::Text(text) => json!(text),
        Value::Bytes(bytes) => json!({"bytes": String::from_utf8_lossy(bytes)}),
        Value::List(items) => items.iter().map(to_json).collect(),
        Value::Map(pairs) => {
            let pairs = pairs.iter().map(|(k, v)| (k.as_text().unwrap().to_owned(), to_json(v)));
            json!({"map": pairs.collect::<serde_json::Map<_, _>>()})
        }
        Value::Struct(value) => {
            let fields = value.fields().map(|(name, v)| (name.to_owned(), to_json(v)));
            let fields: serde_json::Map<_, _> = fields.collect();
            json!({"struct": value.def().name, "fields": fields})
        }
        Value::Interface(Some(inner)) => {
            json!({"interface": inner.name, "value": to_json(&inner.value)})
        }
        other => panic!("not in the recordings: {other:?}"),
    }
}

fn line(direction: &str, header: &Struct, body: &Value) -> Json {
    let text = |name| header.field(name).and_then(Value::as_text).unwrap_or_default();
    json!({
        "dir": direction,
        "seq": header.field("Seq").and_then(Value::as_int).unwrap_or_default(),
        "method": text("ServiceMethod"),
        "error": text("Error"),
        "body": to_json(body),
    })
}

#[test]
fn every_stream_decodes_as_another_implementation_decoded_it() {
    for stream in streams() {
        let name = stream.path.file_name().unwrap().to_str().unwrap().to_owned();
        let (base, rest) = name.split_once('.').unwrap();
        let direction = rest.split_once('.').unwrap().0;
        assert!(ENDS_OF_HTTP.contains(&stream.http.as_str()), "{}", stream.http);
        let decoded = stream.path.with_file_name(format!("{base}.decoded.jsonl"));
        let decoded = fs::read_to_string(decoded).unwrap();
        let decoded: Vec<Json> = decoded
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .filter(|line: &Json| line["dir"] == direction)
            .collect();
        for size in [1, 7, usize::MAX] {
            let (values, _) = decode(&stream.gob, size);
            let pairs = values.chunks_exact(2);
            assert!(pairs.remainder().is_empty());
            let ours: Vec<_> = pairs
                .map(|pair| line(direction, pair[0].1.as_struct().unwrap(), &pair[1].1))
                .collect();
            assert_eq!(ours, decoded, "{}", stream.path.display());
        }
    }
}

#[test]
fn every_stream_is_written_again_with_the_same_values() {
    for stream in streams() {
        let (values, types) = decode(&stream.gob, usize::MAX);
        let mut encoder = Encoder::new(types.clone());
        let mut gob = Vec::new();
        for (id, value) in &values {
            encoder.encode(*id, value, &mut gob).unwrap();
        }
        assert!(decode(&gob, usize::MAX).0 == values, "{}", stream.path.display());
        // Go puts definitions elsewhere only where interfaces are; without them, bytes are equal.
        let is_plain = |(_, value): &(TypeId, Value)| !has_interface(value);
        if values.iter().all(is_plain) {
            assert_eq!(gob, stream.gob, "{}", stream.path.display());
        }
    }
}

fn has_interface(value: &Value) -> bool {
    match value {
        Value::Interface(_) => true,
        Value::List(items) => items.iter().any(has_interface),
        _ => false,
    }
}
