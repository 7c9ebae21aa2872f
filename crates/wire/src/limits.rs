//! Limits of the protocol, with the page or the reason each comes from. Units are in the names.

/// Largest text frame a logged-in client may send, in bytes.
pub const FRAME_BYTES_MAX: usize = 64 * 1024;
/// Largest frame before login, in bytes: a login request fits ten times over.
pub const FRAME_BEFORE_LOGIN_BYTES_MAX: usize = 8 * 1024;
/// Requests of one connection that may be under way at once.
pub const REQUESTS_IN_FLIGHT_MAX: usize = 64;

/// userID, in bytes (ZIM: 32).
pub const USER_ID_BYTES_MAX: usize = 32;
/// userName, in bytes (ZIM: 256).
pub const USER_NAME_BYTES_MAX: usize = 256;
/// Device identifier made by the SDK, in bytes.
pub const DEVICE_ID_BYTES_MAX: usize = 64;
/// groupID, in bytes (ZIM: 32).
pub const GROUP_ID_BYTES_MAX: usize = 32;
/// Group name, in characters (ZIM: 50).
pub const GROUP_NAME_CHARS_MAX: usize = 50;
/// Avatar address, in bytes (ZIM: 500).
pub const AVATAR_URL_BYTES_MAX: usize = 500;
/// Group notice, in characters (ZIM: 300).
pub const GROUP_NOTICE_CHARS_MAX: usize = 300;
/// Users named in one create, invite or kick request (ZIM: 100).
pub const GROUP_USERS_PER_REQUEST_MAX: usize = 100;

/// Text or custom message, in bytes (ZIM: 2 KB, raisable to 32 KB).
pub const MESSAGE_TEXT_BYTES_MAX: usize = 2 * 1024;
/// Command message, in decoded bytes (ZIM: 5 KB).
pub const MESSAGE_COMMAND_BYTES_MAX: usize = 5 * 1024;
/// extendedData of a message, in bytes (ZIM: 1 KB).
pub const MESSAGE_EXTENDED_BYTES_MAX: usize = 1024;
/// searchedContent of a custom message, in bytes (ZIM: 64).
pub const SEARCHED_CONTENT_BYTES_MAX: usize = 64;
/// Largest subType of a custom message (ZIM: 200).
pub const CUSTOM_SUB_TYPE_MAX: u32 = 200;
/// Mentioned users of one message (ZIM: 50).
pub const MENTIONS_MAX: usize = 50;
/// localMessageID, in bytes.
pub const LOCAL_MESSAGE_ID_BYTES_MAX: usize = 64;
/// Messages one page of history returns (ZIM: 100).
pub const HISTORY_PAGE_MAX: u32 = 100;
/// Messages in one `message.received` frame of an offline sync.
pub const SYNC_PAGE_MAX: usize = 50;
/// Conversations one page returns.
pub const CONVERSATION_PAGE_MAX: u32 = 100;
/// Cursors a client may send with its login.
pub const LOGIN_CURSORS_MAX: usize = 200;
/// Users asked for in one `user.query` (ZIM: 10).
pub const USER_QUERY_MAX: usize = 10;
/// Users one `block.add` or `block.remove` names (ZIM: 20).
pub const BLOCK_USERS_PER_REQUEST_MAX: usize = 20;
/// Users on one block list (ZIM: 1000).
pub const BLOCK_LIST_MAX: usize = 1_000;
/// Largest badge a client may ask for; vendors show less.
pub const BADGE_MAX: u32 = 100_000;
/// Members one page of a member list returns (ZIM: 100).
pub const MEMBER_PAGE_MAX: u32 = 100;

/// Push title, in bytes. ZIM publishes no figure; the vendor's body limit is 4096 for everything.
pub const PUSH_TITLE_BYTES_MAX: usize = 1024;
/// Push content, in bytes.
pub const PUSH_CONTENT_BYTES_MAX: usize = 4096;
/// Push payload, in bytes: it is never shortened, so it must leave room in the vendor's 4096.
pub const PUSH_PAYLOAD_BYTES_MAX: usize = 3072;
/// resourcesID, in characters (ZIM: 32).
pub const RESOURCES_ID_CHARS_MAX: usize = 32;
/// Vendor token of a device, in bytes (HarmonyOS today: 112).
pub const VENDOR_TOKEN_BYTES_MAX: usize = 1024;

/// Users one request invites to a call, if the app does not say otherwise (ZIM: 9).
pub const CALL_INVITEES_MAX: u32 = 9;
/// People in a call, if the app does not say otherwise (ZIM: 10).
pub const CALL_PEOPLE_MAX: u32 = 10;
/// Users one request invites, whatever the app says.
pub const CALL_INVITEES_MOST: usize = 99;
/// Shortest ring, in seconds (ZIM: 1).
pub const CALL_TIMEOUT_S_MIN: u32 = 1;
/// Longest ring, in seconds (ZIM: 600).
pub const CALL_TIMEOUT_S_MAX: u32 = 600;
/// Ring time when the caller names none, in seconds (ZIM: 90).
pub const CALL_TIMEOUT_S_DEFAULT: u32 = 90;
/// extendedData of a call action, in bytes (ZIM: 2 KB).
pub const CALL_EXTENDED_BYTES_MAX: usize = 2 * 1024;
/// Calls one page of `call.list` returns (ZIM: 100).
pub const CALL_PAGE_MAX: u32 = 100;

/// Heartbeat a client sends, in ms (ZIM: 10 s).
pub const HEARTBEAT_INTERVAL_MS: u64 = 10_000;
/// Silence that ends a session, in ms (ZIM: 35 s).
pub const HEARTBEAT_TIMEOUT_MS: u64 = 35_000;
/// Days an offline message waits for a login (ZIM: 7).
pub const OFFLINE_DAYS: u64 = 7;
/// Longest life of a token04, in seconds (ZIM: 24 days).
pub const TOKEN_LIFE_S_MAX: u64 = 24 * 24 * 3600;
/// Time before its expiry at which a client is told, and below which a login is refused, in seconds (ZIM: 30).
pub const TOKEN_WARNING_S: u64 = 30;
