/**
 * Limits of the protocol (the server's, checked here first so that a mistake costs no round trip) and of this
 * SDK's own queues and waits. Units are in the names. A test keeps the protocol's equal to the server's.
 */

/** Requests of one connection that may be under way at once. */
export const REQUESTS_IN_FLIGHT_MAX = 64;
/** userID, in bytes. */
export const USER_ID_BYTES_MAX = 32;
/** userName, in bytes. */
export const USER_NAME_BYTES_MAX = 256;
/** Device identifier, in bytes. */
export const DEVICE_ID_BYTES_MAX = 64;
/** groupID, in bytes. */
export const GROUP_ID_BYTES_MAX = 32;
/** Group name, in characters. */
export const GROUP_NAME_CHARS_MAX = 50;
/** Avatar address, in bytes. */
export const AVATAR_URL_BYTES_MAX = 500;
/** Group notice, in characters. */
export const GROUP_NOTICE_CHARS_MAX = 300;
/** Users named in one create, invite or kick request. */
export const GROUP_USERS_PER_REQUEST_MAX = 100;
/** Text or custom message, in bytes. */
export const MESSAGE_TEXT_BYTES_MAX = 2048;
/** Command message, in bytes. */
export const MESSAGE_COMMAND_BYTES_MAX = 5120;
/** extendedData of a message, in bytes. */
export const MESSAGE_EXTENDED_BYTES_MAX = 1024;
/** searchedContent of a custom message, in bytes. */
export const SEARCHED_CONTENT_BYTES_MAX = 64;
/** Largest subType of a custom message. */
export const CUSTOM_SUB_TYPE_MAX = 200;
/** Mentioned users of one message. */
export const MENTIONS_MAX = 50;
/** localMessageID, in bytes. */
export const LOCAL_MESSAGE_ID_BYTES_MAX = 64;
/** Messages one page of history returns. */
export const HISTORY_PAGE_MAX = 100;
/** Conversations one page returns. */
export const CONVERSATION_PAGE_MAX = 100;
/** Cursors a client sends with its login. */
export const LOGIN_CURSORS_MAX = 200;
/** Users asked for in one `user.query`. */
export const USER_QUERY_MAX = 10;
/** Users one `block.add` or `block.remove` names. */
export const BLOCK_USERS_PER_REQUEST_MAX = 20;
/** Largest badge. */
export const BADGE_MAX = 100_000;
/** Members one page of a member list returns. */
export const MEMBER_PAGE_MAX = 100;
/** Push title, in bytes. */
export const PUSH_TITLE_BYTES_MAX = 1024;
/** Push content, in bytes. */
export const PUSH_CONTENT_BYTES_MAX = 4096;
/** Push payload, in bytes. */
export const PUSH_PAYLOAD_BYTES_MAX = 3072;
/** resourcesID, in characters. */
export const RESOURCES_ID_CHARS_MAX = 32;
/** Users one request invites to a call, whatever the app says; usually it says 9. */
export const CALL_INVITEES_MOST = 99;
/** Longest ring, in seconds. */
export const CALL_TIMEOUT_S_MAX = 600;
/** extendedData of a call action, in bytes. */
export const CALL_EXTENDED_BYTES_MAX = 2048;
/** Calls one page of `call.list` returns. */
export const CALL_PAGE_MAX = 100;

/** How long a login may take in all, retries included. */
export const LOGIN_TIMEOUT_MS = 10_000;
/** How long opening one socket may take before another is tried. */
export const CONNECT_TIMEOUT_MS = 5_000;
/** How long an answer may take; also how long a request waits for the connection to come back. */
export const REQUEST_TIMEOUT_MS = 10_000;
/** How long a heartbeat may stay unanswered before the link counts as dead. */
export const HEARTBEAT_ANSWER_MS = 10_000;
/** The same for the probe when a device wakes up: somebody is waiting. */
export const PROBE_ANSWER_MS = 4_000;
/** How long `logout` waits for the server to clear this device's PushIDs. */
export const LOGOUT_TIMEOUT_MS = 3_000;
/** First and greatest wait between attempts to reconnect. */
export const RECONNECT_FIRST_MS = 500;
/** See `RECONNECT_FIRST_MS`. */
export const RECONNECT_GREATEST_MS = 15_000;
/** A session that lasted this long starts the backoff afresh. */
export const SESSION_STEADY_MS = 10_000;
/** Requests that wait for an answer slot or for the connection to come back. */
export const REQUESTS_WAITING_MAX = 256;

/** Messages a client may submit per second and at once; above it sends fail with 6000004. */
export const SEND_RATE_PER_S = 10;
/** Command messages a client may submit per second and at once. */
export const COMMAND_RATE_PER_S = 30;
/** Pace at which messages are written, a little below the server's 10/s so that jitter cannot break it. */
export const WRITE_RATE_PER_S = 9;
/** Messages written at once. */
export const WRITE_BURST = 8;
/** Messages waiting to be sent or answered. */
export const OUTBOX_MAX = 256;
/** Messages written but not yet answered. */
export const OUTBOX_IN_FLIGHT_MAX = 32;
/** After this long an unanswered message fails. */
export const SEND_TIMEOUT_MS = 60_000;
/** Wait after the server refused a message for its rate. */
export const SEND_PAUSE_MS = 250;

/** Conversations whose place is remembered in memory. */
export const INBOX_CONVERSATIONS_MAX = 5_000;
/** Messages of one conversation held back while a gap is filled; more are fetched again. */
export const INBOX_HELD_MAX = 500;
/** Wait for a message that an own send has overtaken, before it is fetched. */
export const OVERTAKEN_WAIT_MS = 1_500;
/** Wait before a gap is tried again that could not be filled. */
export const GAP_RETRY_MS = 2_000;
/** How long cursors wait to be written to the device's storage. */
export const CURSOR_SAVE_MS = 500;
/** Conversations kept locally; beyond it the server is asked. */
export const CONVERSATIONS_MAX = 1_000;
/** Messages of a conversation remembered for merging with what the server says. */
export const RECENT_MESSAGES_MAX = 200;
/** Unread mentions kept for one conversation. */
export const MENTIONED_MAX = 100;
/** Wait before the total unread count is asked for when not all conversations are kept locally. */
export const TOTAL_QUERY_WAIT_MS = 1_000;
/** Users whose names are remembered. */
export const USERS_KNOWN_MAX = 1_000;
/** Users one page of the block list returns. */
export const BLOCK_PAGE_MAX = 100;
/** Revoked messages remembered, so that an older copy of one is not shown again. */
export const REVOKED_KNOWN_MAX = 500;
/** Calls remembered, and pages of lists that can be continued. */
export const CALLS_KNOWN_MAX = 200;
/** A ring that should be over is looked after this much later. */
export const RING_SLACK_MS = 2_000;
