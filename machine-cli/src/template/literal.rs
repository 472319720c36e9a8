//! Numbers and texts as templates write them.

use super::tree::ExprKind;
use crate::golang::{NumberError, parse_int, quote};

/// The value of a number.
pub(super) fn number(text: String) -> Result<ExprKind, String> {
    let overflow = || format!("integer overflow: {}", quote(&text));
    match parse_int(&text) {
        Ok(number) => return Ok(ExprKind::Int(number, text)),
        Err(NumberError::Range) => return Err(overflow()),
        Err(NumberError::Syntax) => {}
    }
    let plain = text.replace('_', "");
    match plain.parse::<f64>() {
        Ok(_) if !plain.contains(['.', 'e', 'E']) => Err(overflow()),
        Ok(number) if number.is_finite() => Ok(ExprKind::Float(number, text)),
        _ => Err(format!("illegal number syntax: {}", quote(&text))),
    }
}

/// The value of a character in single quotes: a number.
pub(super) fn character(text: String) -> Result<ExprKind, String> {
    let mut letters = unescape(inner(&text), '\'').unwrap_or_default().into_iter();
    match (letters.next(), letters.next()) {
        (Some(code), None) => Ok(ExprKind::Int(i64::from(code), text)),
        _ => Err(format!("malformed character constant: {text}")),
    }
}

/// The value of a text in double quotes.
pub(super) fn quoted(text: &str) -> Result<String, String> {
    let codes = unescape(inner(text), '"').ok_or("invalid syntax")?;
    Ok(codes.into_iter().map(|code| char::from_u32(code).unwrap_or('\u{fffd}')).collect())
}

/// The value of a text in backquotes.
pub(super) fn raw(text: &str) -> String {
    inner(text).replace('\r', "")
}

/// Without the quotes, of which there are two.
fn inner(text: &str) -> &str {
    text.get(1..text.len().saturating_sub(1)).unwrap_or_default()
}

/// Code points of what stands between `quote`s.
fn unescape(text: &str, quote: char) -> Option<Vec<u32>> {
    let mut codes = Vec::new();
    let mut letters = text.chars();
    while let Some(c) = letters.next() {
        if c != '\\' {
            codes.push(u32::from(c));
            continue;
        }
        let escape = letters.next()?;
        let mut digits = |count: usize, radix: u32, first: &str| {
            let mut text = first.to_owned();
            text.extend(letters.by_ref().take(count));
            let whole = text.chars().count() == count + first.len();
            let digits = whole && text.chars().all(|c| c.is_digit(radix));
            digits.then(|| u32::from_str_radix(&text, radix).ok()).flatten()
        };
        codes.push(match escape {
            'a' => 7,
            'b' => 8,
            'f' => 12,
            'n' => 10,
            'r' => 13,
            't' => 9,
            'v' => 11,
            '\\' => 92,
            'x' => digits(2, 16, "")?,
            'u' => digits(4, 16, "")?,
            'U' => digits(8, 16, "")?,
            c @ '0'..='7' => digits(2, 8, &c.to_string()).filter(|code| *code < 256)?,
            c if c == quote => u32::from(c),
            _ => return None,
        });
    }
    Some(codes)
}
