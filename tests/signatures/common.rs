//! What the tests share.
#![allow(dead_code, reason = "not every test uses all of it")]

use base64ct::{Base64, Encoding};
use etalon::domain::period::Instant;
use etalon::exchange::signature::Trust;

/// The shared data.
pub const DATA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/data");

/// Whether the shared data are there; a test that needs them is skipped with a word where not.
pub fn here() -> bool {
    let here = std::path::Path::new(DATA).is_dir();
    if !here {
        println!("skipped: the shared data are not here");
    }
    here
}

/// An instant.
pub fn instant(text: &str) -> Instant {
    Instant::parse(text).unwrap()
}

/// A signed sample.
pub fn sample(name: &str) -> String {
    std::fs::read_to_string(format!("{DATA}/dcc/signed/{name}")).unwrap()
}

/// A certificate of the samples.
pub fn certificate(name: &str) -> Vec<u8> {
    std::fs::read(format!("{DATA}/dcc/signed/certs/{name}")).unwrap()
}

/// The trust of the samples of dcclib.
pub fn dcclib() -> Trust {
    Trust::nobody().with_anchors(&certificate("dcclib/ca.pem")).unwrap()
}

/// The trust of the samples of PyDCC.
pub fn pydcc() -> Trust {
    Trust::nobody()
        .with_anchors(&certificate("pydcc/root.crt"))
        .unwrap()
        .with_intermediates(&certificate("pydcc/sub.crt"))
        .unwrap()
}

/// What elements of a name hold, decoded.
pub fn encoded(xml: &str, name: &str) -> Vec<Vec<u8>> {
    let start = format!("<{name}>");
    let parts = xml.split(&start).skip(1);
    let text = parts.map(|part| part.split('<').next().unwrap().replace(char::is_whitespace, ""));
    text.map(|text| Base64::decode_vec(&text).unwrap()).collect()
}
