use crate::home::{Home, config};

#[test]
fn prints_what_the_file_says() {
    let home = Home::with(&["foo"]);
    let want = config("foo").replace("@STORE@", "@HOME@/store");
    home.prints("inspect foo", &format!("{want}\n"));
    home.prints("inspect foo --format=", &format!("{want}\n"));
}

#[test]
fn templates() {
    let home = Home::with(&["foo"]);
    let prints = |format: &str, want: &str| {
        let answer = home.run(&["inspect", "foo", "-f", format]);
        assert_eq!((answer.code, &*answer.out, &*answer.err), (Some(0), want, ""), "{format}");
    };
    prints("{{.HostOptions.AuthOptions.StorePath}}", "@HOME@/store/machines/foo\n");
    prints(
        "{{.Driver.URL}} {{.Driver.SSHPort}} {{.Driver.Nosuch}}",
        "tcp://127.0.0.1:1 0 <no value>\n",
    );
    prints("{{json .DriverName}}", "\"none\"\n");
    prints("\\t{{.Name}}\\n", "\\tfoo\\n\n");
    prints("{{.Name}}\nx", "foo\nx\n");
    let pretty = home.run(&["inspect", "foo", "-f", "{{prettyjson .Driver}}"]).out;
    assert!(pretty.starts_with("{\n    \"IPAddress\": \"127.0.0.1:1\",\n"), "{pretty}");
}

/// Older versions wrote fewer fields, in another order.
#[test]
fn fields_that_a_file_lacks_are_shown_empty() {
    let home = Home::new();
    let fewer = [
        "        \"SwarmHost\": \"\",\n",
        "            \"StorageDriver\": \"\",\n",
        "            \"SelinuxEnabled\": false,\n",
        "            \"Heartbeat\": 0,\n",
        "            \"CaCertRemotePath\": \"\",\n",
        "            \"Env\": null,\n",
        "        \"Memory\": 0,\n",
    ];
    let cut = fewer.iter().fold(config("foo"), |text, line| {
        assert!(text.contains(line), "{line}");
        text.replace(line, "")
    });
    home.add("foo", &cut);
    let want = config("foo").replace("@STORE@", "@HOME@/store");
    home.prints("inspect foo", &format!("{want}\n"));
    let more = cut.replace("\"URL\"", "\"Neu\": [1], \"URL\"");
    home.add("bar", &more.replace("\"IsExperimental\"", "\"Added\": {}, \"IsExperimental\""));
    let json = home.line("inspect bar").out;
    assert!(json.contains("\"Neu\"") && json.contains("\"Added\": {}"), "{json}");
    home.add(
        "nulls",
        &config("nulls").replace("\"SwarmOptions\": {", "\"SwarmOptions\": null, \"Old\": {"),
    );
    let answer = home.run(&["inspect", "nulls", "-f", "{{json .HostOptions.SwarmOptions}}"]);
    assert_eq!(answer.out, "null\n");
}

#[test]
fn templates_that_fail() {
    let home = Home::with(&["foo"]);
    for (format, err) in [
        ("{{nofunc}}", "template parsing error: template: :1: function \"nofunc\" not defined\n"),
        ("{{end}}", "template parsing error: template: :1: unexpected {{end}}\n"),
        (
            "{{.Name.First}}",
            "template: :1:7: executing \"\" at <.Name.First>: can't evaluate field First in type interface {}\n",
        ),
    ] {
        let answer = home.run(&["inspect", "-f", format, "foo"]);
        assert_eq!((answer.code, &*answer.out, &*answer.err), (Some(1), "", err), "{format}");
    }
}
