-- Policies that an authority or the operator wrote, each version kept for ever: a report names
-- policy, version and digest.
--
-- Twin of the same migration for the other backend. The table is no projection and refers to none.

CREATE TABLE policies (
    id TEXT COLLATE "C" NOT NULL,
    number BIGINT NOT NULL CHECK (number >= 1),
    version TEXT COLLATE "C" NOT NULL,
    log_index BIGINT NOT NULL CHECK (log_index >= 0),
    sha256 TEXT COLLATE "C" NOT NULL CHECK (length(sha256) = 64),
    body TEXT COLLATE "C" NOT NULL,
    created_at TIMESTAMP NOT NULL,
    created_by TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (id, number)
);
CREATE UNIQUE INDEX policies_version ON policies (id, version);
CREATE FUNCTION policies_are_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a version of a policy is never changed';
END
$$;
CREATE TRIGGER policies_are_kept BEFORE UPDATE OR DELETE ON policies
    FOR EACH ROW EXECUTE FUNCTION policies_are_kept();
CREATE TRIGGER policies_are_kept_whole BEFORE TRUNCATE ON policies
    FOR EACH STATEMENT EXECUTE FUNCTION policies_are_kept();
