//! `lgdea evidence extract`: from reports to evidence.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Instant;

use lgdea_evidence::{ReportEvidence, read_reports_of, report_files, write_evidence};
use lgdea_spec::{agreeing, counted};

use super::{provider, refused};
use crate::args::evidence::ExtractArgs;
use crate::command::not_read;
use crate::failure::{Failure, failed};
use crate::output::unwritable;
use crate::progress::{Progress, say};

pub(super) fn extract(args: &ExtractArgs) -> Result<(), Failure> {
    check_out(&args.out)?;
    check_not_read(args)?;
    let provider = provider::provider(&args.provider)?;
    let reports = read_reports_of(&args.input, args.columns.names())?;
    if !reports.skipped.is_empty() {
        say(format!("left out: {}", reports.skipped));
    }
    if reports.within > 0 {
        say(format!("{} read in folders within {}", counted(reports.within, "file"), args.input.display()));
    }
    let counter = Progress::new().counter("reading evidence");
    let update = |done, total| counter.update(done, total);
    let mut output = Output::new(&args.out);
    let began = Instant::now();
    let tally = provider.extract_each(&reports.reports, &args.provider.cache, &update, |part| {
        output.add(&part).map_err(|error| unwritable(&args.out, &error))
    })?;
    let summary = output.finish(began.elapsed().as_secs_f64()).map_err(|error| unwritable(&args.out, &error))?;
    drop(counter);

    say(tally.to_string());
    say(summary);
    for warning in tally.warnings() {
        say(warning);
    }
    match (tally.unanswered.as_slice(), tally.failed > tally.answered()) {
        ([first, ..], _) => Err(failed(format!(
            "the server answered nothing for {}, {} among them ({}); the others are written, and the same \
             command asks for these again",
            counted(tally.unanswered.len(), "report"),
            first.report_id,
            first.reason,
        ))),
        ([], true) => Err(failed(format!(
            "{} {} no valid answer of the model, and {} have one: what is written is no reading of them; see \
             above why, and try another model, answer-format, max-tokens or prompt: the same command asks for these again",
            counted(tally.failed, "report"),
            agreeing(tally.failed, "has", "have"),
            tally.answered(),
        ))),
        ([], false) => Ok(()),
    }
}

fn is_stdout(out: &Path) -> bool {
    out.as_os_str() == "-"
}

/// Refuses a place that cannot be written to before anything is read: reading may take hours.
fn check_out(out: &Path) -> Result<(), Failure> {
    let folder = folder_of(out);
    if is_stdout(out) || (folder.is_dir() && !out.is_dir()) {
        return Ok(());
    }
    let problem = if out.is_dir() {
        format!(
            "{} is a folder; --out needs a file's name, such as {}",
            out.display(),
            out.join("evidence.jsonl").display()
        )
    } else {
        format!("the folder {} for --out does not exist; create it", folder.display())
    };
    Err(refused(problem))
}

/// Refuses a place that is read: a file of its own, or one of the reports of a folder.
fn check_not_read(args: &ExtractArgs) -> Result<(), Failure> {
    let ExtractArgs { input, out, provider, .. } = args;
    let files = provider::files(provider)?;
    let mut read: Vec<&Path> = files.iter().map(PathBuf::as_path).chain([input.as_path()]).collect();
    not_read(&provider.cache, &read)?;
    if is_stdout(out) {
        return Ok(());
    }
    read.push(&provider.cache);
    not_read(out, &read)?;
    if is_report(out) && input.is_dir() {
        for report in report_files(input)? {
            not_read(out, &[&report])?;
        }
        if is_within(&folder_of(out), input) {
            let problem =
                format!("{} would be one of the reports of {}; end its name in .jsonl", out.display(), input.display());
            return Err(refused(problem));
        }
    }
    Ok(())
}

/// Whether a file is a report by its name.
fn is_report(file: &Path) -> bool {
    ["txt", "xml"].iter().any(|ending| file.extension().is_some_and(|it| it.eq_ignore_ascii_case(ending)))
}

/// Whether a folder is another or lies in it, whatever they are called.
fn is_within(folder: &Path, other: &Path) -> bool {
    match (folder.canonicalize(), other.canonicalize()) {
        (Ok(folder), Ok(other)) => folder.starts_with(other),
        _ => false,
    }
}

fn folder_of(file: &Path) -> PathBuf {
    match file.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
        _ => PathBuf::from("."),
    }
}

/// Where evidence is written, all or nothing: a file that exists is replaced when the new one is complete.
struct Output<'a> {
    out: &'a Path,
    file: Option<File>,
    /// What is to become the file.
    partial: Option<PathBuf>,
    reports: usize,
    pieces: usize,
}

impl<'a> Output<'a> {
    fn new(out: &'a Path) -> Output<'a> {
        Output { out, file: None, partial: None, reports: 0, pieces: 0 }
    }

    /// Writes evidence after that which is there.
    fn add(&mut self, reports: &[ReportEvidence]) -> io::Result<()> {
        self.reports += reports.len();
        self.pieces += reports.iter().map(|report| report.evidence.len()).sum::<usize>();
        if is_stdout(self.out) {
            return match write_evidence(io::stdout().lock(), reports) {
                Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
                written => written,
            };
        }
        let file = match &mut self.file {
            Some(file) => file,
            none => none.insert(open(self.out, &mut self.partial)?),
        };
        write_evidence(file, reports)
    }

    /// Puts the file into its place; returns what was written, in a line.
    fn finish(mut self, seconds: f64) -> io::Result<String> {
        // A file without a line where there was no report.
        self.add(&[])?;
        if let (Some(file), Some(partial)) = (&self.file, &self.partial) {
            file.sync_all()?;
            fs::rename(partial, self.out)?;
            self.partial = None;
        }
        let place = if is_stdout(self.out) { "standard output".to_owned() } else { self.out.display().to_string() };
        let rate = self.reports as f64 / seconds.max(1e-9);
        Ok(format!("{} of evidence, {rate:.0} reports/s, in {place}", counted(self.pieces, "piece")))
    }
}

impl Drop for Output<'_> {
    fn drop(&mut self) {
        if let Some(partial) = &self.partial {
            // What is left of it must not stay; why it was not finished is what is told.
            let _ = fs::remove_file(partial);
        }
    }
}

/// Opens what is written to; a pipe or a device has no content to protect.
fn open(out: &Path, partial: &mut Option<PathBuf>) -> io::Result<File> {
    if out.metadata().is_ok_and(|file| !file.is_file()) {
        return File::create(out);
    }
    let name = out.file_name().unwrap_or_default().to_string_lossy();
    let path = folder_of(out).join(format!(".{name}.{}.partial", std::process::id()));
    File::create(partial.insert(path))
}
