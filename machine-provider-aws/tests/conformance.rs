//! The shared suite, run against moto behind a proxy.
mod moto;

use async_trait::async_trait;
use machine_conformance::{Call, Faults, Fixture, Verdict};
use machine_core::{OptionValue, Provider};
use machine_provider_aws::AmazonEc2;
use moto::{Answer, Cloud, Request};
use std::collections::BTreeMap;
use std::process::ExitCode;
use std::sync::Arc;

struct Ec2 {
    cloud: Cloud,
    faults: Faults,
}

impl Ec2 {
    fn start() -> Result<Self, String> {
        let faults = Faults::default();
        let cloud = Cloud::start(Arc::new(faults.clock().clone()))?;
        let judge = faults.clone();
        cloud.set_hook(move |request| answer(&judge, request));
        Ok(Self { cloud, faults })
    }
}

fn answer(faults: &Faults, request: &Request) -> Answer {
    let call = match (request.deletes(), request.is_look()) {
        (Some(id), _) => Call::Delete(id),
        (None, false) => Call::Change,
        (None, true) if request.is_by_id() => Call::Read,
        (None, true) => Call::List,
    };
    match faults.verdict(call) {
        Verdict::LoseReply => Answer::LoseReply,
        Verdict::Stall | Verdict::Blind => Answer::Pretend,
        Verdict::Die => {
            let faults = faults.clone();
            Answer::Never(Box::new(move || faults.die()))
        }
        Verdict::Refuse => match call {
            Call::Change => Answer::Refuse(400, "ResourceLimitExceeded", "no more of these"),
            _ => Answer::Refuse(403, "UnauthorizedOperation", "you may not do that"),
        },
        _ => Answer::Pass,
    }
}

#[async_trait]
impl Fixture for Ec2 {
    fn provider(&self) -> Box<dyn Provider> {
        Box::new(AmazonEc2::new())
    }

    fn options(&self) -> Vec<(String, OptionValue)> {
        let text = |text: &str| OptionValue::Text(text.to_owned());
        vec![
            ("amazonec2-access-key".into(), text("AKIACONFORMANCE0")),
            ("amazonec2-secret-key".into(), text("canary/of+the+conformance+suite")),
            ("amazonec2-endpoint".into(), text(&self.cloud.endpoint())),
            ("amazonec2-instance-type".into(), text("t3.micro,t3a.micro")),
            // A repeat would hide the faults.
            ("amazonec2-retries".into(), OptionValue::Int(-1)),
        ]
    }

    async fn resources(&self) -> Vec<String> {
        self.cloud.resources().await
    }

    fn faults(&self) -> Faults {
        self.faults.clone()
    }

    fn scopes(&self) -> Vec<String> {
        vec![format!("us-east-1@{}", self.cloud.endpoint())]
    }

    fn deletes_later(&self) -> &[&str] {
        &["i-"]
    }

    async fn make_shared(&self, tags: &BTreeMap<String, String>) -> bool {
        self.cloud.make_group("docker-machine", tags, &[22, 2376]).await;
        true
    }
}

fn main() -> ExitCode {
    machine_conformance::run(|| Ec2::start().map(|ec2| Box::new(ec2) as Box<dyn Fixture>))
}
