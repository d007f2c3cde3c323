//! `lgdea embed`: what a run's model makes of studies, as arrays, and the reference that they are scored by.

use std::path::Path;

use lgdea_inspect::Wanted;
use lgdea_predictions::{Arrays, Reference};
use lgdea_run::{Asked, Embeddings, Found};

use super::{not_read, opened, placeable, replaceable};
use crate::args::inspect::EmbedArgs;
use crate::failure::{Failure, refused};
use crate::output::print;
use crate::progress::Progress;

pub(crate) fn embed(args: &EmbedArgs) -> Result<(), Failure> {
    let (out, reference) = (&args.out, args.out.with_extension("csv"));
    Arrays::can_be(out)?;
    let read: Vec<&Path> = args.data.iter().map(AsRef::as_ref).collect();
    for file in [out, &reference] {
        placeable(file)?;
        not_read(file, &read)?;
        replaceable(file, args.force)?;
    }
    if reference.exists() && !Reference::is_one_written_here(&reference)? {
        return Err(refused(format!(
            "the reference would be {}, which is there already and was not written by `lgdea embed`; name another file by --out",
            reference.display()
        )));
    }
    let found = Found::new(&args.run.run, &args.run.results)?;
    let (device, name) = opened::device(&args.run, &found)?;
    let asked = Asked {
        data: args.data.as_deref(),
        split: args.split.map(Into::into),
        wanted: Wanted { features: args.features, scores: args.prompts },
    };
    let embeddings = found.embed(asked, (&device, name), &Progress::new())?;
    embeddings.write(out, &reference, args.force)?;
    print(&format!("{}{}\n{}\n", described(&embeddings), out.display(), reference.display()))
}

/// What there is, a line each.
fn described(embeddings: &Embeddings) -> String {
    let embedded = &embeddings.embedded;
    let rows = [
        ("image", Some(embedded.image.dim())),
        ("text", (!embedded.with_text.is_empty()).then(|| embedded.text.dim())),
        ("features", embedded.features.as_ref().map(ndarray::ArrayBase::dim)),
        ("scores", embedded.scores.as_ref().map(|(_, scores)| scores.dim())),
    ];
    let row = |(name, shape): (&str, Option<(usize, usize)>)| {
        let (rows, columns) = shape?;
        Some(format!("{name:<9}{rows} × {columns}\n"))
    };
    rows.into_iter().filter_map(row).collect()
}
