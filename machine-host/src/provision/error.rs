use machine_core::{Error, ErrorKind};

/// What can go wrong while a host becomes a Docker host.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ProvisionError {
    #[error("OS type not recognized")]
    UnknownSystem,
    #[error("{0} hosts are not supported: their engine is not run by systemd")]
    UnsupportedSystem(String),
    #[error("systemd does not run on this host")]
    NoSystemd,
    #[error("the host had not finished booting after {seconds} s: {waiting_for}")]
    Boot { seconds: u64, waiting_for: String },
    #[error("the host's answer cannot be understood: {0}")]
    Answer(String),
    #[error(
        "Docker is not installed on the host, and installing it was ruled out \
         (--engine-install-url none)"
    )]
    NotInstalled,
    #[error("there is a Docker engine on the host, but no docker.service for systemd to run it")]
    NoService,
    #[error("docker.service is masked; unmask it first")]
    Masked,
    #[error("docker.service has no command line (ExecStart)")]
    NoExecStart,
    #[error("the ExecStart of {file} cannot be read: {line}")]
    ExecStart { file: String, line: String },
    #[error("the ExecStart of {file} runs {program}, which is no Docker daemon")]
    NotADaemon { file: String, program: String },
    #[error("the drop-in {0} would undo ours; give it a name that sorts before `zz`")]
    LateDropIn(String),
    #[error("{file} is not valid JSON")]
    DaemonJson {
        file: String,
        #[source]
        source: serde_json::Error,
    },
    #[error("{file} is not a JSON object")]
    DaemonJsonShape { file: String },
    #[error("{file} sets {key} to {value}, but {wanted}; change it there or remove it")]
    Conflict { file: String, key: String, value: String, wanted: String },
    #[error("{option} cannot be used: {why}")]
    Option { option: String, why: String },
    #[error("installing Docker failed: {why}")]
    Install { why: String, kind: ErrorKind },
    #[error("error installing docker: {0}")]
    InstallScript(String),
    #[error("the custom install script failed: {0}")]
    Custom(String),
    #[error("upgrading Docker failed: {why}")]
    Upgrade { why: String, kind: ErrorKind },
    #[error("there is no Docker engine on the host")]
    NoEngine,
    #[error("no package owns {0}: upgrade it the way it was installed")]
    NoPackage(String),
    #[error("the Docker daemon does not start after its upgrade: {0}")]
    Restart(String),
    #[error("{0}")]
    Write(String),
    #[error("the Docker daemon refuses its options{option}: {why}; nothing was changed")]
    Invalid { option: String, why: String },
    #[error("the Docker daemon does not start with its new options{option}: {why}; {after}")]
    Start { option: String, why: String, after: &'static str },
    #[error("the Docker daemon does not listen on port {port}: {why}; {after}")]
    Deaf { port: u16, why: String, after: &'static str },
}

impl From<ProvisionError> for Error {
    fn from(e: ProvisionError) -> Self {
        use ProvisionError as E;
        let kind = match &e {
            E::UnknownSystem | E::UnsupportedSystem(_) | E::NoSystemd => ErrorKind::Unsupported,
            E::Boot { .. } => ErrorKind::Transient,
            E::NotInstalled => ErrorKind::NotFound,
            E::Conflict { .. } | E::LateDropIn(_) | E::Masked => ErrorKind::Conflict,
            E::Option { .. } | E::Invalid { .. } => ErrorKind::InvalidOption,
            E::Start { option, .. } if !option.is_empty() => ErrorKind::InvalidOption,
            E::Install { kind, .. } | E::Upgrade { kind, .. } => *kind,
            E::NoEngine => ErrorKind::NotFound,
            E::NoPackage(_) => ErrorKind::Unsupported,
            _ => ErrorKind::Other,
        };
        Error::wrap(kind, "", e)
    }
}
