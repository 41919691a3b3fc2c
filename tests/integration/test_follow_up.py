"""Twilio that does not go on with a caller: the box tells it to over the REST interface. The real holdfast-sim is
Twilio, its caller and its REST interface; a provider that refuses every key sends nobody anywhere by itself."""
import asyncio
import json
import os
import random
import signal
import socket

from harness import BUILD, DEADLINE_S, TOKEN, new_sid, scenario

SIM = BUILD / "tools" / "holdfast-sim" / "holdfast-sim"
KEY_SID, SECRET = "SK00000000000000000000000000000001", "a-secret-of-tests"
REDIRECTS = 'holdfast_rest_redirect_total{reason="%s"}'


def free_port():
    """Below the range from which connections get their own ends, so nobody takes it meanwhile."""
    while True:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", random.randrange(20000, 30000)))
                return probe.getsockname()[1]
            except OSError:
                continue


async def start(world, key_sid=KEY_SID):
    provider = await world.provider()
    world.rest_port = free_port()
    world.write_config(provider.url,
                       twilio=f"{{api_url: 'http://127.0.0.1:{world.rest_port}', api_key_sid: {key_sid}}}")
    world.env["TWILIO_API_KEY_SECRET"] = SECRET
    await world.start_daemon()


async def place(world, *faults, sid=None, keys_after_ms=500):
    """A caller who presses 0 at once. The report."""
    sid = sid or new_sid("CA")
    report = world.tmp / f"{sid}.json"
    script = world.tmp / "script.json"
    script.write_text(json.dumps({"turns": [{"when": "at", "after_ms": keys_after_ms, "dtmf": "0", "expect_answer": False},
                                            {"when": "at", "after_ms": 120000, "hangup": True}]}))
    process = await asyncio.create_subprocess_exec(
        str(SIM), "call", "--url", world.base + "/api/webhooks/voice", "--call-sid", sid, "--report", str(report), "--quiet",
        "--rest-port", str(world.rest_port), "--expect", "person", "--script", str(script),
        *[word for fault in faults for word in ("--fault", fault)],
        env={**os.environ, "TWILIO_AUTH_TOKEN": TOKEN, "TWILIO_API_KEY_SECRET": SECRET})
    try:
        await asyncio.wait_for(process.wait(), DEADLINE_S + 20)
    finally:
        if process.returncode is None:
            process.kill()
    return json.loads(report.read_text())


async def redirected_in_the_journal(world, sid):
    return [row["detail"] for row in (await world.journal(sid))["audit"] if row["action"] == "call_redirected"]


@scenario
async def test_a_caller_after_whose_stream_nothing_follows_gets_the_person(world):
    await start(world)
    report = await place(world, "no-follow")
    assert report["good"], report["reasons"]
    assert report["continuation"]["person"] and report["redirected"]
    assert [r["method"] for r in report["rest"]] == ["GET", "POST"]
    assert await world.metric(REDIRECTS % "not_dialled") == 1
    assert await redirected_in_the_journal(world, report["call_sid"]) == ["why=not_dialled"]


@scenario
async def test_a_caller_for_whom_no_stream_is_opened_gets_the_person(world):
    await start(world)
    report = await place(world, "no-stream")
    assert report["good"], report["reasons"]
    assert report["continuation"]["person"]
    assert await world.metric(REDIRECTS % "no_stream") == 1
    assert await redirected_in_the_journal(world, report["call_sid"]) == ["why=no_stream"]


@scenario
async def test_a_call_that_twilio_goes_on_with_is_left_alone(world):
    await start(world)
    report = await place(world)
    assert report["good"], report["reasons"]
    assert report["rest"] == [] and "redirected" not in report
    assert await world.ended(report["call_sid"]) == "transferred"


@scenario
async def test_P01_callers_of_a_daemon_that_was_killed_get_the_person_from_the_next_one(world):
    await start(world)
    sid = new_sid("CA")
    caller = asyncio.ensure_future(place(world, "no-follow", sid=sid, keys_after_ms=60000))
    await world.event("stream_started", sid)
    await world.event("utterance", sid)  # the greeting is in the journal, and so is the call
    await world.stop_daemon(signal.SIGKILL)
    await world.start_daemon()
    report = await caller
    assert report["continuation"]["person"] and report["redirected"], report
    assert await redirected_in_the_journal(world, sid) == ["why=restart"]
    assert await world.metric(REDIRECTS % "restart") == 1


@scenario
async def test_refusals_that_heal_are_tried_again(world):
    await start(world)
    report = await place(world, "no-follow", "rest-status=429:conn=1", "rest-status=503:conn=3")
    assert report["good"], report["reasons"]
    assert [(r["method"], r["status"]) for r in report["rest"]] == [("GET", 429), ("GET", 200), ("POST", 503), ("POST", 200)]


@scenario
async def test_wrong_credentials_are_an_error_in_the_log_and_tried_once(world):
    await start(world, key_sid="SK0000000000000000000000000000dead")
    report = await place(world, "no-follow")
    assert report["rest"][0]["status"] == 401 and len(report["rest"]) == 1
    await world.logged("Twilio's REST interface does not serve.*auth")
    assert not any(SECRET in line or "Basic " in line for line in world.log)
