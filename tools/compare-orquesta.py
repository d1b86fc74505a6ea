"""Times the same workflows with Orquesta and with Nightshift: see compare-orquesta."""

import base64
import json
import os
import platform
import re
import signal
import subprocess
import sys
import time
import urllib.request
from importlib.metadata import version

from orquesta import conducting, events, statuses
from orquesta.specs import native

HEAD = "version: 1.0\n"


def sequence(n):
    text = HEAD + "tasks:\n"
    for i in range(n):
        text += "  t%d:\n    action: core.noop\n" % i
        if i + 1 < n:
            text += "    next: [{when: <%% succeeded() %%>, do: t%d}]\n" % (i + 1)
    return text


def fan(n):
    names = ["t%d" % i for i in range(n)]
    text = HEAD + "tasks:\n  begin:\n    action: core.noop\n    next: [{do: [%s]}]\n" % ", ".join(names)
    for name in names:
        text += "  %s:\n    action: core.noop\n    next: [{do: end}]\n" % name
    return text + "  end:\n    join: all\n    action: core.noop\n"


def items(concurrency=""):
    return (
        HEAD + "input: [items]\ntasks:\n  each:\n    with: {items: <% ctx(items) %>" + concurrency + "}\n"
        "    action: core.noop\n    next: [{publish: [{n: <% len(ctx(items)) %>}]}]\noutput: [{n: <% ctx(n) %>}]\n"
    )


ROWS = [  # name, what, definition, items
    ("sequence_50", "50 tasks one after the other", sequence(50), 0),
    ("sequence_100", "100 tasks", sequence(100), 0),
    ("sequence_200", "200 tasks", sequence(200), 0),
    ("fan_50", "50 tasks side by side, with a join", fan(50), 0),
    ("fan_100", "100 tasks", fan(100), 0),
    ("items_100", "100 items", items(), 100),
    ("items_1000", "1,000 items", items(), 1000),
    ("items_100_at_10", "100 items, ten at a time", items(", concurrency: 10"), 100),
    ("items_250_at_10", "250 items", items(", concurrency: 10"), 250),
]


def conduct(text, count):
    """Conducts a workflow whose actions succeed at once, and returns the seconds that it took."""
    begun = time.perf_counter()
    c = conducting.WorkflowConductor(native.WorkflowSpec(text), inputs={"items": list(range(count))} if count else {})
    c.request_workflow_status(statuses.RUNNING)
    results = {}
    while True:
        tasks = c.get_next_tasks()
        if not tasks:
            break
        for t in tasks:
            if "items_count" not in t:
                for e in (events.ActionExecutionEvent(statuses.RUNNING), events.ActionExecutionEvent(statuses.SUCCEEDED, result={})):
                    c.update_task_state(t["id"], t["route"], e)
                continue
            for a in t["actions"]:
                c.update_task_state(t["id"], t["route"], events.TaskItemActionExecutionEvent(a["item_id"], statuses.RUNNING))
            for a in t["actions"]:
                results[a["item_id"]] = {}
                c.update_task_state(t["id"], t["route"], events.TaskItemActionExecutionEvent(
                    a["item_id"], statuses.SUCCEEDED, result={}, accumulated_result=list(results.values())))
    if c.get_workflow_status() != statuses.SUCCEEDED:
        raise SystemExit("Orquesta ended as %s: %s" % (c.get_workflow_status(), c.errors))
    return time.perf_counter() - begun


def write_pack(folder):
    os.makedirs(folder + "/actions/workflows")
    with open(folder + "/pack.yaml", "w") as f:
        f.write("{ref: compare, name: compare, description: The same workflows., version: 1.0.0, author: Nightshift}\n")
    for name, _, text, _ in ROWS:
        with open("%s/actions/workflows/%s.yaml" % (folder, name), "w") as f:
            f.write(text)
        with open("%s/actions/%s.yaml" % (folder, name), "w") as f:
            f.write("{name: %s, runner_type: orquesta, enabled: true, entry_point: workflows/%s.yaml, parameters: {items: {type: array}}}\n" % (name, name))


class Server:
    def __init__(self, out):
        write_pack(out + "/packs/compare")
        self.process = subprocess.Popen(
            [out + "/nightshift", "serve", "--data", out + "/data", "--listen", "127.0.0.1:0", "--packs", out + "/packs"],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        said = ""
        for line in self.process.stdout:
            said += line
            self.url = re.search(r"ready at (http://\S+)", said)
            password = re.search(r"user admin, password (\S+)", said)
            if self.url and password:
                break
        else:
            raise SystemExit("the server ended: " + said)
        self.url = self.url.group(1)
        self.token = self.ask("/auth/v1/tokens", {}, auth="admin:" + password.group(1))["token"]

    def ask(self, path, body=None, auth=None):
        headers = {"Content-Type": "application/json"}
        if auth:
            headers["Authorization"] = "Basic " + base64.b64encode(auth.encode()).decode()
        else:
            headers["X-Auth-Token"] = self.token
        data = None if body is None else json.dumps(body).encode()
        with urllib.request.urlopen(urllib.request.Request(self.url + path, data, headers)) as answer:
            return json.load(answer)

    def run(self, name, count):
        """Runs a workflow, and returns the seconds until its end is seen."""
        begun = time.perf_counter()
        e = self.ask("/api/v1/executions", {"action": "compare." + name, "parameters": {"items": list(range(count))} if count else {}})
        while e["status"] not in ("succeeded", "failed", "canceled", "timeout", "abandoned"):
            time.sleep(0.001)
            e = self.ask("/api/v1/executions/%s?include_attributes=status" % e["id"])
        if e["status"] != "succeeded":
            raise SystemExit("%s ended as %s" % (name, e["status"]))
        return time.perf_counter() - begun

    def end(self):
        self.process.send_signal(signal.SIGINT)
        self.process.wait()


def shown(seconds):
    return "%.1f ms" % (seconds * 1000) if seconds < 1 else "%.2f s" % seconds


def main():
    out, times = sys.argv[1], int(sys.argv[2])
    print("Python %s, orquesta %s; each time is the best of %d" % (platform.python_version(), version("orquesta"), times))
    server = Server(out)
    print("\n| workflow of no-ops | Nightshift, recorded | Orquesta, in memory | ratio |\n|---|---|---|---|")
    try:
        for name, what, text, count in ROWS:
            ours = theirs = float("inf")
            for _ in range(times):  # in turn: what else the machine does slows both
                ours = min(ours, server.run(name, count))
                theirs = min(theirs, conduct(text, count))
            print("| %s | %s | %s | %.0f× |" % (what, shown(ours), shown(theirs), theirs / ours), flush=True)
    finally:
        server.end()


main()
