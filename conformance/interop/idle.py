#!/usr/bin/python3
"""A thousand connections at once, and what a thousand idle sessions cost."""
import os
import resource
import sys
import time

if 'SMB_PID' not in os.environ or not os.environ['SMB_PID']:
    here = os.path.dirname(os.path.realpath(__file__))
    os.execv(here + '/with-server', ['with-server', '--', sys.executable, os.path.realpath(__file__)])

import smb2

COUNT = int(os.environ.get('IDLE_COUNT', '1000'))
LIMIT_KIB = 32 * 1024

resource.setrlimit(resource.RLIMIT_NOFILE, (COUNT + 100, max(COUNT + 100, resource.getrlimit(resource.RLIMIT_NOFILE)[1])))
tap = smb2.Tap()

first = smb2.Connection.ready()
start = time.monotonic()
before = smb2.resident_kib()
idle = [smb2.Connection(timeout=60) for _ in range(COUNT)]
for connection in idle:
    connection.negotiate()
connected = smb2.resident_kib()
tap.check(True, '%d connections at once, %.1f s, %d KiB' % (COUNT, time.monotonic() - start, connected - before))
for connection in idle:
    connection.login()
grown = smb2.resident_kib() - before
tap.check(grown <= smb2.ceiling_kib(LIMIT_KIB), '%d authenticated idle sessions add %d KiB (%.1f KiB each, in all at most %s), %.1f s'
          % (COUNT, grown, grown / COUNT, smb2.ceiling_text(LIMIT_KIB), time.monotonic() - start))
file_id = first.create('while-many-idle')
first.close(file_id)
tap.check(True, 'another client is served meanwhile')
for connection in idle:
    connection.must(smb2.ECHO, b'\4\0\0\0')
tap.check(True, 'each of them still answers ECHO')
for connection in idle:
    connection.socket.close()
tap.check(smb2.wait_until(lambda: smb2.Connection.ready() is not None), 'after they are gone a new client is served')
tap.note('after their end: %d KiB more than before' % (smb2.resident_kib() - before))
tap.done()
