//! Every bound of the emulator itself. What the vendor limits is in `push_kit`; what a test sets is in
//! `config`.

use std::time::Duration;

/// Connections served at the same time; further ones wait in the listener's backlog.
pub(crate) const CONNECTIONS_MAX: usize = 10_000;
/// A peer has this long for a request's head; idle kept-alive connections end by it too.
pub(crate) const HEADER_READ_TIMEOUT: Duration = Duration::from_secs(75);
/// Largest request body: 4096 bytes, 1000 tokens, and room for mistakes worth answering.
pub(crate) const REQUEST_BYTES_MAX: usize = 512 * 1024;
/// Largest control request.
pub(crate) const CONTROL_BYTES_MAX: usize = 256 * 1024;

/// Largest frame of a phone's socket, in bytes.
pub(crate) const SOCKET_FRAME_MAX: usize = 64 * 1024;
/// Answers a phone's socket may be waiting for (open permission dialogs).
pub(crate) const SOCKET_PENDING_MAX: usize = 16;
/// The socket is pinged this often …
pub(crate) const SOCKET_PING_EVERY: Duration = Duration::from_secs(30);
/// … and given up after this many pings without any sign of life.
pub(crate) const SOCKET_SILENT_PINGS_MAX: u32 = 3;
/// Events waiting for one listener; one that falls further behind is cut off.
pub(crate) const EVENTS_WAITING_MAX: usize = 1024;
/// Listeners of one phone.
pub(crate) const LISTENERS_MAX: usize = 16;
/// A dialog asked for over HTTP is waited for this long.
pub(crate) const DIALOG_WAIT: Duration = Duration::from_secs(30);

/// Phones, and what each may hold.
pub(crate) const PHONES_MAX: usize = 1_000_000;
pub(crate) const PHONE_NAME_MAX: usize = 128;
pub(crate) const APPS_PER_PHONE_MAX: usize = 32;
/// Apps, installed or not, whose quotas a phone remembers; more than [`APPS_PER_PHONE_MAX`].
pub(crate) const COUNTERS_MAX: usize = 256;
pub(crate) const NOTICES_MAX: usize = 1000;
pub(crate) const CALLS_WAITING_MAX: usize = 16;
pub(crate) const DIALOGS_WAITING_MAX: usize = 8;
pub(crate) const PROXY_ROWS_MAX: usize = 1000;
/// appMessageIds remembered per app and phone; beyond it the oldest is forgotten before its 24 h are over.
pub(crate) const MESSAGE_IDS_MAX: usize = 10_000;
/// Tokens that are no longer valid but still known to have been.
pub(crate) const GONE_TOKENS_MAX: usize = 100_000;

/// Projects, and what each may hold.
pub(crate) const PROJECTS_MAX: usize = 1000;
pub(crate) const KEYS_PER_PROJECT_MAX: usize = 100;
pub(crate) const APPS_PER_PROJECT_MAX: usize = 1000;
/// Verified JWTs remembered by their text.
pub(crate) const VERIFIED_JWTS_MAX: usize = 4096;

/// Receipts waiting for their receiver, over all receivers; beyond it new ones are dropped and counted.
pub(crate) const RECEIPTS_WAITING_MAX: usize = 100_000;
/// Receipt batches on their way at the same time, at most one per receiver.
pub(crate) const RECEIPT_POSTS_MAX: usize = 8;
/// Largest answer of a receipt receiver that is read.
pub(crate) const RECEIPT_ANSWER_MAX: usize = 16 * 1024;

/// Faults in force at the same time.
pub(crate) const FAULTS_MAX: usize = 100;
/// Longest delay a fault may ask for.
pub(crate) const FAULT_DELAY_MAX_MS: u64 = 600_000;
/// Bodies and answers kept by the log of requests, in bytes, whatever its length in entries.
pub(crate) const LOG_BYTES_MAX: usize = 64 * 1024 * 1024;
/// Entries of the log given out in one answer.
pub(crate) const LOG_PAGE_MAX: usize = 1000;
