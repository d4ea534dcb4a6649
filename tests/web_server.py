"""A web server on this machine, for tests of downloads."""

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread


class Server(HTTPServer):
    """Gives one answer, whatever is asked for, and hangs up.

    Attributes:
        answer: its bytes, head included.
        asked: the paths that were asked for so far.
    """

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answer = b""
        self.asked: list[str] = []

    @property
    def url(self) -> str:
        """Its address, ending in a slash."""
        return f"http://127.0.0.1:{self.server_port}/"


class _Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        self.wfile.write(self.server.answer)

    def log_message(self, *_) -> None:
        """Says nothing."""


@contextmanager
def serving() -> Iterator[Server]:
    """A server that runs until the end of the block."""
    with Server() as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
