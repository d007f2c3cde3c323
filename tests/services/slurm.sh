#!/usr/bin/env bash
# A real Slurm of one machine and two make-believe nodes for the tests.
#
#   slurm.sh start [--dir DIR]   start it if it is not running, print its configuration, which SLURM_CONF is to name
#   slurm.sh stop [--dir DIR]    stop it and forget its jobs
#
# DIR (default: a folder of this user in the temporary folder) holds all its state, its own munge included: no Slurm of this
# machine is touched. Where it is missing, the first start installs Debian's slurm-wlm and munge, which needs root.
set -euo pipefail

dir=${TMPDIR:-/tmp}/lgdea-slurm-$(id -u)
export PATH=$PATH:/usr/sbin:/sbin

fail() {
    echo "slurm.sh: $*" >&2
    exit 1
}

is_installed() {
    local program
    for program in munged slurmctld slurmd sbatch; do
        command -v "$program" >/dev/null || return 1
    done
}

install() {
    is_installed && return
    [ "$(id -u)" = 0 ] || fail "slurm-wlm and munge are not installed, and only root can do that"
    echo "installing slurm-wlm and munge" >&2
    # Their services must not start. A policy that is there already is left as it is.
    local policy=/usr/sbin/policy-rc.d ours=
    if [ ! -e "$policy" ]; then
        printf '#!/bin/sh\nexit 101\n' >"$policy" && chmod +x "$policy" && ours=1
    fi
    local status=0
    {
        apt-get -qq -o DPkg::Lock::Timeout=300 update &&
            DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=300 install -y \
                --no-install-recommends slurm-wlm munge
    } >&2 </dev/null || status=$?
    [ -z "$ours" ] || rm -f "$policy"
    [ "$status" = 0 ] && is_installed || fail "slurm-wlm and munge could not be installed"
}

running() {
    [ -e "$dir/$1.pid" ] && kill -0 "$(cat "$dir/$1.pid")" 2>/dev/null
}

configure() {
    local ports host user
    ports=$(python3 -c '
import socket
held = [socket.create_server(("127.0.0.1", 0)) for _ in range(3)]
print(*(s.getsockname()[1] for s in held))')
    # shellcheck disable=SC2086
    set -- $ports
    host=$(hostname -s)
    user=$(id -un)
    mkdir -p "$dir"/{state,n0,n1}
    chmod 700 "$dir"
    [ -e "$dir/munge.key" ] || (umask 077 && head -c 1024 /dev/urandom >"$dir/munge.key")
    # Jobs that are requeued wait for `cred_expire` seconds, which are 120 where fewer than 5 are asked for; the scheduler is not
    # to sleep between the jobs of an array; the nodes may have more processors than there are.
    cat >"$dir/slurm.conf" <<CONF
ClusterName=lgdea
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=$1
AuthType=auth/munge
AuthInfo=socket=$dir/munge.socket,cred_expire=5
CredType=cred/munge
MpiDefault=none
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
ReturnToService=2
SlurmUser=$user
SlurmdUser=$user
SlurmctldPidFile=$dir/slurmctld.pid
SlurmdPidFile=$dir/%n.pid
StateSaveLocation=$dir/state
SlurmdSpoolDir=$dir/%n
SlurmctldLogFile=$dir/slurmctld.log
SlurmdLogFile=$dir/%n.log
SchedulerType=sched/backfill
SchedulerParameters=batch_sched_delay=0,sched_min_interval=100000
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SlurmdParameters=config_overrides
AccountingStorageType=accounting_storage/none
JobAcctGatherType=jobacct_gather/none
NodeName=n0 NodeHostname=$host NodeAddr=127.0.0.1 Port=$2 CPUs=2 RealMemory=8000 State=UNKNOWN
NodeName=n1 NodeHostname=$host NodeAddr=127.0.0.1 Port=$3 CPUs=2 RealMemory=8000 State=UNKNOWN
PartitionName=main Nodes=n0,n1 Default=YES MaxTime=INFINITE State=UP
CONF
}

start() {
    install
    if running slurmctld && running n0 && running n1 && running munged; then
        echo "$dir/slurm.conf"
        return
    fi
    stop
    configure
    export SLURM_CONF=$dir/slurm.conf
    # Nobody else uses this munge, so that the temporary folder's rights, of which it warns, do not matter.
    munged --force --key-file="$dir/munge.key" --socket="$dir/munge.socket" --pid-file="$dir/munged.pid" \
        --log-file="$dir/munged.log" --seed-file="$dir/munged.seed" >>"$dir/log" 2>&1 ||
        fail "munged does not start: $(tail -n 5 "$dir/log")"
    slurmctld >>"$dir/log" 2>&1 || fail "slurmctld does not start: $(tail -n 5 "$dir/log" "$dir/slurmctld.log")"
    slurmd -N n0 >>"$dir/log" 2>&1 && slurmd -N n1 >>"$dir/log" 2>&1 ||
        fail "slurmd does not start: $(tail -n 5 "$dir/log")"
    for _ in $(seq 240); do
        if [ "$(sinfo --noheader --Node --states=idle --format=%N 2>/dev/null | wc -l)" = 2 ]; then
            echo "$SLURM_CONF"
            return
        fi
        sleep 0.25
    done
    stop
    fail "the nodes are not idle within 60 s; see $dir/slurmctld.log and $dir/n0.log"
}

# Ends a service by its name, as its file with the process id has it.
end() {
    running "$1" || return 0
    local pid
    pid=$(cat "$dir/$1.pid")
    kill "$pid" 2>/dev/null || true
    for _ in $(seq 100); do
        kill -0 "$pid" 2>/dev/null || return 0
        sleep 0.1
    done
    kill -9 "$pid" 2>/dev/null || true
}

stop() {
    if running slurmctld; then
        # Jobs would outlive the nodes.
        SLURM_CONF=$dir/slurm.conf timeout 20 scancel --user="$(id -un)" 2>/dev/null || true
        for _ in $(seq 60); do
            [ -n "$(SLURM_CONF=$dir/slurm.conf timeout 5 squeue --noheader 2>/dev/null)" ] || break
            sleep 0.5
        done
    fi
    local service
    for service in n0 n1 slurmctld munged; do
        end "$service"
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
case $command in
start | stop) "$command" ;;
*) fail "usage: slurm.sh start|stop [--dir DIR]" ;;
esac
