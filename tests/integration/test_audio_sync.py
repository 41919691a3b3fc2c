"""The sound of recordings in the agency's MongoDB, as any driver's GridFS reader gives it."""
import asyncio
import hashlib
import sys
import zipfile

import gridfs
import pytest

from harness import ctl, scenario, within
from test_export import record_calls, spoken_call
from test_sync import Proxy, everything, mongo, mongodb_config, on_each_server, on_proxied_servers, rows

CHUNK = 32640
BUCKET = "audio"
MASTER_KEY = "3f" * 32


async def ready(world, uri, more="audio: true", sealed=False, uplink=""):
    """A daemon that records, and a provider."""
    provider = await world.provider()
    world.env["MONGODB_URI"] = uri
    if sealed:
        world.env["HOLDFAST_MASTER_KEY"] = MASTER_KEY
    world.write_config(provider.url, extra=mongodb_config(world, more) + uplink)
    record_calls(world)
    await world.start_daemon()
    return provider


async def recorded_call(world, provider, seconds=4):
    return await spoken_call(world, provider, "There's a fire at 123 Main Street.", seconds)


async def audio_status(world):
    return (await world.admin("/api/v1/status"))[1]["sync"]["audio"]


async def heard(world, delivered, state="good"):
    """So many recordings have gone since the daemon's start."""
    async def counted():
        while True:
            audio = await audio_status(world)
            if audio["delivered"] >= delivered and audio["waiting"] == 0 and audio["state"] == state:
                return audio
            await asyncio.sleep(0.1)  # it is counted each second; the deadline is within()'s
    return await within(counted(), "the sound to be there")


def names_in(database):
    return {name for name in database.list_collection_names() if name.startswith(BUCKET)}


async def exported(world, sid):
    """The WAV as holdfastctl export gives it."""
    target = world.tmp / f"{sid}.zip"
    code, said = await ctl(world, "export", sid, "--to", str(target), "--by", "Ann Miller", "--why", "test")
    assert code == 0, said
    with zipfile.ZipFile(target) as archive:
        names = [name for name in archive.namelist() if name.startswith("audio/")]
        assert len(names) == 1, archive.namelist()
        return names[0].removeprefix("audio/"), archive.read(names[0])


def check_whole(database, recording, name, wav):
    """One file, and it is this."""
    files = rows(database[f"{BUCKET}.files"], filename=name)
    assert len(files) == 1, files
    about = files[0]
    assert about["length"] == len(wav) and about["chunkSize"] == CHUNK
    assert about["metadata"]["site_id"] == about["site_id"] == "test"
    assert about["metadata"]["sha256"] == recording["sha256"] == hashlib.sha256(wav).hexdigest()
    document = database.recordings.find_one({"_id": about["_id"]})
    assert document["sha256"] == recording["sha256"] and document["path"] == recording["path"]
    chunks = sorted(rows(database[f"{BUCKET}.chunks"], files_id=about["_id"]), key=lambda row: row["n"])
    assert [row["n"] for row in chunks] == list(range((len(wav) + CHUNK - 1) // CHUNK))
    assert all(row["_id"] == f"{about['_id']}:{row['n']}" and row["site_id"] == "test" for row in chunks)
    with gridfs.GridFSBucket(database, BUCKET).open_download_stream_by_name(name) as stream:
        assert stream.read() == wav
    return about["_id"]


@pytest.mark.parametrize("sealed", [False, True], ids=["clear", "sealed"])
@on_each_server
@scenario
async def test_a_recording_is_there_byte_for_byte_as_an_export_gives_it(world, server, sealed):
    place = await mongo(world, server)
    database = place.database()
    provider = await ready(world, place.uri, sealed=sealed)
    sid, recording = await recorded_call(world, provider)
    assert recording["path"].endswith(".sealed") == sealed
    audio = await heard(world, 1)
    assert (audio["refused"], audio["purged"], audio["reason"]) == (0, 0, ""), audio
    name, wav = await exported(world, sid)
    assert len(wav) > 2 * CHUNK
    check_whole(database, recording, name, wav)
    assert {"files_id_1_n_1"} <= set(database[f"{BUCKET}.chunks"].index_information())
    code, said = await ctl(world, "sync", "status")
    assert code == 0 and "audio: 0 recordings wait; 1 delivered, 0 refused, 0 purged before" in said, said
    assert await world.metric('holdfast_sync_audio_total{result="delivered"}') == 1
    assert await world.metric("holdfast_sync_audio_waiting") == 0
    # Nothing is made twice by a daemon that starts again.
    await world.stop_daemon()
    await world.start_daemon()
    await everything(world)
    assert await heard(world, 0)
    check_whole(database, recording, name, wav)


@on_each_server
@scenario
async def test_off_by_default_nothing_of_it_is_there_and_nothing_waits_until_it_is_on(world, server):
    place = await mongo(world, server)
    database = place.database()
    provider = await ready(world, place.uri, more="")
    sid, recording = await recorded_call(world, provider, seconds=1)
    await everything(world)
    assert database.recordings.count_documents({"call_sid": sid}) == 1
    assert names_in(database) == set()
    audio = await audio_status(world)
    assert (audio["state"], audio["waiting"]) == ("off", 0), audio
    assert "audio" not in (await ctl(world, "sync", "status"))[1]
    await world.stop_daemon()
    # What was recorded before goes as well, once it is on.
    config = world.tmp / "holdfast.yaml"
    config.write_text(config.read_text().replace(mongodb_config(world), mongodb_config(world, "audio: true")))
    await world.start_daemon()
    await heard(world, 1)
    check_whole(database, recording, *await exported(world, sid))


@on_proxied_servers
@scenario
async def test_P01_M01_a_daemon_killed_half_way_and_a_server_that_refuses_meanwhile_leave_one_whole_file(world, server):
    place = await mongo(world, server)
    database = place.database()
    chunks = database[f"{BUCKET}.chunks"]
    # So narrow a line that three chunks go at a time, and most of a second lies between two writes.
    provider = await ready(world, place.uri, uplink="uplink: {up_kbps: 1000}\n")
    sid, recording = await recorded_call(world, provider, seconds=30)

    async def half():
        while chunks.count_documents({}) < 4:
            await asyncio.sleep(0.02)  # nothing announces what a server has; the deadline is within()'s
    await within(half(), "the first chunks to be there")
    world.process.kill()
    await world.process.wait()
    before = chunks.count_documents({})
    total = (recording["duration_ms"] * 16 + CHUNK) // CHUNK
    assert 4 <= before < total, (before, total)
    assert database[f"{BUCKET}.files"].count_documents({}) == 0, "half a file is listed"
    # Then the server takes nothing for a while.
    proxy = await Proxy().start(place.address, "--faults", "code_91")
    world.closing.append(proxy.end)
    world.env["MONGODB_URI"] = proxy.uri
    world.feed.clear()
    mark = len(world.log)
    await world.start_daemon()
    await world.logged("the sink does not take", mark)
    assert database[f"{BUCKET}.files"].count_documents({}) == 0
    await world.stop_daemon()
    await proxy.end()
    # And then loses replies, which is worse: what was written is not known.
    proxy = await Proxy().start(place.address, "--rate", 0.2, "--faults", "lost_reply,cut,write_concern,code_189")
    world.closing.append(proxy.end)
    world.env["MONGODB_URI"] = proxy.uri + "&socketTimeoutMS=500"
    await world.start_daemon()
    await asyncio.wait_for(heard(world, 1), 120)
    check_whole(database, recording, *await exported(world, sid))
    assert chunks.count_documents({}) == chunks_of_files(database)
    assert (await proxy.end())["made"], "no fault happened"


def chunks_of_files(database):
    return sum((row["length"] + CHUNK - 1) // CHUNK for row in rows(database[f"{BUCKET}.files"]))


@on_each_server
@scenario
async def test_a_recording_that_is_gone_or_changed_is_told_and_keeps_nothing_waiting(world, server):
    place = await mongo(world, server)
    database = place.database()
    provider = await ready(world, place.uri, more="")
    missing, changed, good = [await recorded_call(world, provider, seconds=1) for _ in range(3)]
    await world.stop_daemon()
    folder = world.tmp / "recordings"
    kept = (folder / missing[1]["path"]).rename(world.tmp / "kept")
    with open(folder / changed[1]["path"], "r+b") as file:
        file.seek(1000)
        file.write(b"\0\1\2\3")
    config = world.tmp / "holdfast.yaml"
    config.write_text(config.read_text().replace(mongodb_config(world), mongodb_config(world, "audio: true")))
    await world.start_daemon()
    audio = await heard(world, 1)
    assert (audio["delivered"], audio["refused"]) == (1, 2), audio
    check_whole(database, good[1], *await exported(world, good[0]))
    assert database[f"{BUCKET}.files"].count_documents({}) == 1
    assert database[f"{BUCKET}.chunks"].count_documents({}) == chunks_of_files(database)
    for (sid, _), word in ((missing, "missing"), (changed, "SHA-256")):
        letters = (await world.journal(sid))["dead_letters"]
        assert [letter["target"] for letter in letters] == ["mongodb.audio"] and word in letters[0]["reason"], letters
    _, page = await world.admin("/readyz")
    assert page["parts"]["sync"] == {"state": "degraded", "detail": "refused_documents"} and page["ready"], page
    # The file is found again.
    kept.rename(folder / missing[1]["path"])
    code, listed = await ctl(world, "sync", "dead-letters")
    number = next(line.split()[0] for line in listed.splitlines() if missing[0] in line)
    assert code == 0 and await ctl(world, "sync", "retry", number) == (0, "It is sent again.\n")
    await heard(world, 2)
    check_whole(database, missing[1], *await exported(world, missing[0]))


if __name__ == "__main__":
    sys.exit(pytest.main([__file__]))
