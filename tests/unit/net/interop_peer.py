"""An independent WebSocket implementation (python3-websockets) against ours, either way round.

interop_peer.py client URL [CA]    talks to an echo server of ours; prints "ok" or what went wrong
interop_peer.py server [CERT KEY]  prints "port N", echoes, closes with 4002 when told "close"
"""
import asyncio
import ssl
import sys

import websockets


def check(condition, what):
    if not condition:
        raise AssertionError(what)


async def client(url, ca=None):
    context = ssl.create_default_context(cafile=ca) if ca else None
    # Compression is offered: it must not be accepted.
    async with websockets.connect(url, ssl=context, compression="deflate", max_size=2**20, open_timeout=60) as socket:
        check(not socket.extensions, "an extension was negotiated")
        for text in ["", "hello", "gr\u00fc\u00df\u20ac\U0001f600", "x" * 125, "x" * 126, "x" * 65535, "x" * 65536]:
            await socket.send(text)
            check(await socket.recv() == text, f"echo of {len(text)} characters")
        await socket.send(["one ", "mess", "age"])  # three fragments
        check(await socket.recv() == "one message", "fragments")
        await asyncio.wait_for(await socket.ping(b"payload"), 60)
        for i in range(2000):
            await socket.send(str(i))
        for i in range(2000):
            check(await socket.recv() == str(i), f"message {i} in order")
        await socket.send(b"binary")
        try:
            await socket.recv()
            check(False, "binary was not refused")
        except websockets.ConnectionClosed as closed:
            check(closed.rcvd is not None and closed.rcvd.code == 1003, f"close {closed.rcvd}")
    async with websockets.connect(url, ssl=context) as socket:
        await socket.close(4001, "client's wish")
    check(socket.close_code == 4001, f"close code {socket.close_code}")
    try:
        async with websockets.connect(url + "/elsewhere", ssl=context):
            check(False, "the wrong path was accepted")
    except websockets.InvalidStatusCode as refused:
        check(refused.status_code == 404, f"status {refused.status_code}")
    print("ok", flush=True)


async def server(certificate=None, key=None):
    context = None
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)

    async def echo(socket):
        async for message in socket:
            if message == "close":
                return await socket.close(4002, "server's wish")
            elif message == "fragments":
                await socket.send(["a", "b", "c"])
            else:
                await socket.send(message)

    async with websockets.serve(echo, "127.0.0.1", 0, ssl=context, subprotocols=["realtime"]) as listener:
        print("port", listener.sockets[0].getsockname()[1], flush=True)
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)  # until our parent goes


asyncio.run({"client": client, "server": server}[sys.argv[1]](*sys.argv[2:]))
