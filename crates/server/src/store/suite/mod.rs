//! What every backend must pass: one function a promise of the traits, run through a constructor.
//!
//! Each gets a `World`: a fresh store, a clock held by hand, and short words for what happens. When it is
//! done, the world is opened again twice — as a crash would leave it, and after a proper close — and must
//! look the same.

pub mod alarms;
pub mod apps;
pub mod calls;
pub mod console;
pub mod cursors;
pub mod groups;
pub mod messages;
pub mod model;
pub mod order;
pub mod portrait;
pub mod pushes;
pub mod receipts;
pub mod taking_back;
pub mod tokens;
pub mod unread;
pub mod world;

pub use world::{Place, World};

/// Makes a test of every promise, for the backend whose empty places `$fresh` makes
/// (an expression with paths from the crate's root).
macro_rules! every_promise {
    ($fresh:expr) => {
        crate::store::suite::every_promise!($fresh,
            messages: sends_are_numbered, a_repeated_send_is_one_message, a_repeat_in_the_same_commit,
                refusals_are_values, pages_go_both_ways, old_messages_can_be_left_out,
                a_message_can_be_looked_up, a_peer_conversation_is_opened_once;
            order: sends_keep_the_order_of_their_first_poll, many_senders_leave_no_gap,
                announcements_come_once_and_in_order, numbers_rise_across_restarts;
            unread: others_messages_count_and_own_do_not, quiet_messages_do_not_count,
                reading_up_to_a_place, a_group_counts_from_joining, coming_back_begins_anew,
                do_not_disturb, a_setting_opens_a_conversation;
            cursors: acknowledging_moves_forward, a_device_has_its_own_cursors,
                a_shared_device_tells_users_apart, acknowledging_too_much_is_refused;
            tokens: a_login_binds_and_a_logout_unbinds, one_user_at_a_time, a_token_keeps_its_push_id,
                a_new_token_takes_the_old_ones_place, a_token_moves_to_another_device, unregistering,
                users_keep_their_names;
            groups: creating, ids_are_used_once, joining_and_inviting, room_is_limited,
                leaving_and_kicking, the_owner_passes_it_on, dismissing, who_saw_a_message,
                members_come_in_order, who_left_sees_nothing_new;
            pushes: an_intent_comes_with_its_message, plans_are_all_or_nothing,
                a_settled_intent_stays_settled, ends_are_given_once, a_dispatch_is_never_left_hanging,
                dead_tokens_are_buried, a_trace_tells_everything, finished_intents_are_told,
                old_traces_are_forgotten;
            receipts: a_receipt_is_kept_once, strange_receipts_change_nothing,
                a_receipt_buries_suspends_and_unbinds, registering_lifts_a_suspension,
                an_unbound_account_is_not_pushed, receipts_are_forgotten_with_their_dispatch;
            calls: a_call_is_saved_against_its_version, live_calls_are_found, calls_are_listed,
                call_intents;
            taking_back: a_revoked_message_keeps_its_place_without_its_words,
                refusals_of_a_revocation_are_values,
                a_repeated_send_of_a_revoked_message_is_still_that_message,
                reading_orders_notices_back_where_there_can_be_any, block_lists_are_kept_and_bounded,
                a_push_rule_is_kept_and_replaced, a_devices_first_login_is_remembered_with_its_user;
            alarms: an_alarm_is_one_episode;
            console: a_link_is_spent_once, one_owner_stays, logins_end, the_audit_log_is_paged,
                an_app_is_switched_and_its_keys_replaced, a_credential_is_removed,
                heads_are_found_by_outcome_kind_and_time, heads_follow_intents_and_go_with_them,
                figures_are_added_up, users_and_push_ids_can_be_looked_at;
            apps: creating_apps, apps_are_apart, settings_credentials_strategies;
        );
    };
    ($fresh:expr, $($topic:ident: $($promise:ident),+ $(,)?;)+) => {
        $(mod $topic {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $promise() {
                let mut world = crate::store::suite::World::new($fresh).await;
                crate::store::suite::$topic::$promise(&mut world).await;
                world.survives().await;
            })+
        })+
    };
}
pub(crate) use every_promise;
