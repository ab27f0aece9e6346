"""Receives a webhook of ``chatd hook``, checks its signature, and prints each message once.

    chatd hook add '#builds' http://127.0.0.1:8080/ --private
    CHATD_SECRET=whsec_... python examples/webhook_receiver.py [PORT]

It needs Python's standard library alone. A message is sent again until it is answered with 204, so the last id is
remembered; a real receiver keeps it on disk, in one transaction with what it does.
"""

import base64
import hmac
import json
import os
import re
import sys
import time
from http.server import BaseHTTPRequestHandler, HTTPServer

KEY = base64.b64decode(os.environ["CHATD_SECRET"].removeprefix("whsec_"))
MAX_AGE_SECONDS = 300
MAX_BODY_BYTES = 64 * 1024


class Receiver(BaseHTTPRequestHandler):
    """Answers one request."""

    timeout = 10  # seconds for a request: it serves one at a time
    seen = ""

    def do_POST(self) -> None:
        """Take a message whose signature is right."""
        length = self.headers["Content-Length"] or ""
        if not re.fullmatch("[0-9]{1,5}", length) or int(length) > MAX_BODY_BYTES:
            self.send_error(411, "no Content-Length, or too much")
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
            if id_ != Receiver.seen:  # messages come in order, so one id is enough
                message = json.loads(body)
                print(f"{message['room']} {message['nick']}: {message['text']}", flush=True)
                Receiver.seen = id_
            self.send_response(204)
            self.end_headers()


if __name__ == "__main__":
    HTTPServer(("127.0.0.1", int(sys.argv[1]) if len(sys.argv) > 1 else 8080), Receiver).serve_forever()
