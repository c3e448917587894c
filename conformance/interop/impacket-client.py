#!/usr/bin/python3
"""impacket's SMB client: dialects, files, and the pipes srvsvc and wkssvc.

impacket-client.py [required|optional]: what the server asks of signing. Where it is optional,
impacket does not sign, and 3.1.1, which cannot do without, is left out.
"""
import io
import os
import sys

here = os.path.dirname(os.path.realpath(__file__))
if not os.environ.get('SMB_PID'):
    os.execv(here + '/with-server', ['with-server', '--signing', (sys.argv[1:] or ['required'])[0], '--',
                                     sys.executable, os.path.realpath(__file__)] + sys.argv[1:])

from impacket.dcerpc.v5 import srvs, transport, wkst
from impacket.smb3structs import (FILE_SHARE_READ, FSCTL_PIPE_TRANSCEIVE, SMB2_DIALECT_002,
                                  SMB2_DIALECT_21, SMB2_DIALECT_30, SMB2_DIALECT_311)
from impacket.smbconnection import SMBConnection, SessionError

import smb2

HOST, PORT = os.environ['SMB_HOST'], int(os.environ['SMB_PORT'])
USER, PASSWORD, SHARE = os.environ['SMB_USER'], os.environ['SMB_PASSWORD'], os.environ['SMB_SHARE']
tap = smb2.Tap()


def connect(dialect, password=PASSWORD):
    connection = SMBConnection(HOST, HOST, sess_port=PORT, preferredDialect=dialect, timeout=60)
    low = connection.getSMBServer()  # impacket 0.10 forgets that the session's hash continues the connection's
    low._Session['PreauthIntegrityHashValue'] = low._Connection['PreauthIntegrityHashValue']
    connection.login(USER, password)
    return connection


def names(connection, pattern='*'):
    return sorted(e.get_longname() for e in connection.listPath(SHARE, pattern))


def files(connection):
    data = os.urandom(int(os.environ['SMB_MEBIBYTES']) << 20)
    connection.createDirectory(SHARE, 'imp')
    connection.createDirectory(SHARE, 'imp\\sub')
    connection.putFile(SHARE, 'imp\\big', io.BytesIO(data).read)
    back = io.BytesIO()
    connection.getFile(SHARE, 'imp\\big', back.write)
    assert back.getvalue() == data, 'what came back differs'
    for i in range(20):
        connection.putFile(SHARE, 'imp\\sub\\f%02d' % i, io.BytesIO(b'%d' % i).read)
    assert names(connection, 'imp\\sub\\*') == ['.', '..'] + ['f%02d' % i for i in range(20)]
    assert names(connection, 'imp\\sub\\f1?') == ['f%02d' % i for i in range(10, 20)]
    entry, = connection.listPath(SHARE, 'imp\\big')
    assert entry.get_filesize() == len(data) and not entry.is_directory()
    connection.rename(SHARE, 'imp\\big', 'imp\\sub\\moved')
    assert names(connection, 'imp\\*') == ['.', '..', 'sub']
    for action in (lambda: connection.deleteDirectory(SHARE, 'imp\\sub'),
                   lambda: connection.deleteFile(SHARE, 'imp\\absent'),
                   lambda: connection.createDirectory(SHARE, 'imp\\sub')):
        try:
            action()
        except SessionError:
            continue
        raise AssertionError('not refused')
    connection.deleteFile(SHARE, 'imp\\sub\\moved')
    for i in range(20):
        connection.deleteFile(SHARE, 'imp\\sub\\f%02d' % i)
    connection.deleteDirectory(SHARE, 'imp\\sub')
    connection.deleteDirectory(SHARE, 'imp')


def handle(connection):
    tree = connection.connectTree(SHARE)
    file_id = connection.createFile(tree, 'handle')
    connection.writeFile(tree, file_id, b'0123456789' * 10000, 5)
    assert connection.readFile(tree, file_id, 0, 15) == b'\0' * 5 + b'0123456789'
    assert connection.queryInfo(tree, file_id)['EndOfFile'] == 100005
    connection.closeFile(tree, file_id)
    connection.deleteFile(SHARE, 'handle')
    connection.disconnectTree(tree)


def bind(connection, pipe, interface):
    rpc = transport.SMBTransport(HOST, filename=pipe, smb_connection=connection).get_dce_rpc()
    rpc.connect()
    rpc.bind(interface)
    return rpc


def server_service(connection):
    rpc = bind(connection, 'srvsvc', srvs.MSRPC_UUID_SRVS)
    for level in (0, 1, 2):
        info = srvs.hNetrShareEnum(rpc, level)['InfoStruct']['ShareInfo']['Level%d' % level]
        found = [e['shi%d_netname' % level].rstrip('\0').lower() for e in info['Buffer']]
        assert SHARE in found and 'ipc$' in found, found
        assert info['EntriesRead'] == len(found)
    for level in (0, 1, 2):
        info = srvs.hNetrShareGetInfo(rpc, SHARE + '\0', level)
        assert info['InfoStruct']['ShareInfo%d' % level]['shi%d_netname' % level].rstrip('\0').lower() == SHARE
    try:
        srvs.hNetrShareGetInfo(rpc, 'nowhere\0', 1)
    except srvs.DCERPCSessionError as error:
        assert error.get_error_code() == 2310 or os.environ['SMB_SERVER'] == 'smbd', error
    else:
        raise AssertionError('a share that does not exist was described')
    for level in (100, 101):
        srvs.hNetrServerGetInfo(rpc, level)
    rpc.disconnect()


def workstation_service(connection):
    rpc = bind(connection, 'wkssvc', wkst.MSRPC_UUID_WKST)
    info = wkst.hNetrWkstaGetInfo(rpc, 100)['WkstaInfo']['WkstaInfo100']
    assert info['wki100_platform_id'] == 500 and info['wki100_computername'].rstrip('\0')
    rpc.disconnect()


def transact(connection):
    """One bind by FSCTL_PIPE_TRANSCEIVE, without the library's RPC."""
    tree = connection.connectTree('IPC$')
    file_id = connection.openFile(tree, 'srvsvc', desiredAccess=0x0012019F, shareMode=FILE_SHARE_READ)
    pdu = bytes.fromhex('05000b03 10000000 4800 0000 01000000 b810 b810 00000000 01 000000'
                        '0000 01 00 c84f324b7016d30112785a47bf6ee188 03000000'
                        '045d888aeb1cc9119fe808002b104860 02000000'.replace(' ', ''))
    answer = connection._SMBConnection.ioctl(tree, file_id, FSCTL_PIPE_TRANSCEIVE, flags=1,
                                             inputBlob=pdu, maxOutputResponse=4280)
    assert answer[:4] == b'\x05\x00\x0c\x03', answer
    connection.closeFile(tree, file_id)
    for pipe in ('nosuchpipe', 'spoolss-not'):
        try:
            connection.openFile(tree, pipe)
        except SessionError:
            continue
        raise AssertionError('opened ' + pipe)


def attempt(what, action, *arguments):
    try:
        action(*arguments)
    except Exception as error:  # whatever it is, it is this step's failure
        tap.note('%s: %s' % (type(error).__name__, error))
        return tap.check(False, what)
    return tap.check(True, what)


optional = sys.argv[1:] == ['optional']
for name, dialect in (('2.0.2', SMB2_DIALECT_002), ('2.1', SMB2_DIALECT_21), ('3.0', SMB2_DIALECT_30),
                      ('3.1.1', SMB2_DIALECT_311))[:3 if optional else 4]:
    name += ' unsigned' if optional else ' signed'
    try:
        session = connect(dialect)
    except Exception as error:
        tap.note('%s: %s' % (type(error).__name__, error))
        tap.check(False, name + ': log on')
        continue
    tap.check(session.getDialect() == dialect, name + ': log on')
    attempt(name + ': put, get, list, rename, delete, directories', files, session)
    attempt(name + ': a handle', handle, session)
    attempt(name + ': listShares', lambda: [s['shi1_netname'] for s in session.listShares()].index(SHARE + '\0'))
    attempt(name + ': srvsvc', server_service, session)
    attempt(name + ': wkssvc', workstation_service, session)
    attempt(name + ': transact on a pipe', transact, session)
    attempt(name + ': log off', session.logoff)

try:
    connect(SMB2_DIALECT_21, 'wrong')
    tap.check(False, 'a wrong password')
except SessionError as error:
    tap.check(error.getErrorCode() == smb2.LOGON_FAILURE, 'a wrong password')
tap.done()
