-- Who came in, with what, and who was refused.
--
-- Twin of the same migration for the other backend. The columns `confirmed` are projections: of
-- records written before, `etalon migrate --rebuild` fills them.

-- The request that an entry was written by, as the answer to it and the service's own log name it.
ALTER TABLE record_log ADD COLUMN request_id TEXT COLLATE "C";
CREATE INDEX record_log_actor ON record_log (actor, log_index);
CREATE INDEX record_log_kind ON record_log (kind, log_index);

-- What a key may be used for, and when it was used last, to the minute.
ALTER TABLE api_keys ADD COLUMN scopes TEXT COLLATE "C" NOT NULL DEFAULT '["read","write","verify","manage"]';
ALTER TABLE api_keys ADD COLUMN last_used_at TIMESTAMP;
ALTER TABLE members ADD COLUMN last_used_at TIMESTAMP;

-- Requests that were refused for who sent them: apart from the record log, and kept for a time.
CREATE TABLE refused_attempts (
    id TEXT COLLATE "C" PRIMARY KEY,
    refused_at TIMESTAMP NOT NULL,
    request_id TEXT COLLATE "C" NOT NULL,
    actor TEXT COLLATE "C",
    organisation TEXT COLLATE "C",
    address TEXT COLLATE "C" NOT NULL,
    method TEXT COLLATE "C" NOT NULL,
    path TEXT COLLATE "C" NOT NULL,
    code TEXT COLLATE "C" NOT NULL
);
CREATE INDEX refused_attempts_organisation ON refused_attempts (organisation, id);
CREATE INDEX refused_attempts_refused_at ON refused_attempts (refused_at);

-- Whether a record is its source's word (the issuer's, the accreditation body's, the authority's, the
-- pilot's) or somebody else's about it.
ALTER TABLE measurement_standards ADD COLUMN confirmed BOOLEAN NOT NULL DEFAULT TRUE;
ALTER TABLE capabilities ADD COLUMN confirmed BOOLEAN NOT NULL DEFAULT TRUE;
ALTER TABLE calibrations ADD COLUMN confirmed BOOLEAN NOT NULL DEFAULT TRUE;
ALTER TABLE comparisons ADD COLUMN confirmed BOOLEAN NOT NULL DEFAULT TRUE;
