//! One look over all sessions every second, instead of timers for each: silence, tokens that end, and users who
//! did not come back to their calls.

use super::Services;
use crate::hub::Seat;
use bytes::Bytes;
use hongyan_wire::{
    CloseCode, limits,
    server::{Notification, TokenWillExpire},
};
use std::{sync::Arc, time::Duration};

/// Time between two looks.
const PERIOD: Duration = Duration::from_secs(1);
/// After a socket dropped, or the server started, users have this long to come back to their calls.
const GONE_AFTER_MS: u64 = limits::HEARTBEAT_TIMEOUT_MS;

/// How long a session remembers what its sync covered, in ms.
const SYNC_REMEMBERED_MS: u64 = 30_000;

/// Looks until it is dropped.
pub async fn sweep_sessions(services: Arc<Services>) {
    let mut vanished_at = Some(services.clock.now_ms() + GONE_AFTER_MS);
    loop {
        services.clock.sleep(PERIOD).await;
        let now_ms = services.clock.now_ms();
        if vanished_at.take_if(|at| *at <= now_ms).is_some() {
            services.calls.look_for_vanished().await;
        }
        services.hub.for_each(|seat| look(seat, now_ms));
        for (app, user) in services.hub.forget_dropped(now_ms.saturating_sub(GONE_AFTER_MS)) {
            if services.hub.seats_of(app, &user).is_empty() {
                services.calls.user_left(app, &user).await;
            }
        }
    }
}

fn look(seat: &Arc<Seat>, now_ms: u64) {
    if now_ms.saturating_sub(seat.since) > SYNC_REMEMBERED_MS {
        seat.forget_synced();
    }
    if now_ms.saturating_sub(seat.heard_at()) > seat.silence_ms {
        seat.mailbox.close(CloseCode::Silent);
    }
    let Some(ends_at) = seat.token_ends_at() else { return };
    let left_s = ends_at.saturating_sub(now_ms) / 1_000;
    if left_s == 0 {
        seat.mailbox.close(CloseCode::TokenExpired);
    } else if left_s <= limits::TOKEN_WARNING_S && seat.first_token_warning() {
        let warning = Notification::TokenWillExpire(TokenWillExpire { second: left_s });
        seat.mailbox.push(Bytes::from(warning.to_frame()));
    }
}
