//! Settings from the environment: each said once, in a table, and read once. Options of the command
//! line go before them.
//!
//! What does not live here: what a setting means to whoever uses it, such as how the address of a
//! database is read (`store`), or whether a file that one names is there.

use std::ffi::OsString;
use std::fmt::{self, Write as _};
use std::net::{IpAddr, SocketAddr};
use std::num::NonZeroU32;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::time::Duration;

use ipnet::IpNet;
use tracing_subscriber::EnvFilter;

use crate::domain::fault::{Fault, Faults, shortened};
use crate::domain::text::Text;

// ---------------------------------------------------------------------------------------------
// What is read

/// Everything that is set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// Where the registry is kept.
    pub database: Database,
    /// How it is served.
    pub server: Server,
    /// Who is believed to be whom.
    pub identity: Identity,
    /// Where the KCDB is.
    pub kcdb: Kcdb,
    /// `ETALON_TRUST_DIR`: the authorities that are trusted to say who signs certificates; nobody
    /// when absent.
    pub trust_dir: Option<PathBuf>,
    /// What is logged, and how.
    pub logging: Logging,
    /// `ETALON_OTLP_ENDPOINT`: the collector that traces of requests are sent to, without a slash at
    /// its end; none when absent.
    pub otlp_endpoint: Option<String>,
}

/// Where the KCDB is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kcdb {
    /// `ETALON_KCDB_URL`: its interface for programs, without a slash at its end.
    pub url: String,
}

/// Where the registry is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Database {
    /// `DATABASE_URL`: the address of the database; the embedded one in `data_dir` when absent.
    pub url: Option<Secret>,
    /// `ETALON_DATA_DIR`: the folder of the embedded database.
    pub data_dir: PathBuf,
    /// `ETALON_DATABASE_WAIT_SECONDS`: how long a start waits for the database to answer.
    pub wait: Duration,
}

/// How the registry is served.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Server {
    /// `ETALON_LISTEN`: where connections are accepted.
    pub listen: SocketAddr,
    /// `ETALON_PUBLIC_URL`: the address that clients see, without a slash at its end; the issuer
    /// of tokens.
    pub public_url: String,
    /// `ETALON_REQUEST_SECONDS`: how long one request may take.
    pub request_time: Duration,
    /// `ETALON_SHUTDOWN_SECONDS`: how long requests under way may take to end at a stop.
    pub shutdown_time: Duration,
    /// `ETALON_METRICS`: whether `/metrics` answers.
    pub metrics: bool,
    /// `ETALON_TRUSTED_PROXIES`: the proxies that are believed whom they were asked by.
    pub trusted_proxies: Vec<IpNet>,
    /// `ETALON_CORS_ORIGINS`: pages of which other origins may read answers.
    pub cors_origins: Vec<String>,
    /// How often somebody may ask.
    pub rates: Rates,
    /// How much is done at once.
    pub limits: Limits,
}

/// How often somebody may ask, each a number a minute; none does not count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rates {
    /// `ETALON_RATE_PRINCIPAL`: of one key or membership.
    pub principal: Option<NonZeroU32>,
    /// `ETALON_RATE_ADDRESS`: of one address, where nobody is named.
    pub address: Option<NonZeroU32>,
    /// `ETALON_RATE_CHECKS`: certificates that are looked for from one address, where nobody is named.
    pub checks: Option<NonZeroU32>,
    /// `ETALON_RATE_FAILURES`: wrong keys and tokens of one address, and of one key.
    pub failures: Option<NonZeroU32>,
}

/// How much is done at once, and how long somebody is waited for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// `ETALON_CONNECTIONS`: open connections.
    pub connections: u32,
    /// `ETALON_CONNECTIONS_OF_ADDRESS`: open connections of one address that is no proxy.
    pub connections_of_address: u32,
    /// `ETALON_REQUESTS`: requests that are worked on.
    pub requests: u32,
    /// `ETALON_REQUESTS_WAITING`: requests that wait for their turn.
    pub waiting: u32,
    /// `ETALON_STREAMS`: answers of a line at a time that are being sent.
    pub streams: u32,
    /// `ETALON_BODY_MIB`: all bodies that are held, in MiB.
    pub body_mebibytes: u32,
    /// `ETALON_IDLE_SECONDS`: how long a connection may wait for its next request.
    pub idle_time: Duration,
    /// `ETALON_STALL_SECONDS`: how long a client may take nothing of its answer.
    pub stall_time: Duration,
    /// `ETALON_STREAM_SECONDS`: how long an answer of a line at a time may take.
    pub stream_time: Duration,
}

/// Who is believed to be whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// `ETALON_SIGNING_KEY_FILE`: the private key that signs tokens.
    pub signing_key_file: Option<PathBuf>,
    /// `ETALON_PUBLISHED_KEYS_DIR`: the keys that sign next or signed before.
    pub published_keys_dir: Option<PathBuf>,
    /// `ETALON_TOKEN_MINUTES`: how long a token is valid.
    pub token_lifetime: Duration,
    /// `ETALON_SETUP_KEY_FILE`: where the one-time set-up key is written; printed when absent.
    pub setup_key_file: Option<PathBuf>,
    /// `ETALON_KEY_DAYS`: how long an API key may be good; without end when absent.
    pub longest_key: Option<Duration>,
    /// `ETALON_ISSUERS_FILE`: other issuers whose tokens are believed.
    pub issuers_file: Option<PathBuf>,
}

/// What is logged, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Logging {
    /// `ETALON_LOG`: directives of a filter, as `tracing-subscriber` reads them.
    pub filter: String,
    /// `ETALON_LOG_FORMAT`: how a line is written.
    pub format: LogFormat,
}

vocabulary! {
    /// How a line of the log is written.
    LogFormat {
        /// For people.
        Text = "text",
        /// One JSON object a line, for machines.
        Json = "json",
    }
}

vocabulary! {
    /// Whether something is there.
    Switch {
        /// It is.
        On = "on",
        /// It is not.
        Off = "off",
    }
}

/// A setting that is never printed: what shows a `Config` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// The secret itself, for whoever needs it to open something.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Secret(…)")
    }
}

// ---------------------------------------------------------------------------------------------
// The table

/// A variable of the environment.
#[derive(Debug)]
pub struct Setting {
    /// Its name.
    pub name: &'static str,
    /// What holds when it is absent or empty, where that can be said beforehand.
    pub default: Option<&'static str>,
    /// Whether its value is kept out of messages.
    pub secret: bool,
    /// What it sets, in Vietnamese.
    pub vi: &'static str,
    /// What it sets, in English.
    pub en: &'static str,
    values: Values,
}

/// Settings that belong together.
#[derive(Debug)]
pub struct Section {
    /// What they are about, in Vietnamese.
    pub vi: &'static str,
    /// What they are about, in English.
    pub en: &'static str,
    /// The settings.
    pub settings: &'static [&'static Setting],
}

/// What a setting may be.
#[derive(Debug)]
enum Values {
    Path,
    DatabaseAddress,
    SocketAddress,
    Networks,
    WebAddress,
    Origins,
    Number(RangeInclusive<u32>),
    Seconds(RangeInclusive<u64>),
    Minutes(RangeInclusive<u64>),
    Days(RangeInclusive<u64>),
    OnOff,
    LogDirectives,
    LogFormat,
}

impl Values {
    /// What is expected, as it stands in a sentence.
    fn text(&self) -> Text {
        match self {
            Self::Path => Text::new("đường dẫn", "a path"),
            Self::DatabaseAddress => Text::new(
                "postgres://NGƯỜI_DÙNG:MẬT_KHẨU@MÁY/TÊN, hoặc một tệp SQLite",
                "postgres://USER:PASSWORD@HOST/NAME, or a file of SQLite",
            ),
            Self::SocketAddress => {
                Text::new("địa chỉ IP và cổng (IP:CỔNG)", "an IP address and a port (IP:PORT)")
            }
            Self::Networks => Text::new(
                "các địa chỉ IP hoặc mạng (như 10.0.0.0/8), cách nhau bằng dấu phẩy",
                "IP addresses or networks (such as 10.0.0.0/8), with commas between them",
            ),
            Self::WebAddress => Text::new(
                "địa chỉ http:// hoặc https://, không có dấu / ở cuối, không có ? và #",
                "an address http:// or https:// without a slash at its end, without ? and #",
            ),
            Self::Origins => Text::new(
                "các nguồn như https://etalon.example.vn, cách nhau bằng dấu phẩy",
                "origins such as https://etalon.example.vn, with commas between them",
            ),
            Self::Number(range) => {
                let (least, most) = (range.start(), range.end());
                Text::new(
                    format!("số nguyên từ {least} đến {most}"),
                    format!("a whole number from {least} to {most}"),
                )
            }
            Self::Seconds(range) => {
                let (least, most) = (range.start(), range.end());
                Text::new(
                    format!("số giây nguyên từ {least} đến {most}"),
                    format!("a whole number of seconds from {least} to {most}"),
                )
            }
            Self::Minutes(range) => {
                let (least, most) = (range.start(), range.end());
                Text::new(
                    format!("số phút nguyên từ {least} đến {most}"),
                    format!("a whole number of minutes from {least} to {most}"),
                )
            }
            Self::Days(range) => {
                let (least, most) = (range.start(), range.end());
                Text::new(
                    format!("số ngày nguyên từ {least} đến {most}"),
                    format!("a whole number of days from {least} to {most}"),
                )
            }
            Self::OnOff => words(Switch::ALL.iter().map(|word| word.as_str())),
            Self::LogDirectives => Text::new(
                "mức (off, error, warn, info, debug, trace) hoặc các chỉ thị như info,etalon=debug",
                "a level (off, error, warn, info, debug, trace) or directives such as \
                 info,etalon=debug",
            ),
            Self::LogFormat => words(LogFormat::ALL.iter().map(|word| word.as_str())),
        }
    }
}

fn words(words: impl Iterator<Item = &'static str>) -> Text {
    let words: Vec<_> = words.collect();
    Text::new(words.join(" hoặc "), words.join(" or "))
}

/// All settings, in the order of `.env.example`.
pub static SECTIONS: [Section; 6] = [
    Section {
        vi: "Cơ sở dữ liệu",
        en: "Database",
        settings: &[&DATABASE_URL, &DATA_DIR, &DATABASE_WAIT_SECONDS],
    },
    Section {
        vi: "Máy chủ",
        en: "Server",
        settings: &[
            &LISTEN,
            &PUBLIC_URL,
            &TRUSTED_PROXIES,
            &REQUEST_SECONDS,
            &SHUTDOWN_SECONDS,
            &METRICS,
            &CORS_ORIGINS,
        ],
    },
    Section {
        vi: "Giới hạn",
        en: "Limits",
        settings: &[
            &RATE_PRINCIPAL,
            &RATE_ADDRESS,
            &RATE_CHECKS,
            &RATE_FAILURES,
            &CONNECTIONS,
            &CONNECTIONS_OF_ADDRESS,
            &REQUESTS,
            &REQUESTS_WAITING,
            &STREAMS,
            &BODY_MIB,
            &IDLE_SECONDS,
            &STALL_SECONDS,
            &STREAM_SECONDS,
        ],
    },
    Section {
        vi: "Danh tính",
        en: "Identity",
        settings: &[
            &SIGNING_KEY_FILE,
            &PUBLISHED_KEYS_DIR,
            &TOKEN_MINUTES,
            &KEY_DAYS,
            &SETUP_KEY_FILE,
            &ISSUERS_FILE,
            &TRUST_DIR,
        ],
    },
    Section { vi: "KCDB", en: "KCDB", settings: &[&KCDB_URL] },
    Section {
        vi: "Nhật ký vận hành và vết",
        en: "Logging and traces",
        settings: &[&LOG, &LOG_FORMAT, &OTLP_ENDPOINT],
    },
];

static DATABASE_URL: Setting = Setting {
    name: "DATABASE_URL",
    default: None,
    secret: true,
    vi: "Địa chỉ cơ sở dữ liệu; để trống thì dùng SQLite nhúng trong ETALON_DATA_DIR.",
    en: "Address of the database; when empty, the embedded SQLite in ETALON_DATA_DIR.",
    values: Values::DatabaseAddress,
};

static DATA_DIR: Setting = Setting {
    name: "ETALON_DATA_DIR",
    default: Some("etalon-data"),
    secret: false,
    vi: "Thư mục của cơ sở dữ liệu nhúng.",
    en: "Folder of the embedded database.",
    values: Values::Path,
};

static DATABASE_WAIT_SECONDS: Setting = Setting {
    name: "ETALON_DATABASE_WAIT_SECONDS",
    default: Some("30"),
    secret: false,
    vi: "Thời gian chờ cơ sở dữ liệu trả lời khi khởi động.",
    en: "How long a start waits for the database to answer.",
    // No database that will come takes an hour.
    values: Values::Seconds(0..=3_600),
};

static KCDB_URL: Setting = Setting {
    name: "ETALON_KCDB_URL",
    default: Some("https://www.bipm.org/api/kcdb"),
    secret: false,
    vi: "Giao diện cho chương trình của KCDB, mà etalon kcdb fetch hỏi.",
    en: "The interface for programs of the KCDB, which etalon kcdb fetch asks.",
    values: Values::WebAddress,
};

static LISTEN: Setting = Setting {
    name: "ETALON_LISTEN",
    default: Some("127.0.0.1:8080"),
    secret: false,
    vi: "Nơi nhận kết nối.",
    en: "Where connections are accepted.",
    values: Values::SocketAddress,
};

static PUBLIC_URL: Setting = Setting {
    name: "ETALON_PUBLIC_URL",
    default: None,
    secret: false,
    vi: "Địa chỉ mà máy khách nhìn thấy, cũng là bên phát hành mã truy cập; để trống: \
         http://ETALON_LISTEN.",
    en: "Address that clients see, also the issuer of tokens; when empty, http://ETALON_LISTEN.",
    values: Values::WebAddress,
};

static TRUSTED_PROXIES: Setting = Setting {
    name: "ETALON_TRUSTED_PROXIES",
    default: None,
    secret: false,
    vi: "Các máy chủ uỷ nhiệm (reverse proxy) đứng trước; địa chỉ máy khách lấy từ X-Forwarded-For \
         của chúng. Để trống: không tin tiêu đề đó của ai.",
    en: "The reverse proxies that stand before it: from their X-Forwarded-For comes the address of a \
         client. When empty, that header is believed of nobody.",
    values: Values::Networks,
};

static REQUEST_SECONDS: Setting = Setting {
    name: "ETALON_REQUEST_SECONDS",
    default: Some("30"),
    secret: false,
    vi: "Thời gian tối đa cho một yêu cầu.",
    en: "The longest that one request may take.",
    // A claim is decided in milliseconds and an import in minutes; nobody waits longer on a line.
    values: Values::Seconds(1..=600),
};

static SHUTDOWN_SECONDS: Setting = Setting {
    name: "ETALON_SHUTDOWN_SECONDS",
    default: Some("30"),
    secret: false,
    vi: "Thời gian chờ các yêu cầu dở dang khi dừng; 0 là không chờ.",
    en: "How long a stop waits for requests under way; 0 does not wait.",
    // As long as the longest request may take.
    values: Values::Seconds(0..=600),
};

static METRICS: Setting = Setting {
    name: "ETALON_METRICS",
    // What is counted tells strangers how busy a service is and what it runs into.
    default: Some("off"),
    secret: false,
    vi: "Có trả lời /metrics (Prometheus) hay không. Ai tới được máy chủ cũng đọc được: chỉ bật khi \
         máy chủ uỷ nhiệm không cho đường dẫn này ra ngoài.",
    en: "Whether /metrics (Prometheus) answers. Whoever reaches the server reads it: switch it on where \
         a proxy keeps the path from the outside.",
    values: Values::OnOff,
};

static CORS_ORIGINS: Setting = Setting {
    name: "ETALON_CORS_ORIGINS",
    default: None,
    secret: false,
    vi: "Các trang web (nguồn) khác được gọi từ trình duyệt (CORS); để trống: không trang nào.",
    en: "Other web pages (origins) that may call it from a browser (CORS); when empty, none.",
    values: Values::Origins,
};

// Rates: a minute's worth at once, and as much again in every minute. 0 does not count.

static RATE_PRINCIPAL: Setting = Setting {
    name: "ETALON_RATE_PRINCIPAL",
    // Ten a second go on for as long as they like: a laboratory's program that reads page by page
    // stays below, one that has gone wrong is stopped before others notice.
    default: Some("600"),
    secret: false,
    vi: "Số yêu cầu mỗi phút của một khoá hoặc thành viên (một lần nhập hay một lô tính 8); 0: không \
         giới hạn.",
    en: "Requests a minute of one key or membership (an import or a batch counts as 8); 0: no limit.",
    values: Values::Number(0..=1_000_000),
};

static RATE_ADDRESS: Setting = Setting {
    name: "ETALON_RATE_ADDRESS",
    // An office of some people who read behind one address stays below.
    default: Some("300"),
    secret: false,
    vi: "Số yêu cầu mỗi phút không có mã truy cập của một địa chỉ (IPv6: một mạng /64); 0: không giới \
         hạn.",
    en: "Requests a minute without a token from one address (IPv6: a network /64); 0: no limit.",
    values: Values::Number(0..=1_000_000),
};

static RATE_CHECKS: Setting = Setting {
    name: "ETALON_RATE_CHECKS",
    // Somebody who holds a certificate in hand checks it, and the next. At 20 a minute the numbers of
    // an issuer, 10,000 a year, are tried in eight hours instead of minutes, and the log shows it.
    default: Some("20"),
    secret: false,
    vi: "Số lần mỗi phút tra giấy chứng nhận không có mã truy cập từ một địa chỉ; 0: không giới hạn.",
    en: "Certificates a minute that are looked for without a token from one address; 0: no limit.",
    values: Values::Number(0..=1_000_000),
};

static RATE_FAILURES: Setting = Setting {
    name: "ETALON_RATE_FAILURES",
    // A machine whose key has expired tries a few times; a person mistypes. A key has 256 bits, so this
    // is for a quiet log rather than for the key.
    default: Some("20"),
    secret: false,
    vi: "Số khoá hoặc mã truy cập sai mỗi phút của một địa chỉ, và của một khoá; 0: không giới hạn.",
    en: "Wrong keys or tokens a minute of one address, and of one key; 0: no limit.",
    values: Values::Number(0..=1_000_000),
};

static CONNECTIONS: Setting = Setting {
    name: "ETALON_CONNECTIONS",
    // With a quarter more that are refused and the database's own, within the 1,024 files that a
    // process may open where nobody says otherwise.
    default: Some("512"),
    secret: false,
    vi: "Số kết nối mở cùng lúc; quá số này thì trả lời 503.",
    en: "Open connections; beyond them the answer is 503.",
    values: Values::Number(4..=100_000),
};

static CONNECTIONS_OF_ADDRESS: Setting = Setting {
    name: "ETALON_CONNECTIONS_OF_ADDRESS",
    // A browser opens six; eight addresses that open as many as they can fill the rest.
    default: Some("64"),
    secret: false,
    vi: "Số kết nối mở cùng lúc của một địa chỉ không thuộc ETALON_TRUSTED_PROXIES; quá số này thì bị \
         đóng ngay.",
    en: "Open connections of one address that is not in ETALON_TRUSTED_PROXIES; those beyond are closed \
         at once.",
    values: Values::Number(1..=100_000),
};

static REQUESTS: Setting = Setting {
    name: "ETALON_REQUESTS",
    // Each has a thread and most of them a connection to the database: some more than those, so that
    // none is idle, and not so many that all become slow.
    default: Some("32"),
    secret: false,
    vi: "Số yêu cầu được xử lý cùng lúc (một lần nhập hay một lô chiếm 8).",
    en: "Requests that are worked on at once (an import or a batch takes 8).",
    values: Values::Number(1..=256),
};

static REQUESTS_WAITING: Setting = Setting {
    name: "ETALON_REQUESTS_WAITING",
    // At some hundred answers a second the last of them waits half a second.
    default: Some("128"),
    secret: false,
    vi: "Số yêu cầu chờ tới lượt, mỗi yêu cầu không quá 5 giây; quá số này thì trả lời 503.",
    en: "Requests that wait for their turn, 5 seconds at most; beyond them the answer is 503.",
    values: Values::Number(0..=10_000),
};

static STREAMS: Setting = Setting {
    name: "ETALON_STREAMS",
    // Each holds a thread, and some of them a connection to the database, while their clients read.
    default: Some("16"),
    secret: false,
    vi: "Số câu trả lời từng dòng (NDJSON) được gửi cùng lúc; quá số này thì trả lời 503.",
    en: "Answers of a line at a time (NDJSON) that are sent at once; beyond them the answer is 503.",
    values: Values::Number(1..=128),
};

static BODY_MIB: Setting = Setting {
    name: "ETALON_BODY_MIB",
    // Four imports of the largest size.
    default: Some("256"),
    secret: false,
    vi: "Dung lượng mọi nội dung đang nhận và đang xử lý (MiB); quá số này thì trả lời 503. Một lần \
         nhập cần 64.",
    en: "All bodies that come in or are worked on, in MiB; beyond that the answer is 503. An import \
         needs 64.",
    values: Values::Number(64..=65_536),
};

static IDLE_SECONDS: Setting = Setting {
    name: "ETALON_IDLE_SECONDS",
    // Longer than the 60 s after which proxies close a connection themselves, so that none sends a
    // request into one that is being closed.
    default: Some("75"),
    secret: false,
    vi: "Thời gian một kết nối được chờ yêu cầu tiếp theo.",
    en: "How long a connection may wait for its next request.",
    values: Values::Seconds(1..=3_600),
};

static STALL_SECONDS: Setting = Setting {
    name: "ETALON_STALL_SECONDS",
    // A line that is lost for half a minute is lost.
    default: Some("30"),
    secret: false,
    vi: "Thời gian một máy khách được không nhận gì của câu trả lời trước khi bị ngắt.",
    en: "How long a client may take nothing of its answer before it is cut off.",
    values: Values::Seconds(1..=3_600),
};

static STREAM_SECONDS: Setting = Setting {
    name: "ETALON_STREAM_SECONDS",
    // A million entries of the log at 2 MB/s; who reads more slowly goes on after the last index.
    default: Some("600"),
    secret: false,
    vi: "Thời gian dài nhất của một câu trả lời từng dòng (NDJSON).",
    en: "The longest that an answer of a line at a time (NDJSON) may take.",
    values: Values::Seconds(1..=86_400),
};

static SIGNING_KEY_FILE: Setting = Setting {
    name: "ETALON_SIGNING_KEY_FILE",
    default: None,
    secret: false,
    vi: "Tệp khoá riêng ký mã truy cập: PEM, PKCS#8, Ed25519 hoặc P-256. Bắt buộc với PostgreSQL; \
         với SQLite, để trống: signing-key.pem trong ETALON_DATA_DIR, được tạo khi chưa có.",
    en: "File of the private key that signs tokens: PEM, PKCS#8, Ed25519 or P-256. Required with \
         PostgreSQL; with SQLite, when empty, signing-key.pem in ETALON_DATA_DIR, made if missing.",
    values: Values::Path,
};

static TOKEN_MINUTES: Setting = Setting {
    name: "ETALON_TOKEN_MINUTES",
    default: Some("15"),
    secret: false,
    vi: "Thời hạn của một mã truy cập.",
    en: "How long a token is valid.",
    // A token cannot be called back, so it is short (api.md: at most 15 minutes).
    values: Values::Minutes(1..=15),
};

static SETUP_KEY_FILE: Setting = Setting {
    name: "ETALON_SETUP_KEY_FILE",
    default: None,
    secret: false,
    vi: "Tệp nhận khoá thiết lập dùng một lần; để trống thì khoá được in ra.",
    en: "File to which the one-time set-up key is written; when empty, it is printed.",
    values: Values::Path,
};

static PUBLISHED_KEYS_DIR: Setting = Setting {
    name: "ETALON_PUBLISHED_KEYS_DIR",
    default: None,
    secret: false,
    vi: "Thư mục các khoá (tệp .pem, chỉ cần nửa công khai) được công bố và mã truy cập của chúng \
         được tin nhưng không ký: khoá kế tiếp và khoá trước đó, khi thay khoá ký.",
    en: "Folder of keys (files .pem, the public half is enough) that are published and whose tokens \
         are good, but which do not sign: the next one and the former, when the signing key is \
         rotated.",
    values: Values::Path,
};

static KEY_DAYS: Setting = Setting {
    name: "ETALON_KEY_DAYS",
    default: None,
    secret: false,
    vi: "Thời hạn dài nhất của một khoá API mới; để trống thì không giới hạn.",
    en: "The longest that a new API key may be good; when empty, without end.",
    // Ten years: what is to be good for longer may as well be without end.
    values: Values::Days(1..=3_653),
};

static ISSUERS_FILE: Setting = Setting {
    name: "ETALON_ISSUERS_FILE",
    default: None,
    secret: false,
    vi: "Tệp JSON các bên phát hành khác mà mã truy cập được tin (OpenID Connect); \
         docs/identity.md nói cách viết. Để trống thì không tin ai khác.",
    en: "JSON file of other issuers whose tokens are believed (OpenID Connect); docs/identity.md \
         says how it is written. When empty, nobody else.",
    values: Values::Path,
};

static TRUST_DIR: Setting = Setting {
    name: "ETALON_TRUST_DIR",
    default: None,
    secret: false,
    vi: "Thư mục các tổ chức được tin cậy khi kiểm tra chữ ký của giấy chứng nhận: anchors/, \
         intermediates/, revocation/ với các tệp PEM hoặc DER; để trống thì không tin ai.",
    en: "Folder of the authorities that are trusted when signatures of certificates are checked: \
         anchors/, intermediates/, revocation/ with PEM or DER files; when empty, nobody.",
    values: Values::Path,
};

static LOG: Setting = Setting {
    name: "ETALON_LOG",
    default: Some("info"),
    secret: false,
    vi: "Những gì được ghi nhật ký.",
    en: "What is logged.",
    values: Values::LogDirectives,
};

static LOG_FORMAT: Setting = Setting {
    name: "ETALON_LOG_FORMAT",
    default: Some("text"),
    secret: false,
    vi: "Dạng của một dòng nhật ký.",
    en: "How a line of the log is written.",
    values: Values::LogFormat,
};

static OTLP_ENDPOINT: Setting = Setting {
    name: "ETALON_OTLP_ENDPOINT",
    default: None,
    secret: false,
    vi: "Bộ thu OpenTelemetry nhận vết của các yêu cầu (OTLP qua HTTP, /v1/traces được thêm vào sau), \
         như http://127.0.0.1:4318; để trống thì không gửi gì.",
    en: "The OpenTelemetry collector that traces of requests are sent to (OTLP over HTTP, /v1/traces is \
         put behind it), such as http://127.0.0.1:4318; when empty, nothing is sent.",
    values: Values::WebAddress,
};

/// All settings as a file of variables with everything commented out: `.env.example`.
pub fn example() -> String {
    let mut text = String::from(
        "# Mọi thiết lập của etalon, với giá trị mặc định; biến để trống cũng như không có.\n\
         # All settings of etalon with their defaults; an empty variable counts as absent.\n\
         # Made from the table in src/config.rs: change it there (tests/deployment.rs says how).\n",
    );
    for section in &SECTIONS {
        // Writing to a text cannot fail.
        let _ = writeln!(text, "\n\n# ==== {} · {}", section.vi, section.en);
        for setting in section.settings {
            let Setting { name, vi, en, .. } = setting;
            let expected = setting.values.text();
            let secret = if setting.secret { ("; bí mật", "; a secret") } else { ("", "") };
            let _ = write!(
                text,
                "\n# {vi}\n#   {}{}\n# {en}\n#   {}{}\n#{name}={}\n",
                expected.vi,
                secret.0,
                expected.en,
                secret.1,
                setting.default.unwrap_or_default(),
            );
        }
    }
    text
}

// ---------------------------------------------------------------------------------------------
// Reading

impl Config {
    /// Reads the settings of this process.
    ///
    /// # Errors
    /// Everything that is wrong with them, each with the name of its variable.
    #[expect(clippy::disallowed_methods, reason = "this is the one place that reads settings")]
    pub fn from_environment() -> Result<Self, Faults> {
        Self::read(|name| std::env::var_os(name))
    }

    /// What holds when nothing is set.
    ///
    /// # Errors
    /// None, as a test proves.
    pub fn of_defaults() -> Result<Self, Faults> {
        Self::read(|_| None)
    }

    fn read(variable: impl Fn(&str) -> Option<OsString>) -> Result<Self, Faults> {
        let mut reader = Reader { variable, faults: Vec::new() };
        let sections = (reader.database(), reader.server(), reader.identity(), reader.logging());
        let kcdb = reader.kcdb();
        let trust_dir = reader.path(&TRUST_DIR);
        let otlp_endpoint =
            reader.parsed(&OTLP_ENDPOINT, |text| is_web_address(text).then(|| text.into()));
        match (sections, kcdb) {
            ((Some(database), Some(server), Some(identity), Some(logging)), Some(kcdb))
                if reader.faults.is_empty() =>
            {
                Ok(Self { database, server, identity, kcdb, trust_dir, logging, otlp_endpoint })
            }
            _ => Err(Faults(reader.faults)),
        }
    }
}

/// Reads settings and keeps what is wrong with them. A section is `None` only if something in it
/// is wrong.
struct Reader<V> {
    variable: V,
    faults: Vec<Fault>,
}

impl<V: Fn(&str) -> Option<OsString>> Reader<V> {
    fn database(&mut self) -> Option<Database> {
        let url = self.text(&DATABASE_URL).map(Secret);
        let data_dir = self.path(&DATA_DIR);
        let wait = self.duration(&DATABASE_WAIT_SECONDS);
        Some(Database { url, data_dir: data_dir?, wait: wait? })
    }

    fn server(&mut self) -> Option<Server> {
        let listen: Option<SocketAddr> = self.parsed(&LISTEN, |text| text.parse().ok());
        let public_url = self.parsed(&PUBLIC_URL, |text| is_web_address(text).then(|| text.into()));
        let trusted_proxies = self.networks(&TRUSTED_PROXIES);
        let request_time = self.duration(&REQUEST_SECONDS);
        let shutdown_time = self.duration(&SHUTDOWN_SECONDS);
        let metrics = self.parsed(&METRICS, Switch::from_word);
        let cors_origins = self.parsed(&CORS_ORIGINS, origins).unwrap_or_default();
        let (rates, limits) = (self.rates(), self.limits());
        let listen = listen?;
        Some(Server {
            listen,
            public_url: public_url.unwrap_or_else(|| format!("http://{listen}")),
            request_time: request_time?,
            shutdown_time: shutdown_time?,
            metrics: metrics? == Switch::On,
            trusted_proxies,
            cors_origins,
            rates: rates?,
            limits: limits?,
        })
    }

    fn rates(&mut self) -> Option<Rates> {
        let all = [&RATE_PRINCIPAL, &RATE_ADDRESS, &RATE_CHECKS, &RATE_FAILURES];
        let [principal, address, checks, failures] = all.map(|setting| self.number(setting));
        Some(Rates {
            principal: NonZeroU32::new(principal?),
            address: NonZeroU32::new(address?),
            checks: NonZeroU32::new(checks?),
            failures: NonZeroU32::new(failures?),
        })
    }

    fn limits(&mut self) -> Option<Limits> {
        let numbers = [
            &CONNECTIONS,
            &CONNECTIONS_OF_ADDRESS,
            &REQUESTS,
            &REQUESTS_WAITING,
            &STREAMS,
            &BODY_MIB,
        ];
        let [connections, connections_of_address, requests, waiting, streams, body_mebibytes] =
            numbers.map(|setting| self.number(setting));
        let times = [&IDLE_SECONDS, &STALL_SECONDS, &STREAM_SECONDS];
        let [idle_time, stall_time, stream_time] = times.map(|setting| self.duration(setting));
        Some(Limits {
            connections: connections?,
            connections_of_address: connections_of_address?,
            requests: requests?,
            waiting: waiting?,
            streams: streams?,
            body_mebibytes: body_mebibytes?,
            idle_time: idle_time?,
            stall_time: stall_time?,
            stream_time: stream_time?,
        })
    }

    fn identity(&mut self) -> Option<Identity> {
        let signing_key_file = self.path(&SIGNING_KEY_FILE);
        let published_keys_dir = self.path(&PUBLISHED_KEYS_DIR);
        let token_lifetime = self.duration(&TOKEN_MINUTES);
        let longest_key = self.duration(&KEY_DAYS);
        let setup_key_file = self.path(&SETUP_KEY_FILE);
        let issuers_file = self.path(&ISSUERS_FILE);
        Some(Identity {
            signing_key_file,
            published_keys_dir,
            token_lifetime: token_lifetime?,
            longest_key,
            setup_key_file,
            issuers_file,
        })
    }

    fn kcdb(&mut self) -> Option<Kcdb> {
        let url = self.parsed(&KCDB_URL, |text| is_web_address(text).then(|| text.into()));
        Some(Kcdb { url: url? })
    }

    fn logging(&mut self) -> Option<Logging> {
        let filter = self.parsed(&LOG, |text| is_log_filter(text).then(|| text.into()));
        let format = self.parsed(&LOG_FORMAT, LogFormat::from_word);
        Some(Logging { filter: filter?, format: format? })
    }

    /// What a variable is set to; nothing when it is empty, as in a file of variables.
    fn set(&self, setting: &Setting) -> Option<OsString> {
        (self.variable)(setting.name).filter(|value| !value.is_empty())
    }

    fn path(&self, setting: &Setting) -> Option<PathBuf> {
        self.set(setting).or_else(|| setting.default.map(OsString::from)).map(PathBuf::from)
    }

    fn text(&mut self, setting: &Setting) -> Option<String> {
        self.parsed(setting, |text| Some(text.to_owned()))
    }

    /// Networks; none where nothing is set or, with a fault, where they cannot be read.
    fn networks(&mut self, setting: &Setting) -> Vec<IpNet> {
        let network = |text: &str| -> Option<IpNet> {
            text.parse().ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from))
        };
        self.parsed(setting, |text| text.split(',').map(|one| network(one.trim())).collect())
            .unwrap_or_default()
    }

    fn number(&mut self, setting: &Setting) -> Option<u32> {
        let Values::Number(range) = &setting.values else { return None };
        self.parsed(setting, |text| text.parse().ok().filter(|number| range.contains(number)))
    }

    fn duration(&mut self, setting: &Setting) -> Option<Duration> {
        let (range, seconds) = match &setting.values {
            Values::Seconds(range) => (range, 1),
            Values::Minutes(range) => (range, 60),
            Values::Days(range) => (range, 24 * 3_600),
            _ => return None,
        };
        let number = self.parsed(setting, |text| {
            text.parse().ok().filter(|number: &u64| range.contains(number))
        });
        number.map(|number| Duration::from_secs(number * seconds))
    }

    /// What a setting says, or else its default; a fault when that cannot be read.
    fn parsed<T>(&mut self, setting: &Setting, parse: impl Fn(&str) -> Option<T>) -> Option<T> {
        let text = match self.set(setting).map(OsString::into_string) {
            Some(Ok(text)) => text,
            Some(Err(_)) => {
                let message = Text::new("không phải văn bản UTF-8", "is no UTF-8 text");
                self.fault(setting, "bad_setting", message);
                return None;
            }
            None => setting.default?.to_owned(),
        };
        let value = parse(&text);
        if value.is_none() {
            let expected = setting.values.text();
            let message = match setting.secret {
                true => Text::new(
                    format!("không đọc được; cần {}", expected.vi),
                    format!("cannot be read; expected {}", expected.en),
                ),
                false => Text::new(
                    format!("có “{}”, cần {}", shortened(&text), expected.vi),
                    format!("found “{}”, expected {}", shortened(&text), expected.en),
                ),
            };
            self.fault(setting, "bad_setting", message);
        }
        value
    }

    fn fault(&mut self, setting: &Setting, code: &'static str, message: Text) {
        self.faults.push(Fault::error(setting.name, code, message));
    }
}

/// Whether clients can be sent to an address and paths can be put behind it.
fn is_web_address(text: &str) -> bool {
    let rest = text.strip_prefix("http://").or_else(|| text.strip_prefix("https://"));
    rest.is_some_and(|rest| {
        let host = rest.split('/').next().unwrap_or_default();
        let is_strange = |letter: char| {
            !letter.is_ascii_graphic() || matches!(letter, '?' | '#' | '@' | '\\' | '"' | '<' | '>')
        };
        !host.is_empty()
            && !host.starts_with(':')
            && !rest.ends_with('/')
            && !rest.contains(is_strange)
    })
}

/// Origins with commas between them. An origin is an address without a path.
fn origins(text: &str) -> Option<Vec<String>> {
    let origin = |text: &str| {
        let (_, host) = text.split_once("://")?;
        (is_web_address(text) && !host.contains('/')).then(|| text.to_owned())
    };
    text.split(',').map(|one| origin(one.trim())).collect()
}

/// Whether a filter of the log can be read. A lone word that is no level would be taken for the name
/// of a module, and nothing else be logged: `warning` instead of `warn`.
fn is_log_filter(text: &str) -> bool {
    const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];
    let is_clear = |directive: &str| {
        directive.contains(['=', '[', ']'])
            || LEVELS.iter().any(|level| directive.eq_ignore_ascii_case(level))
    };
    text.split(',').all(is_clear) && EnvFilter::try_new(text).is_ok()
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;

    fn read(set: &[(&str, &str)]) -> Result<Config, Faults> {
        Config::read(|name| {
            set.iter().find(|(set, _)| *set == name).map(|(_, value)| OsString::from(value))
        })
    }

    /// The names of the variables that are at fault, with the codes.
    fn faults(set: &[(&str, &str)]) -> Vec<(String, &'static str)> {
        let Faults(faults) = read(set).expect_err("a setting is wrong");
        faults.into_iter().map(|fault| (fault.pointer, fault.code)).collect()
    }

    #[test]
    fn what_is_not_set_has_its_default() {
        let none = read(&[]).expect("no setting is wrong");
        let expected = Config {
            database: Database {
                url: None,
                data_dir: "etalon-data".into(),
                wait: Duration::from_secs(30),
            },
            server: Server {
                listen: ([127, 0, 0, 1], 8080).into(),
                public_url: "http://127.0.0.1:8080".into(),
                request_time: Duration::from_secs(30),
                shutdown_time: Duration::from_secs(30),
                metrics: false,
                trusted_proxies: Vec::new(),
                cors_origins: Vec::new(),
                rates: Rates {
                    principal: NonZeroU32::new(600),
                    address: NonZeroU32::new(300),
                    checks: NonZeroU32::new(20),
                    failures: NonZeroU32::new(20),
                },
                limits: Limits {
                    connections: 512,
                    connections_of_address: 64,
                    requests: 32,
                    waiting: 128,
                    streams: 16,
                    body_mebibytes: 256,
                    idle_time: Duration::from_secs(75),
                    stall_time: Duration::from_secs(30),
                    stream_time: Duration::from_secs(600),
                },
            },
            identity: Identity {
                signing_key_file: None,
                published_keys_dir: None,
                token_lifetime: Duration::from_secs(15 * 60),
                longest_key: None,
                setup_key_file: None,
                issuers_file: None,
            },
            kcdb: Kcdb { url: "https://www.bipm.org/api/kcdb".into() },
            trust_dir: None,
            logging: Logging { filter: "info".into(), format: LogFormat::Text },
            otlp_endpoint: None,
        };
        assert_eq!(none, expected);
        let empty = Config::read(|_| Some(OsString::new())).expect("no setting is wrong");
        assert_eq!(empty, none);
    }

    #[test]
    fn what_is_set_is_read() {
        let set = read(&[
            ("DATABASE_URL", "postgres://registry@db/etalon"),
            ("ETALON_KCDB_URL", "http://127.0.0.1:9/kcdb"),
            ("ETALON_DATA_DIR", "/var/lib/etalon"),
            ("ETALON_DATABASE_WAIT_SECONDS", "0"),
            ("ETALON_LISTEN", "[::]:80"),
            ("ETALON_PUBLIC_URL", "https://etalon.example.vn/registry"),
            ("ETALON_TRUSTED_PROXIES", "127.0.0.1, 10.0.0.0/8,::1"),
            ("ETALON_REQUEST_SECONDS", "600"),
            ("ETALON_SHUTDOWN_SECONDS", "5"),
            ("ETALON_METRICS", "on"),
            ("ETALON_CORS_ORIGINS", "https://a.vn, http://[::1]:8080"),
            ("ETALON_RATE_PRINCIPAL", "0"),
            ("ETALON_RATE_ADDRESS", "1"),
            ("ETALON_RATE_CHECKS", "2"),
            ("ETALON_RATE_FAILURES", "1000000"),
            ("ETALON_CONNECTIONS", "4"),
            ("ETALON_CONNECTIONS_OF_ADDRESS", "1"),
            ("ETALON_REQUESTS", "256"),
            ("ETALON_REQUESTS_WAITING", "0"),
            ("ETALON_STREAMS", "2"),
            ("ETALON_BODY_MIB", "64"),
            ("ETALON_IDLE_SECONDS", "60"),
            ("ETALON_STALL_SECONDS", "1"),
            ("ETALON_STREAM_SECONDS", "86400"),
            ("ETALON_SIGNING_KEY_FILE", "/run/secrets/key"),
            ("ETALON_TOKEN_MINUTES", "1"),
            ("ETALON_SETUP_KEY_FILE", "/tmp/setup"),
            ("ETALON_PUBLISHED_KEYS_DIR", "/run/secrets/keys"),
            ("ETALON_KEY_DAYS", "365"),
            ("ETALON_ISSUERS_FILE", "/etc/etalon/issuers.json"),
            ("ETALON_TRUST_DIR", "/etc/etalon/trust"),
            ("ETALON_LOG", "warn,etalon::http=debug"),
            ("ETALON_LOG_FORMAT", "json"),
            ("ETALON_OTLP_ENDPOINT", "http://127.0.0.1:4318"),
        ]);
        let expected = Config {
            database: Database {
                url: Some(Secret("postgres://registry@db/etalon".into())),
                data_dir: "/var/lib/etalon".into(),
                wait: Duration::ZERO,
            },
            server: Server {
                listen: (std::net::Ipv6Addr::UNSPECIFIED, 80).into(),
                public_url: "https://etalon.example.vn/registry".into(),
                request_time: Duration::from_secs(600),
                shutdown_time: Duration::from_secs(5),
                metrics: true,
                trusted_proxies: ["127.0.0.1/32", "10.0.0.0/8", "::1/128"]
                    .map(|network| network.parse().expect("a network"))
                    .to_vec(),
                cors_origins: vec!["https://a.vn".into(), "http://[::1]:8080".into()],
                rates: Rates {
                    principal: None,
                    address: NonZeroU32::new(1),
                    checks: NonZeroU32::new(2),
                    failures: NonZeroU32::new(1_000_000),
                },
                limits: Limits {
                    connections: 4,
                    connections_of_address: 1,
                    requests: 256,
                    waiting: 0,
                    streams: 2,
                    body_mebibytes: 64,
                    idle_time: Duration::from_secs(60),
                    stall_time: Duration::from_secs(1),
                    stream_time: Duration::from_secs(86_400),
                },
            },
            identity: Identity {
                signing_key_file: Some("/run/secrets/key".into()),
                published_keys_dir: Some("/run/secrets/keys".into()),
                token_lifetime: Duration::from_secs(60),
                longest_key: Some(Duration::from_secs(365 * 24 * 3_600)),
                setup_key_file: Some("/tmp/setup".into()),
                issuers_file: Some("/etc/etalon/issuers.json".into()),
            },
            kcdb: Kcdb { url: "http://127.0.0.1:9/kcdb".into() },
            trust_dir: Some("/etc/etalon/trust".into()),
            logging: Logging { filter: "warn,etalon::http=debug".into(), format: LogFormat::Json },
            otlp_endpoint: Some("http://127.0.0.1:4318".into()),
        };
        assert_eq!(set.expect("no setting is wrong"), expected);
    }

    #[test]
    fn the_table_has_every_variable_that_is_read_and_no_other() {
        let asked = RefCell::new(Vec::new());
        let _ = Config::read(|name| {
            asked.borrow_mut().push(name.to_owned());
            None
        });
        let mut asked = asked.into_inner();
        asked.sort();
        asked.dedup();
        let settings = SECTIONS.iter().flat_map(|section| section.settings);
        let mut table: Vec<&str> = settings.map(|setting| setting.name).collect();
        table.sort_unstable();
        assert_eq!(asked, table);
    }

    #[test]
    fn all_mistakes_are_reported_together() {
        let found = faults(&[
            ("ETALON_DATABASE_WAIT_SECONDS", "soon"),
            ("ETALON_LISTEN", "localhost"),
            ("ETALON_PUBLIC_URL", "etalon.example.vn"),
            ("ETALON_TRUSTED_PROXIES", "10.0.0.0/8;127.0.0.1"),
            ("ETALON_REQUEST_SECONDS", "0"),
            ("ETALON_SHUTDOWN_SECONDS", "601"),
            ("ETALON_METRICS", "yes"),
            ("ETALON_CORS_ORIGINS", "https://a.vn/page"),
            ("ETALON_RATE_ADDRESS", "-1"),
            ("ETALON_CONNECTIONS", "3"),
            ("ETALON_TOKEN_MINUTES", "16"),
            ("ETALON_KEY_DAYS", "0"),
            ("ETALON_LOG", "warning"),
            ("ETALON_LOG_FORMAT", "xml"),
            ("ETALON_OTLP_ENDPOINT", "localhost:4318"),
        ]);
        let expected = [
            ("ETALON_DATABASE_WAIT_SECONDS", "bad_setting"),
            ("ETALON_LISTEN", "bad_setting"),
            ("ETALON_PUBLIC_URL", "bad_setting"),
            ("ETALON_TRUSTED_PROXIES", "bad_setting"),
            ("ETALON_REQUEST_SECONDS", "bad_setting"),
            ("ETALON_SHUTDOWN_SECONDS", "bad_setting"),
            ("ETALON_METRICS", "bad_setting"),
            ("ETALON_CORS_ORIGINS", "bad_setting"),
            ("ETALON_RATE_ADDRESS", "bad_setting"),
            ("ETALON_CONNECTIONS", "bad_setting"),
            ("ETALON_TOKEN_MINUTES", "bad_setting"),
            ("ETALON_KEY_DAYS", "bad_setting"),
            ("ETALON_LOG", "bad_setting"),
            ("ETALON_LOG_FORMAT", "bad_setting"),
            ("ETALON_OTLP_ENDPOINT", "bad_setting"),
        ];
        assert_eq!(found, expected.map(|(name, code)| (name.to_owned(), code)));
    }

    #[test]
    fn a_fault_says_what_was_found_and_what_is_expected() {
        let Faults(faults) = read(&[("ETALON_TOKEN_MINUTES", "60")]).expect_err("too long");
        assert_eq!(
            faults[0].message.en,
            "found “60”, expected a whole number of minutes from 1 to 15"
        );
        assert_eq!(faults[0].message.vi, "có “60”, cần số phút nguyên từ 1 đến 15");
        let Faults(faults) = read(&[("ETALON_METRICS", "1")]).expect_err("no word");
        assert_eq!(faults[0].message.en, "found “1”, expected on or off");
    }

    #[cfg(unix)]
    #[test]
    fn what_is_no_text_is_a_fault_of_its_variable_alone() {
        use std::os::unix::ffi::OsStringExt;

        let bytes = OsString::from_vec(vec![b'/', 0xff]);
        let read = Config::read(|name| match name {
            "DATABASE_URL" | "ETALON_DATA_DIR" | "ETALON_LOG" => Some(bytes.clone()),
            _ => None,
        });
        let Faults(faults) = read.expect_err("two are no text");
        let names: Vec<_> = faults.iter().map(|fault| fault.pointer.as_str()).collect();
        // A path need not be text.
        assert_eq!(names, ["DATABASE_URL", "ETALON_LOG"]);
    }

    #[test]
    fn a_secret_is_not_shown() {
        let config = read(&[("DATABASE_URL", "postgres://registry:hunter2@db/etalon")]);
        let config = config.expect("no setting is wrong");
        assert!(!format!("{config:?} {config:#?}").contains("hunter2"));
        let url = config.database.url.expect("it is set");
        assert_eq!(url.reveal(), "postgres://registry:hunter2@db/etalon");
    }

    #[test]
    fn addresses_that_clients_can_see() {
        for good in ["http://a", "https://a.vn:8443", "http://[::1]:8080", "https://a.vn/b/c"] {
            assert!(is_web_address(good), "{good}");
        }
        for bad in [
            "a.vn",
            "ftp://a.vn",
            "HTTP://a.vn",
            "https://",
            "https://:80",
            "https:///path",
            "https://a.vn/",
            "https://a.vn/b/",
            "https://a.vn?b",
            "https://a.vn#b",
            "https://user@a.vn",
            "https://a vn",
            "https://đo.vn",
        ] {
            assert!(!is_web_address(bad), "{bad}");
        }
    }

    #[test]
    fn filters_of_the_log() {
        for good in
            ["info", "OFF", "warn,etalon=debug", "etalon::http=trace,info", "[request]=debug"]
        {
            assert!(is_log_filter(good), "{good}");
        }
        for bad in [
            "warning",
            "etalon",
            "info,inof",
            "etalon=loud",
            "a=b=c",
            "info,,",
            ",",
            "warn, etalon=debug",
        ] {
            assert!(!is_log_filter(bad), "{bad}");
        }
    }

    #[test]
    fn the_example_sets_nothing_and_shows_every_default() {
        let example = example();
        assert!(example.lines().all(|line| line.is_empty() || line.starts_with('#')));
        for section in &SECTIONS {
            for setting in section.settings {
                let line = format!("\n#{}={}\n", setting.name, setting.default.unwrap_or_default());
                assert_eq!(example.matches(&line).count(), 1, "{}", setting.name);
            }
        }
    }
}
