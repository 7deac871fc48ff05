//! What is left out of an answer for those who may not see everything in it (ISO/IEC 17025, 4.2;
//! api.md, "Privacy"). Whoever asks learns that a certificate exists, its status, dates and
//! verdict and the names of the rules; values, uncertainties and customers are for its owner and
//! issuer, for those whose own verdict needs them, and for the institute.
//!
//! Which records a reader sees is a condition of the store, and who reads as whom is in `access`.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::id::Id;
use crate::domain::log::Entry;
use crate::domain::records::CollectionName;
use crate::domain::text::Text;
use crate::engine::finding::Rule;
use crate::engine::report::{RenderedFinding, RenderedReport, RenderedSubject};
use crate::engine::rules::TABLE;
use crate::store::{Lineage, LogFilter, Reader};

use super::refusal::Refusal;
use super::registry::Registry;

impl Registry {
    /// Whether a reader may see a report whole: the owner of its standard may, since their verdict
    /// needs the chain above it; anyone may who sees every record of the chain.
    ///
    /// # Errors
    /// When the database fails.
    pub fn may_see_whole(
        &self,
        report: &RenderedReport,
        owner: &Id,
        reader: &Reader,
        at: u64,
    ) -> Result<bool, Refusal> {
        match reader {
            Reader::Everything => return Ok(true),
            Reader::Organisation(organisation) if organisation == owner => return Ok(true),
            Reader::Organisation(_) | Reader::Public => {}
        }
        let mut named: BTreeMap<CollectionName, BTreeSet<Id>> = BTreeMap::new();
        records_of(report, &mut |collection, id| {
            if let Ok(id) = Id::parse(id) {
                named.entry(collection).or_default().insert(id);
            }
        });
        for (collection, ids) in named {
            if self.store().visible(collection, &ids, reader, at)? != ids {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// A lineage as a reader may see it: numbers and items of certificates that are not for them
    /// are left out; the counts stay exact.
    ///
    /// # Errors
    /// When the database fails.
    pub fn lineage_for(&self, lineage: Lineage, reader: &Reader) -> Result<Lineage, Refusal> {
        let ids: BTreeSet<Id> = lineage.steps.iter().map(|step| step.calibration.clone()).collect();
        let collection = CollectionName::Calibrations;
        let visible = self.store().visible(collection, &ids, reader, lineage.log_index)?;
        let mut lineage = lineage;
        for step in &mut lineage.steps {
            if !visible.contains(&step.calibration) {
                step.item = None;
                step.number = None;
            }
        }
        Ok(lineage)
    }

    /// Entries of the log after an index, each with whether the reader may read it whole: the
    /// record must be one that they may see, as known when the entry was written.
    ///
    /// # Errors
    /// When the database fails, or what an organisation wrote is not for the reader to know: who the
    /// customers of a laboratory are, is confidential.
    pub fn log_page(
        &self,
        after: u64,
        most: u64,
        filter: &LogFilter,
        reader: &Reader,
    ) -> Result<Vec<(Entry, bool)>, Refusal> {
        let own = match (reader, &filter.organisation) {
            (Reader::Everything, _) | (_, None) => true,
            (Reader::Organisation(own), Some(wanted)) => own == wanted,
            (Reader::Public, Some(_)) => false,
        };
        if !own {
            let writers = Text::new(
                "tổ chức đó, institute, operator",
                "the organisation itself, institute, operator",
            );
            return Err(Refusal::NotAllowed { writers });
        }
        let most = u32::try_from(most).unwrap_or(u32::MAX);
        let entries = self.store().entries(after, most, filter)?.into_iter();
        let page = entries.map(|entry| {
            let visible = !entry.kind.is_confidential()
                || self.is_visible(entry.kind, &entry.record_id, reader, entry.log_index)?;
            Ok((entry, visible))
        });
        page.collect()
    }
}

/// Visits the confidential records that a report speaks of.
fn records_of(report: &RenderedReport, visit: &mut dyn FnMut(CollectionName, &str)) {
    let mut subject = |subject: &RenderedSubject| match subject.kind {
        "standard" => visit(CollectionName::MeasurementStandards, &subject.id),
        "calibration" | "result" => visit(CollectionName::Calibrations, &subject.id),
        "capability" => visit(CollectionName::Capabilities, &subject.id),
        _ => {}
    };
    for finding in &report.findings {
        subject(&finding.subject);
        finding.against.iter().for_each(&mut subject);
    }
    for link in &report.chain.links {
        if let Some(id) = &link.standard {
            visit(CollectionName::MeasurementStandards, id);
        }
        if let Some(id) = &link.calibration {
            visit(CollectionName::Calibrations, id);
        }
    }
    for part in &report.parts {
        records_of(part, visit);
    }
}

/// Takes out of a report what is not for everybody: verdicts, the graph, rules and their outcomes
/// stay; points, uncertainties, facts and messages with figures go. A message then is what its rule
/// requires.
pub fn redact(report: &mut RenderedReport) {
    report.redacted = true;
    for link in &mut report.chain.links {
        link.relative_uncertainty = None;
        link.standard_uncertainty = None;
    }
    report.findings.iter_mut().for_each(redact_finding);
    report.parts.iter_mut().for_each(redact);
}

fn redact_finding(finding: &mut RenderedFinding) {
    finding.facts.clear();
    finding.missing.clear();
    let rule: Option<&&Rule> = TABLE.iter().find(|rule| rule.id == finding.rule);
    if let Some(rule) = rule {
        finding.message = Text::new(rule.statement.vi, rule.statement.en);
    }
}
