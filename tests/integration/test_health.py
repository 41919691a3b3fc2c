"""What the daemon says of itself and its box: to systemd (a socket of our own), in /readyz, and with its last breath."""
import asyncio
import contextlib
import os
import pathlib
import re
import signal
import socket
import sqlite3

from harness import make_certificates, new_sid, parameters_of, scenario, within


class Notified:
    """A systemd that listens: every datagram, in order."""

    def __init__(self, world):
        self.path = str(world.tmp / "notify")
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(self.path)
        self.socket.setblocking(False)
        self.heard = []
        self.changed = asyncio.Event()
        world.env["NOTIFY_SOCKET"] = self.path
        world.tasks.append(asyncio.ensure_future(self._listen()))

    async def _listen(self):
        loop = asyncio.get_running_loop()
        while True:
            self.heard.append((await loop.sock_recv(self.socket, 65536)).decode())
            self.changed.set()

    async def said(self, pattern, since=0):
        """The place of the first datagram that matches."""
        expression = re.compile(pattern, re.MULTILINE)

        async def wait():
            while True:
                for place, text in enumerate(self.heard[since:], since):
                    if expression.search(text):
                        return place
                self.changed.clear()
                await self.changed.wait()
        return await within(wait(), f"'{pattern}' among {self.heard}")


async def part(world, name):
    _, page = await world.admin("/readyz")
    return page["parts"][name]["state"], page["parts"][name]["detail"]


@scenario
async def test_status_follows_calls_and_a_drain_and_the_first_one_comes_with_ready(world):
    provider = await world.provider()
    world.write_config(provider.url)
    systemd = Notified(world)
    await world.start_daemon()
    ready = await systemd.said("^READY=1$")
    assert re.search(r"^STATUS=(degraded: [^;]+; )?0 calls, openai, store good$", systemd.heard[ready], re.MULTILINE), systemd.heard
    stream, _ = await world.talking(provider)
    one = await systemd.said(r"^STATUS=.*\b1 call, openai, store good$", ready)
    await stream.stop()
    await world.ended(stream.sid)
    await systemd.said(r"^STATUS=.*\b0 calls, openai, store good$", one)
    keep, _ = await world.talking(provider)
    world.process.send_signal(signal.SIGTERM)
    stopping = await systemd.said("^STOPPING=1$", one)
    await systemd.said("^STATUS=draining; ", stopping)
    await systemd.said("^EXTEND_TIMEOUT_USEC=", stopping)
    await keep.hang_up()


@scenario
async def test_systemd_is_asked_for_patience_while_the_journal_cannot_be_opened_and_callers_are_served_all_the_same(world):
    provider = await world.provider()
    world.write_config(provider.url)
    await world.start_daemon()
    await world.stop_daemon()
    # Somebody else has the journal.
    with contextlib.closing(sqlite3.connect(world.tmp / "store" / "holdfast.db", isolation_level=None)) as other:
        other.execute("PRAGMA locking_mode=EXCLUSIVE")
        other.execute("BEGIN EXCLUSIVE")
        systemd = Notified(world)
        await world.start_daemon()
        ready = await systemd.said("^READY=1$")
        assert "EXTEND_TIMEOUT_USEC" in "".join(systemd.heard[:ready]), systemd.heard
        assert re.search(r"STATUS=.*degraded: .*\bstore ", systemd.heard[ready]), systemd.heard
        status, _, body = await world.voice(new_sid("CA"))
        assert status == 200 and parameters_of(body)


@scenario
async def test_P16_clock_and_disk_are_parts_of_readyz_and_of_the_status(world):
    world.write_config((await world.provider()).url)
    await world.start_daemon()
    assert (await part(world, "clock"))[1] in ("good", "unknown", "unsynchronised")
    assert (await part(world, "safe_mode")) == ("ok", "off")
    _, status = await world.admin("/api/v1/status")
    assert set(status["box"]) == {"clock", "disk", "disk_life_used", "safe_mode"} and status["box"]["safe_mode"] is False
    assert await world.metric("holdfast_safe_mode") == 0


@scenario
async def test_a_certificate_that_expires_soon_is_said_in_the_log_and_to_systemd(world):
    world.write_config((await world.provider()).url, tls=True)
    make_certificates(world.tmp, days="5")
    systemd = Notified(world)
    await world.start_daemon()
    await world.logged("certificate expires soon listener=public days_left=[45]")
    await world.logged("a part is degraded part=certificate from=ok to=degraded detail=expires_soon")
    await systemd.said("^STATUS=degraded: .*certificate expires_soon")


@scenario
async def test_P02_a_fault_leaves_one_line_and_nobody_may_read_the_memory(world):
    world.write_config((await world.provider()).url)
    for sanitizer in ("ASAN", "TSAN", "UBSAN"):  # theirs would be the line otherwise
        options = f"{sanitizer}_OPTIONS"
        world.env[options] = os.environ.get(options, "") + ":handle_sigfpe=0"
    await world.start_daemon()
    owner = pathlib.Path(f"/proc/{world.process.pid}/mem").stat().st_uid
    assert owner == 0, "the kernel takes the files of a process without cores away from its user"
    world.may_crash = True
    os.kill(world.process.pid, signal.SIGFPE)
    await world.logged(r"^<2>the daemon dies of SIGFPE version=\S+ thread=\S+ build=\S+$")
    assert await world.stop_daemon() == -signal.SIGFPE


@scenario
async def test_P02_after_five_crashes_calls_are_canned_and_a_restart_is_as_ever(world):
    provider = await world.provider()
    world.write_config(provider.url)
    for round_ in range(5):
        await world.start_daemon(crash_loop=True)
        assert await part(world, "safe_mode") == ("ok", "off"), round_
        world.process.kill()
        await world.process.wait()
    systemd = Notified(world)
    mark = len(world.log)
    await world.start_daemon(crash_loop=True)
    await world.logged("safe mode after repeated crashes", mark)
    await systemd.said("^STATUS=degraded: .*safe_mode on; 0 calls, canned, store good$")
    assert await part(world, "safe_mode") == ("degraded", "on")
    assert await world.metric("holdfast_safe_mode") == 1
    sessions = len(provider.all)
    stream = await world.call()
    await stream.wait_for(lambda: stream.heard, "a recorded prompt")
    assert (await world.journal(stream.sid))["call"]["rung"] == "canned"
    # A reload does not lead out of it.
    reloaded = len(world.log)
    world.process.send_signal(signal.SIGHUP)
    await world.logged("configuration reloaded", reloaded)
    second = await world.call()
    assert (await world.journal(second.sid))["call"]["rung"] == "canned"
    assert len(provider.all) == sessions
    for each in (stream, second):
        await each.stop()
        await each.hang_up()
    assert await world.stop_daemon() == 0
    await world.start_daemon(crash_loop=True)
    assert await part(world, "safe_mode") == ("ok", "off")
    again, _ = await world.talking(provider)
    await again.hang_up()
