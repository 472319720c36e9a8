//! Conformance suite for providers.
