//! The report: everything that was looked at for a claim, and what came out. It holds indices into
//! the evidence; `render` turns it into the JSON of records.md, in both languages.

use std::collections::BTreeSet;

use crate::domain::claim::Claim;
use crate::domain::period::{Day, Instant};
use crate::domain::text::Text;
use crate::domain::unit::Unit;

use super::evidence::*;
use super::finding::{Fact, FactValue, Finding, Outcome, Phrase, Severity, Subject};
use super::limits::Limits;
use super::policy::{Policy, Switch, Switched};
use super::rules::RULESET_VERSION;

vocabulary! {
    /// The answer to the claim (rules 3.2), best first.
    Verdict {
        /// Traceable, by a recognised route, without remarks.
        Traceable = "traceable",
        /// Traceable, with remarks or outside the recognised routes.
        TraceableWithRemarks = "traceable_with_remarks",
        /// Undetermined: something is missing.
        Undetermined = "undetermined",
        /// Not traceable.
        NotTraceable = "not_traceable",
    }
}

vocabulary! {
    /// Verdict A: metrological traceability.
    Traceability {
        /// To the SI.
        PassSi = "pass_si",
        /// To a reference outside the SI.
        PassNonSi = "pass_non_si",
        /// With remarks.
        PassWithRemarks = "pass_with_remarks",
        /// Not traceable.
        Fail = "fail",
        /// Not known.
        Indeterminate = "indeterminate",
    }
}

vocabulary! {
    /// Verdict B: the route of the nearest certificate (rule A-01, M-02).
    Route {
        /// BIPM, or an institute within its published CMC.
        R1 = "r1",
        /// An accredited laboratory within its scope.
        R2 = "r2",
        /// An institute outside the CIPM MRA's coverage.
        R3a = "r3a",
        /// A laboratory outside accreditation.
        R3b = "r3b",
        /// A reference material of an institute with a CMC.
        Rm1 = "rm1",
        /// A reference material of an accredited producer.
        Rm2 = "rm2",
        /// A reference material listed by the JCTLM.
        Rm3 = "rm3",
        /// Another competent producer.
        Rm4 = "rm4",
        /// An accepted reference outside the SI.
        Alt653NonSi = "alt_653_non_si",
        /// None.
        None = "none",
        /// Recognition is claimed and contradicted.
        Fail = "fail",
        /// Not known.
        Indeterminate = "indeterminate",
    }
}

vocabulary! {
    /// Verdicts C and D.
    DimensionOutcome {
        /// Passes.
        Pass = "pass",
        /// Fails.
        Fail = "fail",
        /// Not known.
        Indeterminate = "indeterminate",
        /// Does not apply, or was not asked.
        NotApplicable = "not_applicable",
    }
}

vocabulary! {
    /// How the chain closes (rules 3.4).
    Closure {
        /// By recognition of the nearest certificate.
        Recognised = "recognised",
        /// By the explicit walk.
        Explicit = "explicit",
        /// By both.
        Both = "both",
        /// Not at all.
        None = "none",
    }
}

vocabulary! {
    /// Whether a chain is linked to the BIPM.
    LinkState {
        /// Linked.
        Linked = "linked",
        /// Not linked.
        NotLinked = "not_linked",
        /// Not known.
        Undetermined = "undetermined",
    }
}

vocabulary! {
    /// Through what a chain is linked to the BIPM.
    LinkVia {
        /// A calibration by the BIPM.
        BipmCalibration = "bipm_calibration",
        /// Coordinated Universal Time.
        Utc = "utc",
        /// A published CMC backed by a comparison.
        CmcAndComparison = "cmc_and_comparison",
    }
}

answer! {
    /// Whether and through what a chain is linked to the BIPM.
    #[derive(Copy, PartialEq, Eq)]
    BipmLink {
        /// Whether it is linked.
        state: LinkState,
        /// Through what; null unless it is linked.
        via: Option<LinkVia>,
    }
}

/// One link of the chain: a row of a certificate, or a root.
#[derive(Debug, Clone)]
pub struct Link {
    /// The row or root.
    pub target: Target,
    /// Route of the row.
    pub route: Option<Route>,
    /// Standard uncertainty in the coherent SI unit.
    pub standard_uncertainty: Option<f64>,
    /// Standard uncertainty over the magnitude of the value.
    pub relative_uncertainty: Option<f64>,
    /// Links it was made with.
    pub references: Vec<usize>,
    /// Findings about it.
    pub findings: Vec<usize>,
}

/// The report of a claim, or of one part of it.
#[derive(Debug, Clone)]
pub struct Report {
    /// The answer.
    pub verdict: Verdict,
    /// Verdict A.
    pub traceability: Traceability,
    /// Verdict B.
    pub recognition: Route,
    /// Verdict C.
    pub legal: DimensionOutcome,
    /// Whether B rests on competence evidence that is not accepted yet.
    pub recognition_conditional: bool,
    /// Verdict D.
    pub fitness: DimensionOutcome,
    /// How the chain closes.
    pub closure: Closure,
    /// Whether it is linked to the BIPM.
    pub bipm_link: BipmLink,
    /// The chain, the claim's own link first.
    pub links: Vec<Link>,
    /// What the rules found.
    pub findings: Vec<Finding>,
    /// Facts of the findings.
    pub facts: Vec<Fact>,
    /// For a claim without a point: one report a result.
    pub parts: Vec<Report>,
    /// For a part: the row it is about.
    pub part_of: Option<ResultIndex>,
    /// The state of knowledge.
    pub log_index: LogIndex,
    /// Whether a limit was reached.
    pub partial: bool,
    /// Units and texts of the claim that the evidence does not hold.
    pub units: Vec<Unit>,
    /// Texts of the claim that the evidence does not hold.
    pub texts: Vec<String>,
}

/// What it took to decide a claim.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Work {
    /// Results of the standard that were decided.
    pub results: u64,
    /// Links of their chains: rows of certificates, and roots.
    pub links: u64,
    /// Steps from one link to another that it was made with.
    pub steps: u64,
    /// Names of the limits that were run into (rule S-11), each once.
    pub limits: BTreeSet<&'static str>,
}

impl Report {
    /// What it took to decide the claim, all its parts.
    pub fn work(&self) -> Work {
        let mut work = Work::default();
        // Parts have no parts of their own.
        for report in std::iter::once(self).chain(&self.parts) {
            work.results += u64::from(!report.links.is_empty());
            work.links += report.links.len() as u64;
            work.steps += report.links.iter().map(|link| link.references.len() as u64).sum::<u64>();
            work.limits.extend(report.facts.iter().filter_map(|fact| match fact {
                Fact { name: "limit", value: FactValue::Word(limit) } => Some(*limit),
                _ => None,
            }));
        }
        work
    }
}

answer! {
    /// The report of a claim, or of one part of it.
    RenderedReport {
        /// Id of the report, when it is kept.
        #[serde(skip_serializing_if = "Option::is_none")]
        id: Option<String>,
        /// The claim, with its defaults filled in.
        claim: Claim,
        /// The answer to the claim.
        verdict: Verdict,
        /// Verdict A: metrological traceability.
        traceability: Traceability,
        /// Verdict B: the recognised route of the nearest certificate.
        recognition: Route,
        /// Verdict C: national law.
        legal: DimensionOutcome,
        /// Whether B rests on competence evidence that is not accepted yet.
        recognition_conditional: bool,
        /// Verdict D: fitness for the required uncertainty.
        fitness: DimensionOutcome,
        /// How the chain closes.
        closure: Closure,
        /// Whether it is linked to the BIPM.
        bipm_link: BipmLink,
        /// The chain: everything that the value rests on.
        chain: RenderedChain,
        /// For a claim without a point: one report a result of the standard.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        parts: Vec<RenderedReport>,
        /// What the rules found.
        findings: Vec<RenderedFinding>,
        /// Under which rules it was made.
        ruleset: Ruleset,
        /// When it was computed.
        computed_at: Instant,
        /// The state of knowledge: a position in the record log.
        log_index: LogIndex,
        /// What was answered before, where that was better: a verdict that was right when it was
        /// given and does not hold any more.
        #[serde(skip_serializing_if = "Option::is_none")]
        previously: Option<Previously>,
        /// Whether a limit was reached, so that not everything was looked at.
        partial: bool,
        /// Whether points, uncertainties and facts were left out, for a reader who may not see
        /// them.
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        redacted: bool,
        /// The limits of the work.
        limits: Limits,
    }
}

impl RenderedReport {
    /// Names the state of knowledge as the registry numbers it, in the report and its parts.
    pub fn at_log_index(&mut self, log_index: LogIndex) {
        self.log_index = log_index;
        self.parts.iter_mut().for_each(|part| part.at_log_index(log_index));
    }
}

answer! {
    /// An earlier answer to the same claim.
    Previously {
        /// Id of the report.
        report: String,
        /// The answer then.
        verdict: Verdict,
        /// Verdict A then.
        traceability: Traceability,
        /// Verdict B then.
        recognition: Route,
        /// The state of knowledge then: a position in the record log.
        log_index: LogIndex,
        /// When it was computed.
        computed_at: Instant,
    }
}

answer! {
    /// Under which rules a report was made.
    Ruleset {
        /// Version of the rules.
        version: &'static str,
        /// Id of the policy.
        policy: String,
        /// Version of the policy.
        policy_version: String,
        /// SHA-256 of the policy, in lower-case hexadecimal.
        policy_sha256: String,
        /// Rules that count otherwise under the policy than in the catalogue.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        switched: Vec<SwitchedRule>,
    }
}

answer! {
    /// A rule that counts otherwise under a policy than in the catalogue.
    SwitchedRule {
        /// Its id.
        rule: &'static str,
        /// How much it counts in the catalogue.
        catalogue: Severity,
        /// How much it counts under the policy.
        severity: Switch,
        /// Why.
        reason: Text,
    }
}

impl From<&Switched> for SwitchedRule {
    fn from(one: &Switched) -> Self {
        Self {
            rule: one.rule.id,
            catalogue: one.rule.severity,
            severity: one.to,
            reason: one.reason.clone(),
        }
    }
}

answer! {
    /// The chain: a graph, each link once.
    RenderedChain {
        /// Its links, the claim's own first.
        links: Vec<RenderedLink>,
    }
}

answer! {
    /// One link of the chain: a row of a certificate, or a root.
    RenderedLink {
        /// Its id within the report.
        id: String,
        /// Id of the standard.
        #[serde(skip_serializing_if = "Option::is_none")]
        standard: Option<String>,
        /// Id of its certificate.
        #[serde(skip_serializing_if = "Option::is_none")]
        calibration: Option<String>,
        /// Name of the row within the certificate.
        #[serde(skip_serializing_if = "Option::is_none")]
        result: Option<String>,
        /// Id of the root.
        #[serde(skip_serializing_if = "Option::is_none")]
        realisation: Option<String>,
        /// Standard uncertainty over the magnitude of the value, as a decimal number; null where
        /// it is not known.
        relative_uncertainty: Option<String>,
        /// Standard uncertainty; null where it is not known.
        standard_uncertainty: Option<RenderedQuantity>,
        /// Route of the row (rules A-01, M-02).
        #[serde(skip_serializing_if = "Option::is_none")]
        route: Option<Route>,
        /// Ids of the links that it was made with.
        references: Vec<String>,
        /// Findings about it: positions in the list of findings, from 0.
        findings: Vec<usize>,
    }
}

answer! {
    /// A computed quantity.
    RenderedQuantity {
        /// The number, rounded to six significant digits.
        value: String,
        /// Its unit, as a UCUM code.
        unit: String,
    }
}

answer! {
    /// What a rule found at one record.
    RenderedFinding {
        /// Id of the rule.
        rule: &'static str,
        /// What came out.
        outcome: Outcome,
        /// How much it counts here.
        severity: Severity,
        /// The verdict it belongs to.
        dimension: super::finding::Dimension,
        /// The record it is about.
        subject: RenderedSubject,
        /// What it clashes with.
        #[serde(skip_serializing_if = "Option::is_none")]
        against: Option<RenderedSubject>,
        /// Its facts by name, as they stand in the message: numbers with their units, days, ids
        /// and words of closed lists.
        facts: serde_json::Map<String, serde_json::Value>,
        /// What would settle it.
        missing: Vec<Text>,
        /// The clause it rests on.
        clause: String,
        /// What it says.
        message: Text,
    }
}

answer! {
    /// The record that a finding is about.
    #[derive(PartialEq, Eq)]
    RenderedSubject {
        /// Kind of record, such as `calibration`; `claim` for the claim itself.
        kind: &'static str,
        /// Its id.
        id: String,
        /// JSON pointer to a place within it.
        #[serde(skip_serializing_if = "Option::is_none")]
        path: Option<String>,
    }
}

/// Everything a report needs to be rendered.
pub struct Renderer<'a> {
    /// The evidence it was made from.
    pub evidence: &'a Evidence,
    /// The policy.
    pub policy: &'a Policy,
    /// The limits.
    pub limits: &'a Limits,
    /// The claim, with its defaults filled in.
    pub claim: &'a Claim,
    /// When it was computed.
    pub computed_at: Instant,
}

impl Renderer<'_> {
    /// The report as JSON.
    pub fn render(&self, report: &Report) -> RenderedReport {
        let mut claim = self.claim.clone();
        if let Some(row) = report.part_of {
            let row = self.evidence.result(row);
            claim.quantity_kind = Some(row.kind);
        }
        RenderedReport {
            id: None,
            claim,
            verdict: report.verdict,
            traceability: report.traceability,
            recognition: report.recognition,
            legal: report.legal,
            recognition_conditional: report.recognition_conditional,
            fitness: report.fitness,
            closure: report.closure,
            bipm_link: report.bipm_link,
            chain: RenderedChain { links: self.links(report) },
            parts: report.parts.iter().map(|part| self.render(part)).collect(),
            findings: report.findings.iter().map(|f| self.finding(report, f)).collect(),
            ruleset: Ruleset {
                version: RULESET_VERSION,
                policy: self.policy.id.clone(),
                policy_version: self.policy.version.clone(),
                policy_sha256: self.policy.sha256.clone(),
                switched: self.policy.switched.iter().map(SwitchedRule::from).collect(),
            },
            computed_at: self.computed_at,
            log_index: report.log_index,
            previously: None,
            partial: report.partial,
            redacted: false,
            limits: self.policy.narrowed(self.limits),
        }
    }

    fn links(&self, report: &Report) -> Vec<RenderedLink> {
        let name = |index: usize| format!("l{}", index + 1);
        report
            .links
            .iter()
            .enumerate()
            .map(|(index, link)| {
                let mut rendered = RenderedLink {
                    id: name(index),
                    standard: None,
                    calibration: None,
                    result: None,
                    realisation: None,
                    relative_uncertainty: link.relative_uncertainty.map(significant),
                    standard_uncertainty: None,
                    route: link.route,
                    references: link.references.iter().copied().map(name).collect(),
                    findings: link.findings.clone(),
                };
                let unit = match link.target {
                    Target::Row(row) => {
                        let row = self.evidence.result(row);
                        let calibration = self.evidence.calibration(row.calibration);
                        let item = calibration.item.map(|item| self.evidence.standard(item).id);
                        rendered.standard = item.map(|id| self.evidence.id_text(id));
                        rendered.calibration = Some(self.calibration_id(row.calibration));
                        rendered.result = Some(self.evidence.text(row.name).to_owned());
                        unit_of(row)
                    }
                    Target::Realisation(root) => {
                        let root = self.evidence.realisation(root);
                        rendered.realisation = Some(self.evidence.id_text(root.id));
                        root.uncertainty.map(|(figure, _)| figure.unit)
                    }
                    _ => None,
                };
                let quantity = link.standard_uncertainty.zip(unit).map(|(u, unit)| {
                    let unit = self.evidence.unit(unit);
                    let value = significant(u / unit.factor());
                    RenderedQuantity { value, unit: unit.code().to_owned() }
                });
                rendered.standard_uncertainty = quantity;
                rendered
            })
            .collect()
    }

    fn calibration_id(&self, index: CalibrationIndex) -> String {
        self.evidence.id_text(self.evidence.calibration_ids[index.position()])
    }

    /// The record a finding is about.
    pub fn subject(&self, subject: Subject) -> RenderedSubject {
        let evidence = self.evidence;
        let mut path = None;
        let (kind, id) = match subject {
            Subject::Claim => ("claim", self.claim.standard.to_string()),
            Subject::Standard(index) => {
                ("measurement_standard", evidence.id_text(evidence.standard(index).id))
            }
            Subject::Calibration(index) => ("calibration", self.calibration_id(index)),
            Subject::Result(index) => {
                let row = evidence.result(index);
                let first = evidence.results.range(row.calibration.position()).start;
                path = Some(format!("/results/{}", index.position() - first));
                ("calibration", self.calibration_id(row.calibration))
            }
            Subject::Realisation(index) => {
                ("realisation", evidence.id_text(evidence.realisation(index).id))
            }
            Subject::Capability(index) => {
                ("capability", evidence.id_text(evidence.capability(index).id))
            }
            Subject::Accreditation(index) => {
                ("accreditation", evidence.id_text(evidence.accreditation(index).id))
            }
            Subject::Organisation(index) => {
                ("organisation", evidence.id_text(evidence.organisation(index).id))
            }
            Subject::LegalRecognition(index) => {
                ("legal_recognition", evidence.id_text(evidence.legal_recognition(index).id))
            }
            Subject::Comparison(index) => {
                ("comparison", evidence.id_text(evidence.comparisons[index.position()].0))
            }
        };
        RenderedSubject { kind, id, path }
    }

    /// A finding as JSON.
    pub fn finding(&self, report: &Report, finding: &Finding) -> RenderedFinding {
        let (start, length) = finding.facts;
        let facts = &report.facts[start as usize..start as usize + usize::from(length)];
        let mut map = serde_json::Map::new();
        for fact in facts {
            let shown = self.fact(report, fact.value, Wording::Neutral);
            map.insert(fact.name.to_owned(), shown.into());
        }
        RenderedFinding {
            rule: finding.rule.id,
            outcome: finding.outcome,
            severity: finding.severity,
            dimension: finding.dimension,
            subject: self.subject(finding.subject),
            against: finding.against.map(|against| self.subject(against)),
            facts: map,
            missing: finding
                .missing
                .iter()
                .map(|phrase| self.text(report, phrase, facts))
                .collect(),
            clause: finding.rule.source.shown(),
            message: self.text(report, finding.message, facts),
        }
    }

    fn text(&self, report: &Report, phrase: &Phrase, facts: &[Fact]) -> Text {
        let fill = |template: &str, wording| {
            facts.iter().fold(template.to_owned(), |text, fact| {
                let hole = format!("{{{}}}", fact.name);
                match text.contains(&hole) {
                    true => text.replace(&hole, &self.fact(report, fact.value, wording)),
                    false => text,
                }
            })
        };
        Text::new(fill(phrase.vi, Wording::Vietnamese), fill(phrase.en, Wording::English))
    }

    fn unit_code<'r>(&'r self, report: &'r Report, index: UnitIndex) -> (&'r str, f64, f64) {
        let position = usize::from(index);
        let own = position.checked_sub(self.evidence.units.len());
        let unit = own.and_then(|own| report.units.get(own)).or(self.evidence.units.get(position));
        unit.map_or(("", 1.0, 0.0), |unit| (unit.code(), unit.factor(), unit.offset()))
    }

    fn quantity(&self, report: &Report, si: f64, unit: UnitIndex) -> String {
        let (code, factor, _) = self.unit_code(report, unit);
        with_unit(&significant(si / factor), code)
    }

    fn point(&self, report: &Report, si: f64, unit: UnitIndex) -> String {
        let (code, factor, offset) = self.unit_code(report, unit);
        with_unit(&significant((si - offset) / factor), code)
    }

    fn fact(&self, report: &Report, value: FactValue, wording: Wording) -> String {
        match value {
            FactValue::Quantity(si, unit) => self.quantity(report, si, unit),
            FactValue::Point(si, unit) => self.point(report, si, unit),
            FactValue::Range(extent, unit) if extent.is_point() => {
                self.point(report, extent.lower, unit)
            }
            FactValue::Range(extent, unit) => {
                let (code, factor, offset) = self.unit_code(report, unit);
                let shown = |si: f64| significant((si - offset) / factor);
                with_unit(&format!("{}…{}", shown(extent.lower), shown(extent.upper)), code)
            }
            FactValue::Number(number) => significant(number),
            FactValue::Count(count) => count.to_string(),
            FactValue::Unit(unit) => self.unit_code(report, unit).0.to_owned(),
            FactValue::Day(day) => shown_day(day),
            FactValue::Text(index) => {
                let own = index.position().checked_sub(self.evidence.texts.len());
                match own.and_then(|own| report.texts.get(own)) {
                    Some(text) => text.clone(),
                    None => self.evidence.text(index).to_owned(),
                }
            }
            FactValue::Word(word) => named(word, wording),
            FactValue::Words(words) => {
                let named: Vec<String> = words.iter().map(|word| named(word, wording)).collect();
                named.join(", ")
            }
            FactValue::Record(subject) => self.record_name(subject, wording),
        }
    }

    /// What people call a record.
    pub fn record_name(&self, subject: Subject, wording: Wording) -> String {
        let evidence = self.evidence;
        let in_language = |vi: TextIndex, en: TextIndex| match wording {
            Wording::Vietnamese => evidence.text(vi).to_owned(),
            _ => evidence.text(en).to_owned(),
        };
        match subject {
            Subject::Organisation(index) if wording != Wording::Neutral => {
                let row = evidence.organisation(index);
                in_language(row.name_vi, row.name_en)
            }
            Subject::Standard(index) => {
                let row = evidence.standard(index);
                row.code
                    .map_or_else(|| self.subject(subject).id, |code| evidence.text(code).to_owned())
            }
            _ => self.subject(subject).id,
        }
    }
}

/// In which words a fact is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wording {
    /// As ids and codes.
    Neutral,
    /// Vietnamese.
    Vietnamese,
    /// English.
    English,
}

/// Unit in which the standard uncertainty of a row is shown.
pub fn unit_of(row: &ResultRow) -> Option<UnitIndex> {
    use crate::domain::uncertainty::Mode;
    let uncertainty = row.uncertainty()?;
    Some(match uncertainty.mode {
        Some(Mode::Relative) => row.value().map_or(row.extent_unit, |value| value.unit),
        _ => uncertainty.figure.unit,
    })
}

fn with_unit(number: &str, code: &str) -> String {
    match code {
        "" | "1" => number.to_owned(),
        code => format!("{number} {code}"),
    }
}

fn shown_day(day: Day) -> String {
    match day {
        _ if day == Day::beginning() => "…".to_owned(),
        _ if day == Day::end() => "…".to_owned(),
        _ => day.to_string(),
    }
}

/// A word of a closed list in the reader's language; any other word as it is.
fn named(word: &str, wording: Wording) -> String {
    let kind = crate::domain::quantity::QuantityKindId::parse(word).map(|kind| kind.kind());
    match (wording, kind) {
        (Wording::Neutral, _) => word.to_owned(),
        (Wording::Vietnamese, Some(kind)) => kind.name_vi.to_owned(),
        (Wording::English, Some(kind)) => kind.name_en.to_owned(),
        (Wording::Vietnamese, None) => in_vietnamese(word).unwrap_or(word).to_owned(),
        // Words are lower snake case; the names of limits are not words.
        (Wording::English, None) if word.starts_with(|c: char| c.is_ascii_lowercase()) => {
            word.replace('_', " ")
        }
        (Wording::English, None) => word.to_owned(),
    }
}

/// The Vietnamese of the words that stand as facts in messages.
fn in_vietnamese(word: &str) -> Option<&'static str> {
    Some(match word {
        "national" => "chuẩn quốc gia",
        "reference" => "chuẩn chính",
        "working" => "chuẩn công tác",
        "instrument" => "phương tiện đo",
        "adjustment" => "hiệu chỉnh",
        "repair" => "sửa chữa",
        "damage" => "hư hỏng",
        "overload" => "quá tải",
        "move" => "di chuyển",
        "firmware" => "thay phần mềm",
        "intermediate_check" => "kiểm tra trung gian",
        "cleaning" => "làm sạch",
        "opened" => "mở",
        "active" => "có hiệu lực",
        "partially_suspended" => "bị đình chỉ một phần",
        "reduced" => "bị thu hẹp phạm vi",
        "suspended" => "bị đình chỉ",
        "withdrawn" => "bị thu hồi",
        "expired" => "hết hạn",
        "voluntarily_terminated" => "tự nguyện chấm dứt",
        "self_declared" => "tự công bố",
        "document_uploaded" => "đã tải tài liệu",
        "issuer_confirmed" => "tổ chức cấp xác nhận",
        "registry_synced" => "đồng bộ từ hệ thống đăng ký",
        "accreditation" => "công nhận",
        "accreditation_scope" => "phạm vi công nhận",
        "legal_scope" => "phạm vi theo pháp luật",
        "membership" => "tư cách thành viên",
        "pilot_study" => "nghiên cứu thử",
        "hybrid" => "so sánh hỗn hợp",
        "certificate_number" => "số giấy chứng nhận",
        "item_as_printed" => "vật được hiệu chuẩn như in trên giấy",
        "value_with_unit" => "giá trị kèm đơn vị",
        "method" => "phương pháp",
        "day_of_issue" => "ngày cấp",
        "signatory" => "người ký",
        "conditions" => "điều kiện môi trường",
        "traceability_statement" => "tuyên bố về liên kết chuẩn",
        "uncertainty" => "độ không đảm bảo đo",
        "competence" => "bằng chứng năng lực",
        "received" => "ngày nhận",
        "work_began" => "ngày bắt đầu thực hiện",
        "work_ended" => "ngày kết thúc thực hiện",
        "result_measured" => "ngày đo của một kết quả",
        "issued" => "ngày cấp",
        "kind" => "loại (chuẩn, tổng hợp hay mở rộng)",
        "mode" => "chế độ (tuyệt đối hay tương đối)",
        "none" => "không có",
        "indeterminate" => "chưa xác định",
        "pass" => "đạt",
        "fail" => "không đạt",
        "conditional_pass" => "đạt có điều kiện",
        "conditional_fail" => "không đạt có điều kiện",
        "not_proven" => "chưa chứng minh được",
        "specification" => "yêu cầu kỹ thuật",
        "limits" => "giới hạn",
        "decision_rule" => "quy tắc ra quyết định",
        "insignificant" => "không đáng kể",
        "review" => "cần xem xét",
        "significant" => "đáng kể",
        _ => return None,
    })
}

/// A computed number with at most six significant digits, without trailing zeros.
pub fn significant(number: f64) -> String {
    if number == 0.0 || !number.is_finite() {
        return if number == 0.0 { "0".to_owned() } else { "?".to_owned() };
    }
    let scientific = format!("{number:.5e}");
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if (-4..=6).contains(&exponent) {
        let decimals = usize::try_from(5 - exponent).unwrap_or(0);
        let plain = format!("{number:.decimals$}");
        return trimmed(&plain).to_owned();
    }
    format!("{}E{exponent}", trimmed(mantissa))
}

fn trimmed(number: &str) -> &str {
    match number.contains('.') {
        true => number.trim_end_matches('0').trim_end_matches('.'),
        false => number,
    }
}

#[cfg(test)]
mod tests {
    use super::{Route, in_vietnamese, significant};
    use crate::domain::calibration::ConformityStatement;
    use crate::domain::capability::Publisher;
    use crate::domain::nonconformity::Significance;
    use crate::domain::recognition::{AccreditationStatus, EvidenceLevel};
    use crate::domain::standard::EventKind;

    /// The words of the closed lists that rules put into messages. Those that rules write
    /// themselves are in `tests/messages.rs`, as far as vectors call them forth.
    #[test]
    fn the_words_of_closed_lists_are_said_in_vietnamese() {
        fn words<T: Copy>(all: &[T], word: fn(T) -> &'static str) -> Vec<&'static str> {
            all.iter().map(|one| word(*one)).collect()
        }
        let words = [
            words(EventKind::ALL, EventKind::as_str),
            words(AccreditationStatus::ALL, AccreditationStatus::as_str),
            words(EvidenceLevel::ALL, EvidenceLevel::as_str),
            words(ConformityStatement::ALL, ConformityStatement::as_str),
            words(Significance::ALL, Significance::as_str),
            words(Publisher::ALL, Publisher::as_str),
            words(Route::ALL, Route::as_str),
        ];
        // Names are not translated.
        let is_name = |word: &&str| *word == "kcdb" || word.contains(char::is_numeric);
        let spoken = words.concat().into_iter().filter(|word| !is_name(word));
        let silent: Vec<&str> = spoken.filter(|word| in_vietnamese(word).is_none()).collect();
        assert!(silent.is_empty(), "no Vietnamese for {silent:?}");
    }

    #[test]
    fn computed_numbers_are_short() {
        for (number, shown) in [
            (0.04, "0.04"),
            (0.1 + 0.2, "0.3"),
            (98_066.5, "98066.5"),
            (1.0e-9, "1E-9"),
            (1.25e-12, "1.25E-12"),
            (0.0, "0"),
            (1.0e7, "1E7"),
            (-2.5, "-2.5"),
        ] {
            assert_eq!(significant(number), shown);
        }
    }
}
