#!/bin/sh
# SPDX-License-Identifier: MIT
# Runs a GUI test program; without a display it gets a virtual one.
case " $* " in
*" --gtest_list_tests"*) exec "$@" ;;
esac
if [ -n "${DISPLAY:-}" ]; then exec "$@"; fi
if command -v xvfb-run >/dev/null; then exec xvfb-run -a -s "-screen 0 1600x1000x24" "$@"; fi
echo "with_display.sh: no DISPLAY and no xvfb-run (package xvfb)" >&2
exit 1
