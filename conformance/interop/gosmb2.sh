#!/bin/bash
# go-smb2, in every dialect.
set -euo pipefail
here=$(dirname "$(realpath "$0")")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export GOPATH=/usr/share/gocode GO111MODULE=off GOCACHE=${GOCACHE:-$work/cache} GOFLAGS=
go build -o "$work/client" "$here/gosmb2.go"
"$here/with-server" --signing optional -- "$work/client"
