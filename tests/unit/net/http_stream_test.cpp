// A body that is used while it comes, against a server that sends it as it likes.
#include "net/http_client.hpp"
#include "net_fixture.hpp"

#include <gtest/gtest.h>

namespace holdfast::net {
namespace {

using namespace std::chrono_literals;

class Reader : public HttpStreamListener {
  public:
    void on_http_head(const HttpAnswer& head) override {
        ++heads;
        status = head.status;
        if (act_on == "head") stream->cancel();
    }
    void on_http_body(std::string_view bytes) override {
        body += bytes;
        if (act_on == "body") stream->cancel();
    }
    void on_http_end(const base::Result<void>& result) override {
        ++ends;
        code = result ? "" : result.error().code;
    }
    int heads = 0;
    int ends = 0;
    int status = 0;
    std::string body, code, act_on;
    std::shared_ptr<HttpStream> stream;
};

class HttpStreamTest : public testing::Test {
  protected:
    HttpStreamTest() : acceptor(loop.io(), {boost::asio::ip::address_v4::loopback(), 0}) {
        acceptor.async_accept([this](const boost::system::error_code& ec, boost::asio::ip::tcp::socket socket) {
            if (!ec) server = std::make_unique<RawPeer>(loop, std::move(socket));
        });
    }
    void begin(std::size_t body_max = 1000, base::milliseconds timeout = k_patience) {
        HttpCall call;
        call.method = "POST";
        call.url = *parse_url("http://127.0.0.1:" + std::to_string(acceptor.local_endpoint().port()) + "/say");
        call.body = "hello";
        call.timeout = timeout;
        call.body_bytes_max = body_max;
        reader.stream = http_stream(loop, std::move(call), reader);
        ASSERT_TRUE(loop.until([&] { return server != nullptr; }));
    }
    bool until_body(const std::string& text) {
        return loop.until([&] { return reader.body == text; });
    }
    bool until_end() {
        return loop.until([&] { return reader.ends > 0; });
    }
    TestLoop loop;
    boost::asio::ip::tcp::acceptor acceptor;
    std::unique_ptr<RawPeer> server;
    Reader reader;
};

TEST_F(HttpStreamTest, HandsOverEachChunkBeforeTheNextIsMade) {
    begin();
    server->send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    ASSERT_TRUE(loop.until([&] { return reader.heads == 1; }));
    EXPECT_EQ(reader.status, 200);
    server->send("3\r\nabc\r\n");
    ASSERT_TRUE(until_body("abc"));
    server->send("2\r\nde\r\n");
    ASSERT_TRUE(until_body("abcde"));
    EXPECT_EQ(reader.ends, 0);
    server->send("0\r\n\r\n");
    ASSERT_TRUE(until_end());
    EXPECT_EQ(reader.code, "");
    EXPECT_EQ(reader.heads, 1);
}

TEST_F(HttpStreamTest, ReadsABodyWithALength) {
    begin();
    server->send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab");
    ASSERT_TRUE(until_body("ab"));
    server->send("cde");
    ASSERT_TRUE(until_end());
    EXPECT_EQ(reader.body, "abcde");
    EXPECT_EQ(reader.code, "");
}

TEST_F(HttpStreamTest, ReadsABodyThatEndsWithTheConnection) {
    begin();
    server->send("HTTP/1.1 200 OK\r\n\r\nabc");
    ASSERT_TRUE(until_body("abc"));
    server->finish();
    ASSERT_TRUE(until_end());
    EXPECT_EQ(reader.code, "");
}

TEST_F(HttpStreamTest, TellsABodyThatWasCutShort) {
    begin();
    server->send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab");
    ASSERT_TRUE(until_body("ab"));
    server->finish();
    ASSERT_TRUE(until_end());
    EXPECT_EQ(reader.code, "eof");
}

TEST_F(HttpStreamTest, TellsChunksThatDoNotEnd) {
    begin();
    server->send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n");
    ASSERT_TRUE(until_body("ab"));
    server->finish();
    ASSERT_TRUE(until_end());
    EXPECT_EQ(reader.code, "eof");
}

TEST_F(HttpStreamTest, KeepsTheLimitAlthoughTheBodyIsNotKept) {
    begin(10);
    server->send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n8\r\nabcdefgh\r\n");
    ASSERT_TRUE(until_body("abcdefgh"));
    server->send("8\r\nabcdefgh\r\n");
    ASSERT_TRUE(until_end());
    EXPECT_EQ(reader.code, "protocol");
    EXPECT_LE(reader.body.size(), 10u);
}

TEST_F(HttpStreamTest, HasOneDeadlineForEverything) {
    begin(1000, 50ms);
    server->send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab");
    ASSERT_TRUE(until_end());
    EXPECT_EQ(reader.code, "timeout");
}

TEST_F(HttpStreamTest, SaysNothingOnceCancelled) {
    begin();
    reader.stream->cancel();
    reader.stream->cancel();
    server->send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nab");
    loop.settle();
    EXPECT_EQ(reader.heads + reader.ends, 0);
}

TEST_F(HttpStreamTest, MayBeCancelledWhileItConnects) {
    HttpCall call;
    call.url = *parse_url("http://127.0.0.1:" + std::to_string(acceptor.local_endpoint().port()) + "/");
    reader.stream = http_stream(loop, std::move(call), reader);
    reader.stream->cancel();
    loop.settle();
    EXPECT_EQ(reader.heads + reader.ends, 0);
}

TEST_F(HttpStreamTest, MayBeCancelledInsideItsNotices) {
    reader.act_on = "head";
    begin();
    server->send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nab");
    ASSERT_TRUE(loop.until([&] { return reader.heads == 1; }));
    loop.settle();
    EXPECT_EQ(reader.body, "");
    EXPECT_EQ(reader.ends, 0);
}

TEST_F(HttpStreamTest, MayBeCancelledInTheMiddleOfTheBody) {
    reader.act_on = "body";
    begin();
    server->send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nab");
    ASSERT_TRUE(until_body("ab"));
    loop.settle();
    EXPECT_EQ(reader.ends, 0);
}

}  // namespace
}  // namespace holdfast::net
