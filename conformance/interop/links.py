#!/usr/bin/python3
"""Links, renames and dispositions in their newer classes, copies on the server, holes, and a large
directory, on whatever exporter is asked for."""
import os
import struct
import sys

here = os.path.dirname(os.path.realpath(__file__))
if not os.environ.get('SMB_PID'):
    os.execv(here + '/with-server', ['with-server', '--', sys.executable, os.path.realpath(__file__)])

import smb2
from smb2 import Connection, Failure, Tap

ALL = 0x001F01FF
REPLACE, POSIX, READONLY = 1, 2, 0x40
ACCESS_DENIED, COLLISION, NOT_FOUND, DELETE_PENDING = 0xC0000022, 0xC0000035, 0xC0000034, 0xC0000056
ENTRIES = int(os.environ.get('LISTING_ENTRIES', '40000'))
tap = Tap()
a = Connection.ready()


def make(name, data=b'', **options):
    file_id = a.create(name, access=ALL, disposition=2, **options)
    if data:
        a.must(smb2.WRITE, a.write_body(file_id, 0, data))
    return file_id


def read(file_id, offset, length):
    reply = a.must(smb2.READ, a.read_body(file_id, offset, length))
    start, size = reply.body[2], struct.unpack_from('<I', reply.body, 4)[0]
    return reply.raw[start:start + size]


def set_info(file_id, number, data):
    body = struct.pack('<HBBIHHI', 33, 1, number, len(data), 96, 0, 0) + file_id + data
    return a.request(smb2.SET_INFO, body, credits=4).status


def name_info(file_id, number, name, flags=0):
    name = name.encode('utf-16-le')
    return set_info(file_id, number, struct.pack('<QQI', flags, 0, len(name)) + name + bytes(4))


def links(file_id):
    body = struct.pack('<HBBIHHIII', 41, 1, 5, 24, 0, 0, 0, 0, 0) + file_id + b'\0'
    reply = a.must(smb2.QUERY_INFO, body)
    return struct.unpack_from('<I', reply.body, 8 + 16)[0]


def exists(name):
    try:
        a.close(a.create(name, access=0x80, disposition=1))
    except Failure as failure:
        return failure.status
    return smb2.OK


def control(file_id, code, data, room=1000):
    body = struct.pack('<HHI', 57, 0, code) + file_id + \
        struct.pack('<IIIIIIII', 120, len(data), 0, 0, 0, room, 1, 0) + data
    reply = a.request(smb2.IOCTL, body, credits=4)
    if reply.status:
        return reply.status, b''
    start, size = struct.unpack_from('<II', reply.body, 32)
    return reply.status, reply.raw[start:start + size]


def links_and_renames():
    one = make('one', b'hello')
    tap.check(name_info(one, 11, 'two') == smb2.OK and links(one) == 2, 'a link')
    two = a.create('two', access=ALL, disposition=1)
    tap.check(read(two, 0, 100) == b'hello', 'is the same file')
    tap.check(name_info(one, 11, 'TWO') == COLLISION, 'a link does not replace unless asked to')
    set_info(two, 13, b'\1')
    tap.check(exists('two') == DELETE_PENDING and exists('one') == smb2.OK, 'one of its names is to be deleted')
    a.close(two)
    tap.check(exists('two') == NOT_FOUND and links(one) == 1, 'and is')
    old = make('old', b'old')
    tap.check(name_info(one, 65, 'old', REPLACE) == ACCESS_DENIED, 'what is open is not replaced')
    tap.check(name_info(one, 65, 'old', REPLACE | POSIX) == smb2.OK, 'but with POSIX semantics it is')
    tap.check(read(old, 0, 100) == b'old' and links(old) == 0, 'and lives on without a name')
    a.close(old)
    tap.check(exists('old') == smb2.OK and exists('one') == NOT_FOUND, 'the new name stays')
    protected = make('protected')
    set_info(protected, 4, bytes(32) + struct.pack('<II', 1, 0))
    a.close(protected)
    tap.check(name_info(one, 10, 'protected', REPLACE) == ACCESS_DENIED, 'a read-only file is not replaced')
    tap.check(name_info(one, 65, 'protected', REPLACE | READONLY) == smb2.OK, 'unless that is asked for')
    other = a.create('protected', access=ALL, disposition=1)
    set_info(one, 64, struct.pack('<I', 3))
    a.close(one)
    tap.check(exists('protected') == NOT_FOUND and read(other, 0, 5) == b'hello',
              'a deletion with POSIX semantics does not wait for others')
    a.close(make('protected'))
    a.close(other)
    tap.check(exists('protected') == smb2.OK, 'and the next file of that name is another')


def copies_and_holes():
    source, target = make('source', bytes(range(256)) * 256), make('target')
    status, key = control(source, 0x00140078, b'')
    chunks = struct.pack('<QQII', 0, 65536, 65536, 0) + struct.pack('<QQII', 1, 0, 255, 0)
    status, answer = control(target, 0x001440F2, key[:24] + struct.pack('<II', 2, 0) + chunks)
    tap.check((status, answer) == (smb2.OK, struct.pack('<III', 2, 0, 65536 + 255)), 'a copy on the server')
    tap.check(read(target, 65536, 65536) == bytes(range(256)) * 256 and
              read(target, 0, 300) == bytes(range(1, 256)) + bytes(45), 'is one')
    control(target, 0x000900C4, b'')
    tap.check(control(target, 0x000980C8, struct.pack('<QQ', 65536, 131072))[0] == smb2.OK, 'zeroing')
    status, ranges = control(target, 0x000940CF, struct.pack('<QQ', 0, 1 << 40))
    tap.check(read(target, 65536, 65536) == bytes(65536) and
              struct.unpack('<QQ', ranges[:16]) <= (0, 65536), 'leaves a hole in a sparse file')


def large_directory():
    """Made on the disk, which is faster; listed through SMB."""
    tree = os.environ.get('SMB_TREE')
    if not tree:
        tap.check(True, 'a large directory # SKIP in memory: core/tests/test_listing')
        return
    os.mkdir(tree + '/large')
    os.chmod(tree + '/large', 0o755)
    for i in range(ENTRIES):
        os.close(os.open('%s/large/%06d' % (tree, i), os.O_CREAT | os.O_WRONLY, 0o644))
    directory = a.create('large', access=0x00100081, disposition=1, create_options=1)
    seen = {}
    smb2.reset_peak()
    before = smb2.resident_kib()
    while True:
        body = struct.pack('<HBBI', 33, 12, 0, 0) + directory + struct.pack('<HHI', 96, 2, 65536) + b'*\0'
        reply = a.request(smb2.QUERY_DIRECTORY, body, credits=4)
        if reply.status:
            break
        start, size = struct.unpack_from('<HI', reply.body, 2)
        entries, at = reply.raw[start:start + size], 0
        while True:
            following, _, length = struct.unpack_from('<III', entries, at)
            name = entries[at + 12:at + 12 + length].decode('utf-16-le')
            seen[name] = seen.get(name, 0) + 1
            if not following:
                break
            at += following
    more = smb2.memory_kib('VmHWM') - before
    tap.check(len(seen) == ENTRIES + 2 and set(seen.values()) == {1}, '%d entries, each once' % ENTRIES)
    tap.check(more < smb2.ceiling_kib(16384), 'in %d KiB more memory than before (at most %s)' %
              (more, smb2.ceiling_text(16384)))


links_and_renames()
copies_and_holes()
large_directory()
tap.done()
