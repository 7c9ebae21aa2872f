//! Tests of http.rs.
