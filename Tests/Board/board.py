"""A board in software: Debian for arm64 in qemu, switched on, given orders, and cut off."""

import json
import pathlib
import signal
import socket
import subprocess
import threading
import time


class Order:
    """One command on the board; its answer comes later, or never."""

    def __init__(self):
        self.done = threading.Event()
        self.status, self.output = None, ""

    def wait(self, seconds):
        if not self.done.wait(seconds):
            raise TimeoutError("the board gave no answer")
        return self


class Board:
    """`folder`: of Tests/Board/image. Works on a copy of its disk."""

    def __init__(self, folder, memory=512):
        self.folder, self.memory = pathlib.Path(folder), memory
        self.disk, self.console = self.folder / "board.img", self.folder / "console.log"
        self.port = self.folder / "orders"
        self.orders, self.number, self.process = {}, 0, None
        copy = ["cp", "--sparse=always", self.folder / "disk.img", self.disk]
        subprocess.run(copy, check=True)
        self.console.write_bytes(b"")

    def boot(self, seconds=300):
        """Seconds until systemd has begun the agent."""
        started = time.monotonic()
        self.port.unlink(missing_ok=True)
        self.process = subprocess.Popen(
            [
                "qemu-system-aarch64", "-machine", "virt", "-cpu", "cortex-a72", "-smp", "2",
                "-accel", "tcg,thread=multi", "-m", str(self.memory), "-nodefaults",
                "-display", "none", "-nic", "none",
                "-kernel", self.folder / "vmlinuz", "-initrd", self.folder / "initrd.img",
                "-append", "root=/dev/vda rw console=ttyAMA0 panic=5",
                "-drive", f"if=none,id=disk,format=raw,file={self.disk}",
                "-device", "virtio-blk-pci,drive=disk",
                "-chardev", f"file,id=console,append=on,path={self.console}",
                "-serial", "chardev:console",
                "-chardev", f"socket,id=orders,server=on,wait=off,path={self.port}",
                "-device", "virtio-serial-pci",
                "-device", "virtserialport,chardev=orders,name=orders",
                "-device", "virtio-rng-pci",
            ]
        )  # fmt: skip
        ready = self.orders[0] = Order()
        threading.Thread(target=self._listen, daemon=True).start()
        ready.wait(seconds)
        return time.monotonic() - started

    def _listen(self):
        connection = socket.socket(socket.AF_UNIX)
        while True:
            try:
                connection.connect(str(self.port))
                break
            except OSError:
                time.sleep(0.1)
        self.connection = connection
        with connection.makefile("r", encoding="utf-8", errors="replace") as lines:
            try:
                for line in lines:
                    self._answered(line)
            except OSError:
                pass

    def _answered(self, line):
        try:
            answer = json.loads(line)
        except ValueError:
            return  # cut off in the midst
        order = self.orders.pop(answer["id"], None)
        if order:
            order.status, order.output = answer["status"], answer["output"]
            order.done.set()

    def order(self, command, user="root"):
        """Begins a command; see Order.wait."""
        self.number += 1
        order = self.orders[self.number] = Order()
        line = {"id": self.number, "user": user, "command": command}
        self.connection.sendall((json.dumps(line) + "\n").encode())
        return order

    def run(self, command, user="root", seconds=120):
        """Status and output of a command that has ended."""
        order = self.order(command, user).wait(seconds)
        return order.status, order.output

    def said(self, command, user="root", seconds=120):
        """Output of a command that must succeed."""
        status, output = self.run(command, user, seconds)
        if status != 0:
            raise RuntimeError(f"{command}: status {status}\n{output}")
        return output

    def cut(self):
        """The power is gone, at once."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.orders.clear()

    def shut_down(self, seconds=120):
        self.order("systemctl poweroff")
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.cut()
