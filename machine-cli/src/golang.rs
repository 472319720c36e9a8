//! Go's spelling of numbers, truth and quoted text, which scripts and error messages rely on.

/// Why a number was refused, in the words of Go's `flag` package.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum NumberError {
    Syntax,
    Range,
}

impl NumberError {
    pub(crate) fn text(self) -> &'static str {
        match self {
            Self::Syntax => "parse error",
            Self::Range => "value out of range",
        }
    }
}

/// An integer literal: sign, `0x`, `0o`, `0b`, a leading zero for octal, `_` between digits.
pub(crate) fn parse_int(text: &str) -> Result<i64, NumberError> {
    let (negative, digits) = match text.as_bytes().first() {
        Some(b'-') => (true, &text[1..]),
        Some(b'+') => (false, &text[1..]),
        _ => (false, text),
    };
    let lower = digits.to_ascii_lowercase();
    let (base, body, prefixed) = match lower.get(..2) {
        Some("0x") => (16, &lower[2..], true),
        Some("0o") => (8, &lower[2..], true),
        Some("0b") => (2, &lower[2..], true),
        _ if lower.len() > 1 && lower.starts_with('0') => (8, &lower[1..], true),
        _ => (10, lower.as_str(), false),
    };
    let plain = strip_underscores(body, prefixed).ok_or(NumberError::Syntax)?;
    if plain.is_empty() || !plain.chars().all(|c| c.is_digit(base)) {
        return Err(NumberError::Syntax);
    }
    let magnitude = i128::from_str_radix(&plain, base).map_err(|_| NumberError::Range)?;
    i64::try_from(if negative { -magnitude } else { magnitude }).map_err(|_| NumberError::Range)
}

/// `_` may separate digits, and follow a prefix; elsewhere the literal is none.
fn strip_underscores(body: &str, prefixed: bool) -> Option<String> {
    let mut last_digit = prefixed;
    for c in body.chars() {
        if c == '_' && !last_digit {
            return None;
        }
        last_digit = c != '_';
    }
    if !last_digit && !body.is_empty() {
        return None;
    }
    Some(body.replace('_', ""))
}

/// The words that Go takes for true and false.
pub(crate) fn parse_bool(text: &str) -> Option<bool> {
    match text {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Some(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Some(false),
        _ => None,
    }
}

/// `%q`: double quotes, with what does not print escaped.
pub(crate) fn quote(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        quote_char(c, '"', &mut out);
    }
    out.push('"');
    out
}

/// One character between `delimiter`s.
pub(crate) fn quote_char(c: char, delimiter: char, out: &mut String) {
    let short = match c {
        '\u{7}' => "\\a",
        '\u{8}' => "\\b",
        '\u{c}' => "\\f",
        '\n' => "\\n",
        '\r' => "\\r",
        '\t' => "\\t",
        '\u{b}' => "\\v",
        '\\' => "\\\\",
        _ if c == delimiter => {
            out.push('\\');
            out.push(c);
            return;
        }
        _ => "",
    };
    if !short.is_empty() {
        out.push_str(short);
    } else if prints(c) {
        out.push(c);
    } else if u32::from(c) < 0x80 {
        out.push_str(&format!("\\x{:02x}", u32::from(c)));
    } else if u32::from(c) < 0x1_0000 {
        out.push_str(&format!("\\u{:04x}", u32::from(c)));
    } else {
        out.push_str(&format!("\\U{:08x}", u32::from(c)));
    }
}

/// Near enough to Go's table: blanks other than the ASCII one, controls, format characters,
/// surrogates and private use do not print.
fn prints(c: char) -> bool {
    match c {
        ' ' => true,
        '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' => {
            false
        }
        '\u{e000}'..='\u{f8ff}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{f0000}'.. => false,
        _ => !c.is_control() && !c.is_whitespace(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_follow_go_literals() {
        for (text, value) in [
            ("0", 0),
            ("+5", 5),
            ("-1", -1),
            ("010", 8),
            ("0x10", 16),
            ("0X1f", 31),
            ("0b11", 3),
            ("0o17", 15),
            ("1_000", 1000),
            ("0x_10", 16),
            ("-9223372036854775808", i64::MIN),
        ] {
            assert_eq!(parse_int(text), Ok(value), "{text}");
        }
        for text in ["", "-", "abc", "5s", "08", "1__0", "_1", "1_", "0x", "1.5", " 1", "--1"] {
            assert_eq!(parse_int(text), Err(NumberError::Syntax), "{text}");
        }
        for text in ["9223372036854775808", "99999999999999999999"] {
            assert_eq!(parse_int(text), Err(NumberError::Range), "{text}");
        }
    }

    #[test]
    fn quotes_as_go_does() {
        assert_eq!(quote("/no/such"), r#""/no/such""#);
        assert_eq!(quote("a\"b\\c\nd\u{1}"), r#""a\"b\\c\nd\x01""#);
        assert_eq!(quote("∞ ä\u{a0}\u{feff}"), r#""∞ ä\u00a0\ufeff""#);
    }
}
