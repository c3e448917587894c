#!/bin/bash
# Starting, being ready, and ending.
. "$(dirname "$0")/lib.sh"

connects() { timeout 5 bash -c ": < /dev/tcp/127.0.0.1/$1"; }
sleeps() { sleep 0.3; kill -0 "$1"; }

start serve --listen 127.0.0.1:0
is "the line names a port" [ "$port" -gt 0 ]
is "it accepts connections" connects "$port"
password=$(sed -n 's/^  password //p' "$work/out")
is "a password is made up" [ ${#password} -eq 19 ]
is "Linux is told how to mount" grep -qE \
    "mount -t cifs //127.0.0.1/sandbox /mnt -o port=$port,username=tombolo,password=$password" "$work/out"
is "macOS" grep -q "smb://tombolo:$password@127.0.0.1:$port/sandbox" "$work/out"
is "Windows" grep -qF "net use X: \\\\127.0.0.1\\sandbox $password /USER:tombolo /TCPPORT:$port" "$work/out"
is "older Windows" grep -q 'netsh interface portproxy' "$work/out"
is "the ready line is the last" [ "$(tail -n 1 "$work/out")" = "tombolo: ready on $address" ]

cp "$work/out" "$work/first"
expect 1 "cannot listen on 127.0.0.1:$port: .*choose another port with --listen" \
    serve --listen "127.0.0.1:$port"
kill -HUP "$pid"
is "SIGHUP does no harm" sleeps "$pid"
stop
is "nothing on standard error" [ ! -s "$work/err" ]

start serve --listen 127.0.0.1:0 --user alice:Secret12 --share data=memory:,readonly
is "the password is not in the command line" sh -c "! tr '\\0' '\\n' < /proc/$pid/cmdline | grep -q Secret12"
is "nor printed" sh -c "! grep -q Secret12 '$work/out'"
exec 3<> "/dev/tcp/127.0.0.1/$port"
stop INT
exec 3>&-

start serve --listen 127.0.0.1:0 --listen 127.0.0.1:0 --threads 3 --state "$work/state"
is "a line for each address" [ "$(grep -c '^tombolo: ready on 127.0.0.1:' "$work/out")" -eq 2 ]
first=$pid
expect 1 'another server uses the state directory' serve --listen 127.0.0.1:0 --state "$work/state"
is "the first server did not mind" kill -0 "$first"
stop
start serve --listen 127.0.0.1:0 --state "$work/state"
stop
finish
