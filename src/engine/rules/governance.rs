//! Area G: governance of the records. These rules are about how the registry is kept, not about a
//! chain: each holds by construction, so no report has a finding of them. They stand in the table
//! because every report rests on them.

use crate::engine::finding::{Dimension, Phrase, Rule, Severity, Source, Tag, phrase};

const fn governance(id: &'static str, statement: Phrase) -> Rule {
    Rule {
        id,
        statement,
        severity: Severity::Info,
        dimension: Dimension::Governance,
        source: Source::new("Etalon", "governance", Tag::Official),
        optional_input: true,
    }
}

/// G-01: facts and status logs are append-only; to delete is to supersede. Holds by construction:
/// every write appends a version to the record log, whose entries are chained by their hashes and
/// which triggers refuse to change or delete on both backends; histories of statuses and events
/// keep their entries from version to version (`app::history`). Proved by tests/store/refusals.rs
/// and tests/store/log.rs.
pub static G_01: Rule = governance(
    "G-01",
    phrase(
        "dữ kiện và trạng thái chỉ được ghi thêm; xoá nghĩa là thay thế bằng phiên bản mới",
        "facts and statuses are only appended; to delete is to supersede",
    ),
);

/// G-02: only the issuer, its accreditation body or a synced register changes the issuer's facts:
/// laboratories submit, institutes confirm. Holds by construction: one table says who may write
/// what and how well it is evidenced then (`app::access`), and is asked in the transaction of each
/// write. Whoever holds the database itself may write everything, and is named in the log as the
/// operator. Proved by tests/http/authorisation.rs.
pub static G_02: Rule = governance(
    "G-02",
    phrase(
        "chỉ nơi cấp, tổ chức công nhận của nó hoặc hệ thống đăng ký đồng bộ được sửa dữ kiện của nơi cấp",
        "only the issuer, its accreditation body or a synced register changes the issuer's facts",
    ),
);

/// G-03: every verdict stores what it was made from. Holds by construction: a report carries the
/// log index, which by the hash chain fixes every record that was known; the version of the rules;
/// and id, version and digest of the policy with the rules that it switches. Kept reports are never
/// changed. The catalogue asks for a hash of the inputs; the chained log gives it for the state as
/// a whole, not for the records of one chain.
pub static G_03: Rule = governance(
    "G-03",
    phrase(
        "mỗi kết luận ghi rõ trạng thái dữ liệu, phiên bản quy tắc và chính sách đã dùng",
        "every verdict names the state of the records, the rules and the policy that it was made from",
    ),
);

/// G-04: what attests is kept apart from what authorises: national law (C) is a verdict of its own
/// and never changes traceability (A) or recognition (B). Holds by construction: a finding belongs
/// to one dimension, and each verdict counts its own.
pub static G_04: Rule = governance(
    "G-04",
    phrase(
        "bằng chứng kỹ thuật (A, B) được xét riêng với thẩm quyền pháp lý (C)",
        "what attests (A, B) is judged apart from what authorises (C)",
    ),
);

/// G-05: rules speak both languages, and their messages carry the numbers. Holds by construction: a
/// phrase cannot be written without both wordings, and facts are filled into both. Proved by
/// tests/catalogue.rs.
pub static G_05: Rule = governance(
    "G-05",
    phrase(
        "quy tắc được viết bằng tiếng Việt và tiếng Anh, thông báo nêu rõ số liệu",
        "rules speak Vietnamese and English, and messages carry the numbers",
    ),
);

/// G-06: outside registers (KCDB, scopes) are kept as snapshots with the time at which they were
/// taken. Holds by construction: a record that comes from a register carries `synced_at`, its
/// versions stay, and how old a snapshot is for a claim is rule T-11's.
pub static G_06: Rule = governance(
    "G-06",
    phrase(
        "dữ liệu từ hệ thống đăng ký bên ngoài được lưu kèm thời điểm lấy về",
        "data of outside registers are kept with the time at which they were taken",
    ),
);
