#!/bin/sh
# Writes a key into Redis on PORT and reads it again.
set -eu
redis() { redis-cli -h 127.0.0.1 -p "$1" "$2" "$3" ${4:+"$4"} ${5:+"$5"} ${6:+"$6"}; }
said=$(redis "$1" set nightshift:verify well EX 60)
[ "$said" = OK ] || { echo "$said" >&2; exit 1; }
redis-cli -h 127.0.0.1 -p "$1" get nightshift:verify
