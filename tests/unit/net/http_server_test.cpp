#include "base/timer.hpp"
#include "metrics/catalog.hpp"
#include "net/http_client.hpp"
#include "net_fixture.hpp"

#include <gtest/gtest.h>

#include <sys/resource.h>
#include <unistd.h>

#include <ctime>

namespace holdfast::net {
namespace {

using namespace std::chrono_literals;

class HttpServerTest : public testing::Test {
  protected:
    HttpServerTest() { limits.handshakes_per_second = 1000; }
    void listen() {
        ListenOptions options;
        options.limits = limits;
        listener = listen_on(loop, handler, options);
        ASSERT_TRUE(listener);
    }
    std::unique_ptr<RawPeer> connect() { return std::make_unique<RawPeer>(loop, listener->port()); }
    bool connections_become(std::size_t count) {
        return loop.until([&] { return listener->connections() == count; });
    }

    TestLoop loop;
    TestHandler handler;
    HttpLimits limits = patient_limits();
    std::unique_ptr<HttpListener> listener;
};

std::string get(const std::string& target, const std::string& fields = "") {
    return "GET " + target + " HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n";
}

TEST_F(HttpServerTest, AnswersOneRequestAfterAnotherOnTheSameConnection) {
    listen();
    auto peer = connect();
    for (int i = 0; i < 3; ++i) {
        peer->in.clear();
        peer->send("POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello");
        ASSERT_TRUE(peer->receives("you sent 5"));
        EXPECT_EQ(peer->in.find("HTTP/1.1 200 OK\r\n"), 0u);
        EXPECT_NE(peer->in.find("Content-Length: 10\r\nConnection: keep-alive\r\n"), std::string::npos);
    }
    EXPECT_EQ(handler.requests.size(), 3u);
    EXPECT_EQ(handler.requests[0].peer_address, "127.0.0.1");
    EXPECT_FALSE(handler.requests[0].secure);
    EXPECT_EQ(listener->connections(), 1u);
}

TEST_F(HttpServerTest, ClosesWhenTheClientOrTheHandlerWantsIt) {
    listen();
    auto peer = connect();
    peer->send(get("/", "Connection: close\r\n"));
    ASSERT_TRUE(peer->hangs_up());
    EXPECT_NE(peer->in.find("Connection: close\r\n"), std::string::npos);
    handler.answer = [](const HttpRequest&, HttpReply reply) {
        HttpResponse response;
        response.close = true;
        reply(std::move(response));
    };
    auto second = connect();
    second->send(get("/"));
    ASSERT_TRUE(second->hangs_up());
    EXPECT_NE(second->in.find("Connection: close\r\n"), std::string::npos);
    peer.reset();
    second.reset();
    EXPECT_TRUE(connections_become(0));
}

TEST_F(HttpServerTest, AnswersHeadWithoutBody) {
    listen();
    auto peer = connect();
    peer->send("HEAD / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    ASSERT_TRUE(peer->hangs_up());
    EXPECT_NE(peer->in.find("Content-Length: 10\r\n"), std::string::npos);
    EXPECT_EQ(peer->in.substr(peer->in.size() - 4), "\r\n\r\n");
}

TEST_F(HttpServerTest, HandlerMayAnswerLaterAndOnlyOnce) {
    HttpReply kept;
    handler.answer = [&](const HttpRequest&, HttpReply reply) { kept = std::move(reply); };
    listen();
    auto peer = connect();
    peer->send(get("/"));
    ASSERT_TRUE(loop.until([&] { return kept != nullptr; }));
    HttpResponse response;
    response.body = "late";
    kept(response);
    response.body = "again";
    kept(response);
    ASSERT_TRUE(peer->receives("late"));
    loop.settle();
    EXPECT_EQ(peer->in.find("again"), std::string::npos);
    handler.answer = nullptr;
    peer->send(get("/next"));
    ASSERT_TRUE(peer->receives("you sent 0"));
    kept(response);
    peer.reset();
    listener.reset();
    kept(response);
}

TEST_F(HttpServerTest, RefusesBeforeRoutingAndCounts) {
    listen();
    const auto before = metrics::http_reject_total.value("transfer_encoding");
    auto peer = connect();
    peer->send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n");
    ASSERT_TRUE(peer->hangs_up());
    EXPECT_EQ(peer->in.find("HTTP/1.1 411 Length Required\r\n"), 0u);
    EXPECT_NE(peer->in.find("Content-Length: 0\r\nConnection: close\r\n"), std::string::npos);
    EXPECT_TRUE(handler.requests.empty());
    EXPECT_EQ(metrics::http_reject_total.value("transfer_encoding"), before + 1);
}

TEST_F(HttpServerTest, DeliversTheRefusalOfABodyThatKeepsComing) {
    listen();
    auto peer = connect();
    peer->send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n" + std::string(100'000, 'x'));
    ASSERT_TRUE(peer->hangs_up());
    EXPECT_EQ(peer->in.find("HTTP/1.1 413 "), 0u);
}

TEST_F(HttpServerTest, RefusesTwoRequestsAtOnce) {
    listen();
    auto peer = connect();
    peer->send(get("/1") + get("/2"));
    ASSERT_TRUE(peer->hangs_up());
    EXPECT_EQ(peer->in.find("HTTP/1.1 400 "), 0u);
    EXPECT_TRUE(handler.requests.empty());
}

// --- time (T07, X01) ---

TEST_F(HttpServerTest, CutsASilentConnection) {
    limits.tls_and_header_total = 30ms;
    listen();
    const auto before = metrics::http_timeout_total.value("header");
    auto peer = connect();
    ASSERT_TRUE(peer->hangs_up());
    EXPECT_EQ(peer->in, "");
    EXPECT_EQ(metrics::http_timeout_total.value("header"), before + 1);
}

// Sends one byte every few milliseconds, for ever.
class Dripper {
  public:
    Dripper(TestLoop& loop, RawPeer& peer, std::string bytes) : peer_(peer), bytes_(std::move(bytes)), timer_(loop) { drip(); }

  private:
    void drip() {
        peer_.send(bytes_.substr(at_++ % bytes_.size(), 1));
        timer_.arm(5ms, [this] { drip(); });
    }
    RawPeer& peer_;
    std::string bytes_;
    std::size_t at_ = 0;
    base::Timer timer_;
};

TEST_F(HttpServerTest, CutsADrippingHeaderAtTheTotalTime) {
    limits.tls_and_header_total = 100ms;
    listen();
    auto peer = connect();
    peer->send("GET / HTTP/1.1\r\nX: ");
    const auto start = base::Mono::now();
    const Dripper dripper(loop, *peer, "a");
    ASSERT_TRUE(peer->receives("HTTP/1.1 408 Request Timeout\r\n"));
    EXPECT_GE(base::Mono::now() - start, 90ms);
    EXPECT_LT(base::Mono::now() - start, 5s);
}

TEST_F(HttpServerTest, CutsADrippingBodyAtTheTotalTime) {
    limits.body_total = 100ms;
    listen();
    const auto before = metrics::http_timeout_total.value("body");
    auto peer = connect();
    peer->send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 60000\r\n\r\n");
    const Dripper dripper(loop, *peer, "a");
    ASSERT_TRUE(peer->receives("HTTP/1.1 408 Request Timeout\r\n"));
    EXPECT_EQ(metrics::http_timeout_total.value("body"), before + 1);
    EXPECT_TRUE(handler.requests.empty());
}

TEST_F(HttpServerTest, ClosesAnIdleConnectionQuietly) {
    limits.keep_alive_idle = 30ms;
    listen();
    auto peer = connect();
    peer->send(get("/"));
    ASSERT_TRUE(peer->hangs_up());
    EXPECT_EQ(peer->in.find("408"), std::string::npos);
}

TEST_F(HttpServerTest, AnswersWhenTheHandlerForgetsTo) {
    limits.keep_alive_idle = 30ms;
    handler.answer = [](const HttpRequest&, HttpReply) {};
    listen();
    auto peer = connect();
    peer->send(get("/"));
    ASSERT_TRUE(peer->receives("HTTP/1.1 503 "));
}

TEST_F(HttpServerTest, CutsAClientThatDoesNotReadItsAnswer) {
    limits.keep_alive_idle = 100ms;
    handler.answer = [](const HttpRequest&, HttpReply reply) {
        HttpResponse response;
        response.body = std::string(16 * 1024 * 1024, 'x');
        reply(std::move(response));
    };
    listen();
    boost::asio::ip::tcp::socket deaf(loop.io());
    deaf.connect({boost::asio::ip::address_v4::loopback(), listener->port()});
    boost::asio::write(deaf, boost::asio::buffer(get("/")));
    ASSERT_TRUE(connections_become(1));
    EXPECT_TRUE(connections_become(0));
}

// --- caps (X01, X02) ---

TEST_F(HttpServerTest, TakesOnlySoManyUnprovenFromOneAddress) {
    limits.unproven_per_address = 2;
    handler.answer = [](const HttpRequest&, HttpReply reply) {
        HttpResponse response;
        response.proven = true;
        reply(std::move(response));
    };
    listen();
    const auto before = metrics::accept_fail_total.value("per_address");
    auto first = connect();
    auto second = connect();
    ASSERT_TRUE(connections_become(2));
    auto third = connect();
    ASSERT_TRUE(third->hangs_up());
    EXPECT_EQ(metrics::accept_fail_total.value("per_address"), before + 1);
    first->send(get("/"));
    ASSERT_TRUE(first->receives("200 OK"));
    auto fourth = connect();
    ASSERT_TRUE(connections_become(3));
    EXPECT_FALSE(fourth->ended);
}

TEST_F(HttpServerTest, DropsEarlyAtRandomAndAllAtTheMark) {
    limits.unproven_drop_from = 2;
    limits.unproven_max = 3;
    limits.unproven_drop_first = 1.0;
    listen();
    auto first = connect();
    auto second = connect();
    ASSERT_TRUE(connections_become(2));
    auto third = connect();
    EXPECT_TRUE(third->hangs_up());
}

TEST_F(HttpServerTest, RefusesAnAddressAfterBadSignatures) {
    limits.penalty_bad_signatures = 2;
    limits.penalty_time = 50ms;
    handler.answer = [](const HttpRequest&, HttpReply reply) {
        HttpResponse response;
        response.status = 403;
        response.bad_signature = true;
        reply(std::move(response));
    };
    listen();
    auto good = connect();
    for (int i = 0; i < 2; ++i) {
        auto peer = connect();
        peer->send(get("/"));
        ASSERT_TRUE(peer->receives("403"));
    }
    auto refused = connect();
    ASSERT_TRUE(refused->hangs_up());
    good->send(get("/"));
    EXPECT_TRUE(good->receives("403")) << "a connection that stood before goes on";
}

TEST_F(HttpServerTest, CountsUpgradedSocketsUntilTheyEnd) {
    limits.unproven_per_address = 1;
    listen();
    auto peer = connect();
    peer->send(upgrade_request());
    ASSERT_TRUE(peer->receives("101"));
    auto second = connect();
    ASSERT_TRUE(connections_become(2)) << "the upgraded one is proven";
    listener->stop_accepting();
    handler.socket->abort();
    second.reset();
    EXPECT_TRUE(connections_become(0));
}

TEST_F(HttpServerTest, SurvivesAThousandConnectionsOfOneAddressWhileAnotherIsServed) {
    limits.unproven_per_address = 16;
    listen();
    auto served = connect();
    served->send(upgrade_request());
    ASSERT_TRUE(served->receives("101"));
    std::vector<std::unique_ptr<RawPeer>> flood;
    for (int i = 0; i < 400; ++i) flood.push_back(connect());
    ASSERT_TRUE(loop.until([&] {
        std::size_t refused = 0;
        for (const auto& peer : flood) refused += peer->ended ? 1 : 0;
        return refused == flood.size() - 16;
    }));
    handler.socket->send_text("still here");
    EXPECT_TRUE(served->receives("still here"));
}

TEST_F(HttpServerTest, RestsWhenDescriptorsRunOutAndComesBack) {
    limits.accept_pause = 20ms;
    listen();
    const auto before = metrics::accept_fail_total.value("descriptors");
    rlimit old{};
    ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &old), 0);
    auto waiting = connect();  // in the backlog: the loop has not run since
    const int next_free = dup(0);
    close(next_free);
    rlimit none = old;
    none.rlim_cur = static_cast<rlim_t>(next_free);
    ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &none), 0);

    const auto cpu_before = std::clock();
    const auto start = base::Mono::now();
    const bool paused = loop.until([&] { return base::Mono::now() - start > 300ms; });
    const auto cpu = 1000 * (std::clock() - cpu_before) / CLOCKS_PER_SEC;
    ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &old), 0);
    ASSERT_TRUE(paused);
    const auto failures = metrics::accept_fail_total.value("descriptors") - before;
    EXPECT_GE(failures, 2u);
    EXPECT_LE(failures, 20u) << "one try a pause, not a busy loop";
    EXPECT_LT(cpu, 150) << "milliseconds of CPU in 300 ms";

    waiting->send(get("/"));
    EXPECT_TRUE(waiting->receives("200 OK"));
}

// --- upgrades ---

TEST_F(HttpServerTest, RefusesUpgradesThatAreNotWellFormed) {
    listen();
    const std::vector<std::pair<std::string, int>> rows = {
        {"Sec-WebSocket-Version: 13\r\n", 400},
        {"Sec-WebSocket-Key: short\r\nSec-WebSocket-Version: 13\r\n", 400},
        {"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n", 426},
        {"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 8\r\n", 426}};
    for (const auto& [fields, status] : rows) {
        auto peer = connect();
        peer->send(get("/ws", "Upgrade: websocket\r\nConnection: Upgrade\r\n" + fields));
        ASSERT_TRUE(peer->hangs_up());
        EXPECT_EQ(peer->in.find("HTTP/1.1 " + std::to_string(status)), 0u) << fields << peer->in;
        EXPECT_EQ(peer->in.find("Sec-WebSocket-Version: 13") != std::string::npos, status == 426);
    }
    EXPECT_TRUE(handler.requests.empty());
}

TEST_F(HttpServerTest, GivesTheHandlersRefusalOfAnUpgrade) {
    listen();
    auto peer = connect();
    peer->send(upgrade_request("", "/elsewhere"));
    ASSERT_TRUE(peer->hangs_up());
    EXPECT_EQ(peer->in.find("HTTP/1.1 404 Not Found\r\n"), 0u);
    EXPECT_NE(peer->in.find("no such socket"), std::string::npos);
}

TEST_F(HttpServerTest, LetsUpgradedSocketsOutliveTheListener) {
    listen();
    auto upgraded = connect();
    upgraded->send(upgrade_request());
    ASSERT_TRUE(upgraded->receives("101"));
    auto plain = connect();
    plain->send(get("/"));
    ASSERT_TRUE(plain->receives("200 OK"));
    listener.reset();
    EXPECT_TRUE(plain->hangs_up());
    handler.socket->send_text("alive");
    EXPECT_TRUE(upgraded->receives("alive"));
}

TEST_F(HttpServerTest, StopAcceptingKeepsWhatIsThere) {
    listen();
    auto peer = connect();
    ASSERT_TRUE(connections_become(1));
    listener->stop_accepting();
    boost::asio::ip::tcp::socket late(loop.io());
    boost::system::error_code ec;
    late.connect({boost::asio::ip::address_v4::loopback(), listener->port()}, ec);
    EXPECT_TRUE(ec);
    peer->send(get("/"));
    EXPECT_TRUE(peer->receives("200 OK"));
}

TEST_F(HttpServerTest, TakesAListeningSocketOverFromItsParent) {
    boost::asio::ip::tcp::acceptor parent(loop.io(), {boost::asio::ip::address_v4::loopback(), 0});
    const auto port = parent.local_endpoint().port();
    ListenOptions options = patient_options();
    options.adopted_fd = dup(parent.native_handle());
    parent.close();
    listener = listen_on(loop, handler, options);
    ASSERT_TRUE(listener);
    EXPECT_EQ(listener->port(), port);
    auto peer = connect();
    peer->send(get("/"));
    EXPECT_TRUE(peer->receives("200 OK"));
}

TEST_F(HttpServerTest, SaysWhyItCannotListen) {
    listen();
    ListenOptions options;
    options.address = "127.0.0.1";
    options.port = listener->port();
    const auto second = HttpListener::open(loop, options, handler);
    ASSERT_FALSE(second);
    EXPECT_STREQ(second.error().code, "listen");
    EXPECT_NE(second.error().detail.find("in use"), std::string::npos) << second.error().detail;
    options.address = "not an address";
    EXPECT_FALSE(HttpListener::open(loop, options, handler));
    options.adopted_fd = 0;  // no socket
    EXPECT_FALSE(HttpListener::open(loop, options, handler));
}

// --- the client, against our own server and against strange ones ---

class HttpClientTest : public HttpServerTest {
  protected:
    base::Result<HttpAnswer> call(HttpCall what) {
        std::vector<base::Result<HttpAnswer>> results;
        http_call(loop, std::move(what), [&](base::Result<HttpAnswer> r) { results.push_back(std::move(r)); });
        EXPECT_TRUE(results.empty()) << "never before it returns";
        EXPECT_TRUE(loop.until([&] { return !results.empty(); }));
        loop.settle();
        EXPECT_EQ(results.size(), 1u);
        return results.front();
    }
    HttpCall to(std::uint16_t port, const std::string& target = "/") {
        HttpCall c;
        c.url = *parse_url("http://127.0.0.1:" + std::to_string(port) + target);
        c.timeout = k_patience;
        return c;
    }
};

TEST_F(HttpClientTest, PostsAndGetsTheAnswer) {
    listen();
    auto what = to(listener->port(), "/hook?a=1");
    what.method = "POST";
    what.headers = {{"X-Test", "yes"}};
    what.body = "12345";
    const auto answer = call(std::move(what));
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->status, 200);
    EXPECT_EQ(answer->body, "you sent 5");
    EXPECT_EQ(handler.requests[0].target, "/hook?a=1");
    EXPECT_EQ(handler.requests[0].header("X-Test"), "yes");
    EXPECT_EQ(handler.requests[0].header("Host"), "127.0.0.1:" + std::to_string(listener->port()));
}

TEST_F(HttpClientTest, TellsWhatWentWrong) {
    listen();
    const auto port = listener->port();
    handler.answer = [](const HttpRequest& request, HttpReply reply) {
        HttpResponse response;
        response.body = std::string(5000, 'x');
        if (request.path() != "/silent") reply(std::move(response));
    };
    auto large = to(port);
    large.body_bytes_max = 1000;
    auto r = call(large);
    ASSERT_FALSE(r);
    EXPECT_STREQ(r.error().code, "protocol");
    EXPECT_EQ(r.error().detail, "body_too_large");

    auto silent = to(port, "/silent");
    silent.timeout = 30ms;
    r = call(silent);
    ASSERT_FALSE(r);
    EXPECT_STREQ(r.error().code, "timeout");

    auto split = to(port);
    split.headers = {{"X", "a\r\nY: b"}};
    r = call(split);
    ASSERT_FALSE(r);
    EXPECT_STREQ(r.error().code, "protocol");

    listener.reset();
    loop.settle();
    r = call(to(port));
    ASSERT_FALSE(r);
    EXPECT_STREQ(r.error().code, "connect");

    auto unknown = to(port);
    unknown.url.host = "no-such-host.invalid";
    r = call(unknown);
    ASSERT_FALSE(r);
    EXPECT_STREQ(r.error().code, "dns");
}

TEST_F(HttpClientTest, TellsAnAnswerThatWasCutShort) {
    boost::asio::ip::tcp::acceptor acceptor(loop.io(), {boost::asio::ip::address_v4::loopback(), 0});
    std::unique_ptr<RawPeer> server;
    acceptor.async_accept([&](const boost::system::error_code&, boost::asio::ip::tcp::socket socket) {
        server = std::make_unique<RawPeer>(loop, std::move(socket));
        server->send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf");
        server->finish();
    });
    const auto r = call(to(acceptor.local_endpoint().port()));
    ASSERT_FALSE(r);
    EXPECT_STREQ(r.error().code, "eof");
}

TEST_F(HttpClientTest, ReadsAHeadAnswerWithoutWaitingForItsBody) {
    listen();
    auto what = to(listener->port());
    what.method = "HEAD";
    const auto answer = call(what);
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->status, 200);
    EXPECT_EQ(answer->body, "");
}

}  // namespace
}  // namespace holdfast::net
