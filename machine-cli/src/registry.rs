//! The linked providers, one cargo feature each, and those that are programs of their own.

use machine_core::Provider;
use std::time::Duration;

/// Drivers that this program can have, and the feature that links each.
const FEATURES: [(&str, &str); 3] =
    [("amazonec2", "aws"), ("generic", "generic"), ("none", "generic")];

/// A fresh provider for the driver of that name: a linked one, else the plugin that is found.
pub(crate) fn provider(driver: &str) -> Option<Box<dyn Provider>> {
    provider_within(driver, None)
}

/// As [`provider`], with another limit for one look at a machine where the provider bounds them.
pub(crate) fn provider_within(driver: &str, look: Option<Duration>) -> Option<Box<dyn Provider>> {
    linked_provider(driver).or_else(|| plugin(driver, look))
}

fn linked_provider(driver: &str) -> Option<Box<dyn Provider>> {
    match driver {
        #[cfg(feature = "aws")]
        machine_provider_aws::NAME => Some(machine_provider_aws::boxed()),
        #[cfg(feature = "generic")]
        machine_provider_generic::GENERIC => {
            Some(Box::new(machine_provider_generic::Generic::new()))
        }
        #[cfg(feature = "generic")]
        machine_provider_generic::NONE => Some(Box::new(machine_provider_generic::NoDriver::new())),
        _ => None,
    }
}

#[cfg(feature = "plugin")]
fn plugin(driver: &str, look: Option<Duration>) -> Option<Box<dyn Provider>> {
    use machine_plugin::{DriverSearch, PluginProvider, TimeLimits};
    let found = DriverSearch::from_env().find(driver).ok()?;
    let mut limits = TimeLimits::default();
    if let Some(look) = look {
        limits.status = look;
    }
    Some(Box::new(PluginProvider::new(found).with_limits(limits)))
}

#[cfg(not(feature = "plugin"))]
fn plugin(_: &str, _: Option<Duration>) -> Option<Box<dyn Provider>> {
    None
}

/// Serves a linked driver as a plugin, where this process was started as one. Else nothing.
#[cfg(feature = "plugin")]
pub(crate) fn serve() -> Option<Result<std::process::ExitCode, String>> {
    let driver = machine_plugin::requested()?;
    Some(match linked_provider(&driver) {
        Some(provider) => Ok(machine_plugin::serve(provider)),
        None => Err(format!("Unsupported driver: {driver}")),
    })
}

#[cfg(not(feature = "plugin"))]
pub(crate) fn serve() -> Option<Result<std::process::ExitCode, String>> {
    None
}

/// Names of the linked drivers.
pub(crate) fn linked() -> impl Iterator<Item = &'static str> {
    FEATURES.iter().map(|(driver, _)| *driver).filter(|driver| is_linked(driver))
}

/// Whether the driver is part of this program.
pub(crate) fn is_linked(driver: &str) -> bool {
    linked_provider(driver).is_some()
}

/// What brings a driver that is known but not linked.
pub(crate) fn remedy(driver: &str) -> Option<String> {
    let (_, feature) = FEATURES.iter().find(|(known, _)| *known == driver)?;
    (!is_linked(driver)).then(|| {
        format!(
            "This program was built without {driver}: cargo install {} --features {feature}",
            env!("CARGO_PKG_NAME")
        )
    })
}
