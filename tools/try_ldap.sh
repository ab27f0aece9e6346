#!/usr/bin/env bash
# Tries what docs/logins.rst says of LDAP, in a Debian of its own: tools/try_ldap.sh [FOLDER]
#
# Makes a bookworm in FOLDER (kept, and used again) or in a temporary folder, with slapd and SSSD from Debian and this
# checkout, and runs tools/try_ldap_inside.py there, without a network. Needs root, debootstrap and a Debian mirror
# (MIRROR), a Python with pip (PYTHON), and takes three minutes the first time. Nothing outside the folder is changed.
set -euo pipefail
cd "$(dirname "$0")/.."

packages=slapd,ldap-utils,sssd-ldap,sssd-tools,libpam-sss,libnss-sss,python3,python3-venv,ca-certificates,iproute2
mirror=${MIRROR:-http://deb.debian.org/debian}

[ "$(id -u)" = 0 ] || { echo "try_ldap: only root can make a Debian in a folder" >&2; exit 1; }
command -v debootstrap >/dev/null || { echo "try_ldap: debootstrap is missing: apt install debootstrap" >&2; exit 1; }

if [ $# -gt 0 ]; then
    root=$(realpath -m "$1")
else
    root=$(mktemp -d)
    chmod 755 "$root" # it is / there, and the daemon is not root
    trap 'rm -rf --one-file-system "$root"' EXIT
fi

if ! [ -e "$root/.made" ]; then
    echo "try_ldap: making a Debian in $root"
    debootstrap --variant=minbase --include="$packages" bookworm "$root" "$mirror" >"$root.log" 2>&1 ||
        { tail -n 5 "$root.log" >&2; exit 1; }
    rm -f "$root.log"
    touch "$root/.made"
fi

echo "try_ldap: installing chatd there"
python=${PYTHON:-python3}
rm -rf "$root/wheels" "$root/opt/chatd" && mkdir "$root/wheels"
"$python" -m pip -q wheel --disable-pip-version-check --no-deps --wheel-dir "$root/wheels" .
wheel=$(echo "$root"/wheels/chatd-*.whl)
"$python" -m pip -q download --disable-pip-version-check --python-version 3.11 --only-binary :all: \
    --dest "$root/wheels" "chatd[accounts,tls] @ file://$wheel"
chroot "$root" python3 -m venv /opt/chatd
chroot "$root" /opt/chatd/bin/pip -q install --no-index --find-links /wheels "/wheels/${wheel##*/}[accounts,tls]"
cp tools/try_ldap_inside.py "$root/opt/chatd/"

echo "try_ldap: starting slapd, SSSD and chatd"
# With processes and a network of its own: what is started ends with it, and no port is taken.
unshare --mount --net --pid --fork --kill-child chroot "$root" sh -c \
    'mount -t proc proc /proc && ip link set lo up && exec python3 /opt/chatd/try_ldap_inside.py'
