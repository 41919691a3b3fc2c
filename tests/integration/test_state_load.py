"""tests/bench/state_load against servers of somebody else's making: what it says it wrote is there, each document once."""
import asyncio
import collections
import json
import subprocess

import pytest

from harness import BUILD, scenario
from test_sync import mongo, on_each_server, on_proxied_servers, proxied

LOAD = BUILD / "tests" / "bench" / "state_load"
COLLECTIONS = ["active_calls", "audit", "dispatches", "incidents", "recordings", "transcripts"]


async def load(uri, database, *arguments):
    """Exit code, figures, and what it says to people."""
    process = await asyncio.create_subprocess_exec(str(LOAD), "--uri", uri, "--database", database, "--idle-seconds", "0", *map(str, arguments),
                                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    out, said = await asyncio.wait_for(process.communicate(), 120)
    print(out.decode(), said.decode())
    return process.returncode, json.loads(out) if out else None, said.decode()


def count(database):
    return {name: database[name].count_documents({}) for name in COLLECTIONS}


@on_each_server
@scenario
async def test_what_the_boxes_say_they_wrote_is_there_each_once(world, server):
    place = await mongo(world, server)
    database = place.database()
    code, figures, _ = await load(place.uri, place.database_name, "--boxes", 8, "--calls-per-hour", 40, "--speed", 30, "--seconds", 3)
    assert code == 0
    (point,), call = figures["curve"], figures["call"]
    assert (point["errors"], point["refused"], point["known_before"], point["left"]) == ({}, 0, 0, 0), point
    assert count(database) == figures["documents"]
    # Each box told that it started, and each call is there as a whole.
    calls = point["calls"]
    assert calls > 0 and sum(figures["documents"].values()) == 8 + calls * call["documents"]
    ended = list(database.active_calls.find({}))
    assert len(ended) == calls and {one["status"] for one in ended} == {"ended"}
    assert {one["site_id"] for one in database.audit.find({"action": "start"})} == {f"box-{i:04}" for i in range(8)}
    said = collections.Counter(one["call_sid"] for one in database.transcripts.find({}))
    assert set(said.values()) == {call["utterances"]} and set(said) == {one["_id"] for one in ended}
    assert {one["state"] for one in database.dispatches.find({"number": 3})} == {"acknowledged"}
    # Each operation travels, and at the end nothing is stored that did not.
    load_of_call = point["per_call"]
    assert call["documents"] < load_of_call["operations"] <= call["notes"]
    assert 0 < load_of_call["commands"] <= load_of_call["operations"]
    assert load_of_call["inserts"] + load_of_call["updates"] == pytest.approx(load_of_call["commands"], abs=0.01)
    assert load_of_call["bytes_out"] > figures["stored_bytes_per_call"] > 100 * call["documents"]
    assert figures["start_of_a_box"]["connections"] >= 2, "its own, and one that watches"
    # Another run beside it changes none of them.
    code, second, _ = await load(place.uri, place.database_name, "--boxes", 1, "--calls-per-hour", 600, "--speed", 60, "--seconds", 1)
    assert code == 0 and second["run"] != figures["run"]
    both = collections.Counter(figures["documents"]) + collections.Counter(second["documents"])
    assert count(database) == dict(both) and second["curve"][0]["known_before"] == 0


@on_proxied_servers
@scenario
async def test_a_rate_that_the_server_cannot_follow_is_said_and_ends_the_run(world, server):
    place = await mongo(world, server)
    proxy = await proxied(world, place, "--rate", 1, "--faults", "delay", "--delay-ms", 200)
    code, figures, _ = await load(proxy.uri, place.database_name, "--boxes", 4, "--threads", 1, "--calls-per-hour", 120,
                                  "--speed", "60,120", "--seconds", 2, "--drain-seconds", 1)
    (point,) = figures["curve"]
    assert code == 2 and point["left"] > 0 and point["threads_busy"] > 0.9
    assert point["taken_calls_per_second"] < point["offered_calls_per_second"] * 0.8
    assert set(point["per_call"].values()) == {0.0}, "nothing is said of calls that did not come to their ends"


@scenario
async def test_without_a_server_it_says_so_and_not_the_uri(world):
    code, figures, said = await load("mongodb://someone:secret@127.0.0.1:9/?serverSelectionTimeoutMS=300", "holdfast", "--boxes", 1)
    assert (code, figures) == (1, None)
    assert "state_load: the server does not say who it is: unreachable" in said and "secret" not in said
