#!/usr/bin/python3
"""Bytes no client should send: each is answered or ends its connection, and the server serves on."""
import os
import struct
import sys

here = os.path.dirname(os.path.realpath(__file__))
if not os.environ.get('SMB_PID'):
    os.execv(here + '/with-server', ['with-server', '--', sys.executable, os.path.realpath(__file__)])

import smb2
from smb2 import Closed, Connection

tap = smb2.Tap()
TIMEOUT = 10
ENDED = 'connection closed'


def outcome(connection, message_id=None):
    """The status of the next final reply, or ENDED; a silent server is a failure."""
    try:
        while True:
            reply = connection.receive()
            if reply.status != smb2.PENDING and (message_id is None or reply.message_id == message_id):
                return reply.status
            if reply.status == smb2.PENDING:
                connection.send(smb2.CANCEL, b'\4\0\0\0', message_id=reply.message_id, credits=0)
    except Closed:
        return ENDED


def ready():
    return Connection.ready(timeout=TIMEOUT)


def expect(what, got, *wanted):
    shown = got if got == ENDED else '0x%08X' % got
    tap.check(got in wanted, '%s: %s' % (what, shown))


def flipped_signature(connection):
    message = bytearray(connection.sign(connection.header(smb2.ECHO) + b'\4\0\0\0'))
    message[50] ^= 1
    connection.send_message(bytes(message))


# --- signatures, sequence, sessions ---
c = ready()
flipped_signature(c)
expect('a wrong signature', outcome(c), smb2.ACCESS_DENIED, ENDED)
c = ready()
c.send(smb2.CREATE, c.create_body('unsigned'), sign=False)
expect('no signature where signing is required', outcome(c), smb2.ACCESS_DENIED, ENDED)
c = ready()
message = c.sign(c.header(smb2.ECHO) + b'\4\0\0\0')
c.send_message(message)
expect('a message', outcome(c), smb2.OK)
c.send_message(message)
expect('the same message again', outcome(c), ENDED, smb2.INVALID_PARAMETER)
c = ready()
c.send(smb2.ECHO, b'\4\0\0\0', message_id=c.message_id + 100000)
expect('a message id outside the window', outcome(c), ENDED, smb2.INVALID_PARAMETER)
c = ready()
c.key = None
c.send(smb2.ECHO, b'\4\0\0\0', session_id=0x1234567)
expect('a session id that is not ours', outcome(c), smb2.USER_SESSION_DELETED, smb2.OK, ENDED)
c.send(smb2.CREATE, c.create_body('x'), session_id=0x1234567)
expect('a CREATE in it', outcome(c), smb2.USER_SESSION_DELETED, ENDED)
a, b = ready(), ready()
b.session_id, b.tree_id = a.session_id, a.tree_id
b.send(smb2.CREATE, b.create_body('x'))
expect("another connection's session", outcome(b), smb2.USER_SESSION_DELETED, ENDED)
c = ready()
c.send(smb2.CREATE, c.create_body('x'), tree_id=0)
expect('tree id 0', outcome(c), smb2.NETWORK_NAME_DELETED)
c.send(smb2.NEGOTIATE, c.negotiate_body())
expect('NEGOTIATE twice', outcome(c), ENDED, smb2.INVALID_PARAMETER)
c = Connection(timeout=TIMEOUT)
c.send(smb2.TREE_CONNECT, bytes(9))
expect('TREE_CONNECT before NEGOTIATE', outcome(c), ENDED, smb2.INVALID_PARAMETER)
c = Connection(timeout=TIMEOUT)
c.negotiate()
c.send(smb2.CREATE, c.create_body('x'))
expect('CREATE before SESSION_SETUP', outcome(c), ENDED, smb2.USER_SESSION_DELETED)
c = Connection(timeout=TIMEOUT)
c.send(smb2.NEGOTIATE, c.negotiate_body(dialects=(0x0999,)))
expect('no common dialect', outcome(c), 0xC00000BB, ENDED)
c = ready()  # secure negotiate: the client says that it offered something else
info = struct.pack('<I16sHHH', 0x7F, bytes(16), 1, 1, 0x0210)
body = struct.pack('<HHI16sIIIIIIII', 57, 0, 0x00140204, b'\xff' * 16, 120, len(info), 0, 0, 0, 24, 1, 0) + info
c.send(smb2.IOCTL, body)
expect('VALIDATE_NEGOTIATE_INFO of another negotiation', outcome(c), ENDED)

# --- framing ---
for what, data in (
        ('a length of nothing', b'\0\0\0\0'),
        ('a header cut short', b'\0\0\0\x20' + b'\xfeSMB' + bytes(28)),
        ('another protocol', b'\0\0\0\x50' + b'HTTP' + bytes(76)),
        ('a frame type that is none', b'\x42\0\0\x50' + bytes(80)),
        ('16 MiB announced', b'\0\xff\xff\xff' + b'\xfeSMB' + bytes(1000)),
        ('a transform header of no session', b'\0\0\0\x74' + b'\xfdSMB' + bytes(32) +
         struct.pack('<IHHQ', 64, 0, 1, 77) + bytes(64)),
        ('a transform header cut short', b'\0\0\0\x20' + b'\xfdSMB' + bytes(28)),
        ('a compression header never negotiated', b'\0\0\0\x50' + b'\xfcSMB' + b'\xff' * 76),
        ('SMB 1 after SMB 2', b'\0\0\0\x40' + b'\xffSMB\x72' + bytes(59))):
    c = ready()
    c.send_bytes(data)
    c.socket.shutdown(1)
    tap.check(outcome(c) is not None, what + ': answered or ended')
c = Connection(timeout=TIMEOUT)
c.send_bytes(b'\0\0\0\x40' + b'\xffSMB\x72' + bytes(59))
c.socket.shutdown(1)
tap.check(outcome(c) is not None, 'an SMB 1 NEGOTIATE without dialects: answered or ended')
for what, next_offset in (('unaligned', 69), ('beyond the end', 4096), ('into its own header', 8), ('4 GiB', 0xFFFFFFF8)):
    c = ready()
    c.send(smb2.ECHO, b'\4\0\0\0' + bytes(12), next_offset=next_offset)
    tap.check(outcome(c) is not None, 'NextCommand %s: answered or ended' % what)
c = ready()
one = c.header(smb2.ECHO, next_offset=72, flags=smb2.RELATED) + b'\4\0\0\0' + bytes(4)
c.send_message(c.sign(one) * 5 + c.sign(c.header(smb2.ECHO, flags=smb2.RELATED) + b'\4\0\0\0'))
tap.check(outcome(c) is not None, 'one message id five times in a compound: answered or ended')

# --- bodies ---
name = '\\\\h\\share'.encode('utf-16-le')
F = b'\xff' * 16


def bodies(file_id):
    contexts = struct.pack('<IHHHHI8s', 0, 16, 4, 0, 24, 0, b'MxAc\0\0\0\0')
    create = bytearray(Connection.create_body('abcd', access=0x00120089))
    struct.pack_into('<II', create, 48, 128, len(contexts))
    return {
        smb2.SESSION_SETUP: struct.pack('<HBBIIHHQ', 25, 0, 1, 0, 0, 88, 40, 0) + b'NTLMSSP\0\1\0\0\0' + bytes(28),
        smb2.TREE_CONNECT: struct.pack('<HHHH', 9, 0, 72, len(name)) + name,
        smb2.CREATE: bytes(create) + contexts,
        smb2.CLOSE: struct.pack('<HHI', 24, 1, 0) + file_id,
        smb2.FLUSH: struct.pack('<HHI', 24, 0, 0) + file_id,
        smb2.READ: Connection.read_body(file_id, 0, 100),
        smb2.WRITE: Connection.write_body(file_id, 0, b'0123456789'),
        smb2.LOCK: Connection.lock_body(file_id, 1 << 40, 1, 0x11),
        smb2.IOCTL: struct.pack('<HHI16sIIIIIIII', 57, 0, 0x0011C017, file_id, 120, 16, 0, 0, 0, 100, 1, 0) + bytes(16),
        smb2.ECHO: b'\4\0\0\0',
        smb2.QUERY_DIRECTORY: struct.pack('<HBBI16sHHI', 33, 37, 0, 0, file_id, 96, 2, 1000) + b'*\0',
        smb2.CHANGE_NOTIFY: Connection.notify_body(file_id),
        smb2.QUERY_INFO: struct.pack('<HBBIHHIII16s', 41, 1, 18, 1000, 104, 0, 0, 0, 0, file_id),
        smb2.SET_INFO: struct.pack('<HBBIHHI16s', 33, 1, 4, 40, 96, 0, 0, file_id) + bytes(40),
        smb2.OPLOCK_BREAK: struct.pack('<HBBI', 24, 0, 0, 0) + file_id,
        smb2.LOGOFF: b'\4\0\0\0',
        smb2.TREE_DISCONNECT: b'\4\0\0\0',
        smb2.CANCEL: b'\4\0\0\0',
        19: bytes(64),
        0xFFFF: bytes(64),
    }


class Victim:
    """A connection that is replaced when the server has ended it, or the session or tree is gone."""
    def __init__(self):
        self.connection = None
        self.sent = self.ended = 0

    def prepare(self):
        if self.connection is None:
            self.connection = ready()
            self.file_id = self.connection.create('victim')
        return self.connection, self.file_id

    def try_body(self, command, body, file_based):
        connection, file_id = self.prepare()
        body = body.replace(F, file_id) if file_based else body
        connection.send(command, body)
        self.sent += 1
        if command == smb2.CANCEL:
            return
        status = outcome(connection)
        if status == ENDED:
            self.ended += 1
            self.connection = None
        elif command in (smb2.LOGOFF, smb2.TREE_DISCONNECT, smb2.CLOSE, smb2.SESSION_SETUP) or connection.credits < 2:
            connection.socket.close()
            self.connection = None


def sweep(what, variants):
    victim = Victim()
    try:
        for command, body in variants:
            victim.try_body(command, body, True)
        tap.check(True, '%s: %d messages, all answered or ended (%d ended)' % (what, victim.sent, victim.ended))
    except TimeoutError:
        tap.check(False, '%s: no answer to message %d (command %d, %s)' % (what, victim.sent, command, body.hex()))


def truncated():
    for command, body in bodies(F).items():
        for length in range(len(body)):
            yield command, body[:length]


def absurd(value, size):
    for command, body in bodies(F).items():
        for position in range(0, len(body) - size + 1, 2):
            yield command, body[:position] + value + body[position + size:]


sweep('every message at every length', truncated())
sweep('32 bits set anywhere', absurd(b'\xff\xff\xff\xff', 4))
sweep('16 bits zero anywhere', absurd(b'\0\0', 2))
sweep('the sign bit anywhere', absurd(b'\0\0\0\x80', 4))

# --- NEGOTIATE and SESSION_SETUP tokens, before any session ---
sent = 0
for mutate in ('cut', 'set'):
    contexts = struct.pack('<HHIHHHH', 1, 6, 0, 1, 0, 1, 0) + bytes(2) + struct.pack('<HHIHH', 2, 4, 0, 1, 2)
    body = struct.pack('<HHHHI16sIHH', 36, 1, 1, 0, 0, bytes(16), 104, 2, 0) + struct.pack('<HH', 0x0311, 0) + contexts
    for position in range(0, len(body), 2):
        c = Connection(timeout=TIMEOUT)
        c.send(smb2.NEGOTIATE, body[:position] if mutate == 'cut' else body[:position] + b'\xff\xff' + body[position + 2:])
        outcome(c)
        c.socket.close()
        sent += 1
tap.check(True, 'NEGOTIATE of 3.1.1 cut and set: %d messages, all answered or ended' % sent)
spnego = bytes.fromhex('604806062b0601050502a03e303ca00e300c060a2b06010401823702020aa22a0428'
                       '4e544c4d5353500001000000978208e2000000000000000000000000000000000a00614a0000000f')
sent = 0
for position in range(len(spnego)):
    for token in (spnego[:position], spnego[:position] + b'\xff' + spnego[position + 1:],
                  spnego[:position] + b'\x84' + spnego[position + 1:]):
        c = Connection(timeout=TIMEOUT)
        c.negotiate()
        try:
            c.session_setup(token)
        except Closed:
            pass
        c.socket.close()
        sent += 1
tap.check(True, 'SPNEGO tokens cut and set: %d, all answered or ended' % sent)

c = ready()
c.close(c.create('victim', access=0x00110080, disposition=1, create_options=0x1000))
tap.check(True, 'the server serves on')
tap.note('server: %d KiB' % smb2.resident_kib())
tap.done()
