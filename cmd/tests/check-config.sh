#!/bin/bash
# `tombolo check-config`: what it prints is a configuration that comes to the same, and what it
# refuses `tombolo serve` refuses.
. "$(dirname "$0")/lib.sh"
file=$work/tombolo.conf

expect 0 '^usage: tombolo check-config FILE' check-config --help
expect 2 'usage: tombolo check-config FILE' check-config
expect 2 'usage: tombolo check-config FILE' check-config a b
expect 2 'cannot read the configuration file' check-config /nowhere
printf '[global]\n[data]\npath = /tmp\nred only = yes\n' > "$file"
expect 2 "$file, line 4: unknown key \"red only\"; did you mean \"read only\"\?" check-config "$file"
printf '[data]\npath = /tmp\nforce user = nobody-at-all\n' > "$file"
expect 2 'force user: there is no user nobody-at-all' check-config "$file"
printf '[data]\nos level = 20\npath = /nowhere\nvalid users = @nobody-at-all\n' > "$file"
expect 0 'line 2: "os level" has no effect here' check-config "$file"
expect 0 'there is no directory /nowhere' check-config "$file"
expect 0 'there is no group nobody-at-all' check-config "$file"

round_trip() {
    "$TOMBOLO" check-config "$1" > "$work/first" 2> "$work/err" || { cat "$work/err"; return 1; }
    "$TOMBOLO" check-config "$work/first" > "$work/second" || return 1
    diff "$work/first" "$work/second"
}
shows() { sed -n "/^\\[$1\\]/,/^$/p" "$work/first" | grep -qxF "    $2"; }  # SECTION LINE

printf '[data]\npath = /tmp\n' > "$file"
is "the shortest file makes the round trip" round_trip "$file"
for line in 'listen = 127.0.0.1:4445' 'workgroup = WORKGROUP' 'server string =' 'smb encrypt = offered' \
    'server signing = required' 'server min protocol = 2.0.2' 'server max protocol = 3.1.1' \
    'threads = auto' 'log level = warning' 'admin users ='; do
    is "default: $line" shows global "$line"
done
for line in 'path = /tmp' 'read only = yes' 'guest ok = no' 'browseable = yes' 'available = yes' \
    'create mask = 0744' 'force create mode = 0000' 'directory mask = 0755' \
    'force directory mode = 0000' 'name mapping = mapped' 'follow symlinks = yes' 'wide links = no' 'valid users =' \
    'invalid users =' 'read list =' 'write list =' 'admin users =' 'force user =' 'force group =' \
    'hide dot files = yes' 'hide files =' 'veto files =' 'delete veto files = no' \
    'smb encrypt = default' 'max connections = 0' 'comment ='; do
    is "default: $line" shows data "$line"
done

cat > "$work/more.conf" <<'END'
[late]
   exporter = memory:,size=1M,comment=inside
   writeable = yes
END
cat > "$file" <<'END'
# What is odd: quotes, blanks, backslashes, substitutions, groups, lists over lines.
[global]
   netbios name = nas1
   workgroup = home
   server string = "  %L of %D, v%v, 100%% "
   interfaces = 127.0.0.1 ::1
   smb ports = 4445 4446
   server min protocol = SMB3
   server signing = auto
   smb encrypt = desired
   smb passwd file = /etc/tombolo users
   smb passwd file = /etc/more
   state directory = /var/lib/tombolo
   threads = 3
   log level = 2
   admin users = root
   user = alice:not-to-be-shown
   create mask = 0664
[data]
   path = /tmp/%S
   comment = ends with a backslash \\
# which was not the end of the line
   read only = no
   valid users = alice, @root +root, \
       "two words"
   invalid users = mallory
   read list = bob; write list = nonsense
   force user = root
   force group = +root
   veto files = /*.tmp/lost+found/a b/
   hide files = /desktop.ini/
   delete veto files = yes
   hide dot files = no
   force create mode = 020
   directory mode = 2775
   force directory mode = 02000
   follow symlinks = no
   name mapping = Windows
   smb encrypt = required
   max connections = 7
   browsable = no
   public = yes
[options]
   exporter = posix:/tmp,symlinks=wide,names=plain,create-mask=0600,readonly=no,name-index=1M
[copied]
   copy = data
   comment = ""quoted" 100%%u"
   available = no
include = more.conf
   guest ok = yes
END
is "a file of oddities makes the round trip" round_trip "$file"
is "no password is shown" sh -c "! grep -q not-to-be-shown '$work/first'"
is "and that is said" grep -q 'accounts of the key "user" are left out' "$work/err"
for line in 'netbios name = NAS1' 'server string = "  NAS1 of HOME, v'"$("$TOMBOLO" --version | cut -d' ' -f2)"', 100%% "' \
    'listen = 127.0.0.1:4445, 127.0.0.1:4446, [::1]:4445, [::1]:4446' 'log level = info' \
    'smb passwd file = /etc/tombolo users' 'smb passwd file = /etc/more' 'admin users = root'; do
    is "$line" shows global "$line"
done
for line in 'path = /tmp/data' 'valid users = alice, @root, @root, "two words"' 'create mask = 0664' \
    'directory mask = 2775' 'force create mode = 0020' 'force group = +root' 'hide dot files = no' \
    'veto files = /*.tmp/lost+found/a b/' 'max connections = 7' 'browseable = no' 'guest ok = yes' 'name mapping = windows' \
    'admin users = root'; do
    is "$line" shows data "$line"
done
for line in 'exporter = posix:/tmp,name-index=1M' 'wide links = yes' 'name mapping = plain' \
    'create mask = 0600' 'read only = no'; do
    is "from the exporter's options: $line" shows options "$line"
done
is "copy" shows copied 'max connections = 7'
is "what stands behind copy" shows copied 'available = no'
is "quotes" shows copied 'comment = ""quoted" 100%%u"'
is "the included file's section" shows late 'comment = inside'
is "goes on behind the include" shows late 'guest ok = yes'
finish
