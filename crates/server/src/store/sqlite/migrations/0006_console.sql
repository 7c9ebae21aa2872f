-- What the console keeps: administrators and what they did, an app's switches and replaced keys, how things went
-- minute by minute, and where traces are found without looking at all of them.

ALTER TABLE apps ADD COLUMN active INTEGER NOT NULL DEFAULT 1;
-- JSON: keys that were replaced, and until when the old one is taken.
ALTER TABLE apps ADD COLUMN keys TEXT NOT NULL DEFAULT '{}';
-- JSON: rights at the vendor by name. `file` and `callback_secret` are sealed, see sqlite/seal.rs.
ALTER TABLE credentials ADD COLUMN rights TEXT NOT NULL DEFAULT '{}';

CREATE INDEX devices_by_user ON devices (app, user) WHERE user IS NOT NULL;

-- apps: JSON list of AppIDs, NULL for all. password: a PHC string of argon2id, NULL until one is set.
CREATE TABLE administrators (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    role TEXT NOT NULL,
    apps TEXT,
    disabled INTEGER NOT NULL DEFAULT 0,
    password TEXT,
    created_at INTEGER NOT NULL,
    last_login_at INTEGER
) STRICT;

-- One-time links, by the SHA-256 of their token. Without an administrator: it makes the first one.
CREATE TABLE links (
    hash BLOB PRIMARY KEY,
    administrator INTEGER,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Logins, by the SHA-256 of their cookie.
CREATE TABLE logins (
    hash BLOB PRIMARY KEY,
    administrator INTEGER NOT NULL,
    started_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX logins_by_administrator ON logins (administrator, started_at);

CREATE TABLE audit (
    id INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    by TEXT NOT NULL,
    address TEXT NOT NULL,
    action TEXT NOT NULL,
    app INTEGER,
    target TEXT NOT NULL,
    detail TEXT NOT NULL
) STRICT;
CREATE INDEX audit_by_app ON audit (app, id) WHERE app IS NOT NULL;

-- span: seconds, 60 or 3600. at: Unix time in s at which the span begins.
CREATE TABLE series (
    app INTEGER NOT NULL,
    span INTEGER NOT NULL,
    at INTEGER NOT NULL,
    messages INTEGER NOT NULL,
    pushed INTEGER NOT NULL,
    failed INTEGER NOT NULL,
    suppressed INTEGER NOT NULL,
    acked INTEGER NOT NULL,
    expired INTEGER NOT NULL,
    retracted INTEGER NOT NULL,
    requests INTEGER NOT NULL,
    errors INTEGER NOT NULL,
    answers INTEGER NOT NULL,
    answers_ms INTEGER NOT NULL,
    sessions INTEGER NOT NULL,
    backlog_age_ms INTEGER NOT NULL,
    PRIMARY KEY (app, span, at)
) STRICT, WITHOUT ROWID;

-- Every message and call that was to be pushed, found by app. Written behind a watermark (meta.heads_upto), never
-- with a send. counts: JSON, devices by outcome. settled: nothing of it will change any more.
CREATE TABLE trace_heads (
    app INTEGER NOT NULL,
    id INTEGER NOT NULL,
    sender TEXT NOT NULL,
    settled INTEGER NOT NULL,
    head TEXT NOT NULL,
    PRIMARY KEY (app, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX trace_heads_open ON trace_heads (id) WHERE settled = 0;

-- What a trace can be asked for: an outcome of one of its devices, or that it is a call.
CREATE TABLE trace_marks (
    app INTEGER NOT NULL,
    mark INTEGER NOT NULL,
    id INTEGER NOT NULL,
    PRIMARY KEY (app, mark, id)
) STRICT, WITHOUT ROWID;
