//! The first round trip: what the host is and has.
use super::Rounds;
use super::answer::{Answer, property, variables};
use super::detect::{Distribution, OsRelease, Service};
use super::engine::Host;
use super::error::ProvisionError;
use super::systemd::{UnitFile, effective};
use machine_core::Result;
use std::collections::BTreeMap;
use std::time::Duration;

/// Longest wait for the end of the host's boot.
const BOOT: Duration = Duration::from_secs(300);
/// Longest time for the answer after that.
const ANSWER: Duration = Duration::from_secs(60);

/// What a look at a host tells.
#[derive(Clone, Debug, Default)]
pub(super) struct Look {
    os: OsRelease,
    systemd: bool,
    program: bool,
    /// An installation ended half-way.
    half_installed: bool,
    /// systemd's properties of the service.
    service: String,
    units: Vec<UnitFile>,
    env: BTreeMap<String, (String, String)>,
    config: (String, Option<String>),
    host_name: String,
}

/// Looks once the host has booted.
pub(super) async fn look(rounds: &mut Rounds<'_>) -> Result<Look> {
    let answer = rounds.run("look", &script(), BOOT + ANSWER).await?;
    Ok(Look::parse(&answer)?)
}

/// The script that looks.
pub(super) fn script() -> String {
    let boot = BOOT.as_secs();
    format!("boot_limit={boot}\n{}", include_str!("scripts/look.sh"))
}

impl Look {
    /// Reads the script's answer.
    pub(super) fn parse(text: &str) -> Result<Self, ProvisionError> {
        let answer = Answer::parse(text);
        if let Some(waiting_for) = answer.value("booting") {
            let waiting_for = waiting_for.to_owned();
            return Err(ProvisionError::Boot { seconds: BOOT.as_secs(), waiting_for });
        }
        if answer.item("hostname").is_none() {
            return Err(ProvisionError::Answer("it is cut short".to_owned()));
        }
        let mut env = BTreeMap::new();
        for file in answer.all("env") {
            for (key, value) in variables(&file.text) {
                env.insert(key.to_owned(), (value, file.value.to_owned()));
            }
        }
        let mut units: Vec<_> = answer
            .all("unit")
            .map(|i| UnitFile { path: i.value.to_owned(), text: i.text.clone() })
            .collect();
        // The unit itself comes first, its drop-ins by name whichever folder they are in.
        units.sort_by_key(|u| (u.is_drop_in(), u.name().to_owned()));
        Ok(Self {
            os: OsRelease::parse(answer.text("os")),
            systemd: answer.value("systemd").is_some(),
            program: answer.value("program").is_some(),
            half_installed: answer.value("installing").is_some(),
            service: answer.text("systemd").to_owned(),
            units,
            env,
            config: (
                answer.value("config").unwrap_or_default().to_owned(),
                answer.item("daemon").map(|i| i.text.clone()),
            ),
            host_name: answer.value("hostname").unwrap_or_default().to_owned(),
        })
    }

    pub(super) fn distribution(&self) -> Result<&'static Distribution, ProvisionError> {
        Distribution::of(&self.os)
    }

    /// Whether we can drive the engine there.
    pub(super) fn check_system(&self, row: &Distribution) -> Result<(), ProvisionError> {
        match row.service {
            Service::Unsupported => Err(ProvisionError::UnsupportedSystem(row.name.to_owned())),
            Service::Systemd if !self.systemd => Err(ProvisionError::NoSystemd),
            Service::Systemd => Ok(()),
        }
    }

    /// Whether an engine is installed.
    pub(super) fn has_engine(&self) -> bool {
        !self.half_installed && (self.program || self.property("LoadState") == "loaded")
    }

    /// Whether the service starts by itself when the host boots.
    pub(super) fn is_enabled(&self) -> bool {
        self.property("UnitFileState") != "disabled"
    }

    pub(super) fn host_name(&self) -> &str {
        &self.host_name
    }

    /// What the engine's configuration is made from.
    pub(super) fn engine(&self) -> Result<Host<'_>, ProvisionError> {
        match self.property("LoadState") {
            "masked" => return Err(ProvisionError::Masked),
            "not-found" | "" => return Err(ProvisionError::NoService),
            _ => {}
        }
        Ok(Host {
            effective: effective(&self.units)?,
            env: self.env.clone(),
            config: (&self.config.0, self.config.1.as_deref()),
        })
    }

    fn property(&self, key: &str) -> &str {
        property(&self.service, key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn an_answer_is_read() {
        let text = "@os\n ID=debian\n@hostname h\n@program /usr/sbin/dockerd\n@systemd yes\n \
                    LoadState=loaded\n UnitFileState=disabled\n\
                    @unit /etc/systemd/system/docker.service.d/20-x.conf\n [Service]\n\
                    @unit /lib/systemd/system/docker.service\n [Service]\n ExecStart=/d\n\
                    @env /etc/default/docker\n A=\"b c\"\n@config /etc/docker/daemon.json\n\
                    @daemon\n {}\n";
        let look = Look::parse(text).unwrap();
        assert_eq!(look.distribution().unwrap().name, "debian");
        assert!(look.has_engine() && !look.is_enabled());
        assert_eq!(look.units[0].path, "/lib/systemd/system/docker.service");
        let host = look.engine().unwrap();
        assert_eq!(host.effective.source, "/lib/systemd/system/docker.service");
        assert_eq!(host.env["A"], ("b c".to_owned(), "/etc/default/docker".to_owned()));
        assert_eq!(host.config, ("/etc/docker/daemon.json", Some("{}\n")));
    }

    #[test]
    fn an_answer_that_is_cut_short_or_says_that_the_host_boots_is_an_error() {
        assert!(Look::parse("@os\n ID=debian\n").is_err());
        let error = Look::parse("@booting cloud-init has not ended\n").unwrap_err();
        assert!(error.to_string().contains("300 s: cloud-init"), "{error}");
    }

    proptest! {
        #[test]
        fn any_answer_is_survived(text: String) {
            if let Ok(look) = Look::parse(&format!("@hostname x\n{text}")) {
                let _ = (look.distribution(), look.engine());
            }
        }
    }
}
