#!/bin/sh
# Puts FOLDER/redis.conf.good in the place of FOLDER/redis.conf.
set -eu
cd "$1"
[ -f redis.conf.good ] || { echo "there is no $1/redis.conf.good" >&2; exit 1; }
cp -p redis.conf redis.conf.bad
cp -p redis.conf.good redis.conf.new
mv redis.conf.new redis.conf
