#!/usr/bin/env python3
"""X07: what a real XML parser reads out of our TwiML is what was put in, however hostile. Usage:
twiml_xml_test.py TWIML_ECHO"""
import random
import subprocess
import sys
import xml.etree.ElementTree as ElementTree

PIECES = ["+15550100", "anonymous", "<", ">", "&", '"', "'", "&amp;", "&#0;", "]]>", "<!--", "-->", "<![CDATA[",
          "<?xml?>", "</Stream>", "</Connect><Dial>+15550166</Dial>", "<!DOCTYPE x [<!ENTITY a 'b'>]>", "&a;", "\t",
          "\n", "\r", "\r\n", "  ", "\x00", "\x01", "\x0b", "\x1b[31m", "\x7f", "\u0085", "\u2028", "\u00e9", "\u4e2d",
          "\ufffd", "\ufffe", "\uffff", "\U0001f525", "e\u0301", b"\xff", b"\xc3", b"\xed\xa0\x80", b"\xf5\x80\x80\x80"]


def allowed(text):
    return "".join(c for c in text if c in "\t\n\r" or 0x20 <= ord(c) <= 0xFFFD or ord(c) >= 0x10000)


def hostile(rng):
    pieces = [rng.choice(PIECES) for _ in range(rng.randrange(1, 12))]
    return b"".join(p if isinstance(p, bytes) else p.encode() for p in pieces)


def expected(raw):
    return allowed(raw.decode("utf-8", errors="ignore"))


def documents(program, cases):
    request = b"".join(b"%d\n%s" % (len(text), text) for case in cases for text in case)
    out = subprocess.run([program], input=request, stdout=subprocess.PIPE, check=True, timeout=60).stdout
    while out:
        length, out = out.split(b"\n", 1)
        yield out[:int(length)]
        out = out[int(length):]


def check(document, case):
    assert document.startswith(b'<?xml version="1.0" encoding="UTF-8"?><Response>'), document[:60]
    url, name, key, value, sentence, number = map(expected, case)
    root = ElementTree.fromstring(document)
    say = ["Say"] if case[4] else []
    verbs = [verb.tag for verb in root]
    assert verbs == ["Connect"] + (say + ["Dial"] if case[5] else 10 * (say + ["Pause"])), verbs
    stream = root.find("Connect/Stream")
    assert stream.get("url") == url, (stream.get("url"), url)
    assert stream.get("name", "") == name
    (parameter,) = stream
    assert (parameter.get("name"), parameter.get("value")) == (key, value)
    if case[4]:
        assert (root.find("Say").text or "") == sentence
    if case[5]:
        assert (root.find("Dial/Number").text or "") == number
        assert root.find("Dial").get("callerId", "") == value
        assert set(root.find("Dial").keys()) <= {"timeout", "answerOnBridge", "callerId"}


def main():
    rng = random.Random(911)
    plain = [b"wss://edge.psap.example/ws/media", b"holdfast-1", b"token", b"abc", b"Please stay.", b"+15550199"]
    cases = [plain, plain[:5] + [b""], plain[:4] + [b"", b"+15550199"]]
    cases += [[hostile(rng) for _ in range(6)] for _ in range(2000)]
    seen = 0
    for document, case in zip(documents(sys.argv[1], cases), cases):
        check(document, case)
        seen += 1
    assert seen == len(cases), (seen, len(cases))
    print(f"{seen} documents read back as they were meant")


if __name__ == "__main__":
    main()
