//! Root file systems of the hosts, made by mmdebstrap and kept as images of the engine.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use crate::cache::{Cache, hash};
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::platform;
use crate::process::run;

/// What is on a host when it boots.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum HostKind {
    /// Debian 12 with Debian's engine (20.10) installed and running.
    Docker,
    /// Debian 12 without an engine; `apt-get install docker.io` works there, from a source in `/debs`.
    Plain,
    /// Debian 13 with its engine (26.1) installed and running.
    NewDocker,
}

impl HostKind {
    /// Every kind there is.
    pub const ALL: &[Self] = &[Self::Docker, Self::Plain, Self::NewDocker];

    /// Whether an engine runs once the host has booted.
    #[must_use]
    pub fn has_engine(self) -> bool {
        self.recipe().packages.contains(&"docker.io")
    }

    fn recipe(self) -> Recipe {
        match self {
            Self::Docker => Recipe {
                name: "docker",
                suite: "bookworm",
                packages: &["docker.io", "iptables"],
                offline: &[],
            },
            Self::Plain => {
                Recipe { name: "plain", suite: "bookworm", packages: &[], offline: &["docker.io"] }
            }
            Self::NewDocker => Recipe {
                name: "new-docker",
                suite: "trixie",
                packages: &["docker.io", "docker-cli", "iptables"],
                offline: &[],
            },
        }
    }
}

struct Recipe {
    name: &'static str,
    suite: &'static str,
    packages: &'static [&'static str],
    offline: &'static [&'static str],
}

const COMMON: &str =
    "ca-certificates,curl,dbus,iproute2,openssh-server,procps,sudo,systemd-sysv,hostname";
const INIT: &str = include_str!("../image/init");
const CUSTOMIZE: &str = include_str!("../image/customize.sh");

/// The image of this kind; made first where it is missing, which takes half a minute and Debian's packages.
pub(crate) fn ensure(cache: &Cache, engine: &Engine, kind: HostKind) -> Result<String> {
    let recipe = kind.recipe();
    let include = [&[COMMON], recipe.packages].concat().join(",");
    let offline = recipe.offline.join(" ");
    let key = hash([recipe.suite, &include, &offline, INIT, CUSTOMIZE].join("\n").as_bytes());
    let image = format!("machine-testbed:{}-{key:016x}", recipe.name);
    let _making = cache.lock(&format!("image-{}", recipe.name))?;
    if run(engine.docker().args(["image", "inspect", "-f", "ok", &image])).is_ok() {
        return Ok(image);
    }
    let begin = Instant::now();
    say(&format!("making the image `{}`, once", recipe.name));
    let work = cache.root.join(format!("making-{}", recipe.name));
    let _ = fs::remove_dir_all(&work);
    let made = make(engine, &recipe, &include, &offline, &work, &image);
    let _ = fs::remove_dir_all(&work);
    made?;
    say(&format!("made the image `{}` in {} s", recipe.name, begin.elapsed().as_secs()));
    Ok(image)
}

fn make(
    engine: &Engine,
    recipe: &Recipe,
    include: &str,
    offline: &str,
    work: &Path,
    image: &str,
) -> Result<()> {
    fs::create_dir_all(work).map_err(Error::doing("cannot make the image's folder"))?;
    let script = |name: &str, text: &str| -> Result<PathBuf> {
        let path = work.join(name);
        fs::write(&path, text)
            .and_then(|()| platform::set_mode(&path, 0o755))
            .map_err(Error::doing("cannot write the image's scripts"))?;
        Ok(path)
    };
    let (init, customize) = (script("init", INIT)?, script("customize.sh", CUSTOMIZE)?);
    // The archive is whole once mmdebstrap has succeeded; a cut-off pipe into the engine would not be noticed.
    let archive = work.join("root.tar");
    run(Command::new("mmdebstrap")
        .args(["--quiet", "--variant=minbase", "--skip=cleanup/reproducible"])
        .args([r#"--aptopt=Acquire::Check-Valid-Until "false""#])
        .arg(format!("--include={include}"))
        .arg(format!(
            "--customize-hook=sh '{}' \"$1\" '{}' '{offline}'",
            customize.display(),
            init.display()
        ))
        .arg(recipe.suite)
        .arg(&archive)
        .current_dir(work))?;
    run(engine.docker().arg("import").arg(&archive).arg(image))?;
    Ok(())
}

/// A tar of a small root file system around a static busybox, for `docker import`.
pub(crate) fn busybox(cache: &Cache) -> Result<PathBuf> {
    let archive = cache.root.join("busybox.tar");
    let _making = cache.lock("busybox")?;
    if archive.is_file() {
        return Ok(archive);
    }
    let work = cache.root.join("making-busybox");
    let lay_out = "mkdir -p bin tmp && cp /bin/busybox bin/ && cd bin && \
        for name in $(./busybox --list); do [ $name = busybox ] || ln -sf busybox $name; done";
    fs::create_dir_all(&work).map_err(Error::doing("cannot make a folder for busybox"))?;
    run(Command::new("sh").args(["-c", lay_out]).current_dir(&work))?;
    let part = cache.root.join("busybox.tar.part");
    run(Command::new("tar")
        .args(["--owner=0", "--group=0", "-C"])
        .arg(&work)
        .arg("-cf")
        .arg(&part)
        .arg("."))?;
    fs::rename(&part, &archive).map_err(Error::doing("cannot keep the busybox image"))?;
    let _ = fs::remove_dir_all(&work);
    Ok(archive)
}

/// Tells a person who waits. Straight to standard error: the test runner would keep what `eprintln!` prints.
pub(crate) fn say(text: &str) {
    let _ = writeln!(std::io::stderr(), "machine-testbed: {text}");
}
