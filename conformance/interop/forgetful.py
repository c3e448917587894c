"""forgetful_fs, the filesystem of exporters/tests, mounted over FUSE for a test."""
import contextlib
import os
import signal
import subprocess
import tempfile

import smb2

PROGRAM = os.environ.get('TOMBOLO', os.path.dirname(os.path.realpath(__file__)) + '/../../build/tombolo')
FILESYSTEM = os.path.dirname(os.path.realpath(PROGRAM)) + '/exporters/tests/forgetful_fs'


def skip(reason):
    print('ok 1 # SKIP %s\n1..1' % reason)
    raise SystemExit(0)


@contextlib.contextmanager
def mounted():
    """(a directory to work in, the mount in it, its program). What else is mounted in the directory
    is unmounted in the end, too. Skips the test where this cannot be had."""
    if os.geteuid() != 0 or not os.path.exists('/dev/fuse'):
        skip('mounting needs root and /dev/fuse')
    if not os.path.exists(FILESYSTEM):
        skip(FILESYSTEM + ' is not built: libfuse3-dev, then make check')
    with tempfile.TemporaryDirectory(prefix='tombolo-interop.') as work:
        os.chmod(work, 0o755)
        tree = work + '/mount'
        os.mkdir(tree)
        program = subprocess.Popen([FILESYSTEM, '-o', 'default_permissions,allow_other', '-f', tree],
                                   stderr=subprocess.DEVNULL)
        try:
            if not smb2.wait_until(lambda: os.path.ismount(tree)):
                skip('a FUSE filesystem cannot be mounted here')
            os.chmod(tree, 0o1777)
            yield work, tree, program
        finally:
            program.send_signal(signal.SIGCONT)
            with open('/proc/self/mounts', encoding='utf-8') as mounts:
                below = [line.split()[1] for line in mounts if line.split()[1].startswith(work + '/')]
            for place in reversed(below):
                subprocess.run(['umount', '-l', place], check=False)
            program.terminate()
            program.wait()
