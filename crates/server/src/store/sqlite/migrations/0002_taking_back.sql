-- Messages that were taken back, block lists, push rules, and notices to be taken back.

-- Flag 2 of messages.flags: the content is what is left of a revoked message.
CREATE TABLE revocations (
    conversation INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    message INTEGER NOT NULL,
    sender TEXT NOT NULL,
    counts INTEGER NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (conversation, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE blocks (
    app INTEGER NOT NULL,
    user TEXT NOT NULL,
    blocked TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (app, user, blocked)
) STRICT, WITHOUT ROWID;

ALTER TABLE users ADD COLUMN push_rule TEXT;

-- Since when the device is its user's: what came later is the device's own to receive.
ALTER TABLE devices ADD COLUMN since INTEGER NOT NULL DEFAULT 0;

-- Notices that may be on devices and must go; removed when their requests are written.
CREATE TABLE retractions (
    id INTEGER PRIMARY KEY,
    app INTEGER NOT NULL,
    body TEXT NOT NULL,
    due_at INTEGER NOT NULL
) STRICT;

-- Notices that were tapped, as the device says.
CREATE TABLE clicks (
    intent INTEGER NOT NULL,
    user TEXT NOT NULL,
    device TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (intent, user, device)
) STRICT, WITHOUT ROWID;

-- JSON of store::Purpose; NULL: a notice of its intent.
ALTER TABLE dispatches ADD COLUMN purpose TEXT;
