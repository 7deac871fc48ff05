//! Area I: the impact of bad news (ISO/IEC 17025, 7.10). Two of these rules speak in reports, where a
//! fact about a reference was found out after it was used (`time`); the others are kept by the
//! downward question (`engine::impact`), by what a case of nonconforming work must be before it is
//! accepted (`app::cases`), and by construction. The catalogue gives them no severity: they inform.

use crate::engine::finding::{Dimension, Phrase, Rule, Severity, Source, Tag, phrase};

const fn rule(id: &'static str, statement: Phrase, source: Source) -> Rule {
    Rule {
        id,
        statement,
        severity: Severity::Info,
        dimension: Dimension::Governance,
        source,
        optional_input: true,
    }
}

/// ISO/IEC 17025, 7.10 \[S\].
const fn nonconforming_work(clause: &'static str) -> Source {
    Source::new("ISO/IEC 17025:2017", clause, Tag::Secondary)
}

/// I-01: what starts the question: a certificate that is void, withdrawn or corrected, a standard
/// found out of tolerance or broken, an accreditation suspended for the past, a laboratory or a
/// corrected CMC, a changed epoch. Each is a subject of the downward question; a CMC is asked about by
/// its organisation. ISO/IEC 17025 7.10.1 \[S\].
pub static I_01: Rule = rule(
    "I-01",
    phrase(
        "sự việc xấu về một mắt xích khởi đầu việc phân tích ảnh hưởng",
        "bad news about a link starts an analysis of its impact",
    ),
    nonconforming_work("7.10.1"),
);

/// I-02: the window reaches from the last good evidence to the detection. For a standard the last good
/// evidence is its last calibration, or a check within limits since; uses up to that day are good
/// (as in T-05). For a certificate that is void or corrected it is the certificate itself: its value
/// was good at no time. For one that was withdrawn the window begins with that day (T-08). Where
/// nothing on record ends a window it stays open: too many rather than too few. ISO/IEC 17025 7.10.1
/// c \[S\].
///
/// Doubt: an intermediate check within limits shows that a standard had not drifted, not that its
/// certificate was computed well; so it shortens the window of a standard and never that of a
/// certificate.
pub static I_02: Rule = rule(
    "I-02",
    phrase(
        "khoảng thời gian xét từ bằng chứng tốt cuối cùng đến khi phát hiện",
        "the window reaches from the last good evidence to the detection",
    ),
    nonconforming_work("7.10.1"),
);

/// I-03: everything made with it within the window, and what was made with that at any later time:
/// by the references as recorded, never guessed, each certificate once. ISO/IEC 17025 7.10.1 c \[S\].
pub static I_03: Rule = rule(
    "I-03",
    phrase(
        "mọi kết quả làm ra bằng nó trong khoảng thời gian đó đều được xét",
        "everything that was made with it in the window is looked at",
    ),
    nonconforming_work("7.10.1"),
);

/// I-04: r = |c·Δ|/U95: insignificant up to 0.10, to be reviewed up to 0.33, significant above (by the
/// policy). An unknown shift or sensitivity is to be reviewed. The limits are proposals \[K\]; the
/// BIPM's mass unit of 2015 is the precedent: 35 µg against CMCs of 28 µg to 1850 µg \[F\].
///
/// c follows the model: identity and sum 1, ratio y_child/y_parent, product exponent·y_child/y_parent,
/// mean its weight, custom the stated derivative. Several ways from one cause are added linearly with
/// their signs, not in quadrature: they are one and the same shift. Where a sign is not sure (an error
/// or a correction on the way) magnitudes are added.
pub static I_04: Rule = rule(
    "I-04",
    phrase(
        "mức ảnh hưởng được đánh giá theo độ lệch so với U95",
        "significance is judged by the shift in units of U95",
    ),
    nonconforming_work("7.10.1"),
);

/// I-05: significance evaluated, acceptability decided, customers told where it is significant, resumed
/// and recorded: a case goes from open to evaluated, notified and closed, and not back. Refused on
/// write otherwise. ISO/IEC 17025 7.10.1 c to f, 7.10.2, 7.10.3 \[S\].
pub static I_05: Rule = rule(
    "I-05",
    phrase(
        "hồ sơ chỉ đóng khi mọi giấy chứng nhận bị ảnh hưởng đã có quyết định và khách hàng đã được báo",
        "a case is closed only with every affected certificate decided and its customers told",
    ),
    nonconforming_work("7.10.2"),
);

/// I-06: a fact recorded only after the use leaves what was made with it under review until it is
/// evaluated: then significant fails and insignificant is a remark. One that was recorded before
/// fails at once, and what is bad itself fails immediately. ISO/IEC 17025 7.10 \[S\].
pub static I_06: Rule = rule(
    "I-06",
    phrase(
        "kết quả làm ra trước khi sự việc được ghi nhận chỉ bị kết luận sau khi đánh giá",
        "what was made before the fact was recorded is concluded upon only when it was evaluated",
    ),
    nonconforming_work("7.10"),
);

/// I-07: published results of comparisons are not rewritten. Holds by construction: the downward
/// question follows the references of certificates and no comparison has any, it writes nothing, and
/// a record is only ever changed by a new version of its own. CIPM, 2015 \[F\].
pub static I_07: Rule = rule(
    "I-07",
    phrase(
        "kết quả so sánh đã công bố được giữ nguyên",
        "published results of comparisons stay as they are",
    ),
    Source::new("CIPM 2015", "", Tag::Official),
);
