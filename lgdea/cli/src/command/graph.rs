//! `lgdea graph`: the relation graph of a run, and how good its relations are.

use std::fmt::Write;
use std::path::Path;

use lgdea_eval::table;
use lgdea_inspect::{GRAPH_MEASURES, GraphAgreement, GraphCheck, GraphView, PhraseCheck};
use lgdea_run::Opened;
use lgdea_spec::counted;
use serde_json::json;

use super::opened;
use crate::args::inspect::GraphArgs;
use crate::failure::Failure;
use crate::output::{decimal, print, print_json, unwritable};
use crate::progress::Progress;

/// Relations written of an image at each hop.
const STRONGEST: usize = 5;

pub(crate) fn graph(args: &GraphArgs) -> Result<(), Failure> {
    let progress = Progress::new();
    let opened = opened::open(&args.run, &progress)?;
    let hidden = opened.unread_evidence(opened.prepared.hidden(), "hidden reports", &progress)?;
    let validation = opened.unread_evidence(opened.prepared.validation(), "validation reports", &progress)?;
    let graph = opened.trained().graph(&opened.evidence, &hidden, args.hops.map(usize::from))?;
    if let Some(out) = &args.out {
        std::fs::create_dir_all(out).map_err(|error| unwritable(out, &error))?;
        write_edges(&graph, &out.join("edges.csv"))?;
        write_relations(&graph, &out.join("relations.csv"))?;
    }
    let against_hidden = graph.against_hidden()?;
    let held_out = graph.against_held_out_pairs();
    let validation = graph.against_validation(&validation)?;
    let phrases = graph.phrases_of_hidden()?;
    if args.json {
        return print_json(&json!({
            "run": opened.name(),
            "step": opened.step,
            "images": graph.images(),
            "reports": graph.reports(),
            "pairs": graph.pairs(),
            "image_edges": graph.image_affinity().entries(),
            "report_edges": graph.report_affinity().entries(),
            "measures": GRAPH_MEASURES,
            "hidden": against_hidden,
            "held_out_pairs": held_out,
            "validation": validation,
            "phrases": phrases,
        }));
    }
    let files = args.out.as_ref().map_or_else(String::new, |out| {
        format!("{}\n{}\n", out.join("edges.csv").display(), out.join("relations.csv").display())
    });
    let relations = describe(&opened, &graph, against_hidden.as_ref(), &held_out, validation.as_ref());
    print(&format!("{relations}{}{files}", phrases.as_ref().map_or_else(String::new, found_phrases)))
}

fn write_edges(graph: &GraphView<'_>, path: &Path) -> Result<(), Failure> {
    write_csv(path, &["kind", "from", "to", "weight"], |rows| {
        for pair in 0..graph.pairs() {
            rows.write_record(["seed", graph.image(pair), graph.report(pair), "1"])?;
        }
        for node in 0..graph.images() {
            for (other, weight) in graph.image_affinity().row(node) {
                rows.write_record(["image-image", graph.image(node), graph.image(other), &weight.to_string()])?;
            }
        }
        for node in 0..graph.reports() {
            for (other, weight) in graph.report_affinity().row(node) {
                rows.write_record(["report-report", graph.report(node), graph.report(other), &weight.to_string()])?;
            }
        }
        Ok(())
    })
}

fn write_relations(graph: &GraphView<'_>, path: &Path) -> Result<(), Failure> {
    write_csv(path, &["image", "report", "hop", "mass"], |rows| {
        graph.strongest_relations(STRONGEST, |image, report, hop, mass| {
            rows.write_record([graph.image(image), graph.report(report), &hop.to_string(), &mass.to_string()])
        })
    })
}

fn write_csv(
    path: &Path,
    header: &[&str],
    write: impl FnOnce(&mut csv::Writer<std::fs::File>) -> csv::Result<()>,
) -> Result<(), Failure> {
    let failed = |error: csv::Error| unwritable(path, &error);
    let mut rows = csv::Writer::from_path(path).map_err(failed)?;
    rows.write_record(header).map_err(failed)?;
    write(&mut rows).map_err(failed)?;
    rows.flush().map_err(|error| failed(error.into()))
}

fn describe(
    opened: &Opened,
    graph: &GraphView<'_>,
    hidden: Option<&GraphCheck>,
    held_out: &GraphCheck,
    validation: Option<&GraphAgreement>,
) -> String {
    let mut text = format!(
        "{} after {}: {} and {}, {} of them pairs; {} and {}\n",
        opened.name(),
        counted(opened.step, "step"),
        counted(graph.images(), "image"),
        counted(graph.reports(), "report"),
        graph.pairs(),
        counted(graph.image_affinity().entries(), "image edge"),
        counted(graph.report_affinity().entries(), "report edge"),
    );
    if let Some(check) = hidden {
        let _ = write!(text, "\nunpaired images, against the reports that the pairing hides\n{}", relations(check));
        if !graph.holds_own_reports() {
            text.push_str("(their own reports are in no pool: the graph cannot reach them)\n");
        }
    } else {
        text.push_str("\nno hidden report is known: unpaired images are compared with nothing\n");
    }
    let _ = write!(
        text,
        "\npairs held out, a fifth at a time (the model was trained on them)\n{}\nagreement of evidence with the own \
         report's\n{}",
        relations(held_out),
        agreements(&[
            ("unpaired", hidden.map(|check| &check.agreement)),
            ("pairs held out", Some(&held_out.agreement)),
            ("validation pairs", validation),
        ])
    );
    text
}

/// One line a measure and hop: how relevant the related reports are, beside what chance and an oracle would give.
fn relations(check: &GraphCheck) -> String {
    let header = ["measure", "hop", "relations", "reached", "by mass", "first", "first 5", "chance", "best"];
    let mut table = table::with_header(&header, 2..header.len());
    let hops = check.hops.iter().enumerate().map(|(hop, precision)| (hop.to_string(), precision));
    let rows: Vec<_> = hops.chain([("all".to_owned(), &check.all)]).collect();
    for (measure, name) in GRAPH_MEASURES.iter().enumerate() {
        // A measure that no image of the check has an answer for.
        if rows.iter().all(|(_, precision)| precision.relevance[measure].is_none()) {
            continue;
        }
        for (hop, precision) in &rows {
            let relevance = precision.relevance[measure];
            let number = |value: fn(&lgdea_inspect::Relevance) -> f64| decimal(relevance.as_ref().map(value), 3);
            let reached = 100.0 * precision.reached as f64 / precision.images.max(1) as f64;
            table.add_row([
                (*name).to_owned(),
                hop.clone(),
                precision.relations.to_string(),
                format!("{reached:.1} %"),
                number(|relevance| relevance.mass),
                number(|relevance| relevance.first),
                number(|relevance| relevance.first_five),
                number(|relevance| relevance.chance),
                number(|relevance| relevance.best),
            ]);
        }
    }
    format!("{table}\n")
}

fn agreements(rows: &[(&str, Option<&GraphAgreement>)]) -> String {
    let mut table = table::with_header(&["images", "count", "graph", "model", "mix", "prior"], 1..6);
    for (name, agreement) in rows.iter().filter_map(|(name, agreement)| Some((*name, (*agreement)?))) {
        let GraphAgreement { images, graph, model, mix, prior } = *agreement;
        let values = [Some(graph), model, mix, Some(prior)].map(|value| decimal(value, 3));
        table.add_row([name.to_owned(), images.to_string()].into_iter().chain(values));
    }
    format!("{table}\n")
}

/// How well phrases are found in unpaired images, alone and through their neighbours.
fn found_phrases(check: &PhraseCheck) -> String {
    let mut table = table::with_header(&["found", "AUROC"], 1..2);
    table.add_row(["in the image alone".to_owned(), decimal(Some(check.alone), 3)]);
    for (view, auroc) in &check.carried {
        table.add_row([format!("and carried along neighbours by {view}"), decimal(Some(*auroc), 3)]);
    }
    let (phrases, images) = (counted(check.phrases, "phrase"), counted(check.images, "unpaired image"));
    format!("\n{phrases} of hidden reports in {images}, mean over phrases\n{table}\n")
}
