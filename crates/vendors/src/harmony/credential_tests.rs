//! Tests of credential.rs.
