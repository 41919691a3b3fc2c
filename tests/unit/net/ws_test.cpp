#include "net/tls.hpp"
#include "net_fixture.hpp"
#include "support/test_certs.hpp"
#include "ws_frames.hpp"

#include <gtest/gtest.h>

namespace holdfast::net {
namespace {

using namespace std::chrono_literals;
using boost::asio::ip::tcp;

class WsTest : public testing::Test {
  protected:
    ~WsTest() override {
        if (client) client->set_listener(nullptr);
        if (handler.socket) handler.socket->set_listener(nullptr);
    }
    void listen(std::shared_ptr<TlsServer> tls = nullptr) {
        ListenOptions options = patient_options();
        options.tls = std::move(tls);
        listener = listen_on(loop, handler, options);
        ASSERT_TRUE(listener);
    }
    WsClientOptions to_server(const char* scheme = "ws") {
        WsClientOptions options;
        options.url = *parse_url(std::string(scheme) + "://127.0.0.1:" + std::to_string(listener->port()) + "/ws");
        options.connect_timeout = k_patience;
        options.limits = patient_ws_limits();
        return options;
    }
    // A client and a server of ours, both open.
    void join(WsClientOptions options) {
        client = ws_connect(loop, std::move(options), &recorder);
        ASSERT_TRUE(loop.until([this] { return (recorder.opened && handler.socket) || recorder.closings > 0; }));
        ASSERT_TRUE(recorder.opened) << recorder.close.error.code << " " << recorder.close.error.detail;
    }
    // A raw client of our server, upgraded.
    std::unique_ptr<RawPeer> raw_upgraded() {
        auto peer = std::make_unique<RawPeer>(loop, listener->port());
        peer->send(upgrade_request());
        EXPECT_TRUE(peer->receives("\r\n\r\n"));
        upgrade_answer = std::exchange(peer->in, "");
        return peer;
    }
    bool server_closed() {
        return loop.until([this] { return handler.recorder.closings > 0; });
    }
    bool client_closed() {
        return loop.until([this] { return recorder.closings > 0; });
    }

    TestLoop loop;
    TestHandler handler;
    std::unique_ptr<HttpListener> listener;
    WsRecorder recorder;
    std::shared_ptr<WsConnection> client;
    std::string upgrade_answer;
};

struct Echo {
    TestHandler& handler;
    explicit Echo(TestHandler& h) : handler(h) {
        handler.recorder.on_text = [this](std::string_view text) { handler.socket->send_text(text); };
    }
};

void exchange(TestLoop& loop, WsConnection& socket, WsRecorder& recorder, int frames) {
    int sent = 0;
    bool wrong = false;
    const auto text_of = [](int i) { return std::to_string(i) + ":" + std::string(static_cast<std::size_t>(i % 400), 'a'); };
    const auto send_next = [&] {
        if (sent < frames) wrong |= !socket.send_text(text_of(sent++));
    };
    recorder.on_text = [&](std::string_view text) {
        wrong |= text != text_of(recorder.texts - 1);
        send_next();
    };
    for (int i = 0; i < 16; ++i) send_next();
    EXPECT_TRUE(loop.until([&] { return recorder.texts == frames; })) << recorder.texts;
    EXPECT_FALSE(wrong);
    recorder.on_text = nullptr;
}

TEST_F(WsTest, EchoesTwentyThousandFramesInOrder) {
    listen();
    const Echo echo(handler);
    join(to_server());
    exchange(loop, *client, recorder, 20'000);
    client->close(1000, "done");
    ASSERT_TRUE(client_closed() && server_closed());
    EXPECT_EQ(recorder.close.code, 1000);
    EXPECT_TRUE(recorder.close.by_us);
    EXPECT_STREQ(recorder.close.error.code, "closed");
    EXPECT_EQ(handler.recorder.close.code, 1000);
    EXPECT_EQ(handler.recorder.close.reason, "done");
    EXPECT_FALSE(handler.recorder.close.by_us);
}

TEST_F(WsTest, EchoesTwentyThousandFramesOverTls) {
    const test::TempDir dir;
    test::TestCa ca(dir);
    const auto files = ca.issue("server");
    listen(*TlsServer::load(files.certificate, files.private_key));
    const Echo echo(handler);
    auto options = to_server("wss");
    options.tls = *TlsClient::make(ca.file());
    join(std::move(options));
    exchange(loop, *client, recorder, 20'000);
    handler.socket->close(4001, "server's wish");
    ASSERT_TRUE(client_closed() && server_closed());
    EXPECT_EQ(recorder.close.code, 4001);
    EXPECT_EQ(recorder.close.reason, "server's wish");
    EXPECT_FALSE(recorder.close.by_us);
    EXPECT_EQ(handler.recorder.close.code, 4001);
    EXPECT_TRUE(handler.recorder.close.by_us);
}

TEST_F(WsTest, CarriesLargeMessagesBothWays) {
    handler.ws_limits.message_bytes_max = 3'000'000;
    handler.ws_limits.queue_bytes_max = 3'000'000;
    listen();
    const Echo echo(handler);
    auto options = to_server();
    options.limits = handler.ws_limits;
    join(std::move(options));
    const std::string large(2'000'000, 'x');
    ASSERT_TRUE(client->send_text(large));
    ASSERT_TRUE(loop.until([this] { return recorder.texts == 1; }));
    EXPECT_EQ(recorder.last, large);
}

TEST_F(WsTest, ReleasesEverySocketAfterAClose) {
    listen();
    join(to_server());
    EXPECT_EQ(listener->connections(), 1u);
    client->close(1000, "");
    ASSERT_TRUE(client_closed() && server_closed());
    const std::weak_ptr<WsConnection> client_left = client;
    const std::weak_ptr<WsConnection> server_left = handler.socket;
    client.reset();
    handler.socket.reset();
    EXPECT_TRUE(loop.until([&] { return client_left.expired() && server_left.expired(); }));
    EXPECT_EQ(listener->connections(), 0u);
}

TEST_F(WsTest, SendsFramesThatCameWithTheUpgrade) {
    listen();
    RawPeer peer(loop, listener->port());
    peer.send(upgrade_request() + text_frame("early"));
    ASSERT_TRUE(loop.until([this] { return handler.recorder.texts == 1; }));
    EXPECT_EQ(handler.recorder.last, "early");
}

TEST_F(WsTest, NeverNegotiatesCompressionOrASubprotocolNobodyOffered) {
    handler.subprotocol = "ours";
    listen();
    RawPeer peer(loop, listener->port());
    peer.send(upgrade_request("Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\nSec-WebSocket-Protocol: theirs\r\n"));
    ASSERT_TRUE(peer.receives("\r\n\r\n"));
    EXPECT_EQ(peer.in.find("HTTP/1.1 101"), 0u);
    EXPECT_EQ(peer.in.find("Extensions"), std::string::npos);
    EXPECT_EQ(peer.in.find("Protocol:"), std::string::npos);
}

TEST_F(WsTest, AgreesOnAnOfferedSubprotocol) {
    handler.subprotocol = "realtime";
    listen();
    auto options = to_server();
    options.subprotocols = {"other", "realtime"};
    join(std::move(options));
}

// --- violations by the peer of a server (T15, T16; the full table is in ws_engine_test.cpp) ---

TEST_F(WsTest, ClosesOnViolationsAndSaysWhy) {
    FrameWish unmasked, compressed, opcode;
    unmasked.masked = false;
    compressed.first_byte = k_fin | 0x40 | 1;
    opcode.first_byte = k_fin | 5;
    const std::vector<std::pair<std::string, unsigned>> rows = {
        {frame("x", unmasked), 1002}, {frame("x", compressed), 1002}, {frame("x", opcode), 1002},
        {text_frame("\xff\xfe"), 1007}, {frame("", {k_fin | 1u, true, 10'000'000}), 1009}};
    listen();
    for (const auto& [bytes, code] : rows) {
        handler.recorder = WsRecorder();
        auto peer = raw_upgraded();
        peer->send(bytes);
        ASSERT_TRUE(server_closed());
        EXPECT_TRUE(peer->hangs_up());
        EXPECT_EQ(close_code_in(peer->in), code);
        EXPECT_EQ(handler.recorder.close.code, code);
        EXPECT_TRUE(handler.recorder.close.by_us);
        EXPECT_STREQ(handler.recorder.close.error.code, "protocol");
        handler.socket->set_listener(nullptr);
        handler.socket.reset();
    }
}

TEST_F(WsTest, LetsTheListenerDecideAboutBinary) {
    listen();
    auto peer = raw_upgraded();
    peer->send(control_frame(2, std::string(100, 'b')));
    ASSERT_TRUE(loop.until([this] { return handler.recorder.binaries == 1; }));
    EXPECT_EQ(handler.recorder.binary_bytes, 100u);
    EXPECT_TRUE(handler.socket->open());
    handler.socket->close(1003, "no binary here");
    ASSERT_TRUE(peer->receives("no binary here"));
    EXPECT_EQ(close_code_in(peer->in), 1003u);
}

TEST_F(WsTest, AnswersPingsAndReportsPongs) {
    listen();
    join(to_server());
    client->send_ping();
    handler.socket->send_ping();
    ASSERT_TRUE(loop.until([this] { return recorder.pongs == 1 && handler.recorder.pongs == 1; }));
}

TEST_F(WsTest, HeldMessagesLeaveTogetherWhenReleased) {
    listen();
    auto peer = raw_upgraded();
    handler.socket->hold();
    handler.socket->send_text("media");
    handler.socket->send_text("mark");
    loop.settle();
    EXPECT_GT(handler.socket->queued_bytes(), 9u);  // all of it is still here
    handler.socket->release();
    ASSERT_TRUE(peer->receives("mark"));
    EXPECT_LT(peer->in.find("media"), peer->in.find("mark"));
    loop.settle();
    EXPECT_EQ(handler.socket->queued_bytes(), 0u);
}

TEST_F(WsTest, DoesNotCollectPongsForAPeerThatNeverReads) {
    listen();
    auto peer = raw_upgraded();
    peer->socket().set_option(tcp::socket::receive_buffer_size(4096));
    handler.socket->send_text("x");
    std::string pings;
    for (int i = 0; i < 20'000; ++i) pings += control_frame(9, std::string(100, 'p'));
    peer->send(pings);
    loop.settle();
    EXPECT_LT(handler.socket->queued_bytes(), 64u * 1024);
}

// --- the end ---

TEST_F(WsTest, ReportsAResetAsSuch) {
    listen();
    auto peer = raw_upgraded();
    peer->reset();
    ASSERT_TRUE(server_closed());
    EXPECT_STREQ(handler.recorder.close.error.code, "reset");
    EXPECT_EQ(handler.recorder.close.code, 1006);
    EXPECT_FALSE(handler.recorder.close.by_us);
}

TEST_F(WsTest, ReportsAHangUpWithoutCloseFrameAsEof) {
    listen();
    auto peer = raw_upgraded();
    peer->finish();
    ASSERT_TRUE(server_closed());
    EXPECT_STREQ(handler.recorder.close.error.code, "eof");
    EXPECT_EQ(handler.recorder.close.code, 1006);
}

TEST_F(WsTest, AnswersACloseWithItsCodeAndHangsUpFirst) {
    listen();
    auto peer = raw_upgraded();
    peer->send(control_frame(8, close_payload(1001, "leaving")));
    ASSERT_TRUE(server_closed());
    EXPECT_TRUE(peer->hangs_up());
    EXPECT_EQ(peer->in, control_frame(8, close_payload(1001, "leaving"), false));
    EXPECT_EQ(handler.recorder.close.code, 1001);
    EXPECT_EQ(handler.recorder.close.reason, "leaving");
    EXPECT_FALSE(handler.recorder.close.by_us);
}

TEST_F(WsTest, QueuedMessagesGoBeforeTheCloseFrame) {
    listen();
    auto peer = raw_upgraded();
    for (int i = 0; i < 100; ++i) ASSERT_TRUE(handler.socket->send_text("m" + std::to_string(i)));
    handler.socket->close(1000, "end");
    handler.socket->close(1011, "again");
    EXPECT_FALSE(handler.socket->send_text("late"));
    ASSERT_TRUE(peer->receives("end"));
    EXPECT_NE(peer->in.find("m99"), std::string::npos);
    EXPECT_LT(peer->in.find("m99"), peer->in.find("end"));
    EXPECT_EQ(peer->in.find("again"), std::string::npos);
    EXPECT_EQ(peer->in.find("late"), std::string::npos);
}

TEST_F(WsTest, GivesUpOnACloseHandshakeThePeerIgnores) {
    handler.ws_limits.close_handshake = 20ms;
    listen();
    auto peer = raw_upgraded();
    handler.socket->close(1000, "");
    ASSERT_TRUE(server_closed());
    EXPECT_STREQ(handler.recorder.close.error.code, "timeout");
    EXPECT_EQ(handler.recorder.close.code, 1000);
    EXPECT_TRUE(peer->hangs_up());
}

TEST_F(WsTest, AbortResetsAndStillReports) {
    listen();
    join(to_server());
    handler.socket->abort();
    EXPECT_EQ(handler.recorder.closings, 0) << "never within the call";
    ASSERT_TRUE(server_closed() && client_closed());
    EXPECT_STREQ(handler.recorder.close.error.code, "closed");
    EXPECT_TRUE(handler.recorder.close.by_us);
    EXPECT_STREQ(recorder.close.error.code, "reset");
    EXPECT_FALSE(recorder.close.by_us);
}

TEST_F(WsTest, ReportsTheEndExactlyOnce) {
    listen();
    join(to_server());
    handler.socket->close(1000, "");
    handler.socket->abort();
    handler.socket->abort();
    handler.socket->close(1000, "");
    ASSERT_TRUE(server_closed() && client_closed());
    client.reset();
    handler.socket.reset();
    loop.settle();
    EXPECT_EQ(handler.recorder.closings, 1);
    EXPECT_EQ(recorder.closings, 1);
}

TEST_F(WsTest, ListenerMayLeaveInTheMiddleOfAMessage) {
    listen();
    auto peer = raw_upgraded();
    handler.recorder.on_text = [this](std::string_view) { handler.socket->set_listener(nullptr); };
    peer->send(text_frame("one") + text_frame("two") + text_frame("three"));
    EXPECT_TRUE(peer->receives(std::string("\x88\x02\x03\xe9", 4))) << "a polite 1001";
    peer->send(control_frame(8, close_payload(1001)));
    const std::weak_ptr<WsConnection> left = handler.socket;
    handler.socket.reset();
    EXPECT_TRUE(peer->hangs_up());
    peer->finish();
    EXPECT_TRUE(loop.until([&] { return left.expired(); }));
    EXPECT_EQ(handler.recorder.texts, 1);
    EXPECT_EQ(handler.recorder.closings, 0);
}

TEST_F(WsTest, ListenerMayCloseOrAbortWithinACallback) {
    for (const bool hard : {false, true}) {
        handler.recorder = WsRecorder();
        listen();
        auto peer = raw_upgraded();
        handler.recorder.on_text = [&](std::string_view) {
            if (hard) {
                handler.socket->abort();
            } else {
                handler.socket->close(1000, "");
            }
            EXPECT_EQ(handler.recorder.closings, 0);
        };
        peer->send(text_frame("one") + text_frame("two") + control_frame(8, close_payload(1000)));
        ASSERT_TRUE(server_closed());
        EXPECT_EQ(handler.recorder.texts, 1);
        handler.socket->set_listener(nullptr);
        handler.socket.reset();
    }
}

// --- a peer that stops reading (T19) ---

class SlowReader : public WsTest {
  protected:
    // Fills kernel buffers until a write waits.
    void stall(WsConnection& socket) {
        const std::string chunk(8000, 'k');
        base::TimePoint since;
        do {
            ASSERT_TRUE(socket.send_text(chunk));
            loop.settle();
            since = socket.blocked_since();
        } while (socket.queued_bytes() == 0);
    }
    // A peer that reads only when asked.
    struct Deaf {
        explicit Deaf(TestLoop& l) : loop(l), socket(l.io()) {}
        void upgrade(std::uint16_t port) {
            socket.open(tcp::v4());
            socket.set_option(tcp::socket::receive_buffer_size(4096));
            socket.connect({boost::asio::ip::address_v4::loopback(), port});
            boost::asio::write(socket, boost::asio::buffer(upgrade_request()));
        }
        std::string read_until(const std::string& part) {
            peer = std::make_unique<RawPeer>(loop, std::move(socket));
            EXPECT_TRUE(peer->receives(part));
            return peer->in;
        }
        TestLoop& loop;
        tcp::socket socket;
        std::unique_ptr<RawPeer> peer;
    };
};

TEST_F(SlowReader, RefusesWhenTheQueueIsFullAndKeepsWhatItTook) {
    handler.ws_limits.queue_bytes_max = 100'000;
    listen();
    Deaf peer(loop);
    peer.upgrade(listener->port());
    ASSERT_TRUE(loop.until([this] { return handler.socket != nullptr; }));
    WsConnection& socket = *handler.socket;
    stall(socket);
    int taken = 0;
    while (socket.send_text("keep" + std::to_string(taken) + std::string(1000, 'q'))) ++taken;
    EXPECT_GT(taken, 50);
    EXPECT_LE(socket.queued_bytes(), 100'000u);
    EXPECT_TRUE(socket.open());
    EXPECT_EQ(socket.dropped_messages(), 0u);
    socket.close(1000, "fin");
    const std::string all = peer.read_until("fin");
    EXPECT_NE(all.find("keep" + std::to_string(taken - 1) + "qq"), std::string::npos);
}

TEST_F(SlowReader, DropsTheOldestDroppableAndNothingElse) {
    handler.ws_limits.queue_bytes_max = 10'000'000;
    handler.ws_limits.droppable_bytes_max = 10'000;
    listen();
    Deaf peer(loop);
    peer.upgrade(listener->port());
    ASSERT_TRUE(loop.until([this] { return handler.socket != nullptr; }));
    WsConnection& socket = *handler.socket;
    stall(socket);
    const auto before = base::Mono::now();
    for (int i = 0; i < 100; ++i) {
        ASSERT_TRUE(socket.send_text("drop" + std::to_string(i) + "." + std::string(990, 'd'), SendKind::droppable));
        if (i % 10 == 0) {
            ASSERT_TRUE(socket.send_text("keep" + std::to_string(i) + "."));
        }
    }
    EXPECT_GE(socket.dropped_messages(), 85u);
    EXPECT_LE(socket.dropped_messages(), 95u);
    EXPECT_LE(socket.blocked_since(), before);
    socket.close(1000, "fin");
    const std::string all = peer.read_until("fin");
    for (int i = 0; i < 100; i += 10) EXPECT_NE(all.find("keep" + std::to_string(i) + "."), std::string::npos) << i;
    EXPECT_NE(all.find("drop99."), std::string::npos);
    EXPECT_NE(all.find("drop95."), std::string::npos);
    EXPECT_EQ(all.find("drop20."), std::string::npos);
    EXPECT_EQ(all.find("drop50."), std::string::npos);
}

TEST_F(SlowReader, MakesRoomForWhatMustGoByDroppingWhatNeedNot) {
    handler.ws_limits.queue_bytes_max = 60'000;
    handler.ws_limits.droppable_bytes_max = 60'000;
    listen();
    Deaf peer(loop);
    peer.upgrade(listener->port());
    ASSERT_TRUE(loop.until([this] { return handler.socket != nullptr; }));
    WsConnection& socket = *handler.socket;
    stall(socket);
    while (socket.dropped_messages() == 0) ASSERT_TRUE(socket.send_text(std::string(990, 'd'), SendKind::droppable));
    EXPECT_TRUE(socket.send_text(std::string(20'000, 'k'))) << "as much as the droppable ones give way";
    EXPECT_LE(socket.queued_bytes(), 60'000u);
}

TEST_F(SlowReader, TellsSinceWhenItIsBlocked) {
    listen();
    Deaf peer(loop);
    peer.upgrade(listener->port());
    ASSERT_TRUE(loop.until([this] { return handler.socket != nullptr; }));
    WsConnection& socket = *handler.socket;
    loop.settle();
    const auto idle = base::Mono::now();
    EXPECT_GE(socket.blocked_since(), idle);
    stall(socket);
    const auto since = socket.blocked_since();
    loop.settle();
    EXPECT_EQ(socket.blocked_since(), since);
    EXPECT_LE(since, base::Mono::now());
}

TEST_F(SlowReader, ClosesHardWhenTheCloseFrameCannotGoOut) {
    handler.ws_limits.close_handshake = 20ms;
    listen();
    Deaf peer(loop);
    peer.upgrade(listener->port());
    ASSERT_TRUE(loop.until([this] { return handler.socket != nullptr; }));
    stall(*handler.socket);
    handler.socket->close(1008, "too slow");
    ASSERT_TRUE(server_closed());
    EXPECT_STREQ(handler.recorder.close.error.code, "timeout");
    EXPECT_EQ(handler.recorder.close.code, 1008);
}

// --- the client's opening handshake ---

// Accepts one connection and answers whatever the test says.
class FakeServer {
  public:
    explicit FakeServer(TestLoop& loop) : loop_(loop), acceptor_(loop.io(), {boost::asio::ip::address_v4::loopback(), 0}) {
        acceptor_.async_accept([this](const boost::system::error_code& ec, tcp::socket socket) {
            if (!ec) peer = std::make_unique<RawPeer>(loop_, std::move(socket));
        });
    }
    WsClientOptions options() {
        WsClientOptions o;
        o.url = *parse_url("ws://127.0.0.1:" + std::to_string(acceptor_.local_endpoint().port()) + "/v1");
        o.connect_timeout = k_patience;
        return o;
    }
    bool asked() {
        return loop_.until([this] { return peer && peer->in.find("\r\n\r\n") != std::string::npos; });
    }
    std::unique_ptr<RawPeer> peer;

  private:
    TestLoop& loop_;
    tcp::acceptor acceptor_;
};

class WsClientTest : public WsTest {
  protected:
    const WsClose& answer(const std::string& bytes, bool hang_up = true) {
        client = ws_connect(loop, std::move(options), &recorder);
        EXPECT_TRUE(server.asked());
        server.peer->send(bytes);
        if (hang_up) server.peer->finish();
        EXPECT_TRUE(client_closed());
        EXPECT_FALSE(recorder.opened);
        EXPECT_FALSE(recorder.close.opened);
        return recorder.close;
    }
    FakeServer server{loop};
    WsClientOptions options = server.options();
};

TEST_F(WsClientTest, TellsARefusedUpgradeWithStatusBodyAndRetryAfter) {
    const auto& close = answer("HTTP/1.1 429 Too Many\r\nRetry-After: 17\r\nContent-Length: 16\r\n\r\n{\"error\":\"slow\"}");
    EXPECT_STREQ(close.error.code, "upgrade");
    EXPECT_EQ(close.http_status, 429);
    EXPECT_EQ(close.http_body, "{\"error\":\"slow\"}");
    EXPECT_EQ(close.retry_after_s, 17);
}

TEST_F(WsClientTest, IgnoresARetryAfterThatIsNoNumber) {
    EXPECT_EQ(answer("HTTP/1.1 503 X\r\nRetry-After: Fri, 31 Dec 1999 23:59:59 GMT\r\nContent-Length: 0\r\n\r\n").retry_after_s, -1);
}

TEST_F(WsClientTest, SeesThroughACaptivePortal) {
    const auto& close = answer("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<html>" + std::string(10'000, 'x'), false);
    EXPECT_STREQ(close.error.code, "upgrade");
    EXPECT_EQ(close.http_status, 200);
    EXPECT_EQ(close.http_body.size(), 4096u);
}

TEST_F(WsClientTest, FollowsNoRedirect) {
    const auto& close = answer("HTTP/1.1 302 Found\r\nLocation: wss://elsewhere/\r\nContent-Length: 0\r\n\r\n");
    EXPECT_STREQ(close.error.code, "upgrade");
    EXPECT_EQ(close.http_status, 302);
}


class WsClientAnswer : public WsClientTest, public testing::WithParamInterface<std::string> {};

TEST_P(WsClientAnswer, IsRefused) {
    const auto& close = answer(GetParam(), false);
    EXPECT_STREQ(close.error.code, "upgrade") << close.error.detail;
}

INSTANTIATE_TEST_SUITE_P(
    Handshake, WsClientAnswer,
    testing::Values("SSH-2.0-OpenSSH_9\r\n\r\n",
                    "HTTP/1.1 101 Switching Protocols\r\n\r\n",
                    "HTTP/1.1 101 X\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
                    "HTTP/1.1 101 X\r\nUpgrade: h2c\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: AAAA\r\n\r\n",
                    "HTTP/1.1 101 X\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"));

// Answers correctly but for the lines of the test, by asking a real engine for the accept value.
TEST_F(WsClientTest, RefusesAnExtensionOrSubprotocolItNeverOffered) {
    for (const char* extra : {"Sec-WebSocket-Extensions: permessage-deflate\r\n", "Sec-WebSocket-Protocol: surprise\r\n"}) {
        recorder = WsRecorder();
        listen();
        FakeServer middle(loop);
        client = ws_connect(loop, middle.options(), &recorder);
        ASSERT_TRUE(middle.asked());
        RawPeer real(loop, listener->port());
        std::string request = middle.peer->in;
        request.replace(request.find("/v1"), 3, "/ws");
        real.send(request);
        ASSERT_TRUE(real.receives("\r\n\r\n"));
        std::string reply = real.in;
        reply.insert(reply.find("\r\n") + 2, extra);
        middle.peer->send(reply);
        ASSERT_TRUE(client_closed());
        EXPECT_FALSE(recorder.opened);
        EXPECT_STREQ(recorder.close.error.code, "upgrade");
        EXPECT_EQ(recorder.close.http_status, 0);
        handler.socket->set_listener(nullptr);
        handler.socket.reset();
    }
}

TEST_F(WsClientTest, HearsFramesThatComeWithTheAnswer) {
    listen();
    client = ws_connect(loop, std::move(options), &recorder);
    ASSERT_TRUE(server.asked());
    RawPeer real(loop, listener->port());
    std::string request = server.peer->in;
    request.replace(request.find("/v1"), 3, "/ws");
    real.send(request);
    ASSERT_TRUE(real.receives("\r\n\r\n"));
    FrameWish from_server;
    from_server.masked = false;
    server.peer->send(real.in + frame("at once", from_server));
    ASSERT_TRUE(loop.until([this] { return recorder.texts == 1; }));
    EXPECT_EQ(recorder.last, "at once");
}

TEST_F(WsClientTest, EndsWithinItsDeadlineWhenTheServerStaysSilent) {
    options.connect_timeout = 30ms;
    client = ws_connect(loop, std::move(options), &recorder);
    ASSERT_TRUE(client_closed());
    EXPECT_STREQ(recorder.close.error.code, "timeout");
    EXPECT_EQ(recorder.close.error.detail, "upgrade");
}

TEST_F(WsClientTest, EndsWithinItsDeadlineWhenTheAnswerTrickles) {
    options.connect_timeout = 50ms;
    client = ws_connect(loop, std::move(options), &recorder);
    ASSERT_TRUE(server.asked());
    server.peer->send("HTTP/1.1 101 Switching Pro");
    ASSERT_TRUE(client_closed());
    EXPECT_STREQ(recorder.close.error.code, "timeout");
}

TEST_F(WsClientTest, TellsAnEndInTheMiddleOfTheHandshake) {
    const auto& close = answer("HTTP/1.1 101 Swit");
    EXPECT_STREQ(close.error.code, "eof");
}

TEST_F(WsTest, TellsARefusedConnectionAtOnce) {
    listen();
    auto options = to_server();
    listener.reset();
    loop.settle();
    client = ws_connect(loop, options, &recorder);
    EXPECT_EQ(recorder.closings, 0);
    ASSERT_TRUE(client_closed());
    EXPECT_STREQ(recorder.close.error.code, "connect");
    EXPECT_FALSE(recorder.close.opened);
}

TEST_F(WsTest, TellsAHeaderThatCannotBeSent) {
    listen();
    auto options = to_server();
    options.headers = {{"Authorization", "Bearer a\r\nX: b"}};
    client = ws_connect(loop, options, &recorder);
    ASSERT_TRUE(client_closed());
    EXPECT_STREQ(recorder.close.error.code, "upgrade");
    EXPECT_EQ(recorder.close.error.detail.find("Bearer"), std::string::npos);
}

TEST_F(WsTest, CanBeGivenUpWhileConnecting) {
    FakeServer server(loop);
    client = ws_connect(loop, server.options(), &recorder);
    client->close(1000, "");
    ASSERT_TRUE(client_closed());
    EXPECT_STREQ(recorder.close.error.code, "closed");
    EXPECT_TRUE(recorder.close.by_us);

    WsRecorder second;
    auto dropped = ws_connect(loop, server.options(), &second);
    ASSERT_TRUE(server.asked());
    dropped->set_listener(nullptr);
    const std::weak_ptr<WsConnection> left = dropped;
    dropped.reset();
    EXPECT_TRUE(loop.until([&] { return left.expired(); }));
    EXPECT_EQ(second.closings, 0);
}

TEST_F(WsTest, FindsTheAddressThatAnswersAmongSeveral) {
    // "localhost" may resolve to ::1 first, where nobody listens.
    listen();
    auto options = to_server();
    options.url.host = "localhost";
    join(std::move(options));
}

TEST_F(WsTest, TellsANameThatDoesNotResolve) {
    WsClientOptions options;
    options.url = *parse_url("ws://no-such-host.invalid/");
    options.connect_timeout = k_patience;
    client = ws_connect(loop, options, &recorder);
    ASSERT_TRUE(client_closed());
    EXPECT_STREQ(recorder.close.error.code, "dns");
}

TEST(WsLoop, GoesDownWithLiveSocketsWithoutLeaks) {
    // Both ends, a connection in its handshake and a listener die with the loop (run under asan).
    TestHandler handler;
    WsRecorder recorder;
    std::shared_ptr<WsConnection> client;
    std::shared_ptr<WsConnection> connecting;
    {
        TestLoop loop;
        auto listener = listen_on(loop, handler);
        WsClientOptions options;
        options.url = *parse_url("ws://127.0.0.1:" + std::to_string(listener->port()) + "/ws");
        options.connect_timeout = k_patience;
        client = ws_connect(loop, options, &recorder);
        ASSERT_TRUE(loop.until([&] { return recorder.opened && handler.socket; }));
        connecting = ws_connect(loop, options, &recorder);
        handler.socket->set_listener(nullptr);
        client->set_listener(nullptr);
        connecting->set_listener(nullptr);
        handler.socket.reset();
        client.reset();
        connecting.reset();
    }
    EXPECT_EQ(recorder.closings, 0);
}

}  // namespace
}  // namespace holdfast::net
