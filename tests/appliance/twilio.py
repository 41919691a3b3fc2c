"""Twilio's side of a webhook, spoken from within the box's network: what a caller's first second depends on."""
import base64
import concurrent.futures
import ctypes
import hashlib
import hmac
import http.client
import os
import secrets
import ssl
import socket
import time
import urllib.parse

CLONE_NEWNET = 0x40000000


class Twilio:
    """One thread that lives in the box's network; everything here runs on it."""

    def __init__(self, box, host, ca, token):
        self.box, self.host, self.token = box, host, token
        self.tls = ssl.create_default_context(cafile=ca)
        self.thread = concurrent.futures.ThreadPoolExecutor(1)
        self.network = None

    def _enter(self):
        if self.network == self.box.init:
            return
        descriptor = os.open(f"/proc/{self.box.init}/ns/net", os.O_RDONLY)
        try:
            if ctypes.CDLL(None, use_errno=True).setns(descriptor, CLONE_NEWNET) != 0:
                raise OSError(ctypes.get_errno(), "setns")
        finally:
            os.close(descriptor)
        self.network = self.box.init

    def _on_thread(self, function, *arguments):
        def run():
            self._enter()
            return function(*arguments)
        return self.thread.submit(run)

    def _webhook(self, timeout_s):
        sid = "CA" + secrets.token_hex(16)
        form = [("AccountSid", "AC" + "0" * 31 + "1"), ("ApiVersion", "2010-04-01"), ("CallSid", sid), ("CallStatus", "ringing"), ("Direction", "inbound"),
                ("From", "+15550100123"), ("To", "+15550100911")]
        url = f"https://{self.host}/api/webhooks/voice"
        signed = url + "".join(name + value for name, value in sorted(form))
        signature = base64.b64encode(hmac.new(self.token.encode(), signed.encode(), hashlib.sha1).digest()).decode()
        connection = http.client.HTTPSConnection(self.host, 443, timeout=timeout_s, context=self.tls)
        plain = socket.create_connection(("127.0.0.1", 443), timeout_s)
        connection.sock = self.tls.wrap_socket(plain, server_hostname=self.host)
        try:
            connection.request("POST", "/api/webhooks/voice", urllib.parse.urlencode(form),
                               {"Content-Type": "application/x-www-form-urlencoded", "X-Twilio-Signature": signature})
            answer = connection.getresponse()
            return answer.status, answer.read().decode(), sid
        finally:
            connection.close()

    def webhook(self, timeout_s=10):
        """Status, TwiML, CallSid. One try: what a refused connection would mean to a caller is an error here."""
        return self._on_thread(self._webhook, timeout_s).result()

    def webhook_until_answered(self, deadline_s=30):
        """Tries again as long as a connection breaks, as Twilio's retries (rc=1) cannot; gives when it was answered, how often it broke, and the call."""
        def run():
            end, broken = time.monotonic() + deadline_s, 0
            while True:
                try:
                    status, _, sid = self._webhook(5)
                    if status == 200:
                        return time.monotonic(), broken, sid
                except OSError:
                    if time.monotonic() > end:
                        raise
                broken += 1
        return self._on_thread(run)

    def ended(self, sid):
        """The status callback that says a call is over."""
        return self._on_thread(self._status, sid).result()

    def _status(self, sid):
        form = [("AccountSid", "AC" + "0" * 31 + "1"), ("CallSid", sid), ("CallStatus", "completed")]
        url = f"https://{self.host}/api/webhooks/status"
        signed = url + "".join(name + value for name, value in sorted(form))
        signature = base64.b64encode(hmac.new(self.token.encode(), signed.encode(), hashlib.sha1).digest()).decode()
        connection = http.client.HTTPSConnection(self.host, 443, timeout=10, context=self.tls)
        connection.sock = self.tls.wrap_socket(socket.create_connection(("127.0.0.1", 443), 10), server_hostname=self.host)
        try:
            connection.request("POST", "/api/webhooks/status", urllib.parse.urlencode(form),
                               {"Content-Type": "application/x-www-form-urlencoded", "X-Twilio-Signature": signature})
            return connection.getresponse().status
        finally:
            connection.close()

    def certificate_serial(self):
        def run():
            with socket.create_connection(("127.0.0.1", 443), 10) as plain, \
                    self.tls.wrap_socket(plain, server_hostname=self.host) as stream:
                return stream.getpeercert()["serialNumber"]
        return self._on_thread(run).result()

    def close(self):
        self.thread.shutdown()
