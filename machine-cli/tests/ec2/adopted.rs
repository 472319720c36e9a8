//! A machine of which nothing is known but `config.json`.
use crate::bench::Bench;
use serde_json::Value;

/// As Docker Machine leaves one: no journal, no file of ours, no field of ours.
#[test]
fn is_removed_whole() {
    let Some(bench) = Bench::or_skip() else { return };
    bench.make(&["--amazonec2-request-spot-instance", "m"]);
    let all = bench.resources();
    for kind in ["i-", "sg-", "sir-", "m-"] {
        assert!(all.iter().any(|id| id.starts_with(kind)), "no {kind} among {all:?}");
    }
    std::fs::remove_dir_all(bench.store().join("journal")).unwrap();
    let folder = bench.store().join("machines/m");
    std::fs::remove_file(folder.join("machine.json")).unwrap();
    let path = folder.join("config.json");
    let mut config: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    config["Driver"].as_object_mut().unwrap().remove("Launch").unwrap();
    std::fs::write(&path, serde_json::to_vec(&config).unwrap()).unwrap();

    assert_eq!(bench.run(&["status", "m"]).ok(), "Running\n");
    bench.run(&["rm", "-y", "m"]).ok();
    assert_eq!((bench.resources(), bench.left()), (vec![], vec![]));
}
