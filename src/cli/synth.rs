//! `etalon synth`: writes a synthetic country, for benchmarks and load tests.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::PathBuf;

use clap::value_parser;

use crate::app::synth::Country;
use crate::exchange::bundle::printer::Form;

use super::failure::Status;
use super::page::Page;
use super::phrases;
use super::progress::Progress;
use super::{Answer, Failure, Options, output};

/// Writes a synthetic country as a bundle: foreign, national, reference and working standards and
/// instruments, one calibration of each a year, of which one in fifty carries a fault.
///
/// The same numbers give the same bytes on every platform.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Standards and instruments in all.
    #[arg(long, value_name = "N")]
    #[arg(value_parser = value_parser!(u32).range(fewest()..=i64::from(Country::MOST_STANDARDS)))]
    standards: u32,
    /// Years of calibrations, the last of them 2026.
    #[arg(long, value_name = "Y")]
    #[arg(value_parser = value_parser!(u32).range(1..=i64::from(Country::MOST_YEARS)))]
    years: u32,
    /// What the country is drawn from.
    #[arg(long, value_name = "S", default_value_t = 1)]
    seed: u64,
    /// Where to write; the standard output when absent.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Write a record a line (NDJSON), the form that is imported without being held.
    #[arg(long)]
    ndjson: bool,
}

fn fewest() -> i64 {
    i64::from(Country::FEWEST_STANDARDS)
}

/// Runs the command.
pub fn run(arguments: &Arguments, options: Options) -> Result<Answer, Failure> {
    let form = if arguments.ndjson { Form::Lines } else { Form::Document };
    let country = Country::new(arguments.standards as usize, arguments.years, arguments.seed);
    let path = arguments.out.as_deref();
    let progress = Progress::beside(path, phrases::RECORDS, options);
    let written = match path {
        Some(path) => File::create(path).and_then(|file| write(&country, form, file, progress)),
        None => write(&country, form, io::stdout().lock(), progress),
    };
    match written {
        Ok(()) => Ok(Answer::new(Page::new(), Status::Good)),
        // That nobody reads any more is no fault.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
            Ok(Answer::new(Page::new(), Status::Good))
        }
        Err(error) => {
            let name = path.map_or_else(|| "stdout".to_owned(), |path| path.display().to_string());
            Err(output::unwritable(&name, &error))
        }
    }
}

fn write(country: &Country, form: Form, output: impl Write, progress: Progress) -> io::Result<()> {
    let progress = progress.of(u64::from(country.standards()) + country.calibrations());
    let mut output = BufWriter::with_capacity(1 << 20, output);
    country.write(&mut output, form, |written| progress.at(written))?;
    output.flush()
}
