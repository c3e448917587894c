#!/bin/bash
# The configuration file: its syntax, its mistakes, and that the command line wins over it.
. "$(dirname "$0")/lib.sh"
file=$work/tombolo.conf

mistake() {  # PATTERN, the file on standard input: an error that names file and line
    cat > "$file"
    expect 2 "$file, line $1" serve --config "$file"
}

good=$'[global]\n[data]\nexporter = memory:\n'
mistake '4: unknown key "red only"; did you mean "read only"\?' <<< "${good}red only = yes"
mistake '4: unknown key "qqqqqqqqqqqqqqqqqqqq"; ' <<< "${good}qqqqqqqqqqqqqqqqqqqq = yes"
mistake '4: yes or no\?' <<< "${good}read only = perhaps"
mistake '4: expected "key = value"' <<< "${good}read only"
mistake '4: there is no key' <<< "${good}= yes"
mistake '4: a section' <<< "${good}[more"
mistake '4: a section' <<< "${good}[more] = yes"
mistake '4: .*cannot be the name of a share' <<< "${good}[a/b]"
mistake '4: the key "workgroup" belongs in' <<< "${good}workgroup = HOME"
mistake '4: "hosts allow" is not supported: it restricts' <<< "${good}Hosts Allow = 10."
mistake '4: "config file" is not supported' <<< "${good}config file = /etc/more.conf"
mistake '4: cannot read the configuration file /nowhere' <<< "${good}include = /nowhere"
mistake '4: too many files include each other|cannot read' <<< "${good}include = tombolo.conf"
mistake '4: %U differs from client to client' <<< "${good}include = %U.conf"
mistake '4: a list of users takes names' <<< "${good}valid users = %S"
mistake '4: a list of users takes names' <<< "${good}invalid users = &nis"
mistake '4: write patterns between slashes' <<< "${good}veto files = *.tmp"
mistake '4: "many" is no number' <<< "${good}max connections = many"
mistake '4: there is no section \[more\] before' <<< "${good}copy = more"
mistake '4: %u differs from client to client' <<< "${good}path = /home/%u"
mistake '4: a path begins' <<< "${good}path = srv"
mistake '4: .* is no mask in octal' <<< "${good}create mask = 0888"
mistake '1: the first section must begin' <<< 'workgroup = HOME'
mistake '2: signing is' <<< $'[global]\nserver signing = maybe'
mistake '2: "x" is no port' <<< $'[global]\nsmb ports = 445 x'
mistake '2: .*neither an IP address nor an interface' <<< $'[global]\ninterfaces = nowhere0'
mistake '4: unknown key' <<< $'# one\n; two\n[global]\nwork \\\ngroop = HOME'

printf '[global]\n' > "$file"
expect 2 'no share is defined' serve --config "$file"
printf '[global]\n[data]\ncomment = x\n' > "$file"
expect 2 '\[data\] does not say what it shares' serve --config "$file"
expect 2 'cannot read the configuration file' serve --config "$work/none"
expect 2 'only once' serve --config "$file" --config "$file"
printf '[data]\nexporter = memory:\0' > "$file"
expect 2 'cannot read the configuration file' serve --config "$file"

cat > "$file" <<'END'
# Everything that is legal but odd.
[Global]
   WorkGroup = home
   net boss name = unknown
END
expect 2 'line 4: unknown key "net boss name"; did you mean "netbios name"\?' serve --config "$file"

cat > "$file" <<'END'
[global]
   netbios  NAME = nas1
   smb ports = 0
   interfaces = 127.0.0.1/8 \
                lo
   bind interfaces only = yes
   server signing = mandatory
   server min protocol = SMB2_02
   server max protocol = smb3
   log level = 1
   user = alice:secret
   idmap config * : backend = tdb
   os level = 20
[homes]
   nonsense is not read here
[data]
   comment = "in quotes"
   exporter = memory:,size=1M
   readonly = no
   guest ok = 0
   browseable = TRUE
   valid users = alice, bob
[tree]
   path = /tmp
   create mask = 0640
   directory mode = 0750
   follow symlinks = no
[gone]
   available = no
[printer]
   printable = yes
END
start serve --config "$file"
is "it listens where the file says" grep -q '^tombolo: ready on 127\.0\.0\.1:' "$work/out"
is "a key without effect is a warning" grep -q 'line 13: "os level" has no effect' "$work/err"
is "so is a module's key" grep -q 'line 12: "idmap config \*:backend" has no effect' "$work/err"
is "so is [homes]" grep -q 'line 14: the section \[homes\]' "$work/err"
is "so is a printer" grep -q 'the printer \[printer\] is not served' "$work/err"
is "so is an unknown valid user" grep -q 'share "data": there is no user bob' "$work/err"
is "passwords in a readable file too" grep -q 'others may read' "$work/err"
is "no password is made up" sh -c "! grep -q password '$work/out'"
stop

start serve --config "$file" --listen 127.0.0.1:0
is "the command line's addresses replace the file's" \
    [ "$(grep -c '^tombolo: ready' "$work/out")" -eq 1 ]
stop

chmod 600 "$file"
start serve --config "$file" --share data=memory: --user carol:secret
is "no warning about a private file" sh -c "! grep -q 'others may read' '$work/err'"
is "the command line's share replaces the file's" sh -c "! grep -q 'no user bob' '$work/err'"
stop
finish
