"""Reads what other chat programs have written: logs of IRC clients, exports of servers, the journal of systemd."""
