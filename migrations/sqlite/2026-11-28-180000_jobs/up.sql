-- Work that goes on after its request was answered: how far it has come, and what came of it.
--
-- Twin of the same migration for the other backend. Nothing here is a projection, and nothing refers
-- to records. A job is forgotten some days after it ended, with its items.

CREATE TABLE jobs (
    id TEXT PRIMARY KEY,
    asked_by TEXT NOT NULL,
    actor TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('running', 'done', 'failed', 'stopped')),
    expected BIGINT NOT NULL CHECK (expected >= 0),
    done BIGINT NOT NULL CHECK (done >= 0),
    -- What came of it: totals, or why it failed.
    outcome TEXT,
    created_at TIMESTAMP NOT NULL,
    touched_at TIMESTAMP NOT NULL
);
CREATE INDEX jobs_touched_at ON jobs (touched_at);

CREATE TABLE job_items (
    job TEXT NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
    number BIGINT NOT NULL CHECK (number >= 1),
    body TEXT NOT NULL,
    PRIMARY KEY (job, number)
);
