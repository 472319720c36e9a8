//! Upgrades of engines on real hosts.
use crate::site::{Site, Wish, wait};
use machine_core::{Error, ErrorKind};
use machine_host::{Progress, RealClock, Upgraded, upgrade};
use machine_testbed::HostKind;
use std::sync::Mutex;

/// Puts a package with a higher version and the same content into the host's source.
const NEWER: &str = "cd /debs && dpkg-deb -R docker.io_amd64.deb x &&
    sed -i 's/^Version: .*/&+newer/' x/DEBIAN/control && dpkg-deb -Znone -b x docker.io_amd64.deb &&
    rm -r x && sed -i '/^Package: docker.io$/,/^$/{
        s/^Version: .*/&+newer/
        s/^Size: .*/Size: '$(stat -c %s docker.io_amd64.deb)'/
        s/^SHA256: .*/SHA256: '$(sha256sum docker.io_amd64.deb | cut -d \" \" -f 1)'/
    }' Packages";

fn run(site: &Site, user: &str) -> (Result<Upgraded, Error>, Vec<Progress>) {
    let heard = Mutex::new(Vec::new());
    let note = |progress: Progress| {
        if !matches!(progress, Progress::Took { .. }) {
            heard.lock().unwrap().push(progress);
        }
    };
    let done = wait(async {
        let mut session = site.open(user).await?;
        let done = upgrade(&mut session, &RealClock::default(), &note).await;
        session.close().await;
        done
    });
    (done, heard.into_inner().unwrap())
}

#[test]
fn the_package_of_the_daemon_is_upgraded_and_the_engine_restarts_once() {
    let Some(site) = Site::of(HostKind::Plain) else { return };
    let error = run(&site, "root").0.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound, "{error}");
    site.provision(&Wish::default()).unwrap();
    site.host.exec(NEWER).unwrap();
    let starts = || site.host.exec("journalctl -b -u docker -o cat | grep -c ^Started").unwrap();
    let (before, files) = (starts(), site.files());
    let (done, heard) = run(&site, "deploy");
    let done = done.unwrap();
    assert_eq!(done.package, "docker.io");
    assert_eq!(done.to, format!("{}+newer", done.from));
    let expected =
        [Progress::DetectingProvisioner, Progress::UpgradingEngine, Progress::RestartingEngine];
    assert_eq!(heard, expected);
    let count = |text: String| text.trim().parse::<u32>().unwrap();
    let before = count(before);
    assert_eq!(count(starts()), before + 1);
    assert_eq!(site.files(), files);
    site.docker(2376, &["version"]).unwrap();

    // Nothing newer: Docker Machine restarts the engine nevertheless.
    let again = run(&site, "root").0.unwrap();
    assert_eq!((&again.from, &again.to), (&done.to, &done.to));
    assert_eq!(count(starts()), before + 2);
    site.docker(2376, &["version"]).unwrap();
}

#[test]
fn what_stands_in_the_way_is_named_and_the_engine_runs_on() {
    let Some(site) = Site::of(HostKind::Docker) else { return };
    let pid = site.engine_pid();
    site.host.write("/etc/apt/sources.list", "deb [trusted=yes] file:/no/such ./\n").unwrap();
    let error = run(&site, "root").0.unwrap_err().to_string();
    assert!(
        error.starts_with("upgrading Docker failed: ") && error.contains("/no/such"),
        "{error}"
    );
    site.host.exec("mkdir -p /usr/local/sbin && cp /usr/sbin/dockerd /usr/local/sbin/").unwrap();
    let error = run(&site, "root").0.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert!(error.to_string().contains("no package owns /usr/local/sbin/dockerd"), "{error}");
    assert_eq!(site.engine_pid(), pid);
}
