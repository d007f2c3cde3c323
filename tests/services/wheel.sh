#!/usr/bin/env bash
# The Python package of the program: a wheel that pip installs where there is no Rust.
#
#   wheel.sh build [--out DIR]   build it from what `cargo build --release` builds, print its path
#   wheel.sh check WHEEL         install it into an empty environment, and use it in an empty folder with an empty home
#
# DIR (default: `wheels` in cargo's target folder) holds it. The first build installs maturin into a virtual environment outside of
# the clone, $LGDEA_MATURIN_VENV (default: ~/.cache/lgdea/maturin-VERSION); it needs python3 with pip.
set -euo pipefail

version=1.16.0
venv=${LGDEA_MATURIN_VENV:-$HOME/.cache/lgdea/maturin-$version}
clone=$(cd "$(dirname "$0")/../.." && pwd)

fail() {
    echo "wheel.sh: $*" >&2
    exit 1
}

build() {
    local out=${CARGO_TARGET_DIR:-$clone/target}/wheels
    if [ "${1:-}" = --out ]; then
        mkdir -p "${2:?--out needs a folder}"
        out=$(cd "$2" && pwd)
    fi
    if [ ! -e "$venv/installed" ]; then
        python3 -m venv "$venv"
        "$venv/bin/pip" install --quiet --disable-pip-version-check "maturin==$version" >&2
        touch "$venv/installed"
    fi
    # A folder of its own tells which wheel was built, where older ones lie in DIR.
    local new wheel
    new=$(mktemp -d)
    # shellcheck disable=SC2064
    trap "rm -rf '$new'" EXIT
    (cd "$clone" && "$venv/bin/maturin" build --release --out "$new") >&2
    wheel=$(basename "$new"/*.whl)
    mkdir -p "$out"
    mv "$new/$wheel" "$out/$wheel"
    echo "$out/$wheel"
}

check() {
    [ -f "${1:-}" ] || fail "check needs a wheel: ${1:-none was given}"
    local place
    place=$(mktemp -d)
    # shellcheck disable=SC2064
    trap "rm -rf '$place'" EXIT
    python3 -m venv "$place/venv"
    "$place/venv/bin/pip" install --quiet --disable-pip-version-check --no-index "$1"
    mkdir "$place/home" "$place/work"
    cd "$place/work"
    # The folder of the crates has the name that a Python package would have.
    if "$place/venv/bin/python" -c 'import lgdea' 2>/dev/null; then
        fail "it holds more than the program"
    fi
    # Nothing of the user's environment; no cargo, no checkout.
    lgdea() { env -i HOME="$place/home" PATH="$place/venv/bin:/usr/bin:/bin" lgdea "$@"; }
    # What is embedded: defaults, presets, prompts of the phantom, protocols, pages.
    cat >tiny.toml <<TOML
extends = "clip"
name = "tiny"

[data.phantom]
studies = 120
validation = 40
test = 60

[train]
steps = 5
warmup = 1
batch = 16
log-every = 5

[eval]
bootstrap = 20
TOML
    lgdea --version
    lgdea init study
    lgdea check study/experiment.toml study/sweep.toml
    lgdea run tiny.toml
    lgdea report results --out report.html
    [ -s report.html ] || fail "there is no report"
    lgdea score protocols >list
    grep --quiet zero-shot/lgdea-v1 list || fail "there are no protocols"
}

command=${1:-}
shift || true
case $command in
build | check) "$command" "$@" ;;
*) fail "usage: wheel.sh build [--out DIR] | wheel.sh check WHEEL" ;;
esac
