-- Calls of advanced mode: whether receipt of the invitation is checked, and when the call ends at the latest.

ALTER TABLE calls ADD COLUMN checks INTEGER NOT NULL DEFAULT 0;
ALTER TABLE calls ADD COLUMN ends_at INTEGER;
