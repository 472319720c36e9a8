use crate::home::{Home, config, with_driver};

const UNREACHABLE: &str =
    "Unable to query docker version: Cannot connect to the docker engine endpoint";
const EMPTY: &str = "NAME   ACTIVE   DRIVER   STATE   URL   SWARM   DOCKER   ERRORS\n";

fn edited(name: &str, edits: &[(&str, &str)]) -> String {
    edits.iter().fold(config(name), |text, (from, to)| {
        assert!(text.contains(from), "{from}");
        text.replacen(from, to, 1)
    })
}

/// Five machines with labels and another port, and a swarm of three.
fn fleet() -> Home {
    let home = Home::with(&["testmachine", "testmachine2"]);
    let labels = "\"Labels\": []";
    home.add("testmachine3", &config("testmachine3").replace("127.0.0.1:1", "127.0.0.1:3"));
    home.add(
        "testmachine4",
        &edited("testmachine4", &[(labels, "\"Labels\": [\"foo=bar\", \"app=1\"]")]),
    );
    home.add(
        "testmachine5",
        &edited("testmachine5", &[(labels, "\"Labels\": [\"app=1\", \"bare\"]")]),
    );
    let member = [
        ("\"IsSwarm\": false", "\"IsSwarm\": true"),
        ("\"Discovery\": \"\"", "\"Discovery\": \"token://d\""),
    ];
    home.add("testswarm2", &edited("testswarm2", &member));
    let master = [member[0], member[1], ("\"Master\": false", "\"Master\": true")];
    home.add("testswarm", &edited("testswarm", &master));
    home
}

const ALL: &str =
    "testmachine\ntestmachine2\ntestmachine3\ntestmachine4\ntestmachine5\ntestswarm\ntestswarm2\n";

#[test]
fn of_nothing() {
    let home = Home::new();
    home.prints("ls", EMPTY);
    home.prints("ls -q", "");
    assert!(!home.store().exists());
}

#[test]
fn the_table_counts_as_people_do_and_quiet_goes_by_bytes() {
    let home = Home::with(&["1x", "a2b", "a10b", "b", "M1", "m2", "m02", "m10"]);
    let mut want =
        "NAME   ACTIVE   DRIVER   STATE     URL                 SWARM   DOCKER    ERRORS\n"
            .to_owned();
    for name in ["1x", "a2b", "a10b", "b", "M1", "m2", "m02", "m10"] {
        want.push_str(&format!(
            "{name:4}   -        none     Running   tcp://127.0.0.1:1           Unknown   {UNREACHABLE}\n"
        ));
    }
    home.prints("ls", &want);
    home.prints("ls --format=", &want);
    home.prints("ls -q", "1x\nM1\na10b\na2b\nb\nm02\nm10\nm2\n");
}

#[test]
fn names_that_differ_in_case_are_two_machines() {
    let home = Home::with(&["foo", "Foo"]);
    home.prints("ls --format {{.Name}}", "Foo\nfoo\n");
}

#[test]
fn filters() {
    let home = fleet();
    for (filter, want) in [
        ("driver=none", ALL),
        ("Driver=NONE", ALL),
        ("driver=", ""),
        ("driver=none,name=x", ""),
        ("state=running", ALL),
        ("state=Stopped", ""),
        ("state=", ""),
        ("name=^t.*e[3-5]", "testmachine3\ntestmachine4\ntestmachine5\n"),
        ("name=", ALL),
        ("name=e$", "testmachine\n"),
        ("name=testmachine[23]|swarm$", "testmachine2\ntestmachine3\ntestswarm\n"),
        ("swarm=TESTSWARM", "testswarm\ntestswarm2\n"),
        ("swarm=nosuch", ""),
        ("label=foo=BAR", "testmachine4\n"),
        ("label=FOO=bar", ""),
        ("label=app=1", "testmachine4\ntestmachine5\n"),
        ("label=a=b=c", ""),
        ("label=bare", ""),
        ("label=app", ""),
    ] {
        home.prints(&format!("ls -q --filter {filter}"), want);
    }
    home.prints(
        "ls -q --filter name=2$ --filter name=3$",
        "testmachine2\ntestmachine3\ntestswarm2\n",
    );
    home.prints(
        "ls -q --filter name=4 --filter driver=none --filter label=app=1",
        "testmachine4\n",
    );
    home.prints("ls --filter state=Stopped", EMPTY);
    home.fails("ls --filter nothing", "Unsupported filter syntax\n");
    home.fails("ls --filter BOGUS=1", "Unsupported filter key 'bogus'\n");
    home.fails("ls --filter =x", "Unsupported filter key ''\n");
    for bad in ["(", "(t)\\1", "["] {
        let answer = home.line(&format!("ls -q --filter name={bad}"));
        assert_eq!((answer.code, answer.out.as_str()), (Some(1), ""), "{bad}");
        assert!(answer.err.starts_with("error parsing regexp: "), "{bad}: {}", answer.err);
    }
}

#[test]
fn templates() {
    let home = fleet();
    let only = |format: &str| {
        let args = ["ls", "--filter", "name=^testswarm$", "--format", format];
        let answer = home.run(&args);
        assert_eq!(answer.err, "", "{format}");
        answer.out
    };
    for (format, want) in [
        ("{{.Name}}: {{.DriverName}}", "testswarm: none\n"),
        ("{{.Name}}\\t{{.URL}}\\n", "testswarm\ttcp://127.0.0.1:1\n\n"),
        ("  {{.State}}  ", "Running\n"),
        ("{{.Active}} {{.ActiveHost}} {{.ActiveSwarm}}", "- false false\n"),
        ("{{.Swarm}}", "testswarm (master)\n"),
        (
            "{{.SwarmOptions}}",
            "{true  token://d false true tcp://0.0.0.0:3376 swarm:latest spread 0 0 [] [] [] false}\n",
        ),
        ("{{.SwarmOptions.Master}} {{.EngineOptions.InstallURL}}", "true https://get.docker.com\n"),
        (
            "{{.DockerVersion}} {{.Error}}",
            "Unknown Unable to query docker version: Cannot connect to the docker engine endpoint\n",
        ),
        ("{{len .Name}} {{printf \"%-10s|%s\" .Name .State}}", "9 testswarm |Running\n"),
        ("{{eq .DriverName \"none\"}} {{\"{{\"}}", "true {{\n"),
        ("table {{.Name}}\\t{{.State}}", "NAME        STATE\ntestswarm   Running\n"),
        ("tableau {{.Name}}", "au NAME\nau testswarm\n"),
        ("TABLE {{.Name}}", "TABLE testswarm\n"),
    ] {
        assert_eq!(only(format), want, "{format}");
    }
    home.prints("ls -q -f {{", ALL);
    let labels = "{{.EngineOptions.Labels}} {{range .EngineOptions.Labels}}{{.}},{{end}}";
    let answer = home.run(&["ls", "--filter", "name=machine4", "-f", labels]);
    assert_eq!(answer.out, "[foo=bar app=1] foo=bar,app=1,\n");
}

#[test]
fn templates_that_fail() {
    let home = Home::with(&["foo"]);
    let fails = |format: &str, out: &str, err: &str| {
        let answer = home.run(&["ls", "-f", format]);
        assert_eq!((answer.code, &*answer.out, &*answer.err), (Some(1), out, err), "{format}");
    };
    fails("{{json .Name}}", "", "template: :1: function \"json\" not defined\n");
    fails("{{.Name", "", "template: :2: unclosed action started at :1\n");
    fails("{{end}}", "", "template: :1: unexpected {{end}}\n");
    let bogus = "can't evaluate field Bogus in type commands.HostListItem\n";
    fails(
        "{{.Name}} {{.Bogus}}",
        "foo ",
        &format!("template: :1:12: executing \"\" at <.Bogus>: {bogus}"),
    );
    fails(
        "table {{.Name}} {{.Bogus}}",
        "NAME <no value>\nfoo ",
        &format!("template: :1:12: executing \"\" at <.Bogus>: {bogus}"),
    );
    let empty = Home::new();
    empty.prints("ls -f {{.Bogus}}", "");
    empty.fails("ls -f {{", "template: :2: unclosed action started at :1\n");
}

#[test]
fn a_driver_that_is_not_here() {
    let home = Home::with(&["foo"]);
    home.add(
        "gone",
        &with_driver("gone", "hetzner", "{\"MachineName\": \"gone\", \"Token\": \"x\"}"),
    );
    home.prints("ls -q --filter driver=hetzner", "gone\n");
    home.prints("ls -q --filter name=gone", "gone\n");
    home.prints(
        "ls",
        &format!(
            "NAME   ACTIVE   DRIVER      STATE     URL                 SWARM   DOCKER    ERRORS\n\
             foo    -        none        Running   tcp://127.0.0.1:1           Unknown   {UNREACHABLE}\n\
             gone   -        not-found   Error                                 Unknown   Driver \
             \"hetzner\" not found. Do you have the plugin binary accessible in your PATH?\n"
        ),
    );
    home.fails(
        "status gone",
        "error getting state for host gone: Driver \"hetzner\" not found. Do you have the plugin \
         binary accessible in your PATH?\n",
    );
    home.prints("inspect -f {{.Driver.Name}}{{.Driver.Token}} gone", "hetzner<no value>\n");
}

#[test]
fn the_active_machine() {
    let mut home = fleet();
    home.fails("active", "No active host found\n");
    home.set("DOCKER_HOST", "tcp://127.0.0.1:3");
    home.prints("active", "testmachine3\n");
    home.prints("ls --filter name=machine3 -f {{.Active}}{{.ActiveHost}}", "*true\n");
    home.set("DOCKER_HOST", "tcp://127.0.0.1:3376");
    home.prints("active", "testswarm\n");
    let answer = home.run(&["ls", "--filter", "name=testswarm", "-f", "{{.Name}} {{.Active}}"]);
    assert_eq!(answer.out, "testswarm * (swarm)\ntestswarm2 -\n");
}

/// Those that hang come first, so that they hold whatever places there are.
#[test]
fn engines_that_hang_keep_nobody_waiting() {
    let home = Home::new();
    home.line("create -d none --url tcp://127.0.0.1:1 off");
    home.line("rm -y off");
    let alive = crate::engine::start(&home);
    // The kernel takes connections for it; nobody ever answers.
    let hung = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let mut want = String::new();
    for number in 0..200 {
        let (name, hangs) = (format!("m{number:03}"), number < 20);
        let port = if hangs { hung.local_addr().unwrap().port() } else { alive };
        home.add(&name, &config(&name).replace("127.0.0.1:1", &format!("127.0.0.1:{port}")));
        want.push_str(&match hangs {
            true => format!("{name} Timeout  \n"),
            false => format!("{name} Running v20.10.7 \n"),
        });
    }
    let format = "{{.Name}} {{.State}} {{.DockerVersion}} {{.Error}}";
    let answer = home.run(&["ls", "-t", "4", "--format", format]);
    assert_eq!((answer.out, answer.err.as_str(), answer.code), (want, "", Some(0)));
}
