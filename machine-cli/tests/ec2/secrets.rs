//! No secret is in the store, in any output, or in any argument.
use crate::answer::Answer;
use crate::bench::Bench;
use machine_testcloud::Answer as Reply;
use std::path::Path;

const ACCESS: &str = "AKIACANARYACCESS";
const SECRET: &str = "canary/of+the+secret+key";
const SESSION: &str = "canary//of++the//session==";

fn is_clean(what: &str, text: &[u8]) {
    let text = String::from_utf8_lossy(text);
    for canary in [ACCESS, SECRET, SESSION] {
        assert!(!text.contains(canary), "{canary} is in {what}: {text}");
    }
}

fn files_are_clean(folder: &Path) -> usize {
    let mut seen = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            seen += files_are_clean(&path);
        } else {
            is_clean(&path.display().to_string(), &std::fs::read(&path).unwrap());
            seen += 1;
        }
    }
    seen
}

#[test]
fn are_nowhere() {
    let Some(bench) = Bench::or_skip() else { return };
    let run = |args: &[&str]| {
        let mut command = bench.command(args);
        for (name, value) in [
            ("AWS_ACCESS_KEY_ID", ACCESS),
            ("AWS_SECRET_ACCESS_KEY", SECRET),
            ("AWS_SESSION_TOKEN", SESSION),
        ] {
            command.env(name, value);
        }
        let answer = Answer::new(command.output().unwrap());
        is_clean(&format!("the output of {args:?}"), answer.stdout.as_bytes());
        is_clean(&format!("the errors of {args:?}"), answer.stderr.as_bytes());
        answer
    };
    let create = ["-D", "create", "-d", "amazonec2"];
    let made = run(&[&create[..], &["m"]].concat());
    assert!(made.stderr.contains("Error detecting OS"), "{made:?}");
    assert!(made.stderr.contains("Docker Machine Version:"), "nothing was logged");
    let signed = bench.cloud.take_calls();
    assert!(signed.iter().all(|call| call.signed_by == ACCESS), "they were not used at all");
    assert!(files_are_clean(&bench.store()) > 5);
    run(&["-D", "inspect", "m"]);
    run(&["-D", "status", "m"]);
    run(&["-D", "stop", "m"]);
    // Errors of all kinds.
    let place = format!("us-east-1@{}", bench.cloud.endpoint());
    for (status, code) in [(401, "AuthFailure"), (403, "UnauthorizedOperation"), (503, "Busy")] {
        bench.cloud.set_hook(move |_| Reply::Refuse(status, code, "no"));
        let refused = run(&[&create[..], &["--amazonec2-retries", "-1", "other"]].concat());
        assert_eq!(refused.exit, Some(3), "{refused:?}");
        assert_eq!(run(&["-D", "rm", "-y", "m"]).exit, Some(1));
        run(&["-D", "gc", "-y", "--region", &place]);
    }
    bench.cloud.clear_hook();
    assert!(files_are_clean(&bench.store()) > 5);
    assert_eq!(run(&["-D", "rm", "-y", "m"]).exit, Some(0));
    files_are_clean(bench.home());
}
