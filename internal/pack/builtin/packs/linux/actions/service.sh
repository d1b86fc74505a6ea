#!/bin/sh
# service.sh ACT SERVICE: with systemd where it runs, else with what there is.
act=$1 service=$2
[ -n "$act" ] && [ -n "$service" ] || { echo "an act and a service have to be given" >&2; exit 2; }
if [ -d /run/systemd/system ]; then
	exec systemctl "$act" "$service"
elif command -v service >/dev/null 2>&1; then
	exec service "$service" "$act"
elif command -v rc-service >/dev/null 2>&1; then
	exec rc-service "$service" "$act"
elif [ -x "/etc/init.d/$service" ]; then
	exec "/etc/init.d/$service" "$act"
fi
echo "nothing manages services here" >&2
exit 1
