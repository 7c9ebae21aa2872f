//! Traces as JSON and as text.
