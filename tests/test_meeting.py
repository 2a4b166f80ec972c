"""Workers that look for each other: all meet, or each says who is missing, and nobody waits longer than told."""

import json
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from musicgan_edu.score import TrainingError
from musicgan_edu.training import meeting


def free_addresses(n):
    doors = [socket.create_server(("127.0.0.1", 0)) for _ in range(n)]
    addresses = [f"127.0.0.1:{door.getsockname()[1]}" for door in doors]
    for door in doors:
        door.close()
    return addresses


def together(*calls):
    """What came of each call of `meet`, all at once in threads: None, or what its error says."""

    def one(call):
        addresses, index, wait = call
        try:
            meeting.meet(addresses, index=index, wait=wait)
        except TrainingError as error:
            return str(error)
        return None

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(one, calls))


def hello(addresses, index, to, changes=None):
    """Say hello as worker `index` would, once `to` listens; the connection."""
    host, port = addresses[to].rsplit(":", 1)
    for _ in range(100):
        try:
            connection = socket.create_connection((host, int(port)))
            break
        except OSError:
            time.sleep(0.05)
    line = {"from": index, "to": to, "addresses": addresses} | (changes or {})
    connection.sendall(json.dumps(line).encode() + b"\n")
    return connection


def in_a_thread(work, *given):
    thread = threading.Thread(target=work, args=given, daemon=True)
    thread.start()
    return thread


@pytest.mark.parametrize("n", [1, 2, 5])
def test_all_who_come_meet_and_leave_the_ports_free(n):
    addresses = free_addresses(n)
    assert together(*((addresses, i, 20) for i in range(n))) == [None] * n
    for address in addresses:
        socket.create_server(("127.0.0.1", int(address.rsplit(":", 1)[1]))).close()


def test_one_who_comes_late_is_waited_for():
    addresses = free_addresses(3)
    with ThreadPoolExecutor(2) as pool:
        early = [pool.submit(meeting.meet, addresses, index=i, wait=20) for i in range(2)]
        time.sleep(1)
        assert not any(each.done() for each in early)
        meeting.meet(addresses, index=2, wait=20)
        assert [each.result() for each in early] == [None, None]


def test_who_is_missing_is_named_in_time():
    addresses = free_addresses(4)
    start = time.monotonic()
    said = together((addresses, 0, 1.5), (addresses, 2, 1.5))
    assert 1.5 <= time.monotonic() - start < 8
    for index, message in zip((0, 2), said, strict=True):
        assert f"worker {index} has waited 1.5 s: worker 1 can't be reached at {addresses[1]} (" in message
        assert f"worker 3 can't be reached at {addresses[3]} (" in message
        other = 2 - index
        assert f"worker {other} can't" not in message


def test_a_name_that_does_not_exist_is_named():
    here = free_addresses(1)[0]
    message = together(([here, "nowhere.invalid:5000"], 0, 0.5))[0]
    assert "worker 1 can't be reached at nowhere.invalid:5000 (" in message
    assert "no answer yet" not in message  # the resolver's own words


def test_one_who_answers_but_cannot_come_is_told_apart():
    here = free_addresses(1)[0]
    with socket.create_server(("127.0.0.1", 0)) as silent:  # a closed port on our side, or another program
        there = f"127.0.0.1:{silent.getsockname()[1]}"
        message = together(([here, there], 0, 1))[0]
    assert f"something answers at {there}, but worker 1 hasn't reached {here} from there" in message


def test_one_who_has_not_met_all_keeps_the_others_from_going_on():
    addresses = free_addresses(1)
    with socket.create_server(("127.0.0.1", 0)) as half:  # hears us and says hello, but is never ready
        addresses.append(f"127.0.0.1:{half.getsockname()[1]}")
        with ThreadPoolExecutor(1) as pool:
            waiting = pool.submit(meeting.meet, addresses, index=0, wait=2)
            with hello(addresses, 1, 0), pytest.raises(TrainingError) as caught:
                waiting.result()
    assert "worker 0 has waited 2 s: worker 1 is here, and hasn't met all the others" in str(caught.value)


def test_a_worker_started_again_meanwhile_is_met_anew():
    addresses = free_addresses(2)
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(meeting.meet, addresses, index=0, wait=20)
        first = hello(addresses, 1, 0)
        time.sleep(0.5)
        first.close()  # ended before it had met anybody
        time.sleep(0.5)
        assert not waiting.done()
        meeting.meet(addresses, index=1, wait=20)
        assert waiting.result() is None


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"addresses": ["a:1", "b:2"]}, "worker 1 was started with other addresses than worker 0"),
        ({"to": 1}, "it looks for worker 1 here"),
        ({"from": 0}, "two workers were started as number 0 of 2"),
    ],
)
def test_one_who_was_started_with_something_else_ends_it_at_once(changes, reason):
    addresses = free_addresses(2)
    in_a_thread(lambda: hello(addresses, 1, 0, changes))
    start = time.monotonic()
    with pytest.raises(TrainingError, match=reason):
        meeting.meet(addresses, index=0, wait=60)
    assert time.monotonic() - start < 20


@pytest.mark.parametrize("noise", [b"", b"GET / HTTP/1.1\r\n\r\n", b"[" * 5000 + b"\n", b'{"from": 7}\n'])
def test_strangers_at_the_door_change_nothing(noise):
    addresses = free_addresses(2)

    def stranger():
        with hello(addresses, 9, 0) as connection:
            connection.sendall(noise)
        port = int(addresses[0].rsplit(":", 1)[1])
        with socket.create_connection(("127.0.0.1", port)) as connection:
            connection.sendall(noise)

    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(meeting.meet, addresses, index=0, wait=20)
        stranger()
        meeting.meet(addresses, index=1, wait=20)
        assert waiting.result() is None


def test_what_cannot_be_an_address_or_a_wait_is_refused():
    with pytest.raises(TrainingError, match="'node1' is no address of a worker"):
        meeting.meet(["node1", "node2:5000"], index=0, wait=1)
    with pytest.raises(TrainingError, match="'node1:70000' is no address"):
        meeting.meet(["node1:70000", "node2:5000"], index=0, wait=1)
    with pytest.raises(TrainingError, match="wait for some seconds, not nan"):
        meeting.meet(free_addresses(2), index=0, wait=float("nan"))
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(TrainingError, match=f"worker 0 can't listen at {address}: "):
            meeting.meet([address], index=0, wait=1)
