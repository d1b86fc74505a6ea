#!/bin/sh
# traceroute.sh HOST HOPS QUERIES
for program in traceroute /usr/sbin/traceroute /usr/bin/traceroute; do
	if command -v "$program" >/dev/null 2>&1; then
		exec "$program" -m "${2:-30}" -q "${3:-3}" -- "$1"
	fi
done
echo "traceroute is not installed on this machine" >&2
exit 1
