//! Who sees what: each reason for which a reader sees a record, lists without holes, and the same
//! answer for records that are asked for by their ids, at every state of knowledge.

use std::collections::{BTreeMap, BTreeSet};

use crate::support::records::{
    author, body, certificate, created, document, import_country, organisation, query, standard,
    with,
};
use crate::support::{Database, both};
use etalon::app::list::ListRequest;
use etalon::app::registry::Registry;
use etalon::domain::id::Id;
use etalon::domain::records::CollectionName::{
    self, Calibrations, Documents, MeasurementStandards, Nonconformities, Organisations,
};
use etalon::domain::search;
use etalon::store::{FilterValue, ListQuery, Reader, Store, filters};
use serde_json::{Value, json};

both!(
    every_reason_shows_a_record,
    what_a_reader_sees_is_what_the_bodies_say,
    filters_and_words_beside_a_reader,
    published_later_is_not_seen_before,
    an_owner_sees_what_was_theirs_then,
    a_list_request_has_a_reader,
);

/// Laboratories, their standards and certificates: one of each kind that a rule tells apart.
struct World {
    registry: Registry,
    names: BTreeMap<Id, &'static str>,
}

impl World {
    fn new(database: &Database) -> Self {
        Self { registry: database.registry(), names: BTreeMap::new() }
    }

    fn add(&mut self, name: &'static str, collection: CollectionName, body: Value) -> Id {
        let id = created(&self.registry, collection, body);
        self.names.insert(id.clone(), name);
        id
    }

    fn change(&self, collection: CollectionName, id: &Id, fields: Value) {
        let stored = self.registry.store().get(id, u64::MAX).expect("a read").expect("there");
        let changed = with(body(&stored), fields);
        self.registry
            .amend(collection, id, changed, stored.version, &author())
            .unwrap_or_else(|refusal| panic!("{refusal:?}"));
    }

    fn head(&self) -> u64 {
        self.registry.store().head().expect("the head").log_index
    }

    /// The names of what a reader sees of a collection, sorted.
    fn seen(&self, collection: CollectionName, reader: &Reader, at: u64) -> Vec<&'static str> {
        let query = ListQuery { reader: reader.clone(), ..query(collection, at) };
        let list = self.registry.store().list(&query).expect("a list");
        let mut names: Vec<&str> = list.iter().map(|stored| self.names[&stored.id]).collect();
        names.sort_unstable();
        names
    }
}

fn every_reason_shows_a_record(database: &Database) {
    let mut world = World::new(database);
    let institute = world.add("institute", Organisations, organisation("Viện"));
    let branch = world.add("branch", Organisations, organisation("Chi nhánh"));
    let owner = world.add("owner", Organisations, organisation("Chủ chuẩn"));
    let other = world.add("other", Organisations, organisation("Nơi khác"));
    let stranger = world.add("stranger", Organisations, organisation("Người lạ"));

    let national = with(standard(&institute, "N"), json!({"legal_level": "national"}));
    world.add("national", MeasurementStandards, national);
    let reference = with(standard(&owner, "A"), json!({"legal_level": "reference"}));
    let own = world.add("own", MeasurementStandards, reference);
    let piece = world.add("piece", MeasurementStandards, standard(&owner, "A-1"));
    let kit = world.add("kit", MeasurementStandards, standard(&other, "K"));
    let open = world.add("open", MeasurementStandards, standard(&other, "O"));
    let part = world.add("part", MeasurementStandards, standard(&other, "O-1"));
    let bare = world.add("bare", MeasurementStandards, standard(&other, "B"));

    let of_own = world.add("of own", Calibrations, certificate(&institute, &own, "1"));
    let performed = with(certificate(&other, &bare, "2"), json!({"performed_by": branch}));
    let performed = world.add("performed", Calibrations, performed);
    let set = with(certificate(&institute, &kit, "3"), json!({"items": [piece]}));
    let of_set = world.add("of set", Calibrations, set);
    let shown = json!({"published": true, "items": [part]});
    world.add("shown", Calibrations, with(certificate(&other, &open, "4"), shown));

    let about = |subject: &Id| json!({"subject": subject});
    world.add("about of own", Nonconformities, about(&of_own));
    world.add("about of set", Nonconformities, about(&of_set));
    world.add("about bare", Nonconformities, about(&bare));
    let decided = json!({"subject": bare, "decisions": [{"calibration": of_own}]});
    world.add("decided", Nonconformities, decided);
    world.add("about performed", Nonconformities, about(&performed));

    let at = world.head();
    let seen = |who: &Id, collection| {
        world.seen(collection, &Reader::Organisation(who.clone()), at).join(", ")
    };
    assert_eq!(seen(&institute, Calibrations), "of own, of set, shown");
    assert_eq!(seen(&branch, Calibrations), "performed, shown");
    assert_eq!(seen(&owner, Calibrations), "of own, of set, shown");
    assert_eq!(seen(&other, Calibrations), "of set, performed, shown");
    assert_eq!(seen(&stranger, Calibrations), "shown");
    assert_eq!(world.seen(Calibrations, &Reader::Public, at), ["shown"]);

    // Who issued a certificate does not see what its customer keeps of the item.
    assert_eq!(seen(&institute, MeasurementStandards), "national, open, part");
    assert_eq!(seen(&owner, MeasurementStandards), "national, open, own, part, piece");
    assert_eq!(seen(&other, MeasurementStandards), "bare, kit, national, open, part");
    assert_eq!(seen(&branch, MeasurementStandards), "national, open, part");
    assert_eq!(seen(&stranger, MeasurementStandards), "national, open, part");
    let public = world.seen(MeasurementStandards, &Reader::Public, at);
    assert_eq!(public, ["national", "open", "part"]);

    assert_eq!(seen(&institute, Nonconformities), "about of own, about of set, decided");
    assert_eq!(seen(&owner, Nonconformities), "about of own, about of set");
    let others = "about bare, about of set, about performed, decided";
    assert_eq!(seen(&other, Nonconformities), others);
    assert_eq!(seen(&branch, Nonconformities), "");
    assert_eq!(seen(&stranger, Nonconformities), "");
    assert_eq!(world.seen(Nonconformities, &Reader::Public, at), [""; 0]);

    for collection in [Calibrations, MeasurementStandards, Nonconformities] {
        let all = world.seen(collection, &Reader::Everything, at).len();
        assert_eq!(all, if collection == Calibrations { 4 } else { all.max(5) });
    }
    assert_eq!(world.seen(Organisations, &Reader::Public, at).len(), 5);
}

/// Every record known at a log index, by id.
type Known = BTreeMap<Id, (CollectionName, Value)>;

fn known(store: &Store, at: u64) -> Known {
    let list = |name: &CollectionName| store.list(&query(*name, at)).expect("a list");
    let records = CollectionName::ALL.iter().flat_map(list);
    records.map(|stored| (stored.id.clone(), (stored.collection, body(&stored)))).collect()
}

/// What api.md says under "Privacy", read from bodies.
fn sees(known: &Known, reader: &Reader, collection: CollectionName, id: &Id, body: &Value) -> bool {
    let me = match reader {
        Reader::Everything => return true,
        Reader::Organisation(id) => Some(id.as_str()),
        Reader::Public => None,
    };
    let is_me = |value: &Value| me.is_some() && value.as_str() == me;
    let record = |id: &Value| known.get(&Id::parse(id.as_str()?).ok()?).map(|(_, body)| body);
    let is_owner = |item: &Value| record(item).is_some_and(|body| is_me(&body["owner"]));
    let items = |body: &Value| -> Vec<Value> {
        let each = |list: &str| body[list].as_array().cloned().unwrap_or_default();
        let pieces = each("results").into_iter().map(|result| result["item"].clone());
        let items = [vec![body["item"].clone()], each("items"), pieces.collect()].concat();
        items.into_iter().filter(Value::is_string).collect()
    };
    match collection {
        Calibrations => {
            body["published"] == true
                || is_me(&body["issuer"])
                || is_me(&body["performed_by"])
                || items(body).iter().any(is_owner)
        }
        MeasurementStandards => {
            let certificates = known.values().filter(|(of, _)| *of == Calibrations);
            body["legal_level"] == "national"
                || is_me(&body["owner"])
                || certificates
                    .filter(|(_, one)| items(one).iter().any(|item| item == id.as_str()))
                    .any(|(_, one)| one["published"] == true)
        }
        Nonconformities => {
            let subject = record(&body["subject"]).expect("a subject");
            let decisions = body["decisions"].as_array().cloned().unwrap_or_default();
            is_me(&subject["issuer"])
                || is_me(&subject["owner"])
                || items(subject).iter().any(is_owner)
                || decisions
                    .iter()
                    .filter_map(|decision| record(&decision["calibration"]))
                    .any(|one| is_me(&one["issuer"]))
        }
        _ => true,
    }
}

/// All ids of a list, page by page.
fn by_pages(store: &Store, query: &ListQuery, limit: u32) -> Vec<Id> {
    let mut all: Vec<Id> = Vec::new();
    loop {
        let after = all.last().map(Id::to_string);
        let page = store.list(&ListQuery { after, limit, ..query.clone() }).expect("a page");
        all.extend(page.iter().map(|stored| stored.id.clone()));
        // A page that is not full is the last: a hole would end the list too early.
        if page.len() < limit as usize {
            return all;
        }
    }
}

fn what_a_reader_sees_is_what_the_bodies_say(database: &Database) {
    let registry = database.registry();
    import_country(&registry);
    let store = registry.store();
    let mut world = World { registry: registry.clone(), names: BTreeMap::new() };
    let imported = world.head();
    let first = |collection, number: usize| -> Id {
        let list = store.list(&query(collection, imported)).expect("a list");
        list[number].id.clone()
    };
    // What the country has none of: a standard that nobody else sees, published certificates, another
    // owner, a case with decisions.
    let hidden = standard(&first(Organisations, 3), "H");
    world.add("hidden", MeasurementStandards, hidden);
    let (certificate, standard) = (first(Calibrations, 2), first(MeasurementStandards, 1));
    world.change(Calibrations, &certificate, json!({"published": true}));
    world.change(MeasurementStandards, &standard, json!({"owner": first(Organisations, 4)}));
    world.change(Calibrations, &first(Calibrations, 5), json!({"items": [standard]}));
    let performer = json!({"performed_by": first(Organisations, 6)});
    world.change(Calibrations, &first(Calibrations, 8), performer);
    let decisions = json!([{"calibration": certificate}, {"calibration": first(Calibrations, 7)}]);
    let case = json!({"subject": standard, "decisions": decisions});
    world.add("case", Nonconformities, case);
    world.change(Calibrations, &certificate, json!({"published": false}));

    let organisations = store.list(&query(Organisations, u64::MAX)).expect("organisations");
    let organisations = organisations.iter().map(|one| Reader::Organisation(one.id.clone()));
    let readers: Vec<Reader> =
        [Reader::Everything, Reader::Public].into_iter().chain(organisations).collect();
    let mut partly = BTreeSet::new();
    for at in imported..=world.head() {
        let known = known(store, at);
        for collection in CollectionName::ALL.iter().copied() {
            let all: BTreeSet<Id> = known.keys().cloned().collect();
            let of_collection = known.iter().filter(|(_, (of, _))| *of == collection);
            for reader in &readers {
                let expected: Vec<Id> = of_collection
                    .clone()
                    .filter(|(id, (_, body))| sees(&known, reader, collection, id, body))
                    .map(|(id, _)| id.clone())
                    .collect();
                if !expected.is_empty() && expected.len() < of_collection.clone().count() {
                    partly.insert(collection);
                }
                let list = ListQuery { reader: reader.clone(), ..query(collection, at) };
                for limit in [3, 1_000] {
                    let found = by_pages(store, &list, limit);
                    assert_eq!(found, expected, "{collection} {reader:?} at {at} by {limit}");
                }
                let visible = store.visible(collection, &all, reader, at).expect("an answer");
                assert!(visible.iter().eq(&expected), "{collection} {reader:?} at {at}");
            }
        }
    }
    assert_eq!(partly, [Calibrations, MeasurementStandards, Nonconformities].into());
}

fn filters_and_words_beside_a_reader(database: &Database) {
    let mut world = World::new(database);
    let lab = world.add("lab", Organisations, organisation("Phòng"));
    let other = world.add("other", Organisations, organisation("Khác"));
    let (mine, theirs) = (standard(&lab, "M"), standard(&other, "T"));
    let mine = world.add("mine", MeasurementStandards, mine);
    let theirs = world.add("theirs", MeasurementStandards, theirs);
    for name in ["a", "b", "c"] {
        let one = with(certificate(&lab, &mine, name), json!({"code": "K"}));
        world.add(name, Calibrations, one);
        let one = with(certificate(&other, &theirs, name), json!({"code": "K"}));
        world.add("theirs", Calibrations, one);
    }
    let code = filters(Calibrations).iter().find(|filter| filter.name == "number").expect("one");
    let list = ListQuery {
        filters: vec![(*code, FilterValue::Text("b".to_owned()))],
        reader: Reader::Organisation(lab.clone()),
        ..query(Calibrations, u64::MAX)
    };
    let names = |list: &ListQuery| -> Vec<&str> {
        let found = by_pages(world.registry.store(), list, 1);
        found.iter().map(|id| world.names[id]).collect()
    };
    assert_eq!(names(&list), ["b"]);
    let all = ListQuery { reader: Reader::Everything, ..list.clone() };
    assert_eq!(names(&all).len(), 2);
    let words = ListQuery {
        words: search::query("T"),
        reader: Reader::Organisation(lab),
        ..query(MeasurementStandards, u64::MAX)
    };
    assert_eq!(names(&words), [""; 0]);
    let theirs = ListQuery { reader: Reader::Organisation(other), ..words };
    assert_eq!(names(&theirs), ["theirs"]);
}

fn published_later_is_not_seen_before(database: &Database) {
    let mut world = World::new(database);
    let lab = world.add("lab", Organisations, organisation("Phòng"));
    let item = world.add("item", MeasurementStandards, standard(&lab, "A"));
    let one = world.add("one", Calibrations, certificate(&lab, &item, "1"));
    let before = world.head();
    world.change(Calibrations, &one, json!({"published": true}));
    let published = world.head();
    world.change(Calibrations, &one, json!({"published": false}));
    let ids = BTreeSet::from([one, item]);
    for (at, seen) in [(1, false), (before, false), (published, true), (world.head(), false)] {
        for collection in [Calibrations, MeasurementStandards] {
            let list = world.seen(collection, &Reader::Public, at);
            assert_eq!(!list.is_empty(), seen, "{collection} at {at}");
            let visible = world.registry.store().visible(collection, &ids, &Reader::Public, at);
            assert_eq!(visible.expect("an answer").len(), usize::from(seen), "{collection} {at}");
        }
    }
}

fn an_owner_sees_what_was_theirs_then(database: &Database) {
    let mut world = World::new(database);
    let institute = world.add("institute", Organisations, organisation("Viện"));
    let first = world.add("first", Organisations, organisation("Trước"));
    let second = world.add("second", Organisations, organisation("Sau"));
    let item = world.add("item", MeasurementStandards, standard(&first, "A"));
    world.add("one", Calibrations, certificate(&institute, &item, "1"));
    let before = world.head();
    world.change(MeasurementStandards, &item, json!({"owner": second}));
    let after = world.head();
    for (who, at, seen) in [
        (&first, before, true),
        (&second, before, false),
        (&first, after, false),
        (&second, after, true),
    ] {
        let reader = Reader::Organisation(who.clone());
        assert_eq!(world.seen(Calibrations, &reader, at).len(), usize::from(seen), "{at}");
        assert_eq!(world.seen(MeasurementStandards, &reader, at).len(), usize::from(seen), "{at}");
    }
}

fn a_list_request_has_a_reader(database: &Database) {
    let mut world = World::new(database);
    let lab = world.add("lab", Organisations, organisation("Phòng"));
    let item = world.add("item", MeasurementStandards, standard(&lab, "A"));
    world.add("one", Calibrations, certificate(&lab, &item, "1"));
    world.add("document", Documents, document("ĐLVN 99:2002"));
    let count = |collection, reader| {
        let request = ListRequest { reader, ..ListRequest::new(collection) };
        world.registry.list(&request, author().now).expect("a page").items.len()
    };
    assert_eq!(count(Calibrations, Reader::Everything), 1);
    assert_eq!(count(Calibrations, Reader::Organisation(lab)), 1);
    assert_eq!(count(Calibrations, Reader::Public), 0);
    assert_eq!(count(Documents, Reader::Public), 1);
}
