//! What the service keeps beside the log: answers for those who ask again, reports, keys, members
//! and the set-up key. None of it moves the head of the log, and all of it goes with the
//! transaction that it was written in.

use std::collections::BTreeSet;
use std::sync::Barrier;
use std::thread;

use crate::support::records::{created, document, import_country, instant, verified};
use crate::support::{Backend, Database, Direct, both};
use etalon::domain::id::Id;
use etalon::domain::identity::{Identity, Role, Scope, Scopes};
use etalon::domain::log::Digest;
use etalon::domain::period::Instant;
use etalon::domain::records::CollectionName::Documents;
use etalon::ids;
use etalon::store::{
    ApiKey, Attempt, Member, Reader, ReportQuery, Store, StoreError, StoredPolicy, StoredReport,
    Writer,
};

both!(
    a_reply_is_found_again,
    another_principal_method_path_or_key_is_another,
    a_reply_is_kept_with_its_transaction,
    replies_are_forgotten_after_a_day,
    reports_are_found_by_whom_they_concern,
    reports_are_never_changed,
    policies_are_kept_in_every_version,
    policies_are_never_changed,
    a_verdict_is_a_word,
    keys_come_and_go,
    members_come_and_go,
    the_setup_key_is_used_once,
    of_two_who_set_up_one_does,
    a_setup_goes_with_its_transaction,
    the_log_does_not_move,
    a_rebuild_leaves_it_alone,
    connections_are_counted,
);

fn now() -> Instant {
    instant("2026-11-20T08:30:00Z")
}

fn write<T>(store: &Store, work: impl FnOnce(&mut Writer<'_>) -> Result<T, StoreError>) -> T {
    store.write(work).expect("written")
}

/// Does work and takes it back.
fn taken_back(store: &Store, work: impl FnOnce(&mut Writer<'_>) -> Result<(), StoreError>) {
    let failed = store.write(|writer| {
        work(writer)?;
        Err::<(), _>(StoreError::Full)
    });
    assert_eq!(failed, Err(StoreError::Full));
}

fn digest(text: &str) -> Digest {
    Digest::of(&[text.as_bytes()])
}

fn sorted_ids<const N: usize>() -> [Id; N] {
    let mut ids: [Id; N] = std::array::from_fn(|_| ids::new_id());
    ids.sort_unstable();
    ids
}

// Replies

fn attempt() -> Attempt {
    Attempt {
        principal: "key 1".to_owned(),
        method: "POST".to_owned(),
        path: "/api/v1/calibrations".to_owned(),
        key: "a'?\"b".to_owned(),
        request_sha256: digest("body"),
    }
}

fn a_reply_is_found_again(database: &Database) {
    let store = database.store();
    write(&store, |writer| {
        assert_eq!(writer.reply(&attempt(), now())?, None);
        writer.keep_reply(&attempt(), "{\"status\": 201}", now())
    });
    let other_body = Attempt { request_sha256: digest("another body"), ..attempt() };
    for asked in [attempt(), other_body.clone()] {
        let saved = write(&store, |writer| writer.reply(&asked, now())).expect("a reply");
        assert_eq!(saved.request_sha256, digest("body"));
        assert_eq!(saved.reply, "{\"status\": 201}");
        assert_eq!(saved.created_at, now());
    }
    // The first answer stays.
    write(&store, |writer| writer.keep_reply(&other_body, "second", now()));
    let saved = write(&store, |writer| writer.reply(&attempt(), now())).expect("a reply");
    assert_eq!((saved.reply.as_str(), saved.request_sha256), ("{\"status\": 201}", digest("body")));
}

fn another_principal_method_path_or_key_is_another(database: &Database) {
    let store = database.store();
    write(&store, |writer| writer.keep_reply(&attempt(), "first", now()));
    let others = [
        Attempt { principal: "key 2".to_owned(), ..attempt() },
        Attempt { method: "PUT".to_owned(), ..attempt() },
        Attempt { path: "/api/v1/standards".to_owned(), ..attempt() },
        Attempt { key: "A'?\"B".to_owned(), ..attempt() },
    ];
    for other in &others {
        let reply = write(&store, |writer| {
            assert_eq!(writer.reply(other, now())?, None, "{other:?}");
            writer.keep_reply(other, "its own", now())?;
            writer.reply(other, now())
        });
        assert_eq!(reply.expect("a reply").reply, "its own");
    }
    let saved = write(&store, |writer| writer.reply(&attempt(), now())).expect("a reply");
    assert_eq!(saved.reply, "first");
}

fn a_reply_is_kept_with_its_transaction(database: &Database) {
    let store = database.store();
    taken_back(&store, |writer| writer.keep_reply(&attempt(), "lost", now()));
    assert_eq!(write(&store, |writer| writer.reply(&attempt(), now())), None);
}

fn replies_are_forgotten_after_a_day(database: &Database) {
    let store = database.store();
    let (last, over) = (instant("2026-11-21T08:29:59Z"), instant("2026-11-21T08:30:00Z"));
    for number in 0..50 {
        let attempt = Attempt { key: number.to_string(), ..attempt() };
        write(&store, |writer| writer.keep_reply(&attempt, "old", now()));
    }
    let third = Attempt { key: "3".to_owned(), ..attempt() };
    assert!(write(&store, |writer| writer.reply(&third, last)).is_some());
    assert_eq!(write(&store, |writer| writer.reply(&third, over)), None);
    let kept = || database.direct().count("idempotent_replies");
    assert_eq!(kept(), 50);
    // A new answer takes the place of one that is too old, and some others go.
    write(&store, |writer| writer.keep_reply(&third, "new", last));
    assert_eq!(kept(), 50);
    write(&store, |writer| writer.keep_reply(&third, "new", over));
    let reply = write(&store, |writer| writer.reply(&third, over)).expect("a reply");
    assert_eq!((reply.reply.as_str(), reply.created_at), ("new", over));
    assert_eq!(kept(), 30);
    for (number, left) in [(1, 11), (2, 3), (3, 4)] {
        let fresh = Attempt { key: format!("fresh {number}"), ..attempt() };
        write(&store, |writer| writer.keep_reply(&fresh, "new", over));
        assert_eq!(kept(), left);
    }
    // What is left is fresh.
    assert_eq!(database.direct().count("idempotent_replies WHERE reply = 'old'"), 0);
}

// Reports

fn report(id: &Id, standard: &Id, owner: &Id, asked_by: &Id) -> StoredReport {
    StoredReport {
        id: id.clone(),
        log_index: 7,
        standard: standard.clone(),
        owner: owner.clone(),
        asked_by: asked_by.clone(),
        actor: "tester".to_owned(),
        verdict: "traceable".to_owned(),
        created_at: now(),
        body: "{\"verdict\": \"đạt\"}".to_owned(),
    }
}

fn everybody() -> ReportQuery {
    ReportQuery { reader: Reader::Everything, standard: None, verdict: None, after: None, limit: 9 }
}

fn reports_are_found_by_whom_they_concern(database: &Database) {
    let store = database.store();
    let [a, b, lab, other, stranger] = sorted_ids();
    let ids: [Id; 6] = sorted_ids();
    let reports = [
        report(&ids[0], &a, &lab, &lab),
        report(&ids[1], &a, &lab, &other),
        report(&ids[2], &b, &other, &lab),
        StoredReport { verdict: "undetermined".to_owned(), ..report(&ids[3], &b, &other, &other) },
        report(&ids[4], &a, &lab, &other),
        StoredReport { log_index: 0, ..report(&ids[5], &b, &lab, &lab) },
    ];
    // The order is that of ids, not that of writing.
    write(&store, |writer| reports.iter().rev().try_for_each(|one| writer.add_report(one)));
    for one in &reports {
        assert_eq!(store.report(&one.id).expect("a read").as_ref(), Some(one));
    }
    assert_eq!(store.report(&stranger).expect("a read"), None);
    let found = |query: &ReportQuery| {
        let mut all: Vec<StoredReport> = Vec::new();
        loop {
            let after = all.last().map(|last| last.id.clone());
            let page = store.reports(&ReportQuery { after, ..query.clone() }).expect("a page");
            all.extend_from_slice(&page);
            if page.len() < query.limit as usize {
                break;
            }
        }
        all.iter().map(|one| ids.iter().position(|id| *id == one.id).expect("ours")).collect()
    };
    let numbers = |query: ReportQuery| -> Vec<usize> {
        let whole: Vec<usize> = found(&query);
        for limit in 1..4 {
            assert_eq!(found(&ReportQuery { limit, ..query.clone() }), whole, "by {limit}");
        }
        whole
    };
    let read_by = |id: &Id| ReportQuery { reader: Reader::Organisation(id.clone()), ..everybody() };
    assert_eq!(numbers(everybody()), [0, 1, 2, 3, 4, 5]);
    assert_eq!(numbers(read_by(&lab)), [0, 1, 2, 4, 5]);
    assert_eq!(numbers(read_by(&other)), [1, 2, 3, 4]);
    assert_eq!(numbers(read_by(&stranger)), [0; 0]);
    assert_eq!(numbers(ReportQuery { reader: Reader::Public, ..everybody() }), [0; 0]);
    assert_eq!(numbers(ReportQuery { standard: Some(a.clone()), ..everybody() }), [0, 1, 4]);
    assert_eq!(numbers(ReportQuery { standard: Some(a), ..read_by(&other) }), [1, 4]);
    let undetermined = Some("undetermined".to_owned());
    assert_eq!(numbers(ReportQuery { verdict: undetermined.clone(), ..everybody() }), [3]);
    assert_eq!(numbers(ReportQuery { verdict: undetermined.clone(), ..read_by(&lab) }), [0; 0]);
    let both = ReportQuery { verdict: undetermined, standard: Some(b), ..read_by(&other) };
    assert_eq!(numbers(both), [3]);
}

fn reports_are_never_changed(database: &Database) {
    let store = database.store();
    let [id, standard, lab] = sorted_ids();
    let first = report(&id, &standard, &lab, &lab);
    write(&store, |writer| writer.add_report(&first));
    let mut direct = database.direct();
    let mut attempts = vec!["UPDATE reports SET verdict = 'not_traceable'", "DELETE FROM reports"];
    let columns = "id, log_index, standard, owner, asked_by, actor, verdict, created_at, 'other'";
    let replaced = format!("INSERT OR REPLACE INTO reports SELECT {columns} FROM reports");
    match direct {
        Direct::Sqlite(_) => attempts.push(&replaced),
        Direct::Postgres(_) => attempts.push("TRUNCATE reports"),
    }
    for attempt in attempts {
        let refused = direct.try_run(attempt).expect_err(attempt);
        assert!(refused.contains("a report is never changed"), "{attempt}: {refused}");
    }
    let second = StoredReport { verdict: "not_traceable".to_owned(), ..first.clone() };
    store.write(|writer| writer.add_report(&second)).expect_err("its id is taken");
    assert_eq!(store.report(&id).expect("a read"), Some(first));
}

fn policy(id: &str, number: u32, version: &str) -> StoredPolicy {
    StoredPolicy {
        id: id.to_owned(),
        number,
        version: version.to_owned(),
        log_index: u64::from(number),
        sha256: digest(version).to_string(),
        body: format!("{{\"id\":\"{id}\"}}"),
        created_at: now(),
        created_by: "key 1".to_owned(),
    }
}

fn policies_are_kept_in_every_version(database: &Database) {
    let store = database.store();
    let (first, second) = (policy("mine", 1, "2026-a"), policy("mine", 2, "2026-b"));
    let other = policy("another", 1, "2026-a");
    write(&store, |writer| {
        writer.add_policy(&first)?;
        writer.add_policy(&second)?;
        assert_eq!(writer.policy_versions("mine")?.len(), 2);
        writer.add_policy(&other)
    });
    taken_back(&store, |writer| writer.add_policy(&policy("mine", 3, "2026-c")));
    assert_eq!(store.policy_versions("mine"), Ok(vec![first, second.clone()]));
    assert_eq!(store.policies(), Ok(vec![other, second]));
    assert_eq!(store.policy_versions("nobody's"), Ok(Vec::new()));
    for taken in [policy("mine", 2, "2026-d"), policy("mine", 3, "2026-a")] {
        let failed = store.write(|writer| writer.add_policy(&taken));
        assert!(matches!(failed, Err(StoreError::Database(_))), "{failed:?}");
    }
}

fn policies_are_never_changed(database: &Database) {
    let store = database.store();
    let kept = policy("mine", 1, "1");
    write(&store, |writer| writer.add_policy(&kept));
    let mut direct = database.direct();
    let last = match direct {
        Direct::Sqlite(_) => {
            "INSERT OR REPLACE INTO policies SELECT id, number, version, log_index, sha256, '{}', \
             created_at, created_by FROM policies"
        }
        Direct::Postgres(_) => "TRUNCATE policies",
    };
    for attempt in ["UPDATE policies SET body = '{}'", "DELETE FROM policies", last] {
        let refused = direct.try_run(attempt).expect_err(attempt);
        assert!(refused.contains("a version of a policy is never changed"), "{attempt}: {refused}");
    }
    assert_eq!(store.policy_versions("mine"), Ok(vec![kept]));
}

fn a_verdict_is_a_word(database: &Database) {
    let store = database.store();
    let [id, standard, lab] = sorted_ids();
    let wrong = StoredReport { verdict: "good".to_owned(), ..report(&id, &standard, &lab, &lab) };
    store.write(|writer| writer.add_report(&wrong)).expect_err("no word of the vocabulary");
    assert_eq!(store.report(&id).expect("a read"), None);
}

// Keys and members

fn key(id: &Id, organisation: &Id) -> ApiKey {
    ApiKey {
        id: id.clone(),
        organisation: organisation.clone(),
        name: "Máy cân".to_owned(),
        roles: [Role::Submitter, Role::Signatory].into(),
        scopes: Scopes::all(),
        created_at: now(),
        created_by: "tester".to_owned(),
        expires_at: None,
        revoked_at: None,
        last_used_at: None,
    }
}

fn keys_come_and_go(database: &Database) {
    let store = database.store();
    let [first, second, third, lab, other] = sorted_ids();
    let expires = instant("2027-01-01T00:00:00Z");
    let keys = [
        key(&first, &lab),
        ApiKey {
            expires_at: Some(expires),
            roles: BTreeSet::new(),
            scopes: [Scope::Verify].into_iter().collect(),
            ..key(&second, &other)
        },
        ApiKey { roles: Role::ALL.iter().copied().collect(), ..key(&third, &lab) },
    ];
    write(&store, |writer| {
        keys.iter().try_for_each(|key| writer.add_key(key, &digest(key.id.as_str())))
    });
    for key in &keys {
        assert_eq!(store.key(&key.id).expect("a read").as_ref(), Some(key));
        let secret = digest(key.id.as_str());
        assert_eq!(store.key_of_secret(&secret).expect("a read").as_ref(), Some(key));
        let all = format!("{key:?}");
        assert!(!all.contains(&secret.to_string()), "{all}");
    }
    assert_eq!(store.key_of_secret(&digest("guessed")).expect("a read"), None);
    let taken = store.write(|writer| writer.add_key(&key(&lab, &lab), &digest(first.as_str())));
    taken.expect_err("a secret belongs to one key");

    let list = |organisation, after, limit| {
        let keys = store.keys(organisation, after, limit).expect("a list");
        keys.into_iter().map(|key| key.id).collect::<Vec<_>>()
    };
    assert_eq!(list(None, None, 9), [first.clone(), second.clone(), third.clone()]);
    assert_eq!(list(Some(&lab), None, 9), [first.clone(), third.clone()]);
    assert_eq!(list(Some(&lab), None, 1), std::slice::from_ref(&first));
    assert_eq!(list(Some(&lab), Some(&first), 9), [third]);
    assert_eq!(list(None, Some(&first), 1), std::slice::from_ref(&second));

    let later = instant("2026-12-01T00:00:00Z");
    assert!(write(&store, |writer| writer.revoke_key(&first, later)));
    assert!(!write(&store, |writer| writer.revoke_key(&first, expires)));
    assert!(!write(&store, |writer| writer.revoke_key(&lab, later)));
    let revoked = store.key_of_secret(&digest(first.as_str())).expect("a read").expect("there");
    assert_eq!(revoked, ApiKey { revoked_at: Some(later), ..keys[0].clone() });
    assert!(keys[0].is_good(now()) && !revoked.is_good(now()));
    assert!(keys[1].is_good(later) && !keys[1].is_good(expires));
    assert_eq!(store.key(&second).expect("a read").as_ref(), Some(&keys[1]));

    database.direct().run("UPDATE api_keys SET roles = '[\"king\"]'");
    store.key(&second).expect_err("somebody tampered with the roles");
    database.direct().run("UPDATE api_keys SET roles = '[]', scopes = '[\"all\"]'");
    store.key(&second).expect_err("somebody tampered with the scopes");
}

fn member(id: &Id, organisation: &Id, subject: &str) -> Member {
    Member {
        id: id.clone(),
        organisation: organisation.clone(),
        identity: Identity { issuer: "https://id.example".to_owned(), subject: subject.to_owned() },
        name: "Nguyễn Thị Đo".to_owned(),
        roles: [Role::Administrator].into(),
        created_at: now(),
        created_by: "tester".to_owned(),
        revoked_at: None,
        last_used_at: None,
    }
}

fn members_come_and_go(database: &Database) {
    let store = database.store();
    let [first, second, third, again, lab, other] = sorted_ids();
    let elsewhere = Identity { issuer: "https://other.example".to_owned(), subject: "an".into() };
    let members = [
        member(&first, &lab, "an"),
        member(&second, &other, "bình"),
        Member { identity: elsewhere, ..member(&third, &lab, "an") },
    ];
    for one in &members {
        assert!(write(&store, |writer| writer.add_member(one)), "{one:?}");
    }
    for one in &members {
        assert_eq!(store.member(&one.id).expect("a read").as_ref(), Some(one));
        assert_eq!(store.member_of(&one.identity).expect("a read").as_ref(), Some(one));
    }
    // Somebody is a member once, in whichever organisation.
    let twice = member(&again, &other, "an");
    assert!(!write(&store, |writer| writer.add_member(&twice)));
    assert_eq!(store.member(&again).expect("a read"), None);
    store
        .write(|writer| writer.add_member(&member(&first, &lab, "c")))
        .expect_err("its id is taken");

    let list = |organisation, after, limit| {
        let members = store.members(organisation, after, limit).expect("a list");
        members.into_iter().map(|member| member.id).collect::<Vec<_>>()
    };
    assert_eq!(list(None, None, 9), [first.clone(), second.clone(), third.clone()]);
    assert_eq!(list(Some(&lab), None, 9), [first.clone(), third.clone()]);
    assert_eq!(list(Some(&lab), Some(&first), 9), std::slice::from_ref(&third));
    assert_eq!(list(None, Some(&first), 1), [second]);

    let later = instant("2026-12-01T00:00:00Z");
    assert!(write(&store, |writer| writer.revoke_member(&first, later)));
    assert!(!write(&store, |writer| writer.revoke_member(&first, later)));
    assert!(!write(&store, |writer| writer.revoke_member(&lab, later)));
    let former = store.member(&first).expect("a read");
    assert_eq!(former, Some(Member { revoked_at: Some(later), ..members[0].clone() }));
    assert_eq!(store.member_of(&members[0].identity).expect("a read"), None);
    // And may become one again.
    assert!(write(&store, |writer| writer.add_member(&twice)));
    assert_eq!(store.member_of(&members[0].identity).expect("a read"), Some(twice));
    assert_eq!(store.member_of(&members[2].identity).expect("a read"), Some(members[2].clone()));
    assert_eq!(list(None, Some(&third), 9), [again]);
}

// Set-up

fn the_setup_key_is_used_once(database: &Database) {
    let store = database.store();
    let (first, second) = (digest("first"), digest("second"));
    assert!(!write(&store, |writer| writer.use_setup_key(&first, now())));
    assert!(write(&store, |writer| writer.set_setup_key(&first, now())));
    assert!(write(&store, |writer| writer.set_setup_key(&second, now())));
    assert!(!write(&store, |writer| writer.use_setup_key(&first, now())));
    assert!(write(&store, |writer| writer.use_setup_key(&second, now())));
    assert!(!write(&store, |writer| writer.use_setup_key(&second, now())));
    assert!(!write(&store, |writer| writer.set_setup_key(&first, now())));
    assert!(!write(&store, |writer| writer.use_setup_key(&first, now())));
    assert_eq!(database.direct().count("setup_key"), 1);

    assert!(!store.is_set_up().expect("an answer"));
    let [id, lab] = sorted_ids();
    write(&store, |writer| writer.add_key(&key(&id, &lab), &digest("secret")));
    assert!(store.is_set_up().expect("an answer"));
    // It stays so.
    write(&store, |writer| writer.revoke_key(&id, now()));
    assert!(store.is_set_up().expect("an answer"));
}

fn of_two_who_set_up_one_does(database: &Database) {
    for round in 0..10 {
        let secret = digest(&round.to_string());
        database.direct().run("DELETE FROM setup_key");
        write(&database.store(), |writer| writer.set_setup_key(&secret, now()));
        let barrier = Barrier::new(2);
        let won: Vec<bool> = thread::scope(|scope| {
            let attempt = || {
                let store = database.store();
                barrier.wait();
                write(&store, |writer| writer.use_setup_key(&secret, now()))
            };
            let running = [scope.spawn(attempt), scope.spawn(attempt)];
            running.into_iter().map(|thread| thread.join().expect("no panic")).collect()
        });
        assert_eq!(won.iter().filter(|won| **won).count(), 1, "{won:?}");
    }
}

fn a_setup_goes_with_its_transaction(database: &Database) {
    let store = database.store();
    let [id, lab] = sorted_ids();
    let secret = digest("secret");
    write(&store, |writer| writer.set_setup_key(&secret, now()));
    taken_back(&store, |writer| {
        assert!(writer.use_setup_key(&secret, now())?);
        assert!(writer.add_member(&member(&id, &lab, "an"))?);
        writer.add_report(&report(&id, &lab, &lab, &lab))
    });
    assert!(!store.is_set_up().expect("an answer"));
    assert_eq!(store.report(&id).expect("a read"), None);
    write(&store, |writer| {
        assert!(writer.use_setup_key(&secret, now())?);
        writer.add_member(&member(&id, &lab, "an"))
    });
    assert!(store.is_set_up().expect("an answer"));
}

// The log

/// Something in each of the tables, in one transaction.
fn fill(store: &Store) {
    let [id, standard, lab] = sorted_ids();
    write(store, |writer| {
        writer.keep_reply(&attempt(), "reply", now())?;
        writer.add_report(&report(&id, &standard, &lab, &lab))?;
        writer.add_key(&key(&id, &lab), &digest("secret"))?;
        writer.add_member(&member(&id, &lab, "an"))?;
        writer.set_setup_key(&digest("setup"), now())
    });
}

fn the_log_does_not_move(database: &Database) {
    let registry = database.registry();
    created(&registry, Documents, document("ĐLVN 99:2002"));
    let head = registry.store().head().expect("a head");
    fill(registry.store());
    assert_eq!(registry.store().head().expect("a head"), head);
    assert_eq!(verified(registry.store()).len(), 1);
    created(&registry, Documents, document("ĐLVN 100:2002"));
    assert_eq!(verified(registry.store()).len(), 2);
}

fn a_rebuild_leaves_it_alone(database: &Database) {
    let registry = database.registry();
    import_country(&registry);
    fill(registry.store());
    let kept = || -> Vec<String> {
        let mut direct = database.direct();
        let tables = [
            ("idempotent_replies", "reply"),
            ("reports", "body"),
            ("api_keys", "secret_sha256"),
            ("members", "subject"),
            ("setup_key", "secret_sha256"),
        ];
        let rows = tables
            .map(|(table, column)| direct.texts(&format!("SELECT {column} AS text FROM {table}")));
        rows.concat()
    };
    let before = kept();
    assert_eq!(before.len(), 5);
    registry.store().rebuild(|_| {}).expect("rebuilt");
    assert_eq!(kept(), before);
}

fn connections_are_counted(database: &Database) {
    let store = database.store();
    store.head().expect("a head");
    let (readers, writers) = store.pools();
    assert_eq!((readers.in_use, writers.in_use), (0, 0));
    assert!(readers.idle >= 1, "{readers:?}");
    write(&store, |writer| {
        assert_eq!(store.pools().1.in_use, 1);
        writer.reply(&attempt(), now())
    });
    let (_, writers) = store.pools();
    assert_eq!(writers.in_use, 0);
    let most = if database.backend() == Backend::Sqlite { 1 } else { 4 };
    assert!((1..=most).contains(&writers.idle), "{writers:?}");
}
