#!/bin/sh
# Starts Redis on PORT with FOLDER/redis.conf, in a session of its own so that it
# outlives this script, and waits until it answers.
set -eu
port=$1 folder=$2

answers() { [ "$(redis-cli -h 127.0.0.1 -p "$port" ping 2>/dev/null)" = PONG ]; }

if answers; then
	echo "it answers already"
	exit 0
fi
cd "$folder"
setsid redis-server redis.conf --port "$port" --bind 127.0.0.1 --daemonize no </dev/null >>redis.log 2>&1 &
pid=$!
tries=100
while [ "$tries" -gt 0 ]; do
	if answers; then
		echo "it answers, with pid $pid"
		exit 0
	fi
	if ! kill -0 "$pid" 2>/dev/null; then
		tail -n 5 redis.log >&2
		exit 1
	fi
	tries=$((tries - 1))
	sleep 0.1
done
echo "it runs with pid $pid and does not answer" >&2
exit 1
