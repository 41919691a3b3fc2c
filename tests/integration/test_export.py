"""`holdfastctl export`: one call out of a running daemon, as others will read it: with Python's zipfile, unzip, sha256sum and
ffprobe. X06: what a caller said acts on nobody who reads it."""
import asyncio
import functools
import hashlib
import json
import os
import stat
import subprocess
import zipfile

from harness import CTL, SILENCE, ctl, new_sid, scenario, within
from test_deferred import talk

# Colours, a cleared screen, a faked line, text turned around, a formula, and a backspace.
HOSTILE = ("\x1b[31mfire\x1b[2J\r\n2026-01-01T00:00:00.000Z  +0:00.000  voice   \"all is well\"\n"
           "=cmd|'/c calc'!A0 \u202eevil\u2066\x08\x9b1A\u2028end")
TEXT_MEMBERS = {"call.json", "transcript.txt", "audit.txt", "audit.json", "manifest.json", "SHA256SUMS"}


def record_calls(world):
    config = world.tmp / "holdfast.yaml"
    config.write_text(config.read_text().replace("recording:\n", "recording:\n  enabled: true\n  transcribe: false\n"))


async def recorded_call(world, words="There is a fire."):
    """A daemon, and a call that was heard live and recorded."""
    provider = await world.provider()
    world.write_config(provider.url)
    record_calls(world)
    await world.start_daemon()
    return await spoken_call(world, provider, words)


async def spoken_call(world, provider, words, seconds=1):
    """A call that ends, and the row of its recording."""
    stream, voice = await world.talking(provider)
    await voice.caller_turn(words)
    await world.event("utterance", stream.sid, speaker="caller")
    sound = talk(seconds) + SILENCE * 25
    for at in range(0, len(sound), 160):
        await stream.media(sound[at:at + 160])
    await stream.stop()
    await stream.hang_up()
    await world.ended(stream.sid)
    await world.logged(rf"recording stored.*{stream.sid}")
    detail = await world.journal(stream.sid)
    assert len(detail["recordings"]) == 1, detail["recordings"]
    return stream.sid, detail["recordings"][0]


async def run(*command, cwd=None):
    process = await asyncio.create_subprocess_exec(*map(str, command), cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    out, _ = await within(process.communicate(), command[0])
    return process.returncode, out.decode()


def manifest_of(path):
    with zipfile.ZipFile(path) as archive:
        return json.loads(archive.read("manifest.json"))


@scenario
async def test_an_export_is_the_whole_call_and_can_be_checked_by_anybody(world):
    sid, recording = await recorded_call(world, HOSTILE)
    target = world.tmp / "case.zip"
    code, said = await ctl(world, "export", sid, "--to", str(target), "--by", "Ann Miller", "--why", "court order 12")
    assert code == 0, said
    assert "fire" not in said and "evil" not in said
    assert stat.S_IMODE(os.stat(target).st_mode) == 0o600
    assert sorted(p.name for p in world.tmp.iterdir() if p.name.startswith(("case", ".holdfastctl"))) == ["case.zip"]

    wav = f"audio/{recording['path']}"
    with zipfile.ZipFile(target) as archive:
        assert archive.testzip() is None
        assert set(archive.namelist()) == TEXT_MEMBERS | {wav}
        assert {info.external_attr >> 16 for info in archive.infolist()} == {stat.S_IFREG | 0o600}
        members = {name: archive.read(name) for name in archive.namelist()}
    code, said = await run("unzip", "-q", target, "-d", world.tmp / "case")
    assert code == 0, said
    code, said = await run("sha256sum", "-c", "--strict", "SHA256SUMS", cwd=world.tmp / "case")
    assert code == 0 and said.count(": OK") == len(members) - 1, said

    manifest = json.loads(members["manifest.json"])
    _, status = await world.admin("/api/v1/status")
    assert (manifest["call"], manifest["by"], manifest["why"]) == (sid, "Ann Miller", "court order 12")
    assert (manifest["site_id"], manifest["version"], manifest["generation"]) == \
        ("test", status["version"], status["store"]["generation"])
    assert manifest["complete"] and manifest["call_over"] and not manifest["missing"] and not manifest["differing"]
    listed = {m["name"]: m for m in manifest["members"]}
    assert set(listed) == set(members) - {"manifest.json", "SHA256SUMS"}
    for name, member in listed.items():
        assert (member["bytes"], member["sha256"]) == (len(members[name]), hashlib.sha256(members[name]).hexdigest()), name
    assert listed[wav]["sha256"] == recording["sha256"] == listed[wav]["journal_sha256"]
    assert members[wav] == (world.tmp / "recordings" / recording["path"]).read_bytes()

    code, said = await run("ffprobe", "-v", "error", "-show_streams", "-of", "json", world.tmp / "case" / wav)
    assert code == 0, said
    sound = json.loads(said)["streams"][0]
    assert (sound["codec_name"], sound["sample_rate"], sound["channels"]) == ("pcm_mulaw", "8000", 2)
    assert abs(float(sound["duration"]) * 1000 - recording["duration_ms"]) <= 1

    # The words: to the letter where programs read them, harmless where people do.
    call = json.loads(members["call.json"])
    assert [u["text"] for u in call["utterances"] if u["speaker"] == "caller"] == [HOSTILE]
    assert members["call.json"].isascii() and not set(members["call.json"]) & set(range(32)) - {10}
    rest = await world.journal(sid)
    assert {k: v for k, v in call.items() if k != "audit"} == {k: v for k, v in rest.items() if k != "audit"}
    lines = [line for line in members["transcript.txt"].decode().split("\n") if "  caller" in line]
    assert len(lines) == 1, lines
    for shown in (r"\x1b[31mfire\x1b[2J\r\n2026", r'well"\n=cmd', r"\u{202e}evil\u{2066}\x08\u{009b}1A\u{2028}end"):
        assert shown in lines[0], lines[0]
    for name in ("transcript.txt", "audit.txt"):
        text = members[name].decode()
        assert all(c.isprintable() or c == "\n" for c in text), name
        assert text.splitlines() == text.rstrip("\n").split("\n"), name

    # Who did it stands in the journal, and in what was given away.
    for rows in (rest["audit"], call["audit"], json.loads(members["audit.json"])):
        assert [(a["actor"], a["detail"]) for a in rows if a["action"] == "export_call"] == \
            [("Ann Miller", "recordings=1 why=court order 12")]
    assert "Ann Miller  export_call  recordings=1 why=court order 12" in members["audit.txt"].decode()
    for text in ("evil", "cmd|", "+15550100123"):
        assert not [line for line in world.log if text in line], f"{text} in the log"


@scenario
async def test_a_recording_that_is_gone_or_changed_is_said_and_the_rest_is_exported(world):
    sid, recording = await recorded_call(world)
    path = world.tmp / "recordings" / recording["path"]
    good = path.read_bytes()

    changed = bytearray(good)
    changed[-1] ^= 1
    path.write_bytes(changed)
    target = world.tmp / "changed.zip"
    code, said = await ctl(world, "export", sid, "--to", str(target))
    assert code == 1 and f"audio/{path.name} is NOT what the journal says" in said, said
    manifest = manifest_of(target)
    assert not manifest["complete"] and manifest["differing"] == [f"audio/{path.name}"]
    member = [m for m in manifest["members"] if m["name"].startswith("audio/")][0]
    assert not member["as_journal"] and member["journal_sha256"] == recording["sha256"]
    with zipfile.ZipFile(target) as archive:
        assert archive.read(f"audio/{path.name}") == changed

    path.unlink()
    code, said = await ctl(world, "export", sid, "--to", str(target))
    assert code == 1 and "is there already" in said, said
    code, said = await ctl(world, "export", sid, "--to", str(target), "--force")
    assert code == 1 and f"audio/{path.name} is missing" in said and "NOT complete" in said, said
    manifest = manifest_of(target)
    assert [(m["name"], m["code"]) for m in manifest["missing"]] == [(f"audio/{path.name}", "missing")]
    with zipfile.ZipFile(target) as archive:
        assert set(archive.namelist()) == TEXT_MEMBERS

    # What stands in its place is followed nowhere.
    path.symlink_to("/etc/hostname")
    code, _ = await ctl(world, "export", sid, "--to", str(target), "--force")
    assert code == 1 and [m["code"] for m in manifest_of(target)["missing"]] == ["unreadable"]
    os.unlink(path)
    os.mkfifo(path)
    code, _ = await ctl(world, "export", sid, "--to", str(target), "--force")
    assert code == 1 and [m["code"] for m in manifest_of(target)["missing"]] == ["unreadable"]


@scenario
async def test_nothing_is_given_away_that_no_row_tells_of(world):
    sid, recording = await recorded_call(world)
    base = f"/api/v1/calls/{sid}"
    post = functools.partial(world.http, "POST", port=world.admin_port, headers={"Content-Type": "application/json"})

    async def refused(path, status, code):
        got, answer = await world.admin(path)
        assert (got, answer["error"]["code"]) == (status, code), (path, got, answer)

    await refused(f"{base}/recordings/{recording['path']}", 403, "no_export")
    await refused(f"{base}/recordings/{recording['path']}?export={'0' * 32}", 403, "no_export")
    for body, code in (("{}", "no_name"), ('{"by": "\\u0007"}', "no_name"), ('{"by": 1}', "bad_body"), ("[", "bad_body")):
        status, _, answer = await post(f"{base}/export", body)
        assert (status, json.loads(answer)["error"]["code"]) == (400, code), body
    status, _, _ = await world.http("POST", f"{base}/export", '{"by": "x"}', port=world.admin_port)
    assert status == 415
    assert not [a for a in (await world.journal(sid))["audit"] if a["action"] == "export_call"]

    status, _, answer = await post(f"{base}/export", '{"by": "Ann\\n\\u001b[1m"}')
    assert status == 200
    export = json.loads(answer)["export"]
    assert export["by"] == "Ann[1m"
    key = f"export={export['id']}"
    # A name is one that the journal has of this call, and nothing else.
    for name in ("other.wav", "..%2fholdfast.yaml", "%2e%2e", ".", recording["path"] + "%00", recording["path"].upper(),
                 recording["path"] + ".part"):
        await refused(f"{base}/recordings/{name}?{key}", 404, "not_found")
    for name in ("../holdfast.yaml", "../../../etc/passwd", "a/b.wav"):
        await refused(f"{base}/recordings/{name}?{key}", 404, "not_found")
    await refused(f"/api/v1/calls/{new_sid('CA')}/recordings/{recording['path']}?{key}", 403, "no_export")
    await refused(f"/api/v1/calls/CA1/recordings/{recording['path']}?{key}", 400, "bad_call_sid")
    one = f"{base}/recordings/{recording['path']}?{key}"
    for bad in ("&bytes=0", "&bytes=1048577", "&bytes=x", "&offset=-1", "&offset=1x", "&offset=", "&more=1", "&offset=1&offset=2"):
        await refused(one + bad, 400, "bad_query")
    file = (world.tmp / "recordings" / recording["path"]).read_bytes()
    await refused(f"{one}&offset={len(file)}", 416, "bad_range")
    await refused(f"{one}&offset=9223372036854775807", 416, "bad_range")

    status, headers, part = await world.http("GET", f"{one}&offset=100&bytes=50", port=world.admin_port)
    assert (status, part, headers["Content-Type"]) == (200, file[100:150], "application/octet-stream")
    assert headers["Holdfast-Total-Bytes"] == str(len(file))
    status, _, rest = await world.http("GET", f"{one}&offset={len(file) - 3}", port=world.admin_port)
    assert (status, rest) == (200, file[-3:])

    # Of an unknown call there is nothing, no file and no row.
    unknown = new_sid("CA")
    code, said = await ctl(world, "export", unknown, "--to", str(world.tmp / "none.zip"))
    assert code == 1 and "knows no such call" in said, said
    for hostile in ("../../etc/passwd", "CA1", sid + "/../x", sid[:-1] + "\n"):
        code, _ = await ctl(world, "export", hostile, "--to", str(world.tmp / "none.zip"))
        assert code == 64, hostile
    assert not list(world.tmp.glob("none.zip*"))


@scenario
async def test_a_call_that_goes_on_is_exported_as_far_as_it_is(world):
    provider = await world.provider()
    world.write_config(provider.url)
    await world.start_daemon()
    stream, voice = await world.talking(provider)
    await voice.caller_turn("Hello?")
    await world.event("utterance", stream.sid, speaker="caller")
    process = await asyncio.create_subprocess_exec(
        str(CTL), "--admin", f"http://127.0.0.1:{world.admin_port}", "--json", "export", stream.sid, cwd=world.tmp,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    out, err = await within(process.communicate(), "holdfastctl")
    assert process.returncode == 0 and b"the call is going on" in err, err
    document = json.loads(out)
    assert document["file"] == f"{stream.sid}.zip" and document["manifest"]["call_over"] is False
    with zipfile.ZipFile(world.tmp / document["file"]) as archive:
        assert '"Hello?"' in archive.read("transcript.txt").decode()
        assert "Ended     not yet" in archive.read("transcript.txt").decode()
    await stream.stop()
    await stream.hang_up()
    await world.ended(stream.sid)
