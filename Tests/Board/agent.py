#!/usr/bin/env python3
"""On the board: runs what a line of the port says, and answers with a line. Both are JSON.

{"id", "user", "command"} -> {"id", "status", "output"}: a shell's, standard error included.
Orders run side by side.
"""

import json
import os
import subprocess
import sys
import threading

lock = threading.Lock()


def answer(port, **line):
    with lock:
        os.write(port, (json.dumps(line) + "\n").encode())


def run(port, order):
    command = ["sh", "-c", order["command"]]
    if order["user"] != "root":
        to = ["setpriv", "--reuid", order["user"], "--regid", order["user"], "--init-groups"]
        command = [*to, *command]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd="/tmp")
    output = done.stdout.decode(errors="replace")
    answer(port, id=order["id"], status=done.returncode, output=output)


def main():
    port = os.open(sys.argv[1], os.O_RDWR)
    answer(port, id=0, status=0, output="ready")
    pending = b""
    while True:
        read = os.read(port, 65536)
        if not read:
            raise SystemExit("the port is closed")
        *lines, pending = (pending + read).split(b"\n")
        for line in lines:
            threading.Thread(target=run, args=(port, json.loads(line)), daemon=True).start()


if __name__ == "__main__":
    main()
