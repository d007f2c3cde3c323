#!/usr/bin/env bash
# A real Ray cluster of one machine and two make-believe nodes for the tests.
#
#   ray.sh start [--dir DIR]   start it if it is not running, print the folder of a `ray` that knows it, to be put into PATH
#   ray.sh stop [--dir DIR]    stop it and forget its jobs
#
# DIR (default: a folder of this user in the temporary folder) holds all its state; its path must be short, since sockets lie below
# it. No other Ray of this machine is touched. The nodes have the addresses 127.0.0.2 and 127.0.0.3, which on Linux are this machine,
# and 4 processors each to give away, whatever the machine has. Who talks to them needs a token that only this user can read.
# The first start installs Ray into a virtual environment outside of the clone, $LGDEA_RAY_VENV (default:
# ~/.cache/lgdea/ray-VERSION, 400 MB); it needs python3 and takes about a minute. The cluster takes 1 GB of memory.
set -euo pipefail

version=2.60.0
venv=${LGDEA_RAY_VENV:-$HOME/.cache/lgdea/ray-$version}
dir=${TMPDIR:-/tmp}/lgdea-ray-$(id -u)

fail() {
    echo "ray.sh: $*" >&2
    exit 1
}

# In $venv.lock: tests may ask for the cluster at the same time.
install() {
    [ -e "$venv/installed" ] && return
    echo "installing ray $version into $venv" >&2
    python3 -m venv "$venv"
    "$venv/bin/pip" install --quiet --disable-pip-version-check "ray[default]==$version" >&2
    touch "$venv/installed"
}

# Whether a node runs; its process is known by what it inherited, since numbers of processes are used again.
running() {
    [ -e "$dir/$1.pid" ] && grep -qszxF "LGDEA_RAY=$dir" "/proc/$(cat "$dir/$1.pid")/environ"
}

# Makes the folder, with a `ray` that asks this cluster.
configure() {
    mkdir -p "$dir/bin" "$dir/tmp"
    chmod 700 "$dir"
    (umask 077 && od -An -N32 -tx1 /dev/urandom | tr -d ' \n' >"$dir/token")
    # shellcheck disable=SC2046
    set -- $(python3 -c '
import socket
held = [socket.create_server(("127.0.0.2", 0)) for _ in range(3)]
print(*(s.getsockname()[1] for s in held))')
    gcs=127.0.0.2:$1
    head=(--port "$1" --dashboard-host 127.0.0.2 --dashboard-port "$2" --ray-client-server-port "$3")
    cat >"$dir/bin/ray" <<SCRIPT
#!/bin/sh
export RAY_ADDRESS=http://127.0.0.2:$2 RAY_AUTH_MODE=token RAY_AUTH_TOKEN_PATH='$dir/token'
exec '$venv/bin/ray' "\$@"
SCRIPT
    chmod +x "$dir/bin/ray"
}

# Starts a node: node NAME ADDRESS OPTION... It begins a session of its own, and all its processes inherit LGDEA_RAY.
node() {
    local name=$1 address=$2
    shift 2
    # A Python that waits for work takes 80 MB, and Ray would start one for each processor.
    LGDEA_RAY=$dir TMPDIR=$dir/tmp PATH=$venv/bin:$PATH RAY_AUTH_MODE=token RAY_AUTH_TOKEN_PATH=$dir/token \
        RAY_USAGE_STATS_ENABLED=0 RAY_enable_worker_prestart=0 RAY_prestart_worker_first_driver=0 \
        setsid "$venv/bin/ray" start --block --node-ip-address "$address" "$@" --num-cpus 4 --num-gpus 0 \
        --object-store-memory 80000000 --temp-dir "$dir/$name" --min-worker-port 0 --max-worker-port 0 \
        --dashboard-agent-listen-port 0 >>"$dir/$name.log" 2>&1 </dev/null 9>&- &
    echo $! >"$dir/$name.pid"
}

# Fails where a node that was just started has ended.
alive() {
    kill -0 "$(cat "$dir/$1.pid")" 2>/dev/null || fail "a node ended; its last words: $(tail -n 5 "$dir/$1.log")"
}

# Whether both nodes answer.
ready() {
    "$dir/bin/ray" list nodes --filter state=ALIVE --format json 2>/dev/null |
        python3 -c 'import json, sys; sys.exit(len(json.load(sys.stdin)) != 2)' 2>/dev/null
}

start() {
    mkdir -p "$(dirname "$venv")" "$(dirname "$dir")"
    exec 9>"$venv.lock"
    flock 9
    install
    if running head && running other; then
        echo "$dir/bin"
        return
    fi
    stop
    configure
    node head 127.0.0.2 --head "${head[@]}"
    for _ in $(seq 480); do
        alive head
        if [ -e "$dir/other.pid" ]; then
            alive other
            ! ready || {
                echo "$dir/bin"
                return
            }
        elif grep -q 'Ray runtime started' "$dir/head.log"; then
            node other 127.0.0.3 --address "$gcs"
        fi
        sleep 0.25
    done
    stop
    fail "the nodes do not answer within 120 s"
}

# The processes of the cluster and of its jobs. Some of Ray write their names over what they inherited; they are of a session in
# which others did not.
processes() {
    local sessions
    sessions=$(grep -lszxF "LGDEA_RAY=$dir" /proc/[0-9]*/environ | cut -d / -f 3 | xargs -r ps -o sid= -p | sort -u) || true
    # shellcheck disable=SC2086
    set -- $sessions
    [ $# = 0 ] || ps -o stat=,pid= --sid "$(IFS=, && echo "$*")" | sed -n 's/^[^Z][^ ]* *//p'
}

# Nothing of it is worth an orderly end, which takes up to a quarter of a minute.
stop() {
    while [ -n "$(processes)" ]; do
        processes | xargs -r kill -KILL 2>/dev/null || true
        sleep 0.1
    done
    rm -rf "$dir"
}

command=${1:-}
shift || true
while [ $# -gt 0 ]; do
    case $1 in
    --dir) dir=${2:?--dir needs a folder} ;;
    *) fail "unknown argument $1" ;;
    esac
    shift 2
done
dir=$(realpath --canonicalize-missing "$dir")
case $command in
start | stop) "$command" ;;
*) fail "usage: ray.sh start|stop [--dir DIR]" ;;
esac
