"""A transport for nfcpy's drivers of readers on USB: usbredir, as the side that uses the device.

nfcpy takes any object with these methods in place of its own one over libusb.
"""

import errno
import itertools
import socket
import struct

HELLO, DEVICE_CONNECT, DEVICE_DISCONNECT = 0, 1, 2
CANCEL_DATA_PACKET, BULK_PACKET = 21, 101
SUCCESS, CANCELLED = 0, 1
# Device version, packet sizes, ids of 64 bits, bulk lengths of 32 bits.
CAPABILITIES = 1 << 1 | 1 << 4 | 1 << 5 | 1 << 6
OUT, IN = 0x02, 0x81
READ_MAX = 300


class Transport:
    TYPE = "USB"
    manufacturer_name = "SONY"
    product_name = "RC-S380/P"

    def __init__(self, address):
        host, port = address.rsplit(":", 1)
        self.socket = socket.create_connection((host, int(port)), timeout=20)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.ids = itertools.count(1)
        body = b"nfcpy".ljust(64, b"\0") + struct.pack("<I", CAPABILITIES)
        self.socket.sendall(struct.pack("<III", HELLO, len(body), 0) + body)
        kind, length, _ = struct.unpack("<III", self._bytes(12))
        hello = self._bytes(length)
        assert kind == HELLO, kind
        theirs, = struct.unpack("<I", hello[64:68])
        assert theirs & CAPABILITIES == CAPABILITIES, hex(theirs)
        while True:
            kind, _, body = self._packet()
            if kind == DEVICE_CONNECT:
                break
        self.product = struct.unpack("<BBBBHHH", body)

    def _bytes(self, count):
        data = b""
        while len(data) < count:
            piece = self.socket.recv(count - len(data))
            if not piece:
                raise IOError(errno.ENODEV, "the simulator is gone")
            data += piece
        return data

    def _packet(self):
        kind, length, number = struct.unpack("<IIQ", self._bytes(16))
        body = self._bytes(length)
        if kind == DEVICE_DISCONNECT:
            raise IOError(errno.ENODEV, "the device is gone")
        return kind, number, body

    def _send(self, kind, number, body=b""):
        self.socket.sendall(struct.pack("<IIQ", kind, len(body), number) + body)

    def _bulk(self, endpoint, length, data=b""):
        number = next(self.ids)
        low, high = length & 0xFFFF, length >> 16
        self._send(BULK_PACKET, number, struct.pack("<BBHIH", endpoint, 0, low, 0, high) + data)
        return number

    def _done(self, wanted):
        """What became of a transfer: its status and its bytes."""
        while True:
            kind, number, body = self._packet()
            if kind == BULK_PACKET and number == wanted:
                return body[1], body[10:]

    def write(self, frame):
        # A transfer of whole packets would not be over.
        pieces = [bytes(frame)] + ([b""] if len(frame) % 64 == 0 else [])
        for piece in pieces:
            status, _ = self._done(self._bulk(OUT, len(piece), piece))
            if status != SUCCESS:
                raise IOError(errno.EIO, "status %d" % status)

    def read(self, timeout=0):
        """Waits so many milliseconds; 0 is for ever, which here is 20 s."""
        number = self._bulk(IN, READ_MAX)
        self.socket.settimeout(timeout / 1000 if timeout else 20)
        try:
            status, data = self._done(number)
        except socket.timeout:
            self.socket.settimeout(20)
            self._send(CANCEL_DATA_PACKET, number)
            status, data = self._done(number)
        finally:
            self.socket.settimeout(20)
        if status == CANCELLED:
            raise IOError(errno.ETIMEDOUT, "nothing came")
        if status != SUCCESS:
            raise IOError(errno.EIO, "status %d" % status)
        return bytearray(data)

    def close(self):
        self.socket.close()
