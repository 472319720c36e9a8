//! `docs/cli.md` and the man pages, as `cargo xtask docs` makes them.
use crate::home::Home;

#[cfg(feature = "full")]
const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/cli.md");

/// It tells of all that a program can have.
#[cfg(feature = "full")]
#[test]
fn the_page_is_current() {
    let answer = Home::new().line("__reference markdown");
    assert_eq!((answer.code, answer.err.as_str()), (Some(0), ""));
    let page = std::fs::read_to_string(PAGE).unwrap_or_default();
    assert!(page == answer.out, "docs/cli.md is out of date: run `cargo xtask docs`");
}

#[test]
fn each_command_has_a_man_page() {
    let home = Home::new();
    let names = home.line("__reference names").out;
    let names: Vec<_> = names.lines().collect();
    assert_eq!(names[0], "docker-machine");
    let top = home.run(&["__reference", "man", names[0]]).out;
    for name in &names[1..] {
        let page = home.run(&["__reference", "man", name]).out;
        assert!(page.contains(&format!(".TH {}", name.to_uppercase())), "{page}");
        assert!(top.contains(&name.replace('-', "\\-")), "{name} is not in\n{top}");
    }
}
