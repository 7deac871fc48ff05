//! Quantity kinds and the areas of the KCDB: code lists, read once from the data beside this file.
//!
//! What lives here: [`QuantityKindId`], [`QuantityKind`], [`Scale`], [`Area`] and how kinds relate.
//! What does not: units (`unit`), values, service categories of single capabilities, and what a rule
//! makes of two kinds that differ (`engine`).
//!
//! `data/quantity_kinds.json` and `data/kcdb_areas.json` are the places to add to; ids are public
//! and never change. The tests prove each entry whole, so reading skips nothing.

use std::fmt;
use std::sync::LazyLock;

use deserr::{Deserr, IntoValue, Value, ValuePointerRef};
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize, Serializer};

use super::fault::{Faults, shortened, string};
use super::form::{Definition, Described, Form, Word};
use super::text::Text;
use super::unit::{Dimension, Unit};

/// A kind of quantity (VIM 1.2) by its place in the code list. Ordered as the list is: by area.
///
/// ```
/// use etalon::domain::quantity::QuantityKindId;
/// let mass = QuantityKindId::parse("mass").ok_or("unknown")?;
/// assert_eq!(mass.kind().name_vi, "khối lượng");
/// assert_eq!(mass.kind().unit.code(), "kg");
/// # Ok::<(), &str>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct QuantityKindId(u16);

/// What the code list says of a kind of quantity.
#[derive(Debug)]
pub struct QuantityKind {
    /// Stable public id in snake case, such as `conventional_mass`.
    pub id: &'static str,
    /// Vietnamese term.
    pub name_vi: &'static str,
    /// English term.
    pub name_en: &'static str,
    /// Dimension over the seven base quantities of the SI.
    pub dimension: Dimension,
    /// Coherent unit, in which values of the kind are compared; the decibel for levels.
    pub unit: Unit,
    /// What its values allow to compute.
    pub scale: Scale,
    /// Whether values can be traceable to the SI at all; a hardness number cannot.
    pub si_possible: bool,
    /// The kind of which this one is a variant: the mass of the conventional mass.
    pub parent: Option<QuantityKindId>,
    /// Area of the KCDB.
    pub area: &'static Area,
}

/// What the values of a kind allow to compute.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scale {
    /// A true zero: ratios of values and relative uncertainties have a meaning.
    Ratio,
    /// An agreed zero: only differences have a meaning (temperature, level, phase).
    Difference,
    /// An order without a unit (VIM 1.26): hardness.
    Ordinal,
}

/// An area of the KCDB with its branches.
#[derive(Debug, PartialEq, Eq)]
pub struct Area {
    /// Code: `AUV`, `EM`, `L`, `M`, `PR`, `QM`, `RI`, `T` or `TF`.
    pub code: &'static str,
    /// Vietnamese name.
    pub name_vi: &'static str,
    /// English name.
    pub name_en: &'static str,
    /// Branches, in the order of their services; for QM the service categories.
    pub branches: Vec<Branch>,
}

/// A branch of an area of the KCDB.
#[derive(Debug, PartialEq, Eq)]
pub struct Branch {
    /// Code with that of the area, such as `EM/DC`, `RI/RAD` or `QM-5`.
    pub code: &'static str,
    /// Vietnamese name.
    pub name_vi: &'static str,
    /// English name.
    pub name_en: &'static str,
}

impl QuantityKindId {
    /// The kind with this id.
    pub fn parse(id: &str) -> Option<Self> {
        KINDS.by_id.get(id).copied().map(Self)
    }

    /// The stable public id.
    pub fn id(self) -> &'static str {
        self.kind().id
    }

    /// What the code list says of it.
    pub fn kind(self) -> &'static QuantityKind {
        // An id is only made from an index of the list.
        &KINDS.list[usize::from(self.0)]
    }

    /// Its place in the code list, from 0. Not stable between releases: never stored.
    pub const fn index(self) -> u16 {
        self.0
    }

    /// The kind at a place of the code list.
    pub fn from_index(index: u16) -> Option<Self> {
        (usize::from(index) < KINDS.list.len()).then_some(Self(index))
    }

    /// Every kind, in the order of the code list.
    pub fn all() -> impl Iterator<Item = Self> {
        (0u16..).map_while(Self::from_index)
    }

    /// The kind of which this one is a variant, itself where it is none.
    fn root(self) -> Self {
        self.kind().parent.unwrap_or(self)
    }

    /// Whether two different kinds are variants of one quantity, such as gauge and absolute
    /// pressure, or mass and conventional mass. Confusing variants is Q-05, confusing other kinds
    /// Q-01 or Q-02.
    pub fn are_variants(a: Self, b: Self) -> bool {
        a != b && a.root() == b.root()
    }

    /// The id nearest to a text that is none: an id that contains it as words, else one of a few
    /// letters' difference.
    pub fn suggestion(id: &str) -> Option<&'static str> {
        /// The longest id is shorter; longer texts are no slips.
        const LONGEST: usize = 64;
        if id.is_empty() || id.len() > LONGEST {
            return None;
        }
        let wanted = id.trim().to_lowercase().replace([' ', '-'], "_");
        let words: Vec<&str> = wanted.split('_').collect();
        let containing = Self::all()
            .map(Self::id)
            .filter(|known| words.iter().all(|word| known.split('_').any(|own| own == *word)))
            .min_by_key(|known| known.len());
        let allowed = (wanted.chars().count() / 3).max(1);
        let nearest = || {
            Self::all()
                .map(|kind| (edit_distance(&wanted, kind.id()), kind.id()))
                .filter(|(distance, _)| *distance <= allowed)
                .min_by_key(|(distance, _)| *distance)
                .map(|(_, known)| known)
        };
        containing.or_else(nearest)
    }
}

impl Area {
    /// The nine areas, in the order of their codes.
    pub fn all() -> &'static [Self] {
        &AREAS
    }

    /// The area with this code.
    pub fn parse(code: &str) -> Option<&'static Self> {
        AREAS.iter().find(|area| area.code == code)
    }
}

impl fmt::Debug for QuantityKindId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.id())
    }
}

/// The id.
impl fmt::Display for QuantityKindId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.id())
    }
}

impl Serialize for QuantityKindId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.id())
    }
}

impl Deserr<Faults> for QuantityKindId {
    fn deserialize_from_value<V: IntoValue>(
        value: Value<V>,
        location: ValuePointerRef<'_>,
    ) -> Result<Self, Faults> {
        let text = string(value, location)?;
        Self::parse(&text).ok_or_else(|| {
            let found = shortened(&text);
            let (hint_vi, hint_en) = match Self::suggestion(&text) {
                Some(id) => (format!("; có phải là “{id}”?"), format!("; did you mean “{id}”?")),
                None => (String::new(), String::new()),
            };
            let message = Text::new(
                format!("“{found}” không có trong danh mục loại đại lượng{hint_vi}"),
                format!("“{found}” is not in the list of quantity kinds{hint_en}"),
            );
            Faults::at(location, "unknown_quantity_kind", message)
        })
    }
}

impl Described for QuantityKindId {
    fn form() -> Form {
        Form::named("QuantityKindId", || {
            let word = |id: Self| {
                let kind = id.kind();
                Word::new(kind.id, &[&format!("{}; {}.", kind.name_en, kind.name_vi)])
            };
            let words = Form::Words(Self::all().map(word).collect());
            Definition::new(&[" A kind of quantity (VIM 1.2), by its id in the code list."], words)
        })
    }
}

/// How many letters must be inserted, dropped or changed to turn one text into the other.
fn edit_distance(a: &str, b: &str) -> usize {
    // One row of the table of distances between the beginnings of both texts.
    let mut row: Vec<usize> = (0..=b.chars().count()).collect();
    for (i, from) in a.chars().enumerate() {
        let mut diagonal = i;
        let mut left = i + 1;
        for (to, above) in b.chars().zip(row.iter_mut().skip(1)) {
            let changed = diagonal + usize::from(from != to);
            diagonal = *above;
            left = changed.min(left + 1).min(*above + 1);
            *above = left;
        }
        row[0] = i + 1;
    }
    row.last().copied().unwrap_or_default()
}

struct Kinds {
    list: Vec<QuantityKind>,
    by_id: FxHashMap<&'static str, u16>,
}

/// An entry of `quantity_kinds.json`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct KindEntry {
    id: &'static str,
    names: NamesEntry,
    dimension: [i8; 7],
    unit: &'static str,
    scale: Scale,
    si_possible: bool,
    parent: Option<&'static str>,
    area: &'static str,
}

/// An entry of `kcdb_areas.json`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AreaEntry {
    code: &'static str,
    names: NamesEntry,
    branches: Vec<BranchEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BranchEntry {
    code: &'static str,
    names: NamesEntry,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NamesEntry {
    vi: &'static str,
    en: &'static str,
}

const KINDS_JSON: &str = include_str!("data/quantity_kinds.json");
const AREAS_JSON: &str = include_str!("data/kcdb_areas.json");

// Entries that cannot be read would be left out; the tests prove that none is.
static KINDS: LazyLock<Kinds> = LazyLock::new(|| {
    let entries: Vec<KindEntry> = serde_json::from_str(KINDS_JSON).unwrap_or_default();
    let by_id: FxHashMap<_, _> =
        entries.iter().zip(0u16..).map(|(entry, index)| (entry.id, index)).collect();
    let list = entries
        .iter()
        .filter_map(|entry| {
            Some(QuantityKind {
                id: entry.id,
                name_vi: entry.names.vi,
                name_en: entry.names.en,
                dimension: Dimension::new(entry.dimension),
                unit: Unit::parse(entry.unit).ok()?,
                scale: entry.scale,
                si_possible: entry.si_possible,
                parent: entry
                    .parent
                    .and_then(|id| by_id.get(id))
                    .map(|index| QuantityKindId(*index)),
                area: Area::parse(entry.area)?,
            })
        })
        .collect();
    Kinds { list, by_id }
});

static AREAS: LazyLock<Vec<Area>> = LazyLock::new(|| {
    let entries: Vec<AreaEntry> = serde_json::from_str(AREAS_JSON).unwrap_or_default();
    let branch = |entry: BranchEntry| Branch {
        code: entry.code,
        name_vi: entry.names.vi,
        name_en: entry.names.en,
    };
    entries
        .into_iter()
        .map(|entry| Area {
            code: entry.code,
            name_vi: entry.names.vi,
            name_en: entry.names.en,
            branches: entry.branches.into_iter().map(branch).collect(),
        })
        .collect()
});

#[cfg(test)]
mod tests {
    use super::*;

    /// The ids that records.md fixes.
    const FIXED: &str = "mass conventional_mass density volume length plane_angle area speed \
        acceleration time_interval time_scale_difference frequency force torque pressure \
        gauge_pressure absolute_pressure differential_pressure vacuum_pressure kinematic_viscosity \
        dynamic_viscosity rockwell_hardness vickers_hardness brinell_hardness liquid_volume_flow \
        liquid_mass_flow gas_volume_flow gas_mass_flow temperature relative_humidity \
        dew_point_temperature thermal_conductivity heat_capacity dc_voltage ac_voltage dc_current \
        ac_current dc_resistance ac_resistance capacitance inductance impedance dc_power ac_power \
        ac_energy phase_angle power_factor rf_power rf_voltage rf_attenuation scattering_parameter \
        electric_field_strength magnetic_flux_density luminous_intensity luminous_flux illuminance \
        luminance irradiance radiant_flux spectral_irradiance spectral_responsivity reflectance \
        transmittance optical_power refractive_index sound_pressure sound_pressure_level \
        vibration_acceleration activity absorbed_dose air_kerma dose_equivalent \
        neutron_fluence_rate amount_of_substance_fraction amount_of_substance_concentration \
        mass_fraction mass_concentration ph electrolytic_conductivity";

    fn kind(id: &str) -> QuantityKindId {
        QuantityKindId::parse(id).unwrap_or_else(|| panic!("{id}"))
    }

    #[test]
    fn the_list_is_whole() {
        let entries: Vec<KindEntry> = serde_json::from_str(KINDS_JSON).expect("readable");
        assert_eq!(QuantityKindId::all().count(), entries.len());
        assert!(entries.len() >= 100);
        for entry in &entries {
            let kind = kind(entry.id);
            assert_eq!(kind.id(), entry.id, "unique");
            assert_eq!(QuantityKindId::from_index(kind.index()), Some(kind));
            assert_eq!(kind.kind().parent.map(QuantityKindId::id), entry.parent);
            assert_eq!(kind.root().kind().parent, None, "{}: parents have none", entry.id);
        }
        for id in FIXED.split_whitespace() {
            kind(id);
        }
        assert_eq!(QuantityKindId::from_index(u16::MAX), None);
    }

    #[test]
    fn each_kind_is_whole() {
        for id in QuantityKindId::all() {
            let kind = id.kind();
            assert_eq!(kind.unit.dimension(), kind.dimension, "{id}");
            assert_eq!(kind.unit.factor(), 1.0, "{id}: the coherent unit");
            assert_eq!(kind.unit.offset(), 0.0, "{id}");
            assert!(!kind.name_vi.is_empty() && !kind.name_en.is_empty(), "{id}");
            assert!(id.id().bytes().all(|b| b.is_ascii_lowercase() || b == b'_'), "{id}");
        }
    }

    #[test]
    fn names_are_distinct() {
        for language in [|kind: &QuantityKind| kind.name_vi, |kind: &QuantityKind| kind.name_en] {
            let mut names: Vec<_> = QuantityKindId::all().map(|id| language(id.kind())).collect();
            names.sort_unstable();
            for pair in names.windows(2) {
                assert_ne!(pair[0], pair[1]);
            }
        }
    }

    #[test]
    fn scales() {
        for id in [
            "temperature",
            "dew_point_temperature",
            "time_scale_difference",
            "ph",
            "sound_pressure_level",
            "phase_angle",
        ] {
            assert_eq!(kind(id).kind().scale, Scale::Difference, "{id}");
        }
        for id in ["rockwell_hardness", "vickers_hardness", "brinell_hardness"] {
            assert_eq!(kind(id).kind().scale, Scale::Ordinal, "{id}");
            assert!(!kind(id).kind().si_possible, "{id}");
        }
        assert_eq!(kind("mass").kind().scale, Scale::Ratio);
    }

    #[test]
    fn variants() {
        let variants = |a, b| QuantityKindId::are_variants(kind(a), kind(b));
        assert!(variants("mass", "conventional_mass"));
        assert!(variants("conventional_mass", "mass"));
        assert!(variants("gauge_pressure", "absolute_pressure"));
        assert!(!variants("mass", "mass"));
        assert!(!variants("mass", "force"));
        assert!(!variants("dc_voltage", "ac_voltage"));
        assert_eq!(kind("ac_voltage").kind().parent, None);
    }

    #[test]
    fn suggestions() {
        for (text, id) in [
            ("masss", Some("mass")),
            ("Mass", Some("mass")),
            ("conventional mass", Some("conventional_mass")),
            ("voltage", Some("ac_voltage")),
            ("temprature", Some("temperature")),
            ("pH", Some("ph")),
            ("colourfulness of a dream", None),
            ("", None),
        ] {
            let found = QuantityKindId::suggestion(text);
            match (text, id) {
                ("voltage", _) => assert!(found.is_some_and(|id| id.ends_with("c_voltage"))),
                _ => assert_eq!(found, id, "{text}"),
            }
        }
        assert_eq!(QuantityKindId::suggestion(&"x".repeat(1_000_000)), None);
    }

    #[test]
    fn ids_are_written_as_texts() {
        assert_eq!(serde_json::to_string(&kind("ph")).expect("json"), "\"ph\"");
    }

    #[test]
    fn the_nine_areas() {
        let entries: Vec<AreaEntry> = serde_json::from_str(AREAS_JSON).expect("readable");
        assert_eq!(entries.len(), Area::all().len());
        let codes: Vec<&str> = Area::all().iter().map(|area| area.code).collect();
        assert_eq!(codes, ["AUV", "EM", "L", "M", "PR", "QM", "RI", "T", "TF"]);
        for area in Area::all() {
            assert!(!area.branches.is_empty());
            for branch in &area.branches {
                assert!(branch.code.starts_with(area.code), "{}", branch.code);
                assert!(!branch.name_vi.is_empty() && !branch.name_en.is_empty());
            }
            assert!(QuantityKindId::all().any(|id| id.kind().area == area), "{}", area.code);
        }
        assert_eq!(Area::parse("EM").map(|area| area.name_vi), Some("Điện và từ"));
        assert_eq!(Area::parse("em"), None);
    }
}
