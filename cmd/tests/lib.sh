# Sourced by the tests of the command line. TOMBOLO names the program.
#
#   expect STATUS PATTERN ARGUMENT...  run tombolo: this exit status, and output like PATTERN (an
#                                      extended regular expression for one line)
#   start ARGUMENT...                  run tombolo in the background until it is ready; sets pid,
#                                      address, port
#   stop [SIGNAL]                      must end with status 0 within 10 s
#   is WHAT COMMAND...                 must succeed
#   finish                             the last line of each test

set -u
: "${TOMBOLO:=build/tombolo}"
work=$(mktemp -d "${TMPDIR:-/tmp}/tombolo-cmd.XXXXXX")
pid='' failures=0 count=0
trap '[ -z "$pid" ] || kill -KILL "$pid" 2>/dev/null; rm -rf "$work"' EXIT

ok() { count=$((count + 1)); echo "ok $count - $*"; }
not_ok() {
    count=$((count + 1)) failures=$((failures + 1))
    echo "not ok $count - $*"
    sed 's/^/#   /' "$work/out" 2>/dev/null
}

expect() {
    local status=$1 pattern=$2 got=0
    shift 2
    timeout 20 "$TOMBOLO" "$@" > "$work/out" 2>&1 < /dev/null || got=$?
    if [ "$got" -ne "$status" ]; then
        not_ok "tombolo $*: status $got, not $status"
    elif ! grep -qE -- "$pattern" "$work/out"; then
        not_ok "tombolo $*: nothing like $pattern"
    else
        ok "tombolo $*"
    fi
}

is() {
    local what=$1
    shift
    if "$@" > "$work/is" 2>&1; then ok "$what"; else not_ok "$what"; fi
}

start() {
    local i
    "$TOMBOLO" "$@" > "$work/out" 2> "$work/err" < /dev/null &
    pid=$!
    for ((i = 0; i < 200; i++)); do
        address=$(sed -n 's/^tombolo: ready on //p' "$work/out" | head -n 1)
        if [ -n "$address" ]; then
            port=${address##*:}
            ok "ready: $*"
            return
        fi
        kill -0 "$pid" 2>/dev/null || break
        sleep 0.1
    done
    cat "$work/err" >> "$work/out"
    not_ok "not ready: $*"
    exit 1
}

stop() {
    local i status=0
    kill -"${1:-TERM}" "$pid"
    for ((i = 0; i < 100; i++)); do
        kill -0 "$pid" 2>/dev/null || break
        sleep 0.1
    done
    kill -KILL "$pid" 2>/dev/null && { not_ok "still running 10 s after the signal"; wait "$pid"; }
    wait "$pid" || status=$?
    pid=''
    is "ended with status 0, not $status" [ $status -eq 0 ]
}

finish() {
    echo "1..$count"
    [ $failures -eq 0 ]
    exit
}
