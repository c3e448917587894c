#!/bin/bash
# What a share's options let whom do, in a configuration file and behind --share.
. "$(dirname "$(realpath "$0")")/lib.sh"
[ "$SMB_SERVER" = tombolo ] || { echo "1..0 # SKIP for Tombolo only"; exit 0; }

: > "$work/client.conf"
as() {  # USER SHARE COMMANDS [OPTION]...
    local user=$1 share=$2 commands=$3
    shift 3
    smbclient "//$SMB_HOST/$share" -p "$SMB_PORT" -s "$work/client.conf" -t 20 -U "$user%pw-$user" "$@" -c "$commands"
}
# smbclient's exit status does not tell of every failure.
does() { as "$@" > "$work/out" 2>&1 || { cat "$work/out"; return 1; }; cat "$work/out"; ! grep -q NT_STATUS "$work/out"; }
fails() { as "$@" > "$work/out" 2>&1; cat "$work/out"; ! grep -q NT_STATUS "$work/out"; }
raw() { (cd "$interop" && SMB_USER=alice SMB_PASSWORD=pw-alice timeout 30 /usr/bin/python3 -c "
import smb2
$1"); }
lists() { does "$1" "$2" "ls $3" && grep -q "  $4 " "$work/out"; }
shows() { lists "$@"; }
owner() { [ "$(stat -c "$1" "$2")" = "$3" ] || { stat "$2"; return 1; }; }
root=false
[ "$(id -u)" -ne 0 ] || root=true
other=$(getent passwd daemon | cut -d: -f3,4)

SMB_PORT=$(free_port)
for tree in plain modes forced veto purge links group; do mkdir -p "$work/$tree"; done
chmod -R 777 "$work" && chmod 700 "$work" && $root && chmod 755 "$work"
echo text > "$work/file"
echo secret > "$work/outside"
ln -s ../outside "$work/links/out"
echo inside > "$work/links/inside"
ln -s inside "$work/links/in"
cat > "$work/conf" <<END
[global]
   server string = %S is not known here, %h is: %%
END
refuse "a configuration with a mistake" 'line 2: %S is not known here|line 2: %S differs' "$TOMBOLO" check-config "$work/conf"
cat > "$work/conf" <<END
[global]
   listen = $SMB_HOST:$SMB_PORT
   user = alice:pw-alice
   user = bob:pw-bob
   user = root:pw-root
   admin users = bob
   server min protocol = SMB2_10
   read only = no
[plain]
   path = $work/plain
   comment = plain things
[valid]
   copy = plain
   valid users = Alice, +root
[invalid]
   copy = plain
   invalid users = @root alice
[reads]
   copy = plain
   read list = alice @root
   write list = root
[writes]
   copy = plain
   read only = yes
   write list = alice
[guests]
   copy = plain
   guest ok = yes
[modes]
   path = $work/modes
   create mask = 0640
   directory mask = 0750
   force create mode = 0006
   force directory mode = 02001
[forced]
   path = $work/forced
   force user = daemon
$($root || echo ';')   force group = daemon
[admin]
   path = $work/forced
   admin users = alice
[veto]
   path = $work/veto
   veto files = /*.tmp/Lost+Found/
   hide files = /desktop.ini/
[purge]
   path = $work/veto
   veto files = /*.tmp/
   delete veto files = yes
   hide dot files = no
[sealed]
   copy = plain
   smb encrypt = required
[few]
   copy = plain
   max connections = 2
[unseen]
   copy = plain
   browseable = no
[gone]
   copy = plain
   available = no
[links]
   path = $work/links
[nolinks]
   path = $work/links
   follow symlinks = no
[wide]
   path = $work/links
   wide links = yes
[memory]
   exporter = memory:,size=1M
   veto files = /*.tmp/
   hide dot files = yes
END
$root || sed -i '/force user/d;/force group/d' "$work/conf"
chmod 600 "$work/conf"
check "check-config accepts it" "$TOMBOLO" check-config "$work/conf"
"$TOMBOLO" serve --config "$work/conf" > "$work/server.out" 2> "$work/server.err" < /dev/null &
SMB_PID=$!
for ((i = 0; i < 100; i++)); do grep -q '^tombolo: ready' "$work/server.out" && break; sleep 0.1; done
export SMB_PORT SMB_PID

check "valid users: a name" does alice valid ls
check "valid users: a group" does root valid ls
refuse "valid users: another" NT_STATUS_ACCESS_DENIED as bob valid ls
refuse "invalid users: a name" NT_STATUS_ACCESS_DENIED as alice invalid ls
refuse "invalid users: a group" NT_STATUS_ACCESS_DENIED as root invalid ls
check "invalid users: another" does bob invalid ls
check "read list: reads" does alice reads ls
refuse "read list: does not write" NT_STATUS_ACCESS_DENIED as alice reads "put $work/file a"
check "write list wins over it" does root reads "put $work/file r; rm r"
check "who is in neither writes" does bob reads "put $work/file b; rm b"
check "write list: writes to what is read only" does alice writes "put $work/file w; rm w"
refuse "and nobody else" NT_STATUS_ACCESS_DENIED as bob writes "put $work/file w"
check "guest ok" smbclient "//$SMB_HOST/guests" -p "$SMB_PORT" -s "$work/client.conf" -N --option='client signing=off' -c ls
refuse "a guest elsewhere" 'NT_STATUS_(ACCESS_DENIED|LOGON_FAILURE)' smbclient "//$SMB_HOST/plain" -p "$SMB_PORT" -s "$work/client.conf" -N -c ls

check "masks: a file and a directory" does alice modes "put $work/file f; mkdir d"
check "create mask and force create mode" owner %a "$work/modes/f" 646
check "directory mask and force directory mode" owner %a "$work/modes/d" 2751
if $root; then
    check "force user and force group: made" does alice forced "put $work/file f"
    check "force user and force group" owner %u:%g "$work/forced/f" "$other"
    check "admin users: made" does alice admin "put $work/file g"
    check "admin users act as root" owner %u "$work/forced/g" 0
    check "others as themselves: made" does alice plain "put $work/file h"
    check "others as themselves" owner %u "$work/plain/h" 65534
    rm "$work/plain/h"
else
    skip "force user, force group, admin users" "the server is not root"
fi
details() { rpcclient "ncacn_np:$SMB_HOST" -p "$SMB_PORT" -s "$work/client.conf" -U "$1%pw-$1" -c 'netshareenum 502' && echo; }
check "an administrator sees the shares' security" details bob
refuse "others do not" 'DENIED|denied' details alice

mkdir -p "$work/veto/d" "$work/veto/Lost+Found"; chmod 777 "$work/veto/d"
touch "$work/veto/x.tmp" "$work/veto/d/y.TMP" "$work/veto/Desktop.ini" "$work/veto/.dot" "$work/veto/see"
chmod 666 "$work"/veto/* 2>/dev/null; chmod 777 "$work/veto/d" "$work/veto/Lost+Found"
hidden() { as alice "$1" "ls $2" | grep -qE "^  \.?[A-Za-z.]+ +[A-Z]*H"; }
check "veto files: the others are listed" shows alice veto '*' see
refuse "but not these" 'nothing' sh -c "$(declare -f as); SMB_HOST=$SMB_HOST SMB_PORT=$SMB_PORT work=$work; as alice veto 'ls' | grep -iE 'tmp|lost' || { echo nothing; exit 1; }"
refuse "nor opened" NT_STATUS_OBJECT_NAME_NOT_FOUND as alice veto "get X.tmp $work/back"
refuse "nor made" NT_STATUS_OBJECT_NAME_NOT_FOUND as alice veto "put $work/file new.tmp"
refuse "nor renamed to" NT_STATUS_OBJECT_NAME_NOT_FOUND as alice veto "rename see see.tmp"
refuse "nor gone through" NT_STATUS_OBJECT_PATH_NOT_FOUND as alice veto "put $work/file lost+found\\f"
refuse "a directory with them is not empty" NT_STATUS_DIRECTORY_NOT_EMPTY does alice veto "rmdir d"
check "delete veto files" does alice purge "rmdir d"
check "it is gone, with them" [ ! -e "$work/veto/d" ]
check "hide files" hidden veto desktop.ini
check "hide dot files" hidden veto .dot
check "not where that is no" sh -c "! $(declare -f as hidden); SMB_HOST=$SMB_HOST SMB_PORT=$SMB_PORT work=$work; ! hidden purge .dot"
check "in memory too" does alice memory "put $work/file .dot"
check "hidden" hidden memory .dot
refuse "and vetoed" NT_STATUS_OBJECT_NAME_NOT_FOUND as alice memory "put $work/file a.tmp"

check "symbolic links: inside" does alice links "get in $work/back"
refuse "not outside" NT_STATUS_ACCESS_DENIED as alice links "get out $work/back"
refuse "none" NT_STATUS_ACCESS_DENIED as alice nolinks "get in $work/back"
check "wide" does alice wide "get out $work/back"
check "what is outside" cmp "$work/back" "$work/outside"

check "smb encrypt: who encrypts" does alice sealed ls
refuse "who cannot" NT_STATUS_ACCESS_DENIED as alice sealed ls --option='client max protocol=SMB2_10'
refuse "server min protocol" NT_STATUS as alice plain ls --option='client min protocol=SMB2_02' --option='client max protocol=SMB2_02'
check "max connections: two, and the third is refused" raw "
a = smb2.Connection(); a.negotiate(); a.login(); a.tree_connect('few'); a.tree_connect('few')
try:
    a.tree_connect('few'); raise SystemExit('a third')
except smb2.Failure as failure:
    assert failure.status == 0xC00000D0, hex(failure.status)
a.must(smb2.TREE_DISCONNECT, b'\4\0\0\0'); a.tree_connect('few')"
listed() { smbclient -L "$SMB_HOST" -p "$SMB_PORT" -s "$work/client.conf" -g -U alice%pw-alice > "$work/out" && grep -qx "$1" "$work/out"; }
check "comment" listed 'Disk|plain|plain things'
refuse "browseable = no" . sh -c "! grep '|unseen|' '$work/out' && echo absent && exit 1"
check "it is there all the same" does alice unseen ls
refuse "available = no" NT_STATUS_BAD_NETWORK_NAME as alice gone ls
stop_server

SMB_PORT=$(free_port)
"$TOMBOLO" serve --listen "$SMB_HOST:$SMB_PORT" --user alice:pw-alice --user bob:pw-bob --user root:pw-root \
    --share "v=posix:$work/plain,valid users=alice+@root" --share "i=memory:,invalid-users=alice,comment=by option" \
    --share "w=memory:,read only,write list=alice" --share "t=memory:,veto files=/*.tmp/,max connections=1" \
    --share "m=posix:$work/modes,create-mask=0600,forcecreatemode=0004" --share "e=memory:,encrypt" \
    --share "d=memory:,smb encrypt=desired,hidden" > "$work/server.out" 2> "$work/server.err" < /dev/null &
SMB_PID=$!
for ((i = 0; i < 100; i++)); do grep -q '^tombolo: ready' "$work/server.out" && break; sleep 0.1; done
check "behind --share: valid users" does alice v ls
check "a group" does root v ls
refuse "another" NT_STATUS_ACCESS_DENIED as bob v ls
refuse "invalid users" NT_STATUS_ACCESS_DENIED as alice i ls
check "write list" does alice w "put $work/file f"
refuse "read only" NT_STATUS_ACCESS_DENIED as bob w "put $work/file g"
refuse "veto files" NT_STATUS_OBJECT_NAME_NOT_FOUND as alice t "put $work/file a.tmp"
check "create mask: made" does alice m "put $work/file option"
check "create mask and force create mode" owner %a "$work/modes/option" 604
refuse "encrypt" NT_STATUS_ACCESS_DENIED as alice e ls --option='client max protocol=SMB2_10'
check "desired: who can" does alice d ls
check "desired: who cannot" does alice d ls --option='client max protocol=SMB2_10'
check "comment" listed 'Disk|i|by option'
stop_server
finish
