//! What is allowed, but hardly meant.

use crate::Experiment;

impl Experiment {
    /// The steps (counted from 0) at which what takes part begins, by their keys: terms, unpaired images, their targets.
    pub fn starts(&self) -> Vec<(String, usize)> {
        let Experiment { train, loss, graph, .. } = self;
        let mut starts: Vec<(String, usize)> =
            loss.acting().map(|(name, start)| (format!("loss.{name}.start"), start)).collect();
        if train.unpaired_images > 0 && loss.evidence_alignment.weight > 0.0 {
            starts.push(("loss.evidence-alignment.unpaired-start".to_owned(), loss.evidence_alignment.unpaired_start));
        }
        if train.unpaired_images > 0 && loss.teaches_unpaired() {
            starts.push(("graph.start".to_owned(), graph.start));
        }
        starts
    }

    /// What never takes part as things are, in words with the keys to change.
    pub fn remarks(&self) -> Vec<String> {
        let Experiment { train, loss, graph, .. } = self;
        let (steps, starts) = (train.steps, self.starts());
        let taught = train.unpaired_images > 0 && loss.teaches_unpaired();
        let late = starts.iter().filter(|(_, start)| *start >= steps).map(|(key, start)| {
            format!("`{key}` is {start}, and training ends after {steps} steps (`train.steps`): it never begins")
        });
        let early = starts
            .iter()
            .filter(|(key, start)| taught && key.contains("unpaired") && *start < graph.start && graph.start < steps)
            .map(|(key, start)| {
                let from = graph.start;
                format!("`{key}` is {start}, but unpaired images have targets from step {from} on only (`graph.start`)")
            });
        let mut remarks: Vec<String> = late.chain(early).collect();
        if train.warmup >= steps {
            let warmup = train.warmup;
            remarks.push(format!(
                "`train.warmup` is {warmup}, and training ends after {steps} steps (`train.steps`): the learning rate never \
                 reaches its peak"
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
    fn terms_that_wait_for_the_graph_are_told() {
        insta::assert_snapshot!(remarks("[loss]\nevidence-unpaired.start = 0\n").join("\n"));
    }
}
