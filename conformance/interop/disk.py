#!/usr/bin/python3
"""A directory tree of the server's disk, seen from both sides.

What a client writes is looked at on the disk: contents, names, modes, owner, times. What a local
process makes, changes and removes is looked at through SMB.
"""
import os
import stat
import struct
import sys

here = os.path.dirname(os.path.realpath(__file__))
if not os.environ.get('SMB_PID'):
    os.environ['SMB_EXPORTER'] = 'posix'
    os.execv(here + '/with-server', ['with-server', '--', sys.executable, os.path.realpath(__file__)])

import smb2
from smb2 import Connection, Failure

TREE = os.fsencode(os.environ['SMB_TREE']) + b'/'
READONLY, HIDDEN, DIRECTORY, ARCHIVE, NORMAL = 1, 2, 0x10, 0x20, 0x80
DELETE_ACCESS = 0x00110080
NAME_NOT_FOUND = 0xC0000034
EPOCH = 116444736000000000  # of Unix, in FILETIME
tap = smb2.Tap()
c = Connection.ready()


def filetime(nanoseconds):
    return EPOCH + nanoseconds // 100


def query(file_id, information_class, kind=1, length=65536):
    body = struct.pack('<HBBIHHIII', 41, kind, information_class, length, 0, 0, 0, 0, 0) + file_id
    reply = c.must(smb2.QUERY_INFO, body)
    offset, size = struct.unpack_from('<HI', reply.body, 2)
    return reply.raw[offset:offset + size]


def set_info(file_id, information_class, data):
    body = struct.pack('<HBBIHHI', 33, 1, information_class, len(data), 96, 0, 0) + file_id + data
    c.must(smb2.SET_INFO, body)


def set_basic(file_id, created=0, accessed=0, written=0, attributes=0):
    set_info(file_id, 4, struct.pack('<QQQQII', created, accessed, written, 0, attributes, 0))


class Seen:
    """A file as a client sees it (FileNetworkOpenInformation, FileStandardInformation)."""
    def __init__(self, name, **options):
        file_id = c.create(name, access=0x00100080, disposition=1, **options)
        self.created, self.accessed, self.written, self.changed, _, self.size, self.attributes = \
            struct.unpack_from('<QQQQQQI', query(file_id, 34))
        self.links, = struct.unpack_from('<I', query(file_id, 5), 16)
        c.close(file_id)


def write(name, data):
    file_id = c.create(name, disposition=5)
    for i in range(0, len(data), 65536):
        c.must(smb2.WRITE, c.write_body(file_id, i, data[i:i + 65536]))
    c.close(file_id)


def read(name):
    file_id = c.create(name, access=0x00120089, disposition=1)
    data = b''
    while True:
        reply = c.request(smb2.READ, c.read_body(file_id, len(data), 65536))
        if reply.status != smb2.OK:
            break
        data += reply.raw[80:]
    c.close(file_id)
    return data


def remove(name, create_options=0x1000):
    c.close(c.create(name, access=DELETE_ACCESS, disposition=1, create_options=create_options))


def names(directory=''):
    file_id = c.create(directory, access=0x00100081, disposition=1, create_options=1)
    found = []
    while True:
        pattern = '*'.encode('utf-16-le')
        body = struct.pack('<HBBI', 33, 12, 0, 0) + file_id + struct.pack('<HHI', 96, len(pattern), 65536) + pattern
        reply = c.request(smb2.QUERY_DIRECTORY, body)
        if reply.status != smb2.OK:
            break
        data, at, step = reply.raw[72:], 0, 1
        while step:
            step, length = struct.unpack_from('<I4xI', data, at)
            found.append(data[at + 12:at + 12 + length].decode('utf-16-le'))
            at += step
    c.close(file_id)
    return sorted(n for n in found if n not in ('.', '..'))


def status_of(action, *arguments, **options):
    try:
        action(*arguments, **options)
    except Failure as failure:
        return failure.status
    return smb2.OK


def local(name, data=b'', nanoseconds=None):
    with open(TREE + name, 'wb') as f:
        f.write(data)
    if nanoseconds:
        os.utime(TREE + name, ns=(nanoseconds, nanoseconds))


def stored(name):
    with open(TREE + name, 'rb') as f:
        return f.read()


# --- written through SMB, looked at on the disk ---
data = os.urandom(1000001)
write('big', data)
tap.check(stored(b'big') == data, 'what was written is on the disk')
tap.check(read('big') == data, 'and comes back')
SPELT = {  # on the wire, on the disk
    'plain.txt': b'plain.txt', 'Gr\u00fc\u00dfe \u2603': 'Grüße ☃'.encode(), '\U0001F41A shell': '\U0001F41A shell'.encode(),
    'A' * 255: b'A' * 255, 'colon\uf022 star\uf021 bar\uf027 end\uf029': b'colon: star* bar| end.',
    'back\uf026slash\uf020\uf023\uf024\uf025': b'back\\slash"<>?', 'tab\uf009 space\uf028': b'tab\t space ',
    'latin1 \uefe9t\uefe9': b'latin1 \xe9t\xe9', 'con': b'con',
}
for wire, disk in SPELT.items():
    write(wire, disk)
    tap.check(os.path.exists(TREE + disk) and stored(disk) == disk and read(wire) == disk, 'the name %a is stored as %a' % (wire[:40], disk[:40]))
tap.check(names() == sorted(list(SPELT) + ['big']), 'all of them are listed under the names they were given')
for wire in SPELT:
    remove(wire)
tap.check(os.listdir(TREE) == [b'big'], 'removed through SMB they are gone from the disk')

c.close(c.create('directory', access=0x00100081, disposition=2, create_options=1))
write('directory\\file', b'x')
file, directory = os.stat(TREE + b'directory/file'), os.stat(TREE + b'directory')
tap.check(stat.S_ISDIR(directory.st_mode) and stat.S_IMODE(directory.st_mode) == 0o755, 'a directory has mode %o' % stat.S_IMODE(directory.st_mode))
tap.check(stat.S_ISREG(file.st_mode) and stat.S_IMODE(file.st_mode) == 0o644, 'a file has mode %o' % stat.S_IMODE(file.st_mode))
owner = os.stat(TREE).st_uid
tap.check((file.st_uid, directory.st_uid) == (owner, owner), 'both belong to the user, %d' % owner)

file_id = c.create('directory\\file')
try:
    os.setxattr(TREE + b'directory/file', 'user.probe', b'1')
    kept = True
except OSError:
    kept = False
written, accessed, created = (filetime(n * 10**9 + 123456700) for n in (981173106, 981173107, 981173100))
set_basic(file_id, created, accessed, written)
c.close(file_id)
file, seen = os.stat(TREE + b'directory/file'), Seen('directory\\file')
tap.check(filetime(file.st_mtime_ns) == written and filetime(file.st_atime_ns) == accessed, 'times set by a client are the disk\'s, to 100 ns')
tap.check((seen.written, seen.accessed) == (written, accessed), 'and are seen again')
tap.check(not kept or seen.created == created, 'so is the creation time')

file_id = c.create('directory\\file')
set_basic(file_id, attributes=READONLY | HIDDEN | ARCHIVE)
c.close(file_id)
file, seen = os.stat(TREE + b'directory/file'), Seen('directory\\file')
tap.note('DOS attributes and creation time are %s' % ('an extended attribute' if kept else 'not kept here, READONLY is the mode'))
tap.check(not kept or b'user.DOSATTRIB' in map(os.fsencode, os.listxattr(TREE + b'directory/file')), 'they are where Samba has them, too')
tap.check(seen.attributes & READONLY and (not kept or seen.attributes & 0x27 == READONLY | HIDDEN | ARCHIVE), 'attributes set are kept: 0x%x' % seen.attributes)
tap.check(status_of(c.create, 'directory\\file', access=2, disposition=1) == smb2.ACCESS_DENIED, 'a read-only file is not opened for writing')
file_id = c.create('directory\\file', access=0x00100180, disposition=1)
set_basic(file_id, attributes=NORMAL)
c.close(file_id)

file_id = c.create('directory\\file')
set_info(file_id, 20, struct.pack('<Q', 5000000000))
tap.check(os.stat(TREE + b'directory/file').st_size == 5000000000, 'a size set is the disk\'s')
set_info(file_id, 20, struct.pack('<Q', 0))
c.must(smb2.WRITE, c.write_body(file_id, 3, b'abc'))
tap.check(stored(b'directory/file') == b'\0\0\0abc', 'a file cut and written is that on the disk while it is open')
c.close(file_id)
file_id = c.create('directory\\file', access=DELETE_ACCESS)
target = 'big2'.encode('utf-16-le')
set_info(file_id, 10, struct.pack('<B7xQI', 0, 0, len(target)) + target)
c.close(file_id)
tap.check(stored(b'big2') == b'\0\0\0abc' and os.listdir(TREE + b'directory') == [], 'a rename is one on the disk')
remove('big2')
remove('directory', create_options=0x1001)
tap.check(os.listdir(TREE) == [b'big'], 'so is the removal of a file and a directory')
remove('big')

# --- made by a local process, looked at through SMB ---
os.umask(0)
moment = 1234567890123456700
local(b'local', b'locally', moment)
os.chmod(TREE + b'local', 0o666)
seen = Seen('local')
tap.check(seen.size == 7 and read('local') == b'locally', 'a file created locally is read')
tap.check(seen.written == filetime(moment), 'with its time')
with open(TREE + b'local', 'ab') as f:
    f.write(b' and more')
tap.check(read('local') == b'locally and more' and Seen('local').size == 16, 'what is appended locally is there')
file_id = c.create('LOCAL', access=0x00120089, disposition=1)
os.rename(TREE + b'local', TREE + b'moved')
tap.check(c.must(smb2.READ, c.read_body(file_id, 0, 100)).raw[80:] == b'locally and more', 'renamed locally, an open file is still read')
tap.check(status_of(read, 'local') == NAME_NOT_FOUND and read('moved') == b'locally and more', 'and found under its new name only')
os.unlink(TREE + b'moved')
tap.check(c.must(smb2.READ, c.read_body(file_id, 8, 3)).raw[80:] == b'and', 'removed locally, it is still read')
c.close(file_id)
tap.check(status_of(read, 'moved') == NAME_NOT_FOUND and names() == [], 'and is there no more')

for disk in SPELT.values():
    local(disk, disk)
tap.check(names() == sorted(SPELT), 'names that Windows could not have are listed')
tap.check(all(read(wire) == disk for wire, disk in SPELT.items()), 'and each is read under the name listed')
for disk in SPELT.values():
    os.unlink(TREE + disk)

local(b'Case', b'upper')
local(b'case', b'lower')
tap.check(names() == ['Case', 'case'] and (read('Case'), read('case')) == (b'upper', b'lower'), 'of names that differ in case, each is found as it is written')
tap.check(read('CASE') in (b'upper', b'lower'), 'and one of them otherwise')
os.unlink(TREE + b'Case')
tap.check(read('CASE') == b'lower', 'the one that is left')
os.unlink(TREE + b'case')

local(b'.hidden')
local(b'linked', b'twice')
os.link(TREE + b'linked', TREE + b'also')
os.symlink(b'linked', TREE + b'soft')
os.symlink(b'/etc/passwd', TREE + b'out')
os.mkfifo(TREE + b'fifo')
os.mkdir(TREE + b'shut')
os.chmod(TREE + b'shut', 0)
tap.check(Seen('.hidden').attributes & HIDDEN != 0, 'a name with a dot in front is hidden')
tap.check(Seen('linked').links == 2 and read('also') == b'twice', 'a hard link')
tap.check(read('soft') == b'twice', 'a symbolic link inside the share is followed')
refusals = [status_of(read, name) for name in ('out', 'fifo')]
tap.check(all(refusals), 'a link out of it and a pipe are refused: %s' % ' '.join('0x%08X' % s for s in refusals))
tap.check(not {'out', 'fifo'} & set(names()), 'and not listed')
tap.check(status_of(names, 'shut') == smb2.ACCESS_DENIED, 'a directory without permission is refused')
for name in (b'.hidden', b'linked', b'also', b'soft', b'out', b'fifo'):
    os.unlink(TREE + name)
os.rmdir(TREE + b'shut')
tap.check(names() == [], 'and after all that the share is empty')
tap.done()
