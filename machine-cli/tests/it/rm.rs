use crate::home::{Home, missing};

const WARNING: &str =
    "WARNING: This action will delete both local reference and remote instance.\n";

fn about(names: &str) -> String {
    format!("About to remove {names}\n{WARNING}")
}

#[test]
fn asks_and_takes_one_word_that_begins_like_yes() {
    for (answer, yes) in [
        ("y\n", true),
        ("Y\n", true),
        ("yellow\n", true),
        (" y\n", true),
        ("y\r\n", true),
        ("n\ny\n", false),
        ("Ja\n", false),
        ("y n\n", false),
        ("\n", false),
        ("", false),
    ] {
        let mut home = Home::with(&["foo", "bar"]);
        home.input(answer);
        let done = if yes { "Successfully removed foo\nSuccessfully removed bar\n" } else { "" };
        let out = format!("{}Are you sure? (y/n): {done}", about("foo, bar"));
        home.prints("rm foo bar", &out);
        assert_eq!(home.machine("foo").exists(), !yes, "{answer:?}");
    }
}

#[test]
fn needs_a_name() {
    let home = Home::with(&["default"]);
    let help = home.line("help rm").out;
    for line in ["rm", "rm -y", "rm -f"] {
        home.check(
            line,
            1,
            &help,
            "Error: Expected to get one or more machine names as arguments\n",
        );
    }
    assert!(home.machine("default").exists());
}

#[test]
fn goes_on_past_a_failure() {
    let home = Home::with(&["foo", "bar"]);
    let out = about("foo, nosuch, bar") + "Successfully removed foo\nSuccessfully removed bar\n";
    let err = format!("Error removing host \"nosuch\": {}", missing("nosuch"));
    home.check("rm -y foo nosuch bar", 1, &out, &err);
    home.prints("ls -q", "");
}

#[test]
fn order_of_names_around_flags() {
    let home = Home::with(&["foo", "bar"]);
    let out = about("bar, -f, foo") + "Successfully removed bar\nSuccessfully removed foo\n";
    let err = format!("Error removing host \"-f\": {}", missing("-f"));
    home.check("rm foo -y bar -f", 1, &out, &err);
    let home = Home::with(&["foo"]);
    let out = about("foo, --, bar") + "Successfully removed foo\n";
    let answer = home.line("rm foo -y -- bar");
    assert_eq!((answer.code, answer.out), (Some(1), out));
}

#[test]
fn force_succeeds_whatever_happens() {
    let home = Home::with(&["foo"]);
    let gone = about("foo") + "Successfully removed foo\n";
    home.prints("rm --force foo", &gone);
    let err = format!("Error removing host \"foo\": {}Can't remove \"foo\"\n", missing("foo"));
    home.check("rm -f foo", 0, &about("foo"), &err);
    assert!(home.line("rm -y foo").code == Some(1));
}

/// Docker Machine deletes the store, or the folder above it, and calls it a success.
#[test]
fn names_that_are_none_delete_nothing() {
    let home = Home::with(&["foo"]);
    let certs = home.store().join("certs");
    std::fs::create_dir(&certs).unwrap();
    let absolute = certs.to_string_lossy().into_owned();
    for name in ["..", ".", "", "../..", "../certs", "foo/..", "foo/", &absolute] {
        for (flag, code) in [("-f", 0), ("-y", 1)] {
            let answer = home.run(&["rm", flag, name]);
            assert_eq!(answer.code, Some(code), "{name:?} {flag}");
            assert!(answer.err.contains("does not exist"), "{name:?}: {}", answer.err);
            assert!(!answer.out.contains("Successfully"), "{name:?}");
            assert!(certs.exists() && home.machine("foo").join("config.json").exists());
        }
    }
}
