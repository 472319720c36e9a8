//! Properties that hold for any input.
use machine_core::{
    Intent, Journal, MemoryJournal, OptionKind, OptionSpec, OptionValue, Options, Record, State,
    merge, resources,
};
use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::*;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// JSON values as text, with spellings that a parser would lose.
fn json() -> impl Strategy<Value = String> {
    let scalar = prop_oneof![
        Just("null".to_owned()),
        any::<bool>().prop_map(|b| b.to_string()),
        "-?[1-9][0-9]{0,40}(\\.[0-9]{1,20}0)?",
        ".*".prop_map(|text| serde_json::to_string(&text).unwrap()),
    ];
    scalar.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(|all| format!("[ {}]", all.join(" , "))),
            btree_map("[a-z]{1,3}", inner, 0..4)
                .prop_map(|all| object(&all.into_iter().collect::<Vec<_>>())),
        ]
    })
}

fn object(fields: &[(String, String)]) -> String {
    let fields = fields.iter().map(|(k, v)| format!("{}: {v}", serde_json::to_string(k).unwrap()));
    format!("{{{}}}", fields.collect::<Vec<_>>().join(","))
}

#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(default, rename_all = "PascalCase")]
struct Known {
    name: String,
    port: i64,
    zones: Vec<String>,
}

prop_compose! {
    fn known()(name in ".*", port in any::<i64>(), zones in vec(".*", 0..3)) -> Known {
        Known { name, port, zones }
    }
}

/// Small alphabets, so that keys meet.
fn record() -> impl Strategy<Value = Record> {
    let key = "(vm|disk)/[1-3]";
    prop_oneof![
        key.prop_map(|key| Record::Intent(with_key(Intent::new("k", "s"), &key))),
        (key, "[ab]").prop_map(|(key, id)| Record::Created { key, id }),
        key.prop_map(|key| Record::Deleting { key }),
        key.prop_map(|key| Record::Deleted { key }),
        key.prop_map(|key| Record::from_line(&format!(r#"{{"record":"new","key":"{key}"}}"#))),
    ]
}

fn with_key(intent: Intent, key: &str) -> Intent {
    let (step, attempt) = key.split_once('/').unwrap();
    intent.with_key(step, attempt)
}

fn adopted() -> impl Strategy<Value = Vec<Record>> {
    vec(("(vm|disk)", "[a-d]"), 0..4).prop_map(|all| {
        let pair = |(step, id): (String, String)| Record::adopted(&step, Intent::new("k", ""), &id);
        all.into_iter().flat_map(pair).collect()
    })
}

/// Runs a future that never waits.
fn now<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

proptest! {
    #[test]
    fn state_keeps_what_it_does_not_know(
        unknown in btree_map("x[a-z]{0,4}", json(), 0..6),
        place in 0..6usize,
        (first, second) in (known(), known()),
    ) {
        // Name is there already, among the unknown ones.
        let mut fields: Vec<_> = unknown.into_iter().collect();
        fields.insert(place.min(fields.len()), ("Name".to_owned(), "\"old\"".to_owned()));
        let mut state = State::from_json(&object(&fields)).unwrap();
        for known in [first, second] {
            state.write(&known).unwrap();
            prop_assert_eq!(&state.read::<Known>().unwrap(), &known);
            let written = state.as_json().to_owned();
            state.write(&state.read::<Known>().unwrap()).unwrap();
            prop_assert_eq!(state.as_json(), &written, "writing twice changes nothing");
            let kept: BTreeMap<String, Box<serde_json::value::RawValue>> =
                serde_json::from_str(&written).unwrap();
            let mut at = 0;
            for (name, value) in fields.iter().filter(|(name, _)| name != "Name") {
                prop_assert_eq!(kept[name].get(), value);
                let key = serde_json::to_string(name).unwrap() + ":" + value;
                at += written[at..].find(&key).unwrap(); // in the old order
            }
        }
    }

    #[test]
    fn any_text_is_a_state_or_an_error(text in ".*") {
        if let Ok(state) = State::from_json(&text) {
            prop_assert_eq!(state.as_json(), text.trim());
        }
    }

    #[test]
    fn records_survive_their_line(
        texts in proptest::array::uniform4(".*"),
        (name, choice) in (option::of("(?s).*"), option::of("(?s).*")),
        shared in any::<bool>(),
    ) {
        let [step, attempt, kind, scope] = texts;
        let mut intent = Intent::new(kind, scope).with_key(&step, &attempt);
        (intent.name, intent.choice, intent.shared) = (name, choice, shared);
        let key = intent.key.clone();
        for record in [
            Record::Intent(intent),
            Record::Created { key: key.clone(), id: attempt },
            Record::Deleting { key: key.clone() },
            Record::Deleted { key },
        ] {
            let line = record.to_line();
            prop_assert!(!line.contains('\n'));
            prop_assert_eq!(Record::from_line(&line), record);
        }
    }

    #[test]
    fn any_line_is_a_record(line in prop_oneof![".*", json()]) {
        let record = Record::from_line(&line);
        if let Record::Unknown { text, .. } = &record {
            prop_assert_eq!(text, &line);
        }
        prop_assert_eq!(Record::from_line(&record.to_line()), record);
    }

    /// Nothing is forgotten: what a key's last record leaves open is open, under its last ids.
    #[test]
    fn resources_are_open_until_they_are_deleted(records in vec(record(), 0..20)) {
        let all = resources(&records);
        for resource in &all {
            let of_key = |record: &&Record| match record {
                Record::Intent(intent) => intent.key == resource.intent.key,
                Record::Created { key, .. } | Record::Deleting { key } | Record::Deleted { key } => {
                    *key == resource.intent.key
                }
                Record::Unknown { key, .. } => key.as_ref() == Some(&resource.intent.key),
                _ => false,
            };
            let last = records.iter().rfind(of_key).unwrap();
            prop_assert_eq!(resource.open, !matches!(last, Record::Deleted { .. }));
            if let Record::Created { id, .. } = last {
                prop_assert!(resource.ids.contains(id));
            }
        }
        let keys: std::collections::BTreeSet<_> = all.iter().map(|r| &r.intent.key).collect();
        prop_assert_eq!(keys.len(), all.len(), "one of each key");
        // Folding the same records twice says the same of what is open.
        let doubled: Vec<_> = records.iter().chain(&records).cloned().collect();
        let open = |all: &[machine_core::Resource]| -> Vec<_> {
            all.iter().map(|r| (r.intent.key.clone(), r.open)).collect()
        };
        prop_assert_eq!(open(&resources(&doubled)), open(&all));
    }

    #[test]
    fn merging_twice_is_merging_once(records in vec(record(), 0..12), adopted in adopted()) {
        let (once, twice) = now(async {
            let journal = MemoryJournal::default();
            for record in &records {
                journal.append(record.clone()).await.unwrap();
            }
            merge(&journal, adopted.clone()).await.unwrap();
            let once = journal.records().await.unwrap();
            merge(&journal, adopted.clone()).await.unwrap();
            (once, journal.records().await.unwrap())
        });
        prop_assert_eq!(&once, &twice);
        prop_assert_eq!(&once[..records.len()], &records[..], "only appends");
        let known = resources(&once);
        for resource in resources(&adopted) {
            let step = resource.intent.step();
            let mut same = known.iter().filter(|k| k.intent.step() == step);
            prop_assert!(same.any(|k| resource.ids.iter().all(|id| k.ids.contains(id))));
        }
    }

    #[test]
    fn options_mean_the_same_under_any_name(
        texts in proptest::array::uniform3("(?s).{1,12}"), number in any::<i64>(), on in any::<bool>(),
        aliased in any::<bool>(),
    ) {
        let [text, secret, item] = texts;
        let kinds = [
            ("t", OptionKind::Text, OptionValue::Text(text.clone())),
            ("i", OptionKind::Int, OptionValue::Int(number)),
            ("l", OptionKind::List, OptionValue::List(vec![item.clone()])),
            ("b", OptionKind::Switch, OptionValue::Switch(on)),
            ("s", OptionKind::Text, OptionValue::Text(format!("hunter2{secret}"))),
        ];
        let spec = |(name, kind, _): &(&'static str, OptionKind, OptionValue)| {
            let spec = OptionSpec::new(*name, *kind, "").with_alias(format!("other-{name}"));
            if *name == "s" { spec.with_secret() } else { spec }
        };
        let specs: Vec<_> = kinds.iter().map(spec).collect();
        let given = kinds.iter().map(|(name, _, value)| {
            let name = if aliased { format!("other-{name}") } else { (*name).to_owned() };
            (name, value.clone())
        });
        let options = Options::new(&specs, given).unwrap();
        prop_assert_eq!(options.text("t"), Some(text.as_str()));
        prop_assert_eq!(options.int("i"), Some(number));
        prop_assert_eq!(options.list("l"), &[item][..]);
        prop_assert_eq!(options.switch("b"), on);
        prop_assert_eq!(options.secret("s").unwrap().expose(), format!("hunter2{secret}"));
        prop_assert_eq!((options.text("s"), options.iter().count()), (None, 5));
        let shown = format!("{options:?} {:?}", options.secrets());
        prop_assert!(!shown.contains("hunter2"));
        for (name, kind, _) in kinds {
            let other = match kind {
                OptionKind::Int => OptionValue::Switch(on),
                _ => OptionValue::Int(number),
            };
            Options::new(&specs, [(name.to_owned(), other)]).unwrap_err();
        }
    }
}
