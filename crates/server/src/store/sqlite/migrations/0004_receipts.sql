-- Receipts of vendors: who signs them, what they said, and whom they keep from being pushed.

ALTER TABLE credentials ADD COLUMN callback_user TEXT;
ALTER TABLE credentials ADD COLUMN callback_secret TEXT;

-- Not pushed until the device registers or logs in again; a reason's code.
ALTER TABLE push_ids ADD COLUMN suspended_code TEXT;
ALTER TABLE push_ids ADD COLUMN suspended_at INTEGER;

CREATE TABLE receipts (
    dispatch INTEGER NOT NULL,
    push_id TEXT NOT NULL,
    request_id TEXT NOT NULL,
    result INTEGER NOT NULL,
    at INTEGER NOT NULL,
    received_at INTEGER NOT NULL,
    PRIMARY KEY (dispatch, push_id, request_id, result)
) STRICT, WITHOUT ROWID;
