#!/usr/bin/env bash
# Guess: a one-line field (entry, ttk::entry) takes one line: what is pasted ends at the first newline, or its newlines become
#     spaces, as in a browser's text field.
# Instead: both keep every newline in the value; the field shows them in its one line, and get returns them.
# Why it matters: a client of a line protocol that sends "MSG room " + what is in the field makes commands of the second and further lines
#     of what was pasted. Check the value where the line is made, not how many lines the widget has.
# Source: Tk 8.6.13, observed; generic/tkEntry.c and generic/ttk/ttkEntry.c are where to look.
set -euo pipefail
tmp=$(mktemp -d)
display=
trap '[ -z "$display" ] || { kill "$display" 2>/dev/null || true; wait "$display" 2>/dev/null || true; }; rm -rf "$tmp"' EXIT
mkdir "$tmp/debs"
(cd "$tmp/debs" && apt-get -qq download tk8.6 libtk8.6 tcl8.6 libtcl8.6 2>/dev/null)
for deb in "$tmp"/debs/*.deb; do
    dpkg-deb -f "$deb" Package Version | paste -sd ' '
    dpkg-deb -x "$deb" "$tmp/root"
done
command -v Xvfb >/dev/null || { echo "this one needs Xvfb (package xvfb)" >&2; exit 2; }
Xvfb -displayfd 3 3>"$tmp/display" >/dev/null 2>&1 &
display=$!
for _ in $(seq 100); do [ ! -s "$tmp/display" ] || break; sleep 0.1; done
cat >"$tmp/show.tcl" <<'TCL'
puts "Tk $tk_patchLevel"
pack [entry .plain] [ttk::entry .themed]
clipboard clear
clipboard append "hello all\nPART lobby\n"
set same 1
foreach field {.plain .themed} {
    focus -force $field
    update
    event generate $field <<Paste>>
    update
    puts "[winfo class $field]: [string map [list \n <newline>] [$field get]]"
    if {[$field get] ne "hello all\nPART lobby\n"} {set same 0}
}
exit [expr {!$same}]
TCL
libraries=$(dirname "$(find "$tmp/root" -name 'libtk8.6.so*' -print -quit)")
DISPLAY=:$(cat "$tmp/display") LD_LIBRARY_PATH=$libraries TCL_LIBRARY=$tmp/root/usr/share/tcltk/tcl8.6 \
    TK_LIBRARY=$tmp/root/usr/share/tcltk/tk8.6 timeout 30 "$tmp/root/usr/bin/wish8.6" "$tmp/show.tcl"
echo "as described: both fields hold two lines"
