-- The last certificates of an issuer, which a claim looks at beside its own (rules C-10, C-11).
CREATE INDEX calibrations_issuer_performed ON calibrations (issuer, performed_to, id);
