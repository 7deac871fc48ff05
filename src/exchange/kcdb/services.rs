//! The service categories of the KCDB as reference data: the classification as a table (CSV), as
//! linked data of the BIPM (Turtle), and the lists of its interface for programs (JSON).
//!
//! The classification is the BIPM's and is read from its files; what of it Etalon knows by itself,
//! the quantity kinds of sure categories, stands beside this file (`kcdb_categories.json`).

use std::collections::{BTreeMap, HashSet};

use oxrdf::{NamedOrBlankNode, Term};
use oxttl::TurtleParser;
use serde::Deserialize;

use crate::exchange::outcome::{ReadError, not_json};

/// The vocabulary of service categories (SI Digital Framework).
const VOCABULARY: &str = "https://si-digital-framework.org/kcdb-sc#";
const RDF_TYPE: &str = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type";
const LABEL: &str = "http://www.w3.org/2000/01/rdf-schema#label";
const NOTATION: &str = "http://www.w3.org/2004/02/skos/core#notation";
/// From a service to what it is a part of.
const UPWARD: &[&str] = &["isIndividualServiceOf", "isSubserviceOf", "isServiceOf", "hasSection"];
/// Most steps from a service category to its branch; a loop in a file ends here.
const DEEPEST: usize = 8;

answer! {
    /// A service category, or an entry of a reference list.
    #[derive(PartialEq, Eq)]
    Service {
        /// Its code as CMCs carry it, such as `EM/DC-1.1.2`; in a list the label.
        code: String,
        /// Its name, from the branch downward.
        names: Vec<String>,
        /// Whether CMCs are still assigned to it; absent where the file does not say.
        #[serde(skip_serializing_if = "Option::is_none")]
        assigned: Option<bool>,
        /// Its number in a reference list, where labels repeat and numbers do not.
        #[serde(skip_serializing_if = "Option::is_none")]
        id: Option<u64>,
    }
}

/// A classification read from one file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Classification {
    /// In the order of codes.
    pub services: Vec<Service>,
    /// Statements of the file, where it is linked data.
    pub triples: usize,
}

/// Reads a classification: CSV with the columns `Id`, `Branch`, `Service`, `Subservice` and
/// `IndividualService`, Turtle, or JSON as `/referenceData` gives it.
///
/// # Errors
/// When it is none of them, with the line where that is known.
pub fn read(text: &str) -> Result<Classification, ReadError> {
    let text = text.trim_start_matches('\u{feff}');
    let start = text.trim_start();
    let mut found = match start.as_bytes().first() {
        Some(b'[' | b'{') => list(text)?,
        _ if start.starts_with("Id,") => table(text)?,
        _ => linked(text)?,
    };
    found.services.sort_by(|one, other| (order(one), one.id).cmp(&(order(other), other.id)));
    Ok(found)
}

/// Numbers of a code in the order of numbers: 1.2 before 1.10.
fn order(service: &Service) -> (&str, Vec<u32>, &str) {
    let (branch, numbers) = service.code.rsplit_once('-').unwrap_or((&service.code, ""));
    (branch, numbers.split('.').filter_map(|number| number.parse().ok()).collect(), numbers)
}

#[derive(Deserialize)]
struct Entry {
    id: u64,
    label: Option<String>,
    value: String,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum List {
    Answer {
        #[serde(rename = "referenceData")]
        entries: Vec<Entry>,
    },
    Bare(Vec<Entry>),
}

fn list(text: &str) -> Result<Classification, ReadError> {
    if let Err(error) = serde_json::from_str::<serde::de::IgnoredAny>(text) {
        return Err(not_json(&error));
    }
    let (List::Answer { entries } | List::Bare(entries)) =
        serde_json::from_str(text).map_err(|_| {
            ReadError::new(
                "đây không phải danh mục tra cứu của KCDB: cần các đối tượng có “id”, “label”, “value”",
                "this is no reference list of the KCDB: objects with “id”, “label” and “value” are \
                 expected",
            )
        })?;
    let services = entries.into_iter().map(|Entry { id, label, value }| Service {
        code: label.unwrap_or_default(),
        names: vec![value],
        assigned: None,
        id: Some(id),
    });
    Ok(Classification { services: services.collect(), triples: 0 })
}

fn table(text: &str) -> Result<Classification, ReadError> {
    const COLUMNS: [&str; 5] = ["Id", "Branch", "Service", "Subservice", "IndividualService"];
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let unreadable = |error: &csv::Error| {
        let line = error.position().map_or(1, csv::Position::line);
        ReadError::new(
            "dòng này của bảng không đủ cột; mỗi dòng cần số cột như dòng tiêu đề",
            format!("this line of the table cannot be read: {error}"),
        )
        .at(u32::try_from(line).unwrap_or(u32::MAX), 1)
    };
    let headers = reader.headers().map_err(|error| unreadable(&error))?.clone();
    let mut at = [0; COLUMNS.len()];
    for (place, column) in at.iter_mut().zip(COLUMNS) {
        *place = headers.iter().position(|header| header == column).ok_or_else(|| {
            let message = format!("the table has no column “{column}”");
            ReadError::new(format!("bảng thiếu cột “{column}”"), message).at(1, 1)
        })?;
    }
    let mut services = Vec::new();
    for row in reader.records() {
        let row = row.map_err(|error| unreadable(&error))?;
        let line = u32::try_from(row.position().map_or(1, csv::Position::line)).unwrap_or(u32::MAX);
        let [id, names @ ..] = at.map(|place| row.get(place).unwrap_or_default().trim().to_owned());
        services.push(Service {
            code: code_of_id(&id).ok_or_else(|| {
                let message = format!("“{id}” is no id such as AUV.AUV/A.6.1.1");
                ReadError::new(format!("“{id}” không phải mã dạng AUV.AUV/A.6.1.1"), message)
                    .at(line, 1)
            })?,
            names: names.to_vec(),
            assigned: None,
            id: None,
        });
    }
    Ok(Classification { services, triples: 0 })
}

/// `AUV.AUV/A.6.1.1` (area, branch, service, sub-service, individual service) as CMCs write it:
/// `AUV/A-6.1.1`.
fn code_of_id(id: &str) -> Option<String> {
    let mut parts = id.splitn(3, '.');
    let (_area, branch, numbers) = (parts.next()?, parts.next()?, parts.next()?);
    (branch.contains('/') && !numbers.is_empty()).then(|| format!("{branch}-{numbers}"))
}

/// What is said of one subject of linked data.
#[derive(Default)]
struct Subject {
    label: Option<String>,
    notation: Option<String>,
    above: Option<String>,
    status: Option<String>,
    is_category: bool,
}

fn linked(text: &str) -> Result<Classification, ReadError> {
    let mut subjects: BTreeMap<String, Subject> = BTreeMap::new();
    let mut triples = 0;
    for triple in TurtleParser::new().for_slice(text.as_bytes()) {
        let triple = triple.map_err(|error| {
            let at = error.location().start;
            let number = |number: u64| u32::try_from(number + 1).unwrap_or(u32::MAX);
            ReadError::new(
                "không đọc được phân loại dịch vụ: cần bảng CSV (cột Id, Branch, …), Turtle hoặc JSON \
                 của KCDB",
                format!(
                    "no classification of services can be read here: CSV (columns Id, Branch, …), \
                     Turtle or JSON of the KCDB is expected ({})",
                    error.message()
                ),
            )
            .at(number(at.line), number(at.column))
        })?;
        triples += 1;
        let NamedOrBlankNode::NamedNode(name) = triple.subject else { continue };
        let object = match triple.object {
            Term::NamedNode(node) => node.into_string(),
            Term::Literal(literal) => literal.value().to_owned(),
            Term::BlankNode(_) => continue,
        };
        let subject = subjects.entry(name.into_string()).or_default();
        match triple.predicate.as_str() {
            LABEL => subject.label = Some(object.trim().to_owned()),
            NOTATION => subject.notation = Some(object),
            RDF_TYPE => {
                subject.is_category |= object.strip_prefix(VOCABULARY) == Some("ServiceCategory");
            }
            other => match other.strip_prefix(VOCABULARY) {
                Some("hasStatus") => {
                    subject.status = object.strip_prefix(VOCABULARY).map(str::to_owned);
                }
                Some(step) if UPWARD.contains(&step) => subject.above = Some(object),
                _ => {}
            },
        }
    }
    let services = subjects.values().filter(|subject| subject.is_category).filter_map(|subject| {
        let mut names = Vec::new();
        let mut next = Some(subject);
        while let Some(one) = next.filter(|_| names.len() < DEEPEST) {
            names.extend(one.label.clone());
            next = one.above.as_ref().and_then(|above| subjects.get(above));
        }
        names.reverse();
        Some(Service {
            code: subject.notation.clone()?,
            names,
            assigned: subject.status.as_deref().map(|status| status == "assigned"),
            id: None,
        })
    });
    Ok(Classification { services: services.collect(), triples })
}

/// Several classifications as one: a code that several files have is that of the first.
pub fn joined(all: impl IntoIterator<Item = Classification>) -> Classification {
    let mut joined = Classification::default();
    let mut known = HashSet::new();
    for one in all {
        joined.triples += one.triples;
        for service in one.services {
            // In a list the same label stands for many things; elsewhere a code for one.
            let names = if service.id.is_some() { service.names.clone() } else { Vec::new() };
            if known.insert((service.code.clone(), service.id, names)) {
                joined.services.push(service);
            }
        }
    }
    joined.services.sort_by(|one, other| (order(one), one.id).cmp(&(order(other), other.id)));
    joined
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = "Id,Area Id,Area,Branch Id,Branch,Service,Subservice,IndividualService\n\
        EM.EM/DC.1.10.1,EM,Electricity,EM/DC,DC,\"Sources, others\",Noise,One\n\
        EM.EM/DC.1.2.1,EM,Electricity,EM/DC,DC,Voltage,Sources,\"Low, high\"\n";

    const TURTLE: &str = r#"PREFIX sc: <https://si-digital-framework.org/kcdb-sc#>
        PREFIX e: <https://example.org/> PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
        PREFIX skos: <http://www.w3.org/2004/02/skos/core#>
        e:DC a sc:Branch; rdfs:label "DC"@en; skos:notation "EM/DC" .
        e:1 a sc:Service; rdfs:label "Voltage"@en; sc:isServiceOf e:DC .
        e:1.2.1 a skos:Concept , sc:ServiceCategory; rdfs:label "Low, high"@en;
            skos:notation "EM/DC-1.2.1"; sc:hasStatus sc:previouslyAssigned;
            sc:isIndividualServiceOf e:1 .
        e:loop a sc:ServiceCategory; skos:notation "X"; sc:isServiceOf e:loop; rdfs:label "x" ."#;

    #[test]
    fn tables_are_in_the_order_of_numbers() {
        let found = read(TABLE).expect("a table");
        let codes: Vec<&str> = found.services.iter().map(|one| one.code.as_str()).collect();
        assert_eq!(codes, ["EM/DC-1.2.1", "EM/DC-1.10.1"]);
        assert_eq!(found.services[0].names, ["DC", "Voltage", "Sources", "Low, high"]);
        for (wrong, line) in [
            ("Id,Branch\nx,y\n", 1),
            ("Id,Branch,Service,Subservice,IndividualService\nx,a,b,c,d\n", 2),
            ("Id,Branch,Service,Subservice,IndividualService\nA.A/B.1,a\n", 2),
        ] {
            assert_eq!(read(wrong).expect_err(wrong).line, Some(line), "{wrong}");
        }
    }

    #[test]
    fn linked_data_and_lists() {
        let found = read(TURTLE).expect("Turtle");
        assert_eq!((found.triples, found.services.len()), (16, 2));
        assert_eq!(found.services[0].names, ["DC", "Voltage", "Low, high"]);
        assert_eq!(found.services[0].assigned, Some(false));
        let list =
            r#"[{"id": 2, "label": "1", "value": "b"}, {"id": 1, "label": "1", "value": "a"}]"#;
        let found = read(list).expect("a list");
        assert_eq!(found.services[0].id, Some(1), "labels repeat, ids do not");
        let answer = format!(r#"{{"referenceData": {list}}}"#);
        assert_eq!(read(&answer), Ok(found.clone()));
        assert_eq!(joined([found.clone(), found.clone()]).services, found.services);
        for wrong in ["{", "{}", "[1]", "hello world", "@prefix a: <b"] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}
