//! The last round trip: files, options, restart; or all of it undone.
use super::answer::{Answer, bounded, daemon_error, is_disk_full};
use super::detect::Distribution;
use super::engine::{self, Composed, FOLDER};
use super::error::ProvisionError;
use super::look::Look;
use super::{Plan, Rounds, name, quoted};
use machine_core::Result;
use std::fmt::Write as _;
use std::time::Duration;
use uuid::Uuid;
use zeroize::Zeroizing;

/// Longest wait for the daemon to start, or to listen.
const DAEMON: Duration = Duration::from_secs(30);
/// Longest wait for the daemon's turn, where a host that boots has other things to start first.
const TURN: Duration = Duration::from_secs(300);
/// Longest time for all of it: a dry run, that wait, and the starts of an attempt that is undone.
const APPLY: Duration = Duration::from_secs(600);

/// Whether the engine was restarted.
pub(super) async fn apply(
    rounds: &mut Rounds<'_>,
    host: &Look,
    row: &Distribution,
) -> Result<bool> {
    let plan = rounds.plan;
    let script = script(plan, host, row)?;
    let answer = rounds.run("apply", &script, APPLY).await?;
    let answer = Answer::parse(&answer);
    if let Some(failed) = failure(plan, &answer) {
        return Err(failed.into());
    }
    let enable = answer.text("enable");
    if enable.contains("ailed") {
        tracing::warn!(enable, "the engine may not start when the host boots");
    }
    Ok(answer.value("restarted").is_some())
}

fn script(
    plan: &Plan<'_>,
    host: &Look,
    row: &Distribution,
) -> Result<Zeroizing<String>, ProvisionError> {
    let engine = host.engine()?;
    let Composed { drop_in, dry_run } =
        engine::compose(&engine, &plan.engine, plan.driver, &plan.listen())?;
    let files = [
        ("022", format!("{FOLDER}/ca.pem"), plan.certificates.authority),
        ("022", format!("{FOLDER}/server.pem"), plan.certificates.server),
        ("077", format!("{FOLDER}/server-key.pem"), plan.certificates.key.expose()),
        ("022", engine.effective.drop_in.clone(), &drop_in),
    ];
    let size: usize = files.iter().map(|(_, _, text)| text.len()).sum();
    // Reserved in one go: growing would leave copies of the key behind.
    let mut out = Zeroizing::new(String::with_capacity(size + (64 << 10)));
    let enable = if host.is_enabled() { "" } else { "yes" };
    let _ = writeln!(
        out,
        "port_hex={:04X} port_limit={} turn_limit={} enable={enable}\n{}{}begin",
        plan.port,
        DAEMON.as_secs(),
        TURN.as_secs(),
        include_str!("scripts/apply.sh"),
        name::SCRIPT
    );
    for (umask, path, text) in files {
        let end = Uuid::new_v4().simple().to_string();
        let _ = writeln!(out, "put {umask} {} <<'{end}'", quoted("path", &path)?);
        out.push_str(text);
        let _ = writeln!(out, "\n{end}");
    }
    if let Some(stale) = &engine.effective.stale {
        let _ = writeln!(out, "drop {}", quoted("path", stale)?);
    }
    if let Some(words) = dry_run {
        out.push_str("dry_run");
        for word in &words {
            let _ = write!(out, " {}", quoted("engine option", word)?);
        }
        out.push('\n');
    }
    out.push_str(&name::call(plan.host_name, host, row)?);
    out.push_str("finish\n");
    Ok(out)
}

fn failure(plan: &Plan<'_>, answer: &Answer<'_>) -> Option<ProvisionError> {
    let what = answer.value("failed")?;
    let text = answer.text("why");
    let after = match (answer.value("restored"), answer.value("engine")) {
        (Some(_), Some(_)) => "the old configuration is back, and the engine runs with it",
        (Some(_), None) => "the old configuration is back, but the engine does not run",
        (None, Some(_)) => "the engine runs as before",
        (None, None) => "the engine does not run",
    };
    Some(match what {
        "options" => {
            let why = daemon_error(text).unwrap_or_else(|| bounded(text));
            ProvisionError::Invalid { option: blame(plan, &why), why }
        }
        "start" => {
            let why = why(answer);
            ProvisionError::Start { option: blame(plan, &why), why, after }
        }
        "port" => ProvisionError::Deaf { port: plan.port, why: bounded(text), after },
        "write" if is_disk_full(text) => {
            ProvisionError::Write(format!("the host's disk is full: {}", bounded(text)))
        }
        _ => ProvisionError::Write(format!("the host cannot be set up: {}", bounded(text))),
    })
}

/// What the daemon gives as its reason, in its log or on the terminal.
pub(super) fn why(answer: &Answer<'_>) -> String {
    let text = answer.text("why");
    let told = daemon_error(answer.text("log")).or_else(|| daemon_error(text));
    match told.unwrap_or_else(|| bounded(text)) {
        why if why.is_empty() => format!("it was not ready within {} s", DAEMON.as_secs()),
        why => why,
    }
}

/// The options of the user's that a reason speaks of.
fn blame(plan: &Plan<'_>, why: &str) -> String {
    let asked = plan.engine;
    let name = |flag: &str| {
        let flag = engine::unquoted(flag).trim_start_matches('-');
        flag.split(['=', ' ']).next().unwrap_or_default().to_owned()
    };
    let mut blamed = Vec::new();
    for flag in asked.arbitrary_flags {
        let (name, value) = (name(flag), flag.split_once('=').map_or("", |(_, v)| v));
        let storage = name == "storage-driver" && why.contains("graphdriver");
        if mentions(why, &name) || mentions(why, value) || storage {
            blamed.push(format!("--engine-opt {flag}"));
        }
    }
    for (option, list) in [
        ("--engine-label", asked.labels),
        ("--engine-insecure-registry", asked.insecure_registry),
        ("--engine-registry-mirror", asked.registry_mirror),
    ] {
        let found = list.iter().filter(|v| mentions(why, v));
        blamed.extend(found.map(|v| format!("{option} {v}")));
    }
    let storage = asked.storage_driver;
    // The daemon's word for a storage driver; it does not always say which one.
    if mentions(why, storage) || (!storage.is_empty() && why.contains("graphdriver")) {
        blamed.push(format!("--engine-storage-driver {storage}"));
    }
    if blamed.is_empty() { String::new() } else { format!(" ({})", blamed.join(", ")) }
}

fn mentions(why: &str, word: &str) -> bool {
    word.len() > 2 && why.contains(word)
}
