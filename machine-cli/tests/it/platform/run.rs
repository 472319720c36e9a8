//! `run`, with a script in the Docker client's place.
use super::script;
use crate::engine;
use crate::home::Home;

#[test]
fn needs_a_client_before_anything_is_made() {
    let home = Home::new();
    home.fails(
        "run -d none --url tcp://1.2.3.4:5 new busybox",
        "You must have a copy of the docker binary locally to use the run feature\n",
    );
    assert!(!home.store().exists());
}

#[test]
fn needs_a_name() {
    let home = Home::new();
    script(&home.bin().join("docker"), "exit 0");
    let answer = home.line("run -d none --url u");
    assert_eq!((answer.code, answer.err.as_str()), (Some(1), "Error: No machine name specified\n"));
    assert!(answer.out.starts_with("Usage: docker-machine run [OPTIONS] NAME [arg...]\n"));
}

#[test]
fn hands_everything_behind_the_name_to_the_client() {
    let mut home = Home::new();
    home.line("create -d none --url u other");
    let url = format!("tcp://127.0.0.1:{}", engine::start(&home));
    script(
        &home.bin().join("docker"),
        "echo \"$DOCKER_HOST $DOCKER_TLS_VERIFY $DOCKER_CERT_PATH [$DOCKER_CONTEXT]\"\n\
         for word; do echo \"<$word>\"; done\nread line; echo \"$line\"; exit 7",
    );
    home.set("DOCKER_CONTEXT", "elsewhere").input("from stdin\n");
    let client = format!(
        "{url} 1 @HOME@/store/machines/new []\n<run>\n<--rm>\n<-d>\n<busybox>\n<a  b>\n<-h>\n<-->\n\
         from stdin\n"
    );
    let rest = ["--rm", "-d", "busybox", "a  b", "-h", "--"];
    let flags = ["run", "-d", "none", "--url", &url, "new"];
    let made = home.run(&[&flags[..], &rest].concat());
    let lines = "Running pre-create checks...\nCreating machine...\n";
    assert_eq!(
        (made.code, made.out, made.err),
        (Some(7), format!("{lines}{client}"), String::new())
    );
    // A machine that is there needs no flags.
    let again = home.run(&[&["run", "new"][..], &rest].concat());
    assert_eq!((again.code, again.out, again.err), (Some(7), client, String::new()));
}
