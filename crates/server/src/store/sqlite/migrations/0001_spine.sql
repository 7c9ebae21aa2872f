-- The first schema. What is random-keyed is written seldom; what is written per message rises with time.

CREATE TABLE meta (
    name TEXT PRIMARY KEY,
    value ANY
) STRICT, WITHOUT ROWID;

CREATE TABLE apps (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    app_sign TEXT NOT NULL,
    server_secret TEXT NOT NULL,
    callback_secret TEXT NOT NULL,
    enabled INTEGER NOT NULL,
    settings TEXT NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE credentials (
    app INTEGER NOT NULL REFERENCES apps (id),
    vendor TEXT NOT NULL,
    app_type INTEGER NOT NULL,
    file TEXT NOT NULL,
    client_id TEXT,
    base_url TEXT,
    updated_at INTEGER NOT NULL,
    PRIMARY KEY (app, vendor, app_type)
) STRICT, WITHOUT ROWID;

CREATE TABLE strategies (
    app INTEGER NOT NULL REFERENCES apps (id),
    resources_id TEXT NOT NULL,
    options TEXT NOT NULL,
    PRIMARY KEY (app, resources_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE users (
    app INTEGER NOT NULL,
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    avatar_url TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (app, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE devices (
    app INTEGER NOT NULL,
    id TEXT NOT NULL,
    user TEXT,
    platform INTEGER NOT NULL,
    last_login_at INTEGER NOT NULL,
    PRIMARY KEY (app, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE push_ids (
    id TEXT PRIMARY KEY,
    app INTEGER NOT NULL,
    device TEXT NOT NULL,
    user TEXT,
    vendor TEXT NOT NULL,
    app_type INTEGER NOT NULL,
    token TEXT NOT NULL,
    locale TEXT NOT NULL,
    registered_at INTEGER NOT NULL,
    dead_code TEXT,
    dead_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX push_ids_by_token ON push_ids (app, vendor, app_type, token);
CREATE INDEX push_ids_by_device ON push_ids (app, device);
CREATE INDEX push_ids_by_user ON push_ids (app, user) WHERE user IS NOT NULL;

-- Numbered from 1 without gaps. kind 0: two users, `one` < `two`; kind 2: `one` is the groupID.
CREATE TABLE conversations (
    no INTEGER PRIMARY KEY,
    app INTEGER NOT NULL,
    kind INTEGER NOT NULL,
    one TEXT NOT NULL,
    two TEXT,
    created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE groups (
    conversation INTEGER PRIMARY KEY REFERENCES conversations (no),
    name TEXT NOT NULL,
    avatar_url TEXT NOT NULL,
    notice TEXT NOT NULL,
    dismissed_at INTEGER
) STRICT;

-- *_total counts the conversation's counting messages, *_own those of the member: unread is arithmetic.
-- `own` is as of the conversation's row in `tails`; newer messages are added at start.
-- left_* freezes the conversation's tail for a member who went.
CREATE TABLE members (
    conversation INTEGER NOT NULL,
    user TEXT NOT NULL,
    place INTEGER NOT NULL,
    role INTEGER NOT NULL,
    joined_at INTEGER NOT NULL,
    visible_from INTEGER NOT NULL,
    read_seq INTEGER NOT NULL,
    read_total INTEGER NOT NULL,
    read_own INTEGER NOT NULL,
    own INTEGER NOT NULL DEFAULT 0,
    notification INTEGER NOT NULL,
    left_seq INTEGER,
    left_last INTEGER,
    left_at INTEGER,
    left_total INTEGER,
    PRIMARY KEY (conversation, user)
) STRICT, WITHOUT ROWID;

-- The log. `prev` is the row of the conversation's message before, 0 for the first.
-- flags: 1 does not raise unread counts.
CREATE TABLE messages (
    id INTEGER PRIMARY KEY,
    conversation INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    prev INTEGER NOT NULL,
    sender TEXT NOT NULL,
    device TEXT NOT NULL,
    timestamp INTEGER NOT NULL,
    local_id TEXT NOT NULL,
    flags INTEGER NOT NULL,
    content TEXT NOT NULL
) STRICT;

-- Sparse places to jump to: every 64th message of a conversation, written a second behind.
CREATE TABLE marks (
    conversation INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    id INTEGER NOT NULL,
    PRIMARY KEY (conversation, seq)
) STRICT, WITHOUT ROWID;

-- Tails saved now and then. Everything up to meta.tails_upto is in them; newer messages are replayed at
-- start.
CREATE TABLE tails (
    conversation INTEGER PRIMARY KEY,
    seq INTEGER NOT NULL,
    last INTEGER NOT NULL,
    at INTEGER NOT NULL,
    total INTEGER NOT NULL
) STRICT;

CREATE TABLE device_cursors (
    app INTEGER NOT NULL,
    device TEXT NOT NULL,
    user TEXT NOT NULL,
    conversation INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    PRIMARY KEY (app, device, user, conversation)
) STRICT, WITHOUT ROWID;

CREATE TABLE intents (
    id INTEGER PRIMARY KEY,
    app INTEGER NOT NULL,
    subject TEXT NOT NULL,
    call INTEGER,
    spec TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    due_at INTEGER NOT NULL,
    settled INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX intents_pending ON intents (id) WHERE settled = 0;
CREATE INDEX intents_by_call ON intents (call) WHERE call IS NOT NULL;

-- One row a pass of the planner: a JSON list of verdicts.
CREATE TABLE verdicts (
    intent INTEGER NOT NULL,
    pass INTEGER NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (intent, pass)
) STRICT, WITHOUT ROWID;

CREATE TABLE dispatches (
    id INTEGER PRIMARY KEY,
    app INTEGER NOT NULL,
    intent INTEGER NOT NULL,
    vendor TEXT NOT NULL,
    app_type INTEGER NOT NULL,
    is_call INTEGER NOT NULL,
    notice TEXT NOT NULL,
    targets TEXT NOT NULL,
    ended TEXT NOT NULL,
    due_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    settled INTEGER NOT NULL
) STRICT;
CREATE INDEX dispatches_pending ON dispatches (id) WHERE settled = 0;
CREATE INDEX dispatches_by_intent ON dispatches (intent);

CREATE TABLE attempts (
    dispatch INTEGER NOT NULL,
    number INTEGER NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (dispatch, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE calls (
    id INTEGER PRIMARY KEY,
    app INTEGER NOT NULL,
    mode INTEGER NOT NULL,
    state INTEGER NOT NULL,
    caller TEXT NOT NULL,
    extended_data TEXT NOT NULL,
    timeout_s INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    due_at INTEGER,
    ended_at INTEGER,
    users TEXT NOT NULL,
    version INTEGER NOT NULL
) STRICT;
CREATE INDEX calls_live ON calls (id) WHERE ended_at IS NULL;

CREATE TABLE call_users (
    app INTEGER NOT NULL,
    user TEXT NOT NULL,
    call INTEGER NOT NULL,
    live INTEGER NOT NULL,
    PRIMARY KEY (app, user, call)
) STRICT, WITHOUT ROWID;
CREATE INDEX call_users_live ON call_users (app, user) WHERE live = 1;
