//! Lineage up and down over a small network whose counts are known.

use std::collections::BTreeMap;

use crate::support::records::{
    author, certificate_from, create, created, organisation, standard, with,
};
use crate::support::{Database, both};
use etalon::app::refusal::Refusal;
use etalon::app::registry::Registry;
use etalon::domain::id::Id;
use etalon::domain::records::CollectionName::{
    Calibrations, MeasurementStandards, Organisations, Realisations,
};
use etalon::ids;
use etalon::store::{Direction, Lineage};
use serde_json::{Value, json};

both!(
    diamonds,
    a_loop,
    sets_checks_and_missing_certificates,
    as_known_then,
    roots_of_checks,
    of_what_is_not_there,
);

/// Standards with their certificates, called by letters.
struct Network {
    registry: Registry,
    lab: Id,
    standards: BTreeMap<String, Id>,
    certificates: BTreeMap<String, Id>,
}

impl Network {
    fn new(database: &Database) -> Self {
        let registry = database.registry();
        let lab = created(&registry, Organisations, organisation("Phòng thử nghiệm"));
        Self { registry, lab, standards: BTreeMap::new(), certificates: BTreeMap::new() }
    }

    fn standard(&mut self, name: &str) -> Id {
        if let Some(id) = self.standards.get(name) {
            return id.clone();
        }
        let id = created(&self.registry, MeasurementStandards, standard(&self.lab, name));
        self.standards.insert(name.to_owned(), id.clone());
        id
    }

    /// A certificate `name` of the standard called by its first letter, made with others.
    fn certificate(&mut self, name: &str, parents: &[&str], more: Value) -> Id {
        let item = self.standard(&name[..1]);
        let parents: Vec<(Id, Id)> = parents
            .iter()
            .map(|parent| {
                (self.standards[&parent[..1]].clone(), self.certificates[*parent].clone())
            })
            .collect();
        let parents: Vec<(&Id, &Id)> = parents.iter().map(|(s, c)| (s, c)).collect();
        let body = certificate_from(&self.lab, &item, name, &parents);
        let id = created(&self.registry, Calibrations, with(body, more));
        self.certificates.insert(name.to_owned(), id.clone());
        id
    }

    fn head(&self) -> u64 {
        self.registry.store().head().expect("a head").log_index
    }

    fn lineage(&self, standard: &str, direction: Direction) -> Lineage {
        let (id, head) = (&self.standards[standard], self.head());
        self.registry.lineage(id, direction, head, usize::MAX).expect("a lineage")
    }

    /// Numbers with their depths, and the counts of certificates, standards and roots.
    fn seen(&self, standard: &str, direction: Direction) -> (Vec<String>, [u64; 3]) {
        let lineage = self.lineage(standard, direction);
        let mut steps = Vec::new();
        for step in &lineage.steps {
            let number = step.number.as_deref().expect("nothing is left out here");
            assert_eq!(step.calibration, self.certificates[number]);
            assert_eq!(step.item.as_ref(), Some(&self.standards[&number[..1]]));
            steps.push(format!("{} {number}", step.depth));
        }
        steps.sort_unstable();
        (steps, [lineage.calibrations, lineage.standards, lineage.realisations])
    }

    #[track_caller]
    fn shows(&self, standard: &str, direction: Direction, steps: &[&str], counts: [u64; 3]) {
        let (found, found_counts) = self.seen(standard, direction);
        assert_eq!(found, steps);
        assert_eq!(found_counts, counts);
    }
}

use Direction::{Down, Up};

/// a on two roots, b and c on a, d on both; e on d and on a.
fn with_diamonds(database: &Database) -> Network {
    let mut network = Network::new(database);
    let root = |name: &str| {
        json!({"kind": "nmi_primary_realisation", "organisation": network.lab,
               "quantity_kind": "mass", "method": name})
    };
    let roots = ["one", "two"].map(|name| created(&network.registry, Realisations, root(name)));
    let references = json!({"references": [{"realisation": roots[0]}, {"realisation": roots[1]}]});
    network.certificate("a1", &[], references);
    network.certificate("b1", &["a1"], json!({}));
    network.certificate("c1", &["a1"], json!({}));
    network.certificate("d1", &["b1", "c1"], json!({}));
    network.certificate("e1", &["d1", "a1"], json!({}));
    network
}

fn diamonds(database: &Database) {
    let mut network = with_diamonds(database);
    network.shows("e", Up, &["1 e1", "2 a1", "2 d1", "3 b1", "3 c1"], [5, 4, 2]);
    network.shows("d", Up, &["1 d1", "2 b1", "2 c1", "3 a1"], [4, 3, 2]);
    network.shows("a", Up, &["1 a1"], [1, 0, 2]);
    network.shows("a", Down, &["1 b1", "1 c1", "1 e1", "2 d1"], [4, 4, 0]);
    network.shows("b", Down, &["1 d1", "2 e1"], [2, 2, 0]);
    network.shows("e", Down, &[], [0, 0, 0]);
    // A second certificate of an item counts by itself, its standard once.
    network.certificate("b2", &["a1"], json!({}));
    network.certificate("d2", &["b2", "b1"], json!({}));
    network.shows("a", Down, &["1 b1", "1 b2", "1 c1", "1 e1", "2 d1", "2 d2"], [6, 4, 0]);
    network.shows("d", Up, &["1 d1", "1 d2", "2 b1", "2 b2", "2 c1", "3 a1"], [6, 3, 2]);

    // Counts are exact however few steps are asked for.
    let whole = network.lineage("a", Down);
    for most in 0..=7 {
        let some = network
            .registry
            .lineage(&network.standards["a"], Down, network.head(), most)
            .expect("a lineage");
        assert_eq!(some.steps[..], whole.steps[..most.min(6)]);
        assert_eq!((some.calibrations, some.standards), (6, 4));
        assert_eq!(some.log_index, network.head());
    }
    let order: Vec<_> = whole.steps.iter().map(|step| (step.depth, &step.calibration)).collect();
    assert!(order.is_sorted());
}

fn a_loop(database: &Database) {
    let mut network = Network::new(database);
    network.certificate("a1", &[], json!({}));
    network.certificate("b1", &["a1"], json!({}));
    network.certificate("c1", &["b1"], json!({}));
    let (a, c) = (network.standards["a"].clone(), network.standards["c"].clone());
    let looped = certificate_from(&network.lab, &a, "a1", &[(&c, &network.certificates["c1"])]);
    let a1 = &network.certificates["a1"];
    network.registry.amend(Calibrations, a1, looped, 1, &author()).expect("an amendment");
    network.shows("a", Up, &["1 a1", "2 c1", "3 b1"], [3, 2, 0]);
    network.shows("b", Up, &["1 b1", "2 a1", "3 c1"], [3, 2, 0]);
    network.shows("a", Down, &["1 b1", "2 c1", "3 a1"], [3, 2, 0]);
    // A certificate made with itself.
    network.certificate("s1", &[], json!({}));
    let (s, s1) = (network.standards["s"].clone(), network.certificates["s1"].clone());
    let itself = certificate_from(&network.lab, &s, "s1", &[(&s, &s1)]);
    network.registry.amend(Calibrations, &s1, itself, 1, &author()).expect("an amendment");
    network.shows("s", Up, &["1 s1"], [1, 0, 0]);
    network.shows("s", Down, &["1 s1"], [1, 0, 0]);
}

fn sets_checks_and_missing_certificates(database: &Database) {
    let mut network = Network::new(database);
    let piece = network.standard("p");
    network.certificate("a1", &[], json!({"items": [piece]}));
    let (a, a1) = (network.standards["a"].clone(), network.certificates["a1"].clone());
    network.certificate(
        "b1",
        &[],
        json!({"references": [
            {"standard": piece, "calibration": a1, "result": "r1"},
        ]}),
    );
    // A certificate of a set is one of each piece.
    network.shows("p", Down, &["1 b1"], [1, 1, 0]);
    network.shows("p", Up, &["1 a1"], [1, 1, 0]);
    // A check gives no value and is no link, whether its certificate is named or not.
    network.certificate(
        "c1",
        &[],
        json!({"references": [
            {"standard": a, "calibration": a1, "result": "r1", "role": "check"},
        ]}),
    );
    network.certificate("d1", &[], json!({"references": [{"standard": a, "role": "check"}]}));
    network.shows("a", Down, &["1 b1"], [1, 1, 0]);
    network.shows("c", Up, &["1 c1"], [1, 0, 0]);
    // A standard without its certificate named is a link that is missing, but it was used.
    network.certificate("e1", &[], json!({"references": [{"standard": a}]}));
    network.shows("a", Down, &["1 b1", "1 e1"], [2, 2, 0]);
    network.shows("e", Up, &["1 e1"], [1, 0, 0]);
}

fn as_known_then(database: &Database) {
    let mut network = with_diamonds(database);
    let before = network.head();
    let c1 = network.certificates["c1"].clone();
    let alone = certificate_from(&network.lab, &network.standards["c"], "c1", &[]);
    network.registry.amend(Calibrations, &c1, alone, 1, &author()).expect("an amendment");
    network.certificate("f1", &["e1"], json!({}));
    let at = |index, direction| {
        let lineage = network.registry.lineage(&network.standards["a"], direction, index, 0);
        lineage.expect("a lineage").calibrations
    };
    assert_eq!(at(before, Down), 4);
    // c1 is not made with a1 any more, d1 is still by b1.
    assert_eq!(at(before + 1, Down), 3);
    assert_eq!(at(network.head(), Down), 4);
    network.shows("a", Down, &["1 b1", "1 e1", "2 d1", "2 f1"], [4, 4, 0]);
    let unknown = network.registry.lineage(&network.standards["f"], Up, before, 0);
    let id = network.standards["f"].clone();
    assert_eq!(unknown, Err(Refusal::Unknown { collection: MeasurementStandards, id }));
}

/// A check with a root gives no value either.
fn roots_of_checks(database: &Database) {
    let mut network = Network::new(database);
    let root = json!({"kind": "nmi_primary_realisation", "organisation": network.lab,
                      "quantity_kind": "mass"});
    let roots = [(); 2].map(|()| created(&network.registry, Realisations, root.clone()));
    network.certificate(
        "a1",
        &[],
        json!({"references": [
            {"realisation": roots[0], "role": "main"}, {"realisation": roots[1], "role": "check"},
        ]}),
    );
    network.shows("a", Up, &["1 a1"], [1, 0, 1]);
}

fn of_what_is_not_there(database: &Database) {
    let registry = database.registry();
    let lab = create(&registry, Organisations, organisation("Phòng thử nghiệm")).id;
    for id in [lab, ids::new_id()] {
        let unknown = Refusal::Unknown { collection: MeasurementStandards, id: id.clone() };
        assert_eq!(registry.lineage(&id, Up, 1, 10), Err(unknown));
    }
}
