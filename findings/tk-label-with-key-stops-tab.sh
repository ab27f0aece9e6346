#!/usr/bin/env bash
# Guess: the Tab key goes from one widget that takes the keys to the next: binding a key on a label, so that Escape closes a dialog wherever
#     the focus is, changes nothing of that.
# Instead: a label, and a frame, is a stop for Tab as soon as any key is bound on it, without a focus ring that would show where one is:
#     tk_focusNext takes every widget whose bindings, its own or its class's, name a key or the focus. -takefocus 0 turns that off.
# Why it matters: a dialog that binds Escape on all its children looks as if Tab had lost the focus at every label; what is typed then is gone.
#     Bind on the toplevel, which is among the binding tags of all its children, or on what takes the keys anyway.
# Source: Tk 8.6.13, observed; library/focus.tcl, tk::FocusOK.
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
pack [ttk::entry .first] [ttk::label .label -text Password] [ttk::entry .second]
update
puts "Tab leads from .first to [tk_focusNext .first]"
set plain [tk_focusNext .first]
bind .label <Escape> {destroy .}
puts "with <Escape> bound on .label it leads to [tk_focusNext .first]"
set bound [tk_focusNext .first]
.label configure -takefocus 0
puts "and with -takefocus 0 to [tk_focusNext .first]"
exit [expr {!($plain eq ".second" && $bound eq ".label" && [tk_focusNext .first] eq ".second")}]
TCL
libraries=$(dirname "$(find "$tmp/root" -name 'libtk8.6.so*' -print -quit)")
DISPLAY=:$(cat "$tmp/display") LD_LIBRARY_PATH=$libraries TCL_LIBRARY=$tmp/root/usr/share/tcltk/tcl8.6 \
    TK_LIBRARY=$tmp/root/usr/share/tcltk/tk8.6 timeout 30 "$tmp/root/usr/bin/wish8.6" "$tmp/show.tcl"
echo "as described: a key bound on a label makes Tab stop there"
