//! The model card of a run: what an exported model is, for whoever gets it without the experiment.

use lgdea_metric::{Bound, Name};
use lgdea_spec::{TextEncoder, WordPieces, repository};
use minijinja::value::Serde;
use minijinja::{Environment, UndefinedBehavior, Value, context};
use serde::Serialize;

use crate::{Opened, RunError};

/// The card, as Hugging Face lays them out.
const TEMPLATE: &str = include_str!("../../../templates/export/README.md.j2");

/// A row of its scores.
#[derive(Serialize)]
struct Row {
    on: String,
    label: String,
    value: String,
    interval: String,
}

impl Opened {
    /// The model card, in Markdown, for a model that is exported to a folder of this name. It holds settings, counts and scores, and
    /// neither paths of this machine nor anything of a report.
    ///
    /// # Errors
    /// The template is broken.
    pub fn card(&self, folder: &str) -> Result<String, RunError> {
        let (experiment, pools) = (&self.experiment, &self.prepared.pools);
        let encoder = &experiment.encoder;
        let weights = [encoder.image.weights().map(|(weights, _)| weights), text_weights(&encoder.text)];
        let from = weights.map(|weights| weights.filter(|weights| !weights.is_empty()));
        let told = from.map(|weights| weights.map(|it| format!(", from `{}`", last_part(it))).unwrap_or_default());
        let repositories = from.into_iter().flatten().filter(|weights| repository(weights).is_some());
        let base_models: Vec<String> = repositories.map(str::to_owned).collect();
        // What was to begin later taught it nothing, unless a round before it had all steps.
        let has_begun = |start: usize| start < self.step || experiment.train.rounds > 1;
        let terms = experiment.loss.acting().filter(|(_, term)| has_begun(term.schedule().start));
        let terms = terms.map(|(name, term)| format!("`{name}` {}", term.schedule().weight));
        let left_out = self.skipped.counts();
        let card = context! {
            name => &experiment.name,
            description => &experiment.description,
            version => env!("CARGO_PKG_VERSION"),
            image => encoder.image.name(),
            image_weights => &told[0],
            size => encoder.image.size(),
            text => encoder.text.name(),
            text_weights => &told[1],
            tokens => encoder.text.max_tokens(),
            dim => encoder.dim,
            data => experiment.data.name(),
            pairs => pools.paired.len(),
            images => pools.images.len(),
            reports => pools.reports.len(),
            losses => terms.collect::<Vec<_>>().join(", "),
            labels => experiment.labels_teach(),
            steps => self.step,
            seed => experiment.seed.0,
            run => self.name(),
            scores => Value::from(Serde(self.rows())),
            left_out => left_out,
            base_models => base_models,
            folder => folder,
        };
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::SemiStrict);
        Ok(environment.render_str(TEMPLATE, card)?)
    }

    /// The headline scores of the test split and of evaluation sets.
    fn rows(&self) -> Vec<Row> {
        let value = |name: &str| self.history.metrics.get(name).map(|&(_, value)| value);
        let scores = self.history.scores().filter(|(name, _)| Name::parse(name).is_headline());
        let row = |(name, score): (&str, f64)| {
            let parsed = Name::parse(name);
            let digits = parsed.decimals();
            let interval = Bound::interval(name, value);
            let interval = interval.map(|[low, high]| format!("{low:.digits$} – {high:.digits$}"));
            Row {
                on: parsed.on.map(|on| on.name().to_owned()).unwrap_or_default(),
                label: parsed.declared.map_or_else(|| parsed.metric.to_owned(), |declared| declared.label()),
                value: format!("{score:.digits$}"),
                interval: interval.unwrap_or_else(|| "–".to_owned()),
            }
        };
        scores.map(row).filter(|row| row.on != "validation").collect()
    }
}

/// The published weights that a text encoder starts from.
fn text_weights(text: &TextEncoder) -> Option<&str> {
    match text.word_pieces() {
        WordPieces::Published { model, pretrained: true } => Some(model),
        _ => None,
    }
}

/// What names published weights to others: a repository, or the name of a file without where it lies here.
fn last_part(weights: &str) -> &str {
    if repository(weights).is_some() { weights } else { weights.rsplit(['/', '\\']).next().unwrap_or(weights) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_on_this_machine_are_not_told() {
        let table = [
            ("timm/resnet50.tv_in1k", "timm/resnet50.tv_in1k"),
            ("/home/me/weights/resnet.pth", "resnet.pth"),
            ("~/weights", "weights"),
            ("weights/model.safetensors", "model.safetensors"),
        ];
        for (weights, told) in table {
            assert_eq!(last_part(weights), told);
        }
    }
}
