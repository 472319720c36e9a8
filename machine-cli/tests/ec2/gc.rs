//! What is left of machines that are gone, by the binary.
use crate::bench::Bench;
use machine_testcloud::Answer;

#[test]
fn what_a_forced_removal_left_is_shown_and_deleted() {
    let Some(bench) = Bench::or_skip() else { return };
    bench.make(&["kept"]);
    let kept = bench.resources();
    bench.make(&["m"]);
    bench.cloud.set_hook(|call| match call.action.as_str() {
        "TerminateInstances" => Answer::Refuse(403, "UnauthorizedOperation", "you may not"),
        _ => Answer::Pass,
    });
    let forced = bench.run(&["rm", "-f", "m"]);
    assert_eq!(forced.exit, Some(0), "{forced:?}");
    assert!(forced.stderr.contains("i-"), "what remains is named: {forced:?}");
    bench.cloud.clear_hook();
    let left: Vec<_> = bench.resources().into_iter().filter(|id| !kept.contains(id)).collect();
    assert!(left.iter().any(|id| id.starts_with("i-")), "{left:?}");

    // Nobody says yes.
    let asked = bench.run(&["gc"]);
    assert_eq!(asked.exit, Some(0), "{asked:?}");
    assert!(left.iter().all(|id| asked.stdout.contains(id)), "{asked:?}");
    assert!(!kept.iter().any(|id| asked.stdout.contains(id)), "{asked:?}");
    assert!(left.iter().all(|id| bench.resources().contains(id)));

    let deleted = bench.run(&["gc", "-y"]).ok();
    assert!(deleted.ends_with("Deleted what was left of m\n"), "{deleted}");
    assert_eq!(bench.resources(), kept);
    assert_eq!(bench.run(&["gc"]).ok(), "Nothing to delete.\n");
    bench.run(&["rm", "-y", "kept"]).ok();
    assert_eq!((bench.resources(), bench.left()), (vec![], vec![]));
}

/// All that is left of the store is its id: what is young stays.
#[test]
fn a_lost_store_is_served_by_its_id() {
    let Some(bench) = Bench::or_skip() else { return };
    bench.make(&["m"]);
    let all = bench.resources();
    let text = std::fs::read_to_string(bench.store().join("store.json")).unwrap();
    let id = text.split('"').nth(3).unwrap().to_owned();
    std::fs::remove_dir_all(bench.store()).unwrap();
    let place = format!("us-east-1@{}", bench.cloud.endpoint());
    let args = ["gc", "-y", "--region", &place, "--store-id", &id];
    let young = bench.run(&args).ok();
    assert!(young.ends_with("Nothing to delete.\n") && young.contains("in the making"), "{young}");
    assert_eq!(bench.resources(), all);
    // Long ago.
    for action in ["DescribeInstances", "DescribeKeyPairs"] {
        bench.cloud.set_text(action, |_, text| made_long_ago(text));
    }
    bench.run(&["gc", "-y", "--region", &place]).ok();
    assert_eq!(bench.resources(), all, "another store's");
    bench.run(&args).ok();
    assert_eq!(bench.resources(), Vec::<String>::new());
}

/// Who has lost a store must not take silence for an answer.
#[test]
fn a_lost_store_needs_a_place_to_look_in() {
    let Some(bench) = Bench::or_skip() else { return };
    let answer = bench.run(&["gc", "-y", "--store-id", "6f0b2c1e"]);
    assert_eq!((answer.exit, answer.stdout.as_str()), (Some(1), ""), "{answer:?}");
    assert!(answer.stderr.contains("--region"), "{answer:?}");
    assert!(bench.cloud.take_calls().is_empty());
}

#[test]
fn a_place_that_cannot_be_looked_at_is_named_and_spoils_no_other() {
    let Some(bench) = Bench::or_skip() else { return };
    let place = format!("us-east-1@{}", bench.cloud.endpoint());
    let answer = bench.run(&["gc", "-y", "--region", "US East", "--region", &place]);
    assert_eq!(answer.exit, Some(1), "{answer:?}");
    let wants = "amazonec2 in US East: there is no region \"US East\"";
    assert!(answer.stderr.starts_with(wants), "{answer:?}");
    assert!(!bench.cloud.take_calls().is_empty(), "{answer:?}");
    // Nobody panics over half a place.
    bench.cloud.set_hook(|_| Answer::Refuse(403, "UnauthorizedOperation", "you may not"));
    let denied = bench.run(&["gc", "-y", "--region", &place]);
    assert!(denied.stderr.starts_with(&format!("amazonec2 in {place}: ec2.")), "{denied:?}");
    let half = bench.command(&["gc", "-y", "--region", "US East@"]).output().unwrap();
    assert_eq!(half.status.code(), Some(1), "{half:?}");
}

fn made_long_ago(text: &str) -> String {
    let mut out = text.to_owned();
    for tag in ["launchTime", "createTime"] {
        let (open, close) = (format!("<{tag}>"), format!("</{tag}>"));
        let mut parts = out.split(&open);
        let mut changed = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let rest = part.split_once(&close).map_or("", |(_, rest)| rest);
            changed += &format!("{open}2020-01-01T00:00:00.000Z{close}{rest}");
        }
        out = changed;
    }
    out
}
