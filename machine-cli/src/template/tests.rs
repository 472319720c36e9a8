use super::*;
use std::rc::Rc;

fn inspected() -> Value {
    read(
        r#"{"Name": "rich", "ConfigVersion": 3, "DriverName": "none", "Disk": 20000,
            "Memory": 123456789, "Overcommit": 0.05, "Dns": null, "Empty": [],
            "Labels": ["a=<b>&c", "ünï=cödé"],
            "Driver": {"URL": "tcp://127.0.0.1:1", "SSHPort": 0, "Big": 12345678901234567890}}"#,
    )
    .unwrap()
}

fn run(text: &str) -> Result<String, String> {
    let template = Template::parse(text, Extra::Json).map_err(|e| e.to_string())?;
    let mut out = String::new();
    template.execute(&inspected(), &mut out).map_err(|e| format!("{out}|{e}"))?;
    Ok(out)
}

/// What Go 1.2x prints for each, by its documentation and the recorded answers of Docker Machine.
#[test]
fn prints_as_go_does() {
    for (text, want) in [
        ("no template", "no template"),
        ("{{.Name}}", "rich"),
        ("{{ .Name }}-{{.ConfigVersion}}", "rich-3"),
        ("{{.Disk}} {{.Memory}} {{.Overcommit}}", "20000 1.23456789e+08 0.05"),
        ("{{.Driver.Nosuch}} {{.Nosuch.More}} {{.Dns}}", "<no value> <no value> <no value>"),
        ("{{.Labels}} {{.Empty}}", "[a=<b>&c ünï=cödé] []"),
        ("{{.Driver}}", "map[Big:1.2345678901234567e+19 SSHPort:0 URL:tcp://127.0.0.1:1]"),
        ("{{range .Labels}}[{{.}}]{{end}}", "[a=<b>&c][ünï=cödé]"),
        ("{{range $i, $x := .Labels}}{{$i}}{{end}}{{range .Empty}}x{{else}}none{{end}}", "01none"),
        ("{{range $k, $v := .Driver}}{{$k}} {{end}}", "Big SSHPort URL "),
        ("{{range .Labels}}{{break}}{{end}}{{range .Labels}}x{{continue}}y{{end}}", "xx"),
        ("{{len .Labels}} {{len .Name}} {{.Name | len}}", "2 4 4"),
        ("{{if .Dns}}6{{else if .Name}}4{{else}}0{{end}}", "4"),
        ("{{with .Driver}}{{.URL}}{{end}}{{with .Dns}}x{{else}}-{{end}}", "tcp://127.0.0.1:1-"),
        ("{{with $d := .Driver}}{{$d.URL}}{{$.Name}}{{end}}", "tcp://127.0.0.1:1rich"),
        ("{{$x := 1}}{{if true}}{{$x = 2}}{{end}}{{$x}}", "2"),
        ("{{printf \"%s-%v\" .Name .ConfigVersion}}", "rich-3"),
        (
            "{{printf \"%-6s|%6s|%q|%x\" .Name .Name .Name .Name}}",
            "rich  |  rich|\"rich\"|72696368",
        ),
        (
            "{{printf \"%d %5d %-5d| %05d %+d %x %X %o %b\" 1 2 3 4 5 255 255 8 5}}",
            "1     2 3    | 00004 +5 ff FF 10 101",
        ),
        (
            "{{printf \"%.2f %6.1f %e %g\" .Overcommit 2.55 1234.5 .Memory}}",
            "0.05    2.5 1.234500e+03 1.23456789e+08",
        ),
        ("{{printf \"%d %s\" .Disk .Disk}}", "%!d(float64=20000) %!s(float64=20000)"),
        ("{{printf \"%d\"}} {{printf \"%d%%\" 1 2}}", "%!d(MISSING) 1%%!(EXTRA int=2)"),
        (
            "{{printf \"%v %t %T %c %U\" .Labels true .Name 65 65}}",
            "[a=<b>&c ünï=cödé] true string A U+0041",
        ),
        ("{{printf \"%*d|%-*d|\" 4 1 4 1}}", "   1|1   |"),
        ("{{print 1 2 \"x\" \"y\" 3}} {{println 1 \"x\"}}", "1 2xy3 1 x\n"),
        ("{{eq .DriverName \"none\"}} {{ne 1 2}} {{lt 1 2}} {{ge 2.5 2.5}}", "true true true true"),
        ("{{eq 1 2 3 1}} {{eq .ConfigVersion 3.0}} {{gt \"b\" \"a\"}}", "true true true"),
        (
            "{{and true false}} {{or \"\" \"x\"}} {{not true}} {{or .Name .Nosuch.X}}",
            "false x false rich",
        ),
        ("{{index .Driver \"URL\"}} {{index . \"Driver\" \"SSHPort\"}}", "tcp://127.0.0.1:1 0"),
        ("{{index .Driver \"nosuch\"}} {{index .Labels 1}}", "<no value> ünï=cödé"),
        ("{{index .Name 0}} {{slice .Name 1 2}} {{slice .Labels 1}}", "114 i [ünï=cödé]"),
        ("{{\"quoted\"}} {{`raw`}} {{1.5}} {{0x10}} {{'a'}} {{1e3}}", "quoted raw 1.5 16 97 1000"),
        ("{{\"a\\tb\\u00e4\\\"\"}}", "a\tbä\""),
        ("a{{/* b */}}c {{- /* d */ -}} e", "ace"),
        ("  {{- .Name -}}  ", "rich"),
        ("{{.Name -}} \n x {{- 3}}{{ -3 }}", "richx3-3"),
        (
            "{{define \"a\"}}<{{.}}>{{end}}{{template \"a\" .Name}}{{template \"a\"}}",
            "<rich><<no value>>",
        ),
        ("{{block \"b\" .Driver}}{{.URL}}{{end}}", "tcp://127.0.0.1:1"),
        ("{{(index .Driver \"URL\") | printf \"%s!\"}}", "tcp://127.0.0.1:1!"),
        ("{{(printf \"%s\" .Name)}} {{with (len .Name)}}{{.}}{{end}}", "rich 4"),
        (
            "{{html \"<a href='x'>\"}} {{js \"it's\"}} {{urlquery \"a b&c\"}}",
            "&lt;a href=&#39;x&#39;&gt; it\\'s a+b%26c",
        ),
        (
            "{{json .Labels}} {{json .Name}} {{json .Dns}}",
            "[\"a=\\u003cb\\u003e\\u0026c\",\"ünï=cödé\"] \"rich\" null",
        ),
        ("{{json .Memory}} {{json .Overcommit}} {{json .Empty}}", "123456789 0.05 []"),
        ("{{json .Driver.Big}} {{json .Driver.Nosuch}}", "12345678901234567000 null"),
        ("{{prettyjson .Labels}}", "[\n    \"a=\\u003cb\\u003e\\u0026c\",\n    \"ünï=cödé\"\n]"),
        ("{{.Name\n}}", "rich"),
        ("{{.Name | }}", "rich"),
        ("{{\"{{\"}}}}", "{{}}"),
        ("{{range $i := 2}}{{$i}}{{end}}{{range 2}}x{{end}}", "01xx"),
        ("{{with .Dns}}a{{else with .Name}}{{.}}{{end}}", "rich"),
        ("{{printf \"%[2]d %[1]s\" \"a\" 3}}", "3 a"),
        ("{{printf \"%[2]v %[1]v %v\" 1}}", "%!v(BADINDEX) 1 %!v(MISSING)"),
        ("{{printf \"%[x]d\" 1}}", "%!d(BADINDEX)"),
        (
            "{{define \"a\"}} {{end}}{{define \"a\"}}b{{end}}{{define \"a\"}}{{end}}{{template \"a\"}}",
            "b",
        ),
        (
            "{{printf \"%+v %+d\" .Driver 3}}",
            "map[Big:1.2345678901234567e+19 SSHPort:0 URL:tcp://127.0.0.1:1] +3",
        ),
        (
            "{{printf \"%#v %#v\" .Driver .Labels}}",
            "map[string]interface {}{\"Big\":1.2345678901234567e+19, \"SSHPort\":0, \"URL\":\"tcp://127.0.0.1:1\"} \
             []interface {}{\"a=<b>&c\", \"ünï=cödé\"}",
        ),
        ("{{printf \"%U %#U\" 233 233}}", "U+00E9 U+00E9 'é'"),
        (
            "{{printf \"%5d|%-4d|%3q\" \"b\" \"c\" 1.5}}",
            "%!d(string=    b)|%!d(string=c   )|%!q(float64=1.5)",
        ),
        (
            "{{printf \"%4v|%-4v|%04v\" .Empty .Driver true}}",
            "[]|map[Big :1.2345678901234567e+19 SSHPort:0    URL :tcp://127.0.0.1:1]|true",
        ),
        ("{{range (printf \"%q\" . | len | printf \"%d\" | len)}}x{{end}}", "xxx"),
        ("{{with printf \"%q\" .Labels}}{{.}}{{end}}", "[\"a=<b>&c\" \"ünï=cödé\"]"),
        (
            "{{html .Nosuch}}{{js .Dns}}{{urlquery .Nosuch 1 .Name}}",
            "&lt;no value&gt;\\u003Cno value\\u003E%3Cno+value%3E1rich",
        ),
    ] {
        assert_eq!(run(text), Ok(want.to_owned()), "{text}");
    }
}

#[test]
fn refuses_as_go_does() {
    for (text, want) in [
        (
            "{{define \"a\"}}1{{end}}{{block \"a\" .}}2{{end}}",
            "template: :1: template: multiple definition of template \"a\"",
        ),
        ("{{nofunc}}", "template: :1: function \"nofunc\" not defined"),
        ("{{end}}", "template: :1: unexpected {{end}}"),
        ("{{else}}", "template: :1: unexpected {{else}}"),
        ("{{if}}", "template: :1: missing value for if"),
        ("{{range}}", "template: :1: missing value for range"),
        ("{{}}", "template: :1: missing value for command"),
        ("{{if .Name}}x", "template: :1: unexpected EOF"),
        ("{{if .Name}}{{else}}{{else}}{{end}}", "template: :1: expected end; found {{else}}"),
        ("{{.Name", "template: :1: unclosed action"),
        ("{{.Name\n", "template: :2: unclosed action started at :1"),
        ("{{\"unclosed}}", "template: :1: unterminated quoted string"),
        ("{{`unclosed}}", "template: :1: unterminated raw quoted string"),
        ("{{$x}}", "template: :1: undefined variable \"$x\""),
        ("{{(.Name}}", "template: :1: unclosed left paren"),
        ("{{.Name)}}", "template: :1: unexpected right paren"),
        ("{{/* x", "template: :1: unclosed comment"),
        ("{{/* x */ y}}", "template: :1: comment ends before closing delimiter"),
        ("{{.Name | 1}}", "template: :1: non executable command in pipeline stage 2"),
        ("{{break}}", "template: :1: {{break}} outside {{range}}"),
        ("{{1.Name}}", "template: :1: bad number syntax: \"1.N\""),
        ("{{true.Name}}", "template: :1: unexpected . after term \"true\""),
        ("{{.Name$}}", "template: :1: bad character U+0024 '$'"),
        ("{{1 , 2}}", "template: :1: unexpected \",\" in operand"),
        ("{{\"\\q\"}}", "template: :1: invalid syntax"),
        (
            "{{template \"a\"}}",
            "|template: :1:11: executing \"\" at <{{template \"a\"}}>: template \"a\" not defined",
        ),
        (
            "{{.Name.First}}",
            "|template: :1:7: executing \"\" at <.Name.First>: can't evaluate field First in type interface {}",
        ),
        (
            "{{index .Name 99}}",
            "|template: :1:2: executing \"\" at <index .Name 99>: error calling index: index out of range: 99",
        ),
        (
            "{{index .Labels 2}}",
            "|template: :1:2: executing \"\" at <index .Labels 2>: error calling index: reflect: slice index out of range",
        ),
        (
            "{{json}}",
            "|template: :1:2: executing \"\" at <json>: wrong number of args for json: want 1 got 0",
        ),
        (
            "{{eq .ConfigVersion 3}}",
            "|template: :1:2: executing \"\" at <eq .ConfigVersion 3>: error calling eq: incompatible types for comparison: float64 and int",
        ),
        (
            "x{{.Dns.First}}",
            "x|template: :1:7: executing \"\" at <.Dns.First>: nil pointer evaluating interface {}.First",
        ),
        (
            "{{len .Disk}}",
            "|template: :1:2: executing \"\" at <len .Disk>: error calling len: len of type float64",
        ),
        (
            "{{.Name 1}}",
            "|template: :1:2: executing \"\" at <.Name>: Name is not a method but has arguments",
        ),
        (
            "{{1 2}}",
            "|template: :1:2: executing \"\" at <1>: can't give argument to non-function 1",
        ),
        ("{{nil}}", "|template: :1:2: executing \"\" at <nil>: nil is not a command"),
        (
            "a\n{{range .Name}}{{end}}",
            "a\n|template: :2:8: executing \"\" at <.Name>: range can't iterate over rich",
        ),
        (
            "{{call .Name}}",
            "|template: :1:2: executing \"\" at <call .Name>: error calling call: non-function .Name of type string",
        ),
        (
            "{{range $x := .Disk | len | eq 1}}{{end}}",
            "|template: :1:22: executing \"\" at <len>: error calling len: len of type float64",
        ),
        (
            "{{range $i, $x := print .Name .Disk}}{{end}}",
            "|template: :1:30: executing \"\" at <.Disk>: range can't iterate over rich20000",
        ),
        (
            "{{range .Name | print}}{{end}}",
            "|template: :1:16: executing \"\" at <print>: range can't iterate over rich",
        ),
        (
            "{{range print (len .Name)}}{{end}}",
            "|template: :1:19: executing \"\" at <.Name>: range can't iterate over 4",
        ),
        (
            "{{printf .Disk 1}}",
            "|template: :1:9: executing \"\" at <.Disk>: wrong type for value; expected string; got float64",
        ),
        (
            "{{printf .Dns}}",
            "|template: :1:9: executing \"\" at <.Dns>: wrong type for value; expected string; got interface {}",
        ),
        (
            "{{printf .Nosuch}}",
            "|template: :1:9: executing \"\" at <.Nosuch>: invalid value; expected string",
        ),
        ("{{printf 1}}", "|template: :1:9: executing \"\" at <1>: expected string; found 1"),
        ("{{printf nil}}", "|template: :1:9: executing \"\" at <nil>: cannot assign nil to string"),
        (
            "{{1 | printf}}",
            "|template: :1:6: executing \"\" at <printf>: wrong type for value; expected string; got int",
        ),
    ] {
        assert_eq!(run(text), Err(want.to_owned()), "{text}");
    }
}

#[test]
fn structs_print_without_names_and_have_no_other_fields() {
    let swarm = Value::Struct(Rc::new(Struct {
        type_name: "*swarm.Options",
        fields: vec![("IsSwarm", false.into()), ("Host", "h".into())],
    }));
    let row = Value::Struct(Rc::new(Struct {
        type_name: "commands.HostListItem",
        fields: vec![
            ("Name", "foo".into()),
            ("State", Value::Named("state.State", 1, "Running".into())),
            ("Took", Value::Named("time.Duration", 1_500_000_000, "1.5s".into())),
            ("SwarmOptions", swarm),
            ("EngineOptions", Value::NilPointer("*engine.Options")),
        ],
    }));
    let run = |text: &str| {
        let template = Template::parse(text, Extra::Nothing).map_err(|e| e.to_string())?;
        let mut out = String::new();
        template.execute(&row, &mut out).map_err(|e| format!("{out}|{e}"))?;
        Ok::<_, String>(out)
    };
    for (text, want) in [
        ("{{.SwarmOptions}} {{.EngineOptions}}", "{false h} <nil>"),
        ("{{.State}} {{printf \"%d %s %v\" .State .State .State}}", "Running 1 Running Running"),
        ("{{eq .State 1}} {{.SwarmOptions.Host}}", "true h"),
        ("{{printf \"%e\" .State}}", "%!e(state.State=1)"),
        ("{{printf \"%x %q %d\" .State .State .State}}", "52756e6e696e67 \"Running\" 1"),
        ("{{printf \"%+v\" .SwarmOptions}}", "&{IsSwarm:false Host:h}"),
        ("{{.State.String | len}} {{.Took.Seconds}} {{.Took.Milliseconds}}", "7 1.5 1500"),
    ] {
        assert_eq!(run(text), Ok(want.to_owned()), "{text}");
    }
    for (text, want) in [
        ("{{json .Name}}", "template: :1: function \"json\" not defined"),
        (
            "{{.Name}} {{.Bogus}}",
            "foo |template: :1:12: executing \"\" at <.Bogus>: can't evaluate field Bogus in type commands.HostListItem",
        ),
        (
            "{{.Name.First}}",
            "|template: :1:7: executing \"\" at <.Name.First>: can't evaluate field First in type string",
        ),
        (
            "{{.EngineOptions.Labels}}",
            "|template: :1:16: executing \"\" at <.EngineOptions.Labels>: nil pointer evaluating *engine.Options.Labels",
        ),
    ] {
        assert_eq!(run(text), Err(want.to_owned()), "{text}");
    }
}

#[test]
fn depth_is_bounded() {
    let deep = format!("{{{{{}1{}}}}}", "(".repeat(50_000), ")".repeat(50_000));
    assert!(run(&deep).is_err());
    let deep = "{{if true}}".repeat(50_000) + &"{{end}}".repeat(50_000);
    assert!(run(&deep).is_err());
    let deep = "{{if true}}{{else ".repeat(50_000);
    assert!(run(&deep).is_err());
    let loops = "{{define \"a\"}}{{template \"a\"}}{{end}}{{template \"a\"}}";
    assert!(run(loops).unwrap_err().contains("exceeded maximum template depth"));
    assert_eq!(run(&"{{/**/}}".repeat(50_000)), Ok(String::new()));
}

proptest::proptest! {
    /// Whatever stands there: an answer or an error, never a panic.
    #[test]
    fn any_text_is_answered(
        words in proptest::collection::vec(
            proptest::sample::select(vec![
                "{{", "}}", "{{- ", " -}}", "/*", "*/", "if ", "else", "end", "range ", "with ",
                "define ", "template ", "block ", "break", "$x", ":=", "=", ",", "|", "(", ")", ".",
                ".Name", ".Labels", ".Driver", "index ", "slice ", "len ", "printf ", "eq ", "and ",
                "json ", "\"%*d%[2]q\"", "\"ü\"", "'a'", "`", "\"", "\\", "-1", "0x", "9e9", "1",
                " ", "\n", "é", "\u{0}", "nil", "true",
            ]),
            0..30,
        ),
    ) {
        run(&words.concat()).ok();
    }

    #[test]
    fn any_format_is_answered(format in "\\PC{0,20}", number: i64) {
        let args = ["{{printf `", &format.replace('`', ""), "` .Name ", &number.to_string(), "}}"];
        run(&args.concat()).ok();
    }
}
