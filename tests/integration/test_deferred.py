"""Words that nobody heard live: the real daemon, holdfast-sim as a provider that dies and returns, and a caller who
speaks on rung canned. The words have to stand in the journal in the end, at their place, once."""
import asyncio
import http.client
import json
import math

from harness import API_KEY, DEADLINE_S, SILENCE, scenario, within
from sim import Service

DEAD = ("refuse=503", "file-refuse=503/server_error")


def mulaw(sample):
    """G.711, in its own few lines."""
    sign, magnitude = (0x80, -sample) if sample < 0 else (0, sample)
    magnitude = min(magnitude, 32635) + 132
    exponent = magnitude.bit_length() - 8
    return ~(sign | exponent << 4 | (magnitude >> (exponent + 3)) & 0x0F) & 0xFF


def talk(seconds):
    """What a voice detector takes for speech: a buzz with syllables."""
    out = bytearray()
    for i in range(int(seconds * 8000)):
        t = i / 8000
        syllable = 0.25 + 0.75 * abs(math.sin(2 * math.pi * 2.2 * t))
        out.append(mulaw(int(6000 * syllable * sum(math.sin(2 * math.pi * 140 * n * t) / n for n in range(2, 9)))))
    return bytes(out)


class Provider(Service):
    """A holdfast-sim provider whose faults change while it runs."""

    command = "provider"

    async def start(self, texts, faults):
        script = self.world.tmp / "provider.json"
        script.write_text(json.dumps({"files": texts}))
        return await super().start("--json", "--key", API_KEY, "--script", script,
                                   *[word for fault in faults for word in ("--fault", fault)])

    async def asked(self, files):
        await self.until(lambda: self.count("file") >= files, f"{files} requests of the file endpoint")

    def ask(self, method, path, body=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.control, timeout=DEADLINE_S)
        try:
            connection.request(method, path, body)
            answer = connection.getresponse()
            text = answer.read().decode()
            assert answer.status == 200, text
            return text
        finally:
            connection.close()

    def comes_back(self, *faults):
        self.ask("DELETE", "/fault")
        if faults:
            self.ask("POST", "/fault", "\n".join(faults))

    def report(self):
        return json.loads(self.ask("GET", "/report"))


async def dead_provider(world, texts, faults=DEAD):
    provider = await Provider(world).start(texts, faults)
    world.providers.append(provider)
    world.write_config(f"ws://127.0.0.1:{provider.port}/v1/realtime")
    config = world.tmp / "holdfast.yaml"
    config.write_text(config.read_text().replace("probe_interval_s: 0", "probe_interval_s: 0\n  step_up_after_ms: 5000"))
    await world.start_daemon()
    return provider


async def canned_call(world, *sentences):
    """A call that stands on canned and says sentences of so many seconds, 4 s apart; then the caller hangs up."""
    stream = await world.call()
    await world.logged(rf"seam.*{stream.sid}|{stream.sid}.*seam")
    await stream.wait_for(lambda: len(stream.heard) > 16_000, "two seconds of recorded prompts")
    for seconds in sentences:
        for data in (talk(seconds), SILENCE * 200):
            for at in range(0, len(data), 160):
                await stream.media(data[at:at + 160])
    await stream.stop()
    await stream.hang_up()
    await world.ended(stream.sid)
    await world.logged(rf"recording stored.*{stream.sid}")  # by the recorder's own thread, which says when its row is safe
    return stream.sid


async def deferred(world, sid, count):
    """The utterances marked so, once there are that many."""
    async def wait():
        while True:
            rows = [r for r in (await world.journal(sid))["utterances"] if r["deferred"]]
            if len(rows) >= count:
                return rows
            await asyncio.sleep(0.2)  # nothing announces them; the deadline is within()'s
    return await within(wait(), f"{count} deferred utterances")


@scenario
async def test_words_said_on_canned_are_written_down_when_the_provider_is_back(world):
    provider = await dead_provider(world, ["I am at twelve Main Street.", "Please hurry."])
    sid = await canned_call(world, 2, 1)
    assert not [r for r in (await world.journal(sid))["utterances"] if r["deferred"]]
    provider.comes_back()
    rows = await deferred(world, sid, 2)
    assert [r["text"] for r in rows] == ["I am at twelve Main Street.", "Please hurry."]
    assert all(r["speaker"] == "caller" and r["provider"] == "openai" and not r["failed"] for r in rows)
    detail = await world.journal(sid)
    recording = detail["recordings"][0]
    begin, end = recording["offset_ms"], recording["offset_ms"] + recording["duration_ms"]
    assert all(begin <= r["start_ms"] < r["end_ms"] <= end for r in rows)
    assert 1500 <= rows[0]["end_ms"] - rows[0]["start_ms"] <= 3000
    # the second sentence begins 6 s after the first one did
    assert 5500 <= rows[1]["start_ms"] - rows[0]["start_ms"] <= 6500
    line = await world.logged(rf"recording is finished with.*{sid}|{sid}.*recording is finished with")
    assert "result=words" in line
    detail = await world.journal(sid)
    assert [a["action"] for a in detail["audit"]].count("recording_transcribed") == 1
    assert await world.metric('holdfast_transcribe_pieces_total{result="words"}') == 2
    files = [f for f in provider.report()["files"] if f["status"] == 200]
    assert [f["model"] for f in files] == ["gpt-transcribe"] * 2
    assert not provider.report()["file_wrongs"]
    for text in ("Main Street", "hurry"):
        assert not [line for line in world.log if text in line], "words in the log"


@scenario
async def test_a_killed_daemon_does_not_write_them_down_twice(world):
    never = "file-slow:conn=2-"  # the second piece gets no answer
    provider = await dead_provider(world, ["first", "lost answer", "second"], ("refuse=503", never))
    sid = await canned_call(world, 1, 1)
    provider.comes_back(never)
    await provider.asked(2)
    await deferred(world, sid, 1)
    world.process.kill()
    await within(world.process.wait(), "the daemon to die")
    await world.logged("<end of log>")
    provider.comes_back()
    await world.start_daemon()
    rows = await deferred(world, sid, 2)
    await world.logged(rf"recording is finished with.*{sid}|{sid}.*recording is finished with")
    rows = [r for r in (await world.journal(sid))["utterances"] if r["deferred"]]
    assert len(rows) == 2 and len({r["item_id"] for r in rows}) == 2
    assert rows[0]["text"] == "first" and rows[0]["end_ms"] < rows[1]["start_ms"]
    # The recording is finished with: another start asks for nothing.
    asked = provider.count("file")
    mark = len(world.log)
    assert await world.stop_daemon() == 0
    await world.logged("<end of log>", mark)
    await world.start_daemon()
    sid = await canned_call_after_return(world, provider)
    assert provider.count("file") == asked, sid


async def canned_call_after_return(world, provider):
    """Something that takes the daemon a while: a call that is heard live and has nothing to be written down later."""
    stream = await world.call()
    await world.event("voice", stream.sid, detail="configured")
    await stream.stop()
    await stream.hang_up()
    await world.ended(stream.sid)
    return stream.sid


@scenario
async def test_a_damaged_recording_is_noted_and_left_alone(world):
    provider = await dead_provider(world, ["never"])
    sid = await canned_call(world, 1)
    name = (await world.journal(sid))["recordings"][0]["path"]
    path = world.tmp / "recordings" / name
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    provider.comes_back()
    line = await world.logged(rf"recording is finished with.*{sid}|{sid}.*recording is finished with")
    assert "result=damaged" in line
    assert not [r for r in (await world.journal(sid))["utterances"] if r["deferred"]]


@scenario
async def test_words_of_a_canned_call_make_the_same_incident_when_they_are_written_down(world):
    provider = await dead_provider(world, ["There's a fire at 123 Main Street."])
    sid = await canned_call(world, 2)
    before = await world.journal(sid)
    assert all(row["type"] == "TROUBLE" for row in before["incidents"])
    provider.comes_back()
    await world.logged(rf"dispatch proposed.*{sid}.*late_words")
    detail = await world.journal(sid)
    newest = detail["incidents"][-1]
    assert (newest["type"], newest["place"], newest["place_known"]) == ("FUNK", "123 MAIN ST", True)
    assert [row["normal"] for row in detail["facts"]] == ["FUNK", "123 MAIN ST"]
    late = detail["dispatches"][-1]
    assert (late["state"], late["rule"], late["place"]) == ("proposed", "late_words", "123 MAIN ST")
