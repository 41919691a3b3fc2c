"""Rows E* of the failure matrix: a caller on rung scripted, the real daemon, and `holdfast-sim speech` as ElevenLabs. Only
the caller's own words are spoken fresh, at the read-back; whatever becomes of them, and of the ears, the interview goes on."""
import dataclasses
import json

from harness import API_KEY
from sim import Speech, place_call, run_rows

HEARD = ["12 Main Street, Springfield.", "There is a fire.", "No.", "555 0 1 2 3 4.", "Yes."]
SPOKEN = [word for text in HEARD for word in ("--say", text)]
# Who is not understood also presses 1 with each answer.
PRESSED = {"turns": [{"when": "greeting ended", "after_ms": 300, "say": HEARD[0]}] +
                    [{"when": "answer ended", "after_ms": 300, "say": text, "dtmf": "1"} for text in HEARD[1:]] +
                    [{"when": "answer ended", "after_ms": 300, "hangup": True}]}


@dataclasses.dataclass
class Row:
    matrix: str
    fault: str        # in the simulator's notation; empty: none
    metric: str = ""  # full name of the sample that has to move
    deaf: bool = False   # the ears are lost: the caller presses keys as well, and may be handed to a person


def failed(code):
    return f'holdfast_tts_failed_total{{code="{code}"}}'


def deaf(reason):
    return f'holdfast_ears_lost_total{{reason="{reason}"}}'


ROWS = [
    Row("well", ""),
    Row("E01", "tts-refuse=401/invalid_api_key", failed("auth")),
    Row("E01", "tts-refuse=401/quota_exceeded", failed("quota")),
    Row("E02", "tts-refuse=400/voice_not_found", failed("voice")),
    Row("E02", "tts-refuse=403", failed("plan")),
    Row("E02", "tts-refuse=422", failed("request")),
    Row("E03", "tts-refuse=429/too_many_concurrent_requests", failed("busy")),
    Row("E04", "tts-refuse=429/system_busy", failed("server")),
    Row("E04", "tts-refuse=503", failed("server")),
    Row("E05", "tts-slow=1800"),
    Row("E05", "tts-hang", failed("slow")),
    Row("E06", "tts-cut=50", "holdfast_tts_truncated_total"),
    Row("E06", "tts-short=10", "holdfast_tts_truncated_total"),
    Row("E07", "tts-html", failed("html")),
    Row("E07", "tts-json", failed("json")),
    Row("E07", "tts-mp3", "holdfast_tts_bad_audio_total"),
    Row("E08", "tts-empty", failed("empty")),
    Row("ears", "scribe-refuse=401", deaf("auth"), deaf=True),
    Row("ears", "scribe-close=1011:turn=2", deaf("server_error"), deaf=True),
    Row("ears", "scribe-deaf@4000", deaf=True),
    Row("ears", "scribe-reset@4000", deaf("network"), deaf=True),
]


async def scripted(world, row):
    """The interview is good to its end, on its own rung, and what was asked of the service was right."""
    speech = Speech(world)
    world.services.append(speech)
    await speech.start(HEARD, [row.fault] if row.fault else [])
    world.write_config("ws://127.0.0.1:9/v1/realtime",
                       extra=f"elevenlabs: {{url: 'http://127.0.0.1:{speech.port}', voice_id: voiceA}}")
    config = world.tmp / "holdfast.yaml"
    config.write_text(config.read_text().replace("ladder:\n", "ladder:\n  rungs: [scripted, canned, person]\n"))
    world.env["ELEVENLABS_API_KEY"] = API_KEY
    await world.start_daemon()
    say = SPOKEN
    if row.deaf:
        script = world.tmp / "caller.json"
        script.write_text(json.dumps(PRESSED))
        say = ("--script", str(script))
    _, report = await place_call(world, "--patience-ms", "12000", say=say)
    detail = await world.journal(report["call_sid"])
    if row.deaf:
        assert not any("silence" in reason for reason in report["reasons"]), report["reasons"]
        assert detail["call"]["rung"] in ("scripted", "person"), detail["seams"]
    else:
        assert not report["reasons"], report["reasons"]
        assert detail["call"]["rung"] == "scripted", detail["seams"]
        incident = detail["incidents"][-1]
        assert (incident["type"], incident["place"], incident["place_known"]) == ("FUNK", "12 MAIN ST, SPRINGFIELD", True)
        assert detail["dispatches"][0]["state"] == "proposed" and detail["dispatches"][0]["offset_ms"] < 60_000
    if row.metric:
        assert await world.metric(row.metric) > 0, f"{row.metric} did not move"
    told = await speech.stop()
    assert told["client_was_right"], told
    if not row.deaf:
        assert told["speech"], "nothing was spoken fresh"


def test_every_fault_of_the_speech_service_is_survived_on_its_own_rung():
    run_rows(ROWS, scripted, lambda row: f"{row.matrix} {row.fault}")
