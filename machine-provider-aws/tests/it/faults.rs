//! A service that refuses, stumbles, forgets to answer, and lags.
use crate::machine::{Machine, cloud, int, list, on, text, whole};
use machine_conformance::VirtualClock;
use machine_core::{ErrorKind, State};
use machine_testcloud::{Answer, Cloud};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::sync::Notify;

#[tokio::test]
async fn each_refusal_has_its_kind_and_names_what_to_change() {
    let (cloud, clock) = cloud!();
    for (action, status, code, message, kind, wants) in [
        (
            "RunInstances",
            403,
            "UnauthorizedOperation",
            "You are not authorized.",
            ErrorKind::Permission,
            "ec2:RunInstances",
        ),
        (
            "ImportKeyPair",
            403,
            "UnauthorizedOperation",
            "No.",
            ErrorKind::Permission,
            "ec2:ImportKeyPair",
        ),
        (
            "CreateSecurityGroup",
            403,
            "UnauthorizedOperation",
            "No.",
            ErrorKind::Permission,
            "ec2:CreateSecurityGroup",
        ),
        (
            "AuthorizeSecurityGroupIngress",
            403,
            "UnauthorizedOperation",
            "No.",
            ErrorKind::Permission,
            "ec2:AuthorizeSecurityGroupIngress",
        ),
        (
            "DescribeSubnets",
            403,
            "UnauthorizedOperation",
            "No.",
            ErrorKind::Permission,
            "ec2:DescribeSubnets",
        ),
        (
            "DescribeInstanceTypes",
            403,
            "UnauthorizedOperation",
            "No.",
            ErrorKind::Permission,
            "ec2:DescribeInstanceTypes",
        ),
        (
            "DescribeInstanceTypeOfferings",
            403,
            "UnauthorizedOperation",
            "No.",
            ErrorKind::Permission,
            "ec2:DescribeInstanceTypeOfferings",
        ),
        (
            "DescribeImages",
            403,
            "UnauthorizedOperation",
            "No.",
            ErrorKind::Permission,
            "ec2:DescribeImages",
        ),
        (
            "DescribeSecurityGroups",
            403,
            "UnauthorizedOperation",
            "No.",
            ErrorKind::Permission,
            "ec2:DescribeSecurityGroups",
        ),
        (
            "DescribeSubnets",
            401,
            "AuthFailure",
            "AWS was not able to validate the provided access credentials",
            ErrorKind::Credentials,
            "check the credentials",
        ),
        (
            "DescribeSubnets",
            400,
            "RequestExpired",
            "Request has expired.",
            ErrorKind::Credentials,
            "the clock",
        ),
        (
            "RunInstances",
            400,
            "VcpuLimitExceeded",
            "You have requested more vCPU capacity",
            ErrorKind::Quota,
            "quota",
        ),
        (
            "RunInstances",
            400,
            "InsufficientFreeAddressesInSubnet",
            "no more addresses",
            ErrorKind::Capacity,
            "--amazonec2-subnet-id",
        ),
        (
            "RunInstances",
            400,
            "InvalidParameterValue",
            "Value (x) for parameter iamInstanceProfile.name is invalid. Invalid IAM Instance Profile name",
            ErrorKind::InvalidOption,
            "--amazonec2-iam-instance-profile",
        ),
        (
            "RunInstances",
            400,
            "InvalidKeyPair.NotFound",
            "The key pair 'x' does not exist",
            ErrorKind::InvalidOption,
            "--amazonec2-keypair-name",
        ),
        (
            "RunInstances",
            400,
            "InvalidSubnetID.NotFound",
            "The subnet ID 'x' does not exist",
            ErrorKind::InvalidOption,
            "--amazonec2-subnet-id",
        ),
        (
            "RunInstances",
            400,
            "InvalidBlockDeviceMapping",
            "Volume of size 8GB is smaller than snapshot, expect size >= 30GB",
            ErrorKind::InvalidOption,
            "--amazonec2-root-size",
        ),
        (
            "RunInstances",
            400,
            "SomethingNew",
            "What is this?",
            ErrorKind::Other,
            "What is this? (SomethingNew)",
        ),
    ] {
        cloud.set_hook(move |call| match call.action == action {
            true => Answer::Refuse(status, code, message),
            false => Answer::Pass,
        });
        let mut machine = Machine::new(&cloud, &clock, &[text("amazonec2-zone", "a")]).await;
        let error = machine.create().await.unwrap_err();
        assert_eq!(error.kind(), kind, "{action} {code}: {error}");
        assert_eq!(error.operation(), format!("ec2.{action}"));
        assert!(whole(&error).contains(wants), "{}", whole(&error));
        cloud.clear_hook();
        assert!(cloud.resources().await.is_empty(), "{action} {code}");
    }
}

/// What was made a moment ago is not known everywhere: the launch waits for it.
#[tokio::test]
async fn a_launch_waits_for_what_is_new() {
    let (cloud, clock) = cloud!();
    for code in ["InvalidKeyPair.NotFound", "InvalidGroup.NotFound"] {
        let mut launches = 0;
        cloud.set_hook(move |call| {
            launches += usize::from(call.action == "RunInstances");
            match call.action == "RunInstances" && launches <= 3 {
                true => Answer::Refuse(400, code, "It does not exist"),
                false => Answer::Pass,
            }
        });
        let mut machine = Machine::new(&cloud, &clock, &[]).await;
        machine.create().await.unwrap_or_else(|e| panic!("{code}: {}", whole(&e)));
        assert_eq!(cloud.resources().await.len(), 3, "{code}");
        machine.remove().await.unwrap();
        assert!(cloud.resources().await.is_empty());
    }
}

/// A refusal is sure: nobody searches through a lag for what was never made.
#[tokio::test]
async fn a_refusal_saves_the_search() {
    let (cloud, clock) = cloud!();
    cloud.set_hook(|call| match call.action.as_str() {
        "ImportKeyPair" => Answer::Refuse(400, "InvalidKey.Format", "no key"),
        _ => Answer::Pass,
    });
    let mut machine = Machine::new(&cloud, &clock, &[]).await;
    machine.check().await.unwrap();
    cloud.take_calls();
    machine.create_only().await.unwrap_err();
    assert_eq!(cloud.take_actions(), ["ImportKeyPair"]);
}

/// Every call stumbles once, in each way there is.
#[tokio::test]
async fn passing_faults_pass() {
    let (cloud, clock) = cloud!();
    for fault in ["500", "503", "429", "throttled", "lost"] {
        let mut seen = std::collections::BTreeSet::new();
        cloud.set_hook(move |call| {
            if !seen.insert(call.action.clone()) {
                return Answer::Pass;
            }
            match fault {
                "500" => Answer::Refuse(500, "InternalError", "An internal error has occurred"),
                "503" => Answer::Refuse(503, "Unavailable", "The service is unavailable"),
                "429" => Answer::Refuse(429, "TooManyRequestsException", "slow down"),
                "throttled" => {
                    Answer::Refuse(503, "RequestLimitExceeded", "Request limit exceeded.")
                }
                _ => Answer::LoseReply,
            }
        });
        let mut machine = Machine::new(&cloud, &clock, &[]).await;
        machine.create().await.unwrap_or_else(|e| panic!("{fault}: {}", whole(&e)));
        let made = cloud.resources().await;
        assert_eq!(made.len(), 3, "{fault}: one of each, whatever was said twice: {made:?}");
        machine.remove().await.unwrap();
        assert!(cloud.resources().await.is_empty());
    }
}

#[tokio::test]
async fn a_service_that_stays_down_is_given_up() {
    let (cloud, clock) = cloud!();
    for (retries, tries) in [(2, 3), (-1, 1), (0, 1)] {
        cloud.set_hook(|call| match call.action.as_str() {
            "DescribeSubnets" => Answer::Refuse(503, "Unavailable", "down"),
            _ => Answer::Pass,
        });
        let mut machine = Machine::new(&cloud, &clock, &[int("amazonec2-retries", retries)]).await;
        cloud.take_calls();
        let error = machine.check().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Transient);
        let calls = cloud.take_actions();
        assert_eq!(calls.iter().filter(|name| *name == "DescribeSubnets").count(), tries);
    }
}

#[tokio::test]
async fn nobody_at_the_endpoint() {
    let (cloud, clock) = cloud!();
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let given =
        [text("amazonec2-endpoint", &format!("http://{free}")), int("amazonec2-retries", 1)];
    let error = Machine::new(&cloud, &clock, &given).await.check().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Transient);
    assert!(error.to_string().contains("refuses connections"), "{error}");
}

#[tokio::test]
async fn nobody_of_that_name() {
    let (cloud, clock) = cloud!();
    let given = [text("amazonec2-endpoint", "http://ec2.invalid"), int("amazonec2-retries", 0)];
    let error = Machine::new(&cloud, &clock, &given).await.check().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Transient, "{}", whole(&error));
    for option in ["--amazonec2-region", "--amazonec2-endpoint"] {
        assert!(error.to_string().contains(option), "{}", whole(&error));
    }
}

/// Who waits for a look is told why it failed, before the host gives it up.
#[tokio::test]
async fn a_look_is_soon_over() {
    let (cloud, clock) = cloud!();
    let mut machine = Machine::new(&cloud, &clock, &[]).await;
    machine.create().await.unwrap();
    for (code, most) in [("Unavailable", 4), ("RequestLimitExceeded", 5)] {
        cloud.set_hook(move |_| Answer::Refuse(503, code, "not now"));
        cloud.take_calls();
        let error = machine.status().await.unwrap_err();
        assert!(error.to_string().contains(code), "{error}");
        assert!(cloud.take_calls().len() <= most, "{code}");
        cloud.clear_hook();
    }
}

/// Places that a person wrote.
#[tokio::test]
async fn places_that_cannot_be_ask_nobody() {
    let (cloud, clock) = cloud!();
    let machine = Machine::new(&cloud, &clock, &[]).await;
    for scope in ["US East", "", "us-east-1@not a url", "us-east-1@ftp://x"] {
        let error = machine.provider.find_tagged(scope, "store").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidOption, "{scope}: {}", whole(&error));
        assert!(error.to_string().contains("REGION@URL"), "{error}");
    }
    assert!(cloud.take_calls().is_empty());
}

#[tokio::test]
async fn something_else_at_the_endpoint() {
    let (cloud, clock) = cloud!();
    cloud.set_text("DescribeSubnets", |_, _| "<html>It works!</html>".to_owned());
    let error = Machine::new(&cloud, &clock, &[]).await.check().await.unwrap_err();
    assert!(!matches!(error.kind(), ErrorKind::NotFound | ErrorKind::InvalidOption), "{error}");
    assert!(error.to_string().contains("check --amazonec2-endpoint"), "{error}");
    // EC2's form, and nothing in it: a proxy's.
    cloud.set_hook(|_| Answer::Refuse(502, "", ""));
    let error = Machine::new(&cloud, &clock, &[]).await.check().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Transient);
    assert!(error.to_string().contains("HTTP status 502"), "{error}");
}

/// The first try took effect and its reply was lost; the repeat is refused. That is no promise that
/// nothing was made.
#[tokio::test]
async fn a_refused_repeat_does_not_hide_what_a_lost_try_made() {
    let (cloud, clock) = cloud!();
    for (zones, left) in [("a", 0), ("a,b", 1)] {
        let mut launches = 0;
        cloud.set_hook(move |call| {
            launches += usize::from(call.action == "RunInstances");
            match (call.action.as_str(), launches) {
                ("RunInstances", 1) => Answer::LoseReply,
                ("RunInstances", 2) => Answer::Refuse(500, "InsufficientInstanceCapacity", "full"),
                _ => Answer::Pass,
            }
        });
        let mut machine = Machine::new(&cloud, &clock, &[text("amazonec2-zone", zones)]).await;
        let created = machine.create().await;
        assert_eq!(created.is_ok(), left == 1, "{created:?}");
        let made = cloud.resources().await;
        let instances: Vec<_> = made.iter().filter(|id| id.starts_with("i-")).collect();
        assert_eq!(instances.len(), left, "{made:?}");
        machine.remove().await.unwrap();
        assert!(cloud.resources().await.is_empty());
    }
}

/// Runs a create until the call number `nth` that changes something took effect and the process
/// died; tells whether it came that far.
async fn dies_at(cloud: &Cloud, machine: &mut Machine, nth: usize) -> bool {
    let died = Arc::new(Notify::new());
    let (signal, count) = (died.clone(), AtomicUsize::new(0));
    let mut then = cloud.take_hook();
    cloud.set_hook(move |call| {
        if !call.is_look() && count.fetch_add(1, Ordering::SeqCst) == nth {
            let signal = signal.clone();
            return Answer::Never(Box::new(move || signal.notify_one()));
        }
        then.as_mut().map_or(Answer::Pass, |hook| hook(call))
    });
    let state = machine.state.clone();
    let dead = tokio::select! {
        _ = machine.create_only() => false,
        () = died.notified() => true,
    };
    cloud.clear_hook();
    if dead {
        machine.state = state; // what the disk still says
    }
    dead
}

/// The paths that the shared suite does not take: several groups, a vanished one, all attempts.
#[tokio::test]
async fn death_at_every_change_leaves_nothing() {
    let (cloud, clock) = cloud!();
    for path in ["groups", "vanished", "attempts"] {
        for nth in 0.. {
            let mut machine = path_of(&cloud, &clock, path).await;
            let dead = dies_at(&cloud, &mut machine, nth).await;
            if nth % 2 == 0 {
                machine.state = State::default(); // the journal is enough
            }
            machine.remove().await.unwrap();
            assert_eq!(
                cloud.resources().await,
                Vec::<String>::new(),
                "{path}: died at change {nth}"
            );
            if !dead {
                break;
            }
            assert!(nth < 30, "{path} never ends");
        }
    }
}

async fn path_of(cloud: &Cloud, clock: &VirtualClock, path: &str) -> Machine {
    let given = match path {
        "groups" => vec![list("amazonec2-security-group", &["one", "two"])],
        "vanished" => vec![],
        _ => vec![
            on("amazonec2-request-spot-instance"),
            on("amazonec2-spot-fallback"),
            text("amazonec2-zone", "a,b"),
        ],
    };
    let mut machine = Machine::new(cloud, clock, &given).await;
    machine.check().await.unwrap();
    if path == "vanished" {
        let mut old: Option<String> = None;
        cloud.set_hook(move |call| {
            let group = call.field("NetworkInterface.1.SecurityGroupId.1").to_owned();
            if call.action == "RunInstances" && *old.get_or_insert(group.clone()) == group {
                return Answer::Refuse(400, "InvalidGroup.NotFound", "The group does not exist");
            }
            Answer::Pass
        });
    }
    if path == "attempts" {
        let mut launches = 0;
        cloud.set_hook(move |call| {
            launches += usize::from(call.action == "RunInstances");
            match call.action == "RunInstances" && launches < 4 {
                true => Answer::Refuse(500, "InsufficientInstanceCapacity", "full"),
                false => Answer::Pass,
            }
        });
    }
    machine
}
