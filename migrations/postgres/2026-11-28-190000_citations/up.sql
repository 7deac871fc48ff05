-- How a certificate cites those that it was made with: open citations are looked for when the
-- certificate cited comes in.
--
-- Twin of the same migration for the other backend. The column is a projection: of certificates
-- recorded before, `etalon migrate --rebuild` fills it.

ALTER TABLE calibration_references ADD COLUMN document_sha256 TEXT COLLATE "C";
CREATE INDEX calibration_references_document_sha256 ON calibration_references (document_sha256, log_from) WHERE document_sha256 IS NOT NULL;
