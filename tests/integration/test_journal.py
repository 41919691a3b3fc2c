"""The journal of the real daemon: death, restart, a second instance, a broken file, no folder, privacy."""
import asyncio
import os
import pathlib
import re
import shutil
import signal
import sqlite3
import subprocess

from harness import (API_KEY, BUILD, CALLED, CALLER, PERSON, TOKEN, TOKEN_NEXT, DAEMON, new_sid, scenario)


async def up(world, **config):
    provider = await world.provider()
    world.write_config(provider.url, **config)
    await world.start_daemon()
    return provider


@scenario
async def test_P01_kill_9_loses_no_acknowledged_word_and_marks_the_call_interrupted(world):
    provider = await up(world)
    for round_ in range(int(os.environ.get("HOLDFAST_KILLS", "10"))):
        stream, voice = await world.talking(provider)
        seen = []
        for n in range(5 + round_):
            text = f"Word {round_}-{n}."
            await voice.caller_turn(text)
            await world.event("utterance", stream.sid, text=text)  # shown only once it is on the disk
            seen.append(text)
        for n in range(20):  # under way when it dies
            await voice.caller_turn(f"Unacknowledged {round_}-{n}.")
        world.process.kill()
        await world.process.wait()
        shown = [e["text"] for e in world.feed if e["kind"] == "utterance" and e["call"] == stream.sid
                 and e["speaker"] == "caller"]
        world.feed.clear()
        mark = len(world.log)
        await world.start_daemon()
        await world.logged("the run before ended without a stop", mark)
        await world.logged("calls were interrupted.* calls=1", mark)
        journal = await world.journal(stream.sid)
        stored = [r["text"] for r in journal["utterances"] if r["speaker"] == "caller"]
        assert stored[:len(seen)] == seen
        assert set(shown) <= set(stored)
        assert journal["call"]["status"] == "interrupted"
    assert await world.metric("holdfast_calls_interrupted_total") == 1


@scenario
async def test_P18_a_second_instance_is_kept_out_with_one_line_and_its_exit_code(world):
    await up(world)
    process = await asyncio.create_subprocess_exec(
        str(DAEMON), "--config", str(world.tmp / "holdfast.yaml"), stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        env={**os.environ, "TWILIO_AUTH_TOKEN": TOKEN, "OPENAI_API_KEY": API_KEY})
    output, _ = await process.communicate()
    assert process.returncode == 74
    assert len([line for line in output.decode().splitlines() if "second_instance" in line]) == 1
    assert (await world.voice(new_sid("CA")))[0] == 200


@scenario
async def test_D17_a_shell_on_the_running_database_is_locked_out(world):
    await up(world)
    connection = sqlite3.connect(world.tmp / "store" / "holdfast.db", timeout=0)
    try:
        connection.execute("SELECT count(*) FROM call").fetchall()
        raise AssertionError("a second connection could read")
    except sqlite3.OperationalError as locked:
        assert "locked" in str(locked)


@scenario
async def test_D08_a_destroyed_header_is_moved_aside_and_calls_go_on(world):
    provider = await up(world)
    stream, voice = await world.talking(provider)
    await voice.caller_turn("Before the damage.")
    await world.event("utterance", stream.sid, text="Before the damage.")
    await stream.stop()
    await world.ended(stream.sid)
    await world.stop_daemon()
    database = world.tmp / "store" / "holdfast.db"
    data = bytearray(database.read_bytes())
    data[:16] = b"not a database!!"
    database.write_bytes(data)
    world.feed.clear()
    await world.start_daemon()
    stream, voice = await world.talking(provider)
    await voice.caller_turn("After the damage.")
    await world.event("utterance", stream.sid, text="After the damage.")
    assert list((world.tmp / "store").glob("*damaged*")), os.listdir(world.tmp / "store")
    assert await world.metric("holdfast_store_quarantined_total") == 1


@scenario
async def test_D09_a_damaged_page_is_survived_and_readable_rows_are_salvaged(world):
    provider = await up(world)
    stream, voice = await world.talking(provider)
    for n in range(400):
        await voice.caller_turn(f"Sentence number {n} with some length to fill more than one page of the file.")
    await world.event("utterance", stream.sid,
                      text="Sentence number 399 with some length to fill more than one page of the file.")
    await stream.stop()
    await world.ended(stream.sid)
    await world.stop_daemon()
    database = world.tmp / "store" / "holdfast.db"
    data = bytearray(database.read_bytes())
    page = 4096
    assert len(data) > 14 * page
    data[10 * page:10 * page + 600] = os.urandom(600)  # page 11
    database.write_bytes(data)
    world.feed.clear()
    await world.start_daemon()
    await world.talking(provider)
    assert await world.metric("holdfast_store_quarantined_total") == 1
    await world.logged("salvage")


@scenario
async def test_D14_a_missing_state_folder_is_made(world):
    provider = await up(world)
    await world.stop_daemon()
    shutil.rmtree(world.tmp / "store")
    await world.start_daemon()
    stream, voice = await world.talking(provider)
    await voice.caller_turn("In a new folder.")
    await world.event("utterance", stream.sid, text="In a new folder.")
    assert (world.tmp / "store").stat().st_mode & 0o777 == 0o700


@scenario
async def test_D14_a_folder_that_cannot_be_made_means_the_emergency_file_and_the_call_goes_on(world):
    provider = await world.provider()
    (world.tmp / "store").write_text("a file where the folder should be")
    world.write_config(provider.url)
    await world.start_daemon()
    stream, voice = await world.talking(provider)
    await voice.caller_turn("Without a folder.")
    await world.event("utterance", stream.sid, text="Without a folder.")
    assert (await world.admin("/readyz"))[0] == 200
    files = list((world.tmp / "run").glob("*"))
    assert any(f.stat().st_size > 0 for f in files if f.is_file()), files
    (world.tmp / "store").unlink()  # the disk is back: the next start brings the rows home
    await stream.stop()
    await world.ended(stream.sid)
    await world.stop_daemon()
    world.feed.clear()
    await world.start_daemon()
    texts = [r["text"] for r in (await world.journal(stream.sid))["utterances"]]
    assert "Without a folder." in texts


@scenario
async def test_P17_a_stop_drains_new_callers_go_to_people(world):
    provider = await up(world)
    stream, voice = await world.talking(provider)
    world.process.send_signal(signal.SIGTERM)
    await world.logged("draining")
    status, _, body = await world.voice(new_sid("CA"))
    assert status == 200 and b"<Stream" not in body and b"<Dial" in body
    await voice.caller_turn("I am still on the line.")
    await world.event("utterance", stream.sid, text="I am still on the line.")
    await stream.stop()
    assert await world.process.wait() == 0


@scenario
async def test_a_second_sigterm_closes_streams_so_that_twilio_goes_to_people(world):
    provider = await up(world)
    stream, _ = await world.talking(provider)
    world.process.send_signal(signal.SIGTERM)
    await world.logged("draining")
    world.process.send_signal(signal.SIGTERM)
    assert await stream.closed() == 1000
    assert await world.process.wait() == 0


@scenario
async def test_nothing_personal_and_no_key_in_any_log_line_or_metric(world):
    provider = await up(world)
    stream, voice = await world.talking(provider)
    markers = ["Zebrafish Lane", "Quokka Street", API_KEY, TOKEN, TOKEN_NEXT, CALLER, CALLED, CALLER[1:], PERSON[1:], "7391"]
    await voice.caller_turn("I live at Zebrafish Lane.")
    await voice.answer("Quokka Street, is that right?", b"\x6d" * 800)
    for digit in "7391":
        await stream.dtmf(digit)
    await world.event("utterance", stream.sid, text="Quokka Street, is that right?")
    await voice.send(type="error", error={"type": "invalid_request_error", "code": "Zebrafish Lane",
                                          "message": "Zebrafish Lane", "param": None})
    await voice.send_raw('{"type":"Quokka Street"}')
    await voice.send_raw("Zebrafish Lane")
    await world.event("utterance", stream.sid, text="7391")
    await stream.stop()
    await world.ended(stream.sid)
    _, _, metrics = await world.http("GET", "/metrics", port=world.admin_port)
    await world.stop_daemon()
    everything = "\n".join(world.log) + metrics.decode()
    assert "utterance stored" in everything and "call ended" in everything
    for marker in markers:
        assert marker not in everything, marker
    assert not re.search(r"token=[0-9a-f]{8}", everything)


@scenario
async def test_X08_made_up_names_make_no_new_metric_series_and_no_flood_of_lines(world):
    provider = await up(world)
    stream, voice = await world.talking(provider)

    async def series():
        _, _, page = await world.http("GET", "/metrics", port=world.admin_port)
        return {line.rpartition(" ")[0] for line in page.decode().splitlines() if line and not line.startswith("#")}

    before, lines = await series(), len(world.log)
    for n in range(150):
        await stream.send({"event": f"made-up-{n}", "streamSid": stream.stream_sid})
        await voice.send(type=f"made.up.{n}")
        await voice.send(type="error", error={"type": f"kind_{n}_error", "code": f"code_{n}", "message": "x", "param": None})
        await world.http("GET", f"/made/up/{n}")
    await voice.caller_turn("Still there.")
    await world.event("utterance", stream.sid, text="Still there.")
    assert await series() == before
    assert len(world.log) - lines < 150, "a broken peer must not fill a disk"


@scenario
async def test_the_log_tells_the_life_of_a_call(world):
    provider = await up(world)
    stream, voice = await world.talking(provider)
    await voice.caller_turn("Hello.")
    await voice.answer("What happened?", b"\x6e" * 8000)
    await world.event("utterance", stream.sid, text="What happened?")
    await stream.stop()
    await world.ended(stream.sid)
    for line in ("call admitted", "stream connected", "stream started", "provider connecting", "provider connected",
                 "session created", "session configured", "utterance stored", "interruption", "answer begins", "call ended"):
        found = await world.logged(line)
        assert line == "stream connected" or stream.sid in found, found
    ended = await world.logged("call ended")
    assert "duration_ms=" in ended and "reason=stop" in ended


@scenario
async def test_holdfastctl_checks_a_stopped_journal(world):
    provider = await up(world)
    stream, _ = await world.talking(provider)
    await stream.stop()
    await world.ended(stream.sid)
    await world.stop_daemon()
    ctl = BUILD / "tools" / "holdfastctl" / "holdfastctl"
    good = subprocess.run([ctl, "check", world.tmp / "store" / "holdfast.db"], capture_output=True, text=True)
    assert good.returncode == 0, good.stdout + good.stderr
    config = subprocess.run([ctl, "check", world.tmp / "holdfast.yaml"], capture_output=True, text=True,
                            env={**os.environ, "TWILIO_AUTH_TOKEN": TOKEN})
    assert config.returncode == 0, config.stdout + config.stderr
    bad = pathlib.Path(world.tmp / "bad.yaml")
    bad.write_text("site:\n  idd: x\nmedia:\n  max_calls: -3\n  max_calls: 4\n")
    result = subprocess.run([ctl, "check", bad], capture_output=True, text=True, env={**os.environ, "TWILIO_AUTH_TOKEN": TOKEN})
    assert result.returncode == 1
    assert re.search(r"bad\.yaml:2:3: site\.idd: ", result.stdout + result.stderr), result.stdout + result.stderr
