//! Service categories of the KCDB: which of a classification somebody looks for, and which that
//! records name are not in it.

use std::collections::HashMap;

use crate::domain::capability::Publisher;
use crate::domain::records::Records;
use crate::exchange::kcdb::services::{Classification, Service};

answer! {
    /// A service category that a record names and the classification does not have, or to which
    /// CMCs are no longer assigned.
    #[derive(PartialEq, Eq)]
    OddCategory {
        /// Where the first record says so: a JSON pointer into the records.
        pointer: String,
        /// The category.
        category: String,
        /// Whether the classification has it, as one of earlier times.
        known: bool,
        /// How many records say so.
        count: usize,
    }
}

/// The services whose code or names have all of some words.
pub fn found<'c>(classification: &'c Classification, words: &str) -> Vec<&'c Service> {
    let words: Vec<String> = words.split_whitespace().map(str::to_lowercase).collect();
    let has = |service: &&Service| {
        let text = format!("{} {}", service.code, service.names.join(" ")).to_lowercase();
        words.iter().all(|word| text.contains(word.as_str()))
    };
    classification.services.iter().filter(has).collect()
}

/// The service categories of records that are not in a classification, in the order of the records.
/// In chemistry the KCDB has categories of its own, which no classification lists.
pub fn odd_categories(classification: &Classification, records: &Records) -> Vec<OddCategory> {
    const CHEMISTRY: &str = "QM-";
    let kcdb = |publisher: Publisher| publisher == Publisher::Kcdb;
    let capabilities = records.capabilities.with_positions();
    let capabilities = capabilities.filter(|(_, one)| kcdb(one.publisher)).map(|(at, one)| {
        (format!("/records/capabilities/{at}/service_category"), one.service_category.as_ref())
    });
    let results = records.calibrations.with_positions().flat_map(|(at, certificate)| {
        certificate.results.iter().enumerate().map(move |(row, result)| {
            let pointer = format!("/records/calibrations/{at}/results/{row}/service_category");
            (pointer, result.service_category.as_ref())
        })
    });
    let comparisons = records.comparisons.with_positions().map(|(at, one)| {
        (format!("/records/comparisons/{at}/service_category"), one.service_category.as_ref())
    });
    let known: HashMap<&str, &Service> =
        classification.services.iter().map(|service| (service.code.as_str(), service)).collect();
    let mut places: HashMap<&str, usize> = HashMap::new();
    let mut odd: Vec<OddCategory> = Vec::new();
    for (pointer, category) in capabilities.chain(results).chain(comparisons) {
        let Some(category) = category.filter(|category| !category.starts_with(CHEMISTRY)) else {
            continue;
        };
        let service = known.get(category.as_str());
        if service.is_some_and(|service| service.assigned != Some(false)) {
            continue;
        }
        match places.get(category.as_str()).and_then(|place| odd.get_mut(*place)) {
            Some(one) => one.count += 1,
            None => {
                places.insert(category, odd.len());
                let known = service.is_some();
                odd.push(OddCategory { pointer, category: category.clone(), known, count: 1 });
            }
        }
    }
    odd
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exchange::bundle;
    use crate::exchange::kcdb::services::read;

    const TABLE: &str = "Id,Branch,Service,Subservice,IndividualService\n\
        EM.EM/DC.1.1.2,DC,DC voltage,Single values,Low value\n\
        EM.EM/DC.2.1.1,DC,DC resistance,Standards,Low values\n";

    #[test]
    fn words_find_services() {
        let table = read(TABLE).expect("a table");
        let codes = |words| -> Vec<&str> {
            found(&table, words).into_iter().map(|one| one.code.as_str()).collect()
        };
        assert_eq!(codes("low VOLTAGE"), ["EM/DC-1.1.2"]);
        assert_eq!(codes("em/dc-2"), ["EM/DC-2.1.1"]);
        assert_eq!(codes("").len(), 2);
        assert_eq!(codes("mass").len(), 0);
    }

    #[test]
    fn categories_that_are_not_listed_are_found_once() {
        let capability = |category: &str, publisher: &str| {
            serde_json::json!({"id": format!("_:{}", category.len()), "publisher": publisher,
                "organisation": "_:o", "service_category": category})
        };
        let bundle = serde_json::json!({"format": "etalon-bundle/1", "records": {"capabilities": [
            capability("EM/DC-1.1.2", "kcdb"), capability("EM/DC-9.9", "kcdb"),
            capability("EM/DC-9.9", "kcdb"), capability("QM-5.1", "kcdb"),
            capability("EM-own", "accreditation_scope"),
        ]}});
        let unchecked = bundle::read(&bundle.to_string());
        let odd = odd_categories(&read(TABLE).expect("a table"), unchecked.records());
        assert_eq!(odd.len(), 1);
        assert_eq!((odd[0].count, odd[0].known), (2, false));
        assert_eq!(odd[0].pointer, "/records/capabilities/1/service_category");
    }
}
