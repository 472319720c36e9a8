//! Where credentials come from. Each test runs itself again in an environment of its own.
use crate::machine::{Machine, cloud, options, whole};
use machine_core::{ErrorKind, OptionValue, Options, Provider};
use machine_provider_aws::AmazonEc2;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::process::Command;
use std::sync::{Arc, Mutex};
use tracing_subscriber::fmt::MakeWriter;

const INSIDE: &str = "MACHINE_TESTS_AWS_INSIDE";
const FOLDER: &str = "MACHINE_TESTS_AWS_FOLDER";

/// Runs the test called `name` again, with these variables and no others of AWS's; true in that
/// run, which then does the work.
fn sealed(name: &str, variables: &[(&str, &str)]) -> bool {
    if std::env::var_os(INSIDE).is_some() {
        return true;
    }
    let folder = tempfile::tempdir().unwrap();
    let config = "[profile process]\ncredential_process = echo '{\"Version\":1,\"AccessKeyId\":\
                  \"AKIAPROCESS\",\"SecretAccessKey\":\"s\"}'\n\
                  [profile role]\nrole_arn = arn:aws:iam::123456789012:role/builder\n\
                  source_profile = dev\n";
    std::fs::write(folder.path().join("config"), config).unwrap();
    let credentials = "[default]\naws_access_key_id = AKIADEFAULT\naws_secret_access_key = s\n\
                       [dev]\naws_access_key_id = AKIADEV\naws_secret_access_key = s\n";
    std::fs::write(folder.path().join("credentials"), credentials).unwrap();
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", name, "--nocapture"]).env(INSIDE, "1").env(FOLDER, folder.path());
    for (name, _) in std::env::vars_os().filter(|(n, _)| n.to_string_lossy().starts_with("AWS_")) {
        command.env_remove(name);
    }
    command.env("AWS_EC2_METADATA_DISABLED", "true");
    command.env("AWS_CONFIG_FILE", folder.path().join("config"));
    command.env("AWS_SHARED_CREDENTIALS_FILE", folder.path().join("credentials"));
    command.envs(variables.iter().copied());
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    assert!(said.contains("1 passed"), "no test is called {name}");
    false
}

/// Signs in as a `create` does, makes a machine, and says who signed and what is remembered.
async fn signed_by(given: &[(&str, &str)]) -> Option<(String, String)> {
    let (cloud, clock) = crate::machine::start()?;
    let mut provider = AmazonEc2::new();
    let all =
        given.iter().copied().chain([("amazonec2-endpoint", cloud.endpoint().leak() as &str)]);
    let all = all.map(|(name, value)| (name.to_owned(), OptionValue::Text(value.to_owned())));
    let options = Options::new(&provider.options().await.unwrap(), all).unwrap();
    provider.sign_in(&options, None).await.unwrap();
    let mut machine = Machine::with(Arc::new(provider), &cloud, &clock, &[]).await;
    machine.options = options;
    machine.create().await.unwrap();
    let created = signer(&cloud);
    // A later command knows no option.
    let mut later = AmazonEc2::new();
    later.sign_in(&Options::none(), machine.source.as_deref()).await.unwrap();
    machine.provider = Arc::new(later);
    machine.remove().await.unwrap();
    assert_eq!(signer(&cloud), created, "the same hand removes");
    Some((created, machine.source.unwrap()))
}

fn signer(cloud: &machine_testcloud::Cloud) -> String {
    let mut signers: Vec<_> = cloud.take_calls().into_iter().map(|call| call.signed_by).collect();
    signers.dedup();
    assert_eq!(signers.len(), 1, "{signers:?}");
    signers.remove(0)
}

fn are(who: Option<(String, String)>, signer: &str, source: &str) {
    let Some(who) = who else { return };
    assert_eq!(who, (signer.to_owned(), source.to_owned()));
}

#[tokio::test]
async fn the_default_profile_needs_no_word() {
    if sealed("credentials::the_default_profile_needs_no_word", &[]) {
        are(signed_by(&[]).await, "AKIADEFAULT", "chain");
    }
}

#[tokio::test]
async fn the_environment_comes_before_the_default_profile() {
    let keys = [("AWS_ACCESS_KEY_ID", "AKIAENV"), ("AWS_SECRET_ACCESS_KEY", "s")];
    if sealed("credentials::the_environment_comes_before_the_default_profile", &keys) {
        are(signed_by(&[]).await, "AKIAENV", "chain");
    }
}

#[tokio::test]
async fn a_profile_is_remembered_whatever_the_environment_says_later() {
    let keys = [("AWS_ACCESS_KEY_ID", "AKIAENV"), ("AWS_SECRET_ACCESS_KEY", "s")];
    if sealed("credentials::a_profile_is_remembered_whatever_the_environment_says_later", &keys) {
        are(signed_by(&[("amazonec2-profile", "dev")]).await, "AKIADEV", "profile=dev");
    }
}

#[tokio::test]
async fn a_program_may_hand_out_credentials() {
    if sealed("credentials::a_program_may_hand_out_credentials", &[]) {
        are(signed_by(&[("amazonec2-profile", "process")]).await, "AKIAPROCESS", "profile=process");
    }
}

/// As secret stores hand them out.
#[tokio::test]
async fn line_ends_are_no_part_of_a_key() {
    let keys = [("AWS_ACCESS_KEY_ID", "AKIAENV\n"), ("AWS_SECRET_ACCESS_KEY", " s\r\n")];
    if sealed("credentials::line_ends_are_no_part_of_a_key", &keys) {
        are(signed_by(&[]).await, "AKIAENV", "chain");
        let given = [("amazonec2-access-key", "AKIAENV\n"), ("amazonec2-secret-key", "s\n")];
        are(signed_by(&given).await, "AKIAENV", "keys");
    }
}

#[tokio::test]
async fn keys_that_cannot_be_are_refused() {
    let (cloud, clock) = cloud!();
    for (option, value) in
        [("amazonec2-access-key", "AK\nIA"), ("amazonec2-session-token", "to\u{1}ken")]
    {
        let given = [crate::machine::text(option, value)];
        let error = Machine::new(&cloud, &clock, &given).await.check().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Credentials, "{}", whole(&error));
        assert!(whole(&error).contains("has characters"), "{}", whole(&error));
    }
}

/// A token service that lets anybody be anything; what it was asked.
fn token_service() -> (String, Arc<Mutex<String>>) {
    const ANSWER: &str = "<AssumeRoleResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">\
        <AssumeRoleResult><Credentials><AccessKeyId>ASIAROLE</AccessKeyId><SecretAccessKey>s\
        </SecretAccessKey><SessionToken>t</SessionToken><Expiration>2100-01-01T00:00:00Z\
        </Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>";
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let asked = Arc::new(Mutex::new(String::new()));
    let heard = asked.clone();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut request = Vec::new();
            while !String::from_utf8_lossy(&request).contains("Action=AssumeRole") {
                let mut part = [0; 4096];
                match stream.read(&mut part).unwrap() {
                    0 => break,
                    read => request.extend_from_slice(&part[..read]),
                }
            }
            heard.lock().unwrap().push_str(&String::from_utf8_lossy(&request));
            let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", ANSWER.len());
            stream.write_all((head + ANSWER).as_bytes()).unwrap();
        }
    });
    (url, asked)
}

/// Where no region is set but the machine's own.
#[tokio::test]
async fn a_profile_may_take_on_a_role() {
    let (url, asked) = token_service();
    let variables = [("AWS_ENDPOINT_URL_STS", url.as_str())];
    if sealed("credentials::a_profile_may_take_on_a_role", &variables) {
        let given = [("amazonec2-profile", "role"), ("amazonec2-region", "eu-west-1")];
        are(signed_by(&given).await, "ASIAROLE", "profile=role");
    } else {
        assert!(asked.lock().unwrap().contains("/eu-west-1/sts/"));
    }
}

/// What a later command says where nobody gives it what `create` was given.
#[tokio::test]
async fn keys_that_nobody_kept_are_asked_for() {
    let none = [("AWS_CONFIG_FILE", "/none"), ("AWS_SHARED_CREDENTIALS_FILE", "/none")];
    if !sealed("credentials::keys_that_nobody_kept_are_asked_for", &none) {
        return;
    }
    let (cloud, clock) = cloud!();
    let mut machine = Machine::new(&cloud, &clock, &[]).await;
    machine.create().await.unwrap();
    for (source, wants) in [
        ("keys", "the keys it was made with are not kept: set AWS_PROFILE, or AWS_ACCESS_KEY_ID"),
        ("chain", "no usable credentials: set AWS_PROFILE, or AWS_ACCESS_KEY_ID"),
        ("profile=nobody", "check the profile nobody in ~/.aws"),
    ] {
        let mut later = AmazonEc2::new();
        later.sign_in(&Options::none(), Some(source)).await.unwrap();
        machine.provider = Arc::new(later);
        let error = machine.status().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Credentials);
        assert!(error.to_string().contains(wants), "{error}");
        assert_eq!(whole(&error).lines().count(), 1, "{}", whole(&error));
        let error = machine.remove().await.unwrap_err();
        assert!(error.to_string().contains(wants), "{error}");
    }
}

#[tokio::test]
async fn a_proxy_that_is_down_is_named() {
    let proxy = [("HTTPS_PROXY", "http://127.0.0.1:1"), ("NO_PROXY", "")];
    if sealed("credentials::a_proxy_that_is_down_is_named", &proxy) {
        let (cloud, clock) = cloud!();
        let amazon = crate::machine::text("amazonec2-endpoint", "");
        let error = Machine::new(&cloud, &clock, &[amazon]).await.check().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Transient);
        assert!(error.to_string().contains("HTTPS_PROXY"), "{}", whole(&error));
    }
}

#[tokio::test]
async fn without_credentials_docker_machines_words_say_so() {
    let none = [("AWS_CONFIG_FILE", "/none"), ("AWS_SHARED_CREDENTIALS_FILE", "/none")];
    if !sealed("credentials::without_credentials_docker_machines_words_say_so", &none) {
        return;
    }
    let (cloud, clock) = cloud!();
    for profile in ["", "nobody"] {
        let mut provider = AmazonEc2::new();
        let given = [
            ("amazonec2-endpoint".to_owned(), OptionValue::Text(cloud.endpoint())),
            ("amazonec2-profile".to_owned(), OptionValue::Text(profile.to_owned())),
        ];
        let options = Options::new(&provider.options().await.unwrap(), given).unwrap();
        provider.sign_in(&options, None).await.unwrap();
        let mut machine = Machine::with(Arc::new(provider), &cloud, &clock, &[]).await;
        machine.options = options;
        let error = machine.prepare().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Credentials);
        let wants = "amazonec2 driver requires AWS credentials configured with the \
                     --amazonec2-access-key and --amazonec2-secret-key options, environment \
                     variables, ~/.aws/credentials, or an instance role";
        assert_eq!(error.to_string(), wants);
        assert!(whole(&error).len() > wants.len(), "the cause is kept");
        assert!(profile.is_empty() || whole(&error).contains("the profile nobody gives none"));
    }
    // A later command has no `prepare` to find out.
    let mut machine = Machine::new(&cloud, &clock, &[]).await;
    machine.create().await.unwrap();
    machine.provider = Arc::new(AmazonEc2::new());
    let error = machine.status().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Credentials, "{}", whole(&error));
    let error = machine.remove().await.unwrap_err();
    assert_eq!(error.leftovers().len(), 3, "{}", whole(&error));
}

/// As Go's clients do; but nobody asks a proxy about this computer.
#[tokio::test]
async fn the_environments_proxy_is_asked() {
    let (cloud, clock) = cloud!();
    let proxy = [("HTTP_PROXY", cloud.endpoint().leak() as &str), ("NO_PROXY", "")];
    if sealed("credentials::the_environments_proxy_is_asked", &proxy) {
        let elsewhere = crate::machine::text("amazonec2-endpoint", "http://ec2.invalid");
        let mut machine = Machine::new(&cloud, &clock, &[elsewhere]).await;
        machine.check().await.unwrap();
        assert!(cloud.take_calls().is_empty(), "the other run's proxy was asked");
        let mut machine = Machine::new(&cloud, &clock, &[]).await;
        machine.check().await.unwrap();
        assert!(!cloud.take_calls().is_empty());
    } else {
        assert!(cloud.take_actions().contains(&"DescribeImages".to_owned()));
    }
}

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

/// Whatever level anybody logs at: ours, the SDK's, the HTTP client's.
#[tokio::test]
async fn no_log_holds_a_secret() {
    let (cloud, clock) = cloud!();
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing_subscriber::filter::LevelFilter::TRACE)
        .with_writer(log.clone())
        .finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    let token = crate::machine::text("amazonec2-session-token", "canary-session");
    let mut machine = Machine::new(&cloud, &clock, &[token]).await;
    cloud.set_hook(|call| match call.action.as_str() {
        "RunInstances" => machine_testcloud::Answer::Refuse(400, "InvalidParameterValue", "no"),
        _ => machine_testcloud::Answer::Pass,
    });
    machine.create().await.unwrap_err();
    cloud.clear_hook();
    machine.create().await.unwrap();
    machine.remove().await.unwrap();
    let log = String::from_utf8_lossy(&log.0.lock().unwrap()).into_owned();
    assert!(log.contains("RunInstances"), "something is logged");
    for canary in ["canary/of+these+tests", "canary-session"] {
        let at = log.find(canary);
        assert!(at.is_none(), "{}", &log[at.unwrap().saturating_sub(300)..at.unwrap() + 20]);
    }
    let shown = format!("{:?}", options(machine.provider.as_ref(), &cloud, &[]).await);
    assert!(!shown.contains("canary"));
}
