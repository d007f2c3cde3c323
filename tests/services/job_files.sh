#!/usr/bin/env bash
# Those who read the job files of `lgdea sweep --print`: the Kubernetes API's schemas (kubernetes-validate) and SkyPilot.
#
#   job_files.sh python    print the Python of an environment that has both, for tests/sweep/job_files.py
#
# It is outside of the clone: $LGDEA_JOB_FILES_VENV (default: ~/.cache/lgdea/job-files-VERSIONS, 600 MB); it needs python3, and the first
# call takes about two minutes.
set -euo pipefail

schemas=1.37.0
sky=0.14.1
venv=${LGDEA_JOB_FILES_VENV:-$HOME/.cache/lgdea/job-files-$schemas-$sky}

[ "${1:-}" = python ] || {
    echo "job_files.sh: say \`python\`" >&2
    exit 2
}

mkdir -p "$(dirname "$venv")"
(
    flock 9
    [ -e "$venv/installed" ] && exit
    python3 -m venv "$venv"
    "$venv/bin/pip" install --quiet --disable-pip-version-check "kubernetes-validate==$schemas" "skypilot==$sky"
    touch "$venv/installed"
) >&2 9>"$venv.lock"
echo "$venv/bin/python"
