//! Migrations: there and back leaves the same schema, and that of one backend is the twin of the
//! other's.

use std::collections::BTreeSet;

use crate::support::database::in_checkout;
use crate::support::records::{create, document, import_country};
use crate::support::{Backend, Database, Direct, both};
use etalon::domain::attestation::Statement;
use etalon::domain::calibration::{CalibrationKind, CalibrationStatus, ReferenceRole};
use etalon::domain::capability::{CapabilityStatus, Publisher};
use etalon::domain::comparison::{ComparisonKind, ComparisonStatus};
use etalon::domain::document::{DocumentKind, HarmonisationDegree};
use etalon::domain::log::Operation;
use etalon::domain::nonconformity::NonconformityStatus;
use etalon::domain::organisation::{
    Arrangement, ArrangementScope, MembershipRole, OrganisationKind,
};
use etalon::domain::realisation::RealisationKind;
use etalon::domain::recognition::{
    AccreditationStandard, AccreditationStatus, LegalRecognitionKind,
};
use etalon::domain::records::CollectionName;
use etalon::domain::standard::{LegalLevel, MetrologicalRole, StandardStatus, StandardType};
use etalon::engine::report::Verdict;

both!(up_down_up, down_leaves_nothing, everything_is_applied_once);

fn up_down_up(database: &Database) {
    let store = database.store();
    let before = dump(&mut database.direct());
    assert!(before.len() > 100, "{before:#?}");
    import_country(&database.registry());
    store.revert().expect("down");
    let applied = store.migrate().expect("up again");
    assert_eq!(applied, store.schema().expect("the schema").applied);
    assert_eq!(dump(&mut database.direct()), before);
    assert_eq!(store.head().expect("the head").log_index, 0);
    create(&database.registry(), CollectionName::Documents, document("ĐLVN 99:2002"));
}

fn down_leaves_nothing(database: &Database) {
    database.store().revert().expect("down");
    let left = dump(&mut database.direct());
    let ours = |line: &&String| !line.contains("__diesel_schema_migrations");
    assert_eq!(left.iter().filter(ours).collect::<Vec<_>>(), Vec::<&String>::new());
    let schema = database.store().schema().expect("the schema");
    assert!(schema.applied.is_empty() && !schema.pending.is_empty(), "{schema:?}");
}

fn everything_is_applied_once(database: &Database) {
    let store = database.store();
    assert_eq!(store.migrate().expect("nothing to do"), [""; 0]);
    let schema = store.schema().expect("the schema");
    assert!(schema.pending.is_empty() && schema.unknown.is_empty(), "{schema:?}");
    schema.is_current().expect("current");
}

/// Everything that makes up the schema, as text.
fn dump(direct: &mut Direct) -> Vec<String> {
    let queries: &[&str] = match direct {
        Direct::Sqlite(_) => &["SELECT type || ' ' || name || ': ' || COALESCE(sql, 'automatic') \
             AS text FROM sqlite_master ORDER BY type, name"],
        Direct::Postgres(_) => &[
            "SELECT concat_ws(' ', 'column', table_name, ordinal_position, column_name, data_type, \
             is_nullable, column_default, collation_name) AS text FROM information_schema.columns \
             WHERE table_schema = 'public' ORDER BY 1",
            "SELECT 'index ' || indexdef AS text FROM pg_indexes WHERE schemaname = 'public' \
             ORDER BY 1",
            "SELECT concat_ws(' ', 'constraint', c.conrelid::regclass, c.conname, \
             pg_get_constraintdef(c.oid)) AS text FROM pg_constraint c \
             WHERE c.connamespace = 'public'::regnamespace ORDER BY 1",
            "SELECT 'trigger ' || pg_get_triggerdef(oid) AS text FROM pg_trigger \
             WHERE NOT tgisinternal ORDER BY 1",
            "SELECT 'function ' || pg_get_functiondef(oid) AS text FROM pg_proc \
             WHERE pronamespace = 'public'::regnamespace ORDER BY 1",
        ],
    };
    queries.iter().flat_map(|query| direct.texts(query)).collect()
}

// Twins

/// Tables with their columns, indices and foreign keys, said alike for both backends.
fn shape(direct: &mut Direct) -> BTreeSet<String> {
    let [columns, indices, keys] = match direct {
        Direct::Sqlite(_) => [
            "SELECT m.name || '.' || c.name || ' ' || lower(c.type) \
             || CASE WHEN c.\"notnull\" OR c.pk THEN ' required' ELSE '' END \
             || CASE WHEN c.pk THEN ' key' ELSE '' END AS text \
             FROM sqlite_master m, pragma_table_info(m.name) c WHERE m.type = 'table'",
            "SELECT sql AS text FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL",
            "SELECT m.name || '.' || f.\"from\" || ' -> ' || f.\"table\" || '.' || f.\"to\" AS text \
             FROM sqlite_master m, pragma_foreign_key_list(m.name) f WHERE m.type = 'table'",
        ],
        Direct::Postgres(_) => [
            "SELECT c.table_name || '.' || c.column_name || ' ' || c.data_type \
             || CASE WHEN c.is_nullable = 'NO' THEN ' required' ELSE '' END \
             || CASE WHEN k.column_name IS NULL THEN '' ELSE ' key' END AS text \
             FROM information_schema.columns c \
             LEFT JOIN information_schema.table_constraints t \
             ON t.table_schema = c.table_schema AND t.table_name = c.table_name \
             AND t.constraint_type = 'PRIMARY KEY' \
             LEFT JOIN information_schema.key_column_usage k \
             ON k.constraint_name = t.constraint_name AND k.table_schema = c.table_schema \
             AND k.table_name = c.table_name AND k.column_name = c.column_name \
             WHERE c.table_schema = 'public'",
            "SELECT i.indexdef AS text FROM pg_indexes i WHERE i.schemaname = 'public' \
             AND i.indexname NOT LIKE '%_pkey'",
            "SELECT c.conrelid::regclass || '.' || f.attname || ' -> ' || c.confrelid::regclass \
             || '.' || t.attname AS text FROM pg_constraint c \
             JOIN pg_attribute f ON f.attrelid = c.conrelid AND f.attnum = c.conkey[1] \
             JOIN pg_attribute t ON t.attrelid = c.confrelid AND t.attnum = c.confkey[1] \
             WHERE c.contype = 'f'",
        ],
    };
    // A number that is the key of a table of SQLite says INTEGER to be the key of the table itself.
    let alike = |text: String| {
        let text = text
            .replace("log_index integer required key", "log_index bigint required key")
            .replace("log_from integer required key", "log_from bigint required key");
        let text = match text.split_once("WHERE (") {
            Some((index, condition)) => {
                format!("{index}WHERE {}", condition.trim_end_matches(')'))
            }
            None => text,
        };
        text.replace("timestamp without time zone", "timestamp")
            .replace("character varying", "text")
            .replace("varchar(50)", "text")
            .replace(" USING btree", "")
            .replace("public.", "")
    };
    let mut shape = BTreeSet::new();
    for (what, query) in [("column", columns), ("index", indices), ("reference", keys)] {
        let lines = direct.texts(query).into_iter().filter(|line| !line.contains("__diesel"));
        let lines: Vec<String> = lines.map(|line| format!("{what} {}", alike(line))).collect();
        assert!(lines.len() > 20, "{what}: {lines:#?}");
        shape.extend(lines);
    }
    shape
}

#[test]
fn twins() {
    let sqlite = Database::on(Backend::Sqlite).expect("always there");
    let Some(postgres) = Database::on(Backend::Postgres) else { return };
    let (sqlite, postgres) = (shape(&mut sqlite.direct()), shape(&mut postgres.direct()));
    let only_here: Vec<_> = sqlite.difference(&postgres).collect();
    let only_there: Vec<_> = postgres.difference(&sqlite).collect();
    assert!(only_here.is_empty() && only_there.is_empty(), "{only_here:#?}\n{only_there:#?}");
}

/// The names of the migrations of a backend, in their order.
fn migrations(backend: &str) -> Vec<String> {
    let directory = in_checkout(&format!("migrations/{backend}"));
    let entries = std::fs::read_dir(directory).expect("a directory");
    let name = |entry: std::fs::DirEntry| entry.file_name().into_string().expect("UTF-8");
    let mut names: Vec<String> = entries.map(|entry| name(entry.expect("an entry"))).collect();
    names.sort_unstable();
    names
}

/// A file of a migration.
fn migration(backend: &str, name: &str, file: &str) -> String {
    let path = format!("migrations/{backend}/{name}/{file}.sql");
    std::fs::read_to_string(in_checkout(&path)).expect(&path)
}

/// What no catalogue says alike: the text of the migrations is the same but for the collation of
/// PostgreSQL, the keys and layout of tables of SQLite, and how triggers are written.
#[test]
fn twins_in_their_text() {
    let text = |backend: &str, name: &str, file: &str| -> Vec<String> {
        let text = migration(backend, name, file);
        let lines = text.lines().filter(|line| !line.starts_with("--"));
        let alike = |line: &str| {
            line.replace(" COLLATE \"C\"", "")
                .replace(" WITHOUT ROWID", "")
                .replace("log_index INTEGER PRIMARY", "log_index BIGINT PRIMARY")
                .replace("log_from INTEGER PRIMARY", "log_from BIGINT PRIMARY")
        };
        lines.map(alike).filter(|line| !line.is_empty()).collect()
    };
    let without_triggers = |lines: Vec<String>| -> Vec<String> {
        let mut kept = Vec::new();
        let mut inside = false;
        for line in lines {
            let begins = line.starts_with("CREATE TRIGGER") || line.starts_with("CREATE FUNCTION");
            if !(inside || begins || line.starts_with("DROP FUNCTION")) {
                kept.push(line);
                continue;
            }
            let ends = ["();", "$$;", "END;"].iter().any(|end| line.ends_with(end));
            inside = !(ends || line.starts_with("DROP FUNCTION"));
        }
        kept
    };
    let names = migrations("sqlite");
    assert!(names.len() >= 2, "{names:?}");
    assert_eq!(names, migrations("postgres"));
    for name in &names {
        for file in ["up", "down"] {
            let (sqlite, postgres) = (text("sqlite", name, file), text("postgres", name, file));
            let (sqlite, postgres) = (without_triggers(sqlite), without_triggers(postgres));
            assert_eq!(sqlite, postgres, "{name}/{file}.sql");
        }
    }
}

/// The order of ids and words is that of their bytes on both backends.
#[test]
fn every_text_of_postgres_is_in_the_order_of_bytes() {
    let Some(database) = Database::on(Backend::Postgres) else { return };
    let others = database.direct().texts(
        "SELECT table_name || '.' || column_name AS text FROM information_schema.columns \
         WHERE table_schema = 'public' AND data_type = 'text' \
         AND collation_name IS DISTINCT FROM 'C'",
    );
    assert_eq!(others, [""; 0]);
}

/// A column that holds a word of a closed enumeration takes those words and no other, on both
/// backends: a word that is added to the enumeration needs a migration.
#[test]
fn enumerations_are_checked() {
    macro_rules! checked {
        ($($table:literal . $column:literal : $vocabulary:ty),+ $(,)?) => {
            vec![$((
                $table,
                $column,
                <$vocabulary>::ALL.iter().map(|word| word.as_str()).collect::<Vec<_>>(),
            )),+]
        };
    }
    let enumerations = checked!(
        "organisations"."kind": OrganisationKind,
        "memberships"."arrangement": Arrangement,
        "memberships"."scope": ArrangementScope,
        "memberships"."role": MembershipRole,
        "accreditations"."standard": AccreditationStandard,
        "accreditations"."status": AccreditationStatus,
        "legal_recognitions"."kind": LegalRecognitionKind,
        "legal_recognitions"."status": AccreditationStatus,
        "capabilities"."publisher": Publisher,
        "capabilities"."status": CapabilityStatus,
        "measurement_standards"."type": StandardType,
        "measurement_standards"."legal_level": LegalLevel,
        "measurement_standards"."metrological_role": MetrologicalRole,
        "measurement_standards"."status": StandardStatus,
        "realisations"."kind": RealisationKind,
        "calibrations"."kind": CalibrationKind,
        "calibrations"."status": CalibrationStatus,
        "calibration_references"."role": ReferenceRole,
        "comparisons"."kind": ComparisonKind,
        "comparisons"."status": ComparisonStatus,
        "documents"."kind": DocumentKind,
        "documents"."degree": HarmonisationDegree,
        "nonconformities"."status": NonconformityStatus,
        "attestations"."statement": Statement,
        "reports"."verdict": Verdict,
        "records"."kind": CollectionName,
        "record_log"."kind": CollectionName,
        "record_log"."operation": Operation,
    );
    for backend in ["sqlite", "postgres"] {
        let names = migrations(backend);
        let text: String = names.iter().map(|name| migration(backend, name, "up")).collect();
        for (table, column, words) in &enumerations {
            let begin = text.find(&format!("CREATE TABLE {table} (")).expect(table);
            let end = begin + text[begin..].find("\n);").expect("the end of a table");
            let block: String = text[begin..end].split_whitespace().collect();
            let words: Vec<String> = words.iter().map(|word| format!("'{word}'")).collect();
            let check = format!("CHECK({column}IN({}))", words.join(","));
            assert!(block.contains(&check), "{backend} {table}.{column}: expected {check}");
        }
    }
}
