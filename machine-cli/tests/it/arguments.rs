use crate::home::{EXPECTED_ONE, Home, NO_DEFAULT, missing};

#[test]
fn flags_in_every_spelling() {
    let home = Home::with(&["foo"]);
    for line in [
        "ls -q",
        "ls --q",
        "ls -quiet",
        "ls --quiet=1",
        "ls --quiet=TRUE",
        "ls -q -q",
        "ls foo bar -q",
        "ls -t 1 -t 5 -q",
        "ls -q --timeout=+5",
        "ls -q --timeout=0x10",
        "ls -q --timeout=-1",
        "-- ls -q",
    ] {
        home.prints(line, "foo\n");
    }
    home.prints("inspect foo --format={{.Name}}", "foo\n");
    home.prints("inspect -f {{.Name}} foo", "foo\n");
    home.prints("url -- foo", "tcp://127.0.0.1:1\n");
}

#[test]
fn misuse_is_told_with_the_help_text_and_code_0() {
    let home = Home::with(&["foo"]);
    for (line, text) in [
        ("ls --bogus", "flag provided but not defined: -bogus"),
        ("ls -qt5", "flag provided but not defined: -qt5"),
        ("ls -t", "flag needs an argument: -t"),
        ("ls --filter", "flag needs an argument: -filter"),
        ("ls ---q", "bad flag syntax: ---q"),
        ("ls -=x", "bad flag syntax: -=x"),
        ("ls --timeout=abc", "invalid value \"abc\" for flag -timeout: parse error"),
        ("ls --quiet=x", "invalid boolean value \"x\" for -quiet: parse error"),
    ] {
        let help = home.line("help ls").out;
        home.check(line, 0, &format!("Incorrect Usage.\n\n{help}"), &format!("{text}\n"));
    }
    let help = home.line("help ls").out;
    let twice = "Cannot use two forms of the same flag: t timeout\n";
    home.check("ls -t 1 --timeout 2", 0, &format!("{twice}\n{help}"), twice);
}

#[test]
fn misuse_before_the_command() {
    let home = Home::new();
    let help = home.line("help").out;
    let bad = |line: &str, text: &str| {
        home.check(line, 0, &format!("Incorrect Usage.\n\n{help}"), &format!("{text}\n"));
    };
    bad("--bogus ls", "flag provided but not defined: -bogus");
    bad("-s", "flag needs an argument: -s");
    bad("--debug=maybe ls", "invalid boolean value \"maybe\" for -debug: parse error");
    let twice = "Cannot use two forms of the same flag: s storage-path\n";
    home.check("-s a --storage-path b ls", 0, &format!("{twice}{help}"), twice);
}

#[test]
fn misuse_of_create_fails() {
    let home = Home::new();
    let help = home.line("create -d none -h").out;
    for (line, text) in [
        ("create -d none --bogus new", "flag provided but not defined: -bogus"),
        ("create -d none --swarm=x new", "invalid boolean value \"x\" for -swarm: parse error"),
        ("create -d none --url", "flag needs an argument: -url"),
        (
            "create -d none --generic-ip-address 1.2.3.4 new",
            "flag provided but not defined: -generic-ip-address",
        ),
    ] {
        home.check(line, 1, &format!("Incorrect Usage.\n\n{help}"), &format!("{text}\n"));
    }
    home.fails(
        "create -d none new --url tcp://1.2.3.4:5",
        "Invalid command line. Found extra arguments [--url tcp://1.2.3.4:5]\n",
    );
    assert!(!home.store().exists());
}

#[test]
fn two_dashes_are_a_name_behind_a_name() {
    let home = Home::with(&["foo"]);
    home.fails("status foo --", EXPECTED_ONE);
    home.fails("url -- -x", &missing("-x"));
    home.fails("inspect foo -f", NO_DEFAULT);
}

#[test]
fn unknown_commands() {
    let home = Home::new();
    let text = |name: &str| {
        format!(
            "docker-machine: '{name}' is not a docker-machine command. \
             See 'docker-machine --help'.\n"
        )
    };
    home.fails("bogus --x y", &text("bogus"));
    home.fails("help bogus", &text("bogus"));
    home.fails("-", &text("-"));
    assert_eq!(home.run(&[""]).code, Some(0));
    assert_eq!(home.run(&["help", ""]), home.line("help"));
}

#[test]
fn the_store_is_found() {
    let mut home = Home::with(&["foo"]);
    home.set("MACHINE_STORAGE_PATH", "");
    home.prints("ls -q", "");
    home.prints("-s store ls -q", "foo\n");
    home.prints("--storage-path=store ls -q", "foo\n");
    std::fs::create_dir_all(home.path().join(".docker")).unwrap();
    std::fs::rename(home.store(), home.path().join(".docker/machine")).unwrap();
    home.prints("ls -q", "foo\n");
    home.prints("-s= ls -q", "foo\n");
}

#[test]
fn callers_put_the_crash_reporter_first() {
    let home = Home::with(&["foo"]);
    for line in [
        "--bugsnag-api-token=no-report ls -q",
        "--bugsnag-api-token no-report ls -q",
        "--native-ssh=false --github-api-token x ls -q",
        "--tls-ca-cert /x --tls-ca-key /y ls -q",
    ] {
        home.prints(line, "foo\n");
    }
}

#[test]
fn debug_is_looked_for_everywhere() {
    let mut home = Home::with(&["foo"]);
    let said = |answer: crate::home::Answer| answer.err.contains("Docker Machine Version:");
    for line in ["-D ls -q", "--debug ls -q", "-debug ls -q"] {
        let answer = home.line(line);
        assert_eq!((answer.code, answer.out.as_str()), (Some(0), "foo\n"), "{line}");
        assert!(said(answer), "{line}");
    }
    assert!(said(home.line("status foo -D")));
    home.set("MACHINE_DEBUG", "1");
    assert!(said(home.line("ls -q")));
    home.set("MACHINE_DEBUG", "false");
    home.prints("-D ls -q", "foo\n");
    home.set("MACHINE_DEBUG", "xx");
    home.fails(
        "ls",
        "Error parsing boolean value from MACHINE_DEBUG: strconv.ParseBool: parsing \"xx\": \
         invalid syntax\n",
    );
}
