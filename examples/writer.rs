//! A small program that writes to a registry through the library, without end: one record, then a
//! bundle of some, and so on. It says what was acknowledged, one line each, only after it was.
//!
//! `tests/killed.rs` ends it in the middle of its work, again and again, and looks whether every
//! acknowledged write is there once. Used by hand: `cargo run --example writer -- registry.db`.

use std::io::Write as _;

use etalon::app::import::Options;
use etalon::app::registry::{Author, Registry};
use etalon::clock;
use etalon::domain::records::CollectionName;
use serde_json::json;

/// Records of a bundle.
const TOGETHER: usize = 40;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    #[expect(clippy::disallowed_methods, reason = "an example has no command line of its own")]
    let url = std::env::args().nth(1).ok_or("usage: writer URL")?;
    let registry = Registry::open(&url.parse()?)?;
    let mut output = std::io::stdout().lock();
    for round in 0_u64.. {
        let author = Author::operator("writer", clock::now());
        let alone = json!({"kind": "enterprise", "names": {"en": "written alone"}});
        let accepted = registry.create(CollectionName::Organisations, alone, &author)?;
        writeln!(output, "alone {}", accepted.written.id)?;
        output.flush()?;

        let source = format!("writer {} round {round}", std::process::id());
        let organisations: Vec<_> = (0..TOGETHER)
            .map(|one| {
                json!({"id": format!("_:{one}"), "kind": "manufacturer", "names": {"en": &source}})
            })
            .collect();
        let bundle = json!({
            "format": "etalon-bundle/1",
            "source": source,
            "records": {"organisations": organisations},
        });
        let done = registry
            .import("bundle", &bundle.to_string(), &Options::default(), &author, &mut |_, _| {})
            .map_err(|failed| format!("{failed:?}"))?;
        let ids: Vec<&str> = done.outcomes.iter().map(|outcome| outcome.id.as_str()).collect();
        writeln!(output, "together {}", ids.join(" "))?;
        output.flush()?;
    }
    Ok(())
}
