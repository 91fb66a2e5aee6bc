#!/usr/bin/env bash
# Makes each of the four programs one file that runs wherever a Python 3.9 or newer is: zipapps.sh [FOLDER]
# $PYTHON (python3) makes them; they start quickest with a Python of the same version, whose compiled code they hold.
set -euo pipefail

python=${PYTHON:-python3}
target=${1:-.}
root=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../.." && pwd)
staged=$(mktemp -d)
trap 'rm -rf "$staged"' EXIT

mkdir -p "$staged/scripts" "$target"
cp "$root/main.py" "$staged"
cp -R "$root"/scripts/{cli.py,webserver.py,mcpserver.py,installed.py,commands,mcp_server,session_monitor,web} "$staged/scripts"
find "$staged" -name __pycache__ -prune -exec rm -rf {} +
"$python" -m compileall -q -b "$staged"

for program in session-monitor:monitor session-monitor-web:web session-monitor-cli:cli session-monitor-mcp:mcp; do
  "$python" -m zipapp "$staged" -m "scripts.installed:${program#*:}" -p "/usr/bin/env python3" -o "$target/${program%:*}"
  chmod 755 "$target/${program%:*}"
done
