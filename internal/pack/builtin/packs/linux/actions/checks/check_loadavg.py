#!/usr/bin/env python3
"""check_loadavg.py [1|5|15|all] prints the load averages as JSON."""
import json
import os
import sys

period = sys.argv[1] if len(sys.argv) > 1 and sys.argv[1] else "all"
averages = dict(zip(("1", "5", "15"), os.getloadavg()))
if period != "all" and period not in averages:
    sys.exit("there is no average of %s minutes: 1, 5, 15 or all" % period)
print(json.dumps(averages if period == "all" else {period: averages[period]}))
