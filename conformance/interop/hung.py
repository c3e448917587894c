#!/usr/bin/python3
"""A mount that answers no more stops nobody else, and does not keep the server from ending.

One share is on a FUSE filesystem, and another has it mounted below its root; its program is stopped
(SIGSTOP) with requests of every kind under way; the other shares, other clients and even the
same connection go on. HUNG_CLIENTS many clients.
"""
import os
import signal
import struct
import subprocess
import sys
import time

here = os.path.dirname(os.path.realpath(__file__))
sys.path.insert(0, here)
import forgetful
import smb2
from smb2 import Connection

CLIENTS = int(os.environ.get('HUNG_CLIENTS', '24'))
PATIENCE_S = 10  # on a slow machine; what is awaited takes milliseconds
tap = smb2.Tap()


def start(work, hung):
    local = work + '/local'
    os.makedirs(local + '/nested')
    os.chmod(local, 0o777)
    subprocess.run(['mount', '--bind', hung, local + '/nested'], check=True)
    server = subprocess.Popen(
        [forgetful.PROGRAM, 'serve', '--listen', '127.0.0.1:0', '--user', 'alice:S3cret', '--share', 'hung=posix:' + hung,
         '--share', 'local=posix:' + local, '--share', 'share=memory:'], stdout=subprocess.PIPE,
        stdin=subprocess.DEVNULL)
    line = server.stdout.readline().decode()
    if 'ready on' not in line:
        raise SystemExit('the server did not start: ' + line)
    os.environ.update(SMB_HOST='127.0.0.1', SMB_PORT=line.strip().rsplit(':', 1)[1], SMB_USER='alice',
                      SMB_PASSWORD='S3cret', SMB_SHARE='share', SMB_PID=str(server.pid))
    return server


def on_share(share):
    client = Connection(timeout=PATIENCE_S)
    client.negotiate()
    client.login()
    client.tree_connect(share)
    return client


def works(share):
    """One file's life in another share, in seconds."""
    begin = time.monotonic()
    client = on_share(share)
    file_id = client.create('beside')
    client.must(smb2.WRITE, client.write_body(file_id, 0, b'x' * 5000))
    client.must(smb2.READ, client.read_body(file_id, 0, 5000))
    client.close(file_id)
    client.socket.close()
    return time.monotonic() - begin


def become_quiet(server):
    """Until nothing waits for the mount, what vanished clients left undone included: a request that the
    FUSE program has taken when it stops can be interrupted by nothing, not even by SIGKILL."""
    quiet = 0
    while quiet < 10:
        time.sleep(0.05)
        waiting = 0
        for task in os.listdir('/proc/%d/task' % server.pid):
            try:
                with open('/proc/%d/task/%s/wchan' % (server.pid, task)) as place:
                    waiting += 'request_wait' in place.read()
            except OSError:
                pass
        quiet = 0 if waiting else quiet + 1


def hang_everything(clients, files):
    """Every kind of request, on every connection; nobody waits for the answers."""
    sent = {}
    for i, (client, file_id) in enumerate(zip(clients, files)):
        bodies = [(smb2.WRITE, client.write_body(file_id, 0, b'y' * 4096)),
                  (smb2.READ, client.read_body(file_id, 0, 4096)),
                  (smb2.CREATE, client.create_body('new%d' % i)),
                  (smb2.FLUSH, bytes([24]) + bytes(7) + file_id),
                  (smb2.CLOSE, bytes([24]) + bytes(7) + file_id)]
        kind = bodies[i % len(bodies)]
        sent[client] = client.send(*kind)
    return sent


def stop(process):
    """A request that it has taken and not answered would keep even SIGKILL from ending the server."""
    process.send_signal(signal.SIGSTOP)

    def is_stopped():
        with open('/proc/%d/stat' % process.pid) as f:
            return f.read().rsplit(')', 1)[1].split()[0] == 'T'
    if not smb2.wait_until(is_stopped, PATIENCE_S):
        raise SystemExit('the filesystem does not stop')


def main():
    with forgetful.mounted() as (work, mount, filesystem):
        run(work, mount, filesystem)
    tap.done()


def run(work, mount, filesystem):
    server = start(work, mount)
    try:
        clients = [on_share('hung') for _ in range(CLIENTS)]
        files = [client.create('file%d' % i) for i, client in enumerate(clients)]
        for client, file_id in zip(clients, files):
            client.must(smb2.WRITE, client.write_body(file_id, 0, b'x' * 4096))
        tap.check(True, '%d clients work on a FUSE mount' % CLIENTS)
        stop(filesystem)
        sent = hang_everything(clients, files)
        nested = {}
        for _ in range(4):
            client = on_share('local')
            nested[client] = client.send(smb2.CREATE, client.create_body('nested\\new'))
            client = on_share('local')
            root = client.create('', access=0x00100081, create_options=1)
            nested[client] = client.send(smb2.QUERY_DIRECTORY, struct.pack('<HBBI16sHHI', 33, 37, 0, 0, root, 96, 2, 65536) +
                                         b'*\0')
        time.sleep(0.5)
        for share in ('share', 'local'):
            tap.check(works(share) < PATIENCE_S, 'with %d requests stuck, another client works in "%s": %d ms' %
                      (CLIENTS, share, works(share) * 1000))
        for client in clients[:5]:
            client.must(smb2.ECHO, b'\4\0\0\0')
        tap.check(True, 'the stuck connections answer ECHO')
        clients[0].tree_connect('share')
        clients[0].close(clients[0].create('same connection'))
        tap.check(True, 'and work in another share')
        clients[-1].socket.close()
        clients[-2].socket.close()
        tap.check(works('share') < PATIENCE_S, 'clients vanish with their requests stuck; others work on')
        filesystem.send_signal(signal.SIGCONT)
        clients[0].tree_id = 0
        answered = sum(client.answer(sent[client]).status == smb2.OK for client in clients[:-2])
        tap.check(answered == CLIENTS - 2, 'when the mount answers again, so are all requests: %d of %d' %
                  (answered, CLIENTS - 2))
        answered = sum(client.answer(nested[client]).status == smb2.OK for client in nested)
        tap.check(answered == len(nested), 'also those of the share that has it mounted below its root')
        become_quiet(server)
        stop(filesystem)
        stuck = on_share('hung')
        stuck.send(smb2.CREATE, stuck.create_body('never'))
        time.sleep(0.3)
        begin = time.monotonic()
        server.terminate()
        status = server.wait(timeout=30)
        tap.check(status == 0, 'SIGTERM with a request stuck: status %d after %.1f s' %
                  (status, time.monotonic() - begin))
    finally:
        server.kill()
        filesystem.send_signal(signal.SIGCONT)
        server.wait()


main()
