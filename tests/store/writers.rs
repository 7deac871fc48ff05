//! Several at once: writers, readers beside them, and programs that start at the same time.

use std::collections::BTreeSet;
use std::sync::Barrier;
use std::thread;

use crate::support::records::{
    author, body, bundle, created, document, organisation, query, said, verified, with,
};
use crate::support::{Backend, Database, both};
use etalon::app::import::{Failed, Options};
use etalon::app::refusal::Refusal;
use etalon::app::registry::Registry;
use etalon::domain::records::CollectionName::{Documents, Organisations};
use serde_json::json;

both!(
    two_writers_leave_no_gap,
    one_of_two_amendments_wins,
    one_of_two_imports_wins,
    readers_see_whole_writes,
    a_panic_in_a_write_leaves_nothing,
    programs_that_start_together_migrate_once,
);

/// Runs work in this many threads that begin together, each on its own connections.
fn together<T: Send>(
    database: &Database,
    threads: usize,
    work: impl Fn(usize, Registry) -> T + Sync,
) -> Vec<T> {
    let barrier = Barrier::new(threads);
    thread::scope(|scope| {
        let run = |number| {
            let (barrier, work) = (&barrier, &work);
            scope.spawn(move || {
                let registry = database.registry();
                barrier.wait();
                work(number, registry)
            })
        };
        let running: Vec<_> = (0..threads).map(run).collect();
        running.into_iter().map(|thread| thread.join().expect("no panic")).collect()
    })
}

fn two_writers_leave_no_gap(database: &Database) {
    const EACH: usize = 60;
    let written = together(database, 2, |number, registry| {
        let write = |count: usize| {
            let document = document(&format!("{number}-{count}"));
            registry.create(Documents, document, &author()).expect("created").written.log_index
        };
        (0..EACH).map(write).collect::<Vec<_>>()
    });
    assert!(written.iter().all(|indices| indices.is_sorted()));
    let indices: BTreeSet<u64> = written.into_iter().flatten().collect();
    assert_eq!(indices, (1..=2 * EACH as u64).collect());
    assert_eq!(verified(&database.store()).len(), 2 * EACH);
}

fn one_of_two_amendments_wins(database: &Database) {
    let lab = created(&database.registry(), Organisations, organisation("Phòng thử nghiệm"));
    for base in 1..=20 {
        let outcomes = together(database, 2, |number, registry| {
            let name = format!("{base}-{number}");
            registry.amend(Organisations, &lab, organisation(&name), base, &author())
        });
        let won: Vec<_> = outcomes.iter().flatten().collect();
        assert_eq!(won.len(), 1, "{outcomes:?}");
        assert_eq!(won[0].written.version, base + 1);
        let stale = Refusal::Stale { id: lab.clone(), base, current: base + 1 };
        assert!(outcomes.iter().any(|outcome| outcome.as_ref().err() == Some(&stale)));
    }
    assert_eq!(verified(&database.store()).len(), 21);
}

/// The same file from two at once: it is there once.
fn one_of_two_imports_wins(database: &Database) {
    for round in 0..10 {
        let documents = (0..20).map(|number| {
            let document = document(&format!("{round}-{number}"));
            (Documents, with(document, json!({"id": format!("_:{number}")})))
        });
        let text = bundle(&format!("source {round}"), documents);
        let outcomes = together(database, 2, |_, registry| {
            registry.import("a", &text, &Options::default(), &author(), &mut |_, _| {})
        });
        let created: u64 = outcomes.iter().flatten().map(|report| report.created).sum();
        assert_eq!(created, 20);
        for outcome in &outcomes {
            match outcome {
                Ok(report) => assert!(report.created == 20 || report.unchanged == 20),
                Err(Failed::Refused(Refusal::Faults(faults))) => {
                    assert_eq!(said(faults)[0], ("imported_meanwhile", "/records/documents/0/id"));
                }
                Err(other) => panic!("{other:?}"),
            }
        }
    }
    assert_eq!(verified(&database.store()).len(), 200);
}

fn readers_see_whole_writes(database: &Database) {
    const WRITES: u64 = 40;
    let lab = created(&database.registry(), Organisations, organisation("0"));
    together(database, 3, |number, registry| {
        if number == 0 {
            for base in 1..=u32::try_from(WRITES).expect("small") {
                let renamed = organisation(&base.to_string());
                registry.amend(Organisations, &lab, renamed, base, &author()).expect("amended");
            }
            return;
        }
        let mut last = 0;
        while last <= WRITES {
            let head = registry.store().head().expect("a head");
            assert!(head.log_index >= last, "the log never goes back");
            last = head.log_index;
            // Whatever is written meanwhile, at an index there is one version, the same everywhere.
            let got = registry.get(Organisations, &lab, last).expect("there");
            assert_eq!(got.log_index, last);
            assert_eq!(body(&got)["names"]["vi"], (last - 1).to_string());
            let list = registry.store().list(&query(Organisations, last)).expect("a list");
            assert_eq!(list, [got]);
        }
    });
}

fn a_panic_in_a_write_leaves_nothing(database: &Database) {
    let registry = database.registry();
    created(&registry, Documents, document("before"));
    for _ in 0..6 {
        let work = || {
            registry.store().write(|writer| {
                writer.stored_all([]).expect("nothing");
                if writer.head().log_index == 1 {
                    panic!("in the middle of a write");
                }
                Ok::<_, Refusal>(())
            })
        };
        std::panic::catch_unwind(std::panic::AssertUnwindSafe(work)).expect_err("the panic");
    }
    // The lock is gone with it, more often than there are connections for writers.
    created(&registry, Documents, document("after"));
    assert_eq!(verified(registry.store()).len(), 2);
}

fn programs_that_start_together_migrate_once(database: &Database) {
    let empty = Database::unmigrated(database.backend()).expect("the backend is there");
    let barrier = Barrier::new(4);
    thread::scope(|scope| {
        let start = || {
            barrier.wait();
            match empty.backend() {
                Backend::Sqlite => Registry::open(empty.url()).map(|_| ()),
                Backend::Postgres => Ok(empty.store().migrate().map(|_| ())?),
            }
        };
        let running: Vec<_> = (0..4).map(|_| scope.spawn(start)).collect();
        for thread in running {
            assert_eq!(thread.join().expect("no panic"), Ok(()));
        }
    });
    created(&empty.registry(), Documents, document("ĐLVN 99:2002"));
}
