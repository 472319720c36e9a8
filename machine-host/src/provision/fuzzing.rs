//! Laws of what hosts answer, and of what is made from it.
use super::answer::{Answer, bounded, daemon_error, package_error};
use super::look::Look;
use super::systemd::{UnitFile, effective};
use super::{EngineFlags, apply, engine, install};

/// Texts that go into errors are short and on one line.
pub fn answer(text: &str) {
    let parsed = Answer::parse(text);
    let _ = (install::failure(&parsed), apply::why(&parsed));
    let reasons = [Some(package_error(text)), daemon_error(text), Some(bounded(text))];
    for reason in reasons.into_iter().flatten() {
        assert!(reason.len() < 3 << 10 && !reason.contains(char::is_control), "{reason:?}");
    }
}

/// From a host's answer and what a user asks of its engine comes a drop-in that runs the host's own
/// program, and says nothing else. The answer and the user's words are parted by NUL.
pub fn compose(text: &str) {
    let mut parts = text.split('\0');
    let answer = parts.next().unwrap_or_default();
    let Ok(look) = Look::parse(&format!("@hostname h\n{answer}")) else { return };
    let _ = look.distribution();
    let Ok(host) = look.engine() else { return };
    let words: Vec<_> = parts.map(str::to_owned).collect();
    let of = |kind: usize| words.iter().skip(kind).step_by(5).cloned().collect::<Vec<_>>();
    let (flags, env, registries, labels, mirrors) = (of(0), of(1), of(2), of(3), of(4));
    let asked = EngineFlags {
        arbitrary_flags: &flags,
        env: &env,
        insecure_registry: &registries,
        labels: &labels,
        registry_mirror: &mirrors,
        storage_driver: words.last().map_or("", String::as_str),
    };
    let Ok(made) = engine::compose(&host, &asked, "d", "tcp://0.0.0.0:2376") else { return };
    assert_eq!(made.drop_in.lines().count(), if env.is_empty() { 3 } else { 4 });
    let file = UnitFile { path: "/docker.service".to_owned(), text: made.drop_in };
    let read = effective(&[file]).expect("what we wrote");
    assert_eq!(read.command[0], host.effective.command[0]);
    if let Some(dry_run) = made.dry_run {
        assert!(!dry_run.is_empty());
    }
}
