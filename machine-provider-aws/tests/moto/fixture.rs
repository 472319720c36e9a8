//! The account that the shared suite runs against.
use super::{Answer, Cloud, Request};
use async_trait::async_trait;
use machine_conformance::{Call, Faults, Fixture, Verdict};
use machine_core::{
    Capabilities, Cx, Found, OptionSpec, OptionValue, Options, Prepared, Provider, Record, Result,
    State, Status,
};
use machine_provider_aws::AmazonEc2;

use std::collections::BTreeMap;
use std::process::{Command, ExitCode};
use std::sync::Arc;

/// A fresh account for the shared suite.
pub(crate) struct Ec2 {
    cloud: Cloud,
    faults: Faults,
    /// Machines are spot instances, which cannot be stopped.
    spot: bool,
}

impl Ec2 {
    pub(crate) fn start(spot: bool) -> Result<Self, String> {
        let faults = Faults::default();
        let cloud = Cloud::start(Arc::new(faults.clock().clone()))?;
        let judge = faults.clone();
        cloud.set_hook(move |request| answer(&judge, request));
        Ok(Self { cloud, faults, spot })
    }

    fn usual(&self) -> Vec<(String, OptionValue)> {
        let text = |text: &str| OptionValue::Text(text.to_owned());
        let mut usual = vec![
            ("amazonec2-endpoint".into(), text(&self.cloud.endpoint())),
            ("amazonec2-instance-type".into(), text("t3.micro,t3a.micro")),
            // A repeat would hide the faults.
            ("amazonec2-retries".into(), OptionValue::Int(-1)),
        ];
        if self.spot {
            usual.push(("amazonec2-request-spot-instance".into(), OptionValue::Switch(true)));
        }
        usual
    }
}

/// Runs the suite in a process whose environment is known: a profile of ours, and nothing of the
/// user's own credentials.
pub(crate) fn run(spot: bool) -> ExitCode {
    const INSIDE: &str = "MACHINE_TESTS_AWS_SEALED";
    if std::env::var_os(INSIDE).is_some() {
        return machine_conformance::run(move || {
            Ec2::start(spot).map(|ec2| Box::new(ec2) as Box<dyn Fixture>)
        });
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    let credentials = folder.path().join("credentials");
    let profile =
        format!("[{PROFILE}]\naws_access_key_id = AKIAPROFILE\naws_secret_access_key = x\n");
    std::fs::write(&credentials, profile).expect("a file in it");
    let mut inside = Command::new(std::env::current_exe().expect("our own path"));
    inside.args(std::env::args_os().skip(1)).env(INSIDE, "1");
    for (name, _) in
        std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("AWS_"))
    {
        inside.env_remove(name);
    }
    inside.env("AWS_SHARED_CREDENTIALS_FILE", &credentials);
    inside.env("AWS_CONFIG_FILE", folder.path().join("none"));
    inside.env("AWS_EC2_METADATA_DISABLED", "true");
    let status = inside.status().expect("ourselves, run again");
    ExitCode::from(status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(1))
}

const PROFILE: &str = "conformance";

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
        match self.spot {
            true => Box::new(OnlySpot(AmazonEc2::new())),
            false => Box::new(AmazonEc2::new()),
        }
    }

    fn options(&self) -> Vec<(String, OptionValue)> {
        let keys = [
            ("amazonec2-access-key", "AKIACONFORMANCE0"),
            ("amazonec2-secret-key", "canary/of+the+conformance+suite"),
        ];
        let keys = keys.map(|(name, value)| (name.into(), OptionValue::Text(value.into())));
        self.usual().into_iter().chain(keys).collect()
    }

    fn options_without_secrets(&self) -> Option<Vec<(String, OptionValue)>> {
        let profile = ("amazonec2-profile".into(), OptionValue::Text(PROFILE.into()));
        Some(self.usual().into_iter().chain([profile]).collect())
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

    /// All points take a quarter of an hour: `MACHINE_TESTS_STRIDE=1` asks for them.
    fn stride(&self) -> usize {
        let stride = std::env::var("MACHINE_TESTS_STRIDE").ok().and_then(|text| text.parse().ok());
        stride.filter(|stride| *stride > 0).unwrap_or(5)
    }

    async fn make_shared(&self, tags: &BTreeMap<String, String>) -> bool {
        self.cloud.make_group("docker-machine", tags, &[22, 2376]).await;
        true
    }

    async fn clear_shared(&self) {
        self.cloud.delete_group("docker-machine").await;
    }
}

/// The provider without what spot instances lack.
struct OnlySpot(AmazonEc2);

#[async_trait]
impl Provider for OnlySpot {
    fn name(&self) -> &str {
        self.0.name()
    }

    fn capabilities(&self) -> Capabilities {
        let mut able = self.0.capabilities();
        able.start_stop = false;
        able
    }

    async fn options(&self) -> Result<Vec<OptionSpec>> {
        self.0.options().await
    }

    async fn sign_in(&mut self, options: &Options, source: Option<&str>) -> Result<()> {
        self.0.sign_in(options, source).await
    }

    async fn prepare(&self, cx: &Cx<'_>, options: &Options) -> Result<Prepared> {
        self.0.prepare(cx, options).await
    }

    async fn check(&self, cx: &Cx<'_>, state: &mut State) -> Result<()> {
        self.0.check(cx, state).await
    }

    async fn create(&self, cx: &Cx<'_>, state: &mut State) -> Result<()> {
        self.0.create(cx, state).await
    }

    async fn remove(&self, cx: &Cx<'_>, state: &mut State) -> Result<()> {
        self.0.remove(cx, state).await
    }

    fn adopt(&self, state: &State) -> Result<Vec<Record>> {
        self.0.adopt(state)
    }

    fn batch_key(&self, state: &State) -> Option<String> {
        self.0.batch_key(state)
    }

    async fn statuses(&self, machines: &[&State]) -> Vec<Result<Status>> {
        self.0.statuses(machines).await
    }

    async fn find_tagged(&self, scope: &str, store: &str) -> Result<Vec<Found>> {
        self.0.find_tagged(scope, store).await
    }
}
