"""What is kept, what goes, and whether it is whole: sealed at rest, held, purged, verified, lost and told."""
import asyncio
import contextlib
import re
import signal
import sqlite3
import zipfile

from harness import ctl, scenario, within
from test_export import recorded_call, run

KEY = "0123456789abcdef" * 4
NEXT_KEY = "fedcba9876543210" * 4
WORDS = "somebody fell from the ladder at 123 Main Street"


def holding(world, text):
    """Names of the files of the box that hold these bytes."""
    text = text if isinstance(text, bytes) else text.encode()
    return [str(p.relative_to(world.tmp)) for folder in ("store", "recordings", "run") for p in (world.tmp / folder).rglob("*")
            if p.is_file() and text in p.read_bytes()]


def ask(world, statement, *values):
    """Of the journal of a daemon that has stopped."""
    with contextlib.closing(sqlite3.connect(world.tmp / "store" / "holdfast.db")) as db:
        rows = db.execute(statement, values).fetchall()
        db.commit()
        return rows


async def part(world, name):
    _, ready = await world.admin("/readyz")
    return ready["parts"][name]["state"], ready["parts"][name]["detail"]


async def sealed_call(world):
    world.env["HOLDFAST_MASTER_KEY"] = KEY
    return await recorded_call(world, WORDS)


@scenario
async def test_X12_what_callers_say_is_sealed_and_a_purged_call_is_nowhere(world):
    sid, recording = await sealed_call(world)
    assert recording["path"].endswith(".wav.sealed")
    sound = (world.tmp / "recordings" / recording["path"]).read_bytes()
    assert b"RIFF" not in sound and b"\xff" * 400 not in sound, "silence can be told from speech"
    assert holding(world, "ladder") == [] and holding(world, "MAIN ST") == []
    detail = await world.journal(sid)
    assert any(row["text"] == WORDS for row in detail["utterances"])

    target = world.tmp / "case.zip"
    code, said = await ctl(world, "export", sid, "--to", str(target))
    assert code == 0, said
    with zipfile.ZipFile(target) as archive:
        name = f"audio/{recording['path'].removesuffix('.sealed')}"
        (world.tmp / "case.wav").write_bytes(archive.read(name))
        assert WORDS in archive.read("transcript.txt").decode()
    code, said = await run("ffprobe", "-v", "error", "-show_entries", "stream=codec_name,channels", "-of", "csv=p=0", world.tmp / "case.wav")
    assert (code, said.strip()) == (0, "pcm_mulaw,2")

    code, said = await ctl(world, "hold", sid, "--why", "court order 12")
    assert code == 0, said
    code, said = await ctl(world, "purge", sid, "--why", "a mistake")
    assert code == 1 and "hold" in said, said
    assert (await world.journal(sid))["call"]["held"]
    assert (await ctl(world, "hold", sid, "--why", "closed", "--release"))[0] == 0
    await world.stop_daemon()
    (key,), = ask(world, "SELECT sealed FROM call_key WHERE call_sid = ?", sid)
    (text,), = ask(world, "SELECT text FROM utterance WHERE call_sid = ? LIMIT 1", sid)
    await world.start_daemon()
    assert holding(world, key) and holding(world, text)
    code, said = await ctl(world, "purge", sid, "--why", "asked for")
    assert code == 0, said
    status, _ = await world.admin(f"/api/v1/calls/{sid}")
    assert status == 404
    assert not list((world.tmp / "recordings").glob(f"{sid}*"))

    async def gone():
        while holding(world, key) or holding(world, text):
            await asyncio.sleep(0.05)  # the log is cut after the answer; the deadline is within()'s
    await within(gone(), "the key to leave every file")
    code, said = await ctl(world, "verify")
    assert code == 0 and "reason=asked for" in said and "whole" in said, said
    link, head = re.search(r"the chain ends at (\d+) with ([0-9a-f]{64})", said).groups()
    code, said = await ctl(world, "verify", "--against", f"{link}:{head}")
    assert code == 0 and f"up to link {link} it is what the box told before" in said, said
    code, said = await ctl(world, "verify", "--against", f"{link}:{'0' * 64}")
    assert code == 1 and f"link {link} has another head" in said, said
    code, said = await ctl(world, "verify", "--against", f"{int(link) + 1000}:{head}")
    assert code == 1 and "the chain has no link" in said, said
    assert (await ctl(world, "verify", "--against", head))[0] == 64
    assert not [line for line in world.log if "ladder" in line or KEY in line]


@scenario
async def test_D16_without_the_master_key_calls_go_on_and_nothing_is_in_the_clear(world):
    sid, _ = await sealed_call(world)
    await world.stop_daemon()
    key_file = world.tmp / "master.key"
    key_file.write_text("no key at all\n")
    key_file.chmod(0o600)
    del world.env["HOLDFAST_MASTER_KEY"]
    config = world.tmp / "holdfast.yaml"
    config.write_text(config.read_text().replace("store:\n", f"store:\n  master_key_file: {key_file}\n"))
    await world.start_daemon()
    assert await part(world, "encryption") == ("degraded", "key_missing")
    detail = await world.journal(sid)
    assert detail["call"]["unreadable"] and all(row["unreadable"] and row["text"] == "" for row in detail["utterances"])
    stream, voice = await world.talking(world.providers[-1])
    await voice.caller_turn("a second ladder")
    await world.event("utterance", stream.sid, speaker="caller")
    await stream.stop()
    await stream.hang_up()
    await world.ended(stream.sid)
    assert holding(world, "ladder") == []
    await world.stop_daemon()
    key_file.write_text(f"{NEXT_KEY},{KEY}\n")
    await world.start_daemon()
    assert await part(world, "encryption") == ("ok", "on")
    assert any(row["text"] == "a second ladder" for row in (await world.journal(stream.sid))["utterances"])

    async def rotated():
        while (await world.admin("/api/v1/status"))[1]["store"]["keys_to_rotate"]:
            await asyncio.sleep(0.1)  # some each second; the deadline is within()'s
    await within(rotated(), "every key to be under the new master key")
    await world.stop_daemon()
    assert len({sealed.split(":")[1] for sealed, in ask(world, "SELECT sealed FROM call_key")}) == 1
    key_file.write_text(NEXT_KEY + "\n")
    await world.start_daemon()
    assert any(row["text"] == WORDS for row in (await world.journal(sid))["utterances"])


@scenario
async def test_X11_D12_a_changed_row_and_a_lost_log_are_named_and_stand_until_they_are_seen(world):
    sid, _ = await sealed_call(world)
    await world.stop_daemon()
    (row,), = ask(world, "UPDATE utterance SET speaker = 'voice' WHERE call_sid = ? AND speaker = 'caller' RETURNING seq", sid)
    await world.start_daemon()
    code, said = await ctl(world, "verify")
    assert code == 1 and f"changed utterance {row}" in said, said
    code, said = await ctl(world, "losses")
    assert code == 0 and f"changed utterance {row}" in said, said

    async def told():
        while (await part(world, "losses"))[0] != "degraded":
            await asyncio.sleep(0.1)  # the deadline is within()'s
    await within(told(), "the loss to stand in /readyz")
    assert (await ctl(world, "losses", "--seen"))[0] == 0

    async def seen():
        while (await part(world, "losses"))[0] != "ok":
            await asyncio.sleep(0.1)  # counted each second; the deadline is within()'s
    await within(seen(), "the loss to be seen")

    await world.stop_daemon(signal.SIGKILL)
    (world.tmp / "store" / "holdfast.db-wal").unlink()
    await world.start_daemon()
    await within(told(), "the lost log to stand in /readyz")
    _, status = await world.admin("/api/v1/status")
    assert status["ready"] and status["store"]["losses"] > 0
    code, said = await ctl(world, "status")
    assert code == 0 and "LOSS" in said, said
