"""Requests to the server, with the standard library alone: importing more would cost each action
longer than its request takes."""

import base64
import http.client
import json
import os
import urllib.parse
from typing import Any, Dict, NoReturn, Optional, Tuple

__all__ = ["Http", "Response"]


class Response:
    """An answer of the server."""

    def __init__(self, status_code: int, reason: str, headers: Any, content: bytes, url: str = "") -> None:
        self.status_code = status_code
        self.reason = reason
        self.headers = headers
        self.content = content
        self.url = url

    @property
    def text(self) -> str:
        return self.content.decode("utf-8", "replace")

    def json(self) -> Any:
        return json.loads(self.content) if self.content else None


class Http:
    """Asks one server with one set of credentials."""

    def __init__(
        self,
        root: str,
        cacert: Optional[str] = None,
        token: Optional[str] = None,
        api_key: Optional[str] = None,
        basic_auth: Optional[Tuple[str, str]] = None,
        timeout: float = 60,
    ) -> None:
        self.root = root.rstrip("/")
        self.token, self.api_key, self.basic_auth = token, api_key, basic_auth
        self.timeout = timeout
        self.cacert = cacert
        self.address = urllib.parse.urlsplit(self.root)

    def _connection(self) -> http.client.HTTPConnection:
        # Each request has its own, so that threads can share a client. No proxy that is meant for the world is asked.
        host, port = self.address.hostname or "127.0.0.1", self.address.port
        if self.address.scheme != "https":
            return http.client.HTTPConnection(host, port, timeout=self.timeout)
        import ssl  # which takes longer than most requests

        context = ssl.create_default_context(cafile=self.cacert)
        if not self.cacert:  # as StackStorm's client has it
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        return http.client.HTTPSConnection(host, port, timeout=self.timeout, context=context)

    def request(
        self,
        method: str,
        path: str,
        data: Any = None,
        params: Optional[Dict[str, Any]] = None,
        headers: Optional[Dict[str, str]] = None,
        token: Optional[str] = None,
        api_key: Optional[str] = None,
        **_: Any,
    ) -> Response:
        """Sends a request and returns the answer, whatever its status is."""
        path = self.address.path + path
        if params:
            path += ("&" if "?" in path else "?") + urllib.parse.urlencode(params, doseq=True)
        sent = {"Accept": "application/json", **self._credentials(token, api_key), **(headers or {})}
        body = None
        if data is not None:
            body = data if isinstance(data, bytes) else json.dumps(data).encode()
            sent.setdefault("Content-Type", "application/json")
        connection = self._connection()
        try:
            connection.request(method, path, body=body, headers=sent)
            answer = connection.getresponse()
            url = "%s://%s%s" % (self.address.scheme, self.address.netloc, path)
            return Response(answer.status, answer.reason, answer.headers, answer.read(), url)
        finally:
            connection.close()

    def _credentials(self, token: Optional[str], api_key: Optional[str]) -> Dict[str, str]:
        out = {}
        if not token and not api_key:
            token, api_key = self.token, self.api_key
        if not token and not api_key:
            token, api_key = os.environ.get("ST2_AUTH_TOKEN"), os.environ.get("ST2_API_KEY")
        if token:
            out["X-Auth-Token"] = str(token)
        elif api_key:
            out["St2-Api-Key"] = str(api_key)
        if self.basic_auth:
            pair = ("%s:%s" % self.basic_auth).encode()
            out["Authorization"] = "Basic " + base64.b64encode(pair).decode()
        return out

    def json(self, method: str, path: str, **kwargs: Any) -> Any:
        """Sends a request and returns what the answer holds; an error is raised."""
        response = self.request(method, path, **kwargs)
        if response.status_code >= 400:
            fail(response)
        return response.json()


def fail(response: Response) -> NoReturn:
    """Raises the error that an answer is: requests' own where that is installed, for packs catch it."""
    try:
        said = response.json().get("faultstring", "")
    except Exception:
        said = ""
    message = "%d %s for url: %s" % (response.status_code, response.reason, response.url)
    if said:
        message += "\nMESSAGE: %s" % said
    try:
        from requests.exceptions import HTTPError
    except ImportError:
        problem: Any = OSError(message)
        problem.response = response
    else:
        problem = HTTPError(message, response=response)
    raise problem
