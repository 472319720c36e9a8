//! `scp` and `mount`, with scripts in the places of scp, rsync, sshfs and fusermount.
use super::script;
use crate::home::{Answer, Home, missing, with_driver};

/// Each word that a program was called with, one a line, and the file behind `-F`.
const TELL: &str = "echo \"${0##*/}\"\nfor word; do echo \"<$word>\"; done\n\
    [ \"$1\" != -F ] || while read -r line; do echo \"| $line\"; done <\"$2\"\n\
    echo says >&2\nexit ${CODE:-0}";

fn generic(home: &Home, name: &str, address: &str, port: u16, key: &str) {
    let object = format!(
        "{{\"IPAddress\": \"{address}\", \"MachineName\": \"{name}\", \"SSHUser\": \"ubuntu\", \
         \"SSHPort\": {port}, \"SSHKeyPath\": \"{key}\", \"EnginePort\": 2376, \"SSHKey\": \"\"}}"
    );
    home.add(name, &with_driver(name, "generic", &object));
}

/// Nothing listens at these addresses: programs are called whether a machine runs or not.
fn home() -> Home {
    let home = Home::new();
    for tool in ["scp", "rsync", "sshfs", "fusermount"] {
        script(&home.bin().join(tool), TELL);
    }
    generic(&home, "key", "127.0.0.1", 1, "@STORE@/machines/key/id_rsa");
    generic(&home, "bare", "127.0.0.1", 1, "");
    generic(&home, "other", "127.0.0.1", 2, "@STORE@/machines/other/id_rsa");
    generic(&home, "six", "::1", 1, "");
    generic(&home, "nowhere", "", 1, "");
    home
}

#[track_caller]
fn said(answer: Answer) -> Vec<String> {
    assert_eq!((answer.code, answer.err.as_str()), (Some(0), "says\n"), "{}", answer.out);
    answer.out.lines().map(str::to_owned).collect()
}

fn pins(name: &str) -> [String; 8] {
    [
        "<-o>".into(),
        "<StrictHostKeyChecking=accept-new>".into(),
        "<-o>".into(),
        format!("<UserKnownHostsFile=@HOME@/store/machines/{name}/known_hosts>"),
        "<-o>".into(),
        "<GlobalKnownHostsFile=/dev/null>".into(),
        "<-o>".into(),
        format!("<HostKeyAlias={name}>"),
    ]
}

fn words(before: &[&str], middle: &[String], after: &[&str]) -> Vec<String> {
    let text = |list: &[&str]| list.iter().map(|w| (*w).to_owned()).collect::<Vec<_>>();
    [text(before), middle.to_vec(), text(after)].concat()
}

const KEY: &[&str] =
    &["<-o>", "<Port=1>", "<-o>", "<IdentityFile=@HOME@/store/machines/key/id_rsa>"];

#[test]
fn one_machine() {
    let home = home();
    let start = ["scp", "<-o>", "<LogLevel=ERROR>", "<-3>"];
    let only = ["<-o>", "<IdentitiesOnly=yes>"];
    let want = words(
        &[&start[..], &only].concat(),
        &pins("key"),
        &[KEY, &["</a b>", "<ubuntu@127.0.0.1:/c>"]].concat(),
    );
    assert_eq!(said(home.run(&["scp", "/a b", "key:/c"])), want);
    let want = words(&start, &pins("bare"), &["<-o>", "<Port=1>", "<joe@127.0.0.1:a:b>", "<x:y>"]);
    assert_eq!(said(home.line("scp joe@bare:a:b localhost:x:y")), want);
    let flags = said(home.line("scp /a bare: -r --quiet"));
    assert_eq!(said(home.line("scp --recursive -q /a bare:")), flags);
    assert_eq!(flags[3..6], ["<-3>", "<-r>", "<-q>"]);
    assert_eq!(said(home.line("scp /a /b"))[3..], ["<-3>", only[0], only[1], "</a>", "</b>"]);
    assert_eq!(said(home.line("scp @key:/a /b")).last().unwrap(), "</b>");
}

#[test]
fn an_ipv6_address_has_brackets() {
    assert_eq!(said(home().line("scp six:/a /b"))[14..], ["<ubuntu@[::1]:/a>", "</b>"]);
}

#[test]
fn two_machines_at_one_port_are_told_on_the_command_line() {
    let said = said(home().line("scp key:/a bare:/b"));
    let words: Vec<_> = said.iter().filter(|l| l.starts_with('<')).collect();
    assert_eq!(words[0], "<-F>");
    let ports = words.iter().filter(|w| **w == "<Port=1>").count();
    assert_eq!((ports, words.iter().any(|w| w.contains("Only"))), (2, false));
    assert_eq!(words[words.len() - 2..], ["<ubuntu@127.0.0.1:/a>", "<ubuntu@127.0.0.1:/b>"]);
}

#[test]
fn two_machines_have_their_own_settings() {
    let said = said(home().line("scp key:/a joe@other:/b"));
    let want = ["<-o>", "<LogLevel=ERROR>", "<-3>", "<ubuntu@source:/a>", "<joe@destination:/b>"];
    assert_eq!(said[3..8], want);
    let config: Vec<_> = said.iter().filter_map(|l| l.strip_prefix("| ")).collect();
    let at = config.iter().position(|l| *l == "Host destination").unwrap();
    assert!(config[..at].contains(&"Port=1") && config[at..].contains(&"Port=2"), "{config:?}");
    assert!(config[..at].contains(&"HostKeyAlias=key"), "{config:?}");
    assert!(config[at..].contains(&"HostKeyAlias=other"), "{config:?}");
    let file = said[2].trim_matches(['<', '>']);
    assert!(!std::path::Path::new(file).exists(), "{file}");
}

#[test]
fn differences_alone_go_by_rsync() {
    let home = home();
    let answer = said(home.line("scp -r -d key:/a /b"));
    assert_eq!(answer[..3], ["rsync", "<--progress>", "<-e>"]);
    let shell = &answer[3];
    assert!(shell.starts_with("<ssh -o LogLevel=ERROR -o IdentitiesOnly=yes -o Strict"), "{shell}");
    assert!(shell.ends_with(" -o IdentityFile=@HOME@/store/machines/key/id_rsa>"), "{shell}");
    assert_eq!(answer[4..], ["<-r>", "<ubuntu@127.0.0.1:/a>", "</b>"]);
    assert_eq!(said(home.line("scp -d -q /a bare:"))[1], "<-e>");
}

#[test]
fn host_keys_are_pinned() {
    let home = home();
    let known = home.machine("key").join("known_hosts");
    std::fs::write(known, "key ssh-ed25519 AAAA\n").unwrap();
    for line in ["scp /a key:/b", "mount key:/a"] {
        let said = said(home.line(line));
        assert!(said.contains(&"<StrictHostKeyChecking=yes>".to_owned()), "{said:?}");
        assert!(said.contains(&"<LogLevel=ERROR>".to_owned()), "{said:?}");
    }
}

#[test]
fn mounts_and_unmounts() {
    let home = home();
    let start = ["sshfs", "<-o>", "<LogLevel=ERROR>", "<-o>", "<IdentitiesOnly=yes>"];
    let want = words(&start, &pins("key"), &[KEY, &["<joe@127.0.0.1:/a>", "</b>"]].concat());
    assert_eq!(said(home.line("mount joe@key:/a /b")), want);
    let bare = said(home.line("mount bare:/a"));
    assert_eq!(bare[bare.len() - 2..], ["<ubuntu@127.0.0.1:/a>", "</a>"]);
    assert_eq!(said(home.line("mount -u key:/a")), ["fusermount", "<-u>", "</a>"]);
    assert_eq!(said(home.line("mount key:/a /b --unmount")), ["fusermount", "<-u>", "</b>"]);
    let missing = format!("Error loading host: Error loading host: {}", missing("default"));
    home.fails("mount /a /b", &missing);
    generic(&home, "default", "127.0.0.1", 1, "");
    let default = said(home.line("mount /a /b"));
    assert_eq!(default[default.len() - 2..], ["<ubuntu@127.0.0.1:/a>", "</b>"]);
}

#[test]
fn failures() {
    let mut home = home();
    for (line, help) in
        [("scp /a", "scp"), ("scp a b c", "scp"), ("mount", "mount"), ("mount a b c", "mount")]
    {
        let help = home.line(&format!("help {help}")).out;
        home.check(line, 1, &help, "Improper number of arguments\n");
    }
    let missing = format!("Error loading host: Error loading host: {}", missing("nosuch"));
    home.fails("scp /a nosuch:/b", &missing);
    home.fails("mount nosuch:/b", &missing);
    home.fails("scp /a nowhere:/b", "IP address is not set\n");
    home.fails("mount -u nowhere:/b", "IP address is not set\n");
    home.set("CODE", "7");
    for line in ["scp /a bare:/b", "scp -d /a bare:/b", "mount bare:/a", "mount -u bare:/a"] {
        let answer = home.line(line);
        assert_eq!((answer.code, answer.err.as_str()), (Some(1), "says\nexit status 7\n"));
    }
    for (tool, line, feature) in [
        ("scp", "scp /a nosuch:/b", "scp feature"),
        ("rsync", "scp -d /a nosuch:/b", "--delta option"),
        ("sshfs", "mount nosuch:/a", "mount feature"),
        ("fusermount", "mount -u nosuch:/a", "unmount option"),
    ] {
        std::fs::remove_file(home.bin().join(tool)).unwrap();
        let text =
            format!("You must have a copy of the {tool} binary locally to use the {feature}\n");
        home.fails(line, &text);
    }
}
