#!/bin/sh
# Runs the test bed's engine, and ends it when nobody has used it for a while.
# Every user holds a shared lock on the users file: whoever gets it exclusively knows that there are none.
# Usage: engine.sh RUN DATA PARENT IDLE
set -u
run=$1 data=$2 parent=$3 idle=$4
socket=$run/docker.sock

exec 9>>"$run/users.lock"
rm -f "$socket" "$run/docker.pid"
# Dies with this script, so that no engine is left without its keeper.
setpriv --pdeathsig TERM dockerd --host "unix://$socket" --data-root "$data" --exec-root "$run/exec" \
    --pidfile "$run/docker.pid" --bridge=none --iptables=false --ip-forward=false \
    --exec-opt native.cgroupdriver=cgroupfs --cgroup-parent "$parent" >"$run/engine.log" 2>&1 9>&- &
engine=$!
echo $$ >"$run/keeper.pid"

finish() {
    trap '' TERM INT HUP
    hosts=$(docker -H "unix://$socket" ps -aq)
    [ -z "$hosts" ] || docker -H "unix://$socket" rm -f -v $hosts
    kill "$engine"
    wait "$engine"
    rm -rf "$run/hosts" "$run/docker.sock" "$run/keeper.pid"
    find /sys/fs/cgroup -depth -type d -path "/sys/fs/cgroup*$parent*" -exec rmdir {} + 2>/dev/null
    # Another cache's hosts need it as well.
    if ! ip -brief link | grep -q '^mtb'; then
        ip route delete unreachable 10.213.0.0/16
        ip -6 route delete unreachable fd6d:7462::/48
    fi 2>/dev/null
    exit 0
}
trap finish TERM INT HUP

while kill -0 "$engine" 2>/dev/null; do
    # Waits in the background: only `wait` lets a signal through at once.
    flock -x -w 5 9 &
    wait $! || continue
    flock -u 9
    sleep "$idle" 9>&- &
    wait $!
    if flock -x -n 9; then finish; fi
done
