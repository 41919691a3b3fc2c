"""From a caller's words to the agency: the real daemon, a CAD of Python's own HTTP server, holdfastctl as an operator."""
import asyncio
import base64
import hashlib
import hmac
import http.server
import json
import pathlib
import threading
import time

import jsonschema

from harness import ROOT, ctl, scenario, within

SECRET = "a-secret-of-tests"
SCHEMA = json.loads((pathlib.Path(__file__).parent.parent / "data" / "dispatch" / "eido.schema.json").read_text())


def signature(name, seconds, body):
    mac = hmac.new(SECRET.encode(), f"{name}.{seconds}.".encode() + body, hashlib.sha256).digest()
    return "v1," + base64.b64encode(mac).decode()


class Cad:
    """Takes posts; `answers` are given in turn, then the last one for ever."""

    def __init__(self, *answers):
        self.answers, self.posts, self.new = list(answers), [], asyncio.Queue()
        loop, cad = asyncio.get_running_loop(), self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                cad.posts.append((self.headers, body))
                status, reply = cad.answers.pop(0) if len(cad.answers) > 1 else cad.answers[0]
                text = json.dumps(reply).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)
                loop.call_soon_threadsafe(cad.new.put_nowait, (self.headers, body))

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server.server_port}/dispatches"

    async def post(self):
        headers, body = await within(self.new.get(), "a post to the CAD")
        assert headers["webhook-signature"] == signature(headers["webhook-id"], headers["webhook-timestamp"], body)
        assert headers["Idempotency-Key"] == headers["webhook-id"]
        return headers, json.loads(body)

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


async def fire(world, cad=None, mode="approve", **webhook):
    """A caller names a fire and a place. Stream, voice, and the id of the dispatch."""
    provider = await world.provider()
    keys = f"mode: {mode}, automatic_confirmed: true"
    if cad:
        world.env["DISPATCH_WEBHOOK_SECRET"] = SECRET
        keys += f", webhook: {{url: '{cad.url}', " + ", ".join(f"{k}: {v}" for k, v in webhook.items()) + "}"
    world.write_config(provider.url, extra=f"dispatch: {{{keys}}}\n")
    await world.start_daemon()
    stream, voice = await world.talking(provider)
    await voice.caller_turn("There's a fire at 123 Main Street.")
    await world.event("dispatch", stream.sid)
    return stream, voice, f"{stream.sid}:dispatch:1"


def prompt(name):
    """The mu-law samples of a shipped sentence."""
    data = (ROOT / "etc" / "prompts" / "en" / f"{name}.wav").read_bytes()
    at = data.index(b"data")
    return data[at + 8:at + 8 + int.from_bytes(data[at + 4:at + 8], "little")]


async def states(world, sid, last):
    async def wait():
        while True:
            steps = [row["state"] for row in (await world.journal(sid))["dispatches"]]
            if steps[-1] == last:
                return steps
            await world.event("dispatch", sid)
    return await within(wait(), f"the dispatch to be {last}")


async def told(voice):
    """The model has been told that help is on the way."""
    while True:
        item = (await voice.event("conversation.item.create"))["item"]
        if item["type"] == "function_call_output" and json.loads(item["output"]).get("help_on_the_way"):
            return


@scenario
async def test_a_person_approves_where_there_is_no_cad_and_then_the_model_says_so(world):
    stream, voice, name = await fire(world)
    code, out = await ctl(world, "incidents")
    assert code == 0 and name in out and "123 MAIN ST" in out and "proposed" in out
    assert not any("help_on_the_way\":true" in json.dumps(e) for e in voice.received)
    code, out = await ctl(world, "approve", name)
    assert (code, out) == (0, "Approved.\n")
    await within(told(voice), "the model to be told")
    assert await states(world, stream.sid, "acknowledged") == ["proposed", "approved", "acknowledged"]
    detail = await world.journal(stream.sid)
    by = [row["actor"] for row in detail["audit"] if row["action"] == "dispatch_approved"]
    assert len(by) == 1 and by[0]
    code, out = await ctl(world, "approve", name)
    assert code == 1 and "acknowledged already" in out
    code, out = await ctl(world, "reject", name, "--why", "too late")
    assert code == 1 and "acknowledged already" in out
    assert "no dispatches" in (await ctl(world, "incidents"))[1]
    assert name in (await ctl(world, "incidents", "--all"))[1]
    assert not any("MAIN" in line for line in world.log)


@scenario
async def test_a_rejection_needs_a_reason_and_is_final(world):
    stream, _, name = await fire(world)
    assert (await ctl(world, "reject", name))[0] == 64
    assert (await ctl(world, "reject", name, "--why", ""))[0] == 1
    assert (await ctl(world, "reject", name, "--why", "known alarm test")) == (0, "Rejected.\n")
    assert (await ctl(world, "approve", name))[0] == 1
    steps = (await world.journal(stream.sid))["dispatches"]
    assert [(row["state"], row["reason"]) for row in steps] == [("proposed", ""), ("rejected", "known alarm test")]


@scenario
async def test_the_cad_takes_a_proposal_and_its_acceptance_is_the_acknowledgement(world):
    cad = Cad((200, {"received": True}), (200, {"acknowledged": True, "by": "desk 7"}))
    stream, voice, name = await fire(world, cad)
    headers, document = await cad.post()
    assert (document["id"], document["state"], document["type"]["code"]) == (name, "proposed", "FUNK")
    assert document["location"] == {"text": "123 MAIN ST", "kind": "address", "known": True}
    assert await states(world, stream.sid, "sent") == ["proposed", "sent"]
    assert (await ctl(world, "approve", name))[0] == 0
    _, document = await cad.post()
    assert document["state"] == "approved"
    await within(told(voice), "the model to be told")
    steps = await states(world, stream.sid, "acknowledged")
    assert steps == ["proposed", "sent", "approved", "sent", "acknowledged"]
    assert (await world.journal(stream.sid))["dispatches"][-1]["actor"] == "desk 7"
    cad.stop()


@scenario
async def test_a_later_acknowledgement_has_to_be_signed(world):
    cad = Cad((202, {}))
    stream, _, name = await fire(world, cad, mode="automatic")
    _, document = await cad.post()
    assert document["state"] == "approved"
    await states(world, stream.sid, "sent")

    async def acknowledge(sign=signature, age=0):
        body, seconds = b'{"by":"desk 4"}', int(time.time()) - age
        headers = {"Content-Type": "application/json", "webhook-id": "m1", "webhook-timestamp": str(seconds),
                   "webhook-signature": sign("m1", seconds, body)}
        return (await world.http("POST", f"/api/v1/dispatches/{name}/acknowledge", body, headers, port=world.admin_port))[0]
    assert await acknowledge(lambda *_: "v1,AAAA") == 403
    assert await acknowledge(age=400) == 403
    assert await acknowledge() == 200
    assert await states(world, stream.sid, "acknowledged") == ["proposed", "approved", "sent", "acknowledged"]
    assert await acknowledge() == 409
    cad.stop()


@scenario
async def test_a_cad_that_is_down_is_tried_again_also_by_the_next_daemon(world):
    cad = Cad((503, {}))
    stream, _, name = await fire(world, cad)
    first, document = await cad.post()
    await cad.post()
    await world.stop_daemon()
    cad.answers = [(200, {"acknowledged": True})]
    await world.start_daemon()
    while not cad.new.empty():
        cad.new.get_nowait()
    assert await states(world, stream.sid, "acknowledged") == ["proposed", "sent", "approved", "acknowledged"]
    assert {headers["webhook-id"] for headers, _ in cad.posts} == {f"{name}:proposed"}
    assert {body for _, body in cad.posts} == {cad.posts[0][1]}, "the same bytes under the same name"
    cad.stop()


@scenario
async def test_what_the_cad_will_not_take_is_a_dead_letter(world):
    cad = Cad((422, {"error": "no such street"}))
    stream, _, name = await fire(world, cad)
    await cad.post()
    assert await states(world, stream.sid, "undeliverable") == ["proposed", "undeliverable"]
    letters = (await world.journal(stream.sid))["dead_letters"]
    assert [(row["key"], row["reason"], row["attempts"]) for row in letters] == [(f"{name}:proposed", "http_422", 1)]
    assert await world.metric('holdfast_dispatch_webhook_total{result="dead"}') == 1
    cad.stop()


@scenario
async def test_an_eido_has_the_members_of_our_schema(world):
    cad = Cad((200, {}))
    _, _, name = await fire(world, cad, format="eido")
    headers, document = await cad.post()
    assert headers["Content-Type"] == "application/emergency.eido+json"
    validator = jsonschema.Draft202012Validator(SCHEMA)
    validator.validate(document)
    status, _, body = await world.http("GET", f"/api/v1/dispatches/{name}?format=eido", port=world.admin_port)
    assert status == 200
    validator.validate(json.loads(body))
    for member in ("incidentComponent", "callComponent", "eidoVersion"):
        broken = dict(document)
        del broken[member]
        assert list(validator.iter_errors(broken)), "the schema checks something"
    cad.stop()


@scenario
async def test_a_life_threat_raises_the_priority_and_offers_a_person_without_the_model(world):
    provider = await world.provider()
    world.write_config(provider.url)
    await world.start_daemon()
    stream, voice = await world.talking(provider)
    await voice.caller_turn("My dad is not breathing.")
    await world.event("life_threat", stream.sid)
    offered = await world.event("sentence", stream.sid)
    assert offered["detail"] == "person_offer"
    incident = (await world.journal(stream.sid))["incidents"][-1]
    assert (incident["type"], incident["priority"]) == ("RESPARR", 1)
    await voice.caller_turn("He is still not breathing.", 3000, 4000)
    await world.event("utterance", stream.sid, text="He is still not breathing.")
    assert await world.metric("holdfast_tripwire_total") == 1, "once a call"


@scenario
async def test_recorded_prompts_say_that_help_is_coming_once_it_is_acknowledged(world):
    world.write_config("ws://127.0.0.1:9/v1/realtime", extra="dispatch: {mode: approve, max_questions: 1, answer_timeout_s: 3}\n")
    await world.start_daemon()
    stream = await world.call()
    await world.event("dispatch", stream.sid)  # nobody hears the caller: what there is has to do
    proposal = (await world.journal(stream.sid))["dispatches"][-1]
    assert (proposal["state"], proposal["rule"], proposal["incomplete"]) == ("proposed", "questions", True), proposal
    sentence = prompt("help_coming")[4000:12000]  # half a second into it, one second long
    assert sentence not in stream.heard
    assert (await ctl(world, "approve", f"{stream.sid}:dispatch:1"))[0] == 0
    await stream.wait_for(lambda: sentence in stream.heard, "the caller to hear that help is on the way")
    said = [row["text"] for row in (await world.journal(stream.sid))["utterances"] if row["speaker"] == "voice"]
    assert "acknowledged" in await states(world, stream.sid, "acknowledged") and said


@scenario
async def test_a_place_that_the_agencys_list_does_not_know_has_to_be_asked_for(world):
    source, streets = world.tmp / "county.csv", world.tmp / "streets.db"
    source.write_text("predir,name,suffix,low,high,parity,community\n"
                      "N,Main,Street,100,199,both,Springfield\nS,Main,Street,100,199,both,Springfield\nnonsense\n")
    code, out = await ctl(world, "streets", "import", str(source), "--to", str(streets), admin=None)
    assert code == 1 and "2 segments of 3 rows, 1 passed over" in out and "line 4" in out
    code, out = await ctl(world, "streets", "check", "123 MAIN ST", "--list", str(streets), admin=None)
    assert code == 1 and out.split("\n")[:3] == ["ambiguous (direction)", "  123 N MAIN ST, SPRINGFIELD", "  123 S MAIN ST, SPRINGFIELD"]
    assert (await ctl(world, "streets", "check", "123 N MAIN ST", "--list", str(streets), admin=None))[0] == 0
    provider = await world.provider()
    world.write_config(provider.url, extra=f"streets: {{path: {streets}}}\n")
    await world.start_daemon()
    stream, voice = await world.talking(provider)
    await voice.caller_turn("There's a fire at 123 Main Street.")
    await world.event("incident", stream.sid)
    detail = await world.journal(stream.sid)
    assert detail["dispatches"] == [] and not detail["incidents"][-1]["place_known"]
    check = [fact for fact in detail["facts"] if fact["slot"] == "street_check"]
    assert [(row["source"], row["normal"]) for row in check] == [("list", "ambiguous direction")]
    await voice.caller_turn("123 North Main Street.", 3000, 4000)
    await world.event("dispatch", stream.sid)
    assert (await world.journal(stream.sid))["dispatches"][0]["place"] == "123 N MAIN ST"
