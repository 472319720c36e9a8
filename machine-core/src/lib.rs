#![doc = include_str!("../README.md")]
mod clock;
mod cx;
mod error;
mod event;
mod journal;
mod option;
mod provider;
mod secret;
mod state;
mod status;
mod step;

pub use clock::Clock;
pub use cx::{Cx, StateSink, TAG_MACHINE, TAG_STORE};
pub use error::{Error, ErrorKind, Leftover, Result};
pub use event::{Event, EventSink};
pub use journal::{Intent, Journal, MemoryJournal, Record, Resource, merge, resources};
pub use option::{OptionKind, OptionSpec, OptionValue, Options};
pub use provider::{Capabilities, Found, Prepared, Provider};
pub use secret::Secret;
pub use state::State;
pub use status::{MachineState, SshEndpoint, Status};
pub use step::{Step, run_steps, undo};

/// Text that is fixed in a linked provider and learned at run time from a plugin.
pub type Str = std::borrow::Cow<'static, str>;
