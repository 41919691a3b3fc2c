"""Does a backlog on its way to the agency's MongoDB disturb callers? Real times: with the machine to itself."""
import asyncio
import json
import os
import shutil
import statistics
import sys
import time

import pytest

from harness import TOKEN, scenario, within
from sim import SIM
from test_sync import ROWS, backlog, mongo, mongodb_config, on_proxied_servers, proxied

CALLS = 20
ROUNDS = int(os.environ.get("HOLDFAST_DRAIN_ROUNDS", "3"))
FRAMES_A_SECOND = 50
QUIET_S = 2               # before a drain, and after it
SECONDS_MOST = 300        # of anything
LATER_MOST_MS = 20        # I10
ROWS_A_SECOND_LEAST = 2000
GROWTH_MOST_KIB = 16_384  # a batch in its forms and SQLite's cache, whatever the backlog


async def echo(world):
    process = await asyncio.create_subprocess_exec(
        str(SIM), "provider", "--echo", "--quiet", "--port", "0", stdout=asyncio.subprocess.PIPE)

    async def end():
        process.terminate()
        await within(process.wait(), "the provider to end")
    world.closing.append(end)
    port = int((await within(process.stdout.readline(), "the provider's port")).split()[-1])
    return f"ws://127.0.0.1:{port}/v1/realtime"


class Load:
    """Calls that stream numbered frames until they are ended, and how late each frame came back."""

    def __init__(self, world):
        self.world, self.report, self.times = world, world.tmp / "load.json", world.tmp / "load.csv"

    async def start(self):
        self.process = await asyncio.create_subprocess_exec(
            str(SIM), "load", "--quiet", "--calls", str(CALLS), "--rate", str(CALLS), "--seconds", str(SECONDS_MOST),
            "--url", self.world.base + "/api/webhooks/voice", "--report", str(self.report), "--times", str(self.times),
            env={**os.environ, "TWILIO_AUTH_TOKEN": TOKEN})
        return self

    async def end(self):
        self.process.terminate()
        await within(self.process.wait(), "the calls to end")
        report = json.loads(self.report.read_text())
        assert report["failed"] == 0 and report["lost"] <= 5 * CALLS, report  # those on their way when it ended
        self.trips = [[int(number) for number in line.split(",")] for line in self.times.read_text().splitlines()]

    def p99_ms(self, *windows):
        """Of the frames that were sent in these spans of the monotonic clock."""
        trips = sorted(trip for sent, trip in self.trips if any(began <= sent / 1e6 < ended for began, ended in windows))
        assert len(trips) >= 200, f"{len(trips)} frames say nothing"
        return trips[len(trips) * 99 // 100] / 1000


def resident_kib(process):
    with open(f"/proc/{process.pid}/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS:"))


async def reaches(world, metric, least, seen=lambda: None):
    """When that counter is there, on the monotonic clock."""
    async def wait():
        while await world.metric(metric) < least:
            seen()
            await asyncio.sleep(0.02)  # a counter tells nobody; the deadline is wait_for's
        return time.monotonic()
    return await asyncio.wait_for(wait(), SECONDS_MOST)


async def during(world, frames):
    """The time in which the callers' next frames come."""
    began, before = time.monotonic(), await world.metric("holdfast_media_frames_in_total")
    return began, await reaches(world, "holdfast_media_frames_in_total", before + frames)


async def one_round(world, place, proxy):
    """p99 without and with the drain, rows a second, KiB that the daemon grew. The proxy keeps the first batch back until it is
    time, so that the same calls are measured before, during and after it."""
    await proxy.tell("hold")
    place.database().client.drop_database(place.database_name)
    shutil.rmtree(world.tmp / "store", ignore_errors=True)
    shutil.copytree(world.tmp / "backlog", world.tmp / "store")
    await world.start_daemon()
    load = await Load(world).start()
    # Until all of them stream, and the box knows that its line is good: on a poor one nothing is sent.
    frames = CALLS * FRAMES_A_SECOND
    await reaches(world, "holdfast_media_frames_in_total", 2 * frames)
    for way in ("up", "down"):
        await reaches(world, f"holdfast_uplink_score_{way}", 0.95)
    quiet = await during(world, QUIET_S * frames)
    assert await world.metric("holdfast_sync_rows_total") == 0
    kib, began = [resident_kib(world.process)], time.monotonic()
    await proxy.tell("go")
    ended = await reaches(world, "holdfast_sync_rows_total", ROWS, lambda: kib.append(resident_kib(world.process)))
    again = await during(world, QUIET_S * frames)
    await load.end()
    await world.stop_daemon()
    return load.p99_ms(quiet, again), load.p99_ms((began, ended)), ROWS / (ended - began), max(kib) - kib[0]


@on_proxied_servers
@scenario
async def test_M17_I10_callers_do_not_notice_that_a_backlog_drains(world, server):
    place = await mongo(world, server)
    proxy = await proxied(world, place)
    await backlog(world.tmp / "backlog")
    world.env["MONGODB_URI"] = proxy.uri + "&socketTimeoutMS=30000"
    world.write_config(await echo(world), extra=mongodb_config(world))
    rounds, medians = [], None
    # Whatever else the machine does spoils single rounds: some more tell that from an effect, which is in each of them.
    while len(rounds) < ROUNDS or (medians[1] - medians[0] >= LATER_MOST_MS and len(rounds) < 3 * ROUNDS):
        rounds.append(await one_round(world, place, proxy))
        medians = [statistics.median(figures) for figures in zip(*rounds)]
        print("p99 {:.2f} ms, while draining {:.2f} ms; {:.0f} rows/s, {} KiB more".format(*rounds[-1]))
    quiet_ms, drain_ms, rate, growth_kib = medians
    print(f"{server}: {ROWS} rows, {CALLS} calls, medians of {len(rounds)}: p99 {quiet_ms:.2f} -> {drain_ms:.2f} ms, {rate:.0f} rows/s")
    assert drain_ms - quiet_ms < LATER_MOST_MS
    assert rate >= ROWS_A_SECOND_LEAST
    assert growth_kib < GROWTH_MOST_KIB


if __name__ == "__main__":
    sys.exit(pytest.main([__file__]))
