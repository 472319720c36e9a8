//! Drivers that are installed, and folders that cannot be.
use crate::peer::{Peer, write_program};
use machine_core::Error;
use machine_plugin::{Driver, DriverSearch, InstalledDrivers};
use std::fs;
use std::path::{Path, PathBuf};

struct Home {
    peer: Peer,
}

impl Home {
    fn new(mode: &str) -> Option<Self> {
        Some(Self { peer: Peer::new(mode)? })
    }

    fn root(&self) -> PathBuf {
        self.peer.folder().join("drivers")
    }

    fn installed(&self) -> InstalledDrivers {
        InstalledDrivers::new(self.root())
    }

    /// A driver's folder in which all is well.
    fn folder(&self, name: &str, version: &str) -> PathBuf {
        let folder = self.peer.folder().join(format!("of-{version}")).join(name);
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("version.txt"), format!("{version}\n")).unwrap();
        fs::write(folder.join("config.yml"), format!("name: {name}\ndriver: {name}\n")).unwrap();
        let script = fs::read_to_string(self.peer.driver().path()).unwrap();
        write_program(&folder.join(format!("docker-machine-driver-{name}")), &script).unwrap();
        folder
    }

    async fn refused(&self, from: &Path) -> String {
        let error = self.installed().install(from).await.unwrap_err();
        assert!(self.installed().list().unwrap().is_empty());
        assert!(self.peer.living().is_empty());
        text(&error).replace(&*self.peer.folder().to_string_lossy(), "@")
    }
}

fn text(error: &Error) -> String {
    let causes = std::iter::successors(Some(error as &dyn std::error::Error), |e| e.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

#[tokio::test]
async fn a_folder_is_installed_found_first_replaced_and_removed() {
    let Some(home) = Home::new("") else { return };
    let drivers = home.installed();
    assert!(drivers.list().unwrap().is_empty());
    let done = drivers.install(&home.folder("peer", "1.2.3")).await.unwrap();
    assert_eq!((done.name.as_str(), done.version.as_deref()), ("peer", Some("1.2.3")));

    let on_path = DriverSearch::new().with_path(home.peer.folder());
    assert_eq!(on_path.find("peer").unwrap(), home.peer.driver());
    let search = on_path.with_installed(home.installed());
    assert_eq!(search.find("peer").unwrap(), Driver::new("peer", &done.path));

    drivers.install(&home.folder("peer", "2.0.0-rc.1+x")).await.unwrap();
    let all = drivers.list().unwrap();
    let [(name, Ok(installed))] = &all[..] else { panic!("{all:?}") };
    assert_eq!((name.as_str(), installed.version.as_deref()), ("peer", Some("2.0.0-rc.1+x")));
    assert_eq!(fs::read_dir(home.root()).unwrap().count(), 1);

    drivers.remove("peer").unwrap();
    assert_eq!(fs::read_dir(home.root()).unwrap().count(), 0);
    assert_eq!(search.find("peer").unwrap(), home.peer.driver());
    for name in ["peer", "", "..", "a/b"] {
        assert_eq!(
            text(&drivers.remove(name).unwrap_err()),
            format!("Driver {name:?} is not installed")
        );
    }
    assert!(home.peer.living().is_empty());
}

#[tokio::test]
async fn a_program_alone_is_installed_without_a_version() {
    let Some(home) = Home::new("") else { return };
    let done = home.installed().install(home.peer.driver().path()).await.unwrap();
    assert_eq!((done.name.as_str(), done.version), ("peer", None));
    let all = home.installed().list().unwrap();
    let [(_, Ok(installed))] = &all[..] else { panic!("{all:?}") };
    assert_eq!(installed.version, None);
    assert_eq!(home.installed().find("peer").unwrap().path(), done.path);
}

#[tokio::test]
async fn what_is_not_in_order_is_named() {
    let Some(home) = Home::new("") else { return };
    let folder = home.folder("peer", "1.0.0");
    let config = "@/of-1.0.0/peer/config.yml";
    let exactly = format!("{config} must be exactly \"name: peer\" and \"driver: peer\": ");
    for (yaml, said) in [
        ("name: peer\n", format!("{exactly}error: line 1 column 1: missing field `driver`")),
        (
            "name: peer\ndriver: other\n",
            format!("{config}: `driver` is \"other\", but the folder is called \"peer\""),
        ),
        (
            "name: other\ndriver: peer\n",
            format!("{config}: `name` is \"other\", but the folder is called \"peer\""),
        ),
        ("name: peer\ndriver: peer\nicon: x\n", exactly.clone()),
        ("name: [peer]\ndriver: peer\n", exactly.clone()),
        ("name: peer\nname: peer\ndriver: peer\n", exactly.clone()),
        ("peer", exactly.clone()),
        ("", exactly.clone()),
        ("name: \"peer\ndriver: peer", exactly.clone()),
    ] {
        fs::write(folder.join("config.yml"), yaml).unwrap();
        let found = home.refused(&folder).await;
        assert!(found.starts_with(&said) && !found.contains('\n'), "{yaml:?}: {found}");
    }
    fs::remove_file(folder.join("config.yml")).unwrap();
    let missing = format!("{config} is missing: it must hold \"name: peer\" and \"driver: peer\"");
    assert_eq!(home.refused(&folder).await, missing);
    fs::write(folder.join("config.yml"), "# of ours\nname: 'peer'\ndriver: \"peer\"\n").unwrap();

    let version = "@/of-1.0.0/peer/version.txt";
    for bad in ["", "1.2", "v1.2.3", "1.2.3.4", "01.2.3", "latest"] {
        fs::write(folder.join("version.txt"), bad).unwrap();
        let found = home.refused(&folder).await;
        let said = format!("{version}: {bad:?} is not a semantic version such as 1.2.3: ");
        assert!(found.starts_with(&said), "{found}");
    }
    fs::write(folder.join("version.txt"), b"1.2.3\xff").unwrap();
    assert!(home.refused(&folder).await.starts_with(&format!("{version} cannot be read: ")));
    fs::remove_file(folder.join("version.txt")).unwrap();
    let missing = format!("{version} is missing: it must hold the driver's version, such as 1.2.3");
    assert_eq!(home.refused(&folder).await, missing);
    fs::write(folder.join("version.txt"), "1.2.3").unwrap();

    let program = folder.join("docker-machine-driver-peer");
    fs::remove_file(&program).unwrap();
    let missing = "the driver itself is missing: @/of-1.0.0/peer/docker-machine-driver-peer is no \
                   program; build it, or copy it there";
    assert_eq!(home.refused(&folder).await, missing);
    fs::write(&program, "").unwrap();
    assert_eq!(home.refused(&folder).await, missing);
    fs::remove_file(&program).unwrap();
    write_program(&program, "#!/bin/sh\nexit 3\n").unwrap();
    let found = home.refused(&folder).await;
    let said = "@/of-1.0.0/peer/docker-machine-driver-peer does not answer as a driver: ";
    assert!(found.starts_with(said) && found.ends_with("(exit status: 3)"), "{found}");
}

#[tokio::test]
async fn what_is_no_driver_at_all_is_told() {
    let Some(home) = Home::new("") else { return };
    let root = home.peer.folder();
    fs::write(root.join("hetzner"), "").unwrap();
    fs::write(root.join("docker-machine-driver-text"), "").unwrap();
    fs::create_dir(root.join("not a name")).unwrap();
    let shape = "a driver is a folder of its name or a program docker-machine-driver-NAME";
    for (file, said) in [
        ("nosuch", format!("@/nosuch: {shape}")),
        ("hetzner", format!("@/hetzner: {shape}")),
        ("docker-machine-driver-text", "the driver itself is missing: @/docker-machine-driver-text is no program; build it, or copy it there".to_owned()),
        ("not a name", "@/not a name: a driver cannot have this name; letters, digits, '-', '_' and '.' are allowed".to_owned()),
    ] {
        assert_eq!(home.refused(&root.join(file)).await, said);
    }
}

#[tokio::test]
async fn another_drivers_name_is_refused() {
    let Some(home) = Home::new("") else { return };
    let found = home.refused(&home.folder("other", "1.0.0")).await;
    let said = "@/of-1.0.0/other/docker-machine-driver-other says that it is driver \"peer\", not \"other\"";
    assert_eq!(found, said);
}

#[tokio::test]
async fn a_crates_folder_may_hold_the_driver_where_it_was_built() {
    let Some(home) = Home::new("") else { return };
    let folder = home.folder("peer", "1.0.0");
    let program = folder.join("docker-machine-driver-peer");
    let built = folder.join("target/release");
    fs::create_dir_all(&built).unwrap();
    fs::rename(&program, built.join("docker-machine-driver-peer")).unwrap();
    assert!(home.refused(&folder).await.starts_with("the driver itself is missing"));
    fs::write(folder.join("Cargo.toml"), "").unwrap();
    home.installed().install(&folder).await.unwrap();
    let files = fs::read_dir(home.root().join("peer")).unwrap();
    let mut files: Vec<_> = files.map(|file| file.unwrap().file_name()).collect();
    files.sort();
    assert_eq!(files, ["config.yml", "docker-machine-driver-peer", "version.txt"]);
}

#[tokio::test]
async fn a_damaged_driver_hurts_only_itself() {
    let Some(home) = Home::new("") else { return };
    home.installed().install(&home.folder("peer", "1.0.0")).await.unwrap();
    fs::create_dir(home.root().join("broken")).unwrap();
    let all = home.installed().list().unwrap();
    let [(first, Err(error)), (second, Ok(_))] = &all[..] else { panic!("{all:?}") };
    assert_eq!((first.as_str(), second.as_str()), ("broken", "peer"));
    assert!(text(error).contains("config.yml is missing"), "{error}");
    assert!(home.installed().find("broken").is_none());
    home.installed().remove("broken").unwrap();
}
