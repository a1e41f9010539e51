"""Who hears what the daemon tells the journal, in the journal's place, and how long the disk's log was
then: what a message promises has to be on a disk whose power was cut at any moment after that."""

import os
import socket
import struct
import threading

from harness import Failed

ADDRESS = "/run/systemd/journal/socket"


def fields(datagram):
    out, at = {}, 0
    while at < len(datagram):
        end = datagram.index(b"\n", at)
        name, equals, value = datagram[at:end].partition(b"=")
        at = end + 1
        if not equals:  # a value with newlines: its length first
            length, = struct.unpack_from("<Q", datagram, at)
            value = datagram[at + 8:at + 8 + length]
            at += 8 + length + 1
        out[name.decode()] = value.decode(errors="replace")
    return out


class Witness:
    """Messages are (the log's size when it was heard, its fields)."""

    def __init__(self):
        os.makedirs(os.path.dirname(ADDRESS), exist_ok=True)
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(ADDRESS)
        self.log = None
        self.messages = []
        self.changed = threading.Condition()
        self.thread = threading.Thread(target=self._hear)
        self.thread.start()

    def close(self):
        self.socket.shutdown(socket.SHUT_RDWR)
        self.thread.join()
        self.socket.close()
        os.unlink(ADDRESS)

    def _hear(self):
        while True:
            datagram = self.socket.recv(1 << 20)
            if not datagram:
                return
            size = os.stat(self.log).st_size
            with self.changed:
                self.messages.append((size, fields(datagram)))
                self.changed.notify_all()

    def begin(self, log):
        with self.changed:
            self.log = log
            self.messages = []

    def here(self):
        with self.changed:
            return len(self.messages)

    def hears(self, since, what, alive):
        """Wait for a message with those fields, of a process that is not dead."""
        with self.changed:
            while True:
                for number in range(since, len(self.messages)):
                    told = self.messages[number][1]
                    if all(word in told.get(name, "") for name, word in what.items()):
                        return number + 1
                if not self.changed.wait(1) and not alive():
                    raise Failed(f"{what} did not come: {self.last()}")

    def last(self):
        return "\n".join(told.get("MESSAGE", "") for _, told in self.messages[-20:])

    def promises(self):
        """What was acknowledged, and the size of the log then: heads with the number of the walk that
        was said to be over, or None, and sealed paths."""
        with self.changed:
            heads = [(size, int(told["LEDGER_SEQ"]), told["LEDGER_HEAD"], told.get("WALK"))
                     for size, told in self.messages if "LEDGER_SEQ" in told]
            sealed = [(size, told["FILE"]) for size, told in self.messages
                      if told.get("MESSAGE", "").startswith("sealed ")]
        return heads, sealed
