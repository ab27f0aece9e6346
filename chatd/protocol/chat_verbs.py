"""How the verbs are written with which people talk, one row each."""

from __future__ import annotations

from chatd.protocol import commands, zones
from chatd.protocol.arguments import MAX_ID, Arguments
from chatd.protocol.private_verbs import or_person
from chatd.protocol.search_terms import read_search
from chatd.protocol.text import clean
from chatd.protocol.verb_row import Verb


def _read_hello(words: Arguments) -> commands.Hello:
    word = words.maybe_word()
    if word is not None and any(map(str.isdigit, word)):
        return commands.Hello(clean(word), words.flag("bot", words.values("bot")))
    rest = words.maybe_text()
    return commands.Hello(None if word is None else clean(word) + (f" {rest}" if rest else ""))


def _read_join(words: Arguments) -> commands.Join:
    room: str | None = words.maybe_room()
    nick = None
    if room is None:
        nick = words.nick_of(words.word("your nick"))
        room = words.maybe_room() or commands.LOBBY
    values = words.values("since", "epoch", "resume", "any", "last")
    if "any" in values and (values["any"] != "yes" or nick is None):
        words.refuse("any=yes needs a nick")
    if "last" in values and "since" in values:
        words.refuse("last= and since= cannot be combined")
    last = words.number_of("last", values, commands.MAX_HISTORY)
    since = words.id_of("since", values)
    return commands.Join(nick, room, since, values.get("epoch"), values.get("resume"), "any" in values, last)


def _read_msg(words: Arguments) -> commands.Msg:
    return commands.Msg(words.text())


def _read_tell(words: Arguments) -> commands.Tell:
    to = words.word("the room or nick")
    to = words.room_of(to) if to.startswith("#") else words.nick_of(to)
    return commands.Tell(to, words.text())


def _read_post(words: Arguments) -> commands.Post:
    nick = words.nick_of(words.word("the nick"))
    room = words.maybe_room()
    return commands.Post(nick, words.refuse("the room is missing") if room is None else room, words.text())


def _read_talk(words: Arguments) -> commands.Talk:
    words.end()
    return commands.Talk()


def _read_pipe(words: Arguments) -> commands.Pipe:
    room, values = words.maybe_room(), words.values("charset", "long")
    charset, long = values.get("charset", "utf-8").lower(), values.get("long", "split")
    if charset not in ("utf-8", "latin-1", "cp1252"):
        words.refuse("charset= takes utf-8, latin-1 or cp1252")
    if long not in ("split", "cut"):
        words.refuse("long= takes split or cut")
    return commands.Pipe(room, charset, long)


def _read_nick(words: Arguments) -> commands.Nick:
    nick = words.nick_of(words.word("the new nick"))
    words.end()
    return commands.Nick(nick)


def _read_part(words: Arguments) -> commands.Part:
    return commands.Part(words.maybe_room(), words.maybe_text())


def _read_ignore(words: Arguments) -> commands.Ignore:
    word = words.maybe_word()
    words.end()
    return commands.Ignore(None if word is None else words.nick_of(word))


def _read_unignore(words: Arguments) -> commands.Unignore:
    nick = words.nick_of(words.word("the nick"))
    words.end()
    return commands.Unignore(nick)


def _read_who(words: Arguments) -> commands.Who:
    room = words.maybe_room()
    return commands.Who(room, words.flag("details", words.values("details")))


def _read_away(words: Arguments) -> commands.Away:
    return commands.Away(words.maybe_text())


def _read_rooms(words: Arguments) -> commands.Rooms:
    words.end()
    return commands.Rooms()


def _read_topic(words: Arguments) -> commands.Topic:
    return commands.Topic(words.maybe_room(), words.maybe_text())


def _read_history(words: Arguments) -> commands.History:
    room = words.maybe_room()
    count = words.maybe_number("the count", 1, commands.MAX_HISTORY)
    values = words.values("since", "before", "ids")
    since, before = words.point_of("since", values), words.point_of("before", values)
    ids = words.flag("ids", values)
    return commands.History(room, commands.DEFAULT_HISTORY if count is None else count, since, before, ids)


def _read_seen(words: Arguments) -> commands.Seen:
    id_ = words.maybe_number("the id", 0, MAX_ID)
    if id_ is None:
        words.refuse("the id is missing")
    room = words.maybe_room()
    words.end()
    return commands.Seen(id_, room)


def _read_time(words: Arguments) -> commands.Time:
    word = words.maybe_word()
    if word is not None and word.lower() not in ("on", "off"):
        words.refuse("TIME takes on or off")
    zone = words.maybe_word()
    words.end()
    if zone is not None:
        try:
            zone = zones.written(zones.minutes(zone))
        except ValueError as error:
            words.refuse(str(error))
    return commands.Time(None if word is None else word.lower() == "on", zone)


def _read_ping(words: Arguments) -> commands.Ping:
    token = words.maybe_word()
    words.end()
    return commands.Ping(None if token is None else clean(token))


def _read_help(words: Arguments) -> commands.Help:
    verb = words.maybe_word()
    words.end()
    return commands.Help(None if verb is None else clean(verb).upper())


def _read_quit(words: Arguments) -> commands.Quit:
    return commands.Quit(words.maybe_text())


ROWS = (
    Verb(
        commands.Join,
        "JOIN <nick> [#room]",
        "join a room (default: #lobby); after that, JOIN #room joins another",
        _read_join,
    ),
    Verb(commands.Msg, "MSG <text>", "send a message to your current room, the one you joined last", _read_msg),
    Verb(
        commands.Tell,
        "TELL <#room or nick> <text>",
        "send a message to another of your rooms or to one person; HISTORY <nick> shows your private conversation",
        _read_tell,
    ),
    Verb(
        commands.Post,
        "POST <nick> <#room> <text>",
        "before JOIN: send a message without joining; OK means that it is stored",
        _read_post,
    ),
    Verb(commands.Talk, "TALK", "send every line you type from here on; commands then begin with /", _read_talk),
    Verb(
        commands.Pipe,
        "PIPE [#room] [charset=utf-8] [long=split]",
        "send every line from here to the end of the input",
        _read_pipe,
    ),
    Verb(commands.Nick, "NICK <nick>", "change your nick", _read_nick),
    Verb(commands.Part, "PART [#room] [text]", "leave a room", _read_part),
    Verb(
        commands.Who,
        "WHO [#room] [details=yes]",
        "list the members of a room; details=yes says more about each",
        _read_who,
    ),
    Verb(commands.Away, "AWAY [text]", "mark yourself as away or, without a text, as back", _read_away),
    Verb(commands.Rooms, "ROOMS", "list the rooms", _read_rooms),
    Verb(
        commands.Topic,
        "TOPIC [#room] [text]",
        "set the topic of a room, or remove it with -; without a text, show it",
        _read_topic,
    ),
    Verb(
        commands.History,
        "HISTORY [#room] [<count>] [since=<id>] [before=<id>]",
        "show the newest messages, or the first ones after an id or a time; ids=yes shows their ids",
        or_person(_read_history, bare=True),
    ),
    Verb(
        commands.Search,
        "SEARCH [#room] <words> [from:<nick>] [since=<id>]",
        "find the newest messages with all of these words; fail* finds failed and failure",
        or_person(read_search, bare=False),
    ),
    Verb(
        commands.Ignore, "IGNORE [nick]", "hide somebody's messages; without a nick, list whom you ignore", _read_ignore
    ),
    Verb(commands.Unignore, "UNIGNORE <nick>", "stop ignoring somebody", _read_unignore),
    Verb(commands.Seen, "SEEN <id> [#room]", "record how far you have read, for your other connections", _read_seen),
    Verb(
        commands.Time, "TIME [on|off] [<zone>]", "show the time before each line; a zone looks like +02:00", _read_time
    ),
    Verb(commands.Ping, "PING [token]", "test the connection; the answer is PONG", _read_ping),
    Verb(
        commands.Help,
        "HELP [verb or ALL]",
        "list the usual commands, list all of them, or explain one",
        _read_help,
    ),
    Verb(commands.Hello, "HELLO 1 [bot=yes]", "for programs, before JOIN: turn on tags", _read_hello),
)
QUIT = Verb(
    commands.Quit, "QUIT [text]", "disconnect; the BYE line says whether everything you sent was accepted", _read_quit
)
