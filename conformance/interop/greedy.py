#!/usr/bin/python3
"""A client that spends every credit on reads and writes of 8 MiB and never reads an answer.

The server's memory stays under a ceiling, other clients are served, and so is the LOCK on the greedy
connection itself that somebody else waits for. In the end every answer arrives.
GREEDY_CREDITS=8192 spends all a connection can have, half a gigabyte each way.
"""
import os
import struct
import sys
import threading
import time

here = os.path.dirname(os.path.realpath(__file__))
if not os.environ.get('SMB_PID'):
    os.execv(here + '/with-server', ['with-server', '--', sys.executable, os.path.realpath(__file__)])

import smb2
from smb2 import Connection

CEILING_KIB = int(os.environ.get('GREEDY_CEILING_KIB', 80 * 1024))
SIZE = 8 << 20
UNIT = SIZE // 65536
tap = smb2.Tap()


def gather_credits(connection, wanted):
    while connection.credits < wanted:
        before = connection.credits
        connection.must(smb2.ECHO, b'\4\0\0\0', credits=512)
        if connection.credits <= before:
            break
    return connection.credits


def peak(before):
    return smb2.memory_kib('VmHWM') - before


def served(client, what):
    """A small file written, read, deleted."""
    start = time.monotonic()
    file_id = client.create('small', disposition=5, access=0x0013019F, create_options=0x1000)
    client.must(smb2.WRITE, client.write_body(file_id, 0, b'some data'))
    assert b'some data' in client.must(smb2.READ, client.read_body(file_id, 0, 100)).raw
    client.close(file_id)
    took = time.monotonic() - start
    tap.check(took < 2, 'another client is served %s, in %.0f ms' % (what, took * 1000))


def expect_lock(client, message_id, what):
    client.socket.settimeout(10)
    try:
        status = client.answer(message_id).status
    except TimeoutError:
        status = None
    tap.check(status == smb2.OK, 'the unlocking LOCK on the greedy connection is served ' + what)
    return status == smb2.OK


greedy = Connection.ready(timeout=60, receive_buffer=65536)
other = Connection.ready()
waiter = Connection.ready()
file_id = greedy.create('big', disposition=5)
lock_id, wait_id = greedy.create('lock'), waiter.create('lock')
gather_credits(greedy, 2 * UNIT)
data = os.urandom(SIZE)
greedy.must(smb2.WRITE, greedy.write_body(file_id, 0, data), charge=UNIT, credits=UNIT + 64)
total = gather_credits(greedy, int(os.environ.get('GREEDY_CREDITS', 2048)))
greedy.must(smb2.LOCK, greedy.lock_body(lock_id, 0, 1, 0x12))
tap.note('%d credits: %d requests of 8 MiB at once' % (total, (total - 8) // UNIT))
tap.check(total >= 2 * UNIT, 'credits for more than one request of 8 MiB')
before = smb2.resident_kib()

for what in ('reads', 'writes'):
    waiting = waiter.send(smb2.LOCK, waiter.lock_body(wait_id, 0, 1, 2), credits=8)
    assert waiter.receive().status == smb2.PENDING
    smb2.reset_peak()
    count = (greedy.credits - 8) // UNIT
    ids = []

    def flood():
        for _ in range(count):
            if what == 'reads':
                ids.append(greedy.send(smb2.READ, greedy.read_body(file_id, 0, SIZE), charge=UNIT, credits=UNIT))
            else:
                ids.append(greedy.send(smb2.WRITE, greedy.write_body(file_id, 0, data), charge=UNIT, credits=UNIT))
        greedy.send(smb2.LOCK, greedy.lock_body(lock_id, 0, 1, 4))

    sender = threading.Thread(target=flood)
    sender.start()
    sender.join(100)
    tap.check(not sender.is_alive(), 'the server goes on reading: %d %s of 8 MiB and a LOCK were taken' % (count, what))
    granted = expect_lock(waiter, waiting, 'behind %d %s' % (count, what))
    time.sleep(0.5)
    served(other, 'beside %d %s' % (count, what))
    used = peak(before)
    tap.check(used <= smb2.ceiling_kib(CEILING_KIB), '%d %s of 8 MiB, no answer read: at most %d KiB more than before, ceiling %s'
              % (count, what, used, smb2.ceiling_text(CEILING_KIB)))
    missing, wrong = set(ids), 0
    while missing:
        reply = greedy.receive()
        if reply.status == smb2.PENDING or reply.message_id not in missing:
            continue
        missing.discard(reply.message_id)
        wrong += reply.status != smb2.OK or (what == 'reads' and reply.raw[80:] != data)
    tap.check(wrong == 0, 'then every answer arrives, and it is right')
    sender.join()
    if not granted:
        waiter.answer(waiting)
    waiter.must(smb2.LOCK, waiter.lock_body(wait_id, 0, 1, 4))
    greedy.must(smb2.LOCK, greedy.lock_body(lock_id, 0, 1, 0x12))
    gather_credits(greedy, total)

# Flood once more and vanish.
for _ in range((greedy.credits - 8) // UNIT):
    greedy.send(smb2.READ, greedy.read_body(file_id, 0, SIZE), charge=UNIT, credits=UNIT)
greedy.socket.close()
served(other, 'after the greedy one vanished')
tap.check(smb2.wait_until(lambda: smb2.resident_kib() - before < smb2.ceiling_kib(CEILING_KIB)), 'what it held is given back: %d KiB more than before'
          % (smb2.resident_kib() - before))
tap.done()
