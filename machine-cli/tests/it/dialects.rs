//! What callers know from forks of Docker Machine.
use crate::home::{Home, missing};

const ABOUT: &str = "WARNING: This action will delete both local reference and remote instance.\n";

#[test]
fn updates_of_credentials_bring_the_drivers_own_flags() {
    let home = Home::with(&["foo"]);
    for line in [
        "status --update-config foo",
        "status --update-config=true --url tcp://1.2.3.4:5 foo",
        "status foo --update-config --url x",
    ] {
        home.prints(line, "Running\n");
    }
    home.prints("url -update-config --url x foo", "tcp://127.0.0.1:1\n");
    for line in ["status --url x foo", "status --update-config --generic-ssh-user x foo"] {
        let answer = home.line(line);
        assert!(answer.err.starts_with("flag provided but not defined: -"), "{answer:?}");
    }
    let help = home.line("status --help").out;
    assert!(!help.contains("update-config") && !help.contains("--url"), "{help}");
    let answer = home.line("ip --update-config foo");
    assert_eq!(answer.err, "flag provided but not defined: -update-config\n");
}

#[test]
fn a_removal_may_be_repeated() {
    let home = Home::with(&["foo"]);
    let gone = |name| format!("About to remove {name}\n{ABOUT}");
    let said = format!("{}Successfully removed foo\n", gone("foo"));
    home.prints("rm -y --update-config foo", &said);
    let nothing = "Machine config for foo does not exists, so nothing to do...\n";
    home.prints("rm -y --update-config foo", &format!("{}{nothing}", gone("foo")));
    let error = format!("Error removing host \"foo\": {}", missing("foo"));
    let answer = home.line("rm -y foo");
    assert_eq!((answer.code, answer.err), (Some(1), error));
}

#[test]
fn a_store_in_a_secret_is_refused_before_anything_is_made() {
    let mut home = Home::new();
    let error = "--secret-name: machines cannot be kept in a Kubernetes secret; nothing was done\n";
    let create = "create -d none --url tcp://1.2.3.4:5 new";
    home.fails(&format!("--secret-namespace ns --secret-name s {create}"), error);
    home.set("K8S_SECRET_NAME", "s");
    home.fails(create, error);
    assert!(!home.store().exists());
    assert_eq!(home.line("--version").code, Some(0));
    home.set("K8S_SECRET_NAME", "").set("KUBECONFIG", "/x");
    assert_eq!(home.line(&format!("--kubeconfig k {create}")).code, Some(0));
}

#[test]
fn classic_swarm_is_refused_but_for_none() {
    let home = Home::new();
    for flag in ["--swarm", "--swarm-master"] {
        let line = format!("create -d generic --generic-ip-address 1.2.3.4 {flag} new");
        let error = format!(
            "{flag}: classic swarm is no more; create the machine without it, and run \
             `docker swarm init` there\n"
        );
        home.fails(&line, &error);
    }
    assert!(!home.store().exists());
    let line = "create -d none --url tcp://1.2.3.4:5 --swarm --swarm-master --swarm-strategy x new";
    assert_eq!(home.line(line).code, Some(0));
    let format =
        "inspect -f {{.HostOptions.SwarmOptions.Master}}{{.HostOptions.SwarmOptions.Strategy}}";
    home.prints(&format!("{format} new"), "truex\n");
}

#[test]
fn the_native_client_may_be_asked_for() {
    let mut home = Home::with(&["foo"]);
    home.prints("--native-ssh ls -q", "foo\n");
    home.set("MACHINE_NATIVE_SSH", "1");
    home.prints("ls -q", "foo\n");
    home.fails("ssh nosuch", &missing("nosuch"));
}

#[test]
fn a_script_or_a_host_name_that_cannot_be_used_is_told_before_anything_is_made() {
    let home = Home::new();
    let generic = "create -d generic --generic-ip-address 1.2.3.4";
    let flags = "Error setting machine configuration from flags provided: ";
    let error = format!(
        "{flags}failed to open file `@HOME@/nosuch`: No such file or directory (os error 2)\n"
    );
    home.fails(&format!("{generic} --custom-install-script nosuch new"), &error);
    std::fs::write(home.path().join("script"), "true\n").unwrap();
    let error = format!("{flags}a script cannot be run on a machine that cannot be logged into\n");
    let none = "create -d none --url tcp://1.2.3.4:5";
    home.fails(&format!("{none} --custom-install-script script new"), &error);
    for name in ["a_b", "-a", "a b", &"a".repeat(65)] {
        let option = format!("--hostname-override={name}");
        let words = none.split(' ').chain([option.as_str(), "new"]).collect::<Vec<_>>();
        let answer = home.run(&words);
        assert!(answer.err.starts_with("--hostname-override: \""), "{answer:?}");
        assert_eq!((answer.code, answer.out.as_str()), (Some(1), ""));
    }
    assert!(!home.machine("new").exists());
    let help = home.line("create -d none --help").out;
    assert!(!help.contains("custom-install-script"), "{help}");
}

#[test]
fn a_host_name_is_kept_beside_the_files_of_docker_machine() {
    let home = Home::new();
    let line = "create --hostname-override node-1.test -d none --url tcp://1.2.3.4:5 new";
    assert_eq!(home.line(line).code, Some(0));
    let read = |file: &str| std::fs::read_to_string(home.machine("new").join(file)).unwrap();
    assert!(read("machine.json").contains("\"host_name\": \"node-1.test\""));
    assert!(!read("config.json").contains("node-1.test"));
}
