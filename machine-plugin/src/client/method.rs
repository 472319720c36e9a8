use crate::client::TimeLimits;
use std::time::Duration;

/// A method of a plugin.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Method {
    Close,
    Create,
    DriverName,
    GetConfigRaw,
    GetCreateFlags,
    GetIp,
    GetIpv6,
    GetSshHostname,
    GetSshKeyPath,
    GetSshPort,
    GetSshUsername,
    GetState,
    GetUrl,
    GetVersion,
    Heartbeat,
    Kill,
    PreCreateCheck,
    Remove,
    Restart,
    SetConfigFromFlags,
    SetConfigRaw,
    Start,
    Stop,
}

impl Method {
    /// Its name on the wire.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Close => "Close",
            Self::Create => "Create",
            Self::DriverName => "DriverName",
            Self::GetConfigRaw => "GetConfigRaw",
            Self::GetCreateFlags => "GetCreateFlags",
            Self::GetIp => "GetIP",
            Self::GetIpv6 => "GetIPv6",
            Self::GetSshHostname => "GetSSHHostname",
            Self::GetSshKeyPath => "GetSSHKeyPath",
            Self::GetSshPort => "GetSSHPort",
            Self::GetSshUsername => "GetSSHUsername",
            Self::GetState => "GetState",
            Self::GetUrl => "GetURL",
            Self::GetVersion => "GetVersion",
            Self::Heartbeat => "Heartbeat",
            Self::Kill => "Kill",
            Self::PreCreateCheck => "PreCreateCheck",
            Self::Remove => "Remove",
            Self::Restart => "Restart",
            Self::SetConfigFromFlags => "SetConfigFromFlags",
            Self::SetConfigRaw => "SetConfigRaw",
            Self::Start => "Start",
            Self::Stop => "Stop",
        }
    }

    /// Whether a lost answer leaves open what happened.
    pub(crate) fn changes(self) -> bool {
        matches!(
            self,
            Self::Create | Self::Kill | Self::Remove | Self::Restart | Self::Start | Self::Stop
        )
    }

    pub(crate) fn limit(self, limits: &TimeLimits) -> Duration {
        match self {
            Self::Create => limits.create,
            Self::PreCreateCheck => limits.check,
            Self::Heartbeat => limits.silence,
            Self::Close => limits.close,
            Self::GetVersion => limits.handshake,
            // Drivers look up the account's images, keys and networks in it.
            Self::SetConfigFromFlags => limits.change,
            method if method.changes() => limits.change,
            _ => limits.answer,
        }
    }
}
