"""Reloads while callers talk: good files, bad ones, new certificates. Real times: with the machine to itself."""
import asyncio
import os
import signal
import time

from harness import make_certificates, scenario, within
from test_drain import CALLS, FRAMES_A_SECOND, LATER_MOST_MS, Load, during, echo, reaches, resident_kib

RELOADS = int(os.environ.get("HOLDFAST_RELOADS", "10"))
GROWTH_MOST_KIB = 8_192   # what one reload holds at its peak, not what a hundred leave behind


def descriptors(process):
    return len(os.listdir(f"/proc/{process.pid}/fd"))


async def reload(world):
    """What the daemon says of the reload that was just asked for."""
    before = (await world.admin("/api/v1/status"))[1]["reload"]["utc_ms"]
    world.process.send_signal(signal.SIGHUP)

    async def over():
        while True:
            said = (await world.admin("/api/v1/status"))[1]["reload"]
            if said["utc_ms"] != before:
                return said
            await asyncio.sleep(0.02)  # the status tells nobody; the deadline is within()'s
    return await within(over(), "the reload to be over")


@scenario
async def test_A06_reloads_under_load_drop_no_call(world):
    world.write_config(await echo(world))
    site = world.tmp / "conf.d" / "50-site.yaml"
    site.parent.mkdir()
    site.write_text("person: {timeout_s: 30}\n")
    await world.start_daemon()
    load = await Load(world).start()
    frames = CALLS * FRAMES_A_SECOND
    await reaches(world, "holdfast_media_frames_in_total", 2 * frames)
    quiet = await during(world, 2 * frames)
    kib, files = resident_kib(world.process), descriptors(world.process)
    began = time.monotonic()
    results = []
    for i in range(RELOADS):
        bad = i % 3 == 2
        site.write_text("person: {timeout_s: soon}\n" if bad else f"person: {{timeout_s: {31 + i % 20}}}\nstore: {{retention_days: {400 + i}}}\n")
        results.append(((await reload(world))["result"], "rejected" if bad else "ok"))
    await during(world, frames)  # also the calls that stream after the last of them
    ended = time.monotonic()
    grown, more = resident_kib(world.process) - kib, descriptors(world.process) - files
    assert (await world.admin("/api/v1/status"))[1]["calls"]["active"] == CALLS
    await load.end()  # nothing failed, nothing was lost
    assert [said for said, _ in results] == [expected for _, expected in results]
    before_ms, during_ms = load.p99_ms(quiet), load.p99_ms((began, ended))
    print(f"{RELOADS} reloads under {CALLS} calls: p99 {before_ms:.2f} -> {during_ms:.2f} ms, {grown:+} KiB, {more:+} descriptors")
    assert during_ms < before_ms + LATER_MOST_MS
    assert grown < GROWTH_MOST_KIB and more <= 2, "what is measured with is not counted"


@scenario
async def test_what_a_reload_cannot_change_is_named_and_the_rest_is_in_force(world):
    provider = await world.provider()
    world.write_config(provider.url)
    await world.start_daemon()
    assert (await world.admin("/api/v1/status"))[1]["reload"]["result"] == "never"
    path = world.tmp / "conf.d" / "50-site.yaml"
    path.parent.mkdir()
    path.write_text("site: {id: other}\nmedia: {max_calls: 7}\n")
    said = await reload(world)
    assert (said["result"], said["needs_restart"]) == ("ok", ["site.id"])
    status = (await world.admin("/api/v1/status"))[1]
    assert status["site_id"] == "test"
    ready = (await world.admin("/readyz"))[1]
    assert ready["ready"] and ready["parts"]["configuration"] == {"state": "degraded", "detail": "restart_needed"}
    async def in_force():
        while (await world.admin("/api/v1/status"))[1]["calls"]["max"] != 7:
            await asyncio.sleep(0.02)  # a snapshot, twice a second
    await within(in_force(), "the new number of calls")
    path.unlink()
    assert (await reload(world))["needs_restart"] == []
    assert (await world.admin("/readyz"))[1]["parts"]["configuration"]["state"] == "ok"


@scenario
async def test_a_certificate_that_is_no_good_refuses_the_whole_reload(world):
    provider = await world.provider()
    world.write_config(provider.url, tls=True)
    await world.start_daemon()
    certificate, key, _ = world.certificates()
    good = key.read_bytes()
    other = world.tmp / "other"
    other.mkdir()
    make_certificates(other)
    key.write_bytes((other / "server.key").read_bytes())
    path = world.tmp / "conf.d" / "50-site.yaml"
    path.parent.mkdir()
    path.write_text("media: {max_calls: 7}\n")
    said = await reload(world)
    assert said["result"] == "rejected" and said["problem"]
    assert (await world.admin("/api/v1/status"))[1]["calls"]["max"] != 7
    key.write_bytes(good)
    assert (await reload(world))["result"] == "ok"
