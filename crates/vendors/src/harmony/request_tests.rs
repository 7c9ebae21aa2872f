//! Tests of request.rs.
