//! What is stored, and machines that Docker Machine made.
use crate::machine::{Machine, cloud, on, text};
use machine_core::{Cx, ErrorKind, Journal, MemoryJournal, State};
use serde::Deserialize;
use serde::de::{IgnoredAny, MapAccess, Visitor};
use std::fmt;

/// Docker Machine's fields, in its order (docker/machine, `drivers/amazonec2/amazonec2.go`).
const FIELDS: &[&str] = &[
    "IPAddress",
    "MachineName",
    "SSHUser",
    "SSHPort",
    "SSHKeyPath",
    "StorePath",
    "SwarmMaster",
    "SwarmHost",
    "SwarmDiscovery",
    "Id",
    "AccessKey",
    "SecretKey",
    "SessionToken",
    "Region",
    "AMI",
    "SSHKeyID",
    "ExistingKey",
    "KeyName",
    "InstanceId",
    "InstanceType",
    "PrivateIPAddress",
    "SecurityGroupId",
    "SecurityGroupIds",
    "SecurityGroupName",
    "SecurityGroupNames",
    "SecurityGroupReadOnly",
    "OpenPorts",
    "Tags",
    "ReservationId",
    "DeviceName",
    "RootSize",
    "VolumeType",
    "IamInstanceProfile",
    "VpcId",
    "SubnetId",
    "Zone",
    "RequestSpotInstance",
    "SpotPrice",
    "BlockDurationMinutes",
    "PrivateIPOnly",
    "UsePrivateIP",
    "UseEbsOptimizedInstance",
    "Monitoring",
    "SSHPrivateKeyPath",
    "RetryCount",
    "Endpoint",
    "DisableSSL",
    "UserDataFile",
];

/// Names of an object's fields, in their order.
struct Names(Vec<String>);

impl<'de> Deserialize<'de> for Names {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Collect;
        impl<'de> Visitor<'de> for Collect {
            type Value = Names;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Names, A::Error> {
                let mut names = Vec::new();
                while let Some((name, IgnoredAny)) = map.next_entry()? {
                    names.push(name);
                }
                Ok(Names(names))
            }
        }
        from.deserialize_map(Collect)
    }
}

#[tokio::test]
async fn the_state_is_docker_machines_in_its_order() {
    let (cloud, clock) = cloud!();
    let mut machine = Machine::new(&cloud, &clock, &[]).await;
    machine.create().await.unwrap();
    let Names(names) = serde_json::from_str(machine.state.as_json()).unwrap();
    assert_eq!(names[..FIELDS.len()], *FIELDS);
    assert_eq!(names[FIELDS.len()..], ["Launch"]);
    for (field, kind) in [("SSHPort", "number"), ("RootSize", "number"), ("RetryCount", "number")] {
        assert!(machine.field(field).is_i64(), "{field} is a {kind}");
    }
    assert_eq!(machine.field("Id").as_str().unwrap().len(), 32);
    let status = machine.runs().await;
    assert_eq!(machine.field("IPAddress"), status.ip.unwrap());
    assert!(machine.field("PrivateIPAddress").as_str().unwrap().starts_with("172.31."));
}

/// Keys given by option are used, and are nowhere afterwards.
#[tokio::test]
async fn keys_are_used_and_not_kept() {
    let (cloud, clock) = cloud!();
    let mut machine =
        Machine::new(&cloud, &clock, &[text("amazonec2-session-token", "canary-token")]).await;
    machine.create().await.unwrap();
    assert_eq!(machine.source.as_deref(), Some("keys"));
    let calls = cloud.take_calls();
    assert!(calls.iter().all(|call| call.signed_by == "AKIATEST"));
    let all =
        format!("{} {:?} {:?}", machine.state.as_json(), machine.lines().await, machine.source);
    for canary in ["AKIATEST", "canary"] {
        assert!(!all.contains(canary), "{canary}");
    }
}

/// As Docker Machine stores a machine: keys in clear, lists that are null, no word of ours.
fn made_by_docker_machine(machine: &Machine, endpoint: &str, instance: &str, group: &str) -> State {
    let text = format!(
        r#"{{"IPAddress":"1.2.3.4","MachineName":"{name}","SSHUser":"ubuntu","SSHPort":22,
        "SSHKeyPath":"","StorePath":"/s","SwarmMaster":false,"SwarmHost":"","SwarmDiscovery":"",
        "Id":"0123","AccessKey":"AKIASTORED","SecretKey":"canary-stored","SessionToken":"",
        "Region":"us-east-1","AMI":"ami-1","SSHKeyID":0,"ExistingKey":false,"KeyName":"{name}",
        "InstanceId":"{instance}","InstanceType":"t2.micro","PrivateIPAddress":"172.31.0.9",
        "SecurityGroupId":"{group}","SecurityGroupIds":null,"SecurityGroupName":"docker-machine",
        "SecurityGroupNames":null,"SecurityGroupReadOnly":false,"OpenPorts":null,"Tags":"",
        "ReservationId":"","DeviceName":"/dev/sda1","RootSize":16,"VolumeType":"gp2",
        "IamInstanceProfile":"","VpcId":"","SubnetId":"","Zone":"a","RequestSpotInstance":true,
        "SpotPrice":"0.50","BlockDurationMinutes":0,"PrivateIPOnly":false,"UsePrivateIP":false,
        "UseEbsOptimizedInstance":false,"Monitoring":false,"SSHPrivateKeyPath":"","RetryCount":5,
        "Endpoint":"{endpoint}","DisableSSL":false,"UserDataFile":""}}"#,
        name = machine.name,
    );
    State::from_json(&text).unwrap()
}

#[tokio::test]
async fn a_machine_of_docker_machine_goes_whole() {
    let (cloud, clock) = cloud!();
    let group = cloud.make_group("docker-machine", &Default::default(), &[22, 2376]).await;
    // Made by ours, then forgotten but for what Docker Machine would know.
    let mut ours = Machine::new(&cloud, &clock, &[on("amazonec2-request-spot-instance")]).await;
    ours.create().await.unwrap();
    ours.runs().await;
    let instance = ours.field("InstanceId").as_str().unwrap().to_owned();
    let mut theirs = Machine::new(&cloud, &clock, &[]).await;
    theirs.state = made_by_docker_machine(&theirs, &cloud.endpoint(), &instance, &group);
    let key = theirs.name.clone();
    import(&cloud, &key).await;
    cloud
        .ask(&format!("Action=DeleteKeyPair&KeyName={}", ours.field("KeyName").as_str().unwrap()))
        .await;

    cloud.take_calls();
    let status = theirs.status().await.unwrap();
    assert_eq!(status.state, machine_core::MachineState::Running);
    theirs.remove().await.unwrap();
    let calls = cloud.take_calls();
    assert!(calls.iter().all(|call| call.signed_by == "AKIASTORED"), "its own keys");
    assert!(calls.iter().any(|call| call.action == "CancelSpotInstanceRequests"));
    assert_eq!(cloud.resources().await, [group], "the group is not ours");
    // Nothing in its file is lost or added.
    let fields = theirs.fields();
    assert_eq!(fields["SecretKey"], "canary-stored");
    assert!(!fields.contains_key("Launch"));
    let advice: Vec<_> =
        theirs.said.lines().into_iter().filter(|l| l.contains("stored in clear")).collect();
    assert_eq!(advice.len(), 1);
    assert!(advice[0].contains("AccessKey") && !advice[0].contains("canary"));
    assert!(!format!("{:?}", theirs.lines().await).contains("canary"));
}

async fn import(cloud: &machine_testcloud::Cloud, name: &str) {
    let key = "c3NoLWVkMjU1MTkgQUFBQUMzTnphQzFsWkRJMU5URTVBQUFBSUhhWTMwRTRUQlVDK3NmVHhvL1RiS1R6NFNjT\
               zdnODcweU5oeHBMMmh0L3MgdGVzdA==";
    let key = key.replace('+', "%2B").replace('=', "%3D");
    cloud.ask(&format!("Action=ImportKeyPair&KeyName={name}&PublicKeyMaterial={key}")).await;
}

/// Nobody else has that name but by intent: it is neither used nor deleted.
#[tokio::test]
async fn a_strangers_key_pair_of_our_name_is_left_alone() {
    let (cloud, clock) = cloud!();
    let mut machine = Machine::new(&cloud, &clock, &[]).await;
    let short: String = machine.id.chars().filter(char::is_ascii_alphanumeric).take(12).collect();
    let theirs = format!("{}-{short}", machine.name);
    import(&cloud, &theirs).await;
    let error = machine.create().await.unwrap_err();
    assert!(error.to_string().contains(&theirs), "{error}");
    assert!(error.leftovers().is_empty(), "{error}");
    machine.remove().await.unwrap();
    assert_eq!(cloud.resources().await, [theirs]);
}

#[tokio::test]
async fn machines_with_keys_of_their_own_share_no_call() {
    let (cloud, clock) = cloud!();
    let machine = Machine::new(&cloud, &clock, &[]).await;
    let old = made_by_docker_machine(&machine, &cloud.endpoint(), "i-1", "sg-1");
    let key = machine.provider.batch_key(&old).unwrap();
    assert!(!key.contains("AKIA") && !key.contains("canary"));
    let mut new = Machine::new(&cloud, &clock, &[]).await;
    new.prepare().await.unwrap();
    assert_ne!(machine.provider.batch_key(&new.state), Some(key));
}

#[tokio::test]
async fn an_account_that_is_not_the_machines_strikes_nothing_out() {
    let (cloud, clock) = cloud!();
    let mut machine = Machine::new(&cloud, &clock, &[]).await;
    machine.create().await.unwrap();
    assert_eq!(machine.field("Launch")["Account"], cloud.account());
    let before = cloud.resources().await;
    // The same endpoint leads to another account: an instance there, a machine here.
    let (other, _) = cloud!();
    machine.state =
        State::from_json(&machine.state.as_json().replace(&cloud.endpoint(), &other.endpoint()))
            .unwrap();
    let moved = MemoryJournal::default();
    for record in machine.journal.records().await.unwrap() {
        let line = record.to_line().replace(&cloud.endpoint(), &other.endpoint());
        moved.append(machine_core::Record::from_line(&line)).await.unwrap();
    }
    machine.journal = moved;
    let error = machine.status().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Credentials);
    // With its settings, and with its journal alone.
    for state in [machine.state.clone(), State::default()] {
        machine.state = state;
        let error = machine.remove().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Credentials);
        assert!(error.to_string().contains(cloud.account()), "{error}");
        assert_eq!(error.leftovers().len(), 3);
        assert!(!machine.lines().await.iter().any(|line| line.contains("deleted")));
    }
    assert_eq!(cloud.resources().await, before);
}

#[tokio::test]
async fn a_state_that_cannot_be_read_does_not_stop_a_removal() {
    let (cloud, clock) = cloud!();
    let mut machine = Machine::new(&cloud, &clock, &[]).await;
    machine.create().await.unwrap();
    let mut damaged = State::from_json(r#"{"InstanceId": 7}"#).unwrap();
    let cx: Cx<'_> = machine.cx();
    machine.provider.remove(&cx, &mut damaged).await.unwrap();
    assert!(cloud.resources().await.is_empty());
}
