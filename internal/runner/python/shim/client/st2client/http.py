"""Requests to the server, with the standard library alone: importing more would cost each action
longer than its request takes."""

import base64
import json
import os
import ssl
import urllib.error
import urllib.parse
import urllib.request
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
        handlers: Any = []
        if self.root.startswith("https"):
            context = ssl.create_default_context(cafile=cacert)
            if not cacert:  # as StackStorm's client has it
                context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            handlers.append(urllib.request.HTTPSHandler(context=context))
        # The server is reached without a proxy that is meant for the world.
        self.opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), *handlers)

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
        url = self.root + path
        if params:
            url += ("&" if "?" in url else "?") + urllib.parse.urlencode(params, doseq=True)
        sent = {"Accept": "application/json", **self._credentials(token, api_key), **(headers or {})}
        body = None
        if data is not None:
            body = data if isinstance(data, bytes) else json.dumps(data).encode()
            sent.setdefault("Content-Type", "application/json")
        request = urllib.request.Request(url, data=body, headers=sent, method=method)
        try:
            with self.opener.open(request, timeout=self.timeout) as answer:
                return Response(answer.status, answer.reason, answer.headers, answer.read(), url)
        except urllib.error.HTTPError as problem:
            with problem:
                return Response(problem.code, str(problem.reason), problem.headers, problem.read(), url)

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
