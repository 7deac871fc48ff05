-- The registry: the record log, and its projections.
--
-- Twin of the same migration for the other backend: the same tables, columns and indices, in the
-- types of the backend. A body is stored once, in record_log; everything below the line
-- "Projections" can be made anew from it (etalon migrate --rebuild).

-- The one row that every writer locks first: it fixes the order of the log.
CREATE TABLE log_head (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    log_index BIGINT NOT NULL CHECK (log_index >= 0),
    recorded_at TIMESTAMP NOT NULL,
    chain_sha256 TEXT NOT NULL CHECK (length(chain_sha256) = 64)
);
INSERT INTO log_head VALUES (1, 0, '1800-01-01 00:00:00', '0000000000000000000000000000000000000000000000000000000000000000');

-- One row an accepted write, never changed (docs/log-format.md).
CREATE TABLE record_log (
    log_index INTEGER PRIMARY KEY CHECK (log_index > 0),
    recorded_at TIMESTAMP NOT NULL,
    actor TEXT NOT NULL,
    operation TEXT NOT NULL CHECK (operation IN ('create', 'amend', 'status', 'event')),
    kind TEXT NOT NULL CHECK (kind IN ('organisations', 'memberships', 'accreditations', 'legal_recognitions', 'capabilities', 'measurement_standards', 'realisations', 'calibrations', 'comparisons', 'documents', 'nonconformities', 'attestations', 'programme')),
    record_id TEXT NOT NULL,
    version INTEGER NOT NULL CHECK (version > 0),
    body TEXT NOT NULL,
    salt TEXT NOT NULL CHECK (length(salt) = 32),
    body_sha256 TEXT NOT NULL CHECK (length(body_sha256) = 64),
    chain_sha256 TEXT NOT NULL CHECK (length(chain_sha256) = 64)
);
CREATE UNIQUE INDEX record_log_version ON record_log (record_id, version);
CREATE INDEX record_log_recorded_at ON record_log (recorded_at, log_index);
CREATE TRIGGER record_log_is_not_updated BEFORE UPDATE ON record_log
BEGIN
    SELECT RAISE(ABORT, 'the record log is never changed: append a new version instead');
END;
CREATE TRIGGER record_log_is_not_deleted BEFORE DELETE ON record_log
BEGIN
    SELECT RAISE(ABORT, 'the record log is never changed: append a new version instead');
END;
-- REPLACE deletes without asking the trigger above.
CREATE TRIGGER record_log_is_not_replaced BEFORE INSERT ON record_log
WHEN EXISTS (SELECT 1 FROM record_log WHERE log_index = NEW.log_index
    OR (record_id = NEW.record_id AND version = NEW.version))
BEGIN
    SELECT RAISE(ABORT, 'the record log is never changed: append a new version instead');
END;

-- What bundles said: which record a name in a source stands for, and what the source said last, so
-- that the same file twice changes nothing.
CREATE TABLE import_records (
    source TEXT NOT NULL,
    name TEXT NOT NULL,
    id TEXT NOT NULL,
    version INTEGER NOT NULL CHECK (version >= 0),
    said_sha256 TEXT NOT NULL CHECK (length(said_sha256) = 64),
    PRIMARY KEY (source, name)
);

-- Imports too large for one transaction, and how far they came.
CREATE TABLE import_jobs (
    document_sha256 TEXT NOT NULL CHECK (length(document_sha256) = 64),
    source TEXT NOT NULL,
    records BIGINT NOT NULL,
    done BIGINT NOT NULL CHECK (done <= records),
    created BIGINT NOT NULL,
    amended BIGINT NOT NULL,
    unchanged BIGINT NOT NULL,
    started_at TIMESTAMP NOT NULL,
    changed_at TIMESTAMP NOT NULL,
    PRIMARY KEY (document_sha256, source)
);

-- Projections ------------------------------------------------------------------------------------

-- Which records there are, of which collection.
CREATE TABLE records (
    id TEXT PRIMARY KEY,
    kind TEXT NOT NULL CHECK (kind IN ('organisations', 'memberships', 'accreditations', 'legal_recognitions', 'capabilities', 'measurement_standards', 'realisations', 'calibrations', 'comparisons', 'documents', 'nonconformities', 'attestations', 'programme'))
);

CREATE TABLE organisations (
    log_from INTEGER PRIMARY KEY REFERENCES record_log (log_index),
    log_to BIGINT CHECK (log_to > log_from),
    id TEXT NOT NULL REFERENCES records (id),
    version INTEGER NOT NULL CHECK (version > 0),
    kind TEXT NOT NULL CHECK (kind IN (
        'bipm', 'nmi', 'designated_institute', 'calibration_laboratory', 'testing_laboratory',
        'reference_material_producer', 'pt_provider', 'accreditation_body', 'rmo', 'authority',
        'verification_organisation', 'enterprise', 'manufacturer', 'intergovernmental'
    )),
    country TEXT,
    parent TEXT REFERENCES records (id)
);
CREATE UNIQUE INDEX organisations_id ON organisations (id, log_from);
CREATE UNIQUE INDEX organisations_current ON organisations (id) WHERE log_to IS NULL;
CREATE INDEX organisations_kind ON organisations (kind);
CREATE INDEX organisations_country ON organisations (country);
CREATE INDEX organisations_parent ON organisations (parent) WHERE parent IS NOT NULL;

CREATE TABLE memberships (
    log_from INTEGER PRIMARY KEY REFERENCES record_log (log_index),
    log_to BIGINT CHECK (log_to > log_from),
    id TEXT NOT NULL REFERENCES records (id),
    version INTEGER NOT NULL CHECK (version > 0),
    organisation TEXT REFERENCES records (id),
    country TEXT,
    arrangement TEXT NOT NULL CHECK (arrangement IN (
        'metre_convention_member', 'cgpm_associate', 'cipm_mra', 'ilac_mra', 'global_aci_mra',
        'apac_mra', 'ea_mla', 'iaac_mla', 'arac_mla', 'afrac_mra', 'oiml', 'aplmf', 'apmp'
    )),
    scope TEXT CHECK (scope IN (
        'calibration_17025', 'testing_17025', 'medical_15189', 'rmp_17034', 'ptp_17043',
        'inspection_17020'
    )),
    role TEXT CHECK (role IN (
        'member', 'signatory', 'chair', 'secretary', 'participant'
    ))
);
CREATE UNIQUE INDEX memberships_id ON memberships (id, log_from);
CREATE UNIQUE INDEX memberships_current ON memberships (id) WHERE log_to IS NULL;
CREATE INDEX memberships_organisation ON memberships (organisation);
CREATE INDEX memberships_country ON memberships (country) WHERE country IS NOT NULL;

CREATE TABLE accreditations (
    log_from INTEGER PRIMARY KEY REFERENCES record_log (log_index),
    log_to BIGINT CHECK (log_to > log_from),
    id TEXT NOT NULL REFERENCES records (id),
    version INTEGER NOT NULL CHECK (version > 0),
    organisation TEXT REFERENCES records (id) NOT NULL,
    accreditation_body TEXT REFERENCES records (id) NOT NULL,
    standard TEXT NOT NULL CHECK (standard IN (
        'iso_iec_17025', 'iso_17034', 'iso_iec_17043'
    )),
    number TEXT,
    valid_to DATE,
    status TEXT CHECK (status IN (
        'active', 'suspended', 'partially_suspended', 'reduced', 'withdrawn', 'expired',
        'voluntarily_terminated'
    ))
);
CREATE UNIQUE INDEX accreditations_id ON accreditations (id, log_from);
CREATE UNIQUE INDEX accreditations_current ON accreditations (id) WHERE log_to IS NULL;
CREATE INDEX accreditations_organisation ON accreditations (organisation);
CREATE INDEX accreditations_accreditation_body ON accreditations (accreditation_body);

CREATE TABLE legal_recognitions (
    log_from INTEGER PRIMARY KEY REFERENCES record_log (log_index),
    log_to BIGINT CHECK (log_to > log_from),
    id TEXT NOT NULL REFERENCES records (id),
    version INTEGER NOT NULL CHECK (version > 0),
    kind TEXT NOT NULL CHECK (kind IN (
        'registration', 'designation', 'national_standard_approval', 'national_standard_holder',
        'standard_certification', 'verifier_card', 'national_criteria_assessment'
    )),
    organisation TEXT REFERENCES records (id),
    standard TEXT REFERENCES records (id),
    authority TEXT REFERENCES records (id),
    decision_number TEXT,
    valid_to DATE,
    status TEXT CHECK (status IN (
        'active', 'suspended', 'partially_suspended', 'reduced', 'withdrawn', 'expired',
        'voluntarily_terminated'
    ))
);
CREATE UNIQUE INDEX legal_recognitions_id ON legal_recognitions (id, log_from);
CREATE UNIQUE INDEX legal_recognitions_current ON legal_recognitions (id) WHERE log_to IS NULL;
CREATE INDEX legal_recognitions_organisation ON legal_recognitions (organisation) WHERE organisation IS NOT NULL;
CREATE INDEX legal_recognitions_standard ON legal_recognitions (standard) WHERE standard IS NOT NULL;
CREATE INDEX legal_recognitions_authority ON legal_recognitions (authority) WHERE authority IS NOT NULL;

CREATE TABLE capabilities (
    log_from INTEGER PRIMARY KEY REFERENCES record_log (log_index),
    log_to BIGINT CHECK (log_to > log_from),
    id TEXT NOT NULL REFERENCES records (id),
    version INTEGER NOT NULL CHECK (version > 0),
    publisher TEXT NOT NULL CHECK (publisher IN (
        'kcdb', 'accreditation_scope', 'legal_scope'
    )),
    organisation TEXT REFERENCES records (id) NOT NULL,
    accreditation TEXT REFERENCES records (id),
    quantity_kind TEXT,
    service_category TEXT,
    code TEXT,
    status TEXT CHECK (status IN (
        'published', 'greyed_out', 'archived', 'deleted', 'active', 'suspended'
    ))
);
CREATE UNIQUE INDEX capabilities_id ON capabilities (id, log_from);
CREATE UNIQUE INDEX capabilities_current ON capabilities (id) WHERE log_to IS NULL;
CREATE INDEX capabilities_accreditation ON capabilities (accreditation) WHERE accreditation IS NOT NULL;
CREATE INDEX capabilities_quantity_kind ON capabilities (quantity_kind);
CREATE INDEX capabilities_organisation ON capabilities (organisation, quantity_kind);

CREATE TABLE measurement_standards (
    log_from INTEGER PRIMARY KEY REFERENCES record_log (log_index),
    log_to BIGINT CHECK (log_to > log_from),
    id TEXT NOT NULL REFERENCES records (id),
    version INTEGER NOT NULL CHECK (version > 0),
    owner TEXT REFERENCES records (id) NOT NULL,
    code TEXT,
    serial_number TEXT,
    type TEXT CHECK (type IN (
        'weight', 'gauge_block', 'zener', 'resistor', 'quartz_oscillator', 'rubidium',
        'thermistor', 'sprt', 'pressure_balance', 'gas_cylinder', 'other'
    )),
    legal_level TEXT CHECK (legal_level IN (
        'national', 'reference', 'working', 'instrument', 'none'
    )),
    metrological_role TEXT CHECK (metrological_role IN (
        'primary', 'secondary', 'reference', 'working', 'transfer', 'travelling', 'check',
        'intrinsic', 'reference_material', 'measuring_instrument'
    )),
    status TEXT CHECK (status IN (
        'in_service', 'in_calibration', 'quarantined', 'out_of_service', 'retired', 'lost'
    )),
    parent_kit TEXT REFERENCES records (id),
    producer TEXT REFERENCES records (id)
);
CREATE UNIQUE INDEX measurement_standards_id ON measurement_standards (id, log_from);
CREATE UNIQUE INDEX measurement_standards_current ON measurement_standards (id) WHERE log_to IS NULL;
CREATE INDEX measurement_standards_owner ON measurement_standards (owner);
CREATE INDEX measurement_standards_code ON measurement_standards (code);
CREATE INDEX measurement_standards_serial_number ON measurement_standards (serial_number);
CREATE INDEX measurement_standards_parent_kit ON measurement_standards (parent_kit) WHERE parent_kit IS NOT NULL;
CREATE INDEX measurement_standards_producer ON measurement_standards (producer) WHERE producer IS NOT NULL;

CREATE TABLE realisations (
    log_from INTEGER PRIMARY KEY REFERENCES record_log (log_index),
    log_to BIGINT CHECK (log_to > log_from),
    id TEXT NOT NULL REFERENCES records (id),
    version INTEGER NOT NULL CHECK (version > 0),
    kind TEXT NOT NULL CHECK (kind IN (
        'nmi_primary_realisation', 'bipm_calibration_service', 'utc_k',
        'international_reference', 'reference_procedure', 'consensus_standard'
    )),
    organisation TEXT REFERENCES records (id) NOT NULL,
    quantity_kind TEXT NOT NULL
);
CREATE UNIQUE INDEX realisations_id ON realisations (id, log_from);
CREATE UNIQUE INDEX realisations_current ON realisations (id) WHERE log_to IS NULL;
CREATE INDEX realisations_organisation ON realisations (organisation);

CREATE TABLE calibrations (
    log_from INTEGER PRIMARY KEY REFERENCES record_log (log_index),
    log_to BIGINT CHECK (log_to > log_from),
    id TEXT NOT NULL REFERENCES records (id),
    version INTEGER NOT NULL CHECK (version > 0),
    kind TEXT NOT NULL CHECK (kind IN (
        'calibration', 'legal_verification', 'test_report', 'reference_material_certificate',
        'conformity_only', 'comparison_report', 'type_approval', 'manufacturer_statement'
    )),
    issuer TEXT REFERENCES records (id) NOT NULL,
    number TEXT NOT NULL,
    item TEXT REFERENCES records (id) NOT NULL,
    amends TEXT REFERENCES records (id),
    performed_by TEXT REFERENCES records (id),
    accreditation TEXT REFERENCES records (id),
    performed_from DATE NOT NULL,
    performed_to DATE NOT NULL,
    issued_on DATE,
    due_on DATE,
    status TEXT CHECK (status IN (
        'issued', 'superseded', 'amended', 'withdrawn', 'void_ab_initio', 'under_review'
    )),
    published BOOLEAN NOT NULL,
    code TEXT,
    document_sha256 TEXT
);
CREATE UNIQUE INDEX calibrations_id ON calibrations (id, log_from);
CREATE UNIQUE INDEX calibrations_current ON calibrations (id) WHERE log_to IS NULL;
CREATE INDEX calibrations_item ON calibrations (item);
CREATE INDEX calibrations_issuer ON calibrations (issuer);
CREATE INDEX calibrations_amends ON calibrations (amends) WHERE amends IS NOT NULL;
CREATE INDEX calibrations_due_on ON calibrations (due_on);
CREATE INDEX calibrations_number ON calibrations (number, issuer);

CREATE TABLE comparisons (
    log_from INTEGER PRIMARY KEY REFERENCES record_log (log_index),
    log_to BIGINT CHECK (log_to > log_from),
    id TEXT NOT NULL REFERENCES records (id),
    version INTEGER NOT NULL CHECK (version > 0),
    kind TEXT NOT NULL CHECK (kind IN (
        'cipm_kc', 'rmo_kc', 'supplementary', 'bilateral', 'pilot_study', 'hybrid',
        'national_ilc', 'pt'
    )),
    code TEXT,
    area TEXT,
    quantity_kind TEXT,
    pilot TEXT REFERENCES records (id),
    linked_to TEXT REFERENCES records (id),
    status TEXT CHECK (status IN (
        'planned', 'in_progress', 'draft_a', 'draft_b', 'published', 'abandoned'
    ))
);
CREATE UNIQUE INDEX comparisons_id ON comparisons (id, log_from);
CREATE UNIQUE INDEX comparisons_current ON comparisons (id) WHERE log_to IS NULL;
CREATE INDEX comparisons_quantity_kind ON comparisons (quantity_kind);
CREATE INDEX comparisons_pilot ON comparisons (pilot) WHERE pilot IS NOT NULL;
CREATE INDEX comparisons_linked_to ON comparisons (linked_to) WHERE linked_to IS NOT NULL;

CREATE TABLE documents (
    log_from INTEGER PRIMARY KEY REFERENCES record_log (log_index),
    log_to BIGINT CHECK (log_to > log_from),
    id TEXT NOT NULL REFERENCES records (id),
    version INTEGER NOT NULL CHECK (version > 0),
    designation TEXT NOT NULL,
    kind TEXT CHECK (kind IN (
        'dlvn', 'tcvn', 'qcvn', 'international', 'law', 'procedure'
    )),
    degree TEXT CHECK (degree IN (
        'identical', 'modified', 'not_equivalent', 'none'
    )),
    replaced_by TEXT REFERENCES records (id),
    published_on DATE
);
CREATE UNIQUE INDEX documents_id ON documents (id, log_from);
CREATE UNIQUE INDEX documents_current ON documents (id) WHERE log_to IS NULL;
CREATE INDEX documents_replaced_by ON documents (replaced_by) WHERE replaced_by IS NOT NULL;

CREATE TABLE nonconformities (
    log_from INTEGER PRIMARY KEY REFERENCES record_log (log_index),
    log_to BIGINT CHECK (log_to > log_from),
    id TEXT NOT NULL REFERENCES records (id),
    version INTEGER NOT NULL CHECK (version > 0),
    subject TEXT REFERENCES records (id) NOT NULL,
    status TEXT CHECK (status IN (
        'open', 'evaluated', 'notified', 'closed'
    ))
);
CREATE UNIQUE INDEX nonconformities_id ON nonconformities (id, log_from);
CREATE UNIQUE INDEX nonconformities_current ON nonconformities (id) WHERE log_to IS NULL;
CREATE INDEX nonconformities_subject ON nonconformities (subject);

CREATE TABLE attestations (
    log_from INTEGER PRIMARY KEY REFERENCES record_log (log_index),
    log_to BIGINT CHECK (log_to > log_from),
    id TEXT NOT NULL REFERENCES records (id),
    version INTEGER NOT NULL CHECK (version > 0),
    record TEXT REFERENCES records (id) NOT NULL,
    statement TEXT NOT NULL CHECK (statement IN (
        'confirmed', 'approved', 'refused', 'disputed'
    )),
    organisation TEXT REFERENCES records (id) NOT NULL
);
CREATE UNIQUE INDEX attestations_id ON attestations (id, log_from);
CREATE UNIQUE INDEX attestations_current ON attestations (id) WHERE log_to IS NULL;
CREATE INDEX attestations_record ON attestations (record);
CREATE INDEX attestations_organisation ON attestations (organisation);

CREATE TABLE programme (
    log_from INTEGER PRIMARY KEY REFERENCES record_log (log_index),
    log_to BIGINT CHECK (log_to > log_from),
    id TEXT NOT NULL REFERENCES records (id),
    version INTEGER NOT NULL CHECK (version > 0)
);
CREATE UNIQUE INDEX programme_id ON programme (id, log_from);
CREATE UNIQUE INDEX programme_current ON programme (id) WHERE log_to IS NULL;

CREATE TABLE standard_quantities (
    log_from BIGINT NOT NULL REFERENCES measurement_standards (log_from),
    quantity_kind TEXT NOT NULL,
    PRIMARY KEY (log_from, quantity_kind)
);
CREATE INDEX standard_quantities_quantity_kind ON standard_quantities (quantity_kind, log_from);

CREATE TABLE standard_sources (
    log_from BIGINT NOT NULL REFERENCES measurement_standards (log_from),
    standard TEXT REFERENCES records (id) NOT NULL,
    PRIMARY KEY (log_from, standard)
);
CREATE INDEX standard_sources_standard ON standard_sources (standard, log_from);

CREATE TABLE calibration_items (
    log_from BIGINT NOT NULL REFERENCES calibrations (log_from),
    item TEXT REFERENCES records (id) NOT NULL,
    PRIMARY KEY (log_from, item)
);
CREATE INDEX calibration_items_item ON calibration_items (item, log_from);

CREATE TABLE calibration_results (
    log_from BIGINT NOT NULL REFERENCES calibrations (log_from),
    position INTEGER NOT NULL,
    name TEXT NOT NULL,
    quantity_kind TEXT NOT NULL,
    PRIMARY KEY (log_from, position)
);
CREATE INDEX calibration_results_quantity_kind ON calibration_results (quantity_kind, log_from);

CREATE TABLE calibration_references (
    log_from BIGINT NOT NULL REFERENCES calibrations (log_from),
    position INTEGER NOT NULL,
    role TEXT CHECK (role IN (
        'main', 'influence', 'correction', 'environment', 'check'
    )),
    standard TEXT REFERENCES records (id),
    calibration TEXT REFERENCES records (id),
    result TEXT,
    realisation TEXT REFERENCES records (id),
    PRIMARY KEY (log_from, position)
);
CREATE INDEX calibration_references_calibration ON calibration_references (calibration, log_from);
CREATE INDEX calibration_references_standard ON calibration_references (standard, log_from);
CREATE INDEX calibration_references_realisation ON calibration_references (realisation, log_from) WHERE realisation IS NOT NULL;

CREATE TABLE comparison_results (
    log_from BIGINT NOT NULL REFERENCES comparisons (log_from),
    organisation TEXT REFERENCES records (id) NOT NULL,
    PRIMARY KEY (log_from, organisation)
);
CREATE INDEX comparison_results_organisation ON comparison_results (organisation, log_from);

CREATE TABLE nonconformity_decisions (
    log_from BIGINT NOT NULL REFERENCES nonconformities (log_from),
    calibration TEXT REFERENCES records (id) NOT NULL,
    PRIMARY KEY (log_from, calibration)
);
CREATE INDEX nonconformity_decisions_calibration ON nonconformity_decisions (calibration, log_from);

-- Words of texts, folded (domain::search), of the version that begins at log_from.
CREATE TABLE search_words (
    word TEXT NOT NULL,
    log_from BIGINT NOT NULL,
    PRIMARY KEY (word, log_from)
) WITHOUT ROWID;
