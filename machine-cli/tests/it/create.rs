use crate::home::Home;
use crate::platform::has_mode;

const HOW: &str = "To see how to connect your Docker Client to the Docker Engine running on this \
                   virtual machine, run: docker-machine env ";

fn created(name: &str) -> String {
    format!("Running pre-create checks...\nCreating machine...\n{HOW}{name}\n")
}

/// The lines about certificates come first in a fresh store.
fn fresh(name: &str) -> String {
    let certs = "@HOME@/store/certs";
    format!(
        "Creating CA: {certs}/ca.pem\nCreating client certificate: {certs}/cert.pem\n{}",
        created(name)
    )
}

#[test]
fn a_machine_of_driver_none() {
    let home = Home::new();
    home.prints("create -d none --url tcp://1.2.3.4:5 new", &fresh("new"));
    home.prints("create other --driver=none --url tcp://1.2.3.4:5", &created("other"));
    home.prints("url new", "tcp://1.2.3.4:5\n");
    home.prints("ip new", "1.2.3.4:5\n");
    home.prints("ls -q", "new\nother\n");
    let text = std::fs::read_to_string(home.machine("new").join("config.json")).unwrap();
    let want = crate::home::config("new")
        .replace("127.0.0.1:1", "1.2.3.4:5")
        .replace("@STORE@", &home.store().to_string_lossy());
    assert_eq!(text, want);
}

/// Programs that make up a new name for each try would fill the folder.
#[test]
fn a_machine_that_never_was_leaves_no_lock() {
    let home = Home::new();
    let failed = home.line("create -d none new");
    assert_eq!(failed.code, Some(1), "{failed:?}");
    let locks = std::fs::read_dir(home.store().join("locks")).unwrap();
    let locks: Vec<_> = locks.map(|lock| lock.unwrap().file_name()).collect();
    assert!(!locks.iter().any(|lock| lock.to_string_lossy().starts_with("machine-")), "{locks:?}");
}

#[test]
fn modes_of_a_fresh_store() {
    let home = Home::new();
    home.line("create -d none --url u new");
    for (path, mode) in [
        ("", 0o700),
        ("certs", 0o700),
        ("certs/ca-key.pem", 0o600),
        ("certs/key.pem", 0o600),
        ("certs/ca.pem", 0o644),
        ("machines", 0o700),
        ("machines/new", 0o700),
        ("machines/new/config.json", 0o600),
    ] {
        assert!(has_mode(&home.store().join(path), mode), "{path}");
    }
}

#[test]
fn checks_come_in_order() {
    let home = Home::with(&["foo"]);
    let bad_name = "Error creating machine: Invalid hostname specified. Allowed hostname chars are: \
                    0-9a-zA-Z . -\n";
    let exists = "Docker machine \"foo\" already exists\n";
    home.fails("create -d none a_b c d", "Invalid command line. Found extra arguments [c d]\n");
    let help = home.line("create -d none -h").out;
    home.check("create -d none", 1, &help, "Error: No machine name specified\n");
    home.fails("create -d none --swarm-discovery abc a_b", bad_name);
    home.fails(
        "create -d none --swarm-discovery abc foo",
        "Error parsing swarm discovery: Swarm Discovery URL was in the wrong format: abc\n",
    );
    home.fails("create -d none foo", exists);
    home.fails(
        "create -d none new",
        "Error setting machine configuration from flags provided: --url option is required when no \
         driver is selected\n",
    );
    home.fails(
        "create -d none --url 127.0.0.1:2376 new",
        "Error setting machine configuration from flags provided: parse \"127.0.0.1:2376\": first \
         path segment in URL cannot contain colon\n",
    );
    for (name, driver) in [("bogus", "--driver=bogus"), ("", "--driver=")] {
        home.fails(
            &format!("create --driver=none --url u {driver} new"),
            &format!(
                "Error getting new host: Driver \"{name}\" not found. Do you have the plugin \
                 binary \"docker-machine-driver-{name}\" accessible in your PATH?\n"
            ),
        );
    }
    home.fails(
        "create -d generic new",
        "Error setting machine configuration from flags provided: generic driver requires the \
         --generic-ip-address option\n",
    );
    home.fails(
        "create -d bogus new",
        "Driver \"bogus\" not found. Do you have the plugin binary \
         \"docker-machine-driver-bogus\" accessible in your PATH?\n",
    );
    for name in ["∞", ".", "..", "a_b", "a:b", "ä", "_", "a@b"] {
        home.fails(&format!("create -d none --url u {name}"), bad_name);
    }
    home.fails("create -d none --url u -- -a", bad_name);
    for discovery in ["://x", "file:///x", "token://x"] {
        let name = discovery.replace([':', '/'], "");
        let line = format!("create -d none --url u --swarm-discovery {discovery} n{name}");
        assert_eq!(home.line(&line).code, Some(0), "{line}");
    }
}

#[test]
fn a_failed_check_is_code_3_and_leaves_nothing() {
    let home = Home::with(&["foo"]);
    let line = "create -d generic --generic-ip-address 127.0.0.1 --generic-ssh-key /no/such new";
    let answer = home.line(line);
    assert_eq!(answer.code, Some(3));
    assert!(answer.out.ends_with("Running pre-create checks...\n"), "{}", answer.out);
    assert_eq!(
        answer.err,
        "Error with pre-create check: \"SSH key does not exist: \\\"/no/such\\\"\"\n"
    );
    home.prints("ls -q", "foo\n");
}

#[test]
fn flags_of_classic_swarm_are_stored() {
    let home = Home::new();
    home.line(
        "create -d none --url u --swarm-master --swarm-addr 1.2.3.4:5 --swarm-experimental \
         --swarm-host tcp://0.0.0.0:4000 --swarm-image x:1 --swarm-join-opt a=b \
         --swarm-strategy binpack new",
    );
    let format = "{{with .HostOptions.SwarmOptions}}{{.Master}} {{.Address}} {{.IsExperimental}} \
                  {{.Host}} {{.Image}} {{.ArbitraryJoinFlags}} {{.Strategy}}{{end}}";
    let answer = home.run(&["inspect", "-f", format, "new"]);
    let want = "true 1.2.3.4:5 true tcp://0.0.0.0:4000 x:1 [a=b] binpack\n";
    assert_eq!((&*answer.out, &*answer.err), (want, ""));
}

#[test]
fn flags_are_stored() {
    let mut home = Home::new();
    home.set("ENGINE_REGISTRY_MIRROR", "a, b").set("MACHINE_SWARM_IMAGE", "swarm:1");
    home.line(
        "create -d none --url u --engine-registry-mirror c --engine-label x=y --engine-opt a \
         --engine-env K=V --engine-insecure-registry r --engine-storage-driver s --tls-san t \
         --engine-install-url 'https://i' --swarm --swarm-discovery token://x --swarm-opt o new",
    );
    let prints = |format: &str, want: &str| {
        let answer = home.run(&["inspect", "new", "-f", format]);
        assert_eq!((&*answer.out, &*answer.err), (want, ""), "{format}");
    };
    prints("{{.HostOptions.EngineOptions.RegistryMirror}}", "[a b c]\n");
    prints(
        "{{with .HostOptions.EngineOptions}}{{.Labels}} {{.ArbitraryFlags}} {{.Env}} \
         {{.InsecureRegistry}} {{.StorageDriver}} {{.InstallURL}} {{.TlsVerify}}{{end}}",
        "[x=y] [a] [K=V] [r] s https://i true\n",
    );
    prints(
        "{{with .HostOptions.SwarmOptions}}{{.IsSwarm}} {{.Agent}} {{.Master}} {{.Discovery}} \
         {{.Image}} {{.Strategy}} {{.ArbitraryFlags}}{{end}}",
        "true true false token://x swarm:1 spread [o]\n",
    );
    prints("{{.HostOptions.AuthOptions.ServerCertSANs}}", "[t]\n");
}

#[test]
fn own_certificates() {
    let home = Home::new();
    let folder = home.path().join("own");
    std::fs::create_dir(&folder).unwrap();
    home.prints(
        "--tls-ca-cert own/x.pem --tls-ca-key own/xk.pem --tls-client-cert own/c.pem \
         --tls-client-key own/ck.pem create -d none --url u new",
        &format!(
            "Creating CA: own/x.pem\nCreating client certificate: own/c.pem\n{}",
            created("new")
        ),
    );
    home.prints("inspect -f {{.HostOptions.AuthOptions.CaPrivateKeyPath}} new", "own/xk.pem\n");
    home.check(
        "--tls-ca-cert no/x.pem --tls-ca-key no/xk.pem create -d none --url u two",
        1,
        "Creating CA: no/x.pem\n",
        "Error generating certificates: generating CA certificate failed: open no/x.pem: no such \
         file or directory\n",
    );
}

#[test]
fn the_driver_whose_flag_appears_is_meant() {
    let home = Home::new();
    home.prints("create --url tcp://1.2.3.4:5 new", &fresh("new"));
    home.prints("inspect -f {{.DriverName}} new", "none\n");
    let cloud = if cfg!(feature = "aws") { "amazonec2, " } else { "" };
    let text =
        "No driver was named, and no hypervisor is here to choose one. Name one with --driver";
    home.fails("create x", &format!("{text}: {cloud}generic, none\n"));
}
