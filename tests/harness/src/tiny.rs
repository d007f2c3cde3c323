//! The tiny experiment, of a second or two, and how tests vary it.

/// The smallest experiment that goes through every stage. Its last table is `[train]`.
pub const TINY: &str = include_str!("../../fixtures/tiny.toml");

/// [`TINY`] without intervals, to look into its run.
pub const QUICK: &str = concat!(include_str!("../../fixtures/tiny.toml"), "[eval]\nbootstrap = 0\n");

/// [`TINY`] with a checkpoint every three steps, a transformer and intervals, to kill it and see it go on.
pub const RESUMABLE: &str = concat!(
    include_str!("../../fixtures/tiny.toml"),
    "checkpoint-every = 3\n[encoder.text.transformer]\nwidth = 16\nlayers = 1\nheads = 2\n[eval]\nbootstrap = 50\n"
);

/// [`RESUMABLE`] without intervals: a trial of a sweep.
pub const TRIAL: &str = concat!(
    include_str!("../../fixtures/tiny.toml"),
    "warmup = 1\ncheckpoint-every = 3\n",
    "[encoder.text.transformer]\nwidth = 16\nlayers = 1\nheads = 2\n[eval]\nbootstrap = 0\n"
);

/// A run with a relation graph of a few neighbours, fewer steps and no grounding. Its last table is `[train]`, and tests
/// may put keys before it.
pub const GRAPH: &str = "
data.phantom = { studies = 60, validation = 10, test = 10 }
pairing.ratio = 0.3
encoder.image.patch-cnn = { size = 32, width = 16 }
encoder.text.token-cnn = { width = 16, layers = 1 }
graph = { share = 0.5, start = 2, refresh = 2, neighbours = 4, iterations = 3 }
loss.evidence-unpaired = { weight = 1.0, start = 2 }
loss.evidence-alignment = { weight = 1.0, unpaired-start = 2 }
eval = { bootstrap = 10, grounding.enabled = false }

[train]
steps = 6
batch = 8
unpaired-images = 4
unpaired-reports = 4
text-warmup-steps = 3
text-warmup-batch = 8
";

/// An experiment of these that begins with `[data.phantom]`, from its table `[pairing]` on: to be appended to other data.
pub fn without_data(experiment: &str) -> &str {
    &experiment[experiment.find("[pairing]").unwrap()..]
}
