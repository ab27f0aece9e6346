"""What goes over the wire: no Twisted, no clock, no socket."""
