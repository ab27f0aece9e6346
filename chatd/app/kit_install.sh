#!/bin/sh
# Installs chatd from this folder into a virtual environment: sh install [FOLDER]
set -eu
kit=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd)
target=${1:-/opt/chatd}
python=${PYTHON:-python3}

give_up() {
    echo "install: $*" >&2
    exit 1
}

command -v "$python" >/dev/null || give_up "no such program: $python; install Python @PYTHON@, or name it with PYTHON=... sh install"
found=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
[ "$found" = @PYTHON@ ] || give_up "this kit needs Python @PYTHON@, but $python is $found; run PYTHON=python@PYTHON@ sh install"
(cd "$kit" && sha256sum --check --quiet SHA256SUMS) || give_up "the files of this kit have changed; copy it again"
mkdir -p -- "$target" || give_up "cannot create $target; name a directory that you can write to: sh install FOLDER"
target=$(CDPATH= cd -- "$target" && pwd)
[ -z "$(ls -A -- "$target")" ] || [ -e "$target/pyvenv.cfg" ] || give_up "$target contains other files; name a new directory"

"$python" -m venv --without-pip -- "$target"
for pip in "$kit"/wheels/pip-*.whl; do
    PYTHONPATH=$pip "$target/bin/python" -m pip --isolated --disable-pip-version-check install --quiet --upgrade \
        --no-index --find-links "$kit/wheels" --require-hashes -r "$kit/requirements.txt"
done
echo "$("$target/bin/chatd" --version) is installed; start it with $target/bin/chatd"
