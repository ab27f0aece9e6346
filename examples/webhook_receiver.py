"""Receives a webhook of ``chatd hook``, checks its signature, and prints each message once.

    chatd hook add '#builds' http://127.0.0.1:8080/ --private
    CHATD_SECRET=whsec_... python examples/webhook_receiver.py [PORT]

It needs Python's standard library alone. A message is sent again until it is answered with 204, so the last ids are
remembered; a real receiver keeps them on disk, in one transaction with what it does.
"""

import base64
import hmac
import json
import os
import re
import sys
import time
from collections import deque
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock

KEY = base64.b64decode(os.environ["CHATD_SECRET"].removeprefix("whsec_"))
MAX_AGE_SECONDS = 300
MAX_BODY_BYTES = 64 * 1024


class Receiver(BaseHTTPRequestHandler):
    """Answers one request."""

    timeout = 10  # seconds for each read; a slow sender keeps only its own thread waiting
    seen, lock = deque[str](maxlen=100), Lock()

    def do_POST(self) -> None:
        """Take a message whose signature is right."""
        length = self.headers["Content-Length"] or ""
        if not re.fullmatch("[0-9]+", length):
            self.send_error(411)
            return
        if len(length) > 5 or int(length) > MAX_BODY_BYTES:
            self.send_error(413)
            return
        body = self.rfile.read(int(length))
        id_, timestamp = self.headers["Webhook-Id"], self.headers["Webhook-Timestamp"]
        signature = hmac.digest(KEY, f"{id_}.{timestamp}.".encode() + body, "sha256")
        expected = b"v1," + base64.b64encode(signature)
        if not hmac.compare_digest(expected, (self.headers["Webhook-Signature"] or "").encode()):
            self.send_error(401, "wrong signature")
        elif abs(time.time() - int(timestamp)) > MAX_AGE_SECONDS:
            self.send_error(400, "too old")
        else:
            with self.lock:
                if id_ not in self.seen:
                    message = json.loads(body)
                    print(f"{message['room']} {message['nick']}: {message['text']}", flush=True)
                    self.seen.append(id_)
            self.send_response(204)
            self.end_headers()


if __name__ == "__main__":
    ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1]) if len(sys.argv) > 1 else 8080), Receiver).serve_forever()
