//! What moto lacks of EC2.
use super::proxy::error;
use super::request::Request;
use machine_core::Clock;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

const SECOND: Duration = Duration::from_secs(1);
/// A new instance cannot be seen, nor ended, for this long.
const UNSEEN: Duration = SECOND.saturating_mul(3);
/// From the launch, or a start, until it runs.
const BOOT: Duration = SECOND.saturating_mul(20);
const STOP: Duration = SECOND.saturating_mul(15);
/// From the order to end until it has ended.
const END: Duration = SECOND.saturating_mul(25);
/// For this long after its end it still holds its groups.
const HOLD: Duration = SECOND.saturating_mul(4);
/// For this long after its end it still shows up, where it is asked for by id.
const GHOST: Duration = SECOND.saturating_mul(3600);
/// And in listings: less than EC2's hour, since moto never forgets, and gets slow by that.
const LISTED_GHOST: Duration = SECOND.saturating_mul(300);

struct Life {
    since: Duration,
    /// The last order: `pending`, `stopping` or `shutting-down`.
    towards: &'static str,
    born: Duration,
    groups: Vec<String>,
    spot: Option<String>,
    elastic: Option<String>,
}

struct Spot {
    instance: String,
    tags: BTreeMap<String, String>,
    cancelled: bool,
}

pub(crate) struct Service {
    clock: Arc<dyn Clock>,
    /// Replies to launches by client token.
    launched: BTreeMap<String, String>,
    lives: BTreeMap<String, Life>,
    spots: BTreeMap<String, Spot>,
}

impl Life {
    /// EC2's code and word for the state; none where it cannot be seen.
    fn state(&self, now: Duration) -> Option<(u8, &'static str)> {
        let passed = now.saturating_sub(self.since);
        if now < self.born + UNSEEN {
            return None;
        }
        Some(match self.towards {
            "pending" if passed < BOOT => (0, "pending"),
            "pending" => (16, "running"),
            "stopping" if passed < STOP => (64, "stopping"),
            "stopping" => (80, "stopped"),
            _ if passed < END => (32, "shutting-down"),
            _ if passed < GHOST => (48, "terminated"),
            _ => return None,
        })
    }

    fn has_ended(&self, now: Duration) -> bool {
        self.towards == "shutting-down" && now.saturating_sub(self.since) >= END
    }

    fn holds_groups(&self, now: Duration) -> bool {
        self.towards != "shutting-down" || now.saturating_sub(self.since) < END + HOLD
    }
}

impl Service {
    pub(crate) fn new(clock: Arc<dyn Clock>) -> Self {
        let (launched, lives, spots) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        Self { clock, launched, lives, spots }
    }

    /// Ids that a listing may show.
    pub(crate) fn listed(&self) -> Vec<&str> {
        let now = self.clock.now();
        let shown = |life: &Life| {
            !life.has_ended(now) || now.saturating_sub(life.since) < END + LISTED_GHOST
        };
        self.lives.iter().filter(|(_, life)| shown(life)).map(|(id, _)| id.as_str()).collect()
    }

    /// Calls that moto must not see.
    pub(crate) fn answers_alone(&mut self, call: &Request) -> Option<(u16, String)> {
        let now = self.clock.now();
        match call.action.as_str() {
            "DescribeInstances"
                if call.filter("instance-id").is_none() && self.listed().is_empty() =>
            {
                Some((200, nothing(call)))
            }
            "RunInstances" => Some((200, self.launched.get(call.field("ClientToken"))?.clone())),
            "TerminateInstances" | "StopInstances" | "StartInstances" | "RebootInstances" => {
                self.order(call, now)
            }
            "DeleteSecurityGroup" => {
                let id = call.field("GroupId");
                let holds = |l: &Life| l.holds_groups(now) && l.groups.iter().any(|g| g == id);
                self.lives.values().any(holds).then(|| {
                    let text = format!("resource {id} has a dependent object");
                    (400, error("DependencyViolation", &text))
                })
            }
            "DescribeSpotInstanceRequests" => Some((200, self.describe_spots(call, now))),
            "CancelSpotInstanceRequests" => Some(self.cancel_spot(call)),
            _ => None,
        }
    }

    /// Orders to one instance.
    fn order(&mut self, call: &Request, now: Duration) -> Option<(u16, String)> {
        let id = call.field("InstanceId.1");
        let life = self.lives.get_mut(id);
        let Some((life, (_, state))) = life.and_then(|l| l.state(now).map(|s| (l, s))) else {
            let text = format!("The instance ID '{id}' does not exist");
            return Some((400, error("InvalidInstanceID.NotFound", &text)));
        };
        let wrong = || {
            let text = format!("The instance '{id}' is not in a state for this: {state}");
            Some((400, error("IncorrectInstanceState", &text)))
        };
        let gone = matches!(state, "shutting-down" | "terminated");
        match call.action.as_str() {
            "TerminateInstances" if gone => return Some((200, nothing(call))),
            "TerminateInstances" => (life.towards, life.since) = ("shutting-down", now),
            "StopInstances" if life.spot.is_some() => {
                let text = "You can't stop the Spot Instance because it is associated with a \
                            one-time Spot Instance request";
                return Some((400, error("UnsupportedOperation", text)));
            }
            "StopInstances" if gone || state == "pending" => return wrong(),
            "StopInstances" if life.towards == "stopping" => return Some((200, nothing(call))),
            "StopInstances" => (life.towards, life.since) = ("stopping", now),
            "StartInstances" if gone || state == "stopping" => return wrong(),
            "StartInstances" if life.towards == "pending" => return Some((200, nothing(call))),
            "StartInstances" => (life.towards, life.since) = ("pending", now),
            _ if state != "running" => return wrong(),
            _ => {}
        }
        None
    }

    /// Improves on what moto answers.
    pub(crate) fn patch(&mut self, call: &Request, status: u16, text: String) -> (u16, String) {
        if status != 200 {
            return (status, text);
        }
        let text = match call.action.as_str() {
            "RunInstances" => self.launch(call, &text),
            "DescribeInstances" => self.describe(call, &text),
            _ => text,
        };
        (status, text)
    }

    fn launch(&mut self, call: &Request, text: &str) -> String {
        let now = self.clock.now();
        let id = between(text, "<instanceId>", "</instanceId>").unwrap_or_default().to_owned();
        let spot = (call.field("InstanceMarketOptions.MarketType") == "spot").then(|| {
            let request = id.replace("i-", "sir-");
            let tags = call.tags("spot-instances-request");
            let spot = Spot { instance: id.clone(), tags, cancelled: false };
            self.spots.insert(request.clone(), spot);
            request
        });
        let groups = call.list("NetworkInterface.1.SecurityGroupId");
        let groups = groups.into_iter().map(str::to_owned).collect();
        let life = Life { since: now, towards: "pending", born: now, groups, spot, elastic: None };
        let text = with_spot(text, &life);
        self.lives.insert(id, life);
        let token = call.field("ClientToken");
        if !token.is_empty() {
            self.launched.insert(token.to_owned(), text.clone());
        }
        text
    }

    /// Each instance in its true state, or left out.
    fn describe(&self, call: &Request, text: &str) -> String {
        const ITEM: &str = "<item><reservationId>";
        let now = self.clock.now();
        let (head, rest) = text.split_once(ITEM).unwrap_or((text, ""));
        let (items, tail) = match rest.rsplit_once("</reservationSet>") {
            Some((items, tail)) => (items, format!("</reservationSet>{tail}")),
            None => (rest, String::new()),
        };
        let states = call.filter("instance-state-name");
        let users = call.filter("network-interface.group-id");
        let mut out = head.to_owned();
        for item in items.split(ITEM).filter(|item| !item.is_empty()) {
            let id = between(item, "<instanceId>", "</instanceId>").unwrap_or_default();
            let Some(life) = self.lives.get(id) else { continue };
            let Some((code, name)) = life.state(now) else { continue };
            if states.as_ref().is_some_and(|wanted| !wanted.contains(&name)) {
                continue;
            }
            let uses = |group: &&str| life.groups.iter().any(|mine| mine == group);
            if users.as_ref().is_some_and(|groups| !groups.iter().any(uses)) {
                continue;
            }
            let old = between(item, "<instanceState>", "</instanceState>").unwrap_or_default();
            let item = item.replacen(old, &format!("<code>{code}</code><name>{name}</name>"), 1);
            let mut item = with_spot(&item, life);
            let public = between(&item, "<ipAddress>", "</ipAddress>").map(str::to_owned);
            if let (Some(public), Some(elastic)) = (public, &life.elastic) {
                item = item.replace(&public, elastic);
            }
            out.push_str(ITEM);
            out.push_str(&item);
        }
        out + &tail
    }

    fn describe_spots(&self, call: &Request, now: Duration) -> String {
        let ids = call.filter("spot-instance-request-id");
        let tag = call.fields.get("Filter.1.Name").and_then(|name| name.strip_prefix("tag:"));
        let mut items = String::new();
        for (id, spot) in &self.spots {
            let tagged = tag.is_none_or(|tag| {
                let wanted = call.list("Filter.1.Value");
                spot.tags.get(tag).is_some_and(|value| wanted.contains(&value.as_str()))
            });
            if ids.as_ref().is_some_and(|ids| !ids.contains(&id.as_str())) || !tagged {
                continue;
            }
            let state = if self.spot_is_alive(spot, now) { "active" } else { "closed" };
            let tags = spot
                .tags
                .iter()
                .map(|(key, value)| format!("<item><key>{key}</key><value>{value}</value></item>"));
            items += &format!(
                "<item><spotInstanceRequestId>{id}</spotInstanceRequestId><state>{state}</state>\
                 <instanceId>{}</instanceId><tagSet>{}</tagSet></item>",
                spot.instance,
                tags.collect::<String>()
            );
        }
        wrapped(&call.action, &format!("<spotInstanceRequestSet>{items}</spotInstanceRequestSet>"))
    }

    fn spot_is_alive(&self, spot: &Spot, now: Duration) -> bool {
        let runs = |life: &Life| !life.has_ended(now);
        !spot.cancelled && self.lives.get(&spot.instance).is_some_and(runs)
    }

    fn cancel_spot(&mut self, call: &Request) -> (u16, String) {
        let id = call.field("SpotInstanceRequestId.1");
        match self.spots.get_mut(id) {
            Some(spot) => {
                spot.cancelled = true;
                (200, nothing(call))
            }
            None => {
                let text = format!("The spot instance request ID '{id}' does not exist");
                (400, error("InvalidSpotInstanceRequestID.NotFound", &text))
            }
        }
    }

    pub(crate) fn resources(&self, keys: &str, groups: &str, volumes: &str) -> Vec<String> {
        let now = self.clock.now();
        let mut all = Vec::new();
        let alive = self.lives.iter().filter(|(_, life)| !life.has_ended(now));
        all.extend(alive.map(|(id, _)| id.clone()));
        all.extend(every(keys, "<keyName>", "</keyName>").map(str::to_owned));
        for group in groups.split("<item><groupId>").skip(1) {
            let name = between(group, "<groupName>", "</groupName>").unwrap_or_default();
            let id = group.split('<').next().unwrap_or_default();
            if name != "default" {
                all.push(id.to_owned());
            }
        }
        all.extend(every(volumes, "<volumeId>", "</volumeId>").map(str::to_owned));
        let alive = self.spots.iter().filter(|(_, spot)| self.spot_is_alive(spot, now));
        all.extend(alive.map(|(id, _)| id.clone()));
        all
    }

    pub(crate) fn associate(&mut self, id: &str, address: &str) {
        if let Some(life) = self.lives.get_mut(id) {
            life.elastic = Some(address.to_owned());
        }
    }

    pub(crate) fn forget(&mut self, id: &str) {
        self.lives.remove(id);
    }
}

/// A success that says nothing.
pub(crate) fn nothing(call: &Request) -> String {
    wrapped(&call.action, "<return>true</return>")
}

fn wrapped(action: &str, inner: &str) -> String {
    format!(
        "<{action}Response xmlns=\"http://ec2.amazonaws.com/doc/2016-11-15/\">\
         <requestId>test</requestId>{inner}</{action}Response>"
    )
}

fn with_spot(item: &str, life: &Life) -> String {
    match &life.spot {
        Some(id) => {
            let field = format!("</instanceId><spotInstanceRequestId>{id}</spotInstanceRequestId>");
            item.replacen("</instanceId>", &field, 1)
        }
        None => item.to_owned(),
    }
}

pub(crate) fn between<'a>(text: &'a str, start: &str, end: &str) -> Option<&'a str> {
    text.split_once(start)?.1.split_once(end).map(|(inner, _)| inner)
}

pub(crate) fn every<'a>(
    text: &'a str,
    start: &'a str,
    end: &'a str,
) -> impl Iterator<Item = &'a str> {
    text.split(start).skip(1).filter_map(move |part| part.split_once(end).map(|(inner, _)| inner))
}
