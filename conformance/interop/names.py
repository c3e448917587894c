#!/usr/bin/python3
"""Names that no client of ours would send: what CREATE, renames, links and searches answer."""
import os
import struct
import sys

here = os.path.dirname(os.path.realpath(__file__))
if not os.environ.get('SMB_PID'):
    os.execv(here + '/with-server', ['with-server', '--', sys.executable, os.path.realpath(__file__)])

import smb2
from smb2 import Connection, Tap

INVALID_PARAMETER = 0xC000000D
NAME_INVALID = 0xC0000033
NAME_NOT_FOUND = 0xC0000034
PATH_NOT_FOUND = 0xC000003A
NO_SUCH_FILE = 0xC000000F
OK = 0
CREATE_FILE, OPEN = 2, 1
RENAME, LINK = 10, 11

posix = os.environ.get('SMB_EXPORTER') == 'posix'
tap = Tap()
a = Connection.ready()


def utf16(name):
    return name.encode('utf-16-le', 'surrogatepass')


def create(raw, disposition=CREATE_FILE, options=0x1000, access=0x00130197):
    """The status, and the file's id if there is one; what is created goes with its close."""
    body = struct.pack('<HBBIQQIIIIIHHII', 57, 0, 0, 2, 0, 0, access, 0, 7, disposition, options, 120,
                       len(raw), 0, 0) + (raw or b'\0\0')
    reply = a.request(smb2.CREATE, body, charge=smb2.charge(len(raw)), credits=64)
    return reply.status, reply.body[64:80] if reply.status == OK else None


def close(file_id):
    a.close(file_id)


def make(raw):
    status, file_id = create(raw)
    if file_id:
        close(file_id)
    return status


def move(file_id, raw, information_class):
    data = struct.pack('<B7xQI', 0, 0, len(raw)) + raw
    data += bytes(max(0, 24 - len(data)))
    body = struct.pack('<HBBIHHI', 33, 1, information_class, len(data), 96, 0, 0) + file_id + data
    return a.request(smb2.SET_INFO, body, charge=smb2.charge(len(data)), credits=64).status


def search(directory, raw):
    body = struct.pack('<HBBI', 33, 12, 0x10, 0) + directory + struct.pack('<HHI', 96, len(raw), 65536) + (raw or b'\0\0')
    reply = a.request(smb2.QUERY_DIRECTORY, body, charge=1, credits=64)
    if reply.status != OK:
        return reply.status, []
    offset, length = struct.unpack_from('<HI', reply.body, 2)
    data, names = reply.raw[offset:offset + length], []
    while data:
        following, _, size = struct.unpack_from('<III', data)
        names.append(data[12:12 + size])
        data = data[following:] if following else b''
    return OK, names


def same(got, wanted, what):
    wanted = wanted if isinstance(wanted, tuple) else (wanted,)
    tap.check(got in wanted, '%s: 0x%08X%s' % (what, got, '' if got in wanted else ', not ' + ' or '.join('0x%08X' % w for w in wanted)))


deep = '\\'.join(['x' * 255] * 128)
refused = {
    'a NUL': utf16('a\0b'),
    'a NUL at the end': utf16('ab\0'),
    'a NUL alone': utf16('\0'),
    'a slash': utf16('a/b'),
    'a slash in front': utf16('/b'),
    'dots with slashes': utf16('../b'),
    'a control character': utf16('a\1b'),
    'an asterisk': utf16('a*b'),
    'a question mark': utf16('a?b'),
    'an angle bracket': utf16('a<b'),
    'a quote': utf16('a"b'),
    'a bar': utf16('a|b'),
    '256 units': utf16('n' * 256),
    '256 units of surrogate pairs': utf16('\U0001F600' * 128),
    '256 units beneath a directory that is not there': utf16('none\\' + 'n' * 256),
    '32,767 units': utf16('n' * 32767),
    'a path of 32,767 units': utf16(deep[:32767]),
    'a path of 32,761 units': utf16(deep[:32761]),
    'an empty component': utf16('a\\\\b'),
}

status, plain = create(utf16('plain'))
assert status == OK
status, top = create(b'', disposition=OPEN, options=1, access=0x00100081)
assert status == OK

for what, raw in refused.items():
    same(make(raw), NAME_INVALID, 'CREATE, ' + what)
    same(create(raw, disposition=OPEN)[0], NAME_INVALID, 'CREATE to open, ' + what)
    for kind, name in ((RENAME, 'rename'), (LINK, 'link')):
        same(move(plain, raw, kind), NAME_INVALID, '%s, %s' % (name, what))
for what, raw in (('dot-dot', utf16('..\\b')), ('dot-dot alone', utf16('..')), ('a dot', utf16('.\\b'))):
    for got, name in ((make(raw), 'CREATE'), (move(plain, raw, RENAME), 'rename'), (move(plain, raw, LINK), 'link')):
        same(got, (NAME_INVALID, 0xC000003B, INVALID_PARAMETER), '%s, %s' % (name, what))
same(make(utf16('odd')[:-1]), INVALID_PARAMETER, 'CREATE, half a unit')
same(make(utf16('\\lead')), INVALID_PARAMETER, 'CREATE, a backslash in front')

# MS-FSCC 2.1.5: the longest path.
deep = deep[:32760]
beyond = (PATH_NOT_FOUND, NAME_INVALID) if posix else PATH_NOT_FOUND  # Linux: 4,095 bytes
same(make(utf16(deep)), beyond, 'CREATE, a path of %d units' % len(deep))
same(move(plain, utf16(deep), RENAME), beyond, 'rename, a path of %d units' % len(deep))
same(move(plain, utf16(deep), LINK), beyond, 'link, a path of %d units' % len(deep))

# What Windows takes: as many as 255 units, and units that are no character.
for what, name in (('255 units', 'n' * 255), ('a high surrogate alone', 'h\ud800'), ('a low surrogate alone', '\udc00l'),
                   ('surrogates the wrong way round', '\udc00\ud800'), ('255 units of surrogate pairs', '\U0001F600' * 127 + 'x'),
                   ('255 units of three bytes', '\u2603' * 255)):
    status, file_id = create(utf16(name))
    if posix and status == NAME_INVALID and len(name.encode('utf-8', 'surrogatepass')) > 255:
        tap.check(True, 'CREATE, %s: STATUS_OBJECT_NAME_INVALID, as it is more than 255 bytes on disk' % what)
        continue
    same(status, OK, 'CREATE, ' + what)
    if status == OK:
        status, names = search(top, utf16(name))
        tap.check(status == OK and names == [utf16(name)], 'it is listed as it was written')
        close(file_id)

for what, raw, wanted in (
        ('a NUL', utf16('a\0b'), NAME_INVALID), ('a slash', utf16('a/b'), NAME_INVALID), ('a backslash', utf16('a\\b'), NAME_INVALID),
        ('a control character', utf16('a\1b'), NAME_INVALID), ('a bar', utf16('a|b'), NAME_INVALID), ('half a unit', b'a', INVALID_PARAMETER),
        ('a surrogate alone', utf16('\ud800'), NO_SUCH_FILE), ('255 units', utf16('n' * 255), NO_SUCH_FILE),
        ('255 asterisks', utf16('*' * 255 ), OK), ('256 units', utf16('n' * 256), NAME_INVALID), ('32,767 units', utf16('n' * 32767), NAME_INVALID)):
    if len(raw) > 60000:
        body = struct.pack('<HBBI', 33, 12, 0x10, 0) + top + struct.pack('<HHI', 96, len(raw), 65536) + raw
        status = a.request(smb2.QUERY_DIRECTORY, body, charge=2, credits=64).status
    else:
        status = search(top, raw)[0]
    same(status, wanted, 'QUERY_DIRECTORY, ' + what)

status, names = search(top, utf16('*'))
tap.check(status == OK and sorted(names) == sorted(map(utf16, ('.', '..', 'plain'))), 'none of this has left anything')
close(plain)
close(top)
tap.done()
