//! Bounds of the export.

use std::time::Duration;

/// Hints of finished intents that wait.
pub(super) const HINTS_WAITING_MAX: usize = 4_096;
/// Hints taken at once.
pub(super) const HINTS_AT_ONCE_MAX: usize = 256;
/// Intents that wait for their time.
pub(super) const TRACES_WAITING_MAX: usize = 50_000;
/// Intents that are remembered as exported, so that a late end exports none twice.
pub(super) const TRACES_REMEMBERED_MAX: usize = 50_000;
/// How long after its end a trace is exported, in ms: receipts come meanwhile.
pub(super) const LINGER_MS: u64 = 10_000;
/// Traces become due together, once in this time, in ms.
pub(super) const EVERY_MS: u64 = 1_000;
/// Spans of one trace.
pub(super) const SPANS_PER_TRACE_MAX: usize = 200;
/// Spans from which a request is full. The last trace in it may bring some more.
pub(super) const SPANS_PER_REQUEST: usize = 512;
/// Requests that wait for the collector.
pub(super) const BATCHES_WAITING_MAX: usize = 8;
/// Tries of one request, the first included.
pub(super) const TRIES_MAX: u32 = 3;
/// Before the second try; doubled for the third.
pub(super) const RETRY_FIRST: Duration = Duration::from_secs(1);
/// Longest wish of a collector not to be asked again that is followed, in s.
pub(super) const RETRY_AFTER_S_MAX: u32 = 30;
/// For one request.
pub(super) const REQUEST_WITHIN: Duration = Duration::from_secs(10);
/// For a connection.
pub(super) const CONNECT_WITHIN: Duration = Duration::from_secs(3);
/// Largest answer of a collector that is read, in bytes.
pub(super) const ANSWER_BYTES_MAX: usize = 64 * 1024;
/// For what is left when the program stops.
pub(super) const STOP_WITHIN: Duration = Duration::from_secs(5);
/// Between two warnings, in ms.
pub(super) const WARN_EVERY_MS: u64 = 60_000;
