//! The few records of the synthetic country: organisations, what they belong to, what they may do,
//! and the roots. Written as the JSON of records.md and read from it.

use deserr::{Deserr, IntoValue, ValuePointerRef};
use serde_json::{Value, json};

use crate::domain::capability::Capability;
use crate::domain::comparison::Comparison;
use crate::domain::fault::Faults;
use crate::domain::organisation::{Membership, Organisation};
use crate::domain::realisation::Realisation;
use crate::domain::recognition::{Accreditation, LegalRecognition};

use super::plan::{AT_THE_END, Course, SUSPENDED, quantity};
use super::quantity::{FREQUENCY, Figure, Form, Stated};
use super::shape::{KINDS, Level, Party, Place, Shape};
use super::{Country, Scope, Thing};

/// Entries of its scope for standards a laboratory, and capabilities an institute, has for each
/// quantity. All but the first lie in other ranges. A laboratory has one more, for instruments.
const ENTRIES: u32 = 4;
const PUBLISHED: u32 = 8;

/// Reads a record; a test proves that all can be read.
fn read<T: Deserr<Faults>>(value: Value) -> Option<T> {
    T::deserialize_from_value(value.into_value(), ValuePointerRef::Origin).ok()
}

impl Country {
    pub(super) fn organisations(&self) -> impl Iterator<Item = Organisation> + '_ {
        self.course.shape.organisations().filter_map(|party| self.organisation(party))
    }

    fn organisation(&self, party: Party) -> Option<Organisation> {
        let (kind, vi, en) = match party {
            Party::Bipm => ("bipm", "Viện Cân đo Quốc tế".to_owned(), "BIPM".to_owned()),
            Party::Authority => ("authority", "Cơ quan quản lý".to_owned(), "Authority".to_owned()),
            Party::Body(number) => (
                "accreditation_body",
                format!("Tổ chức công nhận {number}"),
                format!("Accreditation body {number}"),
            ),
            Party::Institute(0) => (
                "nmi",
                "Viện đo lường quốc gia".to_owned(),
                "National metrology institute".to_owned(),
            ),
            Party::Institute(number) => (
                "designated_institute",
                format!("Viện được chỉ định {number}"),
                format!("Designated institute {number}"),
            ),
            Party::Foreign(number) => {
                ("nmi", format!("Viện nước ngoài {number}"), format!("Foreign institute {number}"))
            }
            Party::Laboratory(number) => (
                "calibration_laboratory",
                format!("Phòng hiệu chuẩn {number}"),
                format!("Calibration laboratory {number}"),
            ),
            Party::Enterprise(number) => {
                ("enterprise", format!("Doanh nghiệp {number}"), format!("Enterprise {number}"))
            }
        };
        let mut record = json!({
            "id": self.party_id(party)?.as_str(),
            "kind": kind,
            "names": {"vi": format!("{vi} (minh hoạ)"), "en": format!("{en} (illustrative)")},
        });
        if let Some(country) = country(party) {
            record["country"] = country.into();
        }
        read(record)
    }

    pub(super) fn memberships(&self) -> impl Iterator<Item = Membership> + '_ {
        let founding = self.course.founding().to_string();
        let shape = self.course.shape;
        let institute = |party| {
            json!({"organisation": party_text(self, party),
            "arrangement": "cipm_mra", "role": "signatory"})
        };
        let designated = (1..Shape::INSTITUTES).map(move |number| {
            let kinds = (0..KINDS).filter(|kind| Shape::holder(*kind) == Party::Institute(number));
            let areas: Vec<&str> = kinds
                .filter_map(|kind| self.quantities.get(kind as usize))
                .map(|read| read.kind.kind().area.code)
                .collect();
            json!({"organisation": party_text(self, Party::Institute(number)),
                "arrangement": "cipm_mra", "role": "participant", "areas": areas})
        });
        let bodies = (0..Shape::BODIES).flat_map(move |number| {
            let testing = number == Shape::BODIES - 1;
            let scope = if testing { "testing_17025" } else { "calibration_17025" };
            let body = party_text(self, Party::Body(number));
            [
                json!({"organisation": body, "arrangement": "ilac_mra", "scope": scope,
                    "role": "signatory", "valid_to": "2025-12-31"}),
                json!({"organisation": body, "arrangement": "global_aci_mra", "scope": scope,
                    "role": "signatory", "valid_from": "2026-01-01"}),
            ]
        });
        let states = (0..shape.foreign).map(|number| {
            json!({"country": country(Party::Foreign(number)), "role": "member",
                "arrangement": "metre_convention_member"})
        });
        let home = json!({"country": "VN", "arrangement": "cgpm_associate", "role": "member"});
        let records: Vec<Value> = std::iter::once(home)
            .chain(states)
            .chain((0..shape.foreign).map(Party::Foreign).map(institute))
            .chain([institute(Party::Institute(0))])
            .chain(designated)
            .chain(bodies)
            .collect();
        (0..).zip(records).filter_map(move |(number, mut record)| {
            record["id"] = self.id(Thing::Membership, number)?.as_str().into();
            if record.get("valid_from").is_none() {
                record["valid_from"] = founding.clone().into();
            }
            read(record)
        })
    }

    pub(super) fn accreditations(&self) -> impl Iterator<Item = Accreditation> + '_ {
        (0..self.course.shape.laboratories).flat_map(move |laboratory| {
            let scopes = [Scope::Standards, Scope::Instruments, Scope::Testing].into_iter();
            let held = move |scope: &Scope| *scope != Scope::Testing || Course::tests(laboratory);
            scopes.filter(held).filter_map(move |scope| self.accreditation(laboratory, scope))
        })
    }

    fn accreditation(&self, laboratory: u32, scope: Scope) -> Option<Accreditation> {
        let (year, partly) = self.course.suspended_in(laboratory);
        let other = if partly { "partially_suspended" } else { "suspended" };
        let mut history = self.interrupted(["active", other], year, SUSPENDED);
        if partly {
            let entry = if scope == Scope::Instruments { ENTRIES } else { 0 };
            let kinds = (0..KINDS).filter(|kind| Course::concerned(laboratory, *kind));
            let ids = kinds
                .filter_map(|kind| self.capability_id(Party::Laboratory(laboratory), kind, entry));
            let ids: Vec<String> = ids.map(|id| id.to_string()).collect();
            history[1]["capabilities"] = ids.into();
        }
        let (letter, body) = match scope {
            Scope::Standards => ("C", laboratory % (Shape::BODIES - 1)),
            Scope::Instruments => ("P", laboratory % (Shape::BODIES - 1)),
            Scope::Testing => ("T", Shape::BODIES - 1),
        };
        read(json!({
            "id": self.accreditation_id(laboratory, scope)?.as_str(),
            "organisation": party_text(self, Party::Laboratory(laboratory)),
            "accreditation_body": party_text(self, Party::Body(body)),
            "standard": "iso_iec_17025",
            "number": format!("{letter}{laboratory:04}"),
            "granted_on": self.course.founding().to_string(),
            "valid_to": "2030-12-31",
            "sites": ["phòng chính / main laboratory"],
            "status_history": history,
        }))
    }

    /// A status since the beginning, interrupted by another one on some days of a year.
    fn interrupted(&self, [usual, other]: [&str; 2], year: u32, days: (i32, i32)) -> Value {
        let on = |day| self.course.day(year, day).to_string();
        json!([
            {"status": usual, "effective_from": self.course.founding().to_string(),
             "effective_to": on(days.0 - 1)},
            {"status": other, "effective_from": on(days.0), "effective_to": on(days.1)},
            {"status": usual, "effective_from": on(days.1 + 1)},
        ])
    }

    pub(super) fn legal_recognitions(&self) -> impl Iterator<Item = LegalRecognition> + '_ {
        let shape = self.course.shape;
        let registrations = (0..shape.laboratories).map(move |number| self.registration(number));
        let national = (0..shape.standards())
            .map(move |standard| (standard, shape.place(standard)))
            .filter(|(_, place)| place.level == Level::National)
            .flat_map(move |(standard, place)| self.approval(standard, place));
        (0..).zip(registrations.chain(national)).filter_map(move |(number, mut record)| {
            record["id"] = self.id(Thing::LegalRecognition, number)?.as_str().into();
            record["authority"] = party_text(self, Party::Authority).into();
            read(record)
        })
    }

    fn registration(&self, laboratory: u32) -> Value {
        let year = self.course.unregistered_in(laboratory);
        let founding = self.course.founding().to_string();
        let fields: Vec<&str> = (0..KINDS).map(|kind| quantity(kind).kind).collect();
        json!({
            "kind": "registration",
            "organisation": party_text(self, Party::Laboratory(laboratory)),
            "decision_number": format!("ĐK {laboratory:04} (minh hoạ)"),
            "valid_from": founding,
            "fields": fields,
            "status_history": self.interrupted(["active", "suspended"], year, AT_THE_END),
        })
    }

    fn approval(&self, standard: u32, place: Place) -> [Value; 2] {
        let founding = self.course.founding().to_string();
        let id = self.standard_id(standard).map(|id| id.to_string());
        let decision = format!("{standard}/QĐ (minh hoạ)");
        let year = self.course.unapproved_in(place.kind);
        [
            json!({"kind": "national_standard_approval", "standard": id,
                "decision_number": decision, "valid_from": founding,
                "status_history": self.interrupted(["active", "suspended"], year, AT_THE_END)}),
            json!({"kind": "national_standard_holder", "standard": id, "valid_from": founding,
                "organisation": party_text(self, Shape::holder(place.kind))}),
        ]
    }

    pub(super) fn capabilities(&self) -> impl Iterator<Item = Capability> + '_ {
        let shape = self.course.shape;
        let foreign = (0..shape.foreign).flat_map(|number| {
            (0..KINDS).map(move |kind| (Party::Foreign(number), kind, Level::National))
        });
        let national = (0..KINDS).map(|kind| (Shape::holder(kind), kind, Level::Reference));
        let laboratories = (0..shape.laboratories).flat_map(|number| {
            let at = move |level| move |kind| (Party::Laboratory(number), kind, level);
            (0..KINDS).map(at(Level::Working)).chain((0..KINDS).map(at(Level::Instrument)))
        });
        foreign.chain(national).chain(laboratories).flat_map(move |(party, kind, level)| {
            let entries = match level {
                Level::Working => 0..ENTRIES,
                Level::Instrument => ENTRIES..ENTRIES + 1,
                _ => 0..PUBLISHED,
            };
            entries.filter_map(move |entry| self.capability(party, kind, level, entry))
        })
    }

    /// What a party can do best, at a level; other entries lie in other ranges.
    fn capability(&self, party: Party, kind: u32, level: Level, entry: u32) -> Option<Capability> {
        let place = Place { level, kind, group: 0 };
        let (quantity, founding) = (quantity(kind), self.course.founding().to_string());
        let (_, upper) = quantity.range;
        // The only one for instruments is over the whole range as well.
        let range_of = if level == Level::Instrument { 0 } else { entry };
        let (lower, upper) = match i32::try_from(range_of) {
            Ok(entry @ 1..) if quantity.is_proportional() => {
                (upper.shifted(2 * entry), upper.shifted(2 * entry + 1))
            }
            Ok(entry @ 1..) => {
                let beyond = |steps| Figure::new(upper.digits + 100 * i128::from(steps), 0);
                (beyond(entry), beyond(entry + 1))
            }
            _ => quantity.range,
        };
        let mut record = json!({
            "id": self.capability_id(party, kind, entry)?.as_str(),
            "organisation": party_text(self, party),
            "quantity_kind": quantity.kind,
            "range": {"unit": quantity.unit, "lower": lower.to_string(),
                "upper": upper.to_string()},
            "uncertainty": self.stated(place, range_of),
            "coverage_factor": "2",
            "coverage_probability": "0.95",
            "evidence_level": "registry_synced",
        });
        if quantity.at_frequency {
            record["parameters"] =
                json!([{"name": "frequency", "lower": "40", "upper": "20000", "unit": "Hz"}]);
        }
        match party {
            Party::Laboratory(number) => {
                record["publisher"] = "accreditation_scope".into();
                let scope = match level {
                    Level::Instrument => Scope::Instruments,
                    _ => Scope::Standards,
                };
                record["accreditation"] = self.accreditation_id(number, scope)?.as_str().into();
                record["code"] = format!("C{number:04}-{kind}.{entry}").into();
                record["status_history"] = match range_of {
                    0 => {
                        let year = self.course.entry_suspended_in(number, kind);
                        self.interrupted(["active", "suspended"], year, AT_THE_END)
                    }
                    _ => json!([{"status": "active", "effective_from": founding}]),
                };
            }
            _ => {
                let number = self.course.shape.number_of(party);
                record["publisher"] = "kcdb".into();
                record["code"] = format!("APMP-X-XX-{number:04}{kind}{entry:03}-1").into();
                record["status_history"] = self.published(party, kind, &founding);
            }
        }
        read(record)
    }

    fn published(&self, party: Party, kind: u32, founding: &str) -> Value {
        if matches!(party, Party::Foreign(_)) {
            return json!([{"status": "published", "effective_from": founding}]);
        }
        let year = self.course.greyed_out_in(kind);
        self.interrupted(["published", "greyed_out"], year, SUSPENDED)
    }

    /// The uncertainty of a capability, never above what is delivered at its level.
    fn stated(&self, place: Place, entry: u32) -> Value {
        let quantity = quantity(place.kind);
        let expanded = self.expanded(place, place.level, 100);
        let (small, places) = match quantity.form {
            Form::Absolute { unit, places } => (unit, places),
            Form::Relative => (quantity.unit, 0),
        };
        let stated = if entry == 0 { quantity.stated } else { Stated::Fraction };
        let at = |point: Figure| expanded.times(point).shifted(places).to_string();
        match stated {
            Stated::Constant => {
                let value = expanded.shifted(places).to_string();
                json!({"expression": "constant", "mode": "absolute", "lower": value, "upper": value,
                    "unit": small})
            }
            Stated::Linear => json!({"expression": "linear", "mode": "absolute",
                "lower": at(quantity.range.0), "upper": at(quantity.range.1), "unit": small}),
            Stated::Equation => {
                let constant = at(quantity.range.0.percent(40));
                let slope = expanded.percent(90).shifted(places);
                json!({"expression": "equation", "mode": "absolute", "unit": small,
                    "equation": format!("Q[{constant}, {slope}*L]"),
                    "symbols": {"L": quantity.unit}})
            }
            Stated::Fraction => {
                let value = expanded.to_string();
                json!({"expression": "constant", "mode": "relative", "lower": value, "upper": value,
                    "unit": "1"})
            }
        }
    }

    pub(super) fn realisations(&self) -> impl Iterator<Item = Realisation> + '_ {
        (0..KINDS).filter_map(move |kind| {
            let quantity = quantity(kind);
            let (lower, upper) = quantity.range;
            // Half of the expanded one.
            let standard = quantity.base.times(Figure::new(5, -1));
            let (unit, mode) = match quantity.is_proportional() {
                true => ("1", "relative"),
                false => ("K", "absolute"),
            };
            let utc = kind as usize == FREQUENCY;
            let mut record = json!({
                "id": self.id(Thing::Realisation, u64::from(kind))?.as_str(),
                "kind": if utc { "utc_k" } else { "bipm_calibration_service" },
                "organisation": party_text(self, Party::Bipm),
                "quantity_kind": quantity.kind,
                "range": {"unit": quantity.unit, "lower": lower.to_string(),
                    "upper": upper.to_string()},
                "method": "minh hoạ / illustrative",
                "standard_uncertainty": {"value": standard.to_string(), "unit": unit, "mode": mode},
                "valid_from": self.course.founding().to_string(),
            });
            if utc {
                record["bulletins"] = self.bulletins().into();
            }
            read(record)
        })
    }

    /// The bulletins in which the time scale stands, one a month, from before the first calibration.
    /// The day of publication is left out: nothing else says what was known when, so that a state of
    /// knowledge is only as late as the latest certificate that turned out to be bad.
    fn bulletins(&self) -> Vec<Value> {
        const MONTHS_BEFORE: u32 = 3;
        let first = self.course.day(0, 0).plus_days(-30 * MONTHS_BEFORE as i32);
        let months = MONTHS_BEFORE + 12 * self.course.years;
        (0..months)
            .map(|month| json!({"month": first.plus_months(month).to_string().get(..7)}))
            .collect()
    }

    /// A published comparison of the region for each quantity, again every eight years.
    pub(super) fn comparisons(&self) -> impl Iterator<Item = Comparison> + '_ {
        const MONTHS: u32 = 96;
        let rounds = 1 + (12 * self.course.years + 24) / MONTHS;
        let all = (0..rounds).flat_map(|round| (0..KINDS).map(move |kind| (round, kind)));
        all.filter_map(move |(round, kind)| {
            let foreign = (0..self.course.shape.foreign).map(Party::Foreign);
            let parties = foreign.chain([Shape::holder(kind)]);
            let results: Vec<Value> = parties.map(|party| self.compared(party, kind)).collect();
            let begun = self.course.founding().plus_months(MONTHS * round);
            read(json!({
                "id": self.id(Thing::Comparison, u64::from(KINDS * round + kind))?.as_str(),
                "kind": "rmo_kc",
                "code": format!("APMP.X-K{kind}.{}", begun.to_string().get(..4)?),
                "quantity_kind": quantity(kind).kind,
                "measured_from": begun.to_string(),
                "measured_to": begun.plus_days(90).to_string(),
                "report_published_on": begun.plus_days(400).to_string(),
                "status": "published",
                "results": results,
            }))
        })
    }

    /// What an institute has shown in a comparison: a difference of at most half its CMC.
    fn compared(&self, party: Party, kind: u32) -> Value {
        let level =
            if matches!(party, Party::Foreign(_)) { Level::National } else { Level::Reference };
        let place = Place { level, kind, group: 0 };
        let quantity = quantity(kind);
        let point = quantity.points[1];
        let expanded = self.expanded_at(place, level, 100, point);
        let spread = i128::from(self.course.shape.number_of(party) * 37 % 100) - 50;
        let degree = Figure::new(expanded.digits * spread, expanded.exponent - 2);
        let reference = self.expanded_at(place, Level::Foreign, 100, point);
        // Differences of temperatures are kelvins.
        let unit = if quantity.unit == "Cel" { "K" } else { quantity.unit };
        json!({"organisation": party_text(self, party), "unit": unit,
            "point": {"value": point.to_string(), "unit": quantity.unit},
            "degree_of_equivalence": degree.to_string(),
            "doe_expanded_uncertainty": expanded.to_string(),
            "reference_expanded_uncertainty": reference.to_string()})
    }
}

fn party_text(country: &Country, party: Party) -> Option<String> {
    country.party_id(party).map(|id| id.to_string())
}

/// Two letters: the country itself, or one of those that ISO 3166-1 leaves to its users.
fn country(party: Party) -> Option<String> {
    match party {
        Party::Bipm => None,
        Party::Foreign(number) => {
            let letter = char::from_u32('A' as u32 + number % 26)?;
            Some(format!("X{letter}"))
        }
        _ => Some("VN".to_owned()),
    }
}
