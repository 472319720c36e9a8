use crate::home::{EXPECTED_ONE, Home, NO_DEFAULT, missing};
use crate::platform::link;

const DEFAULTING: [&str; 10] =
    ["config", "env", "inspect", "ip", "kill", "restart", "ssh", "start", "status", "stop"];

#[test]
fn no_name_means_default_where_it_exists() {
    let home = Home::new();
    for command in DEFAULTING.iter().chain(&["url"]) {
        home.fails(command, NO_DEFAULT);
    }
    assert!(!home.store().exists(), "a command made a store");
    let home = Home::with(&["default"]);
    home.prints("status", "Running\n");
    home.prints("url", "tcp://127.0.0.1:1\n");
    home.prints("ip", "127.0.0.1:1\n");
    home.prints("inspect -f {{.Name}}", "default\n");
}

#[test]
fn a_machine_that_is_not_there() {
    let home = Home::with(&["foo"]);
    for command in DEFAULTING.iter().chain(&["url"]) {
        home.fails(&format!("{command} nosuch"), &missing("nosuch"));
        home.fails(&format!("{command} ∞"), &missing("∞"));
        home.fails(&format!("{command} .."), &missing(".."));
        home.fails(&format!("{command} a/b"), &missing("a/b"));
    }
}

#[test]
fn an_odd_name_is_quoted_in_what_is_said_of_it() {
    let home = Home::with(&["foo"]);
    for (name, quoted) in [("a\"b", "a\\\"b"), ("a\tb", "a\\tb"), ("ü'\\", "ü'\\\\")] {
        let answer = home.run(&["url", name]);
        assert_eq!((answer.code, answer.err), (Some(1), missing(quoted)));
    }
}

#[test]
fn where_one_name_is_allowed_two_are_refused() {
    let home = Home::with(&["foo", "bar"]);
    for command in ["status", "url", "env"] {
        home.fails(&format!("{command} foo bar"), EXPECTED_ONE);
    }
    let help = home.line("help inspect").out;
    home.check("inspect foo bar", 1, &help, EXPECTED_ONE);
    home.fails("active foo", "Error: Too many arguments given\n");
}

#[test]
fn a_batch_does_nothing_when_one_cannot_be_loaded() {
    let home = Home::with(&["foo"]);
    for command in ["ip", "kill", "restart", "start", "stop"] {
        home.fails(&format!("{command} foo nosuch"), &missing("nosuch"));
        let both = missing("no1") + &missing("no2");
        home.fails(&format!("{command} no1 no2"), &both);
        home.fails(&format!("{command} no1 no2 no1"), &both);
    }
}

#[test]
fn addresses() {
    let home = Home::with(&["foo", "bar"]);
    home.prints("ip foo bar foo", "127.0.0.1:1\n127.0.0.1:1\n127.0.0.1:1\n");
    let before = std::fs::read(home.machine("foo").join("config.json")).unwrap();
    home.line("ip foo");
    assert_eq!(std::fs::read(home.machine("foo").join("config.json")).unwrap(), before);
}

#[test]
fn links_and_hidden_folders_load_but_do_not_list() {
    let home = Home::with(&["foo", ".hidden"]);
    std::fs::write(home.machine("file"), "x").unwrap();
    home.prints("ls -q", "foo\n");
    home.prints("status .hidden", "Running\n");
    let path = "@HOME@/store/machines/file/config.json";
    home.fails("status file", &format!("open {path}: not a directory\n"));
    let links = link("foo", &home.machine("link")) && link("nowhere", &home.machine("dangling"));
    if links {
        home.prints("ls -q", "foo\n");
        home.prints("status link", "Running\n");
        home.fails("status dangling", &missing("dangling"));
    }
}
