"""The same words on every rung with ears that a simulator can play: the same incident in the journal, and the same proposal.
The recorded rung, whose words come later, is test_deferred.py's."""
import json

from harness import API_KEY, new_sid
from sim import Service, Speech, place_call, run_rows

WORDS = "There's a fire at 123 Main Street."
LIVE = ["openai", "eleven_realtime", "eleven_agent"]


class Provider(Service):
    command = "provider"

    async def start(self):
        script = self.world.tmp / "rungs.json"
        turn = {"hear": WORDS, "answer": "Is everybody out?", "delay_ms": 50}
        script.write_text(json.dumps({"turns": [turn], "otherwise": {"hear": "Yes.", "answer": "I have that."}, "unasked": "Go on."}))
        return await super().start("--json", "--key", API_KEY, "--script", script, "--report", self.world.tmp / "report.json")


async def one_rung(world, rung):
    if rung == "scripted":
        service = await Speech(world).start(["123 Main Street.", "There's a fire.", "No.", "555 0 1 2 3 4.", "Yes."])
    else:
        service = await Provider(world).start()
    world.services.append(service)
    world.write_config(f"ws://127.0.0.1:{service.port}/v1/realtime",
                       extra=f"elevenlabs: {{url: 'http://127.0.0.1:{service.port}', voice_id: v1, agent: {{id: agent_1}}}}\n")
    config = world.tmp / "holdfast.yaml"
    config.write_text(config.read_text().replace("ladder:\n", f"ladder:\n  rungs: [{rung}, canned, person]\n"))
    world.env["ELEVENLABS_API_KEY"] = API_KEY
    await world.start_daemon()
    sid = new_sid("CA")
    turns = 5 if rung == "scripted" else 1
    await place_call(world, "--patience-ms", "12000", sid=sid, say=[word for _ in range(turns) for word in ("--say", "Fire.")])
    detail = await world.journal(sid)
    assert detail["call"]["rung"] in (rung, "person"), detail["call"]
    assert any(row["speaker"] == "caller" and row["provider"].startswith(("openai", "eleven", "scripted")) for row in detail["utterances"])
    newest = detail["incidents"][-1]
    assert (newest["type"], newest["priority"], newest["place"], newest["place_known"]) == ("FUNK", 1, "123 MAIN ST", True), newest
    first = detail["dispatches"][0]
    assert (first["state"], first["rule"], first["type"], first["place"], first["incomplete"]) == \
        ("proposed", "place_and_type", "FUNK", "123 MAIN ST", False), first


def test_the_same_words_make_the_same_incident_on_every_rung():
    run_rows([*LIVE, "scripted"], one_rung, str)
