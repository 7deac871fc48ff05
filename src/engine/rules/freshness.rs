//! Rule T-11: how old the states of outside registers are that recognition rests on.

use crate::domain::capability::Publisher;
use crate::domain::period::Day;
use crate::engine::evidence::*;
use crate::engine::finding::{
    Dimension, FactValue, Phrase, Rule, Severity, Source, Subject, Tag, fact, phrase,
};
use crate::engine::walk::{Note, Walk};

/// T-11: what was taken from an outside register (CMCs of the KCDB, scopes and statuses of
/// accreditations, memberships) was at most 30 days old at the state of knowledge; older is a
/// remark, older than 365 days is not known to hold any more. Not applicable without `synced_at`.
/// One finding a register and organisation: its oldest state that counts. The nearest certificate's
/// count; what steps above it rest on is information, as their routes are. A state of knowledge
/// named by a log index counts with the day of its last entry. Minor. Etalon \[K\].
pub static T_11: Rule = Rule {
    id: "T-11",
    statement: phrase(
        "dữ liệu lấy từ sổ đăng ký bên ngoài còn mới",
        "what was taken from an outside register is fresh",
    ),
    severity: Severity::Minor,
    dimension: Dimension::Recognition,
    source: Source::new("Etalon", "records", Tag::Knowledge),
    optional_input: true,
};

/// Days up to which a state counts as fresh.
const FRESH: i32 = 30;
/// Days after which a state says nothing any more.
const STALE: i32 = 365;

/// A state of an outside register that the route of a certificate rests on.
#[derive(Debug, Clone, Copy)]
pub struct Snapshot {
    /// The record taken.
    taken: Subject,
    /// Whose entry it is.
    organisation: OrganisationIndex,
    /// Day of the register's state.
    synced_on: Day,
    /// The certificate.
    calibration: CalibrationIndex,
}

impl Snapshot {
    /// The register, as a word.
    fn register(&self, evidence: &Evidence) -> &'static str {
        match self.taken {
            Subject::Capability(index) => match evidence.capability(index).publisher {
                Publisher::Kcdb => "KCDB",
                publisher => publisher.as_str(),
            },
            Subject::Accreditation(_) => "accreditation",
            _ => "membership",
        }
    }

    /// The place of the record among its kind.
    fn place(&self) -> usize {
        match self.taken {
            Subject::Capability(index) => index.position(),
            Subject::Accreditation(index) => index.position(),
            _ => self.organisation.position(),
        }
    }
}

/// Takes down that the route of a row rests on a record taken from an outside register.
pub fn used(
    walk: &mut Walk<'_>,
    row: &ResultRow,
    taken: Option<Subject>,
    organisation: Option<OrganisationIndex>,
    synced_on: Option<Day>,
) {
    let (Some(taken), Some(organisation), Some(synced_on)) = (taken, organisation, synced_on)
    else {
        return;
    };
    walk.snapshots.push(Snapshot { taken, organisation, synced_on, calibration: row.calibration });
}

/// The oldest state of those memberships of an organisation that count.
pub fn of_memberships(
    walk: &Walk<'_>,
    organisation: OrganisationIndex,
    counts: impl Fn(&MembershipRow) -> bool,
) -> Option<Day> {
    let memberships = walk.evidence.memberships.of(organisation.position()).iter();
    let known = memberships.filter(|row| walk.knows(row.known_from) && counts(row));
    known.filter_map(|row| row.synced_on).min()
}

static OLD: Phrase = phrase(
    "dữ liệu {register} của {organisation} lấy ngày {synced}, đã {days} ngày: nên cập nhật",
    "the {register} data of {organisation} were taken on {synced}, {days} days before: take them again",
);
static STALE_STATE: Phrase = phrase(
    "dữ liệu {register} của {organisation} lấy ngày {synced}, đã {days} ngày: không biết còn đúng hay không",
    "the {register} data of {organisation} were taken on {synced}, {days} days before: whether they still hold is not known",
);
static NEED_STATE: Phrase =
    phrase("dữ liệu mới lấy từ sổ đăng ký bên ngoài đó", "the outside register's present state");
static FRESH_STATE: Phrase = phrase(
    "dữ liệu {register} của {organisation} lấy ngày {synced}, mới {days} ngày",
    "the {register} data of {organisation} were taken on {synced}, {days} days before",
);

/// T-11 for all routes of a claim, with the nearest certificate.
pub fn t_11(walk: &mut Walk<'_>, nearest: CalibrationIndex) {
    let Some(known_on) = walk.known_on else { return };
    let rows = walk.evaluated().iter().filter_map(|row| walk.verdict(*row));
    let mut snapshots: Vec<Snapshot> =
        rows.flat_map(|verdict| &walk.snapshots[verdict.snapshots.clone()]).copied().collect();
    if snapshots.is_empty() {
        return;
    }
    let evidence = walk.evidence;
    let same = |one: &Snapshot| (one.register(evidence), one.organisation);
    snapshots.sort_unstable_by_key(|one| (same(one), one.synced_on, one.place()));
    for of_register in snapshots.chunk_by(|one, other| same(one) == same(other)) {
        let own = of_register.iter().find(|one| one.calibration == nearest);
        let Some(oldest) = own.or_else(|| of_register.first()) else { continue };
        let days = known_on.number().saturating_sub(oldest.synced_on.number()).max(0);
        let organisation = Subject::Organisation(oldest.organisation);
        let facts = [
            fact("register", FactValue::Word(oldest.register(evidence))),
            fact("organisation", FactValue::Record(organisation)),
            fact("synced", FactValue::Day(oldest.synced_on)),
            fact("days", FactValue::Count(days.unsigned_abs())),
        ];
        let note = match days {
            days if days <= FRESH => Note::pass_with(&T_11, oldest.taken, &FRESH_STATE),
            days if days <= STALE => Note::remark(&T_11, oldest.taken, &OLD),
            _ => Note::unknown(&T_11, oldest.taken, &STALE_STATE, &NEED_STATE),
        };
        let severity = if own.is_some() { Severity::Minor } else { Severity::Info };
        walk.note(note.severity(severity).against(Some(organisation)).facts(&facts));
    }
}
