use super::request::Request;
use super::server;
use super::service::{Service, between, every};
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Response, StatusCode};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioIo};
use machine_core::Clock;
use std::collections::BTreeMap;
use std::convert::Infallible;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::sync::Mutex as Queue;

/// What becomes of a call.
pub enum Answer {
    /// It is carried out and answered.
    Pass,
    /// It is refused with this status, code and message; nothing is carried out.
    Refuse(u16, &'static str, &'static str),
    /// It is carried out, and answered like that all the same.
    FailAfter(u16, &'static str, &'static str),
    /// It is carried out, and the connection closed without a reply.
    LoseReply,
    /// It is carried out, then this is called, and there is never a reply.
    Never(Box<dyn FnOnce() + Send>),
    /// It is answered as if carried out, and is not.
    Pretend,
}

/// Decides what becomes of a call.
pub type Hook = Box<dyn FnMut(&Request) -> Answer + Send>;
type Rewrite = Box<dyn Fn(&Request, &str) -> String + Send>;

/// One account, and the endpoint that leads to it. Other accounts see nothing of it.
#[derive(Clone)]
pub struct Cloud(Arc<Inner>);

struct Inner {
    moto: u16,
    port: u16,
    account: String,
    client: Client<HttpConnector, Full<Bytes>>,
    /// Calls are carried out one after the other, even those whose caller has gone.
    service: Queue<Service>,
    hook: Mutex<Option<Hook>>,
    rewrites: Mutex<BTreeMap<&'static str, Rewrite>>,
    calls: Mutex<Vec<Request>>,
    delay: Mutex<Duration>,
}

/// Outlives the tests' own runtimes.
fn runtime() -> &'static Runtime {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    RUNTIME.get_or_init(|| {
        let mut builder = tokio::runtime::Builder::new_multi_thread();
        builder.worker_threads(1).enable_all().build().expect("a runtime for the proxy")
    })
}

/// Answers that never change, by region and query: moto takes its time over them.
fn constants() -> &'static Mutex<BTreeMap<(String, String), String>> {
    static CONSTANTS: Mutex<BTreeMap<(String, String), String>> = Mutex::new(BTreeMap::new());
    &CONSTANTS
}

impl Cloud {
    /// A fresh account.
    ///
    /// # Errors
    /// Why moto cannot be had.
    pub fn start(clock: Arc<dyn Clock>) -> Result<Self, String> {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let moto = server::port()?;
        let account = format!("{:012}", 400_000_000_000 + NEXT.fetch_add(1, Ordering::SeqCst));
        let listen = std::net::TcpListener::bind("127.0.0.1:0");
        let listener = listen.map_err(|e| format!("cannot listen: {e}"))?;
        listener.set_nonblocking(true).map_err(|e| format!("cannot listen: {e}"))?;
        let port = listener.local_addr().map_err(|e| format!("cannot listen: {e}"))?.port();
        let inner = Inner {
            moto,
            port,
            account,
            client: Client::builder(TokioExecutor::new()).build_http(),
            service: Queue::new(Service::new(clock)),
            hook: Mutex::default(),
            rewrites: Mutex::default(),
            calls: Mutex::default(),
            delay: Mutex::default(),
        };
        let cloud = Self(Arc::new(inner));
        let weak = Arc::downgrade(&cloud.0);
        runtime().spawn(async move {
            let Ok(listener) = TcpListener::from_std(listener) else { return };
            while let Ok((stream, _)) = listener.accept().await {
                let Some(inner) = weak.upgrade() else { return };
                stream.set_nodelay(true).ok();
                let serve = service_fn(move |request: hyper::Request<Incoming>| {
                    let inner = inner.clone();
                    // A caller that goes away does not take its call back.
                    async move { tokio::spawn(serve(inner, request)).await.map_err(io::Error::other)? }
                });
                let connection = hyper::server::conn::http1::Builder::new()
                    .serve_connection(TokioIo::new(stream), serve);
                tokio::spawn(connection);
            }
        });
        Ok(cloud)
    }

    /// URL of the service.
    pub fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.0.port)
    }

    /// Number of the account.
    pub fn account(&self) -> &str {
        &self.0.account
    }

    /// Asks `hook` about every call from now on.
    pub fn set_hook(&self, hook: impl FnMut(&Request) -> Answer + Send + 'static) {
        *lock(&self.0.hook) = Some(Box::new(hook));
    }

    /// The hook, which is asked no more.
    pub fn take_hook(&self) -> Option<Hook> {
        lock(&self.0.hook).take()
    }

    /// Carries all calls out again.
    pub fn clear_hook(&self) {
        *lock(&self.0.hook) = None;
    }

    /// Changes what a call answers.
    pub fn set_text(
        &self,
        action: &'static str,
        rewrite: impl Fn(&Request, &str) -> String + Send + 'static,
    ) {
        lock(&self.0.rewrites).insert(action, Box::new(rewrite));
    }

    /// Lets all instances have this public address, instead of one that moto hands out.
    pub fn set_address(&self, address: &str) {
        let address = address.to_owned();
        self.set_text("DescribeInstances", move |_, text| {
            let mut out = String::new();
            for (index, part) in text.split("<ipAddress>").enumerate() {
                match (index, part.split_once("</ipAddress>")) {
                    (0, _) | (_, None) => out.push_str(part),
                    (_, Some((_, rest))) => {
                        out.push_str(&format!("<ipAddress>{address}</ipAddress>{rest}"));
                    }
                }
            }
            out
        });
    }

    /// Lets every call take that long, in real time.
    pub fn set_delay(&self, delay: Duration) {
        *lock(&self.0.delay) = delay;
    }

    /// Calls since the last time.
    pub fn take_calls(&self) -> Vec<Request> {
        std::mem::take(&mut *lock(&self.0.calls))
    }

    /// Names of calls since the last time.
    pub fn take_actions(&self) -> Vec<String> {
        self.take_calls().into_iter().map(|call| call.action).collect()
    }

    /// Asks moto itself.
    pub async fn ask(&self, query: &str) -> String {
        let inner = self.0.clone();
        let query = format!("{query}&Version=2016-11-15");
        let asked = runtime().spawn(async move { inner.forward(Bytes::from(query), REGION).await });
        asked.await.expect("moto answers").1
    }

    /// Everything in the account that is not there from the beginning.
    pub async fn resources(&self) -> Vec<String> {
        let (keys, groups, volumes) = (
            self.ask("Action=DescribeKeyPairs").await,
            self.ask("Action=DescribeSecurityGroups").await,
            self.ask("Action=DescribeVolumes&Filter.1.Name=status&Filter.1.Value.1=available")
                .await,
        );
        let inner = self.0.clone();
        let listed = runtime()
            .spawn(async move { inner.service.lock().await.resources(&keys, &groups, &volumes) });
        listed.await.expect("the proxy lives")
    }

    /// Makes a security group in the default network by hand, open at `ports`; its id.
    pub async fn make_group(
        &self,
        name: &str,
        tags: &BTreeMap<String, String>,
        ports: &[u16],
    ) -> String {
        let vpcs = self.ask("Action=DescribeVpcs&Filter.1.Name=is-default&Filter.1.Value.1=true");
        let vpcs = vpcs.await;
        let vpc = between(&vpcs, "<vpcId>", "</vpcId>").expect("a default network");
        let mut query = format!(
            "Action=CreateSecurityGroup&GroupName={name}&GroupDescription=test&VpcId={vpc}"
        );
        if !tags.is_empty() {
            query += "&TagSpecification.1.ResourceType=security-group";
        }
        for (n, (key, value)) in tags.iter().enumerate() {
            let n = n + 1;
            query += &format!("&TagSpecification.1.Tag.{n}.Key={key}");
            query += &format!("&TagSpecification.1.Tag.{n}.Value={value}");
        }
        let made = self.ask(&query).await;
        let id = between(&made, "<groupId>", "</groupId>").expect("a group").to_owned();
        for port in ports {
            self.ask(&format!(
                "Action=AuthorizeSecurityGroupIngress&GroupId={id}&IpPermissions.1.IpProtocol=tcp\
                 &IpPermissions.1.FromPort={port}&IpPermissions.1.ToPort={port}\
                 &IpPermissions.1.IpRanges.1.CidrIp=0.0.0.0/0"
            ))
            .await;
        }
        id
    }

    /// Deletes by hand all groups of a name.
    pub async fn delete_group(&self, name: &str) {
        let query = format!(
            "Action=DescribeSecurityGroups&Filter.1.Name=group-name&Filter.1.Value.1={name}"
        );
        let found = self.ask(&query).await;
        for id in every(&found, "<groupId>", "</groupId>") {
            self.ask(&format!("Action=DeleteSecurityGroup&GroupId={id}")).await;
        }
    }

    /// Gives an instance an elastic address, which it keeps: moto forgets it at the next start.
    pub async fn associate(&self, instance: &str) -> String {
        let made = self.ask("Action=AllocateAddress&Domain=vpc").await;
        let id = between(&made, "<allocationId>", "</allocationId>").expect("an address");
        let address = between(&made, "<publicIp>", "</publicIp>").expect("an address").to_owned();
        let query = format!("Action=AssociateAddress&AllocationId={id}&InstanceId={instance}");
        self.ask(&query).await;
        self.0.service.lock().await.associate(instance, &address);
        address
    }

    /// Ends an instance as its owner would by hand, at once.
    pub async fn forget(&self, id: &str) {
        self.ask(&format!("Action=TerminateInstances&InstanceId.1={id}")).await;
        self.0.service.lock().await.forget(id);
    }
}

const REGION: &str = "us-east-1";

async fn serve(
    inner: Arc<Inner>,
    request: hyper::Request<Incoming>,
) -> io::Result<Response<Full<Bytes>>> {
    let (region, signed_by) = (scope(&request, 2, REGION), scope(&request, 0, ""));
    let body = request.into_body().collect().await.map_err(io::Error::other)?.to_bytes();
    let mut call = Request::parse(&body);
    call.signed_by = signed_by;
    let delay = *lock(&inner.delay);
    if !delay.is_zero() {
        tokio::time::sleep(delay).await;
    }
    let mut service = inner.service.lock().await;
    let answer = lock(&inner.hook).as_mut().map_or(Answer::Pass, |hook| hook(&call));
    lock(&inner.calls).push(call.clone());
    let carry_out = async |service: &mut Service| {
        if let Some(reply) = service.answers_alone(&call) {
            return reply;
        }
        let query = call.for_moto(&service.listed());
        let key = (region.clone(), query.clone());
        if call.is_constant()
            && let Some(text) = lock(constants()).get(&key)
        {
            return (200, text.clone());
        }
        let (status, text) = inner.forward(Bytes::from(query), &region).await;
        if call.is_constant() && status == 200 {
            lock(constants()).insert(key, text.clone());
        }
        service.patch(&call, status, text)
    };
    match answer {
        Answer::Pass => {
            let (status, mut text) = carry_out(&mut service).await;
            if let Some(rewrite) = lock(&inner.rewrites).get(call.action.as_str()) {
                text = rewrite(&call, &text);
            }
            Ok(response((status, text)))
        }
        Answer::Refuse(status, code, message) => Ok(response((status, error(code, message)))),
        Answer::Pretend => Ok(response((200, super::service::nothing(&call)))),
        Answer::FailAfter(status, code, message) => {
            carry_out(&mut service).await;
            Ok(response((status, error(code, message))))
        }
        Answer::LoseReply => {
            carry_out(&mut service).await;
            Err(io::Error::other("the reply is lost"))
        }
        Answer::Never(then) => {
            carry_out(&mut service).await;
            drop(service);
            then();
            std::future::pending::<Infallible>().await;
            unreachable!("pending never ends")
        }
    }
}

impl Inner {
    async fn forward(&self, body: Bytes, region: &str) -> (u16, String) {
        let request = hyper::Request::post(format!("http://127.0.0.1:{}/", self.moto))
            .header("content-type", "application/x-www-form-urlencoded")
            .header("x-moto-account-id", &self.account)
            .header(
                "authorization",
                format!(
                    "AWS4-HMAC-SHA256 Credential=test/20260101/{region}/ec2/aws4_request, \
                     SignedHeaders=host, Signature=test"
                ),
            )
            .body(Full::new(body))
            .expect("a request");
        let reply = self.client.request(request).await.expect("moto answers");
        let status = reply.status().as_u16();
        let body = reply.into_body().collect().await.expect("moto's answer is whole").to_bytes();
        (status, String::from_utf8_lossy(&body).into_owned())
    }
}

/// A part of what the signature says that it is for: key, date, region, service.
fn scope(request: &hyper::Request<Incoming>, part: usize, default: &str) -> String {
    let header = request.headers().get("authorization").and_then(|value| value.to_str().ok());
    let scope = header.and_then(|text| text.split("Credential=").nth(1));
    let part = scope.and_then(|scope| scope.split('/').nth(part));
    part.unwrap_or(default).to_owned()
}

fn response((status, text): (u16, String)) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(text)));
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::OK);
    response
}

pub(crate) fn error(code: &str, message: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Response><Errors><Error><Code>{code}</Code>\
         <Message>{message}</Message></Error></Errors><RequestID>test</RequestID></Response>"
    )
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
