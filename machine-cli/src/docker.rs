//! The same program as a plugin of the Docker CLI: `docker machine …`
//! (`docs/extend/cli_plugins.md` of docker/cli).

use serde::Serialize;

/// What the CLI asks a program that it found, and nobody else.
const METADATA: &str = "docker-cli-plugin-metadata";
/// Set by the CLI for the programs that it runs.
const CALLED: &str = "DOCKER_CLI_PLUGIN_ORIGINAL_CLI_COMMAND";
/// The word that stands for us on the CLI's command line.
const NAME: &str = "machine";
/// Options of the CLI that take a value.
const VALUED: [&str; 10] = [
    "--config",
    "--context",
    "-c",
    "--host",
    "-H",
    "--log-level",
    "-l",
    "--tlscacert",
    "--tlscert",
    "--tlskey",
];

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Metadata {
    schema_version: &'static str,
    vendor: &'static str,
    version: &'static str,
    short_description: &'static str,
}

/// The answer, where the CLI asks what this is.
pub(crate) fn metadata(argv: &[String]) -> Option<String> {
    let [_, asked] = argv else { return None };
    let metadata = Metadata {
        schema_version: "0.1.0",
        vendor: "docker-machine",
        version: env!("CARGO_PKG_VERSION"),
        short_description: "Create and run Docker hosts",
    };
    (asked == METADATA).then(|| serde_json::to_string(&metadata).ok()).flatten()
}

/// How many words of the command line are the CLI's: its own options, which are about an engine that
/// is there already, and our name.
pub(crate) fn words(argv: &[String]) -> usize {
    if std::env::var_os(CALLED).is_none() {
        return 0;
    }
    let mut words = argv.iter().enumerate().skip(1);
    while let Some((at, word)) = words.next() {
        match word.as_str() {
            NAME => return at,
            word if VALUED.contains(&word) => drop(words.next()),
            word if word.starts_with('-') => {}
            _ => break,
        }
    }
    0
}
