# What the servers of the tests have in common. A script that is one sets `venv`, `dir` and `port`, sources this, defines
# `start` and calls `main "$@"`.
# shellcheck shell=bash disable=SC2154

fail() {
    echo "${0##*/}: $*" >&2
    exit 1
}

running() {
    [ -e "$dir/pid" ] && kill -0 "$(cat "$dir/pid")" 2>/dev/null
}

# Takes a free port where none was asked for.
choose_port() {
    if [ "$port" = 0 ]; then
        port=$("$venv/bin/python" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
    fi
}

# Waits until a command succeeds: wait_for COMPLAINT COMMAND...
wait_for() {
    local complaint=$1
    shift
    for _ in $(seq 240); do
        if "$@"; then
            return
        fi
        running || fail "the server ended; its last words: $(tail -n 5 "$dir/log")"
        sleep 0.5
    done
    stop
    fail "$complaint within 120 s; see $dir/log"
}

stop() {
    if running; then
        kill -- "-$(cat "$dir/pid")" 2>/dev/null || true
        for _ in $(seq 50); do
            running || break
            sleep 0.1
        done
        kill -9 -- "-$(cat "$dir/pid")" 2>/dev/null || true
    fi
    rm -f "$dir/pid" "$dir/url"
}

# Does what the arguments of the script say.
main() {
    local command=${1:-}
    shift || true
    while [ $# -gt 0 ]; do
        case $1 in
        --port) port=${2:?--port needs a number} ;;
        --dir) dir=${2:?--dir needs a folder} ;;
        *) fail "unknown argument $1" ;;
        esac
        shift 2
    done
    case $command in
    start | stop) "$command" ;;
    *) fail "usage: ${0##*/} start|stop [--port PORT] [--dir DIR]" ;;
    esac
}
