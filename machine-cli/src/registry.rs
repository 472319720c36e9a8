//! The linked providers, one cargo feature each.

use machine_core::Provider;

/// Drivers that this program can have, and the feature that links each.
const FEATURES: [(&str, &str); 2] = [("generic", "generic"), ("none", "generic")];

/// A fresh provider for the driver of that name.
pub(crate) fn provider(driver: &str) -> Option<Box<dyn Provider>> {
    match driver {
        #[cfg(feature = "generic")]
        machine_provider_generic::GENERIC => {
            Some(Box::new(machine_provider_generic::Generic::new()))
        }
        #[cfg(feature = "generic")]
        machine_provider_generic::NONE => Some(Box::new(machine_provider_generic::NoDriver::new())),
        _ => None,
    }
}

/// Names of the linked drivers.
pub(crate) fn linked() -> impl Iterator<Item = &'static str> {
    FEATURES.iter().map(|(driver, _)| *driver).filter(|driver| provider(driver).is_some())
}

/// What brings a driver that is known but not linked.
pub(crate) fn remedy(driver: &str) -> Option<String> {
    let (_, feature) = FEATURES.iter().find(|(known, _)| *known == driver)?;
    provider(driver).is_none().then(|| {
        format!(
            "This program was built without {driver}: cargo install {} --features {feature}",
            env!("CARGO_PKG_NAME")
        )
    })
}
