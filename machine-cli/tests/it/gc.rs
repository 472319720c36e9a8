use crate::home::Home;

#[test]
fn where_nothing_was_made_nobody_is_asked() {
    let home = Home::with(&["foo"]);
    home.prints("gc", "Nothing to delete.\n");
    home.prints("gc -y --driver none --region r", "Nothing to delete.\n");
    home.fails("gc foo", "Error: Expected no arguments, but got \"foo\"\n");
    home.fails(
        "gc -d bogus",
        "Driver \"bogus\" not found. Do you have the plugin binary \
         \"docker-machine-driver-bogus\" accessible in your PATH?\n",
    );
    home.prints("ls -q", "foo\n");
}

/// Of a machine whose driver is not told: it is named, and stays.
#[test]
fn a_journal_that_does_not_say_whose_it_is() {
    let home = Home::new();
    let journal = home.store().join("journal");
    std::fs::create_dir_all(&journal).unwrap();
    let path = journal.join("6f0b2c1e-8c1d-4a53-9d8e-0d7c1f1b2a3c.jsonl");
    let line = "{\"record\":\"intent\",\"key\":\"instance/1\",\"kind\":\"instance\"}\n";
    std::fs::write(&path, line).unwrap();
    home.check(
        "gc -y",
        1,
        "Nothing to delete.\n",
        "@HOME@/store/journal/6f0b2c1e-8c1d-4a53-9d8e-0d7c1f1b2a3c.jsonl: it does not say which \
         driver's it is\n",
    );
    assert_eq!(std::fs::read_to_string(path).unwrap(), line);
}
