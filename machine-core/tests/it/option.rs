use machine_core::{ErrorKind, OptionKind, OptionSpec, OptionValue, Options};

#[test]
fn options_know_aliases_defaults_kinds_and_secrets() {
    let learned = String::from("acme-size"); // at run time
    let specs = [
        OptionSpec::new(learned, OptionKind::Int, "size").with_default(OptionValue::Int(3)),
        OptionSpec::new("zone", OptionKind::List, "zones").with_alias("zones"),
        OptionSpec::new("key", OptionKind::Text, "key").with_secret(),
    ];
    let given = [
        ("zones".to_owned(), OptionValue::List(vec!["a".into()])),
        ("key".to_owned(), OptionValue::Text("hunter2".into())),
    ];
    let options = Options::new(&specs, given).unwrap();
    assert_eq!((options.int("acme-size"), options.list("zone").len()), (Some(3), 1));
    assert_eq!((options.text("key"), options.secret("key").unwrap().expose()), (None, "hunter2"));
    assert!(!format!("{options:?} {:?}", options.secret("key")).contains("hunter2"));
    assert_eq!(format!("{:?}", options.secret("key").unwrap()), "[redacted]");
    assert_eq!(format!("{options:?}"), r#"{"acme-size", "key", "zone"}"#);
    let wrong = [("acme-size".to_owned(), OptionValue::Switch(true))];
    assert_eq!(Options::new(&specs, wrong).unwrap_err().kind(), ErrorKind::InvalidOption);
}

#[test]
fn secrets_can_be_had_alone_and_defaults_are_checked_too() {
    let specs = [
        OptionSpec::new("zone", OptionKind::Text, "zone")
            .with_default(OptionValue::Text("a".into())),
        OptionSpec::new("key", OptionKind::Text, "key")
            .with_secret()
            .with_default(OptionValue::Text("hunter2".into())),
    ];
    let options = Options::new(&specs, []).unwrap();
    assert_eq!((options.text("key"), options.secret("key").unwrap().expose()), (None, "hunter2"));
    let secrets = options.secrets();
    assert_eq!(secrets.iter().map(|(name, _)| name).collect::<Vec<_>>(), ["key"]);
    let wrong = [OptionSpec::new("n", OptionKind::Int, "").with_default(OptionValue::Switch(true))];
    assert_eq!(Options::new(&wrong, []).unwrap_err().kind(), ErrorKind::InvalidOption);
}
