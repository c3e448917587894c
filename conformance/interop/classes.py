#!/usr/bin/python3
"""docs/classes.md against a server: every class from 0 to 100, and every control code."""
import os
import re
import struct
import sys

here = os.path.dirname(os.path.realpath(__file__))
if not os.environ.get('SMB_PID'):
    os.execv(here + '/with-server', ['with-server', '--', sys.executable, os.path.realpath(__file__)])

import smb2
from smb2 import Connection, Tap

STATUS = {
    0: 'SUCCESS', 0x80000005: 'BUFFER_OVERFLOW', 0xC0000003: 'INVALID_INFO_CLASS',
    0xC0000004: 'INFO_LENGTH_MISMATCH', 0xC000000D: 'INVALID_PARAMETER', 0xC0000010: 'INVALID_DEVICE_REQUEST',
    0xC0000022: 'ACCESS_DENIED', 0xC000004F: 'EAS_NOT_SUPPORTED', 0xC0000061: 'PRIVILEGE_NOT_HELD',
    0xC00000BB: 'NOT_SUPPORTED', 0xC000019C: 'FS_DRIVER_REQUIRED', 0xC000A100: 'HASH_NOT_SUPPORTED',
    0xC0000275: 'NOT_A_REPARSE_POINT', 0x80000006: 'NO_MORE_FILES', 0xC000000F: 'NO_SUCH_FILE',
}
RIGHTS = {'READ_DATA': 1, 'WRITE_DATA': 2, 'READ_EA': 8, 'WRITE_EA': 0x10, 'READ_ATTRIBUTES': 0x80,
          'WRITE_ATTRIBUTES': 0x100, 'DELETE': 0x10000, '': 0}
ALL = 0x001F01FF
FILE, FILESYSTEM = 1, 2
NOTHING = 'INVALID_INFO_CLASS'

tap = Tap()
a = Connection.ready()
tables = {}
with open(here + '/../../docs/classes.md', encoding='utf-8') as page:
    for line in page:
        if line.startswith('## '):
            section = tables.setdefault(line[3:].strip(), [])
        cells = [cell.strip() for cell in line.strip().strip('|').split('|')]
        if re.match(r'\| (\d|0x)', line):
            section.append(cells)
files = {int(row[0]): row for row in tables['Files and directories']}
filesystems = {int(row[0]): row for row in tables['Filesystems']}


def name_of(status):
    return STATUS.get(status, '0x%08X' % status)


def query(file_id, kind, number, length):
    body = struct.pack('<HBBIHHIII', 41, kind, number, length, 0, 0, 0, 0, 0) + file_id + b'\0'
    reply = a.request(smb2.QUERY_INFO, body, credits=4)
    size = struct.unpack_from('<I', reply.body, 4)[0] if reply.status in (0, 0x80000005) else 0
    return name_of(reply.status), size


def set_info(file_id, kind, number, data):
    body = struct.pack('<HBBIHHI', 33, kind, number, len(data), 96, 0, 0) + file_id + data
    return name_of(a.request(smb2.SET_INFO, body, credits=4).status)


def list_directory(file_id, number, length):
    body = struct.pack('<HBBI', 33, number, 1, 0) + file_id + struct.pack('<HHI', 96, 2, length) + b'*\0'
    return name_of(a.request(smb2.QUERY_DIRECTORY, body, credits=4).status)


def control(file_id, code, data):
    body = struct.pack('<HHI', 57, 0, code) + file_id + \
        struct.pack('<IIIIIIII', 120, len(data), 0, 0, 0, 1000, 1, 0) + data
    return name_of(a.request(smb2.IOCTL, body, credits=4).status)


def read_cell(cell):
    """(length, variable) or a status."""
    if '3.1.1' in cell:  # this client speaks 2.1
        return cell.rsplit(' ', 1)[1]
    match = re.fullmatch(r'(\d+)(\+?)', cell)
    return (int(match.group(1)), bool(match.group(2))) if match else cell or NOTHING


def with_right(name, access):
    return a.create(name, access=access | 0x00100000, disposition=3)


def check_query(table, kind, what, file_id, least):
    """Every number against its row; `least` is an open without any right that a class could need."""
    wrong = []
    for number in range(101):
        row = table.get(number)
        wanted = read_cell(row[3] if row else '')
        needs = row[4] if row and kind == FILE else ''
        got, length = query(file_id, kind, number, 4096)
        if isinstance(wanted, str):
            good = got == wanted
        else:
            good = got == 'SUCCESS' and (length == wanted[0] or wanted[1])
            short = query(file_id, kind, number, wanted[0] - 1)[0]
            exact = query(file_id, kind, number, wanted[0])[0]
            good = good and short == 'INFO_LENGTH_MISMATCH' and \
                (exact == 'SUCCESS' or (wanted[1] and exact == 'BUFFER_OVERFLOW'))
        if needs:
            good = good and query(least, kind, number, 4096)[0] == 'ACCESS_DENIED'
        if not good:
            wrong.append('%d: %s, %d bytes' % (number, got, length))
    tap.check(not wrong, 'QUERY_INFO of %s, 101 numbers %s' % (what, '; '.join(wrong)))


def check_set(file_id, least):
    wrong = []
    for number in range(101):
        row = files.get(number)
        wanted = read_cell(row[5] if row else '')
        if isinstance(wanted, str):
            if set_info(file_id, FILE, number, bytes(40)) != wanted:
                wrong.append('%d: %s' % (number, set_info(file_id, FILE, number, bytes(40))))
        elif set_info(file_id, FILE, number, bytes(wanted[0] - 1)) != 'INFO_LENGTH_MISMATCH':
            wrong.append('%d: too short' % number)
        elif not wanted[1] and set_info(file_id, FILE, number, bytes(wanted[0])) != 'SUCCESS':
            wrong.append('%d: %s' % (number, set_info(file_id, FILE, number, bytes(wanted[0]))))
        if row and row[6]:
            data = struct.pack('<QQI', 0, 0, 2) + b'x\0\0\0'
            denied = set_info(least, FILE, number, data + bytes(16))
            if denied != 'ACCESS_DENIED':
                wrong.append('%d: without %s %s' % (number, row[6], denied))
    tap.check(not wrong, 'SET_INFO of a file, 101 numbers %s' % '; '.join(wrong))


def check_listing(directory):
    wrong = []
    for number in range(101):
        row = files.get(number)
        wanted = read_cell(row[7] if row else '')
        got = list_directory(directory, number, 4096)
        if isinstance(wanted, str):
            good = got == wanted
        else:
            good = got == 'SUCCESS' and list_directory(directory, number, wanted[0] - 1) == 'INFO_LENGTH_MISMATCH'
        if not good:
            wrong.append('%d: %s' % (number, got))
    tap.check(not wrong, 'QUERY_DIRECTORY, 101 numbers %s' % '; '.join(wrong))


def check_filesystem(root):
    table = {number: row[:4] + [''] for number, row in filesystems.items()}
    check_query(table, FILESYSTEM, 'a filesystem', root, root)
    wrong = []
    for number in range(101):
        wanted = (filesystems[number][4] if number in filesystems else '') or NOTHING
        got = set_info(root, FILESYSTEM, number, bytes(64))
        if got != wanted:
            wrong.append('%d: %s' % (number, got))
    tap.check(not wrong, 'SET_INFO of a filesystem, 101 numbers %s' % '; '.join(wrong))


def check_codes(file_id):
    wrong = []
    for row in tables['Control codes']:
        if row[1] == 'FSCTL_VALIDATE_NEGOTIATE_INFO':
            continue  # zeros are no answer to that: the connection would end
        refused = re.fullmatch('[A-Z_]+', row[2])
        got = control(file_id, int(row[0], 16), bytes(64))
        if (refused and got != row[2]) or (not refused and got == NOTHING):
            wrong.append('%s: %s' % (row[1], got))
    tap.check(not wrong, 'IOCTL, %d codes %s' % (len(tables['Control codes']), '; '.join(wrong)))


a.create('classes', access=ALL, disposition=3, create_options=1)
opened = with_right('classes\\file', ALL)
a.must(smb2.WRITE, a.write_body(opened, 0, b'12345'))
poor = with_right('classes\\file', 0x00020000)
directory = a.create('classes', access=ALL, disposition=1)
root = a.create('', access=0x00120081, disposition=1)
check_query(files, FILE, 'a file', opened, poor)
check_filesystem(root)
check_listing(directory)
check_set(opened, poor)
for number, row in files.items():
    if row[3] and not set(row[3]) - set('0123456789'):
        got = query(directory, FILE, number, 4096)
        if got != ('SUCCESS', int(row[3])):
            tap.check(False, 'class %d of a directory: %s' % (number, got))
check_codes(with_right('classes\\codes', ALL))
tap.done()
