//! What a person reads where EC2 says no.
use crate::answer::Answer;
use crate::bench::Bench;
use machine_testcloud::Answer as Reply;

/// What could not be unwound costs money: it is named, and a later `rm` ends it.
#[test]
fn what_a_failed_create_leaves_is_named() {
    let Some(bench) = Bench::or_skip() else { return };
    bench.cloud.set_hook(|call| match call.action.as_str() {
        "DescribeInstances" | "TerminateInstances" => {
            Reply::Refuse(403, "UnauthorizedOperation", "you may not")
        }
        _ => Reply::Pass,
    });
    let failed = bench.run(&["create", "-d", "amazonec2", "m"]);
    assert_eq!(failed.exit, Some(1), "{failed:?}");
    assert_eq!(failed.stderr.lines().count(), 1, "{failed:?}");
    let (cause, left) = failed.stderr.split_once("; may remain: ").expect("what remains");
    assert!(cause.ends_with("the permission ec2:DescribeInstances is needed"), "{failed:?}");
    let instance = bench.resources().into_iter().find(|id| id.starts_with("i-")).unwrap();
    assert!(left.contains(&format!("instance/1 {instance}")), "{failed:?}");
    bench.cloud.clear_hook();
    bench.run(&["rm", "-y", "m"]).ok();
    assert_eq!((bench.resources(), bench.left()), (vec![], vec![]));
}

/// Keys that were given to `create` are not kept: who comes without them is told so, in one line.
#[test]
fn who_comes_without_keys_is_told_what_to_do() {
    let Some(bench) = Bench::or_skip() else { return };
    bench.make(&["--amazonec2-access-key", "AKIAFLAG", "--amazonec2-secret-key", "canary", "m"]);
    let without = |args: &[&str]| {
        let mut command = bench.command(args);
        command.env_remove("AWS_ACCESS_KEY_ID").env_remove("AWS_SECRET_ACCESS_KEY");
        Answer::new(command.output().unwrap())
    };
    let wants = "no usable credentials: the keys it was made with are not kept: set AWS_PROFILE, \
                 or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY";
    for args in [&["status", "m"][..], &["stop", "m"], &["rm", "-y", "m"]] {
        let refused = without(args);
        assert_eq!(refused.exit, Some(1), "{refused:?}");
        assert!(refused.stderr.contains(wants), "{refused:?}");
        assert_eq!(refused.stderr.lines().count(), 1, "{refused:?}");
    }
    let listed = without(&["ls"]);
    assert_eq!(listed.stdout.lines().count(), 2, "{listed:?}");
    assert!(listed.stdout.contains(wants), "{listed:?}");
    bench.run(&["rm", "-y", "m"]).ok();
    assert_eq!((bench.resources(), bench.left()), (vec![], vec![]));
}

/// Two stores in one account have groups of the same name: what the other's lacks is not added, and
/// is told before anything is made.
#[test]
fn another_stores_group_is_told_from_ours() {
    let Some(bench) = Bench::or_skip() else { return };
    bench.make(&["theirs"]);
    let neighbour = bench.resources();
    let other = |args: &[&str]| {
        let mut command = bench.command(&[&["create", "-d", "amazonec2"], args].concat());
        command.env("MACHINE_STORAGE_PATH", bench.home().join("other"));
        Answer::new(command.output().unwrap())
    };
    for _ in 0..2 {
        let refused = other(&["--amazonec2-open-port", "8080", "m"]);
        assert_eq!(refused.exit, Some(3), "{refused:?}");
        assert!(refused.stderr.contains("lets nothing in at 8080/tcp"), "{refused:?}");
        assert_eq!(bench.resources(), neighbour);
        // Now the store has an id.
        assert!(other(&["fits"]).stderr.contains("Error detecting OS"));
        let mut rm = bench.command(&["rm", "-y", "fits"]);
        rm.env("MACHINE_STORAGE_PATH", bench.home().join("other"));
        Answer::new(rm.output().unwrap()).ok();
    }
    assert_eq!(bench.resources(), neighbour);
    // Our group has found users in the other store: a clean-up does not say that it is gone.
    assert!(other(&["user"]).stderr.contains("Error detecting OS"));
    bench.run(&["rm", "-y", "theirs"]).ok();
    let place = format!("us-east-1@{}", bench.cloud.endpoint());
    let cleaned = bench.run(&["gc", "-y", "--region", &place]).ok();
    assert!(cleaned.ends_with("shared, but for what others still use\n"), "{cleaned}");
    assert!(bench.resources().iter().any(|id| id.starts_with("sg-")));
}
