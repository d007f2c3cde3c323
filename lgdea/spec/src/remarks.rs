//! What is allowed, but hardly meant.

use crate::{Experiment, ImageView, Need};

/// Where something that takes part begins.
struct Start {
    /// Its key.
    key: String,
    /// The step, counted from 0.
    step: usize,
    /// Whether it waits for the targets of unpaired images.
    waits: bool,
}

impl Experiment {
    /// The steps (counted from 0) at which what takes part begins, by their keys: terms, unpaired images, their targets.
    pub fn starts(&self) -> Vec<(String, usize)> {
        let mut starts: Vec<(String, usize)> =
            self.starts_of_terms().into_iter().map(|start| (start.key, start.step)).collect();
        if self.teaches_unpaired() {
            starts.push(("graph.start".to_owned(), self.graph.start));
        }
        starts
    }

    /// The step from which on everything takes part.
    pub fn last_start(&self) -> usize {
        self.starts().into_iter().map(|(_, start)| start).max().unwrap_or(0)
    }

    /// Whether labels teach unpaired images: other supervision than pairs.
    pub fn labels_teach(&self) -> bool {
        let Experiment { train, graph, .. } = self;
        let is_taken_up = |start: &Start| start.waits && start.step.max(graph.start) < train.steps;
        let begins = train.rounds > 1 || self.starts_of_terms().iter().any(is_taken_up);
        graph.labels && !graph.oracle && self.teaches_unpaired() && begins
    }

    /// The starts of all terms, then those of unpaired images in terms that act on pairs before.
    fn starts_of_terms(&self) -> Vec<Start> {
        let taught = self.teaches_unpaired();
        let (mut starts, mut later) = (Vec::new(), Vec::new());
        for (name, term) in self.loss.acting() {
            let waits = taught && term.needs().contains(&Need::UnpairedTargets);
            let joining = term.unpaired_start();
            let step = term.schedule().start;
            starts.push(Start { key: format!("loss.{name}.start"), step, waits: waits && joining.is_none() });
            later.extend(joining.map(|step| Start { key: format!("loss.{name}.unpaired-start"), step, waits }));
        }
        if self.train.unpaired_images > 0 {
            starts.append(&mut later);
        }
        starts
    }

    /// What never takes part as things are, in words with the keys to change.
    pub fn remarks(&self) -> Vec<String> {
        let Experiment { train, graph, eval, .. } = self;
        let (steps, from) = (train.steps, graph.start);
        let late = self.starts().into_iter().filter(|(_, start)| *start >= steps).map(|(key, start)| {
            let begins = if train.rounds > 1 { "it begins in the second round only" } else { "it never begins" };
            format!("`{key}` is {start}, and training ends after {steps} steps (`train.steps`): {begins}")
        });
        let early = self.starts_of_terms().into_iter().filter(|start| start.waits && start.step < from && from < steps);
        let early = early.map(|Start { key, step, .. }| {
            format!("`{key}` is {step}, but unpaired images have targets from step {from} on only (`graph.start`)")
        });
        let mut remarks: Vec<String> = late.chain(early).collect();
        if graph.labels && !self.labels_teach() {
            remarks.push(
                "`graph.labels` has no effect: no term teaches unpaired images before training ends, a step has none \
                 (`train.unpaired-images`), or `graph.oracle` teaches them"
                    .to_owned(),
            );
        }
        if graph.image_view == ImageView::Published && !self.uses_graph() {
            let why = "no term teaches unpaired images by a relation graph (`graph.share`)";
            remarks.push(format!("`graph.image-view` has no effect: {why}"));
        }
        if train.rounds > 1 && !self.teaches_unpaired() {
            let again = "each round is the first again: no term teaches unpaired images, or a step has none";
            remarks.push(format!("`train.rounds` has no effect but time: {again} (`train.unpaired-images`)"));
        }
        if train.warmup >= steps {
            let warmup = train.warmup;
            remarks.push(format!(
                "`train.warmup` is {warmup}, and training ends after {steps} steps (`train.steps`): the learning rate never \
                 reaches its peak"
            ));
        }
        if train.patience.is_on() && eval.every >= steps {
            let every = eval.every;
            remarks.push(format!(
                "`[train.patience]` has no effect: the validation split is scored every {every} steps (`eval.every`), and training \
                 ends after {steps} steps (`train.steps`)"
            ));
        }
        remarks
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::resolved_with;

    fn remarks(text: &str) -> Vec<String> {
        resolved_with(text, &[]).experiment.remarks()
    }

    #[test]
    fn what_never_begins_is_told() {
        assert_eq!(remarks(""), Vec::<String>::new());
        assert_eq!(remarks("extends = 's-clip'\n"), Vec::<String>::new());
        insta::assert_snapshot!(remarks("[train]\nsteps = 20\n").join("\n"));
        insta::assert_snapshot!(remarks("extends = 's-clip'\n[train]\nsteps = 100\nwarmup = 10\n").join("\n"));
        assert_eq!(remarks("extends = 'clip'\n[train]\nsteps = 20\nwarmup = 10\n"), Vec::<String>::new());
    }

    #[test]
    fn labels_teach_where_a_term_takes_them_up() {
        let experiment = |text: &str| resolved_with(text, &[]).experiment;
        let labels = "[graph]\nlabels = true\n";
        assert!(experiment(labels).labels_teach());
        for never in ["oracle = true\n", "[train]\nsteps = 100\n", "[train]\nunpaired-images = 0\n"] {
            let experiment = experiment(&format!("{labels}{never}"));
            assert!(!experiment.labels_teach(), "{never}");
            assert!(
                experiment.remarks().iter().any(|remark| remark.contains("`graph.labels` has no effect")),
                "{never}"
            );
        }
        assert!(experiment(&format!("{labels}[train]\nsteps = 100\nrounds = 2\n")).labels_teach());
    }

    #[test]
    fn a_view_that_no_graph_has_is_told() {
        let weights = "[encoder.image.resnet]\nweights = 'x'\n[graph]\nimage-view = 'published'\nshare = 0\n";
        assert!(remarks(weights).concat().contains("`graph.image-view` has no effect"));
    }

    #[test]
    fn rounds_without_anything_to_teach_are_told() {
        let told = remarks("extends = 'clip'\ntrain.rounds = 2\n").join("\n");
        assert!(told.starts_with("`train.rounds` has no effect but time"), "{told}");
        assert_eq!(remarks("train.rounds = 2\n"), Vec::<String>::new());
    }

    #[test]
    fn patience_without_a_scoring_before_the_end_is_told() {
        let told = |every: usize| {
            let patience = "patience = { evaluations = 2, metric = 'validation/zero_shot/auroc_macro' }";
            remarks(&format!(
                "extends = 'clip'\n[train]\nsteps = 20\nwarmup = 5\n{patience}\n[eval]\nevery = {every}\n"
            ))
        };
        assert_eq!(told(19), Vec::<String>::new());
        for every in [20, 50] {
            assert!(told(every)[0].starts_with("`[train.patience]` has no effect"), "{:?}", told(every));
        }
    }

    #[test]
    fn terms_that_wait_for_the_graph_are_told() {
        insta::assert_snapshot!(remarks("[loss]\nevidence-unpaired = { weight = 1.0, start = 0 }\n").join("\n"));
    }
}
