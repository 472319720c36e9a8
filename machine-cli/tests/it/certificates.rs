//! `provision`, `regenerate-certs` and `upgrade`, as far as they need no host.
use crate::home::{Home, NO_DEFAULT, missing};

const PROMPT: &str = "Regenerate TLS machine certs?  Warning: this is irreversible. (y/n): ";
const BEGUN: &str = "Regenerating TLS certificates\n";

#[test]
fn certificates_are_made_anew_only_after_a_yes() {
    let mut home = Home::with(&["foo"]);
    for (answer, err) in
        [("", "EOF\n"), ("\n", "unexpected newline\n"), ("y n\n", "expected newline\n")]
    {
        home.input(answer).check("regenerate-certs foo", 1, PROMPT, err);
    }
    for answer in ["n\n", "no", "x\n"] {
        home.input(answer).check("regenerate-certs nosuch", 0, PROMPT, "");
    }
    for answer in ["y\n", "Yes", "yellow\n"] {
        let out = format!("{PROMPT}{BEGUN}");
        home.input(answer).check("regenerate-certs nosuch", 1, &out, &missing("nosuch"));
    }
    for line in ["regenerate-certs -f nosuch", "regenerate-certs nosuch --client-certs --force"] {
        home.input("").check(line, 1, BEGUN, &missing("nosuch"));
    }
    home.check("regenerate-certs -f", 1, BEGUN, NO_DEFAULT);
}

#[test]
fn a_machine_without_ssh_is_told_at_once() {
    let home = Home::with(&["foo", "default"]);
    let err = "Too many retries waiting for SSH to be available.  Last error: a machine of the \
               driver \"none\" cannot be logged into\n";
    let ssh = "Waiting for SSH to be available...\n";
    home.check("provision foo", 1, ssh, err);
    home.check("upgrade", 1, ssh, err);
    home.check("regenerate-certs -f", 1, &format!("{BEGUN}{ssh}"), err);
}

#[test]
fn clients_certificates_are_made_before_the_machines() {
    let home = Home::with(&["foo"]);
    let answer = home.line("regenerate-certs -f --client-certs foo");
    let lines: Vec<_> = answer.out.lines().collect();
    assert_eq!(lines[..2], [BEGUN.trim_end(), "Regenerating local certificates"]);
    assert_eq!(lines[2], "Creating CA: @HOME@/store/certs/ca.pem");
    assert!(home.store().join("certs/cert.pem").is_file());
    let again = home.line("regenerate-certs -f --client-certs foo");
    assert!(!again.out.contains("Creating"), "{}", again.out);
}
