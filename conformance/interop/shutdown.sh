#!/bin/bash
# SIGTERM while requests are parked: each is answered, the connections end, the status is 0.
. "$(dirname "$(realpath "$0")")/lib.sh"

start_server
PYTHONPATH=$interop /usr/bin/python3 - > "$work/client" 2>&1 << 'END_PYTHON' &
import smb2
from smb2 import Connection
a, b = Connection.ready(), Connection.ready()
directory = a.create('d', access=0x00100081, create_options=1)
notify = a.send(smb2.CHANGE_NOTIFY, a.notify_body(directory), credits=8)
assert a.receive().status == smb2.PENDING
fa, fb = a.create('f'), b.create('f')
a.must(smb2.LOCK, a.lock_body(fa, 0, 1, 2))
lock = b.send(smb2.LOCK, b.lock_body(fb, 0, 1, 2), credits=8)
assert b.receive().status == smb2.PENDING
print('parked', flush=True)
statuses = [a.answer(notify).status, b.answer(lock).status]
print('answered: ' + ' '.join('0x%08X' % s for s in statuses), flush=True)
for connection in (a, b):
    try:
        while True:
            connection.receive()
    except smb2.Closed:
        print('ended', flush=True)
END_PYTHON
client=$!
for ((i = 0; i < 200; i++)); do grep -q parked "$work/client" && break; sleep 0.05; done
check "a CHANGE_NOTIFY and a LOCK are parked" grep parked "$work/client"
stop_server
finished() { wait $client; cat "$work/client"; grep -q answered "$work/client" && [ "$(grep -c ended "$work/client")" = 2 ]; }
if [ "$SMB_SERVER" = smbd ]; then kill $client; else check "both were answered, then the connections ended" finished; fi

start_server
check "SIGTERM without any client" true
stop_server
finish
