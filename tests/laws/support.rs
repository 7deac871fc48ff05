//! What supports a claim is missed when it is gone.

use std::collections::BTreeSet;

use etalon::engine::report::{Closure, RenderedLink, RenderedReport, Traceability, Verdict};
use serde_json::Value;

use super::corpus::{
    Dice, ask, collection, collections, evidence_with_gaps, findings, hold, parts, record,
};

/// What a claim stands on, one collection each; a record of the others gives no support.
const SUPPORTING: [&str; 7] = [
    "memberships",
    "capabilities",
    "accreditations",
    "legal_recognitions",
    "comparisons",
    "realisations",
    "calibrations",
];

/// What a record may leave out and a rule then misses (rules 3.3): not what it lists as optional, nor
/// where absence says something, as of a date without which a period is open.
const FIELDS: [(&str, &[&str]); 6] = [
    ("capabilities", &["/range", "/uncertainty", "/status_history", "/coverage_factor"]),
    ("accreditations", &["/status_history", "/number"]),
    ("realisations", &["/standard_uncertainty"]),
    ("measurement_standards", &["/interval_policy", "/serial_number", "/names"]),
    (
        "calibrations",
        &[
            "/issued_on",
            "/methods",
            "/signatory",
            "/traceability_statement",
            "/conditions",
            "/endorsement",
            "/competence_evidence",
            "/item_identification",
            "/document",
        ],
    ),
    (
        "calibrations",
        &[
            "/results/*/value",
            "/results/*/point",
            "/results/*/uncertainty",
            "/results/*/uncertainty/kind",
            "/results/*/uncertainty/mode",
            "/results/*/uncertainty/coverage_factor",
            "/results/*/uncertainty/coverage_probability",
            "/references/*/calibration",
            "/references/*/result",
            "/references/*/sensitivity",
            "/references/*/exponent",
        ],
    ),
];

/// What the nearest certificate must say: what is missing of it is not known, whatever stood there.
const NEEDED: [&str; 8] = [
    "/item_identification",
    "/results/*/value",
    "/results/*/uncertainty",
    "/results/*/uncertainty/kind",
    "/results/*/uncertainty/mode",
    "/references/*/calibration",
    "/references/*/result",
    "/references/*/sensitivity",
];

/// How often a draw looks for something to remove.
const ATTEMPTS: usize = 6;

/// Statuses of a record in good standing.
const GOOD: [&str; 3] = ["active", "published", "issued"];

/// What was removed: from which collection, the record's id, and which field of it.
struct Removed {
    collection: String,
    id: String,
    field: Option<String>,
    record: Value,
}

/// Removes something that supports; none where the draw points at nothing.
fn remove(records: &mut Value, dice: &mut Dice) -> Option<Removed> {
    if dice.once_in(2) {
        let held: Vec<String> = collections(records)
            .filter(|(name, records)| SUPPORTING.contains(name) && !records.is_empty())
            .map(|(name, _)| name.to_owned())
            .collect();
        let name = dice.one_of(&held)?.clone();
        let list = collection(records, &name);
        let record = list.remove(dice.below(list.len()));
        let id = record["id"].as_str()?.to_owned();
        return Some(Removed { collection: name, id, field: None, record });
    }
    let (name, paths) = FIELDS[dice.below(FIELDS.len())];
    let list = collection(records, name);
    if list.is_empty() {
        return None;
    }
    let place = dice.below(list.len());
    let record = list[place].clone();
    let field = remove_field(&mut list[place], paths, dice)?;
    let id = record["id"].as_str()?.to_owned();
    Some(Removed { collection: name.to_owned(), id, field: Some(field), record })
}

/// Removes one of these fields of a record, and says which.
fn remove_field(record: &mut Value, paths: &[&str], dice: &mut Dice) -> Option<String> {
    let mut path = (*dice.one_of(paths)?).to_owned();
    if let Some((list, _)) = path.split_once("/*") {
        let length = record.pointer(list)?.as_array()?.len();
        path = path.replace('*', &dice.below(length.max(1)).to_string());
    }
    let (parent, field) = path.rsplit_once('/')?;
    record.pointer_mut(parent)?.as_object_mut()?.remove(field)?;
    Some(path)
}

/// Whether a doubt about a record speaks against it, as a fail does: others are judged by
/// certificates and standards, an accreditation takes its scope with it, and a round of proficiency
/// testing may have gone badly.
fn doubts_count(removed: &Removed) -> bool {
    ["accreditations", "calibrations", "comparisons", "measurement_standards"]
        .contains(&removed.collection.as_str())
}

/// The records that the support of this one shows in: itself, the items of a certificate, the
/// certificates of a standard, the scope of an accreditation.
fn names(removed: &Removed, records: &Value) -> BTreeSet<String> {
    let of = |collection: &str, field: &'static str| {
        let all = records[collection].as_array().into_iter().flatten();
        let own = all.filter(move |record| record[field] == *removed.id);
        own.filter_map(|record| record["id"].as_str()).map(str::to_owned)
    };
    let own = of("calibrations", "item").chain(of("capabilities", "accreditation"));
    own.chain([removed.id.clone()]).chain(items(&removed.record)).collect()
}

/// The items of a certificate.
fn items(certificate: &Value) -> BTreeSet<String> {
    let listed = certificate["items"].as_array().into_iter().flatten();
    let of_rows = certificate["results"].as_array().into_iter().flatten().map(|row| &row["item"]);
    let all = listed.chain(of_rows).chain([&certificate["item"]]);
    all.filter_map(Value::as_str).map(str::to_owned).collect()
}

/// Whether a record speaks against something: a history with another status than a good one, a
/// correction of another record.
fn contradicts(record: &Value, records: &Value) -> bool {
    let history = record["status_history"].as_array().into_iter().flatten();
    let bad = |entry: &Value| !GOOD.contains(&entry["status"].as_str().unwrap_or_default());
    let certificates = records["calibrations"].as_array().into_iter().flatten();
    history.into_iter().any(bad)
        || record.get("amends").is_some()
        || certificates.into_iter().any(|other| other["amends"] == record["id"])
}

/// Whether a finding speaks against one of these records: a fail, or any but a pass where doubts
/// count too.
fn is_named(report: &RenderedReport, names: &BTreeSet<String>, doubts_count: bool) -> bool {
    let speaks = |outcome: &str| outcome == "fail" || (doubts_count && outcome != "pass");
    findings(report).filter(|finding| speaks(finding.outcome.as_str())).any(|finding| {
        let against = finding.against.as_ref();
        names.contains(&finding.subject.id)
            || against.is_some_and(|against| names.contains(&against.id))
    })
}

/// Whether the chain leads back to itself: any record of such a loop is as good as any other.
fn is_a_loop(report: &RenderedReport) -> bool {
    findings(report).any(|finding| {
        matches!(finding.rule, "S-04" | "S-06") && finding.outcome.as_str() == "fail"
    })
}

/// Whether an offer on the way contradicts what it rests on, under whichever record it was made.
fn is_an_offer_too_good(report: &RenderedReport) -> bool {
    findings(report).any(|finding| {
        matches!(finding.rule, "C-08" | "C-11") && finding.outcome.as_str() != "pass"
    })
}

/// Whether the chain above a certificate bears any finding but a pass, which a gap would hide.
fn hides(report: &RenderedReport, certificate: &str) -> bool {
    parts(report).any(|part| {
        let links = &part.chain.links;
        let mut above: Vec<&str> = links
            .iter()
            .filter(|link| link.calibration.as_deref() == Some(certificate))
            .flat_map(|link| link.references.iter().map(String::as_str))
            .collect();
        let mut next = 0;
        let mut hidden = false;
        while let Some(id) = above.get(next).copied() {
            next += 1;
            let Some(link) = links.iter().find(|link| link.id == id) else { continue };
            hidden |= link
                .findings
                .iter()
                .any(|finding| part.findings[*finding].outcome.as_str() != "pass");
            for reference in &link.references {
                if !above.contains(&reference.as_str()) {
                    above.push(reference);
                }
            }
        }
        hidden
    })
}

/// Whether another certificate would take the place of this one (rule S-08).
fn has_a_successor(removed: &Removed, records: &Value) -> bool {
    let certificates = records["calibrations"].as_array().into_iter().flatten();
    let others = certificates.filter(|other| other["id"] != *removed.id);
    let own = items(&removed.record);
    others.into_iter().any(|other| !items(other).is_disjoint(&own))
}

/// Whether with this capability goes all that is known of its organisation's entries, and with that
/// the knowledge that something is not among them (rules 3.4, N-05).
fn is_the_last_entry(removed: &Removed, records: &Value) -> bool {
    let of = |record: &Value| (record["organisation"].clone(), record["publisher"].clone());
    let capabilities = records["capabilities"].as_array().into_iter().flatten();
    let mut same = capabilities.filter(|other| of(other) == of(&removed.record));
    removed.collection == "capabilities" && same.all(|other| other["id"] == *removed.id)
}

/// Whether what was removed supported a claim, and nothing spoke against it.
fn supports(removed: &Removed, records: &Value, report: &RenderedReport) -> bool {
    let contradicted = contradicts(&removed.record, records)
        || is_named(report, &names(removed, records), doubts_count(removed));
    let hidden = removed.collection == "calibrations"
        && (has_a_successor(removed, records) || hides(report, &removed.id) || is_a_loop(report));
    let offers = matches!(removed.collection.as_str(), "accreditations" | "capabilities");
    !(contradicted || hidden || offers && is_an_offer_too_good(report))
}

/// How good the answer is, best highest: verdict A, and the answer to the claim.
fn goodness(report: &RenderedReport) -> (u8, u8) {
    let traceability = match report.traceability {
        Traceability::PassSi | Traceability::PassNonSi => 3,
        Traceability::PassWithRemarks => 2,
        Traceability::Indeterminate => 1,
        Traceability::Fail => 0,
    };
    let verdict = match report.verdict {
        Verdict::Traceable => 3,
        Verdict::TraceableWithRemarks => 2,
        Verdict::Undetermined => 1,
        Verdict::NotTraceable => 0,
    };
    (traceability, verdict)
}

/// Law: where a supporting record, or a field that a rule needs, is removed, neither verdict A nor
/// the answer gets better.
///
/// A record supports when no fail names it as subject or against; a certificate, a standard or an
/// accreditation, when nothing but passes names it, its items, its certificates or its scope, for a
/// doubt may come from what is known of them. It neither amends another record nor is amended, and its history holds none but
/// good statuses. A claim that was answered as well as can be is not counted as a draw that says
/// something.
///
/// Limits, each by the catalogue: a certificate whose item has another one gives way to it (S-08),
/// one above which the chain bears a finding hides it when it is gone, and one of a loop ends the
/// loop, and an offer below its own reference (C-08, C-11) goes with its accreditation, so none of
/// these is removed; without the last entry of an organisation it is not known what
/// it does not offer (N-05), so a fail may become a question there, though not a pass; fields that
/// rules 3.3 lists as optional stay, as do those whose absence says something.
#[test]
fn removing_support_never_improves() {
    hold(300, 3, |case, claim, dice| {
        let Some(before) = ask(&evidence_with_gaps(&case.records)?, claim) else {
            return Ok(false);
        };
        if goodness(&before) == (3, 3) {
            return Ok(false);
        }
        for _ in 0..ATTEMPTS {
            let mut without = case.records.clone();
            let Some(removed) = remove(&mut without, dice) else { continue };
            if !supports(&removed, &case.records, &before) {
                continue;
            }
            // What cannot be read without the field is refused.
            let Ok(gap) = evidence_with_gaps(&without) else { continue };
            let Some(after) = ask(&gap, claim) else { continue };
            let (mut was, is) = (goodness(&before), goodness(&after));
            if is_the_last_entry(&removed, &case.records) {
                was = (was.0.max(1), was.1.max(1));
            }
            return match is.0 > was.0 || is.1 > was.1 {
                false => Ok(true),
                true => Err(format!(
                    "without {} {}{}: {:?}, {:?} became {:?}, {:?}",
                    removed.collection,
                    removed.id,
                    removed.field.unwrap_or_default(),
                    before.traceability,
                    before.verdict,
                    after.traceability,
                    after.verdict
                )),
            };
        }
        Ok(false)
    });
}

/// Law: what the nearest certificate leaves out is not known, so a claim on that certificate that
/// did not pass does not pass without it: a contradiction may become a question, never an answer.
///
/// Limits: where the nearest certificate closes the chain by recognition, what it was made with is
/// not asked for (rules 3.4), so a reference may be forgotten there; and a certificate of the BIPM
/// without a kind of uncertainty states it with k = 1 (U-12).
#[test]
fn what_is_missing_never_passes() {
    hold(400, 8, |case, claim, dice| {
        let Some(nearest) = ask(&evidence_with_gaps(&case.records)?, claim) else {
            return Ok(false);
        };
        let links: Vec<&RenderedLink> =
            parts(&nearest).filter_map(|part| part.chain.links.first()).collect();
        let link = dice.one_of(&links);
        let Some(certificate) = link.and_then(|link| link.calibration.as_deref()) else {
            return Ok(false);
        };
        let mut claim = claim.clone();
        claim["calibration"] = Value::from(certificate);
        let mut records = case.records.clone();
        let Some(own) = record(&mut records, "calibrations", certificate) else { return Ok(false) };
        let of_the_bipm = own["issuer"] == "_:bipm";
        let Some(field) = remove_field(own, &NEEDED, dice) else { return Ok(false) };
        let Some(before) = ask(&evidence_with_gaps(&case.records)?, &claim) else {
            return Ok(false);
        };
        let Ok(gap) = evidence_with_gaps(&records) else { return Ok(false) };
        let Some(after) = ask(&gap, &claim) else { return Ok(false) };
        let forgotten = field.starts_with("/references")
            && matches!(after.closure, Closure::Recognised | Closure::Both);
        if goodness(&before).0 >= 2 || forgotten || (of_the_bipm && field.ends_with("/kind")) {
            return Ok(false);
        }
        match goodness(&after).0 >= 2 {
            false => Ok(true),
            true => Err(format!(
                "without {certificate}{field}: {:?} became {:?}",
                before.traceability, after.traceability
            )),
        }
    });
}
