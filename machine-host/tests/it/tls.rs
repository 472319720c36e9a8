use crate::support::{assert_success, mode, skip, snapshot};
use machine_core::ErrorKind;
use machine_host::{
    AuthPaths, ClientConfigs, Progress, ServerPair, bootstrap, certificate_expiry, client_config,
    copy_client_files, issue_server,
};
use std::cell::RefCell;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, SystemTime};

fn boot(paths: &AuthPaths, folder: &Path) -> (machine_core::Result<()>, Vec<Progress>) {
    let notes = RefCell::new(Vec::new());
    let done = bootstrap(paths, folder, "tester", &|note| notes.borrow_mut().push(note));
    (done, notes.into_inner())
}

/// A folder with an authority and a client.
fn ready() -> (tempfile::TempDir, AuthPaths) {
    let dir = tempfile::tempdir().unwrap();
    let paths = AuthPaths::in_folder(dir.path());
    boot(&paths, dir.path()).0.unwrap();
    (dir, paths)
}

fn server(paths: &AuthPaths, names: &[&str]) -> ServerPair {
    let names: Vec<_> = names.iter().map(|name| (*name).to_owned()).collect();
    issue_server(paths, "tester.foo", &names, false).unwrap()
}

/// What openssl says in `folder`; none, and a skip, without openssl.
fn openssl(folder: &Path, arguments: &[&str]) -> Option<String> {
    let output = match Command::new("openssl").args(arguments).current_dir(folder).output() {
        Ok(output) => output,
        Err(e) => {
            skip(&format!("openssl: {e}"));
            return None;
        }
    };
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let problem = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "openssl {arguments:?}: {text}{problem}");
    Some(text)
}

/// A self-signed certificate that has ended.
fn expired(certificate: &Path, key: &Path) {
    let pair = rcgen::KeyPair::generate().unwrap();
    let mut params = rcgen::CertificateParams::default();
    params.not_after = rcgen::date_time_ymd(2001, 1, 1);
    fs::write(certificate, params.self_signed(&pair).unwrap().pem()).unwrap();
    fs::write(key, pair.serialize_pem()).unwrap();
}

#[test]
fn both_pairs_are_made_once() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("store/certs");
    let paths = AuthPaths::in_folder(&folder);
    let (done, notes) = boot(&paths, &folder);
    done.unwrap();
    let creating = [
        Progress::CreatingAuthority { path: folder.join("ca.pem") },
        Progress::CreatingClientCertificate { path: folder.join("cert.pem") },
    ];
    assert_eq!(notes, creating);
    for (name, want) in [("", 0o700), ("ca-key.pem", 0o600), ("key.pem", 0o600)] {
        assert_eq!(mode(&folder.join(name)).unwrap_or(want), want, "{name}");
    }
    let before = snapshot(dir.path());
    assert_eq!(before.len(), 6, "{before:?}");
    let (done, notes) = boot(&paths, &folder);
    done.unwrap();
    assert_eq!(notes, []);
    assert_eq!(snapshot(dir.path()), before);
    let left =
        certificate_expiry(&paths.ca_cert).unwrap().duration_since(SystemTime::now()).unwrap();
    assert_eq!(left.as_secs().div_ceil(24 * 60 * 60), 1080);
}

#[test]
fn certificates_look_as_those_of_docker_machine() {
    let (dir, paths) = ready();
    let pair = server(&paths, &["1.2.3.4", "a.example", "::1", "localhost", "localhost"]);
    pair.write(&dir.path().join("server.pem"), &dir.path().join("server-key.pem")).unwrap();
    let both = issue_server(&paths, "tester.master", &["h".to_owned()], true).unwrap();
    fs::write(dir.path().join("both.pem"), both.cert_pem).unwrap();
    let text = |name: &str| {
        let lines = openssl(dir.path(), &["x509", "-in", name, "-noout", "-text"])?;
        // Its versions differ in blanks and quotes.
        let plain = lines.replace(" = ", "=").replace('"', "");
        Some(plain.lines().map(str::trim).collect::<Vec<_>>().join("\n"))
    };
    for (name, subject, wanted, unwanted) in [
        (
            "ca.pem",
            "Subject: O=tester\n",
            "Basic Constraints: critical\nCA:TRUE|Key Usage: critical\nDigital Signature, Key Encipherment, Key Agreement, Certificate Sign\n",
            "Extended Key Usage",
        ),
        (
            "cert.pem",
            "Subject: O=tester.<bootstrap>\n",
            "Basic Constraints: critical\nCA:FALSE|Key Usage: critical\nDigital Signature\n|Extended Key Usage:\nTLS Web Client Authentication\n",
            "Alternative Name",
        ),
        (
            "server.pem",
            "Subject: O=tester.foo\n",
            "Basic Constraints: critical\nCA:FALSE|Key Usage: critical\nDigital Signature, Key Encipherment, Key Agreement\n|Extended Key Usage:\nTLS Web Server Authentication\n|Alternative Name:\nIP Address:1.2.3.4, DNS:a.example, IP Address:0:0:0:0:0:0:0:1, DNS:localhost\n",
            "Client Authentication",
        ),
        (
            "both.pem",
            "Subject: O=tester.master\n",
            "Extended Key Usage:\nTLS Web Client Authentication, TLS Web Server Authentication\n",
            "CA:TRUE",
        ),
    ] {
        let Some(text) = text(name) else { return };
        assert!(text.contains(subject), "{name}: {text}");
        for want in wanted.split('|') {
            assert!(text.contains(want), "{name} lacks {want}: {text}");
        }
        assert!(!text.contains(unwanted), "{name}: {text}");
        for want in [
            "Version: 3 (0x2)",
            "Issuer: O=tester\n",
            "Signature Algorithm: ecdsa-with-SHA256",
            "ASN1 OID: prime256v1",
            "Authority Key Identifier",
        ] {
            let self_signed = name == "ca.pem" && want.starts_with("Authority");
            assert!(self_signed || text.contains(want), "{name} lacks {want}: {text}");
        }
        let start = text.lines().find_map(|line| line.strip_prefix("Not Before: ")).unwrap();
        assert!(start.contains(":00 "), "{start}");
        let serial = text.split("Serial Number:\n").nth(1).unwrap().lines().next().unwrap();
        assert!((14..=17).contains(&serial.split(':').count()), "{serial}");
    }
}

#[test]
fn openssl_accepts_the_chain() {
    let (dir, paths) = ready();
    let pair = server(&paths, &["1.2.3.4", "a.example", "localhost"]);
    pair.write(&dir.path().join("server.pem"), &dir.path().join("server-key.pem")).unwrap();
    verify(dir.path());
}

fn verify(folder: &Path) {
    let base = ["verify", "-x509_strict", "-CAfile", "ca.pem", "-purpose"];
    let strict = |more: &[&str]| openssl(folder, &[&base[..], more].concat());
    strict(&["sslserver", "-verify_ip", "1.2.3.4", "server.pem"]);
    strict(&["sslserver", "-verify_hostname", "a.example", "server.pem"]);
    strict(&["sslclient", "cert.pem"]);
}

/// Authorities of all kinds: Docker Machine's own, and what `--tls-ca-cert` may name.
#[test]
fn authorities_that_others_made_are_used() {
    let key = "ca-key.pem";
    let rsa = ["genrsa", "-traditional", "-out", key, "2048"];
    let pkcs8 = ["genpkey", "-algorithm", "RSA", "-out", key];
    let sec1 = ["ecparam", "-name", "secp384r1", "-genkey", "-out", key]; // two PEM blocks
    let cases: [(&[&str], &str); 4] = [
        (&rsa, "/O=tester"),
        (&pkcs8, "/DC=org/DC=example/OU=one/OU=two+CN=x/O=Ünï"),
        (&sec1, "/CN=corporate CA"),
        (&rsa, &format!("/O={}", "long ".repeat(12).trim())),
    ];
    for (make, subject) in cases {
        let dir = tempfile::tempdir().unwrap();
        let paths = AuthPaths::in_folder(dir.path());
        if openssl(dir.path(), make).is_none() {
            return;
        }
        let usage = "keyUsage=critical,digitalSignature,keyEncipherment,keyAgreement,keyCertSign";
        let request = [
            "req",
            "-x509",
            "-new",
            "-utf8",
            "-multivalue-rdn",
            "-key",
            key,
            "-days",
            "30",
            "-out",
            "ca.pem",
        ];
        let request = [&request[..], &["-subj", subject, "-addext", usage]].concat();
        openssl(dir.path(), &request);
        let (done, notes) = boot(&paths, dir.path());
        done.unwrap();
        assert_eq!(notes.len(), 1, "only the client is made");
        let pair = server(&paths, &["1.2.3.4", "a.example"]);
        pair.write(&dir.path().join("server.pem"), &dir.path().join("server-key.pem")).unwrap();
        verify(dir.path());
        client_config(&paths.ca_cert, &paths.client_cert, &paths.client_key).unwrap();
    }
}

#[test]
fn an_authority_without_key_ids_is_used() {
    let dir = tempfile::tempdir().unwrap();
    let paths = AuthPaths::in_folder(dir.path());
    let key = rcgen::KeyPair::generate().unwrap();
    let mut params = rcgen::CertificateParams::default();
    params.is_ca = rcgen::IsCa::NoCa; // no extension at all
    fs::write(&paths.ca_cert, params.self_signed(&key).unwrap().pem()).unwrap();
    fs::write(&paths.ca_key, key.serialize_pem()).unwrap();
    let pair = server(&paths, &["h"]);
    fs::write(dir.path().join("server.pem"), pair.cert_pem).unwrap();
    if let Some(text) = openssl(dir.path(), &["x509", "-in", "server.pem", "-noout", "-text"]) {
        assert!(!text.contains("Authority Key Identifier"), "{text}");
    }
}

#[test]
fn what_has_expired_is_made_anew() {
    let (dir, paths) = ready();
    expired(&paths.client_cert, &paths.client_key);
    let (ca, old_key) = (fs::read(&paths.ca_cert).unwrap(), fs::read(&paths.client_key).unwrap());
    let (done, notes) = boot(&paths, dir.path());
    done.unwrap();
    let client = Progress::CreatingClientCertificate { path: paths.client_cert.clone() };
    assert_eq!(notes, [Progress::ClientCertificateOutdated, client]);
    assert_eq!(fs::read(&paths.ca_cert).unwrap(), ca);
    assert_ne!(fs::read(&paths.client_key).unwrap(), old_key);

    expired(&paths.ca_cert, &paths.ca_key);
    let client = fs::read(&paths.client_cert).unwrap();
    let (done, notes) = boot(&paths, dir.path());
    done.unwrap();
    let authority = Progress::CreatingAuthority { path: paths.ca_cert.clone() };
    assert_eq!(notes, [Progress::AuthorityOutdated, authority]);
    assert!(certificate_expiry(&paths.ca_cert).unwrap() > SystemTime::now());
    assert_eq!(fs::read(&paths.client_cert).unwrap(), client, "others are left as they are");
    assert_eq!(mode(&paths.ca_key).unwrap_or(0o600), 0o600);
}

#[test]
fn a_key_without_its_certificate_is_never_overwritten() {
    let (dir, paths) = ready();
    for (certificate, want) in [
        (&paths.client_cert, "client key already exists"),
        (&paths.ca_cert, "certificate authority key already exists"),
    ] {
        let text = fs::read(certificate).unwrap();
        fs::remove_file(certificate).unwrap();
        let before = snapshot(dir.path());
        let (done, notes) = boot(&paths, dir.path());
        let error = done.unwrap_err();
        assert_eq!((error.kind(), error.to_string()), (ErrorKind::Conflict, want.to_owned()));
        assert_eq!(notes.len(), 1);
        assert_eq!(snapshot(dir.path()), before);
        fs::write(certificate, text).unwrap();
    }
}

/// Between the key and the certificate.
#[test]
fn a_kill_in_the_middle_is_made_good() {
    for name in ["ca.pem", "cert.pem"] {
        let (dir, paths) = ready();
        let draft = dir.path().join(format!(".{name}.new"));
        fs::rename(dir.path().join(name), &draft).unwrap();
        boot(&paths, dir.path()).0.unwrap();
        assert!(!draft.exists());
        let pair = server(&paths, &["1.2.3.4", "a.example"]);
        pair.write(&dir.path().join("server.pem"), &dir.path().join("server-key.pem")).unwrap();
        verify(dir.path());
        // Before the key: then all is made anew.
        fs::rename(&paths.client_cert, dir.path().join(".cert.pem.new")).unwrap();
        fs::remove_file(&paths.client_key).unwrap();
        boot(&paths, dir.path()).0.unwrap();
        verify(dir.path());
        // A draft that belongs to another key is no help.
        fs::rename(&paths.client_cert, dir.path().join(".cert.pem.new")).unwrap();
        fs::copy(&paths.ca_key, &paths.client_key).unwrap();
        assert_eq!(boot(&paths, dir.path()).0.unwrap_err().kind(), ErrorKind::Conflict);
    }
}

#[test]
fn failures_have_the_words_of_docker_machine() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("certs");
    let shown = dir.path().display();
    fs::write(&folder, "x").unwrap();
    let mut paths = AuthPaths::in_folder(&folder);
    let (done, notes) = boot(&paths, &folder);
    assert_eq!(
        done.unwrap_err().to_string(),
        format!("open {shown}/certs/ca.pem: not a directory")
    );
    assert_eq!(notes, []);
    fs::remove_file(&folder).unwrap();
    paths.ca_cert = dir.path().join("no/x.pem");
    paths.ca_key = dir.path().join("no/xk.pem");
    let want = format!(
        "generating CA certificate failed: open {shown}/no/x.pem: no such file or directory"
    );
    assert_eq!(boot(&paths, &folder).0.unwrap_err().to_string(), want);
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 0);
    assert!(!dir.path().join("no").exists());

    let (dir, paths) = ready();
    fs::remove_file(&paths.ca_key).unwrap();
    fs::remove_file(&paths.client_cert).unwrap();
    fs::remove_file(&paths.client_key).unwrap();
    let want = format!(
        "failure generating client certificate: open {}: no such file or directory",
        paths.ca_key.display()
    );
    assert_eq!(boot(&paths, dir.path()).0.unwrap_err().to_string(), want);
}

#[test]
fn files_that_are_no_certificates_are_named() {
    let (dir, paths) = ready();
    let good = fs::read_to_string(&paths.ca_cert).unwrap();
    let binary = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    for bad in ["", "x", binary, "-----BEGIN CERTIFICATE-----\n", &good[..good.len() / 2]] {
        fs::write(&paths.ca_cert, bad).unwrap();
        for error in [
            boot(&paths, dir.path()).0.unwrap_err(),
            issue_server(&paths, "o", &[], false).unwrap_err(),
            client_config(&paths.ca_cert, &paths.client_cert, &paths.client_key).unwrap_err(),
        ] {
            assert_eq!(error.kind(), ErrorKind::InvalidOption);
            assert!(error.to_string().contains("ca.pem"), "{error}");
        }
    }
    fs::write(&paths.ca_cert, good).unwrap();
    fs::copy(&paths.client_key, &paths.ca_key).unwrap();
    let error = issue_server(&paths, "o", &[], false).unwrap_err();
    assert!(error.to_string().contains("ca-key.pem is not the key of "), "{error}");
    fs::write(&paths.ca_key, "x").unwrap();
    assert!(issue_server(&paths, "o", &[], false).unwrap_err().to_string().contains("ca-key.pem"));
    let error = client_config(&paths.ca_cert, &paths.client_cert, &paths.ca_key).unwrap_err();
    assert!(error.to_string().contains("ca-key.pem"), "{error}");
}

#[test]
fn names_that_cannot_stand_in_a_certificate_are_refused() {
    let (_dir, paths) = ready();
    let error = issue_server(&paths, "o", &["bücher.example".to_owned()], false).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidOption);
    assert!(error.to_string().contains("bücher"), "{error}");
    server(&paths, &["", " h ", "fe80::1%eth0", "a_b", "*.example"]);
}

#[test]
fn secrets_are_not_shown() {
    let (_dir, paths) = ready();
    let pair = server(&paths, &["h"]);
    assert!(pair.key_pem.expose().starts_with("-----BEGIN PRIVATE KEY-----"));
    assert!(!format!("{pair:?}").contains("PRIVATE"));
}

#[test]
fn a_server_pair_is_kept_while_it_serves() {
    let (folder, paths) = ready();
    let (certificate, key) = (folder.path().join("s.pem"), folder.path().join("s-key.pem"));
    let names = |names: &[&str]| names.iter().map(|n| (*n).to_owned()).collect::<Vec<_>>();
    let stored = |authority: &Path, list: &[&str]| {
        ServerPair::stored(authority, &certificate, &key, &names(list)).is_some()
    };
    assert!(!stored(&paths.ca_cert, &["10.0.0.1"]), "there is none yet");
    server(&paths, &["10.0.0.1", "localhost"]).write(&certificate, &key).unwrap();
    assert!(stored(&paths.ca_cert, &["10.0.0.1", "", "localhost"]));
    assert!(!stored(&paths.ca_cert, &["10.0.0.2", "localhost"]), "another address");
    let (_other, others) = ready();
    assert!(!stored(&others.ca_cert, &["10.0.0.1"]), "another authority");
    let stranger = server(&paths, &["10.0.0.1"]);
    std::fs::write(&key, stranger.key_pem.expose()).unwrap();
    assert!(!stored(&paths.ca_cert, &["10.0.0.1"]), "another certificate's key");
    std::fs::write(&key, "no key").unwrap();
    assert!(!stored(&paths.ca_cert, &["10.0.0.1"]));
}

#[test]
fn client_files_are_copied_with_their_modes() {
    let (dir, paths) = ready();
    let machine = tempfile::tempdir_in(dir.path()).unwrap();
    copy_client_files(&paths, machine.path()).unwrap();
    for (from, name) in [
        (&paths.ca_cert, "ca.pem"),
        (&paths.client_cert, "cert.pem"),
        (&paths.client_key, "key.pem"),
    ] {
        let to = machine.path().join(name);
        assert_eq!((fs::read(&to).unwrap(), mode(&to)), (fs::read(from).unwrap(), mode(from)));
    }
    let before = snapshot(machine.path());
    copy_client_files(&paths, machine.path()).unwrap();
    assert_eq!(snapshot(machine.path()), before);
    for (name, given, want) in [("cert.pem", 0o600, 0o600), ("key.pem", 0o644, 0o600)] {
        crate::platform::set_mode(&dir.path().join(name), given);
        fs::remove_file(machine.path().join(name)).unwrap();
        copy_client_files(&paths, machine.path()).unwrap();
        assert_eq!(mode(&machine.path().join(name)).unwrap_or(want), want, "{name}");
    }
    fs::remove_file(&paths.client_key).unwrap();
    let error = copy_client_files(&paths, machine.path()).unwrap_err();
    assert!(error.to_string().contains("key.pem: no such file"), "{error}");
}

#[test]
fn configurations_are_read_once() {
    let (_dir, paths) = ready();
    let configs = ClientConfigs::default();
    let first = configs.get(&paths).unwrap();
    fs::remove_file(&paths.client_key).unwrap();
    assert!(std::sync::Arc::ptr_eq(&first, &configs.get(&paths).unwrap()));
    configs.clear();
    assert!(configs.get(&paths).is_err());
}

#[test]
#[ignore = "a child of the next test"]
fn under_watch() {
    let root = PathBuf::from(std::env::var_os("CHILD").unwrap());
    let seen = std::thread::scope(|scope| {
        let work = scope.spawn(|| {
            for n in 0..40 {
                let folder = root.join(n.to_string());
                let paths = AuthPaths::in_folder(&folder);
                boot(&paths, &folder).0.unwrap();
                let (certificate, key) = (folder.join("server.pem"), folder.join("server-key.pem"));
                server(&paths, &["h"]).write(&certificate, &key).unwrap();
                machine_host::generate_ssh_key(&folder.join("id_key")).unwrap();
            }
        });
        let mut seen = 0;
        while !work.is_finished() {
            for folder in fs::read_dir(&root).unwrap().flatten() {
                for file in fs::read_dir(folder.path()).unwrap().flatten() {
                    let name = file.file_name().to_string_lossy().into_owned();
                    if let Ok(metadata) = file.metadata()
                        && name.contains("key")
                    {
                        seen += 1;
                        let mode = crate::platform::mode_of(&metadata).unwrap_or(0o600);
                        assert_eq!(mode & 0o077, 0, "{name} has mode {mode:o}");
                    }
                }
            }
        }
        work.join().unwrap();
        seen
    });
    assert!(seen > 0);
}

/// Not even for a moment, and whatever the umask.
#[test]
fn keys_are_nobody_elses_from_their_first_byte() {
    let dir = tempfile::tempdir().unwrap();
    let child = crate::support::child("tls::under_watch", dir.path().to_str().unwrap());
    let mut command = Command::new("sh");
    command.args(["-c", "umask 0; exec \"$@\"", "sh"]).arg(child.get_program());
    command.args(child.get_args()).env("CHILD", dir.path());
    match command.output() {
        Ok(output) => assert_success(&output),
        Err(e) => skip(&format!("sh: {e}")),
    }
}

#[test]
fn expiry_is_that_of_the_file() {
    let (dir, paths) = ready();
    expired(&paths.client_cert, &paths.client_key);
    let end = certificate_expiry(&paths.client_cert).unwrap();
    assert_eq!(end, SystemTime::UNIX_EPOCH + Duration::from_secs(978_307_200));
    assert!(certificate_expiry(dir.path()).unwrap_err().to_string().ends_with("is a directory"));
}
