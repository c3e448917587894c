#!/usr/bin/python3
"""One of two kernel clients that work in one tree at the same time.

pair.py NAME MOUNT ME OTHER MATERIAL: both start it with ME and OTHER exchanged. They wait for each
other at barriers, which are files of the share.
"""
import fcntl
import os
import sqlite3
import subprocess
import sys
import time

NAME, TOP, ME, OTHER, MATERIAL = sys.argv[1:]
LIMIT_S = 240
count = failures = 0


def path(*names):
    return os.path.join(TOP, NAME, *names)


def barrier(name):
    os.makedirs(path('barriers'), exist_ok=True)
    open(path('barriers', name + '.' + ME), 'x').close()
    end = time.monotonic() + LIMIT_S
    while not os.path.exists(path('barriers', name + '.' + OTHER)):
        if time.monotonic() > end:
            raise TimeoutError('the other one does not come to ' + name)
        time.sleep(0.02)


def content(name):
    with open(path(name), 'rb') as f:
        return f.read()


def attempt(action, *arguments):
    try:
        action(*arguments)
    except OSError:
        return False
    return True


def created_by_both():
    """Each makes files of its own in one directory; both see all of them."""
    os.makedirs(path('both'), exist_ok=True)
    barrier('both-begin')
    for i in range(100):
        with open(path('both', '%s %03d' % (ME, i)), 'x') as f:
            f.write(ME * i)
    barrier('both-end')
    want = sorted('%s %03d' % (who, i) for who in (ME, OTHER) for i in range(100))
    assert sorted(os.listdir(path('both'))) == want
    for i in range(0, 100, 7):
        assert content('both/%s %03d' % (OTHER, i)) == (OTHER * i).encode()


def races():
    """Of O_EXCL and mkdir of one name each has one winner, of rename at least one.

    A rename is an open and then a rename of what is open: both may come to the second half.
    """
    os.makedirs(path('race'), exist_ok=True)
    if ME < OTHER:
        for i in range(40):
            open(path('race', 'source%d' % i), 'x').close()
    won = []
    for i in range(40):
        if i % 5 == 0:
            barrier('race-%d' % i)
        if attempt(lambda: os.close(os.open(path('race', 'file%d' % i), os.O_CREAT | os.O_EXCL | os.O_WRONLY))):
            won.append('file%d' % i)
        if attempt(os.mkdir, path('race', 'directory%d' % i)):
            won.append('directory%d' % i)
        if attempt(os.rename, path('race', 'source%d' % i), path('race', 'target%d.%s' % (i, ME))):
            won.append('source%d' % i)
    with open(path('won.' + ME), 'x') as f:
        f.write(' '.join(won))
    barrier('race-end')
    other = content('won.' + OTHER).decode().split()
    both = [n for n in set(won) & set(other) if not n.startswith('source')]
    assert not both, 'both won %s' % sorted(both)
    assert len(set(won) | set(other)) == 120, 'won %d and %d of 120' % (len(won), len(other))
    print('# %s won %d of 120 races' % (ME, len(won)))
    targets = [n for n in os.listdir(path('race')) if n.startswith('target')]
    assert len(targets) == 40


def locks():
    """A counter behind a lock that waits: every step of both is there."""
    if ME < OTHER:
        with open(path('counter'), 'w') as f:
            f.write('%8d' % 0)
    barrier('lock-begin')
    with open(path('counter'), 'r+b', buffering=0) as f:
        for _ in range(50):
            fcntl.lockf(f, fcntl.LOCK_EX, 8)
            f.seek(0)
            value = int(f.read(8))
            f.seek(0)
            f.write(b'%8d' % (value + 1))
            fcntl.lockf(f, fcntl.LOCK_UN, 8)
    barrier('lock-end')
    assert int(content('counter')) == 100, content('counter')


def appended():
    """Lines appended behind a lock, from both, whole and in order.

    O_APPEND takes the end that this kernel knows of; seeking there asks the server.
    """
    with open(path('log'), 'ab'):
        pass
    barrier('append-begin')
    with open(path('log'), 'r+b', buffering=0) as f:
        for i in range(30):
            fcntl.lockf(f, fcntl.LOCK_EX, 1, 1 << 40)
            f.seek(0, os.SEEK_END)
            f.write(b'%s %d\n' % (ME.encode() * (i % 9 + 1), i))
            fcntl.lockf(f, fcntl.LOCK_UN, 1, 1 << 40)
    barrier('append-end')
    lines = content('log').decode().splitlines()
    assert len(lines) == 60, len(lines)
    for who in (ME, OTHER):
        assert [x for x in lines if x.startswith(who)] == ['%s %d' % (who * (i % 9 + 1), i) for i in range(30)]


def database():
    """Two writers of one SQLite database, whose locks are directories."""
    where = 'file:' + path('data.sqlite') + '?vfs=unix-dotfile'
    barrier('database-begin')
    with sqlite3.connect(where, uri=True, timeout=LIMIT_S, isolation_level=None) as db:
        db.execute('CREATE TABLE IF NOT EXISTS t (who TEXT, n INTEGER, filler BLOB, UNIQUE (who, n))')
        for n in range(15):
            db.execute('BEGIN IMMEDIATE')
            db.execute('INSERT INTO t VALUES (?, ?, zeroblob(1000))', (ME, n))
            db.execute('COMMIT')
    db.close()
    barrier('database-end')
    db = sqlite3.connect(where, uri=True, timeout=LIMIT_S)
    assert db.execute('PRAGMA integrity_check').fetchall() == [('ok',)]
    assert sorted(db.execute('SELECT who, n FROM t')) == sorted((who, n) for who in (ME, OTHER) for n in range(15))
    db.close()


def seen_at_once():
    """What one writes, cuts, renames and removes, the other sees when told."""
    if ME < OTHER:
        with open(path('shown'), 'wb') as f:
            f.write(b'x' * 100000)
        barrier('shown-1')
        barrier('shown-2')
        with open(path('shown'), 'r+b') as f:
            f.seek(50000)
            f.write(b'middle')
            f.truncate(60000)
        barrier('shown-3')
        barrier('shown-4')
        os.rename(path('shown'), path('renamed'))
        barrier('shown-5')
        barrier('shown-6')
    else:
        barrier('shown-1')
        assert content('shown') == b'x' * 100000
        barrier('shown-2')
        barrier('shown-3')
        assert content('shown') == b'x' * 50000 + b'middle' + b'x' * 9994
        barrier('shown-4')
        barrier('shown-5')
        assert not os.path.exists(path('shown')) and len(content('renamed')) == 60000
        os.unlink(path('renamed'))
        barrier('shown-6')
    assert not os.path.exists(path('renamed'))


def clones():
    """Each clones a repository into the share; each finds the other's clone to be right."""
    barrier('clone-begin')
    subprocess.run(['git', 'clone', '-q', '-b', 'old', MATERIAL + '/repository', path('clone.' + ME)], check=True)
    barrier('clone-end')
    subprocess.run(['diff', '-r', '--exclude=.git', MATERIAL + '/old', path('clone.' + OTHER)], check=True)
    subprocess.run(['git', '-C', path('clone.' + OTHER), 'fsck', '--strict'], check=True, stderr=subprocess.DEVNULL)


def removed():
    """Both remove the same tree."""
    barrier('remove-begin')
    for who in (ME, OTHER):
        subprocess.run(['rm', '-rf', path('clone.' + who), path('both'), path('race')], stderr=subprocess.DEVNULL)
    barrier('remove-end')
    assert not set(os.listdir(path())) & {'both', 'race', 'clone.' + ME, 'clone.' + OTHER}, os.listdir(path())


for action in (created_by_both, races, locks, appended, database, seen_at_once, clones, removed):
    count += 1
    begin = time.monotonic()
    good = True
    try:
        action()
    except Exception as error:  # this step's failure, whatever it is; the others go on
        print('# %s: %s' % (type(error).__name__, error))
        good = False
        failures += 1
    print('%s %d - %s: %s (%.0f s)' % ('ok' if good else 'not ok', count, NAME, action.__doc__.split('\n')[0], time.monotonic() - begin), flush=True)
barrier('the-end')
time.sleep(3 if ME < OTHER else 0)
if ME < OTHER:
    subprocess.run(['rm', '-rf', path()], check=True)
print('1..%d' % count)
sys.exit(failures != 0)
