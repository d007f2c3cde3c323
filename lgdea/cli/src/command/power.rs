//! `lgdea power`: how many seeds a comparison needs.

use lgdea_comparison::seeds::{Question, seeds_needed};
use lgdea_comparison::{Split, metric, view};

use crate::args::compare::PowerArgs;
use crate::command::collected::{collect, warn};
use crate::failure::Failure;
use crate::output::{print, print_json};
use crate::progress::say;

pub(crate) fn power(args: &PowerArgs) -> Result<(), Failure> {
    let collection = collect(&args.inputs)?;
    let metric = metric::one(&args.metric, Split::Test, &collection.runs)?;
    let question = Question {
        metric,
        arm: args.arm.clone(),
        than: args.than.clone(),
        delta: args.delta,
        power: args.power,
        alpha: args.alpha,
        comparisons: args.comparisons,
    };
    let answers = seeds_needed(&collection, &question)?;
    if args.json {
        print_json(&answers.settings)?;
        if answers.left_out > 0 {
            say(format!("note: {}", view::left_out(&answers)));
        }
        return Ok(());
    }
    print(&format!("{}\n", view::seeds(&question, &answers)))?;
    warn(&collection);
    Ok(())
}
