#!/bin/sh
set -eu
find "$1" -xdev -type f -mtime "+$2" -print -delete
