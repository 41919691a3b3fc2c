"""What the table of keys calls "applied live" is in force after a reload, group by group, and a call that is under way keeps what
it began with. Settings change as an operator changes them: a file of conf.d, then SIGHUP."""
import asyncio
import signal
import ssl
import xml.etree.ElementTree as xml

from harness import TOKEN, ctl, make_certificates, new_sid, scenario
from test_dispatch import Cad, SECRET
from test_follow_up import KEY_SID, SECRET as KEY_SECRET, free_port, place
from test_front_door import VOICE, up
from test_reload import reload as ask_for_a_reload

OTHER_TOKEN = "psap0test0auth0token0000000000009"


async def reload(world, site=None, result="ok"):
    """Writes the site's own file and asks for a reload; how it went. Whoever reads "ok" finds the new values in force."""
    if site is not None:
        folder = world.tmp / "conf.d"
        folder.mkdir(exist_ok=True)
        (folder / "50-site.yaml").write_text(site)
    said = await ask_for_a_reload(world)
    assert said["result"] == result, said
    return said


def secret_file(world, name, text):
    path = world.tmp / name
    path.write_text(text)
    path.chmod(0o600)
    return path


async def answer_to_a_new_caller(world):
    _, _, body = await world.voice(new_sid("CA"))
    return "stream" if xml.fromstring(body).find("./Connect/Stream") is not None else "person"


@scenario
async def test_the_front_door(world):
    await up(world)
    token, account = secret_file(world, "token", OTHER_TOKEN), "AC" + "7" * 32
    await reload(world, "listen: {public: {base_url: 'https://edge.psap.example'}}\n"
                        f"twilio: {{account_sid: {account}, auth_token_file: {token}}}\n"
                        "person: {number: '+15550100177', caller_id: '+15550100178', timeout_s: 17}\n")
    url = "https://edge.psap.example" + VOICE

    def form():
        return [("AccountSid", account)] + [pair for pair in world.voice_form(new_sid("CA")) if pair[0] != "AccountSid"]
    status, _, body = await world.post(VOICE, form(), token=OTHER_TOKEN, url=url)
    assert status == 200, (status, body)
    root = xml.fromstring(body)
    assert root.find("./Connect/Stream").get("url") == "wss://edge.psap.example/ws/media"
    dial = root.find("./Dial")
    assert (dial.find("Number").text, dial.get("callerId"), dial.get("timeout")) == ("+15550100177", "+15550100178", "17")
    assert (await world.post(VOICE, form(), token=TOKEN, url=url))[0] == 403, "the old token"
    assert (await world.post(VOICE, form(), token=OTHER_TOKEN))[0] == 403, "the old name of the box"
    assert (await world.post(VOICE, world.voice_form(new_sid("CA")), token=OTHER_TOKEN, url=url))[0] == 403, "another account"
    assert (await world.admin("/api/v1/status"))[1]["public"]["base_url"] == "https://edge.psap.example"


@scenario
async def test_the_voice_and_its_instructions_but_not_of_a_call_under_way(world):
    first = await up(world)
    stream, voice = await world.talking(first)
    second = await world.provider()
    instructions = world.tmp / "instructions.txt"
    instructions.write_text("Be brief.\n")
    await reload(world, f"openai: {{url: '{second.url}', model: gpt-realtime-2.1-mini, voice: cedar, instructions_file: {instructions},\n"
                        "  transcription_language: es, turn_detection: {silence_duration_ms: 700}}\n")
    _, other = await world.talking(second)
    session = (await other.event("session.update"))["session"]
    assert "Be brief." in session["instructions"]
    assert session["audio"]["output"]["voice"] == "cedar"
    assert session["audio"]["input"]["transcription"]["language"] == "es"
    assert session["audio"]["input"]["turn_detection"]["silence_duration_ms"] == 700
    heard = voice.appends
    await voice.wait_for(lambda: voice.appends > heard + 10, "the first call to go on where it is")
    assert not stream.socket.closed
    # The file alone: the same settings, other words.
    instructions.write_text("Be very brief.\n")
    await reload(world)
    _, third = await world.talking(second)
    assert "Be very brief." in (await third.event("session.update"))["session"]["instructions"]


@scenario
async def test_the_ladder(world):
    provider = await up(world)
    await world.talking(provider)
    await reload(world, "ladder: {rungs: [canned, person]}\n")
    stream = await world.call()
    await stream.wait_for(lambda: len(stream.heard) > 16_000, "recorded words")
    assert (await world.journal(stream.sid))["call"]["rung"] == "canned"
    assert len(provider.all) == 1, "no second session"


@scenario
async def test_how_many_calls_and_how_wide_the_line_is(world):
    await up(world)
    assert await answer_to_a_new_caller(world) == "stream"
    await reload(world, "media: {max_calls: 1}\n")
    assert await answer_to_a_new_caller(world) == "person"
    await reload(world, "")
    assert await answer_to_a_new_caller(world) == "stream"
    await reload(world, "uplink: {up_kbps: 100}\n")
    assert await answer_to_a_new_caller(world) == "person"


@scenario
async def test_words_for_a_person_but_not_of_a_call_under_way(world):
    provider = await up(world)
    before, voice = await world.talking(provider)
    await reload(world, "person: {words: [purple]}\n")
    after, other = await world.talking(provider)
    await voice.caller_turn("It is purple.")
    await other.caller_turn("It is purple.")
    assert await after.closed() == 1000
    assert await world.handed_over(after.sid) == "transferred"
    await world.event("utterance", before.sid, text="It is purple.")
    assert not before.socket.closed


@scenario
async def test_dispatch_its_tripwires_and_its_webhook(world):
    provider = await up(world)
    cad = Cad((200, {"acknowledged": True, "by": "desk 7"}))

    async def stop():
        cad.stop()
    world.closing.append(stop)
    secret = secret_file(world, "cad-secret", SECRET)
    await reload(world, "dispatch: {mode: automatic, automatic_confirmed: true, tripwires: [purple],\n"
                        f"  webhook: {{url: '{cad.url}', secret_file: {secret}}}}}\n")
    stream, voice = await world.talking(provider)
    await voice.caller_turn("There's a purple fire at 123 Main Street.")
    await cad.post()
    await world.event("dispatch", stream.sid, detail="acknowledged")
    assert ("life_threat", "tripwire") in [(row["kind"], row["reason"]) for row in (await world.journal(stream.sid))["seams"]]


@scenario
async def test_the_street_list_and_one_that_cannot_be_read_refuses_the_reload(world):
    provider = await up(world)
    source, streets = world.tmp / "county.csv", world.tmp / "streets.db"
    source.write_text("predir,name,suffix,low,high,parity,community\nN,Main,Street,100,199,both,Springfield\n"
                      "S,Main,Street,100,199,both,Springfield\n")
    await ctl(world, "streets", "import", str(source), "--to", str(streets), admin=None)
    await reload(world, f"streets: {{path: {streets}}}\n")
    broken = world.tmp / "broken.db"
    broken.write_text("no list")
    await reload(world, f"streets: {{path: {broken}}}\nmedia: {{max_calls: 7}}\n", result="rejected")
    stream, voice = await world.talking(provider)
    await voice.caller_turn("There's a fire at 123 Main Street.")
    await world.event("incident", stream.sid)
    check = [row["normal"] for row in (await world.journal(stream.sid))["facts"] if row["slot"] == "street_check"]
    assert check == ["ambiguous direction"]


@scenario
async def test_recording(world):
    provider = await up(world)
    await reload(world, "recording: {enabled: true}\n")
    stream, _ = await world.talking(provider)
    await stream.stop()
    await world.logged(f"recording stored call={stream.sid}")
    assert len((await world.journal(stream.sid))["recordings"]) == 1


@scenario
async def test_twilios_rest_interface(world):
    await up(world)
    world.rest_port = free_port()
    secret = secret_file(world, "key-secret", KEY_SECRET)
    await reload(world, f"twilio: {{api_url: 'http://127.0.0.1:{world.rest_port}', api_key_sid: {KEY_SID},\n"
                        f"  api_key_secret_file: {secret}}}\n")
    report = await place(world, "no-follow")
    assert report["good"], report["reasons"]
    assert report["redirected"] and [r["method"] for r in report["rest"]] == ["GET", "POST"]


@scenario
async def test_the_level_of_the_log(world):
    provider = await up(world)
    await reload(world, "log: {level: error}\n")
    quiet, _ = await world.talking(provider)
    await reload(world, "log: {level: debug}\n")
    loud, _ = await world.talking(provider)
    await world.logged(f"call={loud.sid}")
    assert not any(quiet.sid in line for line in world.log)


def certificate_text(path):
    """The first certificate of a chain, as the ssl module writes one."""
    text = path.read_text()
    begin, end = "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----"
    return ssl.DER_cert_to_PEM_cert(ssl.PEM_cert_to_DER_cert(text[text.index(begin):text.index(end) + len(end)]))


@scenario
async def test_A13_certificates_of_both_listeners_and_their_paths(world):
    certificate, key, _ = world.certificates()
    provider = await world.provider()
    world.write_config(provider.url, tls=True)
    config = world.tmp / "holdfast.yaml"
    config.write_text(config.read_text().replace(
        "admin: {address: 127.0.0.1, port: 0}",
        f"admin: {{address: 127.0.0.1, port: 0, tls: true, certificate: {certificate}, private_key: {key}}}"))
    await world.start_daemon(ready=False)
    await world.logged("app: ready")
    ports = [int(world.log_field(f"{listener} listener open", "port")) for listener in ("public", "admin")]

    async def shown():
        loop = asyncio.get_running_loop()
        return [await loop.run_in_executor(None, ssl.get_server_certificate, ("127.0.0.1", port)) for port in ports]

    async def hang_up(pattern):
        mark = len(world.log)
        world.process.send_signal(signal.SIGHUP)
        await world.logged(pattern, mark)
    first = await shown()
    assert first == [certificate_text(certificate)] * 2
    make_certificates(world.tmp)
    await hang_up("configuration reloaded changed=true applied=2 ")
    second = await shown()
    assert second == [certificate_text(certificate)] * 2 and second != first

    elsewhere = world.tmp / "elsewhere"
    elsewhere.mkdir()
    make_certificates(elsewhere)
    folder = world.tmp / "conf.d"
    folder.mkdir()
    paths = f"{{certificate: {elsewhere}/server.pem, private_key: {elsewhere}/server.key}}"
    (folder / "50-site.yaml").write_text(f"listen: {{public: {paths}, admin: {paths}}}\n")
    await hang_up("configuration reloaded changed=true")
    third = await shown()
    assert third == [certificate_text(elsewhere / "server.pem")] * 2 and third != second

    # A pair out of date would turn callers away.
    make_certificates(elsewhere, days="-1")
    await hang_up("configuration refused")
    assert await shown() == third
    make_certificates(elsewhere)
    await hang_up("configuration reloaded changed=true applied=2 ")
    assert await shown() == [certificate_text(elsewhere / "server.pem")] * 2


@scenario
async def test_A13_A06_calls_over_tls_go_on_while_certificates_change(world):
    provider = await up(world, tls=True)
    calls = [await world.talking(provider) for _ in range(5)]
    for turn in range(6):
        make_certificates(world.tmp)
        broken = turn % 3 == 2
        if broken:
            (world.tmp / "server.key").write_text("rubbish")
        await reload(world, result="rejected" if broken else "ok")
    for stream, voice in calls:
        heard = voice.appends
        await voice.wait_for(lambda: voice.appends > heard + 10, "the call to go on")
        assert not stream.socket.closed
    make_certificates(world.tmp)
    await reload(world)
    await world.talking(provider)  # a new caller finds the last of them


@scenario
async def test_A07_a_reload_that_changes_nothing_says_so_and_what_needs_a_restart_is_named(world):
    await up(world)
    assert (await reload(world))["needs_restart"] == []
    await world.logged("configuration reloaded changed=false")
    mark = len(world.log)
    said = await reload(world, "store: {runtime_path: /elsewhere}\nlog: {format: json}\n")
    assert said["needs_restart"] == ["store.runtime_path", "log.format"]
    await world.logged("configuration reloaded changed=true applied=0 needs_restart=2", mark)
    for key in said["needs_restart"]:
        await world.logged(f"changed key needs a restart key={key}", mark)
    code, out = await ctl(world, "status")
    assert code == 0 and "restart holdfast for: store.runtime_path, log.format" in " ".join(out.split())


@scenario
async def test_A05_a_bad_file_changes_nothing_and_says_where_it_is_wrong(world):
    await up(world)
    said = await reload(world, "person: {timeout_s: 41}\nmedia: {max_calls: none}\nlog: {level: loud}\n", result="rejected")
    assert said["problems"] == 2 and said["problem"].startswith(f"{world.tmp}/conf.d/50-site.yaml:2:20: media.max_calls: ")

    async def rings_s():
        return xml.fromstring((await world.voice(new_sid("CA")))[2]).find("./Dial").get("timeout")
    assert await rings_s() == "30"
    ready = (await world.admin("/readyz"))[1]
    assert ready["ready"] and ready["parts"]["configuration"] == {"state": "degraded", "detail": "rejected"}
    assert await world.metric('holdfast_reload_total{result="rejected"}') == 1
    await reload(world, "person: {timeout_s: 41}\n")
    assert await rings_s() == "41"
    assert (await world.admin("/readyz"))[1]["parts"]["configuration"] == {"state": "ok", "detail": "good"}
