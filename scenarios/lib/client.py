"""A client of the victim's servers, over the kernel's own TCP and UDP."""
import os
import socket
import struct

VICTIM = os.environ["VICTIM"]


def connect(port, host=VICTIM):
    return socket.create_connection((host, port), timeout=5)


def talk(port, *says, host=VICTIM):
    """Says one thing after the other and waits for an answer to each; gives the last."""
    answer = b""
    with connect(port, host) as stream:
        for word in says:
            if word:
                stream.sendall(word)
            answer = stream.recv(65536)
            if not answer:
                break
    return answer


def http(request, port=80):
    """A request for a path, or a whole one."""
    if isinstance(request, str):
        request = f"GET {request} HTTP/1.1\r\nHost: victim.example\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64)\r\nConnection: close\r\n\r\n".encode()
    return talk(port, request)


def ask(port, datagram, host=VICTIM, source=0):
    """A datagram, and the answer if one comes within half a second."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.settimeout(0.5)
        sender.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if source:
            sender.bind(("", source))
        sender.sendto(datagram, (host, port))
        try:
            return sender.recv(65536)
        except OSError:
            return b""


def question(name, kind=1, number=1):
    """A DNS question (RFC 1035 §4.1)."""
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name.split("."))
    return struct.pack("!HHHHHH", number, 0x0100, 1, 0, 0, 0) + labels + struct.pack("!BHH", 0, kind, 1)
