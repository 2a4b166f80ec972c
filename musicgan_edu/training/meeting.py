"""Workers meet before TensorFlow does: each reaches each other one, within a bound, or says who is missing.

Comes in: the addresses. Goes out: nothing, or a TrainingError with names. TensorFlow's own waiting can't
be bounded for the first worker, nor ended by SIGTERM; this one can.

Conventions
-----------
Each worker listens at its own address and connects to all others, since TensorFlow will speak in both
directions too. Who connects says hello in a line of JSON: from whom, to whom, the list of addresses.
Who has reached all and was reached by all sends READY to all; who has heard READY from all is done.
So none goes on while another has not met everybody, and a worker started again meanwhile is met anew.
"""

from __future__ import annotations

import contextlib
import json
import select
import socket
import time
from collections.abc import Sequence

from musicgan_edu.score import TrainingError

__all__ = ["meet"]

READY, LOOK_SECONDS, KNOCK_SECONDS, MOST_BYTES = b"!", 0.1, 1.0, 65_536


def meet(addresses: Sequence[str], *, index: int, wait: float) -> None:
    """Return once all workers have met; the ports are free again then.

    Parameters
    ----------
    addresses : "host:port" of every worker, in the same order everywhere.
    index : which of them this process is.
    wait : seconds from now.

    Raises
    ------
    TrainingError
        Naming who was missing after `wait` seconds, or who was started with something else.
    """
    if not wait > 0:
        raise TrainingError(f"training: workers wait for some seconds, not {wait}")
    until = time.monotonic() + wait
    with contextlib.ExitStack() as stack:
        door = stack.enter_context(_listen(addresses[index], index))
        peers = {i: Peer(address) for i, address in enumerate(addresses) if i != index}
        for peer in peers.values():
            stack.callback(peer.lose)
        while not all(peer.ready for peer in peers.values()):
            if time.monotonic() > until:
                raise TrainingError(_missing(peers, addresses[index], index, wait))
            _hear(door, peers, index, list(addresses))
            _knock(peers, index, list(addresses), until)


class Peer:
    """Another worker, as seen from this one: the connection to it, the one from it, and how far both are."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.host, self.port = _parts(address)
        self.reason = "no answer yet"
        self.to: socket.socket | None = None
        self.back: socket.socket | None = None
        self.ready = self.told = self.seen = False

    @property
    def met(self) -> bool:
        return self.to is not None and self.back is not None

    def lose(self) -> None:
        """It has gone: both connections are worth nothing."""
        for connection in (self.to, self.back):
            if connection is not None:
                connection.close()
        self.to = self.back = None
        self.ready = self.told = False

    def listen(self) -> None:
        """READY, or the end of a connection.

        Once it has come to us, only what it says on that connection counts: READY is on its way there when
        it closes the other. One that is ready may close both.
        """
        connection = self.back or self.to
        if connection is None or self.ready or not select.select([connection], [], [], 0)[0]:
            return
        try:
            self.ready = connection.recv(64) == READY
        except OSError:
            self.ready = False
        if not self.ready:
            self.lose()


def _parts(address: str) -> tuple[str, int]:
    host, _, port = address.rpartition(":")
    if not host or not (port.isascii() and port.isdigit()) or not 0 < int(port) < 65_536:
        raise TrainingError(f"training: {address!r} is no address of a worker: host:port is one")
    return host.strip("[]"), int(port)


def _listen(address: str, index: int) -> socket.socket:
    """A door at the port, on every interface, as TensorFlow's will be."""
    port = _parts(address)[1]
    both = socket.has_dualstack_ipv6()
    family = socket.AF_INET6 if both else socket.AF_INET
    try:
        return socket.create_server(("", port), family=family, dualstack_ipv6=both)
    except OSError as error:
        reason = error.strerror or error
        raise TrainingError(f"training: worker {index} can't listen at {address}: {reason}") from error


def _hear(door: socket.socket, peers: dict[int, Peer], index: int, addresses: list[str]) -> None:
    """Let in who knocks, and listen to who is in."""
    if select.select([door], [], [], LOOK_SECONDS)[0]:
        guest, _ = door.accept()
        hello = _hello(guest)
        number = hello.get("from")
        if number == index:
            guest.close()
            raise TrainingError(f"training: two workers were started as number {index} of {len(addresses)}")
        if number not in peers:  # a stranger: another program, or somebody who looks for open ports
            return guest.close()
        if hello.get("addresses") != addresses or hello.get("to") != index:
            guest.close()
            raise TrainingError(
                f"training: worker {number} was started with other addresses than worker {index}: "
                f"it looks for worker {hello.get('to')} here, of {hello.get('addresses')!s:.300}"
            )
        if peers[number].back is not None:  # it was started again
            peers[number].lose()
        peers[number].back, peers[number].seen = guest, True
    for peer in peers.values():
        peer.listen()
    return None


def _hello(guest: socket.socket) -> dict[str, object]:
    """What a guest says of itself, or {}. Not a byte more is taken: READY may come behind it."""
    line, until = b"", time.monotonic() + KNOCK_SECONDS
    guest.settimeout(KNOCK_SECONDS)
    try:
        while not line.endswith(b"\n") and len(line) < MOST_BYTES and time.monotonic() < until:
            byte = guest.recv(1)
            if not byte:
                return {}
            line += byte
        hello = json.loads(line)
    except (OSError, ValueError, RecursionError):
        return {}
    return hello if isinstance(hello, dict) and isinstance(hello.get("from"), int) else {}


def _knock(peers: dict[int, Peer], index: int, addresses: list[str], until: float) -> None:
    """Connect to who isn't reached yet; tell all once all are met."""
    for number, peer in peers.items():
        if peer.to is None and time.monotonic() < until:
            hello = {"from": index, "to": number, "addresses": addresses}
            try:
                peer.to = socket.create_connection((peer.host, peer.port), timeout=KNOCK_SECONDS)
                peer.to.sendall(json.dumps(hello).encode() + b"\n")
            except OSError as error:
                peer.reason = str(error.strerror or error)
    if all(peer.met or peer.ready for peer in peers.values()):
        for peer in peers.values():
            if not peer.told and peer.to is not None:
                with contextlib.suppress(OSError):  # it has gone: the next look finds out
                    peer.to.sendall(READY)
                peer.told = True


def _missing(peers: dict[int, Peer], here: str, index: int, wait: float) -> str:
    """Who isn't there and what is known of it; first who never came."""
    found = []
    for number, peer in sorted(peers.items(), key=lambda item: item[1].seen):
        if peer.seen and not peer.met:
            found.append(f"worker {number} was here and went away")
        elif peer.to is None:
            found.append(f"worker {number} can't be reached at {peer.address} ({peer.reason})")
        elif peer.back is None:
            found.append(
                f"something answers at {peer.address}, but worker {number} hasn't reached {here} from there"
            )
    others = [str(number) for number, peer in peers.items() if peer.met and not peer.ready]
    if others and not found:
        found = [f"worker {', '.join(others)} is here, and hasn't met all the others"]
    return (
        f"training: worker {index} has waited {wait:g} s: {'; '.join(found)}. Start every worker with the same "
        "list of addresses and a number of its own; their ports must be open to each other"
    )
