"""holdfastctl upgrade: new callers go to people, running calls have their time, and only the restart itself keeps anybody waiting."""
import asyncio
import json
import os
import signal
import socket
import stat
import subprocess
import sys

import pytest

from harness import CTL, DAEMON, PERSON, TOKEN, TOKEN_NEXT, ctl, new_sid, parameters_of, scenario, within

# What systemctl does for the test: asks the old daemon to stop, waits for its end, starts a new one on the same ports.
RESTART = """#!/usr/bin/python3
import os, select, signal, subprocess, time
old = int(open("{tmp}/pid").read())
end = os.pidfd_open(old)
began = time.monotonic()
os.kill(old, signal.SIGTERM)
assert select.select([end], [], [], 60)[0], "the old daemon does not end"
open("{tmp}/stopped_s", "w").write(str(time.monotonic() - began))
with open("{tmp}/second.log", "w") as log:
    new = subprocess.Popen(["{daemon}", "--config", "{tmp}/holdfast.yaml"], stdout=log, stderr=log, start_new_session=True)
open("{tmp}/pid", "w").write(str(new.pid))
"""


def free_ports(count):
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


async def box(world):
    """A daemon whose ports a second one can have after it, and its restart command."""
    provider = await world.provider()
    world.write_config(provider.url)
    config = world.tmp / "holdfast.yaml"
    text = config.read_text()
    for port in free_ports(2):
        text = text.replace("port: 0", f"port: {port}", 1)
    config.write_text(text)
    await world.start_daemon()
    (world.tmp / "pid").write_text(str(world.process.pid))
    restart = world.tmp / "restart"
    restart.write_text(RESTART.format(tmp=world.tmp, daemon=DAEMON))
    restart.chmod(restart.stat().st_mode | stat.S_IXUSR)

    async def end_second():
        pid = int((world.tmp / "pid").read_text())
        if pid != world.process.pid:
            end = os.pidfd_open(pid)
            os.kill(pid, signal.SIGTERM)
            os.kill(pid, signal.SIGTERM)
            done = asyncio.get_running_loop().create_future()
            asyncio.get_running_loop().add_reader(end, lambda: done.done() or done.set_result(None))
            await within(done, "the second daemon to end")
            asyncio.get_running_loop().remove_reader(end)
            os.close(end)
    world.closing.append(end_second)
    return provider


class Upgrade:
    """The command as a process, and the lines it prints."""

    async def start(self, world, *arguments):
        self.lines = []
        environment = {**os.environ, "TWILIO_AUTH_TOKEN": TOKEN, "TWILIO_AUTH_TOKEN_NEXT": TOKEN_NEXT, **world.env}
        self.process = await asyncio.create_subprocess_exec(
            str(CTL), "--admin", f"http://127.0.0.1:{world.admin_port}", "--json", "upgrade", "--daemon", str(DAEMON),
            "--config", str(world.tmp / "holdfast.yaml"), "--etc", str(world.tmp / "etc"),
            "--restart-command", str(world.tmp / "restart"), *arguments, env=environment,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        return self

    async def step(self, name, **members):
        """The next event of that kind with these members."""
        async def read():
            while line := await self.process.stdout.readline():
                event = json.loads(line)
                self.lines.append(event)
                if event["step"] == name and all(event.get(k) == v for k, v in members.items()):
                    return event
            raise AssertionError(f"no {name} {members}: {self.lines} {await self.process.stderr.read()}")
        return await within(read(), f"{name} {members}")

    async def ended(self):
        out, err = await within(self.process.communicate(), "holdfastctl upgrade")
        self.lines += [json.loads(line) for line in out.splitlines()]
        return self.process.returncode, err.decode()


async def over(world, sid):
    await world.post("/api/webhooks/status", [("AccountSid", "AC" + "0" * 32), ("CallSid", sid), ("CallStatus", "completed")])


async def answer_of(world):
    sid = new_sid("CA")
    status, _, body = await world.voice(sid)
    assert status == 200, (status, body)
    await over(world, sid)
    return "stream" if b"<Stream" in body else "person" if PERSON.encode() in body else body


@scenario
async def test_A08_a_call_has_its_time_and_what_was_announced_before_is_still_accepted(world):
    provider = await box(world)
    stream, _ = await world.talking(provider)
    announced, parameters = await world.admitted()
    upgrade = await Upgrade().start(world, "--limit", "600")
    assert (await upgrade.step("versions"))["running"] == upgrade.lines[0]["installed"]
    await upgrade.step("drain", calls=2, over=False)
    assert await answer_of(world) == "person"
    late = await world.open_stream(announced)
    await late.connected()
    await late.start(parameters)
    await world.logged(f"stream started call={announced}")
    late.keep_flowing()
    status, document = await world.admin("/api/v1/status")
    assert document["draining"] and document["drain"]["left_ms"] > 500_000, document["drain"]
    assert (await world.admin("/readyz"))[1]["parts"]["draining"]["state"] == "down"
    for each in (stream, late):
        await each.stop()
        await each.hang_up()
        await over(world, each.sid)
    ready = await upgrade.step("ready")
    assert ready["gap_ms"] < 5000, ready
    code, _ = await upgrade.ended()
    assert code == 0
    assert await answer_of(world) == "stream"


@scenario
async def test_at_the_limit_calls_go_to_people_at_once(world):
    provider = await box(world)
    stream, _ = await world.talking(provider)
    upgrade = await Upgrade().start(world, "--limit", "0")
    await upgrade.step("drain", calls=1, over=True)
    await stream.closed()
    assert (await upgrade.step("ready"))["step"] == "ready"
    assert (await upgrade.ended())[0] == 0
    # Not the half minute that a stop gives without a drain before it.
    assert float((world.tmp / "stopped_s").read_text()) < 10


@scenario
async def test_control_c_takes_the_drain_back(world):
    provider = await box(world)
    await world.talking(provider)
    upgrade = await Upgrade().start(world)
    await upgrade.step("drain", calls=1, over=False)
    assert await answer_of(world) == "person"
    upgrade.process.send_signal(signal.SIGINT)
    code, err = await upgrade.ended()
    assert code == 1 and "taken back" in err, err
    assert await answer_of(world) == "stream"
    assert not (world.tmp / "stopped_s").exists()


@scenario
async def test_only_drain_stops_there_and_a_restart_that_fails_takes_it_back(world):
    await box(world)
    upgrade = await Upgrade().start(world, "--only-drain")
    await upgrade.step("drain", calls=0, over=True)
    assert (await upgrade.ended())[0] == 0
    assert await answer_of(world) == "person"
    (world.tmp / "restart").write_text("#!/bin/false\n")
    upgrade = await Upgrade().start(world)
    code, err = await upgrade.ended()
    assert code == 1 and "the restart failed" in err and "taken back" in err, err
    assert await answer_of(world) == "stream"


@scenario
async def test_a_configuration_that_the_new_version_refuses_changes_nothing(world):
    await box(world)
    config = world.tmp / "holdfast.yaml"
    good = config.read_text()
    config.write_text(good + "\nno_such_key: 1\n")
    upgrade = await Upgrade().start(world)
    code, err = await upgrade.ended()
    assert code == 1 and "no_such_key" in err and "nothing was changed" in err, err
    assert await answer_of(world) == "stream"
    config.write_text(good)
    world.tmp.joinpath("restart").unlink()
    code, out = await ctl(world, "upgrade", "--daemon", "/nonexistent/holdfastd")
    assert code == 1 and "/nonexistent/holdfastd" in out, out


@scenario
async def test_secrets_of_the_credstore_are_judged_as_the_service_would_find_them(world):
    await box(world)
    store = world.tmp / "etc" / "credstore"
    store.mkdir(parents=True)
    (store / "holdfast.twilio_auth_token").write_text("two words\n")
    upgrade = await Upgrade().start(world)
    code, err = await upgrade.ended()
    assert code == 1 and "white space" in err and "two words" not in err, err
    (store / "holdfast.twilio_auth_token").write_text(TOKEN + "\n")
    upgrade = await Upgrade().start(world, "--only-drain")
    await upgrade.step("configuration", good=True)
    assert (await upgrade.ended())[0] == 0


@scenario
async def test_without_a_daemon_it_says_how_to_start_one(world):
    port, = free_ports(1)
    world.admin_port = port
    code, out = await ctl(world, "upgrade")
    assert code == 2 and "systemctl start holdfast" in out, out


if __name__ == "__main__":
    sys.exit(pytest.main([__file__]))
