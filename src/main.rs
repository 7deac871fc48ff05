use std::path::Path;
fn collect(dir: &Path, out: &mut Vec<etalon::app::conformance::Vector>) {
    let mut entries: Vec<_> = std::fs::read_dir(dir).unwrap().map(|e| e.unwrap().path()).collect();
    entries.sort();
    for p in entries {
        if p.is_dir() { collect(&p, out); }
        else if p.extension().is_some_and(|e| e == "json") {
            out.push(etalon::app::conformance::read(&p.display().to_string(), &std::fs::read_to_string(&p).unwrap()).unwrap());
        }
    }
}
fn main() {
    let mut v = Vec::new();
    for d in std::env::args().skip(1) { collect(Path::new(&d), &mut v); }
    let now = etalon::clock::now();
    let outcomes = etalon::app::conformance::run(&v, etalon::app::verify::Moment { now, today: etalon::clock::day_of(now) });
    let mut failed = 0;
    for o in &outcomes { if !o.differences.is_empty() { failed += 1; println!("FAIL {}", o.id); for d in &o.differences { println!("   {} expected {} got {}", d.what, d.expected, d.got); } } }
    println!("{} passed, {failed} failed", outcomes.len() - failed);
}
