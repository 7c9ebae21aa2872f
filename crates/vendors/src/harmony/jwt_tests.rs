//! Tests of jwt.rs.
