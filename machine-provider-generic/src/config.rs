use crate::error::Failure;
use crate::state::{ENGINE_PORT, SSH_PORT, SSH_USER};
use machine_core::{OptionKind, OptionSpec, OptionValue, Options};

/// Options of `none`.
pub(crate) fn none_options() -> Vec<OptionSpec> {
    vec![OptionSpec::new("url", OptionKind::Text, "URL of host when no driver is selected")]
}

/// Options of `generic`.
pub(crate) fn generic_options() -> Vec<OptionSpec> {
    let port = |port: u16| OptionValue::Int(i64::from(port));
    vec![
        OptionSpec::new("generic-engine-port", OptionKind::Int, "Docker engine port")
            .with_default(port(ENGINE_PORT))
            .with_env("GENERIC_ENGINE_PORT"),
        OptionSpec::new("generic-ip-address", OptionKind::Text, "IP Address of machine")
            .with_env("GENERIC_IP_ADDRESS"),
        OptionSpec::new("generic-ssh-user", OptionKind::Text, "SSH user")
            .with_default(OptionValue::Text(SSH_USER.to_owned()))
            .with_env("GENERIC_SSH_USER"),
        OptionSpec::new(
            "generic-ssh-key",
            OptionKind::Text,
            "SSH private key path (if not provided, default SSH key will be used)",
        )
        .with_env("GENERIC_SSH_KEY"),
        OptionSpec::new("generic-ssh-port", OptionKind::Int, "SSH port")
            .with_default(port(SSH_PORT))
            .with_env("GENERIC_SSH_PORT"),
    ]
}

/// Settings of a `generic` machine.
#[derive(Debug)]
pub(crate) struct GenericConfig {
    pub(crate) address: String,
    pub(crate) engine_port: u16,
    pub(crate) ssh_user: String,
    pub(crate) ssh_port: u16,
    /// Empty: none given.
    pub(crate) ssh_key: String,
}

impl GenericConfig {
    pub(crate) fn new(options: &Options) -> Result<Self, Failure> {
        let text = |name| options.text(name).unwrap_or_default().to_owned();
        let address = text("generic-ip-address");
        if address.is_empty() {
            return Err(Failure::NoAddress);
        }
        Ok(Self {
            address,
            engine_port: port(options, "generic-engine-port", ENGINE_PORT)?,
            ssh_user: text("generic-ssh-user"),
            ssh_port: port(options, "generic-ssh-port", SSH_PORT)?,
            ssh_key: text("generic-ssh-key"),
        })
    }
}

fn port(options: &Options, option: &'static str, default: u16) -> Result<u16, Failure> {
    match options.int(option).unwrap_or_default() {
        0 => Ok(default),
        value => u16::try_from(value).map_err(|_| Failure::BadPort { option, value }),
    }
}
