use crate::client::{Identity, Keys, is};
use crate::error::Failure;
use crate::link::Links;
use crate::options::RETRIES;
use crate::scope::Scope;
use crate::session::{Session, THROTTLED_REPEATS};
use crate::state::Driver;
use machine_core::{Clock, Options, Result, Secret};
use std::env;
use std::sync::Arc;

/// A provider value's set of credentials, and what it is connected to.
pub(crate) struct Account {
    identity: Identity,
    links: Links,
    /// What to do where the identity turns out to have no credentials.
    advice: Arc<str>,
}

impl Account {
    pub(crate) fn new() -> Self {
        let identity = Identity::Chain;
        let advice = advice(&identity, None).into();
        Self { identity, links: Links::new(), advice }
    }

    pub(crate) fn sign_in(&mut self, options: &Options, source: Option<&str>) {
        self.identity = choose(options, source, |name| env::var(name).ok());
        self.advice = advice(&self.identity, source).into();
    }

    /// One line that says where the credentials come from.
    pub(crate) fn source(&self) -> String {
        match &self.identity {
            Identity::Chain => CHAIN.to_owned(),
            Identity::Profile(name) => format!("{PROFILE}{name}"),
            Identity::Keys(_) => KEYS.to_owned(),
        }
    }

    /// # Errors
    /// [`machine_core::ErrorKind::Credentials`] when there are none.
    pub(crate) async fn probe(&self, region: &str) -> Result<()> {
        let probed = self.links.probe(&self.identity, region).await;
        probed.map_err(|error| Failure::NoCredentials(error.into()).into())
    }

    /// Calls for a machine; keys that Docker Machine left in its state are its own.
    pub(crate) async fn session<'c>(
        &self,
        clock: &'c dyn Clock,
        driver: &Driver,
        scope: &Scope,
    ) -> Session<'c> {
        let stored = stored_keys(driver);
        let identity = stored.as_ref().unwrap_or(&self.identity);
        let link = self.links.to(identity, scope).await;
        let repeats = match driver.retry_count {
            0 if driver.region.is_empty() => RETRIES, // no state at all
            count => count,
        };
        let (repeats, advice) = (u32::try_from(repeats).unwrap_or(0), self.advice.clone());
        Session { link, clock, repeats, throttled_repeats: THROTTLED_REPEATS, advice }
    }

    /// Calls for no machine in particular.
    pub(crate) async fn session_for<'c>(&self, clock: &'c dyn Clock, scope: &Scope) -> Session<'c> {
        self.session(clock, &Driver::default(), scope).await
    }
}

fn advice(identity: &Identity, source: Option<&str>) -> String {
    match identity {
        Identity::Profile(name) => {
            format!("check the profile {name} in ~/.aws, or sign in with it again")
        }
        _ => {
            let set = "set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY";
            match source {
                Some(KEYS) => format!("the keys it was made with are not kept: {set}"),
                _ => set.to_owned(),
            }
        }
    }
}

const CHAIN: &str = "chain";
const KEYS: &str = "keys";
const PROFILE: &str = "profile=";

/// Keys in clear that an old `config.json` holds.
pub(crate) fn stored_keys(driver: &Driver) -> Option<Identity> {
    let (access, secret) = (driver.access_key.secret()?, driver.secret_key.secret()?);
    let session = driver.session_token.secret().cloned();
    Some(Identity::Keys(Keys { access: access.clone(), secret: secret.clone(), session }))
}

/// Flags win over what the machine remembers, and that over the environment, where the SDK's own
/// order is keys, then profile, then the rest.
fn choose(
    options: &Options,
    source: Option<&str>,
    environment: impl Fn(&str) -> Option<String>,
) -> Identity {
    let given = |name| options.secret(name).filter(|secret| !secret.expose().is_empty());
    // A value that the environment has as well may come from there: nobody tells.
    let by_flag = |value: &str, name: &str| environment(name).is_none_or(|there| there != value);
    let pair = given("amazonec2-access-key").zip(given("amazonec2-secret-key"));
    let keys = pair.map(|(access, secret): (&Secret, &Secret)| {
        // The environment's token belongs to the environment's key.
        let is_foreign = |token: &&Secret| {
            environment("AWS_ACCESS_KEY_ID").is_some_and(|key| !key.is_empty())
                && by_flag(access.expose(), "AWS_ACCESS_KEY_ID")
                && !by_flag(token.expose(), "AWS_SESSION_TOKEN")
        };
        let session = given("amazonec2-session-token").filter(|token| !is_foreign(token)).cloned();
        Keys { access: access.clone(), secret: secret.clone(), session }
    });
    let profile = options.text("amazonec2-profile").filter(|name| !name.is_empty());
    let keys_by_flag =
        keys.as_ref().is_some_and(|k| by_flag(k.access.expose(), "AWS_ACCESS_KEY_ID"));
    let remembered = source.and_then(|source| source.strip_prefix(PROFILE));
    match (keys, profile) {
        (Some(keys), _) if keys_by_flag => Identity::Keys(keys),
        (_, Some(name)) if by_flag(name, "AWS_PROFILE") => Identity::Profile(name.to_owned()),
        _ if remembered.is_some() => Identity::Profile(remembered.unwrap_or_default().to_owned()),
        (Some(keys), _) => Identity::Keys(keys),
        (None, Some(name)) => Identity::Profile(name.to_owned()),
        (None, None) => Identity::Chain,
    }
}

/// The account that calls are for, where it can be told.
pub(crate) async fn account_id(session: &Session<'_>) -> Option<String> {
    // Every account has such a group of its own in its default network, shared networks or not.
    let filter = [is("group-name", "default")];
    let link = &session.link;
    let look = async {
        let groups = session.call(|ec2| ec2.groups(&filter)).await?;
        Ok(groups.into_iter().map(|group| group.owner).find(|owner| !owner.is_empty()))
    };
    link.account.get(session.clock, &(), look).await.ok().flatten()
}

#[cfg(test)]
mod tests {
    use super::{Identity, choose};
    use crate::options::specs;
    use machine_core::{OptionValue, Options};

    fn options(given: &[(&str, &str)]) -> Options {
        let text = |(name, value): &(&str, &str)| {
            ((*name).to_owned(), OptionValue::Text((*value).to_owned()))
        };
        Options::new(&specs(), given.iter().map(text)).unwrap()
    }

    const KEYS: [(&str, &str); 2] =
        [("amazonec2-access-key", "AKIAFLAG"), ("amazonec2-secret-key", "s")];

    fn shown(identity: &Identity) -> &str {
        match identity {
            Identity::Chain => "chain",
            Identity::Profile(name) => name,
            Identity::Keys(_) => "keys",
        }
    }

    #[test]
    fn a_token_of_the_environment_goes_with_its_key_alone() {
        let token = ("amazonec2-session-token", "t");
        let given = options(&[KEYS.as_slice(), &[token]].concat());
        let session = |environment: &[(&str, &str)]| {
            let there = |name: &str| {
                let found = environment.iter().find(|(known, _)| *known == name);
                found.map(|(_, value)| (*value).to_owned())
            };
            match choose(&given, None, there) {
                Identity::Keys(keys) => keys.session.is_some(),
                other => panic!("{}", shown(&other)),
            }
        };
        assert!(session(&[]), "both given");
        assert!(session(&[("AWS_SESSION_TOKEN", "t")]), "the key given, for the token that is set");
        assert!(session(&[("AWS_ACCESS_KEY_ID", "AKIAFLAG"), ("AWS_SESSION_TOKEN", "t")]));
        assert!(!session(&[("AWS_ACCESS_KEY_ID", "ASIAENV"), ("AWS_SESSION_TOKEN", "t")]));
    }

    #[test]
    fn who_signs() {
        let same = |name: &str| match name {
            "AWS_ACCESS_KEY_ID" => Some("AKIAFLAG".to_owned()),
            "AWS_PROFILE" => Some("env".to_owned()),
            _ => None,
        };
        let with_profile = |name| [KEYS.as_slice(), &[("amazonec2-profile", name)]].concat();
        for (given, source, env, want) in [
            (vec![], None, false, "chain"),
            (vec![], Some("chain"), true, "chain"),
            (vec![], Some("keys"), true, "chain"),
            (vec![], Some("profile=dev"), true, "dev"),
            (KEYS.to_vec(), None, false, "keys"),
            (KEYS.to_vec(), Some("profile=dev"), false, "keys"),
            // From the environment: it must not hide what the machine remembers.
            (KEYS.to_vec(), Some("profile=dev"), true, "dev"),
            (KEYS.to_vec(), None, true, "keys"),
            (with_profile("env"), None, true, "keys"),
            (with_profile("flag"), None, true, "flag"),
            (vec![("amazonec2-profile", "env")], None, true, "env"),
            (KEYS[..1].to_vec(), None, false, "chain"),
        ] {
            let environment = |name: &str| if env { same(name) } else { None };
            let chosen = choose(&options(&given), source, environment);
            assert_eq!(shown(&chosen), want, "{given:?} {source:?} {env}");
        }
    }
}
