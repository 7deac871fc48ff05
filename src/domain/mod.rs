//! The words of the trade: plain types for every record of the registry, parsed rather than
//! validated. What cannot be said in these types cannot enter.
//!
//! What lives here: decimals, units, quantity kinds, uncertainties, intervals, dates, the
//! record of each collection, the claim, and the check of a set of records as a whole.
//! What does not: any decision about traceability (`engine`), any file format other than the
//! registry's own JSON (`exchange`), any input or output.

#[macro_use]
mod schema;

pub mod attestation;
pub mod by_name;
pub mod calibration;
pub mod capability;
pub mod check;
pub mod claim;
pub mod comparison;
pub mod conversion;
pub mod decimal;
pub mod document;
pub mod dsi;
pub mod epoch;
pub mod equation;
pub mod fault;
pub mod form;
pub mod framework;
pub mod id;
pub mod identity;
pub mod impact;
pub mod interval;
pub mod json;
pub mod links;
pub mod log;
pub mod nonconformity;
pub mod organisation;
pub mod period;
pub mod programme;
pub mod quantity;
pub mod realisation;
pub mod recognition;
pub mod records;
pub mod search;
pub mod signature;
pub mod standard;
pub mod text;
pub mod uncertainty;
pub mod unit;
