//! Go's regular expressions (RE2's syntax), said in the words of the `regex` crate.
//!
//! Both descend from RE2 but differ at the edges: what is refused, classes that are ASCII in Go, set
//! operations that Go has not. A pattern that means something else here would pick other machines.

use regex::Regex;

/// Compiles a pattern.
///
/// # Errors
/// Go's words for what is wrong with it.
pub(crate) fn compile(pattern: &str) -> Result<Regex, String> {
    let mut reader = Reader { whole: pattern, rest: pattern, ..Reader::default() };
    let read = reader.read().and_then(|()| {
        // What is left is depth and size.
        Regex::new(&reader.out).map_err(|_| wrong("expression too large", pattern))
    });
    read.map_err(|why| format!("error parsing regexp: {why}"))
}

type Read<T> = Result<T, String>;

fn wrong(what: &str, part: &str) -> String {
    format!("{what}: `{part}`")
}

const ESCAPE: &str = "invalid escape sequence";
const RANGE: &str = "invalid character class range";
const COUNT: &str = "invalid repeat count";
const PERL: &str = "invalid or unsupported Perl syntax";
const NAME: &str = "invalid named capture";

/// What may stand between `[:` and `:]`.
const POSIX: [&str; 14] = [
    "alnum", "alpha", "ascii", "blank", "cntrl", "digit", "graph", "lower", "print", "punct",
    "space", "upper", "word", "xdigit",
];

/// Counted repetitions, those inside one another multiplied, may reach this.
const MOST: usize = 1000;

#[derive(Default)]
struct Reader<'p> {
    whole: &'p str,
    rest: &'p str,
    out: String,
    /// Of each open group: the weight of what stands before it.
    groups: Vec<usize>,
    /// Largest product of counts in the group that is read.
    weight: usize,
    /// The same of what a repetition would repeat; none where there is nothing.
    operand: Option<usize>,
    /// The pattern from the repetition on that was read last.
    repeated: Option<&'p str>,
}

impl<'p> Reader<'p> {
    fn read(&mut self) -> Read<()> {
        while let Some(c) = self.rest.chars().next() {
            let before = self.rest;
            let repeats = match c {
                '*' | '+' | '?' => self.repeat(&before[1..], None)?,
                '{' => match count(before) {
                    Some((counts, after)) => self.repeat(after, Some(counts))?,
                    None => self.literal(),
                },
                '(' => self.open()?,
                ')' => self.close()?,
                '|' => {
                    self.take(1);
                    self.out.push('|');
                    self.operand = None;
                    false
                }
                '^' | '$' | '.' => {
                    self.take(1);
                    self.item(&c.to_string())
                }
                '[' => self.class()?,
                '\\' => self.escape()?,
                _ => self.literal(),
            };
            self.repeated = repeats.then_some(before);
        }
        match self.groups.is_empty() {
            true => Ok(()),
            false => Err(wrong("missing closing )", self.whole)),
        }
    }

    /// Passes over so many bytes, and gives them back.
    fn take(&mut self, bytes: usize) -> &'p str {
        let (taken, rest) = self.rest.split_at(bytes);
        self.rest = rest;
        taken
    }

    fn next(&mut self) -> Option<char> {
        let c = self.rest.chars().next()?;
        self.take(c.len_utf8());
        Some(c)
    }

    /// The pattern from `start` up to here.
    fn since(&self, start: &'p str) -> &'p str {
        &start[..start.len() - self.rest.len()]
    }

    /// Writes what can be repeated.
    fn item(&mut self, text: &str) -> bool {
        self.out.push_str(text);
        self.operand = Some(1);
        false
    }

    fn literal(&mut self) -> bool {
        let c = self.next().map(String::from).unwrap_or_default();
        self.item(&regex::escape(&c))
    }

    /// `counts`: least and most, of a repetition that counts.
    fn repeat(&mut self, after: &'p str, counts: Option<(usize, Option<usize>)>) -> Read<bool> {
        let before = self.rest;
        self.rest = after;
        let sound = |(least, most): (usize, Option<usize>)| {
            least <= MOST && most.is_none_or(|most| (least..=MOST).contains(&most))
        };
        if counts.is_some_and(|counts| !sound(counts)) {
            return Err(wrong(COUNT, self.since(before)));
        }
        self.rest = after.strip_prefix('?').unwrap_or(after);
        if let Some(repeated) = self.repeated {
            return Err(wrong("invalid nested repetition operator", self.since(repeated)));
        }
        let Some(weight) = self.operand else {
            return Err(wrong("missing argument to repetition operator", self.since(before)));
        };
        let times = counts.map_or(1, |(least, most)| most.unwrap_or(least).max(1));
        if weight * times > MOST {
            return Err(wrong(COUNT, self.since(before)));
        }
        self.operand = Some(weight * times);
        self.weight = self.weight.max(weight * times);
        self.out.push_str(self.since(before));
        Ok(true)
    }

    fn open(&mut self) -> Read<bool> {
        let start = self.rest;
        let named = ["(?P<", "(?<"]
            .into_iter()
            .find(|mark| start.starts_with(mark) && start.len() > mark.len());
        if let Some(mark) = named {
            let end = start.find('>').ok_or_else(|| wrong(NAME, start))?;
            let name = &start[mark.len()..end];
            if name.is_empty() || !name.chars().all(|c| c == '_' || c.is_ascii_alphanumeric()) {
                return Err(wrong(NAME, &start[..=end]));
            }
            self.take(end + 1);
        } else if start.starts_with("(?") {
            self.take(2);
            return self.flags(start);
        } else {
            self.take(1);
        }
        self.group("(");
        Ok(false)
    }

    fn group(&mut self, text: &str) {
        self.out.push_str(text);
        self.groups.push(std::mem::replace(&mut self.weight, 1));
        self.operand = None;
    }

    /// Flags up to `)`, or up to `:` and then a group. Here a flag may stand there twice, or none.
    fn flags(&mut self, start: &'p str) -> Read<bool> {
        let (mut on, mut off, mut negated, mut any) = (String::new(), String::new(), false, false);
        while let Some(c) = self.next() {
            match c {
                'i' | 'm' | 's' | 'U' => {
                    let (to, other) =
                        if negated { (&mut off, &mut on) } else { (&mut on, &mut off) };
                    other.retain(|flag| flag != c);
                    if !to.contains(c) {
                        to.push(c);
                    }
                    any = true;
                }
                '-' if !negated => (negated, any) = (true, false),
                ':' | ')' if !negated || any => {
                    let minus = if off.is_empty() { "" } else { "-" };
                    let flags = format!("(?{on}{minus}{off}{c}");
                    match c {
                        ':' => self.group(&flags),
                        _ if on.is_empty() && off.is_empty() => {}
                        _ => self.out.push_str(&flags),
                    }
                    return Ok(false);
                }
                _ => break,
            }
        }
        Err(wrong(PERL, self.since(start)))
    }

    fn close(&mut self) -> Read<bool> {
        let Some(outer) = self.groups.pop() else {
            return Err(wrong("unexpected )", self.whole));
        };
        self.take(1);
        self.out.push(')');
        self.operand = Some(self.weight.max(1));
        self.weight = self.weight.max(outer);
        Ok(false)
    }

    fn escape(&mut self) -> Read<bool> {
        let start = self.rest;
        match start.get(1..2) {
            Some("A" | "z" | "B") => {
                let text = self.take(2);
                return Ok(self.item(text));
            }
            Some("b") => {
                self.take(2);
                return Ok(self.item(r"(?-u:\b)"));
            }
            Some("Q") => {
                let (literal, rest) = start[2..].split_once(r"\E").unwrap_or((&start[2..], ""));
                self.rest = rest;
                for c in literal.chars() {
                    self.item(&regex::escape(&c.to_string()));
                }
                return Ok(false);
            }
            _ => {}
        }
        if let Some(class) = self.class_escape()? {
            return Ok(self.item(&format!("[{class}]")));
        }
        let c = self.character()?;
        Ok(self.item(&exact(c)))
    }

    /// `\d`, `\pL` and the like, as they stand in brackets.
    fn class_escape(&mut self) -> Read<Option<String>> {
        let start = self.rest;
        let class = match start.get(1..2).filter(|_| start.starts_with('\\')) {
            Some("d") => "0-9",
            Some("D") => "[^0-9]",
            Some("s") => r"\t\n\f\r ",
            Some("S") => r"[^\t\n\f\r ]",
            Some("w") => "0-9A-Za-z_",
            Some("W") => "[^0-9A-Za-z_]",
            Some("p" | "P") => {
                let end = match start[2..].chars().next() {
                    Some('{') => start.find('}').map(|end| end + 1),
                    Some(c) => Some(2 + c.len_utf8()),
                    None => None,
                };
                let text = self.take(end.unwrap_or(start.len()));
                let name = text[2..].trim_start_matches('{').trim_end_matches('}');
                let (letter, name) = match (name.strip_prefix('^'), &text[1..2]) {
                    (Some(name), "p") => ("P", name),
                    (Some(name), _) => ("p", name),
                    (None, letter) => (letter, name),
                };
                let class = format!("\\{letter}{{{name}}}");
                let known = end.is_some() && Regex::new(&class).is_ok();
                return if known { Ok(Some(class)) } else { Err(wrong(RANGE, text)) };
            }
            _ => return Ok(None),
        };
        self.take(2);
        Ok(Some(class.to_owned()))
    }

    /// A class in brackets. In there Go knows no sets and no brackets inside but `[:name:]`.
    fn class(&mut self) -> Read<bool> {
        let start = self.rest;
        self.take(1);
        let mut class = "[".to_owned();
        if self.rest.starts_with('^') {
            class.push_str(self.take(1));
        }
        let mut first = true;
        while first || !self.rest.starts_with(']') {
            first = false;
            let name = self.rest.strip_prefix("[:").and_then(|rest| rest.split_once(":]"));
            if let Some((name, _)) = name {
                let text = self.take("[:".len() + name.len() + ":]".len());
                if !POSIX.contains(&name.strip_prefix('^').unwrap_or(name)) {
                    return Err(wrong(RANGE, text));
                }
                class.push_str(text);
                continue;
            }
            if let Some(inner) = self.class_escape()? {
                class.push_str(&inner);
                continue;
            }
            let from = self.rest;
            let low = self.class_character(start)?;
            class.push_str(&exact(low));
            if self.rest.starts_with('-') && self.rest.len() > 1 && !self.rest.starts_with("-]") {
                self.take(1);
                let high = self.class_character(start)?;
                if high < low {
                    return Err(wrong(RANGE, self.since(from)));
                }
                class.push('-');
                class.push_str(&exact(high));
            }
        }
        self.take(1);
        class.push(']');
        Ok(self.item(&class))
    }

    fn class_character(&mut self, start: &'p str) -> Read<u32> {
        match self.rest.chars().next() {
            None => Err(wrong("missing closing ]", start)),
            Some('\\') => self.character(),
            Some(c) => {
                self.next();
                Ok(u32::from(c))
            }
        }
    }

    /// The code point behind a backslash.
    fn character(&mut self) -> Read<u32> {
        let start = self.rest;
        self.take(1);
        let Some(c) = self.next() else {
            return Err(wrong("trailing backslash at end of expression", ""));
        };
        let is_octal = |rest: &str| rest.starts_with(|c: char| c.is_digit(8));
        let code = match c {
            'a' => Some(7),
            'f' => Some(12),
            'n' => Some(10),
            'r' => Some(13),
            't' => Some(9),
            'v' => Some(11),
            '0'..='7' if c == '0' || is_octal(self.rest) => {
                let more = self.rest.chars().take(2).take_while(|c| c.is_digit(8)).count();
                self.take(more);
                u32::from_str_radix(&self.since(start)[1..], 8).ok()
            }
            'x' => self.hexadecimal(),
            _ if c.is_ascii() && !c.is_ascii_alphanumeric() => Some(u32::from(c)),
            _ => None,
        };
        code.filter(|code| char::from_u32(*code).is_some())
            .ok_or_else(|| wrong(ESCAPE, self.since(start)))
    }

    fn hexadecimal(&mut self) -> Option<u32> {
        let mut digits = String::new();
        if self.rest.starts_with('{') {
            self.take(1);
            loop {
                match self.next()? {
                    '}' => return u32::from_str_radix(&digits, 16).ok(),
                    c if c.is_ascii_hexdigit() && digits.len() < 8 => digits.push(c),
                    _ => return None,
                }
            }
        }
        for _ in 0..2 {
            digits.push(self.next()?);
        }
        let sound = digits.chars().all(|c| c.is_ascii_hexdigit());
        u32::from_str_radix(&digits, 16).ok().filter(|_| sound)
    }
}

/// A code point that stands for itself, in brackets too.
fn exact(code: u32) -> String {
    format!("\\x{{{code:x}}}")
}

/// `{2}`, `{2,}` or `{2,3}`, and what follows it; anything else is no repetition. A number that is
/// too large for us is too large for Go.
fn count(text: &str) -> Option<((usize, Option<usize>), &str)> {
    let (body, after) = text.strip_prefix('{')?.split_once('}')?;
    let number = |digits: &str| {
        let sound = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
        let sound = sound && (digits == "0" || !digits.starts_with('0'));
        sound.then(|| digits.parse().unwrap_or(usize::MAX))
    };
    let counts = match body.split_once(',') {
        None => (number(body)?, Some(number(body)?)),
        Some((least, "")) => (number(least)?, None),
        Some((least, most)) => (number(least)?, Some(number(most)?)),
    };
    Some((counts, after))
}

#[cfg(test)]
mod tests;
