#!/bin/bash
# `tombolo user`: accounts in a users file, and a running server that notices.
. "$(dirname "$0")/lib.sh"
users=$work/users

user() { timeout 20 "$TOMBOLO" user --users "$users" "$@"; }
with() { printf '%s\n' "$1" | user "${@:2}"; }  # PASSWORD ARGUMENT...
field() { awk -F: -v name="$1" -v number="$2" '$1 == name { print $number }' "$users"; }

expect 0 '^usage: tombolo user' user --help
expect 2 'a command is missing' user
expect 2 'no command "user ad"; did you mean "user add"\?' user ad alice
expect 2 'whom\?' user add
expect 2 'takes no name' user list alice
expect 2 'one name at a time' user add alice bob
expect 2 'one option' user --user x add alice
expect 1 "cannot open $users" user --users "$users" list
expect 1 'no password on standard input' user --users "$users" add alice
is "nothing is made for want of a password" [ ! -e "$users" ]

is "add" with password add alice
is "mode 0600" [ "$(stat -c %a "$users")" = 600 ]
is "the NT hash of MS-NLMP" [ "$(field alice 4)" = 8846F7EAEE8FB117AD06BDD830B7586C ]
is "no LM hash" [ "$(field alice 3)" = XXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXX ]
is "the flags" [ "$(field alice 5)" = '[U          ]' ]
is "add another" with 'täglich "x" ' add Bob
is "a second alice is refused" sh -c "! printf 'x\n' | '$TOMBOLO' user --users '$users' add ALICE"
is "a bad name is refused" sh -c "! printf 'x\n' | '$TOMBOLO' user --users '$users' add a/b"
is "an empty password is refused" sh -c "! printf '\n' | '$TOMBOLO' user --users '$users' add carol"
is "list" [ "$(user list)" = $'alice\nBob' ]

printf '# a comment\n\nnonsense\nbox$:1:X:X:[W          ]:LCT-0:\ncarol:7:%032d:%032d:[NDU        ]:LCT-1:more:even\n' 0 0 >> "$users"
chmod 644 "$users"
before=$(grep -v '^Bob:' "$users")
is "disable" user disable bob
is "D" [ "$(field Bob 5)" = '[UD         ]' ]
is "disable is idempotent" user disable bob
is "what is not understood stays" [ "$(grep -v '^Bob:' "$users")" = "$before" ]
is "mode 0600 again" [ "$(stat -c %a "$users")" = 600 ]
is "list tells" [ "$(user list)" = $'alice\nBob\tdisabled\nbox$\tmachine\ncarol\tdisabled' ]
is "enable" user enable BOB
is "password" with password password carol
is "its hash, no N, still disabled" [ "$(field carol 4)$(field carol 5)" = '8846F7EAEE8FB117AD06BDD830B7586C[DU         ]' ]
is "fields behind stay" grep -q '^carol:7:X*:[0-9A-F]*:.*:LCT-[0-9A-F]*:more:even$' "$users"
is "remove" user remove ALICE
is "it is gone" sh -c "! grep -q alice '$users'"
expect 1 'there is no user alice' user --users "$users" remove alice
printf 'short:1:x\n' >> "$users"
expect 1 'the line of short is not one of smbpasswd' user --users "$users" disable short
is "no other file is left" [ "$(find "$work" -name 'users*' | wc -l)" -eq 1 ]

ln -s users "$work/link"
is "through a symbolic link" sh -c "printf 'x\n' | '$TOMBOLO' user --users '$work/link' add dora"
is "which stays one" [ -L "$work/link" ]
rm -f "$users"
for i in {1..12}; do printf 'x\n' | "$TOMBOLO" user --users "$users" add "user$i" & done
wait
is "twelve writers at once lose nothing" [ "$(user list | wc -l)" -eq 12 ]

cat > "$work/ask.py" <<'END'
import os, pty, sys, time
first, second, *command = sys.argv[1:]
pid, terminal = pty.fork()
if pid == 0:
    os.execvp(command[0], command)
seen = b''
def wait_for(text):
    global seen
    while text not in seen:
        seen += os.read(terminal, 1000)
wait_for(b'Password for')
os.write(terminal, first.encode() + b'\n')
if second != '-':
    wait_for(b'The same again')
    os.write(terminal, second.encode() + b'\n')
try:
    while True:
        part = os.read(terminal, 1000)
        if not part:
            break
        seen += part
except OSError:
    pass
print(seen.decode())
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) or (2 if first.encode() in seen else 0))
END
if command -v python3 > /dev/null; then
    is "a terminal asks twice and does not echo" timeout 20 python3 "$work/ask.py" Geheim1 Geheim1 \
        "$TOMBOLO" user --users "$users" add typed
    is "and refuses two that differ" sh -c "! timeout 20 python3 '$work/ask.py' Geheim1 Geheim2 \
        '$TOMBOLO' user --users '$users' password typed"
else
    ok "a terminal asks twice # SKIP python3 is missing"
fi

export HOME=$work/home XDG_CONFIG_HOME=
mkdir "$HOME"
if [ "$(id -u)" -ne 0 ]; then
    is "the usual file" sh -c "printf 'x\n' | '$TOMBOLO' user add usual"
    is "is in ~/.config" grep -q ^usual: "$HOME/.config/tombolo.users"
    start serve --listen 127.0.0.1:0 --share data=memory:
    is "serve uses it" sh -c "! grep -q password '$work/out'"
    stop
else
    ok "the usual file # SKIP as root it is in /etc"
fi

if command -v smbclient > /dev/null; then
    try() {
        smbclient //127.0.0.1/data -p "$port" -s /dev/null -t 20 -U "$1%$2" -c ls
    }
    rm -f "$users"
    with one add alice
    start serve --listen 127.0.0.1:0 --share data=memory: --users "$users"
    is "alice logs on" try alice one
    with two add bob
    is "so does bob, who was added meanwhile" try bob two
    with three password alice
    is "alice with her new password" try alice three
    is "not with the old one" sh -c "! smbclient //127.0.0.1/data -p $port -s /dev/null -U alice%one -c ls"
    user disable bob
    is "bob is disabled" sh -c "smbclient //127.0.0.1/data -p $port -s /dev/null -U bob%two -c ls | grep NT_STATUS_ACCOUNT_DISABLED"
    echo nonsense > "$users"
    kill -HUP "$pid"
    is "a broken file changes nothing" try alice three
    is "and is warned about" grep -q 'the accounts stay as they were' "$work/err"
    stop
else
    ok "a running server notices # SKIP smbclient is missing"
fi
finish
