use crate::home::Home;

#[test]
fn a_machine_without_a_driver_cannot_be_switched() {
    let home = Home::with(&["foo"]);
    for (command, out, err) in [
        ("stop", "Stopping \"foo\"...\n", "hosts without a driver cannot be stopped\n"),
        ("kill", "Killing \"foo\"...\n", "hosts without a driver cannot be killed\n"),
        ("restart", "Restarting \"foo\"...\n", "hosts without a driver cannot be restarted\n"),
        ("start", "Starting \"foo\"...\n", "Machine \"foo\" is already running.\n"),
    ] {
        home.check(&format!("{command} foo"), 1, out, err);
    }
}

#[test]
fn what_is_tried_is_told_even_where_the_driver_is_not_here() {
    let home = Home::new();
    home.add("gone", &crate::home::with_driver("gone", "hetzner", "{\"MachineName\": \"gone\"}"));
    let err =
        "Driver \"hetzner\" not found. Do you have the plugin binary accessible in your PATH?\n";
    for (command, what) in [("start", "Starting"), ("stop", "Stopping"), ("kill", "Killing")] {
        home.check(&format!("{command} gone"), 1, &format!("{what} \"gone\"...\n"), err);
    }
}

#[test]
fn every_failure_of_a_batch_is_told() {
    let home = Home::with(&["foo", "bar"]);
    let answer = home.line("kill foo bar");
    assert_eq!(answer.code, Some(1));
    let mut lines: Vec<_> = answer.out.lines().collect();
    lines.sort_unstable();
    assert_eq!(lines, ["Killing \"bar\"...", "Killing \"foo\"..."]);
    assert_eq!(answer.err, "hosts without a driver cannot be killed\n".repeat(2));
}

#[test]
fn a_stopped_machine_is_not_stopped_again() {
    let home = Home::new();
    let object = "{\"IPAddress\": \"127.0.0.1\", \"MachineName\": \"down\", \"SSHUser\": \"root\", \
                  \"SSHPort\": 1, \"SSHKeyPath\": \"\", \"EnginePort\": 2376, \"SSHKey\": \"\"}";
    home.add("down", &crate::home::with_driver("down", "generic", object));
    home.prints("status down", "Stopped\n");
    home.fails("url down", "Host is not running\n");
    home.prints("ip down", "127.0.0.1\n");
    let already = "Machine \"down\" is already stopped.\n";
    home.check("stop down", 1, "Stopping \"down\"...\n", already);
    home.check("kill down", 1, "Killing \"down\"...\n", already);
    home.prints("ls -f {{.State}}|{{.URL}}|{{.Error}}|{{.Active}}", "Stopped|||-\n");
}
