"""The line protocol in WebSocket frames: the same session, held to the same limits, and why a connection ends."""

from __future__ import annotations

import random

import pytest
from websockets.frames import Opcode

from chatd.chat.limits import Limits
from chatd.edges.web.frames import TextFrames, close_frame, short_texts
from chatd.edges.web.websocket import MAX_MESSAGE_BYTES, WebSocketEdge
from tests.support.web import ELSEWHERE, Web, WebSocketClient, written


def joined(web: Web, nick: str, room: str = "#tea") -> WebSocketClient:
    client = WebSocketClient(web)
    assert client.says(f"JOIN {nick} {room}")[-1].startswith("OK JOIN ")
    return client


def test_pages_and_programs_with_lines_talk() -> None:
    web = Web()
    ann = joined(web, "ann")
    _, bob = web.line_client("JOIN bob #tea")
    assert ann.lines() == ["JOIN bob #tea"]
    ann.says("MSG hello", "MSG tea?")
    assert b"MSG ann #tea hello\r\nMSG ann #tea tea?\r\n" in bob.value()


def test_several_lines_in_one_frame_are_carried_out_in_their_order() -> None:
    answers = WebSocketClient(Web()).says("HELLO 1", "@label=1 JOIN ann #tea", "@label=2 MSG hi", "@label=3 PING x")
    assert [answer.split()[1] for answer in answers if "label=" in answer] == ["OK", "MSG", "PONG"]


def test_a_message_may_come_in_parts_and_bytes_one_by_one() -> None:
    client = joined(Web(), "ann")
    client.protocol.send_text(b"PING on", fin=False)
    client.protocol.send_continuation(b"e-two\n", fin=True)
    for data in client.protocol.data_to_send():
        for byte in data:
            client.connection.send(bytes([byte]))
    assert client.lines() == ["PONG one-two"]
    assert client.says("PING after") == ["PONG after"]


def masked(payload: bytes, mask: bytes = b"\x12\x34\x56\x78", first: int = 0x81) -> bytes:
    """Return a short frame of a client's."""
    return bytes((first, 0x80 | len(payload))) + mask + bytes(byte ^ mask[at % 4] for at, byte in enumerate(payload))


def test_short_frames_are_taken_apart_as_the_protocol_would() -> None:
    random_bytes = random.Random(1).randbytes
    before = masked(b"PING x")
    for size in (1, 3, 4, 5, 124, 125):
        payload = random_bytes(size)
        frame = masked(payload, random_bytes(4))
        assert short_texts(frame) == ([payload], len(frame))
        assert short_texts(before + frame + b"x") == ([b"PING x", payload], len(before + frame))
        for other in (frame[:-1], b"\x82" + frame[1:], b"\x01" + frame[1:], bytes((0x81, size)) + frame[2:]):
            assert short_texts(other) == ([], 0)
            assert short_texts(before + other) == ([b"PING x"], len(before))
    assert short_texts(masked(b"")) == ([], 0), "empty ones are counted, which the protocol's way does"


def test_short_frames_in_one_segment_are_so_many_lines() -> None:
    client = joined(Web(), "ann")
    segment = b"".join(map(masked, (b"PING a\r\n", b"PING b", b"PING c\nPING d", b"PING e\n")))
    client.connection.send(segment + masked(b"", first=0x89) + masked(b"PING f"))
    client.take()
    assert client.lines() == [f"PONG {letter}" for letter in "abcdef"]


def test_of_short_frames_in_one_segment_those_before_one_that_is_no_text_are_carried_out() -> None:
    client = joined(Web(), "ann")
    client.connection.send(masked(b"PING a") + masked(b"PING b\nPING \xff") + masked(b"PING c"))
    client.take()
    assert client.lines()[0] == "PONG a"
    assert client.closed_with == (1007, "the data is not UTF-8")


def test_a_frame_that_looks_whole_within_another_is_not_taken_for_one() -> None:
    client = joined(Web(), "ann")
    inner = bytes((0x81, 0x80 | 6)) + bytes(4) + b"PING x"
    outer = bytes((0x81, 0x80 | 126)) + (200).to_bytes(2) + bytes(4)
    client.connection.send(outer)
    client.connection.send(inner)
    client.connection.send(b"y" * (200 - len(inner)))
    client.take()
    assert client.closed_with == (1007, "the data is not UTF-8"), "what looked like a frame was a part of a text"


def test_what_reads_frames_is_there_only_in_the_middle_of_a_message() -> None:
    client = joined(Web(), "ann")
    edge = client.connection.channel.upgraded
    assert isinstance(edge, WebSocketEdge)
    assert edge._protocol is None
    client.protocol.send_text(b"PING " + b"x" * 200, fin=False)
    client.flush()
    assert edge._protocol is not None
    client.protocol.send_ping(b"")
    client.flush()
    assert edge._protocol is not None, "a message that has begun goes on"
    client.protocol.send_continuation(b"y\n", fin=True)
    client.flush()
    assert edge._protocol is None
    assert client.lines() == [f"PONG {'x' * 200}y"]
    client.connection.send(masked(b"", first=0x8A))
    assert edge._protocol is None


def test_other_subprotocols_and_none_are_refused() -> None:
    for subprotocols in ((), ("mqtt",), ("chatd.v2", "graphql-ws")):
        handshake = WebSocketClient(Web(), subprotocols=subprotocols).handshake
        assert handshake is not None
        assert handshake.status_code == 400
        assert b"chatd.v1" in (handshake.body or b"")


def test_the_subprotocol_is_chosen_and_nothing_is_compressed() -> None:
    client = WebSocketClient(Web(), headers={"Sec-WebSocket-Extensions": "permessage-deflate"})
    assert client.handshake is not None
    assert client.handshake.status_code == 101
    assert client.handshake.headers["Sec-WebSocket-Protocol"] == "chatd.v1"
    assert "Sec-WebSocket-Extensions" not in client.handshake.headers


@pytest.mark.parametrize(
    "origin", ["http://evil.example", "null", "http://127.0.0.1:8080", "https://127.0.0.1.evil.example", "file://"]
)
def test_a_page_of_another_site_may_not_open_one(origin: str) -> None:
    handshake = WebSocketClient(Web(), origin=origin).handshake
    assert handshake is not None
    assert handshake.status_code == 403


def test_programs_need_no_origin() -> None:
    assert WebSocketClient(Web(), origin=None).says("PING x")[-1] == "PONG x"


def test_a_message_that_is_too_long_ends_the_connection() -> None:
    client = joined(Web(), "ann")
    client.protocol.send_text(b"x" * (MAX_MESSAGE_BYTES + 1))
    client.flush()
    assert client.closed_with == (1009, "a message has at most 65536 bytes")
    assert client.lines() == ["BYE not-chatd a message has at most 65536 bytes"]


def test_the_longest_message_is_taken() -> None:
    client = joined(Web(Limits(lines_per_second=0)), "ann")
    client.protocol.send_text(b"\n" * (MAX_MESSAGE_BYTES - 7) + b"PING x\n")
    client.flush()
    while not (lines := client.lines()):
        client.connection.web.chat.clock.advance(0)
    assert lines == ["PONG x"]


def test_parts_that_are_too_long_together_end_it_too() -> None:
    client = joined(Web(), "ann")
    client.protocol.send_text(b"x" * MAX_MESSAGE_BYTES, fin=False)
    client.protocol.send_continuation(b"x", fin=True)
    client.flush()
    assert client.closed_with is not None
    assert client.closed_with[0] == 1009


def test_bytes_that_are_no_text_end_it() -> None:
    client = joined(Web(), "ann")
    client.protocol.send_binary(b"PING x")
    client.flush()
    assert client.closed_with == (1003, "only text frames are accepted")


@pytest.mark.parametrize("text", [b"\xff\xfe", b"PING \xed\xa0\x80", b"x" * 200 + b"\xc3"])
def test_what_is_not_utf8_ends_it(text: bytes) -> None:
    client = joined(Web(), "ann")
    client.connection.send(
        bytes((0x81, 0x80 | min(len(text), 126)))
        + (len(text).to_bytes(2) if len(text) > 125 else b"")
        + bytes(4)
        + text
    )
    client.take()
    assert client.closed_with == (1007, "the data is not UTF-8")


def test_what_is_not_masked_ends_it() -> None:
    client = joined(Web(), "ann")
    client.connection.send(b"\x81\x06PING x")
    client.take()
    assert client.closed_with is not None
    assert client.closed_with[0] == 1002


def test_close_codes_say_why() -> None:
    web = Web()
    quits = joined(web, "ann")
    quits.protocol.send_text(b"QUIT")
    quits.flush()
    assert quits.closed_with is not None
    assert quits.closed_with[0] == 1000
    assert quits.closed_with[1].startswith("BYE quit ")


def test_a_page_that_closes_has_left_the_room() -> None:
    web = Web()
    ann, bob = joined(web, "ann"), joined(web, "bob")
    ann.protocol.send_close(1001)
    ann.flush()
    assert bob.lines() == ["PART ann #tea"]
    assert ann.closed_with is not None
    assert ann.closed_with[0] == 1000


def test_a_connection_that_breaks_off_has_left_the_room() -> None:
    web = Web()
    ann, bob = joined(web, "ann"), joined(web, "bob")
    ann.connection.lose()
    assert bob.lines() == ["PART ann #tea"]
    assert len(web.gateway.connections) == web.gateway.admission.count == 1


def test_it_is_pinged_while_it_is_silent_and_given_up_when_it_does_not_answer() -> None:
    web = Web(Limits(ping_seconds=10))
    client = joined(web, "ann")
    for _ in range(25):
        web.chat.clock.advance(1)
    client.take()
    assert any(frame.opcode is Opcode.PING for frame in client.frames)
    for _ in range(30):
        client.flush()  # pongs
        web.chat.clock.advance(1)
    client.take()
    assert client.closed_with is None
    for _ in range(40):
        web.chat.clock.advance(1)
    client.take()
    assert client.closed_with == (1008, "a ping was not answered")


def test_limits_count_over_lines_and_pages() -> None:
    web = Web(Limits(connections=2))
    web.line_client()
    client = WebSocketClient(web)
    assert client.handshake is not None
    assert client.handshake.status_code == 101
    refused = web.connect(ELSEWHERE)
    assert refused.transport.value().startswith(b"HTTP/1.1 503 ")
    assert b"the server is full" in refused.transport.value()


def test_pings_are_charged_for() -> None:
    web = Web(Limits(lines_per_second=1, line_burst=5))
    client = joined(web, "ann")
    for _ in range(20):
        client.protocol.send_ping(b"")
    client.flush()
    assert client.says("PING x") == []
    for _ in range(200):
        web.chat.clock.advance(0.1)
    assert client.lines() == ["PONG x"]


def test_the_frame_of_a_batch_is_made_once() -> None:
    frames, data = TextFrames(), b"MSG ann #tea hi\r\n"
    assert frames.of(data) is frames.of(data)
    assert frames.of(bytes(bytearray(data))) == frames.of(data)
    for size in (125, 126, 65535, 65536):
        frame = frames.of(b"x" * size)
        assert frame.endswith(b"x" * size)
        assert len(frame) - size == (2 if size < 126 else 4 if size < 65536 else 10)


def test_a_long_reason_is_cut_between_characters() -> None:
    frame = close_frame(1000, "é" * 100)
    assert len(frame) == 2 + 2 + 122
    assert frame[4:].decode() == "é" * 61


HANDSHAKE = (
    b"GET /-/ws HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: chatd.v1\r\n"
)
PING_FRAME = b"\x81\x86" + bytes(4) + b"PING x"


def test_it_may_begin_behind_a_request_and_with_frames_behind_it() -> None:
    web = Web()
    connection = web.connect()
    connection.send(written("POST", "/builds?nick=ci", "passed") + HANDSHAKE + b"\r\n" + PING_FRAME)
    answers = connection.received()
    assert answers.startswith(b"HTTP/1.1 201 ")
    assert b"HTTP/1.1 101 " in answers
    assert answers.endswith(b"PONG x\r\n")
    assert web.gateway.admission.count == len(web.gateway.connections) == 1
    connection.lose()
    assert web.gateway.admission.count == len(web.gateway.connections) == 0


def test_a_handshake_with_a_body_or_of_an_old_version_is_refused() -> None:
    for handshake, status in (
        (HANDSHAKE + b"Content-Length: 5\r\n\r\nhello", b" 413 "),
        (HANDSHAKE.replace(b"HTTP/1.1", b"HTTP/1.0", 1) + b"\r\n", b" 505 "),
    ):
        connection = Web().connect()
        connection.send(handshake + PING_FRAME)
        assert status in connection.received().partition(b"\r\n")[0]


def test_pings_may_come_within_a_message() -> None:
    client = joined(Web(), "ann")
    client.protocol.send_text(b"PING ", fin=False)
    client.protocol.send_ping(b"now")
    client.protocol.send_continuation(b"x", fin=True)
    client.flush()
    assert client.lines() == ["PONG x"]
    assert [(frame.opcode, bytes(frame.data)) for frame in client.frames] == [(Opcode.PONG, b"now")]


def test_empty_parts_are_not_kept() -> None:
    client = joined(Web(), "ann")
    client.protocol.send_text(b"", fin=False)
    for _ in range(100):
        client.protocol.send_continuation(b"", fin=False)
    client.flush()
    edge = client.connection.channel.upgraded
    assert isinstance(edge, WebSocketEdge)
    assert len(edge._parts) == 1
    client.protocol.send_continuation(b"PING x", fin=True)
    client.flush()
    assert client.lines() == ["PONG x"]


@pytest.mark.parametrize("kind", ["ping", "pong", "empty"])
def test_who_sends_frames_without_end_is_not_read_for_a_while(kind: str) -> None:
    web = Web(Limits(lines_per_second=1, line_burst=5))
    client = joined(web, "ann")
    client.protocol.send_text(b"", fin=False)
    send = {
        "ping": lambda: client.protocol.send_ping(b""),
        "pong": lambda: client.protocol.send_pong(b""),
        "empty": lambda: client.protocol.send_continuation(b"", fin=False),
    }[kind]
    for _ in range(20):
        send()
    client.flush()
    transport = client.connection.transport
    assert transport.producerState == "paused"
    for _ in range(300):
        web.chat.clock.advance(0.1)
    assert transport.producerState == "producing"
    client.protocol.send_continuation(b"PING x", fin=True)
    client.flush()
    assert client.lines() == ["PONG x"]
