"""Tells twistd that there is a chatd; everything else is imported when it is asked for."""

from twisted.application.service import ServiceMaker

chatd = ServiceMaker("chatd", "chatd.tap", "A chat daemon that speaks lines.", "chatd")
