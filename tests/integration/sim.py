"""The real holdfast-sim for tests: its services as processes, its callers, and tables of rows that run many at a time."""
import asyncio
import json
import os
import pathlib
import shutil
import signal
import tempfile

from harness import API_KEY, BUILD, DEADLINE_S, TOKEN, World, new_sid, within

SIM = BUILD / "tools" / "holdfast-sim" / "holdfast-sim"
AT_ONCE = int(os.environ.get("HOLDFAST_SIM_AT_ONCE", "12"))  # daemons, on two cores


class Service:
    """A running `holdfast-sim COMMAND` with a control port, and what it says."""

    command = ""

    def __init__(self, world, name=None):
        self.world, self.name, self.events, self.changed = world, name or self.command, [], asyncio.Event()
        self.process = None

    async def start(self, *arguments):
        self.report_file = self.world.tmp / f"{self.name}-report.json"
        self.process = await asyncio.create_subprocess_exec(
            str(SIM), self.command, "--port", "0", "--control", "0", *[str(a) for a in arguments],
            stdout=asyncio.subprocess.PIPE, limit=1 << 22)
        self.port = int((await within(self.process.stdout.readline(), f"the {self.name}'s port")).split()[-1])
        self.control = int((await within(self.process.stdout.readline(), f"the {self.name}'s control port")).split()[-1])
        self.world.tasks.append(asyncio.ensure_future(self._read()))
        return self

    async def _read(self):
        async for line in self.process.stdout:
            if line.startswith(b"{"):
                self.events.append(json.loads(line))
                self.changed.set()

    def count(self, event):
        return sum(e["event"] == event for e in self.events)

    async def until(self, condition, what):
        async def wait():
            while not condition():
                self.changed.clear()
                await self.changed.wait()
        await within(wait(), what)

    async def said(self, event):
        await self.until(lambda: self.count(event) > 0, f"'{event}' from the {self.name}")

    async def stop(self):
        """Ends it; its report, if it was to write one."""
        if self.process is not None and self.process.returncode is None:
            self.process.send_signal(signal.SIGTERM)
            await within(self.process.wait(), f"the {self.name} to end")
        return json.loads(self.report_file.read_text()) if self.report_file.exists() else None


class Provider(Service):
    command = "provider"

    async def start(self, faults=(), options=()):
        script = self.world.tmp / f"{self.name}.json"
        turn = {"hear": "Fire.", "answers": ["Where are you now?", "Tell me."], "delay_ms": 100, "transcript_delay_ms": 50}
        script.write_text(json.dumps({"turns": [turn], "otherwise": turn, "unasked": "Please go on."}))
        return await super().start("--json", "--key", API_KEY, "--script", script, "--report",
                                   self.world.tmp / f"{self.name}-report.json",
                                   *[word for fault in faults for word in ("--fault", fault)], *options)

    async def all_closed(self):
        """No session is left open: every connection was closed or refused."""
        await self.until(lambda: self.count("connection") == self.count("closed") + self.count("refused"),
                         "every provider session to be closed")


class Speech(Service):
    command = "speech"

    async def start(self, heard, faults=()):
        """`heard`: what its ears hear, a turn each."""
        script = self.world.tmp / f"{self.name}.json"
        script.write_text(json.dumps({"turns": heard, "otherwise": "Yes."}))
        return await super().start("--json", "--key", API_KEY, "--script", script, "--report",
                                   self.world.tmp / f"{self.name}-report.json",
                                   *[word for fault in faults for word in ("--fault", fault)])


class Relay(Service):
    """A bad line to a port of this machine."""

    command = "relay"

    async def start(self, to):
        return await super().start("--to", f"127.0.0.1:{to}")

    async def tell(self, *commands):
        for text in commands:
            reader, writer = await within(asyncio.open_connection("127.0.0.1", self.control), "the relay's control port")
            writer.write(text.encode() + b"\n")
            assert await within(reader.readline(), f"the relay's answer to '{text}'") == b"ok\n"
            writer.close()


async def place_call(world, *options, say=("--say", "Fire."), sid=None, port=None):
    """One `holdfast-sim call`; its exit code and report. `port`: of a line to the daemon."""
    sid = sid or new_sid("CA")
    report = world.tmp / f"{sid}.json"
    ca = ("--ca-file", str(world.certificates()[2])) if world.tls else ()
    line = ("--connect-to", f"127.0.0.1:{port}{'' if world.tls else ',plain'}") if port else ()
    process = await asyncio.create_subprocess_exec(
        str(SIM), "call", "--url", world.base + "/api/webhooks/voice", "--call-sid", sid, "--report", str(report), "--quiet",
        "--max-seconds", str(int(DEADLINE_S)), *ca, *line, *say, *options, env={**os.environ, "TWILIO_AUTH_TOKEN": TOKEN})
    try:
        code = await asyncio.wait_for(process.wait(), DEADLINE_S + 20)
    except asyncio.TimeoutError:
        raise AssertionError("the caller did not come to an end") from None
    finally:
        if process.returncode is None:
            process.kill()
    assert code in (0, 1), f"holdfast-sim call: exit {code}"
    return code, json.loads(report.read_text())


def sockets_of(process):
    links = []
    for entry in pathlib.Path(f"/proc/{process.pid}/fd").iterdir():
        try:
            links.append(os.readlink(entry))
        except FileNotFoundError:
            pass  # closed while we looked
    return sum(link.startswith("socket:") for link in links)


async def nothing_is_left(world, before):
    """No call, and no socket more than before the calls (I6)."""
    async def wait():
        while await world.metric("holdfast_calls_active") != 0 or sockets_of(world.process) > before:
            await asyncio.sleep(0.1)  # the kernel tells nobody; bounded by the one deadline
    await within(wait(), "every socket of the calls to be closed")


def run_rows(rows, check, name, at_once=AT_ONCE):
    """`check(world, row)` for every row, each with a daemon of its own, many at a time. All are run, all failures told.
    HOLDFAST_ROWS: only those whose name begins so."""
    rows = [row for row in rows if name(row).startswith(os.environ.get("HOLDFAST_ROWS", ""))]

    async def one(row, slots):
        async with slots:
            world = World(tempfile.mkdtemp(prefix="holdfast-row-"))
            world.services = []
            try:
                await check(world, row)
                return None
            except Exception as error:
                return f"{name(row)}: {error!r}\n    " + "\n    ".join(world.log[-25:])
            finally:
                for service in reversed(world.services):
                    await service.stop()
                await world.clean_up()
                shutil.rmtree(world.tmp, ignore_errors=True)

    async def run():
        slots = asyncio.Semaphore(at_once)
        failures = [f for f in await asyncio.gather(*(one(row, slots) for row in rows)) if f]
        assert not failures, f"{len(failures)} of {len(rows)} rows:\n" + "\n".join(failures)
    asyncio.run(run())
