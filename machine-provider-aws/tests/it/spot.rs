//! Spot instances, and places tried in order.
use crate::machine::{Machine, cloud, on, text, whole};
use machine_core::ErrorKind;
use machine_testcloud::{Answer, Request};

/// Market, type and zone of each launch.
fn tried(calls: &[Request]) -> Vec<String> {
    let launches = calls.iter().filter(|call| call.action == "RunInstances");
    let shown = launches.map(|call| {
        let spot = call.field("InstanceMarketOptions.MarketType");
        let market = if spot.is_empty() { "on-demand" } else { spot };
        format!("{market} {}", call.field("InstanceType"))
    });
    shown.collect()
}

const NO_CAPACITY: Answer = Answer::Refuse(
    500,
    "InsufficientInstanceCapacity",
    "We currently do not have sufficient capacity",
);

fn refuse(calls: &'static [&'static str]) -> impl FnMut(&Request) -> Answer + Send {
    let mut codes = calls.iter();
    move |call| match call.action.as_str() {
        "RunInstances" => match codes.next() {
            Some(&"") | None => Answer::Pass,
            Some(code) => Answer::Refuse(400, code, "no"),
        },
        _ => Answer::Pass,
    }
}

#[tokio::test]
async fn a_spot_instance_is_asked_for_once_at_a_price() {
    let (cloud, clock) = cloud!();
    for (price, wanted) in [(Some("0.10"), "0.10"), (None, "0.50"), (Some(""), "")] {
        let mut given = vec![on("amazonec2-request-spot-instance")];
        given.extend(price.map(|price| text("amazonec2-spot-price", price)));
        let mut machine = Machine::new(&cloud, &clock, &given).await;
        machine.create().await.unwrap();
        let calls = cloud.take_calls();
        let launch = calls.iter().find(|call| call.action == "RunInstances").unwrap();
        assert_eq!(launch.field("InstanceMarketOptions.SpotOptions.MaxPrice"), wanted);
        assert_eq!(launch.field("InstanceMarketOptions.SpotOptions.SpotInstanceType"), "one-time");
        let id = machine.field("InstanceId").as_str().unwrap().replace("i-", "sir-");
        assert!(machine.said.lines().contains(&format!("Created spot instance request {id}")));
        // Request first, then instance: both durable, and no call between.
        let made: Vec<_> =
            machine.lines().await.into_iter().filter(|l| l.contains("created")).collect();
        assert!(made[made.len() - 2].contains(&id), "{made:#?}");
        machine.remove().await.unwrap();
        assert!(cloud.resources().await.is_empty());
    }
}

#[tokio::test]
async fn zones_then_types_then_the_full_price() {
    let (cloud, clock) = cloud!();
    let given = [
        on("amazonec2-request-spot-instance"),
        on("amazonec2-spot-fallback"),
        text("amazonec2-instance-type", "t3.micro,t3a.micro"),
        text("amazonec2-zone", "b,d"),
    ];
    let mut machine = Machine::new(&cloud, &clock, &given).await;
    const FULL: &str = "InsufficientInstanceCapacity";
    cloud.set_hook(refuse(&[FULL, "SpotMaxPriceTooLow", FULL, "Unsupported", FULL, ""]));
    machine.create().await.unwrap();
    let wants = [
        "spot t3.micro",
        "spot t3.micro",
        "spot t3a.micro",
        "spot t3a.micro",
        "on-demand t3.micro",
        "on-demand t3.micro",
    ];
    let calls = cloud.take_calls();
    assert_eq!(tried(&calls), wants);
    assert_eq!(machine.field("Zone"), "d");
    assert_eq!(machine.field("InstanceType"), "t3.micro");
    let tokens: std::collections::BTreeSet<_> = calls
        .iter()
        .filter(|call| call.action == "RunInstances")
        .map(|call| call.field("ClientToken"))
        .collect();
    assert_eq!(tokens.len(), wants.len(), "each attempt has a token of its own");
    assert!(!cloud.resources().await.iter().any(|id| id.starts_with("sir-")));
    machine.remove().await.unwrap();
    assert!(cloud.resources().await.is_empty());
}

#[tokio::test]
async fn nothing_to_be_had_leaves_nothing() {
    let (cloud, clock) = cloud!();
    let given = [on("amazonec2-request-spot-instance"), text("amazonec2-zone", "a,b")];
    let mut machine = Machine::new(&cloud, &clock, &given).await;
    cloud.set_hook(|call| if call.action == "RunInstances" { NO_CAPACITY } else { Answer::Pass });
    let error = machine.create().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Capacity);
    assert!(whole(&error).contains("--amazonec2-instance-type"), "{error}");
    assert_eq!(tried(&cloud.take_calls()).len(), 2);
    assert!(cloud.resources().await.is_empty());
    assert!(error.leftovers().is_empty());
}

/// A quota is the type's, in all zones; another type may have one of its own.
#[tokio::test]
async fn a_quota_ends_a_type() {
    let (cloud, clock) = cloud!();
    let given =
        [text("amazonec2-instance-type", "t3.micro,m5.large"), text("amazonec2-zone", "a,b,c")];
    let mut machine = Machine::new(&cloud, &clock, &given).await;
    cloud.set_hook(refuse(&["VcpuLimitExceeded", ""]));
    machine.create().await.unwrap();
    assert_eq!(tried(&cloud.take_calls()), ["on-demand t3.micro", "on-demand m5.large"]);
    let told = |line: &String| line.starts_with("Nothing to be had: on-demand t3.micro us-east-1a");
    assert!(machine.said.lines().iter().any(told), "another price is told");

    let mut machine = Machine::new(&cloud, &clock, &given).await;
    cloud.set_hook(refuse(&["VcpuLimitExceeded", "VcpuLimitExceeded", ""]));
    let error = machine.create().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Quota);
}

#[tokio::test]
async fn a_spot_instance_cannot_be_stopped_and_says_so() {
    let (cloud, clock) = cloud!();
    let mut machine = Machine::new(&cloud, &clock, &[on("amazonec2-request-spot-instance")]).await;
    machine.create().await.unwrap();
    machine.runs().await;
    let error = machine.power(async |p, cx, s| p.stop(cx, s).await).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert!(error.to_string().contains("one-time Spot Instance request"), "{error}");
}

/// The process dies between the two records of a launch; the next one carries on.
#[tokio::test]
async fn a_request_alone_leads_to_its_instance() {
    let (cloud, clock) = cloud!();
    for carry_on in [true, false] {
        let mut machine =
            Machine::new(&cloud, &clock, &[on("amazonec2-request-spot-instance")]).await;
        machine.create().await.unwrap();
        let records = machine_core::Journal::records(&machine.journal).await.unwrap();
        machine.journal = Default::default();
        for record in records {
            let last =
                matches!(&record, machine_core::Record::Created { id, .. } if id.starts_with("i-"));
            if !last {
                machine_core::Journal::append(&machine.journal, record).await.unwrap();
            }
        }
        let instance = machine.field("InstanceId");
        let key_name = machine.field("KeyName");
        machine.prepare().await.unwrap(); // the state of before
        if carry_on {
            machine.create_only().await.unwrap();
            assert_eq!(machine.field("InstanceId"), instance);
            assert_eq!(machine.field("KeyName"), key_name);
        }
        machine.remove().await.unwrap();
        assert!(cloud.resources().await.is_empty());
    }
}
