"""Rows N* of the failure matrix that a caller can notice: the real daemon, the real holdfast-sim at both ends, and a bad
line between them. Runs in a network of its own (tests/integration/own-network), where packets are dropped by nftables and
names are answered by a stub here."""
import asyncio
import contextlib
import http.server
import os
import pathlib
import socket
import struct
import subprocess
import threading

from harness import PERSON, make_certificates, new_sid
from sim import Provider, Relay, place_call, run_rows
from test_simulator import CANNED, GOOD, MENDED, PATIENT, connect, lost

EITHER = "any rung, but no silence"
NAME_SERVER = "127.0.5.3"


def nft(*rules):
    subprocess.run(["nft", "-f", "-"], input="\n".join(rules), text=True, check=True)


def setup_module():
    assert [name for _, name in socket.if_nameindex()] == ["lo"], "run me with tests/integration/own-network"
    nft("table inet lines {", "}")
    resolver = pathlib.Path("/tmp") / f"holdfast-resolv-{os.getpid()}"
    resolver.write_text(f"nameserver {NAME_SERVER}\n")
    try:
        subprocess.run(["mount", "--bind", str(resolver), "/etc/resolv.conf"], check=True)
    finally:
        resolver.unlink()


class Rules:
    """Packet rules of one row: gone before its ports are free for another row."""

    def __init__(self, world, port, *rules):
        self.chain = f"port_{port}_{len(world.services)}"
        nft(f"add chain inet lines {self.chain} {{ type filter hook input priority 0; }}",
            *[f"add rule inet lines {self.chain} {rule}" for rule in rules])
        world.services.append(self)

    async def stop(self):
        nft(f"delete chain inet lines {self.chain}")


def packets(world, port, verdict):
    """What happens to every packet of connections to `port`, both ways, from now on."""
    Rules(world, port, f"tcp dport {port} {verdict}", f"tcp sport {port} {verdict}")


def near_ends(port):
    """Ports of this machine's connections to `port` that are established."""
    ends = []
    for line in pathlib.Path("/proc/net/tcp").read_text().splitlines()[1:]:
        _, local, remote, state = line.split()[:4]
        if state == "01" and int(remote.partition(":")[2], 16) == port:
            ends.append(int(local.partition(":")[2], 16))
    return ends


class NameServer(asyncio.DatagramProtocol):
    """Answers A and AAAA. `names`: what becomes of each name, a word or (IPv4 address, IPv6 address or None)."""

    CODES = {"servfail": 2, "nxdomain": 3, "refused": 5}

    def __init__(self):
        self.names = {}

    def connection_made(self, transport):
        self.transport = transport

    def datagram_received(self, data, sender):
        labels, at = [], 12
        while data[at]:
            labels.append(data[at + 1:at + 1 + data[at]].decode())
            at += 1 + data[at]
        kind = struct.unpack(">H", data[at + 1:at + 3])[0]
        question = data[12:at + 5]
        what = self.names.get(".".join(labels).lower(), "nxdomain")
        if what == "silent":
            return
        if isinstance(what, str):
            return self.transport.sendto(data[:2] + struct.pack(">HHHHH", 0x8180 | self.CODES[what], 1, 0, 0, 0) + question, sender)
        address = {1: what[0] and socket.inet_aton(what[0]), 28: what[1] and socket.inet_pton(socket.AF_INET6, what[1])}.get(kind)
        answer = b"" if not address else b"\xc0\x0c" + struct.pack(">HHIH", kind, 1, 0, len(address)) + address
        self.transport.sendto(data[:2] + struct.pack(">HHHHH", 0x8180, 1, 1 if answer else 0, 0, 0) + question + answer, sender)


NAMES = NameServer()


async def start(world, url, openai="", extra="", **options):
    # A line that is only slow, because so many share the machine, is not what most rows are about.
    world.write_config(url, openai=openai or "  ping_timeout_ms: 10000", extra=extra, **options)
    await world.start_daemon()


async def provider_of(world, **options):
    provider = await Provider(world).start(**options)
    world.services.append(provider)
    return provider


async def relay_to(world, port, *commands):
    relay = await Relay(world).start(port)
    world.services.append(relay)
    await relay.tell(*commands)
    return relay


async def behind_a_relay(world, *commands, openai=""):
    provider = await provider_of(world)
    relay = await relay_to(world, provider.port, *commands)
    await start(world, f"ws://127.0.0.1:{relay.port}/v1/realtime", openai)
    return relay


async def behind_a_name(world, name, where, certified="", days="30"):
    """A TLS provider that only the name server can find."""
    folder = world.tmp / "provider-certificate"
    folder.mkdir()
    make_certificates(folder, certified or name, days)
    provider = await provider_of(world, options=("--certificate", folder / "server.pem", "--private-key", folder / "server.key"))
    NAMES.names[name] = where
    await start(world, f"wss://{name}:{provider.port}/v1/realtime", f"  ca_file: {folder}/ca.pem")
    return provider


async def judged(world, outcome, sid, report):
    """The call was good for its caller, and stood where it had to."""
    assert not report["reasons"], f"wanted {outcome}: {report['reasons']}, then {report.get('continuation')}"
    detail = await world.journal(sid)
    if outcome == EITHER:
        return detail
    assert detail["call"]["rung"] == ("canned" if outcome == CANNED else "openai"), detail["seams"]
    mended = any(seam["kind"] in ("voice_lost", "voice_unserved") for seam in detail["seams"])
    assert mended == (outcome != GOOD), detail["seams"]
    return detail


async def calls(world, outcome, say=("--say", "Fire."), during=None, event="speech_started"):
    """A call; `during` is awaited once the caller has begun to speak (or `event` was in the feed)."""
    sid = new_sid("CA")
    call = asyncio.ensure_future(place_call(world, say=say, sid=sid))
    try:
        if during:
            await world.event(event, sid)
            await during()
        _, report = await call
    finally:
        call.cancel()
    return await judged(world, outcome, sid, report)


async def moved(world, sample):
    assert await world.metric(sample) > 0, f"{sample} did not move"


# --- names ---

def n01_without_a_name(how):
    async def row(world):
        await behind_a_name(world, f"{how}.test", how)
        await calls(world, CANNED)
        await moved(world, connect("network"))
    return row


async def n01_names_are_remembered(world):
    await behind_a_name(world, "remembered.test", ("127.0.0.1", None))
    await calls(world, GOOD)
    NAMES.names["remembered.test"] = "servfail"
    await calls(world, GOOD)


async def n02_silent_name_server(world):
    await behind_a_name(world, "silent.test", "silent")
    await calls(world, CANNED)
    await moved(world, connect("timeout"))


async def n02_silent_name_server_later(world):
    await behind_a_name(world, "later.test", ("127.0.0.1", None))
    await calls(world, GOOD)
    NAMES.names["later.test"] = "silent"
    await calls(world, GOOD)


async def n03_wrong_address(world):
    await behind_a_name(world, "right.test", ("127.0.0.1", None), certified="wrong.test")
    await calls(world, CANNED)
    await moved(world, connect("tls"))


async def n22_broken_ipv6(world):
    provider = await behind_a_name(world, "six.test", ("127.0.0.1", "::1"))
    Rules(world, provider.port, f"ip6 nexthdr tcp tcp dport {provider.port} drop")
    await calls(world, GOOD)


# --- packets ---

async def plain(world):
    provider = await provider_of(world)
    await start(world, f"ws://127.0.0.1:{provider.port}/v1/realtime")
    return provider


async def n04_refused(world):
    provider = await plain(world)
    Rules(world, provider.port, f"tcp dport {provider.port} reject with tcp reset")
    await calls(world, CANNED)
    await moved(world, connect("network"))


async def n06_black_hole(world):
    provider = await plain(world)

    async def vanish():
        packets(world, provider.port, "drop")
    await calls(world, CANNED, during=vanish)


async def n06_black_hole_from_the_start(world):
    provider = await plain(world)
    packets(world, provider.port, "drop")
    await calls(world, CANNED)
    await moved(world, connect("timeout"))


async def n23_address_change(world):
    """What was connected is gone without a word; a climb back to the rung comes after half a minute."""
    provider = await plain(world)

    async def lose_those_that_are():
        ends = near_ends(provider.port)
        assert ends
        for end in ends:
            Rules(world, end, f"tcp dport {end} tcp sport {provider.port} drop",
                  f"tcp sport {end} tcp dport {provider.port} drop")
    await calls(world, CANNED, during=lose_those_that_are)


def n11_loss(percent, outcome):
    async def row(world):
        provider = await plain(world)
        packets(world, provider.port, f"numgen random mod 100 < {percent} drop")
        await calls(world, outcome)
    return row


# --- the provider's line ---

def mid_call(outcome, metric, *commands):
    async def row(world):
        relay = await behind_a_relay(world)

        async def strike():
            await relay.tell(*commands)
        await calls(world, outcome, during=strike)
        if metric:
            await moved(world, metric)
    return row


def from_the_start(outcome, *commands):
    async def row(world):
        await behind_a_relay(world, *commands)
        await calls(world, outcome, say=("--say", "Fire.", "--say", "Hurry."))
    return row


async def n15_flapping(world):
    relay = await behind_a_relay(world, openai="  ping_timeout_ms: 4000")
    stop = asyncio.Event()

    async def flap():
        while not stop.is_set():
            for command in ("stall", "heal"):
                await relay.tell(command)
                with contextlib.suppress(asyncio.TimeoutError):
                    await asyncio.wait_for(stop.wait(), 2)  # the row's own rhythm
    say = [word for text in ("Fire.", "Here.", "Yes.", "No.", "Hurry.") for word in ("--say", text)]
    sid = new_sid("CA")
    call = asyncio.ensure_future(place_call(world, say=say, sid=sid))
    await world.event("speech_started", sid)
    flapping = asyncio.ensure_future(flap())
    try:
        _, report = await call
    finally:
        stop.set()
        await flapping
    detail = await judged(world, EITHER, sid, report)
    ups = [s["offset_ms"] for s in detail["seams"] if s["kind"] == "rung_up"]
    assert all(b - a >= 30_000 for a, b in zip(ups, ups[1:])), detail["seams"]


# --- TLS ---

async def tls_provider(world, host="127.0.0.1", certified="localhost", days="30", trusted=True, relay=False):
    folder = world.tmp / "provider-certificate"
    folder.mkdir()
    make_certificates(folder, certified, days)
    provider = await provider_of(world, options=("--certificate", folder / "server.pem", "--private-key", folder / "server.key"))
    line = await relay_to(world, provider.port) if relay else provider
    await start(world, f"wss://{host}:{line.port}/v1/realtime", f"  ca_file: {folder}/ca.pem" if trusted else "")
    return line


async def n16_large_packets_vanish(world):
    provider = await tls_provider(world)
    packets(world, provider.port, "meta length > 1000 drop")
    await calls(world, CANNED)
    await moved(world, connect("timeout"))


def n17_certificate(**certificate):
    async def row(world):
        await tls_provider(world, **certificate)
        await calls(world, CANNED)
        await moved(world, connect("tls"))
    return row


async def n18_old_tls(world):
    folder = world.tmp / "old"
    folder.mkdir()
    make_certificates(folder)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = await asyncio.create_subprocess_exec(
        "openssl", "s_server", "-accept", f"127.0.0.1:{port}", "-tls1_1", "-cipher", "ALL:@SECLEVEL=0", "-www", "-quiet",
        "-cert", str(folder / "server.pem"), "-key", str(folder / "server.key"),
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL)
    try:
        await start(world, f"wss://127.0.0.1:{port}/v1/realtime", f"  ca_file: {folder}/ca.pem")
        await calls(world, CANNED)
        await moved(world, connect("tls"))
    finally:
        server.terminate()
        await server.wait()


def n19_broken_records(outcome, *commands):
    async def row(world):
        relay = await tls_provider(world, relay=True)

        async def strike():
            await relay.tell(*commands)
        await calls(world, outcome, during=strike)
    return row


async def n20_own_certificate_expired(world):
    """Twilio takes no such certificate; the number's fallback document, kept away from the box, dials the person."""
    make_certificates(world.tmp, days="-1")
    provider = await provider_of(world)
    await start(world, f"ws://127.0.0.1:{provider.port}/v1/realtime", tls=True)
    await world.logged("certificate out of date")

    class Fallback(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            body = f"<?xml version='1.0' encoding='UTF-8'?><Response><Dial><Number>{PERSON}</Number></Dial></Response>".encode()
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(200)
            self.send_header("Content-Type", "text/xml")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass
    server = http.server.HTTPServer(("127.0.0.1", 0), Fallback)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        _, report = await place_call(world, "--expect", "person", "--fallback-url",
                                     f"http://127.0.0.1:{server.server_port}/")
    finally:
        server.shutdown()
    assert report["continuation"]["person"], report


# --- the callers' line ---

async def with_a_callers_line(world, *commands, media=""):
    provider = await provider_of(world)
    await start(world, f"ws://127.0.0.1:{provider.port}/v1/realtime", media=media)
    return await relay_to(world, world.public_port, *commands)


async def n12_thin_uplink(world):
    relay = await with_a_callers_line(world, "rate 32")
    first = asyncio.ensure_future(place_call(world, "--silence", "60", say=(), port=relay.port))
    try:
        async def line_is_down():
            while await world.metric("holdfast_uplink_score_down") > 0.1 and await world.metric("holdfast_uplink_score_up") > 0.1:
                await asyncio.sleep(0.2)  # the score is a gauge; bounded by the deadline
        await asyncio.wait_for(line_is_down(), 30)
        _, report = await place_call(world, "--expect", "person", port=relay.port)
        assert report["continuation"]["person"], report
        await moved(world, 'holdfast_admission_refused_total{cause="bandwidth"}')
        await relay.tell("reset")
        await first
    finally:
        first.cancel()


async def n13_three_calls_on_a_line_for_one(world):
    provider = await provider_of(world)
    await start(world, f"ws://127.0.0.1:{provider.port}/v1/realtime", extra="uplink: {up_kbps: 256, down_kbps: 256}")
    first = asyncio.ensure_future(place_call(world, say=PATIENT))
    await world.event("stream_started")
    for _ in range(2):
        _, report = await place_call(world, "--expect", "person")
        assert report["continuation"]["person"] and report["stream"]["upgrade_status"] == 0, report
    _, report = await first
    assert not report["reasons"], report["reasons"]
    assert await world.metric('holdfast_admission_refused_total{cause="bandwidth"}') == 2


def n14_one_way(way, bad, good):
    async def row(world):
        provider = await provider_of(world, faults=["burst=20s:turn=1"])  # the box has something to say all the time
        await start(world, f"ws://127.0.0.1:{provider.port}/v1/realtime")
        relay = await relay_to(world, world.public_port)
        sid = new_sid("CA")
        call = asyncio.ensure_future(place_call(world, port=relay.port, sid=sid))
        try:
            await world.event("speech_stopped", sid)
            await relay.tell(f"rate 32 {way}")

            async def shows():
                while await world.metric(f"holdfast_uplink_score_{bad}") > 0.1:
                    await asyncio.sleep(0.2)  # the score is a gauge; bounded by the deadline
            await asyncio.wait_for(shows(), 15)
            assert await world.metric(f"holdfast_uplink_score_{good}") > 0.4
            await relay.tell("reset")
            await call
        finally:
            call.cancel()
    return row


ROWS = [
    ("N01", "nxdomain", n01_without_a_name("nxdomain")),
    ("N01", "servfail", n01_without_a_name("servfail")),
    ("N01", "refused", n01_without_a_name("refused")),
    ("N01", "names are remembered", n01_names_are_remembered),
    ("N02", "silent name server", n02_silent_name_server),
    ("N02", "silent name server, name known", n02_silent_name_server_later),
    ("N03", "wrong address", n03_wrong_address),
    ("N04", "refused", n04_refused),
    ("N05", "reset in a call", mid_call(MENDED, lost("network"), "reset")),
    ("N06", "black hole in a call", n06_black_hole),
    ("N06", "black hole from the start", n06_black_hole_from_the_start),
    ("N08", "half-close in a call", mid_call(MENDED, lost("network"), "close")),
    ("N09", "200 ms more", from_the_start(GOOD, "delay 200 down")),
    ("N09", "1 s more", from_the_start(GOOD, "delay 1000 down")),
    ("N09", "5 s more", from_the_start(CANNED, "delay 5000 down")),
    ("N10", "jitter", from_the_start(GOOD, "jitter 500")),
    ("N11", "1 % lost", n11_loss(1, GOOD)),
    ("N11", "5 % lost", n11_loss(5, EITHER)),
    ("N11", "10 % lost", n11_loss(10, EITHER)),
    ("N11", "30 % lost", n11_loss(30, EITHER)),
    ("N12", "32 kbit/s", n12_thin_uplink),
    ("N13", "three calls on 256 kbit/s", n13_three_calls_on_a_line_for_one),
    ("N14", "towards the box", n14_one_way("up", "down", "up")),
    ("N14", "away from the box", n14_one_way("down", "up", "down")),
    ("N15", "flapping", n15_flapping),
    ("N16", "large packets vanish", n16_large_packets_vanish),
    ("N17", "unknown CA", n17_certificate(trusted=False)),
    ("N17", "wrong host", n17_certificate(host="localhost", certified="other.test")),
    ("N17", "expired", n17_certificate(days="-1")),
    ("N18", "TLS 1.1", n18_old_tls),
    ("N19", "flipped bits", n19_broken_records(MENDED, "flip down")),
    ("N19", "cut without close_notify", n19_broken_records(CANNED, "truncate 100 down")),
    ("N20", "own certificate expired", n20_own_certificate_expired),
    ("N22", "IPv6 broken", n22_broken_ipv6),
    ("N23", "address change in a call", n23_address_change),
]


def test_every_bad_line_ends_as_the_matrix_says():
    async def with_names(world, row):
        if not hasattr(NAMES, "transport"):
            NAMES.transport = None  # one for all rows
            await asyncio.get_running_loop().create_datagram_endpoint(lambda: NAMES, local_addr=(NAME_SERVER, 53))
        await row[2](world)
    run_rows(ROWS, with_names, lambda row: f"{row[0]} {row[1]}")
