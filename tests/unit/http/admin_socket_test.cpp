#include "unit/http/admin_server.hpp"

#include "base/random.hpp"
#include "base/text.hpp"
#include "config/limits.hpp"
#include "metrics/catalog.hpp"
#include "store/sqlite_journal.hpp"

#include <gtest/gtest.h>
#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>

#include <filesystem>

namespace holdfast::http {
namespace {

using test::AdminServer;
using test::Reader;

std::string header(const net::HttpAnswer& answer, std::string_view name) {
    for (const auto& [key, value] : answer.headers) {
        if (base::equal_ignoring_case(key, name)) return value;
    }
    return {};
}

TEST(AdminSocket, AnswersOverHttp) {
    AdminServer server;
    const auto answer = server.call("GET", "/api/v1/status");
    ASSERT_TRUE(answer) << answer.error().detail;
    EXPECT_EQ(answer->status, 200);
    EXPECT_EQ(nlohmann::json::parse(answer->body)["site_id"], "site-1");
    EXPECT_EQ(header(*answer, "cache-control"), "no-store");
    EXPECT_EQ(header(*answer, "content-type"), "application/json; charset=utf-8");
}

TEST(AdminSocket, HeadHasTheLengthOfTheBodyAndNoBody) {
    AdminServer server;
    const auto get = server.call("GET", "/readyz");
    const auto head = server.call("HEAD", "/readyz");
    ASSERT_TRUE(get) << get.error().detail;
    ASSERT_TRUE(head) << head.error().detail;
    EXPECT_EQ(head->status, 200);
    EXPECT_TRUE(head->body.empty());
    EXPECT_EQ(header(*head, "content-length"), std::to_string(get->body.size()));
}

TEST(AdminSocket, TheJournalMayAnswerFromItsOwnThread) {
    AdminServer server;
    server.journal.answers_at_once = false;
    std::optional<base::Result<net::HttpAnswer>> result;
    server.begin("GET", "/api/v1/calls", std::chrono::seconds(30),
                 [&result](base::Result<net::HttpAnswer> answer) { result = std::move(answer); });
    ASSERT_TRUE(server.pump([&server] { return !server.journal.waiting.empty(); }));
    std::thread store([&server] { server.journal.answer(); });
    ASSERT_TRUE(server.pump([&result] { return result.has_value(); }));
    store.join();
    ASSERT_TRUE(*result) << result->error().detail;
    EXPECT_EQ((*result)->status, 200);
}

TEST(AdminSocket, AnAnswerForAClientThatLeftHarmsNothing) {
    AdminServer server;
    server.journal.answers_at_once = false;
    bool gave_up = false;
    server.begin("GET", "/api/v1/calls", std::chrono::milliseconds(50),
                 [&gave_up](const base::Result<net::HttpAnswer>& answer) { gave_up = !answer; });
    ASSERT_TRUE(server.pump([&] { return gave_up && !server.journal.waiting.empty(); }));
    server.journal.answer();
    const auto answer = server.call("GET", "/healthz");
    ASSERT_TRUE(answer) << answer.error().detail;
    EXPECT_EQ(answer->body, "ok\n");
}

TEST(AdminSocket, TheRealJournalTellsCallsDetailsAndViews) {
    const auto folder =
        std::filesystem::temp_directory_path() / ("admin_socket_test." + base::random_hex(8));
    store::SqliteJournalOptions options;
    options.path = (folder / "holdfast.db").string();
    options.runtime_path = (folder / "run").string();
    options.site_id = "site-1";
    options.ballast_bytes = 0;
    auto journal = store::SqliteJournal::open(options);
    ASSERT_TRUE(journal) << journal.error().detail;
    store::CallOpened opened;
    opened.call = test::sid();
    opened.utc_ms = test::FakeLoop::k_epoch_utc_ms;
    opened.from = store::Text("+15550100");
    opened.status = "ringing";
    opened.rung = "openai";
    opened.decision = "admitted";
    ASSERT_TRUE((*journal)->append(opened));
    store::Utterance said;
    said.call = test::sid();
    said.text = store::Text("there is a fire");
    said.provider = "openai";
    said.item_id = "item_1";
    ASSERT_TRUE((*journal)->append(said));
    {
        AdminServer server(journal->get());
        const auto calls = server.call("GET", "/api/v1/calls?active=true");
        ASSERT_TRUE(calls) << calls.error().detail;
        EXPECT_EQ(nlohmann::json::parse(calls->body)["calls"][0]["call"], test::k_call_a);

        const std::string target = std::string("/api/v1/calls/") + test::k_call_a;
        ASSERT_TRUE(server.call("GET", target));
        const auto again = server.call("GET", target);  // sees the audit row of the first view
        ASSERT_TRUE(again) << again.error().detail;
        const auto detail = nlohmann::json::parse(again->body);
        EXPECT_EQ(detail["call"]["from"], "+15550100");
        EXPECT_EQ(detail["utterances"][0]["text"], "there is a fire");
        ASSERT_EQ(detail["audit"].size(), 1u) << detail;
        EXPECT_EQ(detail["audit"][0]["action"], "view_call");

        const auto unknown = server.call("GET", std::string("/api/v1/calls/") + test::k_call_b);
        ASSERT_TRUE(unknown) << unknown.error().detail;
        EXPECT_EQ(unknown->status, 404);
        (*journal)->stop(std::chrono::seconds(10));
    }
    std::filesystem::remove_all(folder);
}

TEST(AdminSocket, TheFeedCarriesWhatOtherThreadsPublish) {
    AdminServer server;
    Reader reader(server, "/api/v1/events");
    ASSERT_TRUE(server.pump([&] { return reader.events.size() == 1; }));
    EXPECT_EQ(reader.events[0]["kind"], "hello");
    std::thread media([&server] { server.feed.publish(test::feed_event("ringing")); });
    ASSERT_TRUE(server.pump([&] { return reader.events.size() == 2; }));
    media.join();
    EXPECT_EQ(reader.events[1]["kind"], "ringing");
    EXPECT_EQ(reader.events[1]["call"], test::k_call_a);
    reader.socket->close(1000, "");
    ASSERT_TRUE(
        server.pump([&] { return reader.closed.has_value() && server.feed.clients() == 0; }));
}

TEST(AdminSocket, StoppingSaysGoodbyeToTheReaders) {
    AdminServer server;
    Reader reader(server, "/api/v1/events");
    ASSERT_TRUE(server.pump([&] { return server.feed.clients() == 1 && !reader.events.empty(); }));
    server.feed.close_all();
    ASSERT_TRUE(server.pump([&] { return reader.closed.has_value(); }));
    EXPECT_EQ(reader.closed->code, 1001);
}

TEST(AdminSocket, RefusedUpgradesSayWhy) {
    AdminServer server;
    Reader foreign(server, "/api/v1/events", "http://evil.example");
    Reader lost(server, "/api/v1/status");
    ASSERT_TRUE(server.pump([&] { return foreign.closed && lost.closed; }));
    EXPECT_FALSE(foreign.closed->opened);
    EXPECT_EQ(foreign.closed->http_status, 403);
    EXPECT_EQ(nlohmann::json::parse(foreign.closed->http_body)["error"]["code"], "bad_origin");
    EXPECT_EQ(lost.closed->http_status, 404);
}

TEST(AdminSocket, ReaderSixtyFiveIsRefused) {
    AdminServer server;
    server.start();
    // Their loops are their own: the server's thread is busy with its own side.
    net::AsioLoop loop;
    struct Count : net::WsListener {
        void on_ws_open() override { ++opened; }
        void on_ws_text(std::string_view) override {}
        void on_ws_binary(std::size_t) override {}
        void on_ws_closed(const net::WsClose& close) override {
            if (!close.opened) refused_with = close.http_status;
        }
        std::size_t opened = 0;
        int refused_with = 0;
    } count;
    std::vector<std::shared_ptr<net::WsConnection>> sockets;
    const auto connect = [&] {
        net::WsClientOptions options;
        options.url = *net::parse_url("ws" + server.url.substr(4) + "/api/v1/events");
        options.connect_timeout = std::chrono::seconds(30);
        sockets.push_back(net::ws_connect(loop, std::move(options), &count));
    };
    const auto run_until = [&](const std::function<bool()>& done) {
        const auto until = base::Mono::now() + std::chrono::seconds(30);
        while (!done() && base::Mono::now() < until) {
            loop.io().restart();
            loop.io().run_one_until(until);
        }
        return done();
    };
    for (std::size_t i = 0; i < limits::feed_clients_max; ++i) {
        connect();
        ASSERT_TRUE(run_until([&] { return count.opened == i + 1; }))
            << i << " refused " << count.refused_with;
    }
    connect();
    ASSERT_TRUE(run_until([&] { return count.refused_with != 0; }));
    EXPECT_EQ(count.refused_with, 503);
    for (auto& socket : sockets) socket->set_listener(nullptr);
}

// A17 with a real socket: one browser stops reading, the other sees everything.
TEST(AdminSocket, AReaderThatStopsReadingDoesNotHoldUpTheOthers) {
    namespace asio = boost::asio;
    AdminServer server;
    asio::io_context io;
    asio::ip::tcp::socket stuck(io);
    stuck.connect({asio::ip::make_address("127.0.0.1"), server.listener->port()});
    asio::write(stuck,
                asio::buffer(std::string("GET /api/v1/events HTTP/1.1\r\nHost: 127.0.0.1\r\n"
                                         "Connection: Upgrade\r\nUpgrade: websocket\r\n"
                                         "Sec-WebSocket-Version: 13\r\n"
                                         "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")));
    Reader reader(server, "/api/v1/events");
    ASSERT_TRUE(server.pump([&] { return server.feed.clients() == 2 && !reader.events.empty(); }));

    const auto dropped_before = metrics::feed_dropped_total.value();
    constexpr std::size_t k_events = 4000;  // 16 MB: more than any socket buffer takes
    auto event = test::feed_event("utterance");
    event.text = base::Sensitive<std::string>(std::string(4096, 'x'));
    for (std::size_t sent = 0; sent < k_events; ++sent) {
        server.feed.publish(event);
        ASSERT_TRUE(server.pump([&] { return reader.events.size() == sent + 2; })) << sent;
    }
    EXPECT_GT(metrics::feed_dropped_total.value(), dropped_before);
    EXPECT_EQ(server.feed.clients(), 2u);
}

}  // namespace
}  // namespace holdfast::http
