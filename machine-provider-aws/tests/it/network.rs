//! Zones, subnets and security groups.
use crate::machine::{Machine, cloud, list, on, text, whole};
use machine_conformance::VirtualClock;
use machine_core::{Clock, ErrorKind, TAG_STORE};
use machine_testcloud::{Answer, Cloud};
use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::time::Duration;

async fn zone_of(cloud: &Cloud, clock: &VirtualClock, zone: &str, kind: &str) -> String {
    let given = [text("amazonec2-zone", zone), text("amazonec2-instance-type", kind)];
    let mut machine = Machine::new(cloud, clock, &given).await;
    machine.create().await.unwrap();
    let zone = machine.field("Zone").as_str().unwrap().to_owned();
    machine.remove().await.unwrap();
    zone
}

#[tokio::test]
async fn a_zone_is_a_letter_a_name_or_an_id() {
    let (cloud, clock) = cloud!();
    assert_eq!(zone_of(&cloud, &clock, "b", "t3.micro").await, "b");
    assert_eq!(zone_of(&cloud, &clock, "us-east-1c", "t3.micro").await, "c");
    assert_eq!(zone_of(&cloud, &clock, "use1-az6", "t3.micro").await, "a");
}

#[tokio::test]
async fn the_zone_has_the_type() {
    let (cloud, clock) = cloud!();
    // In the made-up answer, only d and f have it.
    cloud.set_text("DescribeInstanceTypeOfferings", |_, text| {
        let keep = |item: &&str| item.contains("us-east-1d") || item.contains("us-east-1f");
        let (head, rest) = text.split_once("<item>").unwrap();
        let (items, tail) = rest.rsplit_once("</item>").unwrap();
        let items: Vec<_> = items.split("</item><item>").filter(keep).collect();
        format!("{head}<item>{}</item>{tail}", items.join("</item><item>"))
    });
    let mut machine =
        Machine::new(&cloud, &clock, &[text("amazonec2-instance-type", "c7i.large")]).await;
    machine.create().await.unwrap();
    assert_eq!(machine.field("Zone"), "d");

    let given = [text("amazonec2-instance-type", "c7i.large"), text("amazonec2-zone", "a,b")];
    let error = Machine::new(&cloud, &clock, &given).await.check().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidOption);
    assert!(error.to_string().ends_with("check --amazonec2-zone"), "{error}");
}

#[tokio::test]
async fn a_subnet_brings_its_network_and_its_zone() {
    let (cloud, clock) = cloud!();
    let found = cloud.ask("Action=DescribeSubnets").await;
    let item = found.split("<item>").find(|item| item.contains("us-east-1e")).unwrap();
    let part =
        |name: &str| item.split(&format!("<{name}>")).nth(1).unwrap().split('<').next().unwrap();
    let (subnet, vpc) = (part("subnetId"), part("vpcId"));
    let mut machine = Machine::new(&cloud, &clock, &[text("amazonec2-subnet-id", subnet)]).await;
    machine.create().await.unwrap();
    assert_eq!(machine.field("Zone"), "e");
    assert_eq!(machine.field("VpcId"), vpc);
    assert_eq!(machine.field("SubnetId"), subnet);

    let elsewhere = [text("amazonec2-subnet-id", subnet), text("amazonec2-vpc-id", "vpc-1")];
    let error = Machine::new(&cloud, &clock, &elsewhere).await.check().await.unwrap_err();
    assert_eq!(error.to_string(), format!("SubnetId: {subnet} does not belong to VpcId: vpc-1"));
    let elsewhere = [text("amazonec2-subnet-id", subnet), text("amazonec2-zone", "a")];
    let error = Machine::new(&cloud, &clock, &elsewhere).await.check().await.unwrap_err();
    assert!(error.to_string().contains("--amazonec2-zone"), "{error}");
}

#[tokio::test]
async fn an_account_without_a_default_network_needs_one_named() {
    let (cloud, clock) = cloud!();
    cloud.set_hook(|call| match call.action.as_str() {
        "DescribeSubnets" | "DescribeVpcs" => Answer::Pretend,
        _ => Answer::Pass,
    });
    let error = Machine::new(&cloud, &clock, &[]).await.check().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidOption);
    let wants = "amazonec2 driver requires either the --amazonec2-subnet-id or --amazonec2-vpc-id \
                 option or an AWS Account with a default vpc-id";
    assert_eq!(error.to_string(), wants);
}

fn changes(actions: &[String]) -> Vec<&str> {
    let group = |name: &&str| name.contains("SecurityGroup") && !name.starts_with("Describe");
    actions.iter().map(String::as_str).filter(group).collect()
}

#[tokio::test]
async fn a_strangers_group_is_used_as_it_is() {
    let (cloud, clock) = cloud!();
    let other = BTreeMap::from([(TAG_STORE.to_owned(), "another-store".to_owned())]);
    for tags in [BTreeMap::new(), other] {
        let id = cloud.make_group("docker-machine", &tags, &[22, 2376]).await;
        cloud.take_calls();
        let mut machine = Machine::new(&cloud, &clock, &[]).await;
        machine.create().await.unwrap();
        assert_eq!(machine.field("SecurityGroupIds")[0], id);
        machine.remove().await.unwrap();
        assert!(changes(&cloud.take_actions()).is_empty());
        assert_eq!(cloud.resources().await, [id]);
        cloud.delete_group("docker-machine").await;
    }
}

#[tokio::test]
async fn a_strangers_group_that_shuts_us_out_fails_the_check() {
    let (cloud, clock) = cloud!();
    cloud.make_group("docker-machine", &BTreeMap::new(), &[22]).await;
    let error = Machine::new(&cloud, &clock, &[]).await.check().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidOption);
    let text = error.to_string();
    assert!(text.contains("docker-machine (sg-") && text.contains("2376/tcp"), "{text}");
    assert!(!text.contains("22/tcp"), "{text}");

    let mut knows = Machine::new(&cloud, &clock, &[on("amazonec2-security-group-readonly")]).await;
    knows.create().await.unwrap();
    knows.remove().await.unwrap();
    // Another group of the machine's may let in what this one does not.
    cloud.make_group("more", &BTreeMap::new(), &[2376]).await;
    let both = [list("amazonec2-security-group", &["docker-machine", "more"])];
    let mut machine = Machine::new(&cloud, &clock, &both).await;
    machine.create().await.unwrap();
    assert_eq!(machine.field("SecurityGroupIds").as_array().unwrap().len(), 2);
    machine.remove().await.unwrap();
}

/// Also a store's that has no id yet.
#[tokio::test]
async fn another_stores_group_that_shuts_us_out_fails_the_check() {
    let (cloud, clock) = cloud!();
    let theirs = BTreeMap::from([(TAG_STORE.to_owned(), "another-store".to_owned())]);
    cloud.make_group("docker-machine", &theirs, &[22]).await;
    for store in ["", crate::machine::STORE] {
        let mut machine = Machine::new(&cloud, &clock, &[]).await;
        machine.tags.insert(TAG_STORE.to_owned(), store.to_owned());
        let error = machine.check().await.unwrap_err();
        assert!(error.to_string().contains("2376/tcp"), "{store:?}: {error}");
    }
}

#[tokio::test]
async fn a_group_may_be_given_by_id() {
    let (cloud, clock) = cloud!();
    let id = cloud.make_group("odd", &BTreeMap::new(), &[22, 2376]).await;
    let mut machine =
        Machine::new(&cloud, &clock, &[list("amazonec2-security-group", &[&id])]).await;
    machine.create().await.unwrap();
    machine.remove().await.unwrap();
    assert_eq!(cloud.resources().await, [id]);
}

#[tokio::test]
async fn a_group_of_another_network_is_found_out_in_time() {
    let (cloud, clock) = cloud!();
    let part = |text: &str, name: &str| {
        text.split(&format!("<{name}>")).nth(1).unwrap().split('<').next().unwrap().to_owned()
    };
    let vpc = part(&cloud.ask("Action=CreateVpc&CidrBlock=10.9.0.0/16").await, "vpcId");
    let query =
        format!("Action=CreateSecurityGroup&GroupName=there&GroupDescription=test&VpcId={vpc}");
    let id = part(&cloud.ask(&query).await, "groupId");
    let given = [list("amazonec2-security-group", &[&id]), on("amazonec2-security-group-readonly")];
    let error = Machine::new(&cloud, &clock, &given).await.check().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidOption);
    assert!(error.to_string().starts_with(&format!("there is no security group {id} in vpc-")));
}

#[tokio::test]
async fn our_group_grows_with_its_machines_and_goes_with_the_last() {
    let (cloud, clock) = cloud!();
    let mut first = Machine::new(&cloud, &clock, &[]).await;
    first.create().await.unwrap();
    let mut second =
        Machine::new(&cloud, &clock, &[list("amazonec2-open-port", &["80", "53/udp"])]).await;
    second.swarm_master("tcp://0.0.0.0:4000");
    cloud.take_calls();
    second.create().await.unwrap();
    let calls = cloud.take_calls();
    let added = calls.iter().find(|c| c.action == "AuthorizeSecurityGroupIngress").unwrap();
    let ports: Vec<_> = (1..)
        .map_while(|n| added.fields.get(&format!("IpPermissions.{n}.FromPort")))
        .map(String::as_str)
        .collect();
    assert_eq!(ports, ["4000", "80", "53"], "only what was lacking");
    assert_eq!(first.field("SecurityGroupIds"), second.field("SecurityGroupIds"));

    let group = first.field("SecurityGroupIds")[0].as_str().unwrap().to_owned();
    first.remove().await.unwrap();
    assert!(cloud.resources().await.contains(&group));
    second.remove().await.unwrap();
    assert!(cloud.resources().await.is_empty());
}

#[tokio::test]
async fn several_groups_of_ours_all_go() {
    let (cloud, clock) = cloud!();
    let given = [list("amazonec2-security-group", &["one", "two", "three"])];
    let mut machine = Machine::new(&cloud, &clock, &given).await;
    machine.create().await.unwrap();
    assert_eq!(cloud.resources().await.iter().filter(|id| id.starts_with("sg-")).count(), 3);
    machine.state = Default::default();
    machine.remove().await.unwrap();
    assert!(cloud.resources().await.is_empty());
}

#[tokio::test]
async fn rules_can_be_narrowed() {
    let (cloud, clock) = cloud!();
    let given = [text("amazonec2-open-to", "10.1.2.3/8, 192.0.2.7,2001:db8::/32")];
    let mut machine = Machine::new(&cloud, &clock, &given).await;
    machine.create().await.unwrap();
    let calls = cloud.take_calls();
    let rules = calls.iter().find(|c| c.action == "AuthorizeSecurityGroupIngress").unwrap();
    let blocks: Vec<_> =
        rules.fields.iter().filter(|(k, _)| k.contains("Cidr")).map(|(_, v)| v).collect();
    for block in ["10.0.0.0/8", "192.0.2.7/32", "2001:db8::/32"] {
        assert_eq!(
            blocks.iter().filter(|b| **b == block).count(),
            2,
            "SSH and Docker from {block}"
        );
    }
    assert!(!blocks.iter().any(|block| *block == "0.0.0.0/0"));
}

/// The address is asked for where it was wanted, and nowhere else.
#[tokio::test]
async fn the_caller_alone_may_be_let_in() {
    let (cloud, clock) = cloud!();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let service = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut request = [0; 1024];
        let read = stream.read(&mut request).unwrap();
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 13\r\n\r\n203.0.113.42\n").unwrap();
        String::from_utf8_lossy(&request[..read]).into_owned()
    });
    let given = [text("amazonec2-open-to", "caller"), text("amazonec2-check-ip-url", &url)];
    let mut machine = Machine::new(&cloud, &clock, &given).await;
    machine.create().await.unwrap();
    assert!(service.join().unwrap().starts_with("GET / HTTP/1.1"));
    let calls = cloud.take_calls();
    let rules = calls.iter().find(|c| c.action == "AuthorizeSecurityGroupIngress").unwrap();
    assert_eq!(rules.field("IpPermissions.1.IpRanges.1.CidrIp"), "203.0.113.42/32");

    let given =
        [text("amazonec2-open-to", "caller"), text("amazonec2-check-ip-url", &cloud.endpoint())];
    let error = Machine::new(&cloud, &clock, &given).await.check().await.unwrap_err();
    assert!(whole(&error).contains("--amazonec2-check-ip-url"), "{error}");
}

/// The last `rm` of another process takes the group away that this one knows.
#[tokio::test]
async fn a_group_that_vanishes_is_made_again() {
    let (cloud, clock) = cloud!();
    let mut first = Machine::new(&cloud, &clock, &[]).await;
    let provider = first.provider.clone();
    first.create().await.unwrap();
    let old = first.field("SecurityGroupIds")[0].as_str().unwrap().to_owned();
    first.provider = Machine::new(&cloud, &clock, &[]).await.provider;
    first.remove().await.unwrap();
    assert!(cloud.resources().await.is_empty());

    // moto would take a group that is not there.
    let missing = old.clone();
    cloud.set_hook(move |call| {
        if call.list("NetworkInterface.1.SecurityGroupId").contains(&missing.as_str()) {
            return Answer::Refuse(
                400,
                "InvalidGroup.NotFound",
                "The security group does not exist",
            );
        }
        Answer::Pass
    });
    let mut machine = Machine::with(provider, &cloud, &clock, &[]).await;
    machine.create().await.unwrap();
    let new = machine.field("SecurityGroupIds")[0].as_str().unwrap().to_owned();
    assert_ne!(new, old);
    assert!(cloud.resources().await.contains(&new));
    // Known by the journal before it was made, and by it alone removed.
    let records = machine.lines().await;
    let place = |part: &str| records.iter().position(|line| line.contains(part)).unwrap();
    assert!(place("\"intent\",\"key\":\"security-group/2\"") < place(&new), "{records:#?}");
    machine.state = Default::default();
    machine.remove().await.unwrap();
    assert!(cloud.resources().await.is_empty());
}

/// Two processes make the first machine of a store at once.
#[tokio::test]
async fn a_group_made_by_somebody_else_meanwhile_is_ours_too() {
    let (cloud, clock) = cloud!();
    let mut machine = Machine::new(&cloud, &clock, &[]).await;
    machine.check().await.unwrap();
    let ours = BTreeMap::from([(TAG_STORE.to_owned(), crate::machine::STORE.to_owned())]);
    cloud.make_group("docker-machine", &ours, &[22]).await;
    // It is not listed yet.
    let end = clock.now() + Duration::from_secs(20);
    let time = clock.clone();
    cloud.set_hook(move |call| match call.action.as_str() {
        "DescribeSecurityGroups" if time.now() < end => Answer::Pretend,
        _ => Answer::Pass,
    });
    machine.create_only().await.unwrap();
    let calls = cloud.take_calls();
    let added: Vec<_> =
        calls.iter().filter(|c| c.action == "AuthorizeSecurityGroupIngress").collect();
    assert_eq!(added.len(), 1);
    assert_eq!(added[0].field("IpPermissions.1.FromPort"), "2376");
    machine.remove().await.unwrap();
    assert!(cloud.resources().await.is_empty());
}

/// Both see that a rule is lacking, and the other is first: EC2 then adds none of ours.
#[tokio::test]
async fn a_rule_that_is_there_already_keeps_no_other_out() {
    let (cloud, clock) = cloud!();
    let mut machine = Machine::new(&cloud, &clock, &[]).await;
    machine.check().await.unwrap();
    cloud.set_hook(move |call| {
        let several = call.fields.contains_key("IpPermissions.2.FromPort");
        let ssh = call.field("IpPermissions.1.FromPort") == "22";
        if call.action == "AuthorizeSecurityGroupIngress" && (several || ssh) {
            return Answer::Refuse(400, "InvalidPermission.Duplicate", "the rule already exists");
        }
        Answer::Pass
    });
    machine.create_only().await.unwrap();
    let calls = cloud.take_calls();
    let docker = calls.iter().rfind(|c| c.action == "AuthorizeSecurityGroupIngress").unwrap();
    assert_eq!(docker.field("IpPermissions.1.FromPort"), "2376");
}
