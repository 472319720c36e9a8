//! Printing as Go's `fmt` does.

use super::value::Value;
use crate::golang::{quote, quote_char};
use std::fmt::Write;

/// Widths and precisions above this are refused, as in Go.
const WIDEST: usize = 1_000_000;

/// `%#U` of a character.
pub(super) fn code_point(c: char) -> String {
    let shown = match c.is_control() || (c != ' ' && c.is_whitespace()) {
        true => String::new(),
        false => format!(" '{c}'"),
    };
    format!("U+{:04X}{shown}", u32::from(c))
}

/// What an action prints: no value is said so.
pub(super) fn print_action(value: &Value, out: &mut String) {
    match value {
        Value::Missing => out.push_str("<no value>"),
        other => verb_v(other, out),
    }
}

/// `%v`.
pub(super) fn verb_v(value: &Value, out: &mut String) {
    match value {
        Value::Missing | Value::Null | Value::NilPointer(_) => out.push_str("<nil>"),
        Value::Bool(truth) => out.push_str(if *truth { "true" } else { "false" }),
        Value::Int(number) => write!(out, "{number}").unwrap_or_default(),
        Value::Byte(byte) => write!(out, "{byte}").unwrap_or_default(),
        Value::Float(number) => out.push_str(&shortest(*number)),
        Value::Text(text) | Value::Named(_, _, text) => out.push_str(text),
        Value::List(list) => {
            out.push('[');
            for (index, item) in list.iter().enumerate() {
                if index > 0 {
                    out.push(' ');
                }
                verb_v(item, out);
            }
            out.push(']');
        }
        Value::Map(map) => {
            out.push_str("map[");
            for (index, (key, item)) in map.iter().enumerate() {
                if index > 0 {
                    out.push(' ');
                }
                out.push_str(key);
                out.push(':');
                verb_v(item, out);
            }
            out.push(']');
        }
        Value::Struct(s) => {
            out.push('{');
            for (index, (_, item)) in s.fields.iter().enumerate() {
                if index > 0 {
                    out.push(' ');
                }
                verb_v(item, out);
            }
            out.push('}');
        }
    }
}

/// `%v` of a float, as `%g` has it: the shortest digits that read back, with an exponent where it
/// is below -4 or above 5. Templates know no infinities: neither JSON nor literals make one.
pub(super) fn shortest(number: f64) -> String {
    let scientific = format!("{number:e}");
    let (digits, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if (-4..6).contains(&exponent) {
        return format!("{number}");
    }
    with_exponent(digits, exponent, 'e')
}

fn with_exponent(digits: &str, exponent: i32, letter: char) -> String {
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{digits}{letter}{sign}{:02}", exponent.unsigned_abs())
}

/// `print`: blanks between operands of which neither is a text.
pub(super) fn sprint(values: &[Value]) -> String {
    let mut out = String::new();
    let mut before_was_text = true;
    for value in values {
        let is_text = matches!(value, Value::Text(_));
        if !out.is_empty() && !is_text && !before_was_text {
            out.push(' ');
        }
        operand(value, &mut out);
        before_was_text = is_text;
    }
    out
}

/// `println`: blanks between all.
pub(super) fn sprintln(values: &[Value]) -> String {
    let mut out = String::new();
    for (index, value) in values.iter().enumerate() {
        if index > 0 {
            out.push(' ');
        }
        operand(value, &mut out);
    }
    out.push('\n');
    out
}

/// `%v` of what a function is given: a pointer shows that it is one.
fn operand(value: &Value, out: &mut String) {
    if let Value::Struct(s) = value
        && s.type_name.starts_with('*')
    {
        out.push('&');
    }
    verb_v(value, out);
}

#[derive(Clone, Copy, Default)]
struct Spec {
    minus: bool,
    plus: bool,
    sharp: bool,
    space: bool,
    zero: bool,
    /// `%+v`: with the names of fields.
    plus_v: bool,
    /// `%#v`: as in a program.
    sharp_v: bool,
    width: Option<usize>,
    precision: Option<usize>,
}

/// `printf`.
pub(super) fn sprintf(format: &str, values: &[Value]) -> String {
    let mut out = String::new();
    let mut letters = format.chars().peekable();
    let mut next = 0;
    let mut indexed = false;
    while let Some(c) = letters.next() {
        if c != '%' {
            out.push(c);
            continue;
        }
        let mut spec = Spec::default();
        while let Some(flag) = letters.peek().copied().filter(|c| "-+# 0".contains(*c)) {
            match flag {
                '-' => spec.minus = true,
                '+' => spec.plus = true,
                '#' => spec.sharp = true,
                ' ' => spec.space = true,
                _ => spec.zero = !spec.minus,
            }
            letters.next();
        }
        let mut number = |letters: &mut std::iter::Peekable<std::str::Chars<'_>>,
                          out: &mut String,
                          bad: &str|
         -> Option<i64> {
            if letters.next_if_eq(&'*').is_some() {
                let given = values.get(next).and_then(Value::integer);
                next += 1;
                let sound = given.filter(|n| n.unsigned_abs() <= WIDEST as u64);
                if sound.is_none() {
                    out.push_str(bad);
                }
                return sound;
            }
            let mut digits = String::new();
            while let Some(digit) = letters.next_if(char::is_ascii_digit) {
                digits.push(digit);
            }
            digits.parse().ok().filter(|n| *n <= WIDEST as i64)
        };
        if let Some(width) = number(&mut letters, &mut out, "%!(BADWIDTH)") {
            spec.minus |= width < 0;
            spec.width = Some(width.unsigned_abs() as usize);
        }
        if letters.next_if_eq(&'.').is_some() {
            let precision = number(&mut letters, &mut out, "%!(BADPREC)").unwrap_or(0);
            spec.precision = usize::try_from(precision).ok();
        }
        if spec.minus {
            spec.zero = false;
        }
        let mut found = true;
        if letters.next_if_eq(&'[').is_some() {
            let mut digits = String::new();
            while let Some(digit) = letters.next_if(|c| *c != ']') {
                digits.push(digit);
            }
            letters.next();
            let index = digits.parse::<usize>().ok().and_then(|n| n.checked_sub(1));
            let index = index.filter(|index| *index < values.len());
            (next, found) = (index.unwrap_or(next), index.is_some());
            indexed = true;
        }
        let Some(verb) = letters.next() else {
            out.push_str("%!(NOVERB)");
            break;
        };
        if verb == '%' {
            out.push('%');
            continue;
        }
        if verb == 'v' {
            (spec.plus_v, spec.plus) = (spec.plus, false);
            (spec.sharp_v, spec.sharp) = (spec.sharp, false);
        }
        if !found {
            write!(out, "%!{verb}(BADINDEX)").unwrap_or_default();
            continue;
        }
        match values.get(next) {
            Some(value) => verb_of(verb, value, spec, &mut out),
            None => write!(out, "%!{verb}(MISSING)").unwrap_or_default(),
        }
        next += 1;
    }
    if !indexed && next < values.len() {
        out.push_str("%!(EXTRA ");
        for (index, value) in values[next..].iter().enumerate() {
            if index > 0 {
                out.push_str(", ");
            }
            match value.is_nil() {
                true => out.push_str("<nil>"),
                false => {
                    out.push_str(value.type_name());
                    out.push('=');
                    verb_v(value, &mut out);
                }
            }
        }
        out.push(')');
    }
    out
}

fn verb_of(verb: char, value: &Value, spec: Spec, out: &mut String) {
    match (verb, value) {
        ('T', _) => pad(value.type_name(), spec, out),
        ('v', Value::Missing | Value::Null) => pad("<nil>", spec, out),
        (_, Value::Missing | Value::Null) => write!(out, "%!{verb}(<nil>)").unwrap_or_default(),
        ('v' | 't', Value::Bool(truth)) => pad(&truth.to_string(), spec, out),
        ('v' | 's' | 'q' | 'x' | 'X', Value::Named(_, _, text)) if !spec.sharp_v => {
            string(verb, text, value, spec, out);
        }
        (_, Value::Int(number) | Value::Named(_, number, _)) => {
            integer(verb, *number, value, spec, out);
        }
        (_, Value::Byte(byte)) => integer(verb, i64::from(*byte), value, spec, out),
        (_, Value::Float(number)) => float(verb, *number, value, spec, out),
        (_, Value::Text(text)) => string(verb, text, value, spec, out),
        ('v', Value::NilPointer(_)) => pad("<nil>", Spec { precision: None, ..spec }, out),
        (_, Value::List(list)) => {
            let items = list.iter().map(|item| (None, item));
            members(verb, ("", '[', ']'), "[]interface {}", items, spec, out);
        }
        (_, Value::Map(map)) => {
            let items = map.iter().map(|(key, item)| (Some(key.as_str()), item));
            members(verb, ("map", '[', ']'), value.type_name(), items, spec, out);
        }
        (_, Value::Struct(s)) => {
            let type_name = s.type_name.trim_start_matches('*');
            if type_name != s.type_name {
                out.push('&');
            }
            let named = spec.plus_v || spec.sharp_v;
            let items = s.fields.iter().map(|(name, item)| (named.then_some(*name), item));
            members(verb, ("", '{', '}'), type_name, items, spec, out);
        }
        _ => bad_verb(verb, value, spec, out),
    }
}

/// What is in a list, a map or a struct. Nothing is nothing there, whatever the verb.
fn members<'v>(
    verb: char,
    (before, open, close): (&str, char, char),
    type_name: &str,
    items: impl Iterator<Item = (Option<&'v str>, &'v Value)>,
    spec: Spec,
    out: &mut String,
) {
    let (before, open, close, between) = match spec.sharp_v {
        true => (type_name, '{', '}', ", "),
        false => (before, open, close, " "),
    };
    out.push_str(before);
    out.push(open);
    for (index, (key, item)) in items.enumerate() {
        if index > 0 {
            out.push_str(between);
        }
        if let Some(key) = key {
            // A map's keys are texts as its values may be; a struct's are names.
            match before == "map" || type_name.starts_with("map") {
                true => verb_of(verb, &key.into(), spec, out),
                false => out.push_str(key),
            }
            out.push(':');
        }
        match item.is_nil() {
            true if spec.sharp_v => out.push_str("interface {}(nil)"),
            true => out.push_str("<nil>"),
            false => verb_of(verb, item, spec, out),
        }
    }
    out.push(close);
}

/// The value is printed as `%v` has it, within the width that was asked for.
fn bad_verb(verb: char, value: &Value, spec: Spec, out: &mut String) {
    write!(out, "%!{verb}({}=", value.type_name()).unwrap_or_default();
    match value {
        Value::Named(_, number, _) => verb_of('v', &Value::Int(*number), spec, out),
        _ => verb_of('v', value, spec, out),
    }
    out.push(')');
}

fn pad(text: &str, spec: Spec, out: &mut String) {
    pad_with(text, if spec.zero { '0' } else { ' ' }, spec, out);
}

fn pad_with(text: &str, fill: char, spec: Spec, out: &mut String) {
    let missing = spec.width.unwrap_or(0).saturating_sub(text.chars().count());
    let filling = std::iter::repeat_n(if spec.minus { ' ' } else { fill }, missing);
    if spec.minus {
        out.push_str(text);
        out.extend(filling);
    } else {
        out.extend(filling);
        out.push_str(text);
    }
}

fn integer(verb: char, number: i64, value: &Value, spec: Spec, out: &mut String) {
    let magnitude = number.unsigned_abs();
    let mut digits = match verb {
        'v' | 'd' => magnitude.to_string(),
        'b' => format!("{magnitude:b}"),
        'o' | 'O' => format!("{magnitude:o}"),
        'x' => format!("{magnitude:x}"),
        'X' => format!("{magnitude:X}"),
        'c' => return pad(&character(number).to_string(), spec, out),
        'q' => {
            let mut text = "'".to_owned();
            quote_char(character(number), '\'', &mut text);
            text.push('\'');
            return pad(&text, spec, out);
        }
        'U' if spec.sharp => return pad(&code_point(character(number)), spec, out),
        'U' => return pad(&format!("U+{magnitude:04X}"), spec, out),
        _ => return bad_verb(verb, value, spec, out),
    };
    let least = spec.precision.unwrap_or(0);
    if digits.len() < least {
        digits.insert_str(0, &"0".repeat(least - digits.len()));
    }
    if spec.precision == Some(0) && number == 0 {
        digits.clear();
    }
    let prefix = match verb {
        'O' => "0o",
        'b' if spec.sharp => "0b",
        'o' if spec.sharp && !digits.starts_with('0') => "0",
        'x' if spec.sharp => "0x",
        'X' if spec.sharp => "0X",
        _ => "",
    };
    signed(number < 0, prefix, &digits, spec, spec.precision.is_none(), out);
}

/// Sign and prefix stand before the zeros that fill the width.
fn signed(negative: bool, prefix: &str, digits: &str, spec: Spec, fills: bool, out: &mut String) {
    let sign = match negative {
        true => "-",
        false if spec.plus => "+",
        false if spec.space => " ",
        false => "",
    };
    if spec.zero && fills {
        let used = sign.len() + digits.len();
        let zeros = "0".repeat(spec.width.unwrap_or(0).saturating_sub(used));
        out.push_str(&format!("{sign}{prefix}{zeros}{digits}"));
        return;
    }
    pad_with(&format!("{sign}{prefix}{digits}"), ' ', spec, out);
}

fn character(number: i64) -> char {
    u32::try_from(number).ok().and_then(char::from_u32).unwrap_or('\u{fffd}')
}

fn float(verb: char, number: f64, value: &Value, spec: Spec, out: &mut String) {
    let magnitude = number.abs();
    let digits = match verb {
        'f' | 'F' => format!("{magnitude:.*}", spec.precision.unwrap_or(6)),
        'e' | 'E' => scientific(magnitude, spec.precision.unwrap_or(6), verb),
        'v' | 'g' | 'G' => general(magnitude, spec.precision, verb),
        _ => return bad_verb(verb, value, spec, out),
    };
    signed(number.is_sign_negative(), "", &digits, spec, true, out);
}

fn scientific(number: f64, precision: usize, letter: char) -> String {
    let text = format!("{number:.precision$e}");
    let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    with_exponent(digits, exponent.parse().unwrap_or(0), letter)
}

fn general(number: f64, precision: Option<usize>, verb: char) -> String {
    let letter = if verb == 'G' { 'E' } else { 'e' };
    let Some(precision) = precision else {
        let text = shortest(number);
        return if letter == 'E' { text.replace('e', "E") } else { text };
    };
    let precision = precision.max(1);
    if number == 0.0 {
        return "0".to_owned();
    }
    let text = format!("{number:.*e}", precision - 1);
    let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let trimmed = |text: &str| match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => text.to_owned(),
    };
    let most = i32::try_from(precision).unwrap_or(i32::MAX);
    if exponent < -4 || exponent >= most {
        return with_exponent(&trimmed(digits), exponent, letter);
    }
    let decimals = usize::try_from(most - 1 - exponent).unwrap_or(0);
    trimmed(&format!("{number:.decimals$}"))
}

fn string(verb: char, text: &str, value: &Value, spec: Spec, out: &mut String) {
    let cut = |text: &str| match spec.precision {
        Some(most) => text.chars().take(most).collect(),
        None => text.to_owned(),
    };
    match verb {
        'v' if spec.sharp_v => pad(&quote(text), spec, out),
        'v' | 's' => pad(&cut(text), spec, out),
        'q' if spec.sharp && !text.contains(['`', '\n', '\r']) => {
            pad(&format!("`{}`", cut(text)), spec, out);
        }
        'q' => pad(&quote(&cut(text)), spec, out),
        'x' | 'X' => {
            let most = spec.precision.unwrap_or(usize::MAX);
            let hex = |byte: &u8| match verb {
                'x' => format!("{byte:02x}"),
                _ => format!("{byte:02X}"),
            };
            let bytes: Vec<String> = text.as_bytes().iter().take(most).map(hex).collect();
            let prefix = match (spec.sharp && !bytes.is_empty(), verb) {
                (true, 'x') => "0x",
                (true, _) => "0X",
                _ => "",
            };
            let joined = match spec.space {
                true => bytes.iter().map(|b| format!("{prefix}{b}")).collect::<Vec<_>>().join(" "),
                false => format!("{prefix}{}", bytes.concat()),
            };
            pad(&joined, spec, out);
        }
        _ => bad_verb(verb, value, spec, out),
    }
}
