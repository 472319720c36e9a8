//! Functions of the template language (Go, `text/template/funcs.go`).

use super::Extra;
use super::format::{sprint, sprintf, sprintln, verb_v};
use super::json;
use super::value::Value;
use std::cmp::Ordering;

/// Name, and how many arguments it takes.
const BUILT_IN: [(&str, usize, Option<usize>); 21] = [
    ("and", 1, None),
    ("call", 1, None),
    ("eq", 1, None),
    ("ge", 2, Some(2)),
    ("gt", 2, Some(2)),
    ("html", 0, None),
    ("index", 1, None),
    ("js", 0, None),
    ("json", 1, Some(1)),
    ("le", 2, Some(2)),
    ("len", 1, Some(1)),
    ("lt", 2, Some(2)),
    ("ne", 2, Some(2)),
    ("not", 1, Some(1)),
    ("or", 1, None),
    ("prettyjson", 1, Some(1)),
    ("print", 0, None),
    ("printf", 1, None),
    ("println", 0, None),
    ("slice", 1, None),
    ("urlquery", 0, None),
];

/// Whether a template may name this function.
pub(super) fn known(name: &str, extra: Extra) -> bool {
    let beside = matches!(name, "json" | "prettyjson");
    BUILT_IN.iter().any(|(known, ..)| *known == name) && (!beside || extra == Extra::Json)
}

/// Refuses a wrong number of arguments, before any is evaluated.
pub(super) fn check_count(name: &str, given: usize) -> Result<(), String> {
    let Some((_, least, most)) = BUILT_IN.iter().find(|(known, ..)| *known == name) else {
        return Err(format!("{name:?} is not a defined function"));
    };
    match most {
        Some(most) if given != *most => {
            Err(format!("wrong number of args for {name}: want {most} got {given}"))
        }
        None if given < *least => {
            Err(format!("wrong number of args for {name}: want at least {least} got {given}"))
        }
        _ => Ok(()),
    }
}

/// Calls any function but `and` and `or`, whose arguments are not all evaluated.
pub(super) fn call(name: &str, args: &[Value]) -> Result<Value, String> {
    let first = args.first().unwrap_or(&Value::Missing);
    let rest = args.get(1..).unwrap_or_default();
    match name {
        "not" => Ok(Value::Bool(!first.truth())),
        "len" => len(first),
        "index" => index(first, rest),
        "slice" => slice(first, rest),
        "call" => Err(match first.is_nil() {
            true => "call of nil".to_owned(),
            false => format!("non-function {} of type {}", printed(first), first.type_name()),
        }),
        "eq" => {
            if rest.is_empty() {
                return Err("missing argument for comparison".to_owned());
            }
            for other in rest {
                if equal(first, other)? {
                    return Ok(Value::Bool(true));
                }
            }
            Ok(Value::Bool(false))
        }
        "ne" => equal(first, &args[1]).map(|same| Value::Bool(!same)),
        "lt" => order(first, &args[1]).map(|o| Value::Bool(o == Ordering::Less)),
        "le" => order(first, &args[1]).map(|o| Value::Bool(o != Ordering::Greater)),
        "gt" => order(first, &args[1]).map(|o| Value::Bool(o == Ordering::Greater)),
        "ge" => order(first, &args[1]).map(|o| Value::Bool(o != Ordering::Less)),
        "print" => Ok(sprint(args).into()),
        "println" => Ok(sprintln(args).into()),
        "printf" => match first {
            Value::Text(format) => Ok(sprintf(format, rest).into()),
            _ => Err("no format".to_owned()), // refused before
        },
        "html" => Ok(escape(&joined(args), html).into()),
        "js" => Ok(escape(&joined(args), js).into()),
        "urlquery" => Ok(url_query(&joined(args)).into()),
        "json" => Ok(json::compact(first).into()),
        "prettyjson" => Ok(json::pretty(first).into()),
        _ => Err("not a function".to_owned()),
    }
}

fn printed(value: &Value) -> String {
    let mut text = String::new();
    verb_v(value, &mut text);
    text
}

/// What is to be escaped: as `print` has it, but no value is said so.
fn joined(args: &[Value]) -> String {
    let said = |value: &Value| match value.is_nil() {
        true => "<no value>".into(),
        false => value.clone(),
    };
    sprint(&args.iter().map(said).collect::<Vec<_>>())
}

fn len(value: &Value) -> Result<Value, String> {
    let length = match value {
        Value::Text(text) => text.len(),
        Value::List(list) => list.len(),
        Value::Map(map) => map.len(),
        Value::Missing | Value::Null | Value::NilPointer(_) => {
            return Err("len of nil pointer".to_owned());
        }
        other => return Err(format!("len of type {}", other.type_name())),
    };
    Ok(Value::Int(i64::try_from(length).unwrap_or(i64::MAX)))
}

/// A position up to `most`, which Go's own check lets pass.
fn position(value: &Value, most: usize) -> Result<usize, String> {
    let Some(number) = value.integer() else {
        return Err(match value.is_nil() {
            true => "cannot index slice/array with nil".to_owned(),
            false => format!("cannot index slice/array with type {}", value.type_name()),
        });
    };
    usize::try_from(number)
        .ok()
        .filter(|n| *n <= most)
        .ok_or_else(|| format!("index out of range: {number}"))
}

fn index(item: &Value, keys: &[Value]) -> Result<Value, String> {
    if item.is_nil() {
        return Err("index of untyped nil".to_owned());
    }
    let mut item = item.clone();
    for key in keys {
        item = match &item {
            Value::Missing | Value::Null | Value::NilPointer(_) => {
                return Err("index of nil pointer".to_owned());
            }
            Value::Text(text) => {
                let at = position(key, text.len())?;
                let byte = text.as_bytes().get(at).copied();
                Value::Byte(byte.ok_or("reflect: string index out of range")?)
            }
            Value::List(list) => {
                let at = position(key, list.len())?;
                list.get(at).cloned().ok_or("reflect: slice index out of range")?
            }
            Value::Map(map) => match key {
                Value::Text(key) => map.get(key.as_ref()).cloned().unwrap_or(Value::Null),
                Value::Missing | Value::Null => {
                    return Err("value is nil; should be of type string".to_owned());
                }
                other => {
                    let name = other.type_name();
                    return Err(format!("value has type {name}; should be string"));
                }
            },
            other => return Err(format!("can't index item of type {}", other.type_name())),
        };
    }
    Ok(item)
}

fn slice(item: &Value, bounds: &[Value]) -> Result<Value, String> {
    if item.is_nil() {
        return Err("slice of untyped nil".to_owned());
    }
    if bounds.len() > 3 {
        return Err(format!("too many slice indexes: {}", bounds.len()));
    }
    let length = match item {
        Value::Text(_) if bounds.len() == 3 => {
            return Err("cannot 3-index slice a string".to_owned());
        }
        Value::Text(text) => text.len(),
        Value::List(list) => list.len(),
        other => return Err(format!("can't slice item of type {}", other.type_name())),
    };
    let mut ends = [0, length, length];
    for (end, bound) in ends.iter_mut().zip(bounds) {
        *end = position(bound, length)?;
    }
    if ends[0] > ends[1] {
        return Err(format!("invalid slice index: {} > {}", ends[0], ends[1]));
    }
    if bounds.len() == 3 && ends[1] > ends[2] {
        return Err(format!("invalid slice index: {} > {}", ends[1], ends[2]));
    }
    match item {
        // A cut through a character leaves what no string of ours can hold.
        Value::Text(text) => {
            Ok(String::from_utf8_lossy(&text.as_bytes()[ends[0]..ends[1]]).into_owned().into())
        }
        Value::List(list) => Ok(Value::List(list[ends[0]..ends[1]].into())),
        _ => Ok(Value::Missing),
    }
}

/// What can be compared with what.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Basic {
    Bool,
    Integer,
    Unsigned,
    Float,
    Text,
    Other,
}

fn basic(value: &Value) -> Basic {
    match value {
        Value::Bool(_) => Basic::Bool,
        Value::Int(_) | Value::Named(..) => Basic::Integer,
        Value::Byte(_) => Basic::Unsigned,
        Value::Float(_) => Basic::Float,
        Value::Text(_) => Basic::Text,
        _ => Basic::Other,
    }
}

fn incompatible(left: &Value, right: &Value) -> String {
    let names = (left.type_name(), right.type_name());
    format!("incompatible types for comparison: {} and {}", names.0, names.1)
}

fn equal(left: &Value, right: &Value) -> Result<bool, String> {
    for side in [left, right] {
        if matches!(side, Value::List(_) | Value::Map(_)) {
            return Err(format!("non-comparable type {}: {}", printed(side), side.type_name()));
        }
    }
    match (left, right) {
        (Value::Bool(a), Value::Bool(b)) => Ok(a == b),
        (Value::Text(a), Value::Text(b)) => Ok(a == b),
        (Value::Float(a), Value::Float(b)) => Ok(a == b),
        _ if left.is_nil() || right.is_nil() => Ok(left.is_nil() && right.is_nil()),
        _ => match (left.integer(), right.integer()) {
            (Some(a), Some(b)) => Ok(a == b),
            _ if basic(left) != basic(right) => Err(incompatible(left, right)),
            _ => Ok(false),
        },
    }
}

fn order(left: &Value, right: &Value) -> Result<Ordering, String> {
    for side in [left, right] {
        if matches!(basic(side), Basic::Other) {
            return Err("invalid type for comparison".to_owned());
        }
    }
    match (left, right) {
        (Value::Text(a), Value::Text(b)) => Ok(a.cmp(b)),
        (Value::Float(a), Value::Float(b)) => Ok(a.total_cmp(b)),
        (Value::Bool(_), Value::Bool(_)) => Err("invalid type for comparison".to_owned()),
        _ => match (left.integer(), right.integer()) {
            (Some(a), Some(b)) => Ok(a.cmp(&b)),
            _ => Err(incompatible(left, right)),
        },
    }
}

fn escape(text: &str, of: fn(char) -> Option<String>) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match of(c) {
            Some(escaped) => out.push_str(&escaped),
            None => out.push(c),
        }
    }
    out
}

fn html(c: char) -> Option<String> {
    let escaped = match c {
        '\0' => "\u{fffd}",
        '"' => "&#34;",
        '\'' => "&#39;",
        '&' => "&amp;",
        '<' => "&lt;",
        '>' => "&gt;",
        _ => return None,
    };
    Some(escaped.to_owned())
}

fn js(c: char) -> Option<String> {
    match c {
        '\\' | '\'' | '"' => Some(format!("\\{c}")),
        '<' | '>' | '&' | '=' => Some(format!("\\u{:04X}", u32::from(c))),
        _ if c.is_control() || (c != ' ' && c.is_whitespace()) => {
            Some(format!("\\u{:04X}", u32::from(c)))
        }
        _ => None,
    }
}

fn url_query(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                out.push(char::from(byte));
            }
            b' ' => out.push('+'),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}
