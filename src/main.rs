//! The `etalon` command; everything it does is in [`etalon::cli`].

#[expect(clippy::disallowed_methods, reason = "the command line enters here, and only here")]
fn main() -> std::process::ExitCode {
    etalon::cli::run(std::env::args_os())
}
