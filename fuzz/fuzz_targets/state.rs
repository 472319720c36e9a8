//! A provider's part of `config.json`.
#![no_main]
use libfuzzer_sys::fuzz_target;
use machine_core::State;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::collections::BTreeMap;

/// What some provider knows.
#[derive(Debug, Deserialize, PartialEq, Serialize)]
#[serde(default, rename_all = "PascalCase")]
struct Known {
    machine_name: String,
    ports: Vec<i64>,
    nested: BTreeMap<String, Option<bool>>,
}

impl Default for Known {
    fn default() -> Self {
        Self { machine_name: "m".into(), ports: vec![22], nested: BTreeMap::new() }
    }
}

type Fields<'a> = BTreeMap<String, &'a RawValue>;

fuzz_target!(|text: &str| {
    let Ok(mut state) = State::from_json(text) else { return };
    let before = state.as_json().to_owned();
    let known = state.read().unwrap_or_else(|_| Known::default());
    state.write(&known).expect("an object");
    assert_eq!(state.read::<Known>().expect("what was written"), known);
    // What it does not know is there as it stood.
    let (old, new) = (fields(&before), fields(state.as_json()));
    for (name, value) in &old {
        if !["MachineName", "Ports", "Nested"].contains(&name.as_str()) {
            assert_eq!(new.get(name).map(|v| v.get()), Some(value.get()));
        }
    }
    let written = state.as_json().to_owned();
    state.write(&known).expect("an object");
    assert_eq!(state.as_json(), written);
});

fn fields(json: &str) -> Fields<'_> {
    serde_json::from_str(json).expect("an object")
}
