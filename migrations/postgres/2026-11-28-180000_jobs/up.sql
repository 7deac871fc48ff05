-- Work that goes on after its request was answered: how far it has come, and what came of it.
--
-- Twin of the same migration for the other backend. Nothing here is a projection, and nothing refers
-- to records. A job is forgotten some days after it ended, with its items.

CREATE TABLE jobs (
    id TEXT COLLATE "C" PRIMARY KEY,
    asked_by TEXT COLLATE "C" NOT NULL,
    actor TEXT COLLATE "C" NOT NULL,
    state TEXT COLLATE "C" NOT NULL CHECK (state IN ('running', 'done', 'failed', 'stopped')),
    expected BIGINT NOT NULL CHECK (expected >= 0),
    done BIGINT NOT NULL CHECK (done >= 0),
    -- What came of it: totals, or why it failed.
    outcome TEXT COLLATE "C",
    created_at TIMESTAMP NOT NULL,
    touched_at TIMESTAMP NOT NULL
);
CREATE INDEX jobs_touched_at ON jobs (touched_at);

CREATE TABLE job_items (
    job TEXT COLLATE "C" NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
    number BIGINT NOT NULL CHECK (number >= 1),
    body TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (job, number)
);
