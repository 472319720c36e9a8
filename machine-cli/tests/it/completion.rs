use crate::home::Home;

/// The words that may stand in the place of the last one.
#[track_caller]
fn offered(home: &Home, line: &str) -> Vec<String> {
    let mut words: Vec<&str> = line.split(' ').collect();
    let last = format!("={}", words.pop().unwrap());
    let mut args = vec!["__complete", &last];
    args.extend(words);
    let answer = home.run(&args);
    assert_eq!((answer.code, answer.err.as_str()), (Some(0), ""), "{line}");
    let word = |line: &str| line.split_once('\t').unwrap().0.to_owned();
    answer.out.lines().map(word).collect()
}

#[test]
fn what_may_come_next() {
    let home = Home::with(&["dev", "prod", "prod2"]);
    for (line, want) in [
        ("re", &["regenerate-certs", "restart"][..]),
        ("--native", &["--native-ssh"]),
        ("--storage-path ", &[]),
        ("rm ", &["dev", "prod", "prod2"]),
        ("rm -y p", &["prod", "prod2"]),
        ("rm -y prod ", &["dev", "prod2"]),
        ("--native-ssh stop d", &["dev"]),
        ("env ", &["dev", "prod", "prod2"]),
        ("env dev ", &[]),
        ("env --shell ", &["bash", "cmd", "emacs", "fish", "powershell", "tcsh", "zsh"]),
        ("env --shell=f", &["--shell=fish"]),
        ("env --shell fish d", &["dev"]),
        ("ssh ", &["dev", "prod", "prod2"]),
        ("ssh dev ", &[]),
        ("scp dev:/a p", &["prod:", "prod2:"]),
        ("ls --f", &["--filter", "--format"]),
        ("ls -f", &["-f"]),
        ("ls --filter s", &["state=", "swarm="]),
        ("ls --format ", &["json"]),
        ("create -d g", &["generic"]),
        ("create --driver=n", &["--driver=none"]),
        ("create -d none --u", &["--url"]),
        ("create -d generic --u", &[]),
        ("create -d none --url tcp://1.2.3.4:5 ", &[]),
        ("help up", &["upgrade"]),
        ("completion ", &["bash", "zsh", "fish", "powershell", "elvish"]),
        ("nosuch ", &[]),
    ] {
        assert_eq!(offered(&home, line), want, "{line}");
    }
    let commands = offered(&home, "");
    assert!(commands.contains(&"ls".to_owned()) && !commands.iter().any(|c| c.starts_with('_')));
    assert_eq!(offered(&Home::with(&["other"]), "ip "), ["other"]);
}

#[test]
fn the_store_is_the_one_that_the_line_names() {
    let (home, mut other) = (Home::with(&["here"]), Home::with(&["there"]));
    let store = home.store();
    let args = ["__complete", "=", "--storage-path", store.to_str().unwrap(), "ip"];
    assert_eq!(other.run(&args).out, "here\t\n");
    other.set("K8S_SECRET_NAME", "s");
    assert_eq!(other.line("__complete = ip").out, "there\t\n");
}

#[test]
fn words_come_with_what_they_mean() {
    let home = Home::new();
    home.prints("__complete =upg", "upgrade\tUpgrade a machine to the latest version of Docker\n");
    home.prints("__complete =--q ls", "--quiet\tEnable quiet mode\n");
}

#[test]
fn scripts_are_printed_for_five_shells() {
    let home = Home::new();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let answer = home.line(&format!("completion {shell}"));
        assert_eq!((answer.code, answer.err.as_str()), (Some(0), ""), "{shell}");
        assert!(answer.out.contains("__complete"), "{shell}");
    }
    let known = "bash, zsh, fish, powershell, elvish";
    home.fails("completion ksh", &format!("Error: Unknown shell ksh: there are {known}\n"));
    let answer = home.line("completion");
    assert_eq!(answer.err, "Error: Expected the name of a shell\n");
    assert!(answer.out.starts_with("Usage: docker-machine completion SHELL\n"), "{answer:?}");
}
