"""A bare SMB 2.1 client for tests that must send what no real client sends.

Requests go out as given, signed when the session says so; nothing is checked that a test
might want to get wrong. NTLMv2 comes from impacket.
"""
import hashlib
import hmac
import os
import socket
import struct
import time

from impacket import ntlm

NEGOTIATE, SESSION_SETUP, LOGOFF, TREE_CONNECT, TREE_DISCONNECT, CREATE, CLOSE, FLUSH, READ, WRITE, \
    LOCK, IOCTL, CANCEL, ECHO, QUERY_DIRECTORY, CHANGE_NOTIFY, QUERY_INFO, SET_INFO, OPLOCK_BREAK = range(19)

OK = 0
PENDING = 0x00000103
MORE_PROCESSING_REQUIRED = 0xC0000016
INVALID_PARAMETER = 0xC000000D
ACCESS_DENIED = 0xC0000022
LOGON_FAILURE = 0xC000006D
CANCELLED = 0xC0000120
USER_SESSION_DELETED = 0xC0000203
NETWORK_NAME_DELETED = 0xC00000C9
FILE_CLOSED = 0xC0000128
LOCK_NOT_GRANTED = 0xC0000055
NOTIFY_CLEANUP = 0x0000010B

SIGNED, RELATED, ASYNC = 0x8, 0x4, 0x2


class Closed(Exception):
    """The server closed the connection."""


class Failure(Exception):
    def __init__(self, command, status):
        super().__init__('command %d: status 0x%08X' % (command, status))
        self.status = status


class Reply:
    def __init__(self, message):
        self.raw = message
        if message[:4] != b'\xfeSMB':  # an answer in SMB 1
            message = b'\xfeSMB' + bytes(4) + message[5:9] + bytes(52)
        (self.size, self.charge, self.status, self.command, self.credits, self.flags, self.next,
         self.message_id, self.async_id, self.session_id) = struct.unpack('<4xHHIHHIIQQQ', message[:48])
        self.tree_id = self.async_id >> 32
        self.body = message[64:]


class Connection:
    def __init__(self, host=None, port=None, timeout=20, receive_buffer=None):
        self.socket = socket.socket()
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.settimeout(timeout)
        self.socket.connect((host or os.environ['SMB_HOST'], port or int(os.environ['SMB_PORT'])))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.message_id = 0
        self.credits = 1
        self.session_id = 0
        self.tree_id = 0
        self.key = None

    # --- bytes ---

    def send_bytes(self, data):
        self.socket.sendall(data)

    def send_message(self, message):
        self.send_bytes(struct.pack('>I', len(message)) + message)

    def _exactly(self, length):
        parts = []
        while length:
            try:
                part = self.socket.recv(min(length, 1 << 20))
            except ConnectionError:
                raise Closed() from None
            if not part:
                raise Closed()
            parts.append(part)
            length -= len(part)
        return b''.join(parts)

    def receive_message(self):
        length, = struct.unpack('>I', self._exactly(4))
        return self._exactly(length)

    # --- messages ---

    def header(self, command, charge=1, credits=1, flags=0, next_offset=0, message_id=None,
               session_id=None, tree_id=None):
        if message_id is None:
            message_id = self.message_id
            self.message_id += max(charge, 1)
            self.credits -= max(charge, 1)
        return struct.pack('<4sHHIHHIIQIIQ16s', b'\xfeSMB', 64, charge, 0, command, credits, flags,
                           next_offset, message_id, 0xFEFF,
                           self.tree_id if tree_id is None else tree_id,
                           self.session_id if session_id is None else session_id, bytes(16))

    def sign(self, message):
        if not self.key:
            return message
        flags = struct.unpack_from('<I', message, 16)[0] | SIGNED
        message = message[:16] + struct.pack('<I', flags) + message[20:48] + bytes(16) + message[64:]
        signature = hmac.new(self.key, message, hashlib.sha256).digest()[:16]
        return message[:48] + signature + message[64:]

    def send(self, command, body, sign=True, **options):
        """Returns the message id."""
        message = self.header(command, **options) + body
        self.send_message(self.sign(message) if sign else message)
        return struct.unpack_from('<Q', message, 24)[0]

    def receive(self):
        reply = Reply(self.receive_message())
        self.credits += reply.credits
        return reply

    def answer(self, message_id):
        """The final reply to one request; interim ones are passed over."""
        while True:
            reply = self.receive()
            if reply.message_id == message_id and reply.status != PENDING:
                return reply

    def request(self, command, body, **options):
        return self.answer(self.send(command, body, **options))

    def must(self, command, body, **options):
        reply = self.request(command, body, **options)
        if reply.status != OK:
            raise Failure(command, reply.status)
        return reply

    # --- the usual beginnings ---

    def negotiate_body(self, dialects=(0x0210,)):
        return struct.pack('<HHHHI16sQ', 36, len(dialects), 1, 0, 0, os.urandom(16), 0) + \
            b''.join(struct.pack('<H', d) for d in dialects)

    def negotiate(self, dialects=(0x0210,)):
        return self.must(NEGOTIATE, self.negotiate_body(dialects), credits=64, charge=0)

    def session_setup(self, token, sign=False, **options):
        body = struct.pack('<HBBIIHHQ', 25, 0, 1, 0, 0, 88, len(token), 0) + token
        return self.request(SESSION_SETUP, body, sign=sign, credits=64, **options)

    def login(self, user=None, password=None):
        user = os.environ['SMB_USER'] if user is None else user
        password = os.environ['SMB_PASSWORD'] if password is None else password
        first = ntlm.getNTLMSSPType1('', '', True, use_ntlmv2=True)
        reply = self.session_setup(first.getData())
        if reply.status != MORE_PROCESSING_REQUIRED:
            raise Failure(SESSION_SETUP, reply.status)
        self.session_id = reply.session_id
        offset, length = struct.unpack_from('<HH', reply.body, 4)
        challenge = reply.raw[offset:offset + length]
        third, key = ntlm.getNTLMSSPType3(first, challenge, user, password, '', use_ntlmv2=True)
        reply = self.session_setup(third.getData())
        if reply.status != OK:
            raise Failure(SESSION_SETUP, reply.status)
        self.key = key[:16]
        return reply

    def tree_connect(self, share=None):
        path = '\\\\%s\\%s' % (os.environ['SMB_HOST'], share or os.environ['SMB_SHARE'])
        path = path.encode('utf-16-le')
        reply = self.must(TREE_CONNECT, struct.pack('<HHHH', 9, 0, 72, len(path)) + path, credits=64)
        self.tree_id = reply.tree_id
        return reply

    @classmethod
    def ready(cls, **options):
        """Connected, logged on, with a tree."""
        self = cls(**options)
        self.negotiate()
        self.login()
        self.tree_connect()
        return self

    # --- files ---

    @staticmethod
    def create_body(name, access=0x0012019F, disposition=3, create_options=0, oplock=0, share=7):
        name = name.encode('utf-16-le')
        return struct.pack('<HBBIQQIIIIIHHII', 57, 0, oplock, 2, 0, 0, access, 0, share, disposition,
                           create_options, 120, len(name), 0, 0) + (name or b'\0\0')

    def create(self, name, **options):
        reply = self.must(CREATE, self.create_body(name, **options), credits=16)
        return reply.body[64:80]

    def close(self, file_id):
        return self.must(CLOSE, struct.pack('<HHI', 24, 0, 0) + file_id)

    @staticmethod
    def write_body(file_id, offset, data):
        return struct.pack('<HHIQ', 49, 112, len(data), offset) + file_id + bytes(16) + data

    @staticmethod
    def read_body(file_id, offset, length):
        return struct.pack('<HBBIQ', 49, 80, 0, length, offset) + file_id + bytes(16) + b'\0'

    @staticmethod
    def lock_body(file_id, offset, length, flags):
        """Flags: 1 shared, 2 exclusive, 4 unlock, 0x10 fail immediately."""
        return struct.pack('<HHI', 48, 1, 0) + file_id + struct.pack('<QQII', offset, length, flags, 0)

    @staticmethod
    def notify_body(file_id, flags=0, length=4096):
        return struct.pack('<HHI', 32, flags, length) + file_id + struct.pack('<II', 0x1F, 0)


def charge(length):
    return 1 + (length - 1) // 65536 if length else 1


class Tap:
    def __init__(self):
        self.count = self.failures = 0

    def check(self, good, what):
        self.count += 1
        self.failures += not good
        print('%s %d - %s' % ('ok' if good else 'not ok', self.count, what), flush=True)
        return good

    def note(self, text):
        print('# ' + text, flush=True)

    def done(self):
        print('1..%d' % self.count, flush=True)
        raise SystemExit(1 if self.failures else 0)


def server_processes():
    """The server and its children."""
    root = int(os.environ['SMB_PID'])
    parents = {}
    for entry in filter(str.isdigit, os.listdir('/proc')):
        try:
            with open('/proc/%s/stat' % entry) as f:
                parents[int(entry)] = int(f.read().rsplit(')', 1)[1].split()[1])
        except OSError:
            pass

    def belongs(process):
        while process and process != root:
            process = parents.get(process)
        return process == root

    return [process for process in parents if belongs(process)]


def memory_kib(field):
    """Summed over the server's processes: VmRSS, or VmHWM, the most since reset_peak()."""
    total = 0
    for process in server_processes():
        try:
            with open('/proc/%d/status' % process) as f:
                total += sum(int(line.split()[1]) for line in f if line.startswith(field + ':'))
        except OSError:
            pass
    return total


def resident_kib():
    return memory_kib('VmRSS')


def ceiling_kib(kib):
    """A bound on memory. MEMORY_FACTOR widens it for builds that weigh more, as with sanitizers."""
    return kib * int(os.environ.get('MEMORY_FACTOR', '1'))


def ceiling_text(kib):
    factor = os.environ.get('MEMORY_FACTOR', '1')
    return '%d KiB%s' % (ceiling_kib(kib), '' if factor == '1' else ', MEMORY_FACTOR=%s' % factor)


def reset_peak():
    for process in server_processes():
        with open('/proc/%d/clear_refs' % process, 'w') as f:
            f.write('5')


def wait_until(condition, seconds=5):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.02)
    return condition()
