#!/bin/sh
# Installs chatd from this folder alone, into a virtual environment: sh install [FOLDER]
set -eu
kit=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd)
target=${1:-/opt/chatd}
python=${PYTHON:-python3}

give_up() {
    echo "install: $*" >&2
    exit 1
}

command -v "$python" >/dev/null || give_up "there is no $python: install Python @PYTHON@, or name it, PYTHON=... sh install"
found=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
[ "$found" = @PYTHON@ ] || give_up "this kit is for Python @PYTHON@, and $python is $found: PYTHON=python@PYTHON@ sh install"
(cd "$kit" && sha256sum --check --quiet SHA256SUMS) || give_up "the files are not those that were put into this kit: copy it again"
mkdir -p -- "$target" || give_up "$target cannot be made: name a folder that you may write to, sh install FOLDER"
target=$(CDPATH= cd -- "$target" && pwd)
[ -z "$(ls -A -- "$target")" ] || [ -e "$target/pyvenv.cfg" ] || give_up "$target has something else in it: name a new folder"

"$python" -m venv --without-pip -- "$target"
for pip in "$kit"/wheels/pip-*.whl; do
    PYTHONPATH=$pip "$target/bin/python" -m pip --isolated --disable-pip-version-check install --quiet --upgrade \
        --no-index --find-links "$kit/wheels" --require-hashes -r "$kit/requirements.txt"
done
echo "$("$target/bin/chatd" --version) is installed; start it with $target/bin/chatd"
