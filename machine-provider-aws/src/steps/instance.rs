use super::look::Rounds;
use super::security_group::make_again;
use super::{INSTANCE, is_instance_id, own_tags, session};
use crate::account::Account;
use crate::client::{ApiError, Instance, InstanceState, Launch, Market, Metadata, Volume, is};
use crate::error::Failure;
use crate::scope::Scope;
use crate::session::Session;
use crate::state::{Driver, Place, Source};
use async_trait::async_trait;
use machine_core::{
    Cx, Error, ErrorKind, Event, Intent, Record, Result, State, Step, TAG_MACHINE, resources,
};
use serde::Serialize;
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Longest time between the order to end and the end; large instances take minutes.
const TERMINATION: Duration = Duration::from_secs(15 * 60);

/// The instance, and the spot request that it came from, in one place of several.
///
/// Both ids stand under the one key, since one call makes both; the request's is written first.
pub(crate) struct InstanceStep {
    pub(crate) account: Arc<Account>,
    tried: Mutex<Tried>,
}

#[derive(Default)]
struct Tried {
    next: usize,
    /// Markets and types that the account may have no more of, in whatever zone.
    exhausted: BTreeSet<(bool, String)>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Shown<'a> {
    instance_id: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Reserved<'a> {
    reservation_id: &'a str,
}

/// Where one attempt goes.
struct Attempt {
    spot: bool,
    place: Place,
}

impl Attempt {
    /// Spot first; on demand where spot was not asked for, or may be done without.
    fn all(driver: &Driver) -> Vec<Self> {
        let places = driver.launch.plan.iter().flat_map(|plan| &plan.places);
        let spot = places.clone().map(|place| Self { spot: true, place: place.clone() });
        let on_demand = places.map(|place| Self { spot: false, place: place.clone() });
        match (driver.request_spot_instance, driver.launch.spot_fallback) {
            (true, true) => spot.chain(on_demand).collect(),
            (true, false) => spot.collect(),
            (false, _) => on_demand.collect(),
        }
    }

    /// As the journal keeps it.
    fn choice(&self) -> String {
        let market = if self.spot { "spot" } else { "on-demand" };
        format!("{market} {} {}", self.place.instance_type, self.place.zone)
    }
}

impl InstanceStep {
    pub(crate) fn new(account: Arc<Account>) -> Self {
        Self { account, tried: Mutex::default() }
    }

    fn exhausted(&self, attempt: &Attempt) {
        let mut tried = self.tried.lock().unwrap_or_else(PoisonError::into_inner);
        tried.exhausted.insert((attempt.spot, attempt.place.instance_type.clone()));
    }

    /// Ends one, and the request that may yet replace it, and waits until it holds nothing.
    async fn end(&self, cx: &Cx<'_>, session: &Session<'_>, state: &State, id: &str) -> Result<()> {
        let driver: Driver = state.read().unwrap_or_default();
        // Once it was seen, "not found" means gone rather than new.
        let mut seen = driver.instance_id == id && !driver.private_ip_address.is_empty();
        let mut accepted = terminate(session, id).await?;
        if seen && !accepted {
            return Err(Failure::Gone { id: id.to_owned(), reason: String::new() }.into());
        }
        let mut rounds = Rounds::within(cx.clock, TERMINATION);
        let unseen = Rounds::of_lag(cx.clock);
        loop {
            let (is_last, is_absent) = (rounds.last().await, seen || unseen.over());
            let last = session.link.sightings.look(session, id).await?;
            match last {
                Some(Instance { state: InstanceState::Terminated, spot_request, .. }) => {
                    return match spot_request {
                        Some(request) => cancel(session, &request).await.map(drop),
                        None => Ok(()),
                    };
                }
                Some(instance) if is_last => {
                    let (id, state) = (id.to_owned(), instance.state.to_string());
                    let seconds = TERMINATION.as_secs();
                    return Err(Failure::Slow { id, state, seconds }.into());
                }
                Some(_) => {
                    seen = true;
                    if !accepted {
                        accepted = terminate(session, id).await?;
                    }
                }
                None if is_absent => return Ok(()),
                None => {}
            }
        }
    }

    /// Cancels a request, and ends what came of it unless the journal knows that by itself.
    async fn end_request(
        &self,
        cx: &Cx<'_>,
        session: &Session<'_>,
        state: &State,
        intent: &Intent,
        id: &str,
    ) -> Result<()> {
        let found = cancel(session, id).await?;
        let known = resources(&cx.journal.records().await?);
        let same_key = known.iter().find(|resource| resource.intent.key == intent.key);
        if same_key.is_some_and(|resource| resource.ids.iter().any(|id| is_instance_id(id))) {
            return Ok(());
        }
        let filter = [is("spot-instance-request-id", id)];
        let mut rounds = Rounds::of_lag(cx.clock);
        let requests = loop {
            let is_last = rounds.last().await;
            let requests = session.call(|ec2| ec2.spot_requests(&filter)).await?;
            if is_last || !requests.is_empty() {
                break requests;
            }
        };
        if !found && requests.iter().any(|request| request.alive) {
            cancel(session, id).await?; // it was too new to be cancelled at once
        }
        for instance in requests.into_iter().filter_map(|request| request.instance) {
            match self.end(cx, session, state, &instance).await {
                Err(e) if e.kind() == ErrorKind::NotFound => {}
                ended => ended?,
            }
        }
        Ok(())
    }
}

#[async_trait]
impl Step for InstanceStep {
    fn name(&self) -> &str {
        INSTANCE
    }

    async fn intent(&self, _: &Cx<'_>, state: &State, attempt: usize) -> Result<Option<Intent>> {
        let driver: Driver = state.read()?;
        let mut tried = self.tried.lock().unwrap_or_else(PoisonError::into_inner);
        if attempt == 0 {
            *tried = Tried::default();
        }
        let all = Attempt::all(&driver).into_iter().enumerate().skip(tried.next);
        let next = all.into_iter().find(|(_, attempt)| {
            let key = (attempt.spot, attempt.place.instance_type.clone());
            !tried.exhausted.contains(&key)
        });
        let Some((index, attempt)) = next else { return Ok(None) };
        tried.next = index + 1;
        let scope = Scope::of(&driver).to_string();
        Ok(Some(Intent::new(INSTANCE, scope).with_choice(attempt.choice())))
    }

    async fn make(&self, cx: &Cx<'_>, state: &mut State, intent: &Intent) -> Result<String> {
        let driver: Driver = state.read()?;
        let choice = intent.choice.clone().unwrap_or_default();
        let attempt = Attempt::all(&driver).into_iter().find(|a| a.choice() == choice);
        let attempt = attempt.ok_or_else(|| {
            Error::new(ErrorKind::Other, INSTANCE, format!("no such place: {choice}"))
                .with_no_effect()
        })?;
        let session = session(&self.account, cx, state, intent).await?;
        let mut order = launch(cx, &driver, &attempt, &intent.token)?;
        let mut rounds = Rounds::of_lag(cx.clock);
        let launched = loop {
            let is_last = rounds.last().await;
            match session.call(|ec2| ec2.run_instance(&order)).await {
                Err(error) if error.refused && !is_last && lacks_group(&error) => {
                    // The last `rm` of another process took it away since it was looked at, or it
                    // is too new to be known everywhere.
                    make_again(&self.account, cx, state).await?;
                    order.groups = group_ids(&state.read()?);
                }
                // Ours, and as new.
                Err(error)
                    if error.refused
                        && !is_last
                        && !driver.existing_key
                        && error.code() == "InvalidKeyPair.NotFound" => {}
                launched => break launched,
            }
        };
        let launched = launched.map_err(|error| self.refused(cx, &attempt, error))?;
        if let Some(id) = launched.spot_request {
            let key = intent.key.clone();
            cx.journal.append(Record::Created { key, id: id.clone() }).await?;
            say(cx, format!("Created spot instance request {id}"));
        }
        state.write(&Reserved { reservation_id: &launched.reservation })?;
        Ok(launched.id)
    }

    async fn find(&self, cx: &Cx<'_>, state: &State, intent: &Intent) -> Result<Vec<String>> {
        let session = session(&self.account, cx, state, intent).await?;
        let ours = is("tag:docker-machine-id", cx.id);
        let alive = ["pending", "running", "stopping", "stopped", "shutting-down"];
        let alive = ("instance-state-name", alive.map(str::to_owned).to_vec());
        let filters = [ours.clone(), alive];
        let is_spot = intent.choice.as_deref().is_some_and(|choice| choice.starts_with("spot "));
        let mut rounds = Rounds::of_lag(cx.clock);
        loop {
            let is_last = rounds.last().await;
            let found = session.call(|ec2| ec2.instances(&filters)).await?;
            let of_this_try = found.into_iter().filter(|i| is_from(i, cx.id, &intent.token));
            let mut ids: Vec<_> = of_this_try.map(|instance| instance.id).collect();
            if ids.is_empty() && is_spot {
                let requests = [ours.clone()];
                let found = session.call(|ec2| ec2.spot_requests(&requests)).await?;
                ids.extend(found.into_iter().filter(|r| r.alive).map(|request| request.id));
            }
            if is_last || !ids.is_empty() {
                return Ok(ids);
            }
        }
    }

    async fn unmake(
        &self,
        cx: &Cx<'_>,
        state: &mut State,
        intent: &Intent,
        id: &str,
    ) -> Result<()> {
        let session = session(&self.account, cx, state, intent).await?;
        match is_instance_id(id) {
            true => self.end(cx, &session, state, id).await,
            false => self.end_request(cx, &session, state, intent, id).await,
        }
    }

    fn project(&self, state: &mut State, id: Option<&str>) -> Result<()> {
        if id.is_none() {
            let nowhere = crate::state::Addresses { ip_address: "", private_ip_address: "" };
            state.write(&nowhere)?;
        }
        state.write(&Shown { instance_id: id.unwrap_or_default() })
    }

    fn again(&self, error: &Error) -> bool {
        // Another zone may have capacity; another type may have a quota of its own.
        matches!(error.kind(), ErrorKind::Capacity | ErrorKind::Quota)
    }
}

impl InstanceStep {
    fn refused(&self, cx: &Cx<'_>, attempt: &Attempt, mut error: ApiError) -> Error {
        match error.kind {
            ErrorKind::Quota | ErrorKind::Capacity => {
                say(cx, format!("Nothing to be had: {} ({})", attempt.choice(), error));
                if error.kind == ErrorKind::Quota {
                    self.exhausted(attempt);
                }
            }
            // What is not found is something that was asked for, not the machine.
            ErrorKind::NotFound => error.kind = ErrorKind::InvalidOption,
            _ => {}
        }
        error.into()
    }
}

/// Whether the instance came of the call with this token, as far as the service tells.
fn is_from(instance: &Instance, machine: &str, token: &str) -> bool {
    let theirs = &instance.client_token;
    let tagged = instance.tags.get(TAG_MACHINE).is_none_or(|id| id == machine);
    tagged && (theirs.is_empty() || token.is_empty() || theirs == token)
}

/// Whether the service knows the instance.
async fn terminate(session: &Session<'_>, id: &str) -> Result<bool> {
    match session.call(|ec2| ec2.terminate(id)).await {
        Ok(()) => Ok(true),
        Err(error) if error.kind == ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// Whether the service knows the request. One that has ended needs no cancelling.
async fn cancel(session: &Session<'_>, id: &str) -> Result<bool> {
    match session.call(|ec2| ec2.cancel_spot_request(id)).await {
        Ok(()) => Ok(true),
        Err(error) if error.kind == ErrorKind::Conflict => Ok(true),
        Err(error) if error.kind == ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error.into()),
    }
}

fn lacks_group(error: &ApiError) -> bool {
    let codes =
        ["InvalidGroup.NotFound", "InvalidGroupId.NotFound", "InvalidSecurityGroupID.NotFound"];
    codes.contains(&error.code())
}

fn say(cx: &Cx<'_>, line: String) {
    cx.events.emit(Event::Said { line });
}

fn group_ids(driver: &Driver) -> Vec<String> {
    driver.group_ids().into_iter().filter(|id| !id.is_empty()).collect()
}

fn launch(cx: &Cx<'_>, driver: &Driver, attempt: &Attempt, token: &str) -> Result<Launch> {
    let wishes = &driver.launch;
    let some = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    let number = |value: i64| i32::try_from(value).ok().filter(|value| *value > 0);
    let sources = wishes.plan.iter().flat_map(|plan| &plan.images);
    let source = sources.into_iter().find(|s| s.architecture == attempt.place.architecture);
    let source = source.cloned().unwrap_or_else(|| Source {
        id: driver.ami.clone(),
        root_device: driver.device_name.clone(),
        ..Source::default()
    });
    let device = if wishes.device_given { driver.device_name.clone() } else { source.root_device };
    let user_data = match cx.user_data {
        Some(text) => Some(text.as_bytes().to_vec()),
        None if driver.user_data_file.is_empty() => None,
        None => {
            let read = fs_err::read(&driver.user_data_file);
            let (option, path) = ("amazonec2-userdata", (&driver.user_data_file).into());
            let failed = |source| Failure::File { option, path, source };
            Some(read.map_err(|e| Error::from(failed(e)).with_no_effect())?)
        }
    };
    Ok(Launch {
        token: token.to_owned(),
        image: source.id,
        instance_type: attempt.place.instance_type.clone(),
        key_name: driver.key_name.clone(),
        subnet: attempt.place.subnet.clone(),
        groups: group_ids(driver),
        public_address: !driver.private_ip_only && !wishes.ipv6_only,
        ipv6_addresses: number(wishes.ipv6_address_count),
        primary_ipv6: wishes.primary_ipv6,
        monitoring: driver.monitoring,
        ebs_optimized: driver.use_ebs_optimized_instance,
        profile: some(&driver.iam_instance_profile),
        volume: Volume {
            device,
            size_gib: number(driver.root_size).unwrap_or(crate::options::ROOT_GIB as i32),
            kind: driver.volume_type.clone(),
            iops: number(wishes.volume_iops),
            throughput: number(wishes.volume_throughput),
            encrypted: wishes.encrypted || !wishes.kms_key.is_empty(),
            kms_key: some(&wishes.kms_key),
        },
        metadata: Metadata {
            endpoint: some(&wishes.http_endpoint),
            tokens: some(&wishes.http_tokens),
            ipv6: some(&wishes.http_protocol_ipv6),
            hop_limit: number(wishes.hop_limit),
        },
        market: match attempt.spot {
            false => Market::OnDemand,
            true => Market::Spot {
                max_price: some(&driver.spot_price),
                block_minutes: number(driver.block_duration_minutes),
            },
        },
        user_data,
        tags: own_tags(cx, driver, cx.name),
    })
}
