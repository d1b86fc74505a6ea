#!/usr/bin/env python3
"""check_processes.py state|name|pid REGEX [pidlist] prints the processes that fit as JSON, by pid."""
import json
import os
import re
import sys


def process(pid):
    """Return what /proc says of a process, or None if it has ended."""
    try:
        with open("/proc/%s/stat" % pid) as f:
            text = f.read()
    except OSError:
        return None
    name = text[text.index("(") + 1 : text.rindex(")")]
    fields = text[text.rindex(")") + 2 :].split()
    ticks, page = os.sysconf("SC_CLK_TCK"), os.sysconf("SC_PAGE_SIZE")
    return {
        "name": name,
        "state": fields[0],
        "pid": pid,
        "parent": fields[1],
        "cpu_seconds": (int(fields[11]) + int(fields[12])) / ticks,
        "memory_bytes": int(fields[21]) * page,
    }


def main(search="name", criteria="", args="", *_):
    wanted = re.compile(criteria)
    found = {}
    for pid in filter(str.isdigit, os.listdir("/proc")):
        p = process(pid)
        if p is not None and pid != str(os.getpid()) and wanted.search(p[search]):
            found[pid] = p
    print(json.dumps(found))
    if "pidlist" in args:
        print(" ".join(found), file=sys.stderr)


main(*sys.argv[1:])
