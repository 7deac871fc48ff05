//! Other people's formats, each a pure parse or print: text in, records out (or the other way),
//! with positions in its errors. No input or output, no decision.

pub mod bundle;
pub mod ccri;
pub mod compressed;
pub mod dcc;
pub mod kcdb;
pub mod outcome;
pub mod scope;
pub mod sheet;
pub mod signature;
pub mod symbols;
pub mod workbook;
mod xml;
