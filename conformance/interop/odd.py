#!/usr/bin/python3
"""What the usual clients seldom do, by hand: parked requests, cancelled, overtaken and cut off."""
import os
import struct
import sys

here = os.path.dirname(os.path.realpath(__file__))
if not os.environ.get('SMB_PID'):
    os.execv(here + '/with-server', ['with-server', '--', sys.executable, os.path.realpath(__file__)])

import smb2
from smb2 import Connection, Tap

tap = Tap()
a = Connection.ready()
b = Connection.ready()


def interim(connection, message_id):
    """The interim reply to a request; returns its async id."""
    reply = connection.receive()
    assert reply.message_id == message_id and reply.status == smb2.PENDING and reply.flags & smb2.ASYNC, \
        'status 0x%08X' % reply.status
    return reply.async_id


def cancel(connection, message_id, async_id=None):
    if async_id is None:
        connection.send(smb2.CANCEL, b'\4\0\0\0', message_id=message_id, credits=0)
        return
    header = connection.header(smb2.CANCEL, credits=0, flags=smb2.ASYNC, message_id=message_id)
    header = header[:32] + struct.pack('<Q', async_id) + header[40:]
    connection.send_message(connection.sign(header + b'\4\0\0\0'))


def park_notify():
    """Events of the past may answer a CHANGE_NOTIFY or two at once; returns message and async id."""
    while True:
        message_id = a.send(smb2.CHANGE_NOTIFY, a.notify_body(directory), credits=8)
        reply = a.receive()
        if reply.status == smb2.PENDING:
            assert reply.message_id == message_id and reply.flags & smb2.ASYNC
            return message_id, reply.async_id
        assert reply.status == smb2.OK, 'status 0x%08X' % reply.status


# --- CHANGE_NOTIFY ---
directory = a.create('watched', access=0x00100081, disposition=3, create_options=1)
notify, async_id = park_notify()
tap.check(True, 'CHANGE_NOTIFY is parked')
b.close(b.create('watched\\new'))
reply = a.answer(notify)
tap.check(reply.status == smb2.OK and reply.async_id == async_id and 'new'.encode('utf-16-le') in reply.body,
          'it tells of a new file')
for by_async_id in (False, True):
    notify, async_id = park_notify()
    cancel(a, notify, async_id if by_async_id else None)
    reply = a.answer(notify)
    tap.check(reply.status == smb2.CANCELLED, 'CANCEL by %s id ends it' % ('async' if by_async_id else 'message'))
notify, _ = park_notify()
close = a.send(smb2.CLOSE, struct.pack('<HHI', 24, 0, 0) + directory)
replies = {r.message_id: r.status for r in (a.receive(), a.receive())}
tap.check(replies.get(close) == smb2.OK and replies.get(notify) == smb2.NOTIFY_CLEANUP,
          'CLOSE of the directory answers it with STATUS_NOTIFY_CLEANUP')

# --- LOCK ---
fa, fb = a.create('locked'), b.create('locked')
tap.check(a.request(smb2.LOCK, a.lock_body(fa, 0, 10, 0x12)).status == smb2.OK, 'LOCK')
tap.check(b.request(smb2.LOCK, b.lock_body(fb, 5, 10, 0x12)).status == smb2.LOCK_NOT_GRANTED,
          'a LOCK that overlaps and must not wait is refused')
waiting = b.send(smb2.LOCK, b.lock_body(fb, 5, 10, 2), credits=8)
interim(b, waiting)
tap.check(b.request(smb2.ECHO, b'\4\0\0\0').status == smb2.OK, 'ECHO overtakes the LOCK that waits')
tap.check(a.request(smb2.LOCK, a.lock_body(fa, 0, 10, 4)).status == smb2.OK, 'unlock')
tap.check(b.answer(waiting).status == smb2.OK, 'the LOCK that waited is granted')
waiting = a.send(smb2.LOCK, a.lock_body(fa, 7, 1, 2), credits=8)
cancel(a, waiting, interim(a, waiting))
tap.check(a.answer(waiting).status == smb2.CANCELLED, 'CANCEL of a LOCK that waits')
waiting = a.send(smb2.LOCK, a.lock_body(fa, 7, 1, 2), credits=8)
interim(a, waiting)
b.socket.close()
tap.check(a.answer(waiting).status == smb2.OK, 'the holder\'s connection ends: the LOCK is granted')

# --- what ends with the session and the tree ---
b = Connection.ready()
fb = b.create('locked')
waiting = b.send(smb2.LOCK, b.lock_body(fb, 7, 1, 2), credits=8)
interim(b, waiting)
logoff = b.send(smb2.LOGOFF, b'\4\0\0\0')
replies = {r.message_id: r.status for r in (b.receive(), b.receive())}
tap.check(replies.get(logoff) == smb2.OK and replies.get(waiting, 0) != 0, 'LOGOFF answers a LOCK that waits')
reply = b.request(smb2.CLOSE, struct.pack('<HHI', 24, 0, 0) + fb, sign=False)
tap.check(reply.status == smb2.USER_SESSION_DELETED, 'after LOGOFF: STATUS_USER_SESSION_DELETED')
b = Connection.ready()
fb = b.create('locked')
b.must(smb2.TREE_DISCONNECT, b'\4\0\0\0')
reply = b.request(smb2.CLOSE, struct.pack('<HHI', 24, 0, 0) + fb)
tap.check(reply.status == smb2.NETWORK_NAME_DELETED, 'after TREE_DISCONNECT: STATUS_NETWORK_NAME_DELETED')

# --- a compound: CREATE, WRITE, READ, CLOSE, related ---
parts = [(smb2.CREATE, a.create_body('compound', disposition=5)), (smb2.WRITE, a.write_body(b'\xff' * 16, 0, b'hello')),
         (smb2.READ, a.read_body(b'\xff' * 16, 0, 5)), (smb2.CLOSE, struct.pack('<HHI', 24, 0, 0) + b'\xff' * 16)]
message = b''
first = a.message_id
for i, (command, body) in enumerate(parts):
    last = i == len(parts) - 1
    body += b'' if last else bytes(-len(body) % 8)
    message += a.sign(a.header(command, flags=smb2.RELATED if i else 0, next_offset=0 if last else 64 + len(body)) + body)
a.send_message(message)
statuses = []
while len(statuses) < len(parts):
    whole = a.receive_message()
    while whole:
        reply = smb2.Reply(whole)
        statuses.append(reply.status)
        if reply.command == smb2.READ:
            content = whole[whole[66]:whole[66] + 5]
        whole = whole[reply.next:] if reply.next else b''
tap.check(statuses == [0, 0, 0, 0] and content == b'hello', 'a related compound: CREATE, WRITE, READ, CLOSE')
a.close(fa)
tap.check(a.request(smb2.CLOSE, struct.pack('<HHI', 24, 0, 0) + fa).status == smb2.FILE_CLOSED, 'CLOSE twice: STATUS_FILE_CLOSED')
for name in ('watched\\new', 'watched', 'locked', 'compound'):
    a.close(a.create(name, access=0x00110080, disposition=1, create_options=0x1000))
tap.done()
