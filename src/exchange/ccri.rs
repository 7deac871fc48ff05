//! Key comparisons of activity (BIPM.RI(II)-K1 of the CCRI, XML model KC_model_RI_II) to records: the
//! comparison, those linked to it, and the institutes.
//!
//! What lives here: [`read`]. What does not: printed units (`symbols`) and D-SI units
//! (`domain::dsi`), and what a degree of equivalence is worth (`engine`).
//!
//! A file holds the releases of one comparison, each with a reference value and degrees of
//! equivalence. The latest release is the state of the comparison: degrees that it no longer has
//! have expired after 20 years, so earlier releases are listed, not kept. A degree whose every
//! submission is said to be no longer valid is not kept either. A standard uncertainty becomes the
//! expanded one of k = 2 that records have.

use std::collections::{BTreeMap, HashMap};

use bigdecimal::BigDecimal;
use roxmltree::Node;

use super::outcome::{Converted, Labels, ReadError, Unread, UnreadList, other_root};
use super::symbols;
use super::xml::{Element, Places, SI, Settled, beginning, decimal, own_text, parse};
use crate::domain::comparison::{Comparison, ComparisonKind, ComparisonResult, ComparisonStatus};
use crate::domain::conversion::Conversion;
use crate::domain::decimal::Decimal;
use crate::domain::dsi;
use crate::domain::id::Id;
use crate::domain::organisation::{
    FormerNames, IdentifierScheme, Organisation, OrganisationIdentifier, OrganisationKind,
};
use crate::domain::period::Day;
use crate::domain::quantity::QuantityKindId;
use crate::domain::recognition::EvidenceLevel;
use crate::domain::records::Records;
use crate::domain::text::{Names, Text};
use crate::domain::unit::Unit;

/// Namespace of the model.
pub(super) const NAMESPACE: &str = "KC_Schema";
/// Local name of the root element.
pub(super) const ROOT: &str = "comparison";

/// Service categories of the SI Digital Framework begin so.
const CATEGORIES: &str = "https://si-digital-framework.org/kcdb-sc/";
/// Identifiers of the Research Organization Registry begin so.
const ROR: &str = "https://ror.org/";
/// What the model compares.
const QUANTITY: &str = "activity";

/// The regional organisations whose comparisons are regional.
const REGIONS: &[&str] = &["AFRIMETS", "APMP", "COOMET", "EURAMET", "GULFMET", "SIM"];

type Reason = (&'static str, &'static str);

const NO_FIELD: Reason =
    ("không có trường tương ứng trong bản ghi", "the records have no field for this");
const SAID_BY_CODE: Reason =
    ("đã nói trong mã so sánh", "said again by the code of the comparison");
const EARLIER_RELEASE: Reason = (
    "lần công bố trước; chỉ lần công bố mới nhất là hiện trạng của so sánh",
    "an earlier release; the latest one is the state of the comparison",
);
const ONLY_THE_YEAR: Reason = (
    "chỉ nêu năm; lấy ngày cuối của năm đó, muộn nhất có thể, làm ngày công bố",
    "only the year is given; its last day, the latest that it can be, was taken for the publication",
);
const NO_YEAR: Reason = (
    "không nêu năm công bố, nên không biết so sánh có hiệu lực từ khi nào",
    "no year of publication: since when the comparison counts is not known",
);
const NO_DEGREES: Reason = (
    "lần công bố mới nhất không có mức độ tương đương nào",
    "the latest release has no degrees of equivalence",
);
const NOT_VALID: Reason = (
    "mức độ tương đương không còn hiệu lực (doeValid là false ở mọi lần tham gia)",
    "a degree of equivalence that is no longer valid (doeValid is false in every submission)",
);
const TOOK_PART: Reason = (
    "đã tham gia; không có mức độ tương đương có hiệu lực",
    "took part; there is no valid degree of equivalence",
);
const CONTRIBUTION_NOT_SAID: Reason = (
    "không có lần tham gia nào cho biết kết quả này có góp vào giá trị quy chiếu hay không",
    "no submission says whether this result contributes to the reference value",
);
const AGAINST_THE_SAME: Reason = (
    "các mức độ tương đương này đã tính theo giá trị quy chiếu của so sánh chủ chốt, nên không ghi \
     linked_to để khỏi nối lần thứ hai",
    "these degrees are against the reference value of the key comparison already; linked_to is left \
     out, so that they are not linked a second time",
);
const NO_NUMBER: Reason = ("không phải là số", "no number");
const NO_UNIT: Reason =
    ("không có đơn vị, hoặc không đọc được đơn vị", "there is no unit, or one that cannot be read");
const OTHER_QUANTITY: Reason =
    ("đơn vị không phải của hoạt độ phóng xạ", "the unit is not one of activity");
const UNCERTAINTY_NOT_SAID: Reason = (
    "không rõ đây là độ không đảm bảo chuẩn hay mở rộng với k = 2",
    "neither a standard uncertainty nor an expanded one of k = 2",
);
const UNKNOWN_SERIES: Reason = (
    "mã so sánh không cho biết là so sánh chủ chốt, bổ sung hay của khu vực nào",
    "the code does not say whether this is a key or a supplementary comparison, and whose",
);
const INSTITUTE_OTHERWISE: Reason = (
    "cùng tên viết tắt nhưng khác ở chỗ khác trong tệp; giữ giá trị đầu tiên",
    "the same acronym has another one elsewhere in the file; the first is kept",
);

/// Reasons for whole elements that nothing reads, by their names.
const BY_NAME: &[(&str, Reason)] = &[
    ("siDigitalFrameworkRadionuclide", SAID_BY_CODE),
    ("consultativeCommittee", SAID_BY_CODE),
    ("rmo", SAID_BY_CODE),
];

/// Reads a comparison. The file name goes into the ids of the records.
///
/// # Errors
/// When the text is no well-formed XML, has a DTD, is of another model, or lacks the code of the
/// comparison or its pilot.
pub fn read(name: &str, xml: &str) -> Result<Converted, ReadError> {
    let document = parse(xml)?;
    let root = document.root_element();
    let places = Places::new(xml, &document)?;
    if !root.has_tag_name((NAMESPACE, ROOT)) {
        let found = root.tag_name();
        let error = other_root(found.namespace().unwrap_or_default(), found.name());
        return Err(places.locate(error, root));
    }
    let mut reader = Reader {
        places,
        labels: Labels::new(name),
        settled: Settled::new(&document),
        unread: UnreadList::default(),
        records: Records::default(),
        institutes: HashMap::new(),
    };
    reader.comparison(root)?;
    reader.sweep(root);
    Ok(Converted { records: reader.records, unread: reader.unread.into_list() })
}

fn children<'d>(parent: Element<'d>, name: &str) -> impl Iterator<Item = Element<'d>> {
    parent.children().filter(move |child| child.has_tag_name((NAMESPACE, name)))
}

fn child<'d>(parent: Element<'d>, name: &str) -> Option<Element<'d>> {
    children(parent, name).next()
}

fn si_child<'d>(parent: Element<'d>, name: &str) -> Option<Element<'d>> {
    parent.children().find(|child| child.has_tag_name((SI, name)))
}

/// An institute of the file.
#[derive(Debug)]
struct Institute {
    id: Id,
    ror: Option<String>,
    former: Option<String>,
}

/// A participation in the comparison.
struct Submission<'d> {
    element: Element<'d>,
    institute: Id,
    in_reference_value: Option<bool>,
    is_valid: Option<bool>,
    /// The linked comparison in which it was made, without its year.
    linked: Option<String>,
}

/// A value with its expanded uncertainty of k = 2.
struct Figure {
    value: Decimal,
    expanded_uncertainty: Option<Decimal>,
    unit: Unit,
}

struct Reader<'d> {
    places: Places<'d>,
    labels: Labels,
    settled: Settled,
    unread: UnreadList,
    records: Records,
    /// By acronym.
    institutes: HashMap<String, Institute>,
}

impl<'d> Reader<'d> {
    // What was read and what was not

    fn settle(&mut self, element: Element<'d>) {
        self.settled.settle(element);
    }

    fn list(&mut self, element: Element<'d>, (vi, en): Reason, found: Option<String>) {
        let kind: Vec<&str> = element.ancestors().map(|node| node.tag_name().name()).collect();
        let unread = Unread {
            place: self.places.path(element),
            line: Some(self.places.position(element).0),
            count: 1,
            found,
            reason: Text::new(vi, en),
        };
        self.unread.count(&kind.join("/"), unread);
    }

    /// Notes what is undecided about an element.
    fn note(&mut self, element: Element<'d>, reason: Reason) {
        self.list(element, reason, None);
    }

    /// Lists an element as not read, with all it contains.
    fn refuse(&mut self, element: Element<'d>, reason: Reason) {
        self.list(element, reason, beginning(element));
        self.settled.settle_all(element);
    }

    /// Lists whatever nothing asked for, once a subtree; what holds no text says nothing.
    fn sweep(&mut self, root: Element<'d>) {
        for element in root.descendants().filter(Node::is_element) {
            let leads_here = element.parent().is_none_or(|parent| self.settled.has(parent));
            if self.settled.has(element) || !leads_here {
                continue;
            }
            if let Some(found) = beginning(element) {
                let name = element.tag_name().name();
                let known = BY_NAME.iter().find(|(known, _)| *known == name);
                let reason = known.map_or(NO_FIELD, |(_, reason)| *reason);
                self.list(element, reason, Some(found));
            }
        }
    }

    fn text(&mut self, parent: Element<'d>, name: &str) -> Option<String> {
        let element = child(parent, name)?;
        self.settle(element);
        own_text(element)
    }

    fn flag(&mut self, parent: Element<'d>, name: &str) -> Option<bool> {
        match self.text(parent, name)?.as_str() {
            "true" | "1" => Some(true),
            "false" | "0" => Some(false),
            _ => None,
        }
    }

    fn required(&self, parent: Element<'d>, name: &str) -> Result<Element<'d>, ReadError> {
        child(parent, name).ok_or_else(|| {
            let parent_name = parent.tag_name().name();
            let error = ReadError::new(
                format!("“{parent_name}” thiếu phần tử “{name}”; không có nó thì không lập được bản ghi"),
                format!("“{parent_name}” lacks the element “{name}”, without which no record can be made"),
            );
            self.places.locate(error, parent)
        })
    }

    // Records

    fn comparison(&mut self, root: Element<'d>) -> Result<(), ReadError> {
        let general = self.required(root, "generalInformation")?;
        let code_element = self.required(general, "comparisonCode")?;
        self.settle(code_element);
        let code = own_text(code_element);
        let kind = code.as_deref().and_then(kind_of);
        let (Some(code), Some(kind)) = (code, kind) else {
            let (vi, en) = UNKNOWN_SERIES;
            return Err(self.places.locate(ReadError::new(vi, en), code_element));
        };
        self.institutes(root)?;
        let pilot = child(general, "pilot").and_then(|pilot| self.institute(pilot));
        let service_category = self.service_category(general);
        let submissions = self.submissions(root);
        let release = self.latest_release(root);
        let reference = release.and_then(|release| child(release, "kcrv"));
        let reference = reference.and_then(|element| self.figure(element));
        let published_on = release.and_then(|release| self.published_on(release));
        let base = Base { pilot, service_category, published_on };
        let main = self.base(&base, &code, kind)?;
        self.records.comparisons.push(main);
        let mut of_linked: BTreeMap<String, usize> = BTreeMap::new();
        let mut seen: HashMap<usize, Vec<Id>> = HashMap::new();
        for group in
            release.into_iter().flat_map(|release| children(release, "degreesOfEquivalence"))
        {
            let linked = child(group, "linkedComparison");
            let linked_code = linked.and_then(|linked| self.text(linked, "comparisonCode"));
            let at = match (linked, &linked_code) {
                (Some(linked), Some(code)) => match (of_linked.get(code), kind_of(code)) {
                    (Some(at), _) => *at,
                    (None, Some(kind)) => {
                        let record = self.base(&base, code, kind)?;
                        self.records.comparisons.push(record);
                        let at = self.records.comparisons.len() - 1;
                        of_linked.insert(code.clone(), at);
                        self.note(linked, AGAINST_THE_SAME);
                        at
                    }
                    (None, None) => {
                        self.refuse(group, UNKNOWN_SERIES);
                        continue;
                    }
                },
                (Some(_), None) => {
                    self.refuse(group, UNKNOWN_SERIES);
                    continue;
                }
                (None, _) => 0,
            };
            let linked = linked_code.as_deref().map(without_year);
            for degree in children(group, "degreeOfEquivalence") {
                let result = self.degree(degree, linked, &submissions, reference.as_ref());
                if let Some(result) = result {
                    seen.entry(at).or_default().push(result.organisation.clone());
                    if let Some(record) = self.records.comparisons.get_mut(at) {
                        record.results.push(result);
                    }
                }
            }
        }
        if let Some(release) = release
            && seen.is_empty()
        {
            self.note(release, NO_DEGREES);
        }
        let with_degrees: Vec<&Id> = seen.values().flatten().collect();
        for submission in &submissions {
            if !with_degrees.contains(&&submission.institute) {
                self.note(submission.element, TOOK_PART);
            }
        }
        Ok(())
    }

    /// A comparison without results.
    fn base(&self, base: &Base, code: &str, kind: ComparisonKind) -> Result<Comparison, ReadError> {
        Ok(Comparison {
            id: self.labels.id(Labels::slug(code))?,
            kind,
            code: Some(code.to_owned()),
            area: Some("RI".to_owned()),
            service_category: base.service_category.clone(),
            quantity_kind: QuantityKindId::parse(QUANTITY),
            pilot: base.pilot.clone(),
            linked_to: None,
            measured_from: None,
            measured_to: None,
            report_published_on: base.published_on,
            status: Some(ComparisonStatus::Published),
            version: None,
            recorded_at: None,
            recorded_by: None,
            log_index: None,
            evidence_level: Some(EvidenceLevel::RegistrySynced),
            synced_at: None,
            results: Vec::new(),
        })
    }

    /// The service category, as its link into the SI Digital Framework says.
    fn service_category(&mut self, general: Element<'d>) -> Option<String> {
        let link = self.text(general, "serviceCategoryID")?;
        let category = link.strip_prefix(CATEGORIES).map(str::to_owned);
        if let (None, Some(element)) = (&category, child(general, "serviceCategoryID")) {
            self.list(element, NO_FIELD, Some(link));
        }
        category
    }

    /// The release of the latest year, of several the last; all others are listed.
    fn latest_release(&mut self, root: Element<'d>) -> Option<Element<'d>> {
        let data = child(root, "comparisonData")?;
        let year = |release: &Element<'d>| -> Option<i32> {
            own_text(child(*release, "year")?)?.parse().ok()
        };
        let latest = children(data, "release").max_by_key(year)?;
        for release in children(data, "release").filter(|release| *release != latest) {
            self.refuse(release, EARLIER_RELEASE);
        }
        self.settle(latest);
        Some(latest)
    }

    fn published_on(&mut self, release: Element<'d>) -> Option<Day> {
        let year = self.text(release, "year");
        let day = year.and_then(|year| Day::parse(&format!("{year}-12-31")).ok());
        let place = child(release, "year").unwrap_or(release);
        self.note(place, if day.is_some() { ONLY_THE_YEAR } else { NO_YEAR });
        day
    }

    fn submissions(&mut self, root: Element<'d>) -> Vec<Submission<'d>> {
        let metadata = child(root, "comparisonMetadata");
        let elements = metadata.into_iter().flat_map(|metadata| children(metadata, "submission"));
        let mut submissions = Vec::new();
        for element in elements {
            let laboratory = child(element, "laboratory");
            let Some(institute) = laboratory.and_then(|laboratory| self.institute(laboratory))
            else {
                self.refuse(element, NO_FIELD);
                continue;
            };
            let in_reference_value = self.flag(element, "inKCRV");
            let is_valid = self.flag(element, "doeValid");
            let links = element.descendants();
            let links: Vec<_> =
                links.filter(|one| one.has_tag_name((NAMESPACE, "fromLinkedComparison"))).collect();
            let mut linked = None;
            for link in links {
                self.settle(link);
                linked = linked.or(own_text(link));
            }
            let linked = linked.map(|code| without_year(&code).to_owned());
            submissions.push(Submission {
                element,
                institute,
                in_reference_value,
                is_valid,
                linked,
            });
        }
        submissions
    }

    /// The degree of equivalence of one institute.
    fn degree(
        &mut self,
        element: Element<'d>,
        linked: Option<&str>,
        submissions: &[Submission<'d>],
        reference: Option<&Figure>,
    ) -> Option<ComparisonResult> {
        let laboratory = child(element, "laboratory");
        let Some(organisation) = laboratory.and_then(|laboratory| self.institute(laboratory))
        else {
            self.refuse(element, NO_FIELD);
            return None;
        };
        let own: Vec<&Submission<'_>> = submissions
            .iter()
            .filter(|one| one.institute == organisation && one.linked.as_deref() == linked)
            .collect();
        if !own.is_empty() && own.iter().all(|one| one.is_valid == Some(false)) {
            self.refuse(element, NOT_VALID);
            return None;
        }
        let mut valid = own.iter().filter(|one| one.is_valid != Some(false));
        let first = valid.next().and_then(|one| one.in_reference_value);
        let in_reference_value =
            first.filter(|first| valid.all(|one| one.in_reference_value == Some(*first)));
        if in_reference_value.is_none() {
            self.note(element, CONTRIBUTION_NOT_SAID);
        }
        let figure = child(element, "result").and_then(|result| self.figure(result));
        let Some(figure) = figure else {
            if !self.settled.has(element) {
                self.refuse(element, NO_NUMBER);
            }
            return None;
        };
        let reference = reference.and_then(|reference| reference.in_unit(&figure.unit));
        let (reference_value, reference_expanded_uncertainty) = reference
            .map_or((None, None), |figure| (Some(figure.value), figure.expanded_uncertainty));
        Some(ComparisonResult {
            organisation,
            point: None,
            x: None,
            expanded_uncertainty: None,
            reference_value,
            reference_expanded_uncertainty,
            degree_of_equivalence: Some(figure.value),
            doe_expanded_uncertainty: figure.expanded_uncertainty,
            in_reference_value,
            unit: Some(figure.unit),
            corrective_action: None,
        })
    }

    /// A value with its unit and uncertainty, in either form of the D-SI.
    fn figure(&mut self, element: Element<'d>) -> Option<Figure> {
        let value_element = si_child(element, "value")?;
        let value = own_text(value_element).and_then(|text| decimal(&text));
        let Some(value) = value else {
            self.refuse(value_element, NO_NUMBER);
            return None;
        };
        let unit_element = si_child(element, "unit");
        let unit = unit_element.and_then(own_text).and_then(|printed| unit(&printed));
        let Some(unit) = unit else {
            self.note(unit_element.unwrap_or(element), NO_UNIT);
            self.settled.settle_all(element);
            return None;
        };
        let is_activity = QuantityKindId::parse(QUANTITY)
            .is_some_and(|kind| kind.kind().unit.is_commensurable(&unit));
        if !is_activity {
            self.refuse(element, OTHER_QUANTITY);
            return None;
        }
        self.settle(value_element);
        unit_element.into_iter().for_each(|element| self.settle(element));
        let expanded_uncertainty = self.expanded_uncertainty(element);
        Some(Figure { value, expanded_uncertainty, unit })
    }

    /// The uncertainty as an expanded one of k = 2. What is called expanded and has k = 1 is a
    /// standard uncertainty.
    fn expanded_uncertainty(&mut self, element: Element<'d>) -> Option<Decimal> {
        let univariate = si_child(element, "measurementUncertaintyUnivariate");
        let inner = |name| univariate.and_then(|univariate| si_child(univariate, name));
        let old = si_child(element, "expandedUnc").map(|one| (one, "uncertainty", None));
        let standard = inner("standardMU").map(|one| (one, "valueStandardMU", Some(1)));
        let expanded = inner("expandedMU").map(|one| (one, "valueExpandedMU", None));
        let (form, name, factor) = old.or(standard).or(expanded)?;
        let number = |name| si_child(form, name).and_then(own_text).and_then(|text| decimal(&text));
        let said = number("coverageFactor").map(|factor| factor.to_exact());
        let factor = factor.map(BigDecimal::from).or(said);
        let doubled = match factor {
            Some(factor) if factor == 1 => Some(2),
            Some(factor) if factor == 2 => Some(1),
            _ => None,
        };
        let figure = number(name).filter(|figure| !figure.is_negative()).zip(doubled);
        let figure = figure.and_then(|(figure, times)| match times {
            1 => Some(figure),
            _ => (figure.to_exact() * BigDecimal::from(times)).to_plain_string().parse().ok(),
        });
        match figure {
            Some(figure) => {
                self.settled.settle_all(form);
                Some(figure)
            }
            None => {
                self.refuse(form, UNCERTAINTY_NOT_SAID);
                None
            }
        }
    }

    /// The institutes of the file, each with what is said of it first.
    fn institutes(&mut self, root: Element<'d>) -> Result<(), ReadError> {
        let is_one = |element: &Element<'d>| {
            ["pilot", "laboratory"].iter().any(|name| element.has_tag_name((NAMESPACE, *name)))
        };
        let mut acronyms: Vec<String> = Vec::new();
        for element in root.descendants().filter(is_one) {
            let text = |name| child(element, name).and_then(own_text);
            let Some(acronym) = text("acronym") else { continue };
            let (ror, former) = (text("ror"), text("pastAcronyms"));
            if let Some(known) = self.institutes.get_mut(&acronym) {
                known.ror = known.ror.take().or(ror);
                known.former = known.former.take().or(former);
                continue;
            }
            let mut id = self.labels.id(format_args!("institute-{}", Labels::slug(&acronym)))?;
            if self.institutes.values().any(|other| other.id == id) {
                id = self.labels.id(format_args!("institute-{}", acronyms.len() + 1))?;
            }
            acronyms.push(acronym.clone());
            self.institutes.insert(acronym, Institute { id, ror, former });
        }
        let institutes = acronyms.iter().filter_map(|acronym| {
            self.institutes.get(acronym).map(|institute| institute.organisation(acronym))
        });
        institutes.for_each(|institute| self.records.organisations.push(institute));
        Ok(())
    }

    /// The institute that an element names; none where it has no acronym.
    fn institute(&mut self, element: Element<'d>) -> Option<Id> {
        let acronym = self.text(element, "acronym")?;
        let said = ["ror", "pastAcronyms"].map(|name| self.text(element, name));
        let known = self.institutes.get(&acronym)?;
        let id = known.id.clone();
        let kept = [known.ror.clone(), known.former.clone()];
        for ((name, said), kept) in ["ror", "pastAcronyms"].into_iter().zip(said).zip(kept) {
            let other = said.filter(|said| Some(said) != kept.as_ref());
            if let (Some(other), Some(element)) = (other, child(element, name)) {
                self.list(element, INSTITUTE_OTHERWISE, Some(other));
            }
        }
        Some(id)
    }
}

impl Institute {
    fn organisation(&self, acronym: &str) -> Organisation {
        let identifier = |scheme, value| OrganisationIdentifier { scheme, value };
        let ror = self.ror.as_deref().map(|ror| ror.strip_prefix(ROR).unwrap_or(ror).to_owned());
        let former = self.former.iter().flat_map(|former| former.split(','));
        let former = former.map(str::trim).filter(|name| !name.is_empty());
        let in_english = |name: &str| Names { vi: None, en: Some(name.to_owned()) };
        Organisation {
            id: self.id.clone(),
            kind: match acronym {
                "BIPM" => OrganisationKind::Bipm,
                "IAEA" | "JRC" => OrganisationKind::Intergovernmental,
                _ => OrganisationKind::Nmi,
            },
            names: in_english(acronym),
            country: None,
            parent: None,
            version: None,
            recorded_at: None,
            recorded_by: None,
            log_index: None,
            evidence_level: Some(EvidenceLevel::RegistrySynced),
            synced_at: None,
            identifiers: [identifier(IdentifierScheme::KcdbNmiCode, acronym.to_owned())]
                .into_iter()
                .chain(ror.map(|ror| identifier(IdentifierScheme::Ror, ror)))
                .collect(),
            sites: Vec::new(),
            name_history: former
                .map(|name| FormerNames {
                    names: in_english(name),
                    valid_from: None,
                    valid_to: None,
                })
                .collect(),
        }
    }
}

/// What the comparisons of a file have in common.
struct Base {
    pilot: Option<Id>,
    service_category: Option<String>,
    published_on: Option<Day>,
}

impl Figure {
    /// The same in another unit, where that does not round.
    fn in_unit(&self, unit: &Unit) -> Option<Self> {
        let conversion = Conversion::between(&self.unit, unit).ok()?;
        let convert = |number: &Decimal| {
            let converted = conversion.value(number);
            converted.exact.then(|| converted.number.parse().ok()).flatten()
        };
        let expanded_uncertainty = self.expanded_uncertainty.as_ref().and_then(convert);
        Some(Self { value: convert(&self.value)?, expanded_uncertainty, unit: unit.clone() })
    }
}

/// A unit as D-SI or as it is printed; blanks around it are already gone.
fn unit(printed: &str) -> Option<Unit> {
    let code = match printed.starts_with('\\') {
        true => dsi::to_ucum(printed).ok()?,
        false => symbols::to_ucum(printed).ok()?,
    };
    Unit::parse(&code).ok()
}

/// `CCRI(II)-K2.Ba-133(1984)` without the year at its end.
fn without_year(code: &str) -> &str {
    let year = |year: &str| year.len() == 4 && year.bytes().all(|byte| byte.is_ascii_digit());
    match code.strip_suffix(')').and_then(|code| code.rsplit_once('(')) {
        Some((rest, inner)) if year(inner) => rest,
        _ => code,
    }
}

/// What kind of comparison a code names: whose it is, and K or S for key or supplementary.
fn kind_of(code: &str) -> Option<ComparisonKind> {
    let (series, _) = code.split_once("-K").or_else(|| code.split_once("-S"))?;
    let body = series.split(['.', '(']).next().unwrap_or(series);
    let is_key = code.get(series.len()..)?.starts_with("-K");
    match (is_key, REGIONS.contains(&body)) {
        (false, _) => Some(ComparisonKind::Supplementary),
        (true, true) => Some(ComparisonKind::RmoKc),
        (true, false) => matches!(body, "BIPM" | "CCRI").then_some(ComparisonKind::CipmKc),
    }
}

#[cfg(test)]
mod tests {
    use roxmltree::Document;

    use super::*;

    /// A comparison of our own making with the traps of the real ones.
    const SMALL: &str = include_str!("../../examples/key-comparison.xml");

    #[test]
    fn the_latest_release_is_the_comparison() {
        let found = read("small.xml", SMALL).expect("a comparison");
        let [main, linked] = &found.records.comparisons[..] else { panic!("two comparisons") };
        assert_eq!(main.code.as_deref(), Some("BIPM.RI(II)-K1.Xx-99"));
        assert_eq!((main.kind, linked.kind), (ComparisonKind::CipmKc, ComparisonKind::RmoKc));
        assert_eq!(main.service_category.as_deref(), Some("RI/RAD-1.3.1"));
        assert_eq!(
            main.report_published_on.map(|day| day.to_string()).as_deref(),
            Some("2022-12-31")
        );
        let results = serde_json::to_value(&main.results).expect("JSON");
        assert_eq!(
            results[0],
            serde_json::json!({
                "organisation": main.results[0].organisation, "degree_of_equivalence": "-0.16",
                "doe_expanded_uncertainty": "0.15", "in_reference_value": true, "unit": "MBq",
                "reference_value": "43.899", "reference_expanded_uncertainty": "0.136",
            })
        );
        assert_eq!(main.results.len(), 1, "one degree is no longer valid");
        assert_eq!(linked.results.len(), 1);
        assert_eq!(linked.results[0].in_reference_value, None);
        assert_eq!(
            linked.results[0].doe_expanded_uncertainty.as_ref().map(ToString::to_string).as_deref(),
            Some("0.50")
        );
        let old = &found.records.organisations.iter().find(|one| one.name_history.len() == 2);
        assert!(old.is_some_and(|old| old.identifiers[1].value == "05r3f7h03"));
        for (place, reason) in [
            ("/kc:comparison/kc:comparisonData/kc:release[1]", "earlier release"),
            ("kc:degreeOfEquivalence[2]", "no longer valid"),
            ("kc:submission[3]", "took part"),
            ("kc:linkedComparison", "second time"),
            ("kc:submission[2]/kc:laboratory/kc:ror", "another one elsewhere"),
            ("kc:submission[1]/kc:radioactiveSolutions", "no field"),
            ("kc:year", "its last day"),
            ("kc:release[2]/kc:doi", "no field"),
        ] {
            let is_listed =
                |part: &Unread| part.place.contains(place) && part.reason.en.contains(reason);
            assert!(found.unread.iter().any(is_listed), "{place}: {:#?}", found.unread);
        }
    }

    #[test]
    fn codes_say_the_kind() {
        for (code, kind) in [
            ("BIPM.RI(II)-K1.Ba-133", Some(ComparisonKind::CipmKc)),
            ("CCRI(II)-K2.Ba-133(1984)", Some(ComparisonKind::CipmKc)),
            ("APMP.RI(II)-K2.Ba-133(2006)", Some(ComparisonKind::RmoKc)),
            ("EURAMET.RI(II)-S6.I-129", Some(ComparisonKind::Supplementary)),
            ("X.RI(II)-K1", None),
            ("Ba-133", None),
        ] {
            assert_eq!(kind_of(code), kind, "{code}");
        }
        assert_eq!(without_year("CCRI(II)-K2.Ba-133(1984)"), "CCRI(II)-K2.Ba-133");
        assert_eq!(without_year("BIPM.RI(II)"), "BIPM.RI(II)");
    }

    #[test]
    fn what_no_record_can_be_made_of_is_refused_with_its_line() {
        let comparison =
            |inner: &str| format!("<comparison xmlns=\"KC_Schema\">{inner}</comparison>");
        for (xml, part) in [
            ("<a/>".to_owned(), "root element"),
            ("<comparison xmlns=\"KC_Schema\">".to_owned(), "well-formed"),
            ("<!DOCTYPE a><a/>".to_owned(), "DTD"),
            (comparison(""), "generalInformation"),
            (comparison("<generalInformation/>"), "comparisonCode"),
            (
                comparison(
                    "<generalInformation><comparisonCode>X</comparisonCode></generalInformation>",
                ),
                "key or a supplementary",
            ),
        ] {
            let error = read("x.xml", &xml).expect_err(&xml);
            assert!(error.message.en.contains(part), "{xml}: {error}");
            assert_eq!(error.line.is_some(), part != "DTD", "{xml}: {error}");
        }
    }

    #[test]
    fn any_element_may_be_missing() {
        let document = Document::parse(SMALL).expect("XML");
        for element in document.descendants().filter(Node::is_element).skip(1) {
            let range = element.range();
            let cut = format!("{}{}", &SMALL[..range.start], &SMALL[range.end..]);
            if let Ok(found) = read("x.xml", &cut) {
                let faults = crate::domain::check::check(&found.records, &Default::default());
                assert!(faults.is_empty(), "{:?}: {faults:?}", element.tag_name());
            }
        }
    }
}
