//! `lgdea evidence show`: one report with its evidence.

use std::io::Read;
use std::path::Path;

use anstream::{AutoStream, ColorChoice};
use lgdea_evidence::{Evidence, Ontology, ReportEvidence, ReportText, Rules, read_evidence, read_reports_of};

use super::highlight::{highlight, name};
use super::{print, printable, provider, refused};
use crate::args::evidence::ShowArgs;
use crate::failure::{Failure, failed};
use crate::progress::say;

pub(super) fn show(args: &ShowArgs) -> Result<(), Failure> {
    let report = report(args)?;
    let evidence = match &args.evidence {
        Some(file) => known(file, &report.id)?,
        None => read(args, &report)?,
    };
    let coloured = AutoStream::choice(&std::io::stdout()) != ColorChoice::Never;
    let marked = highlight(&report.text, &evidence.evidence, coloured).ok_or_else(|| {
        refused(format!("the evidence of report {:?} points beyond its text: it was read from another one", report.id))
    })?;
    if args.evidence.is_some() && !was_read_in(&report.text, &evidence)? {
        say(format!(
            "the evidence of report {:?} does not fit this text: it was read from another text, or by another version of \
             lgdea; extract it again",
            report.id
        ));
    }
    let failed = evidence.failure.iter().map(|reason| format!("not read: {reason}\n"));
    let source = format!("read by {} ({})\n", evidence.provider, evidence.model);
    print(&format!("{marked}{}{}{source}", table(&evidence.evidence), failed.collect::<String>()))
}

/// The report that the user means.
fn report(args: &ShowArgs) -> Result<ReportText, Failure> {
    if args.input.is_none() && args.report == "-" {
        let mut text = String::new();
        std::io::stdin()
            .read_to_string(&mut text)
            .map_err(|error| refused(format!("cannot read standard input: {error}; it must be UTF-8 text")))?;
        return Ok(ReportText { id: "-".to_owned(), text });
    }
    let path = args.input.as_deref().unwrap_or_else(|| Path::new(&args.report));
    let mut reports = read_reports_of(path, args.columns.names())?.reports;
    let wanted = match (&args.input, reports.len()) {
        (None, 1) => Some(0),
        (None, count) => {
            let problem = format!(
                "{} holds {count} reports; name one: `lgdea evidence show {} --input {}`",
                path.display(),
                reports[0].id,
                path.display()
            );
            return Err(refused(problem));
        }
        (Some(_), _) => position(reports.iter().map(|report| report.id.as_str()), &args.report),
    };
    match wanted {
        Some(index) => Ok(reports.swap_remove(index)),
        None => Err(refused(format!(
            "{} has no report {:?} among its {}; the first is {:?}",
            path.display(),
            args.report,
            reports.len(),
            reports[0].id
        ))),
    }
}

/// Its evidence in a file.
fn known(file: &Path, id: &str) -> Result<ReportEvidence, Failure> {
    let mut reports = read_evidence(file)?;
    match position(reports.iter().map(|report| report.report_id.as_str()), id) {
        Some(position) => Ok(reports.swap_remove(position)),
        None => Err(refused(format!("{} has no evidence of report {id:?}; extract it first", file.display()))),
    }
}

/// The place of an identifier among others. A study of MIMIC-CXR is the same with and without its letter, if none is written alike.
fn position<'i>(ids: impl Iterator<Item = &'i str> + Clone, wanted: &str) -> Option<usize> {
    let alike = || study(wanted).and_then(|number| ids.clone().position(|id| study(id) == Some(number)));
    ids.clone().position(|id| id == wanted).or_else(alike)
}

/// The number of a study of MIMIC-CXR, `s50414267` or `50414267`; `None` of other identifiers.
fn study(id: &str) -> Option<&str> {
    const DIGITS: usize = 8;
    let number = id.strip_prefix(['s', 'S']).unwrap_or(id);
    (number.len() == DIGITS && number.bytes().all(|byte| byte.is_ascii_digit())).then_some(number)
}

/// Whether evidence was read in this text, as far as can be told: the shipped rules read the same again, and what others
/// quote is made of whole words.
fn was_read_in(text: &str, evidence: &ReportEvidence) -> Result<bool, Failure> {
    let ontology = Ontology::named_or_path("chest")?;
    if evidence.provider == "rules" && evidence.prompt_hash == ontology.digest() {
        return Ok(Rules::new(&ontology).extract(&evidence.report_id, text).evidence == evidence.evidence);
    }
    Ok(evidence.evidence.iter().all(|one| one.quotes_whole_words(text)))
}

/// Its evidence, read now.
fn read(args: &ShowArgs, report: &ReportText) -> Result<ReportEvidence, Failure> {
    let provider = provider::provider(&args.provider)?;
    let extraction = provider.extract(std::slice::from_ref(report), &args.provider.cache, &|_, _| ())?;
    let unanswered = extraction.tally.unanswered.into_iter().next();
    let why = unanswered.map_or_else(String::new, |unanswered| format!(" ({})", unanswered.reason));
    let nothing = || failed(format!("the server answered nothing{why}; try again"));
    extraction.reports.into_iter().next().ok_or_else(nothing)
}

fn table(evidence: &[Evidence]) -> String {
    if evidence.is_empty() {
        return "no evidence\n".to_owned();
    }
    let header = ["finding", "polarity", "side", "severity", "location", "phrase", "section"];
    let mut table = lgdea_eval::table::with_header(&header, 0..0);
    for one in evidence {
        table.add_row([
            printable(&one.finding),
            name(one.polarity).to_owned(),
            one.laterality.word().to_owned(),
            one.severity.word().to_owned(),
            printable(&one.location.join(", ")),
            printable(&one.text),
            printable(&one.section),
        ]);
    }
    format!("{table}\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_study_of_mimic_is_found_with_and_without_its_letter() {
        let ids = ["s50414267", "53189527", "s53189527", "s1", "1"];
        let found = |wanted| position(ids.into_iter(), wanted);
        assert_eq!([found("50414267"), found("s50414267"), found("S50414267")], [Some(0); 3]);
        assert_eq!([found("53189527"), found("s53189527")], [Some(1), Some(2)], "as it is written, where it is there");
        assert_eq!([found("s1"), found("1"), found("s11"), found("50414268")], [Some(3), Some(4), None, None]);
    }
}
