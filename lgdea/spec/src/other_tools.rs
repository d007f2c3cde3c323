//! What keys of an experiment are called in other tools, where people bring their names from.

use crate::schema::Schema;
use crate::suggest::same_name;

/// Names that other tools have for keys of an experiment; a key without its tables stands for all of that name.
const NAMES: &[(&str, &[&str])] = &[
    (
        "train.batch",
        &["batch-size", "bs", "batchsize", "train-batch-size", "per-device-train-batch-size", "global-batch-size"],
    ),
    ("train.learning-rate", &["lr", "base-lr", "max-lr", "init-lr", "peak-lr"]),
    (
        "train.steps",
        &["epochs", "epoch", "n-epochs", "num-epochs", "num-train-epochs", "max-epochs", "max-steps", "num-steps"],
    ),
    ("train.steps", &["total-steps", "iterations", "max-iter", "max-iters", "num-iterations"]),
    ("train.weight-decay", &["wd", "l2"]),
    ("train.warmup", &["warmup-steps", "num-warmup-steps", "warmup-iters"]),
    ("train.clip-norm", &["grad-clip", "clip-grad", "max-grad-norm", "gradient-clip-val", "gradient-clipping"]),
    ("train.ema", &["ema-decay", "model-ema"]),
    (
        "train.micro-batch",
        &["accumulate-grad-batches", "gradient-accumulation-steps", "grad-accum", "accum-steps", "accum-iter"],
    ),
    ("train.precision", &["amp", "fp16", "bf16", "mixed-precision", "half-precision"]),
    ("train.log-every", &["log-interval", "log-freq", "logging-steps", "log-every-n-steps", "print-freq"]),
    ("train.checkpoint-every", &["save-every", "save-steps", "save-freq", "save-interval", "checkpoint-interval"]),
    ("eval.every", &["eval-steps", "eval-interval", "eval-every", "val-every", "val-interval", "val-check-interval"]),
    ("device.name", &["gpu", "gpus", "cuda", "gpu-id", "gpu-ids", "device-id", "accelerator", "use-cuda"]),
    ("device.threads", &["cpus", "num-threads", "cpus-per-task"]),
    ("device.loader-threads", &["num-workers", "workers", "n-workers", "dataloader-num-workers"]),
    ("seed", &["random-seed", "rng-seed", "manual-seed", "random-state", "rand-seed"]),
    ("name", &["run-name", "exp-name", "experiment-name", "job-name"]),
    ("description", &["notes", "comment"]),
    ("tracker.uri", &["tracking-uri", "mlflow-uri", "mlflow", "mlflow-tracking-uri"]),
    ("tracker.experiment", &["project", "wandb-project", "mlflow-experiment"]),
    ("size", &["image-size", "img-size", "input-size", "resolution", "crop-size"]),
    ("encoder.dim", &["embed-dim", "embedding-dim", "projection-dim", "proj-dim", "emb-dim", "hidden-dim"]),
    ("encoder.image", &["backbone", "image-encoder", "vision-encoder", "image-model", "arch", "architecture"]),
    ("encoder.text", &["text-encoder", "language-model", "text-model", "bert-type"]),
    ("data.manifest", &["dataset", "csv", "csv-file", "data-file"]),
    ("data.manifest.root", &["data-dir", "data-root", "data-path", "image-dir", "image-root", "img-dir"]),
    ("eval.zero-shot.prompts", &["classes", "class-names", "templates", "prompt-file"]),
    ("pairing.ratio", &["pair-ratio", "data-ratio", "data-pct", "train-fraction", "label-fraction", "paired-ratio"]),
];

/// Paths of the keys that other tools call so.
pub(crate) fn keys_called(name: &str) -> Vec<String> {
    let known = NAMES.iter().find(|(_, names)| names.iter().any(|other| same_name(other, name)));
    match known {
        Some((key, _)) if key.contains('.') => vec![(*key).to_owned()],
        // A key of the experiment itself goes before those of tables.
        Some((key, _)) if Schema::root().child(key).is_some() => vec![(*key).to_owned()],
        Some((key, _)) => Schema::root().paths_of(key),
        None => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_other_tools_lead_to_keys_and_are_none_themselves() {
        for (key, names) in NAMES {
            for name in *names {
                let paths = keys_called(&name.replace('-', "_").to_uppercase());
                assert!(!paths.is_empty(), "{name}");
                assert!(
                    paths.iter().all(|path| Schema::root().at(path).is_some() && path.ends_with(key)),
                    "{name}: {paths:?}"
                );
            }
        }
        assert!(keys_called("learning-rate").is_empty());
    }
}
