//! Words of a template (Go, `text/template/parse/lex.go`).

use super::format::code_point;

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Kind {
    Error,
    Eof,
    Text,
    Open,
    Close,
    Space,
    Pipe,
    Declare,
    Assign,
    LeftParen,
    RightParen,
    /// A punctuation mark.
    Mark,
    Dot,
    Field,
    Variable,
    Identifier,
    Bool,
    Nil,
    Number,
    Character,
    Quoted,
    Raw,
    Keyword,
}

#[derive(Clone, Debug)]
pub(super) struct Token {
    pub(super) kind: Kind,
    /// Byte offset.
    pub(super) at: usize,
    pub(super) line: usize,
    pub(super) text: String,
}

const KEYWORDS: [&str; 10] =
    ["block", "break", "continue", "define", "else", "end", "if", "range", "template", "with"];
const SPACES: [char; 4] = [' ', '\t', '\r', '\n'];

/// All words; the last is `Eof` or `Error`.
pub(super) fn lex(text: &str) -> Vec<Token> {
    let mut lexer =
        Lexer { text, at: 0, start: 0, line: 1, counted: 0, tokens: Vec::new(), parens: 0 };
    loop {
        match lexer.outside() {
            After::Text => {}
            After::Open if lexer.inside() => {}
            _ => return lexer.tokens,
        }
    }
}

/// What ended a stretch of text.
enum After {
    /// A comment, so that text may follow.
    Text,
    /// An action.
    Open,
    /// The end, or an error.
    End,
}

struct Lexer<'a> {
    text: &'a str,
    at: usize,
    start: usize,
    /// Line at `counted`.
    line: usize,
    counted: usize,
    tokens: Vec<Token>,
    parens: usize,
}

fn word_letter(c: char) -> bool {
    c == '_' || c.is_alphanumeric()
}

impl Lexer<'_> {
    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn next(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.at += c.len_utf8();
        Some(c)
    }

    fn accept(&mut self, wanted: impl Fn(char) -> bool) -> bool {
        let found = self.peek().is_some_and(wanted);
        if found {
            self.next();
        }
        found
    }

    fn accept_run(&mut self, wanted: impl Fn(char) -> bool) {
        while self.accept(&wanted) {}
    }

    fn line(&mut self) -> usize {
        self.line += self.text[self.counted..self.start].matches('\n').count();
        self.counted = self.start;
        self.line
    }

    fn push(&mut self, kind: Kind, text: String) {
        let token = Token { kind, at: self.start, line: self.line(), text };
        self.tokens.push(token);
        self.start = self.at;
    }

    fn emit(&mut self, kind: Kind) {
        let text = self.text[self.start..self.at].to_owned();
        self.push(kind, text);
    }

    /// Ends the words with an error. Go counts its line where the word began.
    fn fail(&mut self, message: impl Into<String>) -> bool {
        let token =
            Token { kind: Kind::Error, at: self.start, line: self.line(), text: message.into() };
        self.tokens.push(token);
        false
    }

    /// Text up to an action.
    fn outside(&mut self) -> After {
        let Some(offset) = self.rest().find("{{") else {
            self.at = self.text.len();
            if self.at > self.start {
                self.emit(Kind::Text);
            }
            self.push(Kind::Eof, String::new());
            return After::End;
        };
        self.at += offset;
        let trims = self.text[self.at + 2..].starts_with('-')
            && self.text[self.at + 3..].starts_with(SPACES);
        let mut before = &self.text[self.start..self.at];
        if trims {
            before = before.trim_end_matches(SPACES);
        }
        if !before.is_empty() {
            let before = before.to_owned();
            self.push(Kind::Text, before);
        }
        self.start = self.at;
        self.at += 2;
        let after = if trims { 2 } else { 0 };
        if self.text[self.at + after..].starts_with("/*") {
            self.at += after;
            return self.comment();
        }
        self.push(Kind::Open, "{{".to_owned());
        self.at += after;
        self.start = self.at;
        self.parens = 0;
        After::Open
    }

    fn comment(&mut self) -> After {
        let Some(length) = self.rest()[2..].find("*/") else {
            self.fail("unclosed comment");
            return After::End;
        };
        self.at += 2 + length + 2;
        let Some((length, trims)) = self.close() else {
            self.fail("comment ends before closing delimiter");
            return After::End;
        };
        self.leave(length, trims);
        After::Text
    }

    /// Length of the closing delimiter here, and whether it trims what follows.
    fn close(&self) -> Option<(usize, bool)> {
        let rest = self.rest();
        if rest.starts_with(SPACES) && rest[1..].starts_with("-}}") {
            return Some((4, true));
        }
        rest.starts_with("}}").then_some((2, false))
    }

    fn leave(&mut self, length: usize, trims: bool) {
        self.at += length;
        if trims {
            self.accept_run(|c| SPACES.contains(&c));
        }
        self.start = self.at;
    }

    /// Words of one action; false after an error.
    fn inside(&mut self) -> bool {
        loop {
            if let Some((length, trims)) = self.close() {
                if self.parens > 0 {
                    return self.fail("unclosed left paren");
                }
                self.start = self.at + length - 2;
                self.push(Kind::Close, "}}".to_owned());
                self.leave(length, trims);
                return true;
            }
            self.start = self.at;
            let Some(c) = self.next() else { return self.fail("unclosed action") };
            let go_on = match c {
                _ if SPACES.contains(&c) => self.space(),
                '=' => self.simple(Kind::Assign),
                ':' if self.accept(|c| c == '=') => self.simple(Kind::Declare),
                ':' => self.fail("expected :="),
                '|' => self.simple(Kind::Pipe),
                '(' => {
                    self.parens += 1;
                    self.simple(Kind::LeftParen)
                }
                ')' if self.parens == 0 => self.fail("unexpected right paren"),
                ')' => {
                    self.parens -= 1;
                    self.simple(Kind::RightParen)
                }
                '"' => self.quoted('"', Kind::Quoted, "unterminated quoted string"),
                '\'' => self.quoted('\'', Kind::Character, "unterminated character constant"),
                '`' => self.raw(),
                '$' => self.name(Kind::Variable, Kind::Variable),
                '.' if !self.peek().is_some_and(|c| c.is_ascii_digit()) => {
                    self.name(Kind::Field, Kind::Dot)
                }
                '.' | '+' | '-' | '0'..='9' => self.number(),
                _ if word_letter(c) => self.word(),
                ' '..='~' => self.simple(Kind::Mark),
                _ => self.fail(format!("unrecognized character in action: {}", code_point(c))),
            };
            if !go_on {
                return false;
            }
        }
    }

    fn simple(&mut self, kind: Kind) -> bool {
        self.emit(kind);
        true
    }

    fn space(&mut self) -> bool {
        while self.peek().is_some_and(|c| SPACES.contains(&c)) && self.close().is_none() {
            self.next();
        }
        self.simple(Kind::Space)
    }

    fn ends_word(&self) -> bool {
        match self.peek() {
            None => true,
            Some(c) => {
                SPACES.contains(&c)
                    || matches!(c, '.' | ',' | '|' | ':' | ')' | '(')
                    || self.rest().starts_with("}}")
            }
        }
    }

    fn name(&mut self, kind: Kind, bare: Kind) -> bool {
        if self.ends_word() {
            return self.simple(bare);
        }
        self.accept_run(word_letter);
        self.terminated(kind)
    }

    fn word(&mut self) -> bool {
        self.accept_run(word_letter);
        let kind = match &self.text[self.start..self.at] {
            word if KEYWORDS.contains(&word) => Kind::Keyword,
            "true" | "false" => Kind::Bool,
            "nil" => Kind::Nil,
            _ => Kind::Identifier,
        };
        self.terminated(kind)
    }

    fn terminated(&mut self, kind: Kind) -> bool {
        if self.ends_word() {
            return self.simple(kind);
        }
        let bad = self.peek().map(code_point).unwrap_or_default();
        self.fail(format!("bad character {bad}"))
    }

    fn quoted(&mut self, end: char, kind: Kind, unterminated: &str) -> bool {
        loop {
            match self.next() {
                Some('\\') if self.peek().is_some_and(|c| c != '\n') => {
                    self.next();
                }
                None | Some('\n') | Some('\\') => return self.fail(unterminated),
                Some(c) if c == end => return self.simple(kind),
                Some(_) => {}
            }
        }
    }

    fn raw(&mut self) -> bool {
        let Some(length) = self.rest().find('`') else {
            return self.fail("unterminated raw quoted string");
        };
        self.at += length + 1;
        self.simple(Kind::Raw)
    }

    fn number(&mut self) -> bool {
        self.at = self.start;
        self.accept(|c| "+-".contains(c));
        let mut digits: fn(char) -> bool = |c| c.is_ascii_digit() || c == '_';
        if self.accept(|c| c == '0') {
            if self.accept(|c| "xX".contains(c)) {
                digits = |c| c.is_ascii_hexdigit() || c == '_';
            } else if self.accept(|c| "oO".contains(c)) {
                digits = |c| ('0'..='7').contains(&c) || c == '_';
            } else if self.accept(|c| "bB".contains(c)) {
                digits = |c| "01_".contains(c);
            }
        }
        self.accept_run(digits);
        if self.accept(|c| c == '.') {
            self.accept_run(digits);
        }
        if digits('9') && !digits('a') && self.accept(|c| "eE".contains(c)) {
            self.accept(|c| "+-".contains(c));
            self.accept_run(|c| c.is_ascii_digit() || c == '_');
        }
        if digits('a') && self.accept(|c| "pP".contains(c)) {
            self.accept(|c| "+-".contains(c));
            self.accept_run(|c| c.is_ascii_digit() || c == '_');
        }
        if self.peek().is_some_and(word_letter) {
            self.next();
            let number = crate::golang::quote(&self.text[self.start..self.at]);
            return self.fail(format!("bad number syntax: {number}"));
        }
        self.simple(Kind::Number)
    }
}
