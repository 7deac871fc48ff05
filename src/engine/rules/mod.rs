//! The rules of the catalogue, one file an area, one small function a rule, with its id, clause,
//! tag and severity beside it. `TABLE` lists every rule that is built, `NOT_BUILT` those that are
//! not yet; a test compares both with the catalogue.

pub mod accreditation;
pub mod capability;
pub mod document;
pub mod fitness;
pub mod impact;
pub mod institute;
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
    &structure::S_01,
    &structure::S_02,
    &structure::S_03,
    &structure::S_04,
    &structure::S_05,
    &structure::S_06,
    &structure::S_07,
    &structure::S_11,
    &structure::S_12,
    &quantity::Q_01,
    &quantity::Q_02,
    &quantity::Q_03,
    &quantity::Q_07,
    &range::R_01,
    &range::R_02,
    &range::R_03,
    &uncertainty::U_01,
    &uncertainty::U_02,
    &uncertainty::U_03,
    &uncertainty::U_04,
    &uncertainty::U_05,
    &uncertainty::U_12,
    &capability::C_01,
    &capability::C_02,
    &capability::C_03,
    &capability::C_04,
    &capability::C_05,
    &accreditation::A_01,
    &accreditation::A_02,
    &accreditation::A_03,
    &accreditation::A_04,
    &accreditation::A_06,
    &accreditation::A_07,
    &institute::N_01,
    &institute::N_02,
    &institute::N_03,
    &institute::N_04,
    &institute::N_05,
    &institute::N_07,
    &time::T_01,
    &time::T_02,
    &time::T_03,
    &time::T_04,
    &time::T_05,
    &time::T_08,
    &time::T_10,
    &document::D_04,
    &fitness::F_01,
    &viet_nam::V_01,
    &viet_nam::V_03,
    &viet_nam::V_04,
    &viet_nam::V_06,
    &impact::I_01,
    &impact::I_02,
    &impact::I_03,
    &impact::I_04,
    &impact::I_05,
    &impact::I_06,
    &impact::I_07,
];

/// Rules of the catalogue that are not built yet.
pub const NOT_BUILT: &[&str] = &[
    "S-08", "S-09", "S-10", "Q-04", "Q-05", "Q-06", "R-04", "U-06", "U-07", "U-08", "U-09", "U-10",
    "U-11", "C-06", "C-07", "C-08", "C-09", "C-10", "C-11", "A-05", "A-08", "A-09", "A-10", "A-11",
    "N-06", "N-08", "N-09", "N-10", "N-11", "N-12", "N-13", "N-14", "N-15", "T-06", "T-07", "T-09",
    "T-11", "T-12", "M-01", "M-02", "M-03", "M-04", "M-05", "M-06", "M-07", "M-08", "M-09", "D-01",
    "D-02", "D-03", "D-05", "D-06", "D-07", "D-08", "D-09", "F-02", "F-03", "F-04", "F-05", "F-06",
    "V-02", "V-05", "V-07", "V-08", "V-09", "V-10", "G-01", "G-02", "G-03", "G-04", "G-05", "G-06",
];
