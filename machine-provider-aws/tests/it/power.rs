//! Start, stop, and many machines at once.
use crate::machine::{Machine, cloud, on};
use machine_core::{ErrorKind, MachineState, Provider, State, Status};
use std::sync::Arc;

#[tokio::test]
async fn a_changed_address_is_shown_and_stored() {
    let (cloud, clock) = cloud!();
    let mut machine = Machine::new(&cloud, &clock, &[]).await;
    machine.create().await.unwrap();
    let before = machine.runs().await;
    assert_eq!(before.url, Some(format!("tcp://{}:2376", before.ip.as_deref().unwrap())));
    machine.power(async |p, cx, s| p.stop(cx, s).await).await.unwrap();
    let off = machine.status().await.unwrap();
    assert_eq!((off.state, off.url), (MachineState::Stopped, None));
    machine.power(async |p, cx, s| p.start(cx, s).await).await.unwrap();
    let after = machine.runs().await;
    assert_ne!(after.ip, before.ip, "a start brings another address");
    assert_eq!(machine.field("IPAddress"), after.ip.unwrap());
}

#[tokio::test]
async fn an_elastic_address_survives() {
    let (cloud, clock) = cloud!();
    let mut machine = Machine::new(&cloud, &clock, &[]).await;
    machine.create().await.unwrap();
    machine.runs().await;
    let address = cloud.associate(machine.field("InstanceId").as_str().unwrap()).await;
    assert_eq!(machine.runs().await.ip.as_deref(), Some(address.as_str()));
    machine.power(async |p, cx, s| p.stop(cx, s).await).await.unwrap();
    machine.power(async |p, cx, s| p.start(cx, s).await).await.unwrap();
    assert_eq!(machine.runs().await.ip.as_deref(), Some(address.as_str()));
    assert_eq!(machine.field("IPAddress"), address);
    machine.remove().await.unwrap();
    assert!(
        !cloud.take_actions().iter().any(|call| call.contains("Address")),
        "not ours to let go"
    );
}

#[tokio::test]
async fn private_addresses_where_they_are_wanted() {
    let (cloud, clock) = cloud!();
    for option in ["amazonec2-use-private-address", "amazonec2-private-address-only"] {
        let mut machine = Machine::new(&cloud, &clock, &[on(option)]).await;
        machine.create().await.unwrap();
        let status = machine.runs().await;
        assert!(status.ip.as_deref().unwrap().starts_with("172.31."), "{option}");
        assert_eq!(status.ssh.unwrap().host, machine.field("PrivateIPAddress"));
        machine.remove().await.unwrap();
    }
}

#[tokio::test]
async fn orders_fit_the_state_or_wait_for_it() {
    let (cloud, clock) = cloud!();
    let mut machine = Machine::new(&cloud, &clock, &[]).await;
    machine.create().await.unwrap();
    // Still booting: EC2 refuses to stop it yet.
    machine.power(async |p, cx, s| p.stop(cx, s).await).await.unwrap();
    assert_eq!(machine.status().await.unwrap().state, MachineState::Stopped);
    machine.power(async |p, cx, s| p.stop(cx, s).await).await.unwrap();
    machine.power(async |p, cx, s| p.start(cx, s).await).await.unwrap();
    machine.power(async |p, cx, s| p.restart(cx, s).await).await.unwrap();
    assert_eq!(machine.runs().await.state, MachineState::Running);
    cloud.take_calls();
    machine.power(async |p, cx, s| p.kill(cx, s).await).await.unwrap();
    let calls = cloud.take_calls();
    let stop = calls.iter().find(|call| call.action == "StopInstances").unwrap();
    assert_eq!(stop.field("Force"), "true");
    machine.remove().await.unwrap();
    let error = machine.power(async |p, cx, s| p.start(cx, s).await).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
}

#[tokio::test]
async fn why_an_instance_ended_is_told_and_what_to_change() {
    let (cloud, clock) = cloud!();
    for (reason, wants) in [
        ("Client.VolumeLimitExceeded: Volume limit exceeded", "--amazonec2-root-size"),
        ("Client.InternalError: Client error on launch", "--amazonec2-kms-key"),
        ("Server.SpotInstanceTermination: Spot instance termination", "Spot instance termination"),
    ] {
        let mut machine = Machine::new(&cloud, &clock, &[]).await;
        cloud.set_text("DescribeInstances", move |_, text| {
            let reason = format!("<stateReason><message>{reason}</message></stateReason>");
            let text = text.replace(
                "<code>0</code><name>pending</name>",
                "<code>48</code><name>terminated</name>",
            );
            text.replace("</instanceState>", &format!("</instanceState>{reason}"))
        });
        let error = machine.create().await.unwrap_err();
        assert!(error.to_string().contains(reason), "{error}");
        assert!(error.to_string().contains(wants), "{error}");
        assert!(error.leftovers().is_empty());
    }
}

/// States of that many machines that were never made.
async fn pretended(machine: &mut Machine, count: usize) -> Vec<State> {
    #[derive(serde::Serialize)]
    struct Id {
        #[serde(rename = "InstanceId")]
        id: String,
    }
    machine.prepare().await.unwrap();
    let mut states = Vec::new();
    for n in 0..count {
        let mut state = machine.state.clone();
        state.write(&Id { id: format!("i-{n:017x}") }).unwrap();
        states.push(state);
    }
    states
}

#[tokio::test]
async fn two_hundred_machines_are_one_call() {
    let (cloud, clock) = cloud!();
    let mut machine = Machine::new(&cloud, &clock, &[]).await;
    for (count, calls) in [(200, 1), (201, 2), (450, 3)] {
        let states = pretended(&mut machine, count).await;
        let states: Vec<_> = states.iter().collect();
        cloud.take_calls();
        let answers = machine.provider.statuses(&states).await;
        assert_eq!(answers.len(), count);
        assert!(answers.iter().all(|a| a.as_ref().is_err_and(|e| e.kind() == ErrorKind::NotFound)));
        assert_eq!(cloud.take_actions(), vec!["DescribeInstances"; calls]);
    }
}

#[tokio::test]
async fn one_refusal_is_everybodys_answer() {
    let (cloud, clock) = cloud!();
    let mut machine = Machine::new(&cloud, &clock, &[]).await;
    let mut states = pretended(&mut machine, 2).await;
    states.push(State::from_json(r#"{"InstanceId": 7}"#).unwrap());
    states.push(State::default());
    cloud.set_hook(|_| machine_testcloud::Answer::Refuse(403, "UnauthorizedOperation", "no"));
    let kinds = |answers: Vec<machine_core::Result<Status>>| -> Vec<_> {
        answers.into_iter().map(|answer| answer.unwrap_err().kind()).collect()
    };
    let answers = machine.provider.statuses(&states.iter().collect::<Vec<_>>()).await;
    assert_eq!(
        kinds(answers),
        [
            ErrorKind::Permission,
            ErrorKind::Permission,
            ErrorKind::InvalidOption,
            ErrorKind::NotFound
        ]
    );
}

/// Twenty at once: look-ups and the group are looked at once, polls and waits are shared.
#[tokio::test]
async fn many_at_once_look_once() {
    const COUNT: usize = 20;
    let (cloud, clock) = cloud!();
    let first = Machine::new(&cloud, &clock, &[]).await;
    let provider: Arc<dyn Provider> = first.provider.clone();
    let mut machines = Vec::new();
    for _ in 0..COUNT {
        machines.push(Machine::with(provider.clone(), &cloud, &clock, &[]).await);
    }
    cloud.take_calls();
    let mut set = tokio::task::JoinSet::new();
    for mut machine in machines {
        set.spawn(async move {
            machine.create().await.unwrap();
            machine
        });
    }
    let machines = set.join_all().await;
    let calls = cloud.take_actions();
    let polls = calls.iter().filter(|name| *name == "DescribeInstances").count();
    assert!(calls.len() - polls <= 2 * COUNT + 8, "{} calls: {calls:?}", calls.len() - polls);
    assert!(polls <= 2 * COUNT, "{polls} polls");
    let groups = cloud.resources().await.into_iter().filter(|id| id.starts_with("sg-")).count();
    assert_eq!(groups, 1);

    let mut set = tokio::task::JoinSet::new();
    for mut machine in machines {
        set.spawn(async move { machine.remove().await.unwrap() });
    }
    set.join_all().await;
    assert!(cloud.resources().await.is_empty());
}
