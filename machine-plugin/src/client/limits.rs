use std::time::Duration;

/// How long a plugin may take before it counts as hung. Each is bounded by itself; set the fields
/// of a default by assignment.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct TimeLimits {
    /// From the process's start until it says where it listens. Default: 10 s, as in Docker Machine
    /// (`libmachine/drivers/plugin/localbinary/plugin.go`).
    pub handshake: Duration,
    /// Between two heartbeats. Default: 5 s; plugins end 10 s after the last one.
    pub heartbeat: Duration,
    /// For the answer to a heartbeat, which plugins give at any time. Default: 30 s.
    pub silence: Duration,
    /// For what needs no work: settings, flags, names. Default: 30 s.
    pub answer: Duration,
    /// For all that one look at a machine asks, the plugin's start included. Default: 10 s.
    pub status: Duration,
    /// For the pre-create check, in which drivers fetch images. Default: 30 min.
    pub check: Duration,
    /// For `Create`. Default: 60 min.
    pub create: Duration,
    /// For start, stop, restart, kill and remove. Default: 15 min.
    pub change: Duration,
    /// From `Close` until the process has ended; then it is killed. Default: 5 s.
    pub close: Duration,
    /// How long a process is kept between `prepare` and `create`. Default: 10 min.
    pub hold: Duration,
}

impl Default for TimeLimits {
    fn default() -> Self {
        Self {
            handshake: Duration::from_secs(10),
            heartbeat: Duration::from_secs(5),
            silence: Duration::from_secs(30),
            answer: Duration::from_secs(30),
            status: Duration::from_secs(10),
            check: Duration::from_secs(30 * 60),
            create: Duration::from_secs(60 * 60),
            change: Duration::from_secs(15 * 60),
            close: Duration::from_secs(5),
            hold: Duration::from_secs(10 * 60),
        }
    }
}
