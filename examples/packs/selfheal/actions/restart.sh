#!/bin/sh
# Starts SERVICE with the command START, in a session of its own so that it
# outlives this script, and waits until URL answers.
set -eu
service=$1 start=$2 url=$3 wait=$4 folder=$5

answers() {
	python3 - "$url" <<-'PY'
		import sys, urllib.request
		try:
		    urllib.request.urlopen(sys.argv[1], timeout=1).read()
		except Exception as why:
		    sys.exit(f"{sys.argv[1]}: {why}")
	PY
}

if answers 2>/dev/null; then
	echo "$service answers at $url: there is nothing to repair"
	exit 0
fi

setsid sh -c "exec $start" </dev/null >>"$folder/$service.log" 2>&1 &
pid=$!
echo "$pid" >"$folder/$service.pid"
echo "started $service with pid $pid"

tries=$((wait * 10))
while [ "$tries" -gt 0 ]; do
	if answers 2>/dev/null; then
		echo "$service answers at $url"
		exit 0
	fi
	if ! kill -0 "$pid" 2>/dev/null; then
		echo "$service ended at once; its last words:" >&2
		tail -n 5 "$folder/$service.log" >&2
		exit 1
	fi
	tries=$((tries - 1))
	sleep 0.1
done
echo "$service runs with pid $pid and does not answer at $url after $wait seconds" >&2
answers || exit 1
