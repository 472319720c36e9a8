use machine_core::{Error, ErrorKind, Result};
use machine_host::{
    AuthPaths, Endpoint, EngineError, EngineVersion, bootstrap, client_config, issue_server,
};
use rustls::server::WebPkiClientVerifier;
use rustls::{ClientConfig, RootCertStore, ServerConfig, SupportedProtocolVersion, version};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

/// Long enough for a busy computer, where the answer does not come from the clock.
const LONG: Duration = Duration::from_secs(60);
/// Where it does.
const SHORT: Duration = Duration::from_millis(300);

/// An authority with a client.
struct Pki {
    _dir: tempfile::TempDir,
    paths: AuthPaths,
}

impl Pki {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let paths = AuthPaths::in_folder(dir.path());
        bootstrap(&paths, dir.path(), "tester", &|_| ()).unwrap();
        Self { _dir: dir, paths }
    }

    fn client(&self) -> Result<Arc<ClientConfig>> {
        client_config(&self.paths.ca_cert, &self.paths.client_cert, &self.paths.client_key)
    }

    fn roots(&self) -> Arc<RootCertStore> {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_file(&self.paths.ca_cert).unwrap()).unwrap();
        Arc::new(roots)
    }
}

/// A server whose clients need a certificate of `clients`.
fn acceptor(
    certificate: &str,
    key: &str,
    clients: &Pki,
    versions: &[&'static SupportedProtocolVersion],
) -> TlsAcceptor {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let verifier = WebPkiClientVerifier::builder_with_provider(clients.roots(), provider.clone());
    let config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(versions)
        .unwrap()
        .with_client_cert_verifier(verifier.build().unwrap())
        .with_single_cert(
            vec![CertificateDer::from_pem_slice(certificate.as_bytes()).unwrap()],
            PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap(),
        );
    Arc::new(config.unwrap()).into()
}

fn engine(
    pki: &Pki,
    names: &[&str],
    versions: &[&'static SupportedProtocolVersion],
) -> TlsAcceptor {
    let names: Vec<_> = names.iter().map(|name| (*name).to_owned()).collect();
    let pair = issue_server(&pki.paths, "tester.foo", &names, false).unwrap();
    acceptor(&pair.cert_pem, pair.key_pem.expose(), pki, versions)
}

const ANY: &[&SupportedProtocolVersion] = &[&version::TLS12, &version::TLS13];

/// Answers every connection with `answer`, after TLS where there is an acceptor. An empty answer
/// is silence.
async fn serve(tls: Option<TlsAcceptor>, answer: impl Into<Vec<u8>>) -> Endpoint {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let answer = Arc::new(answer.into());
    tokio::spawn(async move {
        loop {
            let (tcp, _) = listener.accept().await.unwrap();
            let (tls, answer) = (tls.clone(), answer.clone());
            tokio::spawn(async move {
                match tls {
                    None => talk(tcp, &answer).await,
                    Some(tls) => {
                        if let Ok(tls) = tls.accept(tcp).await {
                            talk(tls, &answer).await;
                        }
                    }
                }
            });
        }
    });
    Endpoint::new("127.0.0.1", port)
}

async fn talk(mut peer: impl AsyncReadExt + AsyncWriteExt + Unpin, answer: &[u8]) {
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        match peer.read_u8().await {
            Ok(byte) => request.push(byte),
            Err(_) => return,
        }
    }
    if answer.is_empty() {
        std::future::pending::<()>().await;
    }
    let head = String::from_utf8_lossy(&request).to_lowercase();
    assert!(head.starts_with("get /version ") || head.starts_with("get /_ping "), "{head}");
    assert!(head.contains("\r\nhost: "), "{head}");
    let _ = peer.write_all(answer).await;
    let _ = peer.shutdown().await;
}

fn http(status: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
    )
}

fn good() -> String {
    let body = r#"{"Platform":{"Name":""},"Version":"20.10.24","ApiVersion":"1.41","MinAPIVersion":"1.12","Os":"linux"}"#;
    http("200 OK", body)
}

/// The error of both calls, which must be of one kind.
async fn refused(endpoint: &Endpoint, pki: &Pki, limit: Duration) -> EngineError {
    let shaken = endpoint.handshake(|| pki.client(), limit).await.unwrap_err();
    let asked = endpoint.version(|| pki.client(), limit).await.unwrap_err();
    assert_eq!(shaken.is_timeout(), asked.is_timeout(), "{shaken} | {asked}");
    assert_eq!(shaken.is_certificate(), asked.is_certificate(), "{shaken} | {asked}");
    assert_eq!(shaken.to_string(), asked.to_string());
    shaken
}

#[tokio::test]
async fn an_engine_tells_its_version_with_any_tls() {
    let pki = Pki::new();
    for versions in [ANY, &[&version::TLS12], &[&version::TLS13]] {
        let endpoint = serve(Some(engine(&pki, &["127.0.0.1"], versions)), good()).await;
        endpoint.handshake(|| pki.client(), LONG).await.unwrap();
        let told = endpoint.version(|| pki.client(), LONG).await.unwrap();
        let EngineVersion { version, api_version, min_api_version, .. } = told;
        assert_eq!((&*version, &*api_version, &*min_api_version), ("20.10.24", "1.41", "1.12"));
        endpoint.version(|| pki.client(), Duration::MAX).await.unwrap();
    }
}

#[tokio::test]
async fn an_answer_may_come_in_chunks_and_say_little() {
    let pki = Pki::new();
    let chunks = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{\"Ver\r\nf\r\nsion\":\"1.13.1\"}\r\n0\r\n\r\n";
    let endpoint = serve(Some(engine(&pki, &["127.0.0.1"], ANY)), chunks).await;
    let told = endpoint.version(|| pki.client(), LONG).await.unwrap();
    assert_eq!((&*told.version, &*told.min_api_version), ("1.13.1", ""));
}

#[tokio::test]
async fn nobody_there_has_the_words_of_go_and_costs_no_file() {
    let closed = |address: SocketAddr| async move {
        TcpListener::bind(address).await.unwrap().local_addr().unwrap()
    };
    let never = || -> Result<Arc<ClientConfig>> { panic!("read files for nobody") };
    let address = closed("127.0.0.1:0".parse().unwrap()).await;
    let endpoint = Endpoint::new("127.0.0.1", address.port());
    for error in [
        endpoint.handshake(never, LONG).await.unwrap_err(),
        endpoint.version(never, LONG).await.map(|_| ()).unwrap_err(),
    ] {
        let want = format!("dial tcp {address}: connect: connection refused");
        assert!(error.is_refused());
        assert_eq!(error.to_string(), want);
        let error = Error::from(error);
        assert_eq!(error.kind(), ErrorKind::Transient);
        assert_eq!(crate::support::chain(&error), want, "said once");
    }
    match TcpListener::bind("[::1]:0").await {
        Ok(listener) => {
            let address = listener.local_addr().unwrap();
            drop(listener);
            let endpoint = Endpoint::new("::1", address.port());
            let error = endpoint.handshake(never, LONG).await.unwrap_err();
            let want = format!("dial tcp [::1]:{}: connect: connection refused", address.port());
            assert_eq!(error.to_string(), want);
        }
        Err(e) => crate::support::skip(&format!("IPv6: {e}")),
    }
    let endpoint = Endpoint::new("x".repeat(300), 1);
    let error = endpoint.handshake(never, LONG).await.unwrap_err();
    assert!(error.to_string().starts_with("dial tcp: lookup xxx"), "{error}");
    assert!(!error.is_refused());
}

#[tokio::test]
async fn files_are_read_once_somebody_listens() {
    let endpoint = serve(None, "").await;
    let broken = || Err(Error::new(ErrorKind::InvalidOption, "", "open key.pem: no such file"));
    let error = Error::from(endpoint.handshake(broken, LONG).await.unwrap_err());
    let told = (error.kind(), error.to_string());
    assert_eq!(told, (ErrorKind::InvalidOption, "open key.pem: no such file".into()));
    let pki = Pki::new();
    let asked = AtomicUsize::new(0);
    let count = || {
        asked.fetch_add(1, Ordering::SeqCst);
        pki.client()
    };
    endpoint.handshake(count, SHORT).await.unwrap_err();
    assert_eq!(asked.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn silence_ends_with_the_limit() {
    let pki = Pki::new();
    // Before TLS.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = Endpoint::new("127.0.0.1", listener.local_addr().unwrap().port());
    let error = refused(&endpoint, &pki, SHORT).await;
    assert!(error.is_timeout());
    assert_eq!(error.to_string(), format!("read tcp {endpoint}: i/o timeout"));
    // After it.
    let endpoint = serve(Some(engine(&pki, &["127.0.0.1"], ANY)), "").await;
    assert!(refused(&endpoint, &pki, SHORT).await.is_timeout());
    // In the middle of an answer.
    let half = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{";
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = Endpoint::new("127.0.0.1", listener.local_addr().unwrap().port());
    let tls = engine(&pki, &["127.0.0.1"], ANY);
    tokio::spawn(async move {
        let mut peer = tls.accept(listener.accept().await.unwrap().0).await.unwrap();
        peer.write_all(half.as_bytes()).await.unwrap();
        std::future::pending::<()>().await;
    });
    let error = endpoint.version(|| pki.client(), SHORT).await.unwrap_err();
    assert!(error.is_timeout(), "{error}");
}

#[tokio::test]
async fn a_host_that_drops_packets_ends_with_the_limit() {
    // Its queue is full, so nobody answers.
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let listener = socket.listen(1).unwrap();
    let address = listener.local_addr().unwrap();
    let mut queued = Vec::new();
    while let Ok(tcp) = tokio::time::timeout(SHORT, TcpStream::connect(address)).await {
        queued.push(tcp.unwrap());
        assert!(queued.len() < 100, "the queue has no end");
    }
    let endpoint = Endpoint::new("127.0.0.1", address.port());
    let never = || -> Result<Arc<ClientConfig>> { panic!("read files for nobody") };
    let error = endpoint.handshake(never, SHORT).await.unwrap_err();
    assert!(error.is_timeout());
    assert_eq!(error.to_string(), format!("dial tcp {address}: i/o timeout"));
}

#[tokio::test]
async fn a_peer_that_is_no_engine_is_told_apart() {
    let pki = Pki::new();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = Endpoint::new("127.0.0.1", listener.local_addr().unwrap().port());
    let hang_up = tokio::spawn(async move {
        loop {
            let mut peer = listener.accept().await.unwrap().0;
            let _ = peer.read(&mut [0; 4096]).await; // unread bytes would make it a reset
        }
    });
    assert_eq!(
        refused(&endpoint, &pki, LONG).await.to_string(),
        format!("read tcp {endpoint}: EOF")
    );
    hang_up.abort();

    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = Endpoint::new("127.0.0.1", listener.local_addr().unwrap().port());
    tokio::spawn(async move {
        loop {
            let mut peer = listener.accept().await.unwrap().0;
            let _ = peer.read(&mut [0; 4096]).await;
            let _ = peer.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\nclient sent TLS").await;
        }
    });
    let want = "tls: first record does not look like a TLS handshake";
    assert_eq!(refused(&endpoint, &pki, LONG).await.to_string(), want);
}

#[tokio::test]
async fn a_server_of_another_authority_is_refused() {
    let (pki, other) = (Pki::new(), Pki::new());
    for versions in [&[&version::TLS12][..], &[&version::TLS13]] {
        let endpoint = serve(Some(engine(&other, &["127.0.0.1"], versions)), good()).await;
        let error = refused(&endpoint, &pki, LONG).await;
        assert!(error.is_certificate());
        assert_eq!(error.to_string(), "x509: certificate signed by unknown authority");
        let error = Error::from(error);
        assert_eq!(error.kind(), ErrorKind::Credentials);
        assert!(crate::support::chain(&error).contains("invalid peer certificate"), "the cause");
    }
}

#[tokio::test]
async fn a_server_with_another_name_is_refused() {
    let pki = Pki::new();
    let endpoint = serve(Some(engine(&pki, &["127.0.0.2", "localhost"], ANY)), good()).await;
    let error = refused(&endpoint, &pki, LONG).await;
    assert!(error.is_certificate());
    assert_eq!(error.to_string(), "x509: certificate is not valid for 127.0.0.1");
    let named = Endpoint::new("localhost", endpoint.port);
    named.handshake(|| pki.client(), LONG).await.unwrap();
}

#[tokio::test]
async fn a_server_whose_time_is_over_is_refused() {
    let pki = Pki::new();
    let text = |path: &std::path::Path| std::fs::read_to_string(path).unwrap();
    let authority = rcgen::KeyPair::from_pem(&text(&pki.paths.ca_key)).unwrap();
    let mut params = rcgen::CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
    params.not_after = rcgen::date_time_ymd(2001, 1, 1);
    let issuer = rcgen::Issuer::from_ca_cert_pem(&text(&pki.paths.ca_cert), authority).unwrap();
    let key = rcgen::KeyPair::generate().unwrap();
    let certificate = params.signed_by(&key, &issuer).unwrap();
    let tls = acceptor(&certificate.pem(), &key.serialize_pem(), &pki, ANY);
    let error = refused(&serve(Some(tls), good()).await, &pki, LONG).await;
    assert!(error.is_certificate());
    assert_eq!(error.to_string(), "x509: certificate has expired or is not yet valid");
}

/// With TLS 1.3 the server says so only after the client's part is done.
#[tokio::test]
async fn a_client_that_the_server_refuses_hears_why() {
    let (pki, other) = (Pki::new(), Pki::new());
    let pair = issue_server(&pki.paths, "tester.foo", &["127.0.0.1".to_owned()], false).unwrap();
    for versions in [&[&version::TLS12][..], &[&version::TLS13]] {
        let tls = acceptor(&pair.cert_pem, pair.key_pem.expose(), &other, versions);
        let endpoint = serve(Some(tls), good()).await;
        for _ in 0..20 {
            let error = refused(&endpoint, &pki, LONG).await;
            assert!(error.is_certificate(), "{error}");
            assert!(error.to_string().starts_with("remote error: tls: "), "{error}");
        }
    }
}

#[tokio::test]
async fn answers_that_are_none_are_errors_and_bounded() {
    let pki = Pki::new();
    let long = format!("HTTP/1.1 200 OK\r\n\r\n{}", "x".repeat(1 << 20));
    let long_head = format!("HTTP/1.1 200 OK\r\nX: {}", "x".repeat(1 << 20));
    for (answer, want) in [
        (http("200 OK", "{}"), "this is no engine's version"),
        (http("200 OK", "[]"), "this is no engine's version"),
        (http("403 Forbidden", r#"{"message":"no"}"#), "the answer is 403 Forbidden"),
        (http("301 Moved\r\nLocation: /elsewhere", ""), "the answer is 301"),
        (long, "the answer is too long"),
        (long_head, "message head is too large"),
        ("SSH-2.0-OpenSSH\r\n\r\n".to_owned(), "invalid HTTP version"),
    ] {
        let endpoint = serve(Some(engine(&pki, &["127.0.0.1"], ANY)), answer).await;
        let error = endpoint.version(|| pki.client(), LONG).await.unwrap_err();
        assert!(error.to_string().contains(want), "{error}");
        assert!(error.to_string().contains(&endpoint.to_string()), "{error}");
        // That is no matter of certificates.
        endpoint.handshake(|| pki.client(), LONG).await.unwrap();
    }
}

#[tokio::test]
async fn many_at_once() {
    let pki = Pki::new();
    let alive = serve(Some(engine(&pki, &["127.0.0.1"], ANY)), good()).await;
    let dead = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let dead = Endpoint::new("127.0.0.1", dead.port());
    let config = pki.client().unwrap();
    let mut tasks = tokio::task::JoinSet::new();
    for n in 0..600 {
        let endpoint = if n % 6 == 0 { alive.clone() } else { dead.clone() };
        let config = config.clone();
        tasks.spawn(async move { endpoint.version(|| Ok(config), LONG).await.is_ok() });
    }
    let answered = tasks.join_all().await.into_iter().filter(|ok| *ok).count();
    assert_eq!(answered, 100);
}
