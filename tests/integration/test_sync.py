"""What the journal has, in the agency's MongoDB: servers of somebody else's making, each test on each of them."""
import asyncio
import collections
import contextlib
import json
import os
import random
import secrets
import signal
import sqlite3
import subprocess
import sys
import time

import pymongo
import pytest
import websockets

from harness import BUILD, DEADLINE_S, ROOT, ctl, scenario, within

START = ROOT / "tests" / "support" / "mongo" / "start"
DRAIN = BUILD / "tests" / "bench" / "sync_drain"


def on_servers(ability=""):
    """The test on each server that is able to; there is no such test where none is."""
    listed = subprocess.run([START, "--list", "--able", ability], stdout=subprocess.PIPE, check=True, text=True).stdout.split()
    return pytest.mark.parametrize("server", listed) if listed else lambda test: None


on_each_server = on_servers()
on_proxied_servers = on_servers("proxy")


class Mongo:
    """A server that runs until `end`."""

    async def start(self, name, *arguments):
        self.name = name
        self.process = await asyncio.create_subprocess_exec(
            str(START), "--server", name, *map(str, arguments), stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        about = json.loads(await within(self.process.stdout.readline(), "the server to start"))
        print("server:", about["server"])
        self.uri, self.pid, self.port, self.address = about["uri"], about["pid"], about["port"], about["address"]
        # What stands in somebody's own cluster under our name is not ours.
        self.database_name = "holdfast" if self.pid else f"holdfast_test_{secrets.token_hex(4)}"
        return self

    def database(self):
        return pymongo.MongoClient(self.uri, serverSelectionTimeoutMS=10_000)[self.database_name]

    async def end(self):
        if not self.pid:
            self.database().client.drop_database(self.database_name)
        self.process.stdin.close()
        await within(self.process.wait(), "the server to end")


async def mongo(world, name, *arguments):
    server = await Mongo().start(name, *arguments)
    world.closing.append(server.end)
    world.database_name = server.database_name
    return server


def mongodb_config(world, more=""):
    return f"mongodb: {{database: {world.database_name}{', ' + more if more else ''}}}\n"


async def ready(world, uri):
    provider = await world.provider()
    world.env["MONGODB_URI"] = uri
    world.write_config(provider.url, extra=mongodb_config(world))
    await world.start_daemon()
    return provider


async def everything(world, most_s=DEADLINE_S):
    """The server has all that the journal has now."""
    now = time.time() * 1000

    async def counted():
        while True:
            sync = (await world.admin("/api/v1/status"))[1]["sync"]
            if (sync["as_of_utc_ms"] or 0) > now and sync["rows_waiting"] == 0:
                return
            await asyncio.sleep(0.1)  # it is counted each second; the deadline is within()'s
    await asyncio.wait_for(counted(), most_s)


async def fire(world, provider):
    """A call about a fire that ends; its sid."""
    stream, voice = await world.talking(provider)
    await voice.caller_turn("There's a fire at 123 Main Street.")
    await world.event("dispatch", stream.sid)
    await stream.stop()
    await stream.hang_up()
    await world.ended(stream.sid)
    return stream.sid


def rows(collection, **query):
    return list(collection.find(query))


@on_each_server
@scenario
async def test_a_call_is_there_as_the_journal_has_it(world, server):
    place = await mongo(world, server)
    database = place.database()
    provider = await ready(world, place.uri)
    stream, voice = await world.talking(provider)
    sid = stream.sid
    await voice.caller_turn("There's a fire at 123 Main Street.")
    await world.event("dispatch", sid)
    await everything(world)
    live = database.active_calls.find_one({"_id": sid})
    assert (live["status"], live["stream_sid"], live["ended_at"]) == ("streaming", stream.stream_sid, None), live
    assert (live["incident"]["type"], live["incident"]["location"]["normal"]) == ("FUNK", "123 MAIN ST")
    assert [d["state"] for d in live["dispatches"]] == ["proposed"]
    # The agency may write beside us, and have documents of its own.
    database.active_calls.update_one({"_id": sid}, {"$set": {"note": "by the agency"}})
    database.active_calls.insert_one({"_id": "theirs", "n": 1})
    await stream.stop()
    await stream.hang_up()
    await world.ended(sid)
    await everything(world)
    detail = await world.journal(sid)
    call = database.active_calls.find_one({"_id": sid})
    assert (call["status"], call["site_id"], call["note"]) == ("ended", "test", "by the agency")
    assert call["rev"] > live["rev"] and call["duration_ms"] == detail["call"]["duration_ms"]
    assert database.active_calls.find_one({"_id": "theirs"}) == {"_id": "theirs", "n": 1}
    said = sorted(rows(database.transcripts, call_sid=sid), key=lambda row: row["seq"])
    assert [row["text"] for row in said] == [row["text"] for row in detail["utterances"]]
    assert all(row["_id"] == f"{sid}:{row['generation']}:{row['seq']}" for row in said)
    incident = database.incidents.find_one({"_id": f"{sid}:incident"})
    assert [fact["normal"] for fact in incident["facts"]] == [fact["normal"] for fact in detail["facts"]]
    dispatch = database.dispatches.find_one({"_id": f"{sid}:dispatch:1"})
    assert (dispatch["state"], dispatch["location"]) == ("proposed", "123 MAIN ST")
    assert {"start"} <= {row["action"] for row in rows(database.audit)}
    assert not [line for line in world.log if "Main Street" in line or "mongodb://" in line]


@on_servers("restart")
@scenario
async def test_M01_calls_go_on_without_the_server_and_are_told_later(world, server):
    place = await mongo(world, server)
    port = place.port
    await place.end()
    provider = await ready(world, f"mongodb://127.0.0.1:{port}/?serverSelectionTimeoutMS=200")
    sid = await fire(world, provider)
    await world.logged("the sink does not take what the journal has.*why=unreachable")

    async def counted():
        while (await world.admin("/api/v1/status"))[1]["sync"]["rows_waiting"] < 6:
            await asyncio.sleep(0.1)  # it is looked at each second; the deadline is within()'s
    await within(counted(), "what waits to be known")
    _, status = await world.admin("/api/v1/status")
    assert (status["sync"]["state"], status["sync"]["reason"]) == ("behind", "unreachable"), status["sync"]
    mark = len(world.log)
    place = await mongo(world, server, "--port", port)
    await world.logged("the sink takes rows again", mark)
    await everything(world)
    database = place.database()
    assert database.active_calls.find_one({"_id": sid})["status"] == "ended"
    detail = await world.journal(sid)
    assert database.transcripts.count_documents({"call_sid": sid}) == len(detail["utterances"])
    # A daemon that starts again sends what is new, and nothing twice.
    before = database.transcripts.count_documents({})
    await world.stop_daemon()
    await world.start_daemon()
    await everything(world)
    assert database.transcripts.count_documents({}) == before


@on_each_server
@scenario
async def test_M07_a_document_that_the_agency_refuses_is_put_aside_and_nothing_waits_behind_it(world, server):
    place = await mongo(world, server)
    database = place.database()
    database.transcripts.create_index("text", unique=True)
    database.transcripts.insert_one({"_id": "theirs", "text": "There's a fire at 123 Main Street."})
    provider = await ready(world, place.uri)
    stream, voice = await world.talking(provider)
    await voice.caller_turn("There's a fire at 123 Main Street.")
    await world.event("dispatch", stream.sid)
    await voice.caller_turn("It is the second floor.")
    await world.logged(rf"utterance stored call={stream.sid} speaker=caller chars=23")
    await stream.stop()
    await stream.hang_up()
    await world.ended(stream.sid)
    await world.logged("a document is refused and put aside")
    await everything(world)
    texts = {row["text"] for row in rows(database.transcripts, call_sid=stream.sid)}
    assert "It is the second floor." in texts and "There's a fire at 123 Main Street." not in texts
    letters = (await world.journal(stream.sid))["dead_letters"]
    assert [(letter["target"], letter["key"].split("/")[0]) for letter in letters] == [("mongodb", "transcript")], letters
    _, page = await world.admin("/readyz")
    assert page["parts"]["sync"] == {"state": "degraded", "detail": "refused_documents"}, page
    # A person looks, mends the cause, and sends it again.
    code, listed = await ctl(world, "sync", "dead-letters")
    number = listed.split()[0]
    assert code == 0 and "transcript/" in listed, listed
    database.transcripts.delete_one({"_id": "theirs"})
    assert await ctl(world, "sync", "retry", number) == (0, "It is sent again.\n")
    await everything(world)
    assert "There's a fire at 123 Main Street." in {row["text"] for row in rows(database.transcripts, call_sid=stream.sid)}
    assert await ctl(world, "sync", "dead-letters") == (0, "no dead letters\n")
    code, said = await ctl(world, "sync", "retry", number)
    assert code == 1 and "no such dead letter" in said, said
    assert "good" in (await ctl(world, "sync", "status"))[1]


class Proxy:
    """fault_proxy in front of a server."""

    async def start(self, address, *arguments):
        self.process = await asyncio.create_subprocess_exec(
            str(START.parent / "fault_proxy"), "--to", address, *map(str, arguments),
            stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        about = json.loads(await within(self.process.stdout.readline(), "the proxy to start"))
        self.port, self.uri, self.report = about["port"], about["uri"], None
        return self

    async def tell(self, word):
        self.process.stdin.write(word.encode() + b"\n")
        await self.process.stdin.drain()

    async def end(self):
        """What it did."""
        if self.report is None:
            self.process.stdin.close()
            self.report = json.loads(await within(self.process.stdout.readline(), "the proxy's report"))
            await within(self.process.wait(), "the proxy to end")
        return self.report


async def proxied(world, place, *arguments):
    proxy = await Proxy().start(place.address, *arguments)
    world.closing.append(proxy.end)
    return proxy


ROWS = int(os.environ.get("HOLDFAST_SYNC_ROWS", "10000"))
DRAIN_MOST_S = max(300, ROWS // 50)  # where each batch that is sent again is looked for among all that is there


async def backlog(folder, rows=ROWS):
    """A journal in `folder` with so many rows of transcripts that nobody has been told."""
    folder.mkdir(exist_ok=True)
    made = await asyncio.create_subprocess_exec(str(DRAIN), "--journal", str(folder), "--rows", str(rows), stderr=subprocess.DEVNULL)
    assert await asyncio.wait_for(made.wait(), DRAIN_MOST_S) == 0


FAULTS = "lost_reply,cut,delay,twice,short,write_concern,step_down,code_10107,code_189,code_91,code_50"


@on_proxied_servers
@scenario
async def test_M02_M03_M04_M07_M09_faults_on_the_way_lose_nothing_and_make_nothing_twice(world, server):
    total = ROWS
    place = await mongo(world, server)
    # FerretDB looks through its whole collection for what is there already: more faults would measure only that.
    proxy = await Proxy().start(place.address, "--rate", 0.25 if server == "java" else 0.05, "--faults", FAULTS, "--refuse", "POISON", "--delay-ms", 1200,
                                "--members", 3)
    drain = await asyncio.create_subprocess_exec(
        str(DRAIN), "--uri", proxy.uri + "&socketTimeoutMS=500", "--database", place.database_name, "--rows", str(total), "--poison", "1000",
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    out, _ = await asyncio.wait_for(drain.communicate(), DRAIN_MOST_S)
    report = await proxy.end()
    print(out.decode(), report)
    figures = json.loads(out)
    assert drain.returncode == 0 and figures["done"], figures
    assert figures["refused"] == total // 1000 and report["made"], (figures, report)
    database = place.database()
    texts = [row["text"] for row in database.transcripts.find({}, {"text": 1})]
    good = {f"words of row {i}, as long as what people say in one breath usually is" for i in range(total) if i % 1000 != 999}
    assert len(texts) == len(good) and set(texts) == good
    revisions = [row["revision"] for row in database.incidents.find({})]
    assert max(revisions) == (total - 1) // 50 + 1 and database.active_calls.count_documents({}) == 20


@on_proxied_servers
@scenario
async def test_M02_a_server_that_reads_more_slowly_than_the_time_out_is_given_more_time(world, server):
    place = await mongo(world, server)
    proxy = await proxied(world, place, "--rate", 0.5, "--faults", "twice", "--read-delay-ms", 700)
    drain = await asyncio.create_subprocess_exec(
        str(DRAIN), "--uri", proxy.uri + "&socketTimeoutMS=400", "--database", place.database_name, "--rows", "1500", "--no-states",
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    out, _ = await within(drain.communicate(), "the drain")
    report = await proxy.end()
    assert drain.returncode == 0 and json.loads(out)["done"] and report["made"]["twice"] > 0, (out, report)
    texts = [row["text"] for row in place.database().transcripts.find({}, {"text": 1})]
    assert len(texts) == len(set(texts)) == 1500


@on_proxied_servers
@scenario
async def test_M04_a_set_whose_primary_steps_down_again_and_again_has_every_row_once(world, server):
    place = await mongo(world, server)
    proxy = await proxied(world, place, "--members", 3, "--step-down-every", 4)
    await backlog(world.tmp / "store")
    there = place.database().transcripts
    provider = await ready(world, proxy.uri + "&serverSelectionTimeoutMS=500")

    async def drained():
        while True:
            sync = (await world.admin("/api/v1/status"))[1]["sync"]
            if sync["as_of_utc_ms"]:  # never does it say that something is there which is not
                assert there.count_documents({}) >= ROWS - sync["waiting"]["transcript"], sync
                if sync["rows_waiting"] == 0:
                    return
            await asyncio.sleep(0.05)  # it is counted each second; the deadline is wait_for's
    await asyncio.wait_for(drained(), DRAIN_MOST_S)
    texts = [row["text"] for row in there.find({}, {"text": 1})]
    assert len(texts) == len(set(texts)) == ROWS
    # Nobody is primary: rows wait, and the status says so until somebody is. Not the log: it tells of a second trouble within a minute later.
    async def told(state, reason, rows=0):
        while True:
            sync = (await world.admin("/api/v1/status"))[1]["sync"]
            if (sync["state"], sync["reason"]) == (state, reason) and sync["rows_waiting"] >= rows:
                return
            await asyncio.sleep(0.05)  # it is counted each second; the deadline is within()'s
    await proxy.tell("depose")
    sid = await fire(world, provider)
    await within(told("behind", "unreachable", rows=6), "rows to wait")
    began = time.monotonic()
    await proxy.tell("elect")
    await within(told("good", ""), "rows to be taken again")
    back_s = time.monotonic() - began
    await everything(world)
    assert place.database().active_calls.find_one({"_id": sid})["status"] == "ended"
    await world.stop_daemon()
    report = await proxy.end()
    print(f"with the new primary after {back_s:.1f} s", report)
    assert report["step_downs"] > ROWS // 2500 and report["happened"], report
    # From a step-down to the next write that is taken: an election takes 200 ms of it.
    assert report["without_ms"]["median"] < 2000, report


@on_proxied_servers
@scenario
async def test_M04_the_name_of_one_member_is_enough_to_find_the_next_primary(world, server):
    place = await mongo(world, server)
    proxy = await proxied(world, place, "--members", 3)
    provider = await ready(world, f"mongodb://127.0.0.1:{proxy.port}/?serverSelectionTimeoutMS=500")
    await everything(world)
    await proxy.tell("depose")
    await proxy.tell("elect")
    sid = await fire(world, provider)
    await everything(world)
    assert place.database().active_calls.find_one({"_id": sid})["status"] == "ended"
    assert (await proxy.end())["step_downs"] == 1


@on_proxied_servers
@scenario
async def test_P17_a_stop_sends_what_waits_first(world, server):
    place = await mongo(world, server)
    proxy = await proxied(world, place)
    provider = await ready(world, proxy.uri + "&socketTimeoutMS=30000")
    await everything(world)
    await proxy.tell("hold")  # what the call says is still to be sent when the stop begins
    stream, voice = await world.talking(provider)
    await voice.caller_turn("There's a fire at 123 Main Street.")
    await world.event("dispatch", stream.sid)
    world.process.send_signal(signal.SIGTERM)
    await world.logged("app: draining")
    await stream.stop()
    await stream.hang_up()
    await world.logged("call: call ended")
    await proxy.tell("go")
    assert await within(world.process.wait(), "the daemon to end") == 0
    await world.logged("the agency's database has all rows")
    database = place.database()
    call = database.active_calls.find_one({"_id": stream.sid})
    assert call["status"] == "ended" and database.dispatches.count_documents({"call_sid": stream.sid}) == 1, call
    assert database.transcripts.find_one({"call_sid": stream.sid, "text": "There's a fire at 123 Main Street."})
    assert database.audit.count_documents({"action": "drain"}) == 1


@on_proxied_servers
@scenario
async def test_P17_a_stop_does_not_wait_for_a_server_that_does_not_answer(world, server):
    place = await mongo(world, server)
    proxy = await proxied(world, place)
    provider = await ready(world, proxy.uri + "&socketTimeoutMS=30000")
    await everything(world)
    await proxy.tell("hold")
    sid = await fire(world, provider)
    began = time.monotonic()
    assert await world.stop_daemon() == 0
    took_s = time.monotonic() - began
    await world.logged("the agency's database does not answer, the stop does not wait for it")
    assert took_s < 10, f"the stop took {took_s:.1f} s"  # 5 s for what waits, 1 s for what is being sent
    await proxy.end()
    # Known to be gone: nobody waits for it at all.
    mark = len(world.log)
    world.env["MONGODB_URI"] += "&serverSelectionTimeoutMS=200"
    await world.start_daemon()
    await world.logged("the sink does not take what the journal has", mark)
    assert await world.stop_daemon() == 0
    assert float(world.log_field("rows for the agency's database wait", "took_ms", mark)) < 1000
    # Nothing of it is lost.
    world.env["MONGODB_URI"] = place.uri
    await world.start_daemon()
    await everything(world)
    assert place.database().active_calls.find_one({"_id": sid})["status"] == "ended"


@on_servers("keep")
@scenario
async def test_M01_a_server_that_is_killed_again_and_again_has_every_row_once_at_the_end(world, server):
    total, kills = ROWS, int(os.environ.get("HOLDFAST_SYNC_KILLS", "2"))
    (world.tmp / "data").mkdir()
    place = await mongo(world, server, "--folder", world.tmp / "data")
    drain = await asyncio.create_subprocess_exec(
        str(DRAIN), "--uri", place.uri + ("&" if "?" in place.uri else "?") + "serverSelectionTimeoutMS=300", "--rows", str(total), stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL)
    for kill in range(kills):
        there = place.database().transcripts
        # Nothing announces what a server has; the deadline is within()'s.
        async def grown():
            while there.estimated_document_count() < total * (kill + 1) // (kills + 1):
                await asyncio.sleep(0.02)
        await within(grown(), "the drain to go on")
        os.kill(place.pid, signal.SIGKILL)
        await place.end()
        place = await mongo(world, server, "--folder", world.tmp / "data", "--port", place.port)
    out, _ = await asyncio.wait_for(drain.communicate(), DRAIN_MOST_S)
    print(out.decode())
    assert drain.returncode == 0 and json.loads(out)["done"], out
    texts = [row["text"] for row in place.database().transcripts.find({}, {"text": 1})]
    assert len(texts) == len(set(texts)) == total


KILLS = int(os.environ.get("HOLDFAST_KILLS", "10"))
CALLS, TURNS = 20, 25


async def talk_until_it_dies(world, provider, round_):
    """20 callers who all talk until the daemon has shown so many of their words, which is when it is killed. The calls."""
    calls = []
    for _ in range(CALLS):
        try:
            calls.append(await world.talking(provider))
        except AssertionError as sent_elsewhere:  # to a machine that is busy the line looks poor, and callers go to a person
            assert "<Dial" in str(sent_elsewhere)
    assert len(calls) > CALLS // 2

    async def talk(number, voice):
        with contextlib.suppress(websockets.ConnectionClosed):
            for n in range(TURNS):
                await voice.caller_turn(f"Word {round_}-{number}-{n}.")
    talking = [asyncio.ensure_future(talk(number, voice)) for number, (_, voice) in enumerate(calls)]
    most = random.randrange(1, len(calls) * TURNS - 100)  # more at once are too many for a reader of the feed

    async def shown():
        while sum(event["kind"] == "utterance" for event in world.feed) < most:
            world.feed_changed.clear()
            await world.feed_changed.wait()
    await within(shown(), f"{most} utterances")
    world.process.kill()
    await world.process.wait()
    await asyncio.gather(*talking)
    for stream, _ in calls:
        await stream.hang_up()
    return [stream.sid for stream, _ in calls]


@on_each_server
@scenario
async def test_M14_P01_a_daemon_that_is_killed_under_20_calls_again_and_again_loses_nothing_and_makes_nothing_twice(world, server):
    place = await mongo(world, server)
    provider = await ready(world, place.uri)
    sids = []
    for round_ in range(KILLS):
        new = await talk_until_it_dies(world, provider, round_)
        shown = collections.defaultdict(set)
        for event in world.feed:
            if event["kind"] == "utterance":
                shown[event["call"]].add(event["text"])
        world.feed.clear()
        await world.start_daemon()
        for sid in new:
            call = await world.journal(sid)
            assert call["call"]["status"] == "interrupted", call["call"]
            assert shown[sid] <= {row["text"] for row in call["utterances"]}, "what was shown was on the disk"
        sids += new
    assert not list((world.tmp / "store").glob("*damaged*")) and await world.metric("holdfast_store_quarantined_total") == 0
    await everything(world, max(DRAIN_MOST_S, 10 * KILLS))
    database = place.database()
    there = collections.defaultdict(list)
    for row in database.transcripts.find({}, {"call_sid": 1, "text": 1}):
        there[row["call_sid"]].append(row["text"])
    for sid in sids:
        assert sorted(there[sid]) == sorted(row["text"] for row in (await world.journal(sid))["utterances"])
    statuses = {row["_id"]: row["status"] for row in database.active_calls.find({}, {"status": 1})}
    assert {sid: statuses.get(sid) for sid in sids} == dict.fromkeys(sids, "interrupted")
    actions = collections.Counter(row["action"] for row in database.audit.find({}, {"action": 1}))
    assert actions["start"] == 1 + KILLS and actions["restart"] <= KILLS, actions
    print(f"{KILLS} kills, {len(sids)} calls, {sum(map(len, there.values()))} utterances, each there once")


@on_servers("tls")
@scenario
async def test_M10_a_server_whose_certificate_nobody_vouches_for_gets_nothing(world, server):
    certificate, key, authority = world.certificates()
    place = await mongo(world, server, "--certificate", certificate, "--key", key)
    uri = f"mongodb://127.0.0.1:{place.port}/?tls=true&tlsInsecure=true&serverSelectionTimeoutMS=500"
    await ready(world, uri)
    await world.logged("the sink does not take what the journal has.*why=unreachable")
    await world.stop_daemon()
    config = world.tmp / "holdfast.yaml"
    config.write_text(config.read_text().replace(mongodb_config(world), mongodb_config(world, f"tls_ca_file: {authority}")))
    await world.start_daemon()
    await everything(world)


@on_each_server
@scenario
async def test_what_happens_in_a_call_is_there_within_two_seconds(world, server):
    place = await mongo(world, server)
    provider = await ready(world, place.uri)
    stream, voice = await world.talking(provider)
    await everything(world)
    await voice.caller_turn("There's a fire at 123 Main Street.")
    await world.event("dispatch", stream.sid)
    began, there = time.monotonic(), place.database().active_calls

    async def told():
        while not there.find_one({"_id": stream.sid, "dispatches.state": "proposed"}):
            await asyncio.sleep(0.02)
    await within(told(), "the proposal in active_calls")
    assert time.monotonic() - began < 2


@on_each_server
@scenario
async def test_M05_M15_what_is_sent_again_is_compared_and_a_difference_is_told(world, server):
    place = await mongo(world, server)
    database = place.database()
    provider = await ready(world, place.uri)
    sid = await fire(world, provider)
    await everything(world)
    await world.stop_daemon()
    before = {name: database[name].count_documents({}) for name in database.list_collection_names()}
    changed = database.transcripts.find_one({"call_sid": sid, "speaker": "caller"})
    database.transcripts.update_one({"_id": changed["_id"]}, {"$set": {"hash": "0" * 64}})
    with contextlib.closing(sqlite3.connect(world.tmp / "store" / "holdfast.db")) as journal:  # as an older image of the box has it
        journal.execute("DELETE FROM cursor")
        journal.commit()
    mark = len(world.log)
    await world.start_daemon()
    await everything(world)
    await world.stop_daemon()
    after = {name: database[name].count_documents({}) for name in database.list_collection_names()}
    assert after.pop("audit") > before.pop("audit") and after == before  # a stop and a start more, nothing twice
    await world.logged("refused and put aside", mark)
    await world.start_daemon()
    letters = (await world.journal(sid))["dead_letters"]
    assert [letter["key"] for letter in letters] == ["transcript/" + changed["_id"]] and "conflict" in letters[0]["reason"], letters


@on_proxied_servers
@scenario
async def test_M06_a_server_that_does_not_allow_it_is_for_people_to_mend(world, server):
    place = await mongo(world, server)
    proxy = await proxied(world, place, "--faults", "code_13")
    await ready(world, proxy.uri)
    await world.logged("the sink does not take what the journal has.*why=not_allowed code=13")
    _, page = await world.admin("/readyz")
    assert page["parts"]["sync"] == {"state": "degraded", "detail": "not_allowed"} and page["ready"], page
    code, said = await ctl(world, "sync", "status")
    assert code == 1 and said.startswith("not_allowed: not_allowed (code 13)"), said


@on_servers("members")
@scenario
async def test_M04_a_real_set_whose_primary_steps_down_has_every_row_once(world, server):
    place = await mongo(world, server, "--members", 3)
    await backlog(world.tmp / "store")
    there, step_downs = place.database().transcripts, 3
    await ready(world, place.uri)
    for number in range(1, step_downs + 1):
        async def grown():
            while there.estimated_document_count() < ROWS * number // (step_downs + 1):
                await asyncio.sleep(0.02)  # nothing announces what a server has; the deadline is within()'s
        await within(grown(), "the drain to go on")
        with contextlib.suppress(pymongo.errors.AutoReconnect):
            there.database.client.admin.command("replSetStepDown", 10, force=True)
    await everything(world)
    texts = [row["text"] for row in there.find({}, {"text": 1})]
    assert len(texts) == len(set(texts)) == ROWS


@on_servers("log_in")
@scenario
async def test_M06_who_logs_in_well_is_let_in_and_who_does_not_is_told(world, server):
    place = await mongo(world, server, "--log-in")
    provider = await ready(world, place.uri)
    sid = await fire(world, provider)
    await everything(world)
    assert place.database().active_calls.find_one({"_id": sid})["status"] == "ended"
    await world.stop_daemon()
    mark = len(world.log)
    world.env["MONGODB_URI"] = place.uri.replace("mongodb://box:", "mongodb://box:not-")
    await world.start_daemon()
    await world.logged("the sink does not take what the journal has.*why=log_in", mark)
    _, page = await world.admin("/readyz")
    assert page["parts"]["sync"] == {"state": "degraded", "detail": "log_in"} and page["ready"], page


if __name__ == "__main__":
    sys.exit(pytest.main([__file__]))
