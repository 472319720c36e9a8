//! Providers for hosts that exist already.
