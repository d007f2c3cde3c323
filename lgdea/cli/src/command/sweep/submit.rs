//! `lgdea sweep --launcher slurm`: hands a sweep to Slurm and returns.

use std::fmt::Write;
use std::path::Path;

use lgdea_spec::sweep::OnFailure;
use lgdea_spec::{agreeing, counted};
use lgdea_sweep::{Array, Plan, Request, Submitted, submit};
use serde_json::json;

use crate::args::sweep::SweepArgs;
use crate::failure::Failure;
use crate::output::print;
use crate::progress::say;

pub(super) fn to_slurm(plan: Plan, args: &SweepArgs) -> Result<(), Failure> {
    let execute = &plan.sweep.execute;
    let request = Request {
        file: &args.file,
        results: &args.results,
        program: &super::program()?,
        at_a_time: args.workers.map(usize::from).or(execute.workers),
        arguments: passed_on(args),
    };
    let name = plan.sweep.name.clone();
    let submitted = submit(plan, &request, &|text| say(text))?;
    if args.json {
        return print(&format!("{}\n", json!({ "sweep": name, "slurm": submitted })));
    }
    print(&describe(&submitted, &request, &args.file))
}

/// What each element or worker is told, too.
pub(super) fn passed_on(args: &SweepArgs) -> Vec<String> {
    let mut words = Vec::new();
    if let Some(device) = &args.device {
        words.extend(["--device".to_owned(), device.clone()]);
    }
    if let Some(on_failure) = args.on_failure {
        let word = if OnFailure::from(on_failure) == OnFailure::Stop { "stop" } else { "continue" };
        words.extend(["--on-failure", word].map(str::to_owned));
    }
    if let Some(max_failures) = args.max_failures {
        words.extend(["--max-failures".to_owned(), max_failures.to_string()]);
    }
    words
}

fn describe(submitted: &Submitted, request: &Request<'_>, file: &Path) -> String {
    let Submitted { left, taken, array } = submitted;
    let Some(Array { job, elements, trials_per_element, aggregation, folder }) = array else {
        return match left {
            0 => "nothing to submit: all runs have ended\n".to_owned(),
            _ => format!(
                "nothing to submit: {} {} left, which jobs in the queue or other processes take\n",
                counted(*left, "run"),
                agreeing(*left, "is", "are")
            ),
        };
    };
    let mut text = format!("submitted array job {job}: {}", counted(*elements, "element"));
    if *trials_per_element > 1 {
        let _ = write!(text, " of {trials_per_element} trials");
    }
    if let Some(at_a_time) = request.at_a_time {
        let _ = write!(text, ", {at_a_time} at a time");
    }
    if *taken > 0 {
        let _ = write!(text, "; {} taken already", counted(*taken, "more run"));
    }
    if let Some(aggregation) = aggregation {
        let _ = write!(text, "\njob {aggregation} lists the trials when it has ended");
    }
    let results = request.results.display();
    let _ = write!(
        text,
        "\nhow it stands:  lgdea sweep {} --results {results} --status   (or squeue --job {job})\nwhat it says:   {}\n",
        file.display(),
        folder.join("*.out").display()
    );
    text
}
