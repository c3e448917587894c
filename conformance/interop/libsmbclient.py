#!/usr/bin/python3
"""libsmbclient through its Python binding."""
import os
import stat
import sys
import tempfile

here = os.path.dirname(os.path.realpath(__file__))
if not os.environ.get('SMB_PID'):
    os.execv(here + '/with-server', ['with-server', '--', sys.executable, os.path.realpath(__file__)])

home = tempfile.TemporaryDirectory()
os.environ['HOME'] = home.name  # libsmbclient reads ~/.smb/smb.conf
os.mkdir(home.name + '/.smb')


def configure(**keys):
    with open(home.name + '/.smb/smb.conf', 'w') as f:
        f.write('[global]\n' + ''.join('%s = %s\n' % (k.replace('_', ' '), v) for k, v in keys.items()))


import smb2

tap = smb2.Tap()
BASE = 'smb://%s:%s' % (os.environ['SMB_HOST'], os.environ['SMB_PORT'])
SHARE = BASE + '/' + os.environ['SMB_SHARE']


def child(name, **keys):
    """libsmbclient reads its configuration once: each variant gets a process of its own."""
    configure(**keys)
    sys.stdout.flush()
    pid = os.fork()
    if pid == 0:
        try:
            run()
        except BaseException as error:  # reported here, counted by the parent
            print('# %s: %s' % (type(error).__name__, error), flush=True)
            os._exit(1)
        os._exit(0)
    tap.check(os.waitpid(pid, 0)[1] == 0, name)


def refused(action, *arguments):
    try:
        action(*arguments)
    except Exception:  # the binding maps errno to a dozen classes
        return
    raise AssertionError('not refused')


def run():
    import smbc
    context = smbc.Context(auth_fn=lambda server, share, group, user, password:
                           (group, os.environ['SMB_USER'], os.environ['SMB_PASSWORD']))
    context.timeout = 60000
    shares = [e.name.lower() for e in context.opendir(BASE + '/').getdents()]
    assert os.environ['SMB_SHARE'] in shares and 'ipc$' in shares, shares
    data = os.urandom(int(os.environ['SMB_MEBIBYTES']) << 20)
    context.mkdir(SHARE + '/d', 0o755)
    f = context.open(SHARE + '/d/big', os.O_CREAT | os.O_RDWR | os.O_TRUNC, 0o644)
    assert f.write(data) == len(data)
    f.seek(0)
    back = b''
    while len(back) < len(data):
        part = f.read(1 << 20)
        assert part, 'the file ends too early'
        back += part
    assert back == data and not f.read(10)
    assert stat.S_ISREG(f.fstat()[0]) and f.fstat()[6] == len(data)
    f.close()
    for i in range(100):
        f = context.open(SHARE + '/d/n%03d' % i, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o644)
        f.write(b'x' * i)
        f.close()
    refused(context.open, SHARE + '/d/n001', os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o644)
    names = sorted(e.name for e in context.opendir(SHARE + '/d').getdents())
    assert names == sorted(['.', '..', 'big'] + ['n%03d' % i for i in range(100)]), names
    assert context.stat(SHARE + '/d/n042')[6] == 42
    assert stat.S_ISDIR(context.stat(SHARE + '/d')[0])
    context.rename(SHARE + '/d/big', SHARE + '/moved')
    assert context.stat(SHARE + '/moved')[6] == len(data)
    refused(context.stat, SHARE + '/d/big')
    refused(context.rmdir, SHARE + '/d')
    for i in range(100):
        context.unlink(SHARE + '/d/n%03d' % i)
    context.unlink(SHARE + '/moved')
    context.rmdir(SHARE + '/d')
    refused(context.opendir, SHARE + '/d')


for low, dialect in (('SMB2_02', 'SMB2_02'), ('SMB2_10', 'SMB2_10'), ('SMB3_00', 'SMB3_00'), ('SMB3_11', 'SMB3_11')):
    child('libsmbclient %s' % dialect, client_min_protocol=low, client_max_protocol=dialect,
          client_ipc_min_protocol=low, client_ipc_max_protocol=dialect)
child('libsmbclient encrypted', client_smb_encrypt='required', client_min_protocol='SMB3_00')
tap.done()
