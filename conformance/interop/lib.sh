# Sourced by the tests: the server under test, and TAP.
#
#   start_server [ARGUMENT of `tombolo serve`]...   sets SMB_PORT and SMB_PID; the share is "share",
#                                                   exported by $SMB_EXPORTER: memory (default) or
#                                                   posix, or as $SMB_EXPORT says, word for word
#   stop_server                                     SIGTERM; a check like the others
#   check DESCRIPTION COMMAND...                    must succeed
#   refuse DESCRIPTION PATTERN COMMAND...           must fail, and its output match PATTERN
#   finish                                          prints the plan; the exit status of the test
#
# With posix, SMB_TREE is the directory on the server's disk, and empty otherwise; it lives as long
# as the test, in TMPDIR, and belongs to who alice is on this machine.
#
# TOMBOLO names the program (default: build/tombolo). With SMB_SERVER=smbd the same test runs
# against Debian's Samba (as root): what fails there too is a mistake in the test.

set -uo pipefail
top=$(realpath "$(dirname "${BASH_SOURCE[0]}")/../..")
interop=$top/conformance/interop
TOMBOLO=${TOMBOLO:-$top/build/tombolo}
SMB_SERVER=${SMB_SERVER:-tombolo} SMB_EXPORTER=${SMB_EXPORTER:-memory}
SMB_HOST=127.0.0.1 SMB_USER=alice SMB_PASSWORD='S3cret pass' SMB_SHARE=share
[ "$SMB_SERVER" = tombolo ] || SMB_USER=root
# Of the larger files: both exporters share the wire, so the disk need not see as much.
[ -n "${SMB_MEBIBYTES-}" ] || SMB_MEBIBYTES=$([ "$SMB_EXPORTER" = memory ] && echo 16 || echo 4)
export SMB_MEBIBYTES SMB_SERVER SMB_EXPORTER SMB_HOST SMB_USER SMB_PASSWORD SMB_SHARE SMB_PORT SMB_PID SMB_TREE

work=$(mktemp -d "${TMPDIR:-/tmp}/tombolo-interop.XXXXXX")
SMB_PID='' SMB_TREE='' tests=0 failures=0
cleanup() { [ -z "$SMB_PID" ] || kill -KILL "$SMB_PID" 2>/dev/null; rm -rf "$work"; }
trap cleanup EXIT
trap 'exit 130' INT TERM HUP

# A server that runs as root acts as alice, or as nobody where there is no such account.
make_tree() {
    SMB_TREE=$work/${1:-export}
    [ ! -e "$SMB_TREE" ] || return 0
    chmod 755 "$work" && mkdir "$SMB_TREE" || exit 1
    [ "$(id -u)" -ne 0 ] || chown "$(id -u "$SMB_USER" 2>/dev/null || echo 65534)" "$SMB_TREE"
}

free_port() {
    local port
    while port=$((20000 + RANDOM % 12000)); (: < "/dev/tcp/127.0.0.1/$port") 2>/dev/null; do :; done
    echo "$port"
}

start_smbd() {  # understands --signing and --encryption only
    local d=$work/smbd signing=mandatory encryption=default
    while [ $# -gt 0 ]; do
        case $1 in
            --signing) [ "$2" = required ] || signing=auto ;;
            --encryption) case $2 in off) ;; *) encryption=$2 ;; esac ;;
        esac
        shift
    done
    rm -rf "$d"
    mkdir -p "$d"/{private,lock,state,cache,pid,ncalrpc}
    cat > "$d/smb.conf" <<END_CONF
[global]
   server role = standalone
   passdb backend = tdbsam:$d/private/passdb.tdb
   private dir = $d/private
   lock directory = $d/lock
   state directory = $d/state
   cache directory = $d/cache
   pid directory = $d/pid
   ncalrpc dir = $d/ncalrpc
   log file = $d/log
   disable netbios = yes
   disable spoolss = yes
   load printers = no
   smb ports = $SMB_PORT
   interfaces = lo
   bind interfaces only = yes
   server signing = $signing
   server smb encrypt = $encryption
[share]
   path = $SMB_TREE
   read only = no
   vfs objects = streams_xattr
END_CONF
    printf '%s\n%s\n' "$SMB_PASSWORD" "$SMB_PASSWORD" |
        smbpasswd -c "$d/smb.conf" -L -s -a "$SMB_USER" > /dev/null || return 1
    smbd -F -s "$d/smb.conf" > "$work/server.out" 2> "$work/server.err" < /dev/null &
}

start_server() {
    local i export=${SMB_EXPORT:-memory:}
    SMB_PORT=$(free_port)
    if [ "$SMB_SERVER" = smbd ] || [ "$SMB_EXPORTER${SMB_EXPORT-}" = posix ]; then
        make_tree
        export=${SMB_EXPORT:-posix:$SMB_TREE}
    fi
    if [ "$SMB_SERVER" = smbd ]; then
        start_smbd "$@" || { echo "Bail out! smbd does not start"; exit 1; }
    else
        "$TOMBOLO" serve --listen "$SMB_HOST:$SMB_PORT" --user "$SMB_USER:$SMB_PASSWORD" \
            --share "$SMB_SHARE=$export" "$@" > "$work/server.out" 2> "$work/server.err" < /dev/null &
    fi
    SMB_PID=$!
    for ((i = 0; i < 300; i++)); do
        if [ "$SMB_SERVER" = smbd ]; then
            (: < "/dev/tcp/127.0.0.1/$SMB_PORT") 2>/dev/null && return
        else
            grep -qx "tombolo: ready on $SMB_HOST:$SMB_PORT" "$work/server.out" && return
        fi
        kill -0 "$SMB_PID" 2>/dev/null || break
        sleep 0.1
    done
    sed 's/^/# /' "$work/server.out" "$work/server.err"
    echo "Bail out! the server did not become ready"
    exit 1
}

# The server must end by itself within 10 s, with status 0, and without a sanitizer's report.
stopped_well() {
    local i status=0
    kill -TERM "$SMB_PID" || { echo "the server is gone"; wait "$SMB_PID"; echo "status $?"; return 1; }
    for ((i = 0; i < 100; i++)); do
        kill -0 "$SMB_PID" 2>/dev/null || break
        sleep 0.1
    done
    kill -KILL "$SMB_PID" 2>/dev/null && { echo "still running 10 s after SIGTERM"; return 1; }
    wait "$SMB_PID" || status=$?
    [ "$SMB_SERVER$status" != smbd143 ] || status=0
    [ $status -eq 0 ] || echo "exit status $status"
    if grep -aE 'Sanitizer|runtime error:' "$work/server.err"; then status=1; fi
    return $status
}

stop_server() {
    check "the server ends on SIGTERM" stopped_well
    SMB_PID=''
}

ok() { tests=$((tests + 1)); echo "ok $tests - $*"; }
not_ok() { tests=$((tests + 1)) failures=$((failures + 1)); echo "not ok $tests - $*"; }
skip() { tests=$((tests + 1)); echo "ok $tests - $1 # SKIP $2"; }
# Called where a failure is reported: what the command and the server had to say.
explain() {
    tail -n 25 "$work/log" | sed 's/^/#   /'
    [ ! -s "$work/server.err" ] || tail -n 40 "$work/server.err" | sed 's/^/#   server: /'
}

check() {
    local what=$1
    shift
    if "$@" > "$work/log" 2>&1 < /dev/null; then ok "$what"; else not_ok "$what (status $?)"; explain; fi
}

refuse() {
    local what=$1 pattern=$2
    shift 2
    if "$@" > "$work/log" 2>&1 < /dev/null; then
        not_ok "$what: not refused"; explain
    elif grep -qE -- "$pattern" "$work/log"; then
        ok "$what"
    else
        not_ok "$what: refused, but without $pattern"; explain
    fi
}

finish() {
    echo "1..$tests"
    [ $failures -eq 0 ]
    exit
}
