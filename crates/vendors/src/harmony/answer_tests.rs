//! Tests of answer.rs.
