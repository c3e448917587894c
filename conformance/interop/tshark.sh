#!/bin/bash
# Wireshark's dissectors read what the clients and the server say: no malformed frame, no error.
. "$(dirname "$(realpath "$0")")/lib.sh"

if ! tshark -i lo -c 1 -a duration:1 -w /dev/null > /dev/null 2>&1; then
    skip "nothing malformed" "capturing on lo is not permitted"
    finish
fi

: > "$work/client.conf"
head -c 2M /dev/urandom > "$work/data"
head -c 700 /dev/urandom > "$work/small"

smbclients() {
    local dialect options
    for dialect in SMB2_02 SMB2_10 SMB3_00 SMB3_02 SMB3_11; do
        for options in off sign encrypt; do
            [[ $options$dialect != encryptSMB2* ]] || continue
            smbclient "//$SMB_HOST/$SMB_SHARE" -p "$SMB_PORT" -s "$work/client.conf" -U "$SMB_USER%$SMB_PASSWORD" \
                --option="client min protocol=$dialect" --option="client max protocol=$dialect" \
                --client-protection=$options -c "
                mkdir d; put $work/data d/a; put $work/small d/b; get d/a /dev/null; allinfo d/a; ls d/*; ls nothing;
                rename d/a d/c; du; volume; get absent; deltree d" || return 1
            smbclient -L "$SMB_HOST" -p "$SMB_PORT" -s "$work/client.conf" -U "$SMB_USER%$SMB_PASSWORD" \
                --client-protection=$options > /dev/null || return 1
        done
    done
    for options in 'signing algorithms=AES-128-GMAC' 'signing algorithms=HMAC-SHA256' \
        'encryption algorithms='{AES-128-CCM,AES-256-CCM,AES-256-GCM}; do
        smbclient "//$SMB_HOST/$SMB_SHARE" -p "$SMB_PORT" -s "$work/client.conf" -U "$SMB_USER%$SMB_PASSWORD" \
            --option="client smb3 $options" --client-protection="$(case $options in sign*) echo sign ;; *) echo encrypt ;; esac)" \
            -c "put $work/small s; get s /dev/null; rm s" 2>&1 || return 1
    done
    smbclient "//$SMB_HOST/$SMB_SHARE" -p "$SMB_PORT" -s "$work/client.conf" -U "$SMB_USER%wrong" -c ls
    smbclient "//$SMB_HOST/nowhere" -p "$SMB_PORT" -s "$work/client.conf" -U "$SMB_USER%$SMB_PASSWORD" -c ls
    return 0
}

capture=$work/session.pcap
start_server --signing optional
dumpcap -q -P -i lo -f "tcp port $SMB_PORT" -B 512 -w "$capture" > "$work/dumpcap" 2>&1 < /dev/null &
dumpcap=$!
for ((i = 0; i < 100; i++)); do grep -q '^File:' "$work/dumpcap" && break; sleep 0.1; done
check "smbclient" smbclients
check "libsmbclient" "$interop/libsmbclient.py"
check "impacket" "$interop/impacket-client.py" optional
check "SMB 2.1 by hand: notify, locks, cancel, pipes" "$interop/odd.py"
export GOPATH=/usr/share/gocode GO111MODULE=off GOCACHE=$work/cache GOFLAGS=
check "go-smb2 is built" go build -o "$work/gosmb2" "$interop/gosmb2.go"
check "go-smb2" "$work/gosmb2"
sleep 1
kill -INT $dumpcap
wait $dumpcap
stop_server

# On port 445 only does tshark read lengths of more than 17 bits: pretend.
/usr/bin/python3 - "$capture" "$SMB_PORT" << 'END_PYTHON'
import struct, sys
with open(sys.argv[1], 'r+b') as f:
    data, position = bytearray(f.read()), 24
    while position < len(data):  # record header 16, Ethernet 14, IPv4 20
        for port in (position + 50, position + 52):
            if struct.unpack_from('>H', data, port)[0] == int(sys.argv[2]):
                struct.pack_into('>H', data, port, 445)
        position += 16 + struct.unpack_from('<I', data, position + 8)[0]
    f.seek(0)
    f.write(data)
END_PYTHON
[ -z "${KEEP_CAPTURE:-}" ] || cp "$capture" "$KEEP_CAPTURE"

# The password lets tshark decipher the encrypted sessions.
read_capture() { tshark -r "$capture" -o "ntlmssp.nt_password:$SMB_PASSWORD" "$@" 2> "$work/tshark.err"; }

sed 's/^/# dumpcap: /' "$work/dumpcap"
read_capture -Y smb2 -T fields -e smb2.cmd -e _ws.col.Info -e smb2.header.transform.msg_size -e tcp.stream \
    -e frame.number -e _ws.malformed -e _ws.expert.severity -e _ws.expert.message > "$work/all"
# Severity 0x00800000 is an error.
awk -F '\t' '$6 != "" || ("," $7 ",") ~ /,8388608,/' "$work/all" > "$work/bad"
messages=$(cut -f 1 "$work/all" | tr ',' '\n' | grep -c .)
hidden=$(grep -c 'Encrypted SMB3' "$work/all")
deciphered=$(($(cut -f 3 "$work/all" | grep -c .) - hidden))
lost=$(grep -oE 'dropped on interface.*: [0-9]+/[1-9][0-9]*' "$work/dumpcap")
echo "# $messages SMB2 messages, $deciphered encrypted frames deciphered, $hidden not"
whole() { [ "$messages" -gt 5000 ] && [ -z "$lost" ]; }
# tshark does not follow impacket's NTLMSSP: that one encrypted session stays closed to it.
deciphered_enough() { [ "$deciphered" -gt 400 ] && [ "$(grep 'Encrypted SMB3' "$work/all" | cut -f 4 | sort -u | wc -l)" -le 1 ]; }
clean() { head -n 30 "$work/bad"; [ ! -s "$work/bad" ]; }
check "the capture holds the sessions" whole
check "tshark deciphers the encrypted sessions, impacket's aside" deciphered_enough
check "no malformed frame, no error in $messages messages" clean
finish
