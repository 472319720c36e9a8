//! JSON as Go reads and writes it, for what serde_json does in its own way.
use std::fmt::Write;

/// Objects and lists may be nested this deep: readers further on are recursive.
const MAX_DEPTH: usize = 100;

/// What comes next.
#[derive(Clone, Copy)]
enum Expect {
    Value,
    ValueOrEnd,
    Key,
    KeyOrEnd,
    Colon,
    CommaOrEnd,
}

/// Says in Go's words what is wrong with a text, if anything.
pub(crate) fn check(text: &[u8]) -> Result<(), String> {
    let mut scan = Scan { text, at: 0 };
    let mut open = Vec::new();
    let mut expect = Expect::Value;
    loop {
        while matches!(scan.peek(), Some(b' ' | b'\t' | b'\r' | b'\n')) {
            scan.at += 1;
        }
        let Some(byte) = scan.peek() else {
            let ended = matches!(expect, Expect::CommaOrEnd) && open.is_empty();
            return if ended { Ok(()) } else { Err(END.to_owned()) };
        };
        expect = match (expect, byte) {
            (Expect::ValueOrEnd, b']') | (Expect::KeyOrEnd, b'}') => {
                scan.at += 1;
                open.pop();
                Expect::CommaOrEnd
            }
            (Expect::Value | Expect::ValueOrEnd, b'{' | b'[') => {
                scan.at += 1;
                open.push(byte);
                if open.len() > MAX_DEPTH {
                    return Err("exceeded max depth".to_owned());
                }
                if byte == b'{' { Expect::KeyOrEnd } else { Expect::ValueOrEnd }
            }
            (Expect::Value | Expect::ValueOrEnd, _) => {
                scan.scalar(byte)?;
                Expect::CommaOrEnd
            }
            (Expect::Key | Expect::KeyOrEnd, b'"') => {
                scan.string()?;
                Expect::Colon
            }
            (Expect::Key | Expect::KeyOrEnd, _) => {
                return Err(invalid(byte, "looking for beginning of object key string"));
            }
            (Expect::Colon, b':') => {
                scan.at += 1;
                Expect::Value
            }
            (Expect::Colon, _) => return Err(invalid(byte, "after object key")),
            (Expect::CommaOrEnd, _) => {
                scan.at += 1;
                match (open.last(), byte) {
                    (Some(b'{'), b',') => Expect::Key,
                    (Some(b'['), b',') => Expect::Value,
                    (Some(b'{'), b'}') | (Some(b'['), b']') => {
                        open.pop();
                        Expect::CommaOrEnd
                    }
                    (Some(b'{'), _) => return Err(invalid(byte, "after object key:value pair")),
                    (Some(_), _) => return Err(invalid(byte, "after array element")),
                    (None, _) => return Err(invalid(byte, "after top-level value")),
                }
            }
        };
    }
}

/// [`check`] for a text that may be too deep, though it may be sound.
pub(crate) fn check_depth(text: &[u8]) -> Result<(), String> {
    let opening = text.iter().filter(|b| matches!(b, b'{' | b'[')).count();
    if opening > MAX_DEPTH { check(text) } else { Ok(()) }
}

const END: &str = "unexpected end of JSON input";

struct Scan<'a> {
    text: &'a [u8],
    at: usize,
}

impl Scan<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    /// As in Go, a text that ends in the middle of a word ends with a blank.
    fn next(&mut self) -> u8 {
        let byte = self.peek().unwrap_or(b' ');
        self.at += 1;
        byte
    }

    fn scalar(&mut self, first: u8) -> Result<(), String> {
        match first {
            b'"' => self.string(),
            b'-' | b'0'..=b'9' => self.number(),
            b't' => self.literal("true"),
            b'f' => self.literal("false"),
            b'n' => self.literal("null"),
            _ => Err(invalid(first, "looking for beginning of value")),
        }
    }

    fn string(&mut self) -> Result<(), String> {
        self.at += 1;
        while self.peek().is_some() {
            match self.next() {
                b'"' => return Ok(()),
                b'\\' => match self.next() {
                    b'b' | b'f' | b'n' | b'r' | b't' | b'\\' | b'/' | b'"' => {}
                    b'u' => {
                        for _ in 0..4 {
                            let byte = self.next();
                            if !byte.is_ascii_hexdigit() {
                                let place = "in \\u hexadecimal character escape";
                                return Err(invalid(byte, place));
                            }
                        }
                    }
                    byte => return Err(invalid(byte, "in string escape code")),
                },
                byte @ ..0x20 => return Err(invalid(byte, "in string literal")),
                _ => {}
            }
        }
        Err(END.to_owned())
    }

    fn number(&mut self) -> Result<(), String> {
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        if self.peek() == Some(b'0') {
            self.at += 1;
        } else {
            self.digits("in numeric literal")?;
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits("after decimal point in numeric literal")?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.digits("in exponent of numeric literal")?;
        }
        Ok(())
    }

    fn digits(&mut self, place: &str) -> Result<(), String> {
        let first = self.next();
        if !first.is_ascii_digit() {
            return Err(invalid(first, place));
        }
        while self.peek().is_some_and(|b| b.is_ascii_digit()) {
            self.at += 1;
        }
        Ok(())
    }

    fn literal(&mut self, word: &str) -> Result<(), String> {
        for want in word.bytes() {
            let byte = self.next();
            if byte != want {
                let place = format!("in literal {word} (expecting '{}')", char::from(want));
                return Err(invalid(byte, &place));
            }
        }
        Ok(())
    }
}

/// Go takes the byte for a character of its own.
fn invalid(byte: u8, place: &str) -> String {
    let character = match byte {
        b'\'' => "\\'".to_owned(),
        0x07 => "\\a".to_owned(),
        0x08 => "\\b".to_owned(),
        0x0b => "\\v".to_owned(),
        0x0c => "\\f".to_owned(),
        b'\n' | b'\r' | b'\t' | b'\\' => char::from(byte).escape_default().to_string(),
        ..0x20 | 0x7f => format!("\\x{byte:02x}"),
        0x80..=0xa0 | 0xad => format!("\\u{byte:04x}"),
        _ => char::from(byte).to_string(),
    };
    format!("invalid character '{character}' {place}")
}

/// Lays a sound text out as Go's `MarshalIndent` does: four blanks a level, numbers as they are,
/// and in strings no character that HTML gives a meaning to.
pub(crate) fn indent(json: &str) -> String {
    let bytes = json.as_bytes();
    let mut out = String::with_capacity(json.len() + json.len() / 2);
    let (mut at, mut depth) = (0, 0);
    let new_line = |out: &mut String, depth: usize| {
        out.push('\n');
        out.extend(std::iter::repeat_n("    ", depth));
    };
    while let Some(&byte) = bytes.get(at) {
        at += 1;
        match byte {
            b' ' | b'\t' | b'\r' | b'\n' => {}
            b'{' | b'[' => {
                out.push(char::from(byte));
                while matches!(bytes.get(at), Some(b' ' | b'\t' | b'\r' | b'\n')) {
                    at += 1;
                }
                if let Some(&end @ (b'}' | b']')) = bytes.get(at) {
                    out.push(char::from(end));
                    at += 1;
                } else {
                    depth += 1;
                    new_line(&mut out, depth);
                }
            }
            b'}' | b']' => {
                depth -= usize::from(depth > 0);
                new_line(&mut out, depth);
                out.push(char::from(byte));
            }
            b',' => {
                out.push(',');
                new_line(&mut out, depth);
            }
            b':' => out.push_str(": "),
            b'"' => {
                let start = at - 1;
                while let Some(&byte) = bytes.get(at) {
                    at += 1;
                    match byte {
                        b'\\' => at += 1,
                        b'"' => break,
                        _ => {}
                    }
                }
                escape_html(json.get(start..at).unwrap_or_default(), &mut out);
            }
            // The rest of numbers and literals, all ASCII.
            _ => out.push(char::from(byte)),
        }
    }
    out
}

fn escape_html(string: &str, out: &mut String) {
    let is_special = |c: char| matches!(c, '<' | '>' | '&' | '\u{2028}' | '\u{2029}');
    let mut rest = string;
    while let Some(at) = rest.find(is_special) {
        let (before, from) = rest.split_at(at);
        out.push_str(before);
        let mut characters = from.chars();
        if let Some(c) = characters.next() {
            let _ = write!(out, "\\u{:04x}", u32::from(c)); // a String takes everything
        }
        rest = characters.as_str();
    }
    out.push_str(rest);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What Go 1.26 answers.
    #[test]
    fn words_are_those_of_go() {
        let cases: [(&[u8], &str); 29] = [
            (b"", END),
            (b"  ", END),
            (b"{", END),
            (b"[1,", END),
            (b"\"a", END),
            (b"tru", "invalid character ' ' in literal true (expecting 'e')"),
            (b"1.", "invalid character ' ' after decimal point in numeric literal"),
            (b"\"\\", "invalid character ' ' in string escape code"),
            (b"\"\\u1", "invalid character ' ' in \\u hexadecimal character escape"),
            (b"\0", "invalid character '\\x00' looking for beginning of value"),
            (b"\xef\xbb\xbf{}", "invalid character 'ï' looking for beginning of value"),
            (b"\x85", "invalid character '\\u0085' looking for beginning of value"),
            (b"{1", "invalid character '1' looking for beginning of object key string"),
            (b"{\"a\":1,}", "invalid character '}' looking for beginning of object key string"),
            (b"[1,]", "invalid character ']' looking for beginning of value"),
            (b"{\"a\"}", "invalid character '}' after object key"),
            (b"{\"a\":1 2}", "invalid character '2' after object key:value pair"),
            (b"[1 2]", "invalid character '2' after array element"),
            (b"{} x", "invalid character 'x' after top-level value"),
            (b"01", "invalid character '1' after top-level value"),
            (b"-x", "invalid character 'x' in numeric literal"),
            (b"1.x", "invalid character 'x' after decimal point in numeric literal"),
            (b"1e+x", "invalid character 'x' in exponent of numeric literal"),
            (b"nul'", "invalid character '\\'' in literal null (expecting 'l')"),
            (b"fAlse", "invalid character 'A' in literal false (expecting 'a')"),
            (b"\"\n\"", "invalid character '\\n' in string literal"),
            (b"\"\x1f\"", "invalid character '\\x1f' in string literal"),
            (b"\"\\x\"", "invalid character 'x' in string escape code"),
            (b"\"\\u00g0\"", "invalid character 'g' in \\u hexadecimal character escape"),
        ];
        for (text, want) in cases {
            assert_eq!(check(text).unwrap_err(), want, "{:?}", text.escape_ascii().to_string());
        }
        for text in
            [" {\"a\": [ ], \"b\":{}} ", "-0.5E-7", "null", "\"\\ud800\\\"\u{7f}\"", "[[],[0]]"]
        {
            assert_eq!(check(text.as_bytes()), Ok(()), "{text}");
        }
    }

    #[test]
    fn depth_is_bounded() {
        let nested = |n: usize| [vec![b'['; n], vec![b']'; n]].concat();
        assert_eq!(check_depth(&nested(MAX_DEPTH)), Ok(()));
        assert_eq!(check_depth(&nested(MAX_DEPTH + 1)), Err("exceeded max depth".into()));
        assert_eq!(check_depth(&[b"[".as_slice(), &b"[],".repeat(500), b"0]"].concat()), Ok(()));
        assert_eq!(check_depth(&vec![b'['; 1 << 20]), Err("exceeded max depth".into()));
    }

    #[test]
    fn layout_is_that_of_go() {
        let text = "{\"a\":[ ] , \"b\" : {\n}, \"c<\":[1e3,12345678901234567890,\"x\\\"&\u{2028}é\\u003c\"],\"d\":{\"e\":null}}";
        let want = "{\n    \"a\": [],\n    \"b\": {},\n    \"c\\u003c\": [\n        1e3,\n        12345678901234567890,\n        \"x\\\"\\u0026\\u2028é\\u003c\"\n    ],\n    \"d\": {\n        \"e\": null\n    }\n}";
        assert_eq!(indent(text), want);
        assert_eq!(indent(want), want);
    }
}
