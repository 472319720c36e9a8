use super::compile;

#[test]
fn matches_what_go_matches() {
    for (pattern, text, want) in [
        ("", "foo", true),
        ("^f.*o$", "foo", true),
        ("(?i)FOO", "foo", true),
        ("(?ii)FOO", "foo", true),
        ("(?)f(?:o|x)(?P<n>o)(?<n>)", "foo", true),
        ("(?U)^f+(?-U)o+$", "foo", true),
        ("a{2", "a{2", true),
        ("a{,2}", "aa", false),
        ("^a{2,}$", "aaa", true),
        ("a{01}", "a{01}", true),
        ("{", "a{", true),
        (r"\Q.\E", "a", false),
        (r"\Qa.", "a.", true),
        ("[[a]", "[", true),
        ("^[a&&b]+$", "a&b", true),
        (r"^[\d-z]+$", "1-z", true),
        ("^[]a]$", "]", true),
        ("[^]]", "]", false),
        (r"\07|\012|\x41|\x{66}", "f", true),
        (r"\<f\>", "<f>", true),
        (r"^\d$", "٣", false),
        (r"^\w\W\s\S$", "aé x", true),
        (r"^\pL\p{Lu}\PL\p{^L}[\pN]$", "aA112", true),
        ("^[[:alpha:][:^digit:]]$", "a", true),
        (r"\bfoo\b", "a foo", true),
        ("^*f??o+?", "foo", true),
        ("a||b", "", true),
        (r"\_\-\/\%", "_-/%", true),
    ] {
        assert_eq!(compile(pattern).unwrap().is_match(text), want, "{pattern} {text}");
    }
}

#[test]
fn refuses_what_go_refuses() {
    for (pattern, why) in [
        ("a(b", "missing closing ): `a(b`"),
        ("a)b", "unexpected ): `a)b`"),
        ("a[b", "missing closing ]: `[b`"),
        ("[]", "missing closing ]: `[]`"),
        ("+a", "missing argument to repetition operator: `+`"),
        ("(|*?)", "missing argument to repetition operator: `*?`"),
        ("{2}", "missing argument to repetition operator: `{2}`"),
        ("a**", "invalid nested repetition operator: `**`"),
        ("x{2}{3}y", "invalid nested repetition operator: `{2}{3}`"),
        ("a{2,1}", "invalid repeat count: `{2,1}`"),
        ("a{1001}", "invalid repeat count: `{1001}`"),
        ("a{99999999999999999999}", "invalid repeat count: `{99999999999999999999}`"),
        ("(x{1000}){3}", "invalid repeat count: `{3}`"),
        ("(?P<x", "invalid named capture: `(?P<x`"),
        ("(?<=a)", "invalid named capture: `(?<=a)`"),
        ("(?P<é>a)", "invalid named capture: `(?P<é>`"),
        ("(?x)f", "invalid or unsupported Perl syntax: `(?x`"),
        ("(?=a)", "invalid or unsupported Perl syntax: `(?=`"),
        ("(?i-)f", "invalid or unsupported Perl syntax: `(?i-)`"),
        ("(?i", "invalid or unsupported Perl syntax: `(?i`"),
        ("a\\", "trailing backslash at end of expression: ``"),
        (r"\8", r"invalid escape sequence: `\8`"),
        (r"\1", r"invalid escape sequence: `\1`"),
        (r"\y", r"invalid escape sequence: `\y`"),
        (r"\C", r"invalid escape sequence: `\C`"),
        (r"\xzz", r"invalid escape sequence: `\xzz`"),
        (r"\x{110000}", r"invalid escape sequence: `\x{110000}`"),
        (r"\pX", r"invalid character class range: `\pX`"),
        (r"\p{Foo}", r"invalid character class range: `\p{Foo}`"),
        ("[b-a]", "invalid character class range: `b-a`"),
        ("[a--b]", "invalid character class range: `a--`"),
        ("[[:foo:]]", "invalid character class range: `[:foo:]`"),
        (r"[a-\d]", r"invalid escape sequence: `\d`"),
    ] {
        let error = compile(pattern).unwrap_err();
        assert_eq!(error, format!("error parsing regexp: {why}"), "{pattern}");
    }
    assert!(compile(&"(".repeat(100_000)).is_err());
}

/// The end of a named class may not begin in its own beginning.
#[test]
fn a_colon_in_a_class_is_a_colon() {
    for (pattern, text) in [("[[:]", "["), ("[[:]", ":"), ("[[:]]", ":]"), ("[[:x]", "x")] {
        assert!(compile(&format!("^{pattern}$")).unwrap().is_match(text), "{pattern} {text}");
    }
}

proptest::proptest! {
    /// Whatever stands there: a pattern or an error, never a panic; and all that is plain
    /// matches itself.
    #[test]
    fn any_text_is_answered(
        words in proptest::collection::vec(
            proptest::sample::select(vec![
                "(", ")", "[", "]", "[^", "[:alpha:]", "{", "}", "{2}", "{2,", "*", "+", "?", "|",
                "^", "$", ".", "\\", "\\d", "\\p{L", "\\x", "(?P<", "(?i", ":", ">", "-", "é", "a",
                "1", "\\Q", "\\E",
            ]),
            0..20,
        ),
        plain in "[a-z0-9-]{0,20}",
    ) {
        compile(&words.concat()).ok();
        let whole = format!("^{plain}$");
        proptest::prop_assert!(compile(&whole).unwrap().is_match(&plain));
    }
}
