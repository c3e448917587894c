#!/bin/bash
# The command line: help, mistakes and what is said about them.
. "$(dirname "$0")/lib.sh"

expect 0 '^usage: tombolo COMMAND' --help
expect 0 '^usage: tombolo COMMAND' help
expect 0 '^tombolo [0-9]+\.[0-9]+' --version
expect 2 '^usage: tombolo COMMAND'
expect 2 'no command "srve"; did you mean "serve"\?' srve
expect 0 '^  --listen ADDR:PORT' serve --help
expect 0 '^  --listen ADDR:PORT' serve --listen nonsense --help

expect 2 'unknown option --lisen; did you mean --listen\?' serve --lisen=127.0.0.1:1
expect 2 'unknown option --qqqqqqqqqqqq; ' serve --qqqqqqqqqqqq
expect 2 'unexpected argument "sandbox"' serve sandbox
expect 2 '--listen needs an argument' serve --listen
expect 2 'write ADDR:PORT' serve --listen 4445
expect 2 'write ADDR:PORT' serve --listen 127.0.0.1:65536
expect 2 'write ADDR:PORT' serve --listen ::1:4445
expect 2 'signing is "required" or "optional"' serve --signing maybe
expect 2 'encryption is' serve --encryption=perhaps
expect 2 'is no protocol' serve --min-protocol 4
expect 2 'least protocol is above' serve --min-protocol 3.1.1 --max-protocol 2.1
expect 2 'encryption is required' serve --encryption required --max-protocol 2.1
expect 2 'threads is a number' serve --threads 0
expect 2 'log level is' serve --log-level loud
expect 2 'is no NetBIOS name' serve --name sixteencharacters
expect 2 'is no workgroup' serve --workgroup 'a b'

expect 2 'NAME:PASSWORD' serve --user alice
expect 2 'NAME:PASSWORD' serve --user :secret
expect 2 'is no user name' serve --user 'a/b:secret'
expect 1 'cannot read the users file /nowhere/users' serve --users /nowhere/users
printf 'alice:1:nonsense\n' > "$work/users"
expect 2 "$work/users, line 1: " serve --users "$work/users"

expect 2 'write a share as NAME=EXPORTER:ARG' serve --share data
expect 2 'write a share as NAME=EXPORTER:ARG' serve --share data=memory
expect 2 'share "data": .*did you mean memory\?' serve --share data=memry:
expect 2 'did you mean size\?' serve --share data=memory:,sise=1M
expect 2 'yes or no\?' serve --share data=memory:,readonly=perhaps
expect 2 'cannot be the name of a share' serve --share 'a/b=memory:'
expect 2 'cannot be the name of a share' serve --share 'ipc$=memory:'

expect 1 'cannot make the state directory' serve --state /nowhere/at/all
expect 1 'does not have that address' serve --listen 198.51.100.1:4445
finish
