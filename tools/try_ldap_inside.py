"""What `tools/try_ldap.sh` does in its Debian: a directory, SSSD, the daemon, and people who log in.

It is set up as docs/logins.rst says. Each line that is printed was found to be so; the first that is not ends it.
"""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

BIN = Path("/opt/chatd/bin")
HOST = "ldap.example.org"
PASSWORDS = {"ann": "annas-horse", "bob": "bobs-horse", "eve": "eves-horse"}
GROUPS = {"chat-operators": (6001, ["ann"]), "staff": (6002, ["ann", "bob"])}
ADMIN = ["-x", "-D", "cn=admin,dc=example,dc=org", "-w", "secret", "-H", "ldapi:///"]
SECONDS = 30
PAM_ID_SECONDS = 6
"""SSSD looks a person's groups up anew at a login, but not within five seconds (pam_id_timeout)."""
LOG = Path("/tmp/try_ldap.log")
SLAPD = """
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/nis.schema
modulepath /usr/lib/ldap
moduleload back_mdb
TLSCertificateFile /etc/ldap/certificate.pem
TLSCertificateKeyFile /etc/ldap/key.pem
database mdb
suffix dc=example,dc=org
directory /var/lib/try-ldap
rootdn cn=admin,dc=example,dc=org
rootpw secret
access to attrs=userPassword by anonymous auth by * none
access to * by * read
"""
SSSD = f"""[sssd]
services = nss, pam
domains = example

[domain/example]
id_provider = ldap
auth_provider = ldap
ldap_uri = ldaps://{HOST}
ldap_search_base = dc=example,dc=org
ldap_tls_cacert = /etc/ldap/certificate.pem
"""
PAM = """auth     required  pam_sss.so
account  required  pam_sss.so
"""


def directory() -> str:
    """Return what is in the directory, as LDIF."""
    entries = ["dn: dc=example,dc=org\nobjectClass: domain\ndc: example"]
    entries += [
        f"dn: ou={name},dc=example,dc=org\nobjectClass: organizationalUnit\nou: {name}" for name in ("people", "groups")
    ]
    for number, (name, password) in enumerate(PASSWORDS.items(), 5001):
        entries.append(
            f"dn: uid={name},ou=people,dc=example,dc=org\nobjectClass: account\nobjectClass: posixAccount\n"
            f"uid: {name}\ncn: {name}\nuidNumber: {number}\ngidNumber: 6000\nhomeDirectory: /nonexistent\n"
            f"userPassword: {password}"
        )
    for name, (number, members) in {"people": (6000, []), **GROUPS}.items():
        members_ = "".join(f"\nmemberUid: {each}" for each in members)
        place = f"dn: cn={name},ou=groups,dc=example,dc=org\nobjectClass: posixGroup"
        entries.append(f"{place}\ncn: {name}\ngidNumber: {number}{members_}")
    return "\n\n".join(entries) + "\n"


def set_up() -> None:
    """Write all files anew."""
    LOG.unlink(missing_ok=True)
    for folder in ("/var/lib/try-ldap", "/srv/chatd", "/var/lib/sss/db"):
        shutil.rmtree(folder, ignore_errors=True)
        os.makedirs(folder, mode=0o700)
    hosts = Path("/etc/hosts")
    hosts.write_text(f"127.0.0.1 localhost {HOST}\n")
    run(str(BIN / "chatd"), "certificate", "/tmp/tls", HOST, quiet=True)
    for each in Path("/tmp/tls").rglob("*.pem"):
        text = each.read_text()
        Path("/etc/ldap/key.pem" if "PRIVATE" in text else "/etc/ldap/certificate.pem").write_text(text)
    shutil.rmtree("/tmp/tls")
    Path("/etc/ldap/try.conf").write_text(SLAPD)
    config = Path("/etc/sssd/sssd.conf")
    config.write_text(SSSD)
    config.chmod(0o600)
    Path("/etc/pam.d/chatd").write_text(PAM)
    if not any(each.pw_name == "chatd" for each in pwd.getpwall()):
        run("useradd", "--system", "--home-dir", "/srv/chatd", "chatd")
    shutil.chown("/srv/chatd", "chatd")


def run(*words: str, text: str = "", quiet: bool = False) -> str:
    """Run a command; it must not fail."""
    done = subprocess.run(words, check=False, input=text, capture_output=True, text=True, timeout=2 * SECONDS)
    if done.returncode:
        raise SystemExit(f"try_ldap: {words[0]} failed: {done.stdout}{done.stderr}")
    return "" if quiet else done.stdout


def succeeds(*words: str) -> bool:
    """Return whether a command does not fail."""
    return subprocess.run(words, check=False, capture_output=True, timeout=SECONDS).returncode == 0


def until(condition: Callable[[], bool], what: str) -> None:
    """Wait until something is so; fail if it does not come about."""
    end = time.monotonic() + SECONDS
    while not condition():
        if time.monotonic() > end:
            raise SystemExit(f"try_ldap: not within {SECONDS} seconds: {what}")
        time.sleep(0.1)


def says(*lines: str) -> list[str]:
    """Return what the daemon answers to lines."""
    with socket.create_connection(("127.0.0.1", 10319), timeout=SECONDS) as connection:
        connection.sendall("".join(f"{line}\n" for line in (*lines, "QUIT")).encode())
        data = b""
        while part := connection.recv(65536):
            data += part
    return data.decode().splitlines()


def expect(answers: list[str], beginning: str, what: str) -> None:
    """Print what is so if an answer begins as it should."""
    found = next((line for line in answers if line.startswith(beginning)), None)
    if found is None:
        raise SystemExit(f"try_ldap: {what}: no {beginning!r} in {answers}")
    print(f"{what}: {found}", flush=True)


def log_in(name: str, *lines: str, password: str | None = None) -> list[str]:
    """Return what is answered to somebody who logs in and says more."""
    return says(f"LOGIN {name} {PASSWORDS[name] if password is None else password}", *lines)


def people_log_in() -> None:
    """Let them, and print what came of it."""
    expect(log_in("ann"), "OK LOGIN ann", "ann's password of the directory")
    expect(log_in("ann", password="wrong"), "ERR bad-password", "another")
    expect(log_in("ann", "JOIN ann #den", "BAN 192.0.2.7 #*"), "OK BAN #* 192.0.2.7", "ann is in chat-operators")
    expect(log_in("bob", "JOIN bob #tea", "BAN 192.0.2.8 #*"), "ERR not-allowed BAN", "bob is not")
    room = ("JOIN ann #den", "SET #den registered=yes", "SET #den private=yes")
    expect(log_in("ann", *room), "OK SET #den private=yes", "ann makes a private room")
    expect(log_in("bob", "JOIN bob #den"), "OK JOIN #den", "bob is in staff")
    expect(log_in("eve", "JOIN eve #den"), "ERR not-allowed JOIN", "eve is not")
    change = "dn: cn=staff,ou=groups,dc=example,dc=org\nchangetype: modify\ndelete: memberUid\nmemberUid: bob\n"
    run("ldapmodify", *ADMIN, text=change)
    time.sleep(PAM_ID_SECONDS)
    expect(log_in("bob", "JOIN bob #den"), "ERR not-allowed JOIN", "bob, taken out of staff")
    expect(
        says("JOIN eve"), "ERR not-allowed JOIN nick eve belongs to a registered user", "a guest who wants eve's name"
    )
    listed = run(str(BIN / "chatd"), "user", "list", "--accounts", "/srv/chatd/chatd.accounts.sqlite3")
    expect(listed.splitlines(), "ann\t-\tauth", "chatd user list")


def main() -> None:
    """Start everything, and end it again."""
    set_up()
    started: list[subprocess.Popen[bytes]] = []

    def start(*words: str, cwd: str = "/") -> None:
        with LOG.open("ab") as log:
            started.append(subprocess.Popen(words, cwd=cwd, stdout=log, stderr=log))

    try:
        start("slapd", "-d", "0", "-f", "/etc/ldap/try.conf", "-h", "ldapi:/// ldaps:///")
        until(lambda: succeeds("ldapwhoami", *ADMIN), "slapd answers")
        run("ldapadd", *ADMIN, text=directory())
        start("sssd", "-i")
        until(lambda: succeeds("getent", "passwd", "ann"), "SSSD knows ann")
        print(f"id ann: {run('id', 'ann').strip()}", flush=True)
        options = ("--auth", "pam", "--operators-group", "chat-operators", "--room-group", "staff=#den", "--web", "off")
        start("runuser", "-u", "chatd", "--", str(BIN / "chatd"), "--port", "10319", *options, cwd="/srv/chatd")
        until(lambda: "10319" in LOG.read_text(errors="replace"), "chatd listens")
        people_log_in()
    except BaseException:
        sys.stderr.write(LOG.read_text(errors="replace")[-3000:])
        raise
    finally:
        for each in reversed(started):
            each.terminate()
            each.wait(SECONDS)
    print("try_ldap: all of it is so")


if __name__ == "__main__":
    main()
