//! Tables of spreadsheets: what is filled in once is imported once, and what is listed comes back
//! as it was.

use crate::support::records::{
    author, has_faults, import, import_country, import_refused, import_with, verified,
};
use crate::support::{Database, both};
use etalon::app::import::{Failed, Options, Report};
use etalon::app::list::ListRequest;
use etalon::app::registry::Registry;
use etalon::domain::records::CollectionName;
use etalon::domain::text::Language;
use etalon::exchange::compressed;
use etalon::exchange::sheet::WITH_TEMPLATE;
use etalon::exchange::sheet::rows::{Listing, Template, write_csv};
use etalon::exchange::workbook::PrintError;

both!(
    a_template_twice,
    another_edition_of_a_table,
    tables_of_one_source_name_each_other,
    what_is_described_in_passing_stays_as_it_is_known,
    what_is_not_known_has_its_cell,
    a_broken_table_leaves_nothing,
    what_is_listed_changes_nothing,
    what_is_changed_in_a_list_amends,
);

fn counts(report: &Report) -> [u64; 4] {
    [report.records, report.created, report.amended, report.unchanged]
}

fn of_source(name: &str) -> Options {
    Options { source: Some(name.to_owned()), ..Options::default() }
}

/// The texts of the templates of a collection: CSV and workbook, in both languages.
fn templates(collection: CollectionName) -> Vec<String> {
    let texts = Language::ALL.iter().flat_map(|language| {
        let template = Template::of(collection, *language).expect("a template");
        let workbook = template.xlsx().expect("a workbook");
        [template.csv().expect("CSV"), compressed::text(workbook).expect("cells")]
    });
    texts.collect()
}

/// The example of every template is imported as it is, and changes nothing the second time; of one
/// source it is the same in every form.
fn a_template_twice(database: &Database) {
    let registry = database.registry();
    for collection in WITH_TEMPLATE {
        for text in templates(*collection) {
            let report = import(&registry, &text);
            let all = report.records;
            assert_eq!(counts(&report), [all, all, 0, 0], "{collection}");
            assert_eq!((report.unread.as_slice(), report.warnings.as_slice()), (&[][..], &[][..]));
            assert_eq!(counts(&import(&registry, &text)), [all, 0, 0, all], "{collection}");
        }
        let source = of_source(collection.as_str());
        let mut texts = templates(*collection).into_iter();
        let first = import_with(&registry, &texts.next().expect("one"), &source);
        let all = first.records;
        assert_eq!(counts(&first), [all, all, 0, 0], "{collection}");
        for text in texts {
            assert_eq!(counts(&import_with(&registry, &text, &source)), [all, 0, 0, all]);
        }
    }
    verified(registry.store());
}

const STANDARDS: &str = "Chuẩn đo lường;Mã quản lý;Đơn vị sở hữu;owner.kind;owner.names.vi;\
                         Giá trị danh nghĩa;Giá trị danh nghĩa: đơn vị\r\n\
                         ;W-1;PHC;calibration_laboratory;Phòng Hiệu chuẩn;0,50;kg\r\n\
                         ;W-2;PHC;;;1,00;kg\r\n";

/// A later edition amends what it changes, and only that.
fn another_edition_of_a_table(database: &Database) {
    let registry = database.registry();
    let source = of_source("lab");
    assert_eq!(counts(&import_with(&registry, STANDARDS, &source)), [3, 3, 0, 0]);
    let changed = STANDARDS.replace("1,00", "2,00");
    assert_eq!(counts(&import_with(&registry, &changed, &source)), [3, 0, 1, 2]);
    assert_eq!(counts(&import_with(&registry, &changed, &source)), [3, 0, 0, 3]);
}

/// A plain name means the record that another table of the source calls so.
fn tables_of_one_source_name_each_other(database: &Database) {
    let registry = database.registry();
    let source = of_source("lab");
    import_with(&registry, STANDARDS, &source);
    let certificates = "calibrations,number,kind,issuer,item,performed_from,performed_to,\
                        results.quantity_kind,results.point,results.value,results.unit\n\
                        ,1/2026,calibration,PHC,W-1,2026-02-01,2026-02-02,mass,500 g,0.5000003,kg\n";
    let report = import_with(&registry, certificates, &source);
    assert_eq!(counts(&report), [1, 1, 0, 0]);
    let standards = listed(&registry, CollectionName::MeasurementStandards);
    let item = standards.iter().find(|one| one["code"] == "W-1").expect("W-1");
    assert_eq!(listed(&registry, CollectionName::Calibrations)[0]["item"], item["id"]);
}

/// A table that describes an owner in passing does not take back what another said of it.
fn what_is_described_in_passing_stays_as_it_is_known(database: &Database) {
    let registry = database.registry();
    let source = of_source("lab");
    let owner = "organisations,kind,names.vi,names.en,country\n\
                 PHC,calibration_laboratory,Phòng Hiệu chuẩn Ví dụ,Example Laboratory,VN\n";
    assert_eq!(counts(&import_with(&registry, owner, &source)), [1, 1, 0, 0]);
    assert_eq!(counts(&import_with(&registry, STANDARDS, &source)), [3, 2, 0, 1]);
    let known = listed(&registry, CollectionName::Organisations);
    assert_eq!(known[0]["names"]["en"], "Example Laboratory");
    // Its own table still amends it.
    let renamed = owner.replace("Example Laboratory", "Laboratory");
    assert_eq!(counts(&import_with(&registry, &renamed, &source)), [1, 0, 1, 0]);
    assert_eq!(counts(&import_with(&registry, STANDARDS, &source)), [3, 0, 0, 3]);
}

/// What only the registry can tell is told with the cell too.
fn what_is_not_known_has_its_cell(database: &Database) {
    let registry = database.registry();
    let table = "measurement_standards,code,owner,type\n\n,W-1,PHC,weight\n";
    let refusal = import_refused(&registry, table, &Options::default());
    has_faults(&refusal, &[("unknown_id", "C3")]);
    assert_eq!(registry.head().expect("the head").log_index, 0);
}

fn a_broken_table_leaves_nothing(database: &Database) {
    let registry = database.registry();
    let broken = STANDARDS.replace("1,00", "1.00").replace("kg\r\n", "kgs\r\n");
    let failed = registry.import("t.csv", &broken, &Options::default(), &author(), &mut |_, _| {});
    let Err(Failed::Unreadable(error)) = failed else { panic!("{failed:?}") };
    let places: Vec<_> =
        error.faults.iter().map(|fault| (fault.pointer.as_str(), fault.code)).collect();
    assert_eq!(places, [("G2", "bad_unit"), ("F3", "decimal_sign"), ("G3", "bad_unit")]);
    assert_eq!(registry.head().expect("the head").log_index, 0);
}

fn listed(registry: &Registry, collection: CollectionName) -> Vec<serde_json::Value> {
    let request = ListRequest::new(collection);
    let every = registry.every(&request, author().now);
    every.map(|record| record.expect("a record")).collect()
}

/// A list as CSV and as the text of a workbook.
fn tables(records: &[serde_json::Value], collection: CollectionName) -> [String; 2] {
    let mut listing = Listing::new(collection);
    for record in records {
        listing.see(record);
    }
    let heads = listing.heads(Language::Vietnamese);
    let rows = || records.iter().flat_map(|record| listing.rows(record));
    let mut csv = Vec::new();
    let all = std::iter::once(heads).chain(rows());
    write_csv(&mut csv, all.map(Ok::<_, csv::Error>)).expect("CSV");
    let workbook = listing.xlsx(Language::Vietnamese, rows().map(Ok::<_, PrintError>));
    let workbook = compressed::text(workbook.expect("a workbook")).expect("cells");
    [String::from_utf8(csv).expect("UTF-8"), workbook]
}

/// A whole country goes out as tables and comes back without a change.
fn what_is_listed_changes_nothing(database: &Database) {
    let registry = database.registry();
    let before = import_country(&registry).log_index;
    for collection in CollectionName::ALL {
        let records = listed(&registry, *collection);
        if records.is_empty() {
            continue;
        }
        for table in tables(&records, *collection) {
            let all = records.len() as u64;
            assert_eq!(counts(&import(&registry, &table)), [all, 0, 0, all], "{collection}");
        }
    }
    assert_eq!(registry.head().expect("the head").log_index, before);
}

fn what_is_changed_in_a_list_amends(database: &Database) {
    let registry = database.registry();
    import(&registry, STANDARDS);
    let records = listed(&registry, CollectionName::MeasurementStandards);
    let [csv, _] = tables(&records, CollectionName::MeasurementStandards);
    let changed = csv.replace(",0.50,", ",0.500,");
    assert_ne!(csv, changed);
    assert_eq!(counts(&import(&registry, &changed)), [2, 0, 1, 1]);
    // The rows still name the version before.
    let again = csv.replace(",0.50,", ",0.5,");
    let refusal = import_refused(&registry, &again, &Options::default());
    let etalon::app::refusal::Refusal::Faults(faults) = &refusal else { panic!("{refusal:?}") };
    assert_eq!(faults.0[0].code, "stale_version");
}
