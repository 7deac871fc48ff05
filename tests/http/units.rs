//! Units over HTTP: shown in every notation, and numbers converted between them.

use crate::support::Database;
use crate::support::served::Served;

crate::support::both!(
    a_unit_is_shown_in_every_notation,
    a_number_is_converted,
    what_does_not_convert_is_refused,
);

fn a_unit_is_shown_in_every_notation(database: &Database) {
    let served = Served::new(database);
    for written in ["%C2%B5V/V", "uV/V", "%5Cmicro%5Cvolt%5Cper%5Cvolt"] {
        let reply = served.get(&format!("/api/v1/units?code={written}")).send();
        let unit = &reply.body["items"][0];
        assert_eq!(unit["code"], "uV/V", "{written}: {}", reply.text);
        assert_eq!(unit["dsi"], r"\micro\volt\volt\tothe{-1}");
        assert_eq!(unit["sidf"][0], "https://si-digital-framework.org/SI/units/volt");
        assert_eq!(unit["coherent"], "1");
    }
    let hardness = served.get("/api/v1/units?code=%7BHRC%7D").send();
    assert!(hardness.body["items"][0].get("dsi").is_none(), "{}", hardness.text);
}

fn a_number_is_converted(database: &Database) {
    let served = Served::new(database);
    let converted = |query: &str| {
        let reply = served.get(&format!("/api/v1/units/convert?{query}")).send();
        assert_eq!(reply.status, 200, "{query}: {}", reply.text);
        reply.body
    };
    let pressure = converted("value=0.80&from=kgf/cm%C2%B2&to=kPa&quantity_kind=gauge_pressure");
    assert_eq!(pressure["result"], "78.4532");
    assert_eq!((&pressure["exact"], &pressure["factor"]), (&true.into(), &"98.0665".into()));
    assert_eq!(converted("value=0.80&from=mg&to=kg")["result"], "0.00000080");
    let angle = converted("value=90&from=deg&to=rad");
    assert_eq!((&angle["factor"], &angle["exact"]), (&"π/180".into(), &false.into()));
    assert_eq!(converted("value=20&from=Cel&to=K")["result"], "293.15");
    assert_eq!(converted("value=20&from=Cel&to=K&difference=true")["result"], "20");
}

fn what_does_not_convert_is_refused(database: &Database) {
    let served = Served::new(database);
    for (query, pointer, code) in [
        ("value=5&from=kg", "/to", "missing_parameter"),
        ("value=5&from=kg&to=N", "/to", "not_commensurable"),
        ("value=5&from=dB&to=1", "/to", "not_commensurable"),
        ("value=5&from=kilo&to=kg", "/from", "bad_unit"),
        ("value=5,0&from=g&to=kg", "/value", "bad_number"),
        ("value=5&from=g&to=kg&difference=yes", "/difference", "bad_truth"),
        ("value=5&from=g&to=kg&quantity_kind=weight", "/quantity_kind", "unknown_value"),
        ("value=5&from=g&to=kg&quantity_kind=length", "/from", "wrong_dimension"),
    ] {
        let refused = served.get(&format!("/api/v1/units/convert?{query}")).send();
        refused.is_problem(400, "invalid_parameter");
        let fault = &refused.body["errors"][0];
        assert_eq!((&fault["pointer"], &fault["code"]), (&pointer.into(), &code.into()), "{query}");
    }
}
