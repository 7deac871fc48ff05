//! The rules of the catalogue, one file an area, one small function a rule, with its id, clause,
//! tag and severity beside it. `TABLE` lists every rule that is built, `NOT_BUILT` those that are
//! not yet; a test compares both with the catalogue.

pub mod accreditation;
pub mod capability;
pub mod comparison;
pub mod document;
pub mod epoch;
pub mod fitness;
pub mod freshness;
pub mod governance;
pub mod institute;
pub mod material;
pub mod quantity;
pub mod range;
pub mod structure;
pub mod time;
pub mod uncertainty;
pub mod viet_nam;

use super::finding::Rule;

/// Version of the rules as built; in every report.
pub const RULESET_VERSION: &str = "2026.1";

/// Every rule that is built, in the order of the catalogue.
pub static TABLE: &[&Rule] = &[
    &document::D_01,
    &capability::C_03,
    &structure::S_01,
    &structure::S_02,
    &structure::S_03,
    &structure::S_04,
    &structure::S_05,
    &structure::S_06,
    &structure::S_07,
    &structure::S_08,
    &structure::S_09,
    &structure::S_10,
    &structure::S_11,
    &structure::S_12,
    &quantity::Q_01,
    &quantity::Q_02,
    &quantity::Q_03,
    &quantity::Q_04,
    &quantity::Q_05,
    &quantity::Q_06,
    &quantity::Q_07,
    &range::R_01,
    &range::R_02,
    &range::R_03,
    &range::R_04,
    &uncertainty::U_01,
    &uncertainty::U_02,
    &uncertainty::U_03,
    &uncertainty::U_04,
    &uncertainty::U_05,
    &uncertainty::U_06,
    &uncertainty::U_07,
    &uncertainty::U_08,
    &uncertainty::U_09,
    &uncertainty::U_10,
    &uncertainty::U_11,
    &uncertainty::U_12,
    &capability::C_01,
    &capability::C_02,
    &capability::C_04,
    &capability::C_05,
    &capability::C_06,
    &capability::C_07,
    &capability::C_08,
    &capability::C_09,
    &capability::C_10,
    &capability::C_11,
    &accreditation::A_01,
    &accreditation::A_02,
    &accreditation::A_03,
    &accreditation::A_04,
    &accreditation::A_05,
    &accreditation::A_06,
    &accreditation::A_07,
    &accreditation::A_08,
    &accreditation::A_09,
    &accreditation::A_10,
    &accreditation::A_11,
    &institute::N_01,
    &institute::N_02,
    &institute::N_03,
    &institute::N_04,
    &institute::N_05,
    &institute::N_06,
    &institute::N_07,
    &comparison::N_08,
    &comparison::N_09,
    &comparison::N_10,
    &comparison::N_11,
    &comparison::N_12,
    &institute::N_13,
    &comparison::N_14,
    &institute::N_15,
    &time::T_01,
    &time::T_02,
    &time::T_03,
    &time::T_04,
    &time::T_05,
    &time::T_06,
    &time::T_07,
    &time::T_08,
    &epoch::T_09,
    &time::T_10,
    &freshness::T_11,
    &time::T_12,
    &material::M_01,
    &material::M_02,
    &material::M_03,
    &material::M_04,
    &material::M_05,
    &material::M_06,
    &material::M_07,
    &material::M_08,
    &material::M_09,
    &document::D_02,
    &document::D_03,
    &document::D_04,
    &document::D_05,
    &document::D_06,
    &document::D_07,
    &document::D_08,
    &document::D_09,
    &fitness::F_01,
    &fitness::F_02,
    &fitness::F_03,
    &fitness::F_04,
    &fitness::F_05,
    &fitness::F_06,
    &viet_nam::V_01,
    &viet_nam::V_02,
    &viet_nam::V_03,
    &viet_nam::V_04,
    &viet_nam::V_05,
    &viet_nam::V_06,
    &viet_nam::V_07,
    &viet_nam::V_08,
    &viet_nam::V_09,
    &viet_nam::V_10,
    &governance::G_01,
    &governance::G_02,
    &governance::G_03,
    &governance::G_04,
    &governance::G_05,
    &governance::G_06,
];

/// Rules of the catalogue that are not built yet.
pub const NOT_BUILT: &[&str] = &["I-01", "I-02", "I-03", "I-04", "I-05", "I-06", "I-07"];
