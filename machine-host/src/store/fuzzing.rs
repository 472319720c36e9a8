//! Laws of `config.json` and `machine.json`.
use super::config::{Config, VERSION};
use super::entry::Own;
use super::json;

/// What can be read is written as sound JSON of our version, which reads the same and means the same
/// when nothing but its own options are laid over it.
pub fn config(bytes: &[u8]) {
    let Ok((config, version)) = Config::parse("m", bytes, "/store") else { return };
    assert!(version <= VERSION);
    let text = config.to_json();
    assert_eq!(json::check(text.as_bytes()), Ok(()));
    let (mut again, version) = Config::parse("m", text.as_bytes(), "").expect("what we wrote");
    assert_eq!((version, again.to_json()), (VERSION, text.clone()));
    let host = &mut again.host;
    if let Ok(Some(engine)) = host.engine() {
        host.set_engine(&engine).expect("its own options");
    }
    if let Ok(Some(swarm)) = host.swarm() {
        host.set_swarm(&swarm).expect("its own options");
    }
    if let Ok(Some(auth)) = host.auth() {
        host.set_auth(&auth).expect("its own options");
    }
    // Of a doubled key the first may go.
    let meaning = |text: &str| serde_json::from_str::<serde_json::Value>(text).ok();
    assert_eq!(meaning(&again.to_json()), meaning(&text));
}

/// The same for what is ours beside it.
pub fn own(bytes: &[u8]) {
    let Ok(own) = Own::parse(bytes) else { return };
    let text = own.to_json().expect("what was read");
    let again = Own::parse(text.as_bytes()).expect("what we wrote");
    assert_eq!(again.to_json().expect("what was read"), text);
    assert_eq!((again.id, again.source, again.context), (own.id, own.source, own.context));
    assert_eq!(again.host_keys, own.host_keys);
}
