-- Trouble of push credentials that an operator has to look at: the present or last episode of each kind.
CREATE TABLE alarms (
    app INTEGER NOT NULL,
    vendor TEXT NOT NULL,
    app_type INTEGER NOT NULL,
    kind TEXT NOT NULL,
    code TEXT NOT NULL,
    message TEXT NOT NULL,
    since INTEGER NOT NULL,
    last_at INTEGER NOT NULL,
    count INTEGER NOT NULL,
    cleared_at INTEGER,
    PRIMARY KEY (app, vendor, app_type, kind)
) STRICT, WITHOUT ROWID;
