//! Streams that no honest peer sends.
use crate::recorded::decode;
use crate::recording::streams;
use machine_plugin::codec::{
    CodecError, Encoder, Interface, Limits, StreamDecoder, Type, TypeId, Types, Value,
};
use proptest::prelude::*;

/// Reads to the end or to the first error.
fn outcome(bytes: &[u8], limits: Limits) -> Result<usize, CodecError> {
    let mut stream = StreamDecoder::new(limits);
    stream.feed(bytes);
    let mut count = 0;
    while stream.next_value()?.is_some() {
        count += 1;
    }
    Ok(count)
}

fn uint(value: u64) -> Vec<u8> {
    let digits = value.to_be_bytes();
    let digits = &digits[value.leading_zeros() as usize / 8..];
    match value {
        0..128 => vec![value as u8],
        _ => [&[(digits.len() as u8).wrapping_neg()], digits].concat(),
    }
}

fn message(body: &[u8]) -> Vec<u8> {
    [&uint(body.len() as u64), body].concat()
}

/// Definition of a slice type.
fn slice(id: u64, elem: u64) -> Vec<u8> {
    let common = [&[1, 2][..], &uint(id << 1), &[0]].concat();
    let def = [&[2][..], &common, &[1], &uint(elem << 1), &[0, 0]].concat();
    [&uint((id << 1) - 1)[..], &def].concat()
}

#[test]
fn a_cut_stream_waits_for_more() {
    for stream in streams() {
        let whole = decode(&stream.gob, usize::MAX).0.len();
        for end in (0..stream.gob.len()).step_by(13) {
            assert!(outcome(&stream.gob[..end], Limits::default()).unwrap() < whole);
        }
    }
}

#[test]
fn a_message_cut_inside_is_an_error() {
    assert_eq!(
        outcome(&message(&[0x0c, 0x00, 0x05, b'h']), Limits::default()),
        Err(CodecError::Truncated)
    );
    assert_eq!(
        outcome(&message(&slice(65, 6)[..5]), Limits::default()),
        Err(CodecError::Truncated)
    );
}

#[test]
fn endless_messages_are_refused_by_their_length() {
    let long = uint((Limits::default().message + 1) as u64);
    assert_eq!(outcome(&long, Limits::default()), Err(CodecError::TooLarge("message")));
    assert_eq!(outcome(&uint(u64::MAX), Limits::default()), Err(CodecError::TooLarge("message")));
}

#[test]
fn a_count_alone_takes_no_memory() {
    let list = [&uint(65 << 1)[..], &[0], &uint(u64::MAX)].concat();
    let bytes = [message(&slice(65, 2)), message(&list)].concat();
    assert_eq!(outcome(&bytes, Limits::default()), Err(CodecError::Truncated));
}

#[test]
fn small_elements_are_charged_at_their_size_in_memory() {
    let count = Limits::default().value / 8;
    let list = [&uint(65 << 1)[..], &[0], &uint(count as u64), &vec![0; count]].concat();
    let bytes = [message(&slice(65, 2)), message(&list)].concat();
    assert_eq!(outcome(&bytes, Limits::default()), Err(CodecError::TooLarge("value")));
}

#[test]
fn nesting_is_bounded() {
    let mut types = Types::new();
    types.define(TypeId::new(65), Type::slice(TypeId::new(65))).unwrap();
    let nested = |depth| (0..depth).fold(Value::List(vec![]), |inner, _| Value::List(vec![inner]));
    let encode = |depth| {
        let mut bytes = Vec::new();
        Encoder::new(types.clone()).encode(TypeId::new(65), &nested(depth), &mut bytes).unwrap();
        bytes
    };
    let depth = Limits::default().depth;
    assert_eq!(outcome(&encode(depth - 1), Limits::default()), Ok(1));
    assert_eq!(outcome(&encode(depth), Limits::default()), Err(CodecError::TooLarge("nesting")));

    let boxed = (0..=depth).fold(Value::Bool(true), |value, i| {
        let id = if i == 0 { TypeId::BOOL } else { TypeId::INTERFACE };
        Value::Interface(Some(Box::new(Interface { name: "x".to_owned(), id, value })))
    });
    let mut bytes = Vec::new();
    Encoder::new(Types::new()).encode(TypeId::INTERFACE, &boxed, &mut bytes).unwrap();
    assert_eq!(outcome(&bytes, Limits::default()), Err(CodecError::TooLarge("nesting")));
}

#[test]
fn definitions_are_bounded() {
    let all: Vec<u8> = (65..10_000).flat_map(|id| message(&slice(id, 6))).collect();
    assert_eq!(outcome(&all, Limits::default()), Err(CodecError::TooLarge("number of types")));
    let mut types = Types::new();
    for id in 65..70 {
        let name = "n".repeat(Limits::default().definitions / 4);
        types.define(TypeId::new(id), Type::Slice { name, elem: TypeId::TEXT }).unwrap();
    }
    let mut bytes = Vec::new();
    let mut encoder = Encoder::new(types);
    for id in 65..70 {
        encoder.encode(TypeId::new(id), &Value::List(vec![]), &mut bytes).unwrap();
    }
    assert_eq!(outcome(&bytes, Limits::default()), Err(CodecError::TooLarge("type definitions")));
}

#[test]
fn ill_formed_streams_are_named_errors() {
    let text = |body: &[u8]| outcome(&message(body), Limits::default());
    assert_eq!(text(&[0x0c, 0x00, 0x01, b'h', 0x00]), Err(CodecError::TrailingData("value")));
    assert_eq!(text(&[0x0c, 0x01, 0x01, b'h']), Err(CodecError::Malformed("value")));
    assert_eq!(text(&[0x02, 0x00, 0x02]), Err(CodecError::Malformed("bool")));
    assert_eq!(text(&uint(65 << 1)), Err(CodecError::UndefinedType(TypeId::new(65))),);
    assert_eq!(text(&[0x20, 0x09]), Err(CodecError::NoSuchField(8)));
    assert_eq!(
        text(&[slice(65, 6), vec![0]].concat()),
        Err(CodecError::TrailingData("definition"))
    );
    let twice = [message(&slice(65, 6)), message(&slice(65, 6))].concat();
    let duplicate = |id| Err(CodecError::DuplicateType(TypeId::new(id)));
    assert_eq!(outcome(&twice, Limits::default()), duplicate(65));
    assert_eq!(text(&slice(6, 6)), duplicate(6));
    // An id of the smallest number there is has no positive counterpart.
    assert_eq!(text(&uint(u64::MAX)), Err(CodecError::Malformed("type id")));
}

#[test]
fn a_reader_goes_on_failing_after_an_error() {
    let mut stream = StreamDecoder::default();
    stream.feed(&message(&[0x10, 0x00, 0x01, b'x', 0x7e, 0x00]));
    assert!(stream.next_value().is_err());
    assert!(stream.next_value().is_err());
}

proptest! {
    #[test]
    fn damaged_recordings_do_no_harm(
        pick in any::<prop::sample::Index>(),
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
    ) {
        let all = streams();
        let mut gob = all[pick.index(all.len())].gob.clone();
        for (at, byte) in damage {
            let at = at.index(gob.len());
            gob[at] = byte;
        }
        let _ = outcome(&gob, Limits::default());
    }

    #[test]
    fn noise_does_no_harm(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = outcome(&bytes, Limits::default());
        let _ = outcome(&message(&bytes), Limits::default());
    }
}
