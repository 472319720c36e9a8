//! What is written is read back, whatever its type.
use machine_plugin::codec::{
    Encoder, Interface, StreamDecoder, Struct, Type, TypeId, Types, Value,
};
use proptest::collection::vec;
use proptest::prelude::*;

/// A type and a value of it, before ids are handed out.
#[derive(Clone, Debug)]
enum Node {
    Bool(bool),
    Int(i64),
    Uint(u64),
    Float(f64),
    Complex(f64, f64),
    Bytes(Vec<u8>),
    Text(String),
    Opaque(Vec<u8>),
    /// Of one type, as its last element has it.
    List(Vec<Node>),
    Array(Vec<Node>),
    Map(Vec<(String, Node)>),
    Struct(String, Vec<(Node, bool)>),
    Interface(String, Box<Node>),
    Nil,
}

fn node() -> impl Strategy<Value = Node> {
    let float = || prop::num::f64::NORMAL | prop::num::f64::ZERO | prop::num::f64::NEGATIVE;
    let leaf = prop_oneof![
        any::<bool>().prop_map(Node::Bool),
        any::<i64>().prop_map(Node::Int),
        any::<u64>().prop_map(Node::Uint),
        float().prop_map(Node::Float),
        (float(), float()).prop_map(|(re, im)| Node::Complex(re, im)),
        vec(any::<u8>(), 0..200).prop_map(Node::Bytes),
        ".{0,20}".prop_map(Node::Text),
        vec(any::<u8>(), 0..20).prop_map(Node::Opaque),
        Just(Node::Nil),
    ];
    leaf.prop_recursive(5, 48, 6, |inner| {
        prop_oneof![
            (inner.clone(), 0..4_usize).prop_map(|(n, count)| Node::List(vec![n; count])),
            (inner.clone(), 0..4_usize).prop_map(|(n, count)| Node::Array(vec![n; count])),
            (inner.clone(), vec(".{0,5}", 0..4)).prop_map(|(n, keys)| Node::Map(
                keys.into_iter().map(|k| (k, n.clone())).collect()
            )),
            (".{0,8}", vec((inner.clone(), any::<bool>()), 0..6))
                .prop_map(|(name, fields)| Node::Struct(name, fields)),
            (".{1,8}", inner).prop_map(|(name, n)| Node::Interface(name, Box::new(n))),
        ]
    })
}

#[derive(Default)]
struct Builder {
    types: Types,
    last: i32,
}

impl Builder {
    fn define(&mut self, def: Type) -> TypeId {
        self.last += 1;
        let id = TypeId::new(63 + self.last);
        self.types.define(id, def).unwrap();
        id
    }

    fn all(&mut self, nodes: &[Node]) -> (TypeId, Vec<Value>) {
        let mut elem = TypeId::BOOL;
        let mut values = Vec::new();
        for (index, node) in nodes.iter().enumerate() {
            // Copies of one node: those after the first must not get types of their own.
            let (id, value) = if index == 0 { self.build(node) } else { (elem, clone(&values)) };
            elem = id;
            values.push(value);
        }
        (elem, values)
    }

    fn build(&mut self, node: &Node) -> (TypeId, Value) {
        match node {
            Node::Bool(on) => (TypeId::BOOL, Value::Bool(*on)),
            Node::Int(int) => (TypeId::INT, Value::Int(*int)),
            Node::Uint(uint) => (TypeId::UINT, Value::Uint(*uint)),
            Node::Float(float) => (TypeId::FLOAT, Value::Float(*float)),
            Node::Complex(re, im) => (TypeId::COMPLEX, Value::Complex(*re, *im)),
            Node::Bytes(bytes) => (TypeId::BYTES, Value::Bytes(bytes.clone())),
            Node::Text(text) => (TypeId::TEXT, Value::Text(text.clone())),
            Node::Opaque(bytes) => {
                let marshaler = machine_plugin::codec::Marshaler::Binary;
                let def = Type::Opaque { name: "Time".to_owned(), marshaler };
                (self.define(def), Value::Opaque(bytes.clone()))
            }
            Node::List(nodes) => {
                let (elem, values) = self.all(nodes);
                (self.define(Type::slice(elem)), Value::List(values))
            }
            Node::Array(nodes) => {
                let (elem, values) = self.all(nodes);
                let def = Type::Array { name: String::new(), elem, len: values.len() as u64 };
                (self.define(def), Value::List(values))
            }
            Node::Map(pairs) => {
                let (keys, nodes): (Vec<_>, Vec<_>) = pairs.iter().cloned().unzip();
                let (elem, values) = self.all(&nodes);
                let def = Type::Map { name: "map".to_owned(), key: TypeId::TEXT, elem };
                let keys = keys.into_iter().map(Value::Text);
                (self.define(def), Value::Map(keys.zip(values).collect()))
            }
            Node::Struct(name, nodes) => {
                let built: Vec<_> = nodes.iter().map(|(n, set)| (self.build(n), *set)).collect();
                let names: Vec<_> = (0..built.len()).map(|i| format!("F{i}")).collect();
                let fields = built.iter().zip(&names).map(|(((id, _), _), n)| (n.as_str(), *id));
                let def = Type::structure(name, fields);
                let Type::Struct(structure) = &def else { unreachable!() };
                let mut value = Struct::new(structure.clone());
                for (((_, field), set), name) in built.into_iter().zip(&names).rev() {
                    if set && !is_zero(&field) {
                        value = value.with(name, field);
                    }
                }
                (self.define(def), Value::Struct(value))
            }
            Node::Interface(name, inner) => {
                let (id, value) = self.build(inner);
                let inner = Interface { name: name.clone(), id, value };
                (TypeId::INTERFACE, Value::Interface(Some(Box::new(inner))))
            }
            Node::Nil => (TypeId::INTERFACE, Value::Interface(None)),
        }
    }
}

fn clone(values: &[Value]) -> Value {
    values[0].clone()
}

/// Not sent in a struct, so not read back.
fn is_zero(value: &Value) -> bool {
    match value {
        Value::Bool(false) | Value::Int(0) | Value::Uint(0) | Value::Interface(None) => true,
        Value::Float(float) => float.to_bits() == 0,
        Value::Complex(re, im) => re.to_bits() | im.to_bits() == 0,
        Value::Text(text) => text.is_empty(),
        Value::Bytes(bytes) => bytes.is_empty(),
        Value::List(items) => items.is_empty(),
        _ => false,
    }
}

fn read(bytes: &[u8], pieces: &[usize]) -> Vec<(TypeId, Value)> {
    let (mut stream, mut values, mut rest) = (StreamDecoder::default(), Vec::new(), bytes);
    let mut pieces = pieces.iter().cycle();
    while !rest.is_empty() {
        let (piece, later) = rest.split_at(rest.len().min(*pieces.next().unwrap()));
        stream.feed(piece);
        while let Some(value) = stream.next_value().unwrap() {
            values.push(value);
        }
        rest = later;
    }
    assert!(stream.is_between_messages());
    values
}

proptest! {
    #[test]
    fn values_survive(nodes in vec(node(), 1..4), pieces in vec(1..40_usize, 1..8)) {
        let mut builder = Builder::default();
        let values: Vec<_> = nodes.iter().map(|n| builder.build(n)).collect();
        let mut encoder = Encoder::new(builder.types.clone());
        let mut bytes = Vec::new();
        for (id, value) in &values {
            encoder.encode(*id, value, &mut bytes).unwrap();
        }
        prop_assert!(read(&bytes, &pieces) == values);
        // The second time, no definition is repeated.
        let (id, value) = &values[0];
        let (mut again, before) = (Vec::new(), bytes.len());
        encoder.encode(*id, value, &mut again).unwrap();
        bytes.extend_from_slice(&again);
        prop_assert!(again.len() <= before);
        prop_assert!(read(&bytes, &pieces)[values.len()] == values[0]);
    }

    #[test]
    fn a_value_of_another_type_is_refused_and_leaves_no_trace(a in node(), b in node()) {
        let mut builder = Builder::default();
        let ((id, _), (_, value)) = (builder.build(&a), builder.build(&b));
        let mut encoder = Encoder::new(builder.types.clone());
        let mut bytes = Vec::new();
        match encoder.encode(id, &value, &mut bytes) {
            Ok(()) => prop_assert_eq!(read(&bytes, &[64]).len(), 1),
            Err(_) => {
                prop_assert!(bytes.is_empty());
                let (id, value) = builder.build(&a);
                let mut encoder = Encoder::new(builder.types.clone());
                encoder.encode(id, &value, &mut bytes).unwrap();
                prop_assert!(read(&bytes, &[64])[0].1 == value);
            }
        }
    }
}

#[test]
fn debug_shows_no_content() {
    let def = Type::structure("Settings", [("Token", TypeId::TEXT)]);
    let Type::Struct(def) = def else { unreachable!() };
    let value = Struct::new(def).with("Token", Value::Text("s3cret".to_owned()));
    let shown = format!("{:?} {:?}", Value::Struct(value), Value::Bytes(b"s3cret".to_vec()));
    assert!(shown.contains("Token") && !shown.contains("s3cret"), "{shown}");
}
