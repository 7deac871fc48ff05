//! What a case of nonconforming work must be before it is accepted (ISO/IEC 17025, 7.10; rule I-05):
//! it goes from open to evaluated, notified and closed and not back, and no further than what was
//! decided about the certificates that it affects. Which these are is the downward question's
//! (`impact`); what a decision means for a verdict is the engine's (I-06).
//!
//! A state may be passed over where it asks for nothing more: a case whose certificates are all
//! insignificant is closed without a notice. Each state asks for all that those before it ask for.
//!
//! Who writes a case decides about the certificates that they may see: a laboratory about those that
//! it issued and those of its own items. What its customers made with them is theirs to evaluate, in
//! a case of their own, or the institute's, which sees all.

use std::collections::BTreeMap;

use crate::domain::fault::Fault;
use crate::domain::id::Id;
use crate::domain::impact::{ImpactQuestion, ImpactSubjectKind};
use crate::domain::nonconformity::{Nonconformity, NonconformityStatus, Significance};
use crate::domain::records::{AnyRecord, CollectionName};
use crate::domain::text::Text;
use crate::store::{Reader, Writer};

use super::impact::{MOST_AFFECTED, loaded, root};
use super::refusal::Refusal;

/// Undecided certificates that are named in a refusal; all are counted.
const NAMED: usize = 20;

/// What is wrong with a version of a case, as all that is written in this transaction so far is
/// known.
///
/// # Errors
/// When the database fails.
pub(super) fn faults(
    writer: &mut Writer<'_>,
    case: &Nonconformity,
    before: Option<&Nonconformity>,
    reader: &Reader,
) -> Result<Vec<Fault>, Refusal> {
    use NonconformityStatus::{Closed, Evaluated, Notified, Open};
    let status = case.status.unwrap_or(Open);
    let was = before.and_then(|before| before.status).unwrap_or(Open);
    let mut faults = Vec::new();
    if status < was {
        let message = Text::new(
            format!(
                "hồ sơ đã ở trạng thái {was}, không quay lại {status}; nếu có sự việc mới, hãy mở hồ sơ mới"
            ),
            format!(
                "the case is {was} and does not go back to {status}; open a new one for new facts"
            ),
        );
        faults.push(Fault::error("/status", "status_backwards", message));
    }
    if status >= Evaluated {
        undecided(writer, case, status, reader, &mut faults)?;
    }
    let decisions = case.decisions.iter().enumerate();
    for (position, decision) in decisions {
        let id = &decision.calibration;
        if status >= Notified
            && decision.significance == Some(Significance::Significant)
            && decision.notified_on.is_none()
        {
            let message = Text::new(
                format!(
                    "giấy chứng nhận {id} bị ảnh hưởng đáng kể: cần ngày đã báo cho khách hàng trước khi hồ sơ ở trạng thái {status}"
                ),
                format!(
                    "certificate {id} is affected significantly: the day on which its customer was told is needed before the case is {status}"
                ),
            );
            let pointer = format!("/decisions/{position}/notified_on");
            faults.push(Fault::error(pointer, "not_notified", message));
        }
        if status == Closed && decision.decision.as_ref().is_none_or(|text| text.trim().is_empty())
        {
            let message = Text::new(
                format!("cần ghi quyết định về giấy chứng nhận {id} trước khi đóng hồ sơ"),
                format!(
                    "what was decided about certificate {id} is needed before the case is closed"
                ),
            );
            let pointer = format!("/decisions/{position}/decision");
            faults.push(Fault::error(pointer, "decision_missing", message));
        }
    }
    Ok(faults)
}

/// The affected certificates about which nothing is decided: to be reviewed is no decision.
fn undecided(
    writer: &mut Writer<'_>,
    case: &Nonconformity,
    status: NonconformityStatus,
    reader: &Reader,
    faults: &mut Vec<Fault>,
) -> Result<(), Refusal> {
    let mut decided: BTreeMap<&Id, usize> = BTreeMap::new();
    for (position, decision) in case.decisions.iter().enumerate() {
        let settled = matches!(
            decision.significance,
            Some(Significance::Insignificant | Significance::Significant)
        );
        decided.insert(&decision.calibration, position);
        if !settled {
            let id = &decision.calibration;
            let message = Text::new(
                format!(
                    "chưa kết luận giấy chứng nhận {id} là insignificant hay significant; cần trước khi hồ sơ ở trạng thái {status}"
                ),
                format!(
                    "certificate {id} is neither insignificant nor significant yet; that is needed before the case is {status}"
                ),
            );
            let pointer = format!("/decisions/{position}/significance");
            faults.push(Fault::error(pointer, "undecided", message));
        }
    }
    let kind = match writer.written(&case.subject)?.map(|stored| stored.record()).transpose()? {
        Some(AnyRecord::Calibrations(_)) => ImpactSubjectKind::Calibration,
        Some(AnyRecord::MeasurementStandards(_)) => ImpactSubjectKind::Standard,
        // What it names is not there: that is refused elsewhere.
        _ => return Ok(()),
    };
    let question = ImpactQuestion {
        window_from: case.window_from,
        window_to: case.window_to.or(case.detected_on),
        ..ImpactQuestion::of(kind, &case.subject)
    };
    let loaded = loaded(writer.below(&root(&question.subject)?, MOST_AFFECTED)?)?;
    let affected = loaded.impact(&question)?.certificates();
    let affected = match reader {
        Reader::Everything => affected,
        reader => writer.visible_now(CollectionName::Calibrations, &affected, reader)?,
    };
    let open: Vec<&Id> = affected.iter().filter(|id| !decided.contains_key(id)).collect();
    if open.is_empty() {
        return Ok(());
    }
    let count = open.len();
    let named: Vec<&str> = open.iter().take(NAMED).map(|id| id.as_str()).collect();
    let more = if count > NAMED { ", …" } else { "" };
    let named = named.join(", ");
    let message = Text::new(
        format!(
            "còn {count} giấy chứng nhận bị ảnh hưởng chưa có quyết định, cần trước khi hồ sơ ở trạng thái {status}: {named}{more}"
        ),
        format!(
            "{count} affected certificates are not decided, which is needed before the case is {status}: {named}{more}"
        ),
    );
    faults.push(Fault::error("/decisions", "undecided_certificates", message));
    Ok(())
}
