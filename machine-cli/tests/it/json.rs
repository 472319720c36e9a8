//! `--format json`, as `docs/json.md` shows it.
use crate::engine;
use crate::home::{Home, config, missing, with_driver};

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/json.md");

/// A machine with an engine, one that cannot be reached, one of a driver that is not here, and one
/// that cannot be read.
fn fleet() -> (Home, u16) {
    let mut home = Home::new();
    home.line("create -d none --url tcp://127.0.0.1:1 off");
    let port = engine::start(&home);
    home.add("dev", &config("dev").replace("127.0.0.1:1", &format!("127.0.0.1:{port}")));
    home.add(
        "far",
        &with_driver("far", "hetzner", "{\"MachineName\": \"far\", \"ServerID\": 4711}"),
    );
    home.add("torn", "{\"Config");
    home.set("DOCKER_HOST", &format!("tcp://127.0.0.1:{port}"));
    (home, port)
}

/// What differs from run to run, as the page has it.
fn fixed(text: &str, port: u16) -> String {
    let text = text.replace(&format!(":{port}"), ":2376").replace("@HOME@/store", "/store");
    let mut pieces = text.split("\"response_ms\":");
    let mut out = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        out.push_str("\"response_ms\":3");
        out.push_str(piece.trim_start_matches(|c: char| c.is_ascii_digit()));
    }
    out
}

#[test]
fn the_page_shows_what_is_printed() {
    let (home, port) = fleet();
    let page = std::fs::read_to_string(PAGE).unwrap();
    let mut seen: Vec<String> = Vec::new();
    for block in page.split("```console\n").skip(1) {
        let (line, rest) =
            block.strip_prefix("$ docker-machine ").unwrap().split_once('\n').unwrap();
        let want = rest.split("```").next().unwrap();
        let answer = home.line(line);
        assert_eq!(fixed(&(answer.out + &answer.err), port), want, "{line}");
        seen.push(line.to_owned());
    }
    for command in ["ls", "status", "inspect"] {
        assert!(seen.iter().any(|line| line.starts_with(command)), "{command} is not shown");
    }
}

#[test]
fn the_exit_code_is_that_of_the_command_without_it() {
    let (home, _) = fleet();
    for (line, code) in [
        ("ls --format json", 0),
        ("ls -f json --filter name=nosuch", 0),
        ("status --format json dev", 0),
        ("status dev -f json", 0),
        ("status --format json far", 1),
        ("inspect --format json far", 0),
    ] {
        let answer = home.line(line);
        assert_eq!(answer.code, Some(code), "{line}: {answer:?}");
        let found: serde_json::Value = serde_json::from_str(&answer.out).unwrap();
        assert_eq!(found["version"], 1, "{line}");
        assert!(found["machines"].is_array(), "{line}");
        assert_eq!(answer.out.lines().count(), 1, "{line}");
        assert_eq!(answer.err.is_empty(), code == 0, "{line}: {answer:?}");
    }
    home.prints("ls -q --format json --filter name=dev", "dev\n");
    home.fails("status --format json nosuch", &missing("nosuch"));
    home.fails("status --format yaml dev", "--format: \"yaml\" is not json\n");
    let empty = Home::new();
    empty.prints("ls --format json", "{\"version\":1,\"machines\":[]}\n");
}

#[test]
fn the_configuration_is_that_of_the_file() {
    let (home, _) = fleet();
    let answer = home.line("inspect --format json far");
    let found: serde_json::Value = serde_json::from_str(&answer.out).unwrap();
    let file = std::fs::read(home.machine("far").join("config.json")).unwrap();
    let text = String::from_utf8(file).unwrap().replace(&*home.path().to_string_lossy(), "@HOME@");
    let file: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(found["machines"][0]["config"], file);
}
