"""holdfastctl selftest: a call through the box's own public port, and what the daemon says of it."""
import asyncio
import json
import sys

import pytest
import websockets

from harness import TOKEN, ctl, scenario
from test_upgrade import free_ports


async def selftest(world, *arguments, token=TOKEN):
    """Exit code and the document."""
    config = str(world.tmp / "holdfast.yaml")
    store = world.tmp / "etc" / "credstore"
    store.mkdir(parents=True, exist_ok=True)
    (store / "holdfast.twilio_auth_token").write_text(token + "\n")
    code, out = await ctl(world, "--json", "selftest", "--config", config, "--etc", str(world.tmp / "etc"), *arguments)
    return code, json.loads(out.splitlines()[-1])


async def part(world):
    return (await world.admin("/readyz"))[1]["parts"]["selftest"]


async def public_box(world, name="localhost"):
    """A box with TLS, which is known by a name."""
    provider = await world.provider()
    port, = free_ports(1)
    world.write_config(provider.url, tls=True, public=f"base_url: 'https://{name}:{port}'")
    config = world.tmp / "holdfast.yaml"
    config.write_text(config.read_text().replace("port: 0", f"port: {port}", 1))
    await world.start_daemon()
    return world.certificates()[2]


async def plain_box(world, **options):
    provider = await world.provider()
    world.write_config(provider.url, **options)
    await world.start_daemon()


@scenario
async def test_a_good_call_stands_in_readyz_the_metrics_and_the_journal(world):
    authority = await public_box(world)
    assert await part(world) == {"state": "ok", "detail": "never"}
    code, result = await selftest(world, "--ca", str(authority))
    assert code == 0 and result["good"] and result["told"], result
    assert 0 <= result["greeting_ms"] <= 1000
    assert await part(world) == {"state": "ok", "detail": "good"}
    assert await world.metric("holdfast_selftest_good") == 1
    assert await world.metric("holdfast_selftest_greeting_seconds") == result["greeting_ms"] / 1000
    assert (await world.admin("/api/v1/status"))[1]["selftest"]["detail"] == "good"
    await world.ended(result["call_sid"])
    call = (await world.journal(result["call_sid"]))["call"]
    assert call["from"] == "client:holdfast-selftest" and call["end_reason"] in ("stop", "callback"), call


@scenario
async def test_a_certificate_of_another_name_or_an_unknown_authority_is_not_good(world):
    authority = await public_box(world, name="other.psap.example")
    for arguments in (("--ca", str(authority)), ()):
        code, result = await selftest(world, *arguments)
        assert code == 1 and result["detail"] == "tls", result
    assert await part(world) == {"state": "degraded", "detail": "tls"}
    assert (await world.admin("/readyz"))[0] == 200, "callers are served all the same"


@scenario
async def test_a_token_that_is_not_the_daemons_is_refused_and_one_log_line_says_when_it_is_good_again(world):
    await plain_box(world)
    for _ in range(2):
        code, result = await selftest(world, token="psap0test0auth0token0000000000009")
        assert code == 1 and result["detail"] == "refused", result
        assert TOKEN not in json.dumps(result)
    assert (await selftest(world))[0] == 0
    await world.logged("the test call is good again")
    assert len([line for line in world.log if "the test call failed" in line]) == 1


@scenario
async def test_a_person_instead_of_a_stream_is_not_good(world):
    await plain_box(world, extra="uplink:\n  up_kbps: 10\n  down_kbps: 10")
    code, result = await selftest(world)
    assert code == 1 and result["detail"] == "person", result
    assert await part(world) == {"state": "degraded", "detail": "person"}


@scenario
async def test_a_box_that_drains_or_is_full_says_so_and_keeps_its_last_result(world):
    await plain_box(world, media="media:\n  max_calls: 1")
    assert (await selftest(world))[0] == 0
    stream = await world.call()
    await world.logged("stream started call=" + stream.sid)
    async with asyncio.timeout(60):
        while (await world.admin("/api/v1/status"))[1]["calls"]["active"] != 1:
            await asyncio.sleep(0.05)  # the status is a picture of twice a second
    code, result = await selftest(world)
    assert code == 0 and not result["good"] and result["detail"] == "full", result
    status, _, _ = await world.http("POST", "/api/v1/drain", "{}", {"Content-Type": "application/json"}, port=world.admin_port)
    assert status == 200
    code, result = await selftest(world)
    assert code == 0 and result["detail"] == "draining", result
    assert await part(world) == {"state": "ok", "detail": "good"}


async def stub(world, answer):
    """A web server on loopback whose every answer is `answer`; nothing: it never answers."""
    async def serve(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        if answer is not None:
            body = answer.encode()
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
            await writer.drain()
        else:
            await reader.read()
        writer.close()
    server = await asyncio.start_server(serve, "127.0.0.1", 0)

    async def end():
        server.close()
    world.closing.append(end)
    return f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/api/webhooks/voice"


async def dumb_stream(world):
    """A media socket that takes everything and never says anything."""
    async def serve(socket):
        async for _ in socket:
            pass
    server = await websockets.serve(serve, "127.0.0.1", 0)

    async def end():
        server.close()
        await server.wait_closed()
    world.closing.append(end)
    return f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/ws/media"


def document(stream):
    return f'<?xml version="1.0"?><Response><Connect><Stream url="{stream}"/></Connect><Hangup/></Response>'


@scenario
async def test_each_way_in_which_a_box_can_fail_has_its_word(world):
    await plain_box(world)
    closed, = free_ports(1)
    dumb = await dumb_stream(world)
    for url, word in ((f"http://127.0.0.1:{closed}/api/webhooks/voice", "unreachable"),
                      (await stub(world, None), "no_answer"),
                      (await stub(world, "<html/>"), "bad_twiml"),
                      (await stub(world, document(f"ws://127.0.0.1:{closed}/ws/media")), "no_stream"),
                      (await stub(world, document(dumb)), "no_greeting")):
        code, result = await selftest(world, "--url", url, "--timeout", "5")
        assert code == 1 and result["detail"] == word, (word, result)
        assert await part(world) == {"state": "degraded", "detail": word}


@scenario
async def test_without_a_daemon_it_is_2_and_without_a_token_1(world):
    provider = await world.provider()
    world.write_config(provider.url)
    world.admin_port, = free_ports(1)
    arguments = ("selftest", "--config", str(world.tmp / "holdfast.yaml"), "--etc", str(world.tmp / "etc"))
    code, out = await ctl(world, *arguments)
    assert code == 1 and "auth token" in out, out
    store = world.tmp / "etc" / "credstore"
    store.mkdir(parents=True)
    (store / "holdfast.twilio_auth_token").write_text(TOKEN + "\n")
    code, out = await ctl(world, *arguments)
    assert code == 2, out


if __name__ == "__main__":
    sys.exit(pytest.main([__file__]))
