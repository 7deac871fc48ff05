//! Every word the command line says of a report, in both languages: one table. Vietnamese terms
//! are those of the glossary (rules 1). Messages of rules and faults come with them and do not
//! live here.

use crate::domain::calibration::{CalibrationKind, ReferenceRole, ValueIs};
use crate::domain::nonconformity::Significance;
use crate::domain::quantity::QuantityKindId;
use crate::domain::realisation::RealisationKind;
use crate::domain::text::Language;
use crate::engine::finding::{Dimension, Outcome, Phrase, Severity, Tag, phrase};
use crate::engine::impact::{Bound, Standing};
use crate::engine::policy::Switch;
use crate::engine::report::{
    Closure, DimensionOutcome, LinkState, LinkVia, Route, Traceability, Verdict,
};
use crate::exchange::signature::SignatureStatus;

/// The wording of a phrase in a language.
pub fn say(phrase: Phrase, language: Language) -> &'static str {
    match language {
        Language::Vietnamese => phrase.vi,
        Language::English => phrase.en,
    }
}

/// The wording of a phrase with its holes, in braces, filled in.
pub fn fill(phrase: Phrase, language: Language, holes: &[(&str, &str)]) -> String {
    holes.iter().fold(say(phrase, language).to_owned(), |text, (name, value)| {
        text.replace(&format!("{{{name}}}"), value)
    })
}

/// The name of a quantity kind.
pub fn quantity_kind(kind: QuantityKindId, language: Language) -> &'static str {
    match language {
        Language::Vietnamese => kind.kind().name_vi,
        Language::English => kind.kind().name_en,
    }
}

macro_rules! phrases {
    ($( $name:ident = $vi:literal, $en:literal; )+) => {
        $( pub const $name: Phrase = phrase($vi, $en); )+
    };
}

// The claim
phrases! {
    AT_POINT = "{quantity} tại {point}", "{quantity} at {point}";
    OVER_RANGE = "{quantity} trong khoảng {range}", "{quantity} over {range}";
    EVERY_RESULT = "mọi kết quả của các giấy chứng nhận hiện hành",
        "every result of the current certificates";
    USED_ON = "sử dụng ngày {date}", "used on {date}";
    KNOWN_AT = "theo những gì đã ghi nhận đến {time}", "as known at {time}";
    KNOWN_AT_INDEX = "theo nhật ký đến mục {index}", "as known at log index {index}";
    POLICY = "chính sách {policy}", "policy {policy}";
    REQUIRED = "độ không đảm bảo đo mở rộng yêu cầu {value}", "required expanded uncertainty {value}";
    NOMINAL_USED = "dùng giá trị danh nghĩa", "the nominal value is used";
    OWNED_BY = "{name}, của {owner}", "{name}, of {owner}";
}

// The verdicts
phrases! {
    A_TRACEABILITY = "A  tính liên kết chuẩn", "A  traceability";
    B_RECOGNITION = "B  sự thừa nhận", "B  recognition";
    C_LEGAL = "C  pháp lý", "C  legal";
    D_FITNESS = "D  mức đáp ứng yêu cầu", "D  fitness";
    BIPM = "   liên kết tới BIPM", "   link to BIPM";
    CONDITIONAL = "có điều kiện, chờ chấp nhận bằng chứng năng lực (A-07)",
        "conditional until its competence evidence is accepted (A-07)";
    NOT_ASKED = "không xét, vì không nêu độ không đảm bảo đo cần có",
        "not asked, as no uncertainty is required";
    NO_LAW = "không xét theo chính sách này", "not judged under this policy";
    SWITCHED = "chính sách đổi quy tắc {rule} từ {catalogue} thành {severity}: {reason}",
        "the policy switches rule {rule} from {catalogue} to {severity}: {reason}";
    PARTIAL = "chưa xem xét hết: đã chạm một giới hạn tính toán (S-11)",
        "not everything was looked at: a limit of the computation was reached (S-11)";
    WORST_OF = "kết luận xấu nhất của {count} kết quả", "the worst of {count} results";
    ASK_ONE = "Chuỗi và lý do của một kết quả: thêm --quantity {kind} --point \"{point}\"",
        "For the chain and the reasons of one result add --quantity {kind} --point \"{point}\"";
}

// The chain
phrases! {
    CHAIN = "Chuỗi liên kết chuẩn", "Traceability chain";
    CALIBRATED = "hiệu chuẩn {when} tại {issuer}", "calibrated {when} by {issuer}";
    MONITORED = "theo dõi liên tục {when} bởi {issuer}", "monitored continuously {when} by {issuer}";
    CERTIFIED_OTHERWISE = "{kind}, {when}, của {issuer}", "{kind}, {when}, of {issuer}";
    CERTIFICATE = "giấy chứng nhận {number}; {route}", "certificate {number}; {route}";
    ON = "ngày {date}", "on {date}";
    FROM_TO = "từ {from} đến {to}", "from {from} to {to}";
    NO_VALUE = "không nêu giá trị", "no value stated";
    NO_UNCERTAINTY = "không nêu độ không đảm bảo đo", "no uncertainty stated";
    NO_FACTOR = "không nêu k", "k not stated";
    KIND_NOT_STATED = "độ không đảm bảo đo {value} (không nêu loại)",
        "uncertainty {value} (kind not stated)";
    RELATIVE = "tương đối", "relative";
    ROOT = "Gốc: {kind}, {quantity}, {organisation}", "Root: {kind}, {quantity}, {organisation}";
    SHOWN_ABOVE = "giấy chứng nhận {number}: xem ở trên", "certificate {number}: shown above";
    ROOT_SHOWN_ABOVE = "{organisation}: xem ở trên", "{organisation}: shown above";
    OPEN_END = "Đầu hở: giấy chứng nhận không nêu đã dùng chuẩn nào",
        "Open end: the certificate does not say what it was made with";
    OPEN_CERTIFICATE = "{standard}: không nêu giấy chứng nhận đã dùng",
        "{standard}: the certificate used is not named";
    OPEN_ROW = "{standard}, giấy chứng nhận {number}: không nêu kết quả đã dùng",
        "{standard}, certificate {number}: the result used is not named";
    NOT_FOLLOWED = "{standard}, giấy chứng nhận {number}: không xét tiếp, xem phần nhận định",
        "{standard}, certificate {number}: not followed further, see the findings";
    OPEN_DOCUMENT = "một tài liệu ngoài dữ liệu này, SHA-256 {sha256}",
        "a document outside these records, SHA-256 {sha256}";
    OPEN_UNKNOWN = "một chuẩn không được nêu tên", "a standard that is not named";
    STATED = "ghi trên giấy chứng nhận: “{statement}”", "the certificate says: “{statement}”";
    RESTS_ON_RECOGNITION = "chuỗi khép lại tại đây nhờ sự thừa nhận",
        "the chain closes here by recognition";
    BIPM_LINE = "BIPM: {state}", "BIPM: {state}";
}

// The findings
phrases! {
    FINDINGS = "Nhận định", "Findings";
    SETTLED_BY = "cần có: {missing}", "would settle it: {missing}";
    RULES_HOLD = "{count} quy tắc được thoả mãn.", "{count} rules hold.";
    RULE_HOLDS = "1 quy tắc được thoả mãn.", "1 rule holds.";
    NOTHING_ELSE = "Không có nhận định nào khác.", "Nothing else was found.";
}

// The demonstration
phrases! {
    DEMO_TITLE = "Etalon: một nước minh hoạ, ba câu hỏi", "Etalon: a demonstration country, three questions";
    DEMO_RECORDS = "Gói dữ liệu examples/viet-nam.json có {count} bản ghi; những gì mang chữ “minh hoạ” là giả định.",
        "The bundle examples/viet-nam.json holds {count} records; what is called illustrative is invented.";
    DEMO_TRACEABLE = "1. Một chuẩn công tác có tính liên kết chuẩn", "1. A working standard that is traceable";
    DEMO_NOT_TRACEABLE = "2. Một chuẩn không có tính liên kết chuẩn, và vì sao",
        "2. One that is not, and why";
    DEMO_UNDETERMINED = "3. Một chuẩn chưa xác định được, và cần gì để xác định",
        "3. One that is undetermined, and what would settle it";
    DEMO_AGAIN = "Lệnh đặt cùng câu hỏi:", "To ask the same:";
    DEMO_TEMPORARY = "Các câu trả lời lấy từ một cơ sở dữ liệu nhúng, mất đi cùng lệnh này; --data-dir DIR giữ lại.",
        "The answers come from an embedded database that goes away with this command; --data-dir DIR keeps it.";
    DEMO_LOADED = "Các bản ghi nay ở {database}, và các câu trả lời lấy từ đó.",
        "The records now are in {database}, from which the answers come.";
    DEMO_FOUND = "Các bản ghi đã có ở {database}, và các câu trả lời lấy từ đó; không có gì thay đổi.",
        "The records were in {database} already, from which the answers come; nothing was changed.";
    DEMO_KEEP = "Để giữ các bản ghi này và dùng tiếp:", "To keep these records and go on with them:";
    DEMO_OVER_HTTP = "Qua HTTP, trong lúc lệnh này còn chạy:",
        "Over HTTP, for as long as this command runs:";
    DEMO_GO_ON = "Các bản ghi này ở {database}. Để dùng tiếp:",
        "These records are in {database}. To go on with them:";
}

// The registry
phrases! {
    RECORDS = "bản ghi", "records";
    READ = "bản ghi đã đọc", "records read";
    CHECKED = "bản ghi đã kiểm tra", "records checked";
    WRITTEN = "bản ghi đã ghi", "records written";
    ENTRIES = "mục nhật ký", "log entries";
    IMPORTED = "số bản ghi: {records}; mới: {created}, sửa đổi: {amended}, không đổi: {unchanged}",
        "records: {records}; created: {created}, amended: {amended}, unchanged: {unchanged}";
    DONE_BEFORE = "trong đó lần chạy trước đã xong: {before}",
        "done by an earlier run: {before} of these";
    NOW_IN = "đã ghi vào {database}; nhật ký kết thúc ở mục {index}",
        "now in {database}; its log ends with entry {index}";
    DRY_RUN = "chạy thử: không có gì được ghi vào {database}",
        "dry run: nothing was written to {database}";
    CREATED = "mới", "created";
    AMENDED = "sửa đổi", "amended";
    UNCHANGED = "không đổi", "unchanged";
    NO_SOURCE = "{file} không nêu nguồn: bản đã chỉnh sửa của nó sẽ là một nguồn khác, với các bản ghi khác; hãy đặt tên nguồn bằng --source",
        "{file} names no source: an edited copy of it will be another one, with records of its own; name the source with --source";
    AS_KNOWN = "số bản ghi: {records}, theo nhật ký đến mục {index}",
        "records: {records}, as known at log index {index}";
    CERTIFICATES_IN = "{files} giấy chứng nhận số trong {directory}",
        "{files} digital certificates in {directory}";
    LIST_ID = "mã định danh", "id";
    LIST_VERSION = "bản", "ver.";
    LIST_RECORDED = "ghi nhận lúc", "recorded at";
    LIST_CALLED = "mã hiệu, số, tên", "code, number, name";
    ALWAYS_KNOWN = "từ đầu", "always known";
    LIST_MORE = "trang sau, thêm: {option}", "for the next page add {option}";
    UP_TO_DATE = "lược đồ đã là mới nhất, không có bước chuyển đổi nào phải chạy",
        "the schema is up to date, there was no migration to apply";
    MIGRATED = "đã chạy các bước chuyển đổi {applied}", "applied migrations {applied}";
    REBUILT = "đã dựng lại các bảng chiếu từ {entries} mục nhật ký",
        "made all projections anew from {entries} log entries";
    SOUND = "nhật ký nguyên vẹn", "the log is sound";
    LOG_ENDS = "số mục: {entries}, mục cuối ghi nhận lúc {time}",
        "entries: {entries}, the last recorded at {time}";
    LOG_EMPTY = "nhật ký chưa có mục nào", "the log has no entry yet";
    AS_NOTED = "điểm kiểm tra đã nêu khớp với nhật ký", "the log agrees with the checkpoint given";
    NOTE_CHECKPOINT = "Hãy ghi lại điểm kiểm tra này ở nơi khác; lần sau thêm nó vào lệnh etalon log verify:",
        "Note this checkpoint elsewhere, and add it to a later etalon log verify:";
    LOG_EXPORTED = "số mục nhật ký: {entries}", "log entries: {entries}";
    LOG_WITHHELD = "số mục có nội dung được giữ kín: {withheld}; chuỗi băm được kiểm tra qua mã băm của chúng",
        "entries whose bodies are withheld: {withheld}; the chain is checked through their digests";
    LOG_IMPORTED = "{file}: nay ở {database}", "{file}: now in {database}";
    BACKED_UP = "{database} đã sao lưu vào {file} ({size} byte), nhật ký đã kiểm tra",
        "{database} backed up to {file} ({size} bytes), its log checked";
    RESTORED = "{file} đã khôi phục vào {database}, nhật ký đã kiểm tra",
        "{file} restored into {database}, its log checked";
    KEY_APART = "Khoá ký (signing-key.pem hoặc ETALON_SIGNING_KEY_FILE) không nằm trong bản sao lưu: hãy giữ riêng. Không có nó, mã truy cập đã cấp hết hiệu lực; khoá API vẫn dùng được.",
        "The signing key (signing-key.pem or ETALON_SIGNING_KEY_FILE) is not in a backup: keep it apart. Without it tokens given out are void; API keys stay good.";
}

// The audit
phrases! {
    STANDARDS = "chuẩn", "standards";
    AUDITED = "số chuẩn: {standards}, số kết quả: {results}", "standards: {standards}, results: {results}";
    RULES_NOT_MET = "Các quy tắc không được thoả mãn, theo số chuẩn",
        "Rules that are not met, by number of standards";
    WOULD_SETTLE = "Những gì giúp xác định, theo số chuẩn", "What would settle it, by number of standards";
    AUDITED_STANDARDS = "Các chuẩn", "Standards";
    MORE_STANDARDS = "và {count} chuẩn khác; --all liệt kê tất cả", "and {count} more; --all lists every one";
}

// The other commands
phrases! {
    ERROR = "lỗi", "error";
    WARNING = "cảnh báo", "warning";
    IN_ALL = "số bản ghi: {count}", "records: {count}";
    REFUSED = "bị từ chối", "refused";
    COUNTS = "lỗi: {errors}, cảnh báo: {warnings}", "errors: {errors}, warnings: {warnings}";
    EXPECTED = "mong đợi", "expected";
    GOT = "nhận được", "got";
    FAILED_CASE = "KHÔNG ĐẠT", "FAIL";
    SUMMARY = "{passed} đạt, {failed} không đạt", "{passed} passed, {failed} failed";
    ASK_ITEM = "giấy chứng nhận {number}, kiểm tra bằng lệnh: {command}",
        "certificate {number}, to be verified by: {command}";
    MORE_ITEMS = "và {count} giấy chứng nhận khác", "and {count} more certificates";
    CONVERTED = "số tệp: {files}, số bản ghi: {records}, số phần không được đọc: {parts}",
        "files: {files}, records: {records}, parts not read: {parts}";
    TEMPLATE_MADE = "đã lập bảng mẫu; hãy thay ví dụ bằng số liệu của mình rồi nhập: {command}",
        "the template is made; put your own data in the place of its example, then: {command}";
    LISTED = "số bản ghi: {records}, số dòng: {rows}; theo nhật ký đến mục {index}",
        "records: {records}, rows: {rows}; as known at log index {index}";
    NO_CASE = "không có vectơ (*.json) nào dưới {places}", "there is no case (*.json) below {places}";
}

/// The answer to the claim.
pub const fn verdict(verdict: Verdict) -> Phrase {
    match verdict {
        Verdict::Traceable => phrase("CÓ TÍNH LIÊN KẾT CHUẨN", "TRACEABLE"),
        Verdict::TraceableWithRemarks => {
            phrase("CÓ TÍNH LIÊN KẾT CHUẨN, KÈM LƯU Ý", "TRACEABLE WITH REMARKS")
        }
        Verdict::Undetermined => phrase("CHƯA XÁC ĐỊNH ĐƯỢC", "UNDETERMINED"),
        Verdict::NotTraceable => phrase("KHÔNG CÓ TÍNH LIÊN KẾT CHUẨN", "NOT TRACEABLE"),
    }
}

/// The answer in a list of several.
pub const fn verdict_in_list(verdict: Verdict) -> Phrase {
    match verdict {
        Verdict::Traceable => phrase("có liên kết chuẩn", "traceable"),
        Verdict::TraceableWithRemarks => phrase("kèm lưu ý", "with remarks"),
        Verdict::Undetermined => phrase("chưa xác định", "undetermined"),
        Verdict::NotTraceable => phrase("không liên kết chuẩn", "not traceable"),
    }
}

/// Verdict A.
pub const fn traceability(traceability: Traceability) -> Phrase {
    match traceability {
        Traceability::PassSi => phrase("đạt, tới SI", "pass, to the SI"),
        Traceability::PassNonSi => {
            phrase("đạt, tới mốc quy chiếu ngoài SI", "pass, to a reference outside the SI")
        }
        Traceability::PassWithRemarks => phrase("đạt, kèm lưu ý", "pass, with remarks"),
        Traceability::Fail => phrase("không đạt", "fail"),
        Traceability::Indeterminate => phrase("chưa xác định", "indeterminate"),
    }
}

/// Verdict B.
pub const fn route(route: Route) -> Phrase {
    match route {
        Route::R1 => phrase(
            "R1, viện đo lường trong phạm vi CMC đã công bố",
            "R1, institute within its published CMC",
        ),
        Route::R2 => phrase(
            "R2, phòng được công nhận, trong phạm vi công nhận",
            "R2, accredited laboratory within its scope",
        ),
        Route::R3a => phrase(
            "R3a, viện đo lường ngoài phạm vi CMC đã công bố",
            "R3a, institute outside its published CMCs",
        ),
        Route::R3b => phrase(
            "R3b, phòng ngoài các tuyến được thừa nhận",
            "R3b, laboratory outside the recognised routes",
        ),
        Route::Rm1 => phrase(
            "RM1, chất chuẩn của viện có CMC",
            "RM1, reference material of an institute with a CMC",
        ),
        Route::Rm2 => phrase(
            "RM2, chất chuẩn của nhà sản xuất được công nhận",
            "RM2, reference material of an accredited producer",
        ),
        Route::Rm3 => phrase(
            "RM3, chất chuẩn trong danh mục JCTLM",
            "RM3, reference material listed by the JCTLM",
        ),
        Route::Rm4 => phrase(
            "RM4, chất chuẩn của nhà sản xuất khác",
            "RM4, reference material of another producer",
        ),
        Route::Alt653NonSi => {
            phrase("mốc quy chiếu ngoài SI được chấp nhận", "an accepted reference outside the SI")
        }
        Route::None => phrase("không theo tuyến thừa nhận nào", "no recognised route"),
        Route::Fail => phrase(
            "không đạt: có nêu sự thừa nhận nhưng mâu thuẫn với hồ sơ",
            "fail: recognition is claimed and contradicted",
        ),
        Route::Indeterminate => phrase("chưa xác định", "indeterminate"),
    }
}

/// The code of a route alone, where there is little room or where it is no verdict.
pub const fn route_code(route: Route) -> Phrase {
    match route {
        Route::R1 => phrase("R1", "R1"),
        Route::R2 => phrase("R2", "R2"),
        Route::R3a => phrase("R3a", "R3a"),
        Route::R3b => phrase("R3b", "R3b"),
        Route::Rm1 => phrase("RM1", "RM1"),
        Route::Rm2 => phrase("RM2", "RM2"),
        Route::Rm3 => phrase("RM3", "RM3"),
        Route::Rm4 => phrase("RM4", "RM4"),
        Route::Alt653NonSi => phrase("ngoài SI", "outside the SI"),
        Route::None => phrase("không có tuyến thừa nhận", "no recognised route"),
        Route::Fail => phrase("sự thừa nhận không đạt", "recognition fails"),
        Route::Indeterminate => phrase("sự thừa nhận chưa xác định", "recognition undetermined"),
    }
}

/// The route of a link of the chain.
pub const fn route_of_link(route_taken: Route) -> Phrase {
    match route_taken {
        Route::None | Route::Fail | Route::Indeterminate => route_code(route_taken),
        taken => route(taken),
    }
}

/// Verdicts C and D.
pub const fn dimension(outcome: DimensionOutcome) -> Phrase {
    match outcome {
        DimensionOutcome::Pass => phrase("đạt", "pass"),
        DimensionOutcome::Fail => phrase("không đạt", "fail"),
        DimensionOutcome::Indeterminate => phrase("chưa xác định", "indeterminate"),
        DimensionOutcome::NotApplicable => phrase("không áp dụng", "not applicable"),
    }
}

/// How the chain closes.
pub const fn closure(closure: Closure) -> Phrase {
    match closure {
        Closure::Recognised => {
            phrase("chuỗi khép lại nhờ sự thừa nhận", "the chain closes by recognition")
        }
        Closure::Explicit => phrase("chuỗi khép lại tường minh", "the chain closes explicitly"),
        Closure::Both => phrase(
            "chuỗi khép lại tường minh và nhờ sự thừa nhận",
            "the chain closes explicitly and by recognition",
        ),
        Closure::None => phrase("chuỗi chưa khép lại", "the chain does not close"),
    }
}

/// Whether and through what a chain is linked to the BIPM.
pub const fn bipm_link(state: LinkState, via: Option<LinkVia>) -> Phrase {
    match (state, via) {
        (LinkState::Linked, Some(LinkVia::BipmCalibration)) => {
            phrase("có, qua hiệu chuẩn tại BIPM", "linked, by a calibration at the BIPM")
        }
        (LinkState::Linked, Some(LinkVia::Utc)) => phrase("có, qua UTC", "linked, through UTC"),
        (LinkState::Linked, Some(LinkVia::CmcAndComparison)) => phrase(
            "có, qua CMC đã công bố và so sánh chuẩn",
            "linked, through published CMCs and comparisons",
        ),
        (LinkState::Linked, None) => phrase("có", "linked"),
        (LinkState::NotLinked, _) => phrase("không", "not linked"),
        (LinkState::Undetermined, _) => phrase("chưa xác định", "undetermined"),
    }
}

/// How much a finding counts.
pub const fn severity(severity: Severity) -> Phrase {
    match severity {
        Severity::Critical => phrase("nghiêm trọng", "critical"),
        Severity::Major => phrase("quan trọng", "major"),
        Severity::Minor => phrase("nhỏ", "minor"),
        Severity::Info => phrase("thông tin", "for information"),
    }
}

/// What came of a rule.
pub const fn outcome(outcome: Outcome) -> Phrase {
    match outcome {
        Outcome::Pass => phrase("đạt", "pass"),
        Outcome::Fail => phrase("không đạt", "fail"),
        Outcome::Indeterminate => phrase("chưa xác định", "undetermined"),
        Outcome::Remark => phrase("lưu ý", "remark"),
    }
}

/// How much a rule counts under a policy.
pub const fn switch(switch: Switch) -> Phrase {
    match switch.severity() {
        Some(counts) => severity(counts),
        None => phrase("tắt", "off"),
    }
}

/// Which verdict a rule belongs to.
pub const fn verdict_of(dimension: Dimension) -> Phrase {
    match dimension {
        Dimension::Traceability => phrase("A, tính liên kết chuẩn", "A, traceability"),
        Dimension::Recognition => phrase("B, sự thừa nhận", "B, recognition"),
        Dimension::Legal => phrase("C, pháp lý", "C, national law"),
        Dimension::Fitness => phrase("D, mức đáp ứng yêu cầu", "D, fitness"),
        Dimension::Governance => phrase("quản trị dữ liệu", "governance of the records"),
    }
}

/// How well a source is evidenced.
pub const fn evidenced(tag: Tag) -> Phrase {
    match tag {
        Tag::Official => phrase("đã xem văn bản chính thức", "official text seen"),
        Tag::Secondary => phrase("đã xem bản sao của bên thứ ba", "third-party copy seen"),
        Tag::Knowledge => phrase(
            "kiến thức chuyên ngành, chưa xác nhận điều khoản",
            "domain knowledge, clause not confirmed",
        ),
    }
}

// Signatures
phrases! {
    SIGNATURE = "chữ ký", "signature";
    SIGNATURE_FOUND = "kết quả", "found";
    SIGNATURE_SIGNER = "người ký", "signer";
    SIGNATURE_ISSUER = "nơi cấp", "issued by";
    SIGNATURE_SERIAL = "số sê-ri", "serial number";
    SIGNATURE_VALIDITY = "hiệu lực", "holds";
    SIGNATURE_SIGNED = "tự ghi ký lúc", "says to be signed at";
    SIGNATURE_STAMPED = "dấu thời gian", "time stamp";
    SIGNATURE_JUDGED = "xét tại", "judged at";
    SIGNATURE_VALID = "hợp lệ", "valid";
    SIGNATURE_UNTRUSTED = "đúng tài liệu, người ký không được tin cậy", "intact, of nobody trusted";
    SIGNATURE_INVALID = "không hợp lệ", "invalid";
    SIGNATURE_REVOKED = "chứng thư số bị thu hồi", "revoked";
    SIGNATURE_NONE = "không có", "none";
    SIGNATURE_UNSUPPORTED = "dạng không được hỗ trợ", "of a form that is not supported";
}

/// What came of checking a signature.
pub fn signature(status: SignatureStatus) -> Phrase {
    match status {
        SignatureStatus::Valid => SIGNATURE_VALID,
        SignatureStatus::ValidUntrusted => SIGNATURE_UNTRUSTED,
        SignatureStatus::Invalid => SIGNATURE_INVALID,
        SignatureStatus::Revoked => SIGNATURE_REVOKED,
        SignatureStatus::Unsigned => SIGNATURE_NONE,
        SignatureStatus::Unsupported => SIGNATURE_UNSUPPORTED,
    }
}

// Units
phrases! {
    UNIT_CODE = "mã UCUM", "UCUM code";
    UNIT_DSI = "chuỗi D-SI", "D-SI string";
    UNIT_SI = "trong SI", "in the SI";
    UNIT_SIDF = "SI Digital Framework", "SI Digital Framework";
    UNIT_NONE = "không có", "none";
    UNIT_FACTOR = "hệ số {factor}", "factor {factor}";
    UNIT_SCALE = "hệ số {factor}, rồi cộng {offset}", "factor {factor}, then plus {offset}";
}

// The KCDB
phrases! {
    PAGES = "trang", "pages";
    FETCHED = "số CMC: {rows}, số trang: {pages}, trong đó có sẵn: {kept}; trạng thái lúc {at}",
        "CMCs: {rows}, pages: {pages}, of them there before: {kept}; the state of {at}";
    IMPORT_FETCHED = "nhập bằng: etalon import {file} --source kcdb",
        "import them with: etalon import {file} --source kcdb";
    SERVICES_FOUND = "{found} trên {all} loại dịch vụ", "{found} of {all} service categories";
    SERVICE_CLOSED = "không còn được dùng", "no longer assigned";
    CATEGORIES_KNOWN = "{file}: mọi loại dịch vụ đều có trong phân loại",
        "{file}: all service categories are in the classification";
    CATEGORY_UNKNOWN = "không có trong phân loại", "not in the classification";
}

// The catalogue
phrases! {
    RULE_COUNTS = "mức", "counts";
    RULE_VERDICT = "thuộc", "belongs to";
    RULE_SOURCE = "nguồn", "source";
    RULE_ABSENT = "khi thiếu dữ liệu", "where its input is absent";
    RULE_SKIPPED = "không áp dụng", "it does not apply";
    RULE_OPEN = "chưa xác định", "it is indeterminate";
    RULE_UNDER = "theo chính sách", "under policies";
    RULE_FIXED = "không thể thay đổi", "cannot be switched";
    RULES_COUNTED = "{count} quy tắc, theo chính sách {policy}", "{count} rules, under policy {policy}";
    RULE_SWITCHED = "(danh mục: {catalogue}) {reason}", "(catalogue: {catalogue}) {reason}";
}

/// What a root is.
pub const fn realisation(kind: RealisationKind) -> Phrase {
    match kind {
        RealisationKind::NmiPrimaryRealisation => {
            phrase("thể hiện đơn vị bằng chuẩn đầu", "primary realisation")
        }
        RealisationKind::BipmCalibrationService => {
            phrase("dịch vụ hiệu chuẩn của BIPM", "calibration service of the BIPM")
        }
        RealisationKind::UtcK => phrase("thang thời gian UTC(k)", "time scale UTC(k)"),
        RealisationKind::InternationalReference => {
            phrase("mốc quy chiếu quốc tế", "international reference")
        }
        RealisationKind::ReferenceProcedure => {
            phrase("quy trình đo quy chiếu", "reference measurement procedure")
        }
        RealisationKind::ConsensusStandard => phrase("chuẩn theo thoả thuận", "agreed reference"),
    }
}

/// What a reference other than the main one was used for.
pub const fn role(role: ReferenceRole) -> Option<Phrase> {
    match role {
        ReferenceRole::Main => None,
        ReferenceRole::Influence => Some(phrase("đại lượng ảnh hưởng", "influence quantity")),
        ReferenceRole::Correction => Some(phrase("số hiệu chính", "correction")),
        ReferenceRole::Environment => Some(phrase("môi trường", "environment")),
        ReferenceRole::Check => Some(phrase("kiểm tra", "check")),
    }
}

// What is affected by something bad
phrases! {
    IMPACT_WINDOW = "dùng trong khoảng {from} … {to}", "used in the window {from} … {to}";
    IMPACT_SHIFT = "độ lệch {shift}", "a shift of {shift}";
    IMPACT_SHIFT_SHOWN = "độ lệch theo các giấy chứng nhận sau đó, nếu có",
        "the shift as later certificates show it, if any does";
    IMPACT_COUNTS = "{certificates} giấy chứng nhận bị ảnh hưởng, của {standards} chuẩn và phương tiện đo, {organisations} tổ chức liên quan",
        "affected: certificates {certificates}, standards and instruments {standards}, organisations {organisations}";
    IMPACT_SIGNIFICANT = "đáng kể {count}", "significant {count}";
    IMPACT_REVIEW = "cần xem xét {count}", "to be reviewed {count}";
    IMPACT_INSIGNIFICANT = "không đáng kể {count}", "insignificant {count}";
    IMPACT_UNDECIDED = "chưa có quyết định {count}", "not decided {count}";
    IMPACT_OUTSIDE = "không tính: {before} giấy chứng nhận dùng nó trước khoảng thời gian đó, {after} sau đó",
        "not counted: certificates made with it before the window {before}, after it {after}";
    IMPACT_MADE = "thực hiện {when}, bậc {depth}, của {owner}, cấp bởi {issuer}",
        "performed {when}, step {depth}, owned by {owner}, issued by {issuer}";
    IMPACT_DECIDED = "đã quyết định: {decided}", "decided: {decided}";
    IMPACT_STANDING = "tính liên kết chuẩn trước đó {before}, nay {now}",
        "traceability before {before}, now {now}";
    IMPACT_TO_TELL = "Việc phải làm (ISO/IEC 17025 7.10)", "What is to be done (ISO/IEC 17025 7.10)";
    IMPACT_TELLS = "{laboratory} với {customer}", "{laboratory} to {customer}";
    IMPACT_OF_THEM = "{certificates} giấy chứng nhận, {items} đối tượng: {to_do}",
        "certificates {certificates}, items {items}: {to_do}";
}

/// How much a certificate is affected.
pub const fn significance(significance: Significance) -> Phrase {
    match significance {
        Significance::Insignificant => phrase("không đáng kể", "insignificant"),
        Significance::Review => phrase("cần xem xét", "to be reviewed"),
        Significance::Significant => phrase("đáng kể", "significant"),
    }
}

/// What an end of a window follows from.
pub const fn bound(bound: Bound) -> Phrase {
    match bound {
        Bound::Stated => phrase("như đã nêu", "as stated"),
        Bound::Certificate => phrase("từ chính giấy chứng nhận", "from the certificate itself"),
        Bound::LastCalibration => phrase("sau lần hiệu chuẩn cuối", "after the last calibration"),
        Bound::IntermediateCheck => {
            phrase("sau lần kiểm tra trung gian đạt", "after the last check within limits")
        }
        Bound::Status => phrase("theo trạng thái đã ghi", "by its status"),
        Bound::Event => phrase("theo sự kiện đã ghi", "by the event on record"),
        Bound::AsFound => phrase("khi nhận vào để hiệu chuẩn", "as found at its calibration"),
        Bound::Recalibration => phrase("đến lần hiệu chuẩn lại", "until calibrated again"),
        Bound::Open => phrase("để mở", "open"),
    }
}

/// Traceability of a certificate.
pub const fn standing(standing: Standing) -> Phrase {
    match standing {
        Standing::Pass => phrase("đạt", "pass"),
        Standing::PassWithRemarks => phrase("đạt, có lưu ý", "pass with remarks"),
        Standing::Indeterminate => phrase("chưa xác định", "indeterminate"),
        Standing::UnderReview => phrase("đang xem xét", "under review"),
        Standing::Fail => phrase("không đạt", "fail"),
    }
}

/// What kind of certificate; none for a calibration.
pub const fn certificate(kind: CalibrationKind) -> Option<Phrase> {
    match kind {
        CalibrationKind::Calibration => None,
        CalibrationKind::LegalVerification => {
            Some(phrase("giấy chứng nhận kiểm định", "certificate of legal verification"))
        }
        CalibrationKind::TestReport => Some(phrase("báo cáo thử nghiệm", "test report")),
        CalibrationKind::ReferenceMaterialCertificate => {
            Some(phrase("giấy chứng nhận chất chuẩn", "reference material certificate"))
        }
        CalibrationKind::ConformityOnly => {
            Some(phrase("tuyên bố phù hợp", "statement of conformity"))
        }
        CalibrationKind::ComparisonReport => {
            Some(phrase("báo cáo so sánh chuẩn", "comparison report"))
        }
        CalibrationKind::TypeApproval => Some(phrase("phê duyệt mẫu", "type approval")),
        CalibrationKind::ManufacturerStatement => {
            Some(phrase("tuyên bố của nhà sản xuất", "manufacturer's statement"))
        }
    }
}

/// What the number of a result is; none for the value itself.
pub const fn value_is(value_is: ValueIs) -> Option<Phrase> {
    match value_is {
        ValueIs::Actual => None,
        ValueIs::Indication => Some(phrase("số chỉ", "indication")),
        ValueIs::Error => Some(phrase("sai số", "error")),
        ValueIs::Correction => Some(phrase("số hiệu chính", "correction")),
        ValueIs::Residual => Some(phrase("phần dư", "residual")),
        ValueIs::Factor => Some(phrase("hệ số", "factor")),
        ValueIs::Sensitivity => Some(phrase("độ nhạy", "sensitivity")),
    }
}
