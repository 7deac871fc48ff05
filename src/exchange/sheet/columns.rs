//! The columns of the tables that people fill in: what they are called in Vietnamese and English,
//! what each says, and an example.
//!
//! What lives here: the names of collections as the first head of a table, and the columns of each
//! template. What does not: columns named by the path of their field (`sheet`), which all have.

use unicode_normalization::UnicodeNormalization as _;

use crate::domain::records::CollectionName::{self, *};
use crate::domain::text::{Language, Text};

/// A text in Vietnamese and English.
type Wordings = (&'static str, &'static str);

/// A column of a template.
pub(super) struct Column {
    /// The path of its field in the JSON of the record; `organisation.names.vi` describes the
    /// record that `organisation` names.
    pub(super) path: &'static str,
    head: Wordings,
    about: Wordings,
    /// What stands there in each row of the example.
    pub(super) examples: &'static [&'static str],
}

impl Column {
    /// Its head.
    pub(super) fn head(&self, language: Language) -> &'static str {
        in_language(self.head, language)
    }

    /// What it says.
    pub(super) fn about(&self, language: Language) -> &'static str {
        in_language(self.about, language)
    }
}

fn in_language((vi, en): Wordings, language: Language) -> &'static str {
    match language {
        Language::Vietnamese => vi,
        Language::English => en,
    }
}

const fn column(
    path: &'static str,
    head: Wordings,
    about: Wordings,
    examples: &'static [&'static str],
) -> Column {
    Column { path, head, about, examples }
}

/// The collections that have a template.
pub const WITH_TEMPLATE: &[CollectionName] =
    &[Organisations, Capabilities, MeasurementStandards, Calibrations, Comparisons];

/// What a collection is called in the first head of its table.
pub(super) fn title(collection: CollectionName, language: Language) -> &'static str {
    let title = match collection {
        Organisations => ("Tổ chức", "Organisations"),
        Memberships => ("Tư cách thành viên", "Memberships"),
        Accreditations => ("Công nhận", "Accreditations"),
        LegalRecognitions => ("Thừa nhận theo pháp luật", "Legal recognitions"),
        Capabilities => ("Khả năng đo và hiệu chuẩn", "Capabilities"),
        MeasurementStandards => ("Chuẩn đo lường", "Measurement standards"),
        Realisations => ("Thể hiện đơn vị", "Realisations"),
        Calibrations => ("Giấy chứng nhận hiệu chuẩn", "Calibrations"),
        Comparisons => ("So sánh liên phòng", "Comparisons"),
        Documents => ("Văn bản", "Documents"),
        Nonconformities => ("Công việc không phù hợp", "Nonconformities"),
        Attestations => ("Xác nhận", "Attestations"),
        Programme => ("Chương trình", "Programme"),
    };
    in_language(title, language)
}

/// The collection that a first head names: its word, or its title in either language.
pub(super) fn collection(head: &str) -> Option<CollectionName> {
    let head = folded(head);
    CollectionName::ALL.iter().copied().find(|collection| {
        let titles = Language::ALL.iter().map(|language| title(*collection, *language));
        titles.chain([collection.as_str()]).any(|title| folded(title) == head)
    })
}

/// A head as heads are compared: in NFC, without regard to case and to runs of blanks.
pub(super) fn folded(head: &str) -> String {
    let words: Vec<&str> = head.split_whitespace().collect();
    words.join(" ").nfc().collect::<String>().to_lowercase()
}

/// What the first column says.
pub(super) fn about_first(collection: CollectionName, language: Language) -> String {
    let key = key(collection).first().copied();
    let (vi, en) = match key {
        Some(key) => (
            format!(
                "Bản ghi: mã định danh trong sổ đăng ký, hoặc tên tự đặt. Để trống thì lấy theo cột \
                 {key}. Tệp sau của cùng nguồn (--source) gọi lại bằng đúng tên đó."
            ),
            format!(
                "The record: its id in the registry, or a name of your own. Empty: as the column \
                 {key} says. A later file of the same source (--source) calls it so again."
            ),
        ),
        None => (
            "Bản ghi: mã định danh trong sổ đăng ký, hoặc tên tự đặt.".to_owned(),
            "The record: its id in the registry, or a name of your own.".to_owned(),
        ),
    };
    Text::new(vi, en).in_language(language).to_owned()
}

/// The fields that name a record where the first column is empty, in the order in which they are
/// asked.
pub(super) fn key(collection: CollectionName) -> &'static [&'static str] {
    match collection {
        Organisations => &["names.vi", "names.en"],
        Accreditations | Calibrations => &["number"],
        Capabilities | MeasurementStandards | Comparisons => &["code"],
        Documents => &["designation"],
        LegalRecognitions => &["decision_number"],
        Memberships | Realisations | Nonconformities | Attestations | Programme => &[],
    }
}

/// The list of a record that has a row for each of its elements.
pub(super) fn row_list(collection: CollectionName) -> Option<&'static str> {
    matches!(collection, Calibrations | Comparisons).then_some("results")
}

/// The collection of the records that a field names, by its key: where a plain name may stand for
/// an id.
pub(super) fn named_by(key: &str) -> Option<CollectionName> {
    Some(match key {
        "organisation" | "owner" | "issuer" | "performed_by" | "accreditation_body" | "parent"
        | "pilot" | "producer" | "decided_by" | "by" | "authority" => Organisations,
        "accreditation" => Accreditations,
        "item" | "items" | "standard" | "parent_kit" => MeasurementStandards,
        "calibration" | "amends" => Calibrations,
        "document" | "replaced_by" => Documents,
        "realisation" => Realisations,
        "linked_to" => Comparisons,
        "capabilities" => Capabilities,
        _ => return None,
    })
}

/// The columns of a collection's template, after the first.
pub(super) fn columns(collection: CollectionName) -> &'static [Column] {
    match collection {
        Organisations => ORGANISATIONS,
        Capabilities => CAPABILITIES,
        MeasurementStandards => STANDARDS,
        Calibrations => CALIBRATIONS,
        Comparisons => COMPARISONS,
        Memberships | Accreditations | LegalRecognitions | Realisations | Documents
        | Nonconformities | Attestations | Programme => &[],
    }
}

/// The column of a head, in either language.
pub(super) fn column_of(collection: CollectionName, head: &str) -> Option<&'static Column> {
    let head = folded(head);
    columns(collection)
        .iter()
        .find(|column| Language::ALL.iter().any(|language| folded(column.head(*language)) == head))
}

const LISTED: Wordings = ("Một từ của danh mục.", "A word of the list.");
const DESCRIBED: Wordings = (
    "Để trống ô này và các ô mô tả bên cạnh nếu tổ chức đã có trong sổ đăng ký.",
    "Leave this and the other descriptions empty where the registry knows the organisation.",
);
const NAMED: Wordings = (
    "Mã định danh trong sổ đăng ký, hoặc tên tự đặt như trong cột đầu của bảng khác.",
    "An id of the registry, or a name of your own as in the first column of another table.",
);
const DAY: Wordings = ("Ngày, viết như 2026-02-10.", "A date such as 2026-02-10.");
const DIGITS: Wordings = (
    "Số, viết đủ các chữ số như trên giấy; định dạng ô là văn bản để giữ số 0 ở cuối.",
    "A number with all its digits as printed; format the cell as text so that zeros at the end stay.",
);
const UNIT: Wordings = (
    "Đơn vị như in trên giấy (mg, °C, µV/V) hoặc theo UCUM.",
    "A unit as printed (mg, °C, µV/V) or in UCUM.",
);
const QUANTITY: Wordings = (
    "Mã loại đại lượng trong danh mục; không nhận tên gọi (quy tắc Q-06).",
    "The id of a quantity kind in the list; names are not taken (rule Q-06).",
);
const WORDS: Wordings = ("Chữ viết tự do.", "Free text.");
const TRUTH: Wordings = ("true hoặc false (có, không).", "true or false (yes, no).");

const ORGANISATIONS: &[Column] = &[
    column(
        "kind",
        ("Loại tổ chức", "Kind"),
        LISTED,
        &["calibration_laboratory", "accreditation_body"],
    ),
    column(
        "names.vi",
        ("Tên tiếng Việt", "Name in Vietnamese"),
        WORDS,
        &["Phòng Hiệu chuẩn Ví dụ", "Tổ chức Công nhận Ví dụ"],
    ),
    column(
        "names.en",
        ("Tên tiếng Anh", "Name in English"),
        WORDS,
        &["Example Calibration Laboratory", "Example Accreditation Body"],
    ),
    column(
        "country",
        ("Nước", "Country"),
        (
            "Mã hai chữ ISO 3166-1; để trống với tổ chức quốc tế.",
            "Two letters of ISO 3166-1; none for international bodies.",
        ),
        &["VN", "VN"],
    ),
    column("parent", ("Thuộc tổ chức", "Part of"), NAMED, &[]),
    column("identifiers.0.scheme", ("Hệ thống mã", "Scheme of identifier"), LISTED, &["vilas", ""]),
    column(
        "identifiers.0.value",
        ("Mã trong hệ thống đó", "Identifier"),
        WORDS,
        &["VILAS 999", ""],
    ),
];

const CAPABILITIES: &[Column] = &[
    column(
        "code",
        ("Số mục", "Code"),
        (
            "Số mục trong phạm vi; mỗi dòng một số.",
            "The entry's number in the scope; one for each row.",
        ),
        &["K.1", "N.2", "L.3", "V.4"],
    ),
    column(
        "publisher",
        ("Nơi công bố", "Publisher"),
        LISTED,
        &[
            "accreditation_scope",
            "accreditation_scope",
            "accreditation_scope",
            "accreditation_scope",
        ],
    ),
    column(
        "organisation",
        ("Phòng thí nghiệm", "Organisation"),
        NAMED,
        &["PHC", "PHC", "PHC", "PHC"],
    ),
    column(
        "organisation.kind",
        ("Phòng thí nghiệm: loại", "Organisation: kind"),
        DESCRIBED,
        &["calibration_laboratory", "", "", ""],
    ),
    column(
        "organisation.names.vi",
        ("Phòng thí nghiệm: tên tiếng Việt", "Organisation: name in Vietnamese"),
        DESCRIBED,
        &["Phòng Hiệu chuẩn Ví dụ", "", "", ""],
    ),
    column(
        "organisation.names.en",
        ("Phòng thí nghiệm: tên tiếng Anh", "Organisation: name in English"),
        DESCRIBED,
        &["Example Calibration Laboratory", "", "", ""],
    ),
    column("accreditation", ("Số công nhận", "Accreditation"), NAMED, &[]),
    column(
        "quantity_kind",
        ("Loại đại lượng", "Quantity kind"),
        QUANTITY,
        &["conventional_mass", "temperature", "length", "dc_voltage"],
    ),
    column(
        "instrument",
        ("Phương tiện đo", "Instrument"),
        WORDS,
        &[
            "Quả cân / weights",
            "Nhiệt kế / thermometers",
            "Căn mẫu / gauge blocks",
            "Đồng hồ vạn năng / multimeters",
        ],
    ),
    column("method", ("Phương pháp", "Method"), WORDS, &["ĐLVN 99:2002", "", "", ""]),
    column(
        "range",
        ("Phạm vi đo", "Range"),
        (
            "Như in trong phạm vi: (0 ÷ 100) °C; 100 g; (1; 2; 5) kg thành ba bản ghi.",
            "As the scope prints it: (0 ÷ 100) °C; 100 g; (1; 2; 5) kg gives three records.",
        ),
        &["(1; 2; 5) kg", "(-40 ÷ 150) °C", "(0,5 ÷ 100) mm", "(0 ÷ 1 000) V"],
    ),
    column(
        "uncertainty",
        ("Độ không đảm bảo đo (CMC)", "Uncertainty (CMC)"),
        (
            "Như in trong phạm vi: 0,5 mg; 0,02 %; (0,05 ÷ 0,5) mg; Q[0,05; 0,5·L] µm, L: m; một số \
             cho mỗi giá trị của phạm vi đo.",
            "As the scope prints it: 0.5 mg; 0.02 %; (0.05 ÷ 0.5) mg; Q[0.05; 0.5·L] µm, L: m; one \
             figure for each value of the range.",
        ),
        &["(1,6; 3,0; 8,0) mg", "0,05 °C", "Q[0,05; 0,5·L] µm, L: m", "2,5·10⁻⁵"],
    ),
    column(
        "uncertainty.mode",
        ("Tuyệt đối hay tương đối", "Absolute or relative"),
        (
            "absolute hoặc relative; chỉ cần khi đơn vị không cho biết.",
            "absolute or relative; only where the unit does not say it.",
        ),
        &[],
    ),
    column(
        "parameters",
        ("Điều kiện đo", "Parameters"),
        (
            "tên: giá trị, cách nhau bằng dấu chấm phẩy, ví dụ frequency: (40 ÷ 1000) Hz; medium: nitrogen",
            "name: value, with semicolons between, such as frequency: (40 ÷ 1000) Hz; medium: nitrogen",
        ),
        &[],
    ),
    column(
        "coverage_factor",
        ("Hệ số phủ", "Coverage factor"),
        ("k; để trống là 2.", "k; empty means 2."),
        &["2", "2", "2", "2"],
    ),
    column(
        "status_history.0.status",
        ("Trạng thái", "Status"),
        LISTED,
        &["active", "active", "active", "active"],
    ),
    column(
        "status_history.0.effective_from",
        ("Có hiệu lực từ", "In force from"),
        DAY,
        &["2025-06-01", "2025-06-01", "2025-06-01", "2025-06-01"],
    ),
    column("comments", ("Ghi chú", "Comments"), WORDS, &[]),
];

const STANDARDS: &[Column] = &[
    column(
        "code",
        ("Mã quản lý", "Code"),
        ("Mã mà đơn vị sở hữu dùng; mỗi chuẩn một mã.", "The owner's code; one for each standard."),
        &["QC-01", "NK-02"],
    ),
    column(
        "names.vi",
        ("Tên tiếng Việt", "Name in Vietnamese"),
        WORDS,
        &["Quả cân 1 kg cấp E2", "Nhiệt kế điện trở platin"],
    ),
    column(
        "names.en",
        ("Tên tiếng Anh", "Name in English"),
        WORDS,
        &["Weight 1 kg, class E2", "Platinum resistance thermometer"],
    ),
    column("owner", ("Đơn vị sở hữu", "Owner"), NAMED, &["PHC", "PHC"]),
    column(
        "owner.kind",
        ("Đơn vị sở hữu: loại", "Owner: kind"),
        DESCRIBED,
        &["calibration_laboratory", ""],
    ),
    column(
        "owner.names.vi",
        ("Đơn vị sở hữu: tên tiếng Việt", "Owner: name in Vietnamese"),
        DESCRIBED,
        &["Phòng Hiệu chuẩn Ví dụ", ""],
    ),
    column(
        "owner.names.en",
        ("Đơn vị sở hữu: tên tiếng Anh", "Owner: name in English"),
        DESCRIBED,
        &["Example Calibration Laboratory", ""],
    ),
    column(
        "quantity_kinds",
        ("Loại đại lượng", "Quantity kinds"),
        (
            "Mã loại đại lượng, cách nhau bằng dấu chấm phẩy; không nhận tên gọi (quy tắc Q-06).",
            "Ids of quantity kinds, with semicolons between; names are not taken (rule Q-06).",
        ),
        &["conventional_mass", "temperature"],
    ),
    column("type", ("Kiểu chuẩn", "Type"), LISTED, &["weight", "sprt"]),
    column("manufacturer", ("Hãng sản xuất", "Manufacturer"), WORDS, &["Mettler", "Fluke"]),
    column("model", ("Kiểu", "Model"), WORDS, &["", "5626"]),
    column("serial_number", ("Số sản xuất", "Serial number"), WORDS, &["0012345", "A-778"]),
    column("nominal.value", ("Giá trị danh nghĩa", "Nominal value"), DIGITS, &["1", ""]),
    column(
        "nominal.unit",
        ("Giá trị danh nghĩa: đơn vị", "Nominal value: unit"),
        UNIT,
        &["kg", ""],
    ),
    column("range.lower", ("Phạm vi từ", "Range from"), DIGITS, &["", "-40"]),
    column("range.upper", ("Phạm vi đến", "Range to"), DIGITS, &["", "150"]),
    column("range.unit", ("Phạm vi: đơn vị", "Range: unit"), UNIT, &["", "°C"]),
    column("accuracy_class", ("Cấp chính xác", "Accuracy class"), WORDS, &["E2", ""]),
    column("legal_level", ("Cấp chuẩn", "Legal level"), LISTED, &["reference", "working"]),
    column(
        "metrological_role",
        ("Vai trò đo lường", "Metrological role"),
        LISTED,
        &["reference", "working"],
    ),
    column(
        "interval_policy.method",
        ("Cách định chu kỳ", "Interval: method"),
        LISTED,
        &["fixed", "fixed"],
    ),
    column(
        "interval_policy.months",
        ("Chu kỳ (tháng)", "Interval: months"),
        ("Số nguyên.", "A whole number."),
        &["24", "12"],
    ),
    column("status", ("Tình trạng", "Status"), LISTED, &["in_service", "in_service"]),
];

const CALIBRATIONS: &[Column] = &[
    column(
        "number",
        ("Số giấy chứng nhận", "Number"),
        (
            "Như in trên giấy. Mỗi kết quả một dòng; các dòng sau lặp lại hoặc để trống cột này.",
            "As printed. A row for each result; the rows below repeat it or leave it empty.",
        ),
        &["015/2026", "", "016/2026"],
    ),
    column("kind", ("Loại giấy", "Kind"), LISTED, &["calibration", "", "calibration"]),
    column("issuer", ("Đơn vị cấp", "Issuer"), NAMED, &["VDL", "", "VDL"]),
    column("issuer.kind", ("Đơn vị cấp: loại", "Issuer: kind"), DESCRIBED, &["nmi", "", ""]),
    column(
        "issuer.names.vi",
        ("Đơn vị cấp: tên tiếng Việt", "Issuer: name in Vietnamese"),
        DESCRIBED,
        &["Viện Đo lường Ví dụ", "", ""],
    ),
    column("issuer.country", ("Đơn vị cấp: nước", "Issuer: country"), DESCRIBED, &["VN", "", ""]),
    column("item", ("Đối tượng", "Item"), NAMED, &["NK-02", "", "QC-01"]),
    column(
        "item.code",
        ("Đối tượng: mã quản lý", "Item: code"),
        (
            "Để trống ô này và các ô mô tả bên cạnh nếu chuẩn đã có trong sổ đăng ký.",
            "Leave this and the other descriptions empty where the registry knows the standard.",
        ),
        &["NK-02", "", "QC-01"],
    ),
    column(
        "item.names.vi",
        ("Đối tượng: tên tiếng Việt", "Item: name in Vietnamese"),
        WORDS,
        &["Nhiệt kế điện trở platin", "", "Quả cân 1 kg cấp E2"],
    ),
    column("item.owner", ("Đối tượng: đơn vị sở hữu", "Item: owner"), NAMED, &["VDL", "", "VDL"]),
    column(
        "performed_from",
        ("Thực hiện từ ngày", "Performed from"),
        DAY,
        &["2026-02-09", "", "2026-02-12"],
    ),
    column(
        "performed_to",
        ("Thực hiện đến ngày", "Performed to"),
        DAY,
        &["2026-02-10", "", "2026-02-12"],
    ),
    column("issued_on", ("Ngày cấp", "Issued on"), DAY, &["2026-02-16", "", "2026-02-16"]),
    column("due_on", ("Hạn hiệu chuẩn", "Due on"), DAY, &["2027-02-10", "", "2028-02-12"]),
    column(
        "endorsement.cipm_mra",
        ("Có biểu trưng CIPM MRA", "With the CIPM MRA logo"),
        TRUTH,
        &[],
    ),
    column(
        "endorsement.accreditation",
        ("Trong phạm vi công nhận", "Within accreditation"),
        NAMED,
        &[],
    ),
    column("signatory", ("Người ký", "Signatory"), WORDS, &[]),
    column(
        "traceability_statement",
        ("Tuyên bố liên kết chuẩn", "Traceability statement"),
        WORDS,
        &[],
    ),
    column("references.0.standard", ("Chuẩn đã dùng", "Reference standard"), NAMED, &[]),
    column(
        "references.0.calibration",
        ("Giấy chứng nhận của chuẩn đã dùng", "Certificate of the reference"),
        NAMED,
        &[],
    ),
    column(
        "results.id",
        ("Kết quả", "Result"),
        (
            "Tên của kết quả trong giấy; để trống thì là r1, r2, …",
            "The result's name; empty means r1, r2, …",
        ),
        &["r1", "r2", "r1"],
    ),
    column(
        "results.quantity_kind",
        ("Kết quả: loại đại lượng", "Result: quantity kind"),
        QUANTITY,
        &["temperature", "temperature", "conventional_mass"],
    ),
    column("results.point.value", ("Điểm đo", "Point"), DIGITS, &["0.00", "100.00", "1"]),
    column("results.point.unit", ("Điểm đo: đơn vị", "Point: unit"), UNIT, &["°C", "°C", "kg"]),
    column("results.value", ("Giá trị", "Value"), DIGITS, &["-0.02", "0.12", "1.00000012"]),
    column("results.unit", ("Giá trị: đơn vị", "Value: unit"), UNIT, &["K", "K", "kg"]),
    column(
        "results.value_is",
        ("Giá trị là", "Value is"),
        ("Một từ của danh mục; để trống là actual.", "A word of the list; empty means actual."),
        &["error", "error", ""],
    ),
    column(
        "results.uncertainty.value",
        ("Độ không đảm bảo đo", "Uncertainty"),
        DIGITS,
        &["0.02", "0.02", "0.30"],
    ),
    column(
        "results.uncertainty.unit",
        ("Độ không đảm bảo đo: đơn vị", "Uncertainty: unit"),
        UNIT,
        &["K", "K", "mg"],
    ),
    column(
        "results.uncertainty.kind",
        ("Độ không đảm bảo đo: loại", "Uncertainty: kind"),
        LISTED,
        &["expanded", "expanded", "expanded"],
    ),
    column(
        "results.uncertainty.mode",
        ("Độ không đảm bảo đo: tuyệt đối hay tương đối", "Uncertainty: absolute or relative"),
        LISTED,
        &[],
    ),
    column(
        "results.uncertainty.coverage_factor",
        ("Hệ số phủ", "Coverage factor"),
        DIGITS,
        &["2", "2", "2"],
    ),
    column(
        "results.uncertainty.coverage_probability",
        ("Xác suất phủ", "Coverage probability"),
        DIGITS,
        &["0.95", "0.95", "0.95"],
    ),
    column("results.phase", ("Trước hay sau hiệu chỉnh", "As found or as left"), LISTED, &[]),
];

const COMPARISONS: &[Column] = &[
    column(
        "code",
        ("Mã so sánh", "Code"),
        (
            "Như APMP.L-S3.4.n01. Mỗi bên tham gia một dòng; các dòng sau lặp lại hoặc để trống cột này.",
            "Such as APMP.L-S3.4.n01. A row for each participant; the rows below repeat it or leave it empty.",
        ),
        &["VD.M-S1", ""],
    ),
    column("kind", ("Loại so sánh", "Kind"), LISTED, &["national_ilc", ""]),
    column(
        "area",
        ("Lĩnh vực", "Area"),
        ("Mã lĩnh vực của KCDB.", "An area of the KCDB."),
        &["M", ""],
    ),
    column("service_category", ("Mã dịch vụ", "Service category"), WORDS, &[]),
    column(
        "quantity_kind",
        ("Loại đại lượng", "Quantity kind"),
        QUANTITY,
        &["conventional_mass", ""],
    ),
    column("pilot", ("Phòng điều hành", "Pilot"), NAMED, &["VDL", ""]),
    column("measured_from", ("Đo từ ngày", "Measured from"), DAY, &["2025-03-01", ""]),
    column("measured_to", ("Đo đến ngày", "Measured to"), DAY, &["2025-06-30", ""]),
    column(
        "report_published_on",
        ("Ngày công bố báo cáo", "Report published on"),
        DAY,
        &["2025-11-20", ""],
    ),
    column("status", ("Tình trạng", "Status"), LISTED, &["published", ""]),
    column("results.organisation", ("Bên tham gia", "Participant"), NAMED, &["VDL", "PHC"]),
    column(
        "results.organisation.kind",
        ("Bên tham gia: loại", "Participant: kind"),
        DESCRIBED,
        &["nmi", "calibration_laboratory"],
    ),
    column(
        "results.organisation.names.vi",
        ("Bên tham gia: tên tiếng Việt", "Participant: name in Vietnamese"),
        DESCRIBED,
        &["Viện Đo lường Ví dụ", "Phòng Hiệu chuẩn Ví dụ"],
    ),
    column(
        "results.organisation.country",
        ("Bên tham gia: nước", "Participant: country"),
        DESCRIBED,
        &["VN", "VN"],
    ),
    column("results.point.value", ("Điểm đo", "Point"), DIGITS, &["1", "1"]),
    column("results.point.unit", ("Điểm đo: đơn vị", "Point: unit"), UNIT, &["kg", "kg"]),
    column("results.x", ("Kết quả", "Result"), DIGITS, &["0.12", "0.55"]),
    column(
        "results.expanded_uncertainty",
        ("Độ không đảm bảo đo mở rộng", "Expanded uncertainty"),
        DIGITS,
        &["0.10", "0.60"],
    ),
    column(
        "results.reference_value",
        ("Giá trị quy chiếu", "Reference value"),
        DIGITS,
        &["0.10", "0.10"],
    ),
    column(
        "results.reference_expanded_uncertainty",
        (
            "Độ không đảm bảo đo mở rộng của giá trị quy chiếu",
            "Reference value: expanded uncertainty",
        ),
        DIGITS,
        &["0.08", "0.08"],
    ),
    column(
        "results.degree_of_equivalence",
        ("Mức tương đương", "Degree of equivalence"),
        DIGITS,
        &["0.02", "0.45"],
    ),
    column(
        "results.doe_expanded_uncertainty",
        (
            "Mức tương đương: độ không đảm bảo đo mở rộng",
            "Degree of equivalence: expanded uncertainty",
        ),
        DIGITS,
        &["0.06", "0.61"],
    ),
    column("results.unit", ("Đơn vị của các số", "Unit of the figures"), UNIT, &["mg", "mg"]),
    column(
        "results.in_reference_value",
        ("Góp vào giá trị quy chiếu", "In the reference value"),
        TRUTH,
        &["true", "false"],
    ),
];
