-- Policies that an authority or the operator wrote, each version kept for ever: a report names
-- policy, version and digest.
--
-- Twin of the same migration for the other backend. The table is no projection and refers to none.

CREATE TABLE policies (
    id TEXT NOT NULL,
    number BIGINT NOT NULL CHECK (number >= 1),
    version TEXT NOT NULL,
    log_index BIGINT NOT NULL CHECK (log_index >= 0),
    sha256 TEXT NOT NULL CHECK (length(sha256) = 64),
    body TEXT NOT NULL,
    created_at TIMESTAMP NOT NULL,
    created_by TEXT NOT NULL,
    PRIMARY KEY (id, number)
);
CREATE UNIQUE INDEX policies_version ON policies (id, version);
CREATE TRIGGER policies_are_not_updated BEFORE UPDATE ON policies
BEGIN
    SELECT RAISE(ABORT, 'a version of a policy is never changed');
END;
CREATE TRIGGER policies_are_not_deleted BEFORE DELETE ON policies
BEGIN
    SELECT RAISE(ABORT, 'a version of a policy is never changed');
END;
-- REPLACE deletes without asking the trigger above.
CREATE TRIGGER policies_are_not_replaced BEFORE INSERT ON policies
WHEN EXISTS (
    SELECT 1 FROM policies WHERE id = NEW.id AND (number = NEW.number OR version = NEW.version)
)
BEGIN
    SELECT RAISE(ABORT, 'a version of a policy is never changed');
END;
