#!/usr/bin/env bash
# A real MLflow server for the tests.
#
#   mlflow.sh start [--port PORT] [--dir DIR]   start the server if it is not running, print its address
#   mlflow.sh stop [--dir DIR]                  stop it; DIR keeps what it was told, so that it can be started again
#   mlflow.sh python                            print the Python of its environment, which has NumPy and pandas
#
# DIR (default: a folder of this user in the temporary folder) holds the SQLite store, the artifacts and the log.
# The first start installs MLflow into a virtual environment outside of the clone, $LGDEA_MLFLOW_VENV (default:
# ~/.cache/lgdea/mlflow-3.17.2); it needs python3 and takes about two minutes.
set -euo pipefail

# 3.18.0 cannot be installed: its own pin `mlflow-skinny==3.18.0` is not on the index.
version=3.17.2
venv=${LGDEA_MLFLOW_VENV:-$HOME/.cache/lgdea/mlflow-$version}
dir=${TMPDIR:-/tmp}/lgdea-mlflow-$(id -u)
port=0
# shellcheck source=tests/services/server.sh
. "$(dirname "$0")/server.sh"

install() {
    [ -e "$venv/installed" ] && return
    echo "installing mlflow $version into $venv" >&2
    mkdir -p "$(dirname "$venv")"
    # Tests may ask for the server at the same time: one installs, the others wait.
    (
        flock 9
        [ -e "$venv/installed" ] && exit
        python3 -m venv "$venv"
        "$venv/bin/pip" install --quiet --disable-pip-version-check "mlflow==$version" >&2
        touch "$venv/installed"
    ) 9>"$venv.lock"
}

healthy() {
    "$venv/bin/python" - "$1/health" 2>/dev/null <<'PYTHON'
import sys, urllib.request
urllib.request.urlopen(sys.argv[1], timeout=2)
PYTHON
}

start() {
    install
    if running; then
        cat "$dir/url"
        return
    fi
    mkdir -p "$dir"
    choose_port
    local url=http://127.0.0.1:$port
    # A session of its own, so that `stop` reaches the workers too.
    MLFLOW_SERVER_ENABLE_JOB_EXECUTION=false MLFLOW_DISABLE_TELEMETRY=true \
        setsid "$venv/bin/mlflow" server --host 127.0.0.1 --port "$port" --workers 1 \
        --backend-store-uri "sqlite:///$dir/mlflow.db" --artifacts-destination "$dir/artifacts" \
        >>"$dir/log" 2>&1 </dev/null &
    echo $! >"$dir/pid"
    echo "$url" >"$dir/url"
    wait_for "no answer from $url" healthy "$url"
    echo "$url"
}

if [ "${1:-}" = python ]; then
    install
    echo "$venv/bin/python"
    exit
fi
main "$@"
