"""The client and the datastore, against a server that repeats what it was asked."""

import http.server
import json
import os
import socketserver
import threading
import unittest
from unittest import mock

from st2client.client import Client
from st2client.models import KeyValuePair
from st2client.models.keyvalue import KeyValuePair as SameKeyValuePair
from st2common.services.action import ActionService


class Handler(http.server.BaseHTTPRequestHandler):
    def answer(self):
        size = int(self.headers.get("Content-Length") or 0)
        body = json.loads(self.rfile.read(size)) if size else None
        keys = {k: self.headers[k] for k in ("X-Auth-Token", "St2-Api-Key", "St2-Trace-Tag") if self.headers[k]}
        self.server.asked.append((self.command, self.path, body, keys))
        status, answer = self.server.answers.pop(0) if self.server.answers else (200, {"name": "n", "value": "v"})
        text = json.dumps(answer).encode() if answer is not None else b""
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.send_header("X-Total-Count", "7")
        self.end_headers()
        self.wfile.write(text)

    do_GET = do_PUT = do_POST = do_DELETE = answer

    def log_message(self, *_):
        pass


class Server(http.server.HTTPServer):
    def server_bind(self):  # without asking anybody for the name of the address
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = self.server_address


class Wrapper:
    _pack, _class_name, _log_level = "pack", "Class", "CRITICAL"


class ClientTest(unittest.TestCase):
    def setUp(self):
        self.server = Server(("127.0.0.1", 0), Handler)
        self.server.asked, self.server.answers = [], []
        thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        self.addCleanup(self.server.server_close)
        self.addCleanup(thread.join)
        self.addCleanup(self.server.shutdown)
        self.url = "http://127.0.0.1:%d" % self.server.server_port
        env = {"ST2_API_URL": self.url + "/v1", "ST2_ACTION_API_URL": self.url + "/v1", "ST2_AUTH_TOKEN": "from env", "ST2_ACTION_AUTH_TOKEN": "own"}
        patch = mock.patch.dict(os.environ, env)
        patch.start()
        self.addCleanup(patch.stop)

    def last(self):
        return self.server.asked[-1]

    def test_without_arguments_the_environment_decides(self):
        client = Client()
        self.server.answers.append((200, [{"ref": "core.noop"}]))
        found = client.actions.get_all(pack="core", limit=3)
        self.assertEqual([action.ref for action in found], ["core.noop"])
        self.assertEqual(self.last(), ("GET", "/v1/actions?limit=3&pack=core", None, {"X-Auth-Token": "from env"}))

    def test_a_base_url_does_not_lead_away_from_the_server(self):
        self.assertEqual(Client(base_url="http://localhost").endpoints["api"], self.url + "/v1")
        self.assertEqual(Client(api_url="http://other/v1/").endpoints["api"], "http://other/v1")
        with mock.patch.dict(os.environ):
            del os.environ["ST2_API_URL"]
            self.assertEqual(Client(base_url="http://other").endpoints["api"], "http://other:9101/v1")

    def test_credentials_of_one_request_go_first(self):
        client = Client(api_url=self.url, api_key="key")
        client.keys.get_by_name("a b", decrypt=True)
        self.assertEqual(self.last(), ("GET", "/keys/a%20b?decrypt=true", None, {"St2-Api-Key": "key"}))
        client.keys.get_by_name("a", token="other")
        self.assertEqual(self.last()[3], {"X-Auth-Token": "other"})

    def test_what_is_missing_is_none_or_empty(self):
        client = Client()
        self.server.answers += [(404, {}), (404, {}), (404, {}), (404, {})]
        self.assertIsNone(client.executions.get_by_id("x"))
        self.assertEqual(client.keys.get_by_name("x"), [])
        self.assertEqual(client.rules.query(name="x"), [])
        self.assertTrue(client.keys.delete(KeyValuePair(name="x")))

    def test_errors_say_what_the_server_said(self):
        self.server.answers.append((400, {"faultstring": "no such parameter"}))
        with self.assertRaises(OSError) as raised:  # requests' errors are of this kind too
            Client().executions.create(SameKeyValuePair(name="x"))
        self.assertIn("no such parameter", str(raised.exception))
        self.assertEqual(raised.exception.response.status_code, 400)

    def test_several_of_one_name_are_an_error(self):
        self.server.answers.append((200, [{"name": "a"}, {"name": "a"}]))
        with self.assertRaisesRegex(Exception, "More than one rule"):
            Client().rules.get_by_name("a")

    def test_requests(self):
        client = Client()
        pair = KeyValuePair(id="ignored", name="k", value="v")
        for call, want in {
            "update": (lambda: client.keys.update(pair), ("PUT", "/v1/keys/k", {"name": "k", "value": "v"})),
            "re_run": (
                lambda: client.liveactions.re_run("e", tasks=["a", "b"], no_reset=["b"]),
                ("POST", "/v1/executions/e/re_run", {"parameters": {}, "tasks": ["a", "b"], "reset": ["a"], "delay": 0}),
            ),
            "pause": (lambda: client.executions.pause("e"), ("PUT", "/v1/executions/e", {"status": "pausing"})),
            "respond": (lambda: client.inquiries.respond("i", {"a": 1}), ("PUT", "/v1/inquiries/i", {"id": "i", "response": {"a": 1}})),
            "webhook": (
                lambda: client.webhooks.post_generic_webhook("p.t", {"a": 1}, trace_tag="t"),
                ("POST", "/v1/webhooks/st2", {"trigger": "p.t", "payload": {"a": 1}}),
            ),
        }.items():
            with self.subTest(call):
                want[0]()
                self.assertEqual(self.last()[:3], want[1])
        self.assertEqual(self.last()[3]["St2-Trace-Tag"], "t")

    def test_query_with_count(self):
        self.server.answers.append((200, [{"id": "1"}]))
        found, count = Client().executions.query_with_count(status="failed")
        self.assertEqual((found[0].id, count), ("1", 7))

    def test_datastore(self):
        service = ActionService(Wrapper())
        self.assertEqual(service.get_value("n", decrypt=True), "v")
        self.assertEqual(self.last(), ("GET", "/v1/keys/pack.Class:n?decrypt=true&scope=system", None, {"X-Auth-Token": "own"}))
        self.assertTrue(service.set_value("n", 5, ttl=3, encrypt=True))
        self.assertEqual(
            self.last()[:3],
            ("PUT", "/v1/keys/pack.Class:n", {"name": "pack.Class:n", "value": "5", "scope": "system", "secret": True, "ttl": 3}),
        )
        self.server.answers += [(204, None), (403, {"faultstring": "no"}), (500, {})]
        self.assertTrue(service.delete_value("n", local=False))
        self.assertEqual(self.last()[:2], ("DELETE", "/v1/keys/n?scope=system"))
        self.assertFalse(service.delete_value("n"))
        self.assertIsNone(service.get_value("n"))
        self.server.answers.append((200, [{"name": "pack.Class:n", "value": "1"}]))
        self.assertEqual([pair.value for pair in service.list_values(prefix="n")], ["1"])
        self.assertEqual(self.last()[1], "/v1/keys?limit=100&prefix=pack.Class%3An")
        with self.assertRaises(ValueError):
            service.get_value("n", scope="user")


if __name__ == "__main__":
    unittest.main()
