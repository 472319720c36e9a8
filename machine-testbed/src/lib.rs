//! Real Docker hosts for tests.
