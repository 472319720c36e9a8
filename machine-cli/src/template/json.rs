//! JSON as Go reads and writes it: numbers are floats, keys are sorted, HTML is escaped.

use super::format::shortest;
use super::value::Value;
use std::rc::Rc;

/// Reads JSON as Go does into an empty interface.
///
/// # Errors
/// When it is no JSON.
pub(crate) fn read(text: &str) -> Result<Value, String> {
    let value: serde_json::Value = serde_json::from_str(text).map_err(|e| e.to_string())?;
    Ok(convert(value))
}

fn convert(value: serde_json::Value) -> Value {
    match value {
        serde_json::Value::Null => Value::Null,
        serde_json::Value::Bool(truth) => Value::Bool(truth),
        serde_json::Value::Number(number) => Value::Float(number.as_f64().unwrap_or(0.0)),
        serde_json::Value::String(text) => text.into(),
        serde_json::Value::Array(list) => Value::List(list.into_iter().map(convert).collect()),
        serde_json::Value::Object(map) => {
            Value::Map(Rc::new(map.into_iter().map(|(key, item)| (key, convert(item))).collect()))
        }
    }
}

/// `json`: on one line.
pub(crate) fn compact(value: &Value) -> String {
    let mut out = String::new();
    write(value, None, &mut out);
    out
}

/// `prettyjson`: four blanks a level.
pub(crate) fn pretty(value: &Value) -> String {
    let mut out = String::new();
    write(value, Some(0), &mut out);
    out
}

fn new_line(depth: Option<usize>, deeper: usize, out: &mut String) {
    if let Some(depth) = depth {
        out.push('\n');
        out.push_str(&"    ".repeat(depth + deeper));
    }
}

fn write(value: &Value, depth: Option<usize>, out: &mut String) {
    match value {
        Value::Missing | Value::Null | Value::NilPointer(_) => out.push_str("null"),
        Value::Bool(truth) => out.push_str(if *truth { "true" } else { "false" }),
        Value::Int(number) | Value::Named(_, number, _) => out.push_str(&number.to_string()),
        Value::Byte(byte) => out.push_str(&byte.to_string()),
        Value::Float(float) => out.push_str(&number(*float)),
        Value::Text(text) => quote(text, out),
        Value::List(list) => {
            let items = list.iter().map(|item| (None, item));
            container(items, list.is_empty(), ('[', ']'), depth, out);
        }
        Value::Map(map) => {
            let items = map.iter().map(|(key, item)| (Some(key.as_str()), item));
            container(items, map.is_empty(), ('{', '}'), depth, out);
        }
        Value::Struct(s) => {
            let items = s.fields.iter().map(|(key, item)| (Some(*key), item));
            container(items, s.fields.is_empty(), ('{', '}'), depth, out);
        }
    }
}

fn container<'a>(
    items: impl Iterator<Item = (Option<&'a str>, &'a Value)>,
    empty: bool,
    brackets: (char, char),
    depth: Option<usize>,
    out: &mut String,
) {
    out.push(brackets.0);
    for (index, (key, item)) in items.enumerate() {
        if index > 0 {
            out.push(',');
        }
        new_line(depth, 1, out);
        if let Some(key) = key {
            quote(key, out);
            out.push_str(if depth.is_some() { ": " } else { ":" });
        }
        write(item, depth.map(|depth| depth + 1), out);
    }
    if !empty {
        new_line(depth, 0, out);
    }
    out.push(brackets.1);
}

/// A float as Go's encoder writes it: plain from 1e-6 up to 1e21.
fn number(float: f64) -> String {
    if float == 0.0 || (1e-6..1e21).contains(&float.abs()) {
        return format!("{float}");
    }
    let text = shortest(float);
    match text.split_once("e-0") {
        Some((digits, exponent)) => format!("{digits}e-{exponent}"),
        None => text,
    }
}

fn quote(text: &str, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' | '\0'..='\u{1f}' => {
                out.push_str(&format!("\\u{:04x}", u32::from(c)));
            }
            _ => out.push(c),
        }
    }
    out.push('"');
}
