#!/bin/bash
# What a foreign client must not get.
. "$(dirname "$(realpath "$0")")/lib.sh"

: > "$work/client.conf"
client() { smbclient -p "$SMB_PORT" -s "$work/client.conf" -t 20 "$@" -c ls; }

start_server
here=//$SMB_HOST/$SMB_SHARE
check "the right password" client "$here" -U "$SMB_USER%$SMB_PASSWORD"
refuse "a wrong password" NT_STATUS_LOGON_FAILURE client "$here" -U "$SMB_USER%wrong"
refuse "an empty password" NT_STATUS_LOGON_FAILURE client "$here" -U "$SMB_USER%"
refuse "an unknown user" NT_STATUS_LOGON_FAILURE client "$here" -U "mallory%$SMB_PASSWORD"
refuse "an unknown share" NT_STATUS_BAD_NETWORK_NAME client "//$SMB_HOST/nowhere" -U "$SMB_USER%$SMB_PASSWORD"
refuse "anonymous" 'NT_STATUS_(ACCESS_DENIED|LOGON_FAILURE)' client "$here" -N
refuse "anonymous by an empty name" 'NT_STATUS_(ACCESS_DENIED|LOGON_FAILURE)' client "$here" -U '%'
refuse "guest" 'NT_STATUS_(ACCESS_DENIED|LOGON_FAILURE)' client "$here" -U 'guest%'
refuse "NTLMv1" NT_STATUS_LOGON_FAILURE client "$here" -U "$SMB_USER%$SMB_PASSWORD" --option='client ntlmv2 auth=no'
refuse "raw NTLMSSP's wrong password" NT_STATUS_LOGON_FAILURE client "$here" -U "$SMB_USER%wrong" \
    --option='client use spnego=no'
check "the server serves on" client "$here" -U "$SMB_USER%$SMB_PASSWORD"
stop_server
finish
