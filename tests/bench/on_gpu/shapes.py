"""Sizes of what is measured, and the experiments that have them."""

import itertools
import json
import string
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Shapes:
    """Networks, batches and steps."""

    # Depth of the ResNet, and side of its images.
    depth: int
    size: int
    # `config.json` of the BERT.
    bert: dict
    batches: list[int]
    # Rows that a network sees at a time where the batch is the last one (GradCache).
    micro: int
    # Studies of the phantom that are trained on; half of them are pairs.
    studies: int
    # Measured steps of the first batch; of larger ones fewer.
    steps: int
    parity_steps: int
    # Steps of the run that is killed, and steps between its checkpoints.
    resume: tuple[int, int]
    # Batch and steps a thread where nothing but loading is measured.
    loader_batch: int
    loader_steps: int
    # GiB of memory, disk and of the GPU's memory without which nothing is begun.
    needed: tuple[float, float, float]
    # Variables for the number of threads; none for all cores.
    threads: dict = field(default_factory=dict)

    def steps_of(self, batch: int) -> int:
        return max(self.steps * self.batches[0] // batch, 4)

    def flagship(self, folder: Path) -> Path:
        """The networks of experiments/mimic_resnet50_10pct.toml, with random weights, on the phantom."""
        bert = folder / "bert"
        bert.mkdir(exist_ok=True)
        (bert / "config.json").write_text(json.dumps({"model_type": "bert", **self.bert}, indent=1) + "\n")
        (bert / "vocab.txt").write_text("".join(f"{piece}\n" for piece in word_pieces()))
        text = FLAGSHIP.format(studies=self.studies, depth=self.depth, size=self.size, bert=json.dumps(str(bert.resolve())))
        return written(folder / "flagship.toml", text)

    def loader(self, folder: Path) -> Path:
        """The same images for a network that is nearly none."""
        text = LOADER.format(studies=self.studies, size=self.size, batch=self.loader_batch)
        return written(folder / "loader.toml", text)


def written(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


def word_pieces() -> list[str]:
    """Letters and pairs of letters: reports then have as many tokens as `max-tokens` allows, phrases 7 to 20."""
    one = [*string.ascii_lowercase, *string.digits]
    two = ["".join(pair) for pair in itertools.product(string.ascii_lowercase, repeat=2)]
    begins = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *string.punctuation, *one, *two]
    return begins + [f"##{piece}" for piece in one + two]


FLAGSHIP = """# Written by tests/bench/gpu.py.
name = "flagship"

[data.phantom]
studies = {studies}
validation = 20
test = 20

[pairing]
ratio = 0.5

[encoder]
dim = 128

[encoder.image.resnet]
depth = {depth}
size = {size}
weights = ""

[encoder.text.bert]
model = {bert}
pretrained = false
max-tokens = 112
max-phrase-tokens = 32

[evidence-space]
prototypes = 64

[train]
unpaired-images = 0
unpaired-reports = 0
learning-rate = 1e-4
learning-rate-factors = {{ '^text\\.backbone\\.' = 0.2 }}

[train.augment]
rotation = 10.0
scale = 0.1

[device]
loader-threads = 8
"""

LOADER = """# Written by tests/bench/gpu.py.
extends = "clip"
name = "loader"

[data.phantom]
studies = {studies}
validation = 20
test = 20

[pairing]
ratio = 0.5

[encoder.image.patch-cnn]
size = {size}
patch = 32
width = 8

[encoder.text.token-cnn]
width = 8
layers = 1

[train]
batch = {batch}

[train.augment]
rotation = 10.0
scale = 0.1
"""

FULL = Shapes(
    depth=50,
    size=224,
    bert={
        "vocab_size": 28996,
        "hidden_size": 768,
        "num_hidden_layers": 12,
        "num_attention_heads": 12,
        "intermediate_size": 3072,
        "max_position_embeddings": 512,
    },
    batches=[96, 256, 1024],
    micro=128,
    studies=2400,
    steps=20,
    parity_steps=17,
    resume=(60, 20),
    loader_batch=64,
    loader_steps=40,
    needed=(16, 6, 24),
)

TINY = Shapes(
    depth=18,
    size=32,
    bert={
        "vocab_size": 2000,
        "hidden_size": 32,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "intermediate_size": 64,
        "max_position_embeddings": 128,
    },
    batches=[8, 16, 32],
    micro=8,
    studies=200,
    steps=4,
    parity_steps=2,
    resume=(20, 5),
    loader_batch=16,
    loader_steps=10,
    needed=(2, 1, 2),
    # Threads that wait for each other are slow where anything else runs.
    threads={"OMP_NUM_THREADS": "1", "RAYON_NUM_THREADS": "1"},
)
