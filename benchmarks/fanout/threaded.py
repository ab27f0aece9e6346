"""The chat server of the tutorials, to compare with: ``python threaded.py PORT``.

A thread for each client, blocking sockets, one lock around the dictionary of clients, and each message sent to each
member of the room by itself. It speaks as much of chatd's protocol as the benchmark does, and checks nothing.
"""

from __future__ import annotations

import socket
import sys
from threading import Lock, Thread

BACKLOG = 1024


class ChatServer:
    """All clients, by the room that they are in."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._rooms: dict[str, dict[socket.socket, str]] = {}

    def serve(self, port: int) -> None:
        """Accept connections for ever."""
        listener = socket.create_server(("127.0.0.1", port), backlog=BACKLOG)
        while True:
            client, _ = listener.accept()
            Thread(target=self._talk_with, args=[client], daemon=True).start()

    def _talk_with(self, client: socket.socket) -> None:
        """Carry out what a client says, line by line, until it goes."""
        room = ""
        with client, client.makefile("r", encoding="utf-8", newline="\n") as lines:
            for line in lines:
                verb, _, rest = line.rstrip("\r\n").partition(" ")
                if verb == "JOIN":
                    nick, room = rest.split(" ")
                    self._join(client, nick, room)
                elif verb == "MSG":
                    self._broadcast(client, room, rest)
        with self._lock:
            self._rooms.get(room, {}).pop(client, None)

    def _join(self, client: socket.socket, nick: str, room: str) -> None:
        with self._lock:
            members = self._rooms.setdefault(room, {})
            members[client] = nick
            client.sendall(f"OK JOIN {room} {len(members)}\r\n".encode())

    def _broadcast(self, sender: socket.socket, room: str, text: str) -> None:
        with self._lock:
            members = self._rooms[room]
            message = f"MSG {members[sender]} {room} {text}\r\n"
            for member in members:
                if member is not sender:
                    member.sendall(message.encode())


if __name__ == "__main__":
    ChatServer().serve(int(sys.argv[1]))
