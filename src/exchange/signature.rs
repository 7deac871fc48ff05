//! The electronic signature of a digital calibration certificate: whether the document is the one
//! that was signed, by whom, and whether the signer was trusted at a time.
//!
//! What lives here: [`check`], its [`SignatureOutcome`], and [`Trust`], the certificates of authorities that
//! whoever runs the registry trusts. What does not: the content of the certificate (`dcc`), and any
//! fetching: no file, no network, no clock. That the signer is the laboratory the document names is
//! for people to say: a signature covers the document, not this.
//!
//! Supported is what laboratories use: one enveloped signature (XML Signature) or XAdES baseline B,
//! T and LT, canonical XML 1.0, 1.1 and exclusive, SHA-256 to SHA-512 with RSA or ECDSA. A document
//! may be signed in a way that is right and not supported here; that is told apart from a signature
//! that is wrong.
//!
//! How a signature is kept from covering something else than what is read:
//!
//! - the signature is a child of the root, and the only one;
//! - one reference covers the whole document, and the only other one its own signed properties;
//!   both targets are found by their place, never by an identifier alone, and no identifier is there
//!   twice;
//! - the parser that the canonical form comes from and the one the records are read with must see
//!   the same document (`same_reading`);
//! - comments, which no such signature covers, must not stand within a value.

mod certificate;
mod key;
mod time_stamp;

use std::collections::BTreeSet;

use base64ct::{Base64, Encoding as _};
use bergshamra_c14n::{C14nMode, canonicalize_doc};
use bergshamra_xml::NodeSet;
use uppsala::{Document, NodeId, NodeKind, Parser};

use self::certificate::{Certificate, RevocationList, Standing};
use self::key::{Encoding, Hash, Scheme};
use self::time_stamp::TimeStamp;
use super::xml::{MOST_ATTRIBUTES, crowded};
use crate::domain::period::Instant;
use crate::domain::signature::DocumentSignature;
use crate::domain::text::Text;

pub use crate::domain::signature::{SignatureStatus, SignatureStep};

const DCC: &str = "https://ptb.de/dcc";
const DCC_ROOT: &str = "digitalCalibrationCertificate";
const DSIG: &str = "http://www.w3.org/2000/09/xmldsig#";
const XADES: &str = "http://uri.etsi.org/01903/v1.3.2#";
const EXCLUSIVE: &str = "http://www.w3.org/2001/10/xml-exc-c14n#";
const XML: &str = "http://www.w3.org/XML/1998/namespace";
const ENVELOPED: &str = "http://www.w3.org/2000/09/xmldsig#enveloped-signature";

/// The deepest nesting of elements that is read.
const DEEPEST: u32 = 128;
/// The most comments and processing instructions beside the root.
const MOST_BESIDE_ROOT: usize = 64;
/// The most declarations of namespaces in force at one place, and the most prefixes a
/// canonicalization may list.
const MOST_NAMESPACES: usize = 32;
/// The most certificates, and the most revocation lists, that are read of one signature.
const MOST_EMBEDDED: usize = 32;

/// What the registry's operator trusts: certificates of authorities (trust anchors), further
/// certificates that help to find the way to them, and revocation lists.
#[derive(Debug, Clone, Default)]
pub struct Trust {
    anchors: Vec<Certificate>,
    intermediates: Vec<Certificate>,
    lists: Vec<RevocationList>,
}

impl Trust {
    /// Trusts nobody: every signature that is right comes out as [`SignatureStatus::ValidUntrusted`].
    pub fn nobody() -> Self {
        Self::default()
    }

    /// Trusts the authorities whose certificates are in the bytes (PEM, any number; or DER, one).
    ///
    /// Those of time-stamp authorities belong here too.
    ///
    /// # Errors
    /// When there is no certificate in them, or one cannot be read.
    pub fn with_anchors(mut self, bytes: &[u8]) -> Result<Self, TrustError> {
        self.anchors.extend(certificates(bytes)?);
        Ok(self)
    }

    /// Knows the certificates in the bytes (PEM, any number; or DER, one), without trusting them.
    ///
    /// # Errors
    /// When there is no certificate in them, or one cannot be read.
    pub fn with_intermediates(mut self, bytes: &[u8]) -> Result<Self, TrustError> {
        self.intermediates.extend(certificates(bytes)?);
        Ok(self)
    }

    /// Knows the revocation lists in the bytes (PEM, any number; or DER, one).
    ///
    /// # Errors
    /// When there is no revocation list in them, or one cannot be read.
    pub fn with_revocation_lists(mut self, bytes: &[u8]) -> Result<Self, TrustError> {
        let blocks = blocks(bytes, "X509 CRL", "revocation list", "danh sách thu hồi")?;
        for (index, block) in blocks.iter().enumerate() {
            let list = RevocationList::read(block).map_err(|error| {
                TrustError::unreadable("revocation list", "danh sách thu hồi", index, &error)
            })?;
            self.lists.push(list);
        }
        Ok(self)
    }
}

fn certificates(bytes: &[u8]) -> Result<Vec<Certificate>, TrustError> {
    let blocks = blocks(bytes, "CERTIFICATE", "certificate", "chứng thư số")?;
    let read = |(index, block): (usize, &Vec<u8>)| {
        Certificate::read(block)
            .map_err(|error| TrustError::unreadable("certificate", "chứng thư số", index, &error))
    };
    blocks.iter().enumerate().map(read).collect()
}

fn blocks(bytes: &[u8], label: &str, en: &str, vi: &str) -> Result<Vec<Vec<u8>>, TrustError> {
    let blocks = certificate::blocks(bytes, label).map_err(|number| {
        TrustError(Text::new(
            format!("khối PEM thứ {number} bị hỏng"),
            format!("PEM block {number} is damaged"),
        ))
    })?;
    if blocks.is_empty() {
        return Err(TrustError(Text::new(
            format!("không có {vi} nào (khối PEM {label})"),
            format!("there is no {en} (PEM block {label})"),
        )));
    }
    Ok(blocks)
}

/// Why configured certificates or revocation lists cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.0.en)]
pub struct TrustError(pub Text);

impl TrustError {
    fn unreadable(en: &str, vi: &str, index: usize, error: &der::Error) -> Self {
        let number = index + 1;
        Self(Text::new(
            format!("{vi} thứ {number} không đọc được: {error}"),
            format!("{en} {number} cannot be read: {error}"),
        ))
    }
}

answer! {
    /// Whom the certificate of the signature names.
    #[derive(PartialEq, Eq)]
    Signer {
        /// Common name (CN).
        common_name: Option<String>,
        /// Organisation (O).
        organisation: Option<String>,
        /// The whole name (RFC 4514).
        subject: String,
        /// The name of the authority that issued the certificate (RFC 4514).
        issuer: String,
        /// Serial number of the certificate, in hexadecimal digits.
        serial: String,
        /// Since when the certificate holds.
        valid_from: Instant,
        /// Until when the certificate holds.
        valid_until: Instant,
    }
}

impl Signer {
    fn of(certificate: &Certificate) -> Self {
        let (valid_from, valid_until) = certificate.validity();
        Self {
            common_name: certificate.common_name(),
            organisation: certificate.organisation(),
            subject: certificate.subject(),
            issuer: certificate.issuer(),
            serial: certificate.serial(),
            valid_from,
            valid_until,
        }
    }
}

vocabulary! {
    /// Where the time comes from at which the signer had to be trusted.
    TimeSource {
        /// The caller knows that the signature existed then.
        Caller = "caller",
        /// A time stamp of a trusted authority proves that the signature existed then.
        TimeStamp = "time_stamp",
        /// Nothing proves when the signature was made: the time of the check.
        Now = "now",
    }
}

answer! {
    /// What came of checking the signature of a document, and what it was found out by.
    #[derive(PartialEq, Eq)]
    SignatureOutcome {
        /// What came of it.
        status: SignatureStatus,
        /// The step that the check ended at, unless everything was as it should be.
        failed: Option<SignatureStep>,
        /// What was found, in words.
        explanation: Text,
        /// Whom the certificate of the signature names. Not to be relied on unless the status says
        /// that the document is the one that was signed.
        signer: Option<Signer>,
        /// When the signer says to have signed (XAdES): a claim that is signed along, not a proof.
        signing_time: Option<Instant>,
        /// The time of the first time stamp over the signature that is intact. It counts as a proof
        /// only if `time_source` says so.
        time_stamp: Option<Instant>,
        /// The time at which the signer had to be trusted.
        verified_at: Instant,
        /// Where that time comes from.
        time_source: TimeSource,
        /// Whether for every certificate below the anchor a revocation list of that time was at hand.
        /// Without one nothing is known against a certificate, and nothing for it.
        revocation_known: bool,
    }
}

impl SignatureOutcome {
    /// The outcome as it stands in the record of a certificate.
    pub fn record(&self) -> DocumentSignature {
        let signer = self.signer.as_ref();
        DocumentSignature {
            status: self.status,
            verified_at: Some(self.verified_at).filter(|_| self.time_source != TimeSource::Now),
            failed: self.failed,
            signer: signer.map(|signer| signer.subject.clone()),
            serial: signer.map(|signer| signer.serial.clone()),
            signed_at: self.signing_time,
            time_stamp: self.time_stamp,
            names_issuer: None,
        }
    }
}

/// An end of the check before everything was found to be as it should.
struct Stop {
    status: SignatureStatus,
    step: SignatureStep,
    explanation: Text,
}

impl Stop {
    fn new(
        status: SignatureStatus,
        step: SignatureStep,
        vi: impl Into<String>,
        en: impl Into<String>,
    ) -> Self {
        Self { status, step, explanation: Text::new(vi, en) }
    }

    fn invalid(step: SignatureStep, vi: impl Into<String>, en: impl Into<String>) -> Self {
        Self::new(SignatureStatus::Invalid, step, vi, en)
    }

    fn unsupported(step: SignatureStep, vi: impl Into<String>, en: impl Into<String>) -> Self {
        Self::new(SignatureStatus::Unsupported, step, vi, en)
    }
}

/// Checks the signature of a document.
///
/// `at` is a time at which the caller knows the signature to have existed, such as when the
/// document was received; the signer had to be trusted then. Without it a time stamp of a trusted
/// authority within the signature says when; without that, it is `now`.
pub fn check(xml: &str, trust: &Trust, at: Option<Instant>, now: Instant) -> SignatureOutcome {
    let mut outcome = SignatureOutcome {
        status: SignatureStatus::Valid,
        failed: None,
        explanation: Text::new("", ""),
        signer: None,
        signing_time: None,
        time_stamp: None,
        verified_at: at.unwrap_or(now),
        time_source: if at.is_some() { TimeSource::Caller } else { TimeSource::Now },
        revocation_known: false,
    };
    match examine(xml, trust, &mut outcome) {
        Ok(explanation) => outcome.explanation = explanation,
        Err(stop) => {
            outcome.status = stop.status;
            outcome.failed = (stop.status != SignatureStatus::Unsigned).then_some(stop.step);
            outcome.explanation = stop.explanation;
        }
    }
    outcome
}

fn examine(xml: &str, trust: &Trust, outcome: &mut SignatureOutcome) -> Result<Text, Stop> {
    let document = read(xml)?;
    let signature = place(&document)?;
    bounds(&document)?;
    same_reading(xml, &document)?;
    let identifiers = Identifiers::of(&document)?;
    let parts = Parts::of(&document, signature, &identifiers)?;

    parts.check_digests()?;
    if let Some(properties) = parts.signed_properties {
        outcome.signing_time = signing_time(&document, properties)?;
    }
    let embedded = parts.certificates()?;
    let signed = parts.signed_information()?;
    let signer = parts.signer(&embedded, &signed)?;
    outcome.signer = Some(Signer::of(signer));
    if !signer.key().is_some_and(|key| {
        key.verifies(parts.scheme, &signed, &parts.signature_value, Encoding::Fixed)
    }) {
        return Err(Stop::invalid(
            SignatureStep::SignatureValue,
            "giá trị chữ ký không khớp với khóa của người ký: phần được ký đã bị sửa, hoặc chữ ký \
             là của khóa khác",
            "the signature value does not fit the signer's key: what was signed has been changed, \
             or another key signed it",
        ));
    }

    let lists = parts.revocation_lists();
    let others: Vec<&Certificate> = trust
        .intermediates
        .iter()
        .chain(&embedded)
        .filter(|other| other.encoded() != signer.encoded())
        .collect();
    let lists: Vec<&RevocationList> = trust.lists.iter().chain(&lists).collect();
    if let Some(stamp) = parts.time_stamp() {
        outcome.time_stamp = Some(stamp.time());
        if outcome.time_source == TimeSource::Now
            && stamp.time() <= outcome.verified_at
            && stamp.is_trusted(&trust.anchors, &others, &lists)
        {
            outcome.verified_at = stamp.time();
            outcome.time_source = TimeSource::TimeStamp;
        }
    }
    trusted(signer, trust, &others, &lists, outcome)
}

/// Whether the signer was trusted at the time of the outcome.
fn trusted(
    signer: &Certificate,
    trust: &Trust,
    others: &[&Certificate],
    lists: &[&RevocationList],
    outcome: &mut SignatureOutcome,
) -> Result<Text, Stop> {
    let at = outcome.verified_at;
    if !signer.may_sign() {
        return Err(Stop::new(
            SignatureStatus::ValidUntrusted,
            SignatureStep::Chain,
            format!("chứng thư số của “{}” không được dùng để ký tài liệu", signer.subject()),
            format!("the certificate of “{}” is not for signing documents", signer.subject()),
        ));
    }
    let Some(path) = certificate::path(signer, &trust.anchors, others, at) else {
        return Err(Stop::new(
            SignatureStatus::ValidUntrusted,
            SignatureStep::Chain,
            format!(
                "tài liệu đúng là tài liệu đã ký, nhưng chứng thư số của “{}” do “{}” cấp không \
                 dẫn đến tổ chức nào được tin cậy",
                signer.subject(),
                signer.issuer()
            ),
            format!(
                "the document is the one that was signed, but the certificate of “{}”, issued by \
                 “{}”, leads to no trusted authority",
                signer.subject(),
                signer.issuer()
            ),
        ));
    };
    match Standing::of(&path, lists, at) {
        Standing::Revoked { place, since, reason } => {
            let (whom, serial) =
                path.get(place).map(|one| (one.subject(), one.serial())).unwrap_or_default();
            let (why_vi, why_en) = reason.map_or_else(Default::default, |(vi, en)| {
                (format!(" (lý do: {vi})"), format!(" (reason: {en})"))
            });
            return Err(Stop::new(
                SignatureStatus::Revoked,
                SignatureStep::Revocation,
                format!(
                    "chứng thư số của “{whom}”, số sê-ri {serial}, đã bị thu hồi lúc \
                     {since}{why_vi}, trước thời điểm kiểm tra {at}"
                ),
                format!(
                    "the certificate of “{whom}”, serial number {serial}, was revoked on \
                     {since}{why_en}, before the time of verification {at}"
                ),
            ));
        }
        Standing::NotRevoked => outcome.revocation_known = true,
        Standing::Unknown => {}
    }
    if let Some(outside) = certificate::outside_validity(&path, at) {
        let (from, until) = outside.validity();
        let whom = outside.subject();
        return Err(Stop::new(
            SignatureStatus::ValidUntrusted,
            SignatureStep::Validity,
            format!(
                "tài liệu đúng là tài liệu đã ký, nhưng chứng thư số của “{whom}” chỉ có hiệu lực \
                 từ {from} đến {until}, không bao gồm thời điểm kiểm tra {at}"
            ),
            format!(
                "the document is the one that was signed, but the certificate of “{whom}” holds \
                 from {from} to {until}, which does not include the time of verification {at}"
            ),
        ));
    }
    let (known_vi, known_en) = if outcome.revocation_known {
        ("không bị thu hồi", "the certificate was not revoked")
    } else {
        (
            "không có danh sách thu hồi của thời điểm đó để đối chiếu",
            "no revocation list of that time is at hand to ask",
        )
    };
    Ok(Text::new(
        format!(
            "chữ ký hợp lệ: tài liệu đúng là tài liệu mà “{}” đã ký, chứng thư số được tin cậy vào \
             {at}; {known_vi}",
            signer.subject()
        ),
        format!(
            "the signature is valid: the document is the one that “{}” signed; the signer was \
             trusted at {at}; {known_en}",
            signer.subject()
        ),
    ))
}

/// Reads the document as XML, without a document type.
fn read(xml: &str) -> Result<Document<'_>, Stop> {
    if let Some(before) = crowded(xml) {
        let line = before.matches('\n').count() + 1;
        return Err(Stop::unsupported(
            SignatureStep::Reading,
            format!("dòng {line}: một phần tử có hơn {MOST_ATTRIBUTES} thuộc tính"),
            format!("line {line}: an element has more than {MOST_ATTRIBUTES} attributes"),
        ));
    }
    let parser = Parser::new().with_max_depth(DEEPEST).with_forbid_dtd(true);
    parser.parse(xml).map_err(|error| {
        if xml.contains("<!DOCTYPE") {
            return Stop::unsupported(
                SignatureStep::Reading,
                "tài liệu có khai báo kiểu tài liệu (DTD), điều này không được chấp nhận",
                "the document declares a document type (DTD), which is not accepted",
            );
        }
        let error = shortened(&error.to_string());
        Stop::invalid(
            SignatureStep::Reading,
            format!("tài liệu không phải là XML đọc được: {error}"),
            format!("the document is no readable XML: {error}"),
        )
    })
}

/// The signature, if it is the only one and a child of the root of a certificate.
fn place(document: &Document<'_>) -> Result<NodeId, Stop> {
    let signatures: Vec<NodeId> = document
        .descendants(document.root())
        .into_iter()
        .filter(|node| is(document, *node, DSIG, "Signature"))
        .collect();
    if signatures.is_empty() {
        return Err(Stop::new(
            SignatureStatus::Unsigned,
            SignatureStep::Place,
            "tài liệu không có chữ ký",
            "the document has no signature",
        ));
    }
    let root = document.document_element().filter(|root| is(document, *root, DCC, DCC_ROOT));
    let Some(root) = root else {
        return Err(Stop::unsupported(
            SignatureStep::Place,
            "phần tử gốc không phải là giấy chứng nhận hiệu chuẩn số (dcc:digitalCalibrationCertificate)",
            "the root is no digital calibration certificate (dcc:digitalCalibrationCertificate)",
        ));
    };
    let outer = signatures.iter().find(|signature| {
        let mut ancestors = document.ancestors(**signature).into_iter();
        let within = ancestors.any(|ancestor| is(document, ancestor, DSIG, "Signature"));
        !within && document.parent(**signature) != Some(root)
    });
    if let Some(outer) = outer {
        let line = document.node_line(*outer);
        return Err(Stop::invalid(
            SignatureStep::Place,
            format!("dòng {line}: chữ ký không nằm ngay dưới phần tử gốc"),
            format!("line {line}: a signature stands elsewhere than directly below the root"),
        ));
    }
    match signatures.as_slice() {
        [signature] => Ok(*signature),
        several => Err(Stop::unsupported(
            SignatureStep::Place,
            format!("tài liệu có {} chữ ký; chỉ hỗ trợ một", several.len()),
            format!("the document has {} signatures; only one is supported", several.len()),
        )),
    }
}

/// Refuses what no certificate has, and what would make a check take long or mean something else
/// than it seems to.
fn bounds(document: &Document<'_>) -> Result<(), Stop> {
    if document.children_count(document.root()) > MOST_BESIDE_ROOT {
        return Err(Stop::unsupported(
            SignatureStep::Reading,
            format!("bên cạnh phần tử gốc có hơn {MOST_BESIDE_ROOT} ghi chú hoặc chỉ thị"),
            format!("more than {MOST_BESIDE_ROOT} comments or instructions stand beside the root"),
        ));
    }
    let mut in_force: Vec<(NodeId, usize)> = vec![(document.root(), 0)];
    while let Some((node, above)) = in_force.pop() {
        let own = document.element(node).map_or(0, |element| element.namespace_declarations.len());
        let count = above + own;
        if count > MOST_NAMESPACES {
            let line = document.node_line(node);
            return Err(Stop::unsupported(
                SignatureStep::Reading,
                format!("dòng {line}: hơn {MOST_NAMESPACES} khai báo không gian tên"),
                format!("line {line}: more than {MOST_NAMESPACES} declarations of namespaces"),
            ));
        }
        let mut comment = false;
        let mut value = false;
        for child in document.children_iter(node) {
            match document.node_kind(child) {
                Some(NodeKind::Element(_)) => in_force.push((child, count)),
                Some(NodeKind::Comment(_) | NodeKind::ProcessingInstruction(_)) => comment = true,
                Some(NodeKind::Text(text)) => value |= !text.trim().is_empty(),
                Some(NodeKind::CData(_)) => value = true,
                Some(NodeKind::Document | NodeKind::Attribute(..)) | None => {}
            }
        }
        if comment && value {
            let line = document.node_line(node);
            return Err(Stop::unsupported(
                SignatureStep::Reading,
                format!(
                    "dòng {line}: có ghi chú hoặc chỉ thị nằm trong một giá trị; chữ ký không bảo \
                     vệ ghi chú, nên giá trị có thể bị đọc khác đi"
                ),
                format!(
                    "line {line}: a comment or instruction stands within a value; a signature does \
                     not cover comments, so the value could be read as another"
                ),
            ));
        }
    }
    Ok(())
}

/// Makes sure that the reader of the records sees what the signature covers: its parser and the one
/// behind the canonical form are not the same.
fn same_reading(xml: &str, document: &Document<'_>) -> Result<(), Stop> {
    let differ = || {
        Stop::unsupported(
            SignatureStep::Reading,
            "hai cách đọc XML cho kết quả khác nhau, nên không chắc nội dung đọc được là nội dung \
             đã ký",
            "two ways of reading the XML disagree, so that what is read may not be what was signed",
        )
    };
    let none: [&str; 0] = [];
    let canonical = canonicalize_doc(document, C14nMode::InclusiveWithComments, None, &none)
        .ok()
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .ok_or_else(differ)?;
    let covered = roxmltree::Document::parse(&canonical).map_err(|_| differ())?;
    let seen = roxmltree::Document::parse(xml).map_err(|_| differ())?;
    let mut covered = covered.descendants();
    let mut seen = seen.descendants();
    loop {
        match (covered.next(), seen.next()) {
            (None, None) => return Ok(()),
            (Some(one), Some(other)) if same_node(one, other) => {}
            _ => return Err(differ()),
        }
    }
}

fn same_node(one: roxmltree::Node<'_, '_>, other: roxmltree::Node<'_, '_>) -> bool {
    let attributes = |node: roxmltree::Node<'_, '_>| -> BTreeSet<(String, String, String)> {
        node.attributes()
            .map(|one| {
                let namespace = one.namespace().unwrap_or_default();
                (namespace.to_owned(), one.name().to_owned(), one.value().to_owned())
            })
            .collect()
    };
    let above = |node: roxmltree::Node<'_, '_>| node.ancestors().count();
    one.node_type() == other.node_type()
        && above(one) == above(other)
        && one.tag_name() == other.tag_name()
        && one.pi() == other.pi()
        && (one.is_element() || one.text() == other.text())
        && attributes(one) == attributes(other)
}

/// The identifiers of a document, none of which is there twice.
struct Identifiers<'d>(std::collections::BTreeMap<&'d str, NodeId>);

impl<'d> Identifiers<'d> {
    fn of(document: &'d Document<'_>) -> Result<Self, Stop> {
        let mut found = std::collections::BTreeMap::new();
        for node in document.descendants(document.root()) {
            let Some(element) = document.element(node) else { continue };
            for attribute in &element.attributes {
                let name = attribute.name.local_name.as_ref();
                let is_identifier = match attribute.name.namespace_uri.as_deref() {
                    None => matches!(name, "Id" | "ID" | "id"),
                    Some(namespace) => namespace == XML && name == "id",
                };
                if is_identifier && found.insert(attribute.value.as_ref(), node).is_some() {
                    let line = document.node_line(node);
                    let value = shortened(&attribute.value);
                    return Err(Stop::invalid(
                        SignatureStep::Place,
                        format!("dòng {line}: định danh “{value}” xuất hiện hai lần"),
                        format!("line {line}: the identifier “{value}” is there twice"),
                    ));
                }
            }
        }
        Ok(Self(found))
    }
}

/// One reference of a signature: bytes whose digest was signed.
struct Reference {
    target: Target,
    canonicalization: Canonicalization,
    hash: Hash,
    digest: Vec<u8>,
    line: usize,
}

/// What a reference may cover.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Target {
    /// The whole document but for the signature.
    Document,
    /// The signed properties of the signature itself (XAdES).
    SignedProperties(NodeId),
}

/// How XML becomes bytes.
struct Canonicalization {
    mode: C14nMode,
    prefixes: Vec<String>,
}

/// The parts of a signature, as far as they are read without judging them.
struct Parts<'d, 'x> {
    document: &'d Document<'x>,
    signature: NodeId,
    signed_info: NodeId,
    canonicalization: Canonicalization,
    scheme: Scheme,
    references: Vec<Reference>,
    value: NodeId,
    signature_value: Vec<u8>,
    key_info: Option<NodeId>,
    /// `xades:SignedProperties`, if one of the references covers them.
    signed_properties: Option<NodeId>,
    /// `xades:UnsignedSignatureProperties`.
    unsigned_properties: Option<NodeId>,
}

impl<'d, 'x> Parts<'d, 'x> {
    fn of(
        document: &'d Document<'x>,
        signature: NodeId,
        identifiers: &Identifiers<'_>,
    ) -> Result<Self, Stop> {
        let mut parts = elements(document, signature);
        let signed_info = expected(document, signature, parts.next(), "SignedInfo")?;
        let value = expected(document, signature, parts.next(), "SignatureValue")?;
        let signature_value = base64(document, value)?;
        let mut key_info = None;
        let mut objects = Vec::new();
        for part in parts {
            if is(document, part, DSIG, "KeyInfo") && key_info.is_none() && objects.is_empty() {
                key_info = Some(part);
            } else if is(document, part, DSIG, "Object") {
                objects.push(part);
            } else {
                return Err(unexpected(document, part));
            }
        }
        let properties = qualifying_properties(document, signature, &objects)?;
        let within = |name| properties.and_then(|node| child(document, node, XADES, name));

        let mut parts = elements(document, signed_info);
        let method = expected(document, signed_info, parts.next(), "CanonicalizationMethod")?;
        let canonicalization = Canonicalization::of(document, method)?;
        let method = expected(document, signed_info, parts.next(), "SignatureMethod")?;
        let scheme = algorithm(document, method)?;
        let scheme =
            Scheme::of_uri(scheme).ok_or_else(|| not_supported(document, method, scheme))?;
        if let Some(parameter) = elements(document, method).next() {
            return Err(unexpected(document, parameter));
        }
        let properties = within("SignedProperties");
        let mut references = Vec::new();
        for part in parts {
            if !is(document, part, DSIG, "Reference") {
                return Err(unexpected(document, part));
            }
            let reference = Reference::of(document, part, properties, identifiers)?;
            if references.iter().any(|other: &Reference| other.target == reference.target) {
                return Err(Stop::invalid(
                    SignatureStep::Form,
                    format!("dòng {}: hai tham chiếu đến cùng một phần", reference.line),
                    format!("line {}: two references cover the same part", reference.line),
                ));
            }
            references.push(reference);
        }
        let covers = |target| references.iter().any(|reference| reference.target == target);
        if !covers(Target::Document) {
            return Err(Stop::invalid(
                SignatureStep::Form,
                "chữ ký không bao phủ tài liệu: không có tham chiếu nào với URI=\"\"",
                "the signature does not cover the document: no reference has URI=\"\"",
            ));
        }
        if properties.is_some_and(|node| !covers(Target::SignedProperties(node))) {
            return Err(Stop::invalid(
                SignatureStep::Form,
                "các thuộc tính được ký (xades:SignedProperties) không được chữ ký bao phủ",
                "the signature does not cover its signed properties (xades:SignedProperties)",
            ));
        }
        let unsigned_properties = within("UnsignedProperties")
            .and_then(|node| child(document, node, XADES, "UnsignedSignatureProperties"));
        Ok(Self {
            document,
            signature,
            signed_info,
            canonicalization,
            scheme,
            references,
            value,
            signature_value,
            key_info,
            signed_properties: properties,
            unsigned_properties,
        })
    }

    /// Compares the digest of everything that was signed.
    fn check_digests(&self) -> Result<(), Stop> {
        for reference in &self.references {
            let visible = match reference.target {
                Target::Document => {
                    let mut all = NodeSet::all_without_comments(self.document);
                    all.remove_id(self.signature);
                    for inside in self.document.descendants(self.signature) {
                        all.remove_id(inside);
                    }
                    all
                }
                Target::SignedProperties(node) => {
                    NodeSet::tree_without_comments(node, self.document)
                }
            };
            let bytes = reference.canonicalization.bytes(self.document, &visible)?;
            if reference.hash.digest(&bytes) != reference.digest {
                let line = reference.line;
                return Err(match reference.target {
                    Target::Document => Stop::invalid(
                        SignatureStep::Digest,
                        format!(
                            "tài liệu đã bị thay đổi sau khi ký: mã băm khác với mã băm đã ký \
                             (dòng {line})"
                        ),
                        format!(
                            "the document was changed after it was signed: its digest is not the \
                             signed one (line {line})"
                        ),
                    ),
                    Target::SignedProperties(_) => Stop::invalid(
                        SignatureStep::Digest,
                        format!(
                            "các thuộc tính được ký (xades:SignedProperties) đã bị thay đổi: mã \
                             băm khác với mã băm đã ký (dòng {line})"
                        ),
                        format!(
                            "the signed properties (xades:SignedProperties) were changed: their \
                             digest is not the signed one (line {line})"
                        ),
                    ),
                });
            }
        }
        Ok(())
    }

    /// The bytes that the signer's key signed.
    fn signed_information(&self) -> Result<Vec<u8>, Stop> {
        let visible = if self.canonicalization.mode.with_comments() {
            NodeSet::tree_with_comments(self.signed_info, self.document)
        } else {
            NodeSet::tree_without_comments(self.signed_info, self.document)
        };
        self.canonicalization.bytes(self.document, &visible)
    }

    /// The certificates the signature brings along: those of `ds:KeyInfo` first.
    fn certificates(&self) -> Result<Vec<Certificate>, Stop> {
        let data = self
            .key_info
            .into_iter()
            .flat_map(|node| elements(self.document, node))
            .filter(|node| is(self.document, *node, DSIG, "X509Data"));
        let nodes = data
            .flat_map(|node| elements(self.document, node))
            .filter(|node| is(self.document, *node, DSIG, "X509Certificate"));
        let mut found = Vec::new();
        for node in nodes.take(MOST_EMBEDDED) {
            let line = self.document.node_line(node);
            let certificate =
                Certificate::read(&base64(self.document, node)?).map_err(|error| {
                    Stop::invalid(
                        SignatureStep::SigningCertificate,
                        format!("dòng {line}: chứng thư số không đọc được: {error}"),
                        format!("line {line}: the certificate cannot be read: {error}"),
                    )
                })?;
            found.push(certificate);
        }
        if found.is_empty() {
            return Err(Stop::unsupported(
                SignatureStep::SigningCertificate,
                "chữ ký không kèm chứng thư số của người ký (ds:X509Certificate)",
                "the signature brings no certificate of the signer along (ds:X509Certificate)",
            ));
        }
        // Those that only help to find the way may be of any kind; what cannot be read is no help.
        let further = self.unsigned("CertificateValues", "EncapsulatedX509Certificate");
        found.extend(further.iter().filter_map(|encoded| Certificate::read(encoded).ok()));
        Ok(found)
    }

    /// The revocation lists the signature brings along; what cannot be read is no help.
    fn revocation_lists(&self) -> Vec<RevocationList> {
        let values = self
            .unsigned_properties
            .into_iter()
            .flat_map(|node| elements(self.document, node))
            .filter(|node| is(self.document, *node, XADES, "RevocationValues"))
            .flat_map(|node| elements(self.document, node))
            .filter(|node| is(self.document, *node, XADES, "CRLValues"));
        values
            .flat_map(|node| elements(self.document, node))
            .filter(|node| is(self.document, *node, XADES, "EncapsulatedCRLValue"))
            .take(MOST_EMBEDDED)
            .filter_map(|node| base64(self.document, node).ok())
            .filter_map(|encoded| RevocationList::read(&encoded).ok())
            .collect()
    }

    fn unsigned(&self, group: &str, name: &str) -> Vec<Vec<u8>> {
        self.unsigned_properties
            .into_iter()
            .flat_map(|node| elements(self.document, node))
            .filter(|node| is(self.document, *node, XADES, group))
            .flat_map(|node| elements(self.document, node))
            .filter(|node| is(self.document, *node, XADES, name))
            .take(MOST_EMBEDDED)
            .filter_map(|node| base64(self.document, node).ok())
            .collect()
    }

    /// The first time stamp over the signature that is intact.
    fn time_stamp(&self) -> Option<TimeStamp> {
        let stamps = elements(self.document, self.unsigned_properties?)
            .filter(|node| is(self.document, *node, XADES, "SignatureTimeStamp"));
        stamps.take(MOST_EMBEDDED).find_map(|stamp| {
            let method = child(self.document, stamp, DSIG, "CanonicalizationMethod");
            let canonicalization = method.map_or_else(
                || Some(Canonicalization::usual()),
                |method| Canonicalization::of(self.document, method).ok(),
            )?;
            let visible = NodeSet::tree_without_comments(self.value, self.document);
            let covered = canonicalization.bytes(self.document, &visible).ok()?;
            let token = child(self.document, stamp, XADES, "EncapsulatedTimeStamp")?;
            TimeStamp::read(&base64(self.document, token).ok()?, &covered)
        })
    }

    /// The certificate of the signer: the one whose digest was signed along (XAdES), or else the
    /// one whose key fits the signature.
    fn signer<'c>(
        &self,
        embedded: &'c [Certificate],
        signed: &[u8],
    ) -> Result<&'c Certificate, Stop> {
        let named = self
            .signed_properties
            .map_or(Ok(None), |properties| named_certificate(self.document, properties))?;
        let Some((hash, digest)) = named else {
            let fits = |certificate: &&Certificate| {
                certificate.key().is_some_and(|key| {
                    key.verifies(self.scheme, signed, &self.signature_value, Encoding::Fixed)
                })
            };
            let signer = embedded.iter().find(fits).or_else(|| embedded.first());
            return signer.filter(|signer| signer.key().is_some()).ok_or_else(unsupported_key);
        };
        let certificate = embedded
            .iter()
            .find(|certificate| certificate.digest(hash) == digest)
            .ok_or_else(|| {
                Stop::invalid(
                    SignatureStep::SigningCertificate,
                    "chứng thư số kèm theo không phải là chứng thư số đã được ký cùng \
                     (xades:SigningCertificate)",
                    "the certificate brought along is not the one that was signed along \
                     (xades:SigningCertificate)",
                )
            })?;
        if certificate.key().is_none() {
            return Err(unsupported_key());
        }
        Ok(certificate)
    }
}

impl Reference {
    fn of(
        document: &Document<'_>,
        node: NodeId,
        properties: Option<NodeId>,
        identifiers: &Identifiers<'_>,
    ) -> Result<Self, Stop> {
        let line = document.node_line(node);
        let other = |uri: &str| {
            let uri = shortened(uri);
            Stop::unsupported(
                SignatureStep::Form,
                format!(
                    "dòng {line}: tham chiếu “{uri}” không phải là cả tài liệu (URI=\"\") và cũng \
                     không phải là xades:SignedProperties của chính chữ ký này"
                ),
                format!(
                    "line {line}: the reference “{uri}” is neither the whole document (URI=\"\") \
                     nor xades:SignedProperties of this very signature"
                ),
            )
        };
        let target = match attribute(document, node, "URI") {
            Some("") => Target::Document,
            Some(uri) => {
                let named = uri.strip_prefix('#').and_then(|name| identifiers.0.get(name));
                match properties {
                    Some(properties) if named == Some(&properties) => {
                        Target::SignedProperties(properties)
                    }
                    _ => return Err(other(uri)),
                }
            }
            None => return Err(other("")),
        };
        let mut parts = elements(document, node).peekable();
        let transforms = parts.next_if(|part| is(document, *part, DSIG, "Transforms"));
        let canonicalization = transforms_of(document, node, transforms, target)?;
        let method = expected(document, node, parts.next(), "DigestMethod")?;
        let hash = algorithm(document, method)?;
        let hash = Hash::of_uri(hash).ok_or_else(|| not_supported(document, method, hash))?;
        let value = expected(document, node, parts.next(), "DigestValue")?;
        if let Some(part) = parts.next() {
            return Err(unexpected(document, part));
        }
        let digest = base64(document, value)?;
        Ok(Self { target, canonicalization, hash, digest, line })
    }
}

/// The canonicalization among the transforms of a reference: for the document after the signature
/// was taken out, for the signed properties alone.
fn transforms_of(
    document: &Document<'_>,
    reference: NodeId,
    transforms: Option<NodeId>,
    target: Target,
) -> Result<Canonicalization, Stop> {
    let mut transforms =
        transforms.into_iter().flat_map(|node| elements(document, node)).peekable();
    if target == Target::Document {
        let first = expected(document, reference, transforms.next(), "Transform")?;
        let first_algorithm = algorithm(document, first)?;
        if first_algorithm != ENVELOPED {
            return Err(not_supported(document, first, first_algorithm));
        }
        if let Some(parameter) = elements(document, first).next() {
            return Err(unexpected(document, parameter));
        }
    }
    let Some(second) = transforms.next() else {
        return Ok(Canonicalization::usual());
    };
    let second = expected(document, reference, Some(second), "Transform")?;
    if let Some(third) = transforms.next() {
        return Err(not_supported(document, third, algorithm(document, third)?));
    }
    Canonicalization::of(document, second)
}

impl Canonicalization {
    /// The one that is meant where none is named.
    fn usual() -> Self {
        Self { mode: C14nMode::Inclusive, prefixes: Vec::new() }
    }

    fn of(document: &Document<'_>, node: NodeId) -> Result<Self, Stop> {
        let name = algorithm(document, node)?;
        let mode = C14nMode::from_uri(name).ok_or_else(|| not_supported(document, node, name))?;
        if matches!(mode, C14nMode::Inclusive11 | C14nMode::Inclusive11WithComments)
            && document.ancestors(node).into_iter().any(|above| has_base_or_id(document, above))
        {
            // The library passes xml:id on and rewrites xml:base where version 1.1 says otherwise.
            return Err(not_supported(document, node, name));
        }
        let mut prefixes = Vec::new();
        for (index, parameter) in elements(document, node).enumerate() {
            if index > 0
                || !mode.is_exclusive()
                || !is(document, parameter, EXCLUSIVE, "InclusiveNamespaces")
            {
                return Err(unexpected(document, parameter));
            }
            let list = attribute(document, parameter, "PrefixList").unwrap_or_default();
            prefixes.extend(list.split_ascii_whitespace().map(str::to_owned));
            if prefixes.len() > MOST_NAMESPACES {
                return Err(unexpected(document, parameter));
            }
        }
        Ok(Self { mode, prefixes })
    }

    fn bytes(&self, document: &Document<'_>, visible: &NodeSet) -> Result<Vec<u8>, Stop> {
        canonicalize_doc(document, self.mode, Some(visible), &self.prefixes).map_err(|error| {
            Stop::invalid(
                SignatureStep::Reading,
                format!("không tạo được dạng chính tắc của XML: {error}"),
                format!("the canonical form of the XML cannot be made: {error}"),
            )
        })
    }
}

/// `xades:QualifyingProperties` of the signature, if there are any.
fn qualifying_properties(
    document: &Document<'_>,
    signature: NodeId,
    objects: &[NodeId],
) -> Result<Option<NodeId>, Stop> {
    let mut found = objects
        .iter()
        .flat_map(|object| elements(document, *object))
        .filter(|node| is(document, *node, XADES, "QualifyingProperties"));
    let Some(properties) = found.next() else { return Ok(None) };
    if let Some(second) = found.next() {
        return Err(unexpected(document, second));
    }
    let target = attribute(document, properties, "Target").and_then(|uri| uri.strip_prefix('#'));
    if target.is_none() || target != attribute(document, signature, "Id") {
        let line = document.node_line(properties);
        return Err(Stop::invalid(
            SignatureStep::Form,
            format!("dòng {line}: xades:QualifyingProperties không thuộc về chữ ký này (Target)"),
            format!(
                "line {line}: xades:QualifyingProperties do not belong to this signature (Target)"
            ),
        ));
    }
    for name in ["SignedProperties", "UnsignedProperties"] {
        let mut same = elements(document, properties).filter(|one| is(document, *one, XADES, name));
        if let (Some(_), Some(second)) = (same.next(), same.next()) {
            return Err(unexpected(document, second));
        }
    }
    Ok(Some(properties))
}

fn signed_signature_properties(document: &Document<'_>, properties: NodeId) -> Option<NodeId> {
    child(document, properties, XADES, "SignedSignatureProperties")
}

/// When the signer says to have signed.
fn signing_time(document: &Document<'_>, properties: NodeId) -> Result<Option<Instant>, Stop> {
    let node = signed_signature_properties(document, properties)
        .and_then(|node| child(document, node, XADES, "SigningTime"));
    let Some(node) = node else { return Ok(None) };
    let text = text(document, node)?;
    let time = text.trim().parse::<jiff::Timestamp>().ok();
    Ok(time.map(Instant::from_timestamp))
}

/// The digest of the signer's certificate that was signed along (XAdES).
fn named_certificate(
    document: &Document<'_>,
    properties: NodeId,
) -> Result<Option<(Hash, Vec<u8>)>, Stop> {
    let Some(signed) = signed_signature_properties(document, properties) else { return Ok(None) };
    let list = child(document, signed, XADES, "SigningCertificateV2")
        .or_else(|| child(document, signed, XADES, "SigningCertificate"));
    let Some(list) = list else { return Ok(None) };
    let missing = || {
        let line = document.node_line(list);
        Stop::invalid(
            SignatureStep::SigningCertificate,
            format!("dòng {line}: thiếu mã băm của chứng thư số người ký"),
            format!("line {line}: the digest of the signer's certificate is missing"),
        )
    };
    let digest = child(document, list, XADES, "Cert")
        .and_then(|node| child(document, node, XADES, "CertDigest"))
        .ok_or_else(missing)?;
    let method = child(document, digest, DSIG, "DigestMethod").ok_or_else(missing)?;
    let value = child(document, digest, DSIG, "DigestValue").ok_or_else(missing)?;
    let name = algorithm(document, method)?;
    let hash = Hash::of_uri(name).ok_or_else(|| not_supported(document, method, name))?;
    Ok(Some((hash, base64(document, value)?)))
}

fn unsupported_key() -> Stop {
    Stop::unsupported(
        SignatureStep::SigningCertificate,
        "khóa của người ký thuộc loại không được hỗ trợ (hỗ trợ RSA 2048 đến 8192 bit, P-256, \
         P-384, P-521)",
        "the signer's key is of a kind that is not supported (RSA of 2048 to 8192 bits, P-256, \
         P-384 and P-521 are)",
    )
}

fn unexpected(document: &Document<'_>, node: NodeId) -> Stop {
    let line = document.node_line(node);
    let name = name(document, node);
    Stop::invalid(
        SignatureStep::Form,
        format!("dòng {line}: phần tử “{name}” không được phép ở chỗ này của chữ ký"),
        format!("line {line}: the element “{name}” does not belong at this place of a signature"),
    )
}

fn not_supported(document: &Document<'_>, node: NodeId, algorithm: &str) -> Stop {
    let line = document.node_line(node);
    let name = name(document, node);
    let algorithm = shortened(algorithm);
    Stop::unsupported(
        SignatureStep::Form,
        format!("dòng {line}: {name}: thuật toán “{algorithm}” không được hỗ trợ"),
        format!("line {line}: {name}: the algorithm “{algorithm}” is not supported"),
    )
}

fn expected(
    document: &Document<'_>,
    parent: NodeId,
    node: Option<NodeId>,
    local: &str,
) -> Result<NodeId, Stop> {
    node.filter(|node| is(document, *node, DSIG, local)).ok_or_else(|| {
        let line = document.node_line(node.unwrap_or(parent));
        let parent = name(document, parent);
        Stop::invalid(
            SignatureStep::Form,
            format!("dòng {line}: “{parent}” thiếu ds:{local} ở chỗ này"),
            format!("line {line}: “{parent}” lacks ds:{local} at this place"),
        )
    })
}

fn name(document: &Document<'_>, node: NodeId) -> String {
    let name = document.element(node).map(|element| element.name.prefixed_name());
    shortened(&name.unwrap_or_default())
}

/// The beginning of a text that comes from the document.
fn shortened(text: &str) -> String {
    const LONGEST: usize = 120;
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

fn is(document: &Document<'_>, node: NodeId, namespace: &str, local: &str) -> bool {
    document.element(node).is_some_and(|element| element.matches_name_ns(namespace, local))
}

fn elements<'d>(document: &'d Document<'_>, node: NodeId) -> impl Iterator<Item = NodeId> + 'd {
    document.children_iter(node).filter(|child| document.element(*child).is_some())
}

fn child(document: &Document<'_>, node: NodeId, namespace: &str, local: &str) -> Option<NodeId> {
    elements(document, node).find(|child| is(document, *child, namespace, local))
}

/// An attribute without a namespace.
fn attribute<'d>(document: &'d Document<'_>, node: NodeId, local: &str) -> Option<&'d str> {
    let attributes = &document.element(node)?.attributes;
    attributes
        .iter()
        .find(|one| one.name.namespace_uri.is_none() && one.name.local_name == local)
        .map(|one| one.value.as_ref())
}

fn has_base_or_id(document: &Document<'_>, node: NodeId) -> bool {
    document.element(node).is_some_and(|element| {
        ["base", "id"].iter().any(|local| element.get_attribute_ns(XML, local).is_some())
    })
}

fn algorithm<'d>(document: &'d Document<'_>, node: NodeId) -> Result<&'d str, Stop> {
    attribute(document, node, "Algorithm").ok_or_else(|| {
        let line = document.node_line(node);
        let name = name(document, node);
        Stop::invalid(
            SignatureStep::Form,
            format!("dòng {line}: {name} không nêu thuật toán (Algorithm)"),
            format!("line {line}: {name} names no algorithm (Algorithm)"),
        )
    })
}

/// The text of an element that has nothing else in it.
fn text(document: &Document<'_>, node: NodeId) -> Result<String, Stop> {
    match elements(document, node).next() {
        Some(inside) => Err(unexpected(document, inside)),
        None => Ok(document.text_content_deep(node)),
    }
}

fn base64(document: &Document<'_>, node: NodeId) -> Result<Vec<u8>, Stop> {
    let mut text = text(document, node)?;
    text.retain(|character| !character.is_ascii_whitespace());
    let decoded = Base64::decode_vec(&text).ok().filter(|bytes| !bytes.is_empty());
    decoded.ok_or_else(|| {
        let line = document.node_line(node);
        let name = name(document, node);
        Stop::invalid(
            SignatureStep::Form,
            format!("dòng {line}: nội dung của {name} không phải là base64 hoàn chỉnh"),
            format!("line {line}: the content of {name} is no complete base64"),
        )
    })
}
