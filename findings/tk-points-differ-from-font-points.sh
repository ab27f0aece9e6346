#!/usr/bin/env bash
# Guess: a distance of 72 points and a font of 72 points are as long as one another on any display: both are points, so a window whose
#     distances are all said in points grows with its text.
# Instead: on X11, Tk takes the points of fonts from the resource Xft.dpi and all other points from the millimetres that the screen claims to
#     have. With Xft.dpi at 192 on a screen of 96 dots per inch the text is twice as large, and "12p" is as many pixels as before.
# Why it matters: desktops set Xft.dpi for displays of many dots and leave the millimetres alone. A window said in points all through has
#     large text in small boxes there, until "tk scaling" is set to Xft.dpi / 72 before anything is measured.
# Source: Tk 8.6.13 on X11, observed.
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
for tool in Xvfb xrdb; do
    command -v "$tool" >/dev/null || { echo "this one needs $tool (packages xvfb, x11-xserver-utils)" >&2; exit 2; }
done
Xvfb -noreset -dpi 96 -displayfd 3 3>"$tmp/display" >/dev/null 2>&1 &
display=$!
for _ in $(seq 100); do [ ! -s "$tmp/display" ] || break; sleep 0.1; done
DISPLAY=:$(cat "$tmp/display")
export DISPLAY
cat >"$tmp/measure.tcl" <<'TCL'
font create large -size 72
puts "[winfo pixels . 72p] [font metrics large -linespace]"
exit
TCL
libraries=$(dirname "$(find "$tmp/root" -name 'libtk8.6.so*' -print -quit)")
measure() {
    LD_LIBRARY_PATH=$libraries TCL_LIBRARY=$tmp/root/usr/share/tcltk/tcl8.6 TK_LIBRARY=$tmp/root/usr/share/tcltk/tk8.6 \
        timeout 30 "$tmp/root/usr/bin/wish8.6" "$tmp/measure.tcl"
}
read -r points text < <(measure)
echo "as it is: 72 points are $points pixels, a line of a font of 72 points $text"
echo 'Xft.dpi: 192' | xrdb -nocpp -merge
read -r points_after text_after < <(measure)
echo "with Xft.dpi 192: 72 points are $points_after pixels, a line of that font $text_after"
[ "$points_after" = "$points" ] && [ "$text_after" -gt $((text * 19 / 10)) ]
echo "as described: Xft.dpi makes text larger, and nothing else that is said in points"
