//! Which distribution a host runs, and what differs between them.
use super::error::ProvisionError;
use std::collections::BTreeMap;

/// Longest value that is kept of an os-release file.
const VALUE: usize = 1 << 10;

/// What differs between distributions; see [`DISTRIBUTIONS`].
#[derive(Debug, Eq, PartialEq)]
pub(crate) struct Distribution {
    /// Docker Machine's word for it.
    pub name: &'static str,
    /// How to recognise it.
    rule: Rule,
    /// Who installs the engine.
    pub packages: Packages,
    /// What Docker Machine says even where the engine is there already.
    pub announces_install: bool,
    /// How `/etc/hosts` gets the host's name.
    pub hosts_file: HostsFile,
    /// How the engine runs.
    pub service: Service,
}

/// How a distribution is recognised in os-release.
#[derive(Debug, Eq, PartialEq)]
enum Rule {
    /// `ID` is one of these.
    Id(&'static [&'static str]),
    /// As `Id`, with a `VERSION_ID` below (major, minor).
    Before(&'static str, (u32, u32)),
    /// `ID` or the whole of `ID_LIKE` is this.
    IdOrLike(&'static str),
    /// One of the words of `ID_LIKE` is this.
    Like(&'static str),
}

/// Package manager and names of the engine's package, the first that exists counts.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Packages {
    Apt(&'static [&'static str]),
    /// dnf, or yum where there is none.
    Dnf(&'static [&'static str]),
    Pacman(&'static [&'static str]),
    Zypper(&'static [&'static str]),
}

/// How `/etc/hosts` gets the host's name.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum HostsFile {
    /// A line for `127.0.1.1`, unless some line has the name already.
    IfMissing,
    /// A line for `127.0.1.1` in any case.
    Always,
}

/// What starts the engine.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Service {
    Systemd,
    /// Known, but nothing that we drive.
    Unsupported,
}

const fn row(name: &'static str, rule: Rule, packages: Packages) -> Distribution {
    Distribution {
        name,
        rule,
        packages,
        announces_install: false,
        hosts_file: HostsFile::IfMissing,
        service: Service::Systemd,
    }
}

const fn red_hat(name: &'static str, ids: &'static [&'static str]) -> Distribution {
    let packages = Packages::Dnf(&["docker-ce", "moby-engine", "docker-engine"]);
    let hosts_file = HostsFile::Always;
    Distribution { hosts_file, ..row(name, Rule::Id(ids), packages) }
}

const UBUNTU: Distribution = Distribution {
    announces_install: true,
    ..row("ubuntu(systemd)", Rule::Id(&["ubuntu"]), Packages::Apt(&["docker.io"]))
};

/// The first row that fits counts.
///
/// On the Red Hat family `docker` is another program (Podman's), so the names tried are those of
/// engines: Docker's own where its repository is set up, Fedora's, Oracle's.
static DISTRIBUTIONS: &[Distribution] = &[
    Distribution {
        service: Service::Unsupported,
        rule: Rule::Before("ubuntu", (15, 4)),
        name: "ubuntu(upstart)",
        ..UBUNTU
    },
    UBUNTU,
    row("debian", Rule::Id(&["debian"]), Packages::Apt(&["docker.io"])),
    red_hat("redhat", &["rhel"]),
    red_hat("centos", &["centos"]),
    red_hat("fedora", &["fedora"]),
    red_hat("ol", &["ol"]),
    red_hat("rocky", &["rocky"]),
    red_hat("almalinux", &["almalinux"]),
    Distribution { packages: Packages::Dnf(&["docker"]), ..red_hat("amzn", &["amzn"]) },
    row("arch", Rule::IdOrLike("arch"), Packages::Pacman(&["docker"])),
    row("SUSE", Rule::Like("suse"), Packages::Zypper(&["docker"])),
    // Derivatives, by what they say they are like.
    Distribution { rule: Rule::Like("ubuntu"), ..UBUNTU },
    row("debian", Rule::Like("debian"), Packages::Apt(&["docker.io"])),
    Distribution { rule: Rule::Like("fedora"), ..red_hat("fedora", &[]) },
    Distribution { rule: Rule::Like("rhel"), ..red_hat("redhat", &[]) },
];

impl Distribution {
    /// Recognises a host by its os-release file.
    pub(crate) fn of(os: &OsRelease) -> Result<&'static Self, ProvisionError> {
        DISTRIBUTIONS.iter().find(|row| row.rule.fits(os)).ok_or(ProvisionError::UnknownSystem)
    }
}

impl Rule {
    fn fits(&self, os: &OsRelease) -> bool {
        let (id, like) = (os.get("ID"), os.get("ID_LIKE"));
        match self {
            Self::Id(ids) => ids.contains(&id),
            Self::Before(name, version) => id == *name && os.version() < *version,
            Self::IdOrLike(name) => id == *name || like == *name,
            Self::Like(name) => like.split_ascii_whitespace().any(|word| word == *name),
        }
    }
}

/// An os-release file.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct OsRelease(BTreeMap<String, String>);

impl OsRelease {
    /// Reads shell assignments, one a line; what is none is passed over.
    pub(crate) fn parse(text: &str) -> Self {
        let mut values = BTreeMap::new();
        for line in text.lines() {
            let Some((key, value)) = line.trim().split_once('=') else { continue };
            let name = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
            if !key.is_empty() && key.chars().all(name) && value.len() <= VALUE {
                values.insert(key.to_owned(), unquote(value));
            }
        }
        Self(values)
    }

    fn get(&self, key: &str) -> &str {
        self.0.get(key).map_or("", String::as_str)
    }

    fn version(&self) -> (u32, u32) {
        let mut parts = self.get("VERSION_ID").split('.').map(|p| p.parse().unwrap_or(0));
        (parts.next().unwrap_or(0), parts.next().unwrap_or(0))
    }
}

fn unquote(value: &str) -> String {
    for quote in ['"', '\''] {
        if let Some(inner) = value.strip_prefix(quote).and_then(|v| v.strip_suffix(quote)) {
            if quote == '\'' {
                return inner.to_owned();
            }
            let mut escaped = false;
            return inner
                .chars()
                .filter(|c| {
                    escaped = *c == '\\' && !escaped;
                    !escaped
                })
                .collect();
        }
    }
    value.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn name(os: &str) -> Option<&'static str> {
        Distribution::of(&OsRelease::parse(os)).ok().map(|d| d.name)
    }

    #[test]
    fn distributions_have_docker_machines_names() {
        for (os, expected) in [
            ("ID=ubuntu\nVERSION_ID=\"24.04\"\nID_LIKE=debian", "ubuntu(systemd)"),
            ("ID=ubuntu\nVERSION_ID=\"15.04\"", "ubuntu(systemd)"),
            ("ID=ubuntu\nVERSION_ID=\"14.10\"", "ubuntu(upstart)"),
            ("PRETTY_NAME=\"Debian = GNU\"\nID=debian", "debian"),
            ("ID=\"rhel\"\nID_LIKE=\"fedora\"", "redhat"),
            ("ID=centos\nID_LIKE='rhel fedora'", "centos"),
            ("ID=fedora", "fedora"),
            ("ID=\"ol\"\nID_LIKE=fedora", "ol"),
            ("ID=rocky\nID_LIKE=\"rhel centos fedora\"", "rocky"),
            ("ID=almalinux\nID_LIKE=\"rhel centos fedora\"", "almalinux"),
            ("ID=\"amzn\"\nID_LIKE=\"fedora\"", "amzn"),
            ("ID=arch", "arch"),
            ("ID=archarm\nID_LIKE=arch", "arch"),
            ("ID=opensuse-leap\nID_LIKE=\"suse opensuse\"", "SUSE"),
            ("ID=sles\nID_LIKE=\"suse\"", "SUSE"),
            ("ID=linuxmint\nID_LIKE=\"ubuntu debian\"", "ubuntu(systemd)"),
            ("ID=raspbian\nID_LIKE=debian", "debian"),
            ("ID=scientific\nID_LIKE=\"rhel\"", "redhat"),
        ] {
            assert_eq!(name(os), Some(expected), "{os}");
        }
    }

    #[test]
    fn what_is_not_known_has_docker_machines_text() {
        for os in ["", "ID=plan9", "ID", "id=debian"] {
            let error = Distribution::of(&OsRelease::parse(os)).unwrap_err();
            assert_eq!(error.to_string(), "OS type not recognized", "{os}");
        }
    }

    #[test]
    fn values_are_read_as_a_shell_would() {
        let os = OsRelease::parse("ID=\"a \\\"b\\\" \\\\\"\nVERSION='x\\y'\nHOME_URL=a=b\nk=v\n");
        assert_eq!(os.get("ID"), "a \"b\" \\");
        assert_eq!(os.get("VERSION"), "x\\y");
        assert_eq!(os.get("HOME_URL"), "a=b");
        assert_eq!(os.0.len(), 3);
    }

    proptest! {
        #[test]
        fn any_text_is_survived(text: String) {
            let _ = Distribution::of(&OsRelease::parse(&text));
        }
    }
}
