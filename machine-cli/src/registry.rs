//! The linked providers, one cargo feature each, and those that are programs of their own.

use machine_core::Provider;
use machine_host::Store;
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

/// Drivers that this program can have, and the feature that links each.
const FEATURES: [(&str, &str); 3] =
    [("amazonec2", "aws"), ("generic", "generic"), ("none", "generic")];

/// The drivers of one store: those linked, those installed in it, and those on `PATH`.
#[derive(Clone, Debug)]
pub(crate) struct Drivers {
    #[cfg_attr(not(feature = "plugin"), expect(dead_code, reason = "nothing can be installed"))]
    installed: PathBuf,
    #[cfg_attr(not(feature = "plugin"), expect(dead_code, reason = "linked ones have no limit"))]
    look: Option<Duration>,
}

impl Drivers {
    pub(crate) fn of(store: &Store) -> Self {
        Self { installed: store.drivers_dir(), look: None }
    }

    /// With another limit for one look at a machine where the provider bounds them.
    pub(crate) fn looking_for(self, look: Option<Duration>) -> Self {
        Self { look, ..self }
    }

    /// A fresh provider for the driver of that name: a linked one, else the plugin that is found.
    pub(crate) fn provider(&self, driver: &str) -> Option<Box<dyn Provider>> {
        linked_provider(driver).or_else(|| self.plugin(driver))
    }

    #[cfg(feature = "plugin")]
    fn plugin(&self, driver: &str) -> Option<Box<dyn Provider>> {
        use machine_plugin::{PluginProvider, TimeLimits};
        let found = self.search().find(driver).ok()?;
        let mut limits = TimeLimits::default();
        if let Some(look) = self.look {
            limits.status = look;
        }
        Some(Box::new(PluginProvider::new(found).with_limits(limits)))
    }

    #[cfg(not(feature = "plugin"))]
    fn plugin(&self, _: &str) -> Option<Box<dyn Provider>> {
        None
    }

    /// Drivers that are programs of their own, wherever they are.
    #[cfg(feature = "plugin")]
    pub(crate) fn search(&self) -> machine_plugin::DriverSearch {
        machine_plugin::DriverSearch::from_env().with_installed(self.installed())
    }

    /// Names of all drivers, sorted; none is started for it.
    #[cfg(feature = "plugin")]
    pub(crate) fn names(&self) -> BTreeSet<String> {
        linked()
            .map(str::to_owned)
            .chain(self.installed_names())
            .chain(self.search().names())
            .collect()
    }

    #[cfg(not(feature = "plugin"))]
    pub(crate) fn names(&self) -> BTreeSet<String> {
        linked().map(str::to_owned).collect()
    }

    /// Names of the drivers in the store, damaged ones too.
    #[cfg(feature = "plugin")]
    pub(crate) fn installed_names(&self) -> Vec<String> {
        let installed = self.installed().list().unwrap_or_default();
        installed.into_iter().map(|(name, _)| name).collect()
    }

    #[cfg(not(feature = "plugin"))]
    pub(crate) fn installed_names(&self) -> Vec<String> {
        Vec::new()
    }

    /// Drivers in the store.
    #[cfg(feature = "plugin")]
    pub(crate) fn installed(&self) -> machine_plugin::InstalledDrivers {
        machine_plugin::InstalledDrivers::new(&self.installed)
    }
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
