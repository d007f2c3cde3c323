# What is done by hand. `.ci/run` does what every change must pass.

set quiet

cache := env("LGDEA_CACHE", home_directory() / ".cache/lgdea")

# List what there is.
default:
    just --list

# libtorch through PyTorch's own package; prints the environment to build and run with: `eval "$(just libtorch)"`.
libtorch:
    tests/services/libtorch.sh install

# The published encoders at full size against torchvision, timm and transformers (2 GB, a quarter of an hour).
parity folder="/tmp/lgdea-parity":
    test -d {{ cache }}/venv-parity || python3 -m venv {{ cache }}/venv-parity
    {{ cache }}/venv-parity/bin/pip install --quiet -r tests/fixtures/encoders/requirements.txt
    {{ cache }}/venv-parity/bin/python tests/fixtures/encoders/make.py --full {{ folder }}
    LGDEA_PARITY={{ folder }} LGDEA_TEST_MINILM=$(tests/services/minilm.sh install) cargo test -p lgdea-model --test parity -- --nocapture

# Images a second of the image store beside PyTorch's DataLoader with torchvision, and beside pydicom, on two cores, in turns (some minutes).
bench-loader folder="/tmp/lgdea-jpegs" rounds="5":
    test -d {{ cache }}/venv-parity || python3 -m venv {{ cache }}/venv-parity
    {{ cache }}/venv-parity/bin/pip install --quiet -r tests/fixtures/encoders/requirements.txt
    test -d {{ folder }} || cargo run --release --quiet -p lgdea-data --example phantom_jpegs -- {{ folder }}
    {{ cache }}/venv-parity/bin/python tests/bench/loader.py {{ folder }} --rounds {{ rounds }}
    {{ cache }}/venv-parity/bin/pip install --quiet pydicom "pylibjpeg[all]" pyjpegls python-gdcm pillow
    {{ cache }}/venv-parity/bin/python tests/bench/dicom.py {{ folder }}-dicom --rounds {{ rounds }}

# Seconds of scoring beside scikit-learn and PyTorch, on two cores, in turns (half an hour).
bench-scoring folder="/tmp/lgdea-scoring" rounds="5":
    test -d {{ cache }}/venv-parity || python3 -m venv {{ cache }}/venv-parity
    {{ cache }}/venv-parity/bin/pip install --quiet -r tests/fixtures/encoders/requirements.txt scikit-learn
    {{ cache }}/venv-parity/bin/python tests/bench/scoring.py {{ folder }} --rounds {{ rounds }}

# Times of pieces: images, metrics, relation graph, losses with their gradients.
bench *filter:
    cargo bench -p lgdea-data -p lgdea-eval -p lgdea-graph -p lgdea-objective \
        --bench images --bench metrics --bench relations --bench losses -- {{ filter }}

# A training step beside the same in PyTorch, taking turns: time, memory, equal losses; `--device libtorch --compile` and more.
bench-peer file="tests/bench/small.toml" *options="":
    test -d {{ cache }}/venv-parity || python3 -m venv {{ cache }}/venv-parity
    {{ cache }}/venv-parity/bin/pip install --quiet -r tests/fixtures/encoders/requirements.txt
    {{ cache }}/venv-parity/bin/python tests/bench/peer.py {{ file }} --lgdea "${CARGO_TARGET_DIR:-target}/release/lgdea" {{ options }}

# Does it work on a GPU, how fast is it beside PyTorch, how busy is the GPU? A table in ten minutes; `--device flex --tiny` rehearses it.
bench-gpu *options="":
    python3 tests/bench/gpu.py {{ options }}

# What the rules deny beside medspaCy's ConText, on NegEx's test kit, a file of github.com/chapmanbe/negex (some minutes).
bench-context annotations:
    test -d {{ cache }}/venv-medspacy || python3 -m venv {{ cache }}/venv-medspacy
    {{ cache }}/venv-medspacy/bin/pip install --quiet medspacy==1.3.1
    {{ cache }}/venv-medspacy/bin/python tests/bench/context.py {{ annotations }} "${CARGO_TARGET_DIR:-target}/release/lgdea"

# What must stay quick when there is much of it: a long plan, many reports, 10,000 runs, a made-up MIMIC-CXR (half an hour).
bench-scale *parts:
    python3 tests/bench/scale.py "${CARGO_TARGET_DIR:-target}/release/lgdea" {{ parts }}

# The picture of README.md: heat maps of the main experiment and the curves of the main table.
picture results="results":
    #!/usr/bin/env bash
    set -euo pipefail
    lgdea=${CARGO_TARGET_DIR:-target}/release/lgdea
    tests/services/browser.sh install > /dev/null
    run=$($lgdea run experiments/low_pair.toml --results {{ results }} --json | tail -n 1 | python3 -c 'import json, sys; print(json.load(sys.stdin)["dir"])')
    $lgdea report results/tables/main.jsonl --out /tmp/lgdea-main.html
    node docs/images/overview.mjs "$run/artifacts/grounding_test.png" /tmp/lgdea-main.html docs/images/overview.png

# A wheel that pip installs where there is no Rust; prints its path.
wheel:
    tests/services/wheel.sh build

# The image of docker/Dockerfile, with libtorch for CUDA; needs Docker.
image tag="lgdea":
    docker build --file docker/Dockerfile --tag {{ tag }} .

# The book in `target/book`, from the pages under `docs/`.
book:
    mdbook build docs

# Known weaknesses among the dependencies; needs GitHub, where their list is.
advisories:
    cargo deny check advisories
