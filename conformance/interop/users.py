#!/usr/bin/python3
"""Two users race for each other's files on one event loop, and each acts as nobody but himself.

The server is root, its one loop serves both, and what they create is for its owner alone (mode 600).
A server that is not root acts as itself for both. USERS_ROUNDS many rounds.
"""
import os
import pwd
import signal
import struct
import subprocess
import sys
import tempfile
import threading

here = os.path.dirname(os.path.realpath(__file__))
sys.path.insert(0, here)
import smb2
from smb2 import Connection

ROUNDS = int(os.environ.get('USERS_ROUNDS', '150'))
PROGRAM = os.environ.get('TOMBOLO', here + '/../../build/tombolo')
USERS = ('daemon', 'games')
READ, WRITE, DELETE, MAXIMUM = 0x00120089, 0x00120116, 0x00010080, 0x02000000
tap = smb2.Tap()


def skip(reason):
    print('ok 1 # SKIP %s\n1..1' % reason)
    raise SystemExit(0)


def start(tree, **identity):
    server = subprocess.Popen(
        [PROGRAM, 'serve', '--threads', '1', '--listen', '127.0.0.1:0', '--share',
         'share=posix:%s,create-mask=0600' % tree] + [a for u in USERS for a in ('--user', u + ':S3cret')],
        stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, **identity)
    line = server.stdout.readline().decode()
    if 'ready on' not in line:
        server.wait()
        return None
    os.environ.update(SMB_HOST='127.0.0.1', SMB_PORT=line.strip().rsplit(':', 1)[1], SMB_SHARE='share')
    return server


def connect(user):
    client = Connection()
    client.negotiate()
    client.login(user, 'S3cret')
    client.tree_connect()
    return client


def status_of_open(client, name, access):
    reply = client.request(smb2.CREATE, client.create_body(name, access=access, disposition=1), credits=16)
    if reply.status == smb2.OK:
        client.close(reply.body[64:80])
    return reply.status


class Racer(threading.Thread):
    """Makes files and tries those of the other, several requests under way at once."""

    def __init__(self, me, other, pace):
        super().__init__()
        self.me, self.other, self.pace = me, other, pace
        self.wrong, self.denied, self.absent = [], 0, 0

    def run(self):
        try:
            self.race(connect(self.me))
        except Exception as e:
            self.wrong.append(repr(e))
            self.pace.abort()

    def race(self, client):
        for i in range(ROUNDS):
            mine = client.create('%s-%d' % (self.me, i), disposition=2)
            client.must(smb2.WRITE, client.write_body(mine, 0, self.me.encode()))
            self.pace.wait(60)
            sent = [(access, client.send(smb2.CREATE, client.create_body('%s-%d' % (self.other, max(i - back, 0)),
                                                                         access=access, disposition=1), credits=16))
                    for back in (0, 1) for access in (READ, WRITE)]
            for access, message_id in sent:
                self.judge(client.answer(message_id).status, 'open of %x in round %d' % (access, i))
            self.judge(self.remove(client, '%s-%d' % (self.other, max(i - 1, 0))), 'removal in round %d' % i)
            if status_of_open(client, '%s-%d' % (self.me, i), READ) != smb2.OK:
                self.wrong.append('own file refused in round %d' % i)
            client.close(mine)

    def remove(self, client, name):
        """The directory belongs to root and is sticky: the open is allowed, the removal is not."""
        reply = client.request(smb2.CREATE, client.create_body(name, access=DELETE, disposition=1,
                                                               create_options=0x1000), credits=16)
        if reply.status != smb2.OK:
            return reply.status
        client.close(reply.body[64:80])
        return smb2.ACCESS_DENIED

    def judge(self, status, what):
        if status == smb2.ACCESS_DENIED:
            self.denied += 1
        elif status == 0xC0000034 or status == 0xC0000043 or status == 0xC0000056:
            self.absent += 1  # not there yet, in use, or doomed
        else:
            self.wrong.append('%s: 0x%08X' % (what, status))


def owners_are_right(tree):
    for name in os.listdir(tree):
        st = os.stat(tree + '/' + name)
        owner = pwd.getpwnam(name.split('-')[0])
        with open(tree + '/' + name) as f:
            if st.st_uid != owner.pw_uid or st.st_gid != owner.pw_gid or st.st_mode & 0o777 != 0o600 or \
                    f.read() != name.split('-')[0]:
                tap.note('%s: uid %d gid %d mode %o' % (name, st.st_uid, st.st_gid, st.st_mode))
                return False
    return len(os.listdir(tree)) == 2 * ROUNDS


def race(tree):
    os.chmod(tree, 0o1777)
    server = start(tree)
    try:
        pace = threading.Barrier(2)
        racers = [Racer(*USERS, pace), Racer(*reversed(USERS), pace)]
        for racer in racers:
            racer.start()
        for racer in racers:
            racer.join()
        for racer in racers:
            for line in racer.wrong[:5]:
                tap.note(line)
            tap.check(not racer.wrong and racer.denied > ROUNDS, "%s was refused %s's files %d times, always" %
                      (racer.me, racer.other, racer.denied))
        tap.check(owners_are_right(tree), 'each of the %d files is there and its maker\'s' % (2 * ROUNDS))
        client = connect(USERS[0])
        name = USERS[1] + '-0'
        reply = client.request(smb2.CREATE, client.create_body(name, access=MAXIMUM, disposition=1), credits=16)
        tap.check(reply.status == smb2.OK, 'MAXIMUM_ALLOWED opens the other\'s file')
        file_id = reply.body[64:80]
        answers = [client.request(smb2.READ, client.read_body(file_id, 0, 10)).status,
                   client.request(smb2.WRITE, client.write_body(file_id, 0, b'x')).status]
        tap.check(answers == [smb2.ACCESS_DENIED] * 2, 'for neither reading nor writing')
    finally:
        server.send_signal(signal.SIGTERM)
        tap.check(server.wait(timeout=30) == 0, 'the server ends on SIGTERM')


def one_identity(tree):
    os.chown(tree, 65534, 65534)
    os.chmod(tree, 0o700)
    try:
        server = start(tree, user=65534, group=65534, extra_groups=[])
    except OSError:
        server = None
    if not server:
        tap.note('nobody cannot run ' + PROGRAM)
        return
    try:
        for user in USERS:
            client = connect(user)
            client.close(client.create('of-' + user))
        tap.check(all(status_of_open(client, 'of-' + user, READ | WRITE) == smb2.OK for user in USERS),
                  'where the server is not root, all users are what it is')
        tap.check({os.stat('%s/of-%s' % (tree, user)).st_uid for user in USERS} == {65534}, 'and files are its own')
    finally:
        server.send_signal(signal.SIGTERM)
        tap.check(server.wait(timeout=30) == 0, 'the server ends on SIGTERM')


if os.geteuid() != 0:
    skip('needs root, to act as two users')
try:
    [pwd.getpwnam(user) for user in USERS]
except KeyError as e:
    skip('no such account: %s' % e)
with tempfile.TemporaryDirectory(prefix='tombolo-users.') as work:
    os.chmod(work, 0o755)
    for directory in ('race', 'one'):
        os.mkdir(work + '/' + directory)
    race(work + '/race')
    one_identity(work + '/one')
tap.done()
