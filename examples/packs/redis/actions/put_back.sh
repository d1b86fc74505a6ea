#!/bin/sh
# Puts FOLDER/redis.conf.bad back in the place of FOLDER/redis.conf.
set -eu
cd "$1"
[ ! -f redis.conf.bad ] || mv redis.conf.bad redis.conf
