-- What the service keeps beside the record log: answers for those who ask again, reports, who may
-- come in, and the indices of what a reader may see.
--
-- Twin of the same migration for the other backend. None of these tables is a projection, and none
-- refers to records: making the projections anew takes identities away for a moment, and leaves
-- what stands here alone.

-- The answer to a request that carried an Idempotency-Key, for a day.
CREATE TABLE idempotent_replies (
    principal TEXT NOT NULL,
    method TEXT NOT NULL,
    path TEXT NOT NULL,
    key TEXT NOT NULL,
    request_sha256 TEXT NOT NULL CHECK (length(request_sha256) = 64),
    reply TEXT NOT NULL,
    created_at TIMESTAMP NOT NULL,
    PRIMARY KEY (principal, method, path, key)
);
CREATE INDEX idempotent_replies_created_at ON idempotent_replies (created_at);

-- Verification reports as they were given, never changed.
CREATE TABLE reports (
    id TEXT PRIMARY KEY,
    log_index BIGINT NOT NULL CHECK (log_index >= 0),
    standard TEXT NOT NULL,
    owner TEXT NOT NULL,
    asked_by TEXT NOT NULL,
    actor TEXT NOT NULL,
    verdict TEXT NOT NULL CHECK (verdict IN (
        'traceable', 'traceable_with_remarks', 'undetermined', 'not_traceable'
    )),
    created_at TIMESTAMP NOT NULL,
    body TEXT NOT NULL
);
CREATE INDEX reports_asked_by ON reports (asked_by, id);
CREATE INDEX reports_owner ON reports (owner, id);
CREATE INDEX reports_standard ON reports (standard, id);
CREATE TRIGGER reports_are_not_updated BEFORE UPDATE ON reports
BEGIN
    SELECT RAISE(ABORT, 'a report is never changed');
END;
CREATE TRIGGER reports_are_not_deleted BEFORE DELETE ON reports
BEGIN
    SELECT RAISE(ABORT, 'a report is never changed');
END;
-- REPLACE deletes without asking the trigger above.
CREATE TRIGGER reports_are_not_replaced BEFORE INSERT ON reports
WHEN EXISTS (SELECT 1 FROM reports WHERE id = NEW.id)
BEGIN
    SELECT RAISE(ABORT, 'a report is never changed');
END;

-- Keys with which programs come in. The secret is known by its digest only.
CREATE TABLE api_keys (
    id TEXT PRIMARY KEY,
    organisation TEXT NOT NULL,
    name TEXT NOT NULL,
    roles TEXT NOT NULL,
    secret_sha256 TEXT NOT NULL CHECK (length(secret_sha256) = 64),
    created_at TIMESTAMP NOT NULL,
    created_by TEXT NOT NULL,
    expires_at TIMESTAMP,
    revoked_at TIMESTAMP
);
CREATE UNIQUE INDEX api_keys_secret_sha256 ON api_keys (secret_sha256);
CREATE INDEX api_keys_organisation ON api_keys (organisation, id);

-- People who come in with a token of an issuer that is trusted.
CREATE TABLE members (
    id TEXT PRIMARY KEY,
    organisation TEXT NOT NULL,
    issuer TEXT NOT NULL,
    subject TEXT NOT NULL,
    name TEXT NOT NULL,
    roles TEXT NOT NULL,
    created_at TIMESTAMP NOT NULL,
    created_by TEXT NOT NULL,
    revoked_at TIMESTAMP
);
CREATE UNIQUE INDEX members_current ON members (issuer, subject) WHERE revoked_at IS NULL;
CREATE INDEX members_organisation ON members (organisation, id);

-- The key with which the first administrator comes in: one row, used once.
CREATE TABLE setup_key (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    secret_sha256 TEXT NOT NULL CHECK (length(secret_sha256) = 64),
    made_at TIMESTAMP NOT NULL,
    used_at TIMESTAMP
);

-- What a reader may see, in the order of lists.
CREATE INDEX calibrations_published ON calibrations (id) WHERE published;
CREATE INDEX calibrations_published_item ON calibrations (item) WHERE published;
CREATE INDEX calibrations_performed_by ON calibrations (performed_by, id) WHERE performed_by IS NOT NULL;
DROP INDEX calibrations_issuer;
CREATE INDEX calibrations_issuer ON calibrations (issuer, id);
CREATE INDEX measurement_standards_legal_level ON measurement_standards (legal_level, id);
