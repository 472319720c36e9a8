use crate::support::mode;
use machine_core::ErrorKind;
use machine_host::generate_ssh_key;
use std::process::Command;

#[test]
fn a_key_is_made_once() {
    let dir = tempfile::tempdir().unwrap();
    let (path, public_path) = (dir.path().join("id_rsa"), dir.path().join("id_rsa.pub"));
    let public = generate_ssh_key(&path).unwrap();
    assert!(public.starts_with("ssh-ed25519 AAAA") && !public.contains('\n'), "{public}");
    let stored = std::fs::read_to_string(&path).unwrap();
    assert!(stored.starts_with("-----BEGIN OPENSSH PRIVATE KEY-----\n") && stored.ends_with('\n'));
    for path in [&path, &public_path] {
        assert_eq!(mode(path).unwrap_or(0o600), 0o600);
    }
    assert_eq!(std::fs::read_to_string(&public_path).unwrap(), format!("{public}\n"));
    std::fs::remove_file(&public_path).unwrap();
    assert_eq!(generate_ssh_key(&path).unwrap(), public);
    assert_eq!(std::fs::read_to_string(&public_path).unwrap(), format!("{public}\n"));
    assert_eq!(std::fs::read_to_string(&path).unwrap(), stored);
    assert_ne!(generate_ssh_key(&dir.path().join("other")).unwrap(), public);
}

#[test]
fn openssh_reads_it() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("id_rsa");
    let public = generate_ssh_key(&path).unwrap();
    match Command::new("ssh-keygen").arg("-y").arg("-f").arg(&path).output() {
        Ok(output) => {
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), public.trim());
        }
        Err(e) => crate::support::skip(&format!("ssh-keygen: {e}")),
    }
}

#[test]
fn a_key_in_another_form_needs_its_public_half() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("id_rsa");
    std::fs::write(&path, "-----BEGIN RSA PRIVATE KEY-----\n").unwrap();
    assert!(generate_ssh_key(&path).unwrap_err().to_string().contains("id_rsa.pub"));
    std::fs::write(dir.path().join("id_rsa.pub"), "\n").unwrap();
    assert_eq!(generate_ssh_key(&path).unwrap_err().kind(), ErrorKind::InvalidOption);
    std::fs::write(dir.path().join("id_rsa.pub"), "ssh-rsa AAAA me\n").unwrap();
    assert_eq!(generate_ssh_key(&path).unwrap(), "ssh-rsa AAAA me");
}

#[test]
fn a_missing_folder_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let error = generate_ssh_key(&dir.path().join("no/id_rsa")).unwrap_err();
    assert!(error.to_string().contains("no/id_rsa: no such file"), "{error}");
}
