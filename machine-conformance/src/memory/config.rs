use super::error::CloudError;
use machine_core::{OptionKind, OptionSpec, OptionValue, Options};

pub(super) fn options() -> Vec<OptionSpec> {
    let text = |text: &str| OptionValue::Text(text.to_owned());
    vec![
        OptionSpec::new("memory-region", OptionKind::Text, "Region to create in")
            .with_default(text("here"))
            .with_env("MEMORY_REGION"),
        OptionSpec::new("memory-zone", OptionKind::List, "Zones to try, in order")
            .with_alias("memory-zones"),
        OptionSpec::new("memory-size", OptionKind::Int, "Size of the instance")
            .with_default(OptionValue::Int(1)),
        OptionSpec::new("memory-private", OptionKind::Switch, "Use the private address"),
        OptionSpec::new("memory-profile", OptionKind::Text, "Profile with credentials")
            .with_env("MEMORY_PROFILE"),
        OptionSpec::new("memory-secret-key", OptionKind::Text, "Secret key")
            .with_env("MEMORY_SECRET_KEY")
            .with_secret(),
    ]
}

/// Settings of a machine, checked. Credentials are none: those are `sign_in`'s.
#[derive(Debug)]
pub(super) struct Config {
    pub(super) region: String,
    pub(super) zones: Vec<String>,
    pub(super) size: u32,
    pub(super) private: bool,
}

impl Config {
    pub(super) fn new(options: &Options) -> Result<Self, CloudError> {
        let zones = options.list("memory-zone").to_vec();
        if zones.is_empty() {
            return Err(CloudError::NoZone);
        }
        let size = options.int("memory-size").unwrap_or_default();
        Ok(Self {
            region: options.text("memory-region").unwrap_or_default().to_owned(),
            zones,
            size: match u32::try_from(size) {
                Ok(size @ 1..=64) => size,
                _ => return Err(CloudError::BadSize { size }),
            },
            private: options.switch("memory-private"),
        })
    }
}
