#!/usr/bin/python3
"""What FLUSH and write-through WRITE have acknowledged outlives the server's death and a power cut.

The share is a directory tree on forgetful_fs, which loses all that was not synced when told so. In
every round clients create, write, rename and flush files at random; then the server is killed, the
power is cut, and a new server must show what had been acknowledged. POWER_SEED and POWER_ROUNDS.
"""
import os
import random
import signal
import struct
import subprocess
import sys
import time

here = os.path.dirname(os.path.realpath(__file__))
sys.path.insert(0, here)
import forgetful
import smb2
from smb2 import Connection, Failure

SEED = int(os.environ.get('POWER_SEED', '1'))
ROUNDS = int(os.environ.get('POWER_ROUNDS', '6'))
OPERATIONS = 120
WRITE_THROUGH_OPEN, WRITE_THROUGH_FLAG, DIRECTORY = 0x2, 1, 0x1
OPEN_IF, OPEN, RENAME = 3, 1, 10
tap = smb2.Tap()


class Server:
    """A server on the tree, killed without a word."""
    def __init__(self, tree):
        self.log = open(tree + '.log', 'ab')
        with smb2.socket.socket() as probe:
            probe.bind(('127.0.0.1', 0))
            port = probe.getsockname()[1]
        self.process = subprocess.Popen(
            [forgetful.PROGRAM, 'serve', '--listen', '127.0.0.1:%d' % port, '--user', 'alice:S3cret', '--share',
             'share=posix:' + tree], stdout=subprocess.PIPE, stderr=self.log, stdin=subprocess.DEVNULL)
        os.environ.update(SMB_HOST='127.0.0.1', SMB_PORT=str(port), SMB_USER='alice', SMB_PASSWORD='S3cret',
                          SMB_SHARE='share', SMB_PID=str(self.process.pid))
        line = self.process.stdout.readline()
        if b'ready' not in line:
            raise SystemExit('the server did not start: %r, %s' % (line, tree + '.log'))

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()
        self.log.close()


class File:
    """What a client did with one file, and what must be left of it."""
    def __init__(self, name):
        self.name = name
        self.content = b''     # as written
        self.promised = None   # as acknowledged to be safe
        self.loose = {}        # byte -> every value it was given since, which may or may not have come through
        self.sizes = set()     # likewise
        self.others = []       # names it had, not flushed since: it may come back under any


class Round:
    def __init__(self, random_, number):
        self.random = random_
        self.number = number
        self.client = Connection.ready()
        self.files = []

    def choose_name(self):
        folder = '\\'.join('r%d-%d' % (self.number, self.random.randrange(3))
                           for _ in range(self.random.randrange(4)))
        steps = folder.split('\\') if folder else []
        for i in range(len(steps)):
            path = '\\'.join(steps[:i + 1])
            self.client.close(self.client.create(path, access=0x100081, create_options=DIRECTORY))
        return (folder + '\\' if folder else '') + 'r%d-file%d' % (self.number, len(self.files))

    def flush(self, file_id):
        self.client.must(smb2.FLUSH, struct.pack('<HHI', 24, 0, 0) + file_id)

    def rename(self, file_id, name):
        name16 = name.encode('utf-16-le')
        data = struct.pack('<B7xQI', 0, 0, len(name16)) + name16
        body = struct.pack('<HBBIHHI', 33, 1, RENAME, len(data), 96, 0, 0) + file_id + data
        self.client.must(smb2.SET_INFO, body)

    def write(self, file, file_id, promised, through):
        offset = self.random.randrange(0, len(file.content) + 1)
        data = self.random.randbytes(self.random.randrange(1, 20000))
        body = bytearray(self.client.write_body(file_id, offset, data))
        if through:
            body[44:48] = struct.pack('<I', WRITE_THROUGH_FLAG)
        self.client.must(smb2.WRITE, bytes(body))
        old = file.content
        file.content = old[:offset] + data + old[offset + len(data):]
        if promised:
            self.promise(file)
        else:
            file.sizes.add(len(file.content))
            for i, byte in enumerate(data):
                file.loose.setdefault(offset + i, set()).add(byte)

    @staticmethod
    def promise(file):
        file.promised = file.content
        file.loose.clear()
        file.sizes.clear()

    def step(self):
        kind = self.random.randrange(5)
        if kind == 0 or not self.files:
            file = File(self.choose_name())
            self.files.append(file)
        else:
            file = self.random.choice(self.files)
        options = WRITE_THROUGH_OPEN if self.random.randrange(4) == 0 else 0
        file_id = self.client.create(file.name, access=0x0013019F, disposition=OPEN_IF, create_options=options)
        through = self.random.randrange(4) == 0
        self.write(file, file_id, options or through, through)
        if self.random.randrange(8) == 0:
            new = file.name + 'm'
            self.rename(file_id, new)
            file.others.append(file.name)
            file.name = new
        if self.random.randrange(3) == 0:
            self.flush(file_id)
            self.promise(file)
            file.others = []
        if self.random.randrange(5):
            self.client.close(file_id)


def read_back(client, name):
    try:
        file_id = client.create(name, access=0x120089, disposition=OPEN)
    except Failure:
        return None
    content = b''
    while True:
        reply = client.request(smb2.READ, client.read_body(file_id, len(content), 65536))
        if reply.status != smb2.OK:
            break
        offset, length = struct.unpack_from('<BxI', reply.body, 2)
        content += reply.raw[offset:offset + length]
    client.close(file_id)
    return content


def fault_of(file, client):
    """None where all that was promised is there."""
    if file.promised is None:
        return None
    for name in [file.name] + file.others:
        content = read_back(client, name)
        if content is not None:
            break
    else:
        return 'the file is gone'
    if len(content) != len(file.promised) and len(content) not in file.sizes:
        return '%d bytes, %d were promised' % (len(content), len(file.promised))
    for i, byte in enumerate(content):
        expected = file.promised[i] if i < len(file.promised) else 0
        if byte != expected and byte not in file.loose.get(i, ()):
            return 'byte %d differs from what was acknowledged' % i
    return None


def play(tree, filesystem, number):
    server = Server(tree)
    one = Round(random.Random(SEED * 1000 + number), number)
    for _ in range(OPERATIONS):
        one.step()
    server.kill()
    filesystem.send_signal(signal.SIGUSR1)
    time.sleep(0.05)
    os.listdir(tree)
    server = Server(tree)
    client = Connection.ready()
    promised = [f for f in one.files if f.promised is not None]
    faults = ['%s: %s' % (f.name, fault) for f in promised for fault in [fault_of(f, client)] if fault]
    gone = sum(read_back(client, f.name) is None for f in one.files if f.promised is None)
    server.kill()
    for fault in faults:
        tap.note(fault)
    tap.check(not faults, 'round %d: %d of %d files had been acknowledged as safe, and are' %
              (number, len(promised), len(one.files)))
    return gone


def main():
    with forgetful.mounted() as (_, tree, filesystem):
        descriptor = os.open(tree, os.O_RDONLY)
        os.fsync(descriptor)
        os.close(descriptor)
        lost = sum(play(tree, filesystem, number) for number in range(ROUNDS))
        tap.check(lost > 0, '%d files that were never flushed are gone: the power was really cut' % lost)
    tap.done()


main()
